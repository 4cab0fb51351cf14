//! What a key can hold.

use crate::text::Text;
use crate::types::{Hash, List, Set, SortedSet};
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
    Raw(Rc<Vec<u8>>),
    List(Rc<List>),
    Set(Rc<Set>),
    Hash(Rc<Hash>),
    SortedSet(Rc<SortedSet>),
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

    /// The string's bytes; none when this is another type.
    #[inline]
    pub fn as_string(&self) -> Option<StringRef<'_>> {
        match self {
            Value::Text(text) => Some(StringRef::Bytes(text)),
            Value::Raw(bytes) => Some(StringRef::Bytes(bytes)),
            Value::Int(number) => Some(StringRef::number(*number)),
            _ => None,
        }
    }

    /// The string's bytes to be changed in place; the value is raw from then on. Other types become an empty string, so ask
    /// before.
    pub fn make_raw(&mut self) -> &mut Vec<u8> {
        if !matches!(self, Value::Raw(_)) {
            let bytes = self.as_string().map_or_else(Vec::new, |string| string.to_vec());
            *self = Value::Raw(Rc::new(bytes));
        }
        match self {
            Value::Raw(bytes) => Rc::make_mut(bytes),
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
        }
    }
}

/// Redis 8.6 stores key and value in one 64-byte object while they fit, and calls that embstr. The key's header grows by two
/// bytes from 32 bytes of length on.
fn string_encoding(key_len: usize, value_len: usize) -> &'static str {
    let key_header = if key_len < 32 { 0 } else { 2 };
    if key_len + key_header + value_len <= 41 { "embstr" } else { "raw" }
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
kind!(List, Set, Hash, SortedSet);
