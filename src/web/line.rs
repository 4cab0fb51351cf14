//! The line that is being typed: its text, the ways through history and completions, and what can be said about it.

use crate::later;
use crate::terminal::{About, PaneMsg, Span};
use engine::Engine;
use std::cell::RefCell;
use std::rc::Rc;
use term::{Cycle, Direction, KeySource, Recall, Role, Search, Session};

#[derive(Clone, Debug, Default)]
pub struct LineEditor {
    text: String,
    /// In bytes.
    caret: usize,
    /// Counts the times that the text was changed otherwise than by typing.
    revision: u32,
    /// Counts all changes.
    stamp: u32,
    recall: Recall,
    search: Option<Search>,
    cycle: Option<Cycle>,
    seen: RefCell<Option<(Seen, LineView)>>,
}

/// What the line's view depends on: the line, whether hints are shown, and whether the whole program is here.
type Seen = (u32, bool, bool);

/// What the pane shows of the line.
#[derive(Clone, Debug)]
pub struct LineView {
    /// What stands before the line in place of the session's prompt.
    pub prompt: Option<&'static str>,
    pub spans: Vec<Span>,
    pub ghost: Rc<str>,
    pub about: About,
    pub can_complete: bool,
    /// A search or a completion is under way, which Esc gives up.
    pub held: bool,
}

/// The live keys of a database, for completion.
struct Keys<'a> {
    engine: &'a Engine,
    database: usize,
}

impl KeySource for Keys<'_> {
    fn keys(&self, prefix: &[u8], of_type: Option<&str>, most: usize) -> Vec<Vec<u8>> {
        let now = self.engine.store().now.millis();
        let keyspace = self.engine.store().keyspace(self.database);
        let fitting = keyspace.iter().filter(|(name, value, deadline)| {
            name.starts_with(prefix)
                && of_type.is_none_or(|wanted| wanted == value.type_name())
                && deadline.is_none_or(|deadline| now <= deadline)
        });
        // The first ones in their order, without a list of all.
        let mut first: Vec<&[u8]> = Vec::new();
        for (name, ..) in fitting {
            if first.len() < most || first.last().is_some_and(|last| &**name < *last) {
                first.truncate(most.saturating_sub(1));
                let place = first.partition_point(|other| *other < &**name);
                first.insert(place, name);
            }
        }
        first.into_iter().map(<[u8]>::to_vec).collect()
    }
}

impl LineEditor {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line names something that is not here.
    pub fn is_ahead(&self) -> bool {
        !later::is_here()
            && (term::session::is_help(&self.text) || term::hint(&self.text).is_some_and(|hint| !later::has(hint.row)))
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The caret in UTF-16 units, as the browser counts.
    pub fn caret_units(&self) -> u32 {
        self.text.get(..self.caret).unwrap_or(&self.text).encode_utf16().count() as u32
    }

    pub fn put(&mut self, line: &str) {
        self.cycle = None;
        self.search = None;
        self.place(line, line.len());
    }

    fn place(&mut self, line: &str, caret: usize) {
        line.clone_into(&mut self.text);
        self.caret = caret;
        self.revision += 1;
        self.stamp += 1;
    }

    /// The line that was finished; in a search it is the one that was found.
    pub fn take(&mut self, session: &Session) -> String {
        let found =
            self.search.as_ref().and_then(|search| search.found(&session.history)).map(|(line, _)| line.to_owned());
        let line = found.unwrap_or_else(|| core::mem::take(&mut self.text));
        self.recall.end();
        self.put("");
        line
    }

    pub fn edit(&mut self, msg: &PaneMsg, session: &Session, engine: &Engine, database: usize) {
        let history = &session.history;
        match msg {
            PaneMsg::Typed { text, caret } => {
                text.clone_into(&mut self.text);
                self.caret = *caret;
                self.stamp += 1;
                self.cycle = None;
                self.recall.end();
                if let Some(search) = &mut self.search {
                    search.set_query(history, text);
                }
            }
            PaneMsg::Caret(caret) if *caret != self.caret => {
                self.caret = *caret;
                self.stamp += 1;
            }
            PaneMsg::Older => {
                if let Some(line) = self.recall.older(history, &self.text).map(str::to_owned) {
                    self.put(&line);
                }
            }
            PaneMsg::Newer => {
                if let Some(line) = self.recall.newer(history) {
                    self.put(&line);
                }
            }
            PaneMsg::Search => {
                if let Some(search) = &mut self.search {
                    search.next(history, Direction::Back);
                    self.stamp += 1;
                } else {
                    let search = Search::new(Direction::Back, &self.text);
                    self.put("");
                    self.search = Some(search);
                }
            }
            PaneMsg::Complete { back } => self.complete(*back, session, &Keys { engine, database }),
            PaneMsg::Escape => {
                let before = match (&self.cycle, &self.search) {
                    (Some(cycle), _) => cycle.original().0,
                    (None, Some(search)) => search.draft().to_owned(),
                    (None, None) => return,
                };
                self.put(&before);
            }
            _ => {}
        }
    }

    /// Tab: the found line in a search; otherwise the next of what may stand at the caret.
    fn complete(&mut self, back: bool, session: &Session, keys: &Keys) {
        if let Some(search) = &self.search {
            let found =
                search.found(&session.history).map_or_else(|| search.draft().to_owned(), |(line, _)| line.to_owned());
            return self.put(&found);
        }
        match &mut self.cycle {
            Some(cycle) if back => cycle.back(),
            Some(cycle) => cycle.forward(),
            None => self.cycle = Cycle::new(&self.text, self.caret, term::complete(&self.text, self.caret, keys)),
        }
        let Some(cycle) = &self.cycle else { return };
        let (mut line, mut caret) = cycle.shown();
        // With one candidate there is nothing to walk through: the next word can begin.
        if cycle.candidates().len() == 1 {
            self.cycle = None;
            if caret == line.len() {
                line.push(' ');
                caret += 1;
            }
        }
        self.place(&line, caret);
    }

    pub fn view(&self, session: &Session, engine: &Engine, database: usize) -> LineView {
        let now = (self.stamp, session.shows_hints(), later::is_here());
        if let Some((seen, view)) = &*self.seen.borrow()
            && *seen == now
        {
            return view.clone();
        }
        let view = self.look(session, &Keys { engine, database });
        *self.seen.borrow_mut() = Some((now, view.clone()));
        view
    }

    fn look(&self, session: &Session, keys: &Keys) -> LineView {
        if let Some(search) = &self.search {
            let about = match search.found(&session.history) {
                Some((line, at)) => About::Found {
                    before: line[..at.start].into(),
                    hit: line[at.clone()].into(),
                    after: line[at.end..].into(),
                },
                None if self.text.is_empty() => About::Note(
                    "Type a part of an earlier line. Enter runs what is found, Tab takes it, Esc gives up.".into(),
                ),
                None => About::Note("No earlier line has this in it.".into()),
            };
            let spans = vec![Span { class: "", text: self.text.as_str().into() }];
            return LineView {
                prompt: Some(search.prompt()),
                spans,
                ghost: "".into(),
                about,
                can_complete: true,
                held: true,
            };
        }
        let hint = term::hint(&self.text);
        let mut view = LineView {
            prompt: None,
            spans: spans(&self.text),
            ghost: "".into(),
            about: About::Nothing,
            can_complete: false,
            held: self.cycle.is_some(),
        };
        if let Some(hint) = hint {
            if session.shows_hints() && self.caret == self.text.len() {
                view.ghost = hint.ghost.into();
            }
            // A row whose function is not here lacks its sentences, too.
            let facts = if later::has(hint.row) { [hint.row.summary, hint.row.complexity] } else { [""; 2] };
            let mut facts = facts.into_iter().filter(|fact| !fact.is_empty()).map(Rc::from);
            let since = Rc::from(format!("since {}", hint.row.since));
            view.about = if hint.mismatch {
                let facts = facts.next_back().into_iter().collect();
                About::Argument { now: hint.name.into(), rest: hint.syntax.into(), facts }
            } else {
                let facts = facts.chain([since]).collect();
                About::Argument { now: hint.argument.unwrap_or(hint.name).into(), rest: "".into(), facts }
            };
        }
        if let Some(cycle) = &self.cycle {
            const MOST: usize = 40;
            let words = cycle.candidates().iter().take(MOST).map(|candidate| candidate.text.as_str().into()).collect();
            view.about = About::Offers { words, chosen: cycle.selected() };
            view.can_complete = true;
        } else if !self.text.trim().is_empty() {
            view.can_complete = !term::complete(&self.text, self.caret, keys).candidates.is_empty();
        }
        view
    }
}

/// A line in the colours of the grammar.
pub fn spans(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut done = 0;
    for token in term::tokens(line) {
        if done < token.start {
            spans.push(Span { class: "", text: line[done..token.start].into() });
        }
        spans.push(Span { class: class_of(token.role, token.quoted), text: line[token.start..token.end].into() });
        done = token.end;
    }
    if done < line.len() {
        spans.push(Span { class: "", text: line[done..].into() });
    }
    spans
}

fn class_of(role: Role, quoted: bool) -> &'static str {
    match role {
        Role::Command | Role::Subcommand | Role::Own => "t-command",
        Role::Option | Role::Topic => "t-option",
        Role::Number | Role::Repeat => "t-number",
        Role::Pattern => "t-string",
        Role::Value if quoted => "t-string",
        Role::Key | Role::Value | Role::Beginning => "",
        Role::UnknownCommand | Role::UnknownSubcommand | Role::Excess | Role::Faulty => "t-wrong",
    }
}

/// A request as somebody would have typed it.
pub fn of_request(bytes: &[u8]) -> String {
    words_of_request(bytes).iter().map(|word| term::quote::typed(word)).collect::<Vec<_>>().join(" ")
}

/// The words of a request.
pub fn words_of_request(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut parser = resp::request::Parser::default();
    let parsed = parser.parse(bytes, &resp::request::Limits::default());
    let Ok(resp::request::Progress::Request { inline, .. }) = parsed else { return Vec::new() };
    let source = if inline { parser.inline() } else { bytes };
    let words = parser.spans().iter().filter_map(|span| source.get(span.start as usize..span.end as usize));
    words.map(<[u8]>::to_vec).collect()
}
