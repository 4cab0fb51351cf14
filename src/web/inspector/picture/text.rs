//! A string as what one reads; a number as a number.

use engine::Value;
use inspect::change::Kept;
use inspect::picture::string;
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

/// So much of a text is shown; the table has all of it.
const MOST: usize = 64 << 10;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(string) = open.value.as_ref().and_then(Value::as_string) else { return Html::default() };
    let bytes: &[u8] = &string;
    let shown = string::text(bytes, Kept::of_bytes(bytes, &open.before), MOST);
    let number = bytes.len() <= 24 && resp::number::parse_integer(bytes).is_some();
    html! {
        <div class={classes!("prose", number.then_some("number"))} tabindex="0" role="group" aria-label="The value as text">
            if bytes.is_empty() { <span class="quiet">{ "an empty string" }</span> }
            { shown.head }
            if !shown.fresh.is_empty() { <mark>{ shown.fresh }</mark> }
            { shown.tail }
            if shown.hidden > 0 { <p class="quiet">{ ["and ", &text::bytes(shown.hidden as u64), " more: the table has all of it"].concat() }</p> }
        </div>
    }
}
