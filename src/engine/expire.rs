//! The active expire cycle: reclaiming what nobody looks up.
//!
//! Redis (expire.c) samples volatile keys ten times a second and goes on while more than a tenth of the sample was expired.
//! Deadlines are ordered here, so the cycle takes exactly the expired ones, earliest first, on the same ten ticks a second, at most
//! `BUDGET` of them a tick, so that a flood of deadlines does not stop the server for long. Between its deadline and the next
//! tick a key is a ghost: DBSIZE counts it and every lookup denies it, as in Redis.
//!
//! Fields of hashes that are over are reclaimed on the same ticks, all of a hash at once; a hash that is left empty goes.

use crate::store::Store;
use crate::time::Instant;

/// Microseconds between ticks (`hz 10`).
pub(crate) const TICK: u64 = 100_000;
const BUDGET: usize = 100_000;

/// The first tick after the earliest deadline, counted from when the server started.
pub(crate) fn next_tick(store: &Store, started: Instant, after: Instant) -> Option<Instant> {
    if !store.expires_actively || store.cron_pauses {
        return None;
    }
    let keys = store.spaces.iter().filter_map(crate::keyspace::Keyspace::next_deadline).min();
    let fields = store.spaces.iter().filter_map(|space| Some(space.first_volatile_field()?.0)).min();
    let earliest = keys.into_iter().chain(fields).min()?;
    // A key is expired from the first millisecond after its deadline.
    let due = Instant::from_millis(earliest.saturating_add(1)).max(after);
    let since = due.0.saturating_sub(started.0);
    Some(Instant(started.0.saturating_add(since.div_ceil(TICK).saturating_mul(TICK))))
}

/// Reclaims the keys whose deadline is over.
pub(crate) fn cycle(store: &mut Store) {
    if !store.expires_actively || store.cron_pauses {
        return;
    }
    let now = store.now.millis();
    let mut budget = BUDGET;
    for database in 0..store.databases() {
        store.in_database(database, |store| {
            while budget > 0 && store.space().next_deadline().is_some_and(|deadline| now > deadline) {
                let Some(id) = store.space().first_volatile() else { break };
                store.expire_at(id, false);
                budget -= 1;
            }
            while budget > 0
                && let Some((deadline, id)) = store.space().first_volatile_field()
                && now > deadline
            {
                budget -= store.expire_fields(id, budget).max(1).min(budget);
            }
        });
    }
}
