//! A script that the host goes through line by line: what the page's debugger stands on.
//!
//! `redis-cli --ldb` speaks to the server through a connection (`debugger.rs`). A page has the engine itself, so it takes a copy,
//! lets an EVAL begin there, and gets the script as a value: a [`Walk`]. Engine and walk together are the whole of the moment, both are
//! plain data, and so a clone of both is a moment to come back to.
//!
//! A walk counts the lines that it has begun. The number of a line is a place in time: going back is going on from an earlier clone
//! up to a smaller number. When a call has returned, the rest of the calling line is no new line.

use super::api::{self, Overheard};
use super::convert;
use super::run::{self, Run};
use super::sandbox::Interpreter;
use super::show::{human, shown_within, trim};
use crate::args::Args;
use crate::client::Debugging;
use crate::ctx::Ctx;
use crate::engine::Engine;
use crate::io::{ClientId, Input, Outputs};
use crate::request::Request;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use lua::{Step, Value, Vm};

pub use super::show::Shown;
pub use lua::Depth;

/// The chunk of the script itself; what it makes with `loadstring` is run, but not shown.
const SOURCE: &[u8] = b"@user_script";
const CHUNK: u32 = 50_000;
/// How many calls of one line are told, how many words of a call, and how many bytes of a word or a reply.
const CALLS: usize = 6;
const WORDS: usize = 12;
const BYTES: usize = 200;
/// Values of a variable that are shown in all, those in tables included.
const VALUES: usize = 300;

/// A script that stands before a line, or is over.
#[derive(Clone, Debug)]
pub struct Walk {
    machine: Rc<Interpreter>,
    request: Request,
    /// The database that it has selected.
    database: usize,
    way: Way,
}

/// How far it has come.
#[derive(Clone, Debug)]
struct Way {
    run: Run,
    /// How many lines it has begun.
    count: u64,
    line: u32,
    depth: Depth,
    /// The lines that wait for a call to return, with how deep they are.
    waiting: Vec<(Depth, u32)>,
    told: Rc<Vec<Told>>,
    called_breakpoint: bool,
    ended: Option<Ended>,
}

/// What a line has called, the last time that it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub line: u32,
    pub calls: Vec<Call>,
    /// How many more there were.
    pub hidden: usize,
    /// How many times the line ran and called something.
    pub times: u64,
    /// The line was begun anew and has called nothing since.
    over: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A command, and its reply as people read it.
    Command { words: Vec<Vec<u8>>, reply: Vec<u8>, failed: bool },
    /// What `redis.debug` said.
    Debug(Vec<u8>),
}

/// How a script has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The reply to the EVAL, as bytes of the protocol.
    pub reply: Vec<u8>,
    /// Where it failed.
    pub failed_at: Option<u32>,
}

/// How far a script is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// To the next line, wherever it is.
    Line,
    /// To the next line that is no deeper than this: calls are run through.
    Within(Depth),
    /// To the next line that is less deep: back to whoever called.
    Outside(Depth),
    /// Until this many lines were begun.
    Count(u64),
    End,
}

/// Why it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// It has come as far as it was to go.
    There,
    /// It stands at a breakpoint on the way.
    Breakpoint,
    /// The fuel is used up: it wants to go on.
    Spent,
    /// The script is over.
    Ended,
}

/// A call on the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// How many calls up from the innermost; names the call to [`Walk::locals`].
    pub level: usize,
    /// What its caller calls it.
    pub name: Vec<u8>,
    /// It is the script itself, not one of its functions.
    pub is_main: bool,
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: Vec<u8>,
    pub value: Shown,
}

/// The machine of an EVAL was started: the script becomes a walk.
pub(super) fn begin(ctx: &mut Ctx, args: &Args, run: Run, mut machine: Rc<Interpreter>) -> Box<Walk> {
    run::set_clock(ctx, &mut Rc::make_mut(&mut machine).vm, ctx.now);
    Box::new(Walk {
        database: ctx.db.selected,
        request: Request::new(ctx.command, args),
        machine,
        way: Way {
            run,
            count: 0,
            line: 0,
            depth: Depth::default(),
            waiting: Vec::new(),
            told: Rc::default(),
            called_breakpoint: false,
            ended: None,
        },
    })
}

impl Engine {
    /// Lets a client send an EVAL whose script only begins and is then the host's. None: it was not run, for the reason that the reply
    /// in `out` gives; if there is none, the client waits. What happens to the other clients meanwhile is not what would
    /// happen otherwise: this is for copies.
    pub fn walk(&mut self, client: ClientId, request: &[u8], out: &mut Outputs) -> Option<Walk> {
        self.clients.get_mut(client)?.debugging = Debugging::Walked;
        self.step(self.store.now, Input::Bytes { client, bytes: request }, out);
        self.server.scripting.walk.take().map(|walk| *walk)
    }

    /// Lets the script go on. `breakpoints` are lines in ascending order; without them `redis.breakpoint()` does nothing either.
    pub fn go_on(
        &mut self,
        walk: &mut Walk,
        until: Until,
        breakpoints: Option<&[u32]>,
        fuel: u32,
        out: &mut Outputs,
    ) -> Halt {
        if walk.way.ended.is_some() || !self.clients.select(walk.way.run.client) {
            return Halt::Ended;
        }
        self.store.selected = walk.database;
        self.store.now = walk.way.run.since;
        let start = out.mark();
        let command = walk.request.command;
        let mut ctx = Ctx::new(&mut self.store, &mut self.clients, &mut self.server, &mut out.bytes, command);
        ctx.deny_blocking = true;
        let halt = walk.advance(&mut ctx, until, breakpoints, fuel);
        walk.database = self.store.selected;
        if halt == Halt::Ended {
            self.store.selected = walk.way.run.database;
            walk.way.ended = walk.way.ended.take().map(|ended| Ended { reply: out.bytes[start..].to_vec(), ..ended });
            out.rewind(start);
        }
        self.store.close();
        out.add_events(&mut self.server.told);
        halt
    }
}

impl Walk {
    fn advance(&mut self, ctx: &mut Ctx, until: Until, breakpoints: Option<&[u32]>, fuel: u32) -> Halt {
        let Walk { machine, way, .. } = self;
        let interpreter = Rc::make_mut(machine);
        let mut used = 0;
        loop {
            let step = interpreter.vm.step_line(CHUNK);
            used += interpreter.vm.fuel_spent() + 1;
            match step {
                Step::Done => {
                    let value = interpreter.vm.results().first().copied().unwrap_or_default();
                    convert::write(&mut ctx.reply, &mut interpreter.vm, value, way.run.protocol);
                    return way.end(None);
                }
                Step::Error(value) => {
                    let error = run::failure(ctx, &way.run, &mut interpreter.vm, value);
                    ctx.fail(&error);
                    let place = interpreter.vm.error_location();
                    return way.end(place.filter(|(source, _)| *source == SOURCE).map(|(_, line)| line));
                }
                Step::HostCall { function } => {
                    let before = ctx.effort;
                    way.host_call(ctx, interpreter, function);
                    used += ctx.effort - before;
                }
                Step::OutOfFuel => {}
                Step::Line => {
                    if way.arrive(&interpreter.vm) {
                        let there = match until {
                            Until::Line => true,
                            Until::Within(depth) => way.depth <= depth,
                            Until::Outside(depth) => way.depth < depth,
                            Until::Count(count) => way.count >= count,
                            Until::End => false,
                        };
                        let called = core::mem::take(&mut way.called_breakpoint);
                        let at_breakpoint = breakpoints.is_some_and(|lines| called || lines.contains(&way.line));
                        if there || at_breakpoint {
                            return if at_breakpoint { Halt::Breakpoint } else { Halt::There };
                        }
                    }
                }
            }
            if used >= u64::from(fuel) {
                return Halt::Spent;
            }
        }
    }
}

impl Way {
    fn end(&mut self, failed_at: Option<u32>) -> Halt {
        self.ended = Some(Ended { reply: Vec::new(), failed_at });
        Halt::Ended
    }

    /// The machine stands before a line; whether it is a new one of the script.
    fn arrive(&mut self, vm: &Vm) -> bool {
        let Some(place) = vm.place().filter(|place| place.source == SOURCE) else { return false };
        let (depth, line) = (place.depth, place.line);
        let mut returned = false;
        while self.waiting.last().is_some_and(|(waiting, _)| *waiting > depth) {
            self.waiting.pop();
            returned = true;
        }
        match self.waiting.last_mut() {
            // The call is over, and the line goes on.
            Some((waiting, begun)) if *waiting == depth && *begun == line && returned => {
                (self.line, self.depth) = (line, depth);
                return false;
            }
            Some((waiting, begun)) if *waiting == depth => *begun = line,
            _ => self.waiting.push((depth, line)),
        }
        (self.line, self.depth) = (line, depth);
        self.count += 1;
        if let Ok(at) = self.told.binary_search_by_key(&line, |told| told.line)
            && !self.told[at].over
        {
            Rc::make_mut(&mut self.told)[at].over = true;
        }
        true
    }

    fn host_call(&mut self, ctx: &mut Ctx, interpreter: &mut Interpreter, function: u32) {
        // The line, before an error leaves it.
        let line = line_of(&interpreter.vm);
        let show = |vm: &Vm, value| shown_within(vm, value, BYTES);
        match api::call_overheard(ctx, &mut self.run, interpreter, function, show) {
            Overheard::Breakpoint => self.called_breakpoint = true,
            Overheard::Debug(mut values) => {
                values.truncate(WORDS);
                self.tell(line, Call::Debug(values.join(&b", "[..])));
            }
            Overheard::Command { refusal } => {
                let word = |bytes: &[u8]| bytes[..bytes.len().min(BYTES)].to_vec();
                let words = interpreter.words_of_call().take(WORDS).map(word).collect();
                let (reply, failed) = match refusal {
                    Some(error) => (error.0.to_vec(), true),
                    None if interpreter.reply.first() == Some(&b'-') => {
                        (interpreter.reply[1..].trim_ascii_end().to_vec(), true)
                    }
                    None => {
                        let mut text = Vec::new();
                        match interpreter.reply.strip_prefix(b"+") {
                            Some(status) => text.extend_from_slice(status.trim_ascii_end()),
                            None => human(&interpreter.reply, &mut 0, &mut text),
                        }
                        (text, false)
                    }
                };
                let mut reply = reply;
                trim(&mut reply, BYTES);
                self.tell(line, Call::Command { words, reply, failed });
            }
            Overheard::Nothing => {}
        }
    }

    fn tell(&mut self, line: Option<u32>, call: Call) {
        let Some(line) = line else { return };
        let told = Rc::make_mut(&mut self.told);
        let at = told.binary_search_by_key(&line, |told| told.line).unwrap_or_else(|at| {
            told.insert(at, Told { line, calls: Vec::new(), hidden: 0, times: 0, over: true });
            at
        });
        let told = &mut told[at];
        if core::mem::take(&mut told.over) {
            told.calls.clear();
            told.hidden = 0;
            told.times += 1;
        }
        if told.calls.len() < CALLS { told.calls.push(call) } else { told.hidden += 1 }
    }
}

/// What there is to look at.
impl Walk {
    /// The line that comes next, 0 before the first.
    pub fn line(&self) -> u32 {
        self.way.line
    }

    /// How many lines were begun.
    pub fn count(&self) -> u64 {
        self.way.count
    }

    pub fn depth(&self) -> Depth {
        self.way.depth
    }

    pub fn ended(&self) -> Option<&Ended> {
        self.way.ended.as_ref()
    }

    /// What the lines have called, in the order of lines.
    pub fn told(&self) -> &Rc<Vec<Told>> {
        &self.way.told
    }

    /// The database that the script has selected.
    pub fn database(&self) -> usize {
        self.database
    }

    /// About how many bytes a clone takes once it goes on.
    pub fn memory(&self) -> usize {
        self.machine.vm.memory()
    }

    /// The calls of the script's own functions, innermost first.
    pub fn stack(&self) -> Vec<Caller> {
        let calls = self.machine.vm.calls().into_iter().enumerate();
        calls
            .filter(|(_, call)| call.line > 0 && call.source == b"user_script")
            .map(|(level, call)| Caller { level, is_main: call.defined == 0, name: call.name, line: call.line })
            .collect()
    }

    /// The local variables of a call.
    pub fn locals(&self, level: usize) -> Vec<Variable> {
        let vm = &self.machine.vm;
        vm.locals(level)
            .into_iter()
            .filter(|local| !local.name.starts_with(b"("))
            .map(|local| shown(vm, local))
            .collect()
    }

    /// The variables of outer functions that a call uses.
    pub fn upvalues(&self, level: usize) -> Vec<Variable> {
        let vm = &self.machine.vm;
        vm.upvalues(level).into_iter().map(|variable| shown(vm, variable)).collect()
    }

    /// KEYS and ARGV.
    pub fn words(&self) -> Vec<Variable> {
        let vm = &self.machine.vm;
        let mut found = Vec::new();
        let mut key = Value::Nil;
        while let Some((next, value)) = vm.next(vm.globals(), key) {
            key = next;
            if let Some(name @ (b"KEYS" | b"ARGV")) = vm.bytes(next) {
                found.push(shown(vm, lua::Variable { name: name.to_vec(), value }));
            }
        }
        found.sort_unstable_by(|a, b| b.name.cmp(&a.name));
        found
    }
}

fn shown(vm: &Vm, variable: lua::Variable) -> Variable {
    Variable { name: variable.name, value: Shown::new(vm, variable.value, 0, &mut { VALUES }) }
}

/// The line of the script that calls.
fn line_of(vm: &Vm) -> Option<u32> {
    vm.place().filter(|place| place.source == SOURCE).map(|place| place.line)
}
