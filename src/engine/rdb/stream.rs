//! Streams as bytes.
//!
//! The nodes' listpacks as they are in memory, each behind its id; the stream's numbers; then its groups, each with what is pending,
//! once with times and counts for the group and once as ids for each consumer. Four versions are read: what the stream was
//! before came with the second, when consumers were active with the third, marks against adding twice with the fourth.

use super::wire::{Reader, put_length, put_string};
use super::{kind, packed};
use crate::store::Store;
use crate::types::Stream;
use crate::types::stream::{Group, Node, Pending, Placed, StreamId, UNKNOWN};
use alloc::rc::Rc;
use alloc::vec::Vec;

fn put_id(out: &mut Vec<u8>, id: StreamId) {
    put_length(out, id.ms);
    put_length(out, id.seq);
}

pub(super) fn put(out: &mut Vec<u8>, stream: &Stream) {
    out.push(kind::STREAM_LISTPACKS_4);
    put_length(out, stream.nodes().len() as u64);
    for placed in stream.nodes().iter() {
        put_string(out, &placed.id.to_bytes());
        put_string(out, &packed::node(&placed.node));
    }
    put_length(out, stream.len() as u64);
    put_id(out, stream.last_id);
    put_id(out, stream.first_id);
    put_id(out, stream.max_deleted_id);
    put_length(out, stream.entries_added);
    put_length(out, stream.groups().len() as u64);
    for (name, group) in stream.groups() {
        put_string(out, name);
        put_id(out, group.last_id);
        put_length(out, group.entries_read as u64);
        put_length(out, group.pending_len() as u64);
        for pending in group.pending_from(StreamId::MIN) {
            out.extend_from_slice(&pending.id.to_bytes());
            out.extend_from_slice(&pending.delivered.to_le_bytes());
            put_length(out, pending.count);
        }
        put_length(out, group.consumers().len() as u64);
        for number in group.consumers() {
            let Some(consumer) = group.consumer(number) else { continue };
            put_string(out, &consumer.name);
            out.extend_from_slice(&consumer.seen.to_le_bytes());
            out.extend_from_slice(&consumer.active.to_le_bytes());
            put_length(out, group.consumer_len(number) as u64);
            for id in group.of_consumer(number, StreamId::MIN) {
                out.extend_from_slice(&id.to_bytes());
            }
        }
    }
    let marks = &stream.idempotency;
    put_length(out, marks.duration as u64);
    put_length(out, marks.maxsize as u64);
    put_length(out, marks.producers().len() as u64);
    for (name, producer) in marks.producers() {
        put_string(out, name);
        put_length(out, producer.marks.len() as u64);
        for mark in &producer.marks {
            put_string(out, &mark.name);
            put_id(out, mark.id);
        }
    }
    put_length(out, marks.added);
    put_length(out, marks.duplicates);
}

fn take_id(reader: &mut Reader) -> Option<StreamId> {
    Some(StreamId { ms: reader.length()?, seq: reader.length()? })
}

fn take_raw_id(reader: &mut Reader) -> Option<StreamId> {
    reader.array().map(StreamId::from_bytes)
}

pub(super) fn take(reader: &mut Reader, version: u8, db: &Store) -> Option<Stream> {
    let mut nodes = Vec::new();
    for _ in 0..reader.count()? {
        let id = StreamId::from_bytes(reader.string()?.as_ref().try_into().ok()?);
        let node = Node::from_elements(id, &packed::elements(&reader.string()?)?)?;
        nodes.push(Placed { id, node: Rc::new(node) });
    }
    let mut stream = Stream::from_nodes(nodes)?;
    let len = reader.length()?;
    let last_id = take_id(reader)?;
    if len != stream.len() as u64 || last_id < stream.last_id {
        return None;
    }
    stream.last_id = last_id;
    if version >= kind::STREAM_LISTPACKS_2 {
        // Which entry is first shows.
        take_id(reader)?;
        stream.max_deleted_id = take_id(reader)?;
        stream.entries_added = reader.length()?;
    } else {
        stream.entries_added = len;
    }
    for _ in 0..reader.count()? {
        let name = reader.string()?.into_owned();
        let group = take_group(reader, version, &stream)?;
        if !stream.add_group(&name, group) {
            return None;
        }
    }
    stream.idempotency.duration = db.encodings.stream_idmp_duration;
    stream.idempotency.maxsize = db.encodings.stream_idmp_maxsize;
    if version >= kind::STREAM_LISTPACKS_4 {
        take_marks(reader, &mut stream, db.now.millis())?;
    }
    Some(stream)
}

fn take_group(reader: &mut Reader, version: u8, stream: &Stream) -> Option<Group> {
    let last_id = take_id(reader)?;
    let entries_read = if version >= kind::STREAM_LISTPACKS_2 {
        reader.length()? as i64
    } else {
        stream.entries_up_to(last_id).map_or(UNKNOWN, |entries| entries as i64)
    };
    let mut pending = Vec::new();
    for _ in 0..reader.count()? {
        let id = take_raw_id(reader)?;
        let delivered = reader.millis()?;
        let count = reader.length()?;
        if pending.last().is_some_and(|last: &Pending| id <= last.id) {
            return None;
        }
        pending.push(Pending { id, consumer: 0, delivered, count });
    }
    let mut group = Group::new(last_id, entries_read);
    for _ in 0..reader.count()? {
        let name = reader.string()?;
        let seen = reader.millis()?;
        let active = if version >= kind::STREAM_LISTPACKS_3 { reader.millis()? } else { seen };
        let (number, created) = group.find_or_create_consumer(&name, seen);
        group.consumer_mut(number).filter(|_| created)?.active = active;
        for _ in 0..reader.count()? {
            let id = take_raw_id(reader)?;
            let at = pending.binary_search_by_key(&id, |pending| pending.id).ok()?;
            if group.pending(id).is_some() {
                return None;
            }
            group.set(Pending { consumer: number, ..pending[at] });
        }
    }
    // Whatever is pending is so for somebody.
    (group.pending_len() == pending.len()).then_some(group)
}

fn take_marks(reader: &mut Reader, stream: &mut Stream, now: i64) -> Option<()> {
    let marks = &mut stream.idempotency;
    marks.duration = i64::try_from(reader.length()?).ok()?;
    marks.maxsize = i64::try_from(reader.length()?).ok()?;
    for _ in 0..reader.count()? {
        let producer = reader.string()?;
        for _ in 0..reader.count()? {
            let mark = reader.string()?;
            let id = take_id(reader)?;
            marks.remember(&producer, &mark, id, now);
        }
    }
    marks.added = reader.length()?;
    marks.duplicates = reader.length()?;
    Some(())
}
