//! The parts of the server that are neither keys nor connections.

use crate::io::Config;
use crate::time::Instant;
use alloc::string::String;

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
    /// Set by SHUTDOWN: the host is asked to stop.
    pub(crate) shutdown: bool,
}
