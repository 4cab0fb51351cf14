//! When a value will change its encoding, from the limits that are configured now.
//!
//! A small collection is packed into one piece of memory until it holds too many elements or one that is too long. From then on it is a
//! structure with pointers: faster to search, several times as large. Strings change by their length.

use crate::text;
use engine::types::{Fill, Set};
use engine::{Encodings, Value};
use std::rc::Rc;

/// How near a value is to one of its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// `510 of 512 fields`
    pub figures: Rc<str>,
    /// `3 more and it becomes a hashtable`
    pub then: Rc<str>,
    /// In thousandths.
    pub full: u16,
}

fn part(used: usize, limit: usize) -> u16 {
    if limit == 0 { 1000 } else { (used.min(limit) as u64 * 1000 / limit as u64) as u16 }
}

fn meter(used: usize, limit: usize, unit: &str, then: String) -> Meter {
    let mut figures = text::figure(used as u64);
    for words in [" of ", &text::figure(limit as u64), " ", unit] {
        figures.push_str(words);
    }
    Meter { figures: figures.into(), then: then.into(), full: part(used, limit) }
}

/// "3 more and it becomes …", for a limit that may be reached but not passed.
fn more(used: usize, limit: usize, becomes: &str) -> String {
    let mut words = text::figure((limit + 1).saturating_sub(used) as u64);
    words.push_str(" more and it becomes a ");
    words.push_str(becomes);
    words
}

fn longer(limit: usize, becomes: &str) -> String {
    let mut words = String::from("one of more than ");
    for part in [&text::figure(limit as u64), " bytes makes it a ", becomes] {
        words.push_str(part);
    }
    words
}

/// The limits that matter to `value`; none when it has passed them all. A structure never goes back by itself, a list does.
pub fn meters(name: &[u8], value: &Value, limits: &Encodings) -> Vec<Meter> {
    match value {
        Value::Hash(hash) => {
            let Some(packed) = hash.packed() else { return Vec::new() };
            let stride = if hash.encoding() == "listpackex" { 3 } else { 2 };
            let longest = packed.iter().enumerate().filter(|(at, _)| at % stride < 2);
            let longest = longest.map(|(_, element)| element.text_len()).max().unwrap_or(0);
            let (most, long) = (limits.hash_max_listpack_entries, limits.hash_max_listpack_value);
            vec![
                meter(hash.len(), most, "fields", more(hash.len(), most, "hashtable")),
                meter(longest, long, "bytes in the longest", longer(long, "hashtable")),
            ]
        }
        Value::Set(set) => match &**set {
            Set::Integers(integers) => {
                let most = limits.set_max_intset_entries;
                let then = if integers.len() < limits.set_max_listpack_entries {
                    "; a member that is no whole number makes it a listpack"
                } else {
                    "; so does a member that is no whole number"
                };
                vec![meter(integers.len(), most, "integers", more(integers.len(), most, "hashtable") + then)]
            }
            Set::Packed(packed) => {
                let longest = packed.iter().map(|element| element.text_len()).max().unwrap_or(0);
                let (most, long) = (limits.set_max_listpack_entries, limits.set_max_listpack_value);
                vec![
                    meter(packed.len(), most, "members", more(packed.len(), most, "hashtable")),
                    meter(longest, long, "bytes in the longest", longer(long, "hashtable")),
                ]
            }
            Set::Table(_) => Vec::new(),
        },
        Value::SortedSet(zset) => {
            if zset.encoding() != "listpack" {
                return Vec::new();
            }
            let longest = zset.iter().map(|ranked| ranked.member.len()).max().unwrap_or(0);
            let (most, long) = (limits.zset_max_listpack_entries, limits.zset_max_listpack_value);
            vec![
                meter(zset.len(), most, "members", more(zset.len(), most, "skiplist")),
                meter(longest, long, "bytes in the longest", longer(long, "skiplist")),
            ]
        }
        Value::List(list) => {
            let fill = Fill::new(limits.list_max_listpack_size);
            let quick = list.encoding() == "quicklist";
            let node = list.node_contents().next();
            let (size, count) = node.map_or((0, 0), |node| match node {
                Ok(packed) => (packed.size(), packed.len()),
                Err(bytes) => (bytes.len(), 1),
            });
            let by_count = limits.list_max_listpack_size >= 0;
            let (used, limit) = if by_count { (count, fill.count()) } else { (size, fill.size()) };
            let unit = if by_count { "elements" } else { "bytes" };
            if !quick {
                vec![meter(used, limit, unit, String::from("beyond that it becomes a quicklist of several listpacks"))]
            } else if list.nodes() == 1 {
                let then = String::from("with half the limit it is one listpack again");
                vec![meter(used, limit / 2, unit, then)]
            } else {
                vec![]
            }
        }
        _ => string(name, value),
    }
}

fn string(name: &[u8], value: &Value) -> Vec<Meter> {
    let encoding = value.encoding(name.len());
    if encoding != "embstr" {
        return Vec::new();
    }
    let len = value.as_string().map_or(0, |text| text.len());
    // Key and value share an object while together they have no more bytes than this.
    let room = 41usize.saturating_sub(name.len());
    vec![meter(len, room, "bytes beside its key", more(len, room, "raw string, with memory of its own"))]
}
