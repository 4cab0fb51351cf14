//! Streams: making, moving and removing consumer groups and consumers.

use super::stream::new_stream;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group as CommandGroup, Keys};
use crate::types::Stream;
use crate::types::stream::{Group, StreamId, UNKNOWN};

pub(super) const COMMANDS: &[Command] = &[Command::container("xgroup", SUBCOMMANDS)
    .group(CommandGroup::Stream)
    .since("5.0.0")
    .summary("Commands about the consumer groups of a stream.")];

const SUBCOMMANDS: &[Command] = &[
    Command::sub(
        "xgroup|create",
        "key group <id-selector: id | new-id=$> [MKSTREAM] [ENTRIESREAD entriesread=entries-read:integer]",
        create,
    )
    .group(CommandGroup::Stream)
    .since("5.0.0")
    .summary("Makes a consumer group that reads from an id on.")
    .flags(&[Write, DenyOom])
    .keys(&[Keys::one(2, "RW insert")]),
    Command::sub("xgroup|createconsumer", "key group consumer", create_consumer)
        .group(CommandGroup::Stream)
        .since("6.2.0")
        .summary("Makes a consumer of a group.")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(2, "RW insert")]),
    Command::sub("xgroup|delconsumer", "key group consumer", delete_consumer)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Removes a consumer of a group, with all that is pending for it.")
        .flags(&[Write])
        .keys(&[Keys::one(2, "RW delete")]),
    Command::sub("xgroup|destroy", "key group", destroy)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Removes a consumer group.")
        .complexity("O(N) with N entries that are pending in the group")
        .flags(&[Write])
        .keys(&[Keys::one(2, "RW delete")]),
    Command::sub("xgroup|help", "", help)
        .group(CommandGroup::Stream)
        .since("5.0.0")
        .summary("Lists the subcommands.")
        .flags(&[Loading, Stale]),
    Command::sub(
        "xgroup|setid",
        "key group <id-selector: id | new-id=$> [ENTRIESREAD entriesread=entries-read:integer]",
        set_id,
    )
    .group(CommandGroup::Stream)
    .since("5.0.0")
    .summary("Lets a consumer group read on from another id.")
    .flags(&[Write])
    .keys(&[Keys::one(2, "RW update")]),
];

const HELP: &[&str] = &[
    "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
    "HELP",
    "    Print this help.",
];

fn help(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.help(HELP);
    Ok(())
}

/// What follows the id of CREATE and SETID: whether the stream is to be made, and how many entries the group has read.
fn options(args: &mut Args, may_create: bool) -> Result<(bool, i64), Error> {
    let (mut create, mut read) = (false, UNKNOWN);
    // As many words as there are options; which ones they are is not asked.
    let too_many = args.left() > if may_create { 3 } else { 2 };
    while args.left() > 0 {
        if may_create && args.word("MKSTREAM") {
            create = true;
        } else if args.word_with("ENTRIESREAD", 1) {
            read = args.integer()?;
            if read < UNKNOWN {
                return Err(Error::ENTRIESREAD_NEGATIVE);
            }
        } else {
            return Err(Error::subcommand_arguments("xgroup", args.at(1)));
        }
    }
    if too_many { Err(Error::subcommand_arguments("xgroup", args.at(1))) } else { Ok((create, read)) }
}

/// The id from which a group reads on.
fn position(stream: &Stream, id: &[u8]) -> Result<StreamId, Error> {
    if id == b"$" { Ok(stream.last_id) } else { StreamId::parse(id, 0) }
}

/// Nobody has read more entries than there were.
fn known_read(stream: &Stream, read: i64) -> i64 {
    read.min(i64::try_from(stream.entries_added).unwrap_or(i64::MAX))
}

fn create(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name, id) = (args.next()?, args.next()?, args.next()?);
    let (make, read) = options(args, true)?;
    if !ctx.db.check_type::<Stream>(key)? {
        if !make {
            return Err(Error::XGROUP_NO_KEY);
        }
        let empty = new_stream(ctx.db);
        position(&empty, id)?;
        *ctx.db.write_or_create::<Stream>(key)? = empty;
        ctx.db.touched(key);
    }
    let stream = ctx.db.write::<Stream>(key)?.ok_or(Error::XGROUP_NO_KEY)?;
    let group = Group::new(position(stream, id)?, known_read(stream, read));
    if !stream.add_group(name, group) {
        return Err(Error::BUSY_GROUP);
    }
    ctx.reply.ok();
    ctx.db.altered(key, Class::Stream, "xgroup-create");
    Ok(())
}

/// The group that a subcommand is about.
pub(super) fn group_at<'a>(ctx: &'a mut Ctx, key: &[u8], name: &[u8]) -> Result<&'a mut Group, Error> {
    let stream = ctx.db.write::<Stream>(key)?.ok_or(Error::XGROUP_NO_KEY)?;
    stream.group_mut(name).ok_or_else(|| Error::no_stream_group(name, key))
}

fn set_id(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name, id) = (args.next()?, args.next()?, args.next()?);
    let (_, read) = options(args, false)?;
    group_at(ctx, key, name)?;
    let stream = ctx.db.write::<Stream>(key)?.ok_or(Error::XGROUP_NO_KEY)?;
    let id = if id == b"$" { stream.last_id } else { StreamId::parse_bound(id, 0)? };
    let read = known_read(stream, read);
    if let Some(group) = stream.group_mut(name) {
        group.last_id = id;
        group.entries_read = read;
    }
    ctx.reply.ok();
    ctx.db.altered(key, Class::Stream, "xgroup-setid");
    Ok(())
}

fn destroy(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let stream = ctx.db.write::<Stream>(key)?.ok_or(Error::XGROUP_NO_KEY)?;
    let removed = stream.remove_group(name);
    ctx.reply.integer(i64::from(removed));
    if removed {
        ctx.db.altered(key, Class::Stream, "xgroup-destroy");
        // Whoever waits as a consumer of the group learns that it is gone.
        ctx.db.signal(key);
    }
    Ok(())
}

fn create_consumer(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name, consumer) = (args.next()?, args.next()?, args.next()?);
    let now = ctx.now.millis();
    let (_, created) = group_at(ctx, key, name)?.find_or_create_consumer(consumer, now);
    ctx.reply.integer(i64::from(created));
    if created {
        ctx.db.altered(key, Class::Stream, "xgroup-createconsumer");
    }
    Ok(())
}

fn delete_consumer(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name, consumer) = (args.next()?, args.next()?, args.next()?);
    let pending = group_at(ctx, key, name)?.delete_consumer(consumer);
    ctx.reply.integer(pending.unwrap_or(0) as i64);
    if pending.is_some() {
        ctx.db.altered(key, Class::Stream, "xgroup-delconsumer");
    }
    Ok(())
}
