//! A hash: a record of fields, each with the time it may have of its own.

use super::caption;
use crate::inspector::ring::ring;
use crate::inspector::windowed::{Slice, Windowed};
use engine::Value;
use inspect::Open;
use inspect::picture::hash;
use std::rc::Rc;
use yew::prelude::*;

const ROW: usize = 32;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::Hash(fields)) = &open.value else { return Html::default() };
    let words = match fields.encoding() {
        "listpack" => "one piece of memory, field and value by turns: a field is found by reading on",
        "listpackex" => "one piece of memory, with a deadline behind every value, the earliest first",
        _ => "a table by hash: a field is found at once, in no order that means anything",
    };
    html! {
        <>
            { caption(words.to_owned()) }
            <Windowed open={open.clone()} count={fields.len()} row={ROW} label="The fields of the hash" class="fields" draw={rows as fn(&Open, &Slice) -> Html} />
        </>
    }
}

fn rows(open: &Open, slice: &Slice) -> Html {
    let Some(Value::Hash(fields)) = &open.value else { return Html::default() };
    let first = slice.range.start;
    let lives = &mut open.lives();
    let fields = hash::fields((fields, &open.row.id), (&open.before, open.now), lives, slice.range.clone());
    html! {
        <div style={slice.style()}>
            { for fields.into_iter().enumerate().map(|(at, field)| html! {
                <dl key={first + at} class={classes!(field.fresh.then_some("fresh"))}>
                    <dt>{ field.name.to_string() }</dt><dd>{ field.value.to_string() }</dd>
                    <dd class="life">if let Some(life) = &field.life { <span>{ life.words.to_string() }</span>{ ring(life.left) } }</dd>
                </dl>
            }) }
        </div>
    }
}
