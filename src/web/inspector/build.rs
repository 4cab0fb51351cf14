//! From the engine's keyspace to the ledger. Only what is shown is made into words.

use super::view::{Field, KEYS, KeyView, KeyspaceView, Life, Part, Picture, Rung, SHOWN};
use engine::types::End;
use engine::types::stream::{Entry, StreamId};
use engine::{Engine, Keyspace, Text, Value, sort};
use std::rc::Rc;

/// What has to be remembered from one look to the next. The lists are as short as the ledger.
#[derive(Debug, Default)]
pub struct Memory {
    /// A key, its deadline, and when it was first seen with it: the ring shows how much of that time is left.
    lives: Vec<(Rc<str>, i64, i64)>,
    /// Which keys are shown, in their order, as long as nothing has changed: (what it depends on, positions, matches).
    order: Option<(Order, Vec<usize>, usize)>,
    /// The keys that the last command changed.
    pub touched: Vec<Rc<str>>,
    /// The pictures as they were before it.
    before: Vec<(Rc<str>, Picture)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Order {
    position: usize,
    len: usize,
    database: usize,
    filter: String,
}

impl Memory {
    /// Forgets what was touched and keeps `view` as what came before the command that is about to run.
    pub fn about_to_change(&mut self, view: &KeyspaceView) {
        self.touched.clear();
        self.before = view.keys.iter().map(|key| (key.id.clone(), key.picture.clone())).collect();
    }

    /// How much is left of the time that a key or field has.
    fn life(&mut self, id: &Rc<str>, deadline: i64, now: i64) -> Life {
        let known = self.lives.iter().position(|(known, ..)| known == id);
        let at = known.unwrap_or_else(|| {
            self.lives.push((id.clone(), deadline, now));
            self.lives.len() - 1
        });
        let (_, seen_deadline, since) = &mut self.lives[at];
        if *seen_deadline != deadline || *since > now {
            (*seen_deadline, *since) = (deadline, now);
        }
        life(deadline - now, deadline - *since)
    }
}

/// Names a key across databases.
pub fn key_id(database: usize, name: &[u8]) -> Rc<str> {
    format!("{database}:{}", printable(name, usize::MAX)).into()
}

/// The keyspace of one database at the engine's present; `position` says how many inputs have happened.
pub fn keyspace_view(
    engine: &Engine,
    now_ms: i64,
    position: usize,
    database: usize,
    filter: &str,
    memory: &mut Memory,
) -> KeyspaceView {
    let keyspace = engine.store().keyspace(database);
    let wanted = Order { position, len: keyspace.len(), database, filter: filter.to_owned() };
    if memory.order.as_ref().is_none_or(|(order, ..)| *order != wanted) {
        let (first, count) = first_names(keyspace, filter);
        memory.order = Some((wanted, first, count));
    }
    let (order, count) = memory.order.as_ref().map_or((Vec::new(), 0), |(_, order, count)| (order.clone(), *count));
    let mut places: Vec<(usize, usize)> = order.iter().enumerate().map(|(place, at)| (*at, place)).collect();
    sort::by_key(&mut places, |(at, _)| *at);
    let mut places = places.into_iter().peekable();
    let mut rows: Vec<Option<Rc<KeyView>>> = vec![None; order.len()];
    for (at, (name, value, deadline)) in keyspace.iter().enumerate() {
        let Some(&(next, place)) = places.peek() else { break };
        if next != at {
            continue;
        }
        places.next();
        let id = key_id(database, name);
        let touched = memory.touched.contains(&id);
        let mut picture = picture(value, &id, now_ms, memory);
        if touched {
            picture.mark_fresh(memory.before.iter().find(|(known, _)| *known == id).map(|(_, picture)| picture));
        }
        rows[place] = Some(Rc::new(KeyView {
            name: printable(name, 200).into(),
            kind: value.type_name(),
            encoding: value.encoding(name.len()),
            size: size(value).map(Into::into),
            life: deadline.map(|deadline| memory.life(&id, deadline, now_ms)),
            picture,
            touched,
            gone: deadline.is_some_and(|deadline| now_ms > deadline),
            id,
        }));
    }
    if memory.lives.len() > 16 * KEYS {
        memory.lives.clear();
    }
    KeyspaceView {
        total: keyspace.len(),
        hidden: count - rows.len(),
        keys: rows.into_iter().flatten().collect(),
        database: (database > 0).then(|| format!("database {database}")),
    }
}

/// The positions of the first names that match, in the order of the names, and how many match altogether.
fn first_names(keyspace: &Keyspace, filter: &str) -> (Vec<usize>, usize) {
    let mut first: Vec<(&Text, usize)> = Vec::with_capacity(KEYS + 1);
    let mut count = 0;
    for (at, (name, ..)) in keyspace.iter().enumerate().filter(|(_, (name, ..))| fits(name, filter)) {
        count += 1;
        let place = first.partition_point(|(other, _)| other.as_bytes() < name.as_bytes());
        if place < KEYS {
            first.insert(place, (name, at));
            first.truncate(KEYS);
        }
    }
    (first.into_iter().map(|(_, at)| at).collect(), count)
}

/// Without a wildcard a filter is looked for anywhere in the name; with one it is a pattern as in KEYS.
fn fits(name: &[u8], filter: &str) -> bool {
    if filter.is_empty() {
        return true;
    }
    let pattern = filter.as_bytes();
    if pattern.iter().any(|byte| b"*?[".contains(byte)) {
        engine::glob::matches(pattern, name)
    } else {
        name.windows(pattern.len()).any(|part| part.eq_ignore_ascii_case(pattern))
    }
}

fn life(left_ms: i64, whole_ms: i64) -> Life {
    let left_ms = left_ms.max(0);
    let seconds = left_ms / 1000;
    let words = match seconds {
        0..10 => format!("{}.{} s", seconds, left_ms / 100 % 10),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    };
    let left = if whole_ms <= 0 { 0 } else { (left_ms as f64 / whole_ms as f64 * 1000.0) as u16 };
    Life { words: words.into(), left: left.min(1000) }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Bytes as text where they are text, as redis-cli writes them where they are not, and at most `most` characters.
pub fn printable(bytes: &[u8], most: usize) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                letter if letter.is_control() => text.push_str(&escaped(letter as u32)),
                letter => text.push(letter),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&escaped(u32::from(*byte)));
        }
        if text.len() > most {
            let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
            return text;
        }
    }
    text
}

fn escaped(code: u32) -> String {
    format!("\\x{code:02x}")
}

fn size(value: &Value) -> Option<String> {
    Some(match value {
        Value::List(list) => counted(list.len(), "element", "elements"),
        Value::Set(set) => counted(set.len(), "member", "members"),
        Value::SortedSet(zset) => counted(zset.len(), "member", "members"),
        Value::Hash(hash) => counted(hash.len(), "field", "fields"),
        Value::Stream(stream) => counted(stream.len(), "entry", "entries"),
        _ => counted(value.as_string()?.len(), "byte", "bytes"),
    })
}

/// At most so many rungs of a ladder are shown.
const LADDER: usize = 12;
/// At most so many bytes of a part are shown.
const PART: usize = 60;

fn part(bytes: &[u8]) -> Part {
    Part { text: printable(&bytes[..bytes.len().min(PART * 2)], PART).into(), fresh: false }
}

/// How long a rung's bar is: scores from 0 on are drawn from 0, others from the lowest.
fn height(score: f64, low: f64, high: f64) -> f64 {
    let base = low.min(0.0);
    let whole = high.max(0.0) - base;
    let part = (score - base) / whole;
    if part.is_finite() { part } else { 1.0 }
}

fn picture(value: &Value, id: &str, now_ms: i64, memory: &mut Memory) -> Picture {
    match value {
        Value::List(list) => {
            let (len, whole) = (list.len(), list.len() <= SHOWN);
            let head = list.walk(End::Left, 0).take(if whole { len } else { SHOWN / 2 });
            let tail = list.walk(End::Right, 0).take(if whole { 0 } else { SHOWN / 2 });
            let mut tail: Vec<Part> = tail.map(|element| part(&element.text())).collect();
            tail.reverse();
            Picture::List {
                head: head.map(|element| part(&element.text())).collect(),
                hidden: if whole { 0 } else { len - SHOWN },
                tail,
            }
        }
        Value::Set(set) => Picture::Set {
            members: set.iter().take(SHOWN).map(|member| part(&member.text())).collect(),
            hidden: set.len().saturating_sub(SHOWN),
        },
        Value::Hash(hash) => {
            let fields = hash.iter().filter(|field| !field.is_over(now_ms)).take(SHOWN).map(|field| {
                let (name, value) = (part(&field.name.text()).text, part(&field.value.text()).text);
                let life = field.deadline.map(|deadline| memory.life(&format!("{id} {name}").into(), deadline, now_ms));
                Field { name, value, life, fresh: false }
            });
            Picture::Hash { fields: fields.collect(), hidden: hash.len().saturating_sub(SHOWN) }
        }
        Value::SortedSet(zset) => {
            let range = zset.get(0).zip(zset.get(zset.len().saturating_sub(1)));
            let (low, high) = range.map_or((0.0, 0.0), |(first, last)| (first.score.0, last.score.0));
            let rungs = zset.iter().take(LADDER).enumerate().map(|(rank, ranked)| Rung {
                rank,
                member: part(&ranked.member).text,
                score: resp::number::double(ranked.score.0).as_str().into(),
                height: height(ranked.score.0, low, high),
                fresh: false,
            });
            Picture::Ladder { rungs: rungs.collect(), hidden: zset.len().saturating_sub(LADDER) }
        }
        // A log is read from its head to its tail, like a list.
        Value::Stream(stream) => {
            let (len, whole) = (stream.len(), stream.len() <= SHOWN);
            let entry = |entry: Entry| {
                let mut text = entry.id.text().as_ref().to_vec();
                for (field, value) in entry.pairs() {
                    text.push(b' ');
                    text.extend_from_slice(&field.text());
                    text.push(b' ');
                    text.extend_from_slice(&value.text());
                }
                part(&text)
            };
            let (first, last) = (StreamId::MIN, StreamId::MAX);
            let head = stream.range(first, last).take(if whole { len } else { SHOWN / 2 }).map(entry);
            let mut tail: Vec<Part> =
                stream.range_back(first, last).take(if whole { 0 } else { SHOWN / 2 }).map(entry).collect();
            tail.reverse();
            Picture::List { head: head.collect(), hidden: if whole { 0 } else { len - SHOWN }, tail }
        }
        _ => {
            const MOST: usize = 240;
            let text = value.as_string();
            let bytes: &[u8] = text.as_deref().unwrap_or_default();
            let shown = &bytes[..bytes.len().min(MOST)];
            Picture::Text { text: printable(shown, MOST).into(), fresh: false, more: bytes.len() - shown.len() }
        }
    }
}
