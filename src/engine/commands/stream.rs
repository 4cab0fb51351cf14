//! Streams: adding, reading ranges, deleting, trimming.

use super::list::reply_element;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::store::Store;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::Stream;
use crate::types::stream::{Entry, Keep, NodeLimits, StreamId, Threshold, Trim, Wanted};
use resp::Writer;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "xadd",
        "key [NOMKSTREAM@6.2.0] [condition: KEEPREF | DELREF | ACKED] [idmp: <idmpauto-with-pid: idmpauto-token=IDMPAUTO pid> | <idmp-with-pid-iid: idmp-token=IDMP pid iid>] [trim: <strategy: MAXLEN | MINID@6.2.0> [operator: equal== | approximately=~] threshold [LIMIT count@6.2.0]] <id-selector: auto-id=* | id> <data: field value [field value ...]>",
        xadd,
    )
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Appends an entry to a stream, which is made if it is not there.")
    .complexity("O(1) to add, O(N) to trim N entries")
    .flags(&[Write, DenyOom, Fast])
    .keys(&[Keys::one(1, "RW update")])
    .tips(&["nondeterministic_output"]),
    Command::new("xdel", "key id [id ...]", xdel)
        .group(Group::Stream)
        .since("5.0.0")
        .summary("Deletes entries of a stream and says how many there were.")
        .complexity("O(1) for each entry, whatever the stream's length")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new("xdelex", "key [condition: KEEPREF | DELREF | ACKED] IDS <numids id [id ...]>", xdelex)
        .group(Group::Stream)
        .since("8.2.0")
        .summary("Deletes entries of a stream and says what became of each, and of what groups have pending of them.")
        .complexity("O(1) for each entry, whatever the stream's length")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new("xlen", "key", xlen)
        .group(Group::Stream)
        .since("5.0.0")
        .summary("Says how many entries a stream has.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("xrange", "key start:string end [COUNT count]", xrange)
        .group(Group::Stream)
        .since("5.0.0")
        .summary("Reads the entries between two ids, oldest first.")
        .complexity("O(N) with N entries read; O(1) if their number is bounded by COUNT")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("xrevrange", "key end start:string [COUNT count]", xrevrange)
        .group(Group::Stream)
        .since("5.0.0")
        .summary("Reads the entries between two ids, newest first.")
        .complexity("O(N) with N entries read; O(1) if their number is bounded by COUNT")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("xsetid", "key last-id [ENTRIESADDED entries-added@7.0.0] [MAXDELETEDID max-deleted-id@7.0.0]", xsetid)
        .group(Group::Stream)
        .since("5.0.0")
        .summary("Sets what a stream knows of its past: the last id, and the entries that it had; for the server's own use.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new(
        "xtrim",
        "key <trim: <strategy: MAXLEN | MINID@6.2.0> [operator: equal== | approximately=~] threshold [LIMIT count@6.2.0] [condition: KEEPREF | DELREF | ACKED]>",
        xtrim,
    )
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Removes the oldest entries of a stream, down to a length or up to an id.")
    .complexity("O(N) with N entries removed, mostly by whole nodes")
    .flags(&[Write])
    .keys(&[Keys::one(1, "RW delete")])
    .tips(&["nondeterministic_output"]),
];

/// An entry as replies show it: its id, and its fields and values in turn.
pub(super) fn reply_entry(reply: &mut Writer, entry: &Entry) {
    reply.array(2);
    reply_id_and_pairs(reply, entry);
}

/// The same without the array's head, for replies that say more about an entry.
pub(super) fn reply_id_and_pairs(reply: &mut Writer, entry: &Entry) {
    reply.bulk(entry.id.text());
    reply.array(2 * entry.fields);
    for (field, value) in entry.pairs() {
        reply_element(reply, field);
        reply_element(reply, value);
    }
}

/// A new stream, with the settings that new streams have.
pub(super) fn new_stream(db: &Store) -> Stream {
    let mut stream = Stream::default();
    stream.idempotency.duration = db.encodings.stream_idmp_duration;
    stream.idempotency.maxsize = db.encodings.stream_idmp_maxsize;
    stream
}

/// `KEEPREF`, `DELREF` or `ACKED`, if that is next.
pub(super) fn keep_argument(args: &mut Args) -> Option<Keep> {
    if args.word("KEEPREF") {
        Some(Keep::References)
    } else if args.word("DELREF") {
        Some(Keep::Nothing)
    } else if args.word("ACKED") {
        Some(Keep::Unacknowledged)
    } else {
        None
    }
}

/// What XADD and XTRIM are told before anything else.
#[derive(Default)]
struct Options<'a> {
    threshold: Option<Threshold>,
    approximate: bool,
    limit: Option<i64>,
    keep: Option<Keep>,
    only_existing: bool,
    producer: Option<(&'a [u8], Option<&'a [u8]>)>,
}

impl<'a> Options<'a> {
    /// Reads an option that both know; false when something else comes.
    fn read(&mut self, args: &mut Args<'a>) -> Result<bool, Error> {
        let by_length = args.word_with("MAXLEN", 1);
        if by_length || args.word_with("MINID", 1) {
            if self.threshold.is_some() {
                return Err(Error::TRIM_TWICE);
            }
            if args.left() > 1 {
                self.approximate = args.word("~");
                if !self.approximate {
                    args.word("=");
                }
            }
            self.threshold = Some(if by_length {
                let length = u64::try_from(args.integer()?).map_err(|_| Error::TRIM_MAXLEN_NEGATIVE)?;
                Threshold::Length(length)
            } else {
                Threshold::Id(StreamId::parse(args.next()?, 0)?)
            });
        } else if args.word_with("LIMIT", 1) {
            let limit = args.integer()?;
            if limit < 0 {
                return Err(Error::TRIM_LIMIT_NEGATIVE);
            }
            self.limit = Some(limit);
        } else if self.keep.is_none()
            && let Some(keep) = keep_argument(args)
        {
            self.keep = Some(keep);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads an option that only XADD knows; false when something else comes.
    fn read_adding(&mut self, args: &mut Args<'a>) -> Result<bool, Error> {
        if args.word("NOMKSTREAM") {
            self.only_existing = true;
            return Ok(true);
        }
        let automatic = args.word_with("IDMPAUTO", 1);
        if !automatic && !args.word_with("IDMP", 2) {
            return Ok(false);
        }
        if self.producer.is_some() {
            return Err(Error::IDMP_TWICE);
        }
        let producer = args.next()?;
        if producer.is_empty() {
            return Err(if automatic { Error::IDMPAUTO_NO_PRODUCER } else { Error::IDMP_NO_PRODUCER });
        }
        let mark = if automatic { None } else { Some(args.next()?) };
        if mark.is_some_and(<[u8]>::is_empty) {
            return Err(Error::IDMP_NO_ID);
        }
        self.producer = Some((producer, mark));
        Ok(true)
    }

    /// The trimming that is asked for; what was said must fit together.
    fn trim(&self, db: &Store) -> Result<Option<Trim>, Error> {
        if self.limit.is_some() && self.threshold.is_none() {
            return Err(Error::TRIM_LIMIT_ALONE);
        }
        if self.limit.is_some() && !self.approximate {
            return Err(Error::TRIM_LIMIT_EXACT);
        }
        let Some(threshold) = self.threshold else { return Ok(None) };
        let limit = match self.limit {
            Some(limit) => limit as u64,
            None if !self.approximate => 0,
            // As much as a hundred full nodes hold, within reason.
            None => match (db.encodings.stream_node_max_entries as u64).saturating_mul(100) {
                0 => 10_000,
                limit => limit.min(1_000_000),
            },
        };
        let keep = self.keep.unwrap_or(Keep::References);
        Ok(Some(Trim { threshold, approximate: self.approximate, limit, keep }))
    }
}

fn node_limits(db: &Store) -> NodeLimits {
    NodeLimits { bytes: db.encodings.stream_node_max_bytes, entries: db.encodings.stream_node_max_entries }
}

fn xadd(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let mut options = Options::default();
    let wanted = loop {
        match args.peek() {
            Some(b"*") => {
                args.next()?;
                break Some(Wanted::Automatic);
            }
            Some(_) if options.read(args)? || options.read_adding(args)? => {}
            Some(_) => break Some(Wanted::parse(args.next()?)?),
            None => break None,
        }
    };
    if options.producer.is_some() && wanted.is_some_and(|wanted| wanted != Wanted::Automatic) {
        return Err(Error::IDMP_EXPLICIT_ID);
    }
    let trim = options.trim(ctx.db)?;
    let pairs = args.rest();
    let Some(wanted) = wanted.filter(|_| pairs.len() >= 2 && pairs.len().is_multiple_of(2)) else {
        return Err(Error::wrong_arguments("xadd"));
    };
    if wanted == Wanted::Exactly(StreamId::MIN) {
        return Err(Error::XADD_ID_ZERO);
    }
    let exists = ctx.db.check_type::<Stream>(key)?;
    if !exists && options.only_existing {
        ctx.reply.null();
        return Ok(());
    }
    let now = ctx.now.millis();
    let fresh = (!exists).then(|| new_stream(ctx.db));
    let limits = node_limits(ctx.db);
    let ticked = super::stream_idempotency::last_tick(ctx);
    let stream = ctx.db.write_or_create::<Stream>(key)?;
    if let Some(fresh) = fresh {
        *stream = fresh;
    }
    let mark = options.producer.map(|(producer, mark)| {
        (producer, mark.map_or_else(|| super::stream_idempotency::content_mark(pairs.clone()), Into::into))
    });
    if let Some((producer, mark)) = &mark {
        stream.idempotency.expire(ticked);
        if let Some(id) = stream.idempotency.find(producer, mark) {
            stream.idempotency.duplicates += 1;
            ctx.reply.bulk(id.text());
            return Ok(());
        }
    }
    if stream.last_id == StreamId::MAX {
        return Err(Error::STREAM_EXHAUSTED);
    }
    let id = stream.next_id(wanted, now.max(0) as u64).ok_or(Error::XADD_ID_SMALL)?;
    stream.push(id, pairs, limits);
    if let Some((producer, mark)) = &mark {
        stream.idempotency.remember(producer, mark, id, now);
        stream.idempotency.added += 1;
    }
    let trimmed = trim.map_or(0, |trim| stream.trim(&trim));
    ctx.reply.bulk(id.text());
    ctx.effort += trimmed as u64;
    ctx.db.altered(key, Class::Stream, "xadd");
    if trimmed > 0 {
        ctx.db.notify(Class::Stream, "xtrim", key);
    }
    ctx.db.touched(key);
    ctx.db.signal(key);
    Ok(())
}

fn xtrim(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let mut options = Options::default();
    while args.left() > 0 {
        if !options.read(args)? {
            return Err(Error::SYNTAX);
        }
    }
    let trim = options.trim(ctx.db)?.ok_or(Error::XTRIM_WITHOUT_STRATEGY)?;
    let Some(stream) = ctx.db.write::<Stream>(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    let trimmed = stream.trim(&trim);
    ctx.effort += trimmed as u64;
    ctx.reply.integer(trimmed as i64);
    if trimmed > 0 {
        ctx.db.taken_from(key, trimmed, Class::Stream, "xtrim", false);
    }
    Ok(())
}

fn xlen(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let stream = ctx.db.read::<Stream>(args.next()?)?;
    ctx.reply.integer(stream.map_or(0, Stream::len) as i64);
    Ok(())
}

fn xrange(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    range(ctx, args, false)
}

fn xrevrange(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    range(ctx, args, true)
}

fn range(ctx: &mut Ctx, args: &mut Args, back: bool) -> Result<(), Error> {
    let (key, first, second) = (args.next()?, args.next()?, args.next()?);
    let (start, end) = if back { (second, first) } else { (first, second) };
    let (start, end) = (StreamId::parse_start(start)?, StreamId::parse_end(end)?);
    let mut most = None;
    while args.left() > 0 {
        if !args.word_with("COUNT", 1) {
            return Err(Error::SYNTAX);
        }
        most = Some(usize::try_from(args.integer()?.max(0)).unwrap_or(usize::MAX));
    }
    let Some(stream) = ctx.db.read::<Stream>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    if most == Some(0) {
        ctx.reply.null_array();
        return Ok(());
    }
    let most = most.unwrap_or(usize::MAX);
    let mark = ctx.reply.mark();
    let mut count = 0;
    let mut write = |entry: Entry| {
        reply_entry(&mut ctx.reply, &entry);
        count += 1;
    };
    if back {
        stream.range_back(start, end).take(most).for_each(&mut write);
    } else {
        stream.range(start, end).take(most).for_each(&mut write);
    }
    ctx.reply.array_at(mark, count);
    ctx.effort += count as u64;
    Ok(())
}

fn xdel(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let Some(stream) = ctx.db.write::<Stream>(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    // All of them are looked at before any goes.
    for id in args.rest() {
        StreamId::parse(id, 0)?;
    }
    let mut deleted = 0;
    for id in args.rest() {
        deleted += usize::from(stream.delete(StreamId::parse(id, 0)?));
    }
    ctx.reply.integer(deleted as i64);
    if deleted > 0 {
        ctx.db.changed_by(deleted, key, Class::Stream, "xdel");
    }
    Ok(())
}

/// `[KEEPREF | DELREF | ACKED] IDS numids id [id ...]`, in either order.
pub(super) fn ids_and_condition<'a>(args: &mut Args<'a>) -> Result<(Args<'a>, Keep), Error> {
    let (mut ids, mut keep) = (None, None);
    while args.left() > 0 {
        if args.word_with("IDS", 1) {
            let count = parse_integer(args.next()?).filter(|&count| count > 0).ok_or(Error::NUMBER_OF_IDS)?;
            let count = usize::try_from(count).ok().filter(|&count| count <= args.left());
            let listed = args.limited(count.ok_or(Error::NUMIDS_MISMATCH)?);
            args.seek(args.position() + listed.left());
            ids = Some(listed);
        } else if keep.is_none()
            && let Some(given) = keep_argument(args)
        {
            keep = Some(given);
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok((ids.ok_or(Error::SYNTAX)?, keep.unwrap_or(Keep::References)))
}

/// What became of an entry that was to be deleted, in the numbers of XDELEX and XACKDEL.
pub(super) const NOT_THERE: i64 = -1;
pub(super) const DELETED: i64 = 1;
pub(super) const STILL_REFERENCED: i64 = 2;

/// Deletes an entry as far as the groups that refer to it let it.
pub(super) fn delete_entry(stream: &mut Stream, id: StreamId, keep: Keep) -> i64 {
    if keep == Keep::Unacknowledged && stream.is_referenced(id) {
        return STILL_REFERENCED;
    }
    if keep == Keep::Nothing {
        stream.forget(id);
    }
    if stream.delete(id) { DELETED } else { NOT_THERE }
}

fn xdelex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    ctx.db.check_type::<Stream>(key)?;
    let (ids, keep) = ids_and_condition(args)?;
    let Some(stream) = ctx.db.write::<Stream>(key)? else {
        reply_none_there(&mut ctx.reply, ids.left());
        return Ok(());
    };
    for id in ids.rest() {
        StreamId::parse(id, 0)?;
    }
    ctx.reply.array(ids.left());
    let mut deleted = 0;
    for id in ids.rest() {
        let outcome = delete_entry(stream, StreamId::parse(id, 0)?, keep);
        deleted += usize::from(outcome == DELETED);
        ctx.reply.integer(outcome);
    }
    if deleted > 0 {
        ctx.db.changed_by(deleted, key, Class::Stream, "xdel");
    }
    Ok(())
}

pub(super) fn reply_none_there(reply: &mut Writer, count: usize) {
    reply.array(count);
    (0..count).for_each(|_| reply.integer(NOT_THERE));
}

fn xsetid(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let id = StreamId::parse(args.next()?, 0)?;
    let (mut added, mut max_deleted) = (None, None);
    while args.left() > 0 {
        if args.word_with("ENTRIESADDED", 1) {
            let entries = args.integer()?;
            added = Some(u64::try_from(entries).map_err(|_| Error::XSETID_ENTRIES_NEGATIVE)?);
        } else if args.word_with("MAXDELETEDID", 1) {
            let deleted = StreamId::parse(args.next()?, 0)?;
            if id < deleted {
                return Err(Error::XSETID_BELOW_GIVEN_DELETED);
            }
            max_deleted = Some(deleted);
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let stream = ctx.db.write::<Stream>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    if id < stream.max_deleted_id {
        return Err(Error::XSETID_BELOW_DELETED);
    }
    if !stream.is_empty() {
        if stream.last().is_some_and(|last| id < last.id) {
            return Err(Error::XSETID_SMALL);
        }
        if added.is_some_and(|added| added < stream.len() as u64) {
            return Err(Error::XSETID_ENTRIES_SMALL);
        }
    }
    stream.last_id = id;
    if let Some(added) = added {
        stream.entries_added = added;
    }
    if let Some(deleted) = max_deleted.filter(|&deleted| deleted != StreamId::MIN) {
        stream.max_deleted_id = deleted;
    }
    ctx.reply.ok();
    ctx.db.altered(key, Class::Stream, "xsetid");
    Ok(())
}
