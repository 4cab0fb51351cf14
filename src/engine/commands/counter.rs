//! Strings as numbers.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::value::Value;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("decr", "key", decr)
        .group(Group::String)
        .summary("Takes 1 off the integer at a key; a missing key counts as 0.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
    Command::new("decrby", "key decrement", decrby)
        .group(Group::String)
        .summary("Takes a number off the integer at a key; a missing key counts as 0.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
    Command::new("incr", "key", incr)
        .group(Group::String)
        .summary("Adds 1 to the integer at a key; a missing key counts as 0.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
    Command::new("incrby", "key increment", incrby)
        .group(Group::String)
        .summary("Adds a number to the integer at a key; a missing key counts as 0.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
];

fn incr(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    add(ctx, args.next()?, 1)
}

fn decr(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    add(ctx, args.next()?, -1)
}

fn incrby(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, number) = (args.next()?, args.integer()?);
    add(ctx, key, number)
}

fn decrby(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, number) = (args.next()?, args.integer()?);
    add(ctx, key, number.checked_neg().ok_or(Error::DECREMENT_OVERFLOW)?)
}

fn add(ctx: &mut Ctx, key: &[u8], number: i64) -> Result<(), Error> {
    let sum = match ctx.db.value_mut(key) {
        Some(Value::Int(old)) => {
            *old = old.checked_add(number).ok_or(Error::OVERFLOW)?;
            *old
        }
        Some(value) => {
            let old = parse_integer(&value.as_string().ok_or(Error::WRONG_TYPE)?).ok_or(Error::NOT_AN_INTEGER)?;
            let sum = old.checked_add(number).ok_or(Error::OVERFLOW)?;
            *value = Value::Int(sum);
            sum
        }
        None => {
            ctx.db.set(key, Value::Int(number));
            number
        }
    };
    ctx.db.changed(key, Class::String, "incrby");
    ctx.reply.integer(sum);
    Ok(())
}
