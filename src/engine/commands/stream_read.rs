//! Streams: XREAD and XREADGROUP.
//!
//! A client that waits runs its request again when one of its streams has something new. What `$` and `+` meant when it began
//! to wait must stay so, therefore the request that is kept has ids in their place. A consumer's wait also ends when its stream
//! or group is gone, with the error that it gets then; and with CLAIM, when something has been pending for long enough.

use super::stream::{reply_entry, reply_id_and_pairs};
use super::stream_pending::{claiming_consumer, mark_active};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::request::Request;
use crate::table::{Command, Flag::*, Group as CommandGroup, Keys};
use crate::text::Text;
use crate::types::Stream;
use crate::types::stream::{Pending, StreamId};
use alloc::vec::Vec;
use resp::Protocol;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("xread", "[COUNT count] [BLOCK milliseconds:integer] <streams: STREAMS key [key ...] id [id ...]>", xread)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Reads what one or more streams have behind an id, waiting if there is nothing and BLOCK is given.")
        .flags(&[Blocking, ReadOnly, MovableKeys])
        .keys(&[Keys::streams(1, "RO access")]),
    Command::new(
        "xreadgroup",
        "<group-block: GROUP group consumer> [COUNT count] [BLOCK milliseconds:integer] [CLAIM min-idle-time:integer] [NOACK] <streams: STREAMS key [key ...] id [id ...]>",
        xreadgroup,
    )
    .group(CommandGroup::Stream)
    .since("5.0.0")
    .summary("Reads as a consumer of a group: what nobody of it has read yet, or what is pending for the consumer.")
    .complexity("O(M) with M entries read")
    .flags(&[Blocking, Write, MovableKeys])
    .keys(&[Keys::streams(4, "RO access")]),
];

#[derive(Default)]
struct Options<'a> {
    count: Option<usize>,
    /// Whether to wait, and until when (in milliseconds since the epoch; none: for ever).
    waits: bool,
    deadline: Option<i64>,
    group: Option<(&'a [u8], &'a [u8])>,
    no_ack: bool,
    claim: Option<i64>,
}

/// From where a stream is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Behind(StreamId),
    /// `+`: only the last entry.
    Last,
    /// `>`: what nobody of the group has read.
    Undelivered,
    /// What is pending for the consumer behind an id.
    History(StreamId),
}

fn xread(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    read(ctx, args, false)
}

fn xreadgroup(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    read(ctx, args, true)
}

fn options<'a>(ctx: &Ctx, args: &mut Args<'a>, grouped: bool) -> Result<Options<'a>, Error> {
    let mut options = Options::default();
    loop {
        if args.word_with("BLOCK", 1) {
            let wait = parse_integer(args.next()?).ok_or(Error::TIMEOUT_NOT_AN_INTEGER)?;
            if wait < 0 {
                return Err(Error::TIMEOUT_NEGATIVE);
            }
            let deadline = ctx.now.millis().checked_add(wait).ok_or(Error::TIMEOUT_OUT_OF_RANGE)?;
            options.waits = true;
            options.deadline = (wait > 0).then_some(deadline);
        } else if args.word_with("COUNT", 1) {
            options.count = usize::try_from(args.integer()?).ok().filter(|&count| count > 0);
        } else if args.word_with("STREAMS", 1) {
            return Ok(options);
        } else if args.word_with("GROUP", 2) {
            if !grouped {
                return Err(Error::only_in_xreadgroup("GROUP"));
            }
            options.group = Some((args.next()?, args.next()?));
        } else if args.word("NOACK") {
            if !grouped {
                return Err(Error::only_in_xreadgroup("NOACK"));
            }
            options.no_ack = true;
        } else if args.word_with("CLAIM", 1) {
            if !grouped {
                return Err(Error::only_in_xreadgroup("CLAIM"));
            }
            let idle = parse_integer(args.next()?).ok_or(Error::MIN_IDLE_NOT_AN_INTEGER)?;
            if idle < 0 {
                return Err(Error::MIN_IDLE_NEGATIVE);
            }
            options.claim = Some(idle);
        } else {
            return Err(Error::SYNTAX);
        }
    }
}

fn read(ctx: &mut Ctx, args: &mut Args, grouped: bool) -> Result<(), Error> {
    let mut options = options(ctx, args, grouped)?;
    let words = args.left();
    if !words.is_multiple_of(2) {
        return Err(if grouped { Error::XREADGROUP_UNBALANCED } else { Error::XREAD_UNBALANCED });
    }
    if grouped && options.group.is_none() {
        return Err(Error::XREADGROUP_NO_GROUP);
    }
    let (names, ids) = (args.rest().take(words / 2), args.rest().skip(words / 2));
    let mut positions = Vec::new();
    for (key, id) in names.clone().zip(ids.clone()) {
        positions.push(position(ctx, key, id, options.group)?);
    }

    let mark = ctx.reply.mark();
    let mut served = 0;
    for (key, &from) in names.clone().zip(&positions) {
        let start = ctx.reply.mark();
        if ctx.reply.protocol == Protocol::Resp2 {
            ctx.reply.array(2);
        }
        ctx.reply.bulk(key);
        let found = match options.group {
            Some(group) => {
                if matches!(from, From::History(_)) {
                    // Redis claims nothing of the streams behind one whose history is read.
                    options.claim = None;
                }
                read_as_consumer(ctx, key, from, group, &options)?
            }
            None => read_entries(ctx, key, from, options.count)?,
        };
        if found {
            served += 1;
        } else {
            ctx.reply.rewind(start);
        }
    }
    if served > 0 {
        if ctx.reply.protocol == Protocol::Resp2 {
            ctx.reply.array_at(mark, served);
        } else {
            ctx.reply.map_at(mark, served);
        }
        return Ok(());
    }
    if !options.waits {
        ctx.reply.null_array();
        return Ok(());
    }
    if let (Some((group, _)), Some(idle)) = (options.group, options.claim) {
        ctx.wakes_at = next_claim(ctx, names.clone(), group, idle)?;
    }
    let request = resolved(ctx, args, words / 2, &positions);
    ctx.wait_with(request, names, "stream", grouped, options.deadline, |reply| reply.null_array());
    Ok(())
}

/// From where `key` is to be read; `id` as it was written.
fn position(ctx: &mut Ctx, key: &[u8], id: &[u8], group: Option<(&[u8], &[u8])>) -> Result<From, Error> {
    let stream = ctx.db.read::<Stream>(key)?;
    if let Some((name, _)) = group
        && stream.is_none_or(|stream| stream.group(name).is_none())
    {
        return Err(Error::no_key_or_group(key, name, " in XREADGROUP with GROUP option"));
    }
    match (id, group) {
        (b"$", Some(_)) => Err(Error::XREADGROUP_DOLLAR),
        (b"+", Some(_)) => Err(Error::XREADGROUP_PLUS),
        (b">", Some(_)) => Ok(From::Undelivered),
        (_, Some(_)) => StreamId::parse(id, 0).map(From::History),
        (b">", None) => Err(Error::XREAD_GREATER),
        (b"$", None) => Ok(From::Behind(stream.map_or(StreamId::MIN, |stream| stream.last_id))),
        (b"+", None) => match stream {
            // Of a stream that is not there yet it will be the last entry, too, when it comes with several.
            None => Ok(From::Last),
            Some(stream) if !stream.is_empty() => Ok(From::Last),
            Some(stream) => Ok(From::Behind(stream.last_id)),
        },
        (_, None) => StreamId::parse(id, 0).map(From::Behind),
    }
}

/// XREAD's part for one stream; false when there is nothing.
fn read_entries(ctx: &mut Ctx, key: &[u8], from: From, count: Option<usize>) -> Result<bool, Error> {
    let Some(stream) = ctx.db.read::<Stream>(key)? else { return Ok(false) };
    let mark = ctx.reply.mark();
    let mut shown = 0;
    match from {
        From::Behind(id) => {
            let Some(start) = id.next() else { return Ok(false) };
            for entry in stream.range(start, StreamId::MAX).take(count.unwrap_or(usize::MAX)) {
                reply_entry(&mut ctx.reply, &entry);
                shown += 1;
            }
        }
        _ => {
            if let Some(entry) = stream.last() {
                reply_entry(&mut ctx.reply, &entry);
                shown = 1;
            }
        }
    }
    ctx.effort += shown as u64;
    ctx.reply.array_at(mark, shown);
    Ok(shown > 0)
}

/// XREADGROUP's part for one stream; false when there is nothing new.
fn read_as_consumer(
    ctx: &mut Ctx,
    key: &[u8],
    from: From,
    (name, consumer): (&[u8], &[u8]),
    options: &Options,
) -> Result<bool, Error> {
    let number = claiming_consumer(ctx, key, name, consumer)?;
    match from {
        From::History(id) => {
            read_history(ctx, key, name, number, id, options.count)?;
            Ok(true)
        }
        _ => read_undelivered(ctx, key, name, number, options),
    }
}

/// What is pending for a consumer behind an id, delivered once more.
fn read_history(
    ctx: &mut Ctx,
    key: &[u8],
    name: &[u8],
    number: u32,
    id: StreamId,
    count: Option<usize>,
) -> Result<(), Error> {
    let now = ctx.now.millis();
    let Some(stream) = ctx.db.write::<Stream>(key)? else { return Ok(()) };
    let Some(group) = stream.group(name) else { return Ok(()) };
    let pending: Vec<Pending> = match id.next() {
        Some(start) => {
            let ids = group.of_consumer(number, start).take(count.unwrap_or(usize::MAX));
            ids.filter_map(|id| group.pending(id)).collect()
        }
        None => Vec::new(),
    };
    ctx.effort += pending.len() as u64;
    ctx.reply.array(pending.len());
    let mut again = Vec::new();
    for pending in pending {
        match stream.find(pending.id) {
            Some(entry) => {
                reply_entry(&mut ctx.reply, &entry);
                again.push(Pending { delivered: now, count: pending.count.wrapping_add(1), ..pending });
            }
            None => {
                ctx.reply.array(2);
                ctx.reply.bulk(pending.id.text());
                ctx.reply.null_array();
            }
        }
    }
    if let Some(group) = stream.group_mut(name) {
        for pending in again {
            group.set(pending);
        }
    }
    Ok(())
}

/// What has been pending for long enough, if that is wanted, and then what nobody of the group has read.
fn read_undelivered(ctx: &mut Ctx, key: &[u8], name: &[u8], number: u32, options: &Options) -> Result<bool, Error> {
    let now = ctx.now.millis();
    let Some(stream) = ctx.db.write::<Stream>(key)? else { return Ok(false) };
    let Some(group) = stream.group(name) else { return Ok(false) };
    let most = options.count.unwrap_or(usize::MAX);
    let mark = ctx.reply.mark();

    let mut claimed = Vec::new();
    if let Some(idle) = options.claim {
        for (delivered, id) in group.by_time() {
            if claimed.len() == most || now.saturating_sub(delivered) < idle {
                break;
            }
            let (Some(entry), Some(pending)) = (stream.find(id), group.pending(id)) else { continue };
            ctx.reply.array(4);
            reply_id_and_pairs(&mut ctx.reply, &entry);
            ctx.reply.integer(now.saturating_sub(delivered).max(0));
            ctx.reply.integer(pending.count as i64);
            claimed.push(Pending { consumer: number, delivered: now, count: pending.count.wrapping_add(1), ..pending });
        }
    }

    let mut fresh = Vec::new();
    if let Some(start) = group.last_id.next() {
        for entry in stream.range(start, StreamId::MAX).take(most - claimed.len()) {
            ctx.reply.array(if options.claim.is_some() { 4 } else { 2 });
            reply_id_and_pairs(&mut ctx.reply, &entry);
            if options.claim.is_some() {
                ctx.reply.integer(0);
                ctx.reply.integer(0);
            }
            fresh.push(entry.id);
        }
    }

    let shown = claimed.len() + fresh.len();
    ctx.effort += shown as u64;
    ctx.reply.array_at(mark, shown);
    if shown == 0 {
        return Ok(false);
    }
    // How far a group has read depends on each entry in turn.
    let (mut last_id, mut entries_read) = (group.last_id, group.entries_read);
    for &id in &fresh {
        entries_read = stream.read_on(last_id, entries_read, id);
        last_id = id;
    }
    if let Some(group) = stream.group_mut(name) {
        (group.last_id, group.entries_read) = (last_id, entries_read);
        if !claimed.is_empty() || !options.no_ack {
            mark_active(group, number, now);
        }
        for pending in claimed {
            group.set(pending);
        }
        if !options.no_ack {
            for id in fresh {
                group.set(Pending { id, consumer: number, delivered: now, count: 1 });
            }
        }
    }
    ctx.db.effects.dirty += 1;
    Ok(true)
}

/// When the first of what is pending will have been so for `idle` milliseconds.
fn next_claim<'k>(
    ctx: &mut Ctx,
    keys: impl Iterator<Item = &'k [u8]>,
    group: &[u8],
    idle: i64,
) -> Result<Option<i64>, Error> {
    let mut earliest: Option<i64> = None;
    for key in keys {
        let Some(stream) = ctx.db.peek_kind::<Stream>(key)? else { continue };
        let Some(group) = stream.group(group) else { continue };
        // What was deleted from the stream stays pending, but nobody can claim it.
        let first = group.by_time().find(|&(_, id)| stream.find(id).is_some());
        if let Some((delivered, _)) = first {
            let due = delivered.saturating_add(idle);
            earliest = Some(earliest.map_or(due, |earliest| earliest.min(due)));
        }
    }
    Ok(earliest)
}

/// The request to run again: ids that mean "from now on" as what they mean now.
fn resolved(ctx: &Ctx, args: &Args, streams: usize, positions: &[From]) -> Request {
    let first_id = args.position() + streams;
    let words: Vec<Text> = args
        .all()
        .enumerate()
        .map(|(at, word)| match at.checked_sub(first_id).and_then(|at| positions.get(at)) {
            Some(&From::Behind(id)) => id.into(),
            _ => Text::new(word),
        })
        .collect();
    Request::of(ctx.command, words.iter().map(|word| &**word))
}
