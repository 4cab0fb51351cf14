//! Deadlines of keys, and of the fields of hashes.

use super::Store;
use crate::event::Class;
use crate::types::Hash;
use crate::value::Kind;

impl Store {
    /// The deadline of `key` in milliseconds since the epoch. The outer option says whether the key is there.
    pub fn deadline(&mut self, key: &[u8]) -> Option<Option<i64>> {
        self.live(key).map(|id| self.space().deadline(id))
    }

    /// Gives `key`, if it is there, a deadline or none.
    pub fn set_deadline(&mut self, key: &[u8], deadline: Option<i64>) {
        if let Some(id) = self.space().dict.find(key) {
            self.close();
            self.space_mut().set_deadline(id, deadline);
        }
    }

    /// To be called when deadlines of fields of the hash at `key` changed.
    #[inline]
    pub fn fields_changed(&mut self, key: &[u8]) {
        if let Some(id) = self.space().dict.find(key) {
            self.space_mut().track_fields(id);
        }
    }

    /// Reclaims fields of the hash at `id` that are over, at most `most`, and the key when none is left; says how many.
    pub(crate) fn expire_fields(&mut self, id: u32, most: usize) -> usize {
        let now = self.now.millis();
        self.close();
        self.open(id);
        let entry = self.space_mut().dict.entry_mut(id);
        let Some(hash) = Hash::of_mut(&mut entry.value) else { return 0 };
        let expired = hash.expire(now, most);
        let key = entry.key.clone();
        self.fields_expired(&key, expired);
        expired
    }

    /// Reports that `count` fields of the hash at `key` were reclaimed, and removes the key when none is left.
    pub(crate) fn fields_expired(&mut self, key: &[u8], count: usize) {
        let Some(id) = self.space().dict.find(key) else { return };
        self.space_mut().track_fields(id);
        if count == 0 {
            return;
        }
        let database = self.selected;
        self.stats.expired_fields += count as u64;
        self.effects.modified(database, key);
        self.effects.notify(Class::Hash, "hexpired", database, key);
        let is_empty = Hash::of(&self.space().dict.entry(id).value).is_some_and(Hash::is_empty);
        self.close();
        if is_empty {
            self.space_mut().remove_at(id);
            self.effects.notify(Class::Generic, "del", database, key);
        }
    }
}
