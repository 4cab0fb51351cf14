//! The debugger of scripts (SCRIPT DEBUG), as `redis-cli --ldb` speaks to it.
//!
//! Between two of the programmer's commands the script stands before a line, and is plain data like any script that was put away.
//! What the client sends then are not commands of the server but of the debugger; each is answered by an array of lines.
//! A session that was asked for with YES runs on a copy of the keyspace, which in Redis is a forked process: others go on
//! undisturbed, and at the end the copy is dropped. With SYNC it runs on the real keys and others wait. When the script is over, its
//! reply follows the last lines, and the connection ends.

use super::api::{self, Overheard};
use super::convert;
use super::run::{self, Run};
use super::sandbox::Interpreter;
use super::show::{human, shown};
use crate::args::Args;
use crate::client::Debugging;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Effects;
use crate::server::Order;
use crate::store::Store;
use crate::text::Text;
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use lua::{Step, Value, Vm};

/// How much fuel a script gets until it is stopped because it may never end by itself: as much as nobody notices. (Redis waits five
/// seconds, in a process of its own.)
const PATIENCE: u64 = 3_000_000;
const CHUNK: u32 = 100_000;
const MOST_BREAKPOINTS: usize = 64;

/// A script that somebody goes through line by line.
#[derive(Clone, Debug)]
pub(crate) struct Debugger {
    run: Run,
    machine: Rc<Interpreter>,
    source: Vec<Text>,
    /// The keys of a session that leaves no trace.
    copy: Option<Box<Store>>,
    breakpoints: Vec<usize>,
    /// Beyond how many bytes values are trimmed; 0: never.
    longest: usize,
    hinted: bool,
    line: usize,
    /// Stops before every line.
    steps: bool,
    called_breakpoint: bool,
    log: Vec<Vec<u8>>,
    /// Answers what the client sends: the way here that does not name this module.
    pub command: fn(Box<Debugger>, &mut Ctx, &Args),
}

/// Begins a session in place of an EVAL whose script is in the cache and was started on `machine`.
pub(super) fn begin(ctx: &mut Ctx, run: Run, machine: Rc<Interpreter>, body: &[u8]) {
    let forked = ctx.clients.current().debugging == Debugging::Forked;
    let copy = forked.then(|| {
        let mut copy = ctx.db.clone();
        // Nobody hears of what happens there.
        copy.effects = Effects::default();
        Box::new(copy)
    });
    if !forked {
        ctx.server.scripting.debugged = Some(run.client);
    }
    // Empty lines at the end are not shown.
    let end = body.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let source = &body[..end];
    let session = Debugger {
        run,
        machine,
        source: source.split(|&byte| byte == b'\n').map(Text::new).collect(),
        copy,
        breakpoints: Vec::new(),
        longest: 256,
        hinted: false,
        line: 1,
        steps: true,
        called_breakpoint: false,
        log: Vec::new(),
        command,
    };
    Box::new(session).advance(ctx);
}

/// The script was refused before it began: the session ends at once.
pub(super) fn refuse(ctx: &mut Ctx, error: &Error) {
    ctx.reply.array(1);
    ctx.reply.simple("<endsession>");
    ctx.fail(error);
    ctx.clients.current().closing = true;
}

fn command(mut session: Box<Debugger>, ctx: &mut Ctx, args: &Args) {
    let word = args.at(0).to_ascii_lowercase();
    let count = args.count();
    match (word.as_slice(), count) {
        (b"s" | b"step" | b"n" | b"next", 1) => {
            session.steps = true;
            return session.advance(ctx);
        }
        (b"c" | b"continue", 1) => {
            session.steps = false;
            return session.advance(ctx);
        }
        (b"a" | b"abort", 1) => {
            let line = format!("{}", session.line);
            let place = [b" script: ", &session.run.name[..], b", on @user_script:", line.as_bytes(), b"."].concat();
            let error = Error::text(&[b"ERR script aborted for user request", &place]);
            return session.end(ctx, Err(error));
        }
        (b"h" | b"help", _) => session.log.extend(HELP.iter().map(|line| line.as_bytes().to_vec())),
        (b"w" | b"whole", 1) => session.list(1, 1_000_000),
        (b"l" | b"list", 1..=3) => {
            let number = |at| resp::number::parse_integer(args.at(at)).unwrap_or(0).clamp(0, 1_000_000) as usize;
            let around = if count > 1 && number(1) != 0 { number(1) } else { session.line };
            session.list(around, if count > 2 { number(2) } else { 5 });
        }
        (b"p" | b"print", 1) => session.print_all(),
        (b"p" | b"print", 2) => session.print(args.at(1)),
        (b"b" | b"break", _) => session.breakpoints(args),
        (b"t" | b"trace", 1) => session.trace(),
        (b"m" | b"maxlen", 1 | 2) => session.trim(args),
        (b"e" | b"eval", _) => {
            let code: Vec<&[u8]> = args.all().skip(1).collect();
            session.evaluate(ctx, &code.join(&b' '));
        }
        (b"r" | b"redis", 2..) => session.call(ctx, args),
        _ => session.say(b"<error> Unknown Redis Lua debugger command or wrong number of arguments."),
    }
    session.send(ctx);
    ctx.clients.current().debugger = Some(session);
}

impl Debugger {
    fn say(&mut self, line: &[u8]) {
        self.log.push(line.to_vec());
    }

    /// Says what may be long.
    fn say_trimmed(&mut self, mut line: Vec<u8>) {
        let trims = self.longest > 0 && line.len() > self.longest;
        if trims {
            line.truncate(self.longest);
            line.extend_from_slice(b" ...");
        }
        self.log.push(line);
        if trims && !core::mem::replace(&mut self.hinted, true) {
            self.say(b"<hint> The above reply was trimmed. Use 'maxlen 0' to disable trimming.");
        }
    }

    fn send(&mut self, ctx: &mut Ctx) {
        ctx.reply.array(self.log.len());
        for line in self.log.drain(..) {
            ctx.reply.simple(line);
        }
    }

    /// Exchanges the server's keys with those of the session.
    fn exchange(&mut self, ctx: &mut Ctx) {
        if let Some(copy) = &mut self.copy {
            core::mem::swap(ctx.db, &mut **copy);
            ctx.db.now = ctx.now;
        }
    }

    /// Lets the script run until it stops before a line, or to its end.
    fn advance(mut self: Box<Self>, ctx: &mut Ctx) {
        let sent = ctx.server.outbox.len();
        let database = ctx.db.selected;
        ctx.deny_blocking = true;
        self.exchange(ctx);
        let end = self.run_to_stop(ctx);
        if end.is_some() {
            // The reply is written below, from the machine.
            ctx.db.selected = database;
        }
        self.exchange(ctx);
        if self.copy.is_some() {
            // What a copy publishes reaches nobody.
            ctx.server.outbox.truncate(sent);
        }
        ctx.db.selected = database;
        let Some(end) = end else {
            self.send(ctx);
            ctx.clients.current().debugger = Some(self);
            return;
        };
        let vm = &mut Rc::make_mut(&mut self.machine).vm;
        let end = match end {
            Ok(()) => Ok(vm.results().first().copied().unwrap_or_default()),
            Err(value) => Err(run::failure(ctx, &self.run, vm, value)),
        };
        self.end(ctx, end);
    }

    /// Ends the session: its last lines, the script's reply, and the connection.
    fn end(mut self, ctx: &mut Ctx, reply: Result<Value, Error>) {
        self.say(b"<endsession>");
        self.send(ctx);
        match reply {
            Ok(value) => {
                let vm = &mut Rc::make_mut(&mut self.machine).vm;
                convert::write(&mut ctx.reply, vm, value, self.run.protocol);
            }
            Err(error) => ctx.fail(&error),
        }
        ctx.clients.current().closing = true;
        if ctx.server.scripting.debugged.take().is_some() {
            ctx.server.orders.push(Order::Release);
        }
    }

    /// None: it stands before a line.
    fn run_to_stop(&mut self, ctx: &mut Ctx) -> Option<Result<(), Value>> {
        // A copy a step is nothing to whoever reads line by line.
        let mut machine = Rc::clone(&self.machine);
        let interpreter = Rc::make_mut(&mut machine);
        let mut used = 0;
        let end = loop {
            let step = interpreter.vm.step_line(CHUNK);
            used += interpreter.vm.fuel_spent() + 1;
            match step {
                Step::Done => break Some(Ok(())),
                Step::Error(value) => break Some(Err(value)),
                Step::HostCall { function } => self.host_call(ctx, interpreter, function),
                Step::OutOfFuel if used <= PATIENCE => {}
                // While nothing stops it, it need not be asked where it is.
                Step::Line
                    if !self.steps && !self.called_breakpoint && self.breakpoints.is_empty() && used <= PATIENCE => {}
                Step::OutOfFuel | Step::Line => {
                    let place = interpreter.vm.calls().into_iter().find(|call| call.line > 0);
                    match place.filter(|place| place.source == b"user_script") {
                        Some(place) => self.line = place.line as usize,
                        None if used <= PATIENCE => continue,
                        None => {}
                    }
                    let reason = if core::mem::take(&mut self.called_breakpoint) {
                        "redis.breakpoint() called"
                    } else if self.breakpoints.contains(&self.line) {
                        "break point"
                    } else if used > PATIENCE {
                        "timeout reached, infinite loop?"
                    } else if self.steps {
                        "step over"
                    } else {
                        continue;
                    };
                    self.say(format!("* Stopped at {}, stop reason = {reason}", self.line).as_bytes());
                    self.show_line(self.line);
                    break None;
                }
            }
        };
        self.machine = machine;
        end
    }

    fn host_call(&mut self, ctx: &mut Ctx, interpreter: &mut Interpreter, function: u32) {
        let line = interpreter.vm.current_line();
        match api::call_overheard(ctx, &mut self.run, interpreter, function, shown) {
            Overheard::Breakpoint => self.called_breakpoint = true,
            Overheard::Debug(values) => {
                let line = format!("<debug> line {line}: ");
                self.say(&[line.as_bytes(), &values.join(&b", "[..])].concat());
            }
            Overheard::Command { refusal } => {
                self.tell_call(interpreter, refusal);
                self.tell_reply(&interpreter.reply, self.steps);
            }
            Overheard::Nothing => {}
        }
    }

    /// Tells of a command that was called, and why it was refused, if so.
    fn tell_call(&mut self, interpreter: &Interpreter, refusal: Option<Error>) {
        let words: Vec<&[u8]> = interpreter.words_of_call().collect();
        if self.steps && !words.is_empty() {
            self.say(&[b"<redis> ", &*words.join(&b' ')].concat());
        }
        if let Some(error) = refusal {
            self.say(&[b"<error> ", error.0.strip_prefix(b"ERR ").unwrap_or(&error.0)].concat());
        }
    }

    /// Tells of a reply; while the script is not gone through line by line, only of an error.
    fn tell_reply(&mut self, reply: &[u8], tells: bool) {
        if reply.is_empty() {
            return;
        }
        if reply[0] == b'-' {
            self.say(&[b"<error> ", reply.trim_ascii_end()].concat());
        }
        if !tells {
            return;
        }
        let mut text = b"<reply> ".to_vec();
        human(reply, &mut 0, &mut text);
        self.say_trimmed(text);
    }

    fn show_line(&mut self, line: usize) {
        let Some(source) = self.source.get(line - 1) else { return };
        let arrow = if line == self.line { "->" } else { "  " };
        let mark = if self.breakpoints.contains(&line) { "#" } else { " " };
        let text = [format!("{arrow}{mark}{line:<3} ").as_bytes(), source].concat();
        self.say(&text);
    }

    fn list(&mut self, around: usize, context: usize) {
        for line in around.saturating_sub(context).max(1)..=around.saturating_add(context).min(self.source.len()) {
            self.show_line(line);
        }
    }

    fn print_all(&mut self) {
        let vm = &self.machine.vm;
        let level = Debugger::level(vm);
        let values: Vec<Vec<u8>> = vm
            .locals(level)
            .iter()
            .filter(|variable| !variable.name.starts_with(b"("))
            .map(|variable| [b"<value> ", &*variable.name, b" = ", &*shown(vm, variable.value)].concat())
            .collect();
        if values.is_empty() {
            self.say(b"No local variables in the current context.");
        }
        for value in values {
            self.say_trimmed(value);
        }
    }

    fn print(&mut self, name: &[u8]) {
        let machine = Rc::clone(&self.machine);
        let vm = &machine.vm;
        // The innermost variable of that name, in whichever call.
        let named = |level| vm.locals(level).into_iter().rev().find(|variable| variable.name == name);
        let local = (0..vm.depth()).find_map(named).map(|variable| variable.value);
        let global = || {
            let table = vm.globals();
            let mut key = Value::Nil;
            while let Some((next, value)) = vm.next(table, key) {
                if vm.bytes(next) == Some(name) {
                    return Some(value);
                }
                key = next;
            }
            None
        };
        let known = if name == b"KEYS" || name == b"ARGV" { local.or_else(global) } else { local };
        match known {
            Some(value) => self.say_trimmed([b"<value> ", &*shown(vm, value)].concat()),
            None => self.say(b"No such variable."),
        }
    }

    /// The innermost call of a Lua function.
    fn level(vm: &Vm) -> usize {
        vm.calls().iter().position(|call| call.line > 0).unwrap_or(0)
    }

    fn trace(&mut self) {
        let mut first = true;
        for call in self.machine.vm.calls().into_iter().filter(|call| call.line > 0) {
            let name = if call.name.is_empty() { &b"top level"[..] } else { &call.name };
            self.say(&[if first { &b"In "[..] } else { b"From " }, name, b":"].concat());
            self.show_line(call.line as usize);
            first = false;
        }
    }

    fn breakpoints(&mut self, args: &Args) {
        if args.count() == 1 {
            if self.breakpoints.is_empty() {
                self.say(b"No breakpoints set. Use 'b <line>' to add one.");
                return;
            }
            self.say(format!("{} breakpoints set:", self.breakpoints.len()).as_bytes());
            for line in self.breakpoints.clone() {
                self.show_line(line);
            }
        }
        for word in args.all().skip(1) {
            match resp::number::parse_integer(word) {
                None => self.say(b"Invalid argument:"),
                Some(0) => {
                    self.breakpoints.clear();
                    self.say(b"All breakpoints removed.");
                }
                Some(line) if line > 0 => {
                    let line = usize::try_from(line).unwrap_or(usize::MAX);
                    if self.breakpoints.len() == MOST_BREAKPOINTS {
                        self.say(b"Too many breakpoints set.");
                    } else if line > self.source.len() {
                        self.say(b"Wrong line number.");
                    } else {
                        if !self.breakpoints.contains(&line) {
                            self.breakpoints.push(line);
                        }
                        self.list(line, 1);
                    }
                }
                Some(line) => {
                    let line = usize::try_from(line.unsigned_abs()).unwrap_or(usize::MAX);
                    match self.breakpoints.iter().position(|&known| known == line) {
                        Some(at) => {
                            self.breakpoints.remove(at);
                            self.say(b"Breakpoint removed.");
                        }
                        None => self.say(b"No breakpoint in the specified line."),
                    }
                }
            }
        }
    }

    fn trim(&mut self, args: &Args) {
        if args.count() == 2 {
            self.hinted = true;
            self.longest = match resp::number::parse_integer(args.at(1)) {
                Some(length) if length > 0 => (length as usize).max(60),
                _ => 0,
            };
        }
        let text = if self.longest == 0 {
            String::from("<value> replies are unlimited.")
        } else {
            format!("<value> replies are truncated at {} bytes.", self.longest)
        };
        self.say(text.as_bytes());
    }

    /// Runs some code beside the script: on a copy of the machine, which has its own stack, and with the session's keys.
    fn evaluate(&mut self, ctx: &mut Ctx, code: &[u8]) {
        let mut beside = (*self.machine).clone();
        let expression = [b"return ", code].concat();
        let loaded = beside.vm.load(b"@ldb_eval", &expression).or_else(|_| beside.vm.load(b"@ldb_eval", code));
        let function = match loaded {
            Ok(function) => function,
            Err(message) => return self.say(&[b"<error> ", &*message].concat()),
        };
        beside.vm.start(function, &[]);
        let sent = ctx.server.outbox.len();
        ctx.deny_blocking = true;
        self.exchange(ctx);
        let mut used = 0;
        let failed = loop {
            let step = beside.vm.step(CHUNK);
            used += u64::from(CHUNK);
            match step {
                Step::Done => break None,
                Step::Error(value) => break Some(value),
                Step::HostCall { function } => api::call(ctx, &mut self.run, &mut beside, function),
                Step::OutOfFuel | Step::Line => {}
            }
            if used > PATIENCE {
                break Some(beside.vm.string(b"ldb_eval: timeout"));
            }
        };
        self.exchange(ctx);
        if self.copy.is_some() {
            ctx.server.outbox.truncate(sent);
        }
        let line = match failed {
            None => {
                let value = beside.vm.results().first().copied().unwrap_or_default();
                [b"<retval> ", &*shown(&beside.vm, value)].concat()
            }
            Some(value) => {
                let text = beside.vm.bytes(value).unwrap_or(b"(error object is not a string)");
                [b"<error> ", text].concat()
            }
        };
        self.say_trimmed(line);
    }

    /// Runs a command as the script would.
    fn call(&mut self, ctx: &mut Ctx, args: &Args) {
        let mut machine = Rc::clone(&self.machine);
        let interpreter = Rc::make_mut(&mut machine);
        let words: Vec<&[u8]> = args.all().skip(1).collect();
        let sent = ctx.server.outbox.len();
        ctx.deny_blocking = true;
        self.exchange(ctx);
        self.say(&[b"<redis> ", &*words.join(&b' ')].concat());
        match api::call_words(ctx, &mut self.run, interpreter, &words) {
            Ok(()) => self.tell_reply(&interpreter.reply, true),
            Err(error) => self.say(&[b"<error> ", error.0.strip_prefix(b"ERR ").unwrap_or(&error.0)].concat()),
        }
        self.exchange(ctx);
        if self.copy.is_some() {
            ctx.server.outbox.truncate(sent);
        }
    }
}

const HELP: &[&str] = &[
    "Redis Lua debugger help:",
    "[h]elp               Show this help.",
    "[s]tep               Run current line and stop again.",
    "[n]ext               Alias for step.",
    "[c]ontinue           Run till next breakpoint.",
    "[l]ist               List source code around current line.",
    "[l]ist [line]        List source code around [line].",
    "                     line = 0 means: current position.",
    "[l]ist [line] [ctx]  In this form [ctx] specifies how many lines",
    "                     to show before/after [line].",
    "[w]hole              List all source code. Alias for 'list 1 1000000'.",
    "[p]rint              Show all the local variables.",
    "[p]rint <var>        Show the value of the specified variable.",
    "                     Can also show global vars KEYS and ARGV.",
    "[b]reak              Show all breakpoints.",
    "[b]reak <line>       Add a breakpoint to the specified line.",
    "[b]reak -<line>      Remove breakpoint from the specified line.",
    "[b]reak 0            Remove all breakpoints.",
    "[t]race              Show a backtrace.",
    "[e]val <code>        Execute some Lua code (in a different callframe).",
    "[r]edis <cmd>        Execute a Redis command.",
    "[m]axlen [len]       Trim logged Redis replies and Lua var dumps to len.",
    "                     Specifying zero as <len> means unlimited.",
    "[a]bort              Stop the execution of the script. In sync",
    "                     mode dataset changes will be retained.",
    "",
    "Debugger functions you can call from Lua scripts:",
    "redis.debug()        Produce logs in the debugger console.",
    "redis.breakpoint()   Stop execution like if there was a breakpoint in the",
    "                     next line of code.",
];
