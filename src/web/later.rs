//! The part of the program that is fetched when it is first needed.
//!
//! A released page comes as two modules (`xtask/split/mod.rs` says how they are cut). Functions of the second one have empty slots in
//! the function table until it is there. So whether a command can run now is asked of the table itself, at the number that a
//! function pointer is, and there is no list of commands to keep in step.
//!
//! A request is looked at in one place, where a pane hands it to the world: if its command is not here, it waits in the pane as it
//! would for a slow server, and is sent when the module has come. The rest that is played on a world, lessons' stages and goals and
//! journals, is looked at before it begins. What happens inside a world afterwards, undo and replay and queued transactions,
//! needs nothing that was not needed when it was done first.
//!
//! In development there is one module, no address of another, and everything is here.

use course::transcript::{Transcript, arguments};
use engine::table::{self, Command};
use js_sys::WebAssembly::{self, Module, Table};
use js_sys::{Object, Promise, Reflect};
use sim::{Journal, What};
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Response, window};

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
    /// The fetch that is under way.
    static COMING: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// Where the second module lies, if there is one.
fn address() -> Option<String> {
    window()?.document()?.document_element()?.get_attribute("data-later")
}

/// Whether the whole program is here.
pub fn is_here() -> bool {
    if !HERE.get() && address().is_none() {
        HERE.set(true);
    }
    HERE.get()
}

/// Whether a command's function is here.
pub fn has(command: &Command) -> bool {
    is_here() || {
        let slot = command.handler as usize as u32;
        let table = Reflect::get(&wasm_bindgen::exports(), &"table".into());
        let function = table.and_then(|table| table.unchecked_ref::<Table>().get(slot));
        function.is_ok_and(|function| !function.is_null())
    }
}

/// The command that these words name, if its function is not here.
pub fn missing<W: AsRef<[u8]>>(words: &[W]) -> Option<&'static Command> {
    let command = table::find(words.first()?.as_ref())?;
    let subcommand = words.get(1).and_then(|word| command.subcommand(word.as_ref()));
    Some(subcommand.unwrap_or(command)).filter(|command| !has(command))
}

/// The command of a request, if its function is not here.
pub fn missing_for(request: &[u8]) -> Option<&'static Command> {
    if is_here() { None } else { missing(&crate::line::words_of_request(request)) }
}

/// Whether everything is here that this journal needs.
pub fn has_all_of(journal: &Journal) -> bool {
    journal.records.iter().all(|record| !matches!(&record.what, What::Send(bytes) if missing_for(bytes).is_some()))
}

/// Whether everything is here that is played on a world without anybody typing it: a stage, and the goals of tasks.
pub fn has_all_of_lesson(lesson: &course::Lesson) -> bool {
    let of_tasks = lesson.tasks.iter().map(|task| &task.goal);
    let mut played = of_tasks.chain([&lesson.start]).filter_map(|text| Transcript::parse(text).ok());
    is_here()
        || played.all(|transcript| {
            let words = transcript.commands().filter_map(|(_, text)| arguments(text)).collect::<Vec<_>>();
            words.iter().all(|words| missing(words).is_none())
        })
}

/// Fetches the second module, unless it is here; false: it cannot be had now.
pub async fn fetch() -> bool {
    if is_here() {
        return true;
    }
    let coming = COMING.with_borrow_mut(|coming| coming.get_or_insert_with(|| future_to_promise(load())).clone());
    let came = JsFuture::from(coming).await.is_ok();
    HERE.set(came);
    if !came {
        COMING.take();
    }
    came
}

/// The second module's imports are the first one's exports; what it brings goes into the shared table and memory.
async fn load() -> Result<JsValue, JsValue> {
    let (window, address) = window().zip(address()).ok_or(JsValue::NULL)?;
    let response: Response = JsFuture::from(window.fetch_with_str(&address)).await?.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::NULL);
    }
    let bytes = JsFuture::from(response.array_buffer()?).await?;
    let imports = Object::new();
    Reflect::set(&imports, &"first".into(), &wasm_bindgen::exports())?;
    // The function takes bytes as well as a module.
    JsFuture::from(WebAssembly::instantiate_module(bytes.unchecked_ref::<Module>(), &imports)).await
}
