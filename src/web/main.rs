//! The page: views over the world, the terminal and the course. It knows the browser; it does not know what a command does.

mod app;
mod bench;
mod catalogue;
mod colophon;
mod contents;
mod divide;
mod frames;
mod icon;
mod inspector;
mod later;
mod lesson;
mod line;
mod masthead;
mod notice;
#[cfg(all(test, target_arch = "wasm32"))]
mod page_tests;
mod pane;
mod recorded;
mod reference;
mod route;
mod script;
mod soon;
mod standing;
mod storage;
mod study;
mod tasks;
mod terminal;
mod theme;
mod timebar;

fn main() {
    let root =
        web_sys::window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id("app"));
    // The lesson stands in the page already: it is painted before the program takes over.
    if let Some(root) = root {
        frames::after_paint(|| {
            yew::Renderer::<app::App>::with_root(root).render();
        });
    }
}
