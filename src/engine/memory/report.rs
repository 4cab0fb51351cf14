//! What one key takes, and what all of them do.

use super::allocator;
use crate::keyspace::Keyspace;
use crate::rdb::lzf;
use crate::types::List;
use crate::value::{Value, is_embedded};

/// The object that holds a key of this length, room for a deadline if it `had_deadline`, and `embedded` bytes of value.
#[inline]
fn object(key: usize, had_deadline: bool, embedded: usize) -> usize {
    allocator::class(unrounded(key, had_deadline, embedded))
}

#[inline]
fn unrounded(key: usize, had_deadline: bool, embedded: usize) -> usize {
    // Beside a long key there is room for a deadline from the beginning.
    const LONG_KEY: usize = 128;
    let deadline = if had_deadline || key >= LONG_KEY { 8 } else { 0 };
    16 + 1 + deadline + allocator::embedded(key) + embedded
}

/// What `key` with its value takes of the allocator in Redis.
#[inline]
pub(crate) fn allocated(key: &[u8], value: &Value, had_deadline: bool) -> usize {
    let (embedded, own) = match value {
        Value::Int(_) => (0, 0),
        Value::Text(text) if is_embedded(key.len(), text.len()) => (allocator::embedded_with_room(text.len()), 0),
        Value::Text(text) => (0, allocator::string(text.len())),
        Value::Raw(raw) => (0, raw.allocated()),
        Value::List(list) => (0, list.allocated()),
        Value::Set(set) => (0, set.allocated()),
        Value::Hash(hash) => (0, hash.allocated()),
        Value::SortedSet(zset) => (0, zset.allocated()),
        Value::Stream(stream) => (0, stream.allocated()),
        Value::VectorSet(set) => (0, set.allocated()),
    };
    object(key.len(), had_deadline, embedded) + own
}

/// The strings of a key with a string value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StringSizes {
    /// The object with the key, and with the value if that is short.
    pub object: usize,
    /// The value's length, and how long it may become before it has to move.
    pub len: usize,
    pub room: usize,
    /// What the value takes by itself.
    pub own: usize,
}

/// None if the value is no string or an integer.
pub(crate) fn string_sizes(key: &[u8], value: &Value, had_deadline: bool) -> Option<StringSizes> {
    let (len, embedded, room, own) = match value {
        Value::Text(text) if is_embedded(key.len(), text.len()) => {
            let embedded = allocator::embedded_with_room(text.len());
            (text.len(), embedded, None, 0)
        }
        Value::Text(text) => (text.len(), 0, Some(allocator::room(text.len())), allocator::string_usage(text.len())),
        Value::Raw(raw) => (raw.len(), 0, Some(raw.room()), raw.usage()),
        _ => return None,
    };
    let object = object(key.len(), had_deadline, embedded);
    // What the allocator rounds up behind an embedded value is its room.
    let slack = || object - unrounded(key.len(), had_deadline, embedded);
    Some(StringSizes { object, len, room: room.unwrap_or_else(|| len + slack()), own })
}

/// MEMORY USAGE of a key: its object, and what its value takes as far as Redis looks at it. `samples` elements of a table or skip list
/// stand for all of them; 0 asks for all.
pub fn usage(key: &[u8], value: &Value, had_deadline: bool, compress_depth: i64, samples: usize) -> usize {
    let own = match value {
        Value::Int(_) => 0,
        Value::Text(text) if is_embedded(key.len(), text.len()) => {
            return object(key.len(), had_deadline, allocator::embedded_with_room(text.len()));
        }
        Value::Text(text) => allocator::string_usage(text.len()),
        Value::Raw(raw) => raw.usage(),
        Value::List(list) => list_usage(list, compress_depth),
        Value::Set(set) => set.usage(samples),
        Value::Hash(hash) => hash.usage(samples),
        Value::SortedSet(zset) => zset.usage(samples),
        Value::Stream(stream) => stream.usage(),
        Value::VectorSet(set) => set.usage(),
    };
    object(key.len(), had_deadline, 0) + own
}

/// A list is counted exactly. Nodes farther from both ends than `list-compress-depth` says are compressed if that makes them smaller.
fn list_usage(list: &List, compress_depth: i64) -> usize {
    let nodes = list.node_contents();
    if list.encoding() != "quicklist" {
        return nodes.flatten().map(|packed| packed.size()).sum();
    }
    let count = nodes.len();
    let depth = usize::try_from(compress_depth).unwrap_or(0);
    let mut bytes = super::QUICKLIST + count * super::QUICKLIST_NODE;
    for (at, node) in nodes.enumerate() {
        let inside = depth > 0 && at >= depth && at + depth < count;
        bytes += match node {
            Ok(packed) if inside => compressed(packed.entries(), packed.size()),
            Ok(packed) => packed.size(),
            Err(element) if inside => compressed(element, element.len()),
            Err(element) => element.len(),
        };
    }
    bytes
}

/// What a node of `size` bytes takes compressed: small ones and those that gain less than eight bytes stay as they are.
fn compressed(content: &[u8], size: usize) -> usize {
    const LEAST: usize = 48;
    const HEADER: usize = 8;
    if size < LEAST {
        return size;
    }
    lzf::compress(content, size.saturating_sub(HEADER)).map_or(size, |packed| packed.len() + HEADER)
}

/// How much of a database's memory each type takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// One for each type, with how many keys have it and what they take of the allocator.
    pub types: [(&'static str, u64, u64); 7],
}

/// What the keys of a database take, by type. This visits every key.
pub fn totals(space: &Keyspace) -> Totals {
    const TYPES: [&str; 7] = ["string", "list", "set", "hash", "zset", "stream", "vectorset"];
    let mut totals = Totals { types: TYPES.map(|name| (name, 0, 0)) };
    for (key, value, had_deadline) in space.iter_with_room() {
        let name = value.type_name();
        if let Some(total) = totals.types.iter_mut().find(|total| total.0 == name) {
            total.1 += 1;
            total.2 += allocated(key, value, had_deadline) as u64;
        }
    }
    totals
}
