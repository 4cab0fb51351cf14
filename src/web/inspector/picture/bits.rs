//! A string as a bitmap: a square a bit.

use super::caption;
use crate::inspector::windowed::{Slice, Windowed};
use engine::Value;
use inspect::picture::bits;
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

const ROW: usize = 16;
/// The least width of a square.
const SIDE: usize = 9;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(string) = open.value.as_ref().and_then(Value::as_string) else { return Html::default() };
    let words = [
        text::figure(bits::ones(&string) as u64),
        " of ".to_owned(),
        text::counted(string.len() * 8, "bit is set", "bits are set"),
    ];
    let count = string.len() * 8;
    html! {
        <>
            { caption(words.concat()) }
            <Windowed open={open.clone()} {count} row={ROW} cell={SIDE} binary={true} label="The bits of the value" class="bits" draw={rows as fn(&Open, &Slice) -> Html} />
        </>
    }
}

fn rows(open: &Open, slice: &Slice) -> Html {
    let Some(string) = open.value.as_ref().and_then(Value::as_string) else { return Html::default() };
    let width = slice.columns.max(8);
    let first = slice.range.start / width;
    let rows = bits::rows(&string, &open.before, width, first..slice.range.end.div_ceil(width));
    html! {
        <div style={slice.style()}>
            { for rows.iter().map(|row| {
                let all: Vec<u16> = (0..row.len as u16).collect();
                html! {
                    <div key={row.at} class="line"><span class="at">{ row.at }</span>
                        <svg viewBox={format!("0 0 {} 10", width * 10 + width / 8 * 3)} aria-hidden="true"><path class="zero" d={squares(&all)} /><path class="one" d={squares(&row.ones)} />
                            if !row.fresh.is_empty() { <path class="new" d={squares(&row.fresh)} /> }</svg></div>
                }
            }) }
        </div>
    }
}

/// A path of small squares, with a little more room behind every byte.
fn squares(places: &[u16]) -> String {
    let mut path = String::with_capacity(places.len() * 20);
    for place in places {
        let x = usize::from(*place) * 10 + usize::from(*place) / 8 * 3;
        path.push('M');
        path.push_str(&x.to_string());
        path.push_str(" 1h8v8h-8z");
    }
    path
}
