//! Lifetimes: giving, asking, taking away.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Keys};
use crate::ttl::Unit;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("expire", "key seconds [condition@7.0.0: NX | XX | GT | LT]", expire)
        .summary("Lets a key live for some seconds from now.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("expireat", "key unix-time-seconds [condition@7.0.0: NX | XX | GT | LT]", expireat)
        .since("1.2.0")
        .summary("Lets a key live until a Unix time in seconds.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("expiretime", "key", expiretime)
        .since("7.0.0")
        .summary("Says at which Unix time, in seconds, a key expires.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("persist", "key", persist)
        .since("2.2.0")
        .summary("Takes a key's time to live away, so that it stays.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("pexpire", "key milliseconds [condition@7.0.0: NX | XX | GT | LT]", pexpire)
        .since("2.6.0")
        .summary("Lets a key live for some milliseconds from now.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("pexpireat", "key unix-time-milliseconds [condition@7.0.0: NX | XX | GT | LT]", pexpireat)
        .since("2.6.0")
        .summary("Lets a key live until a Unix time in milliseconds.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("pexpiretime", "key", pexpiretime)
        .since("7.0.0")
        .summary("Says at which Unix time, in milliseconds, a key expires.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("pttl", "key", pttl)
        .since("2.6.0")
        .summary("Says how many milliseconds a key has left to live.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output"]),
    Command::new("ttl", "key", ttl)
        .summary("Says how many seconds a key has left to live.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output"]),
];

fn expire(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    set_lifetime(ctx, args, Unit::Seconds)
}

fn pexpire(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    set_lifetime(ctx, args, Unit::Milliseconds)
}

fn expireat(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    set_lifetime(ctx, args, Unit::UnixSeconds)
}

fn pexpireat(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    set_lifetime(ctx, args, Unit::UnixMilliseconds)
}

/// When a new deadline may replace the old one.
#[derive(Default)]
struct Rules {
    only_without: bool,
    only_with: bool,
    only_later: bool,
    only_sooner: bool,
}

impl Rules {
    fn read(args: &mut Args) -> Result<Rules, Error> {
        let mut rules = Rules::default();
        while args.left() > 0 {
            if args.word("NX") {
                rules.only_without = true;
            } else if args.word("XX") {
                rules.only_with = true;
            } else if args.word("GT") {
                rules.only_later = true;
            } else if args.word("LT") {
                rules.only_sooner = true;
            } else {
                return Err(Error::text(&[b"ERR Unsupported option ", args.next()?]));
            }
        }
        if rules.only_without && (rules.only_with || rules.only_later || rules.only_sooner) {
            return Err(Error::EXPIRE_NX_CLASH);
        }
        if rules.only_later && rules.only_sooner {
            return Err(Error::EXPIRE_GT_LT_CLASH);
        }
        Ok(rules)
    }

    /// No deadline counts as one that never comes.
    fn allow(&self, old: Option<i64>, new: i64) -> bool {
        !(self.only_without && old.is_some()
            || self.only_with && old.is_none()
            || self.only_later && old.is_none_or(|old| new <= old)
            || self.only_sooner && old.is_some_and(|old| new >= old))
    }
}

fn set_lifetime(ctx: &mut Ctx, args: &mut Args, unit: Unit) -> Result<(), Error> {
    let (key, number) = (args.next()?, args.next()?);
    let rules = Rules::read(args)?;
    let number = resp::number::parse_integer(number).ok_or(Error::NOT_AN_INTEGER)?;
    let deadline = unit.deadline(number, ctx.now).ok_or_else(|| Error::invalid_expire(ctx.command.name))?;
    let allowed = ctx.db.contains_to_write(key) && ctx.db.deadline(key).is_some_and(|old| rules.allow(old, deadline));
    if allowed && deadline <= ctx.now.millis() {
        ctx.db.remove(key);
        ctx.db.changed(key, Class::Generic, "del");
    } else if allowed {
        ctx.db.set_deadline(key, Some(deadline));
        ctx.db.changed(key, Class::Generic, "expire");
    }
    ctx.reply.integer(i64::from(allowed));
    Ok(())
}

fn persist(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let had_one = ctx.db.contains_to_write(key) && ctx.db.deadline(key).flatten().is_some();
    if had_one {
        ctx.db.set_deadline(key, None);
        ctx.db.changed(key, Class::Generic, "persist");
    }
    ctx.reply.integer(i64::from(had_one));
    Ok(())
}

fn ttl(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let now = ctx.now.millis();
    answer_deadline(ctx, args, |deadline| to_seconds(deadline.saturating_sub(now).max(0)))
}

fn pttl(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let now = ctx.now.millis();
    answer_deadline(ctx, args, |deadline| deadline.saturating_sub(now).max(0))
}

fn expiretime(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    answer_deadline(ctx, args, to_seconds)
}

fn pexpiretime(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    answer_deadline(ctx, args, |deadline| deadline)
}

/// Milliseconds as whole seconds, rounded half up.
fn to_seconds(milliseconds: i64) -> i64 {
    ((milliseconds as u64 + 500) / 1000) as i64
}

/// -2 for a key that is not there, -1 for one that stays.
fn answer_deadline(ctx: &mut Ctx, args: &mut Args, answer: impl Fn(i64) -> i64) -> Result<(), Error> {
    let key = args.next()?;
    let found = ctx.db.peek_counted(key).is_some();
    ctx.reply.integer(match ctx.db.deadline(key).filter(|_| found) {
        None => -2,
        Some(None) => -1,
        Some(Some(deadline)) => answer(deadline),
    });
    Ok(())
}
