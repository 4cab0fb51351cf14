//! The line that is being typed: its text, the ways through the history, and what can be said about it.

use crate::terminal::{About, PaneMsg, Span};
use engine::Engine;
use engine::table::{self, Command};
use std::rc::Rc;
use term::Session;
use term::history::{Direction, Recall, Search};

#[derive(Clone, Debug, Default)]
pub struct LineEditor {
    text: String,
    caret: usize,
    revision: u32,
    recall: Recall,
    search: Option<Search>,
}

/// What the pane shows of the line.
pub struct LineView {
    pub prompt: Option<String>,
    pub spans: Vec<Span>,
    pub ghost: Rc<str>,
    pub about: About,
    pub can_complete: bool,
}

impl LineEditor {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How often the text was changed otherwise than by typing.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The caret in UTF-16 units, as the browser counts.
    pub fn caret_units(&self) -> u32 {
        self.text.get(..self.caret).unwrap_or(&self.text).encode_utf16().count() as u32
    }

    pub fn put(&mut self, line: &str) {
        line.clone_into(&mut self.text);
        self.caret = line.len();
        self.revision += 1;
        self.search = None;
    }

    /// The line that was finished.
    pub fn take(&mut self) -> String {
        self.recall.end();
        self.search = None;
        self.revision += 1;
        self.caret = 0;
        core::mem::take(&mut self.text)
    }

    pub fn edit(&mut self, msg: &PaneMsg, session: &Session, _engine: &Engine) {
        let history = &session.history;
        match msg {
            PaneMsg::Typed { text, caret } => {
                text.clone_into(&mut self.text);
                self.caret = *caret;
                self.recall.end();
            }
            PaneMsg::Caret(caret) => self.caret = *caret,
            PaneMsg::Older => {
                let current = self.text.clone();
                if let Some(line) = self.recall.older(history, &current).map(str::to_owned) {
                    self.put(&line);
                }
            }
            PaneMsg::Newer => {
                if let Some(line) = self.recall.newer(history) {
                    self.put(&line);
                }
            }
            PaneMsg::Search => match &mut self.search {
                Some(search) => search.next(history, Direction::Back),
                None => self.search = Some(Search::new(Direction::Back, &self.text)),
            },
            PaneMsg::Escape => self.put(""),
            _ => {}
        }
    }

    pub fn view(&self, _session: &Session, _engine: &Engine, _database: usize) -> LineView {
        LineView {
            prompt: None,
            spans: spans(&self.text),
            ghost: "".into(),
            about: About::Nothing,
            can_complete: false,
        }
    }
}

/// A line in the colours of the grammar.
pub fn spans(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut done = 0;
    for (index, word) in term::quote::words(line).iter().enumerate() {
        let class = if index == 0 { if row(&word.bytes).is_some() { "t-command" } else { "" } } else { "" };
        if done < word.start {
            spans.push(Span { class: "", text: line[done..word.start].into() });
        }
        spans.push(Span { class, text: line[word.start..word.end].into() });
        done = word.end;
    }
    if done < line.len() {
        spans.push(Span { class: "", text: line[done..].into() });
    }
    spans
}

fn row(name: &[u8]) -> Option<&'static Command> {
    table::find(name)
}

/// A request as somebody would have typed it.
pub fn of_request(bytes: &[u8]) -> String {
    let mut parser = resp::request::Parser::default();
    let parsed = parser.parse(bytes, &resp::request::Limits::default());
    let Ok(resp::request::Progress::Request { inline, .. }) = parsed else { return String::new() };
    let source = if inline { parser.inline() } else { bytes };
    let words = parser.spans().iter().filter_map(|span| source.get(span.start as usize..span.end as usize));
    words.map(term::quote::typed).collect::<Vec<_>>().join(" ")
}
