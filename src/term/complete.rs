//! Completion: names of commands and subcommands, options, keys, topics of HELP.
//!
//! [`complete`] says which part of the line to replace and with what; [`Cycle`] walks through the candidates as TAB does in
//! redis-cli, where the line as it was typed comes again after the last one. Beyond redis-cli, which completes commands
//! and topics only, we offer what the syntax allows at the cursor: its options, and, where a key is wanted, the keys there are
//! of a type that the command works on.

use crate::grammar::{self, Next};
use crate::hint::display_name;
use crate::quote;
use engine::config;
use engine::sort;
use engine::table::{self, Command, Group, Kind};
use std::ops::Range;

/// Where live keys come from.
pub trait KeySource {
    /// Up to `most` keys of the current database that begin with `prefix` and, if a type is given, hold that type
    /// (as TYPE names it), in a stable order.
    fn keys(&self, prefix: &[u8], of_type: Option<&str>, most: usize) -> Vec<Vec<u8>>;
}

/// No keys.
impl KeySource for () {
    fn keys(&self, _: &[u8], _: Option<&str>, _: usize) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    Command,
    Subcommand,
    /// A word of redis-cli's own.
    Own,
    Option,
    Key,
    Topic,
    Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What replaces the range.
    pub text: String,
    pub offer: Offer,
    /// A word about it: the summary of a command, the argument of an option.
    pub note: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The part of the line, in bytes, that a candidate replaces.
    pub range: Range<usize>,
    pub candidates: Vec<Candidate>,
}

/// As many keys as are offered at once.
const MOST_KEYS: usize = 50;

/// What can stand at the cursor, which is a byte position in the line.
pub fn complete(line: &str, cursor: usize, keys: &dyn KeySource) -> Completion {
    let mut cursor = cursor.min(line.len());
    while !line.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &line[..cursor];
    if let Some(found) = topics(before) {
        return found;
    }
    let parsed = grammar::parse(before);
    let current = parsed.words.len() - usize::from(parsed.open);
    let word = parsed.words.get(current);
    let start = word.map_or(cursor, |word| word.start);
    let prefix = word.map_or(&b""[..], |word| word.bytes.as_slice());
    let command_at = usize::from(parsed.repeats);
    let mut completion = Completion { range: start..cursor, candidates: Vec::new() };
    let out = &mut completion.candidates;
    if current <= command_at {
        commands(prefix, !parsed.repeats, out);
        return completion;
    }
    if let (Some(container), true) = (parsed.container, current == command_at + 1) {
        completion.range.start = parsed.words[command_at].start;
        let subs = container.subcommands.iter().filter(|sub| grammar::starts_with(sub.name, prefix));
        let mut subs: Vec<&Command> = subs.collect();
        sort::by_key(&mut subs, |sub| sub.name);
        out.extend(subs.into_iter().map(|sub| offer(display_name(sub), Offer::Subcommand, sub.summary)));
        return completion;
    }
    let Some(row) = parsed.row else { return completion };
    let arguments = row.arguments();
    let typed: Vec<&[u8]> =
        parsed.words[parsed.arguments_from..current].iter().map(|word| word.bytes.as_slice()).collect();
    let Some(found) = grammar::matched(&arguments, &typed) else { return completion };
    for next in found.next() {
        match next {
            Next::Option(name, argument) => {
                let plain = word.is_none_or(|word| word.quote.is_none());
                let known = out.iter().any(|candidate| candidate.text == name);
                if plain && !known && !name.is_empty() && grammar::starts_with(name, prefix) {
                    let note = if argument.kind == Kind::PureToken { String::new() } else { argument.display() };
                    out.push(offer(name.to_owned(), Offer::Option, &note));
                }
            }
            Next::Value(argument) if argument.kind == Kind::Key => {
                let of_type = type_of(row);
                let found = keys.keys(prefix, of_type, MOST_KEYS);
                // A source may know better than we what it was asked for; what it should not have given is left out.
                let found = found.into_iter().filter(|key| key.starts_with(prefix) && !typed.contains(&key.as_slice()));
                out.extend(found.map(|key| offer(quote::typed(&key), Offer::Key, of_type.unwrap_or_default())));
            }
            Next::Value(argument) => values(row, &argument.name, &typed, prefix, out),
        }
    }
    // What is typed already is no offer.
    out.retain(|candidate| candidate.text != before[start..]);
    completion
}

/// Values that are known words: names of types, commands and parameters, and what a parameter can be set to.
fn values(row: &Command, argument: &str, typed: &[&[u8]], prefix: &[u8], out: &mut Vec<Candidate>) {
    let mut words: Vec<(&str, &str)> = Vec::new();
    match (row.full_name, argument) {
        ("scan", "type") => words.extend(["string", "list", "set", "zset", "hash", "stream"].map(|word| (word, ""))),
        ("command|info" | "command|docs", _) => {
            words.extend(table::all().map(|row| (row.name, row.summary)));
            sort::by(&mut words, |a, b| a < b);
        }
        ("config|get" | "config|set", "parameter") => {
            words.extend(config::PARAMETERS.iter().map(|parameter| (parameter.name, "")));
        }
        ("config|set", "value") => {
            let name = typed.last().copied().unwrap_or_default();
            let parameter = config::PARAMETERS.iter().find(|known| known.name.as_bytes().eq_ignore_ascii_case(name));
            match parameter.map(|parameter| parameter.kind) {
                Some(config::Kind::Bool) => words.extend([("yes", ""), ("no", "")]),
                Some(config::Kind::OneOf(choice)) => words.extend(choice.iter().map(|word| (*word, ""))),
                _ => {}
            }
        }
        _ => {}
    }
    words.retain(|(word, _)| grammar::starts_with(word, prefix));
    out.extend(words.into_iter().map(|(word, note)| offer(word.to_owned(), Offer::Value, note)));
}

fn offer(text: String, offer: Offer, note: &str) -> Candidate {
    Candidate { text, offer, note: note.to_owned() }
}

fn commands(prefix: &[u8], own: bool, out: &mut Vec<Candidate>) {
    let mut rows: Vec<&Command> = table::all().filter(|row| grammar::starts_with(row.name, prefix)).collect();
    sort::by_key(&mut rows, |row| row.name);
    out.extend(rows.into_iter().map(|row| offer(display_name(row), Offer::Command, row.summary)));
    if own && !prefix.is_empty() {
        let words = grammar::OWN_WORDS.into_iter().filter(|word| word.len() > 1 && grammar::starts_with(word, prefix));
        for word in words.filter(|word| table::find(word.as_bytes()).is_none()) {
            out.push(offer(word.to_owned(), Offer::Own, "redis-cli"));
        }
    }
}

/// Topics, when the line asks for help.
fn topics(line: &str) -> Option<Completion> {
    let words = quote::words(line);
    let first = words.first()?;
    let asks = matches!(first.bytes.to_ascii_lowercase().as_slice(), b"help" | b"?");
    if !asks || first.end == line.len() || words.iter().any(|word| word.fault.is_some()) {
        return None;
    }
    let start = words.get(1).map_or(line.len(), |word| word.start);
    let prefix = line[start..].to_ascii_uppercase();
    let mut candidates = Vec::new();
    let mut groups: Vec<String> = groups().map(|group| format!("@{}", group.name())).collect();
    sort::by(&mut groups, |a, b| a < b);
    groups.retain(|group| grammar::starts_with(group, prefix.as_bytes()));
    candidates.extend(groups.into_iter().map(|group| offer(group, Offer::Topic, "")));
    let mut rows: Vec<&Command> = rows().collect();
    sort::by_key(&mut rows, |row| row.full_name);
    let rows = rows.into_iter().map(|row| (display_name(row), row)).filter(|(name, _)| name.starts_with(&prefix));
    candidates.extend(rows.map(|(name, row)| offer(name, Offer::Topic, row.summary)));
    Some(Completion { range: start..line.len(), candidates })
}

/// Every row, subcommands behind their container.
pub(crate) fn rows() -> impl Iterator<Item = &'static Command> {
    table::all().flat_map(|row| std::iter::once(row).chain(row.subcommands))
}

/// The groups that have commands.
pub(crate) fn groups() -> impl Iterator<Item = Group> {
    let mut groups: Vec<Group> = table::all().map(|row| row.group).collect();
    sort::by(&mut groups, |a, b| a < b);
    groups.dedup();
    groups.into_iter()
}

/// The type of the keys that a command works on, as TYPE names it.
fn type_of(row: &Command) -> Option<&'static str> {
    match row.group {
        Group::String | Group::Bitmap | Group::HyperLogLog => Some("string"),
        Group::List => Some("list"),
        Group::Set => Some("set"),
        Group::SortedSet | Group::Geo => Some("zset"),
        Group::Hash => Some("hash"),
        Group::Stream => Some("stream"),
        _ => None,
    }
    // SET replaces whatever a key holds.
    .filter(|_| row.name != "set")
}

/// A walk through candidates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    line: String,
    cursor: usize,
    completion: Completion,
    /// The candidate that is shown; behind the last one comes the line as it was typed.
    at: usize,
}

impl Cycle {
    /// Begins with the first candidate; nothing when there is none.
    pub fn new(line: &str, cursor: usize, completion: Completion) -> Option<Cycle> {
        if completion.candidates.is_empty() {
            return None;
        }
        Some(Cycle { line: line.to_owned(), cursor, completion, at: 0 })
    }

    /// TAB.
    pub fn forward(&mut self) {
        self.at = (self.at + 1) % (self.completion.candidates.len() + 1);
    }

    /// Shift-TAB.
    pub fn back(&mut self) {
        let places = self.completion.candidates.len() + 1;
        self.at = (self.at + places - 1) % places;
    }

    /// The line and the cursor in it.
    pub fn shown(&self) -> (String, usize) {
        let Some(candidate) = self.completion.candidates.get(self.at) else { return self.original() };
        let Range { start, end } = self.completion.range;
        let line = format!("{}{}{}", &self.line[..start], candidate.text, &self.line[end..]);
        (line, start + candidate.text.len())
    }

    /// Esc: the line as it was typed.
    pub fn original(&self) -> (String, usize) {
        (self.line.clone(), self.cursor)
    }

    pub fn candidates(&self) -> &[Candidate] {
        &self.completion.candidates
    }

    /// Which candidate is shown, if any.
    pub fn selected(&self) -> Option<usize> {
        (self.at < self.completion.candidates.len()).then_some(self.at)
    }
}
