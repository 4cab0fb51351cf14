//! Matching one pattern at one place. PUC matches by C recursion; here alternatives still to be tried are entries on a stack, so
//! that no pattern and no subject can exhaust the host, and a match that takes forever can be paused: `Matcher` is plain data
//! that runs for a budget of steps at a time.

use alloc::vec::Vec;

use crate::{state::State, value::Value};

use super::{
    item::{self, Item, Read, malformed},
    string::slice,
};

pub const MAX_CAPTURES: usize = 32;
/// Steps between looks at the fuel.
pub const BUDGET: usize = 10_000;
/// Lengths of captures that have none.
const UNFINISHED: usize = usize::MAX;
const POSITION: usize = usize::MAX - 1;

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
    captures: [(usize, usize); MAX_CAPTURES],
    choices: Vec<Choice>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    Matched(usize),
    Failed,
    OutOfBudget,
}

/// The next place where a match of a pattern without anchor may begin: most places are none by their first byte alone.
pub fn next_start(text: &[u8], pattern: &[u8], at: usize, budget: &mut usize) -> usize {
    let Some(item) = item::first(pattern) else { return at };
    let ahead = text.get(at..).unwrap_or_default();
    let passed = item.run_of(&ahead[..ahead.len().min(*budget)], false);
    *budget -= passed;
    at + passed
}

impl Matcher {
    pub fn begin(&mut self, subject: usize, pattern: usize) {
        self.subject = subject;
        self.start = subject;
        self.pattern = pattern;
        self.level = 0;
        self.choices.clear();
    }

    /// How much the choices take.
    pub fn cost(&self) -> usize {
        self.choices.len() * size_of::<Choice>()
    }

    pub fn run(&mut self, text: &[u8], pattern: &[u8], budget: &mut usize) -> Read<Progress> {
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
                    self.captures[index].1 = self.subject - self.captures[index].0;
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
                Some(b'%') if matches!(pattern.get(self.pattern + 1), Some(b'b' | b'f' | b'0'..=b'9')) => {
                    match pattern[self.pattern + 1] {
                        b'b' => self.balance(text, pattern)?,
                        b'f' => self.frontier(text, pattern)?,
                        digit => self.back_reference(text, digit)?,
                    }
                }
                Some(_) => self.single(text, pattern)?,
            };
            if !matched && !self.backtrack(text, pattern) {
                return Ok(Progress::Failed);
            }
        }
    }

    fn open(&mut self, what: usize, skip: usize) -> Read<()> {
        if self.level >= MAX_CAPTURES {
            return Err(malformed("too many captures"));
        }
        self.captures[self.level] = (self.subject, what);
        self.level += 1;
        self.choices.push(Choice::Reopen);
        self.pattern += skip;
        Ok(())
    }

    fn capture_to_close(&self) -> Read<usize> {
        (0..self.level)
            .rev()
            .find(|index| self.captures[*index].1 == UNFINISHED)
            .ok_or_else(|| malformed("invalid pattern capture"))
    }

    #[inline(always)]
    fn single(&mut self, text: &[u8], pattern: &[u8]) -> Read<bool> {
        let (item, end) = Item::read(pattern, self.pattern)?;
        let here = text.get(self.subject).is_some_and(|byte| item.matches(*byte));
        match pattern.get(end) {
            Some(b'?') => {
                if here {
                    self.choices.push(Choice::Resume { subject: self.subject, pattern: end + 1 });
                    self.subject += 1;
                }
                self.pattern = end + 1;
                Ok(true)
            }
            Some(repeated @ (b'*' | b'+')) => {
                if here {
                    let from = self.subject + usize::from(*repeated == b'+');
                    self.subject += item.run_of(&text[self.subject..], true);
                    if self.subject > from {
                        let taken = self.subject - from;
                        self.choices.push(Choice::Fewer { subject: from, taken, pattern: end + 1 });
                    }
                }
                self.pattern = end + 1;
                Ok(here || *repeated == b'*')
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

    fn balance(&mut self, text: &[u8], pattern: &[u8]) -> Read<bool> {
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

    fn frontier(&mut self, text: &[u8], pattern: &[u8]) -> Read<bool> {
        let set = self.pattern + 2;
        if pattern.get(set) != Some(&b'[') {
            return Err(malformed("missing '[' after '%f' in pattern"));
        }
        let (item, end) = Item::read(pattern, set)?;
        let before = if self.subject == 0 { 0 } else { text[self.subject - 1] };
        let after = text.get(self.subject).copied().unwrap_or(0);
        if item.matches(before) || !item.matches(after) {
            return Ok(false);
        }
        self.pattern = end;
        Ok(true)
    }

    fn back_reference(&mut self, text: &[u8], digit: u8) -> Read<bool> {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        if index >= self.level || self.captures[index].1 == UNFINISHED {
            return Err(malformed("invalid capture index"));
        }
        let (start, length) = self.captures[index];
        let length = if length == POSITION { 0 } else { length };
        if text[self.subject..].starts_with(&text[start..start + length]) {
            self.subject += length;
            self.pattern += 2;
            return Ok(true);
        }
        Ok(false)
    }

    #[inline(always)]
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
                        && Item::read(pattern, *single).is_ok_and(|(item, _)| item.matches(*byte))
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
    pub fn capture(&self, state: &mut State, subject: u64, index: usize, end: usize) -> Read<Value> {
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
            _ => slice(state, subject, start, start + length),
        }
    }
}
