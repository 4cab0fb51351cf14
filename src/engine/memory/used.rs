//! What the whole server takes: `used_memory` and its parts.
//!
//! What a server takes before it holds a key was read off the oracle. What is not modelled here: buffers of queries and
//! replies, caches of scripts, fragmentation. So the resident set is as large as what is used.

use crate::client::Clients;
use crate::keyspace::Keyspace;
use crate::store::Store;
use crate::time::Instant;

/// What a server has taken when it is ready to serve.
pub(crate) const STARTUP: u64 = 716_344;
/// What it takes more when its first client is there, that client not counted.
const SERVING: u64 = 36_872;
/// A connection that is idle.
const CLIENT: u64 = 2304;
/// The machines of scripts and of functions.
pub(crate) const SCRIPT_VM: u64 = 32_768;
pub(crate) const FUNCTION_VM: u64 = 34_816;
/// The empty library of functions.
pub(crate) const FUNCTIONS: u64 = 200;

/// The parts of `used_memory`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub total: u64,
    pub clients: u64,
    /// Whatever is not the data themselves.
    pub overhead: u64,
}

impl Used {
    pub fn dataset(&self) -> i64 {
        self.total as i64 - self.overhead as i64
    }

    /// The share of the dataset in what was added since the start, in per cent. Redis computes it without signs: when there is more overhead
    /// than was added, the share is astronomical.
    pub fn dataset_share(&self) -> f32 {
        self.dataset() as u64 as f32 * 100.0 / self.total.saturating_sub(STARTUP).max(1) as f32
    }
}

/// `used_memory`, cheaply: it costs a glance at each database.
///
/// The store must be closed: see [`Store::close`].
#[inline]
pub(crate) fn total(store: &Store, clients: &Clients) -> u64 {
    STARTUP + SERVING + clients.len() as u64 * CLIENT + store.allocated()
}

pub(crate) fn used(store: &mut Store, clients: &Clients) -> Used {
    store.close();
    let total = total(store, clients);
    let clients = clients.len() as u64 * CLIENT;
    let tables: usize = (0..store.databases())
        .filter_map(|database| overhead(store.keyspace(database)))
        .map(|(main, volatile)| main + volatile)
        .sum();
    Used { total, clients, overhead: STARTUP + SCRIPT_VM + FUNCTION_VM + FUNCTIONS + clients + tables as u64 }
}

/// What Redis counts as overhead of a database's two tables, of all keys and of the volatile ones; none if it never held a key.
pub(crate) fn overhead(space: &Keyspace) -> Option<(usize, usize)> {
    const TABLES: usize = 2712;
    const NO_VOLATILE: usize = 216;
    const VOLATILE: usize = 280;
    const KEY: usize = 32;
    const VOLATILE_KEY: usize = 16;
    const REHASHING: usize = 24;
    let (main, volatile) = space.buckets();
    if main.is_empty() {
        return None;
    }
    let rehashing = |rehashing| if rehashing { REHASHING } else { 0 };
    let keys = TABLES + main.count() * 8 + space.len() * KEY + rehashing(main.is_rehashing());
    let deadlines =
        VOLATILE + volatile.count() * 8 + space.volatile_len() * VOLATILE_KEY + rehashing(volatile.is_rehashing());
    Some((keys, if volatile.is_empty() { NO_VOLATILE } else { deadlines }))
}

/// The most that was used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peak {
    pub bytes: u64,
    pub at: Instant,
}

impl Peak {
    pub fn note(&mut self, used: u64, now: Instant) {
        if used > self.bytes {
            *self = Peak { bytes: used, at: now };
        }
    }
}
