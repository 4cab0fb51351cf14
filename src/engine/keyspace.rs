//! One numbered database: the dictionary of its keys and the deadlines of the volatile ones.
//!
//! A key's deadline stands outside the dictionary, because most keys have none: a bit in the entry's tag says whether to look.
//! Deadlines are kept twice, by key and in order of time, so that the active cycle and the clock's "next event" read the
//! earliest one without sampling. Hashes whose fields have deadlines are kept the same way, by their earliest one.

use crate::dict::{Dict, Entry};
use crate::memory::{self, Buckets};
use crate::text::Text;
use crate::types::Deadlines;
use crate::value::Value;
use alloc::rc::Rc;

/// The bit of an entry's tag that says: this key has a deadline.
const VOLATILE: u32 = 1 << 31;
/// The bit that says: this key is a hash with a field that has a deadline.
const VOLATILE_FIELDS: u32 = 1 << 30;
/// The bit that says: the key's object in Redis has room for a deadline, which stays when the deadline is taken away.
const HAD_DEADLINE: u32 = 1 << 29;
/// The lower 24 bits of the tag are the access clock, as in Redis' object header.
const ACCESS: u32 = (1 << 24) - 1;

#[derive(Clone, Debug)]
pub struct Keyspace {
    pub(crate) dict: Dict<Value>,
    deadlines: Deadlines,
    fields: Deadlines,
    /// The buckets of Redis' table of volatile keys.
    volatile_buckets: Buckets,
}

impl Keyspace {
    pub(crate) fn new(seed: u64) -> Keyspace {
        Keyspace {
            dict: Dict::new(seed),
            deadlines: Deadlines::default(),
            fields: Deadlines::default(),
            volatile_buckets: Buckets::default(),
        }
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

    /// A key's value and deadline, without a trace: nothing expires, no access clock moves.
    pub fn get(&self, key: &[u8]) -> Option<(&Value, Option<i64>)> {
        let id = self.dict.find(key)?;
        Some((&self.dict.entry(id).value, self.deadline(id)))
    }

    /// What MEMORY USAGE says of a key, without a trace.
    pub fn usage(&self, key: &[u8], compress_depth: i64, samples: usize) -> Option<usize> {
        let id = self.dict.find(key)?;
        Some(memory::usage(key, &self.dict.entry(id).value, self.had_deadline(id), compress_depth, samples))
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

    /// The average of all deadlines, in milliseconds since the epoch.
    pub fn average_deadline(&self) -> Option<i64> {
        self.deadlines.average()
    }

    /// How many hashes have fields with a deadline.
    pub fn volatile_fields_len(&self) -> usize {
        self.fields.len()
    }

    /// The earliest deadline of all keys, in milliseconds since the epoch.
    pub fn next_deadline(&self) -> Option<i64> {
        self.deadlines.first().map(|(deadline, _)| deadline)
    }

    pub(crate) fn first_volatile(&self) -> Option<u32> {
        self.deadlines.first().map(|(_, id)| id)
    }

    /// Volatile keys in order of their deadlines.
    pub fn by_deadline(&self) -> impl Iterator<Item = (i64, &Text)> {
        self.deadlines.iter().map(|(deadline, id)| (deadline, &self.dict.entry(id).key))
    }

    #[inline]
    pub(crate) fn deadline(&self, id: u32) -> Option<i64> {
        if self.dict.entry(id).tag & VOLATILE == 0 { None } else { self.deadlines.get(id) }
    }

    #[inline]
    pub(crate) fn is_volatile(&self, id: u32) -> bool {
        self.dict.entry(id).tag & VOLATILE != 0
    }

    pub(crate) fn set_deadline(&mut self, id: u32, deadline: Option<i64>) {
        if deadline.is_some() || self.dict.entry(id).tag & VOLATILE != 0 {
            let room = deadline.is_some() && !self.had_deadline(id);
            let before = if room { self.allocated(id) } else { 0 };
            let count = self.deadlines.len();
            self.deadlines.set(id, deadline);
            self.mark(id, VOLATILE, deadline.is_some());
            match self.deadlines.len() {
                now if now > count => self.volatile_buckets.added(now),
                now if now < count => self.volatile_buckets.removed(now),
                _ => {}
            }
            if room {
                self.mark(id, HAD_DEADLINE, true);
                self.dict.payload = self.dict.payload + self.allocated(id) as u64 - before as u64;
            }
        }
    }

    /// Whether the key's object has room for a deadline.
    #[inline]
    pub(crate) fn had_deadline(&self, id: u32) -> bool {
        self.dict.entry(id).tag & HAD_DEADLINE != 0
    }

    /// How many keys may be evicted: all, or those with a deadline.
    pub(crate) fn candidates(&self, volatile_only: bool) -> usize {
        if volatile_only { self.deadlines.len() } else { self.dict.len() }
    }

    /// The key at a place among those that may be evicted.
    pub(crate) fn candidate(&self, volatile_only: bool, place: usize) -> Option<u32> {
        if volatile_only { self.deadlines.at(place) } else { Some(place as u32) }
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<u32> {
        self.dict.find(key)
    }

    pub(crate) fn key(&self, id: u32) -> &Text {
        &self.dict.entry(id).key
    }

    /// What the key at `id` takes in Redis.
    #[inline]
    pub(crate) fn allocated(&self, id: u32) -> usize {
        let entry = self.dict.entry(id);
        memory::allocated(&entry.key, &entry.value, entry.tag & HAD_DEADLINE != 0)
    }

    /// Every key with its value and whether its object has room for a deadline.
    pub(crate) fn iter_with_room(&self) -> impl Iterator<Item = (&Text, &Value, bool)> {
        self.dict.iter().map(|entry| (&entry.key, &entry.value, entry.tag & HAD_DEADLINE != 0))
    }

    fn mark(&mut self, id: u32, bit: u32, on: bool) {
        let tag = self.dict.entry(id).tag;
        let marked = if on { tag | bit } else { tag & !bit };
        if marked != tag {
            self.dict.entry_mut(id).tag = marked;
        }
    }

    /// The earliest deadline of all fields of all hashes, and the hash.
    pub(crate) fn first_volatile_field(&self) -> Option<(i64, u32)> {
        self.fields.first()
    }

    /// Takes note of the earliest deadline among the fields of the value at `id`, if it is a hash; to be called when the value
    /// was replaced or its fields' deadlines changed.
    #[inline]
    pub(crate) fn track_fields(&mut self, id: u32) {
        let entry = self.dict.entry(id);
        let earliest = if let Value::Hash(hash) = &entry.value { hash.next_deadline() } else { None };
        if earliest.is_some() || entry.tag & VOLATILE_FIELDS != 0 {
            self.fields.set(id, earliest);
            self.mark(id, VOLATILE_FIELDS, earliest.is_some());
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

    /// Adds a key that is not there.
    pub(crate) fn push(&mut self, key: Text, value: Value) -> u32 {
        let id = self.dict.push(key, value);
        self.dict.payload += self.allocated(id) as u64;
        self.track_fields(id);
        id
    }

    /// Puts another value in the place of the one at `id`: a new object in Redis, with room for a deadline only if there is one.
    #[inline]
    pub(crate) fn replace(&mut self, id: u32, value: Value) {
        let entry = self.dict.entry_mut(id);
        // Counters and values of equal length come again and again; nothing is to be counted then.
        let takes_the_same = match (&entry.value, &value) {
            (Value::Int(_), Value::Int(_)) => true,
            (Value::Text(old), Value::Text(new)) => old.len() == new.len(),
            _ => false,
        };
        if takes_the_same && entry.tag & (VOLATILE | HAD_DEADLINE) != HAD_DEADLINE {
            entry.value = value;
        } else {
            self.replace_and_count(id, value);
        }
    }

    #[inline(never)]
    fn replace_and_count(&mut self, id: u32, value: Value) {
        let before = self.allocated(id) as u64;
        let entry = self.dict.entry_mut(id);
        entry.value = value;
        if entry.tag & VOLATILE == 0 {
            entry.tag &= !HAD_DEADLINE;
        }
        self.dict.payload = self.dict.payload + self.allocated(id) as u64 - before;
        self.track_fields(id);
    }

    /// Takes note of what a command did with the value at `id`, which took `before` bytes, or was an integer if that is none.
    #[inline]
    pub(crate) fn account(&mut self, id: u32, before: Option<usize>) {
        if before.is_none() && matches!(self.dict.entry(id).value, Value::Int(_)) {
            return;
        }
        self.account_anew(id, before);
    }

    #[inline(never)]
    fn account_anew(&mut self, id: u32, before: Option<usize>) {
        let before = before.unwrap_or_else(|| {
            let entry = self.dict.entry(id);
            memory::allocated(&entry.key, &Value::Int(0), entry.tag & HAD_DEADLINE != 0)
        });
        if let Value::Raw(_) = self.dict.entry(id).value
            && let Value::Raw(raw) = &mut self.dict.entry_mut(id).value
        {
            Rc::make_mut(raw).settle();
        }
        self.dict.payload = self.dict.payload + self.allocated(id) as u64 - before as u64;
    }

    /// What the keys and the tables that hold them take of the allocator in Redis.
    pub fn allocated_bytes(&self) -> u64 {
        self.dict.payload + (self.table_bytes() + self.volatile_table_bytes()) as u64
    }

    /// What the table of keys needs to grow, if the next key makes it.
    pub(crate) fn table_growth(&self) -> usize {
        self.dict.buckets.growth(self.dict.len())
    }

    pub(crate) fn hold_table(&mut self, hold: bool) {
        self.dict.buckets.hold(hold);
    }

    /// Time has passed in which Redis goes on with tables that change their size.
    pub(crate) fn rehash(&mut self, steps: u32) {
        self.dict.buckets.advance(steps);
        self.volatile_buckets.advance(steps);
    }

    /// A table that is empty gets the buckets for so many keys.
    pub(crate) fn make_room(&mut self, keys: usize) {
        if self.dict.is_empty() && keys > 0 {
            self.dict.buckets = Buckets::for_entries(keys);
        }
    }

    /// The buckets of Redis' tables of all keys and of the volatile ones.
    pub(crate) fn buckets(&self) -> (Buckets, Buckets) {
        (self.dict.buckets, self.volatile_buckets)
    }

    /// What the keys take by themselves: the sum of [`memory::totals`], kept as they change.
    pub fn value_bytes(&self) -> u64 {
        self.dict.payload
    }

    fn table_bytes(&self) -> usize {
        if self.dict.buckets.is_empty() {
            return 0;
        }
        memory::KEYSPACE + self.dict.buckets.allocated(self.dict.len())
    }

    fn volatile_table_bytes(&self) -> usize {
        if self.volatile_buckets.is_empty() {
            return 0;
        }
        memory::TABLE_ALLOCATED + self.volatile_buckets.allocated(self.deadlines.len())
    }

    pub(crate) fn remove_at(&mut self, id: u32) -> Entry<Value> {
        self.dict.payload -= self.allocated(id) as u64;
        self.set_deadline(id, None);
        if self.dict.entry(id).tag & VOLATILE_FIELDS != 0 {
            self.fields.set(id, None);
        }
        let last = self.dict.len() as u32 - 1;
        if id != last {
            // The last entry is about to move into the hole: its deadlines move with it.
            let tag = self.dict.entry(last).tag;
            if tag & VOLATILE != 0 {
                self.deadlines.moved(last, id);
            }
            if tag & VOLATILE_FIELDS != 0 {
                self.fields.moved(last, id);
            }
        }
        self.dict.remove_at(id)
    }

    pub(crate) fn clear(&mut self) {
        self.dict.clear();
        self.deadlines.clear();
        self.fields.clear();
        self.volatile_buckets = Buckets::default();
    }
}
