//! Where a command's keys stand and what it does to them, in the terms of COMMAND INFO's key specifications.

use alloc::vec::Vec;
use resp::number;

/// How the first key is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At a fixed position; the command's name is 0.
    Index(i32),
    /// Behind a word, looked for from a position (negative: backwards from the end).
    Keyword {
        word: &'static str,
        from: i32,
    },
    Unknown,
}

/// How the other keys follow from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// Up to `last`, counted from the first key (negative: from the end), every `step` words; `limit` 2 means the first half.
    Range {
        last: i32,
        step: i32,
        limit: i32,
    },
    /// A number says how many: at `number`, the first key at `first`, both counted from where the search began.
    KeyNum {
        number: i32,
        first: i32,
        step: i32,
    },
    Unknown,
}

/// One key specification of a command. Flags are the words of COMMAND INFO, separated by spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    pub begin: Begin,
    pub find: Find,
    pub flags: &'static str,
    pub notes: &'static str,
}

impl Keys {
    /// One key at `position`.
    pub const fn one(position: i32, flags: &'static str) -> Keys {
        Keys::range(position, 0, 1, flags)
    }

    /// Keys from `position` on up to `last` (counted from the first key; negative: from the end), every `step` words.
    pub const fn range(position: i32, last: i32, step: i32, flags: &'static str) -> Keys {
        Keys { begin: Begin::Index(position), find: Find::Range { last, step, limit: 0 }, flags, notes: "" }
    }

    /// The number of keys stands at `position`, the keys follow.
    pub const fn counted(position: i32, flags: &'static str) -> Keys {
        Keys { begin: Begin::Index(position), find: Find::KeyNum { number: 0, first: 1, step: 1 }, flags, notes: "" }
    }

    /// The first half of what stands behind `STREAMS`, which is looked for from `from` on.
    pub const fn streams(from: i32, flags: &'static str) -> Keys {
        Keys {
            begin: Begin::Keyword { word: "STREAMS", from },
            find: Find::Range { last: -1, step: 1, limit: 2 },
            flags,
            notes: "",
        }
    }

    /// One key behind `word`, which is looked for from `from` on.
    pub const fn behind(word: &'static str, from: i32, flags: &'static str) -> Keys {
        Keys {
            begin: Begin::Keyword { word, from },
            find: Find::Range { last: 0, step: 1, limit: 0 },
            flags,
            notes: "",
        }
    }
}

/// Whether keys stand where only reading the request tells.
pub(super) const fn movable(specs: &[Keys]) -> bool {
    let mut at = 0;
    while at < specs.len() {
        if !matches!(specs[at].begin, Begin::Index(_)) || !matches!(specs[at].find, Find::Range { .. }) {
            return true;
        }
        at += 1;
    }
    false
}

/// First key, last key and step, as COMMAND INFO showed keys before there were specifications: what can be said with three
/// numbers.
pub fn first_last_step(specs: &[Keys]) -> (i32, i32, i32) {
    let mut found: Option<(i32, i32, i32)> = None;
    for spec in specs {
        let (Begin::Index(first), Find::Range { last, step, .. }) = (spec.begin, spec.find) else { continue };
        let last = if last < 0 { last } else { first + last };
        found = Some(match found {
            None => (first, last, step),
            Some((before_first, before_last, _)) => {
                let last = if before_last < 0 || last < 0 { before_last.min(last) } else { before_last.max(last) };
                (before_first.min(first), last, 1)
            }
        });
    }
    found.unwrap_or((0, 0, 0))
}

/// Where keys stand in a request, each with the flags that say what is done to it.
pub type Positions = Vec<(usize, &'static str)>;

/// Adds the positions that a specification yields in a whole request; none when the request is malformed.
pub(super) fn positions(spec: &Keys, words: &[&[u8]], out: &mut Positions) -> Option<()> {
    let total = words.len() as i64;
    let start = match spec.begin {
        Begin::Index(at) => i64::from(at),
        Begin::Keyword { word, from } => {
            let matches = |&at: &i64| words[at as usize].eq_ignore_ascii_case(word.as_bytes());
            let found = if from >= 0 {
                (i64::from(from)..total - 1).find(matches)
            } else {
                (1..=total + i64::from(from)).rev().find(matches)
            };
            // What the word would introduce is optional.
            let Some(at) = found else { return Some(()) };
            at + 1
        }
        Begin::Unknown => return None,
    };
    let (first, last, step) = match spec.find {
        Find::Range { last, step, limit } => {
            let last = if last >= 0 {
                start + i64::from(last)
            } else if limit > 1 {
                start + (total - start) / i64::from(limit) + i64::from(last)
            } else {
                total + i64::from(last)
            };
            (start, last, i64::from(step))
        }
        Find::KeyNum { number: at, first, step } => {
            let word = words.get((start + i64::from(at)) as usize)?;
            let keys = number::parse_integer(word).filter(|&keys| keys > 0)?;
            let first = start + i64::from(first);
            (first, (keys - 1).checked_mul(i64::from(step))?.checked_add(first)?, i64::from(step))
        }
        Find::Unknown => return None,
    };
    if first >= total || last >= total || last < first || step <= 0 {
        return None;
    }
    let mut at = first;
    while at <= last {
        out.push((at as usize, spec.flags));
        at += step;
    }
    Some(())
}
