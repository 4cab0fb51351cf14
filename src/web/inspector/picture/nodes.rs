//! A list: the chain of its nodes from head to tail, and below it the elements.

use super::caption;
use crate::inspector::glance::fresh_class;
use crate::inspector::windowed::{Slice, Windowed};
use engine::Value;
use inspect::change::Kept;
use inspect::picture::list::{self, Node};
use inspect::{Open, text};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use yew::prelude::*;

const ROW: usize = 28;
/// More nodes than this are drawn as what lies between the ends.
const DRAWN: usize = 60;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::List(list)) = &open.value else { return Html::default() };
    let nodes = list::nodes(list, open.compress_depth);
    let bytes: usize = nodes.iter().map(|node| node.bytes).sum();
    let compressed = nodes.iter().filter(|node| node.compressed).count();
    let mut words = if list.encoding() == "quicklist" {
        [text::counted(nodes.len(), "node", "nodes"), ", each a listpack: ".to_owned(), text::bytes(bytes as u64)]
            .concat()
    } else {
        ["one listpack of ", &text::bytes(bytes as u64)].concat()
    };
    if compressed > 0 {
        words.push_str(&[", ", &text::figure(compressed as u64), " in the middle compressed"].concat());
    }
    html! {
        <>
            { caption(words) }
            { chain(&nodes, bytes) }
            <Windowed open={open.clone()} count={list.len()} row={ROW} label="The elements of the list" class="elements" draw={rows as fn(&Open, &Slice) -> Html} />
        </>
    }
}

/// A block a node, as wide as it is large; a click goes to its first element.
fn chain(nodes: &[Node], bytes: usize) -> Html {
    let whole = bytes.max(1);
    let hidden = nodes.len().saturating_sub(DRAWN);
    let drawn =
        nodes.iter().enumerate().filter(|(at, _)| hidden == 0 || *at < DRAWN / 2 || at + DRAWN / 2 >= nodes.len());
    html! {
        <div class="chain">
            <small>{ "head" }</small>
            <ol>
                { for drawn.map(|(at, node)| {
                    let goto = goto(node.first);
                    let title = format!("node {at}: {}, {}{}", text::counted(node.len, "element", "elements"), text::bytes(node.bytes as u64), if node.compressed { ", compressed" } else { "" });
                    let style = format!("flex-grow:{}", (node.bytes * 1000 / whole).max(1));
                    let class = classes!(node.compressed.then_some("compressed"), node.plain.then_some("plain"));
                    html! { <li key={at} {style} {class}><button aria-label={title.clone()} {title} onclick={goto}><span>{ text::figure(node.len as u64) }</span></button></li> }
                }) }
            </ol>
            <small>{ "tail" }</small>
            if hidden > 0 { <small class="quiet">{ format!("{} nodes between are not drawn", text::figure(hidden as u64)) }</small> }
        </div>
    }
}

fn goto(element: usize) -> Callback<MouseEvent> {
    Callback::from(move |event: MouseEvent| {
        let button = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let stage = button.and_then(|button| button.closest(".stage").ok().flatten());
        if let Some(rows) = stage.and_then(|stage| stage.query_selector(".windowed").ok().flatten()) {
            rows.set_scroll_top((element * ROW) as i32);
        }
    })
}

fn rows(open: &Open, slice: &Slice) -> Html {
    let Some(Value::List(list)) = &open.value else { return Html::default() };
    let nodes = list::nodes(list, open.compress_depth);
    let first = slice.range.start;
    let elements = list::elements(list, Kept::of_list(list, &open.before), slice.range.clone());
    let mut node = nodes.partition_point(|node| node.first + node.len <= first);
    html! {
        <ol style={slice.style()}>
            { for elements.into_iter().enumerate().map(|(at, part)| {
                let at = first + at;
                while nodes.get(node).is_some_and(|node| node.first + node.len <= at) {
                    node += 1;
                }
                let begins = nodes.get(node).is_some_and(|node| node.first == at);
                let class = classes!((node % 2 == 1).then_some("odd"), begins.then_some("begins"));
                let end = if at == 0 { "head" } else if at + 1 == list.len() { "tail" } else { "" };
                html! {
                    <li key={at} {class}><span class="at">{ at }</span><span class={fresh_class("value", part.fresh)}>{ part.text.to_string() }</span><small>{ end }</small></li>
                }
            }) }
        </ol>
    }
}
