//! The dictionary under the keyspace, and under every set and hash that outgrew its listpack.
//!
//! Entries stand densely in copy-on-write chunks; an index table maps hashes to positions. From that follow
//! * deletion that swaps the last entry into the hole, so iteration is a walk over memory and RANDOMKEY one draw;
//! * SCAN as a cursor that counts down from the end: whatever stays is met at least once, because an entry only ever moves
//!   towards the front, into a hole that the deletion left, and new entries arrive behind the cursor;
//! * an order that depends on the operations alone and never on hash values, which differ between native and wasm;
//! * a clone that copies the index and one pointer per 64 entries. The first write to a chunk afterwards copies that chunk.
//!
//! Redis chains entries in buckets and rehashes step by step. Here only the index of 8-byte slots (index.rs) is laid out anew
//! when it grows, in one pass that reads no entry; at a million keys that takes a few milliseconds.

use crate::index::Index;
use crate::memory::Buckets;
use crate::text::Text;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::hash::Hasher;
use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

const CHUNK: usize = 64;
/// How many look-ups [`Dict::fetch_ahead`] prepares.
pub const AHEAD: usize = 16;

/// One key with what it maps to.
#[derive(Clone, Default, Debug)]
pub struct Entry<V> {
    pub key: Text,
    pub value: V,
    hash: u32,
    /// 32 bits for the owner: the keyspace keeps its access clock and its volatile flag here.
    pub tag: u32,
}

/// A map from byte strings to `V`. Positions (`id`) are dense and stay valid until the next removal.
#[derive(Clone, Debug)]
pub struct Dict<V> {
    chunks: Vec<Rc<[Entry<V>]>>,
    index: Index,
    len: u32,
    seed: u64,
    /// The buckets of Redis' table of the same history.
    pub(crate) buckets: Buckets,
    /// What the owner counts its entries to take in Redis, in a measure of its own.
    pub(crate) payload: u64,
}

impl<V: Clone + Default> Dict<V> {
    pub fn new(seed: u64) -> Self {
        Dict { chunks: Vec::new(), index: Index::default(), len: 0, seed, buckets: Buckets::default(), payload: 0 }
    }

    pub fn len(&self) -> usize {
        self.len as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    fn hash(&self, key: &[u8]) -> u32 {
        let mut hasher = FoldHasher::with_seed(self.seed, SharedSeed::global_fixed());
        hasher.write(key);
        let hash = hasher.finish();
        (hash ^ hash >> 32) as u32
    }

    #[inline]
    pub fn entry(&self, id: u32) -> &Entry<V> {
        &self.chunks[id as usize / CHUNK][id as usize % CHUNK]
    }

    #[inline]
    pub fn entry_mut(&mut self, id: u32) -> &mut Entry<V> {
        &mut Rc::make_mut(&mut self.chunks[id as usize / CHUNK])[id as usize % CHUNK]
    }

    /// The position of `key`.
    #[inline]
    pub fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = self.hash(key);
        self.index.find(hash, |id| self.entry(id).key.as_bytes() == key)
    }

    /// Makes the processor fetch what a look-up of each of these keys is going to read. Alone, a look-up in a large dictionary waits
    /// for memory two or three times in a row; asked for together, the same waits pass side by side. That holds only while no
    /// branch depends on what is waited for, because a branch that was guessed wrongly throws away all that was begun behind
    /// it: so first every home is touched, then every search is made, which now finds its slots near, and then every entry touched.
    pub fn fetch_ahead<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) {
        let mut hashes = [0; AHEAD];
        let mut count = 0;
        for key in keys.take(AHEAD) {
            hashes[count] = self.hash(key);
            count += 1;
        }
        let homes = hashes[..count].iter().fold(0, |sum, &hash| sum ^ self.index.at_home(hash));
        core::hint::black_box(homes);
        let mut ids = [0; AHEAD];
        let mut found = 0;
        for &hash in &hashes[..count] {
            if let Some(id) = self.index.find(hash, |_| true) {
                ids[found] = id;
                found += 1;
            }
        }
        let touched = ids[..found].iter().fold(0, |sum, &id| {
            let entry = self.entry(id);
            // The reference count is what a write looks at, and be it of the access clock.
            let shared = Rc::strong_count(&self.chunks[id as usize / CHUNK]);
            sum ^ entry.tag ^ u32::from(entry.key.is_inline()) ^ shared as u32
        });
        core::hint::black_box(touched);
    }

    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<&V> {
        self.find(key).map(|id| &self.entry(id).value)
    }

    #[inline]
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        self.find(key).map(|id| &mut self.entry_mut(id).value)
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// Adds `key`, which must not be there yet, at the end.
    pub fn push(&mut self, key: Text, value: V) -> u32 {
        let hash = self.hash(&key);
        let id = self.len;
        self.index.insert(hash, id);
        *self.vacant_place() = Entry { key, value, hash, tag: 0 };
        self.len += 1;
        self.buckets.added(self.len as usize);
        id
    }

    /// Sets `key` to `value` and gives its position and the value that was there.
    pub fn insert(&mut self, key: &[u8], value: V) -> (u32, Option<V>) {
        match self.find(key) {
            Some(id) => (id, Some(core::mem::replace(&mut self.entry_mut(id).value, value))),
            None => (self.push(Text::new(key), value), None),
        }
    }

    /// The place behind the last entry. The first chunk grows with its content, so that a small dictionary stays small.
    fn vacant_place(&mut self) -> &mut Entry<V> {
        let at = self.len as usize;
        let (chunk, place) = (at / CHUNK, at % CHUNK);
        if chunk == self.chunks.len() {
            let size = if chunk == 0 { 4 } else { CHUNK };
            self.chunks.push((0..size).map(|_| Entry::default()).collect());
        } else if place >= self.chunks[chunk].len() {
            let old = &mut self.chunks[chunk];
            let size = (old.len() * 2).min(CHUNK);
            let kept: Vec<Entry<V>> = match Rc::get_mut(old) {
                Some(entries) => entries.iter_mut().map(core::mem::take).collect(),
                None => old.to_vec(),
            };
            let vacant = size - kept.len();
            *old = kept.into_iter().chain((0..vacant).map(|_| Entry::default())).collect();
        }
        &mut Rc::make_mut(&mut self.chunks[chunk])[place]
    }

    pub fn remove(&mut self, key: &[u8]) -> Option<Entry<V>> {
        self.find(key).map(|id| self.remove_at(id))
    }

    /// Removes the entry at `id`; the last entry takes its place.
    pub fn remove_at(&mut self, id: u32) -> Entry<V> {
        let last = self.len - 1;
        let hash = self.entry(id).hash;
        self.index.remove(hash, id);
        let mut moved = core::mem::take(self.entry_mut(last));
        if id != last {
            self.index.moved(moved.hash, last, id);
            core::mem::swap(self.entry_mut(id), &mut moved);
        }
        self.len = last;
        self.buckets.removed(last as usize);
        // One spare chunk stays, so that a key that comes and goes at a chunk's border does not allocate each time.
        let needed = (last as usize).div_ceil(CHUNK);
        if self.chunks.len() > needed + 1 {
            self.chunks.truncate(needed + 1);
        }
        moved
    }

    pub fn clear(&mut self) {
        *self = Dict::new(self.seed);
    }

    /// Every entry, in the order of positions.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry<V>> {
        let len = self.len;
        (0..len).map(|id| self.entry(id))
    }

    /// One page of a full iteration: the entries that `cursor` stands before, at most `count` of them, and the next cursor.
    /// A cursor of 0 begins, and 0 comes back when all was seen.
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, impl Iterator<Item = &Entry<V>>) {
        let (next, ids) = self.scan_ids(cursor, count);
        (next, ids.map(|id| self.entry(id)))
    }

    /// The same as positions.
    pub fn scan_ids(&self, cursor: u64, count: usize) -> (u64, impl Iterator<Item = u32> + use<V>) {
        // What was never given as a cursor is behind everything.
        let from = if cursor == 0 { self.len } else { u32::try_from(cursor).unwrap_or(0).min(self.len) };
        let to = from.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        (u64::from(to), (to..from).rev())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::format;

    #[test]
    fn behaves_like_a_map_and_scan_meets_whatever_stays() {
        let mut dict = Dict::new(7);
        let mut model = BTreeMap::new();
        let mut state = 1u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        for round in 0..200 {
            for _ in 0..50 {
                let key = format!("key:{}", random(700));
                if random(3) == 0 {
                    assert_eq!(dict.remove(key.as_bytes()).map(|e| e.value), model.remove(&key));
                } else {
                    assert_eq!(dict.insert(key.as_bytes(), round).1, model.insert(key, round));
                }
            }
            assert_eq!(dict.len(), model.len());
            for (key, value) in &model {
                assert_eq!(dict.get(key.as_bytes()), Some(value));
            }
            // Iterate with deletions and insertions in between: every key that stays must be met.
            let before: Vec<_> = model.keys().cloned().collect();
            let mut met = alloc::collections::BTreeSet::new();
            let mut gone = alloc::collections::BTreeSet::new();
            let mut cursor = 0;
            loop {
                let (next, page) = dict.scan(cursor, 7);
                met.extend(page.map(|entry| entry.key.clone()));
                if next == 0 {
                    break;
                }
                cursor = next;
                let victim = format!("key:{}", random(700));
                if dict.remove(victim.as_bytes()).is_some() {
                    model.remove(&victim);
                    gone.insert(victim);
                }
                let fresh = format!("new:{}", random(50));
                dict.insert(fresh.as_bytes(), round);
                model.insert(fresh, round);
            }
            for key in before.iter().filter(|key| !gone.contains(*key)) {
                assert!(met.contains(&Text::new(key.as_bytes())), "{key} was not met");
            }
        }
    }

    #[test]
    fn a_clone_is_independent() {
        let mut dict = Dict::new(1);
        for i in 0..300 {
            dict.insert(format!("{i}").as_bytes(), i);
        }
        let copy = dict.clone();
        dict.insert(b"5", -1);
        dict.remove(b"200");
        assert_eq!(copy.get(b"5"), Some(&5));
        assert_eq!(copy.get(b"200"), Some(&200));
        assert_eq!(dict.get(b"5"), Some(&-1));
    }
}
