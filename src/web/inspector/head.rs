//! Above the ledger: how much there is, and what of it is shown in which order.

use super::open::change;
use super::tell;
use crate::app::{Msg, Send, when};
use inspect::index::Sort;
use inspect::row::{KINDS, kind_words};
use inspect::{InspectMsg, KeyspaceView, Layout, text};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

pub fn head(view: &KeyspaceView, copy: Option<&str>, send: &Send) -> Html {
    let filter = when(send, |event: InputEvent| {
        let input: HtmlInputElement = event.target_dyn_into()?;
        Some(Msg::Inspect(InspectMsg::Filter(input.value())))
    });
    let mut sum = text::counted(view.total, "key", "keys");
    if view.matching != view.total {
        sum = [text::figure(view.matching as u64), " of ".to_owned(), sum].concat();
    }
    let looked_for = view.total > 0 || !view.filter.is_empty() || !view.kind.is_empty();
    let layout = |layout: Layout, words: &'static str| {
        html! {
            <button class="toggle" aria-pressed={(view.layout == layout).to_string()} onclick={tell(send, InspectMsg::Layout(layout))}>{ words }</button>
        }
    };
    html! {
        <header>
            <h2>{ "Keyspace" }</h2>
            if let Some(copy) = copy { <span class="badge now">{ copy.to_owned() }</span> }
            { databases(view, send) }
            <span class="sum">{ sum }if view.total > 0 { { " · " }{ text::bytes(weight(view)) }{ change(view.gained) } }if view.counting { <em>{ ", being put in order" }</em> }</span>
            if looked_for {
                <div class="tools">
                    { kinds(view, send) }
                    <label class="filter"><span class="visually-hidden">{ "Show only keys that match" }</span>
                        <input type="search" placeholder="filter: user:*" value={view.filter.to_string()} oninput={filter}
                            autocapitalize="off" autocorrect="off" autocomplete="off" spellcheck="false" />
                    </label>
                    <div class="toggles" role="group" aria-label="Layout">
                        { layout(Layout::Pictures, "List") }{ layout(Layout::Tree, "Tree") }{ layout(Layout::Table, "Table") }
                    </div>
                </div>
            }
        </header>
    }
}

fn weight(view: &KeyspaceView) -> u64 {
    view.shares.iter().map(|share| share.bytes).sum()
}

/// Which database; only asked when there is a choice.
fn databases(view: &KeyspaceView, send: &Send) -> Html {
    if view.databases.len() < 2 && view.database == 0 {
        return Html::default();
    }
    let choose = when(send, |event: Event| {
        let select: HtmlSelectElement = event.target_dyn_into()?;
        Some(Msg::Inspect(InspectMsg::Database(select.value().parse().ok())))
    });
    html! {
        <select class="quiet" aria-label="Database" onchange={choose}>
            { for view.databases.iter().map(|(number, keys)| {
                let words = ["db ", &number.to_string(), " (", &text::figure(*keys as u64), ")"].concat();
                html! { <option key={*number} value={number.to_string()} selected={*number == view.database}>{ words }</option> }
            }) }
        </select>
    }
}

fn kinds(view: &KeyspaceView, send: &Send) -> Html {
    let present = view.shares.iter().filter(|share| share.keys > 0).count();
    if present < 2 && view.kind.is_empty() {
        return Html::default();
    }
    let choose = when(send, |event: Event| {
        let select: HtmlSelectElement = event.target_dyn_into()?;
        let kind = KINDS.into_iter().find(|kind| *kind == select.value()).unwrap_or_default();
        Some(Msg::Inspect(InspectMsg::Kind(kind)))
    });
    html! {
        <select class="quiet" aria-label="Type" onchange={choose}>
            <option value="" selected={view.kind.is_empty()}>{ "all types" }</option>
            { for KINDS.into_iter().zip(view.shares).filter(|(_, share)| share.keys > 0).map(|(kind, share)| {
                let words = [kind_words(kind), " (", &text::figure(share.keys as u64), ")"].concat();
                html! { <option key={kind} value={kind} selected={kind == view.kind}>{ words }</option> }
            }) }
        </select>
    }
}

/// The headings of the ledger: a click sorts by one.
pub fn columns(view: &KeyspaceView, send: &Send) -> Html {
    let column = |sort: Sort, words: &'static str| {
        let on = view.sort == sort;
        let arrow = if !on {
            ""
        } else if view.descending {
            " ↑"
        } else {
            " ↓"
        };
        html! {
            <button class={sort.words().split(' ').next_back().unwrap_or_default()} aria-pressed={on.to_string()}
                title={["Sort by ", sort.words()].concat()} onclick={tell(send, InspectMsg::Sort(sort))}>{ words }<i aria-hidden="true">{ arrow }</i></button>
        }
    };
    html! {
        <div class="columns">
            { column(Sort::Name, "key") }<span />{ column(Sort::Kind, "type") }{ column(Sort::Bytes, "bytes") }{ column(Sort::Life, "time left") }
        </div>
    }
}
