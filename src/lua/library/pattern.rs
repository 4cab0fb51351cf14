//! Lua's patterns. PUC matches by C recursion; here alternatives still to be tried are entries on a stack, so that no
//! pattern and no subject can exhaust the host, and a match that takes forever can be paused: `Matcher` is plain data
//! that runs for a budget of steps at a time.

use alloc::{boxed::Box, string::String, vec::Vec};

use crate::{
    state::{Args, Continuation, Fault, Ret, State},
    value::Value,
};

use super::{
    GMATCH_STEP,
    string::{relative, slice},
};

const MAX_CAPTURES: usize = 32;
const UNFINISHED: i64 = -1;
const POSITION: i64 = -2;
/// Steps between looks at the fuel.
const BUDGET: usize = 10_000;

/// What to try when the match fails from here on.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// Go on at this place of subject and pattern.
    Resume {
        subject: usize,
        pattern: usize,
    },
    /// Give back one of the repetitions taken.
    Fewer {
        subject: usize,
        taken: usize,
        pattern: usize,
    },
    /// Take one repetition more.
    More {
        subject: usize,
        single: usize,
        end: usize,
    },
    /// Undo the opening, the closing of a capture.
    Reopen,
    Unclose {
        index: usize,
    },
}

#[derive(Clone, Debug, Default)]
pub struct Matcher {
    subject: usize,
    pattern: usize,
    pub start: usize,
    pub level: usize,
    captures: [(usize, i64); MAX_CAPTURES],
    choices: Vec<Choice>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    Matched(usize),
    Failed,
    OutOfBudget,
}

type Match<T> = Result<T, Fault>;

fn malformed(text: &str) -> Fault {
    Fault::Message(String::from(text))
}

impl Matcher {
    pub fn begin(&mut self, subject: usize, pattern: usize) {
        self.subject = subject;
        self.start = subject;
        self.pattern = pattern;
        self.level = 0;
        self.choices.clear();
    }

    pub fn run(&mut self, text: &[u8], pattern: &[u8], budget: &mut usize) -> Match<Progress> {
        loop {
            if *budget == 0 {
                return Ok(Progress::OutOfBudget);
            }
            *budget -= 1;
            let matched = match pattern.get(self.pattern) {
                None => return Ok(Progress::Matched(self.subject)),
                Some(b'(') => {
                    if pattern.get(self.pattern + 1) == Some(&b')') {
                        self.open(POSITION, 2)?;
                    } else {
                        self.open(UNFINISHED, 1)?;
                    }
                    true
                }
                Some(b')') => {
                    let index = self.capture_to_close()?;
                    self.captures[index].1 = (self.subject - self.captures[index].0) as i64;
                    self.choices.push(Choice::Unclose { index });
                    self.pattern += 1;
                    true
                }
                Some(b'$') if self.pattern + 1 == pattern.len() => {
                    if self.subject == text.len() {
                        return Ok(Progress::Matched(self.subject));
                    }
                    false
                }
                Some(b'%') => match pattern.get(self.pattern + 1) {
                    Some(b'b') => self.balance(text, pattern)?,
                    Some(b'f') => self.frontier(text, pattern)?,
                    Some(digit @ b'0'..=b'9') => self.back_reference(text, *digit)?,
                    _ => self.single(text, pattern)?,
                },
                Some(_) => self.single(text, pattern)?,
            };
            if !matched && !self.backtrack(text, pattern) {
                return Ok(Progress::Failed);
            }
        }
    }

    fn open(&mut self, what: i64, skip: usize) -> Match<()> {
        if self.level >= MAX_CAPTURES {
            return Err(malformed("too many captures"));
        }
        self.captures[self.level] = (self.subject, what);
        self.level += 1;
        self.choices.push(Choice::Reopen);
        self.pattern += skip;
        Ok(())
    }

    fn capture_to_close(&self) -> Match<usize> {
        (0..self.level)
            .rev()
            .find(|index| self.captures[*index].1 == UNFINISHED)
            .ok_or_else(|| malformed("invalid pattern capture"))
    }

    fn single(&mut self, text: &[u8], pattern: &[u8]) -> Match<bool> {
        let end = class_end(pattern, self.pattern)?;
        let here = text.get(self.subject).is_some_and(|byte| matches_one(*byte, pattern, self.pattern, end));
        match pattern.get(end) {
            Some(b'?') => {
                if here {
                    self.choices.push(Choice::Resume { subject: self.subject, pattern: end + 1 });
                    self.subject += 1;
                }
                self.pattern = end + 1;
                Ok(true)
            }
            Some(b'*') => {
                self.expand(text, pattern, self.subject, end);
                Ok(true)
            }
            Some(b'+') => {
                if here {
                    self.expand(text, pattern, self.subject + 1, end);
                }
                Ok(here)
            }
            Some(b'-') => {
                self.choices.push(Choice::More { subject: self.subject, single: self.pattern, end });
                self.pattern = end + 1;
                Ok(true)
            }
            _ => {
                if here {
                    self.subject += 1;
                    self.pattern = end;
                }
                Ok(here)
            }
        }
    }

    /// Takes as many repetitions as there are.
    fn expand(&mut self, text: &[u8], pattern: &[u8], from: usize, end: usize) {
        let taken = text[from..].iter().take_while(|byte| matches_one(**byte, pattern, self.pattern, end)).count();
        if taken > 0 {
            self.choices.push(Choice::Fewer { subject: from, taken, pattern: end + 1 });
        }
        self.subject = from + taken;
        self.pattern = end + 1;
    }

    fn balance(&mut self, text: &[u8], pattern: &[u8]) -> Match<bool> {
        let (Some(&open), Some(&close)) = (pattern.get(self.pattern + 2), pattern.get(self.pattern + 3)) else {
            return Err(malformed("unbalanced pattern"));
        };
        if text.get(self.subject) != Some(&open) {
            return Ok(false);
        }
        let mut depth = 1;
        for (offset, &byte) in text[self.subject + 1..].iter().enumerate() {
            if byte == close {
                depth -= 1;
                if depth == 0 {
                    self.subject += offset + 2;
                    self.pattern += 4;
                    return Ok(true);
                }
            } else if byte == open {
                depth += 1;
            }
        }
        Ok(false)
    }

    fn frontier(&mut self, text: &[u8], pattern: &[u8]) -> Match<bool> {
        let set = self.pattern + 2;
        if pattern.get(set) != Some(&b'[') {
            return Err(malformed("missing '[' after '%f' in pattern"));
        }
        let end = class_end(pattern, set)?;
        let before = if self.subject == 0 { 0 } else { text[self.subject - 1] };
        let after = text.get(self.subject).copied().unwrap_or(0);
        if matches_set(before, pattern, set, end - 1) || !matches_set(after, pattern, set, end - 1) {
            return Ok(false);
        }
        self.pattern = end;
        Ok(true)
    }

    fn back_reference(&mut self, text: &[u8], digit: u8) -> Match<bool> {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        if index >= self.level || self.captures[index].1 == UNFINISHED {
            return Err(malformed("invalid capture index"));
        }
        let (start, length) = self.captures[index];
        let length = length.max(0) as usize;
        if text[self.subject..].starts_with(&text[start..start + length]) {
            self.subject += length;
            self.pattern += 2;
            return Ok(true);
        }
        Ok(false)
    }

    fn backtrack(&mut self, text: &[u8], pattern: &[u8]) -> bool {
        while let Some(choice) = self.choices.last_mut() {
            match choice {
                Choice::Resume { subject, pattern } => {
                    (self.subject, self.pattern) = (*subject, *pattern);
                    self.choices.pop();
                    return true;
                }
                Choice::Fewer { subject, taken, pattern } => {
                    *taken -= 1;
                    (self.subject, self.pattern) = (*subject + *taken, *pattern);
                    if *taken == 0 {
                        self.choices.pop();
                    }
                    return true;
                }
                Choice::More { subject, single, end } => {
                    if let Some(byte) = text.get(*subject)
                        && matches_one(*byte, pattern, *single, *end)
                    {
                        *subject += 1;
                        (self.subject, self.pattern) = (*subject, *end + 1);
                        return true;
                    }
                    self.choices.pop();
                }
                Choice::Reopen => {
                    self.level -= 1;
                    self.choices.pop();
                }
                Choice::Unclose { index } => {
                    self.captures[*index].1 = UNFINISHED;
                    self.choices.pop();
                }
            }
        }
        false
    }

    /// The number of values a match gives: its captures, or the whole of it.
    pub fn count(&self, whole: bool) -> usize {
        if self.level == 0 && whole { 1 } else { self.level }
    }

    /// A capture as a value; 0 is the whole match if there are no captures.
    pub fn capture(&self, state: &mut State, subject: u64, index: usize, end: usize) -> Match<Value> {
        if index >= self.level {
            if index == 0 {
                return slice(state, subject, self.start, end);
            }
            return Err(malformed("invalid capture index"));
        }
        let (start, length) = self.captures[index];
        match length {
            UNFINISHED => Err(malformed("unfinished capture")),
            POSITION => Ok(Value::number((start + 1) as f64)),
            _ => slice(state, subject, start, start + length as usize),
        }
    }
}

/// Where the single item of a pattern that starts here ends.
fn class_end(pattern: &[u8], at: usize) -> Match<usize> {
    match pattern.get(at) {
        Some(b'%') => {
            if at + 1 >= pattern.len() {
                return Err(malformed("malformed pattern (ends with '%')"));
            }
            Ok(at + 2)
        }
        Some(b'[') => {
            let mut end = at + 1;
            if pattern.get(end) == Some(&b'^') {
                end += 1;
            }
            loop {
                match pattern.get(end) {
                    None => return Err(malformed("malformed pattern (missing ']')")),
                    Some(b'%') if end + 1 < pattern.len() => end += 2,
                    Some(_) => end += 1,
                }
                if pattern.get(end) == Some(&b']') {
                    return Ok(end + 1);
                }
            }
        }
        _ => Ok(at + 1),
    }
}

fn matches_one(byte: u8, pattern: &[u8], at: usize, end: usize) -> bool {
    match pattern[at] {
        b'.' => true,
        b'%' => matches_class(byte, pattern[at + 1]),
        b'[' => matches_set(byte, pattern, at, end - 1),
        plain => plain == byte,
    }
}

fn matches_class(byte: u8, class: u8) -> bool {
    let found = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => matches!(byte, b' ' | b'\t'..=b'\r'),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    found != class.is_ascii_uppercase()
}

/// `at` is the opening bracket, `close` the closing one.
fn matches_set(byte: u8, pattern: &[u8], at: usize, close: usize) -> bool {
    let negated = pattern.get(at + 1) == Some(&b'^');
    let mut at = at + 1 + usize::from(negated);
    while at < close {
        if pattern[at] == b'%' {
            at += 1;
            if matches_class(byte, pattern[at]) {
                return !negated;
            }
        } else if pattern.get(at + 1) == Some(&b'-') && at + 2 < close {
            if pattern[at] <= byte && byte <= pattern[at + 2] {
                return !negated;
            }
            at += 2;
        } else if pattern[at] == byte {
            return !negated;
        }
        at += 1;
    }
    negated
}

/// Patterns are C strings: a zero byte ends them.
pub fn visible(pattern: &[u8]) -> &[u8] {
    pattern.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Find,
    Match,
    /// Moves on by itself: the box remembers the place.
    Gmatch(u32),
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    kind: Kind,
    subject: u64,
    pattern: u64,
    at: usize,
    anchored: bool,
    running: bool,
    matcher: Matcher,
}

impl Search {
    pub fn values(&self) -> [Value; 2] {
        [Value::String(self.subject), Value::String(self.pattern)]
    }
}

pub fn find(state: &mut State, args: Args) -> Result<Ret, Fault> {
    search(state, args, Kind::Find)
}

pub fn match_text(state: &mut State, args: Args) -> Result<Ret, Fault> {
    search(state, args, Kind::Match)
}

fn search(state: &mut State, args: Args, kind: Kind) -> Result<Ret, Fault> {
    let subject = state.check_string(args, 0)?;
    let pattern = state.check_string(args, 1)?;
    let length = state.heap.bytes(subject).len();
    let init = relative(state.optional_integer(args, 2, 1)?, length) - 1;
    let init = init.clamp(0, length as i64) as usize;
    let text = state.heap.bytes(pattern);
    let special = visible(text).iter().any(|byte| b"^$*+?.([%-".contains(byte));
    if kind == Kind::Find && (state.arg(args, 3).truthy() || !special) {
        let found = find_plain(&state.heap.bytes(subject)[init..], text);
        let needle = text.len();
        state.charge(length - init);
        return Ok(match found {
            Some(at) => {
                let start = init + at;
                Ret::Two(Value::number((start + 1) as f64), Value::number((start + needle) as f64))
            }
            None => Ret::One(Value::Nil),
        });
    }
    let anchored = text.first() == Some(&b'^');
    let mut search = Search { kind, subject, pattern, at: init, anchored, running: false, matcher: Matcher::default() };
    step(state, args, &mut search)?.map_or_else(|| Ok(Ret::Again(Continuation::Search(Box::new(search)))), Ok)
}

pub fn go_on(state: &mut State, args: Args, mut search: Box<Search>) -> Result<Ret, Fault> {
    match step(state, args, &mut search)? {
        Some(ret) => Ok(ret),
        None => Ok(Ret::Again(Continuation::Search(search))),
    }
}

pub fn find_plain(text: &[u8], needle: &[u8]) -> Option<usize> {
    let Some((&first, rest)) = needle.split_first() else { return Some(0) };
    let mut at = 0;
    while let Some(offset) = text[at..].iter().position(|byte| *byte == first) {
        at += offset + 1;
        if text[at..].starts_with(rest) {
            return Some(at - 1);
        }
    }
    None
}

/// Runs for a budget; `None` if that was not enough.
fn step(state: &mut State, args: Args, search: &mut Search) -> Result<Option<Ret>, Fault> {
    let mut budget = BUDGET;
    let text = state.heap.bytes(search.subject);
    let pattern = visible(state.heap.bytes(search.pattern));
    let first = usize::from(search.anchored);
    let found = loop {
        if !search.running {
            search.matcher.begin(search.at, first);
            search.running = true;
        }
        match search.matcher.run(text, pattern, &mut budget)? {
            Progress::OutOfBudget => break None,
            Progress::Matched(end) => break Some(Some(end)),
            Progress::Failed => {
                search.running = false;
                search.at += 1;
                if search.at > text.len() || search.anchored {
                    break Some(None);
                }
            }
        }
    };
    if search.matcher.choices.len() * 32 > state.heap.limit {
        return Err(Fault::Memory);
    }
    state.charge((BUDGET - budget) * 4);
    let Some(found) = found else { return Ok(None) };
    let Some(end) = found else { return Ok(Some(Ret::One(Value::Nil))) };
    let matcher = &search.matcher;
    let start = matcher.start;
    if let Kind::Gmatch(at) = search.kind {
        let next = if end == start { end + 1 } else { end };
        state.heap.boxes[at][2] = Value::number(next as f64);
    }
    let extra = if search.kind == Kind::Find { 2 } else { 0 };
    let count = matcher.count(search.kind != Kind::Find);
    if count == 1 && extra == 0 {
        return Ok(Some(Ret::One(matcher.capture(state, search.subject, 0, end)?)));
    }
    let slot = args.free_slot();
    state.ensure(slot + extra + count)?;
    if extra > 0 {
        state.stack[slot] = Value::number((start + 1) as f64);
        state.stack[slot + 1] = Value::number(end as f64);
    }
    for index in 0..count {
        state.stack[slot + extra + index] = matcher.capture(state, search.subject, index, end)?;
    }
    Ok(Some(Ret::Many { start: slot, count: extra + count }))
}

pub fn gmatch(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let subject = state.check_string(args, 0)?;
    let pattern = state.check_string(args, 1)?;
    let values = [Value::String(subject), Value::String(pattern), Value::number(0.0)];
    let captured = state.heap.new_box(values);
    Ok(Ret::One(Value::Native(GMATCH_STEP | (u64::from(captured) + 1) << 32)))
}

pub fn gmatch_step(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let Value::Native(id) = state.stack[args.func] else { return Ok(Ret::None) };
    let at = (id >> 32) as u32 - 1;
    let [Value::String(subject), Value::String(pattern), Value::Number(bits)] = state.heap.boxes[at] else {
        return Ok(Ret::None);
    };
    let from = f64::from_bits(bits) as usize;
    if from > state.heap.bytes(subject).len() {
        return Ok(Ret::One(Value::Nil));
    }
    let mut search = Search {
        kind: Kind::Gmatch(at),
        subject,
        pattern,
        at: from,
        anchored: false,
        running: false,
        matcher: Matcher::default(),
    };
    step(state, args, &mut search)?.map_or_else(|| Ok(Ret::Again(Continuation::Search(Box::new(search)))), Ok)
}
