//! The parts of the server that are neither keys nor connections.

use crate::acl::Access;
use crate::blocking::Waits;
use crate::client_memory::{ClientLimit, Incidents};
use crate::config::Settings;
use crate::event::Event;
use crate::evict::Eviction;
use crate::io::{ClientId, Config};
use crate::latency::Latency;
use crate::memory::used::Peak;
use crate::pubsub::{Outbox, PubSub};
use crate::script::Scripting;
use crate::slowlog::SlowLog;
use crate::table;
use crate::text::Text;
use crate::time::Instant;
use crate::tracking::TrackingTable;
use crate::watch::Watches;
use alloc::string::String;
use alloc::vec::Vec;

/// The version of Redis whose behaviour this is.
pub const VERSION: &str = "8.6.3";
/// The same as one number, a byte a part.
pub const VERSION_NUMBER: u32 = 0x08_06_03;

/// What INFO's commandstats counts for a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallStatistics {
    pub calls: u64,
    /// The work of all calls: one for each, and what they visited and copied. INFO shows it as microseconds.
    pub effort: u64,
    /// Refused before they ran.
    pub rejected: u64,
    /// Ran and replied with an error.
    pub failed: u64,
}

/// Commands a second, measured over whole seconds in which something arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rate {
    since: Instant,
    commands: u64,
    last: u64,
}

impl Rate {
    const SECOND: u64 = 1_000_000;

    /// Called whenever bytes arrive, with how many commands there were so far.
    #[inline]
    pub(crate) fn note(&mut self, now: Instant, commands: u64) {
        let passed = now.0.saturating_sub(self.since.0);
        if passed >= Rate::SECOND {
            self.last = (commands.saturating_sub(self.commands)).saturating_mul(Rate::SECOND) / passed;
            self.since = now;
            self.commands = commands;
        }
    }

    pub(crate) fn per_second(&self, now: Instant) -> u64 {
        if now.0.saturating_sub(self.since.0) < 2 * Rate::SECOND { self.last } else { 0 }
    }
}

/// Something that a command wants done once it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Close another connection.
    Kill(ClientId),
    /// End another connection's wait, with an error or as if its time were over.
    Unblock { client: ClientId, error: bool },
    /// Let go on what waited for the end of a pause.
    Release,
    /// Bring memory below a limit that was just set.
    Evict,
    /// Tell the host to stop.
    Shutdown,
}

/// CLIENT PAUSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    /// In milliseconds since the epoch.
    pub until: i64,
    pub writes_only: bool,
}

/// Counters and settings of the process.
#[derive(Clone, Debug)]
pub struct Server {
    pub config: Config,
    pub started: Instant,
    /// 40 hexadecimal digits that name this run.
    pub run_id: String,
    pub commands_processed: u64,
    pub total_error_replies: u64,
    /// How many times bytes arrived.
    pub(crate) reads: u64,
    pub(crate) rate: Rate,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub pubsub: PubSub,
    pub(crate) watches: Watches,
    pub(crate) waits: Waits,
    pub(crate) tracking: TrackingTable,
    /// What the command that runs sends to connections besides its reply; it leaves after the reply.
    pub(crate) outbox: Outbox,
    /// Events for the host: what is logged, and if it listens, everything.
    pub(crate) told: Vec<Event>,
    /// The parameters that CONFIG shows.
    pub settings: Settings,
    pub(crate) access: Access,
    pub(crate) pause: Option<Pause>,
    pub(crate) orders: Vec<Order>,
    /// One for each row, by its number.
    pub(crate) calls: Vec<CallStatistics>,
    /// How many errors of each code were replied.
    pub(crate) errors: Vec<(Text, u64)>,
    pub(crate) slow_log: SlowLog,
    pub(crate) latency: Latency,
    /// `maxmemory-clients`.
    pub(crate) client_limit: ClientLimit,
    pub(crate) incidents: Incidents,
    /// The replication id: 40 hexadecimal digits.
    pub(crate) replication_id: String,
    pub(crate) eviction: Eviction,
    /// The most memory that was used so far.
    pub(crate) peak: Peak,
    /// When the work of the server's clock was done last.
    pub(crate) housekept: Instant,
    /// When the data were last saved, or the server started.
    pub(crate) last_save: Instant,
    pub(crate) scripting: Scripting,
}

impl Server {
    pub(crate) fn new(config: Config, seed: u64, run_id: String, replication_id: String) -> Server {
        let started = config.started;
        Server {
            config,
            started,
            run_id,
            commands_processed: 0,
            total_error_replies: 0,
            reads: 0,
            rate: Rate::default(),
            bytes_in: 0,
            bytes_out: 0,
            pubsub: PubSub::new(seed),
            watches: Watches::default(),
            waits: Waits::default(),
            tracking: TrackingTable::new(),
            outbox: Vec::new(),
            told: Vec::new(),
            settings: Settings::default(),
            access: Access::default(),
            pause: None,
            orders: Vec::new(),
            calls: alloc::vec![CallStatistics::default(); table::ROWS],
            errors: Vec::new(),
            slow_log: SlowLog::default(),
            latency: Latency::default(),
            client_limit: ClientLimit::None,
            incidents: Incidents::default(),
            replication_id,
            eviction: Eviction::default(),
            peak: Peak::default(),
            housekept: started,
            last_save: started,
            scripting: Scripting::new(seed),
        }
    }

    /// CONFIG RESETSTAT.
    pub(crate) fn reset_statistics(&mut self) {
        self.commands_processed = 0;
        self.reads = 0;
        self.rate = Rate::default();
        self.total_error_replies = 0;
        self.bytes_in = 0;
        self.bytes_out = 0;
        self.calls.fill(CallStatistics::default());
        self.errors.clear();
        self.latency.reset_histograms();
        self.incidents = Incidents::default();
        self.access.forget_denied();
    }

    /// `latency-tracking`.
    pub(crate) fn track_latency(&mut self, on: bool) {
        self.latency.track(on, self.calls.iter().map(|counted| counted.calls));
    }

    /// Counts an error reply under its code: the first word of its text if it is not the only one and not too long.
    #[cold]
    pub(crate) fn count_error(&mut self, text: &[u8]) {
        self.total_error_replies += 1;
        const LONGEST: usize = 30;
        let blank = text.iter().take(LONGEST + 1).position(|&byte| byte == b' ');
        let code = blank.map_or(b"ERR".as_slice(), |end| &text[..end]);
        match self.errors.iter().position(|(known, _)| **known == *code) {
            Some(at) => self.errors[at].1 += 1,
            // Scripts can make up codes; beyond this many they are only counted in all.
            None if self.errors.len() < 128 => self.errors.push((Text::new(code), 1)),
            None => {}
        }
    }

    /// Suspends commands until a millisecond since the epoch; a longer pause that is running, or a stricter one, stays.
    pub(crate) fn suspend(&mut self, until: i64, writes_only: bool) {
        self.pause = Some(match self.pause {
            Some(pause) => Pause { until: pause.until.max(until), writes_only: pause.writes_only && writes_only },
            None => Pause { until, writes_only },
        });
    }
}
