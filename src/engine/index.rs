//! The index of a dictionary, from hashes to positions: a sorted array with gaps.
//!
//! A slot holds 32 bits of hash above 32 bits of position. A hash's home is where it would stand if hashes were spread
//! evenly, `hash × homes / 2³²`, which grows with the hash; a slot that finds its home taken stands a little further to the right. So
//! the array is sorted, and a search is: go home, walk over what is smaller, look at what is equal. (It is linear probing
//! in the order that Celis called Robin Hood.) Four things follow that a table of buckets does not give:
//! * the slots of one search stand in one or two cache lines, and no second array says which are taken;
//! * a search that finds nothing ends at the first greater hash, so that the array may be five sixths full;
//! * any number of homes will do, so that it grows by a quarter and not by doubling: about eleven bytes a key at every size;
//! * growing reads and writes both arrays from left to right, in one pass without a jump, and looks at no entry.
//!
//! Hashes are those of a seeded hasher, so that nobody outside can choose keys that gather at one home.

use alloc::vec;
use alloc::vec::Vec;

/// No position is as large as this one's lower half, and no hash is larger than its upper half.
const VACANT: u64 = u64::MAX;
const FEWEST: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct Index {
    /// One slot for every home and some for those whom the last homes have no room for; the last one is always vacant.
    slots: Vec<u64>,
    homes: usize,
    len: usize,
}

fn slot(hash: u32, id: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(id)
}

fn hash_of(slot: u64) -> u32 {
    (slot >> 32) as u32
}

impl Index {
    #[inline]
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.homes as u64) >> 32) as usize
    }

    /// Whatever stands at this hash's home: to be read only so that it is near when it is searched.
    #[inline]
    pub fn at_home(&self, hash: u32) -> u64 {
        self.slots.get(self.home(hash)).copied().unwrap_or(VACANT)
    }

    /// The position among those of this hash that `wanted` agrees to.
    #[inline]
    pub fn find(&self, hash: u32, mut wanted: impl FnMut(u32) -> bool) -> Option<u32> {
        let slots = self.slots.get(self.home(hash)..)?;
        let candidates = slots.iter().skip_while(|&&slot| hash_of(slot) < hash);
        for &slot in candidates {
            if hash_of(slot) != hash || slot == VACANT {
                break;
            }
            if wanted(slot as u32) {
                return Some(slot as u32);
            }
        }
        None
    }

    pub fn insert(&mut self, hash: u32, id: u32) {
        if self.len * 6 >= self.homes * 5 {
            // By a quarter of the power of two below.
            let more = (1 << self.homes.max(FEWEST).ilog2()) / 4;
            self.resize(if self.homes == 0 { FEWEST } else { self.homes + more });
        }
        let mut at = self.home(hash);
        while self.slots[at] != VACANT && hash_of(self.slots[at]) <= hash {
            at += 1;
        }
        let mut gap = at;
        while self.slots[gap] != VACANT {
            gap += 1;
        }
        self.slots.copy_within(at..gap, at + 1);
        self.slots[at] = slot(hash, id);
        self.len += 1;
        if gap + 1 == self.slots.len() {
            self.add_vacant();
        }
    }

    pub fn remove(&mut self, hash: u32, id: u32) {
        let Some(at) = self.place(hash, id) else { return };
        // Whoever stands beyond the hole and not at home moves one to the left.
        let mut end = at + 1;
        while self.slots[end] != VACANT && self.home(hash_of(self.slots[end])) < end {
            end += 1;
        }
        self.slots.copy_within(at + 1..end, at);
        self.slots[end - 1] = VACANT;
        self.len -= 1;
        if self.homes > 4096 && self.homes / 8 > self.len {
            self.resize(self.len * 2);
        }
    }

    /// The entry of this hash at position `from` stands at `to` from now on.
    pub fn moved(&mut self, hash: u32, from: u32, to: u32) {
        if let Some(at) = self.place(hash, from) {
            self.slots[at] = slot(hash, to);
        }
    }

    fn place(&self, hash: u32, id: u32) -> Option<usize> {
        let home = self.home(hash);
        let slots = self.slots.get(home..)?;
        let before =
            slots.iter().position(|&other| other == slot(hash, id) || hash_of(other) > hash || other == VACANT)?;
        (slots[before] == slot(hash, id)).then_some(home + before)
    }

    fn resize(&mut self, homes: usize) {
        let old = core::mem::take(&mut self.slots);
        self.homes = homes.max(FEWEST);
        self.slots = vec![VACANT; self.homes + (self.homes / 8 + 1).min(32)];
        let mut free = 0;
        for slot in old.into_iter().filter(|&slot| slot != VACANT) {
            let at = free.max(self.home(hash_of(slot)));
            self.slots[at] = slot;
            free = at + 1;
            if free == self.slots.len() {
                self.add_vacant();
            }
        }
    }

    /// Not by doubling, which is what a vector does on its own.
    fn add_vacant(&mut self) {
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve_exact(32);
        }
        self.slots.push(VACANT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    /// Hashes from a few narrow ranges, the largest one among them, so that homes are crowded and the array overflows on
    /// the right.
    #[test]
    fn behaves_like_a_set_of_pairs() {
        let mut state = 1u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        for range in [4, 100, 1 << 20] {
            let (mut index, mut model) = (Index::default(), BTreeSet::new());
            for step in 0..6_000u32 {
                let hash = [0, u32::MAX - range as u32, 1 << 30][random(3) as usize] + random(range + 1) as u32;
                // It grows for a while, then shrinks.
                if random(5) < if step < 4_000 { 3 } else { 1 } {
                    index.insert(hash, step);
                    model.insert((hash, step));
                } else if let Some(&(hash, id)) = model.range((hash, 0)..).next() {
                    if random(2) == 0 {
                        index.moved(hash, id, 1_000_000 + step);
                        model.insert((hash, 1_000_000 + step));
                    } else {
                        index.remove(hash, id);
                    }
                    model.remove(&(hash, id));
                }
                let wanted: Vec<u32> = model.range((hash, 0)..=(hash, u32::MAX)).map(|(_, id)| *id).collect();
                let mut met = Vec::new();
                assert_eq!(
                    index.find(hash, |id| {
                        met.push(id);
                        false
                    }),
                    None
                );
                met.sort_unstable();
                assert_eq!(met, wanted);
            }
            assert_eq!(index.len, model.len());
            assert!(index.slots.iter().filter(|slot| **slot != VACANT).is_sorted_by_key(|&slot| hash_of(slot)));
            for &(hash, id) in &model {
                assert_eq!(index.find(hash, |other| other == id), Some(id));
            }
        }
    }
}
