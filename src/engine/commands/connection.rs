//! Connections: greeting, naming, listing.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Command, Flag::*, Group};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("ping", "[message]", ping)
        .group(Group::Connection)
        .summary("Answers PONG, or the message, so that one can see whether the server is there.")
        .flags(&[Fast])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Command::new("echo", "message", echo)
        .group(Group::Connection)
        .summary("Gives the message back.")
        .flags(&[Loading, Stale, Fast]),
    Command::new("select", "index", select)
        .group(Group::Connection)
        .summary("Chooses the database that this connection works in.")
        .flags(&[Loading, Stale, Fast]),
];

fn ping(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.count() > 2 {
        return Err(Error::wrong_arguments("ping"));
    }
    match args.peek() {
        Some(message) => ctx.reply.bulk(message),
        None => ctx.reply.simple("PONG"),
    }
    Ok(())
}

fn echo(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    ctx.reply.bulk(args.next()?);
    Ok(())
}

fn select(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let index = args.database(ctx.db.databases())?;
    ctx.clients.current().database = index;
    ctx.db.selected = index;
    ctx.reply.ok();
    Ok(())
}
