//! Hashes.
//!
//! A field whose time is over is invisible to every reader; those that read single fields reclaim it on the way, as Redis does.

use super::draw::Draw;
use super::list::reply_element;
use super::scan::{ScanOptions, cursor, reply_page};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::long_double::LongDouble;
use crate::store::Store;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::{Deadline, Hash, HashLimits};
use alloc::vec::Vec;
use resp::Protocol;
use resp::number::{integer, parse_integer};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("hdel", "key field [field ...]", hdel)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Removes fields from a hash; with its last field the key goes.")
        .complexity("O(N) with N fields to remove")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new("hexists", "key field", hexists)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Says whether a hash has a field.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("hget", "key field", hget)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Reads the value of a field.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("hgetall", "key", hgetall)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Lists all fields of a hash with their values.")
        .complexity("O(N) with N fields")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output_order"]),
    Command::new("hincrby", "key field increment", hincrby)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Adds an integer to the number in a field; a missing field counts as 0.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
    Command::new("hincrbyfloat", "key field increment:double", hincrbyfloat)
        .group(Group::Hash)
        .since("2.6.0")
        .summary("Adds a floating-point number to the number in a field; a missing field counts as 0.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
    Command::new("hkeys", "key", hkeys)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Lists the names of all fields of a hash.")
        .complexity("O(N) with N fields")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output_order"]),
    Command::new("hlen", "key", hlen)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Says how many fields a hash has.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("hmget", "key field [field ...]", hmget)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Reads the values of several fields.")
        .complexity("O(N) with N fields to read")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("hmset", "key field value [field value ...]", hmset)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Sets several fields of a hash.")
        .complexity("O(N) with N fields to set")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW update")])
        .deprecated("4.0.0", "`HSET` with multiple field-value pairs"),
    Command::new("hrandfield", "key [options: count [WITHVALUES]]", hrandfield)
        .group(Group::Hash)
        .since("6.2.0")
        .summary("Shows one or more fields of a hash, drawn at random.")
        .complexity("O(N) with N fields shown")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output"]),
    Command::new("hscan", "key cursor [MATCH pattern] [COUNT count] [NOVALUES]", hscan)
        .group(Group::Hash)
        .since("2.8.0")
        .summary("Lists the fields of a hash page by page.")
        .complexity("O(1) a call, O(N) for all N fields")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output"]),
    Command::new("hset", "key field value [field value ...]", hset)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Sets fields of a hash and says how many of them are new.")
        .complexity("O(1) for each field")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("hsetnx", "key field value", hsetnx)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Sets a field only if the hash does not have it.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new("hstrlen", "key field", hstrlen)
        .group(Group::Hash)
        .since("3.2.0")
        .summary("Says how long the value of a field is, in bytes.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("hvals", "key", hvals)
        .group(Group::Hash)
        .since("2.0.0")
        .summary("Lists the values of all fields of a hash.")
        .complexity("O(N) with N fields")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output_order"]),
];

fn hset(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let added = set_fields(ctx, args)?;
    ctx.reply.integer(added as i64);
    Ok(())
}

fn hmset(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    set_fields(ctx, args)?;
    ctx.reply.ok();
    Ok(())
}

/// Sets `field value` pairs up to the end of the arguments, and says how many fields are new.
fn set_fields(ctx: &mut Ctx, args: &mut Args) -> Result<usize, Error> {
    let key = args.next()?;
    let count = args.left() / 2;
    if args.left() % 2 == 1 {
        return Err(Error::wrong_arguments(ctx.command.full_name));
    }
    let limits = HashLimits::of(ctx.db);
    let hash = ctx.db.write_or_create::<Hash>(key)?;
    let has_deadlines = hash.next_deadline().is_some();
    hash.expect(args.left() / 2, args.rest(), &limits);
    let mut added = 0;
    while args.left() > 0 {
        added += usize::from(hash.set(args.next()?, args.next()?, Deadline::Drop, &limits));
    }
    if has_deadlines {
        ctx.db.fields_changed(key);
    }
    ctx.db.changed_by(count, key, Class::Hash, "hset");
    Ok(added)
}

fn hsetnx(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name, value) = (args.next()?, args.next()?, args.next()?);
    ctx.db.check_type::<Hash>(key)?;
    reclaim(ctx.db, key, name);
    let limits = HashLimits::of(ctx.db);
    let hash = ctx.db.write_or_create::<Hash>(key)?;
    let is_new = hash.get(name).is_none();
    if is_new {
        hash.set(name, value, Deadline::Drop, &limits);
        ctx.db.changed(key, Class::Hash, "hset");
    }
    ctx.reply.integer(i64::from(is_new));
    Ok(())
}

/// Removes a field whose time is over.
pub(super) fn reclaim(db: &mut Store, key: &[u8], name: &[u8]) {
    let now = db.now.millis();
    if let Ok(Some(hash)) = db.peek_kind::<Hash>(key)
        && hash.get(name).is_some_and(|field| field.is_over(now))
        && let Ok(Some(hash)) = db.write::<Hash>(key)
    {
        hash.remove(name);
        db.fields_expired(key, 1);
    }
}

fn hget(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let now = ctx.now.millis();
    let field = ctx.db.read::<Hash>(key)?.and_then(|hash| hash.get(name));
    match field {
        Some(field) if !field.is_over(now) => reply_element(&mut ctx.reply, field.value),
        None => ctx.reply.null(),
        Some(_) => {
            ctx.reply.null();
            reclaim(ctx.db, key, name);
        }
    }
    Ok(())
}

fn hmget(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let now = ctx.now.millis();
    let hash = ctx.db.read::<Hash>(key)?;
    ctx.reply.array(args.left());
    let mut over: Vec<&[u8]> = Vec::new();
    for name in args.rest() {
        match hash.and_then(|hash| hash.get(name)) {
            Some(field) if !field.is_over(now) => reply_element(&mut ctx.reply, field.value),
            None => ctx.reply.null(),
            Some(_) => {
                ctx.reply.null();
                over.push(name);
            }
        }
    }
    reclaim_all(ctx.db, key, &over);
    Ok(())
}

/// Removes several fields whose time is over, with one event.
pub(super) fn reclaim_all(db: &mut Store, key: &[u8], names: &[&[u8]]) {
    if !names.is_empty()
        && let Ok(Some(hash)) = db.write::<Hash>(key)
    {
        let removed = names.iter().filter(|name| hash.remove(name)).count();
        db.fields_expired(key, removed);
    }
}

fn hexists(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let now = ctx.now.millis();
    let field = ctx.db.read::<Hash>(key)?.and_then(|hash| hash.get(name));
    let is_over = field.is_some_and(|field| field.is_over(now));
    ctx.reply.integer(i64::from(field.is_some() && !is_over));
    if is_over {
        reclaim(ctx.db, key, name);
    }
    Ok(())
}

fn hstrlen(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let now = ctx.now.millis();
    let field = ctx.db.read::<Hash>(key)?.and_then(|hash| hash.get(name));
    let is_over = field.is_some_and(|field| field.is_over(now));
    let len = field.filter(|_| !is_over).map_or(0, |field| field.value.text_len());
    ctx.reply.integer(len as i64);
    if is_over {
        reclaim(ctx.db, key, name);
    }
    Ok(())
}

fn hlen(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let len = ctx.db.read::<Hash>(args.next()?)?.map_or(0, Hash::len);
    ctx.reply.integer(len as i64);
    Ok(())
}

fn hdel(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let Some(hash) = ctx.db.write::<Hash>(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    let has_deadlines = hash.next_deadline().is_some();
    let removed = args.rest().filter(|name| hash.remove(name)).count();
    let is_empty = hash.is_empty();
    ctx.reply.integer(removed as i64);
    if removed > 0 {
        report_removed(ctx.db, key, removed, is_empty, has_deadlines);
    }
    Ok(())
}

/// Reports that fields were removed from a hash.
pub(super) fn report_removed(db: &mut Store, key: &[u8], count: usize, is_empty: bool, had_deadlines: bool) {
    if had_deadlines {
        db.fields_changed(key);
    }
    db.changed_by(count, key, Class::Hash, "hdel");
    if is_empty {
        db.remove_emptied(key);
    }
}

fn hgetall(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, true, true)
}

fn hkeys(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, true, false)
}

fn hvals(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, false, true)
}

fn list(ctx: &mut Ctx, args: &mut Args, names: bool, values: bool) -> Result<(), Error> {
    let now = ctx.now.millis();
    let hash = ctx.db.read::<Hash>(args.next()?)?;
    let mark = ctx.reply.mark();
    let mut count = 0;
    for field in hash.into_iter().flat_map(Hash::iter).filter(|field| !field.is_over(now)) {
        if names {
            reply_element(&mut ctx.reply, field.name);
        }
        if values {
            reply_element(&mut ctx.reply, field.value);
        }
        count += 1;
    }
    ctx.effort += count as u64;
    if names && values {
        ctx.reply.map_at(mark, count);
    } else {
        ctx.reply.array_at(mark, count);
    }
    Ok(())
}

fn hincrby(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let increment = args.integer()?;
    ctx.db.check_type::<Hash>(key)?;
    reclaim(ctx.db, key, name);
    let limits = HashLimits::of(ctx.db);
    let hash = ctx.db.peek_kind::<Hash>(key)?;
    let old = match hash.and_then(|hash| hash.get(name)) {
        None => 0,
        Some(field) => parse_integer(&field.value.text()).ok_or(Error::HASH_NOT_AN_INTEGER)?,
    };
    let new = old.checked_add(increment).ok_or(Error::OVERFLOW)?;
    let hash = ctx.db.write_or_create::<Hash>(key)?;
    hash.set(name, &integer(new), Deadline::Keep, &limits);
    ctx.reply.integer(new);
    ctx.db.changed(key, Class::Hash, "hincrby");
    Ok(())
}

fn hincrbyfloat(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let increment = LongDouble::parse(args.next()?).ok_or(Error::NOT_A_FLOAT)?;
    if !increment.is_finite() {
        return Err(Error::NAN_OR_INFINITY);
    }
    ctx.db.check_type::<Hash>(key)?;
    reclaim(ctx.db, key, name);
    let limits = HashLimits::of(ctx.db);
    let hash = ctx.db.peek_kind::<Hash>(key)?;
    let sum = match hash.and_then(|hash| hash.get(name)) {
        None => Some(increment),
        Some(field) => LongDouble::parse(&field.value.text()).ok_or(Error::HASH_NOT_A_FLOAT)?.add(increment),
    };
    let text = sum.filter(|sum| sum.is_finite()).ok_or(Error::INCREMENT_NOT_FINITE)?.format();
    let hash = ctx.db.write_or_create::<Hash>(key)?;
    hash.set(name, &text, Deadline::Keep, &limits);
    ctx.reply.bulk(&text);
    ctx.db.changed(key, Class::Hash, "hincrbyfloat");
    Ok(())
}

fn hrandfield(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let draw = Draw::read(args, "WITHVALUES")?;
    let now = ctx.now.millis();
    // All that is over goes first, so that only living fields are drawn.
    if let Some(hash) = ctx.db.read::<Hash>(key)?
        && hash.next_deadline().is_some_and(|deadline| deadline < now)
        && let Some(hash) = ctx.db.write::<Hash>(key)?
    {
        let expired = hash.expire(now, usize::MAX);
        ctx.db.fields_expired(key, expired);
    }
    let mut random = ctx.db.random.clone();
    let Some(hash) = ctx.db.peek_kind::<Hash>(key)? else {
        draw.reply_nothing(&mut ctx.reply);
        return Ok(());
    };
    let drawn = draw.positions(&mut random, hash.len())?;
    ctx.effort += drawn.len() as u64;
    let in_pairs = draw.with_values && ctx.reply.protocol == Protocol::Resp3;
    draw.begin(&mut ctx.reply, if draw.with_values && !in_pairs { drawn.len() * 2 } else { drawn.len() });
    for field in drawn.into_iter().filter_map(|position| hash.field(position)) {
        if in_pairs {
            ctx.reply.array(2);
        }
        reply_element(&mut ctx.reply, field.name);
        if draw.with_values {
            reply_element(&mut ctx.reply, field.value);
        }
    }
    ctx.db.random = random;
    Ok(())
}

fn hscan(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let cursor = cursor(args.next()?)?;
    let now = ctx.now.millis();
    let Some(hash) = ctx.db.read::<Hash>(key)? else {
        reply_page(&mut ctx.reply, 0, |_| 0);
        return Ok(());
    };
    let mut values = true;
    let options = ScanOptions::read(args, |args| {
        let names_only = args.word("NOVALUES");
        values &= !names_only;
        Ok(names_only)
    })?;
    let (next, page) = hash.scan(cursor, options.count);
    ctx.effort += page.len() as u64;
    reply_page(&mut ctx.reply, next, |reply| {
        let mut written = 0;
        for field in page.into_iter().filter(|field| !field.is_over(now) && options.wants(&field.name.text())) {
            reply_element(reply, field.name);
            if values {
                reply_element(reply, field.value);
            }
            written += 1 + usize::from(values);
        }
        written
    });
    Ok(())
}
