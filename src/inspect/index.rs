//! The keys of a database in the order in which somebody wants to see them, kept so while commands change them.
//!
//! Walking over a keyspace at every command would make a large one unusable, so the order is a sorted set of our own: the
//! engine's, with what is sorted by as the score and the name as the member. It is filled in slices, by the cursor that SCAN uses and
//! with SCAN's guarantee; what changes meanwhile and afterwards is told by the engine's events. A second sorted set counts
//! what all keys of the database weigh, whatever the filter. When the events do not tell (a database was emptied or swapped, or somebody went
//! back in time) both are made anew.

use crate::row::{KINDS, kind_number};
use engine::types::{SortedSet, ZsetLimits};
use engine::{Keyspace, Text, Value, glob};

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Name,
    Kind,
    Life,
    Bytes,
}

impl Sort {
    pub const ALL: [Sort; 4] = [Sort::Name, Sort::Kind, Sort::Life, Sort::Bytes];

    pub fn words(self) -> &'static str {
        match self {
            Sort::Name => "name",
            Sort::Kind => "type",
            Sort::Life => "time to live",
            Sort::Bytes => "bytes",
        }
    }
}

/// What an index is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub database: usize,
    /// Without a wildcard a part of the name, otherwise a pattern as in KEYS.
    pub filter: String,
    /// The only type that is shown; empty: all of them.
    pub kind: &'static str,
    pub sort: Sort,
    /// Lists are weighed with their nodes compressed as configured.
    pub compress_depth: i64,
}

impl Wanted {
    fn takes(&self, name: &[u8], value: &Value) -> bool {
        (self.kind.is_empty() || self.kind == value.type_name()) && fits(name, &self.filter)
    }

    /// Large things first, and what will never go last.
    fn score(&self, value: &Value, deadline: Option<i64>, bytes: u64) -> f64 {
        match self.sort {
            Sort::Name => 0.0,
            Sort::Kind => kind_number(value.type_name()) as f64,
            Sort::Life => deadline.map_or(f64::INFINITY, |deadline| deadline as f64),
            Sort::Bytes => -(bytes as f64),
        }
    }
}

/// Without a wildcard a filter is looked for anywhere in the name; with one it is a pattern as in KEYS.
fn fits(name: &[u8], filter: &str) -> bool {
    if filter.is_empty() {
        return true;
    }
    let pattern = filter.as_bytes();
    if pattern.iter().any(|byte| b"*?[".contains(byte)) {
        glob::matches(pattern, name)
    } else {
        name.windows(pattern.len()).any(|part| part.eq_ignore_ascii_case(pattern))
    }
}

/// What MEMORY USAGE says of a key; a few elements of a large value stand for all of them, as for a client that asks.
pub fn memory(keyspace: &Keyspace, name: &[u8], compress_depth: i64) -> u64 {
    const SAMPLES: usize = 5;
    keyspace.usage(name, compress_depth, SAMPLES).unwrap_or(0) as u64
}

/// What the keys of one type weigh together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub keys: usize,
    pub bytes: u64,
}

#[derive(Debug, Default)]
pub struct Index {
    pub wanted: Wanted,
    order: SortedSet,
    /// Every key of the database with its bytes times the number of types, plus its type.
    weights: SortedSet,
    shares: [Share; KINDS.len()],
    cursor: u64,
    started: bool,
    pub done: bool,
    /// Counts the changes.
    pub version: u64,
}

const LIMITS: ZsetLimits = ZsetLimits { entries: 128, value: 64, seed: 0 };
const TYPES: f64 = KINDS.len() as f64;

impl Index {
    /// Begins anew.
    pub fn reset(&mut self, wanted: Wanted) {
        *self = Index { version: self.version + 1, wanted, ..Index::default() };
    }

    /// Takes in up to `count` more keys; true when something was left to do.
    pub fn work(&mut self, keyspace: &Keyspace, count: usize) -> bool {
        if self.done {
            return false;
        }
        let (next, page) = keyspace.scan(self.cursor, if self.cursor == 0 && self.started { 0 } else { count });
        for (name, value, deadline) in page {
            self.put(name, value, deadline, memory(keyspace, name, self.wanted.compress_depth));
        }
        self.started = true;
        self.cursor = next;
        self.done = next == 0;
        self.version += 1;
        true
    }

    fn put(&mut self, name: &[u8], value: &Value, deadline: Option<i64>, bytes: u64) {
        self.unweigh(name);
        let kind = kind_number(value.type_name());
        self.weights.set(name, bytes as f64 * TYPES + kind as f64, &LIMITS);
        self.shares[kind].keys += 1;
        self.shares[kind].bytes += bytes;
        if self.wanted.takes(name, value) {
            self.order.set(name, self.wanted.score(value, deadline, bytes), &LIMITS);
        } else {
            self.order.remove(name);
        }
    }

    fn unweigh(&mut self, name: &[u8]) {
        if let Some((kind, bytes)) = self.weight(name) {
            self.shares[kind].keys -= 1;
            self.shares[kind].bytes -= bytes;
        }
    }

    fn weight(&self, name: &[u8]) -> Option<(usize, u64)> {
        self.weights.score(name).map(|weight| ((weight % TYPES) as usize, (weight / TYPES) as u64))
    }

    /// Looks again at a key that has changed.
    pub fn note(&mut self, keyspace: &Keyspace, name: &[u8]) {
        self.version += 1;
        match keyspace.get(name) {
            Some((value, deadline)) => {
                self.put(name, value, deadline, memory(keyspace, name, self.wanted.compress_depth));
            }
            None => {
                self.unweigh(name);
                self.weights.remove(name);
                self.order.remove(name);
            }
        }
    }

    /// Whether the events have told everything.
    pub fn agrees(&self, keyspace: &Keyspace) -> bool {
        !self.done || self.weights.len() == keyspace.len()
    }

    pub fn knows(&self, name: &[u8]) -> bool {
        self.weights.score(name).is_some()
    }

    /// How many keys match.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The names from a place of the list on.
    pub fn names(&self, first: usize, count: usize, descending: bool) -> Vec<Text> {
        let len = self.order.len();
        let (from, to) = (first.min(len), first.saturating_add(count).min(len));
        let ranks = if descending { len - to..len - from } else { from..to };
        self.order.walk(ranks, descending).map(|ranked| ranked.member.clone()).collect()
    }

    /// The place of a name in the list.
    pub fn place(&self, name: &[u8], descending: bool) -> Option<usize> {
        let (rank, _) = self.order.rank(name)?;
        Some(if descending { self.order.len() - 1 - rank } else { rank })
    }

    /// The first place, in ascending order, of a name that is not before `name`; only where names are what is sorted by.
    pub fn first_from(&self, name: &[u8]) -> usize {
        self.order.partition(|ranked| &*ranked.member < name)
    }

    /// What all keys of the database weigh, by type.
    pub fn shares(&self) -> &[Share; KINDS.len()] {
        &self.shares
    }

    pub fn bytes(&self) -> u64 {
        self.shares.iter().map(|share| share.bytes).sum()
    }

    /// The heaviest keys: type, bytes, name.
    pub fn heaviest(&self, count: usize) -> Vec<(usize, u64, Text)> {
        let len = self.weights.len();
        let heavy = self.weights.walk(len.saturating_sub(count)..len, true);
        heavy
            .map(|ranked| {
                let weight = ranked.score.0;
                ((weight % TYPES) as usize, (weight / TYPES) as u64, ranked.member.clone())
            })
            .collect()
    }
}
