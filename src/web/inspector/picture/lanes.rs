//! A string as numbers side by side, as BITFIELD reads and writes them.

use super::caption;
use crate::inspector::windowed::{Slice, Windowed};
use engine::Value;
use inspect::picture::bits;
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

const ROW: usize = 46;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(string) = open.value.as_ref().and_then(Value::as_string) else { return Html::default() };
    let count = bits::lanes(&string, &open.history).len();
    let words =
        [text::counted(count, "number", "numbers"), " in ".to_owned(), text::counted(string.len(), "byte", "bytes")];
    html! {
        <>
            { caption(words.concat()) }
            <Windowed open={open.clone()} {count} row={ROW} label="The fields of the value" class="lanes" draw={rows as fn(&Open, &Slice) -> Html} />
        </>
    }
}

fn rows(open: &Open, slice: &Slice) -> Html {
    let Some(string) = open.value.as_ref().and_then(Value::as_string) else { return Html::default() };
    let lanes = bits::lanes(&string, &open.history);
    let shown = lanes.get(slice.range.clone()).unwrap_or_default();
    html! {
        <div style={slice.style()}>
            { for bits::lane_values(&string, &open.before, shown).into_iter().map(|lane| html! {
                <div key={lane.lane.at} class={classes!("lane", lane.fresh.then_some("fresh"))}>
                    <span class="at">{ ["bit ", &lane.lane.at.to_string()].concat() }</span><span class="kind">{ lane.kind.to_string() }</span>
                    <span class="row-of-bits">{ for lane.bits.chars().map(|bit| html! { <i class={if bit == '1' { "on" } else { "" }} /> }) }</span>
                    <b>{ lane.value.to_string() }</b>
                </div>
            }) }
        </div>
    }
}
