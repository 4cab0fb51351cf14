//! One client at the bench: a redis-cli, its connection to the world, and what its pane shows.
//!
//! The session decides what is sent and printed; here its actions are carried out on the world. What the pane has shown and what
//! the session believes are recorded by the world's moments; the line that is being typed belongs to no moment and stays.

use crate::later;
use crate::line::LineEditor;
use crate::recorded::Recorded;
use crate::standing::{Refused, Standing};
use crate::terminal::{About, Badge, Entry, Line, PaneMsg, PaneView, Span};
use engine::Engine;
use resp::{Decoder, Value};
use sim::{ClientId, Instant, Moment, World};
use std::rc::Rc;
use term::{Action, Activity, Session};

const HOST: &str = "127.0.0.1";
const PORT: u16 = 6379;
/// So many lines given are kept on view.
const ENTRIES: usize = 400;

#[derive(Debug)]
pub struct Pane {
    pub id: u32,
    state: Recorded<State>,
    pub editor: LineEditor,
    /// Lines that follow when the present one was run.
    pub queue: Vec<String>,
    pub closed: Option<Moment>,
    pub focus: u32,
    /// What a line wants that is not here, and how it was before that line was given.
    held: Vec<Held>,
    before: Option<(String, State)>,
}

/// What waits for the part of the program that is being fetched.
#[derive(Debug)]
enum Held {
    Request(Vec<u8>),
    /// HELP is answered by redis-cli itself.
    Help(String),
}

#[derive(Clone, Debug)]
struct State {
    client: ClientId,
    session: Session,
    entries: Vec<Rc<Entry>>,
    decoder: Decoder,
    sent: Instant,
    said: u64,
    /// Commands of the open transaction that were not queued.
    refused: Vec<Refused>,
}

impl Pane {
    pub fn new(id: u32, client: ClientId, at: Moment) -> Pane {
        let session = Session::connected_to(HOST, PORT);
        let state = State {
            client,
            session,
            entries: Vec::new(),
            decoder: Decoder::new(),
            sent: at.now,
            said: 0,
            refused: Vec::new(),
        };
        Pane {
            id,
            state: Recorded::new(at, state),
            editor: LineEditor::default(),
            queue: Vec::new(),
            closed: None,
            focus: 0,
            held: Vec::new(),
            before: None,
        }
    }

    pub fn client(&self) -> ClientId {
        self.state.get().client
    }

    pub fn is_open(&self, now: Moment) -> bool {
        self.closed.is_none_or(|closed| now <= closed)
    }

    pub fn put(&mut self, line: &str) {
        self.editor.put(line);
    }

    /// What was undone before this moment is not going to be done again.
    pub fn forget_after(&mut self, at: Moment) {
        self.state.forget_after(at);
        if self.closed.is_some_and(|closed| closed >= at) {
            self.closed = None;
        }
    }

    /// Shows the pane as it was; the history of lines is the learner's own and stays whole.
    pub fn go_to(&mut self, at: Moment) {
        let history = core::mem::take(&mut self.state.get_mut().session.history);
        self.state.go_to(at);
        self.state.get_mut().session.history = history;
        self.held.clear();
        self.before = None;
    }

    /// Keeps what this pane is now as what it is at this moment, unless a line is only half given.
    fn record(&mut self, at: Moment) {
        if self.held.is_empty() {
            self.state.record(at);
        }
    }

    // ---- talking to the world ---------------------------------------------------------------------------------------

    /// The line that was finished.
    pub fn take_line(&mut self) -> String {
        self.editor.take(&self.state.get().session)
    }

    /// Enter: gives the line, and says which commands it held.
    pub fn submit(&mut self, world: &mut World) -> Vec<Vec<Vec<u8>>> {
        let line = self.take_line();
        self.give(world, &line);
        if !self.queue.is_empty() {
            let next = self.queue.remove(0);
            self.editor.put(&next);
        }
        term::quote::split(&line).ok().filter(|words| !words.is_empty()).into_iter().collect()
    }

    fn give(&mut self, world: &mut World, line: &str) {
        self.revive(world);
        let before = self.state.get().clone();
        if !later::is_here() && term::session::is_help(line) {
            self.held.push(Held::Help(line.to_owned()));
        } else {
            let actions = self.state.get_mut().session.submit(line);
            self.carry_out(world, actions);
        }
        self.before = (!self.held.is_empty()).then(|| (line.to_owned(), before));
        self.deliver(world);
        self.record(world.moment());
    }

    /// Whether a line waits for the part of the program that is being fetched.
    pub fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// That part is here: what waits goes on its way.
    pub fn release(&mut self, world: &mut World) {
        self.before = None;
        for held in core::mem::take(&mut self.held) {
            let actions = match held {
                Held::Request(bytes) => vec![Action::Send(bytes)],
                Held::Help(line) => self.state.get_mut().session.submit(&line),
            };
            self.carry_out(world, actions);
        }
        self.deliver(world);
        self.record(world.moment());
    }

    /// The line that waits is taken back, and stands in the prompt again.
    pub fn take_back(&mut self, why: Option<&str>, at: Moment) {
        self.held.clear();
        let Some((line, before)) = self.before.take() else { return };
        let history = core::mem::take(&mut self.state.get_mut().session.history);
        *self.state.get_mut() = before;
        self.state.get_mut().session.history = history;
        if let Some(why) = why {
            self.state.get_mut().print(term::Line::Notice(why.to_owned()));
        }
        self.editor.put(&line);
        self.record(at);
    }

    /// A redis-cli that has ended is started again; a connection that an undo has taken back is made again.
    fn revive(&mut self, world: &mut World) {
        let state = self.state.get_mut();
        let ended = state.session.activity() == Activity::Ended;
        if !ended && world.engine().clients().get(state.client).is_some() {
            return;
        }
        if ended || state.session.is_connected() {
            let history = core::mem::take(&mut state.session.history);
            state.session = Session::connected_to(HOST, PORT);
            state.session.history = history;
            state.client = world.connect();
            state.decoder = Decoder::new();
        }
    }

    /// Sends again what a journal says was sent.
    pub fn replay(&mut self, world: &mut World, bytes: &[u8]) {
        let line = crate::line::of_request(bytes);
        self.give(world, &line);
    }

    pub fn interrupt(&mut self, world: &mut World) {
        if self.is_held() {
            return self.take_back(None, world.moment());
        }
        let waited = world.now().0.saturating_sub(self.state.get().sent.0);
        if self.state.get().session.activity() == Activity::Prompt {
            self.editor.put("");
            self.queue.clear();
            return;
        }
        let actions = self.state.get_mut().session.interrupt(waited);
        self.carry_out(world, actions);
        // Ctrl-C ends redis-cli; whoever presses it here wants the prompt back.
        self.revive(world);
        self.record(world.moment());
    }

    /// Takes what has reached this client.
    pub fn deliver(&mut self, world: &mut World) {
        let mut heard = false;
        loop {
            let deliveries = world.take(self.client());
            if deliveries.is_empty() {
                break;
            }
            heard = true;
            for delivery in deliveries {
                self.state.get_mut().decoder.feed(&delivery.bytes);
                while let Ok(Some(value)) = self.state.get_mut().decoder.next() {
                    let state = self.state.get_mut();
                    let waited = delivery.at.0.saturating_sub(state.sent.0);
                    state.note_refusal(&value, world.engine());
                    let actions = state.session.receive(&value, waited);
                    self.carry_out(world, actions);
                }
                if delivery.closed {
                    let actions = self.state.get_mut().session.closed();
                    self.carry_out(world, actions);
                }
            }
        }
        if heard {
            self.record(world.moment());
        }
    }

    fn carry_out(&mut self, world: &mut World, actions: Vec<Action>) {
        for action in actions {
            let state = self.state.get_mut();
            match action {
                Action::Print(line) => state.print(line),
                Action::Clear => state.entries.clear(),
                // The one place where a request is given to the world: its command must be here, and nothing overtakes it.
                Action::Send(bytes) if !self.held.is_empty() || later::missing_for(&bytes).is_some() => {
                    self.held.push(Held::Request(bytes));
                }
                Action::Send(bytes) => {
                    state.sent = world.now();
                    world.send(state.client, &bytes);
                }
                Action::Connect { host, port } => {
                    world.disconnect(state.client);
                    let here = (host == HOST || host == "localhost") && port == PORT;
                    let more = if here {
                        state.client = world.connect();
                        state.decoder = Decoder::new();
                        state.session.connected()
                    } else {
                        state.session.refused("Connection refused")
                    };
                    self.carry_out(world, more);
                }
                Action::Exit => world.disconnect(state.client),
            }
        }
    }

    // ---- editing ----------------------------------------------------------------------------------------------------

    pub fn edit(&mut self, msg: &PaneMsg, engine: &Engine) {
        let state = self.state.get_mut();
        if *msg == PaneMsg::Clear {
            state.entries.clear();
        }
        self.editor.edit(msg, &state.session, engine, database(engine, state.client));
    }

    // ---- showing ----------------------------------------------------------------------------------------------------

    pub fn view(&self, active: bool, closable: bool, world: &World) -> PaneView {
        let state = self.state.get();
        let activity = state.session.activity();
        let busy = self.is_held() || matches!(activity, Activity::Waiting | Activity::Monitoring);
        let engine = world.engine();
        let shown = self.editor.view(&state.session, engine, database(engine, state.client));
        let about = match activity {
            _ if self.is_held() => About::Fetching,
            Activity::Waiting => About::Waiting(waiting_words(&state.session, world, state.client).into()),
            Activity::Monitoring => {
                About::Waiting("Showing every command that the server runs. Ctrl-C ends it.".into())
            }
            Activity::Ended => About::Note("redis-cli has ended. Enter starts it again.".into()),
            Activity::Subscribed if self.editor.is_empty() => {
                About::Note("Waiting for messages. Ctrl-C ends the subscription.".into())
            }
            _ => shown.about,
        };
        let mut standing = Standing::of(engine, state.client, &state.refused, world.now().millis());
        for (is, text, tone) in
            [(activity == Activity::Ended, "ended", ""), (activity == Activity::Monitoring, "monitor", "now")]
        {
            standing.badges.extend(is.then(|| Badge { text: text.into(), tone }));
        }
        PaneView {
            id: self.id,
            name: format!("client {}", self.id).into(),
            active,
            closable,
            standing,
            entries: state.entries.clone(),
            prompt: if busy {
                "".into()
            } else {
                shown.prompt.map_or_else(|| state.session.prompt(), str::to_owned).into()
            },
            text: self.editor.text().to_owned().into(),
            caret: self.editor.caret_units(),
            revision: self.editor.revision(),
            spans: shown.spans,
            ghost: shown.ghost,
            about,
            can_complete: shown.can_complete,
            is_script: active && is_script(self.editor.text()),
            held: shown.held,
            busy,
            focus: self.focus,
        }
    }
}

/// Whether the debugger could take the line over. EVAL is no early command: with its name the rest of the program is fetched.
fn is_script(line: &str) -> bool {
    line.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("eval"))
        && later::is_here()
        && crate::script::is_script(line)
}

fn database(engine: &Engine, client: ClientId) -> usize {
    engine.clients().get(client).map_or(0, |client| client.database)
}

/// What a client waits for that is not blocked: a script of its own, or somebody else's, or DEBUG SLEEP.
fn waiting_words(session: &Session, world: &World, client: ClientId) -> String {
    if world.engine().clients().get(client).is_some_and(|client| client.blocked.is_some()) {
        return "Ctrl-C gives up.".to_owned();
    }
    let name = session
        .awaited()
        .and_then(|words| words.first())
        .map(|name| String::from_utf8_lossy(name).to_ascii_uppercase());
    format!("{} waits for its reply. Ctrl-C gives up.", name.unwrap_or_else(|| "The command".to_owned()))
}

impl State {
    /// A transaction that a command has spoilt: which one it was, the server forgets.
    fn note_refusal(&mut self, value: &Value, engine: &Engine) {
        let transaction = engine.clients().get(self.client).and_then(|client| client.transaction.as_ref());
        let Some(transaction) = transaction.filter(|transaction| transaction.aborted) else {
            self.refused.clear();
            return;
        };
        if let (Some(why), Some(words)) = (value.as_error(), self.session.awaited()) {
            let line = words.iter().map(|word| term::quote::typed(word)).collect::<Vec<_>>().join(" ");
            let why = String::from_utf8_lossy(why).into();
            self.refused.push(Refused { behind: transaction.requests.len(), line: line.into(), why });
        }
    }

    fn print(&mut self, line: term::Line) {
        if let term::Line::Input { prompt, line } = &line {
            self.said += 1;
            let entry = Entry {
                id: self.said,
                prompt: prompt.as_str().into(),
                input: crate::line::spans(line),
                lines: Vec::new(),
            };
            self.entries.push(Rc::new(entry));
            if self.entries.len() > ENTRIES {
                self.entries.remove(0);
            }
            return;
        }
        if self.entries.is_empty() {
            self.said += 1;
            self.entries.push(Rc::new(Entry {
                id: self.said,
                prompt: "".into(),
                input: Vec::new(),
                lines: Vec::new(),
            }));
        }
        if let Some(entry) = self.entries.last_mut() {
            Rc::make_mut(entry).lines.extend(lines_of(&line));
        }
    }
}

/// A printed line, cut at its line ends.
fn lines_of(line: &term::Line) -> Vec<Line> {
    let class = match line {
        term::Line::Reply { value, .. } if value.as_error().is_some() => "line-error",
        term::Line::Slow(_) => "line-quiet",
        term::Line::Notice(_) => "line-note",
        _ => "",
    };
    match line {
        term::Line::Help(spans) => return help_lines(spans),
        // Where the reply is laid out as at a terminal, its parts are told apart.
        term::Line::Reply { value, text, .. } | term::Line::Push { value, text } if value.as_error().is_none() => {
            let pieces = term::render::pieces(value);
            if pieces.iter().map(|piece| piece.text.as_str()).collect::<String>() == *text {
                return cut(pieces.iter().map(|piece| (class_of(piece.look), piece.text.as_str())));
            }
        }
        _ => {}
    }
    line.text().split('\n').map(|text| Line { class, spans: vec![Span { class: "", text: text.into() }] }).collect()
}

fn class_of(look: term::render::Look) -> &'static str {
    use term::render::Look;
    match look {
        Look::Frame | Look::Label => "line-quiet",
        Look::Number => "t-number",
        Look::Error => "line-error",
        Look::Text | Look::Status => "",
    }
}

/// Stretches of text, cut at their line ends.
fn cut<'a>(stretches: impl Iterator<Item = (&'static str, &'a str)>) -> Vec<Line> {
    let mut lines = vec![Line { class: "", spans: Vec::new() }];
    for (class, text) in stretches {
        for (index, text) in text.split('\n').enumerate() {
            if index > 0 {
                lines.push(Line { class: "", spans: Vec::new() });
            }
            if let Some(line) = lines.last_mut().filter(|_| !text.is_empty()) {
                line.spans.push(Span { class, text: text.into() });
            }
        }
    }
    lines
}

fn help_lines(spans: &[term::help::Span]) -> Vec<Line> {
    use term::help::Style;
    cut(spans.iter().map(|span| {
        let class = match span.style {
            Style::Plain => "",
            Style::Name => "b",
            Style::Arguments => "line-quiet",
            Style::Label => "label",
        };
        (class, span.text.as_str())
    }))
}
