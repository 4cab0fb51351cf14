//! Memory as Redis counts it: a model of its layout, not of ours.
//!
//! What MEMORY USAGE and INFO show here are the figures of a 64-bit Redis 8.6.3 with jemalloc that holds the same keys. They
//! were found by asking a real server about thousands of keys (see `tests/memory/`, where a corpus of its answers is played
//! on this model) and from its documentation; nobody looked into its source. What they showed:
//!
//! * A key and its value's head are one object: 16 bytes, one more, the key as a dynamic string, 8 bytes for a deadline if the key ever
//!   had one, and the value itself if it is a short string. Integers stand in the head.
//! * A string of its own is counted with the allocator's rounding from 32 bytes on; below, its header cannot say how much room there is.
//! * Small collections are one allocation whose exact length MEMORY USAGE counts.
//! * In a table MEMORY USAGE counts 24 bytes for every entry; that is more than there is, because an entry that is alone in its bucket
//!   needs none. `used_memory` is what was really allocated. So there are two sizes of everything: `usage` and `allocated`.
//! * A field and its value are one allocation of at most 128 bytes; a longer value stands alone. A field that has a deadline has 16 bytes
//!   more.
//! * A node of a skip list has 16 bytes, 16 for each of its levels, and its member. The levels are drawn by chance, a quarter of the nodes that
//!   have one also having the next; here every node counts as the average of all.
//!
//! The sums that this needs are kept by the types themselves, as they change; asking is O(1), or O(samples) for MEMORY USAGE.

pub(crate) mod allocator;
mod report;
mod table;
pub(crate) mod used;

pub(crate) use report::{StringSizes, allocated, string_sizes};
pub use report::{Totals, totals, usage};
pub(crate) use table::{Buckets, Table};

/// How many elements of a table or skip list MEMORY USAGE looks at unless it is told.
pub(crate) const SAMPLES: usize = 5;

/// A listpack without entries.
pub(crate) const LISTPACK: usize = 7;
/// What stands before the listpack of a hash whose fields have deadlines.
pub(crate) const LISTPACK_EX: usize = 24;
/// An intset without integers.
pub(crate) const INTSET: usize = 8;
/// A table without buckets.
pub(crate) const TABLE: usize = 56;
pub(crate) const TABLE_ALLOCATED: usize = allocator::class(TABLE);
/// What MEMORY USAGE counts for an entry of a table.
pub(crate) const TABLE_ENTRY: usize = 24;
/// A sorted set's two parts, its table without buckets and the head of its skip list.
pub(crate) const SKIPLIST: usize = 16 + 48 + 640 + TABLE;
/// What a database takes once it held a key, without buckets: its table and the statistics that Redis keeps beside it.
pub(crate) const KEYSPACE: usize = 2560;
pub(crate) const QUICKLIST: usize = 48;
pub(crate) const QUICKLIST_NODE: usize = 48;
/// What a table of fields takes more once one of them has a deadline.
pub(crate) const FIELD_DEADLINES: usize = 48;

/// A listpack with so many bytes of entries.
#[inline]
pub(crate) fn listpack(entries: usize) -> usize {
    allocator::class(LISTPACK + entries)
}

/// What MEMORY USAGE counts for a table's buckets and entries, without what the entries hold.
pub(crate) fn table_usage(buckets: Buckets, entries: usize) -> usize {
    buckets.count() * 8 + entries * TABLE_ENTRY
}

/// The two sizes of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// What MEMORY USAGE counts.
    pub usage: usize,
    /// What the allocator gave.
    pub allocated: usize,
}

/// A field of a hash with its value.
#[inline]
pub(crate) fn field(name: usize, value: usize, had_deadline: bool) -> Size {
    const TOGETHER: usize = 128;
    const DEADLINE: usize = 16;
    // Whatever stands before the name needs a header that can say so.
    let name_alone = allocator::embedded_with_room(name);
    let head = if had_deadline { DEADLINE + name_alone } else { allocator::embedded(name) };
    let together = head + allocator::embedded_with_room(value);
    if together <= TOGETHER {
        return Size { usage: together, allocated: allocator::class(together) };
    }
    let head = 8 + name_alone + if had_deadline { DEADLINE } else { 0 };
    Size { usage: head + allocator::string_usage(value), allocated: allocator::class(head) + allocator::string(value) }
}

/// Sums of skip list nodes are kept in such parts of a byte.
pub(crate) const NODE_SCALE: u64 = 4096;

/// The average node of a skip list with a member of this length.
#[inline]
pub(crate) fn skiplist_node(member: usize) -> u64 {
    const LEVEL: usize = 16;
    let first = 16 + LEVEL + allocator::embedded(member);
    // Of 4096 nodes so many have one level, two levels …
    const NODES: [u64; 7] = [3072, 768, 192, 48, 12, 3, 1];
    NODES.iter().enumerate().map(|(more, count)| count * allocator::class(first + more * LEVEL) as u64).sum()
}

/// Positions of `samples` entries of a table of `len`, evenly spread, as chance would have it, each in the middle of its share (the
/// first entry is often a special one); all of them if `samples` is 0.
pub(crate) fn spread(len: usize, samples: usize) -> impl Iterator<Item = usize> {
    let count = if samples == 0 { len } else { samples.min(len) };
    (0..count).map(move |at| ((2 * at as u64 + 1) * len as u64 / (2 * count as u64)) as usize)
}

/// The sum over `len` entries, of which the first `samples` are looked at (all of them if that is 0).
pub(crate) fn extrapolate(sizes: impl Iterator<Item = u64>, samples: usize, len: usize) -> u64 {
    let most = if samples == 0 { usize::MAX } else { samples };
    let (mut sum, mut count) = (0, 0);
    for size in sizes.take(most) {
        sum += size;
        count += 1;
    }
    (u128::from(sum) * len as u128).checked_div(count).unwrap_or(0) as u64
}
