//! The size of a hash table, which depends on its history.
//!
//! Redis' tables (dict.c) have a power of two of buckets, at least four: twice as many once there are more entries than
//! buckets, fewer once seven eighths of them are too many. A table that changes its size keeps the old buckets until every command that works with it
//! has moved some entries over; both count until then. A bucket that holds one entry points to it; further ones are chained in nodes
//! of 16 bytes. Which bucket an entry falls into is chance there, so that the number of nodes is its expectation.

use super::allocator::class;
use alloc::vec::Vec;

const LEAST: usize = 4;
const BUCKET: usize = 8;
const NODE: usize = 16;
/// A table shrinks when it has so many buckets for each entry.
const SPARSE: usize = 8;

/// The buckets of one table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Buckets {
    /// The exponents of the number of buckets, one higher: 0 means none. `old` is the table that is being left.
    size: u8,
    old: u8,
    /// Memory is short: the table does not grow while it is not much too full.
    held: bool,
    /// How many steps it takes until the old buckets are empty.
    steps: u32,
    /// How many more nodes there are than so many entries would have that just came, in [`PARTS`].
    surplus: u32,
}

const PARTS: u64 = 256;

/// The buckets of a table, and the keys in it.
pub(crate) struct Table<'a> {
    pub buckets: Buckets,
    pub keys: Vec<&'a [u8]>,
}

fn buckets(exponent: u8) -> usize {
    if exponent == 0 { 0 } else { 1 << (exponent - 1) }
}

fn exponent(buckets: usize) -> u8 {
    buckets.max(LEAST).next_power_of_two().ilog2() as u8 + 1
}

impl Buckets {
    /// A table that was made for so many entries.
    pub(crate) fn for_entries(count: usize) -> Buckets {
        Buckets { size: exponent(count), ..Buckets::default() }
    }

    /// An entry came: there are `len` now.
    #[inline]
    pub(crate) fn added(&mut self, len: usize) {
        self.step();
        if len > buckets(self.size) && self.old == 0 {
            self.grow(len);
        }
    }

    /// What more a table needs that would have to grow for one more than `len` entries; 0 if it need not.
    #[inline]
    pub(crate) fn growth(self, len: usize) -> usize {
        if len < buckets(self.size) || self.old != 0 || self.size == 0 {
            0
        } else {
            buckets(exponent(len + 1)) * BUCKET
        }
    }

    /// Whether memory is too short for the table to grow. (So that a limit does not cost keys for the sake of empty buckets.)
    pub(crate) fn hold(&mut self, hold: bool) {
        self.held = hold;
    }

    /// An entry went: there are `len` left.
    #[inline]
    pub(crate) fn removed(&mut self, len: usize) {
        self.step();
        self.thin_out(len + 1);
        if self.old == 0 && buckets(self.size) > LEAST && len * SPARSE <= buckets(self.size) && len > 0 {
            self.shrink(len);
        }
    }

    /// One of `len` entries goes. A node stays with its entry even if that is left alone in its bucket, so that where entries come and
    /// go there are more nodes than the load asks for.
    fn thin_out(&mut self, len: usize) {
        let size = buckets(self.size) as u64;
        if size < 64 || self.old != 0 {
            self.surplus = 0;
            return;
        }
        let expected = chained(len, size as usize) as u64 * PARTS;
        let nodes = expected + u64::from(self.surplus);
        // What the expectation falls by, and what is lost with the entry.
        let (falls, lost) = ((len as u64 * PARTS - expected) / size, nodes / len as u64);
        self.surplus = (u64::from(self.surplus) + falls).saturating_sub(lost) as u32;
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        let old = self.size;
        // With this load a table grows at any price.
        let crowded = len as u64 * 1000 > buckets(old) as u64 * 1618;
        if self.held && !crowded && old != 0 {
            return;
        }
        self.size = exponent(len);
        self.surplus = 0;
        if old != 0 {
            self.old = old;
            // A step moves one bucket that is not empty; as many commands happen upon one by themselves.
            self.steps = (buckets(old) as u64 * 652 / 1000) as u32;
        }
    }

    #[cold]
    fn shrink(&mut self, len: usize) {
        self.surplus = 0;
        self.old = self.size;
        self.size = exponent(len);
        self.steps = (buckets(self.old) as u64 * 150 / 1000) as u32;
    }

    /// A command looked something up.
    #[inline]
    pub(crate) fn step(&mut self) {
        if self.old != 0 {
            self.advance(1);
        }
    }

    /// Time for so many steps has passed. (The server moves entries of a keyspace also when it has nothing else to do.)
    pub(crate) fn advance(&mut self, steps: u32) {
        self.steps = self.steps.saturating_sub(steps);
        if self.steps == 0 {
            self.old = 0;
        }
    }

    /// Whether the table was never used.
    pub(crate) fn is_empty(self) -> bool {
        self.size == 0
    }

    pub(crate) fn is_rehashing(self) -> bool {
        self.old != 0
    }

    /// How many buckets there are, those that are being left included.
    pub(crate) fn count(self) -> usize {
        buckets(self.size) + buckets(self.old)
    }

    /// The buckets that are being left.
    pub(crate) fn leaving(self) -> usize {
        buckets(self.old)
    }

    /// How many buckets the table has and how many of `len` entries stand in them; while it is being left for another, first the old one's.
    pub(crate) fn parts(self, len: usize) -> [(usize, usize); 2] {
        if self.old == 0 {
            return [(buckets(self.size), len), (0, 0)];
        }
        let share = if self.size > self.old { 652 } else { 150 };
        let total = (buckets(self.old) as u64 * share / 1000).max(1);
        let left = (len as u64 * u64::from(self.steps).min(total) / total) as usize;
        [(buckets(self.old), left), (buckets(self.size), len - left)]
    }

    /// The memory of the buckets and of the chains of `len` entries.
    pub(crate) fn allocated(self, len: usize) -> usize {
        let mut bytes = class(buckets(self.size) * BUCKET);
        let mut chained = chained(len, buckets(self.size));
        if self.old != 0 {
            bytes += class(buckets(self.old) * BUCKET);
            // Chains of the old table dissolve as its entries move over.
            let total = if self.size > self.old {
                buckets(self.old) as u64 * 652 / 1000
            } else {
                buckets(self.old) as u64 * 150 / 1000
            };
            let before = self::chained(len, buckets(self.old));
            let left = u64::from(self.steps).min(total);
            let (before, after) = (before as u64, chained as u64);
            chained = ((before * left + after * (total - left)) / total.max(1)) as usize;
        }
        chained += (u64::from(self.surplus) / PARTS) as usize;
        if self.size == 0 { 0 } else { bytes + chained * NODE }
    }
}

/// How many of `len` entries do not find their bucket empty: len − b·(1 − e^(−len/b)).
///
/// The load is at most one or, while a table is being left, little more; five terms of the series in fixed point are exact to a thousandth.
fn chained(len: usize, buckets: usize) -> usize {
    if buckets == 0 {
        return 0;
    }
    const ONE: u64 = 1 << 16;
    let load = ((len as u64) << 16) / buckets as u64;
    let load = load.min(2 * ONE);
    // b·(x²/2 − x³/6 + x⁴/24 − x⁵/120 + x⁶/720 − x⁷/5040), from the innermost factor outwards.
    let mut term = ONE;
    for divisor in [7, 6, 5, 4, 3] {
        term = ONE - ((load * term) >> 16) / divisor;
    }
    let share = (((load * load) >> 16) * term) >> 17;
    ((buckets as u64 * share) >> 16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_grow_and_shrink_where_the_oracles_do() {
        let mut table = Buckets::default();
        let mut seen = alloc::vec::Vec::new();
        let mut last = 0;
        for len in 1..=2100 {
            table.added(len);
            if table.count() != last {
                last = table.count();
                seen.push((len, last));
            }
        }
        // Recorded: [(1, 4), (5, 12), (8, 8), (9, 24), (13, 16), (17, 48), (25, 32), (33, 96), (51, 64), … (1025, 3072), (1693, 2048), (2049, 6144)]
        let grown: alloc::vec::Vec<_> =
            seen.iter().filter(|(len, _)| (len - 1usize).is_power_of_two()).copied().collect();
        assert!(grown.ends_with(&[(257, 768), (513, 1536), (1025, 3072), (2049, 6144)]), "{seen:?}");
        assert!(seen.iter().any(|&(len, count)| count == 2048 && (1680..1710).contains(&len)), "{seen:?}");
        assert_eq!(chained(4096, 4096), 1506);
        assert_eq!((chained(0, 4), chained(1, 1 << 20)), (0, 0));
        for len in (1..2100).rev() {
            table.removed(len);
        }
        assert!(table.count() <= 6144);
    }
}
