//! A string as bytes: where they stand, their digits, and what they would be as letters.

use crate::inspector::windowed::{Slice, Windowed};
use engine::Value;
use inspect::Open;
use inspect::change::Kept;
use inspect::picture::string::{self, HexByte};
use std::rc::Rc;
use yew::prelude::*;

const ROW: usize = 24;

pub fn draw(open: &Rc<Open>) -> Html {
    let count = open.value.as_ref().and_then(Value::as_string).map_or(0, |text| text.len()).div_ceil(string::LINE);
    html! { <Windowed open={open.clone()} {count} row={ROW} label="The bytes of the value" class="hex" draw={lines as fn(&Open, &Slice) -> Html} /> }
}

fn lines(open: &Open, slice: &Slice) -> Html {
    let Some(text) = open.value.as_ref().and_then(Value::as_string) else { return Html::default() };
    let lines = string::hex(&text, Kept::of_bytes(&text, &open.before), slice.range.clone());
    html! {
        <div style={slice.style()}>
            { for lines.iter().map(|line| html! {
                <div key={line.at} class="line"><span class="at">{ format!("{:06x}", line.at) }</span>
                    <span class="digits">{ stretches(&line.bytes, |out, byte| { out.push_str(&byte.digits); out.push(' ') }) }</span>
                    <span class="letters">{ stretches(&line.bytes, |out, byte| out.push(byte.letter)) }</span></div>
            }) }
        </div>
    }
}

/// Neighbours that are alike stand in one element.
fn stretches(bytes: &[HexByte], write: fn(&mut String, &HexByte)) -> Html {
    let groups = bytes.chunk_by(|a, b| a.fresh == b.fresh).map(|group| {
        let mut text = String::new();
        for byte in group {
            write(&mut text, byte);
        }
        if group[0].fresh {
            html! { <mark>{ text }</mark> }
        } else {
            html! { { text } }
        }
    });
    html! { <>{ for groups }</> }
}
