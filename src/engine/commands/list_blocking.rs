//! Lists that one waits for: pops and moves that block until there is an element.

use super::list::{end_argument, move_element, pop_count, pop_first, take_one};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::End;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("blmove", "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> timeout", blmove)
        .group(Group::List)
        .since("6.2.0")
        .summary("Moves an element from an end of a list to an end of another, waiting for one if there is none.")
        .flags(&[Write, DenyOom, Blocking])
        .keys(&[Keys::one(1, "RW access delete"), Keys::one(2, "RW insert")]),
    Command::new("blmpop", "timeout numkeys key [key ...] <where: LEFT | RIGHT> [COUNT count]", blmpop)
        .group(Group::List)
        .since("7.0.0")
        .summary("Pops elements from the first list that has any, waiting if none has.")
        .complexity("O(N+M) with N keys and M elements")
        .flags(&[Write, Blocking, MovableKeys])
        .keys(&[Keys::counted(2, "RW access delete")]),
    Command::new("blpop", "key [key ...] timeout", blpop)
        .group(Group::List)
        .since("2.0.0")
        .summary("Pops the first element of the first list that has any, waiting if none has.")
        .complexity("O(N) with N keys")
        .flags(&[Write, Blocking])
        .keys(&[Keys::range(1, -2, 1, "RW access delete")]),
    Command::new("brpop", "key [key ...] timeout", brpop)
        .group(Group::List)
        .since("2.0.0")
        .summary("Pops the last element of the first list that has any, waiting if none has.")
        .complexity("O(N) with N keys")
        .flags(&[Write, Blocking])
        .keys(&[Keys::range(1, -2, 1, "RW access delete")]),
    Command::new("brpoplpush", "source destination timeout", brpoplpush)
        .group(Group::List)
        .since("2.2.0")
        .summary("The old form of BLMOVE source destination RIGHT LEFT.")
        .flags(&[Write, DenyOom, Blocking])
        .keys(&[Keys::one(1, "RW access delete"), Keys::one(2, "RW insert")])
        .deprecated("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments"),
];

fn blpop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    pop_or_wait(ctx, args, End::Left)
}

fn brpop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    pop_or_wait(ctx, args, End::Right)
}

fn pop_or_wait(ctx: &mut Ctx, args: &mut Args, end: End) -> Result<(), Error> {
    let keys = args.left() - 1;
    let names = args.rest().take(keys);
    args.seek(args.count() - 1);
    let deadline = args.timeout(ctx.now)?;
    for key in names.clone() {
        if take_one(ctx, key, end)? {
            return Ok(());
        }
    }
    ctx.wait_for(args, names, "list", deadline, |reply| reply.null_array());
    Ok(())
}

fn blmpop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    // The timeout stands first and is looked at last.
    let mut timeout = *args;
    args.next()?;
    let keys = args.counted_keys(Error::NUMKEYS_NOT_POSITIVE)?;
    let end = end_argument(args)?;
    let count = pop_count(args)?;
    let deadline = timeout.timeout(ctx.now)?;
    if !pop_first(ctx, keys.rest(), end, count)? {
        ctx.wait_for(args, keys.rest(), "list", deadline, |reply| reply.null_array());
    }
    Ok(())
}

fn blmove(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (source, target) = (args.next()?, args.next()?);
    let (from, to) = (end_argument(args)?, end_argument(args)?);
    move_or_wait(ctx, args, source, target, from, to)
}

fn brpoplpush(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (source, target) = (args.next()?, args.next()?);
    move_or_wait(ctx, args, source, target, End::Right, End::Left)
}

fn move_or_wait(ctx: &mut Ctx, args: &mut Args, source: &[u8], target: &[u8], from: End, to: End) -> Result<(), Error> {
    let deadline = args.timeout(ctx.now)?;
    match move_element(ctx.db, source, target, from, to)? {
        Some(element) => ctx.reply.bulk(&*element),
        None => ctx.wait_for(args, [source].into_iter(), "list", deadline, |reply| reply.null()),
    }
    Ok(())
}
