//! What goes into a step and what comes out of it.

use crate::config::Settings;
use crate::event::Event;
use crate::time::Instant;
use alloc::string::String;
use alloc::vec::Vec;

/// A connection. The host numbers them upwards from 1; the number is what CLIENT ID shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// Something that happens to the server.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A client connected from `address` (`ip:port`) to `local_address`.
    Connected { client: ClientId, address: String, local_address: String },
    /// Bytes arrived from a client, cut anywhere.
    Bytes { client: ClientId, bytes: &'a [u8] },
    /// The client is gone.
    Closed { client: ClientId },
    /// Nothing but time has passed: what [`crate::Engine::next_wakeup`] asked for.
    Wakeup,
}

/// Something that the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output<'a> {
    Bytes {
        client: ClientId,
        bytes: &'a [u8],
    },
    /// Close the connection, after the bytes before it were sent.
    Close {
        client: ClientId,
    },
    /// More requests of this client wait, but its replies go beyond [`Config::reply_budget`]: once they were sent, hand it
    /// [`Input::Bytes`] without bytes.
    Again {
        client: ClientId,
    },
    /// The server wants to stop (SHUTDOWN).
    Shutdown,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Bytes { client: ClientId, end: usize },
    Close { client: ClientId },
    Again { client: ClientId },
    Shutdown,
}

/// What a step did. The host keeps one, drains it after every step, and so no step allocates.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    pub(crate) bytes: Vec<u8>,
    actions: Vec<Action>,
    events: Vec<Event>,
    effort: u64,
}

impl Outputs {
    pub fn new() -> Outputs {
        Outputs::default()
    }

    /// The outputs in their order.
    pub fn iter(&self) -> impl Iterator<Item = Output<'_>> {
        let mut start = 0;
        self.actions.iter().map(move |action| match *action {
            Action::Bytes { client, end } => {
                let bytes = &self.bytes[start..end];
                start = end;
                Output::Bytes { client, bytes }
            }
            Action::Close { client } => Output::Close { client },
            Action::Again { client } => Output::Again { client },
            Action::Shutdown => Output::Shutdown,
        })
    }

    /// What happened inside: what was logged, and if the engine was told to listen, everything.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How much work the step was: elements visited and bytes copied, in no unit of time.
    pub fn effort(&self) -> u64 {
        self.effort
    }

    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.events.is_empty()
    }

    /// How many bytes wait for clients.
    pub fn byte_count(&self) -> usize {
        self.bytes.len()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        // A huge reply was an exception; its memory is given back.
        self.bytes.shrink_to(1 << 20);
        self.actions.clear();
        self.events.clear();
        self.effort = 0;
    }

    /// Where bytes that are written now begin.
    pub(crate) fn mark(&self) -> usize {
        self.bytes.len()
    }

    /// Takes back what was written since `mark`.
    pub(crate) fn rewind(&mut self, mark: usize) {
        self.bytes.truncate(mark);
    }

    /// Addresses what was written since the last action to `client`.
    pub(crate) fn deliver(&mut self, client: ClientId) {
        let end = self.bytes.len();
        let start = self.actions.iter().rev().find_map(|action| match action {
            Action::Bytes { end, .. } => Some(*end),
            _ => None,
        });
        if start.unwrap_or(0) == end {
            return;
        }
        match self.actions.last_mut() {
            Some(Action::Bytes { client: last, end: last_end }) if *last == client => *last_end = end,
            _ => self.actions.push(Action::Bytes { client, end }),
        }
    }

    pub(crate) fn close(&mut self, client: ClientId) {
        self.actions.push(Action::Close { client });
    }

    pub(crate) fn again(&mut self, client: ClientId) {
        self.actions.push(Action::Again { client });
    }

    pub(crate) fn shutdown(&mut self) {
        self.actions.push(Action::Shutdown);
    }

    pub(crate) fn add_events(&mut self, events: &mut Vec<Event>) {
        self.events.append(events);
    }

    pub(crate) fn add_effort(&mut self, effort: u64) {
        self.effort += effort;
    }
}

/// How the server is set up before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many databases there are.
    pub databases: usize,
    /// The port that INFO and CLIENT LIST speak of.
    pub port: u16,
    /// When the server started.
    pub started: Instant,
    /// Whether [`Outputs::events`] is filled with more than what is logged.
    pub listen: bool,
    /// The process id that INFO shows.
    pub process_id: u32,
    /// `proto-max-bulk-len`: the longest argument.
    pub max_bulk: i64,
    /// `client-query-buffer-limit`: how many bytes of unfinished or waiting requests a client may have.
    pub query_limit: usize,
    /// After how many bytes of replies in one step a client has to wait; without end unless the host sets it.
    pub reply_budget: usize,
    /// How much fuel of scripts (calls and jumps back) passes in a microsecond, unless somebody says otherwise as much as on a real
    /// server; 0: as much as the clock says, because it is a real one.
    pub fuel_per_us: u32,
    /// The parameters as a configuration file gave them.
    pub settings: Settings,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            databases: 16,
            port: 6379,
            started: Instant::default(),
            listen: false,
            process_id: 1,
            max_bulk: 512 << 20,
            query_limit: 1 << 30,
            reply_budget: usize::MAX,
            fuel_per_us: crate::script::FUEL_PER_US,
            settings: Settings::default(),
        }
    }
}
