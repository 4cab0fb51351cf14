//! Replies: from the bytes that a server sent to [`Value`]s.
//!
//! The decoder keeps the aggregates that are still open on a stack of its own, so that no byte is understood twice however
//! finely the reply was cut, and nesting costs no Rust recursion. Announced lengths are not believed: memory is taken
//! as elements and bytes arrive. Streamed strings and aggregates (`$?`, `*?`) are refused: no Redis sends them.

use crate::{Value, number};
use alloc::{boxed::Box, string::String, vec::Vec};

/// The deepest nesting of aggregates that is decoded.
pub const MAX_DEPTH: usize = 128;
/// The longest line of a reply: simple strings, errors and numbers.
const MAX_LINE: usize = 64 * 1024 * 1024;

/// The bytes are not RESP; the connection cannot be understood any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// No type begins with this byte.
    UnknownType(u8),
    InvalidLength,
    InvalidInteger,
    InvalidDouble,
    InvalidBoolean,
    InvalidBigNumber,
    InvalidVerbatim,
    InvalidNull,
    /// A bulk string or a line does not end with CR LF.
    MissingLineEnd,
    TooDeep,
    TooLongLine,
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            DecodeError::UnknownType(byte) => write!(f, "unknown reply type {}", char::from(*byte).escape_default()),
            DecodeError::InvalidLength => f.write_str("invalid length"),
            DecodeError::InvalidInteger => f.write_str("invalid integer"),
            DecodeError::InvalidDouble => f.write_str("invalid double"),
            DecodeError::InvalidBoolean => f.write_str("invalid boolean"),
            DecodeError::InvalidBigNumber => f.write_str("invalid big number"),
            DecodeError::InvalidVerbatim => f.write_str("invalid verbatim string"),
            DecodeError::InvalidNull => f.write_str("invalid null"),
            DecodeError::MissingLineEnd => f.write_str("missing line end"),
            DecodeError::TooDeep => f.write_str("too many nested replies"),
            DecodeError::TooLongLine => f.write_str("too long line"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// Turns a server's bytes into replies.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Everything before this is understood.
    position: usize,
    /// How far the line at `position` was searched for its end.
    searched: usize,
    open: Vec<Open>,
    /// The blob whose head was read and whose bytes begin at `position`.
    blob: Option<(u8, usize)>,
    failed: Option<DecodeError>,
}

/// An aggregate whose elements are still coming.
#[derive(Clone, Debug)]
struct Open {
    kind: u8,
    /// Elements still to come; keys and values count separately, and so does the reply behind attributes.
    remaining: u64,
    elements: Vec<Value>,
}

impl Decoder {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a reply was begun and not finished.
    pub fn is_midway(&self) -> bool {
        !self.open.is_empty() || self.blob.is_some() || self.position < self.buffer.len()
    }

    /// The next whole reply, if it has come. After an error the same error comes for ever.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Value>, DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.advance();
        if let Err(error) = result {
            self.failed = Some(error);
            self.buffer = Vec::new();
            self.open = Vec::new();
        } else if self.position == self.buffer.len() {
            self.buffer.clear();
            self.position = 0;
            self.searched = 0;
        } else if self.position > 64 * 1024 && self.position > self.buffer.len() / 2 {
            // What is understood goes away once it is the bigger part: each byte is moved at most once on average.
            self.buffer.drain(..self.position);
            self.searched = self.searched.saturating_sub(self.position);
            self.position = 0;
        }
        result
    }

    fn advance(&mut self) -> Result<Option<Value>, DecodeError> {
        loop {
            let Some(item) = self.item()? else { return Ok(None) };
            let mut value = match item {
                Item::Value(value) => value,
                Item::Open(open) => {
                    if self.open.len() >= MAX_DEPTH {
                        return Err(DecodeError::TooDeep);
                    }
                    if open.remaining > 0 {
                        self.open.push(open);
                        continue;
                    }
                    open.close()
                }
            };
            // A value may complete the aggregate it stands in, and that the next one out.
            loop {
                let Some(open) = self.open.last_mut() else { return Ok(Some(value)) };
                open.elements.push(value);
                open.remaining -= 1;
                if open.remaining > 0 {
                    break;
                }
                let Some(open) = self.open.pop() else { return Ok(None) };
                value = open.close();
            }
        }
    }

    /// One value that is no aggregate, or the head of an aggregate.
    fn item(&mut self) -> Result<Option<Item>, DecodeError> {
        if let Some((kind, len)) = self.blob {
            return self.blob(kind, len);
        }
        let Some((kind, start, end)) = self.line()? else { return Ok(None) };
        let line = &self.buffer[start..end];
        let text = || String::from_utf8_lossy(line).into_owned();
        let value = match kind {
            b'+' => Value::Simple(line.to_vec()),
            b'-' => Value::Error(line.to_vec()),
            b':' => Value::Integer(number::parse_integer(line).ok_or(DecodeError::InvalidInteger)?),
            b',' if is_double(line) => Value::Double(text()),
            b',' => return Err(DecodeError::InvalidDouble),
            b'#' => match line {
                b"t" => Value::Boolean(true),
                b"f" => Value::Boolean(false),
                _ => return Err(DecodeError::InvalidBoolean),
            },
            b'(' if is_big_number(line) => Value::BigNumber(text()),
            b'(' => return Err(DecodeError::InvalidBigNumber),
            b'_' if line.is_empty() => Value::Null,
            b'_' => return Err(DecodeError::InvalidNull),
            b'$' if line == b"-1" => Value::NullBulk,
            b'*' if line == b"-1" => Value::NullArray,
            b'$' | b'!' | b'=' => {
                let len = length(line)?;
                let len = usize::try_from(len).map_err(|_| DecodeError::InvalidLength)?;
                return self.blob(kind, len);
            }
            b'*' | b'~' | b'>' => return Ok(Some(Item::Open(Open::new(kind, length(line)?)))),
            b'%' => return Ok(Some(Item::Open(Open::new(kind, pairs(line)?)))),
            // Attributes come in front of a reply: one element more.
            b'|' => return Ok(Some(Item::Open(Open::new(kind, pairs(line)? + 1)))),
            other => return Err(DecodeError::UnknownType(other)),
        };
        Ok(Some(Item::Value(value)))
    }

    /// The type of the line at `position` and where its text lies, if it has come whole; moves past it.
    fn line(&mut self) -> Result<Option<(u8, usize, usize)>, DecodeError> {
        let start = self.position;
        let Some(&kind) = self.buffer.get(start) else { return Ok(None) };
        if !b"+-:,#(_$!=*~>%|".contains(&kind) {
            return Err(DecodeError::UnknownType(kind));
        }
        let from = self.searched.max(start);
        let found = self.buffer[from..].iter().position(|&byte| byte == b'\r').map(|at| from + at);
        let end = found.unwrap_or(self.buffer.len());
        if end - start > MAX_LINE {
            return Err(DecodeError::TooLongLine);
        }
        self.searched = end;
        match self.buffer.get(end + 1) {
            _ if found.is_none() => return Ok(None),
            None => return Ok(None),
            Some(b'\n') => {}
            Some(_) => return Err(DecodeError::MissingLineEnd),
        }
        self.position = end + 2;
        self.searched = 0;
        Ok(Some((kind, start + 1, end)))
    }

    fn blob(&mut self, kind: u8, len: usize) -> Result<Option<Item>, DecodeError> {
        self.blob = Some((kind, len));
        let end = self.position.checked_add(len).ok_or(DecodeError::InvalidLength)?;
        let Some(tail) = self.buffer.get(end..).and_then(|rest| rest.get(..2)) else { return Ok(None) };
        if tail != b"\r\n" {
            return Err(DecodeError::MissingLineEnd);
        }
        let bytes = &self.buffer[self.position..end];
        let value = match kind {
            b'!' => Value::BlobError(bytes.to_vec()),
            b'=' => match *bytes {
                [a, b, c, b':', ref text @ ..] => Value::Verbatim { format: [a, b, c], text: text.to_vec() },
                _ => return Err(DecodeError::InvalidVerbatim),
            },
            _ => Value::Bulk(bytes.to_vec()),
        };
        self.blob = None;
        self.position = end + 2;
        Ok(Some(Item::Value(value)))
    }
}

enum Item {
    Value(Value),
    Open(Open),
}

impl Open {
    fn new(kind: u8, remaining: u64) -> Open {
        Open { kind, remaining, elements: Vec::new() }
    }

    fn close(mut self) -> Value {
        match self.kind {
            b'~' => Value::Set(self.elements),
            b'>' => Value::Push(self.elements),
            b'%' => Value::Map(paired(self.elements)),
            b'|' => {
                let reply = Box::new(self.elements.pop().unwrap_or(Value::Null));
                Value::Attributed { attributes: paired(self.elements), reply }
            }
            _ => Value::Array(self.elements),
        }
    }
}

fn paired(elements: Vec<Value>) -> Vec<(Value, Value)> {
    let mut elements = elements.into_iter();
    let mut pairs = Vec::with_capacity(elements.len() / 2);
    while let (Some(key), Some(value)) = (elements.next(), elements.next()) {
        pairs.push((key, value));
    }
    pairs
}

fn length(line: &[u8]) -> Result<u64, DecodeError> {
    number::parse_integer(line).and_then(|len| u64::try_from(len).ok()).ok_or(DecodeError::InvalidLength)
}

/// Twice a length; i64's greatest value doubled and one more still fits.
fn pairs(line: &[u8]) -> Result<u64, DecodeError> {
    length(line).map(|pairs| pairs * 2)
}

fn is_double(line: &[u8]) -> bool {
    let unsigned = line.strip_prefix(b"-").or(line.strip_prefix(b"+")).unwrap_or(line);
    match unsigned {
        b"inf" | b"nan" => true,
        _ => crate::number::parse_decimal(unsigned).is_some(),
    }
}

fn is_big_number(line: &[u8]) -> bool {
    let digits = line.strip_prefix(b"-").or(line.strip_prefix(b"+")).unwrap_or(line);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
