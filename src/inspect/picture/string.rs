//! A string as text, and as bytes.

use crate::change::Kept;
use crate::text::push_hex;
use std::ops::Range;
use std::rc::Rc;

/// Whether bytes are something one reads.
pub fn is_text(bytes: &[u8]) -> bool {
    // A long value is judged by its beginning, cut where a letter ends.
    const ENOUGH: usize = 4096;
    let part = &bytes[..bytes.len().min(ENOUGH)];
    match str::from_utf8(part) {
        Ok(text) => text.chars().all(|letter| !letter.is_control() || letter.is_whitespace()),
        Err(error) => error.error_len().is_none() && bytes.len() > ENOUGH && is_text(&part[..error.valid_up_to()]),
    }
}

/// A text in three stretches: as it was, what the last command brought, as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub head: String,
    pub fresh: String,
    pub tail: String,
    /// Bytes that are not shown.
    pub hidden: usize,
}

/// The first `most` bytes as a text.
pub fn text(bytes: &[u8], kept: Kept, most: usize) -> Text {
    let shown = bytes.len().min(most);
    let bytes_shown = &bytes[..shown];
    let lossy = |range: Range<usize>| String::from_utf8_lossy(&bytes_shown[range]).into_owned();
    // A letter is not cut in two.
    let boundary = |mut at: usize, back: bool| {
        while at > 0 && at < shown && bytes_shown[at] & 0xC0 == 0x80 {
            at = if back { at - 1 } else { at + 1 };
        }
        at
    };
    let head = boundary(kept.head.min(shown), true);
    let tail = boundary((kept.len - kept.tail).clamp(head, shown.max(head)), false);
    Text { head: lossy(0..head), fresh: lossy(head..tail), tail: lossy(tail..shown), hidden: bytes.len() - shown }
}

/// So many bytes stand in a line.
pub const LINE: usize = 16;

/// A line of bytes, each as two digits and as a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexLine {
    pub at: usize,
    pub bytes: Vec<HexByte>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexByte {
    pub digits: Rc<str>,
    pub letter: char,
    pub fresh: bool,
}

pub fn hex(bytes: &[u8], kept: Kept, lines: Range<usize>) -> Vec<HexLine> {
    lines
        .map_while(|line| {
            let at = line * LINE;
            let part = bytes.get(at..bytes.len().min(at + LINE)).filter(|part| !part.is_empty())?;
            let byte = |(place, &byte): (usize, &u8)| {
                let mut digits = String::with_capacity(2);
                push_hex(&mut digits, byte);
                let letter = if matches!(byte, 0x20..=0x7e) { char::from(byte) } else { '·' };
                HexByte { digits: digits.into(), letter, fresh: kept.is_fresh(at + place) }
            };
            Some(HexLine { at, bytes: part.iter().enumerate().map(byte).collect() })
        })
        .collect()
}
