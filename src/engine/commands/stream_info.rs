//! Streams: XINFO.

use super::stream::reply_entry;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Command, Flag::*, Group as CommandGroup, Keys};
use crate::types::Stream;
use crate::types::stream::{Group, StreamId, UNKNOWN};
use resp::Writer;

pub(super) const COMMANDS: &[Command] = &[Command::container("xinfo", SUBCOMMANDS)
    .group(CommandGroup::Stream)
    .since("5.0.0")
    .summary("Commands that look into a stream.")];

const SUBCOMMANDS: &[Command] = &[
    Command::sub("xinfo|consumers", "key group", consumers)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Lists the consumers of a group.")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(2, "RO access")])
        .tips(&["nondeterministic_output"]),
    Command::sub("xinfo|groups", "key", groups)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Lists the consumer groups of a stream.")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(2, "RO access")]),
    Command::sub("xinfo|help", "", help)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Lists the subcommands.")
        .flags(&[Loading, Stale]),
    Command::sub("xinfo|stream", "key [full-block: full=FULL [COUNT count]]", stream)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Shows what there is to know of a stream.")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(2, "RO access")]),
];

const HELP: &[&str] = &[
    "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
    "HELP",
    "    Print this help.",
];

fn help(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.help(HELP);
    Ok(())
}

fn consumers(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let now = ctx.now.millis();
    let stream = ctx.db.read::<Stream>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    let group = stream.group(name).ok_or_else(|| Error::no_stream_group(name, key))?;
    let reply = &mut ctx.reply;
    reply.array(group.consumers().len());
    for number in group.consumers() {
        let Some(consumer) = group.consumer(number) else { continue };
        reply.map(4);
        reply.bulk("name");
        reply.bulk(&consumer.name);
        reply.bulk("pending");
        reply.integer(group.consumer_len(number) as i64);
        reply.bulk("idle");
        reply.integer(now.saturating_sub(consumer.seen).max(0));
        reply.bulk("inactive");
        reply.integer(if consumer.active < 0 { -1 } else { now.saturating_sub(consumer.active).max(0) });
    }
    Ok(())
}

fn groups(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let stream = ctx.db.read::<Stream>(args.next()?)?.ok_or(Error::NO_SUCH_KEY)?;
    let reply = &mut ctx.reply;
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(6);
        reply.bulk("name");
        reply.bulk(name);
        reply.bulk("consumers");
        reply.integer(group.consumers().len() as i64);
        reply.bulk("pending");
        reply.integer(group.pending_len() as i64);
        reply_progress(reply, stream, group);
    }
    Ok(())
}

/// How far a group has read, and how far it is behind.
fn reply_progress(reply: &mut Writer, stream: &Stream, group: &Group) {
    reply.bulk("last-delivered-id");
    reply.bulk(group.last_id.text());
    reply.bulk("entries-read");
    match group.entries_read {
        UNKNOWN => reply.null(),
        read => reply.integer(read),
    }
    reply.bulk("lag");
    match stream.lag(group) {
        Some(lag) => reply.integer(lag),
        None => reply.null(),
    }
}

fn stream(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    ctx.db.read::<Stream>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    let full = args.left() > 0;
    let mut most = 10;
    if full {
        let fits = args.word("FULL") && matches!(args.left(), 0 | 2);
        if !fits || args.left() > 0 && !args.word("COUNT") {
            return Err(Error::subcommand_arguments("xinfo", args.at(1)));
        }
        if args.left() > 0 {
            let count = args.integer()?;
            most = match usize::try_from(count) {
                Ok(0) => usize::MAX,
                Ok(count) => count,
                Err(_) => 10,
            };
        }
    }
    let tick = super::stream_idempotency::last_tick(ctx);
    let stream = ctx.db.read::<Stream>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    let reply = &mut ctx.reply;
    reply.map(if full { 15 } else { 16 });
    let mut number = |name: &str, number: i64| {
        reply.bulk(name);
        reply.integer(number);
    };
    number("length", stream.len() as i64);
    number("radix-tree-keys", stream.nodes().len() as i64);
    number("radix-tree-nodes", stream.radix_tree().nodes as i64);
    for (name, id) in [("last-generated-id", stream.last_id), ("max-deleted-entry-id", stream.max_deleted_id)] {
        reply.bulk(name);
        reply.bulk(id.text());
    }
    reply.bulk("entries-added");
    reply.integer(stream.entries_added as i64);
    reply.bulk("recorded-first-entry-id");
    reply.bulk(stream.first_id.text());
    let marks = &stream.idempotency;
    let (producers, remembered) = marks.counts(tick);
    for (name, number) in [
        ("idmp-duration", marks.duration),
        ("idmp-maxsize", marks.maxsize),
        ("pids-tracked", producers as i64),
        ("iids-tracked", remembered as i64),
        ("iids-added", marks.added as i64),
        ("iids-duplicates", marks.duplicates as i64),
    ] {
        reply.bulk(name);
        reply.integer(number);
    }
    ctx.effort += stream.nodes().len() as u64;
    if full {
        reply_in_full(reply, stream, most);
        return Ok(());
    }
    reply.bulk("groups");
    reply.integer(stream.groups().len() as i64);
    for (name, entry) in [("first-entry", stream.first()), ("last-entry", stream.last())] {
        reply.bulk(name);
        match entry {
            Some(entry) => reply_entry(reply, &entry),
            None => reply.null(),
        }
    }
    Ok(())
}

/// Entries, groups, consumers and what is pending for them, at most so many of each.
fn reply_in_full(reply: &mut Writer, stream: &Stream, most: usize) {
    reply.bulk("entries");
    reply.array(stream.len().min(most));
    for entry in stream.range(StreamId::MIN, StreamId::MAX).take(most) {
        reply_entry(reply, &entry);
    }
    reply.bulk("groups");
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(7);
        reply.bulk("name");
        reply.bulk(name);
        reply_progress(reply, stream, group);
        reply.bulk("pel-count");
        reply.integer(group.pending_len() as i64);
        reply.bulk("pending");
        reply.array(group.pending_len().min(most));
        for pending in group.pending_from(StreamId::MIN).take(most) {
            reply.array(4);
            reply.bulk(pending.id.text());
            reply.bulk(group.consumer_name(pending.consumer));
            reply.integer(pending.delivered);
            reply.integer(pending.count as i64);
        }
        reply.bulk("consumers");
        reply.array(group.consumers().len());
        for number in group.consumers() {
            let Some(consumer) = group.consumer(number) else { continue };
            let pending = group.consumer_len(number);
            reply.map(5);
            reply.bulk("name");
            reply.bulk(&consumer.name);
            reply.bulk("seen-time");
            reply.integer(consumer.seen);
            reply.bulk("active-time");
            reply.integer(consumer.active);
            reply.bulk("pel-count");
            reply.integer(pending as i64);
            reply.bulk("pending");
            reply.array(pending.min(most));
            for pending in group.of_consumer(number, StreamId::MIN).take(most).filter_map(|id| group.pending(id)) {
                reply.array(3);
                reply.bulk(pending.id.text());
                reply.integer(pending.delivered);
                reply.integer(pending.count as i64);
            }
        }
    }
}
