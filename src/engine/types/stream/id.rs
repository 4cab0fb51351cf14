//! Ids of stream entries: a time in milliseconds and a number within it.

use crate::error::Error;
use crate::number::parse_unsigned;
use crate::text::Text;

/// What is longer than this is no id.
const LONGEST: usize = 127;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId {
    pub ms: u64,
    pub seq: u64,
}

/// The id that XADD is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `*`
    Automatic,
    /// `ms-*`
    Within(u64),
    Exactly(StreamId),
}

impl StreamId {
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };
    pub const MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };

    pub const fn new(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    /// `ms-seq`; a missing number within the millisecond is `missing`.
    pub fn parse(text: &[u8], missing: u64) -> Result<StreamId, Error> {
        let text = readable(text)?;
        let parts = match text.iter().position(|&byte| byte == b'-') {
            Some(dash) => parse_unsigned(&text[..dash]).zip(parse_unsigned(&text[dash + 1..])),
            None => parse_unsigned(text).map(|ms| (ms, missing)),
        };
        parts.map(|(ms, seq)| StreamId { ms, seq }).ok_or(Error::INVALID_STREAM_ID)
    }

    /// The same, where `-` and `+` stand for the least and the greatest.
    pub fn parse_bound(text: &[u8], missing: u64) -> Result<StreamId, Error> {
        match text {
            b"-" => Ok(StreamId::MIN),
            b"+" => Ok(StreamId::MAX),
            _ => StreamId::parse(text, missing),
        }
    }

    /// The beginning of a range, `(` excluding it.
    pub fn parse_start(text: &[u8]) -> Result<StreamId, Error> {
        match text.strip_prefix(b"(") {
            Some(excluded) => StreamId::parse(excluded, 0)?.next().ok_or(Error::INVALID_INTERVAL_START),
            None => StreamId::parse_bound(text, 0),
        }
    }

    /// The end of a range, `(` excluding it.
    pub fn parse_end(text: &[u8]) -> Result<StreamId, Error> {
        match text.strip_prefix(b"(") {
            Some(excluded) => StreamId::parse(excluded, u64::MAX)?.before().ok_or(Error::INVALID_INTERVAL_END),
            None => StreamId::parse_bound(text, u64::MAX),
        }
    }

    pub fn next(self) -> Option<StreamId> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(StreamId { seq, ..self }),
            None => Some(StreamId { ms: self.ms.checked_add(1)?, seq: 0 }),
        }
    }

    pub fn before(self) -> Option<StreamId> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(StreamId { seq, ..self }),
            None => Some(StreamId { ms: self.ms.checked_sub(1)?, seq: u64::MAX }),
        }
    }

    /// As it is written.
    pub fn text(self) -> IdText {
        let mut text = IdText { bytes: [0; 41], len: 0 };
        text.put(itoa::Buffer::new().format(self.ms).as_bytes());
        text.put(b"-");
        text.put(itoa::Buffer::new().format(self.seq).as_bytes());
        text
    }

    /// The 16 bytes that sort like the id.
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.ms.to_be_bytes());
        bytes[8..].copy_from_slice(&self.seq.to_be_bytes());
        bytes
    }

    pub fn from_bytes(bytes: [u8; 16]) -> StreamId {
        let wide = u128::from_be_bytes(bytes);
        StreamId { ms: (wide >> 64) as u64, seq: wide as u64 }
    }
}

impl Wanted {
    pub fn parse(text: &[u8]) -> Result<Wanted, Error> {
        let text = readable(text)?;
        if text == b"*" {
            return Ok(Wanted::Automatic);
        }
        match text.strip_suffix(b"-*") {
            Some(ms) => parse_unsigned(ms).map(Wanted::Within).ok_or(Error::INVALID_STREAM_ID),
            None => StreamId::parse(text, 0).map(Wanted::Exactly),
        }
    }
}

/// As C sees it: a string ends at a zero byte.
fn readable(text: &[u8]) -> Result<&[u8], Error> {
    let shown = text.split(|&byte| byte == 0).next().unwrap_or_default();
    if text.len() > LONGEST { Err(Error::INVALID_STREAM_ID) } else { Ok(shown) }
}

/// An id as text, on the stack.
pub struct IdText {
    bytes: [u8; 41],
    len: usize,
}

impl IdText {
    fn put(&mut self, part: &[u8]) {
        self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
        self.len += part.len();
    }
}

impl AsRef<[u8]> for IdText {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl From<StreamId> for Text {
    fn from(id: StreamId) -> Text {
        Text::new(id.text().as_ref())
    }
}
