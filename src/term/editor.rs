//! The line that is being typed, with redis-cli's keys.
//!
//! For hosts that have no input field of their own: key in, state out. A page with a real `<input>` leaves plain editing to the
//! browser and takes [`Recall`], [`Search`] and [`Cycle`] by themselves. The buffer is UTF-8 and the cursor always stands
//! between characters. Ctrl-G and Esc leave a search with what stood there before, where redis-cli would leave nothing.

use crate::complete::{Cycle, KeySource, complete};
use crate::history::{Direction, History, Recall, Search};
use std::ops::Range;

/// The longest line, in bytes.
pub const MOST: usize = 4095;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Char(char),
    /// Text that comes all at once; line ends in it become blanks.
    Paste(String),
    /// With the letter in lower case: `Ctrl('r')`.
    Ctrl(char),
    Enter,
    Tab,
    BackTab,
    Escape,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
}

/// What a key amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Press {
    /// The view may have changed.
    Edited,
    /// Nothing to be done: redis-cli rings the bell, a page lets the key have its usual effect.
    Bell,
    /// Enter: this line; the buffer is empty again.
    Submit(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D in an empty line.
    EndOfInput,
    /// Ctrl-L.
    ClearScreen,
}

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// In place of the session's prompt, while searching.
    pub prompt: Option<&'static str>,
    pub text: String,
    /// A byte position in the text.
    pub cursor: usize,
    /// The part of the text that a search has found.
    pub found: Option<Range<usize>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    cursor: usize,
    recall: Recall,
    search: Option<Search>,
    cycle: Option<Cycle>,
}

impl Editor {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The candidates that TAB walks through just now.
    pub fn cycle(&self) -> Option<&Cycle> {
        self.cycle.as_ref()
    }

    /// Puts a line in place of the one there is, the cursor at its end.
    pub fn set(&mut self, text: &str) {
        self.recall.end();
        self.search = None;
        self.cycle = None;
        self.replace(text, text.len());
    }

    pub fn view(&self, history: &History) -> View {
        let Some(search) = &self.search else {
            return View { prompt: None, text: self.text.clone(), cursor: self.cursor, found: None };
        };
        match search.found(history) {
            Some((line, range)) => {
                View { prompt: Some(search.prompt()), text: line.to_owned(), cursor: range.end, found: Some(range) }
            }
            None => View {
                prompt: Some(search.prompt()),
                text: search.query.clone(),
                cursor: search.query.len(),
                found: None,
            },
        }
    }

    pub fn press(&mut self, key: Key, history: &History, keys: &dyn KeySource) -> Press {
        if let Some(press) = self.press_in_search(&key, history) {
            return press;
        }
        if let Some(mut cycle) = self.cycle.take() {
            match key {
                Key::Tab | Key::BackTab => {
                    if key == Key::Tab {
                        cycle.forward();
                    } else {
                        cycle.back();
                    }
                    (self.text, self.cursor) = cycle.shown();
                    self.cycle = Some(cycle);
                    return Press::Edited;
                }
                Key::Escape => {
                    (self.text, self.cursor) = cycle.original();
                    return Press::Edited;
                }
                _ => {}
            }
        }
        match key {
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => self.insert(&text.replace(['\r', '\n'], " ")),
            Key::Enter => {
                self.recall.end();
                self.cursor = 0;
                return Press::Submit(std::mem::take(&mut self.text));
            }
            Key::Tab => return self.complete(keys),
            Key::Left | Key::Ctrl('b') => self.cursor = self.before(self.cursor),
            Key::Right | Key::Ctrl('f') => self.cursor = self.after(self.cursor),
            Key::Home | Key::Ctrl('a') => self.cursor = 0,
            Key::End | Key::Ctrl('e') => self.cursor = self.text.len(),
            Key::Backspace | Key::Ctrl('h') => self.delete(self.before(self.cursor)..self.cursor),
            Key::Ctrl('d') if self.text.is_empty() => return Press::EndOfInput,
            Key::Delete | Key::Ctrl('d') => self.delete(self.cursor..self.after(self.cursor)),
            Key::Ctrl('k') => self.delete(self.cursor..self.text.len()),
            Key::Ctrl('u') => self.delete(0..self.text.len()),
            Key::Ctrl('w') => self.delete(self.word_start()..self.cursor),
            Key::Ctrl('t') => self.transpose(),
            Key::Up | Key::Ctrl('p') => {
                let Some(line) = self.recall.older(history, &self.text) else { return Press::Bell };
                self.replace(line, line.len());
            }
            Key::Down | Key::Ctrl('n') => {
                let Some(line) = self.recall.newer(history) else { return Press::Bell };
                self.replace(&line, line.len());
            }
            Key::Ctrl('r') => self.search = Some(Search::new(Direction::Back, &self.text)),
            Key::Ctrl('s') => self.search = Some(Search::new(Direction::Forward, &self.text)),
            Key::Ctrl('c') => {
                self.set("");
                return Press::Interrupt;
            }
            Key::Ctrl('l') => return Press::ClearScreen,
            Key::BackTab | Key::Escape | Key::Ctrl(_) => return Press::Bell,
        }
        Press::Edited
    }

    /// A key while searching; nothing when the search is over and the key has its usual meaning.
    fn press_in_search(&mut self, key: &Key, history: &History) -> Option<Press> {
        let search = self.search.as_mut()?;
        match key {
            Key::Char(c) => {
                let query = format!("{}{c}", search.query);
                search.set_query(history, &query);
            }
            Key::Paste(text) => {
                let query = format!("{}{}", search.query, text.replace(['\r', '\n'], " "));
                search.set_query(history, &query);
            }
            Key::Backspace | Key::Ctrl('h') => {
                let mut query = search.query.clone();
                query.pop();
                search.set_query(history, &query);
            }
            Key::Ctrl('u') => search.set_query(history, ""),
            Key::Ctrl('r') => search.next(history, Direction::Back),
            Key::Ctrl('s') => search.next(history, Direction::Forward),
            Key::Ctrl('g') | Key::Escape => {
                let draft = search.draft().to_owned();
                self.set(&draft);
            }
            _ => {
                // Whatever else is pressed takes the line that was found.
                let found = search.found(history).map(|(line, range)| (line.to_owned(), range.end));
                let (line, cursor) = found.unwrap_or_else(|| (search.draft().to_owned(), search.draft().len()));
                self.set(&line);
                self.cursor = cursor;
                return (*key == Key::Tab).then_some(Press::Edited);
            }
        }
        Some(Press::Edited)
    }

    fn complete(&mut self, keys: &dyn KeySource) -> Press {
        if self.text.is_empty() {
            return Press::Bell;
        }
        let completion = complete(&self.text, self.cursor, keys);
        match Cycle::new(&self.text, self.cursor, completion) {
            Some(cycle) if cycle.shown().0.len() <= MOST => {
                (self.text, self.cursor) = cycle.shown();
                self.cycle = Some(cycle);
                Press::Edited
            }
            _ => Press::Bell,
        }
    }

    fn insert(&mut self, text: &str) {
        let mut room = MOST.saturating_sub(self.text.len()).min(text.len());
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        self.text.insert_str(self.cursor, &text[..room]);
        self.cursor += room;
    }

    fn replace(&mut self, text: &str, cursor: usize) {
        text.clone_into(&mut self.text);
        self.cursor = cursor;
    }

    fn delete(&mut self, range: Range<usize>) {
        self.cursor = range.start;
        self.text.replace_range(range, "");
    }

    fn before(&self, at: usize) -> usize {
        self.text[..at].char_indices().next_back().map_or(0, |(start, _)| start)
    }

    fn after(&self, at: usize) -> usize {
        at + self.text[at..].chars().next().map_or(0, char::len_utf8)
    }

    /// Where the word before the cursor begins, blanks between it and the cursor included.
    fn word_start(&self) -> usize {
        let word = self.text[..self.cursor].trim_end_matches(' ');
        word.rfind(' ').map_or(0, |blank| blank + 1)
    }

    /// The character before the cursor changes places with the one at it.
    fn transpose(&mut self) {
        if self.cursor == 0 || self.cursor == self.text.len() {
            return;
        }
        let (start, end) = (self.before(self.cursor), self.after(self.cursor));
        let swapped = format!("{}{}", &self.text[self.cursor..end], &self.text[start..self.cursor]);
        let second = start + (end - self.cursor);
        self.text.replace_range(start..end, &swapped);
        self.cursor = if end == self.text.len() { second } else { end };
    }
}
