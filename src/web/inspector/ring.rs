//! The time a key has left, as a ring that empties.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct RingProps {
    /// Thousandths.
    pub left: u16,
}

#[component]
pub fn Ring(props: &RingProps) -> Html {
    html! {
        <svg class="ring" viewBox="0 0 24 24" aria-hidden="true">
            <circle class="full" cx="12" cy="12" r="9" pathLength="1000" />
            <circle class="left" cx="12" cy="12" r="9" pathLength="1000" stroke-dasharray={format!("{} 1000", props.left)} />
        </svg>
    }
}
