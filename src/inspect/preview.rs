//! A value at a glance, for the list: the beginning of its picture.

use crate::change::{self, Before, Kept};
use crate::picture::vector;
use crate::row::{Life, Lives};
use crate::text::short;
use engine::Value;
use engine::types::End;
use engine::types::stream::{Entry, StreamId};
use std::rc::Rc;

/// A part of a value, and whether the last command brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub text: Rc<str>,
    pub fresh: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub name: Rc<str>,
    pub value: Rc<str>,
    /// A field may have a time of its own.
    pub life: Option<Life>,
    pub fresh: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    pub rank: usize,
    pub member: Rc<str>,
    pub score: Rc<str>,
    /// The score between the lowest and the highest, in thousandths.
    pub height: u16,
    pub fresh: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    Text {
        text: Rc<str>,
        fresh: bool,
        more: usize,
    },
    /// A long list is drawn from both ends.
    List {
        head: Vec<Part>,
        tail: Vec<Part>,
        hidden: usize,
    },
    Members {
        members: Vec<Part>,
        hidden: usize,
    },
    Fields {
        fields: Vec<Pair>,
        hidden: usize,
    },
    Ladder {
        rungs: Vec<Rung>,
        hidden: usize,
    },
}

/// At most so many bytes of a part are shown.
const PART: usize = 60;

fn part(bytes: &[u8], fresh: bool) -> Part {
    Part { text: short(bytes, PART), fresh }
}

/// How long a rung's bar is: scores from 0 on are drawn from 0, others from the lowest.
pub fn height(score: f64, low: f64, high: f64) -> u16 {
    let base = low.min(0.0);
    let part = (score - base) / (high.max(0.0) - base) * 1000.0;
    if part.is_finite() { part as u16 } else { 1000 }
}

pub fn preview(value: &Value, id: &str, now: i64, parts: usize, before: &Before, lives: &mut Lives) -> Preview {
    match value {
        Value::List(list) => {
            let len = list.len();
            let ends = if len <= parts { (len, 0) } else { (parts / 2, parts / 2) };
            let kept = Kept::of_list(list, before);
            let head = list.walk(End::Left, 0).take(ends.0).enumerate();
            let head = head.map(|(at, element)| part(&element.text(), kept.is_fresh(at))).collect();
            let tail = list.walk(End::Right, 0).take(ends.1).enumerate();
            let mut tail: Vec<Part> =
                tail.map(|(at, element)| part(&element.text(), kept.is_fresh(len - 1 - at))).collect();
            tail.reverse();
            Preview::List { head, tail, hidden: len - ends.0 - ends.1 }
        }
        Value::Set(set) => Preview::Members {
            members: set
                .iter()
                .take(parts)
                .map(|member| {
                    let text = member.text();
                    part(&text, change::is_new_member(before, &text))
                })
                .collect(),
            hidden: set.len().saturating_sub(parts),
        },
        Value::Hash(hash) => {
            let fields = hash.iter().filter(|field| !field.is_over(now)).take(parts).map(|field| {
                let (name, value) = (short(&field.name.text(), PART), short(&field.value.text(), PART));
                let life = field.deadline.map(|deadline| {
                    let mut field = id.to_owned();
                    field.push(' ');
                    field.push_str(&name);
                    lives.life(&field, deadline, now)
                });
                Pair { name, value, life, fresh: change::is_new_field(before, &field) }
            });
            Preview::Fields { fields: fields.collect(), hidden: hash.len().saturating_sub(parts) }
        }
        Value::SortedSet(zset) => {
            let most = parts.div_ceil(2);
            let range = zset.get(0).zip(zset.get(zset.len().saturating_sub(1)));
            let (low, high) = range.map_or((0.0, 0.0), |(first, last)| (first.score.0, last.score.0));
            let rungs = zset.iter().take(most).enumerate().map(|(rank, ranked)| Rung {
                rank,
                member: short(&ranked.member, PART),
                score: resp::number::double(ranked.score.0).as_str().into(),
                height: height(ranked.score.0, low, high),
                fresh: change::is_new_score(before, &ranked.member, ranked.score.0),
            });
            Preview::Ladder { rungs: rungs.collect(), hidden: zset.len().saturating_sub(most) }
        }
        Value::VectorSet(set) => {
            let names = set.names_from(0).take(parts);
            let members =
                names.map(|name| part(name, vector::is_new(before, name, set.get(name).map_or(0, |node| node.uid))));
            Preview::Members { members: members.collect(), hidden: set.len().saturating_sub(parts) }
        }
        Value::Stream(stream) => {
            let ends = if stream.len() <= parts { (stream.len(), 0) } else { (parts / 2, parts / 2) };
            let entry = |entry: Entry| {
                let mut text = String::from_utf8_lossy(entry.id.text().as_ref()).into_owned();
                for (field, value) in entry.pairs().take(4) {
                    for word in [&*field.text(), &*value.text()] {
                        text.push(' ');
                        text.push_str(&short(word, PART));
                    }
                }
                Part { text: text.into(), fresh: change::is_new_entry(before, entry.id) }
            };
            let (first, last) = (StreamId::MIN, StreamId::MAX);
            let head = stream.range(first, last).take(ends.0).map(entry).collect();
            let mut tail: Vec<Part> = stream.range_back(first, last).take(ends.1).map(entry).collect();
            tail.reverse();
            Preview::List { head, tail, hidden: stream.len() - ends.0 - ends.1 }
        }
        _ => {
            let text = value.as_string();
            let bytes: &[u8] = text.as_deref().unwrap_or_default();
            let shown = bytes.len().min(parts * 10);
            let kept = Kept::of_bytes(bytes, before);
            let fresh = before.is_touched() && (kept.head < kept.len || kept.len == 0);
            Preview::Text { text: short(&bytes[..shown], shown * 4), fresh, more: bytes.len() - shown }
        }
    }
}

impl Preview {
    /// The picture in words.
    pub fn words(&self) -> String {
        let mut words = String::new();
        let mut line = |parts: &[&str]| {
            if !words.is_empty() {
                words.push('\n');
            }
            for part in parts {
                words.push_str(part);
            }
        };
        let hidden = match self {
            Preview::Text { text, more, .. } => {
                line(&[text]);
                *more
            }
            Preview::List { head, tail, hidden } => {
                for part in head.iter().chain(tail) {
                    line(&[&part.text]);
                }
                *hidden
            }
            Preview::Members { members, hidden } => {
                for part in members {
                    line(&[&part.text]);
                }
                *hidden
            }
            Preview::Fields { fields, hidden } => {
                for field in fields {
                    line(&[&field.name, ": ", &field.value]);
                }
                *hidden
            }
            Preview::Ladder { rungs, hidden } => {
                for rung in rungs {
                    line(&[&rung.rank.to_string(), ". ", &rung.member, " (", &rung.score, ")"]);
                }
                *hidden
            }
        };
        if hidden > 0 {
            line(&["and ", &hidden.to_string(), " more"]);
        }
        words
    }
}
