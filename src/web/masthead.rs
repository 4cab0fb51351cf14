//! The line at the top: what this is, where one can go, where one is.

use crate::app::{Msg, Send};
use crate::icon::Icon;
use crate::route::Route;
use crate::theme::Theme;
use yew::prelude::*;

/// `place` is the chapter and the lesson's place in it.
pub fn masthead(route: &Route, theme: Theme, place: Option<AttrValue>, send: &Send) -> Html {
    let link = |to: Route, current: bool, text: &'static str| {
        html! { <a href={to.href()} aria-current={current.then_some("page")}>{ text }</a> }
    };
    let icon = match theme {
        Theme::System => Icon::System,
        Theme::Light => Icon::Light,
        Theme::Dark => Icon::Dark,
    };
    let next = send.reform(|_: MouseEvent| Msg::NextTheme);
    html! {
        <header class="masthead">
            <a class="brand" href="#/" aria-label="Rediscover">
                <svg viewBox="0 0 20 20" aria-hidden="true"><circle class="full" cx="10" cy="10" r="7" /><path d="M10 3a7 7 0 1 1-6.3 10" /></svg>
                <span class="word">{ "re" }<b>{ "discover" }</b></span>
            </a>
            <nav aria-label="Main">
                { link(Route::Learn, matches!(route, Route::Learn | Route::Lesson(_)), "Learn") }
                { link(Route::Lessons, *route == Route::Lessons, "Lessons") }
                { link(Route::Playground, matches!(route, Route::Playground | Route::Script(_)), "Playground") }
                { link(Route::Commands(String::new()), matches!(route, Route::Commands(_)), "Commands") }
            </nav>
            <div class="aside">
                if let Some(place) = place { <span class="where">{ place }</span> }
                <button class="icon" onclick={next} aria-label={theme.label()} title={theme.label()}>{ icon.draw() }</button>
            </div>
        </header>
    }
}
