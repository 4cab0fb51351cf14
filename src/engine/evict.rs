//! Eviction: keeping below `maxmemory` by letting keys go.
//!
//! Before a command runs, keys are evicted until what is used is below the limit again; if none may go, commands that would need more memory
//! are refused. Which key goes is the policy's business. Redis' documentation calls the LRU and LFU policies approximated: no list of
//! all keys in order is kept. Instead `maxmemory-samples` keys are drawn, and the best candidates among them, up to 16, are remembered in a
//! pool from one eviction to the next; the best of the pool goes. So is `volatile-ttl`. The random policies take the
//! databases in turn and draw one key.
//!
//! What makes a candidate good is how long nobody used it (LRU), how long nobody changed it (LRM), how seldom it is used
//! (LFU), or how soon its time is over. For all this a key has 24 bits, the clock of its last use in seconds, or, for LFU, 16
//! bits of minutes and a counter of 8 bits. The counter grows by chance, the less likely the higher it is, so that it counts on a
//! logarithmic scale, and shrinks by one for every `lfu-decay-time` minutes that pass.
//!
//! Chance is the engine's seeded source, so the same inputs evict the same keys. Redis stops after a while and goes on later (`maxmemory-eviction-tenacity`);
//! here it is done at once, and shows as effort.

use crate::client::Clients;
use crate::memory::used;
use crate::random::Random;
use crate::server::Server;
use crate::store::Store;
use crate::text::Text;
use alloc::vec::Vec;

/// What `maxmemory-policy` looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Nothing: no key is evicted.
    #[default]
    None,
    /// When the key was last used.
    Lru,
    /// How often it is used.
    Lfu,
    /// When it was last changed.
    Lrm,
    Random,
    /// When its time is over.
    Ttl,
}

/// The parameters of eviction.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// `maxmemory`; 0: there is no limit.
    pub limit: u64,
    pub measure: Measure,
    /// Only keys that have a deadline may go.
    pub volatile_only: bool,
    pub samples: usize,
    pub lfu_log_factor: u64,
    /// In minutes; 0: counters stay.
    pub lfu_decay_time: u64,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            limit: 0,
            measure: Measure::None,
            volatile_only: false,
            samples: 5,
            lfu_log_factor: 10,
            lfu_decay_time: 1,
        }
    }
}

impl Policy {
    /// Takes over a value of `maxmemory-policy`.
    pub(crate) fn choose(&mut self, word: &[u8]) {
        self.volatile_only = word.starts_with(b"volatile");
        self.measure = match word.rsplit(|&byte| byte == b'-').next() {
            Some(b"lru") => Measure::Lru,
            Some(b"lfu") => Measure::Lfu,
            Some(b"lrm") => Measure::Lrm,
            Some(b"random") => Measure::Random,
            Some(b"ttl") => Measure::Ttl,
            _ => Measure::None,
        };
    }
}

/// The counter of a key that was just made: it has a chance to be used before it goes.
const LFU_FIRST: u32 = 5;
const LFU_MOST: u32 = 255;

/// The 24 bits of a key that is made now.
pub(crate) fn lfu_fresh(now_seconds: i64) -> u32 {
    lfu_with(now_seconds, LFU_FIRST)
}

/// The 24 bits of a key with a given counter.
pub(crate) fn lfu_with(now_seconds: i64, counter: u32) -> u32 {
    minutes(now_seconds) << 8 | counter.min(LFU_MOST)
}

fn minutes(seconds: i64) -> u32 {
    (seconds / 60) as u32 & 0xFFFF
}

/// The counter that these bits say now.
pub(crate) fn lfu_counter(bits: u32, now_seconds: i64, decay_time: u64) -> u32 {
    let counter = bits & 0xFF;
    let passed = u64::from(minutes(now_seconds).wrapping_sub(bits >> 8) & 0xFFFF);
    let lost = passed.checked_div(decay_time).unwrap_or(0);
    counter - u64::from(counter).min(lost) as u32
}

/// The bits after one more use.
pub(crate) fn lfu_used(bits: u32, now_seconds: i64, policy: &Policy, random: &mut Random) -> u32 {
    let counter = lfu_counter(bits, now_seconds, policy.lfu_decay_time);
    let above = u64::from(counter.saturating_sub(LFU_FIRST));
    let grows = counter < LFU_MOST && random.below(above * policy.lfu_log_factor + 1) == 0;
    lfu_with(now_seconds, counter + u32::from(grows))
}

/// A key that may go, and how good a candidate it was when it was drawn.
#[derive(Clone, Debug)]
struct Candidate {
    score: u64,
    database: usize,
    key: Text,
}

/// The best candidates so far, the best one last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Eviction {
    pool: Vec<Candidate>,
    /// The database that a random policy comes to next.
    next_database: usize,
}

const POOL: usize = 16;

/// Whether more is used than `maxmemory` allows, after all was evicted that may be.
#[cold]
pub(crate) fn is_out_of_memory(store: &mut Store, clients: &Clients, server: &mut Server, effort: &mut u64) -> bool {
    let limit = store.policy.limit;
    loop {
        store.close();
        let used = used::total(store, clients);
        if limit == 0 || used <= limit {
            return false;
        }
        server.peak.note(used, store.now);
        let victim = match store.policy.measure {
            Measure::None => None,
            Measure::Random => draw(store, &mut server.eviction),
            _ => best(store, &mut server.eviction, effort),
        };
        let Some((database, id)) = victim else { return true };
        *effort += 1;
        store.in_database(database, |store| store.evict_at(id));
    }
}

/// A key of the next database that has one.
fn draw(store: &mut Store, eviction: &mut Eviction) -> Option<(usize, u32)> {
    for _ in 0..store.databases() {
        let database = eviction.next_database % store.databases();
        eviction.next_database = database + 1;
        let count = store.keyspace(database).candidates(store.policy.volatile_only);
        if count > 0 {
            let place = store.random.below(count as u64) as usize;
            let id = store.keyspace(database).candidate(store.policy.volatile_only, place)?;
            return Some((database, id));
        }
    }
    None
}

/// The best key of the pool, after samples of every database were put in.
fn best(store: &mut Store, eviction: &mut Eviction, effort: &mut u64) -> Option<(usize, u32)> {
    loop {
        let mut any = false;
        for database in 0..store.databases() {
            let count = store.keyspace(database).candidates(store.policy.volatile_only);
            any |= count > 0;
            let samples = store.policy.samples.min(count);
            *effort += samples as u64;
            for sample in 0..samples {
                // All of them if there are no more.
                let place = if count == samples { sample } else { store.random.below(count as u64) as usize };
                consider(store, &mut eviction.pool, database, place);
            }
        }
        if !any {
            return None;
        }
        while let Some(candidate) = eviction.pool.pop() {
            let space = store.keyspace(candidate.database);
            let found = space.find(&candidate.key);
            // The key may have gone, or lost its deadline, since it was drawn.
            if let Some(id) = found.filter(|&id| !store.policy.volatile_only || space.deadline(id).is_some()) {
                return Some((candidate.database, id));
            }
        }
    }
}

/// Puts the key at a place into the pool if it is a better candidate than the worst there.
fn consider(store: &mut Store, pool: &mut Vec<Candidate>, database: usize, place: usize) {
    let policy = store.policy;
    let space = store.keyspace(database);
    let Some(id) = space.candidate(policy.volatile_only, place) else { return };
    let now = store.now.seconds();
    let bits = space.access(id);
    let score = match policy.measure {
        Measure::Lfu => u64::from(LFU_MOST - lfu_counter(bits, now, policy.lfu_decay_time)),
        Measure::Ttl => u64::MAX - space.deadline(id).unwrap_or(i64::MAX).unsigned_abs(),
        _ => u64::from((now as u32).wrapping_sub(bits) & 0xFF_FFFF),
    };
    let key = space.key(id);
    if pool.iter().any(|candidate| candidate.database == database && candidate.key == *key) {
        return;
    }
    let key = key.clone();
    store.effects.sampled(database, &key, score);
    if pool.len() == POOL {
        if score <= pool[0].score {
            return;
        }
        pool.remove(0);
    }
    let at = pool.partition_point(|candidate| candidate.score < score);
    pool.insert(at, Candidate { score, database, key });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_grows_by_its_logarithm_and_shrinks_with_time() {
        let policy = Policy::default();
        let mut random = Random::new(1);
        let now = 1_800_000_000;
        let mut bits = lfu_fresh(now);
        assert_eq!(lfu_counter(bits, now, 1), 5);
        bits = lfu_used(bits, now, &policy, &mut random);
        assert_eq!(lfu_counter(bits, now, 1), 6);
        // The documentation: with a factor of 10, 1000 uses bring about 18, 100 000 about 142, a million 255.
        let mut counters = Vec::new();
        for uses in 1..=1_000_000 {
            bits = lfu_used(bits, now, &policy, &mut random);
            if [1000, 100_000, 1_000_000].contains(&uses) {
                counters.push(lfu_counter(bits, now, 1));
            }
        }
        assert!(
            (14..=22).contains(&counters[0]) && (130..=155).contains(&counters[1]) && counters[2] > 250,
            "{counters:?}"
        );
        assert_eq!(lfu_counter(bits, now + 10 * 60, 1), counters[2] - 10);
        assert_eq!(lfu_counter(bits, now + 10 * 60, 0), counters[2]);
    }
}
