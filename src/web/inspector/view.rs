//! What a line of the ledger shows: plain words and figures, made once from the engine's value and compared from then on.

use std::rc::Rc;

/// At most so many parts of a value are drawn; the rest is a number.
pub const SHOWN: usize = 24;
/// At most so many keys are drawn.
pub const KEYS: usize = 60;

#[derive(Clone, Debug, PartialEq)]
pub struct KeyspaceView {
    pub keys: Vec<Rc<KeyView>>,
    pub total: usize,
    /// Keys that match but are not drawn.
    pub hidden: usize,
    /// Named when it is not database 0.
    pub database: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct KeyView {
    /// Tells keys apart even where their printed names are equal.
    pub id: Rc<str>,
    pub name: Rc<str>,
    pub kind: &'static str,
    pub encoding: &'static str,
    pub size: Option<Rc<str>>,
    pub life: Option<Life>,
    pub picture: Picture,
    pub touched: bool,
    /// Expired, but not yet reclaimed.
    pub gone: bool,
}

/// The time that a key has left, in words and as thousandths of what it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub words: Rc<str>,
    pub left: u16,
}

/// A part of a value, and whether the last command brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub text: Rc<str>,
    pub fresh: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
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
    /// The score between the lowest and the highest, from 0 to 1.
    pub height: f64,
    pub fresh: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
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
    Set {
        members: Vec<Part>,
        hidden: usize,
    },
    Hash {
        fields: Vec<Field>,
        hidden: usize,
    },
    Ladder {
        rungs: Vec<Rung>,
        hidden: usize,
    },
}

impl KeyView {
    pub fn type_words(&self) -> &'static str {
        if self.kind == "zset" { "sorted set" } else { self.kind }
    }
}

impl Picture {
    /// The picture in words.
    pub fn words(&self) -> String {
        let (parts, hidden): (Vec<String>, usize) = match self {
            Picture::Text { text, more, .. } => (vec![text.to_string()], *more),
            Picture::List { head, tail, hidden } => {
                (head.iter().chain(tail).map(|part| part.text.to_string()).collect(), *hidden)
            }
            Picture::Set { members, hidden } => (members.iter().map(|part| part.text.to_string()).collect(), *hidden),
            Picture::Hash { fields, hidden } => {
                (fields.iter().map(|field| format!("{}: {}", field.name, field.value)).collect(), *hidden)
            }
            Picture::Ladder { rungs, hidden } => {
                (rungs.iter().map(|rung| format!("{}. {} ({})", rung.rank, rung.member, rung.score)).collect(), *hidden)
            }
        };
        let words = parts.join("\n");
        if hidden > 0 { format!("{words}\nand {hidden} more") } else { words }
    }

    /// Marks what was not there `before`.
    pub fn mark_fresh(&mut self, before: Option<&Picture>) {
        match self {
            Picture::Text { text, fresh, .. } => {
                *fresh = !matches!(before, Some(Picture::Text { text: old, .. }) if old == text);
            }
            Picture::List { head, tail, hidden } => {
                let Some(Picture::List { head: old_head, tail: old_tail, hidden: old_hidden }) = before else {
                    return mark_all(head.iter_mut().chain(tail));
                };
                // A list grows at its ends: what it shares with its former self at one end, the other end did not touch.
                let old: Vec<&str> = old_head.iter().chain(old_tail).map(|part| &*part.text).collect();
                let whole = *hidden == 0 && *old_hidden == 0;
                let mut new: Vec<&mut Part> = head.iter_mut().chain(tail).collect();
                let same_head = new.iter().zip(&old).take_while(|(new, old)| *new.text == ***old).count();
                let same_tail =
                    new.iter().rev().zip(old.iter().rev()).take_while(|(new, old)| *new.text == ***old).count();
                let end = if whole { new.len() - same_tail.min(new.len() - same_head) } else { new.len() - same_tail };
                for part in new.iter_mut().take(end).skip(same_head) {
                    part.fresh = true;
                }
            }
            Picture::Set { members, .. } => {
                let old = if let Some(Picture::Set { members, .. }) = before { members.as_slice() } else { &[] };
                for member in members {
                    member.fresh = !old.iter().any(|old| old.text == member.text);
                }
            }
            Picture::Hash { fields, .. } => {
                let old = if let Some(Picture::Hash { fields, .. }) = before { fields.as_slice() } else { &[] };
                for field in fields {
                    field.fresh = !old.iter().any(|old| old.name == field.name && old.value == field.value);
                }
            }
            Picture::Ladder { rungs, .. } => {
                let old = if let Some(Picture::Ladder { rungs, .. }) = before { rungs.as_slice() } else { &[] };
                for rung in rungs {
                    rung.fresh = !old.iter().any(|old| old.member == rung.member && old.score == rung.score);
                }
            }
        }
    }
}

fn mark_all<'a>(parts: impl Iterator<Item = &'a mut Part>) {
    for part in parts {
        part.fresh = true;
    }
}
