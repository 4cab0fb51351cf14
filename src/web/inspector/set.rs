//! A set is a handful of members in no promised order.

use super::view::Part;
use yew::prelude::*;

pub fn draw(members: &[Part], hidden: usize) -> Html {
    html! {
        <div class="cells">
            { for members.iter().map(|part| html! { <span key={part.text.to_string()} class={classes!("cell", part.fresh.then_some("fresh"))}>{ part.text.to_string() }</span> }) }
            if hidden > 0 { <small class="more">{ format!("and {hidden} more") }</small> }
        </div>
    }
}
