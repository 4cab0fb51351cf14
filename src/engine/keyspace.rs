//! One numbered database: the dictionary of its keys and the deadlines of the volatile ones.
//!
//! A key's deadline stands outside the dictionary, because most keys have none: a bit in the entry's tag says whether to look.
//! Deadlines are kept twice, by key and in order of time, so that the active cycle and the clock's "next event" read the
//! earliest one without sampling.

use crate::dict::{Dict, Entry};
use crate::text::Text;
use crate::value::Value;
use alloc::collections::{BTreeMap, BTreeSet};

/// The bit of an entry's tag that says: this key has a deadline.
const VOLATILE: u32 = 1 << 31;
/// The lower 24 bits of the tag are the access clock, as in Redis' object header.
const ACCESS: u32 = (1 << 24) - 1;

#[derive(Clone, Debug)]
pub struct Keyspace {
    pub(crate) dict: Dict<Value>,
    deadlines: BTreeMap<u32, i64>,
    order: BTreeSet<(i64, u32)>,
}

impl Keyspace {
    pub(crate) fn new(seed: u64) -> Keyspace {
        Keyspace { dict: Dict::new(seed), deadlines: BTreeMap::new(), order: BTreeSet::new() }
    }

    pub fn len(&self) -> usize {
        self.dict.len()
    }

    pub fn is_empty(&self) -> bool {
        self.dict.is_empty()
    }

    /// How many keys have a deadline.
    pub fn volatile_len(&self) -> usize {
        self.deadlines.len()
    }

    /// Every key with its value and deadline (milliseconds since the epoch), those past their deadline but not yet reclaimed
    /// included.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Value, Option<i64>)> {
        (0..self.dict.len() as u32).map(|id| {
            let entry = self.dict.entry(id);
            (&entry.key, &entry.value, self.deadline(id))
        })
    }

    /// One page of an iteration over all keys: see [`Dict::scan`].
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, impl Iterator<Item = (&Text, &Value, Option<i64>)>) {
        let (next, ids) = self.dict.scan_ids(cursor, count);
        let page = ids.map(|id| {
            let entry = self.dict.entry(id);
            (&entry.key, &entry.value, self.deadline(id))
        });
        (next, page)
    }

    /// The earliest deadline of all keys, in milliseconds since the epoch.
    pub fn next_deadline(&self) -> Option<i64> {
        self.order.first().map(|&(deadline, _)| deadline)
    }

    pub(crate) fn first_volatile(&self) -> Option<u32> {
        self.order.first().map(|&(_, id)| id)
    }

    /// Volatile keys in order of their deadlines.
    pub fn by_deadline(&self) -> impl Iterator<Item = (i64, &Text)> {
        self.order.iter().map(|&(deadline, id)| (deadline, &self.dict.entry(id).key))
    }

    #[inline]
    pub(crate) fn deadline(&self, id: u32) -> Option<i64> {
        if self.dict.entry(id).tag & VOLATILE == 0 { None } else { self.deadlines.get(&id).copied() }
    }

    pub(crate) fn set_deadline(&mut self, id: u32, deadline: Option<i64>) {
        if let Some(old) = self.deadline(id) {
            self.order.remove(&(old, id));
            if deadline.is_none() {
                self.deadlines.remove(&id);
                self.dict.entry_mut(id).tag &= !VOLATILE;
            }
        }
        if let Some(new) = deadline {
            self.deadlines.insert(id, new);
            self.order.insert((new, id));
            self.dict.entry_mut(id).tag |= VOLATILE;
        }
    }

    pub(crate) fn access(&self, id: u32) -> u32 {
        self.dict.entry(id).tag & ACCESS
    }

    #[inline]
    pub(crate) fn set_access(&mut self, id: u32, access: u32) {
        if self.dict.entry(id).tag & ACCESS != access {
            let entry = self.dict.entry_mut(id);
            entry.tag = entry.tag & !ACCESS | access & ACCESS;
        }
    }

    pub(crate) fn remove_at(&mut self, id: u32) -> Entry<Value> {
        self.set_deadline(id, None);
        let last = self.dict.len() as u32 - 1;
        if id != last {
            if let Some(deadline) = self.deadline(last) {
                // The last entry is about to move into the hole: its deadline moves with it.
                self.order.remove(&(deadline, last));
                self.deadlines.remove(&last);
                self.order.insert((deadline, id));
                self.deadlines.insert(id, deadline);
            }
        }
        self.dict.remove_at(id)
    }

    pub(crate) fn clear(&mut self) {
        self.dict.clear();
        self.deadlines.clear();
        self.order.clear();
    }
}
