//! The command table: the one place that says what a command is called, takes, does to keys and is allowed to.
//!
//! A row stands beside its function in the file of its group (`commands/*.rs`). Everything else is read off the row: arity from
//! the syntax string, the terminal's hints, COMMAND INFO and DOCS, ACL categories, key positions.

mod flags;
mod keys;
mod lookup;
mod syntax;

pub use flags::{Category, Flag};
pub use keys::Keys;
pub use lookup::{all, find};

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use core::fmt;

/// The function behind a command.
pub type Handler = fn(&mut Ctx, &mut Args) -> Result<(), Error>;

/// The groups of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Bitmap,
    Cluster,
    Connection,
    Generic,
    Geo,
    Hash,
    HyperLogLog,
    List,
    PubSub,
    Scripting,
    Sentinel,
    Server,
    Set,
    SortedSet,
    Stream,
    String,
    Transactions,
}

impl Group {
    /// The name as COMMAND DOCS gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Bitmap => "bitmap",
            Group::Cluster => "cluster",
            Group::Connection => "connection",
            Group::Generic => "generic",
            Group::Geo => "geo",
            Group::Hash => "hash",
            Group::HyperLogLog => "hyperloglog",
            Group::List => "list",
            Group::PubSub => "pubsub",
            Group::Scripting => "scripting",
            Group::Sentinel => "sentinel",
            Group::Server => "server",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Stream => "stream",
            Group::String => "string",
            Group::Transactions => "transactions",
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy)]
pub struct Command {
    /// Lower case; a subcommand has its own word only.
    pub name: &'static str,
    /// The full name as errors and statistics give it: `client|list`.
    pub full_name: &'static str,
    /// The arguments in the notation of the reference.
    pub syntax: &'static str,
    pub handler: Handler,
    /// Number of words, the name included; negative: at least so many.
    pub arity: i32,
    pub flags: u32,
    pub categories: u32,
    pub keys: &'static [Keys],
    pub group: Group,
    pub since: &'static str,
    pub summary: &'static str,
    pub complexity: &'static str,
    pub subcommands: &'static [Command],
    /// Argument types and names that the syntax does not show, for COMMAND DOCS: `(path, type)`.
    pub hints: &'static [&'static str],
}

impl Command {
    pub const fn new(name: &'static str, syntax: &'static str, handler: Handler) -> Command {
        Command {
            name,
            full_name: name,
            syntax,
            handler,
            arity: syntax::arity(syntax, 1),
            flags: 0,
            categories: 0,
            keys: &[],
            group: Group::Generic,
            since: "1.0.0",
            summary: "",
            complexity: "O(1)",
            subcommands: &[],
            hints: &[],
        }
    }

    /// A subcommand: `full_name` is `parent|word`.
    pub const fn sub(full_name: &'static str, syntax: &'static str, handler: Handler) -> Command {
        let mut command = Command::new(syntax::after_bar(full_name), syntax, handler);
        command.full_name = full_name;
        command.arity = syntax::arity(syntax, 2);
        command
    }

    pub const fn group(mut self, group: Group) -> Command {
        self.group = group;
        self
    }

    pub const fn since(mut self, version: &'static str) -> Command {
        self.since = version;
        self
    }

    /// What the command does, in our own words.
    pub const fn summary(mut self, summary: &'static str) -> Command {
        self.summary = summary;
        self
    }

    pub const fn complexity(mut self, complexity: &'static str) -> Command {
        self.complexity = complexity;
        self
    }

    pub const fn flags(mut self, flags: &[Flag]) -> Command {
        let mut at = 0;
        while at < flags.len() {
            self.flags |= flags[at] as u32;
            at += 1;
        }
        self
    }

    pub const fn keys(mut self, keys: &'static [Keys]) -> Command {
        self.keys = keys;
        self
    }

    /// Where the syntax string does not say it.
    pub const fn arity(mut self, arity: i32) -> Command {
        self.arity = arity;
        self
    }

    /// ACL categories beyond those that group and flags imply.
    pub const fn categories(mut self, categories: &[Category]) -> Command {
        let mut at = 0;
        while at < categories.len() {
            self.categories |= categories[at] as u32;
            at += 1;
        }
        self
    }

    pub const fn subcommands(mut self, subcommands: &'static [Command]) -> Command {
        self.subcommands = subcommands;
        self
    }

    #[inline]
    pub const fn has(&self, flag: Flag) -> bool {
        self.flags & flag as u32 != 0
    }

    /// Whether a request of `count` words fits.
    #[inline]
    pub const fn takes(&self, count: usize) -> bool {
        let count = count as i32;
        if self.arity >= 0 { count == self.arity } else { count >= -self.arity }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.full_name)
    }
}
