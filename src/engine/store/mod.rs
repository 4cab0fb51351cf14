//! All access of commands to keys: lazy expiry, types, deadlines, and the bookkeeping of what changed.
//!
//! A key past its deadline is gone for every command: whoever looks it up deletes it first (lazy expiry). The active cycle in
//! `expire.rs` reclaims what nobody looks up.

mod accounting;
mod clock;
mod deadlines;

use self::accounting::Open;
use crate::error::Error;
use crate::event::{Class, Effects};
use crate::evict::{self, Measure, Policy};
use crate::keyspace::Keyspace;
use crate::random::Random;
use crate::text::Text;
use crate::time::Instant;
use crate::value::{Kind, StringRef, Value};
use alloc::vec::Vec;
use resp::request::second_arguments;

/// The limits up to which small collections stay in their compact encoding (CONFIG's names, Redis 8.6's defaults).
#[derive(Clone, Debug)]
pub struct Encodings {
    pub hash_max_listpack_entries: usize,
    pub hash_max_listpack_value: usize,
    pub list_max_listpack_size: i64,
    pub list_compress_depth: i64,
    pub set_max_intset_entries: usize,
    pub set_max_listpack_entries: usize,
    pub set_max_listpack_value: usize,
    pub zset_max_listpack_entries: usize,
    pub zset_max_listpack_value: usize,
    pub stream_node_max_bytes: usize,
    pub stream_node_max_entries: usize,
    pub stream_idmp_duration: i64,
    pub stream_idmp_maxsize: i64,
}

impl Default for Encodings {
    fn default() -> Self {
        Encodings {
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            list_max_listpack_size: -2,
            list_compress_depth: 0,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            stream_node_max_bytes: 4096,
            stream_node_max_entries: 100,
            stream_idmp_duration: 100,
            stream_idmp_maxsize: 100,
        }
    }
}

/// What INFO counts about keys.
#[derive(Clone, Debug, Default)]
pub struct KeyStats {
    pub hits: u64,
    pub misses: u64,
    /// Reclaimed in all, and by the active cycle.
    pub expired: u64,
    pub expired_fields: u64,
    pub expired_actively: u64,
    pub evicted: u64,
}

/// From this many keys on a keyspace does not fit into the processor's caches, and preparing look-ups is worth it.
const LARGE: usize = 1 << 15;

/// The databases and what every access to them needs.
#[derive(Clone, Debug)]
pub struct Store {
    /// The time of the current step.
    pub now: Instant,
    /// The database of the client whose command runs.
    pub selected: usize,
    pub(crate) spaces: Vec<Keyspace>,
    pub encodings: Encodings,
    pub effects: Effects,
    pub stats: KeyStats,
    pub random: Random,
    /// The limit of memory, and which keys go when it is reached.
    pub policy: Policy,
    /// Whether more was used than the limit allows when the present command, script or transaction began.
    pub(crate) out_of_memory: bool,
    /// The client asked that its reads leave no trace in access times (CLIENT NO-TOUCH).
    pub(crate) leave_no_trace: bool,
    /// Whether the active cycle runs (DEBUG SET-ACTIVE-EXPIRE).
    pub(crate) expires_actively: bool,
    /// DEBUG PAUSE-CRON: nothing happens by itself.
    pub(crate) cron_pauses: bool,
    /// DEBUG SET-SKIP-CHECKSUM-VALIDATION: RESTORE takes payloads whose checksum is wrong.
    pub(crate) skips_checksums: bool,
    /// The largest string that may be built, in bytes (proto-max-bulk-len).
    pub max_string: u64,
    /// Up to how many bytes a HyperLogLog stays sparse.
    pub hll_sparse_max_bytes: usize,
    /// How many vector sets were ever made; each shows its number.
    pub(crate) vector_sets: u64,
    pub(crate) seed: u64,
    open: Option<Open>,
}

impl Store {
    pub(crate) fn new(databases: usize, seed: u64) -> Store {
        let mut random = Random::new(seed);
        let seed = random.next();
        Store {
            now: Instant::default(),
            selected: 0,
            spaces: (0..databases).map(|_| Keyspace::new(seed)).collect(),
            encodings: Encodings::default(),
            effects: Effects::default(),
            stats: KeyStats::default(),
            random,
            policy: Policy::default(),
            out_of_memory: false,
            leave_no_trace: false,
            expires_actively: true,
            cron_pauses: false,
            skips_checksums: false,
            max_string: 512 * 1024 * 1024,
            hll_sparse_max_bytes: 3000,
            vector_sets: 0,
            seed,
            open: None,
        }
    }

    pub fn databases(&self) -> usize {
        self.spaces.len()
    }

    /// Prepares the look-ups of the requests that `requests` begins with, and says how many bytes of it are dealt with. It
    /// changes nothing: it only spares a pipeline on a keyspace beyond the processor's caches from waiting for memory at
    /// every request.
    #[inline]
    pub(crate) fn fetch_ahead(&self, requests: &[u8]) -> usize {
        let dict = &self.spaces[self.selected].dict;
        if dict.len() < LARGE {
            return requests.len();
        }
        let mut dealt_with = 0;
        dict.fetch_ahead(second_arguments(requests).map(|(argument, end)| {
            dealt_with = end;
            argument
        }));
        if dealt_with == 0 { requests.len() } else { dealt_with }
    }

    pub fn keyspace(&self, database: usize) -> &Keyspace {
        &self.spaces[database]
    }

    /// The selected database is about to get so many keys.
    pub(crate) fn make_room(&mut self, keys: usize) {
        self.space_mut().make_room(keys);
    }

    pub(crate) fn clone_size(&self) -> usize {
        self.spaces.iter().map(|space| 64 + space.len() * 20 + space.volatile_len() * 64).sum()
    }

    pub(crate) fn space(&self) -> &Keyspace {
        &self.spaces[self.selected]
    }

    pub(crate) fn space_mut(&mut self) -> &mut Keyspace {
        &mut self.spaces[self.selected]
    }

    /// Runs `action` with another database selected.
    pub fn in_database<T>(&mut self, database: usize, action: impl FnOnce(&mut Store) -> T) -> T {
        let before = core::mem::replace(&mut self.selected, database);
        let result = action(self);
        self.selected = before;
        result
    }

    /// The seed for dictionaries inside values.
    pub fn dict_seed(&self) -> u64 {
        self.seed
    }

    // ---- looking up -------------------------------------------------------------------------------------------------

    /// The position of `key` if it is there and alive; a key past its deadline is deleted here.
    #[inline]
    pub(crate) fn live(&mut self, key: &[u8]) -> Option<u32> {
        let id = self.space().dict.find(key)?;
        match self.space().deadline(id) {
            Some(deadline) if self.now.millis() > deadline => {
                self.expire_at(id, true);
                None
            }
            _ => Some(id),
        }
    }

    /// Deletes the key at `id` because its time is over.
    pub(crate) fn expire_at(&mut self, id: u32, lazily: bool) {
        self.close();
        let entry = self.space_mut().remove_at(id);
        self.stats.expired += 1;
        self.stats.expired_actively += u64::from(!lazily);
        let database = self.selected;
        self.effects.ready(database, &entry.key);
        self.effects.expired(database, &entry.key, lazily);
    }

    /// Evicts the key at `id`.
    pub(crate) fn evict_at(&mut self, id: u32) {
        self.close();
        let entry = self.space_mut().remove_at(id);
        self.stats.evicted += 1;
        let database = self.selected;
        self.effects.evicted(database, &entry.key);
    }

    /// The value of `key` for a command that reads it: counts a hit or a miss and moves the access clock.
    #[inline]
    pub fn value(&mut self, key: &[u8]) -> Option<&Value> {
        match self.live(key) {
            Some(id) => {
                self.stats.hits += 1;
                self.touch_to_read(id);
                Some(&self.space().dict.entry(id).value)
            }
            None => {
                self.missed(key);
                None
            }
        }
    }

    /// Counts that `key` was looked for and is not there, and says so to those who listen for it.
    fn missed(&mut self, key: &[u8]) {
        self.stats.misses += 1;
        self.notify(Class::KeyMiss, "keymiss", key);
    }

    /// The value of `key` without moving its access clock or counting (TYPE, TTL, OBJECT …).
    pub fn peek(&mut self, key: &[u8]) -> Option<&Value> {
        self.live(key).map(|id| &self.space().dict.entry(id).value)
    }

    /// The value of `key` without moving its access clock, though it counts as a hit or a miss (EXISTS, TYPE).
    pub fn peek_counted(&mut self, key: &[u8]) -> Option<&Value> {
        match self.live(key) {
            Some(id) => {
                self.stats.hits += 1;
                Some(&self.space().dict.entry(id).value)
            }
            None => {
                self.missed(key);
                None
            }
        }
    }

    /// Counts a look at `key` as a hit or a miss of which nobody hears (OBJECT).
    pub fn count_look(&mut self, key: &[u8]) {
        match self.live(key) {
            Some(_) => self.stats.hits += 1,
            None => self.stats.misses += 1,
        }
    }

    /// A key drawn at random, expired ones passed over.
    pub fn random_key(&mut self) -> Option<Text> {
        loop {
            let len = self.space().len() as u64;
            if len == 0 {
                return None;
            }
            let id = self.random.below(len) as u32;
            let key = self.space().dict.entry(id).key.clone();
            if self.live(&key).is_some() {
                return Some(key);
            }
        }
    }

    /// The value of `key` for a command that writes it.
    #[inline]
    pub fn value_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        let id = self.live(key)?;
        self.close();
        self.open(id);
        self.touch(id);
        Some(&mut self.space_mut().dict.entry_mut(id).value)
    }

    /// Whether `key` is there only because nobody has reclaimed it yet.
    pub fn is_over(&self, key: &[u8]) -> bool {
        let deadline = self.space().dict.find(key).and_then(|id| self.space().deadline(id));
        deadline.is_some_and(|deadline| self.now.millis() > deadline)
    }

    pub fn contains(&mut self, key: &[u8]) -> bool {
        self.live(key).is_some()
    }

    /// Whether `key` is there, for a command that would write it: looking counts as a use.
    pub fn contains_to_write(&mut self, key: &[u8]) -> bool {
        let id = self.live(key);
        if let Some(id) = id {
            self.touch(id);
        }
        id.is_some()
    }

    /// The string at `key`, none when it is absent, WRONGTYPE when it holds another type.
    #[inline]
    pub fn string(&mut self, key: &[u8]) -> Result<Option<StringRef<'_>>, Error> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => value.as_string().map(Some).ok_or(Error::WRONG_TYPE),
        }
    }

    /// The collection at `key` for a command that reads it.
    #[inline]
    pub fn read<K: Kind>(&mut self, key: &[u8]) -> Result<Option<&K>, Error> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => K::of(value).map(Some).ok_or(Error::WRONG_TYPE),
        }
    }

    /// The collection at `key` without moving its access clock or counting.
    #[inline]
    pub fn peek_kind<K: Kind>(&mut self, key: &[u8]) -> Result<Option<&K>, Error> {
        match self.peek(key) {
            None => Ok(None),
            Some(value) => K::of(value).map(Some).ok_or(Error::WRONG_TYPE),
        }
    }

    /// The collection at `key` for a command that changes it.
    #[inline]
    pub fn write<K: Kind>(&mut self, key: &[u8]) -> Result<Option<&mut K>, Error> {
        match self.value_mut(key) {
            None => Ok(None),
            Some(value) => K::of_mut(value).map(Some).ok_or(Error::WRONG_TYPE),
        }
    }

    /// The collection at `key`, made empty when the key is absent. Whoever leaves it empty removes it again.
    #[inline]
    pub fn write_or_create<K: Kind>(&mut self, key: &[u8]) -> Result<&mut K, Error> {
        let id = match self.live(key) {
            Some(id) => {
                self.close();
                self.touch(id);
                id
            }
            None => self.add(key, K::default().into_value()),
        };
        self.open(id);
        K::of_mut(&mut self.space_mut().dict.entry_mut(id).value).ok_or(Error::WRONG_TYPE)
    }

    /// Fails with WRONGTYPE when `key` holds something that is not a `K`.
    pub fn check_type<K: Kind>(&mut self, key: &[u8]) -> Result<bool, Error> {
        match self.peek(key) {
            None => Ok(false),
            Some(value) => K::of(value).map(|_| true).ok_or(Error::WRONG_TYPE),
        }
    }

    // ---- changing ---------------------------------------------------------------------------------------------------

    fn add(&mut self, key: &[u8], value: Value) -> u32 {
        self.close();
        if self.policy.limit != 0 {
            self.hold_table();
        }
        let id = self.space_mut().push(Text::new(key), value);
        if self.policy.measure == Measure::Lfu {
            let bits = evict::lfu_fresh(self.now.seconds());
            self.space_mut().set_access(id, bits);
        } else {
            self.mark_time(id);
        }
        let database = self.selected;
        self.effects.notify(Class::New, "new", database, key);
        self.effects.ready(database, key);
        id
    }

    /// Sets `key` to `value` as SET does: whatever was there goes, its deadline too.
    #[inline]
    pub fn set(&mut self, key: &[u8], value: Value) {
        match self.live(key) {
            Some(id) => {
                if self.space().is_volatile(id) {
                    self.close();
                    self.space_mut().set_deadline(id, None);
                }
                self.replace(id, value);
            }
            None => {
                self.add(key, value);
            }
        }
    }

    /// Sets `key` to `value` and leaves its deadline.
    #[inline]
    pub fn set_keeping_ttl(&mut self, key: &[u8], value: Value) {
        match self.live(key) {
            Some(id) => self.replace(id, value),
            None => {
                self.add(key, value);
            }
        }
    }

    #[inline]
    fn replace(&mut self, id: u32, value: Value) {
        self.close();
        self.touch(id);
        if self.effects.hears_of_overwriting() {
            let entry = self.space().dict.entry(id);
            let (key, before) = (entry.key.clone(), entry.value.type_name());
            self.overwritten(&key, before, value.type_name());
        }
        // Of those who wait, only the readers of a stream's groups hear that something else stands in its place; others wait for a key
        // that is new.
        if self.effects.waiting && matches!(self.space().dict.entry(id).value, Value::Stream(_)) {
            let key = self.space().dict.entry(id).key.clone();
            self.effects.displaced(self.selected, &key);
        }
        self.space_mut().replace(id, value);
    }

    /// Reports that a value took the place of another one, whose type may have been another.
    pub fn overwritten(&mut self, key: &[u8], before: &str, after: &str) {
        self.notify(Class::Overwritten, "overwritten", key);
        if before != after {
            self.notify(Class::TypeChanged, "type_changed", key);
        }
    }

    /// Takes `key` out of the database; none when it is not there.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        let id = self.live(key)?;
        self.close();
        let value = self.space_mut().remove_at(id).value;
        self.signal(key);
        Some(value)
    }

    /// Takes `key`, where an empty result was to be stored, out of the database, whether or not its time is over.
    pub fn discard(&mut self, key: &[u8]) -> bool {
        let Some(id) = self.space().dict.find(key) else { return false };
        self.close();
        self.space_mut().remove_at(id);
        self.signal(key);
        true
    }

    /// Removes a collection that a command left empty, with the "del" event.
    pub fn remove_emptied(&mut self, key: &[u8]) {
        if self.remove(key).is_some() {
            let database = self.selected;
            self.effects.notify(Class::Generic, "del", database, key);
        }
    }

    /// Notes that a command changed `key`: counts it, wakes watchers, tells subscribers of keyspace events.
    #[inline]
    pub fn changed(&mut self, key: &[u8], class: Class, event: &'static str) {
        self.changed_by(1, key, class, event);
    }

    /// The same for a command that made `count` changes at once.
    #[inline]
    pub fn changed_by(&mut self, count: usize, key: &[u8], class: Class, event: &'static str) {
        let database = self.selected;
        self.effects.dirty += count as u64;
        self.effects.modified(database, key);
        self.effects.notify(class, event, database, key);
    }

    /// The same for a command that took `count` elements out of what `key` holds, and with them the key if it `is_empty` now: those who
    /// watch or track it are told last, as Redis tells them.
    pub fn taken_from(&mut self, key: &[u8], count: usize, class: Class, event: &'static str, is_empty: bool) {
        self.effects.dirty += count as u64;
        self.notify(class, event, key);
        if is_empty {
            self.remove_emptied(key);
        }
        self.touched(key);
    }

    /// Empties a database and says how many keys it held. Whoever watches one of them is marked; there are no keyspace events.
    pub fn flush(&mut self, database: usize) -> usize {
        self.close();
        self.report_all(database);
        self.signal_all(database);
        let count = self.spaces[database].len();
        self.effects.dirty += count as u64;
        self.effects.replaced(database);
        self.spaces[database].clear();
        count
    }

    /// Swaps two databases. Keys that are watched in either were modified if they are there before or after, and keys that
    /// somebody waits for may have come.
    pub fn swap(&mut self, first: usize, second: usize) {
        self.close();
        for database in [first, second] {
            self.report_all(database);
            self.signal_all(database);
        }
        self.spaces.swap(first, second);
        for database in [first, second] {
            self.effects.replaced(database);
            self.report_all(database);
            self.signal_all(database);
        }
        self.effects.dirty += 1;
    }

    /// Lets those who wait for any key of a database look again.
    fn signal_all(&mut self, database: usize) {
        if self.effects.waiting {
            for entry in self.spaces[database].dict.iter() {
                self.effects.ready(database, &entry.key);
            }
        }
    }

    /// Reports all keys of a database to those who watch them. Who tracks keys is told of a flush in one message, and of a swap not
    /// at all.
    fn report_all(&mut self, database: usize) {
        if self.effects.watching {
            for entry in self.spaces[database].dict.iter() {
                self.effects.exchanged(database, &entry.key);
            }
        }
    }

    /// Notes that a command changed something about `key` that those who watch it need not know, as Redis sees it: what groups
    /// have read of a stream.
    pub fn altered(&mut self, key: &[u8], class: Class, event: &'static str) {
        self.effects.dirty += 1;
        self.notify(class, event, key);
    }

    /// Lets those who wait for `key` look again.
    #[inline]
    pub fn signal(&mut self, key: &[u8]) {
        let database = self.selected;
        self.effects.ready(database, key);
    }

    /// Wakes those who watch `key`, for a command that changes more than one.
    pub fn touched(&mut self, key: &[u8]) {
        let database = self.selected;
        self.effects.modified(database, key);
    }

    /// A keyspace event without a change of its own.
    pub fn notify(&mut self, class: Class, event: &'static str, key: &[u8]) {
        let database = self.selected;
        self.effects.notify(class, event, database, key);
    }
}
