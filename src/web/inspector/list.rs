//! The ledger: a line a key. Only the lines on view stand in the page, so that a hundred thousand keys scroll like ten.

use super::glance;
use super::head::columns;
use super::ring::ring;
use crate::app::{Msg, Send};
use inspect::text;
use inspect::{InspectMsg, KeyspaceView, Layout, Line, Row};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// The height of a line where all are equal, as in keyspace.css.
const LINE: usize = 40;
/// Lines that are kept ready before and behind those on view.
const MARGIN: usize = 12;

#[derive(Properties)]
pub struct LedgerProps {
    pub view: Rc<KeyspaceView>,
    pub send: Send,
    /// The line that the keyboard is on takes the focus.
    pub back: bool,
}

impl PartialEq for LedgerProps {
    fn eq(&self, other: &LedgerProps) -> bool {
        Rc::ptr_eq(&self.view, &other.view) && self.back == other.back
    }
}

#[component]
pub fn Ledger(props: &LedgerProps) -> Html {
    let LedgerProps { view, send, back } = props;
    let scroller = use_node_ref();
    let wants_focus = use_mut_ref(|| false);
    if *back {
        *wants_focus.borrow_mut() = true;
    }
    {
        // A line that is far away comes into the page by scrolling there first.
        let (scroller, wants_focus, at) = (scroller.clone(), wants_focus.clone(), view.at);
        use_effect(move || {
            let Some(scroller) = scroller.cast::<Element>().filter(|_| *wants_focus.borrow()) else { return };
            let line = scroller.query_selector(&format!("[data-at=\"{at}\"]")).ok().flatten();
            match line.and_then(|line| line.dyn_into::<HtmlElement>().ok()) {
                Some(line) => {
                    *wants_focus.borrow_mut() = false;
                    let _ = line.focus();
                }
                None => scroller.set_scroll_top((at * LINE).saturating_sub(LINE * 2) as i32),
            }
        });
    }
    if view.all == 0 {
        return nothing(view);
    }
    let compact = view.is_compact();
    let onscroll = {
        let (send, first, count) = (send.clone(), view.first, view.lines.len());
        Callback::from(move |event: Event| {
            let Some(scroller) = event.target_dyn_into::<Element>().filter(|_| compact) else { return };
            let top = (scroller.scroll_top().max(0) as usize / LINE).saturating_sub(MARGIN);
            let high = scroller.client_height() as usize / LINE + 2 * MARGIN;
            // Not at every line: when half of what is kept ready is used up.
            if top.abs_diff(first) > MARGIN / 2 || high > count + MARGIN {
                send.emit(Msg::Inspect(InspectMsg::Window { first: top, count: high + MARGIN }));
            }
        })
    };
    let onkeydown = {
        let (send, view) = (send.clone(), view.clone());
        Callback::from(move |event: KeyboardEvent| {
            // The line that has the focus, however it came by it.
            let line = event.target_dyn_into::<Element>().and_then(|line| line.get_attribute("data-at")?.parse().ok());
            let (at, all) = (line.unwrap_or(view.at), view.all);
            let branch = matches!(view.lines.get(at.wrapping_sub(view.first)), Some(Line::Branch { .. }));
            let to = match event.key().as_str() {
                "ArrowDown" => at + 1,
                "ArrowUp" => at.saturating_sub(1),
                "PageDown" => at + 10,
                "PageUp" => at.saturating_sub(10),
                "Home" => 0,
                "End" => all,
                "ArrowRight" | "ArrowLeft" if branch => {
                    send.emit(Msg::Inspect(InspectMsg::Branch(at)));
                    event.prevent_default();
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            *wants_focus.borrow_mut() = true;
            send.emit(Msg::Inspect(InspectMsg::Point(to.min(all - 1))));
        })
    };
    if view.layout == Layout::Table {
        return table(view, send, scroller, onscroll, onkeydown);
    }
    let style = if compact {
        [
            "block-size:",
            &(view.all * LINE).to_string(),
            "px;padding-block-start:",
            &(view.first * LINE).to_string(),
            "px",
        ]
        .concat()
    } else {
        String::new()
    };
    html! {
        <div class={classes!("ledger", compact.then_some("compact"))} ref={scroller} {onscroll}>
            if view.layout == Layout::Pictures && view.all > 1 { { columns(view, send) } }
            <ul aria-label="All keys" {style} {onkeydown}>
                { for view.lines.iter().enumerate().map(|(place, line)| {
                    let at = view.first + place;
                    let here = at == view.at;
                    match line {
                        Line::Key { row, depth } => html! { <KeyLine key={row.id.to_string()} row={row.clone()} {at} {here} depth={*depth} all={view.all} send={send.clone()} /> },
                        Line::Branch { label, depth, keys, open } => branch(label, (*depth, at, here), *keys, *open, send),
                        Line::More { keys, depth } => html! { <li key={at} class="key more" style={indent(*depth)}>{ format!("and {} more: narrow them with the filter", text::figure(*keys as u64)) }</li> },
                    }
                }) }
            </ul>
        </div>
    }
}

fn nothing(view: &KeyspaceView) -> Html {
    html! {
        <p class="empty">
            if view.total == 0 {
                { "Nothing is stored yet. A key appears here with the first " }<code>{ "SET" }</code>{ "." }
            } else if view.filter.is_empty() {
                { "No key is of this type." }
            } else {
                { "No key matches " }<code>{ view.filter.to_string() }</code>{ "." }
            }
        </p>
    }
}

fn indent(depth: usize) -> Option<String> {
    (depth > 0).then(|| ["--depth:", &depth.to_string()].concat())
}

fn branch(label: &str, (depth, at, here): (usize, usize, bool), keys: usize, open: bool, send: &Send) -> Html {
    let toggle = send.reform(move |_: MouseEvent| Msg::Inspect(InspectMsg::Branch(at)));
    html! {
        <li key={["branch ", label].concat()} class="key branch compact" style={indent(depth)}>
            <button class="name" data-at={at.to_string()} tabindex={if here { "0" } else { "-1" }} aria-expanded={open.to_string()} onclick={toggle}>{ label.to_owned() }</button>
            <span class="facts">{ text::counted(keys, "key", "keys") }</span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct KeyLineProps {
    row: Rc<Row>,
    at: usize,
    here: bool,
    depth: usize,
    all: usize,
    send: Send,
}

#[component]
fn KeyLine(props: &KeyLineProps) -> Html {
    let KeyLineProps { row, at, here, depth, all, send } = props;
    let at = *at;
    let open = send.reform(move |_: MouseEvent| Msg::Inspect(InspectMsg::Open(at)));
    let state = if row.gone {
        "gone"
    } else if row.touched {
        "touched"
    } else {
        ""
    };
    html! {
        <li class={classes!("key", row.kind, state)} style={indent(*depth)} aria-setsize={all.to_string()} aria-posinset={(at + 1).to_string()}>
            <div class="who"><button class="name" data-at={at.to_string()} tabindex={if *here { "0" } else { "-1" }} onclick={open}>{ row.name.to_string() }</button><span class="type">{ row.kind_words() }</span></div>
            if row.gone {
                <p class="words">{ "Expired, not yet reclaimed: nobody can read it any more, but its memory is still in use." }</p>
            } else {
                <div class="picture">{ glance::draw(&row.preview) }</div>
                <div class="facts">{ row.encoding }<span>{ row.size.to_string() }</span></div>
                <div class="bytes">if row.bytes > 0 { { text::bytes(row.bytes) } }</div>
                if let Some(life) = &row.life {
                    <div class="life"><span>{ life.words.to_string() }</span>{ ring(life.left) }</div>
                } else {
                    <div class="life none">{ "no expiry" }</div>
                }
            }
        </li>
    }
}

/// The same as a table, for whoever prefers words.
fn table(
    view: &KeyspaceView,
    send: &Send,
    scroller: NodeRef,
    onscroll: Callback<Event>,
    onkeydown: Callback<KeyboardEvent>,
) -> Html {
    let space = |lines: usize| {
        let style = ["block-size:", &(lines * LINE).to_string(), "px"].concat();
        if lines > 0 {
            html! { <tr class="space" aria-hidden="true" {style}><td colspan="6" /></tr> }
        } else {
            Html::default()
        }
    };
    let compact = view.is_compact();
    let below = view.all.saturating_sub(view.first + view.lines.len());
    html! {
        <div class={classes!("ledger", compact.then_some("compact"))} ref={scroller} {onscroll} tabindex="0" role="group" aria-label="All keys as a table">
            <table class="twin-table" aria-rowcount={(view.all + 1).to_string()} {onkeydown}>
                <thead><tr><th scope="col">{ "Key" }</th><th scope="col">{ "Type" }</th><th scope="col">{ "Encoding" }</th><th scope="col">{ "Bytes" }</th>
                    <th scope="col">{ "Time to live" }</th><th scope="col">{ "Value" }</th><th scope="col">{ "State" }</th></tr></thead>
                <tbody>
                    if compact { { space(view.first) } }
                    { for view.lines.iter().enumerate().map(|(place, line)| {
                        let Line::Key { row, .. } = line else { return Html::default() };
                        let at = view.first + place;
                        let open = send.reform(move |_: MouseEvent| Msg::Inspect(InspectMsg::Open(at)));
                        let words = row.preview.words();
                        html! {
                            <tr key={row.id.to_string()} aria-rowindex={(at + 2).to_string()}>
                                <th scope="row"><button class="name" data-at={at.to_string()} tabindex={if at == view.at { "0" } else { "-1" }} onclick={open}>{ row.name.to_string() }</button></th>
                                <td>{ row.kind_words() }</td>
                                <td>{ row.encoding }</td>
                                <td>{ text::bytes(row.bytes) }</td>
                                <td>{ row.life.as_ref().map_or("none".to_owned(), |life| life.words.to_string()) }</td>
                                <td class="value">{ words }</td>
                                <td>{ if row.gone { "expired, not reclaimed" } else if row.touched { "just changed" } else { "" } }</td>
                            </tr>
                        }
                    }) }
                    if compact { { space(below) } }
                </tbody>
            </table>
        </div>
    }
}
