//! The page in a browser: what is typed is answered, and the engine is the same program here as natively.

use crate::app::App;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Document, Element, HtmlElement, HtmlFormElement, HtmlInputElement, InputEvent, InputEventInit, window};
use yew::platform::time::sleep;

wasm_bindgen_test_configure!(run_in_browser);

fn document() -> Document {
    window().and_then(|window| window.document()).expect("tests run in a browser")
}

/// A page at `hash` that is taken away again when the test is over.
struct Page {
    root: Element,
    app: Option<yew::AppHandle<App>>,
}

impl Page {
    async fn open(hash: &str) -> Page {
        window().expect("a window").location().set_hash(hash).expect("a hash can be set");
        let root = document().create_element("div").expect("an element");
        document().body().expect("a body").append_child(&root).expect("a place in it");
        let app = yew::Renderer::<App>::with_root(root.clone()).render();
        sleep(Duration::from_millis(50)).await;
        Page { root, app: Some(app) }
    }

    fn find<T: JsCast>(&self, selector: &str) -> T {
        let found = self.root.query_selector(selector).expect("a selector").expect(selector);
        found.dyn_into().expect("an element of this kind")
    }

    fn text(&self, selector: &str) -> String {
        self.find::<HtmlElement>(selector).inner_text()
    }

    async fn click(&self, selector: &str) {
        self.find::<HtmlElement>(selector).click();
        sleep(Duration::from_millis(50)).await;
    }

    /// Presses the button that says `words`.
    async fn press(&self, words: &str) {
        let buttons = self.root.query_selector_all("button").expect("a selector");
        let mut buttons = (0..buttons.length()).filter_map(|at| buttons.item(at)?.dyn_into::<HtmlElement>().ok());
        buttons.find(|button| button.inner_text() == words).expect(words).click();
        sleep(Duration::from_millis(50)).await;
    }

    async fn type_line(&self, line: &str) {
        let input: HtmlInputElement = self.find(".pane.active .field input");
        input.set_value(line);
        let event = InputEventInit::new();
        event.set_bubbles(true);
        let event = InputEvent::new_with_event_init_dict("input", &event).expect("an event");
        input.dispatch_event(&event).expect("it is heard");
        self.find::<HtmlFormElement>(".pane.active form").request_submit().expect("it is submitted");
        sleep(Duration::from_millis(50)).await;
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.root.remove();
    }
}

#[wasm_bindgen_test]
async fn a_command_is_answered_and_its_key_appears() {
    let page = Page::open("#/playground").await;
    page.type_line("SET greeting hello EX 60").await;
    assert!(page.text(".log").ends_with("SET greeting hello EX 60\nOK"), "{}", page.text(".log"));
    assert_eq!(page.text(".key .name"), "greeting");
    assert_eq!(page.text(".key .picture"), "hello");
    page.type_line("GET greeting").await;
    assert!(page.text(".log").ends_with("\"hello\""));
    page.click("[aria-label^='Undo']").await;
    page.click("[aria-label^='Undo']").await;
    assert!(page.root.query_selector(".key").expect("a selector").is_none(), "the key is gone again");
    assert_eq!(page.text(".log"), "");
}

#[wasm_bindgen_test]
async fn a_second_client_hears_what_the_first_one_says() {
    let page = Page::open("#/playground").await;
    page.press("New client").await;
    page.type_line("BLPOP orders 0").await;
    assert!(page.text(".pane.active .badge").starts_with("blocked"));
    let first: HtmlInputElement = page.find("#line-1");
    first.focus().expect("it can be focused");
    sleep(Duration::from_millis(50)).await;
    page.type_line("LPUSH orders tea").await;
    let heard = page.text(".pane:not(.active) .log");
    assert!(heard.ends_with("1) \"orders\"\n2) \"tea\""), "{heard}");
}

#[wasm_bindgen_test]
async fn every_lesson_opens_and_its_tasks_are_not_yet_met() {
    crate::storage::remove("progress");
    for lesson in crate::catalogue::lessons() {
        let page = Page::open(&format!("#/learn/{}", lesson.slug)).await;
        assert_eq!(page.text(".lesson h1"), lesson.title);
        page.type_line("PING").await;
        let met = page.root.query_selector_all(".task.met").expect("a selector").length();
        assert_eq!(met, 0, "{}", lesson.slug);
    }
}

#[wasm_bindgen_test]
fn a_busy_hour_leaves_the_same_trace_as_natively() {
    let hash = format!("{:016x}\n", sim::scenario::busy_hour(2026, 3000).trace_hash());
    assert_eq!(hash, include_str!("../sim/trace_hash.txt"));
}

#[wasm_bindgen_test]
fn scripts_leave_the_same_trace_as_natively() {
    let hash = format!("{:016x}\n", sim::scenario::scripted_minutes(2026, 600).trace_hash());
    assert_eq!(hash, include_str!("../sim/script_trace_hash.txt"));
}
