//! What a key can hold.

use crate::memory::allocator;
use crate::text::Text;
use crate::types::hyperloglog;
use crate::types::{Hash, List, Set, SortedSet, Stream, VectorSet};
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::ops::Deref;

/// A value is 24 bytes: small strings and integers stand inline, everything else behind a pointer that clones share until one
/// of them writes.
#[derive(Clone, Debug)]
pub enum Value {
    Text(Text),
    /// A string that reads as a 64-bit integer.
    Int(i64),
    /// A string that was modified in place (APPEND, SETRANGE, SETBIT) and may be again.
    Raw(Rc<RawString>),
    List(Rc<List>),
    Set(Rc<Set>),
    Hash(Rc<Hash>),
    SortedSet(Rc<SortedSet>),
    Stream(Rc<Stream>),
    VectorSet(Rc<VectorSet>),
}

const _: () = assert!(size_of::<Value>() == 24 && size_of::<Text>() == 24);

impl Default for Value {
    fn default() -> Self {
        Value::Int(0)
    }
}

impl Value {
    /// A string value in the encoding that SET would give it.
    #[inline]
    pub fn string(bytes: &[u8]) -> Value {
        match resp::number::parse_integer(bytes) {
            Some(number) if bytes.len() <= 20 => Value::Int(number),
            _ => Value::Text(Text::new(bytes)),
        }
    }

    /// A string that may be changed in place, as Redis makes it at this length.
    pub fn raw(bytes: Vec<u8>) -> Value {
        Value::Raw(Rc::new(RawString {
            room: allocator::room(bytes.len()),
            tight: (1..32).contains(&bytes.len()),
            bytes,
        }))
    }

    /// The value goes from `key` to another: a string that did not fit into one object with its key stays outside of the next, however short that is.
    pub fn leave(&mut self, key: &[u8]) {
        if let Value::Text(text) = self
            && !is_embedded(key.len(), text.len())
        {
            *self = Value::raw(text.to_vec());
        }
    }

    /// The value of another key that is made a copy of this one. A copy has no room to spare.
    pub fn copy(&self) -> Value {
        match self {
            Value::Raw(raw) => Value::raw(raw.bytes.clone()),
            other => other.clone(),
        }
    }

    /// The string's bytes; none when this is another type.
    #[inline]
    pub fn as_string(&self) -> Option<StringRef<'_>> {
        match self {
            Value::Text(text) => Some(StringRef::Bytes(text)),
            Value::Raw(raw) => Some(StringRef::Bytes(&raw.bytes)),
            Value::Int(number) => Some(StringRef::number(*number)),
            _ => None,
        }
    }

    /// The string's bytes to be changed in place; the value is raw from then on. Other types become an empty string, so ask
    /// before.
    pub fn make_raw(&mut self) -> &mut Vec<u8> {
        &mut self.make_raw_string().bytes
    }

    /// The same with what is known of its memory.
    pub fn make_raw_string(&mut self) -> &mut RawString {
        if !matches!(self, Value::Raw(_)) {
            let bytes = self.as_string().map_or_else(Vec::new, |string| string.to_vec());
            *self = Value::raw(bytes);
        }
        match self {
            Value::Raw(raw) => Rc::make_mut(raw),
            _ => unreachable!("the value was just made raw"),
        }
    }

    /// The name that TYPE gives.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Text(_) | Value::Int(_) | Value::Raw(_) => "string",
            Value::List(_) => "list",
            Value::Set(_) => "set",
            Value::Hash(_) => "hash",
            Value::SortedSet(_) => "zset",
            Value::Stream(_) => "stream",
            Value::VectorSet(_) => "vectorset",
        }
    }

    /// The name that OBJECT ENCODING gives; for strings it depends on the key that holds the value.
    pub fn encoding(&self, key_len: usize) -> &'static str {
        match self {
            Value::Int(_) => "int",
            Value::Raw(_) => "raw",
            Value::Text(text) => string_encoding(key_len, text.len()),
            Value::List(list) => list.encoding(),
            Value::Set(set) => set.encoding(),
            Value::Hash(hash) => hash.encoding(),
            Value::SortedSet(zset) => zset.encoding(),
            Value::Stream(_) => "stream",
            Value::VectorSet(_) => "raw",
        }
    }
}

/// Redis 8.6 stores key and value in one object while together they are short, and calls that embstr.
fn string_encoding(key_len: usize, value_len: usize) -> &'static str {
    if is_embedded(key_len, value_len) { "embstr" } else { "raw" }
}

/// Whether a string value stands in one object with its key.
#[inline]
pub(crate) fn is_embedded(key_len: usize, value_len: usize) -> bool {
    key_len + value_len <= 41
}

/// A string that is changed in place, with the room that Redis' string of this history has.
#[derive(Clone, Debug, Default)]
pub struct RawString {
    bytes: Vec<u8>,
    /// How many bytes fit before Redis would have to move it.
    room: usize,
    /// It has the shortest header, which cannot say how much room there is.
    tight: bool,
}

impl RawString {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes fit before Redis would have to move it.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// What MEMORY USAGE counts of it.
    pub(crate) fn usage(&self) -> usize {
        if self.tight { allocator::string_usage(self.room) } else { allocator::string_with_room(self.room) }
    }

    /// What it takes of the allocator.
    pub(crate) fn allocated(&self) -> usize {
        if self.tight { allocator::string(self.room) } else { allocator::string_with_room(self.room) }
    }

    /// Takes note of what a command did: where the string outgrew its room it got a larger one.
    pub(crate) fn settle(&mut self) {
        let len = self.bytes.len();
        if len > self.room {
            let is_sketch = hyperloglog::check(&self.bytes).is_ok();
            self.room = if is_sketch { allocator::room(len) } else { allocator::grown_room(len) };
            self.tight = false;
        }
    }

    /// The bytes of a sketch that is about to be changed.
    pub fn sketch(&mut self, sparse_most: usize) -> &mut Vec<u8> {
        if !hyperloglog::is_dense(&self.bytes) {
            let room = hyperloglog::room_ahead(self.bytes.len(), self.room, sparse_most);
            self.tight &= room == self.room;
            self.room = room;
        }
        &mut self.bytes
    }
}

/// A string value's bytes, formatted on the stack when the value is an integer.
pub enum StringRef<'a> {
    Bytes(&'a [u8]),
    Number { digits: [u8; 20], len: u8 },
}

impl StringRef<'_> {
    pub fn number(number: i64) -> Self {
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(number).as_bytes();
        let mut digits = [0; 20];
        digits[..text.len()].copy_from_slice(text);
        StringRef::Number { digits, len: text.len() as u8 }
    }
}

impl Deref for StringRef<'_> {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            StringRef::Bytes(bytes) => bytes,
            StringRef::Number { digits, len } => &digits[..usize::from(*len)],
        }
    }
}

/// A type of value other than string, so that typed access to the keyspace is written once.
pub trait Kind: Clone + Default {
    fn of(value: &Value) -> Option<&Self>;
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    fn into_value(self) -> Value;
}

macro_rules! kind {
    ($($type:ident),*) => {$(
        impl Kind for $type {
            #[inline]
            fn of(value: &Value) -> Option<&Self> {
                if let Value::$type(inner) = value { Some(inner) } else { None }
            }
            #[inline]
            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                if let Value::$type(inner) = value { Some(Rc::make_mut(inner)) } else { None }
            }
            fn into_value(self) -> Value {
                Value::$type(Rc::new(self))
            }
        }
    )*};
}
kind!(List, Set, Hash, SortedSet, Stream, VectorSet);
