//! Where the reader is, in the part of the address behind `#`: it works under any base path, from a file, and without a server.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::window;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The lesson where the learner is now.
    Learn,
    /// A lesson by its id, such as `03-lifetime/01-expiry`.
    Lesson(String),
    Lessons,
    Playground,
    /// The playground with the debugger open, on the EVAL that was given.
    Script(String),
    /// The reference, with the command that was asked for.
    Commands(String),
}

impl Route {
    pub fn parse(hash: &str) -> Route {
        let path = hash.trim_start_matches('#').trim_matches('/');
        let (head, rest) = path.split_once('/').unwrap_or((path, ""));
        match head {
            "learn" if !rest.is_empty() => Route::Lesson(rest.to_owned()),
            "lessons" => Route::Lessons,
            "playground" => Route::Playground,
            "script" => Route::Script(decoded(rest)),
            "commands" => Route::Commands(rest.to_ascii_lowercase()),
            _ => Route::Learn,
        }
    }

    pub fn href(&self) -> String {
        match self {
            Route::Learn => "#/".to_owned(),
            Route::Lesson(id) => format!("#/learn/{id}"),
            Route::Lessons => "#/lessons".to_owned(),
            Route::Playground => "#/playground".to_owned(),
            Route::Script(_) => "#/script".to_owned(),
            Route::Commands(name) if name.is_empty() => "#/commands".to_owned(),
            Route::Commands(name) => format!("#/commands/{name}"),
        }
    }

    pub fn current() -> Route {
        let hash = window().and_then(|window| window.location().hash().ok());
        Route::parse(&hash.unwrap_or_default())
    }
}

/// Goes there, as a link would.
pub fn go(to: &Route) {
    if let Some(window) = window() {
        let _ = window.location().set_hash(&to.href());
    }
}

fn decoded(text: &str) -> String {
    js_sys::decode_uri_component(text).map_or_else(|_| String::new(), String::from)
}

/// Calls back whenever the address changes, for as long as it is kept.
pub struct Listener {
    closure: Closure<dyn Fn()>,
}

impl Listener {
    pub fn new(heard: impl Fn(Route) + 'static) -> Listener {
        let closure = Closure::<dyn Fn()>::new(move || heard(Route::current()));
        if let Some(window) = window() {
            let _ = window.add_event_listener_with_callback("hashchange", closure.as_ref().unchecked_ref());
        }
        Listener { closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(window) = window() {
            let _ = window.remove_event_listener_with_callback("hashchange", self.closure.as_ref().unchecked_ref());
        }
    }
}
