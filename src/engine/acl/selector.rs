//! One set of permissions: commands, keys and channels.
//!
//! Commands are a bit for each row of the table, so that a category is many bits set at once and asking is one look. The rules that led
//! to them are kept beside, because that is what ACL GETUSER shows: a rule takes the place of an earlier one about the same thing,
//! and `+@all` and `-@all` begin anew.

use super::{Denial, Request, is_for_all};
use crate::glob;
use crate::table::{self, CATEGORIES, Command, ROWS};
use crate::text::Text;
use alloc::string::String;
use alloc::vec::Vec;

/// Why a rule is not one, as the reply words it.
pub(super) type Complaint = &'static str;

pub(super) const SYNTAX: Complaint = "Syntax error";
const UNKNOWN: Complaint = "Unknown command or category name in ACL";
const FIRST_WORD_OF_SUBCOMMAND: Complaint = "Allowing first-arg of a subcommand is not supported";
const BEHIND_ALL_KEYS: Complaint = "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns";
const BEHIND_ALL_CHANNELS: Complaint = "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels";

const READS: u8 = 1;
const WRITES: u8 = 2;

/// Which keys may be read, written or both.
#[derive(Clone, Debug)]
struct KeyPattern {
    rights: u8,
    pattern: Text,
}

impl KeyPattern {
    fn describe(&self) -> Vec<u8> {
        let prefix: &[u8] = match self.rights {
            READS => b"%R~",
            WRITES => b"%W~",
            _ => b"~",
        };
        [prefix, &self.pattern].concat()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Selector {
    allowed: [u64; ROWS.div_ceil(64)],
    /// Commands, by their rows, that are allowed before a certain first argument.
    first_words: Vec<(u16, String)>,
    /// Whether the rules begin with `+@all`, and what follows, in the order in which it was said.
    from_all: bool,
    rules: Vec<String>,
    all_keys: bool,
    keys: Vec<KeyPattern>,
    all_channels: bool,
    channels: Vec<Text>,
}

impl Selector {
    /// Nothing is allowed, but for the channels if those are open from the beginning.
    pub(super) fn new(all_channels: bool) -> Selector {
        Selector {
            allowed: [0; ROWS.div_ceil(64)],
            first_words: Vec::new(),
            from_all: false,
            rules: Vec::new(),
            all_keys: false,
            keys: Vec::new(),
            all_channels,
            channels: Vec::new(),
        }
    }

    pub(super) fn unrestricted() -> Selector {
        let mut selector = Selector { all_keys: true, ..Selector::new(true) };
        selector.allow_all(true);
        selector
    }

    pub(super) fn is_unrestricted(&self) -> bool {
        self.from_all && self.rules.is_empty() && self.all_keys && self.all_channels
    }

    // ---- rules ----

    /// Obeys one word of ACL SETUSER.
    pub(super) fn apply(&mut self, rule: &[u8]) -> Result<(), Complaint> {
        let is = |word: &str| rule.eq_ignore_ascii_case(word.as_bytes());
        if is("allkeys") || rule == b"~*" {
            self.all_keys = true;
            self.keys.clear();
        } else if is("resetkeys") {
            self.all_keys = false;
            self.keys.clear();
        } else if is("allchannels") || rule == b"&*" {
            self.all_channels = true;
            self.channels.clear();
        } else if is("resetchannels") {
            self.all_channels = false;
            self.channels.clear();
        } else if is("allcommands") || is("+@all") {
            self.allow_all(true);
        } else if is("nocommands") || is("-@all") {
            self.allow_all(false);
        } else {
            match rule.split_first() {
                Some((b'~', pattern)) => self.add_keys(READS | WRITES, pattern)?,
                Some((b'%', rest)) => self.add_keys_with_rights(rest)?,
                Some((b'&', pattern)) => self.add_channels(pattern)?,
                Some((sign @ (b'+' | b'-'), name)) => self.add_command_rule(*sign == b'+', name)?,
                _ => return Err(SYNTAX),
            }
        }
        Ok(())
    }

    fn add_keys_with_rights(&mut self, rule: &[u8]) -> Result<(), Complaint> {
        let mut rights = 0;
        for (at, byte) in rule.iter().enumerate() {
            match byte.to_ascii_uppercase() {
                b'R' if rights & READS == 0 => rights |= READS,
                b'W' if rights & WRITES == 0 => rights |= WRITES,
                b'~' if rights != 0 => return self.add_keys(rights, &rule[at + 1..]),
                _ => return Err(SYNTAX),
            }
        }
        // Without a pattern they are rights to the key whose name is empty.
        if rights == 0 { Err(SYNTAX) } else { self.add_keys(rights, b"") }
    }

    fn add_keys(&mut self, rights: u8, pattern: &[u8]) -> Result<(), Complaint> {
        if self.all_keys {
            return Err(BEHIND_ALL_KEYS);
        }
        let pattern = one_word(pattern)?;
        match self.keys.iter_mut().find(|known| known.pattern == pattern) {
            Some(known) => known.rights |= rights,
            None => self.keys.push(KeyPattern { rights, pattern }),
        }
        Ok(())
    }

    fn add_channels(&mut self, pattern: &[u8]) -> Result<(), Complaint> {
        if self.all_channels {
            return Err(BEHIND_ALL_CHANNELS);
        }
        let pattern = one_word(pattern)?;
        if !self.channels.contains(&pattern) {
            self.channels.push(pattern);
        }
        Ok(())
    }

    fn add_command_rule(&mut self, allows: bool, name: &[u8]) -> Result<(), Complaint> {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if let Some(category) = name.strip_prefix('@') {
            let (category, _) = CATEGORIES.iter().find(|(_, name)| *name == category).ok_or(UNKNOWN)?;
            for command in every_row().filter(|command| command.categories & *category as u32 != 0) {
                self.allow(command, allows);
            }
        } else {
            let (first, rest) = name.split_once('|').map_or((&*name, None), |(first, rest)| (first, Some(rest)));
            let command = table::find(first.as_bytes()).ok_or(UNKNOWN)?;
            match rest {
                None => {
                    self.allow(command, allows);
                    command.subcommands.iter().for_each(|sub| self.allow(sub, allows));
                    // What was said of its subcommands and first arguments is settled.
                    self.rules.retain(|rule| rule[1..].split('|').next() != Some(first));
                }
                Some("") => return Err(SYNTAX),
                Some(rest) => match command.subcommand(rest.as_bytes()) {
                    Some(sub) => self.allow(sub, allows),
                    None => self.allow_first_word(command, allows, rest)?,
                },
            }
        }
        self.rules.retain(|rule| rule[1..] != *name);
        self.rules.push([if allows { "+" } else { "-" }, &name].concat());
        Ok(())
    }

    fn allow_first_word(&mut self, command: &Command, allows: bool, rest: &str) -> Result<(), Complaint> {
        if let Some((sub, _)) = rest.split_once('|') {
            let known = allows && command.subcommand(sub.as_bytes()).is_some();
            return Err(if known { FIRST_WORD_OF_SUBCOMMAND } else { UNKNOWN });
        }
        if !allows || !command.subcommands.is_empty() {
            return Err(UNKNOWN);
        }
        let word = (command.id, String::from(rest));
        if !self.first_words.contains(&word) {
            self.first_words.push(word);
        }
        Ok(())
    }

    fn allow_all(&mut self, allows: bool) {
        self.allowed.fill(if allows { u64::MAX } else { 0 });
        self.first_words.clear();
        self.rules.clear();
        self.from_all = allows;
    }

    fn allow(&mut self, command: &Command, allows: bool) {
        let (word, bit) = (usize::from(command.id) / 64, 1 << (command.id % 64));
        if allows {
            self.allowed[word] |= bit;
        } else {
            self.allowed[word] &= !bit;
        }
        self.first_words.retain(|(id, _)| *id != command.id);
    }

    // ---- what they are shown as ----

    pub(crate) fn describe_commands(&self) -> String {
        let base = if self.from_all { "+@all" } else { "-@all" };
        self.rules.iter().fold(String::from(base), |text, rule| text + " " + rule)
    }

    pub(crate) fn describe_keys(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        self.keys.iter().map(KeyPattern::describe).collect::<Vec<_>>().join(&b' ')
    }

    pub(crate) fn describe_channels(&self) -> Vec<u8> {
        if self.all_channels {
            return b"&*".to_vec();
        }
        self.channels.iter().map(|pattern| [b"&", &**pattern].concat()).collect::<Vec<_>>().join(&b' ')
    }

    /// All of it, as ACL LIST and configuration files have it.
    pub(super) fn describe(&self) -> Vec<u8> {
        let (keys, channels, commands) = (self.describe_keys(), self.describe_channels(), self.describe_commands());
        let reset: &[u8] = if self.all_channels { b"" } else { b"resetchannels" };
        let parts = [&keys, reset, &channels, commands.as_bytes()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(&b' ')
    }

    // ---- what they allow ----

    pub(super) fn judge(&self, request: &Request) -> Result<(), Denial> {
        if !self.runs(request) {
            return Err(Denial::Command);
        }
        for &(at, flags) in &request.keys {
            if !self.touches(request.words[at], needed(flags)) {
                return Err(Denial::Key(at));
            }
        }
        for (at, is_pattern) in channels(request) {
            if !self.hears(request.words[at], is_pattern) {
                return Err(Denial::Channel(at));
            }
        }
        Ok(())
    }

    fn runs(&self, request: &Request) -> bool {
        let id = request.command.id;
        let said = |word: &[u8]| {
            self.first_words.iter().any(|(of, first)| *of == id && word.eq_ignore_ascii_case(first.as_bytes()))
        };
        is_for_all(request.command)
            || self.allowed[usize::from(id) / 64] >> (id % 64) & 1 == 1
            || request.words.get(1).is_some_and(|word| said(word))
    }

    fn touches(&self, key: &[u8], rights: u8) -> bool {
        self.all_keys
            || self.keys.iter().any(|known| known.rights & rights == rights && glob::matches(&known.pattern, key))
    }

    /// Whether a channel may be used; a pattern of channels only if it was given itself.
    pub(super) fn hears(&self, channel: &[u8], is_pattern: bool) -> bool {
        let suits = |known: &Text| if is_pattern { **known == *channel } else { glob::matches(known, channel) };
        self.all_channels || self.channels.iter().any(suits)
    }

    pub(super) fn reads_all_keys(&self) -> bool {
        self.all_keys || self.keys.iter().any(|known| known.rights & READS != 0 && &*known.pattern == b"*")
    }
}

/// A pattern; it is kept and shown among others with spaces between.
fn one_word(pattern: &[u8]) -> Result<Text, Complaint> {
    if pattern.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        Err(SYNTAX)
    } else {
        Ok(Text::new(pattern))
    }
}

fn every_row() -> impl Iterator<Item = &'static Command> {
    (0..ROWS as u16).filter_map(table::row)
}

/// The rights that a key needs, by the flags of its specification.
fn needed(flags: &str) -> u8 {
    flags.split(' ').fold(0, |rights, flag| {
        rights
            | match flag {
                "access" => READS,
                "insert" | "delete" | "update" => WRITES,
                _ => 0,
            }
    })
}

/// The positions of a request's channels, and whether they are patterns.
fn channels(request: &Request) -> impl Iterator<Item = (usize, bool)> {
    let (last, is_pattern) = match request.command.name {
        "publish" | "spublish" => (1, false),
        "subscribe" | "ssubscribe" => (request.words.len() - 1, false),
        "psubscribe" => (request.words.len() - 1, true),
        _ => (0, false),
    };
    (1..=last).map(move |at| (at, is_pattern))
}
