//! Said once after the program broke: what was lost, and the report that helps to mend it.

use crate::app::{Msg, Send};
use crate::storage::Wreck;
use web_sys::window;
use yew::prelude::*;

pub fn notice(wreck: &Wreck, send: &Send) -> Html {
    let letters: String = wreck.journal.iter().map(|byte| char::from(*byte)).collect();
    let journal = window().and_then(|window| window.btoa(&letters).ok()).unwrap_or_default();
    let report = format!(
        "Rediscover {}\nbroke: {}\nlast input: {}\njournal: {journal}\n",
        env!("CARGO_PKG_VERSION"),
        wreck.said,
        wreck.last
    );
    let href = format!("data:text/plain;charset=utf-8,{}", String::from(js_sys::encode_uri_component(&report)));
    html! {
        <div class="notice" role="alert">
            <p>{ "Something broke in this page, and that is our fault. Everything is back as it was, without the last input" }
                if !wreck.last.is_empty() { { ": " }<code>{ &wreck.last }</code> }{ "." }</p>
            <a {href} download="rediscover-report.txt">{ "Save a report" }</a>
            <button onclick={send.reform(|_: MouseEvent| Msg::Dismiss)}>{ "All right" }</button>
        </div>
    }
}
