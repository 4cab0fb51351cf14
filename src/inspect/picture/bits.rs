//! A string as bits: a grid for a bitmap, lanes for a bitfield.

use crate::change::Before;
use crate::history::History;
use std::ops::Range;
use std::rc::Rc;

/// A row of the grid: which bits are set, and which of all bits the last command changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitRow {
    pub at: usize,
    pub len: usize,
    pub ones: Vec<u16>,
    pub fresh: Vec<u16>,
}

fn bit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
}

/// Rows of `width` bits.
pub fn rows(bytes: &[u8], before: &Before, width: usize, rows: Range<usize>) -> Vec<BitRow> {
    let old = before.value().and_then(|value| value.as_string());
    let old: &[u8] = old.as_deref().unwrap_or_default();
    let all = bytes.len() * 8;
    rows.map(|row| row * width)
        .take_while(|at| *at < all)
        .map(|at| {
            let len = width.min(all - at);
            let ones = (0..len).filter(|place| bit(bytes, at + place)).map(|place| place as u16).collect();
            let changed = |place: &usize| before.is_touched() && bit(bytes, at + place) != bit(old, at + place);
            BitRow { at, len, ones, fresh: (0..len).filter(changed).map(|place| place as u16).collect() }
        })
        .collect()
}

/// How many bits are set.
pub fn ones(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let of_words: usize = words.iter().map(|word| u64::from_ne_bytes(*word).count_ones() as usize).sum();
    of_words + rest.iter().map(|byte| byte.count_ones() as usize).sum::<usize>()
}

/// A number inside the string, as BITFIELD sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// The first bit.
    pub at: u64,
    pub width: u8,
    pub signed: bool,
}

/// A lane with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneValue {
    pub lane: Lane,
    pub kind: Rc<str>,
    pub bits: Rc<str>,
    pub value: Rc<str>,
    pub fresh: bool,
}

/// The lanes that the commands so far have used, or bytes where none has.
pub fn lanes(bytes: &[u8], history: &History) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for words in &history.words {
        for (at, word) in words.iter().enumerate().skip(2) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            if (is("GET") || is("SET") || is("INCRBY"))
                && let Some(lane) = words.get(at + 1).zip(words.get(at + 2)).and_then(|(kind, at)| parse(kind, at))
                && !lanes.contains(&lane)
            {
                lanes.push(lane);
            }
        }
    }
    if lanes.is_empty() {
        lanes = (0..bytes.len() as u64).map(|at| Lane { at: at * 8, width: 8, signed: false }).collect();
    }
    engine::sort::by(&mut lanes, |a, b| a < b);
    lanes
}

fn parse(kind: &[u8], offset: &[u8]) -> Option<Lane> {
    let (sign, width) = kind.split_first()?;
    let signed = sign.eq_ignore_ascii_case(&b'i');
    let width = resp::number::parse_integer(width).and_then(|width| u8::try_from(width).ok())?;
    if width == 0 || width > 64 || !(signed || sign.eq_ignore_ascii_case(&b'u')) {
        return None;
    }
    let (unit, offset) = match offset.strip_prefix(b"#") {
        Some(number) => (u64::from(width), number),
        None => (1, offset),
    };
    let offset = resp::number::parse_integer(offset).and_then(|offset| u64::try_from(offset).ok())?;
    Some(Lane { at: offset.checked_mul(unit)?, width, signed })
}

fn read(bytes: &[u8], lane: Lane) -> i128 {
    let mut value: i128 = 0;
    for place in 0..u64::from(lane.width) {
        value = value << 1 | i128::from(bit(bytes, (lane.at + place) as usize));
    }
    let sign = 1i128 << (lane.width - 1);
    if lane.signed && value & sign != 0 { value - (sign << 1) } else { value }
}

pub fn lane_values(bytes: &[u8], before: &Before, lanes: &[Lane]) -> Vec<LaneValue> {
    let old = before.value().and_then(|value| value.as_string());
    let old: &[u8] = old.as_deref().unwrap_or_default();
    let value = |&lane: &Lane| {
        let bits: String =
            (0..u64::from(lane.width)).map(|at| if bit(bytes, (lane.at + at) as usize) { '1' } else { '0' }).collect();
        let mut kind = String::from(if lane.signed { "i" } else { "u" });
        kind.push_str(&lane.width.to_string());
        let number = read(bytes, lane);
        LaneValue {
            lane,
            kind: kind.into(),
            bits: bits.into(),
            value: number.to_string().into(),
            fresh: before.is_touched() && read(old, lane) != number,
        }
    };
    lanes.iter().map(value).collect()
}
