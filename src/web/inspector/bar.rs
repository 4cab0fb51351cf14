//! Where the memory is: a bar as long as the keyspace weighs, the heaviest keys by name, the rest of each type together.

use inspect::row::{KINDS, kind_words};
use inspect::{KeyspaceView, text};
use yew::prelude::*;

pub fn bar(view: &KeyspaceView) -> Html {
    let whole: u64 = view.shares.iter().map(|share| share.bytes).sum();
    if view.total < 2 || whole == 0 {
        return html! { <div class="weights empty" /> };
    }
    let piece = |kind: &'static str, bytes: u64, title: String, key: bool| {
        let style = ["flex-grow:", &(bytes * 10_000 / whole).to_string()].concat();
        html! { <i class={classes!(kind, key.then_some("one"))} {title} {style} /> }
    };
    let title = |name: &str, bytes: u64| [name, ": ", &text::bytes(bytes)].concat();
    let types: Vec<Html> = KINDS
        .into_iter()
        .zip(view.shares)
        .enumerate()
        .filter(|(_, (_, share))| share.keys > 0)
        .map(|(number, (kind, share))| {
            let mut rest = share.bytes;
            let mut pieces = Vec::new();
            for (_, bytes, name) in view.heaviest.iter().filter(|(of, ..)| *of == number) {
                rest = rest.saturating_sub(*bytes);
                pieces.push(piece(kind, *bytes, title(name, *bytes), true));
            }
            if rest > 0 {
                pieces.push(piece(kind, rest, title(&["all other ", kind_words(kind), " keys"].concat(), rest), false));
            }
            html! { <>{ for pieces }</> }
        })
        .collect();
    let mut words = String::from("Memory by type");
    let legend: Vec<Html> = KINDS
        .into_iter()
        .zip(view.shares)
        .filter(|(_, share)| share.keys > 0)
        .map(|(kind, share)| {
            words.push_str(&[", ", &title(kind_words(kind), share.bytes)].concat());
            html! { <span class={kind}>{ kind_words(kind) }{ " " }{ text::bytes(share.bytes) }</span> }
        })
        .collect();
    html! {
        <div class="weights">
            <div class="bar" role="img" aria-label={words}>{ for types }</div>
            <p aria-hidden="true">{ for legend }</p>
        </div>
    }
}
