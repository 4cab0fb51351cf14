//! The workbench: a world, its clients' terminals, and the clock that drives them.
//!
//! Every terminal is recorded by the world's moments, so that undo and scrubbing take the transcripts along. Going back holds
//! the clock, or the future that was left would happen again at once; the next command forgets that future and lets the clock go on.
//!
//! While a script computes, the clock follows it instead of real time: its slices come one after the other, as fast as this
//! machine is, between frames and in a tab that nobody sees as well ([`crate::soon`]).

use crate::frames;
use crate::pane::Pane;
use crate::script;
use crate::storage;
use crate::study::Study;
use crate::terminal::{About, PaneMsg, PaneView};
use crate::timebar::{Mark, TimeMsg, TimeView};
use course::Progress;
use course::stage::WorldStage;
use course::transcript::{Play, Transcript};
use engine::sort;
use inspect::script::Script;
use inspect::text::printable;
use inspect::{InspectMsg, Inspector, KeyspaceView, Layout};
use sim::{Instant, Journal, Moment, Pace, What, World, WorldConfig};
use std::cell::RefCell;
use std::rc::Rc;

/// A frame must not take longer than this, in milliseconds.
const SLICE_MS: f64 = 8.0;
/// Nor what is computed between two looks at what the learner does.
const COMPUTE_MS: f64 = 8.0;
/// How long it may take at once to skip a stretch of time.
const SKIP_MS: f64 = 60.0;
/// How many of the server's own events are handled between two looks at the real clock.
const EVENTS: usize = 32;
const SECOND: u64 = 1_000_000;

/// What redis-cli could not say: it has never to fetch itself.
const CANNOT_BE_FETCHED: &str =
    "The rest of the server could not be fetched: is the connection down? Your line is kept, Enter tries again.";

#[derive(Debug)]
pub struct Bench {
    pub world: World,
    pub pace: Pace,
    /// The clock stands only because somebody went back, or goes through a script; the next command lets it go on.
    pub held: bool,
    /// Where virtual time should be by now.
    pub target: Instant,
    /// Where the learner's own history begins: what set the stage cannot be undone.
    begin: Moment,
    panes: Vec<Pane>,
    pub active: u32,
    next_pane: u32,
    pub study: Option<Study>,
    inspector: RefCell<Inspector>,
    /// Something was done that is not kept yet, so many frames ago.
    unkept: Option<u32>,
    /// The debugger, while it is open.
    pub script: Option<RefCell<Script>>,
    /// While the lesson is on its way, and with it the stage: the panes and the lines that were given in the meantime.
    early: Option<Vec<(u32, String)>>,
    /// The bench as it was before it was cleared: clearing can be undone.
    before: Option<Box<Bench>>,
}

impl Bench {
    pub fn new(study: Option<Study>) -> Bench {
        let mut world = World::new(&WorldConfig::default());
        if let Some(start) = study.as_ref().and_then(|study| Transcript::parse(&study.lesson.start).ok()) {
            let mut stage = WorldStage::new(world);
            // A stage that cannot be set is found by the course's own tests.
            let _ = Play::new(&mut stage).run(&start);
            world = stage.into_world();
        }
        let mut inspector = Inspector::default();
        if storage::get("table").is_some() {
            inspector.update(&InspectMsg::Layout(Layout::Table));
        }
        let mut bench = Bench {
            target: world.now(),
            begin: world.moment(),
            world,
            pace: Pace::default(),
            held: false,
            panes: Vec::new(),
            active: 1,
            next_pane: 1,
            study,
            inspector: RefCell::new(inspector),
            unkept: None,
            script: None,
            early: None,
            before: None,
        };
        bench.new_client();
        bench.begin = bench.world.moment();
        bench.world.take_events();
        bench
    }

    /// The bench again after a trap, from what was kept outside of the broken instance.
    pub fn restore(study: Option<Study>, journal: &Journal) -> Bench {
        let mut bench = Bench::new(study);
        let begun = bench.begin.position;
        for record in journal.records.iter().skip(begun) {
            bench.world.run_until(record.at);
            bench.deliver();
            match &record.what {
                What::Connect => {
                    bench.new_client();
                }
                What::Send(bytes) => {
                    if let Some(pane) = bench.panes.iter_mut().find(|pane| pane.client() == record.client) {
                        pane.replay(&mut bench.world, bytes);
                    }
                    bench.deliver();
                }
                What::Close => bench.world.disconnect(record.client),
            }
        }
        bench.target = bench.world.now();
        bench
    }

    /// Begins anew; the old bench comes back by undo.
    pub fn start_over(&mut self, study: Option<Study>) {
        let old = core::mem::replace(self, Bench::new(study));
        self.inspector = RefCell::new(old.inspector.borrow().looking_as());
        self.before = Some(Box::new(old));
        self.focus(self.active);
    }

    // ---- clients ----------------------------------------------------------------------------------------------------

    pub fn new_client(&mut self) -> u32 {
        let id = self.next_pane;
        self.next_pane += 1;
        let client = self.world.connect();
        self.panes.push(Pane::new(id, client, self.world.moment()));
        self.active = id;
        id
    }

    /// The pane of the client that a text calls by this number, opened if need be.
    pub fn pane_of(&mut self, number: usize) -> u32 {
        while self.shown().count() < number {
            self.new_client();
        }
        self.shown().nth(number.saturating_sub(1)).map_or(self.active, |pane| pane.id)
    }

    fn shown(&self) -> impl Iterator<Item = &Pane> {
        let now = self.world.moment();
        self.panes.iter().filter(move |pane| pane.is_open(now))
    }

    pub fn focus(&mut self, id: u32) {
        self.active = id;
        if let Some(pane) = self.pane_mut(id) {
            pane.focus += 1;
        }
    }

    pub fn pane_mut(&mut self, id: u32) -> Option<&mut Pane> {
        self.panes.iter_mut().find(|pane| pane.id == id)
    }

    /// Puts a line into a prompt, for the learner to run.
    pub fn put(&mut self, id: u32, line: &str) {
        if let Some(pane) = self.pane_mut(id) {
            pane.put(line);
        }
        self.focus(id);
    }

    /// Puts lines into a prompt one by one: the next follows when the one before it was run.
    pub fn put_all(&mut self, id: u32, lines: &[String]) {
        if let Some((first, rest)) = lines.split_first() {
            self.put(id, first);
            if let Some(pane) = self.pane_mut(id) {
                pane.queue = rest.to_vec();
            }
        }
    }

    /// Says whether the world may have changed.
    pub fn pane_message(&mut self, id: u32, msg: PaneMsg, progress: &mut Progress) -> bool {
        match msg {
            PaneMsg::Focused => {
                self.active = id;
                false
            }
            PaneMsg::Undo => self.time(&TimeMsg::Undo),
            PaneMsg::Redo => self.time(&TimeMsg::Redo),
            PaneMsg::Close => {
                self.close(id);
                true
            }
            PaneMsg::Submit => {
                self.submit(id, progress);
                true
            }
            PaneMsg::Interrupt => {
                self.interrupt(id);
                true
            }
            other => {
                if let Some(pane) = self.panes.iter_mut().find(|pane| pane.id == id) {
                    pane.edit(&other, self.world.engine());
                }
                false
            }
        }
    }

    fn close(&mut self, id: u32) {
        let now = self.world.moment();
        if self.shown().count() > 1
            && let Some(pane) = self.panes.iter_mut().find(|pane| pane.id == id)
        {
            pane.closed = Some(now);
            let client = pane.client();
            self.world.disconnect(client);
            let next = self.shown().next().map_or(self.active, |pane| pane.id);
            self.focus(next);
        }
    }

    fn interrupt(&mut self, id: u32) {
        if let Some(pane) = self.panes.iter_mut().find(|pane| pane.id == id) {
            pane.interrupt(&mut self.world);
        }
        self.deliver();
    }

    /// The lesson is on its way: lines wait for the server that it sets up.
    pub fn await_lesson(&mut self) {
        self.early.get_or_insert_default();
    }

    /// The lesson cannot be had: lines that wait for it go to the server that is here.
    pub fn begin_without_lesson(&mut self, progress: &mut Progress) {
        for (id, line) in self.early.take().unwrap_or_default() {
            self.give(id, &line, progress);
        }
    }

    /// This bench, set up by a lesson that has come, takes the place of the one where it was awaited: whatever was typed there goes
    /// on here.
    pub fn take_over(&mut self, mut early: Bench, progress: &mut Progress) {
        let lines = early.early.take().unwrap_or_default();
        for pane in early.panes {
            let id = self.pane_of(pane.id as usize);
            if let Some(own) = self.pane_mut(id) {
                own.editor = pane.editor;
            }
        }
        for (id, line) in lines {
            self.give(id, &line, progress);
        }
    }

    /// Gives a line without touching the one that is being typed.
    pub fn give(&mut self, id: u32, line: &str, progress: &mut Progress) {
        let Some(pane) = self.pane_mut(id) else { return };
        let typing = core::mem::take(&mut pane.editor);
        pane.put(line);
        self.submit(id, progress);
        if let Some(pane) = self.pane_mut(id) {
            pane.editor = typing;
        }
    }

    fn submit(&mut self, id: u32, progress: &mut Progress) {
        if let Some(early) = &mut self.early {
            let pane = self.panes.iter_mut().find(|pane| pane.id == id);
            early.extend(pane.map(|pane| (id, pane.take_line())));
            return;
        }
        self.inspector.borrow_mut().about_to_change(&self.world, self.database());
        let at = self.world.moment();
        for pane in &mut self.panes {
            pane.forget_after(at);
        }
        self.keep_what_is_not();
        let Some(pane) = self.panes.iter_mut().find(|pane| pane.id == id) else { return };
        storage::about_to(pane.editor.text());
        let typed = pane.submit(&mut self.world);
        if core::mem::take(&mut self.held) {
            self.pace.paused = false;
        }
        self.target = self.world.now();
        if let Some(study) = &mut self.study {
            for words in typed {
                study.typed(at, words);
            }
        }
        self.settled(progress);
    }

    /// Whether a line waits for the part of the program that is not here.
    pub fn is_held(&self) -> bool {
        self.panes.iter().any(Pane::is_held)
    }

    /// Whether the line that is being typed will need that part.
    pub fn is_ahead(&self) -> bool {
        self.shown().any(|pane| pane.editor.is_ahead())
    }

    /// That part has come, or cannot be had: lines that wait for it go on, or back into their prompts.
    pub fn arrived(&mut self, came: bool, progress: &mut Progress) {
        let at = self.world.moment();
        if !self.is_held() {
            return;
        }
        for pane in self.panes.iter_mut().filter(|pane| pane.is_held()) {
            if came {
                pane.release(&mut self.world);
            } else {
                pane.take_back(Some(CANNOT_BE_FETCHED), at);
            }
        }
        self.settled(progress);
    }

    /// Everybody hears what has just been done.
    fn settled(&mut self, progress: &mut Progress) {
        self.deliver();
        self.notice_changes(true);
        if let Some(study) = &mut self.study {
            study.check(&self.world, progress);
        }
        storage::about_to("");
        self.unkept = Some(0);
    }

    /// Hands every terminal what reached its client.
    fn deliver(&mut self) {
        for pane in &mut self.panes {
            pane.deliver(&mut self.world);
        }
    }

    /// Lets the inspector follow what happened; `notable`: somebody's command did it.
    fn notice_changes(&mut self, notable: bool) {
        let events = self.world.take_events().into_iter().map(|(_, event)| event);
        self.inspector.borrow_mut().heard(self.world.engine(), events, notable);
    }

    /// Keeps the journal outside, for the case that this instance breaks. A long one takes milliseconds, so it is not done between
    /// a line and its reply, but some frames later, or at the latest before the next line.
    fn keep_what_is_not(&mut self) {
        const MOST: usize = 512 * 1024;
        if self.unkept.take().is_none() {
            return;
        }
        let bytes = self.world.journal().encode();
        if bytes.len() <= MOST {
            storage::keep_for_rescue(&bytes);
        }
    }

    // ---- time -------------------------------------------------------------------------------------------------------

    /// Lets a frame's worth of time pass; says whether there is something new to see.
    pub fn frame(&mut self, real_us: u64, clock: impl Fn() -> f64) -> bool {
        const SOME: u32 = 2;
        if let Some(frames) = &mut self.unkept {
            *frames += 1;
            if *frames > SOME {
                self.keep_what_is_not();
            }
        }
        let mut sorted = self.inspector.borrow_mut().work(self.world.engine());
        if self.is_computing() {
            return sorted;
        }
        if let Some(open) = &self.script {
            let deadline = clock() + SLICE_MS;
            sorted |= script::work(open, &|| clock() < deadline);
        }
        if self.pace.paused && self.target <= self.world.now() {
            return sorted;
        }
        let before = self.world.moment();
        self.target = self.target.plus_micros(self.pace.virtual_us(real_us));
        let deadline = clock() + SLICE_MS;
        while !self.world.run_slice(self.target, EVENTS) && clock() < deadline {}
        self.passed_since(before) | sorted
    }

    /// Everybody hears what time has brought; says whether there is something new to see.
    fn passed_since(&mut self, before: Moment) -> bool {
        let now = self.world.moment();
        if now.position != before.position || now.deliveries != before.deliveries {
            self.follow_or_deliver();
        }
        self.notice_changes(false);
        // A tenth of a second is the finest thing that is written anywhere.
        now.deliveries != before.deliveries
            || now.position != before.position
            || now.now.0 / 100_000 != before.now.0 / 100_000
    }

    /// Whether a script wants all the time that there is.
    pub fn is_computing(&self) -> bool {
        self.runs_script() || self.script.as_ref().is_some_and(script::is_moving)
    }

    fn runs_script(&self) -> bool {
        !self.pace.paused && self.world.engine().is_in_script()
    }

    /// Computes for a moment, if there is something to compute; says whether there is something new to see.
    #[inline(never)]
    pub fn compute(&mut self, clock: &dyn Fn() -> f64) -> bool {
        let deadline = clock() + COMPUTE_MS;
        let moved = self.script.as_ref().is_some_and(|open| script::work(open, &|| clock() < deadline));
        if !self.runs_script() {
            return moved;
        }
        let before = self.world.moment();
        while self.world.engine().is_in_script() && clock() < deadline {
            let due = self.world.next_event().unwrap_or(before.now);
            self.world.run_slice(due, 1);
        }
        self.target = self.world.now();
        self.passed_since(before) | moved
    }

    /// In the past of a longer history the terminals know already what they are going to hear.
    fn follow_or_deliver(&mut self) {
        if self.world.can_redo() {
            self.follow();
        } else {
            self.deliver();
        }
    }

    fn follow(&mut self) {
        let now = self.world.moment();
        for pane in &mut self.panes {
            pane.go_to(now);
            self.world.take(pane.client());
        }
    }

    /// Says whether the world has changed.
    pub fn time(&mut self, msg: &TimeMsg) -> bool {
        match *msg {
            TimeMsg::Toggle => {
                self.pace.paused = !self.pace.paused;
                self.held = false;
                self.target = self.world.now();
            }
            TimeMsg::Speed(speed) => {
                self.pace = Pace { paused: false, speed };
                self.held = false;
                self.target = self.world.now();
            }
            TimeMsg::Step => self.pass(self.world.now().plus_micros(SECOND)),
            TimeMsg::Jump => {
                if let Some(next) = self.coming().first() {
                    // One millisecond on, because a deadline is the last moment of a key's life.
                    self.pass(Instant(next.at + 1000));
                }
            }
            TimeMsg::Undo => return self.undo(),
            TimeMsg::Redo => {
                if !self.world.redo() {
                    return false;
                }
                self.went_back();
            }
            TimeMsg::Scrub(at) => {
                self.world.scrub(Instant(at.max(self.begin.now.0)));
                if self.world.moment() < self.begin {
                    while self.world.moment().position < self.begin.position && self.world.redo() {}
                }
                self.went_back();
            }
        }
        true
    }

    fn pass(&mut self, until: Instant) {
        // What an endless script leaves undone passes frame by frame.
        let deadline = frames::now() + SKIP_MS;
        while !self.world.run_slice(until, EVENTS) && frames::now() < deadline {}
        self.target = until.max(self.world.now());
        self.follow_or_deliver();
        self.inspector.borrow_mut().forget_changes();
        self.notice_changes(true);
    }

    fn undo(&mut self) -> bool {
        if self.can_undo() {
            self.world.undo();
            self.went_back();
            return true;
        }
        match self.before.take() {
            Some(before) => {
                *self = *before;
                true
            }
            None => false,
        }
    }

    fn can_undo(&self) -> bool {
        let journal = &self.world.journal().records;
        journal[self.begin.position.min(journal.len())..self.world.moment().position.min(journal.len())]
            .iter()
            .any(|record| matches!(record.what, What::Send(_)))
    }

    fn went_back(&mut self) {
        if !self.pace.paused {
            self.held = true;
            self.pace.paused = true;
        }
        self.target = self.world.now();
        self.world.take_events();
        self.inspector.borrow_mut().went_elsewhere(self.world.engine());
        self.follow();
    }

    /// What comes next: deadlines of keys in the database on view, and the ends of waits.
    fn coming(&self) -> Vec<Mark> {
        const SHOWN: usize = 12;
        let now = self.world.now().millis();
        let keys = self.world.engine().store().keyspace(self.database()).by_deadline();
        let keys = keys.filter(|(deadline, _)| *deadline >= now).take(SHOWN);
        let mut coming: Vec<Mark> =
            keys.map(|(deadline, key)| mark(deadline, format!("{} expires", printable(key, 24)))).collect();
        for pane in self.shown() {
            let blocked = self.world.engine().clients().get(pane.client()).and_then(|client| client.blocked.as_ref());
            if let Some(deadline) = blocked.and_then(|blocked| blocked.deadline).filter(|deadline| *deadline >= now) {
                coming.push(mark(deadline, format!("client {} gives up", pane.id)));
            }
        }
        sort::by_key(&mut coming, |mark| mark.at);
        coming.truncate(SHOWN);
        coming
    }

    /// The client that the learner speaks for.
    pub fn active_client(&self) -> Option<sim::ClientId> {
        self.panes.iter().find(|pane| pane.id == self.active).map(Pane::client)
    }

    // ---- views ------------------------------------------------------------------------------------------------------

    /// The database that the active client has selected.
    fn database(&self) -> usize {
        self.active_client()
            .and_then(|client| self.world.engine().clients().get(client))
            .map_or(0, |client| client.database)
    }

    pub fn inspect(&self, msg: &InspectMsg) {
        if self.script.as_ref().is_some_and(|open| script::inspect(open, msg)) {
            return;
        }
        self.inspector.borrow_mut().update(msg);
    }

    pub fn keyspace_view(&self) -> Rc<KeyspaceView> {
        if let Some(view) = self.script.as_ref().and_then(script::keyspace) {
            return view;
        }
        self.inspector.borrow_mut().view(&self.world, self.database())
    }

    /// When the keys on view are, if they are those of a debugger's copy.
    pub fn copy_of(&self) -> Option<Rc<str>> {
        self.script.as_ref().and_then(script::moment)
    }

    pub fn pane_views(&self) -> Vec<PaneView> {
        let several = self.shown().count() > 1;
        let view = |pane: &Pane| {
            let mut view = pane.view(pane.id == self.active, several, &self.world);
            if self.early.iter().flatten().any(|(id, _)| *id == pane.id) {
                view.about = About::Note("The lesson is on its way. Your line is run when it is here.".into());
            }
            view
        };
        self.shown().map(view).collect()
    }

    pub fn time_view(&self) -> TimeView {
        let journal = &self.world.journal().records;
        let now = self.world.moment();
        let label = |position: usize| journal.get(position).map(|record| Rc::<str>::from(words_of(&record.what)));
        let sent = |record: &sim::Record| matches!(record.what, What::Send(_));
        let own = journal.get(self.begin.position..).unwrap_or_default();
        // One mark for each moment at which something was sent: what was sent last.
        let mut moments: Vec<&sim::Record> = Vec::new();
        for record in own.iter().filter(|record| sent(record)) {
            match moments.last_mut() {
                Some(last) if last.at == record.at => *last = record,
                _ => moments.push(record),
            }
        }
        let mark = |record: &sim::Record| Mark { at: record.at.0, label: words_of(&record.what).into() };
        let commands = thinned(&moments).map(mark).collect();
        let last =
            journal[..now.position.min(journal.len())].iter().rposition(sent).filter(|at| *at >= self.begin.position);
        let next =
            journal.get(now.position..).and_then(|ahead| ahead.iter().position(sent)).map(|at| at + now.position);
        let named = |at: Option<usize>| at.and_then(label).map(|words| yew::AttrValue::from(words.to_string()));
        let undo = named(last).or_else(|| self.before.is_some().then(|| yew::AttrValue::from("starting over")));
        TimeView {
            start: self.begin.now.0,
            now: now.now.0,
            reached: journal.last().map_or(now.now.0, |record| record.at.0.max(now.now.0)),
            commands,
            coming: self.coming(),
            undo,
            redo: named(next),
            playing: !self.pace.paused,
            speed: self.pace.speed,
        }
    }
}

fn mark(at_ms: i64, label: String) -> Mark {
    Mark { at: Instant::from_millis(at_ms).0, label: label.into() }
}

/// A request as one would type it, if it is not too long.
fn words_of(what: &What) -> String {
    let What::Send(bytes) = what else { return String::new() };
    let line = crate::line::of_request(bytes);
    if line.chars().count() <= 40 { line } else { line.chars().take(39).chain(['…']).collect() }
}

/// What of a long history gets a mark: all of the latest, and of what lies before them some, evenly.
fn thinned<'a>(moments: &'a [&'a sim::Record]) -> impl Iterator<Item = &'a sim::Record> {
    const LATEST: usize = 150;
    const OLDER: usize = 100;
    let (older, latest) = moments.split_at(moments.len().saturating_sub(LATEST));
    older.iter().step_by(older.len() / OLDER + 1).chain(latest).copied()
}
