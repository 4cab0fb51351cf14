//! Byte strings that are small in memory: keys, fields, members and most values.
//!
//! Up to 22 bytes stand inline, longer ones behind a shared pointer, so that cloning never copies more than 24 bytes. That
//! is what keeps a key of the keyspace below the size it has in Redis and a checkpoint cheap.

use alloc::rc::Rc;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::ops::Deref;

const INLINE: usize = 22;

/// An immutable byte string of 24 bytes.
#[derive(Clone)]
pub enum Text {
    Inline { len: u8, bytes: [u8; INLINE] },
    Shared(Rc<[u8]>),
}

impl Text {
    #[inline]
    pub fn new(bytes: &[u8]) -> Text {
        if bytes.len() <= INLINE {
            let mut inline = [0; INLINE];
            inline[..bytes.len()].copy_from_slice(bytes);
            Text::Inline { len: bytes.len() as u8, bytes: inline }
        } else {
            Text::Shared(Rc::from(bytes))
        }
    }

    /// A number in decimal.
    pub fn decimal(number: impl itoa::Integer) -> Text {
        Text::new(itoa::Buffer::new().format(number).as_bytes())
    }

    #[inline]
    pub(crate) fn is_inline(&self) -> bool {
        matches!(self, Text::Inline { .. })
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Text::Inline { len, bytes } => &bytes[..usize::from(*len).min(INLINE)],
            Text::Shared(bytes) => bytes,
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Text::Inline { len: 0, bytes: [0; INLINE] }
    }
}

impl Deref for Text {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Texts are ordered and hashed as their bytes are, so that a map of them is asked with bytes.
impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Text::new(bytes)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl core::hash::Hash for Text {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}
