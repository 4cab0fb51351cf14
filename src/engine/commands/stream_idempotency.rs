//! Streams: settings and use of what keeps a message from being added twice.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::text::Text;
use crate::types::Stream;
use crate::types::stream::StreamId;
use alloc::vec::Vec;
use xxhash_rust::xxh3::xxh3_64;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "xcfgset",
        "key [idmp-duration-block: idmp-duration-token=IDMP-DURATION duration:integer] [idmp-maxsize-block: idmp-maxsize-token=IDMP-MAXSIZE maxsize:integer]",
        xcfgset,
    )
    .group(Group::Stream)
    .since("8.6.0")
    .summary("Sets for how long a stream remembers which messages it was given, and how many of each producer.")
    .flags(&[Write, Fast])
    .keys(&[Keys::one(1, "RW update")]),
    Command::new("xidmprecord", "key pid iid stream-id", xidmprecord)
        .group(Group::Stream)
        .since("8.6.2")
        .summary("Remembers that a producer's message is an entry that is there already; for the server's own use.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW update")]),
];

/// When marks that are too old were last forgotten: Redis looks for them once a second, and until then they count.
pub(super) fn last_tick(ctx: &Ctx) -> i64 {
    const SECOND: u64 = 1_000_000;
    let since = ctx.now.0.saturating_sub(ctx.server.started.0);
    (ctx.now.0 - since % SECOND) as i64 / 1000
}

/// The mark that IDMPAUTO gives a message for its fields and values, in whichever order the fields come.
pub(super) fn content_mark<'a>(mut parts: impl Iterator<Item = &'a [u8]>) -> Text {
    let (mut first, mut second) = (0u64, 0u64);
    let mut pair = Vec::new();
    while let (Some(field), Some(value)) = (parts.next(), parts.next()) {
        pair.clear();
        pair.extend_from_slice(&(field.len() as u64).to_le_bytes());
        pair.extend_from_slice(field);
        pair.extend_from_slice(value);
        first = first.wrapping_add(xxh3_64(&pair));
        pair.push(1);
        second = second.wrapping_add(xxh3_64(&pair));
    }
    Text::new(&[first.to_be_bytes(), second.to_be_bytes()].concat())
}

fn xcfgset(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    if !ctx.db.check_type::<Stream>(key)? {
        return Err(Error::NO_SUCH_KEY);
    }
    let (mut duration, mut maxsize) = (None, None);
    while args.left() > 0 {
        if args.word_with("IDMP-DURATION", 1) {
            if duration.is_some() {
                return Err(Error::IDMP_DURATION_TWICE);
            }
            duration = Some(args.integer()?);
            if !duration.is_some_and(|duration| (1..=86_400).contains(&duration)) {
                return Err(Error::IDMP_DURATION);
            }
        } else if args.word_with("IDMP-MAXSIZE", 1) {
            if maxsize.is_some() {
                return Err(Error::IDMP_MAXSIZE_TWICE);
            }
            maxsize = Some(args.integer()?);
            if !maxsize.is_some_and(|maxsize| (1..=10_000).contains(&maxsize)) {
                return Err(Error::IDMP_MAXSIZE);
            }
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if duration.is_none() && maxsize.is_none() {
        return Err(Error::XCFGSET_NOTHING);
    }
    let stream = ctx.db.write::<Stream>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    let marks = &mut stream.idempotency;
    let (duration, maxsize) = (duration.unwrap_or(marks.duration), maxsize.unwrap_or(marks.maxsize));
    if (duration, maxsize) != (marks.duration, marks.maxsize) {
        (marks.duration, marks.maxsize) = (duration, maxsize);
        marks.clear();
        ctx.db.effects.dirty += 1;
    }
    ctx.reply.ok();
    Ok(())
}

fn xidmprecord(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, producer, mark) = (args.next()?, args.next()?, args.next()?);
    let id = StreamId::parse(args.next()?, 0)?;
    if producer.is_empty() {
        return Err(Error::PRODUCER_EMPTY);
    }
    if mark.is_empty() {
        return Err(Error::IDEMPOTENT_ID_EMPTY);
    }
    let (now, ticked) = (ctx.now.millis(), last_tick(ctx));
    let stream = ctx.db.write::<Stream>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    stream.find(id).ok_or(Error::NO_SUCH_MESSAGE)?;
    stream.idempotency.expire(ticked);
    match stream.idempotency.find(producer, mark) {
        Some(known) if known != id => return Err(Error::IDEMPOTENT_ID_TAKEN),
        Some(_) => {}
        None => {
            stream.idempotency.remember(producer, mark, id, now);
            stream.idempotency.added += 1;
            ctx.db.effects.dirty += 1;
        }
    }
    ctx.reply.ok();
    Ok(())
}
