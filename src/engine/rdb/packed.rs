//! Listpacks and intsets as blobs, with the headers that they have in memory of a real server.

use crate::types::Integers;
use crate::types::listpack::Listpack;
use crate::types::stream::Node;
use alloc::vec::Vec;

const END: u8 = 0xFF;
const HEADER: usize = 6;

/// A listpack with its header (size and count, little endian) and end mark.
pub(super) fn listpack(packed: &Listpack) -> Vec<u8> {
    let entries = packed.entries();
    let mut out = Vec::with_capacity(entries.len() + HEADER + 1);
    out.extend_from_slice(&((entries.len() + HEADER + 1) as u32).to_le_bytes());
    // A count that does not fit is written as "unknown".
    out.extend_from_slice(&u16::try_from(packed.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(entries);
    out.push(END);
    out
}

/// A node of a stream, whose two counts are not among its elements here.
pub(super) fn node(node: &Node) -> Vec<u8> {
    let mut head = Listpack::default();
    head.push_integer(node.count as i64);
    head.push_integer(node.deleted as i64);
    head.append(node.pack());
    listpack(&head)
}

/// The elements of a blob that is a whole listpack; none when its lengths contradict each other.
pub(super) fn elements(blob: &[u8]) -> Option<Vec<Vec<u8>>> {
    let size = u32::from_le_bytes(blob.get(..4)?.try_into().ok()?) as usize;
    let count = usize::from(u16::from_le_bytes(blob.get(4..6)?.try_into().ok()?));
    if size != blob.len() || blob.last() != Some(&END) {
        return None;
    }
    let mut rest = &blob[HEADER..blob.len() - 1];
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (element, len) = element(rest)?;
        let back = back_length(len);
        if rest.get(len..len + back.len())? != back {
            return None;
        }
        elements.push(element);
        rest = &rest[len + back.len()..];
    }
    (count == usize::from(u16::MAX) || count == elements.len()).then_some(elements)
}

/// The first element and the length of its head and payload.
fn element(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let head = bytes[0];
    let text = |from: usize, len: usize| Some((bytes.get(from..from.checked_add(len)?)?.to_vec(), from + len));
    let integer = |width: usize| {
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(bytes.get(1..1 + width)?);
        let shift = 64 - 8 * width as u32;
        let number = (u64::from_le_bytes(wide) << shift) as i64 >> shift;
        Some((resp::number::integer(number).as_bytes().to_vec(), 1 + width))
    };
    match head {
        0..0x80 => Some((resp::number::integer(i64::from(head)).as_bytes().to_vec(), 1)),
        0x80..0xC0 => text(1, usize::from(head & 0x3F)),
        0xC0..0xE0 => {
            let wide = i64::from(head & 0x1F) << 8 | i64::from(*bytes.get(1)?);
            let number = if wide >= 1 << 12 { wide - (1 << 13) } else { wide };
            Some((resp::number::integer(number).as_bytes().to_vec(), 2))
        }
        0xE0..0xF0 => text(2, usize::from(head & 0x0F) << 8 | usize::from(*bytes.get(1)?)),
        0xF0 => text(5, u32::from_le_bytes(bytes.get(1..5)?.try_into().ok()?) as usize),
        0xF1 => integer(2),
        0xF2 => integer(3),
        0xF3 => integer(4),
        0xF4 => integer(8),
        _ => None,
    }
}

/// An entry's length as it stands behind the entry: seven bits a byte, most significant first, all but the first marked.
fn back_length(len: usize) -> Vec<u8> {
    let mut bytes = Vec::from([(len & 0x7F) as u8 | 0x80]);
    let mut rest = len >> 7;
    while rest > 0 {
        bytes.push((rest & 0x7F) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.reverse();
    bytes[0] &= 0x7F;
    bytes
}

/// An intset: width, count, then the integers in order.
pub(super) fn intset(integers: &Integers) -> Vec<u8> {
    let width = integers.width();
    let mut out = Vec::from(&(width as u32).to_le_bytes()[..]);
    out.extend_from_slice(&(integers.len() as u32).to_le_bytes());
    for integer in integers.iter() {
        out.extend_from_slice(&integer.to_le_bytes()[..width]);
    }
    out
}

/// The integers of an intset blob, which must be in order and different.
pub(super) fn integers(blob: &[u8]) -> Option<Vec<i64>> {
    let width = u32::from_le_bytes(blob.get(..4)?.try_into().ok()?) as usize;
    let count = u32::from_le_bytes(blob.get(4..8)?.try_into().ok()?) as usize;
    let content = &blob[8..];
    if !matches!(width, 2 | 4 | 8) || content.len() != count.checked_mul(width)? || count == 0 {
        return None;
    }
    let integers: Vec<i64> = content
        .chunks_exact(width)
        .map(|bytes| {
            let mut wide = [0; 8];
            wide[..width].copy_from_slice(bytes);
            let shift = 64 - 8 * width as u32;
            (u64::from_le_bytes(wide) << shift) as i64 >> shift
        })
        .collect();
    integers.is_sorted_by(|a, b| a < b).then_some(integers)
}
