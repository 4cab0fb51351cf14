//! One redis-cli: what it knows about its connection, what it sends and what it prints.
//!
//! The host owns the connection and the time. It hands in what was typed ([`Session::submit`]), what the server answered and
//! how long that took ([`Session::receive`]), and what became of the connection ([`Session::connected`], [`Session::refused`],
//! [`Session::closed`]), and carries out the [`Action`]s that come back, in order. redis-cli does one thing at a time: while
//! a reply is awaited, further lines wait as they would in the terminal's own buffer.
//!
//! The prompt is redis-cli's guess at the connection's state, drawn from its own commands and their replies, and we guess as
//! it does: SELECT counts as soon as it is queued, DISCARD and a failed EXEC take it back, `EXEC x` leaves `(TX)`
//! standing, and the subscribed mode lasts until RESET or Ctrl-C even when nothing is subscribed any more. Two
//! things differ, because nobody reads a socket blindly here: messages and invalidations are printed when they come, not
//! before the next reply, and a connection lost while subscribed leaves redis-cli running.

use crate::history::History;
use crate::quote;
use crate::render::{self, Mode};
use resp::Value;
use std::collections::VecDeque;
use std::fmt::Write;
use std::rc::Rc;

/// From this long on, redis-cli tells how long a command took.
const SLOW_US: u64 = 500_000;

/// What the host has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Put something under the transcript.
    Print(Line),
    /// Empty the screen.
    Clear,
    /// Send these bytes over the connection.
    Send(Vec<u8>),
    /// Open a connection, closing the one there may be, and say what became of it.
    Connect { host: String, port: u16 },
    /// redis-cli is over; its connection is closed.
    Exit,
}

/// Something that redis-cli prints. Texts have no line end at their end, and may have several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// What was typed, behind the prompt that it was typed at.
    Input { prompt: String, line: String },
    /// A reply, the arguments it answers and how it is printed.
    Reply { command: Rc<[Vec<u8>]>, value: Rc<Value>, text: String },
    /// A message that nobody asked for just now.
    Push { value: Rc<Value>, text: String },
    /// What another client sent, as MONITOR shows it.
    Monitor(String),
    /// `(1.00s)`
    Slow(String),
    /// Something redis-cli itself has to say.
    Notice(String),
    /// An answer of HELP.
    Help(Vec<crate::help::Span>),
}

impl Line {
    /// The line as plain text.
    pub fn text(&self) -> String {
        match self {
            Line::Input { prompt, line } => format!("{prompt}{line}"),
            Line::Reply { text, .. } | Line::Push { text, .. } => text.clone(),
            Line::Monitor(text) | Line::Slow(text) | Line::Notice(text) => text.clone(),
            Line::Help(spans) => spans.iter().map(|span| span.text.as_str()).collect(),
        }
    }
}

/// What redis-cli is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It waits for a line.
    Prompt,
    /// It waits for a reply; a line is taken and kept.
    Waiting,
    /// It shows what others do until Ctrl-C.
    Monitoring,
    /// It shows messages and takes lines.
    Subscribed,
    /// It is over.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    Opening,
    Up,
    /// The server has closed it, which redis-cli notices when it next sends something.
    Lost,
}

/// A command that was sent and is not answered yet.
#[derive(Clone, Debug)]
struct Sent {
    command: Rc<[Vec<u8>]>,
    /// How often it is to be sent, this time included.
    times: u64,
    waited_us: u64,
}

#[derive(Clone, Debug)]
pub struct Session {
    host: String,
    port: u16,
    mode: Mode,
    link: Link,
    resp3: bool,
    database: i64,
    database_before_multi: i64,
    in_transaction: bool,
    subscribed: bool,
    monitoring: bool,
    ended: bool,
    hints: bool,
    waiting: Option<Sent>,
    /// What will be sent once the connection stands.
    deferred: Option<Sent>,
    /// Replies to commands that nobody typed: redis-cli chooses the database again after a reconnection.
    unprinted: u32,
    typed_ahead: VecDeque<String>,
    pub history: History,
}

impl Session {
    /// A redis-cli that is about to connect: `open` it.
    pub fn new(host: &str, port: u16) -> Session {
        Session {
            host: host.to_owned(),
            port,
            mode: Mode::default(),
            link: Link::Down,
            resp3: false,
            database: 0,
            database_before_multi: 0,
            in_transaction: false,
            subscribed: false,
            monitoring: false,
            ended: false,
            hints: true,
            waiting: None,
            deferred: None,
            unprinted: 0,
            typed_ahead: VecDeque::new(),
            history: History::default(),
        }
    }

    /// A redis-cli whose connection stands already.
    pub fn connected_to(host: &str, port: u16) -> Session {
        Session { link: Link::Up, ..Session::new(host, port) }
    }

    pub fn open(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        self.connect(&mut actions);
        actions
    }

    /// What stands before the line that is being typed.
    pub fn prompt(&self) -> String {
        if matches!(self.link, Link::Down | Link::Opening) {
            return "not connected> ".to_owned();
        }
        let mut prompt = format!("{}:{}", self.host, self.port);
        if self.database != 0 {
            let _ = write!(prompt, "[{}]", self.database);
        }
        if self.in_transaction {
            prompt.push_str("(TX)");
        }
        if self.subscribed {
            prompt.push_str("(subscribed mode)");
        }
        prompt.push_str("> ");
        prompt
    }

    pub fn activity(&self) -> Activity {
        if self.ended {
            Activity::Ended
        } else if self.monitoring {
            Activity::Monitoring
        } else if self.waiting.is_some() || self.deferred.is_some() {
            Activity::Waiting
        } else if self.subscribed {
            Activity::Subscribed
        } else {
            Activity::Prompt
        }
    }

    /// The grey line that redis-cli shows in place of the prompt while it waits for messages.
    pub fn status_line(&self) -> Option<&'static str> {
        (self.activity() == Activity::Subscribed)
            .then_some("Reading messages... (press Ctrl-C to quit or any key to type command)")
    }

    /// The arguments of the command whose reply is awaited.
    pub fn awaited(&self) -> Option<&[Vec<u8>]> {
        self.waiting.as_ref().or(self.deferred.as_ref()).map(|sent| &*sent.command)
    }

    pub fn database(&self) -> i64 {
        self.database
    }

    pub fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    pub fn is_connected(&self) -> bool {
        matches!(self.link, Link::Up | Link::Lost)
    }

    /// Whether hints are wanted (`:set hints`, `:set nohints`).
    pub fn shows_hints(&self) -> bool {
        self.hints
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Chooses the layout of the replies to come.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Enter was pressed.
    pub fn submit(&mut self, line: &str) -> Vec<Action> {
        let mut actions = Vec::new();
        match self.activity() {
            Activity::Ended => {}
            Activity::Waiting | Activity::Monitoring => self.typed_ahead.push_back(line.to_owned()),
            Activity::Prompt | Activity::Subscribed => self.enter(line, &mut actions),
        }
        actions
    }

    /// Ctrl-C was pressed, `waited_us` after the command that is being waited for was sent. Messages and MONITOR end with a new
    /// connection; otherwise redis-cli leaves, and with it goes the connection of a blocked command.
    pub fn interrupt(&mut self, waited_us: u64) -> Vec<Action> {
        let mut actions = Vec::new();
        self.typed_ahead.clear();
        match self.activity() {
            Activity::Subscribed => self.connect(&mut actions),
            Activity::Monitoring => {
                print(&mut actions, Line::Notice("^C".to_owned()));
                self.slow(waited_us, &mut actions);
                self.connect(&mut actions);
            }
            Activity::Prompt | Activity::Waiting => {
                if self.activity() == Activity::Waiting {
                    print(&mut actions, Line::Notice("^C".to_owned()));
                }
                self.exit(&mut actions);
            }
            Activity::Ended => {}
        }
        actions
    }

    /// The connection stands.
    pub fn connected(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        self.link = Link::Up;
        if self.database != 0 {
            let index = self.database.to_string();
            actions.push(Action::Send(resp::request_bytes([b"SELECT".as_slice(), index.as_bytes()])));
            self.unprinted = 1;
        }
        if let Some(sent) = self.deferred.take() {
            self.send(sent, &mut actions);
        }
        actions
    }

    /// There is no connection, for this reason: `Connection refused`.
    pub fn refused(&mut self, reason: &str) -> Vec<Action> {
        let mut actions = Vec::new();
        self.link = Link::Down;
        self.deferred = None;
        let text = format!("Could not connect to Redis at {}:{}: {reason}", self.host, self.port);
        print(&mut actions, Line::Notice(text));
        self.next_typed(&mut actions);
        actions
    }

    /// The server has closed the connection.
    pub fn closed(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.ended || self.link != Link::Up {
            return actions;
        }
        if self.activity() == Activity::Prompt {
            self.link = Link::Lost;
            return actions;
        }
        let shutdown = self.waiting.as_ref().is_some_and(|sent| is(&sent.command, "shutdown"));
        self.hang_up();
        if !shutdown {
            print(&mut actions, Line::Notice(CLOSED.to_owned()));
        }
        self.next_typed(&mut actions);
        actions
    }

    /// A reply or a push came, `waited_us` after the command was sent.
    pub fn receive(&mut self, value: &Value, waited_us: u64) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.ended {
            return actions;
        }
        let out_of_band = self.is_out_of_band(value);
        if self.unprinted > 0 && !out_of_band {
            self.unprinted -= 1;
            if value.as_error().is_some() {
                self.database = 0;
            }
            return actions;
        }
        if out_of_band {
            self.push(value, &mut actions);
            return actions;
        }
        if let (true, Value::Simple(text)) = (self.monitoring, value) {
            print(&mut actions, Line::Monitor(String::from_utf8_lossy(text).into_owned()));
            return actions;
        }
        let Some(sent) = self.waiting.take() else {
            let text = trimmed(render::render(value, self.mode));
            print(&mut actions, Line::Push { value: Rc::new(value.clone()), text });
            return actions;
        };
        let printed = render::render_for(&sent.command, value, self.mode);
        self.follow(&sent.command, value);
        // A report that has nothing to report leaves not even an empty line.
        if !printed.is_empty() {
            let (command, value) = (sent.command.clone(), Rc::new(value.clone()));
            print(&mut actions, Line::Reply { command, value, text: trimmed(printed) });
        }
        self.answered(sent, waited_us, &mut actions);
        actions
    }

    /// Takes a line at the prompt.
    fn enter(&mut self, line: &str, actions: &mut Vec<Action>) {
        print(actions, Line::Input { prompt: self.prompt(), line: line.to_owned() });
        let words = quote::split(line);
        let sensitive = words.as_ref().is_ok_and(|words| crate::history::is_sensitive(words));
        self.history.add(line, sensitive);
        let Ok(mut words) = words else {
            print(actions, Line::Notice("Invalid argument(s)".to_owned()));
            return;
        };
        if words.is_empty() {
            return;
        }
        let times = match repetitions(&words) {
            Ok(None) => {
                if self.own_word(&words, actions) {
                    return;
                }
                1
            }
            Ok(Some(times)) => {
                words.remove(0);
                times
            }
            Err(text) => {
                print(actions, Line::Notice(text.to_owned()));
                return;
            }
        };
        if is(&words, "help") || is(&words, "?") {
            print(actions, Line::Help(crate::help::help(&words[1..])));
            return;
        }
        self.send(Sent { command: words.into(), times, waited_us: 0 }, actions);
    }

    /// The words that redis-cli keeps to itself. A repetition prefix sends them to the server instead.
    fn own_word(&mut self, words: &[Vec<u8>], actions: &mut Vec<Action>) -> bool {
        let notice = |text: String, actions: &mut Vec<Action>| {
            print(actions, Line::Notice(text));
            true
        };
        if is(words, "quit") || is(words, "exit") {
            self.exit(actions);
        } else if words[0].starts_with(b":") {
            let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
            return match words.get(1).filter(|_| is(words, ":set")) {
                Some(what) if what.eq_ignore_ascii_case(b"hints") => {
                    self.hints = true;
                    true
                }
                Some(what) if what.eq_ignore_ascii_case(b"nohints") => {
                    self.hints = false;
                    true
                }
                Some(what) => notice(format!("unknown redis-cli preference '{}'", text(what)), actions),
                None => notice(format!("unknown redis-cli internal command '{}'", text(&words[0])), actions),
            };
        } else if is(words, "restart") {
            return notice("Use 'restart' only in Lua debugging mode.".to_owned(), actions);
        } else if is(words, "connect") && words.len() == 3 {
            self.host = String::from_utf8_lossy(&words[1]).into_owned();
            self.port = String::from_utf8_lossy(&words[2]).parse().unwrap_or(0);
            self.connect(actions);
        } else if is(words, "clear") && words.len() == 1 {
            actions.push(Action::Clear);
        } else {
            return false;
        }
        true
    }

    fn send(&mut self, sent: Sent, actions: &mut Vec<Action>) {
        match self.link {
            Link::Up => {
                actions.push(Action::Send(resp::request_bytes(&sent.command)));
                self.waiting = Some(sent);
            }
            Link::Lost => {
                self.hang_up();
                print(actions, Line::Notice(CLOSED.to_owned()));
            }
            Link::Down | Link::Opening => {
                self.deferred = Some(sent);
                if self.link == Link::Down {
                    self.connect(actions);
                }
            }
        }
    }

    /// One reply of `sent` is there: sends it again, or is done with it.
    fn answered(&mut self, mut sent: Sent, waited_us: u64, actions: &mut Vec<Action>) {
        sent.times -= 1;
        sent.waited_us = sent.waited_us.saturating_add(waited_us);
        if sent.times > 0 {
            self.send(sent, actions);
            return;
        }
        if !self.subscribed && !self.monitoring {
            self.slow(sent.waited_us, actions);
        }
        self.next_typed(actions);
    }

    fn slow(&self, waited_us: u64, actions: &mut Vec<Action>) {
        if waited_us >= SLOW_US && self.mode == Mode::Terminal {
            let hundredths = (waited_us + 5_000) / 10_000;
            let text = format!("({}.{:02}s)", hundredths / 100, hundredths % 100);
            print(actions, Line::Slow(text));
        }
    }

    /// Takes up the lines that were typed meanwhile.
    fn next_typed(&mut self, actions: &mut Vec<Action>) {
        while matches!(self.activity(), Activity::Prompt | Activity::Subscribed) {
            let Some(line) = self.typed_ahead.pop_front() else { return };
            self.enter(&line, actions);
        }
    }

    fn connect(&mut self, actions: &mut Vec<Action>) {
        self.hang_up();
        self.link = Link::Opening;
        actions.push(Action::Connect { host: self.host.clone(), port: self.port });
    }

    /// What a connection's end takes with it. The database is remembered and chosen again.
    fn hang_up(&mut self) {
        self.link = Link::Down;
        self.waiting = None;
        self.unprinted = 0;
        self.resp3 = false;
        if self.in_transaction {
            self.database = self.database_before_multi;
        }
        self.in_transaction = false;
        self.subscribed = false;
        self.monitoring = false;
    }

    fn exit(&mut self, actions: &mut Vec<Action>) {
        self.hang_up();
        self.deferred = None;
        self.typed_ahead.clear();
        self.ended = true;
        actions.push(Action::Exit);
    }

    /// Whether this answers no command: a push, or, in RESP2, a message or a confirmation that looks like a reply.
    fn is_out_of_band(&self, value: &Value) -> bool {
        match value {
            Value::Push(_) => true,
            Value::Array(elements) if !self.resp3 => {
                let subscribing = self.waiting.as_ref().is_some_and(|sent| is_subscription(&sent.command));
                (self.subscribed || subscribing)
                    && PUSHED.contains(&elements.first().and_then(Value::as_bytes).unwrap_or(b""))
            }
            _ => false,
        }
    }

    fn push(&mut self, value: &Value, actions: &mut Vec<Action>) {
        let elements = value.as_elements().unwrap_or_default();
        let kind = elements.first().and_then(Value::as_bytes).unwrap_or(b"");
        let text = match elements {
            [_, Value::Array(keys)] if kind == b"invalidate" && !self.subscribed && self.mode == Mode::Terminal => {
                let keys = keys.iter().filter_map(Value::as_bytes);
                let keys: Vec<String> = keys.map(|key| format!("'{}'", String::from_utf8_lossy(key))).collect();
                format!("-> invalidate: {}", keys.join(", "))
            }
            _ => trimmed(render::render(value, self.mode)),
        };
        print(actions, Line::Push { value: Rc::new(value.clone()), text });
        // The first confirmation ends the wait: how many follow, nobody can say of an UNSUBSCRIBE without names.
        if CONFIRMATIONS.contains(&kind) && self.waiting.as_ref().is_some_and(|sent| is_subscription(&sent.command)) {
            if kind.ends_with(b"subscribe") && !kind.ends_with(b"unsubscribe") {
                self.subscribed = true;
            }
            if let Some(sent) = self.waiting.take() {
                self.answered(sent, 0, actions);
            }
        }
    }

    /// What a command and its reply change in what redis-cli believes about its connection.
    fn follow(&mut self, command: &[Vec<u8>], value: &Value) {
        if (is(command, "exec") || is(command, "discard")) && command.len() == 1 {
            let undone = is(command, "discard") || value.as_error().is_some() || value.is_null();
            if self.in_transaction && undone {
                self.database = self.database_before_multi;
            }
            self.in_transaction = false;
            return;
        }
        if value.as_error().is_some() {
            return;
        }
        if is(command, "multi") {
            self.in_transaction = true;
            self.database_before_multi = self.database;
        } else if is(command, "select") {
            let index =
                command.get(1).and_then(|index| std::str::from_utf8(index).ok()).and_then(|index| index.parse().ok());
            self.database = index.unwrap_or(self.database);
        } else if is(command, "monitor") {
            self.monitoring = matches!(value, Value::Simple(text) if text == b"OK");
        } else if is(command, "hello") {
            // In a transaction HELLO is refused; outside, the reply's own shape says which protocol it has chosen.
            self.resp3 = matches!(value, Value::Map(_));
        } else if is(command, "reset") {
            self.in_transaction = false;
            self.subscribed = false;
            self.resp3 = false;
            self.database = 0;
        }
    }
}

const CLOSED: &str = "Error: Server closed the connection";

const CONFIRMATIONS: [&[u8]; 6] =
    [b"subscribe", b"psubscribe", b"ssubscribe", b"unsubscribe", b"punsubscribe", b"sunsubscribe"];

/// The first elements of what comes unasked in RESP2.
const PUSHED: [&[u8]; 9] = [
    b"message",
    b"pmessage",
    b"smessage",
    b"subscribe",
    b"psubscribe",
    b"ssubscribe",
    b"unsubscribe",
    b"punsubscribe",
    b"sunsubscribe",
];

fn print(actions: &mut Vec<Action>, line: Line) {
    actions.push(Action::Print(line));
}

fn is(command: &[Vec<u8>], name: &str) -> bool {
    command.first().is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
}

fn is_subscription(command: &[Vec<u8>]) -> bool {
    command.first().is_some_and(|word| CONFIRMATIONS.contains(&word.to_ascii_lowercase().as_slice()))
}

fn trimmed(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// Whether a line asks for HELP, which answers from the command table.
pub fn is_help(line: &str) -> bool {
    let words = quote::split(line).unwrap_or_default();
    let from = usize::from(matches!(repetitions(&words), Ok(Some(_))));
    is(&words[from..], "help") || is(&words[from..], "?")
}

/// How often a line's number prefix wants its command sent. The number is read as C's strtol reads it: blanks and a plus
/// sign may stand before it.
fn repetitions(words: &[Vec<u8>]) -> Result<Option<u64>, &'static str> {
    const INVALID: &str = "Invalid redis-cli repeat command option value.";
    let (Some(first), true) = (words.first(), words.len() > 1) else { return Ok(None) };
    if first.is_empty() {
        return Err(INVALID);
    }
    let text = std::str::from_utf8(first).unwrap_or("x").trim_start();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    match text.parse::<i64>() {
        Ok(times) if times > 0 => Ok(Some(times.unsigned_abs())),
        _ => Err(INVALID),
    }
}
