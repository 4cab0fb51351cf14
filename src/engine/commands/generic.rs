//! Keys, whatever they hold.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group, Keys};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("del", "key [key ...]", del)
        .summary("Deletes keys and says how many were there.")
        .complexity("O(N) with N keys; O(M) more for each key that holds M elements")
        .flags(&[Write])
        .keys(&[Keys::range(1, -1, 1, "RM delete")]),
    Command::new("exists", "key [key ...]", exists)
        .summary("Says how many of the keys are there; a key named twice counts twice.")
        .complexity("O(N) with N keys")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::range(1, -1, 1, "RO")]),
    Command::new("dbsize", "", dbsize)
        .group(Group::Server)
        .summary("Says how many keys the database holds.")
        .flags(&[ReadOnly, Fast]),
];

fn del(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut deleted = 0;
    for key in args.rest() {
        if ctx.db.remove(key).is_some() {
            ctx.db.changed(key, Class::Generic, "del");
            deleted += 1;
        }
    }
    ctx.reply.integer(deleted);
    Ok(())
}

fn exists(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let found = args.rest().filter(|key| ctx.db.value(key).is_some()).count();
    ctx.reply.integer(found as i64);
    Ok(())
}

fn dbsize(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.integer(ctx.db.keyspace(ctx.db.selected).len() as i64);
    Ok(())
}
