//! What the last command changed inside a value.
//!
//! Values are shared until somebody writes, so the value as it was costs a pointer. What was not there before is found for the
//! parts on view only: by name where parts have names, and in a list, whose parts have places, by what it still shares with its
//! former self from either end.

use engine::Value;
use engine::types::stream::StreamId;
use engine::types::{End, List};

/// How a value was before the last command.
#[derive(Clone, Debug, Default)]
pub enum Before {
    /// The command did not touch it, or nobody was looking.
    #[default]
    Untouched,
    /// The command touched it while nobody was looking.
    Unseen,
    /// It was not there.
    Absent,
    Held(Value),
}

impl Before {
    pub fn is_touched(&self) -> bool {
        !matches!(self, Before::Untouched)
    }

    pub fn value(&self) -> Option<&Value> {
        if let Before::Held(value) = self { Some(value) } else { None }
    }
}

/// How much of a sequence was there before: so much at its beginning, so much at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    pub len: usize,
    pub head: usize,
    pub tail: usize,
}

impl Kept {
    pub fn all(len: usize) -> Kept {
        Kept { len, head: len, tail: 0 }
    }

    pub fn nothing(len: usize) -> Kept {
        Kept { len, head: 0, tail: 0 }
    }

    pub fn is_fresh(self, position: usize) -> bool {
        position >= self.head && position + self.tail < self.len
    }

    fn new(len: usize, old: usize, head: usize, tail: usize) -> Kept {
        let tail = tail.min(len - head).min(old.saturating_sub(head));
        Kept { len, head, tail }
    }

    pub fn of_list(list: &List, before: &Before) -> Kept {
        let len = list.len();
        match before {
            Before::Untouched | Before::Unseen => Kept::all(len),
            Before::Held(Value::List(old)) => {
                let same = |end| list.walk(end, 0).zip(old.walk(end, 0)).take_while(|(a, b)| a == b).count();
                Kept::new(len, old.len(), same(End::Left), same(End::Right))
            }
            _ => Kept::nothing(len),
        }
    }

    pub fn of_bytes(bytes: &[u8], before: &Before) -> Kept {
        let len = bytes.len();
        match before {
            Before::Untouched | Before::Unseen => Kept::all(len),
            Before::Absent => Kept::nothing(len),
            Before::Held(value) => {
                let Some(old) = value.as_string() else { return Kept::nothing(len) };
                // A megabyte is compared in pieces, of which only the one that differs is looked at byte by byte.
                const PIECE: usize = 1024;
                let pieces = bytes.chunks(PIECE).zip(old.chunks(PIECE)).take_while(|(a, b)| a == b).count();
                let from = (pieces * PIECE).min(len).min(old.len());
                let head = from + bytes[from..].iter().zip(&old[from..]).take_while(|(a, b)| a == b).count();
                let pieces = bytes.rchunks(PIECE).zip(old.rchunks(PIECE)).take_while(|(a, b)| a == b).count();
                let to = (pieces * PIECE).min(len).min(old.len());
                let (ends, old_ends) = (&bytes[..len - to], &old[..old.len() - to]);
                let tail = to + ends.iter().rev().zip(old_ends.iter().rev()).take_while(|(a, b)| a == b).count();
                Kept::new(len, old.len(), head, tail)
            }
        }
    }
}

/// Whether a member of a set is new.
pub fn is_new_member(before: &Before, member: &[u8]) -> bool {
    match before {
        Before::Untouched | Before::Unseen => false,
        Before::Held(Value::Set(old)) => !old.contains(member),
        _ => true,
    }
}

/// Whether a field is new or has another value.
pub fn is_new_field(before: &Before, field: &engine::types::Field) -> bool {
    match before {
        Before::Untouched | Before::Unseen => false,
        Before::Held(Value::Hash(old)) => old
            .get(&field.name.text())
            .is_none_or(|old| *old.value.text() != *field.value.text() || old.deadline != field.deadline),
        _ => true,
    }
}

/// Whether a member of a sorted set is new or has another score.
pub fn is_new_score(before: &Before, member: &[u8], score: f64) -> bool {
    match before {
        Before::Untouched | Before::Unseen => false,
        Before::Held(Value::SortedSet(old)) => old.score(member) != Some(score),
        _ => true,
    }
}

/// Whether an entry of a stream is new.
pub fn is_new_entry(before: &Before, id: StreamId) -> bool {
    match before {
        Before::Untouched | Before::Unseen => false,
        Before::Held(Value::Stream(old)) => old.find(id).is_none(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_long_string_keeps_is_found_to_the_byte() {
        let old: Vec<u8> = (0..5000u32).map(|at| (at * 7 % 251) as u8).collect();
        let before = Before::Held(Value::string(&old));
        for (at, len) in [(0, 1), (1023, 2), (1024, 1), (2500, 700), (4999, 1), (3976, 1)] {
            let mut new = old.clone();
            new[at..at + len].iter_mut().for_each(|byte| *byte ^= 0xFF);
            let kept = Kept::of_bytes(&new, &before);
            assert_eq!((kept.head, kept.tail), (at, 5000 - at - len), "{at} and {len} more");
        }
        for more in [1, 1024, 1500] {
            let new = [&old[..], &vec![b'x'; more]].concat();
            assert_eq!(Kept::of_bytes(&new, &before), Kept { len: 5000 + more, head: 5000, tail: 0 });
            let new = [&vec![b'x'; more], &old[..]].concat();
            assert_eq!(Kept::of_bytes(&new, &before), Kept { len: 5000 + more, head: 0, tail: 5000 });
        }
        assert_eq!(Kept::of_bytes(&old, &before), Kept::all(5000));
        assert_eq!(Kept::of_bytes(&old[..4000], &before), Kept::all(4000));
    }
}
