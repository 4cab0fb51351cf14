//! What was done to a world, and when: the only thing that must be kept to have all of it again.
//!
//! The byte form is what share links, saved sessions and bug reports carry: a version, seed and start, then a record each
//! (time since the record before, kind, client, bytes), numbers as LEB128. Anything may stand in a link, so reading checks every
//! length against what is left and allocates nothing on trust.

use alloc::vec::Vec;
use core::fmt;
use engine::{ClientId, Instant};

/// One thing that was done from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Connect,
    Send(Vec<u8>),
    Close,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub at: Instant,
    pub client: ClientId,
    pub what: What,
}

/// Seed, start and records of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    pub seed: u64,
    pub start: Instant,
    pub records: Vec<Record>,
}

/// Why bytes are not a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// Made by another version of the format.
    Version(u8),
    /// The bytes end in the middle of record `.0`.
    Truncated(usize),
    /// Record `.0` is of no known kind, or its numbers make no sense.
    Invalid(usize),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Version(version) => {
                write!(f, "this journal has format {version}, which this page cannot read")
            }
            JournalError::Truncated(record) => write!(f, "the journal ends in the middle of record {}", record + 1),
            JournalError::Invalid(record) => write!(f, "record {} of the journal makes no sense", record + 1),
        }
    }
}

impl core::error::Error for JournalError {}

const VERSION: u8 = 1;

impl Journal {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::from([VERSION]);
        put(&mut out, self.seed);
        put(&mut out, self.start.0);
        let mut before = self.start;
        for record in &self.records {
            put(&mut out, record.at.0.saturating_sub(before.0));
            before = record.at;
            let (kind, bytes): (u8, &[u8]) = match &record.what {
                What::Connect => (0, &[]),
                What::Send(bytes) => (1, bytes),
                What::Close => (2, &[]),
            };
            out.push(kind);
            put(&mut out, record.client.0);
            if kind == 1 {
                put(&mut out, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
        }
        out
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Journal, JournalError> {
        let mut input = bytes;
        match take(&mut input, 1) {
            Some([VERSION]) => {}
            Some(other) => return Err(JournalError::Version(other[0])),
            None => return Err(JournalError::Truncated(0)),
        }
        let mut journal = Journal {
            seed: number(&mut input).ok_or(JournalError::Truncated(0))?,
            start: Instant(number(&mut input).ok_or(JournalError::Truncated(0))?),
            records: Vec::new(),
        };
        let mut at = journal.start;
        while !input.is_empty() {
            let position = journal.records.len();
            let mut next = || number(&mut input).ok_or(JournalError::Truncated(position));
            at = Instant(at.0.checked_add(next()?).ok_or(JournalError::Invalid(position))?);
            let kind = take(&mut input, 1).ok_or(JournalError::Truncated(position))?[0];
            let client = ClientId(number(&mut input).ok_or(JournalError::Truncated(position))?);
            let what = match kind {
                0 => What::Connect,
                1 => {
                    let len = number(&mut input).ok_or(JournalError::Truncated(position))?;
                    let len = usize::try_from(len).map_err(|_| JournalError::Truncated(position))?;
                    What::Send(take(&mut input, len).ok_or(JournalError::Truncated(position))?.to_vec())
                }
                2 => What::Close,
                _ => return Err(JournalError::Invalid(position)),
            };
            journal.records.push(Record { at, client, what });
        }
        Ok(journal)
    }
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take<'a>(input: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(len)?;
    *input = rest;
    Some(taken)
}

fn number(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(input, 1)?[0];
        let part = u64::from(byte & 0x7F);
        if part << shift >> shift != part {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else_panics() {
        let journal = Journal {
            seed: u64::MAX,
            start: Instant(1_700_000_000_000_000),
            records: alloc::vec![
                Record { at: Instant(1_700_000_000_000_000), client: ClientId(1), what: What::Connect },
                Record {
                    at: Instant(1_700_000_000_500_000),
                    client: ClientId(1),
                    what: What::Send(b"PING\r\n".to_vec())
                },
                Record { at: Instant(1_700_000_900_000_000), client: ClientId(1), what: What::Close },
            ],
        };
        let bytes = journal.encode();
        assert_eq!(Journal::decode(&bytes), Ok(journal));
        for cut in 0..bytes.len() {
            let _ = Journal::decode(&bytes[..cut]);
        }
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xFF] {
                let mut broken = bytes.clone();
                broken[at] ^= flip;
                let _ = Journal::decode(&broken);
            }
        }
        assert_eq!(Journal::decode(&[9, 0, 0]), Err(JournalError::Version(9)));
    }
}
