//! Where in a long picture stands what the last command changed: the first such thing, so that one can go there.

use super::{Lens, sheet::Source, string, vector};
use crate::change::{self, Before, Kept};
use engine::Value;
use engine::types::stream::StreamId;

/// The place of the first changed thing among those that a picture, or its table, lists; none when nothing is, or all of it.
pub fn first(source: &Source, lens: Lens, as_sheet: bool) -> Option<usize> {
    let before = source.before;
    before.value()?;
    match source.value {
        Value::List(list) => first_in(Kept::of_list(list, before)),
        Value::Set(set) => set.iter().position(|member| change::is_new_member(before, &member.text())),
        Value::Hash(hash) => hash.iter().position(|field| change::is_new_field(before, &field)),
        Value::SortedSet(_) if lens == Lens::Map && !as_sheet => None,
        Value::SortedSet(zset) => {
            zset.iter().position(|ranked| change::is_new_score(before, &ranked.member, ranked.score.0))
        }
        Value::Stream(log) => {
            // Entries come at the end.
            let new = log.range_back(StreamId::MIN, StreamId::MAX);
            let new = new.take_while(|entry| change::is_new_entry(before, entry.id)).count();
            (new > 0).then(|| log.len() - new)
        }
        Value::VectorSet(set) if as_sheet => {
            set.names_from(0).position(|name| vector::is_new(before, name, set.get(name).map_or(0, |node| node.uid)))
        }
        value => {
            let text = value.as_string()?;
            let byte = first_in(Kept::of_bytes(&text, before))?;
            match (lens, as_sheet) {
                (Lens::Hex, _) => Some(byte / string::LINE),
                (Lens::Bits, false) => Some(first_bit(&text, before, byte)),
                (Lens::Bits, true) => Some(byte * 8 / super::sheet::BITS),
                (Lens::Text, true) => Some(byte / super::sheet::PIECE),
                _ => None,
            }
        }
    }
}

fn first_in(kept: Kept) -> Option<usize> {
    (kept.head + kept.tail < kept.len).then_some(kept.head)
}

fn first_bit(bytes: &[u8], before: &Before, byte: usize) -> usize {
    let old = before.value().and_then(Value::as_string).and_then(|old| old.get(byte).copied()).unwrap_or(0);
    let changed = bytes.get(byte).map_or(0, |new| new ^ old);
    byte * 8 + changed.leading_zeros().min(7) as usize
}
