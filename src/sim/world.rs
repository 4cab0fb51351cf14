//! One server, its clients, and time as something that can be stopped, hurried and turned back.
//!
//! The journal holds what was done from outside; wake-ups are derived from the engine, so they need not be written down. `position`
//! says how many records have happened: undo and scrubbing move it back and leave the records behind it as a future that redo
//! walks again, until something new is done: then that future is forgotten.

use crate::checkpoints::{Checkpoints, Snapshot};
use crate::journal::{Journal, Record, What};
use crate::trace::Trace;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use engine::{ClientId, Config, Engine, Event, Input, Instant, Output, Outputs};

/// How much effort counts as one more event where only so many are handled at a time.
const EFFORT_OF_EVENT: u64 = 16;

/// How a world begins.
#[derive(Clone, Debug)]
pub struct WorldConfig {
    pub seed: u64,
    /// What the clock shows at the beginning.
    pub start: Instant,
    /// Bytes that checkpoints may take.
    pub checkpoint_budget: usize,
    /// Whether events are reported.
    pub listen: bool,
}

impl Default for WorldConfig {
    fn default() -> Self {
        // 2026-01-01 00:00:00 UTC.
        WorldConfig { seed: 1, start: Instant(1_767_225_600_000_000), checkpoint_budget: 256 << 20, listen: true }
    }
}

/// Bytes that reached a client. `closed`: the server ended the connection after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub at: Instant,
    pub client: ClientId,
    pub bytes: Vec<u8>,
    pub closed: bool,
}

/// A point in a world's history. Moments are ordered; whoever keeps something per moment (a terminal's lines) finds what
/// belonged to an earlier one by comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub now: Instant,
    /// How many records have happened.
    pub position: usize,
    /// How many deliveries were made.
    pub deliveries: u64,
}

/// One server with its clients, in virtual time.
#[derive(Clone, Debug)]
pub struct World {
    present: Snapshot,
    journal: Journal,
    checkpoints: Checkpoints,
    /// By client, in the order of their numbers.
    inbox: Vec<(ClientId, Vec<Delivery>)>,
    events: Vec<(Instant, Event)>,
    listen: bool,
    outputs: Outputs,
    next_client: u64,
}

impl World {
    pub fn new(config: &WorldConfig) -> World {
        let engine =
            Engine::new(Config { started: config.start, listen: config.listen, ..Config::default() }, config.seed);
        let present = Snapshot { now: config.start, position: 0, deliveries: 0, trace: Trace::default(), engine };
        let mut checkpoints = Checkpoints::new(config.checkpoint_budget);
        checkpoints.add(present.clone());
        World {
            present,
            journal: Journal { seed: config.seed, start: config.start, records: Vec::new() },
            checkpoints,
            inbox: Vec::new(),
            events: Vec::new(),
            listen: config.listen,
            outputs: Outputs::new(),
            next_client: 1,
        }
    }

    /// The world that a journal tells of, at its end. What reached the clients on the way can be taken as if it had just come.
    pub fn from_journal(journal: Journal, config: &WorldConfig) -> World {
        let mut world = World::new(&WorldConfig { seed: journal.seed, start: journal.start, ..config.clone() });
        for record in journal.records {
            world.run_until(record.at);
            world.next_client = world.next_client.max(record.client.0 + 1);
            world.do_now(record.client, record.what);
        }
        world
    }

    // ---- doing ------------------------------------------------------------------------------------------------------

    /// A new client connects.
    pub fn connect(&mut self) -> ClientId {
        let client = ClientId(self.next_client);
        self.next_client += 1;
        self.do_now(client, What::Connect);
        client
    }

    /// `client` sends bytes.
    pub fn send(&mut self, client: ClientId, bytes: &[u8]) {
        self.do_now(client, What::Send(bytes.to_vec()));
    }

    /// `client` hangs up.
    pub fn disconnect(&mut self, client: ClientId) {
        self.do_now(client, What::Close);
    }

    fn do_now(&mut self, client: ClientId, what: What) {
        let (position, now) = (self.present.position, self.present.now);
        if position < self.journal.records.len() {
            self.journal.records.truncate(position);
            self.checkpoints.forget_after(position, now);
        }
        // The server's own events come before an input of the same moment, now and in every replay.
        self.run_until(now);
        let record = Record { at: now, client, what };
        let effort = self.apply(&record, true);
        self.journal.records.push(record);
        if self.checkpoints.due(effort, &self.present.engine) {
            self.checkpoints.add(self.present.clone());
        }
    }

    /// Lets a record happen to the present.
    fn apply(&mut self, record: &Record, live: bool) -> u64 {
        let Record { client, what, .. } = record;
        let (client, now) = (*client, self.present.now);
        self.present.position += 1;
        match what {
            What::Connect => {
                self.present.trace.note(now, 0, client.0, &[]);
                // Ports as a kernel would hand them out, so that CLIENT LIST reads like one.
                let address = format!("127.0.0.1:{}", 49_152 + client.0 % 16_384);
                let local_address = String::from("127.0.0.1:6379");
                self.step(Input::Connected { client, address, local_address }, live)
            }
            What::Send(bytes) => {
                self.present.trace.note(now, 1, client.0, bytes);
                self.step(Input::Bytes { client, bytes }, live)
            }
            What::Close => {
                self.present.trace.note(now, 2, client.0, &[]);
                self.step(Input::Closed { client }, live)
            }
        }
    }

    fn step(&mut self, input: Input, live: bool) -> u64 {
        let Snapshot { now, engine, trace, deliveries, .. } = &mut self.present;
        let mut outputs = core::mem::take(&mut self.outputs);
        engine.step(*now, input, &mut outputs);
        for output in outputs.iter() {
            let (client, bytes, closed) = match output {
                Output::Bytes { client, bytes } => (client, bytes, false),
                Output::Close { client } => (client, &[][..], true),
                // Worlds set no budget for replies, so that nobody waits for one.
                Output::Again { .. } | Output::Shutdown => continue,
            };
            trace.note(*now, if closed { 4 } else { 3 }, client.0, bytes);
            *deliveries += 1;
            if live {
                let delivery = Delivery { at: *now, client, bytes: bytes.to_vec(), closed };
                match self.inbox.binary_search_by_key(&client, |(client, _)| *client) {
                    Ok(at) => self.inbox[at].1.push(delivery),
                    Err(at) => self.inbox.insert(at, (client, alloc::vec![delivery])),
                }
            }
        }
        if live && self.listen {
            self.events.extend(outputs.events().iter().map(|event| (*now, event.clone())));
        }
        let effort = outputs.effort();
        outputs.clear();
        self.outputs = outputs;
        effort
    }

    // ---- time -------------------------------------------------------------------------------------------------------

    /// What the clock shows.
    pub fn now(&self) -> Instant {
        self.present.now
    }

    /// What the clock showed at the beginning.
    pub fn start(&self) -> Instant {
        self.journal.start
    }

    /// When the server will next do something of its own accord.
    pub fn next_event(&self) -> Option<Instant> {
        self.present.engine.next_wakeup()
    }

    /// Lets `microseconds` pass.
    pub fn advance(&mut self, microseconds: u64) {
        self.run_until(self.present.now.plus_micros(microseconds));
    }

    /// Lets time pass until `until`.
    pub fn run_until(&mut self, until: Instant) {
        while !self.run_slice(until, 1024) {}
    }

    /// Lets time pass until `until`, but handles at most `events` of the server's own events; false: there is more to do. Time
    /// that passes in the past of a longer journal replays that journal.
    pub fn run_slice(&mut self, until: Instant, events: usize) -> bool {
        let mut handled = 0;
        loop {
            let record = self.journal.records.get(self.present.position).map(|record| record.at);
            let wakeup = self.next_event();
            let next = [wakeup, record].into_iter().flatten().min();
            let Some(next) = next.filter(|&next| next <= until) else {
                self.present.now = self.present.now.max(until);
                return true;
            };
            if handled >= events {
                return false;
            }
            handled += 1;
            self.present.now = self.present.now.max(next);
            if wakeup.is_some_and(|wakeup| record.is_none_or(|record| wakeup <= record)) {
                let effort = self.step(Input::Wakeup, true);
                // A slice of a long script is as much as many events.
                handled = handled.saturating_add(usize::try_from(effort / EFFORT_OF_EVENT).unwrap_or(usize::MAX));
                if self.present.position == self.journal.records.len()
                    && self.checkpoints.due(effort, &self.present.engine)
                {
                    self.checkpoints.add(self.present.clone());
                }
            } else {
                self.walk_record(true);
            }
        }
    }

    // ---- the way back -----------------------------------------------------------------------------------------------

    /// Where in its history this world is.
    pub fn moment(&self) -> Moment {
        Moment { now: self.present.now, position: self.present.position, deliveries: self.present.deliveries }
    }

    /// Everything that was done, the part that undo took back included.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        self.last_sent().is_some()
    }

    /// Whether something that was undone can be done again.
    pub fn can_redo(&self) -> bool {
        self.present.position < self.journal.records.len()
    }

    fn last_sent(&self) -> Option<usize> {
        let done = &self.journal.records[..self.present.position];
        done.iter().rposition(|record| matches!(record.what, What::Send(_)))
    }

    /// Takes back the latest input of any client: the world is again as it was just before, time included.
    pub fn undo(&mut self) -> bool {
        let Some(position) = self.last_sent() else { return false };
        self.go_to(position, self.journal.records[position].at);
        true
    }

    /// Does again what was undone, up to and with the next input of a client.
    pub fn redo(&mut self) -> bool {
        let ahead = &self.journal.records[self.present.position..];
        let Some(next) = ahead.iter().position(|record| matches!(record.what, What::Send(_))) else { return false };
        let target = self.present.position + next;
        let at = self.journal.records[target].at;
        self.go_to(target + 1, at);
        true
    }

    /// Goes to a moment of this world's history, or lets time pass up to it when it lies ahead of everything.
    pub fn scrub(&mut self, at: Instant) {
        let position = self.journal.records.partition_point(|record| record.at <= at);
        self.go_to(position, at.max(self.journal.start));
    }

    /// The state after `position` records at time `at`.
    fn go_to(&mut self, position: usize, at: Instant) {
        let ahead = position >= self.present.position && at >= self.present.now;
        let nearest = self.checkpoints.before(position, at);
        // Walking on from here is as good as from a checkpoint, if none lies nearer.
        let here = ahead && nearest.is_none_or(|snapshot| snapshot.position <= self.present.position);
        if !here && let Some(snapshot) = nearest {
            self.present = snapshot.clone();
        }
        self.inbox.clear();
        self.events.clear();
        while self.present.position < position {
            self.pass(self.journal.records[self.present.position].at);
            self.walk_record(false);
        }
        self.pass(at);
    }

    /// Lets the server's own events up to `until` happen without telling anybody.
    fn pass(&mut self, until: Instant) {
        while let Some(wakeup) = self.next_event().filter(|&wakeup| wakeup <= until) {
            self.present.now = self.present.now.max(wakeup);
            self.step(Input::Wakeup, false);
        }
        self.present.now = self.present.now.max(until);
    }

    fn walk_record(&mut self, live: bool) {
        let records = core::mem::take(&mut self.journal.records);
        if let Some(record) = records.get(self.present.position) {
            self.apply(record, live);
        }
        self.journal.records = records;
    }

    // ---- looking ----------------------------------------------------------------------------------------------------

    /// The server.
    pub fn engine(&self) -> &Engine {
        &self.present.engine
    }

    /// What reached `client` since the last time somebody asked.
    pub fn take(&mut self, client: ClientId) -> Vec<Delivery> {
        let found = self.inbox.binary_search_by_key(&client, |(client, _)| *client);
        found.map_or_else(|_| Vec::new(), |at| self.inbox.remove(at).1)
    }

    /// What happened inside since the last time somebody asked.
    pub fn take_events(&mut self) -> Vec<(Instant, Event)> {
        core::mem::take(&mut self.events)
    }

    /// A fingerprint of everything that went in and came out up to now: equal seeds and journals give equal hashes on every
    /// target.
    pub fn trace_hash(&self) -> u64 {
        self.present.trace.hash()
    }

    /// How many checkpoints are kept.
    pub fn checkpoints(&self) -> usize {
        self.checkpoints.len()
    }

    /// A copy of the present without its history, to try something out.
    pub fn fork(&self) -> World {
        let present = Snapshot { position: 0, ..self.present.clone() };
        let mut checkpoints = Checkpoints::new(0);
        checkpoints.add(present.clone());
        World {
            present,
            journal: Journal { seed: self.journal.seed, start: self.present.now, records: Vec::new() },
            checkpoints,
            inbox: Vec::new(),
            events: Vec::new(),
            listen: self.listen,
            outputs: Outputs::new(),
            next_client: self.next_client,
        }
    }

    /// The same with another server in it, such as a copy that somebody has taken further by hand: for looking at it.
    pub fn fork_with(&self, engine: Engine) -> World {
        let mut fork = self.fork();
        fork.present.engine = engine;
        fork
    }
}
