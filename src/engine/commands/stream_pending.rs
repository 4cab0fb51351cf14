//! Streams: what was delivered and not acknowledged, and how it changes hands.

use super::stream::{
    DELETED, NOT_THERE, STILL_REFERENCED, delete_entry, ids_and_condition, reply_entry, reply_none_there,
};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group as CommandGroup, Keys};
use crate::types::Stream;
use crate::types::stream::{Group, Pending, StreamId};
use alloc::vec::Vec;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("xack", "key group id [id ...]", xack)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Acknowledges entries: they are no longer pending in the group. Says how many were.")
        .complexity("O(1) for each entry")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("xackdel", "key group [condition: KEEPREF | DELREF | ACKED] IDS <numids id [id ...]>", xackdel)
        .group(CommandGroup::Stream)
        .since("8.2.0")
        .summary("Acknowledges entries and deletes them, and says what became of each.")
        .complexity("O(1) for each entry")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update delete")]),
    Command::new("xautoclaim", "key group consumer min-idle-time:string start:string [COUNT count] [JUSTID]", xautoclaim)
        .group(CommandGroup::Stream)
        .since("6.2.0")
        .summary("Hands over to a consumer what has been pending for too long, page by page.")
        .complexity("O(1) if COUNT is small")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW delete")])
        .tips(&["nondeterministic_output"]),
    Command::new(
        "xclaim",
        "key group consumer min-idle-time:string id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
        xclaim,
    )
    .group(CommandGroup::Stream)
    .since("5.0.0")
    .summary("Hands over to a consumer entries that are pending for another.")
    .complexity("O(log N) with N entries that are pending in the group")
    .flags(&[Write, Fast])
    .keys(&[Keys::one(1, "RW update")])
    .tips(&["nondeterministic_output"]),
    Command::new("xpending", "key group [filters: [IDLE min-idle-time@6.2.0] start:string end count [consumer]]", xpending)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Shows what is pending in a group, in sum or entry by entry.")
        .complexity("O(N) with N entries looked at; the sum is O(M) with M consumers")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output"]),
];

fn xack(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    // Looking for the group counts as reading.
    let group = if ctx.db.read::<Stream>(key)?.is_some() { ctx.db.write::<Stream>(key)? } else { None };
    let Some(group) = group.and_then(|stream| stream.group_mut(name)) else {
        ctx.reply.integer(0);
        return Ok(());
    };
    for id in args.rest() {
        StreamId::parse(id, 0)?;
    }
    let mut acknowledged = 0;
    for id in args.rest() {
        acknowledged += u64::from(group.remove(StreamId::parse(id, 0)?));
    }
    ctx.reply.integer(acknowledged as i64);
    ctx.db.effects.dirty += acknowledged;
    Ok(())
}

fn xackdel(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let there = ctx.db.read::<Stream>(key)?.is_some();
    let (ids, keep) = ids_and_condition(args)?;
    let stream = if there { ctx.db.write::<Stream>(key)? } else { None };
    let stream = stream.filter(|stream| stream.group(name).is_some());
    let Some(stream) = stream else {
        reply_none_there(&mut ctx.reply, ids.left());
        return Ok(());
    };
    for id in ids.rest() {
        StreamId::parse(id, 0)?;
    }
    ctx.reply.array(ids.left());
    let (mut acknowledged, mut deleted) = (0, 0);
    for id in ids.rest() {
        let id = StreamId::parse(id, 0)?;
        let was_pending = stream.group_mut(name).is_some_and(|group| group.remove(id));
        if !was_pending {
            ctx.reply.integer(NOT_THERE);
            continue;
        }
        acknowledged += 1;
        let outcome = delete_entry(stream, id, keep);
        deleted += usize::from(outcome == DELETED);
        // An entry that was gone before is settled too.
        ctx.reply.integer(if outcome == STILL_REFERENCED { outcome } else { DELETED });
    }
    ctx.db.effects.dirty += acknowledged;
    if deleted > 0 {
        ctx.db.changed_by(0, key, Class::Stream, "xdel");
    }
    Ok(())
}

// ---- XPENDING -------------------------------------------------------------------------------------------------------

fn xpending(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let in_sum = args.left() == 0;
    let mut least_idle = 0;
    let (mut range, mut count, mut consumer) = ((StreamId::MIN, StreamId::MAX), 0, None);
    if !in_sum {
        if args.left() < 3 || args.left() > 6 {
            return Err(Error::SYNTAX);
        }
        if args.word("IDLE") {
            least_idle = args.integer()?;
            if args.left() < 3 {
                return Err(Error::SYNTAX);
            }
        }
        let (start, end) = (args.next()?, args.next()?);
        count = usize::try_from(args.integer()?.max(0)).unwrap_or(usize::MAX);
        range = (StreamId::parse_start(start)?, StreamId::parse_end(end)?);
        if args.left() > 0 {
            consumer = Some(args.next()?);
        }
    }
    let group = ctx.db.read::<Stream>(key)?.and_then(|stream| stream.group(name));
    let group = group.ok_or_else(|| Error::no_key_or_group(key, name, ""))?;
    // What stands behind the consumer is not looked at.
    let reply = &mut ctx.reply;
    if in_sum {
        reply.array(4);
        reply.integer(group.pending_len() as i64);
        let (Some(first), Some(last)) = (group.pending_from(StreamId::MIN).next(), group.last_pending()) else {
            reply.null();
            reply.null();
            reply.null_array();
            return Ok(());
        };
        reply.bulk(first.id.text());
        reply.bulk(last.text());
        let mark = reply.mark();
        let mut busy = 0;
        for number in group.consumers() {
            let pending = group.consumer_len(number);
            if pending > 0 {
                reply.array(2);
                reply.bulk(group.consumer_name(number));
                reply.bulk_integer(pending as i64);
                busy += 1;
            }
        }
        reply.array_at(mark, busy);
        return Ok(());
    }
    let number = match consumer.map(|consumer| group.find_consumer(consumer)) {
        Some(None) => {
            reply.array(0);
            return Ok(());
        }
        Some(number) => number,
        None => None,
    };
    let now = ctx.now.millis();
    let mark = reply.mark();
    let mut shown = 0;
    let mut effort = 0;
    let mut show = |pending: Pending| {
        effort += 1;
        let idle = now.saturating_sub(pending.delivered);
        if pending.id > range.1 || shown == count {
            return false;
        }
        if idle >= least_idle {
            reply.array(4);
            reply.bulk(pending.id.text());
            reply.bulk(group.consumer_name(pending.consumer));
            reply.integer(idle.max(0));
            reply.integer(pending.count as i64);
            shown += 1;
        }
        true
    };
    match number {
        Some(number) => {
            group.of_consumer(number, range.0).all(|id| group.pending(id).is_none_or(&mut show));
        }
        None => {
            group.pending_from(range.0).all(show);
        }
    }
    reply.array_at(mark, shown);
    ctx.effort += effort;
    Ok(())
}

// ---- XCLAIM and XAUTOCLAIM ------------------------------------------------------------------------------------------

/// The consumer that claims, made if need be, and seen now.
pub(super) fn claiming_consumer(ctx: &mut Ctx, key: &[u8], group: &[u8], consumer: &[u8]) -> Result<u32, Error> {
    let now = ctx.now.millis();
    let found = ctx.db.write::<Stream>(key)?.and_then(|stream| stream.group_mut(group));
    let group = found.ok_or(Error::NO_SUCH_KEY)?;
    let (number, created) = group.find_or_create_consumer(consumer, now);
    if let Some(consumer) = group.consumer_mut(number) {
        consumer.seen = now;
    }
    if created {
        ctx.db.altered(key, Class::Stream, "xgroup-createconsumer");
    }
    Ok(number)
}

pub(super) fn mark_active(group: &mut Group, consumer: u32, now: i64) {
    if let Some(consumer) = group.consumer_mut(consumer) {
        consumer.active = now;
    }
}

struct ClaimOptions {
    /// What the time of the last delivery becomes; none is now.
    delivered: Option<i64>,
    count: Option<u64>,
    force: bool,
    just_ids: bool,
    last_id: StreamId,
}

fn claim_options(args: &mut Args, now: i64) -> Result<ClaimOptions, Error> {
    let mut options =
        ClaimOptions { delivered: None, count: None, force: false, just_ids: false, last_id: StreamId::MIN };
    let number = |args: &mut Args, name: &str| {
        parse_integer(args.next()?).ok_or_else(|| Error::invalid_claim_argument(name, "XCLAIM"))
    };
    while let Some(word) = args.peek() {
        if args.word("FORCE") {
            options.force = true;
        } else if args.word("JUSTID") {
            options.just_ids = true;
        } else if args.word_with("IDLE", 1) {
            options.delivered = Some(now.saturating_sub(number(args, "IDLE option")?));
        } else if args.word_with("TIME", 1) {
            options.delivered = Some(number(args, "TIME option")?);
        } else if args.word_with("RETRYCOUNT", 1) {
            options.count = u64::try_from(number(args, "RETRYCOUNT option")?).ok();
        } else if args.word_with("LASTID", 1) {
            options.last_id = StreamId::parse(args.next()?, 0)?;
        } else {
            return Err(Error::text(&[b"ERR Unrecognized XCLAIM option '", word, b"'"]));
        }
    }
    Ok(options)
}

fn xclaim(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name, consumer) = (args.next()?, args.next()?, args.next()?);
    let now = ctx.now.millis();
    let group = ctx.db.read::<Stream>(key)?.and_then(|stream| stream.group(name));
    group.ok_or_else(|| Error::no_key_or_group(key, name, ""))?;
    let least_idle = parse_integer(args.next()?);
    let least_idle = least_idle.ok_or_else(|| Error::invalid_claim_argument("min-idle-time", "XCLAIM"))?.max(0);
    let ids = args.rest().map_while(|id| StreamId::parse(id, 0).ok());
    let count = ids.clone().count();
    args.seek(args.position() + count);
    let options = claim_options(args, now)?;
    // Nothing was delivered in the future, or before time began.
    let delivered = options.delivered.filter(|&time| time >= 0 && time <= now).unwrap_or(now);
    let number = claiming_consumer(ctx, key, name, consumer)?;
    let Some(stream) = ctx.db.write::<Stream>(key)? else { return Ok(()) };
    let mut dirty = 0;
    if let Some(group) = stream.group_mut(name)
        && options.last_id > group.last_id
    {
        group.last_id = options.last_id;
        dirty += 1;
    }
    let mark = ctx.reply.mark();
    let mut claimed = 0;
    for id in ids {
        let pending = stream.group(name).and_then(|group| group.pending(id));
        if stream.find(id).is_none() {
            // What is gone cannot be worked on: it is no longer pending.
            if pending.is_some()
                && let Some(group) = stream.group_mut(name)
            {
                group.remove(id);
                dirty += 1;
            }
            continue;
        }
        let pending = match pending {
            Some(pending) if now.saturating_sub(pending.delivered) < least_idle => continue,
            Some(pending) => pending,
            // It counts as delivered once before it is claimed.
            None if options.force => Pending { id, consumer: number, delivered, count: 1 },
            None => continue,
        };
        let count = options.count.unwrap_or(pending.count + u64::from(!options.just_ids));
        if let Some(group) = stream.group_mut(name) {
            group.set(Pending { consumer: number, delivered, count, ..pending });
            mark_active(group, number, now);
        }
        match stream.find(id) {
            Some(entry) if !options.just_ids => reply_entry(&mut ctx.reply, &entry),
            _ => ctx.reply.bulk(id.text()),
        }
        claimed += 1;
        dirty += 1;
    }
    ctx.reply.array_at(mark, claimed);
    ctx.db.effects.dirty += dirty;
    Ok(())
}

/// How many pending entries XAUTOCLAIM looks at for each that it may claim.
const ATTEMPTS: usize = 10;

fn xautoclaim(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name, consumer) = (args.next()?, args.next()?, args.next()?);
    let now = ctx.now.millis();
    // The key is looked up before the arguments are read, its type looked at afterwards.
    ctx.db.value(key);
    let least_idle = parse_integer(args.next()?);
    let least_idle = least_idle.ok_or_else(|| Error::invalid_claim_argument("min-idle-time", "XAUTOCLAIM"))?.max(0);
    let start = StreamId::parse_start(args.next()?)?;
    let (mut count, mut just_ids) = (100, false);
    while args.left() > 0 {
        if args.word_with("COUNT", 1) {
            let most = i64::MAX / ATTEMPTS as i64;
            let wanted = parse_integer(args.next()?).filter(|count| (1..=most).contains(count));
            count = usize::try_from(wanted.ok_or(Error::XAUTOCLAIM_COUNT)?).unwrap_or(usize::MAX);
        } else if args.word("JUSTID") {
            just_ids = true;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let group = ctx.db.peek_kind::<Stream>(key)?.and_then(|stream| stream.group(name));
    group.ok_or_else(|| Error::no_key_or_group(key, name, ""))?;
    let number = claiming_consumer(ctx, key, name, consumer)?;
    let Some(stream) = ctx.db.write::<Stream>(key)? else { return Ok(()) };
    let Some(group) = stream.group(name) else { return Ok(()) };

    let mut pending = group.pending_from(start);
    let (mut claimed, mut deleted): (Vec<Pending>, Vec<StreamId>) = (Vec::new(), Vec::new());
    let mut attempts = count.saturating_mul(ATTEMPTS);
    let mut next = pending.next();
    while let Some(found) = next
        && attempts > 0
        && claimed.len() + deleted.len() < count
    {
        attempts -= 1;
        next = pending.next();
        if stream.find(found.id).is_none() {
            deleted.push(found.id);
        } else if now.saturating_sub(found.delivered) >= least_idle {
            let count = found.count + u64::from(!just_ids);
            claimed.push(Pending { consumer: number, delivered: now, count, ..found });
        }
    }
    let cursor = next.map_or(StreamId::MIN, |pending| pending.id);
    drop(pending);

    ctx.reply.array(3);
    ctx.reply.bulk(cursor.text());
    ctx.reply.array(claimed.len());
    for pending in &claimed {
        match stream.find(pending.id) {
            Some(entry) if !just_ids => reply_entry(&mut ctx.reply, &entry),
            _ => ctx.reply.bulk(pending.id.text()),
        }
    }
    ctx.reply.array(deleted.len());
    for id in &deleted {
        ctx.reply.bulk(id.text());
    }
    ctx.db.effects.dirty += (claimed.len() + deleted.len()) as u64;
    let Some(group) = ctx.db.write::<Stream>(key)?.and_then(|stream| stream.group_mut(name)) else { return Ok(()) };
    if !claimed.is_empty() {
        mark_active(group, number, now);
    }
    for pending in claimed {
        group.set(pending);
    }
    for id in deleted {
        group.remove(id);
    }
    Ok(())
}
