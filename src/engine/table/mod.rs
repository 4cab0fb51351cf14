//! The command table: the one place that says what a command is called, takes, does to keys and is allowed to.
//!
//! A row stands beside its function in the file of its group (`commands/*.rs`). Everything else is read off the row: arity from
//! the syntax string, the terminal's hints, COMMAND INFO and DOCS, ACL categories, key positions.

mod argument;
mod flags;
pub(crate) mod key_functions;
mod keys;
mod lookup;
mod syntax;

pub use argument::{Argument, display};
pub use flags::{CATEGORIES, Category, FLAGS, Flag};
pub use keys::{Begin, Find, Keys, Positions, first_last_step};
pub use lookup::{COMMANDS, ROWS, all, find, find_full, row};
pub use syntax::Kind;

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The function behind a command.
pub type Handler = fn(&mut Ctx, &mut Args) -> Result<(), Error>;

/// Finds the keys in a whole request: positions and flags.
pub type KeyFunction = fn(words: &[&[u8]]) -> Option<Positions>;

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
    Module,
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
            Group::Module => "module",
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
    /// Lower case, but for a module's commands; a subcommand has its own word only.
    pub name: &'static str,
    /// The full name as errors and statistics give it: `client|list`.
    pub full_name: &'static str,
    /// The arguments in the notation of the reference, annotated (see `syntax.rs`).
    pub syntax: &'static str,
    pub handler: Handler,
    /// The number of the row, by which whoever keeps something for every command keeps it in an array.
    pub id: u16,
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
    /// Hints for clients, as COMMAND INFO lists them (`request_policy:all_shards` …).
    pub tips: &'static [&'static str],
    /// Since when another command should be used, and which; empty when the command is current.
    pub deprecated: (&'static str, &'static str),
    /// Not meant for people (COMMAND DOCS marks it `syscmd`).
    pub system: bool,
    /// The lines of the container's HELP between its first and its last.
    pub help: &'static [&'static str],
    /// Finds the keys where the specifications cannot.
    key_function: Option<KeyFunction>,
    /// The category that the group implies does not apply.
    outside_group: bool,
}

impl Command {
    pub const fn new(name: &'static str, syntax: &'static str, handler: Handler) -> Command {
        Command {
            name,
            full_name: name,
            syntax,
            handler,
            id: 0,
            arity: syntax::arity(syntax, 1),
            flags: 0,
            categories: 0,
            keys: &[],
            group: Group::Generic,
            since: "1.0.0",
            summary: "",
            complexity: "O(1)",
            subcommands: &[],
            tips: &[],
            deprecated: ("", ""),
            system: false,
            help: &[],
            key_function: None,
            outside_group: false,
        }
    }

    /// A container: it does nothing by itself, so it takes a subcommand at least.
    pub const fn container(name: &'static str, subcommands: &'static [Command]) -> Command {
        let mut command = Command::new(name, "", unreachable_container);
        command.arity = -2;
        command.complexity = "Depends on subcommand.";
        command.subcommands = subcommands;
        command
    }

    /// A container that also does something without a subcommand (COMMAND).
    pub const fn by_itself(mut self, handler: Handler) -> Command {
        self.handler = handler;
        self.arity = -1;
        self
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

    /// For commands whose keys, or what is done to them, the specifications cannot tell.
    pub const fn keys_by(mut self, find: KeyFunction) -> Command {
        self.key_function = Some(find);
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

    /// The category that the group would imply does not apply.
    pub const fn outside_group(mut self) -> Command {
        self.outside_group = true;
        self
    }

    pub const fn subcommands(mut self, subcommands: &'static [Command]) -> Command {
        self.subcommands = subcommands;
        self
    }

    pub const fn tips(mut self, tips: &'static [&'static str]) -> Command {
        self.tips = tips;
        self
    }

    /// Another command should be used, since a version.
    pub const fn deprecated(mut self, since: &'static str, replaced_by: &'static str) -> Command {
        self.deprecated = (since, replaced_by);
        self
    }

    /// Not meant for people.
    pub const fn system(mut self) -> Command {
        self.system = true;
        self
    }

    /// The lines of a container's HELP, without the first and the last two.
    pub const fn help(mut self, lines: &'static [&'static str]) -> Command {
        self.help = lines;
        self
    }

    /// The row of `parent|help`.
    pub const fn help_of(full_name: &'static str) -> Command {
        Command::sub(full_name, "", help).summary("Lists the subcommands.").flags(&[Flag::Loading, Flag::Stale])
    }

    /// The row as it stands in the table: numbered, with what follows from its other fields.
    const fn numbered(mut self, id: u16) -> Command {
        self.id = id;
        if keys::movable(self.keys) {
            self.flags |= Flag::MovableKeys as u32;
        }
        let container = !self.subcommands.is_empty();
        self.categories |= flags::implied(self.flags, self.group, container || self.outside_group);
        self
    }

    /// Where the keys of a whole request stand and what is done to them; none when it does not say.
    pub fn keys_of(&self, words: &[&[u8]]) -> Option<Positions> {
        if let Some(find) = self.key_function {
            return find(words);
        }
        let mut positions = Positions::new();
        for spec in self.keys.iter().filter(|spec| !spec.flags.starts_with("not_key")) {
            keys::positions(spec, words, &mut positions)?;
        }
        Some(positions)
    }

    /// The arguments as a tree.
    pub fn arguments(&self) -> Vec<Argument> {
        argument::parse(self.syntax)
    }

    /// The arguments as redis-cli shows them, without annotations.
    pub fn syntax_display(&self) -> String {
        argument::display(&self.arguments())
    }

    /// The subcommand called `word`, in any case.
    pub fn subcommand(&self, word: &[u8]) -> Option<&'static Command> {
        self.subcommands.iter().find(|sub| sub.name.as_bytes().eq_ignore_ascii_case(word))
    }

    /// What HELP answers, line by line.
    pub fn help_lines(&self) -> Vec<String> {
        let name = self.name.to_ascii_uppercase();
        let mut lines = Vec::with_capacity(self.help.len() + 3);
        lines.push(alloc::format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
        lines.extend(self.help.iter().chain(&["HELP", "    Print this help."]).map(|&line| String::from(line)));
        lines
    }

    #[inline]
    pub const fn has(&self, flag: Flag) -> bool {
        self.flags & flag as u32 != 0
    }

    /// Whether it may cause something that replicas have to do too: it writes, or is one of those that write nothing
    /// themselves, or not always.
    pub(crate) fn may_replicate(&self) -> bool {
        self.has(Flag::Write) || matches!(self.full_name, "publish" | "spublish" | "pfcount")
    }

    /// How many words name the command: 2 for a subcommand.
    pub const fn words(&self) -> usize {
        if self.name.len() == self.full_name.len() { 1 } else { 2 }
    }

    /// Whether a request of `count` words fits.
    #[inline]
    pub const fn takes(&self, count: usize) -> bool {
        let count = count as i32;
        if self.arity >= 0 { count == self.arity } else { count >= -self.arity }
    }
}

/// A container's arity keeps it from being called, other than by a mistake in its row.
fn unreachable_container(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    Err(Error::wrong_arguments(ctx.command.full_name))
}

/// `X HELP` of every container.
fn help(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let parent = ctx.command.full_name.split('|').next().and_then(|name| find(name.as_bytes()));
    let lines = parent.map(Command::help_lines).unwrap_or_default();
    ctx.reply.array(lines.len());
    for line in lines {
        ctx.reply.simple(&line);
    }
    Ok(())
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.full_name)
    }
}
