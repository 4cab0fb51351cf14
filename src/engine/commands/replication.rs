//! Waiting for replicas, of which there are none yet: WAIT and WAITAOF wait for their time to be over. Commands of a cluster's
//! connections refuse, as they do on a server that is no part of one.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Category, Command, Flag::*, Group};
use resp::Writer;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("asking", "", refuse_without_cluster)
        .group(Group::Cluster)
        .since("3.0.0")
        .summary("Says that a redirection to a slot that is on its way was followed.")
        .flags(&[Fast])
        .categories(&[Category::Connection]),
    Command::new("readonly", "", refuse_without_cluster)
        .group(Group::Cluster)
        .since("3.0.0")
        .summary("Lets this connection read from a replica in a cluster.")
        .flags(&[Loading, Stale, Fast])
        .categories(&[Category::Connection]),
    Command::new("readwrite", "", refuse_without_cluster)
        .group(Group::Cluster)
        .since("3.0.0")
        .summary("Sends this connection's reads to the primary again.")
        .flags(&[Loading, Stale, Fast])
        .categories(&[Category::Connection]),
    Command::new("wait", "numreplicas:integer timeout:integer", wait)
        .since("3.0.0")
        .summary("Waits until so many replicas have acknowledged what this connection wrote, and says how many have.")
        .flags(&[Blocking])
        .outside_group()
        .categories(&[Category::Connection])
        .tips(&["request_policy:all_shards", "response_policy:agg_min"]),
    Command::new("waitaof", "numlocal:integer numreplicas:integer timeout:integer", waitaof)
        .since("7.2.0")
        .summary(
            "Waits until what this connection wrote is on disk, here and on so many replicas, and says on how many.",
        )
        .flags(&[Blocking])
        .outside_group()
        .categories(&[Category::Connection])
        .tips(&["request_policy:all_shards", "response_policy:agg_min"]),
];

fn refuse_without_cluster(_: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    Err(Error::CLUSTER_DISABLED)
}

/// When a wait of whole milliseconds ends; none: never.
fn deadline(ctx: &Ctx, timeout: &[u8]) -> Result<Option<i64>, Error> {
    match parse_integer(timeout).ok_or(Error::TIMEOUT_NOT_AN_INTEGER)? {
        0 => Ok(None),
        ..0 => Err(Error::TIMEOUT_NEGATIVE),
        timeout => ctx.now.millis().checked_add(timeout).map(Some).ok_or(Error::TIMEOUT_OUT_OF_RANGE),
    }
}

fn wait(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let replicas = args.integer()?;
    let deadline = deadline(ctx, args.next()?)?;
    if replicas <= 0 {
        nobody_acknowledged("wait", &mut ctx.reply);
    } else {
        ctx.wait_for(args, core::iter::empty(), "", deadline, |reply| nobody_acknowledged("wait", reply));
    }
    Ok(())
}

fn waitaof(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let local = args.integer()?;
    if !(0..=1).contains(&local) {
        return Err(Error::NOT_ZERO_OR_ONE);
    }
    let replicas = parse_integer(args.next()?).filter(|&replicas| replicas >= 0).ok_or(Error::MUST_BE_POSITIVE)?;
    let deadline = deadline(ctx, args.next()?)?;
    if local > 0 && ctx.server.settings.get("appendonly") == b"no" {
        return Err(Error::WAITAOF_WITHOUT_AOF);
    }
    if local == 0 && replicas == 0 {
        nobody_acknowledged("waitaof", &mut ctx.reply);
    } else {
        ctx.wait_for(args, core::iter::empty(), "", deadline, |reply| nobody_acknowledged("waitaof", reply));
    }
    Ok(())
}

/// What a wait that was for no key says when its time is over.
pub(crate) fn nobody_acknowledged(command: &str, reply: &mut Writer) {
    if command == "waitaof" {
        reply.array(2);
        reply.integer(0);
    }
    reply.integer(0);
}
