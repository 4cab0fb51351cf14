//! The parts of the server that are neither keys nor connections.

use crate::blocking::Waits;
use crate::event::Event;
use crate::io::Config;
use crate::pubsub::{Outbox, PubSub};
use crate::time::Instant;
use crate::watch::Watches;
use alloc::string::String;
use alloc::vec::Vec;

/// Counters and settings of the process.
#[derive(Clone, Debug)]
pub struct Server {
    pub config: Config,
    pub started: Instant,
    /// 40 hexadecimal digits that name this run.
    pub run_id: String,
    pub commands_processed: u64,
    pub total_error_replies: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub pubsub: PubSub,
    pub(crate) watches: Watches,
    pub(crate) waits: Waits,
    /// What the command that runs sends to connections besides its reply; it leaves after the reply.
    pub(crate) outbox: Outbox,
    /// Events for the host, if it listens.
    pub(crate) told: Vec<Event>,
    /// Set by SHUTDOWN: the host is asked to stop.
    pub(crate) shutdown: bool,
}
