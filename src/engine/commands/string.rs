//! Strings and counters.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::value::Value;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("get", "key", get)
        .group(Group::String)
        .summary("Reads the string at a key.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("set", "key value", set)
        .group(Group::String)
        .summary("Stores a string at a key, whatever the key held before.")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW access update variable_flags")]),
];

fn get(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    match ctx.db.string(args.next()?)? {
        Some(value) => ctx.reply.bulk(&*value),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn set(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let value = args.next()?;
    args.end()?;
    ctx.db.set(key, Value::string(value));
    ctx.db.changed(key, Class::String, "set");
    ctx.reply.ok();
    Ok(())
}
