//! What is to be seen of a script: line by line, and beside the lines.

use super::highlight::{self, Piece};
use super::session::Standing;
use super::values::{Change, Scope, words};
use super::{Script, Under, decoded};
use crate::text::{counted, figure, printable};
use engine::walk::{Call, Told};
use resp::Value;
use sim::Moment;
use std::rc::Rc;

/// How long a call and its reply are behind a line.
const CALL: usize = 60;
const REPLY: usize = 80;

#[derive(Clone, Debug, PartialEq)]
pub struct ScriptView {
    pub lines: Vec<LineView>,
    pub text: Rc<str>,
    pub revision: u32,
    pub keys: Rc<str>,
    pub values: Rc<str>,
    pub read_only: bool,
    pub state: State,
    /// The line that comes next, from 1; 0 if there is none.
    pub line: u32,
    /// The place of that line in the order in which lines ran, and how far the script has come so far.
    pub position: u64,
    pub reached: u64,
    pub stack: Vec<CallView>,
    pub scopes: Vec<Scope>,
    pub reply: Option<Reply>,
    /// The world has gone on since the script began: what is kept may come out otherwise.
    pub stale: bool,
    /// Why it did not begin.
    pub refused: Option<Rc<str>>,
    /// The same in a sentence, for who does not see it.
    pub says: Rc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The text is being written.
    Free,
    Moving,
    Line,
    Breakpoint,
    Ended,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LineView {
    pub pieces: Vec<Piece>,
    pub breakpoint: bool,
    /// It comes next.
    pub current: bool,
    /// A call in it has not returned yet.
    pub waits: bool,
    /// What it has called.
    pub told: Vec<ToldView>,
    /// What of it is not shown.
    pub more: Option<Rc<str>>,
    pub error: Option<Rc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldView {
    /// Empty for what `redis.debug` said.
    pub command: Rc<str>,
    pub reply: Rc<str>,
    pub failed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallView {
    pub name: Rc<str>,
    pub line: u32,
    pub chosen: bool,
}

/// What the EVAL replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// As redis-cli prints it.
    pub text: Rc<str>,
    pub failed: bool,
    pub line: Option<u32>,
}

impl Reply {
    pub(super) fn new(bytes: &[u8], line: Option<u32>) -> Reply {
        let value = decoded(bytes).unwrap_or(Value::Null);
        let text = term::render(&value, term::Mode::Terminal);
        Reply { text: text.trim_end().into(), failed: value.as_error().is_some(), line }
    }
}

impl Script {
    /// What there is to see; `now` is where the world is.
    #[inline(never)]
    pub fn view(&mut self, now: Moment) -> Rc<ScriptView> {
        let stale = self.session.as_ref().is_some_and(|under| under.began != now);
        if let Some((stamp, view)) = &self.seen
            && *stamp == (self.version, stale)
        {
            return view.clone();
        }
        let view = Rc::new(ScriptView { stale, ..self.look() });
        self.seen = Some(((self.version, stale), view.clone()));
        view
    }

    fn look(&mut self) -> ScriptView {
        if self.painted.as_ref().is_none_or(|(text, _)| !Rc::ptr_eq(text, &self.text)) {
            self.painted = Some((self.text.clone(), Rc::new(highlight::lines(&self.text))));
        }
        let painted = self.painted.as_ref().map(|(_, lines)| lines.clone()).unwrap_or_default();
        let line_view = |(at, pieces): (usize, &Vec<Piece>)| LineView {
            pieces: pieces.clone(),
            breakpoint: self.breakpoints.binary_search(&(at as u32 + 1)).is_ok(),
            current: false,
            waits: false,
            told: Vec::new(),
            more: None,
            error: None,
        };
        let mut view = ScriptView {
            lines: painted.iter().enumerate().map(line_view).collect(),
            text: self.text.clone(),
            revision: self.revision,
            keys: self.keys.clone(),
            values: self.values.clone(),
            read_only: self.read_only,
            state: State::Free,
            line: 0,
            position: 0,
            reached: 0,
            stack: Vec::new(),
            scopes: Vec::new(),
            reply: None,
            stale: false,
            refused: None,
            says: "".into(),
        };
        if let Some((line, error)) = &self.refused {
            view.refused = Some(error.clone());
            view.says = error.clone();
            mark_error(&mut view.lines, *line, error);
        }
        if let Some(under) = &self.session {
            under.fill(&mut view);
        }
        view
    }
}

fn mark_error(lines: &mut [LineView], line: Option<u32>, error: &Rc<str>) {
    if let Some(line) = line.and_then(|line| lines.get_mut((line as usize).wrapping_sub(1))) {
        line.error = Some(error.clone());
    }
}

impl Under {
    fn fill(&self, view: &mut ScriptView) {
        let walk = self.session.walk();
        view.state = match self.session.standing() {
            Standing::Moving => State::Moving,
            Standing::Line => State::Line,
            Standing::Breakpoint => State::Breakpoint,
            Standing::Ended => State::Ended,
        };
        view.position = self.session.position();
        view.reached = self.session.reached();
        for told in walk.told().iter() {
            if let Some(line) = view.lines.get_mut((told.line as usize).wrapping_sub(1)) {
                (line.told, line.more) = tell(told);
            }
        }
        if let Some(reply) = &self.reply {
            view.reply = Some(reply.clone());
            if reply.failed {
                mark_error(&mut view.lines, reply.line, &reply.text);
            }
            view.says = format!("The script is over. It replies: {}", reply.text).into();
        }
        if !matches!(view.state, State::Line | State::Breakpoint) {
            if view.state == State::Moving {
                view.says = "The script runs.".into();
            }
            return;
        }
        view.line = walk.line();
        let stack = walk.stack();
        for (at, call) in stack.iter().enumerate() {
            if let Some(line) = view.lines.get_mut((call.line as usize).wrapping_sub(1)) {
                line.current |= at == 0;
                line.waits |= at > 0;
            }
        }
        let chosen = self.call.min(stack.len().saturating_sub(1));
        view.stack = stack
            .iter()
            .enumerate()
            .map(|(at, call)| CallView {
                name: if call.is_main { "script".into() } else { name_of(&call.name) },
                line: call.line,
                chosen: at == chosen,
            })
            .collect();
        if let Some(call) = stack.get(chosen) {
            view.scopes = self.known.scopes(walk, call.level, stack.len() - 1 - chosen);
        }
        view.scopes.push(words(walk));
        view.says = sentence(view).into();
    }
}

/// `Line 4: local n = …. current is 1`
fn sentence(view: &ScriptView) -> String {
    let at = view.lines.get((view.line as usize).wrapping_sub(1));
    let text: String = at.map(|line| line.pieces.iter().map(|piece| &*piece.text).collect()).unwrap_or_default();
    let stopped = if view.state == State::Breakpoint { "Breakpoint. " } else { "" };
    let rows = view.scopes.iter().flat_map(|scope| &scope.rows).filter(|row| row.change != Change::Same).take(4);
    let changes = rows.map(|row| [". ", &row.name, " is ", &row.value.text].concat());
    [format!("{stopped}Line {}: {}", view.line, text.trim())].into_iter().chain(changes).collect()
}

fn name_of(name: &[u8]) -> Rc<str> {
    if name.is_empty() { "function".into() } else { printable(name, 40).into() }
}

/// A line's calls, and what is left out of them.
fn tell(told: &Told) -> (Vec<ToldView>, Option<Rc<str>>) {
    let views = told.calls.iter().map(|call| match call {
        Call::Command { words, reply, failed } => {
            let words: Vec<String> = words.iter().map(|word| term::quote::typed(word)).collect();
            ToldView {
                command: short(&words.join(" "), CALL),
                reply: short(&printable(reply, REPLY), REPLY),
                failed: *failed,
            }
        }
        Call::Debug(text) => ToldView { command: "".into(), reply: printable(text, REPLY).into(), failed: false },
    });
    let mut more = Vec::new();
    if told.hidden > 0 {
        more.push(format!("and {} more", counted(told.hidden, "call", "calls")));
    }
    if told.times > 1 {
        more.push(format!("{} times", figure(told.times)));
    }
    (views.collect(), (!more.is_empty()).then(|| more.join(", ").into()))
}

fn short(text: &str, most: usize) -> Rc<str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => [&text[..end], "…"].concat().into(),
        None => text.into(),
    }
}
