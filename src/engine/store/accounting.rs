//! What the databases take of memory, kept as values change and never added up.
//!
//! Whoever is handed a value may change it in place, so the store remembers which one that was and what it took, and accounts for
//! the difference afterwards.

use super::Store;
use crate::error::Error;
use crate::keyspace::Keyspace;
use crate::memory;
use crate::value::Value;

/// A key whose value was handed out to be changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    database: u32,
    id: u32,
    /// What it took before; none if it was an integer.
    before: Option<usize>,
}

impl Store {
    /// Whoever changes a value in place is accounted for afterwards: when the next one is handed out, before positions change, or
    /// when somebody asks how much memory is used.
    #[inline]
    pub(super) fn open(&mut self, id: u32) {
        let database = self.selected;
        let space = &self.spaces[database];
        // An integer most often stays one, and needs no counting then.
        let before = if let Value::Int(_) = space.dict.entry(id).value { None } else { Some(space.allocated(id)) };
        self.open = Some(Open { database: database as u32, id, before });
    }

    /// Accounts for the value that was handed out last.
    #[inline]
    pub(crate) fn close(&mut self) {
        if let Some(Open { database, id, before }) = self.open {
            self.open = None;
            self.spaces[database as usize].account(id, before);
        }
    }

    /// The limit of memory is another: tables may grow again.
    pub(crate) fn release_tables(&mut self) {
        for space in &mut self.spaces {
            space.hold_table(false);
        }
    }

    /// A table of keys does not grow beyond the limit of memory.
    #[cold]
    pub(super) fn hold_table(&mut self) {
        let growth = self.space().table_growth();
        if growth > 0 {
            let hold = memory::used::STARTUP + self.allocated() + growth as u64 > self.policy.limit;
            self.space_mut().hold_table(hold);
        }
    }

    /// What all databases take of the allocator in a Redis with the same keys.
    pub(crate) fn allocated(&self) -> u64 {
        self.spaces.iter().map(Keyspace::allocated_bytes).sum()
    }

    /// What DEBUG SDSLEN tells of a key.
    pub(crate) fn string_sizes(&mut self, key: &[u8]) -> Result<memory::StringSizes, Error> {
        self.close();
        let id = self.live(key).ok_or(Error::NO_SUCH_KEY)?;
        let space = self.space();
        memory::string_sizes(key, &space.dict.entry(id).value, space.had_deadline(id)).ok_or(Error::NOT_AN_SDS)
    }

    /// MEMORY USAGE of a key; none when it is not there.
    pub(crate) fn memory_usage(&mut self, key: &[u8], samples: usize) -> Option<usize> {
        self.close();
        let id = self.live(key)?;
        Some(self.usage_at(self.space(), id, samples))
    }

    pub(crate) fn usage_at(&self, space: &Keyspace, id: u32, samples: usize) -> usize {
        let entry = space.dict.entry(id);
        memory::usage(&entry.key, &entry.value, space.had_deadline(id), self.encodings.list_compress_depth, samples)
    }
}
