//! The debugger on the page. What it does is decided by `inspect::script`; here its messages find their way to it and to the bench.
//!
//! All of it comes with the second module: the page opens no script before that is here (`later.txt`).

mod beside;
mod editor;
mod face;

pub use face::face;

use crate::bench::Bench;
use crate::frames;
use crate::storage;
use course::Progress;
use inspect::script::{self, Script, ScriptMsg};
use inspect::{InspectMsg, KeyspaceView};
use std::cell::RefCell;
use std::rc::Rc;

/// What the learner wants of the debugger.
#[derive(Clone, Debug)]
pub enum ScriptAct {
    /// Opens it, on this EVAL if it is one.
    Open(String),
    Close,
    Say(ScriptMsg),
    /// Gives the EVAL to the server as it is.
    Run,
}

/// How long a message may take at once, in milliseconds.
const AT_ONCE_MS: f64 = 8.0;

#[inline(never)]
pub fn act(bench: &mut Bench, act: &ScriptAct, progress: &mut Progress) {
    match act {
        ScriptAct::Open(line) => open(bench, line),
        ScriptAct::Close => {
            if let Some(open) = bench.script.take() {
                keep(&open.borrow());
                go_on(bench);
                bench.focus(bench.active);
            }
        }
        ScriptAct::Run => {
            let Some(line) = bench.script.as_ref().and_then(|open| open.borrow().line()) else { return };
            storage::set("script", &line);
            say(bench, &ScriptMsg::Discard);
            bench.give(bench.active, &line, progress);
        }
        ScriptAct::Say(msg) => say(bench, msg),
    }
}

fn open(bench: &mut Bench, line: &str) {
    let mut script = bench.script.take().map_or_else(Script::default, RefCell::into_inner);
    if !script.open(line)
        && line.is_empty()
        && !script.is_under_way()
        && let Some(kept) = storage::get("script")
    {
        script.open(&kept);
    }
    bench.script = Some(RefCell::new(script));
    // The line is there now; in the prompt it would only be in the way.
    let active = bench.active;
    if let Some(pane) = bench.pane_mut(active).filter(|pane| !line.is_empty() && pane.editor.text() == line) {
        pane.put("");
    }
    go_on(bench);
}

fn keep(script: &Script) {
    if let Some(line) = script.line() {
        storage::set("script", &line);
    }
}

fn say(bench: &mut Bench, msg: &ScriptMsg) {
    let (Some(client), Some(open)) = (bench.active_client(), &bench.script) else { return };
    let deadline = frames::now() + AT_ONCE_MS;
    let mut script = open.borrow_mut();
    script.update(msg, &bench.world, client, &|| frames::now() < deadline);
    if *msg == ScriptMsg::Begin {
        keep(&script);
    }
    drop(script);
    go_on(bench);
}

/// While a script is gone through the clock stands, so that what is kept in the end is what was seen.
fn go_on(bench: &mut Bench) {
    let under_way = bench.script.as_ref().is_some_and(|open| open.borrow().is_under_way());
    if under_way && !bench.pace.paused {
        (bench.pace.paused, bench.held) = (true, true);
    } else if !under_way && bench.held && !bench.world.can_redo() {
        (bench.pace.paused, bench.held) = (false, false);
    } else {
        return;
    }
    bench.target = bench.world.now();
}

#[inline(never)]
pub fn work(open: &RefCell<Script>, time_left: &dyn Fn() -> bool) -> bool {
    open.borrow_mut().work(time_left)
}

/// Whether the debugger runs to where it was sent.
#[inline(never)]
pub fn is_moving(open: &RefCell<Script>) -> bool {
    open.borrow().is_moving()
}

#[inline(never)]
pub fn keyspace(open: &RefCell<Script>) -> Option<Rc<KeyspaceView>> {
    open.borrow_mut().keyspace()
}

#[inline(never)]
pub fn inspect(open: &RefCell<Script>, msg: &InspectMsg) -> bool {
    open.borrow_mut().inspect(msg)
}

/// When the keys on view are, if they are those of a script that is gone through.
#[inline(never)]
pub fn moment(open: &RefCell<Script>) -> Option<Rc<str>> {
    open.borrow().moment()
}

/// Whether a line is an EVAL that the debugger could take over.
#[inline(never)]
pub fn is_script(line: &str) -> bool {
    script::is_script(line)
}
