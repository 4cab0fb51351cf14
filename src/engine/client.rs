//! Connections, as the server knows them.

use crate::acl::DEFAULT;
use crate::blocking::Blocked;
use crate::io::ClientId;
use crate::request::Request;
use crate::script::Debugger;
use crate::text::Text;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use resp::Protocol;
use resp::request::Parser;

/// What CLIENT REPLY asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyMode {
    On,
    Off,
    /// The next command's reply is dropped.
    SkipNext,
    /// This command's reply is dropped.
    Skip,
}

/// Whether scripts of a client are gone through line by line: on a copy of the keys, or on the real ones while others wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Debugging {
    #[default]
    No,
    Forked,
    Sync,
    /// The host goes through the scripts, not the client.
    Walked,
}

/// What MULTI collects.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    pub requests: Vec<Request>,
    /// A request was refused while queueing: EXEC will refuse all.
    pub aborted: bool,
}

/// What a connection is subscribed to.
#[derive(Clone, Debug, Default)]
pub struct Subscriptions {
    pub channels: BTreeSet<Text>,
    pub patterns: BTreeSet<Text>,
    pub shard_channels: BTreeSet<Text>,
}

impl Subscriptions {
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty() && self.shard_channels.is_empty()
    }
}

/// What CLIENT TRACKING asked for.
#[derive(Clone, Debug, Default)]
pub struct Tracking {
    pub mode: TrackingMode,
    pub no_loop: bool,
    /// CLIENT CACHING was called for the next command.
    pub caching: bool,
    /// The connection that invalidations go to; 0: this one.
    pub redirect: u64,
    /// That connection was found to be gone when it was to be told something.
    pub(crate) redirection_broken: Cell<bool>,
    pub prefixes: Vec<Text>,
}

/// Which keys are tracked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrackingMode {
    #[default]
    Default,
    Broadcast,
    OptIn,
    OptOut,
}

/// Whether a name, or what a library says of itself, can stand in CLIENT LIST.
pub(crate) fn valid_name(name: &[u8]) -> bool {
    name.iter().all(|byte| (b'!'..=b'~').contains(byte))
}

/// What CLIENT LIST shows as the last command of a connection that has sent none, or none that there is.
pub(crate) const NO_COMMAND: &str = "NULL";

/// One connection.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    pub address: String,
    pub local_address: String,
    pub name: Text,
    pub library_name: Text,
    pub library_version: Text,
    pub database: usize,
    pub protocol: Protocol,
    pub connected: Instant,
    pub last_interaction: Instant,
    /// The full name of the last command, subcommand included.
    pub last_command: &'static str,
    pub commands: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub no_evict: bool,
    pub no_touch: bool,
    /// As whom it is known.
    pub user: Text,
    /// Proved its password, or connected while none was needed.
    pub authenticated: bool,
    pub tracking: Option<Box<Tracking>>,
    /// Set between MULTI and EXEC or DISCARD.
    pub transaction: Option<Box<Transaction>>,
    /// How many commands the transaction has that is being run.
    pub(crate) executing: Option<usize>,
    /// Watched keys with their databases.
    pub watched: Vec<(usize, Text)>,
    /// A watched key was modified: EXEC will do nothing.
    pub watch_broken: bool,
    pub subscriptions: Subscriptions,
    /// Set while the client waits for a key.
    pub blocked: Option<Box<Blocked>>,
    pub(crate) reply_mode: ReplyMode,
    /// The connection ends once the reply is out; nothing more is read from it.
    pub(crate) closing: bool,
    /// Closed for the sake of `maxmemory-clients`: nobody waits until its replies are out.
    pub evicted: bool,
    /// Bytes of replies that the host has not got rid of yet.
    pub(crate) unsent: usize,
    /// Bytes that arrived and are not a whole request yet.
    pub(crate) query: Vec<u8>,
    /// How much of `query` was read already.
    pub(crate) query_read: usize,
    /// Requests wait until the host has got rid of the replies before them.
    pub(crate) paused: bool,
    /// The next request waits for the end of a pause (CLIENT PAUSE) or of another client's script.
    pub(crate) held: bool,
    /// Its script did not end within its step.
    pub(crate) in_script: bool,
    /// What SCRIPT DEBUG asked for.
    pub(crate) debugging: Debugging,
    /// The script that the client goes through line by line.
    pub(crate) debugger: Option<Box<Debugger>>,
    pub(crate) parser: Parser,
}

impl Client {
    fn new(id: ClientId, address: String, local_address: String, now: Instant) -> Client {
        Client {
            id,
            address,
            local_address,
            name: Text::default(),
            library_name: Text::default(),
            library_version: Text::default(),
            database: 0,
            protocol: Protocol::Resp2,
            connected: now,
            last_interaction: now,
            last_command: NO_COMMAND,
            commands: 0,
            bytes_in: 0,
            bytes_out: 0,
            no_evict: false,
            no_touch: false,
            user: Text::new(DEFAULT),
            authenticated: true,
            tracking: None,
            transaction: None,
            executing: None,
            watched: Vec::new(),
            watch_broken: false,
            subscriptions: Subscriptions::default(),
            blocked: None,
            reply_mode: ReplyMode::On,
            closing: false,
            evicted: false,
            unsent: 0,
            query: Vec::new(),
            query_read: 0,
            paused: false,
            held: false,
            in_script: false,
            debugging: Debugging::No,
            debugger: None,
            parser: Parser::default(),
        }
    }
}

impl Client {
    /// Whether it waits for a key, for the end of a pause or for its script.
    pub fn is_waiting(&self) -> bool {
        self.blocked.is_some() || self.held || self.in_script
    }

    /// What RESET resets, apart from what is registered elsewhere.
    pub(crate) fn reset(&mut self) {
        self.name = Text::default();
        self.user = Text::new(DEFAULT);
        self.database = 0;
        self.protocol = Protocol::Resp2;
        self.no_evict = false;
        self.no_touch = false;
        self.tracking = None;
        // A reply that is to be skipped is skipped, even this one.
        if self.reply_mode == ReplyMode::Off {
            self.reply_mode = ReplyMode::On;
        }
    }
}

/// All connections, by ascending id, and which of them is being served.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    list: Vec<Box<Client>>,
    current: usize,
    pub connections_received: u64,
}

impl Clients {
    pub(crate) fn add(&mut self, id: ClientId, address: String, local_address: String, now: Instant) {
        let client = Box::new(Client::new(id, address, local_address, now));
        self.connections_received += 1;
        match self.list.binary_search_by_key(&id, |client| client.id) {
            Ok(at) => self.list[at] = client,
            Err(at) => self.list.insert(at, client),
        }
    }

    pub(crate) fn remove(&mut self, id: ClientId) -> Option<Box<Client>> {
        let at = self.list.binary_search_by_key(&id, |client| client.id).ok()?;
        Some(self.list.remove(at))
    }

    /// Makes `id` the client that is served; false when there is no such client.
    #[inline]
    pub(crate) fn select(&mut self, id: ClientId) -> bool {
        if self.list.get(self.current).is_some_and(|client| client.id == id) {
            return true;
        }
        match self.list.binary_search_by_key(&id, |client| client.id) {
            Ok(at) => {
                self.current = at;
                true
            }
            Err(_) => false,
        }
    }

    /// The client whose command runs.
    #[inline]
    pub fn current(&mut self) -> &mut Client {
        &mut self.list[self.current]
    }

    /// The number of the client whose command runs; none has 0.
    pub(crate) fn current_id(&self) -> ClientId {
        self.list.get(self.current).map_or(ClientId(0), |client| client.id)
    }

    pub fn get(&self, id: ClientId) -> Option<&Client> {
        self.list.binary_search_by_key(&id, |client| client.id).ok().map(|at| &*self.list[at])
    }

    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.list.binary_search_by_key(&id, |client| client.id).ok().map(|at| &mut *self.list[at])
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Client> {
        self.list.iter().map(|client| &**client)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
