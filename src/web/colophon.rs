//! The small print at the foot of everything that is read.

use yew::prelude::*;

pub fn colophon() -> Html {
    html! {
        <footer class="colophon">
            <p>{ "Rediscover runs wholly in this page: no account, no server, nothing leaves your browser." }</p>
            <p>{ "Redis is a trademark of its owner; this project is independent of it." }</p>
        </footer>
    }
}
