//! The transcript language: one way of writing down who sent what, what came back and how much time went by.
//!
//! Lessons, goals, tests, bug reports and documentation are all written in it, so there is one parser, one printer and one player.
//! A file is read line by line:
//!
//! ```text
//! # comment                      a line that begins with #, where no reply is being written
//! > SET session:1 alice EX 2     client a, the default, sends and waits; the reply follows as redis-cli prints it, up to a blank line
//! OK                             or the next line of another kind
//! +1999ms                        time passes: us, ms, s, m, h, d
//! b> GET session:1               another client, named by a small letter and digits
//! "alice"
//! b>> BLPOP queue 5              b sends and waits: no reply is read
//! b<<                            the next reply of b is read
//! (no reply)                     nothing came, and that is what is expected
//! raw a> "PING\r\n"              bytes on the socket, quoted
//! !kill n1                       a fault, where a world of several servers is simulated
//! @wire                          from here on replies stand in full type notation; `@print` goes back
//! @resp3                         the client speaks RESP3 from its next connection on (`b@resp3` for another client)
//! @config maxmemory 1mb          a setting of the server, before the first command
//! @seed 7                        the seed of the world, before the first command
//! @virtual                       from here on only virtual time will do: a real server skips the rest
//! @task Title                    the lines up to the next `@task` solve this task of a lesson
//! ```
//!
//! What cannot be equal on two runs is written as a pattern, never left out: `(integer) 3590..3600` is a range, `<id>` any text,
//! `...` any lines, and `(in any order)` below a reply says that the order of its elements does not count.

mod notation;
mod parse;
mod pattern;
mod play;
mod print;
#[cfg(test)]
mod tests;

pub use notation::notation;
pub use parse::{ParseError, arguments};
pub use pattern::integer_range;
pub use play::{Difference, Elapsed, Notation, Patience, Play, Report, Stage, rendered};

/// A transcript that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    pub lines: Vec<Line>,
}

/// One step of a transcript, and the line of the file on which it begins, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    pub step: Step,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Blank,
    /// What stands behind the `#`.
    Comment(String),
    /// `b> GET key`: a request and its reply.
    Command {
        client: Client,
        text: String,
        reply: Expected,
    },
    /// `b>> BLPOP key 0`: a request whose reply is not awaited.
    Send {
        client: Client,
        text: String,
    },
    /// `b<<`: a reply that was not awaited, or a message.
    Receive {
        client: Client,
        reply: Expected,
    },
    /// `raw b> "PING\r\n"`: bytes, and the first reply to them.
    Raw {
        client: Client,
        text: String,
        reply: Expected,
    },
    /// `+10ms`: how long, in microseconds, and as it was written.
    Pass {
        us: u64,
        text: String,
    },
    /// `!kill n1`.
    Fault(String),
    Directive(Directive),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    Wire,
    Print,
    Resp3(Client),
    Config { name: String, value: String },
    Seed(u64),
    Virtual,
    Task(String),
}

/// Who acts. `a` may stay unwritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    name: Option<String>,
}

impl Client {
    /// The client that acts where none is named.
    pub const DEFAULT: &'static str = "a";

    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(Client::DEFAULT)
    }

    fn as_written(&self) -> &str {
        self.name.as_deref().unwrap_or("")
    }
}

/// A reply as it is written below a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub lines: Vec<String>,
    pub any_order: bool,
}

impl Transcript {
    /// Reads a transcript; the error says on which line of the text it cannot be read.
    pub fn parse(text: &str) -> Result<Transcript, ParseError> {
        parse::parse(text, 1)
    }

    /// Reads a transcript that begins on line `first` of a larger file.
    pub fn parse_at(text: &str, first: u32) -> Result<Transcript, ParseError> {
        parse::parse(text, first)
    }

    /// The steps of each task, where a file solves several.
    pub fn tasks(&self) -> Vec<(String, Transcript)> {
        let mut tasks: Vec<(String, Transcript)> = Vec::new();
        for line in &self.lines {
            match &line.step {
                Step::Directive(Directive::Task(title)) => tasks.push((title.clone(), Transcript::default())),
                _ => {
                    if let Some((_, task)) = tasks.last_mut() {
                        task.lines.push(line.clone());
                    }
                }
            }
        }
        tasks
    }

    /// Every command in it, as typed, with the number of its line.
    pub fn commands(&self) -> impl Iterator<Item = (u32, &str)> {
        self.lines.iter().filter_map(|line| match &line.step {
            Step::Command { text, .. } | Step::Send { text, .. } => Some((line.number, text.as_str())),
            _ => None,
        })
    }

    /// Whether it has faults, and so can only be played in a simulated world.
    pub fn has_faults(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.step, Step::Fault(_)))
    }
}
