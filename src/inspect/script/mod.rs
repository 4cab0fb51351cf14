//! The debugger of Lua scripts: a text, the keys and arguments it is run with, breakpoints, and a way through it.
//!
//! The learner goes through a script on a copy of the server ([`session`]), forwards and backwards, while the world waits. When it is
//! over, or before, the copy is dropped; who wants to keep what the script has done has it run as the ordinary EVAL that it is, at the
//! same moment, so that the same comes out of it and stands in the world's journal.
//!
//! Nothing here draws: [`Script::view`] says what is to be seen of each line, of the variables ([`values`]) and of the keys, and
//! the page draws that. [`highlight`] colours Lua.

pub mod highlight;
pub mod session;
#[cfg(test)]
mod tests;
pub mod values;
mod view;

pub use highlight::{Look, Piece};
pub use session::{Move, Session, Standing};
pub use values::{Change, Part, Row, Scope};
pub use view::{CallView, LineView, Reply, ScriptView, State, ToldView};

use crate::inspector::{InspectMsg, Inspector, KeyspaceView};
use engine::ClientId;
use resp::{Decoder, Value};
use sim::{Moment, World};
use std::rc::Rc;
use values::Seen;

/// What a debugger shows first: a rate limiter of so many requests in so many seconds.
const EXAMPLE: &str = "\
local key = KEYS[1]
local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local current = redis.call('INCR', key)
if current == 1 then
  redis.call('EXPIRE', key, window)
end
return current <= limit
";

/// What the learner does to the debugger.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptMsg {
    /// The text, the keys or the arguments, as they are typed.
    Text(String),
    Keys(String),
    Values(String),
    ReadOnly(bool),
    /// A breakpoint comes or goes.
    Breakpoint(u32),
    Begin,
    Move(Move),
    /// To the line before this one, as they ran.
    Back,
    /// The script runs for too long: stop where it is.
    Halt,
    /// The session ends, and nothing is kept of it.
    Discard,
    /// Another call on the stack is looked at, 0: the innermost.
    Call(usize),
}

type Painted = Rc<Vec<Vec<Piece>>>;

/// A script and how far one has come with it.
#[derive(Debug)]
pub struct Script {
    text: Rc<str>,
    /// Counts the times that the text was changed otherwise than by typing.
    revision: u32,
    keys: Rc<str>,
    values: Rc<str>,
    read_only: bool,
    breakpoints: Vec<u32>,
    /// Why it could not begin, and at which line.
    refused: Option<(Option<u32>, Rc<str>)>,
    session: Option<Under>,
    version: u64,
    painted: Option<(Rc<str>, Painted)>,
    seen: Option<((u64, bool), Rc<ScriptView>)>,
}

/// A session, and what stands around it.
#[derive(Debug)]
struct Under {
    session: Session,
    /// The world at the moment at which it began, without its history, and that moment.
    origin: World,
    began: Moment,
    /// The same with the server as the script has left it at the last stop.
    world: World,
    inspector: Inspector,
    /// What the learner saw at the stop before this one.
    known: Seen,
    now: Seen,
    call: usize,
    reply: Option<Reply>,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            text: EXAMPLE.trim_end().into(),
            revision: 0,
            keys: "rl:ip:1.2.3.4".into(),
            values: "3 60".into(),
            read_only: false,
            breakpoints: Vec::new(),
            refused: None,
            session: None,
            version: 1,
            painted: None,
            seen: None,
        }
    }
}

impl Script {
    /// Takes an EVAL or EVAL_RO over from a line; false: it is none, or is not finished.
    #[inline(never)]
    pub fn open(&mut self, line: &str) -> bool {
        let Some((text, keys, values, read_only)) = taken_apart(line) else { return false };
        self.session = None;
        self.refused = None;
        self.breakpoints.clear();
        self.text = text.into();
        self.revision += 1;
        self.keys = keys.into();
        self.values = values.into();
        self.read_only = read_only;
        self.version += 1;
        true
    }

    /// The EVAL that this is, as one would type it. None: what stands in the fields is not finished.
    #[inline(never)]
    pub fn line(&self) -> Option<String> {
        let words = self.words()?;
        Some(words.iter().map(|word| term::quote::typed(word)).collect::<Vec<_>>().join(" "))
    }

    fn words(&self) -> Option<Vec<Vec<u8>>> {
        let keys = term::quote::split(&self.keys).ok()?;
        let values = term::quote::split(&self.values).ok()?;
        let name = if self.read_only { "EVAL_RO" } else { "EVAL" };
        let count = keys.len().to_string().into_bytes();
        let head = [name.as_bytes().to_vec(), self.text.as_bytes().to_vec(), count];
        Some(head.into_iter().chain(keys).chain(values).collect())
    }

    /// Whether a script is being gone through.
    #[inline(never)]
    pub fn is_under_way(&self) -> bool {
        self.session.is_some()
    }

    /// Whether it wants to go on.
    #[inline(never)]
    pub fn is_moving(&self) -> bool {
        self.session.as_ref().is_some_and(|under| under.session.standing() == Standing::Moving)
    }

    /// What a message does. `world` and `client` are where a session would begin.
    #[inline(never)]
    pub fn update(&mut self, msg: &ScriptMsg, world: &World, client: ClientId, time_left: &dyn Fn() -> bool) {
        self.version += 1;
        let free = self.session.is_none();
        match msg {
            ScriptMsg::Text(text) if free => {
                self.move_breakpoints(text);
                self.text = text.as_str().into();
                self.refused = None;
            }
            ScriptMsg::Keys(keys) if free => self.keys = keys.as_str().into(),
            ScriptMsg::Values(values) if free => self.values = values.as_str().into(),
            ScriptMsg::ReadOnly(read_only) if free => self.read_only = *read_only,
            ScriptMsg::Text(_) | ScriptMsg::Keys(_) | ScriptMsg::Values(_) | ScriptMsg::ReadOnly(_) => {}
            ScriptMsg::Breakpoint(line) => self.toggle(*line),
            ScriptMsg::Begin => {
                self.begin(world, client);
                self.work(time_left);
            }
            ScriptMsg::Move(to) => self.set_out(*to, time_left),
            ScriptMsg::Back => {
                let before = self.session.as_ref().map_or(1, |under| under.session.position().saturating_sub(1));
                self.set_out(Move::To(before), time_left);
            }
            ScriptMsg::Halt => {
                if let Some(under) = &mut self.session {
                    under.session.halt();
                    under.arrive(false);
                }
            }
            ScriptMsg::Discard => self.session = None,
            ScriptMsg::Call(call) => {
                if let Some(under) = &mut self.session {
                    under.call = *call;
                }
            }
        }
    }

    fn toggle(&mut self, line: u32) {
        let lines = self.text.split('\n').count() as u32;
        match self.breakpoints.binary_search(&line) {
            Ok(at) => {
                self.breakpoints.remove(at);
            }
            Err(at) if (1..=lines).contains(&line) => self.breakpoints.insert(at, line),
            Err(_) => {}
        }
    }

    /// Lines that come or go above a breakpoint move it along.
    fn move_breakpoints(&mut self, text: &str) {
        let (old, new) = (self.text.as_bytes(), text.as_bytes());
        let shortest = old.len().min(new.len());
        let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let tail = old.iter().rev().zip(new.iter().rev()).take(shortest - head).take_while(|(a, b)| a == b).count();
        let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count() as u32 - 1;
        // Lines behind the change; the first of them is whole if a line begins there, before as now.
        let begins = |bytes: &[u8]| bytes[..bytes.len() - tail].last().is_none_or(|byte| *byte == b'\n');
        let behind = lines(&old[old.len() - tail..]) + u32::from(begins(old) && begins(new));
        let (before, now) = (lines(old) + 1, lines(new) + 1);
        for line in &mut self.breakpoints {
            if before - *line < behind {
                *line = *line + now - before;
            }
        }
        self.breakpoints.retain(|line| *line <= now);
        self.breakpoints.dedup();
    }

    fn begin(&mut self, world: &World, client: ClientId) {
        self.refused = None;
        self.session = None;
        let Some(words) = self.words() else {
            self.refused = Some((None, "Keys or arguments: a quote is not closed.".into()));
            return;
        };
        let request = Value::Array(words.into_iter().map(Value::bulk).collect()).to_bytes();
        match Session::begin(world.engine(), client, &request) {
            Ok(session) => {
                let origin = world.fork();
                let under = Under {
                    world: origin.fork(),
                    session,
                    began: world.moment(),
                    origin,
                    inspector: Inspector::default(),
                    known: Seen::default(),
                    now: Seen::default(),
                    call: 0,
                    reply: None,
                };
                self.session = Some(under);
            }
            Err(reply) if reply.is_empty() => {
                self.refused = Some((None, "This client waits for a reply, and cannot run a script meanwhile.".into()));
            }
            Err(reply) => {
                let reply = decoded(&reply);
                let error =
                    reply.as_ref().and_then(Value::as_error).map(|error| String::from_utf8_lossy(error).into_owned());
                let queued = "The script would only be queued: this client is in a transaction.".to_owned();
                let text = error.unwrap_or(queued);
                self.refused = Some((line_in(&text), text.into()));
            }
        }
    }

    fn set_out(&mut self, to: Move, time_left: &dyn Fn() -> bool) {
        let Some(under) = &mut self.session else { return };
        under.inspector.about_to_change(&under.world, under.session.walk().database());
        if under.session.set_out(to) {
            self.work(time_left);
        }
    }

    /// Goes on with what takes longer; says whether there is something new to see.
    #[inline(never)]
    pub fn work(&mut self, time_left: &dyn Fn() -> bool) -> bool {
        let Some(under) = &mut self.session else { return false };
        let sorted = under.inspector.work(under.world.engine());
        if under.session.standing() != Standing::Moving {
            self.version += u64::from(sorted);
            return sorted;
        }
        let back = under.session.position() < under.session.reached();
        under.session.work(&self.breakpoints, time_left);
        under.arrive(back);
        self.version += 1;
        true
    }

    // ---- the keys ---------------------------------------------------------------------------------------------------

    /// The keys as they are at the line, while a script is gone through.
    #[inline(never)]
    pub fn keyspace(&mut self) -> Option<Rc<KeyspaceView>> {
        let under = self.session.as_mut()?;
        let database = under.session.walk().database();
        Some(under.inspector.view(&under.world, database))
    }

    /// When these keys are: `before line 5`.
    #[inline(never)]
    pub fn moment(&self) -> Option<Rc<str>> {
        let session = &self.session.as_ref()?.session;
        Some(match session.standing() {
            Standing::Moving => "while it runs".into(),
            Standing::Line | Standing::Breakpoint => format!("before line {}", session.walk().line()).into(),
            Standing::Ended => "after the script".into(),
        })
    }

    /// Somebody looks at the keys otherwise; false: nothing is gone through.
    #[inline(never)]
    pub fn inspect(&mut self, msg: &InspectMsg) -> bool {
        self.session.as_mut().map(|under| under.inspector.update(msg)).is_some()
    }
}

impl Under {
    /// It stands, or is shown on its way.
    fn arrive(&mut self, back: bool) {
        let standing = self.session.standing();
        if standing == Standing::Moving {
            return;
        }
        self.world = self.origin.fork_with(self.session.engine().clone());
        let events = self.session.take_events();
        if back {
            self.inspector.went_elsewhere(self.world.engine());
        } else {
            self.inspector.heard(self.world.engine(), events.into_iter(), true);
        }
        self.call = 0;
        let ended = self.session.walk().ended();
        self.reply = ended.map(|ended| Reply::new(&ended.reply, ended.failed_at));
        self.known = self.now.clone();
        self.now.note(self.session.walk());
    }
}

fn decoded(bytes: &[u8]) -> Option<Value> {
    let mut decoder = Decoder::new();
    decoder.feed(bytes);
    decoder.next().ok().flatten()
}

/// The line that an error speaks of: `user_script:3: …`.
fn line_in(error: &str) -> Option<u32> {
    let at = error.find("user_script:")? + "user_script:".len();
    let digits = error[at..].split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Script, keys, arguments, and whether it may only read.
fn taken_apart(line: &str) -> Option<(String, String, String, bool)> {
    let words = term::quote::split(line).ok()?;
    let read_only = match words.first()?.to_ascii_lowercase().as_slice() {
        b"eval" => false,
        b"eval_ro" => true,
        _ => return None,
    };
    let text = String::from_utf8(words.get(1)?.clone()).ok()?;
    let count: usize = core::str::from_utf8(words.get(2)?).ok()?.parse().ok()?;
    let rest = &words[3..];
    let (keys, values) = rest.split_at_checked(count)?;
    let typed = |words: &[Vec<u8>]| words.iter().map(|word| term::quote::typed(word)).collect::<Vec<_>>().join(" ");
    Some((text, typed(keys), typed(values), read_only))
}

/// Whether a line is an EVAL that the debugger could take over.
pub fn is_script(line: &str) -> bool {
    line.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("eval")) && taken_apart(line).is_some()
}
