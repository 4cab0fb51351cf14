//! A string is its text.

use yew::prelude::*;

pub fn draw(text: &str, fresh: bool, more: usize) -> Html {
    html! {
        <div class="text">
            <span class={classes!("cell", fresh.then_some("fresh"))}>{ if text.is_empty() { "\"\"" } else { text } }</span>
            if more > 0 { <small class="more">{ format!("and {more} bytes more") }</small> }
        </div>
    }
}
