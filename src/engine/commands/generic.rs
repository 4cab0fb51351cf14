//! Keys, whatever they hold: deleting, renaming, copying, moving.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Keys};
use crate::value::Value;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("copy", "source destination [DB destination-db] [REPLACE]", copy)
        .since("6.2.0")
        .summary("Copies a key's value, and its time to live, to another key.")
        .complexity("O(N) with N nested elements; O(1) for strings")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RO access"), Keys::one(2, "OW update")]),
    Command::new("del", "key [key ...]", del)
        .summary("Deletes keys and says how many were there.")
        .complexity("O(N) with N keys; O(M) more for each key that holds M elements")
        .flags(&[Write])
        .keys(&[Keys::range(1, -1, 1, "RM delete")])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"]),
    Command::new("exists", "key [key ...]", exists)
        .summary("Says how many of the keys are there; a key named twice counts twice.")
        .complexity("O(N) with N keys")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::range(1, -1, 1, "RO")])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"]),
    Command::new("move", "key db", move_key)
        .summary("Moves a key to another database.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
    Command::new("rename", "key newkey", rename)
        .summary("Gives a key another name, replacing whatever had that name.")
        .flags(&[Write])
        .keys(&[Keys::one(1, "RW access delete"), Keys::one(2, "OW update")]),
    Command::new("renamenx", "key newkey", renamenx)
        .summary("Gives a key another name, unless that name is taken.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete"), Keys::one(2, "OW insert")]),
    Command::new("touch", "key [key ...]", touch)
        .since("3.2.1")
        .summary("Counts as an access to the keys and says how many are there.")
        .complexity("O(N) with N keys")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::range(1, -1, 1, "RO")])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"]),
    Command::new("type", "key", type_of)
        .summary("Says which type of value a key holds.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("unlink", "key [key ...]", del)
        .since("4.0.0")
        .summary("Deletes keys; the memory is given back in the background.")
        .complexity("O(1) a key; the rest is done in another thread")
        .flags(&[Write, Fast])
        .keys(&[Keys::range(1, -1, 1, "RM delete")])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"]),
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
    let found = args.rest().filter(|key| ctx.db.peek_counted(key).is_some()).count();
    ctx.reply.integer(found as i64);
    Ok(())
}

fn touch(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let found = args.rest().filter(|key| ctx.db.value(key).is_some()).count();
    ctx.reply.integer(found as i64);
    Ok(())
}

fn type_of(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    ctx.reply.simple(ctx.db.peek_counted(args.next()?).map_or("none", |value| value.type_name()));
    Ok(())
}

fn rename(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (from, to) = (args.next()?, args.next()?);
    if !ctx.db.contains(from) {
        return Err(Error::NO_SUCH_KEY);
    }
    rename_existing(ctx, from, to);
    ctx.reply.ok();
    Ok(())
}

fn renamenx(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (from, to) = (args.next()?, args.next()?);
    if !ctx.db.contains_to_write(from) {
        return Err(Error::NO_SUCH_KEY);
    }
    let free = from != to && !ctx.db.contains_to_write(to);
    if free {
        rename_existing(ctx, from, to);
    }
    ctx.reply.integer(i64::from(free));
    Ok(())
}

fn rename_existing(ctx: &mut Ctx, from: &[u8], to: &[u8]) {
    if from == to {
        return;
    }
    let deadline = ctx.db.deadline(from).flatten();
    let Some(mut value) = ctx.db.remove(from) else { return };
    value.leave(from);
    let before = ctx.db.remove(to).map(|value| value.type_name());
    let after = value.type_name();
    ctx.db.set(to, value);
    ctx.db.set_deadline(to, deadline);
    ctx.db.touched(from);
    ctx.db.touched(to);
    ctx.db.altered(from, Class::Generic, "rename_from");
    ctx.db.notify(Class::Generic, "rename_to", to);
    if let Some(before) = before {
        ctx.db.overwritten(to, before, after);
    }
}

fn move_key(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, target) = (args.next()?, args.database(ctx.db.databases())?);
    if target == ctx.db.selected {
        return Err(Error::SAME_OBJECT);
    }
    let moved = ctx.db.contains(key) && !ctx.db.in_database(target, |db| db.contains(key));
    if moved {
        let deadline = ctx.db.deadline(key).flatten();
        if let Some(value) = ctx.db.remove(key) {
            ctx.db.in_database(target, |db| {
                db.set(key, value);
                db.set_deadline(key, deadline);
                db.touched(key);
            });
        }
        ctx.db.changed(key, Class::Generic, "move_from");
        ctx.db.in_database(target, |db| db.notify(Class::Generic, "move_to", key));
    }
    ctx.reply.integer(i64::from(moved));
    Ok(())
}

fn copy(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (from, to) = (args.next()?, args.next()?);
    let mut target = ctx.db.selected;
    let mut replace = false;
    while args.left() > 0 {
        if args.word("REPLACE") {
            replace = true;
        } else if args.word_with("DB", 1) {
            target = args.database(ctx.db.databases())?;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if from == to && target == ctx.db.selected {
        return Err(Error::SAME_OBJECT);
    }
    let deadline = ctx.db.deadline(from).flatten();
    let Some(mut value) = ctx.db.value(from).map(Value::copy) else {
        ctx.reply.integer(0);
        return Ok(());
    };
    value.leave(from);
    let is_taken = ctx.db.in_database(target, |db| db.contains(to) && !replace);
    if !is_taken && matches!(value, Value::VectorSet(_)) {
        return Err(Error::NO_COPY_OF_MODULE_KEY);
    }
    let copied = ctx.db.in_database(target, |db| {
        if is_taken {
            return false;
        }
        let before = db.remove(to).map(|value| value.type_name());
        let after = value.type_name();
        db.set(to, value);
        db.set_deadline(to, deadline);
        db.changed(to, Class::Generic, "copy_to");
        if let Some(before) = before {
            db.overwritten(to, before, after);
        }
        true
    });
    ctx.reply.integer(i64::from(copied));
    Ok(())
}
