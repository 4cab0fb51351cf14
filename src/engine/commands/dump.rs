//! Values as bytes: DUMP and RESTORE.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::evict::Measure;
use crate::rdb::{self, RestoreError};
use crate::table::{Command, Flag::*, Keys};
use crate::types::VectorSet;
use crate::value::Kind;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("dump", "key", dump)
        .since("2.6.0")
        .summary("Gives a key's value as bytes that RESTORE takes, here or on another server.")
        .complexity("O(1) to find the key, O(N) with a value of N bytes to write it")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output"]),
    Command::new(
        "restore",
        "key ttl serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds@5.0.0] [FREQ frequency@5.0.0]",
        restore,
    )
    .since("2.6.0")
    .summary("Makes a key from what DUMP gave.")
    .complexity("O(N) with a payload of N bytes; O(N*log(N)) for a sorted set of N members")
    .flags(&[Write, DenyOom])
    .keys(&[Keys::one(1, "OW update")])
    .categories(&[crate::table::Category::Dangerous]),
];

fn dump(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    match ctx.db.value(args.next()?) {
        Some(value) => ctx.reply.bulk(rdb::dump(value)),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn restore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, ttl, payload) = (args.next()?, args.next()?, args.next()?);
    let (mut replace, mut absolute) = (false, false);
    let (mut idle, mut frequency) = (None, None);
    while args.left() > 0 {
        if args.word("replace") {
            replace = true;
        } else if args.word("absttl") {
            absolute = true;
        } else if frequency.is_none() && args.word_with("idletime", 1) {
            idle = Some(args.integer()?);
            if idle.is_some_and(|idle| idle < 0) {
                return Err(Error::RESTORE_IDLETIME);
            }
        } else if idle.is_none() && args.word_with("freq", 1) {
            frequency = Some(args.integer()?);
            if frequency.is_some_and(|frequency| !(0..=255).contains(&frequency)) {
                return Err(Error::RESTORE_FREQ);
            }
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if !replace && ctx.db.contains_to_write(key) {
        return Err(Error::BUSY_KEY);
    }
    let ttl = resp::number::parse_integer(ttl).ok_or(Error::NOT_AN_INTEGER)?;
    if ttl < 0 {
        return Err(Error::RESTORE_TTL);
    }
    let mut value = rdb::restore(payload, ctx.db).map_err(|error| match error {
        RestoreError::Checksum => Error::RESTORE_CHECKSUM,
        RestoreError::Format => Error::RESTORE_FORMAT,
    })?;
    if let Some(set) = VectorSet::of_mut(&mut value) {
        set.uid = ctx.db.vector_sets;
        ctx.db.vector_sets += 1;
    }
    let deadline = match ttl {
        0 => None,
        ttl if absolute => Some(ttl),
        ttl => Some(ttl.saturating_add(ctx.now.millis())),
    };
    let replaced = if replace { ctx.db.remove(key) } else { None };
    if deadline.is_some_and(|deadline| deadline <= ctx.now.millis()) {
        if replaced.is_some() {
            ctx.db.changed(key, Class::Generic, "del");
        }
        ctx.reply.ok();
        return Ok(());
    }
    let types = replaced.map(|before| (before.type_name(), value.type_name()));
    ctx.db.set(key, value);
    ctx.db.set_deadline(key, deadline);
    let counts = ctx.db.policy.measure == Measure::Lfu;
    if let Some(idle) = idle.filter(|_| !counts) {
        ctx.db.set_idle(key, idle);
    }
    if let Some(counter) = frequency.filter(|_| counts) {
        ctx.db.set_frequency(key, counter as u32);
    }
    ctx.db.changed(key, Class::Generic, "restore");
    if let Some((before, after)) = types {
        ctx.db.overwritten(key, before, after);
    }
    ctx.reply.ok();
    Ok(())
}
