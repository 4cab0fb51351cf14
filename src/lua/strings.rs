//! Byte strings. Short ones are interned, so equality is equality of payloads and a table finds a field without
//! looking at bytes; long ones are not (building a text piece by piece would hash every intermediate result) and
//! compare by content. The hash is PUC Lua 5.1's own, which makes `pairs` visit string keys in the order that a real
//! Lua, and so a real Redis, visits them.

use alloc::{boxed::Box, vec, vec::Vec};

use crate::{
    arena::{Arena, Slots},
    value::{LONG, SHORT, Value},
};

const INLINE: usize = 22;

#[derive(Clone, Debug)]
enum Bytes {
    Inline { length: u8, buffer: [u8; INLINE] },
    Boxed(Box<[u8]>),
}

#[derive(Clone, Debug)]
struct Entry {
    bytes: Bytes,
    hash: u32,
    next: u32,
}

impl Default for Entry {
    fn default() -> Self {
        Entry { bytes: Bytes::Inline { length: 0, buffer: [0; INLINE] }, hash: 0, next: END }
    }
}

const END: u32 = u32::MAX;
/// What a string costs beside its bytes, as accounted.
pub const OVERHEAD: usize = 24;

#[derive(Clone, Debug)]
pub struct Strings {
    entries: Arena<Entry>,
    buckets: Vec<u32>,
    interned: usize,
}

/// PUC 5.1's string hash, of every byte as in Redis' copy of Lua. (The original looks at no more than 32 bytes of a long string.)
pub fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(bytes.len() as u32, |hash, &byte| {
        hash ^ (hash << 5).wrapping_add(hash >> 2).wrapping_add(u32::from(byte))
    })
}

impl Strings {
    pub fn new() -> Strings {
        Strings { entries: Arena::default(), buckets: vec![END; 256], interned: 0 }
    }

    /// Returns the payload and how many bytes of memory it newly takes.
    pub fn intern(&mut self, bytes: &[u8]) -> (u64, usize) {
        if bytes.len() > SHORT {
            return self.keep(bytes.into());
        }
        let hash = hash(bytes);
        let bucket = hash as usize & (self.buckets.len() - 1);
        let mut at = self.buckets[bucket];
        while at != END {
            let entry = &self.entries[at];
            if entry.hash == hash && entry.bytes.get() == bytes {
                return (u64::from(hash) << 32 | u64::from(at), 0);
            }
            at = entry.next;
        }
        let stored = if bytes.len() <= INLINE {
            let mut buffer = [0; INLINE];
            buffer[..bytes.len()].copy_from_slice(bytes);
            Bytes::Inline { length: bytes.len() as u8, buffer }
        } else {
            Bytes::Boxed(bytes.into())
        };
        let index = self.entries.insert(Entry { bytes: stored, hash, next: self.buckets[bucket] });
        self.buckets[bucket] = index;
        self.interned += 1;
        if self.interned > self.buckets.len() {
            self.grow();
        }
        (u64::from(hash) << 32 | u64::from(index), bytes.len() + OVERHEAD)
    }

    /// Keeps a long string as it is.
    pub fn keep(&mut self, bytes: Box<[u8]>) -> (u64, usize) {
        debug_assert!(bytes.len() > SHORT);
        let length = bytes.len();
        let index = self.entries.insert(Entry { bytes: Bytes::Boxed(bytes), hash: 0, next: END });
        (LONG | u64::from(index), length + OVERHEAD)
    }

    fn grow(&mut self) {
        let size = self.buckets.len() * 2;
        let mut buckets = vec![END; size];
        for head in core::mem::take(&mut self.buckets) {
            let mut at = head;
            while at != END {
                let entry = &mut self.entries[at];
                let bucket = entry.hash as usize & (size - 1);
                let next = entry.next;
                entry.next = buckets[bucket];
                buckets[bucket] = at;
                at = next;
            }
        }
        self.buckets = buckets;
    }

    #[inline]
    pub fn get(&self, payload: u64) -> &[u8] {
        self.entries[Strings::place(payload)].bytes.get()
    }

    #[inline]
    pub fn same(&self, a: u64, b: u64) -> bool {
        a == b || (a & b & LONG != 0 && self.get(a) == self.get(b))
    }

    /// The hash by which tables place this string.
    #[inline]
    pub fn hash_of(&self, payload: u64) -> u32 {
        if payload & LONG == 0 { (payload >> 32) as u32 } else { hash(self.get(payload)) }
    }

    /// The collector's marks, by what [`Strings::place`] says.
    pub fn slots(&mut self) -> &mut Slots {
        &mut self.entries.slots
    }

    /// Where a string lies.
    #[inline(always)]
    pub fn place(payload: u64) -> u32 {
        payload as u32 & 0x7fff_ffff
    }

    /// Frees what was not marked; returns the bytes freed.
    pub fn sweep(&mut self) -> usize {
        for bucket in 0..self.buckets.len() {
            let mut at = self.buckets[bucket];
            let mut last = END;
            while at != END {
                let next = self.entries[at].next;
                if self.entries.slots.is_marked(at) {
                    if last == END {
                        self.buckets[bucket] = at;
                    } else {
                        self.entries[last].next = at;
                    }
                    last = at;
                } else {
                    self.interned -= 1;
                }
                at = next;
            }
            if last == END {
                self.buckets[bucket] = END;
            } else {
                self.entries[last].next = END;
            }
        }
        self.entries.sweep(|entry| entry.bytes.get().len() + OVERHEAD)
    }
}

impl Bytes {
    #[inline]
    fn get(&self) -> &[u8] {
        match self {
            Bytes::Inline { length, buffer } => &buffer[..usize::from(*length).min(INLINE)],
            Bytes::Boxed(bytes) => bytes,
        }
    }
}

impl Strings {
    /// Raw equality of two values.
    #[inline(never)]
    pub fn equal(&self, a: Value, b: Value) -> bool {
        match (a, b) {
            (Value::Number(x), Value::Number(y)) => f64::from_bits(x) == f64::from_bits(y),
            (Value::String(x), Value::String(y)) => self.same(x, y),
            _ => a == b,
        }
    }
}
