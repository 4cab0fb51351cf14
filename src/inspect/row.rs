//! A line of the list: what is said of a key without opening it.

use crate::change::Before;
use crate::preview::{Preview, preview};
use crate::text;
use engine::Value;
use std::rc::Rc;

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Tells keys apart even where their printed names are equal.
    pub id: Rc<str>,
    pub name: Rc<str>,
    pub kind: &'static str,
    pub encoding: &'static str,
    pub size: Rc<str>,
    /// Memory as MEMORY USAGE says it.
    pub bytes: u64,
    pub life: Option<Life>,
    pub preview: Preview,
    pub touched: bool,
    /// Expired, but not yet reclaimed.
    pub gone: bool,
}

impl Row {
    pub fn kind_words(&self) -> &'static str {
        kind_words(self.kind)
    }
}

/// The types by the names that TYPE gives, in the order in which the page lists them.
pub const KINDS: [&str; 7] = ["string", "list", "set", "hash", "zset", "stream", "vectorset"];

pub fn kind_number(kind: &str) -> usize {
    KINDS.iter().position(|known| *known == kind).unwrap_or(0)
}

pub fn kind_words(kind: &'static str) -> &'static str {
    match kind {
        "zset" => "sorted set",
        "vectorset" => "vector set",
        kind => kind,
    }
}

/// The time that a key has left, in words and as thousandths of what it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub words: Rc<str>,
    pub left: u16,
}

/// When each deadline on view was first seen: a ring shows how much of the time since then is left.
#[derive(Debug, Default)]
pub struct Lives(Vec<(Rc<str>, i64, i64)>);

impl Lives {
    pub fn life(&mut self, id: &str, deadline: i64, now: i64) -> Life {
        let at = self.0.iter().position(|(known, ..)| **known == *id).unwrap_or_else(|| {
            // Those on view are few; what was scrolled past may begin again with a full ring.
            if self.0.len() >= 400 {
                self.0.clear();
            }
            self.0.push((id.into(), deadline, now));
            self.0.len() - 1
        });
        let (_, known, since) = &mut self.0[at];
        if *known != deadline || *since > now {
            (*known, *since) = (deadline, now);
        }
        let (left, whole) = ((deadline - now).max(0), deadline - *since);
        let part = if whole <= 0 { 0 } else { (left as f64 / whole as f64 * 1000.0) as u16 };
        Life { words: text::span(left).into(), left: part.min(1000) }
    }
}

/// Names a key across databases.
pub fn key_id(database: usize, name: &[u8]) -> Rc<str> {
    let mut id = database.to_string();
    id.push(':');
    id.push_str(&text::printable(name, usize::MAX));
    id.into()
}

/// `parts`: how many parts of the value are shown at most.
pub fn row(
    (database, name): (usize, &[u8]),
    (value, deadline, bytes): (&Value, Option<i64>, u64),
    (now, parts): (i64, usize),
    before: &Before,
    lives: &mut Lives,
) -> Row {
    let id = key_id(database, name);
    Row {
        name: text::short(name, 200),
        kind: value.type_name(),
        encoding: value.encoding(name.len()),
        size: size(value).into(),
        bytes,
        life: deadline.map(|deadline| lives.life(&id, deadline, now)),
        preview: preview(value, &id, now, parts, before, lives),
        touched: before.is_touched(),
        gone: deadline.is_some_and(|deadline| now > deadline),
        id,
    }
}

/// How much a value holds, in words.
pub fn size(value: &Value) -> String {
    match value {
        Value::List(list) => text::counted(list.len(), "element", "elements"),
        Value::Set(set) => text::counted(set.len(), "member", "members"),
        Value::SortedSet(zset) => text::counted(zset.len(), "member", "members"),
        Value::Hash(hash) => text::counted(hash.len(), "field", "fields"),
        Value::VectorSet(set) => text::counted(set.len(), "element", "elements"),
        Value::Stream(stream) => text::counted(stream.len(), "entry", "entries"),
        _ => text::counted(value.as_string().map_or(0, |text| text.len()), "byte", "bytes"),
    }
}
