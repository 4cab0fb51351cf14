//! Sorted sets that one waits for.

use super::list::pop_count;
use super::zset::{highest_argument, pop_first, pop_one};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Command, Flag::*, Group, Keys};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("bzmpop", "timeout numkeys key [key ...] <where: MIN | MAX> [COUNT count]", bzmpop)
        .group(Group::SortedSet)
        .since("7.0.0")
        .summary("Pops members from the first sorted set that has any, waiting if none has.")
        .complexity("O(K) + O(M*log(N)) with K keys, N members in the set and M popped")
        .flags(&[Write, Blocking, MovableKeys])
        .keys(&[Keys::counted(2, "RW access delete")]),
    Command::new("bzpopmax", "key [key ...] timeout", bzpopmax)
        .group(Group::SortedSet)
        .since("5.0.0")
        .summary("Pops the member with the highest score from the first sorted set that has any, waiting if none has.")
        .complexity("O(log(N)) with N members")
        .flags(&[Write, Fast, Blocking])
        .keys(&[Keys::range(1, -2, 1, "RW access delete")]),
    Command::new("bzpopmin", "key [key ...] timeout", bzpopmin)
        .group(Group::SortedSet)
        .since("5.0.0")
        .summary("Pops the member with the lowest score from the first sorted set that has any, waiting if none has.")
        .complexity("O(log(N)) with N members")
        .flags(&[Write, Fast, Blocking])
        .keys(&[Keys::range(1, -2, 1, "RW access delete")]),
];

fn bzpopmin(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    pop_or_wait(ctx, args, false)
}

fn bzpopmax(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    pop_or_wait(ctx, args, true)
}

fn pop_or_wait(ctx: &mut Ctx, args: &mut Args, highest: bool) -> Result<(), Error> {
    let keys = args.rest().take(args.left() - 1);
    args.seek(args.count() - 1);
    let deadline = args.timeout(ctx.now)?;
    if !pop_one(ctx, keys.clone(), highest)? {
        ctx.wait_for(args, keys, "zset", deadline, |reply| reply.null_array());
    }
    Ok(())
}

fn bzmpop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    // The timeout stands first and is looked at last.
    let mut timeout = *args;
    args.next()?;
    let keys = args.counted_keys(Error::NUMKEYS_NOT_POSITIVE)?;
    let highest = highest_argument(args)?;
    let count = pop_count(args)?;
    let deadline = timeout.timeout(ctx.now)?;
    if !pop_first(ctx, keys.rest(), highest, count)? {
        ctx.wait_for(args, keys.rest(), "zset", deadline, |reply| reply.null_array());
    }
    Ok(())
}
