//! The compact sequence under every small list, set and hash, and in every node of a large list.
//!
//! Elements stand one behind the other in one allocation, in the format of Redis' listpack (its documentation describes it:
//! a header that tells integer from string and says how long, the payload, and the entry's length once more for whoever
//! walks backwards). What is equal to Redis here is not only the order of elements but also their size in bytes, because sizes
//! decide when a list becomes a quicklist and where its nodes end.
//!
//! Redis moves all entries when one is put in front; here the allocation may have a gap there, so both ends are cheap.

use crate::value::StringRef;
use alloc::vec::Vec;
use resp::number::parse_integer;

/// The bytes that Redis spends on a listpack without entries: total length, number of entries, end mark.
const FRAME: usize = 7;

/// One element: text that reads as an integer is stored as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
}

impl<'a> Element<'a> {
    #[inline]
    pub fn of(bytes: &'a [u8]) -> Element<'a> {
        match parse_integer(bytes) {
            Some(number) => Element::Integer(number),
            None => Element::Bytes(bytes),
        }
    }

    #[inline]
    pub fn text(self) -> StringRef<'a> {
        match self {
            Element::Integer(number) => StringRef::number(number),
            Element::Bytes(bytes) => StringRef::Bytes(bytes),
        }
    }

    pub fn integer(self) -> Option<i64> {
        match self {
            Element::Integer(number) => Some(number),
            Element::Bytes(_) => None,
        }
    }

    /// Whether this is the element that `bytes` would be.
    pub fn is(self, bytes: &[u8]) -> bool {
        match self {
            Element::Bytes(own) => own == bytes,
            Element::Integer(_) => *self.text() == *bytes,
        }
    }

    /// The length of the text in bytes.
    pub fn text_len(self) -> usize {
        self.text().len()
    }
}

/// A sequence of byte strings in one allocation.
#[derive(Clone, Debug, Default)]
pub struct Listpack {
    bytes: Vec<u8>,
    /// Where the first entry stands; before it is the gap.
    start: usize,
    count: usize,
}

impl Listpack {
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The size that Redis counts for this listpack.
    pub fn size(&self) -> usize {
        self.bytes.len() - self.start + FRAME
    }

    /// The entries as they stand in a Redis listpack, without header and end mark.
    pub fn entries(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Where the first entry stands. Places stay valid until the listpack is changed.
    pub fn first(&self) -> usize {
        self.start
    }

    /// The place behind the last entry.
    pub fn end(&self) -> usize {
        self.bytes.len()
    }

    /// The element at a place and the place behind it; none at the end.
    #[inline]
    pub fn read(&self, place: usize) -> Option<(Element<'_>, usize)> {
        let entry = self.bytes.get(place..)?;
        let head = *entry.first()?;
        let (element, len) = match head {
            0..0x80 => (Element::Integer(i64::from(head)), 1),
            0x80..0xC0 => {
                let len = usize::from(head & 0x3F);
                (Element::Bytes(entry.get(1..1 + len)?), 1 + len)
            }
            0xC0..0xE0 => {
                let wide = i64::from(head & 0x1F) << 8 | i64::from(*entry.get(1)?);
                (Element::Integer(if wide >= 1 << 12 { wide - (1 << 13) } else { wide }), 2)
            }
            0xE0..0xF0 => {
                let len = usize::from(head & 0x0F) << 8 | usize::from(*entry.get(1)?);
                (Element::Bytes(entry.get(2..2 + len)?), 2 + len)
            }
            0xF0 => {
                let len = little_endian(entry.get(1..5)?) as usize;
                (Element::Bytes(entry.get(5..5 + len)?), 5 + len)
            }
            _ => {
                let width = match head {
                    0xF1 => 2,
                    0xF2 => 3,
                    0xF3 => 4,
                    _ => 8,
                };
                let shift = 64 - 8 * width as u32;
                let value = (little_endian(entry.get(1..1 + width)?) << shift) as i64 >> shift;
                (Element::Integer(value), 1 + width)
            }
        };
        Some((element, place + len + back_length(len)))
    }

    /// The place of the entry before `place`; none at the first.
    #[inline]
    pub fn before(&self, place: usize) -> Option<usize> {
        if place <= self.start {
            return None;
        }
        let mut len = 0;
        let mut at = place;
        let mut shift = 0;
        loop {
            at -= 1;
            let byte = self.bytes[at];
            len |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(at - len);
            }
        }
    }

    /// The place of the element at a position, reached from the nearer end.
    pub fn seek(&self, position: usize) -> Option<usize> {
        if position >= self.count {
            return None;
        }
        if position <= self.count / 2 {
            let mut place = self.start;
            for _ in 0..position {
                place = self.skip(place)?;
            }
            Some(place)
        } else {
            let mut place = self.bytes.len();
            for _ in position..self.count {
                place = self.before(place)?;
            }
            Some(place)
        }
    }

    pub fn get(&self, position: usize) -> Option<Element<'_>> {
        Some(self.read(self.seek(position)?)?.0)
    }

    pub fn iter(&self) -> Iter<'_> {
        Iter { listpack: self, front: self.start, back: self.bytes.len() }
    }

    /// The elements from a place on.
    pub fn iter_from(&self, place: usize) -> Iter<'_> {
        Iter { listpack: self, front: place, back: self.bytes.len() }
    }

    /// The elements before a place.
    pub fn iter_to(&self, place: usize) -> Iter<'_> {
        Iter { listpack: self, front: self.start, back: place }
    }

    /// The place of `element` among the entries at positions 0, `stride`, 2 × `stride` …
    ///
    /// An element has one encoding only, so that entries are compared as bytes and skipped without being decoded.
    #[inline]
    pub fn find(&self, element: &[u8], stride: usize) -> Option<usize> {
        let mut head = [0; 9];
        let (head, payload) = encode(Element::of(element), &mut head);
        let first = *head.first()?;
        let mut place = self.start;
        while let Some(&found) = self.bytes.get(place) {
            if found == first {
                let entry = &self.bytes[place..];
                if entry.starts_with(head) && entry[head.len()..].starts_with(payload) {
                    return Some(place);
                }
            }
            for _ in 0..stride {
                place = self.skip(place)?;
            }
        }
        None
    }

    /// The place behind the entry at `place`.
    #[inline]
    pub fn skip(&self, place: usize) -> Option<usize> {
        let head = *self.bytes.get(place)?;
        let len = match head {
            0..0x80 => 1,
            0x80..0xC0 => 1 + usize::from(head & 0x3F),
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 2 + (usize::from(head & 0x0F) << 8 | usize::from(*self.bytes.get(place + 1)?)),
            0xF0 => 5 + little_endian(self.bytes.get(place + 1..place + 5)?) as usize,
            0xF1 => 3,
            0xF2 => 4,
            0xF3 => 5,
            _ => 9,
        };
        Some(place + len + back_length(len))
    }

    #[inline]
    pub fn push_back(&mut self, element: &[u8]) {
        let mut head = [0; 9];
        let (head, payload) = encode(Element::of(element), &mut head);
        let len = head.len() + payload.len();
        self.bytes.reserve(len + 5);
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(payload);
        let (back, width) = back_bytes(len);
        self.bytes.extend_from_slice(&back[..width]);
        self.count += 1;
    }

    #[inline]
    pub fn push_integer(&mut self, number: i64) {
        let mut head = [0; 9];
        let (head, _) = encode(Element::Integer(number), &mut head);
        let len = head.len();
        self.bytes.extend_from_slice(head);
        self.bytes.push(len as u8);
        self.count += 1;
    }

    #[inline]
    pub fn push_front(&mut self, element: &[u8]) {
        self.insert(self.start, element);
    }

    /// Puts `element` before the entry at `place`, or behind the last one.
    pub fn insert(&mut self, place: usize, element: &[u8]) {
        self.splice(place, place, &[element]);
        self.count += 1;
    }

    /// Puts elements before the entry at `place`.
    pub fn insert_all(&mut self, place: usize, elements: &[&[u8]]) {
        self.splice(place, place, elements);
        self.count += elements.len();
    }

    /// Puts `element` in the place of the entry at `place`.
    pub fn replace(&mut self, place: usize, element: &[u8]) {
        if let Some((_, end)) = self.read(place) {
            self.splice(place, end, &[element]);
        }
    }

    /// Removes `count` entries from `place` on.
    pub fn remove(&mut self, place: usize, count: usize) {
        let mut end = place;
        let mut removed = 0;
        while removed < count {
            let Some(next) = self.skip(end) else { break };
            end = next;
            removed += 1;
        }
        self.splice(place, end, &[]);
        self.count -= removed;
    }

    /// Cuts off everything from `place` on, `count` entries, and gives it back.
    pub fn split_off(&mut self, place: usize, count: usize) -> Listpack {
        let tail = Listpack { bytes: self.bytes[place..].to_vec(), start: 0, count };
        self.bytes.truncate(place);
        self.count -= count;
        tail
    }

    /// Appends all entries of another listpack.
    pub fn append(&mut self, other: &Listpack) {
        self.bytes.extend_from_slice(&other.bytes[other.start..]);
        self.count += other.count;
    }

    pub fn clear(&mut self) {
        *self = Listpack::default();
    }

    /// Replaces the bytes between two places by the encoded elements, moving the shorter side's neighbourhood: at the front
    /// that is the gap, everywhere else what follows.
    fn splice(&mut self, from: usize, to: usize, elements: &[&[u8]]) {
        if from == self.start {
            // Everything that goes is at the front: widen the gap, then write into it.
            self.start = to;
            for element in elements.iter().rev() {
                self.write_front(element);
            }
            if self.start > 64 && self.start > self.bytes.len() / 2 {
                self.bytes.drain(..self.start);
                self.start = 0;
            }
            return;
        }
        let mut fresh: Vec<u8> = Vec::new();
        for element in elements {
            let mut head = [0; 9];
            let (head, payload) = encode(Element::of(element), &mut head);
            let len = head.len() + payload.len();
            fresh.reserve(len + 5);
            fresh.extend_from_slice(head);
            fresh.extend_from_slice(payload);
            let (back, width) = back_bytes(len);
            fresh.extend_from_slice(&back[..width]);
        }
        self.bytes.splice(from..to, fresh);
    }

    #[inline]
    fn write_front(&mut self, element: &[u8]) {
        let mut head = [0; 9];
        let (head, payload) = encode(Element::of(element), &mut head);
        let len = head.len() + payload.len();
        let (back, width) = back_bytes(len);
        let total = len + width;
        if self.start < total {
            // A gap as large as half of what is there makes the moves as rare as a vector's reallocations.
            let gap = (self.bytes.len() / 2).clamp(16, 4096) + total;
            self.bytes.splice(0..0, core::iter::repeat_n(0, gap));
            self.start += gap;
        }
        let start = self.start - total;
        let entry = &mut self.bytes[start..self.start];
        entry[..head.len()].copy_from_slice(head);
        entry[head.len()..len].copy_from_slice(payload);
        entry[len..].copy_from_slice(&back[..width]);
        self.start = start;
    }
}

impl<'a> IntoIterator for &'a Listpack {
    type Item = Element<'a>;
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The elements of a listpack, from both ends.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    listpack: &'a Listpack,
    front: usize,
    back: usize,
}

impl Iter<'_> {
    /// Where the next element stands.
    pub fn place(&self) -> usize {
        self.front
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        if self.front >= self.back {
            return None;
        }
        let (element, next) = self.listpack.read(self.front)?;
        self.front = next;
        Some(element)
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        self.back = self.listpack.before(self.back)?;
        Some(self.listpack.read(self.back)?.0)
    }
}

/// The bytes that an element takes in a listpack.
pub fn entry_size(element: &[u8]) -> usize {
    let mut head = [0; 9];
    let (head, payload) = encode(Element::of(element), &mut head);
    let len = head.len() + payload.len();
    len + back_length(len)
}

/// The bytes that an integer takes in a listpack.
pub fn integer_size(number: i64) -> usize {
    let mut head = [0; 9];
    let len = encode(Element::Integer(number), &mut head).0.len();
    len + back_length(len)
}

#[inline]
fn encode<'a>(element: Element<'a>, head: &'a mut [u8; 9]) -> (&'a [u8], &'a [u8]) {
    let (len, payload): (usize, &[u8]) = match element {
        Element::Bytes(bytes) => {
            let len = bytes.len();
            if len < 64 {
                head[0] = 0x80 | len as u8;
                (1, bytes)
            } else if len < 4096 {
                head[0] = 0xE0 | (len >> 8) as u8;
                head[1] = len as u8;
                (2, bytes)
            } else {
                head[0] = 0xF0;
                head[1..5].copy_from_slice(&(len as u32).to_le_bytes());
                (5, bytes)
            }
        }
        Element::Integer(number) => {
            let bytes = number.to_le_bytes();
            let len = match number {
                0..=127 => {
                    head[0] = number as u8;
                    1
                }
                -4096..=4095 => {
                    head[0] = 0xC0 | (number >> 8) as u8 & 0x1F;
                    head[1] = number as u8;
                    2
                }
                _ => {
                    let (kind, width) = match number {
                        -0x8000..=0x7FFF => (0xF1, 2),
                        -0x80_0000..=0x7F_FFFF => (0xF2, 3),
                        -0x8000_0000..=0x7FFF_FFFF => (0xF3, 4),
                        _ => (0xF4, 8),
                    };
                    head[0] = kind;
                    head[1..=width].copy_from_slice(&bytes[..width]);
                    1 + width
                }
            };
            (len, &[])
        }
    };
    (&head[..len], payload)
}

/// How many bytes the length behind an entry takes.
#[inline]
fn back_length(len: usize) -> usize {
    match len {
        0..128 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    }
}

/// The length behind an entry: seven bits a byte, the lowest last, with a mark on all but the first.
#[inline]
fn back_bytes(len: usize) -> ([u8; 5], usize) {
    let width = back_length(len);
    let mut bytes = [0; 5];
    for (at, byte) in bytes[..width].iter_mut().enumerate() {
        let shift = 7 * (width - 1 - at);
        *byte = (len >> shift) as u8 & 0x7F | if at > 0 { 0x80 } else { 0 };
    }
    (bytes, width)
}

#[inline]
fn little_endian(bytes: &[u8]) -> u64 {
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn behaves_like_a_vector_of_strings() {
        let mut state = 3u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        let mut packed = Listpack::default();
        let mut model: Vec<Vec<u8>> = Vec::new();
        for _ in 0..4000 {
            let element: Vec<u8> = match random(6) {
                0 => vec![b'x'; random(70) as usize],
                1 => vec![b'y'; (random(3) * 4090 + random(10)) as usize],
                _ => {
                    let number = (random(u64::MAX >> 1) as i64).wrapping_shl(random(64) as u32) >> random(64);
                    resp::number::integer(number).as_bytes().to_vec()
                }
            };
            let position = random(model.len() as u64 + 1) as usize;
            let place = if position == model.len() { packed.end() } else { packed.seek(position).unwrap() };
            match random(8) {
                0 | 1 => {
                    packed.push_front(&element);
                    model.insert(0, element);
                }
                2 => {
                    packed.push_back(&element);
                    model.push(element);
                }
                3 => {
                    packed.insert(place, &element);
                    model.insert(position, element);
                }
                4 if position < model.len() => {
                    packed.replace(place, &element);
                    model[position] = element;
                }
                5 => {
                    let tail = packed.split_off(place, model.len() - position);
                    packed.append(&tail);
                }
                _ => {
                    let count = random(3) as usize;
                    packed.remove(place, count);
                    model.drain(position..(position + count).min(model.len()));
                }
            }
            assert_eq!(packed.len(), model.len());
            if random(10) == 0 {
                assert!(packed.iter().map(|e| e.text().to_vec()).eq(model.iter().cloned()));
                assert!(packed.iter().rev().map(|e| e.text().to_vec()).eq(model.iter().rev().cloned()));
                assert_eq!(packed.size(), FRAME + model.iter().map(|e| entry_size(e)).sum::<usize>());
            }
        }
    }
}
