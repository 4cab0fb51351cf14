//! The keyspace as a ledger: a line a key, and a table of the same facts for whoever prefers words.

pub mod build;
mod hash;
mod list;
mod ring;
mod set;
mod string;
mod zset;

pub mod view;

use crate::app::{Msg, Send, when};
use ring::ring;
use std::rc::Rc;
use view::{KeyView, KeyspaceView, Picture};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// `table`: the table is shown in place of the pictures.
pub fn keyspace(view: &KeyspaceView, table: bool, matching: &str, send: &Send) -> Html {
    let filter = when(send, |event: InputEvent| {
        let input: HtmlInputElement = event.target_dyn_into()?;
        Some(Msg::Filter(input.value()))
    });
    let twin = send.reform(|_: MouseEvent| Msg::ToggleTable);
    let sum = match view.total {
        1 => "1 key".to_owned(),
        total => format!("{total} keys"),
    };
    html! {
        <section class="keyspace" aria-label="Keyspace">
            <header>
                <h2>{ "Keyspace" }</h2>
                <span class="sum">{ sum }{ for view.database.iter().map(|name| html! { { format!(" in {name}") } }) }</span>
                <div class="tools">
                    if view.total > 0 || !matching.is_empty() {
                        <label class="filter"><span class="visually-hidden">{ "Show only keys that match" }</span>
                            <input type="search" placeholder="filter: user:*" value={matching.to_owned()} oninput={filter}
                                autocapitalize="off" autocorrect="off" autocomplete="off" spellcheck="false" />
                        </label>
                        <button class="twin" onclick={twin} aria-pressed={table.to_string()}>{ if table { "Pictures" } else { "Table" } }</button>
                    }
                </div>
            </header>
            if view.keys.is_empty() {
                <p class="empty">
                    if matching.is_empty() {
                        { "Nothing is stored yet. A key appears here with the first " }<code>{ "SET" }</code>{ "." }
                    } else {
                        { "No key matches " }<code>{ matching.to_owned() }</code>{ "." }
                    }
                </p>
            } else if table {
                <div class="ledger" tabindex="0" role="group" aria-label="All keys as a table">{ all(&view.keys) }</div>
            } else {
                <ul class="ledger" tabindex="0" aria-label="All keys">
                    { for view.keys.iter().map(|key| html! { <Row key={key.id.to_string()} view={key.clone()} /> }) }
                    if view.hidden > 0 { <li class="empty">{ format!("and {} more: narrow them with the filter", view.hidden) }</li> }
                </ul>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    view: Rc<KeyView>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let view = &props.view;
    let state = if view.gone {
        "gone"
    } else if view.touched {
        "touched"
    } else {
        ""
    };
    html! {
        <li class={classes!("key", view.kind, state)}>
            <div><div class="name">{ view.name.to_string() }</div><span class="type">{ view.type_words() }</span></div>
            if view.gone {
                <p class="words">{ "Expired, not yet reclaimed: nobody can read it any more, but its memory is still in use." }</p>
            } else {
                <div class="picture">{ draw(&view.picture) }</div>
                <div class="facts">{ view.encoding }if let Some(size) = &view.size { <span>{ size.to_string() }</span> }</div>
                if let Some(life) = &view.life {
                    <div class="life"><span>{ life.words.to_string() }</span>{ ring(life.left) }</div>
                } else {
                    <div class="life none">{ "no expiry" }</div>
                }
            }
        </li>
    }
}

fn draw(picture: &Picture) -> Html {
    match picture {
        Picture::Text { text, fresh, more } => string::draw(text, *fresh, *more),
        Picture::List { head, tail, hidden } => list::draw(head, tail, *hidden),
        Picture::Set { members, hidden } => set::draw(members, *hidden),
        Picture::Hash { fields, hidden } => hash::draw(fields, *hidden),
        Picture::Ladder { rungs, hidden } => zset::draw(rungs, *hidden),
    }
}

fn all(keys: &[Rc<KeyView>]) -> Html {
    html! {
        <table class="twin-table">
            <thead><tr><th scope="col">{ "Key" }</th><th scope="col">{ "Type" }</th><th scope="col">{ "Encoding" }</th>
                <th scope="col">{ "Time to live" }</th><th scope="col">{ "Value" }</th><th scope="col">{ "State" }</th></tr></thead>
            <tbody>
                { for keys.iter().map(|view| html! {
                    <tr key={view.id.to_string()}>
                        <th scope="row">{ view.name.to_string() }</th>
                        <td>{ view.type_words() }</td>
                        <td>{ view.encoding }</td>
                        <td>{ view.life.as_ref().map_or("none".to_owned(), |life| life.words.to_string()) }</td>
                        <td class="value">{ view.picture.words() }</td>
                        <td>{ if view.gone { "expired, not reclaimed" } else if view.touched { "just changed" } else { "" } }</td>
                    </tr>
                }) }
            </tbody>
        </table>
    }
}
