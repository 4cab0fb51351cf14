//! A list is a row with two ends.

use super::view::Part;
use yew::prelude::*;

pub fn draw(head: &[Part], tail: &[Part], hidden: usize) -> Html {
    let count = head.len() + tail.len();
    let cell = |index: usize, part: &Part| {
        let ends = classes!((index == 0).then_some("first"), (index + 1 == count).then_some("last"));
        html! { <span key={index} class={classes!("cell", ends, part.fresh.then_some("fresh"))}>{ part.text.to_string() }</span> }
    };
    html! {
        <div class="cells">
            <small class="end">{ "head" }</small>
            { for head.iter().enumerate().map(|(index, part)| cell(index, part)) }
            if hidden > 0 { <small class="more">{ format!("{hidden} more") }</small> }
            { for tail.iter().enumerate().map(|(index, part)| cell(head.len() + index, part)) }
            <small class="end">{ "tail" }</small>
        </div>
    }
}
