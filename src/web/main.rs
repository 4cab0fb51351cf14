//! The page: views over the world, the terminal and the course. It knows the browser; it does not know what a command does.

mod app;
mod bench;
mod colophon;
mod divide;
mod icon;
mod inspector;
mod masthead;
mod reference;
mod route;
mod storage;
mod terminal;
mod theme;
mod timebar;

fn main() {
    let Some(root) = web_sys::window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id("app")) else {
        return;
    };
    yew::Renderer::<app::App>::with_root(root).render();
}
