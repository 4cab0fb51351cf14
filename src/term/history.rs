//! The lines that were typed, and the ways back to them.
//!
//! A line that repeats the one before it is kept once. Lines with a password are remembered while redis-cli runs but are
//! not among those that may be [saved](History::saved). [`Recall`] is a walk through the history with the draft kept that was
//! being typed when it began; [`Search`] is Ctrl-R and Ctrl-S. Both are plain data that a host can hold beside an input field.

use std::collections::VecDeque;

/// As many lines as redis-cli keeps.
const MOST: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    line: String,
    sensitive: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    entries: VecDeque<Entry>,
}

impl History {
    /// Lines saved earlier, oldest first.
    pub fn from_lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> History {
        let mut history = History::default();
        for line in lines {
            history.add(line, false);
        }
        history
    }

    pub fn add(&mut self, line: &str, sensitive: bool) {
        if line.is_empty() || self.entries.back().is_some_and(|last| last.line == line) {
            return;
        }
        if self.entries.len() == MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { line: line.to_owned(), sensitive });
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The line typed `back` lines ago; 1 is the last.
    pub fn line(&self, back: usize) -> Option<&str> {
        let at = self.entries.len().checked_sub(back)?;
        self.entries.get(at).map(|entry| entry.line.as_str())
    }

    /// All lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.line.as_str())
    }

    /// The lines that may be kept beyond this session: those without secrets, oldest first.
    pub fn saved(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| !entry.sensitive).map(|entry| entry.line.as_str())
    }

    /// The newest line that begins with what is being typed, for a ghost behind the cursor.
    pub fn beginning_with(&self, prefix: &str) -> Option<&str> {
        if prefix.is_empty() {
            return None;
        }
        let mut newest_first = self.entries.iter().rev().map(|entry| entry.line.as_str());
        newest_first.find(|line| line.len() > prefix.len() && line.starts_with(prefix))
    }
}

/// A walk through the history with ↑ and ↓.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recall {
    /// How many lines back; 0 is the draft.
    back: usize,
    draft: String,
}

impl Recall {
    /// One line further back; `current` is what stands in the input.
    pub fn older<'a>(&mut self, history: &'a History, current: &str) -> Option<&'a str> {
        let line = history.line(self.back + 1)?;
        if self.back == 0 {
            current.clone_into(&mut self.draft);
        }
        self.back += 1;
        Some(line)
    }

    /// One line closer, at the end the draft again.
    pub fn newer(&mut self, history: &History) -> Option<String> {
        match self.back {
            0 => None,
            1 => {
                self.back = 0;
                Some(std::mem::take(&mut self.draft))
            }
            _ => {
                self.back -= 1;
                history.line(self.back).map(str::to_owned)
            }
        }
    }

    /// The line was submitted or given up.
    pub fn end(&mut self) {
        *self = Recall::default();
    }
}

/// Which way a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Ctrl-R: towards older lines.
    Back,
    /// Ctrl-S: towards newer ones.
    Forward,
}

/// An incremental search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub direction: Direction,
    pub query: String,
    /// The line it stands on: how many lines back it is and where in it the query was found.
    found: Option<(usize, usize)>,
    /// What stood in the input when the search began: Ctrl-G brings it back.
    draft: String,
}

impl Search {
    pub fn new(direction: Direction, draft: &str) -> Search {
        Search { direction, query: String::new(), found: None, draft: draft.to_owned() }
    }

    /// `(reverse-i-search): ` or `(i-search): `
    pub fn prompt(&self) -> &'static str {
        match self.direction {
            Direction::Back => "(reverse-i-search): ",
            Direction::Forward => "(i-search): ",
        }
    }

    /// The line that is found, and the range of the query in it.
    pub fn found<'a>(&self, history: &'a History) -> Option<(&'a str, std::ops::Range<usize>)> {
        let (back, at) = self.found?;
        Some((history.line(back)?, at..at + self.query.len()))
    }

    pub fn draft(&self) -> &str {
        &self.draft
    }

    /// The query grew or shrank: looks again, the line that is shown included.
    pub fn set_query(&mut self, history: &History, query: &str) {
        query.clone_into(&mut self.query);
        let from = match (self.found, self.direction) {
            (Some((back, _)), _) => back,
            (None, Direction::Back) => 1,
            (None, Direction::Forward) => history.len(),
        };
        self.look(history, from);
    }

    /// Ctrl-R or Ctrl-S again: the next line in that direction.
    pub fn next(&mut self, history: &History, direction: Direction) {
        self.direction = direction;
        let Some((back, _)) = self.found else { return self.set_query(history, &self.query.clone()) };
        let kept = self.found;
        match direction {
            Direction::Back => self.look(history, back + 1),
            Direction::Forward => self.look(history, back.saturating_sub(1)),
        }
        if self.found.is_none() {
            self.found = kept;
        }
    }

    fn look(&mut self, history: &History, from: usize) {
        self.found = None;
        if self.query.is_empty() {
            return;
        }
        let find = |back: usize| history.line(back).and_then(|line| line.find(&self.query)).map(|at| (back, at));
        self.found = match self.direction {
            Direction::Back => (from.max(1)..=history.len()).find_map(find),
            Direction::Forward => (1..=from.min(history.len())).rev().find_map(find),
        };
    }
}

/// Whether a command carries a secret, which is not to be written down.
pub fn is_sensitive(words: &[Vec<u8>]) -> bool {
    let word = |at: usize| words.get(at).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let any = |from: usize, names: &[&[u8]]| {
        words.iter().skip(from).any(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))
    };
    match word(0).as_slice() {
        b"auth" => true,
        b"acl" => matches!(word(1).as_slice(), b"setuser" | b"deluser" | b"getuser"),
        b"config" => {
            word(1) == b"set"
                && any(
                    2,
                    &[b"masterauth", b"masteruser", b"requirepass", b"tls-key-file-pass", b"tls-client-key-file-pass"],
                )
        }
        b"hello" => any(2, &[b"auth"]),
        b"migrate" => any(3, &[b"auth", b"auth2"]),
        b"sentinel" => {
            matches!(word(1).as_slice(), b"set" | b"config")
                && any(2, &[b"auth-pass", b"auth-user", b"sentinel-pass", b"sentinel-user"])
        }
        _ => false,
    }
}
