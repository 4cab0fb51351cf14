//! A stream as a log: entries one below the other, how far each group has read, and what its consumers still hold.

use crate::change::{self, Before};
use crate::text::{self, short};
use engine::Value;
use engine::types::stream::{Entry, Group, Stream, StreamId};
use std::ops::Range;
use std::rc::Rc;

/// A group of consumers.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    pub name: Rc<str>,
    pub key: Vec<u8>,
    pub last: StreamId,
    /// Entries that it has not read; none when that cannot be told.
    pub behind: Option<i64>,
    pub pending: usize,
    /// Its cursor moved with the last command.
    pub fresh: bool,
}

/// A consumer that holds entries: a lane beside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    pub group: usize,
    pub number: u32,
    pub name: Rc<str>,
    pub pending: usize,
    /// For how long it has not been heard of.
    pub idle: Rc<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Groups {
    pub groups: Vec<GroupView>,
    pub lanes: Vec<Lane>,
    /// Consumers for whom there is no lane.
    pub hidden: usize,
    /// Entries that were added once and are no longer there.
    pub gone: u64,
    /// Some of them stood between entries that are there.
    pub has_gaps: bool,
    /// Groups that stand before the first entry.
    pub at_beginning: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    pub id: Rc<str>,
    pub fields: Vec<(Rc<str>, Rc<str>)>,
    /// For each lane how often the entry was delivered there; 0: it is not pending.
    pub lanes: Vec<u64>,
    /// The groups that have read up to here.
    pub cursors: Vec<usize>,
    pub fresh: bool,
}

/// At most so many lanes are drawn.
const LANES: usize = 8;

fn written(id: StreamId) -> Rc<str> {
    String::from_utf8_lossy(id.text().as_ref()).into()
}

pub fn groups(stream: &Stream, before: &Before, now: i64) -> Groups {
    let mut out = Groups {
        groups: Vec::new(),
        lanes: Vec::new(),
        hidden: 0,
        gone: stream.entries_added.saturating_sub(stream.len() as u64),
        has_gaps: false,
        at_beginning: Vec::new(),
    };
    let first = stream.first().map(|entry| entry.id);
    out.has_gaps = first.is_some_and(|first| stream.max_deleted_id > first);
    let old = if let Some(Value::Stream(old)) = before.value() { Some(old) } else { None };
    for (at, (name, group)) in stream.groups().enumerate() {
        let was = old.and_then(|old| old.group(name)).map(|group| group.last_id);
        out.groups.push(GroupView {
            name: short(name, 60),
            key: name.to_vec(),
            last: group.last_id,
            behind: stream.lag(group),
            pending: group.pending_len(),
            fresh: before.is_touched() && old.is_some() && was != Some(group.last_id),
        });
        if first.is_none_or(|first| group.last_id < first) {
            out.at_beginning.push(at);
        }
        lanes(at, group, now, &mut out);
    }
    out
}

fn lanes(at: usize, group: &Group, now: i64, out: &mut Groups) {
    for number in group.consumers() {
        let Some(consumer) = group.consumer(number) else { continue };
        if out.lanes.len() == LANES {
            out.hidden += 1;
            continue;
        }
        let idle = text::span(now - consumer.seen).into();
        let name = short(&consumer.name, 40);
        out.lanes.push(Lane { group: at, number, name, pending: group.consumer_len(number), idle });
    }
}

/// The entries at these places, found by the nodes' counts.
fn walk(stream: &Stream, range: Range<usize>) -> impl Iterator<Item = Entry<'_>> {
    let mut before = 0;
    let mut from = StreamId::MIN;
    for placed in stream.nodes().iter() {
        if before + placed.node.count > range.start {
            from = placed.id;
            break;
        }
        before += placed.node.count;
    }
    stream.range(from, StreamId::MAX).skip(range.start - before.min(range.start))
}

pub fn entries(stream: &Stream, before: &Before, groups: &Groups, range: Range<usize>) -> Vec<EntryView> {
    const FIELDS: usize = 12;
    let known: Vec<Option<&Group>> = groups.groups.iter().map(|group| stream.group(&group.key)).collect();
    let count = range.len();
    let mut walk = walk(stream, range).peekable();
    let mut out = Vec::new();
    while out.len() < count
        && let Some(entry) = walk.next()
    {
        let next = walk.peek().map(|next| next.id);
        let pending = |lane: &Lane| {
            let pending = known.get(lane.group).copied().flatten().and_then(|group| group.pending(entry.id));
            pending.filter(|pending| pending.consumer == lane.number).map_or(0, |pending| pending.count.max(1))
        };
        // A cursor may stand on an entry that is gone: then it is shown at the last one before it.
        let here = |group: &GroupView| group.last >= entry.id && next.is_none_or(|next| group.last < next);
        let cursors = groups.groups.iter().enumerate().filter(|(_, group)| here(group)).map(|(at, _)| at).collect();
        let fields =
            entry.pairs().take(FIELDS).map(|(name, value)| (short(&name.text(), 60), short(&value.text(), 120)));
        out.push(EntryView {
            id: written(entry.id),
            fields: fields.collect(),
            lanes: groups.lanes.iter().map(pending).collect(),
            cursors,
            fresh: change::is_new_entry(before, entry.id),
        });
    }
    out
}
