//! A set: its members, and where an intset keeps whole numbers, the line on which they stand.

use super::caption;
use crate::inspector::glance::fresh_class;
use crate::inspector::windowed::{Slice, Windowed};
use engine::Value;
use inspect::Open;
use inspect::picture::set;
use std::rc::Rc;
use yew::prelude::*;

const ROW: usize = 32;
const WIDTH: usize = 150;
const NARROW: usize = 92;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::Set(members)) = &open.value else { return Html::default() };
    let words = match members.encoding() {
        "intset" => "whole numbers in order: a member is found by halving",
        "listpack" => "one piece of memory, in the order of arrival: a member is found by reading on",
        _ => "a table by hash: a member is found at once, in no order that means anything",
    };
    let cell = if members.encoding() == "intset" { NARROW } else { WIDTH };
    html! {
        <>
            { caption(words.to_owned()) }
            if let Some(strip) = set::strip(members, &open.before) {
                <svg class="strip" viewBox="0 0 1000 30" preserveAspectRatio="none" aria-hidden="true"><path d={strokes(&strip, false)} /><path class="new" d={strokes(&strip, true)} /></svg>
            }
            <Windowed open={open.clone()} count={members.len()} row={ROW} {cell} label="The members of the set" class="members" draw={rows as fn(&Open, &Slice) -> Html} />
        </>
    }
}

/// A stroke for each place; what is new stands out.
fn strokes(strip: &[(u16, bool)], wanted: bool) -> String {
    let mut path = String::new();
    for (at, _) in strip.iter().filter(|(_, fresh)| *fresh == wanted) {
        path.extend(["M", &at.to_string(), if wanted { " 2v28" } else { " 12v18" }]);
    }
    path
}

fn rows(open: &Open, slice: &Slice) -> Html {
    let Some(Value::Set(members)) = &open.value else { return Html::default() };
    let first = slice.range.start;
    let parts = set::members(members, &open.before, slice.range.clone());
    html! {
        <ul style={slice.style()}>
            { for parts.into_iter().enumerate().map(|(at, part)| html! {
                <li key={first + at}><span class={fresh_class("cell", part.fresh)}>{ part.text.to_string() }</span></li>
            }) }
        </ul>
    }
}
