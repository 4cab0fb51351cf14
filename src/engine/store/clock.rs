//! When and how often keys were used: 24 bits beside each key, which hold the second of the last use or, under an LFU policy, the
//! minute of it and a counter.

use super::Store;
use crate::evict::{self, Measure};

impl Store {
    /// Notes that the key at `id` was used.
    #[inline]
    pub(super) fn touch(&mut self, id: u32) {
        if self.leave_no_trace {
            return;
        }
        if self.policy.measure == Measure::Lfu {
            self.count_use(id);
            return;
        }
        self.mark_time(id);
    }

    /// Notes that the key at `id` was read.
    #[inline]
    pub(super) fn touch_to_read(&mut self, id: u32) {
        if self.policy.measure != Measure::Lrm {
            self.touch(id);
        }
    }

    #[inline]
    pub(super) fn mark_time(&mut self, id: u32) {
        let access = (self.now.seconds() & 0xFF_FFFF) as u32;
        self.space_mut().set_access(id, access);
    }

    #[cold]
    pub(super) fn count_use(&mut self, id: u32) {
        let bits = self.space().access(id);
        let bits = evict::lfu_used(bits, self.now.seconds(), &self.policy, &mut self.random);
        self.space_mut().set_access(id, bits);
    }

    /// The counter of uses of `key`, as it is now.
    pub fn frequency(&mut self, key: &[u8]) -> Option<u32> {
        let id = self.live(key)?;
        Some(evict::lfu_counter(self.space().access(id), self.now.seconds(), self.policy.lfu_decay_time))
    }

    /// Makes `key` look as if it had been used so often.
    pub fn set_frequency(&mut self, key: &[u8], counter: u32) {
        if let Some(id) = self.space().dict.find(key) {
            let bits = evict::lfu_with(self.now.seconds(), counter);
            self.space_mut().set_access(id, bits);
        }
    }

    /// The access clock of `key`: the lower 24 bits of the second in which it was last used, or what LFU keeps in their place.
    pub fn access(&mut self, key: &[u8]) -> Option<u32> {
        let id = self.live(key)?;
        Some(self.space().access(id))
    }

    /// For how many seconds nobody used `key`.
    pub fn idle_seconds(&mut self, key: &[u8]) -> Option<i64> {
        let id = self.live(key)?;
        // The access clock has 24 bits and wraps after 194 days.
        let now = (self.now.seconds() & 0xFF_FFFF) as u32;
        Some(i64::from(now.wrapping_sub(self.space().access(id)) & 0xFF_FFFF))
    }

    /// Makes `key` look as if nobody had used it for so many seconds.
    pub fn set_idle(&mut self, key: &[u8], seconds: i64) {
        if let Some(id) = self.space().dict.find(key) {
            let access = (self.now.seconds().wrapping_sub(seconds) & 0xFF_FFFF) as u32;
            self.space_mut().set_access(id, access);
        }
    }
}
