//! The time a key has left, as a ring that empties.

use yew::prelude::*;

/// `left` in thousandths.
pub fn ring(left: u16) -> Html {
    html! {
        <svg class="ring" viewBox="0 0 24 24" aria-hidden="true">
            <circle class="full" cx="12" cy="12" r="9" pathLength="1000" />
            <circle class="left" cx="12" cy="12" r="9" pathLength="1000" stroke-dasharray={format!("{left} 1000")} />
        </svg>
    }
}
