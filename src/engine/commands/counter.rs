//! Strings as numbers.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::long_double::LongDouble;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::text::Text;
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
    Command::new("incrbyfloat", "key increment:double", incrbyfloat)
        .group(Group::String)
        .since("2.6.0")
        .summary("Adds a number with a fraction to the number at a key; a missing key counts as 0.")
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

fn incrbyfloat(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, number) = (args.next()?, args.next()?);
    let present = ctx.db.value_mut(key);
    let old = match &present {
        Some(value) => LongDouble::parse(&value.as_string().ok_or(Error::WRONG_TYPE)?),
        None => LongDouble::parse(b"0"),
    };
    let (old, number) = (old.ok_or(Error::NOT_A_FLOAT)?, LongDouble::parse(number).ok_or(Error::NOT_A_FLOAT)?);
    let sum = old.add(number).filter(|sum| sum.is_finite()).ok_or(Error::INCREMENT_NOT_FINITE)?.format();
    let value = Value::Text(Text::new(&sum));
    match present {
        Some(present) => *present = value,
        None => ctx.db.set(key, value),
    }
    ctx.db.changed(key, Class::String, "incrbyfloat");
    ctx.reply.bulk(sum);
    Ok(())
}
