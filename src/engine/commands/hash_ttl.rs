//! Fields of hashes that live for a limited time.
//!
//! Redis' words for this family are its own: each command reads its options in its own order and complains in its own way.

use super::hash::{reclaim_all, report_removed};
use super::list::reply_element;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::ttl::Unit;
use crate::types::{Deadline, Hash, HashLimits};
use alloc::vec::Vec;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "hexpire",
        "key seconds [condition: NX | XX | GT | LT] <FIELDS numfields field [field ...]>",
        hexpire,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Gives fields of a hash a time to live in seconds.")
        .complexity("O(N) with N fields")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new(
        "hexpireat",
        "key unix-time-seconds [condition: NX | XX | GT | LT] <FIELDS numfields field [field ...]>",
        hexpireat,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Lets fields of a hash expire at a Unix time in seconds.")
        .complexity("O(N) with N fields")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new(
        "hexpiretime",
        "key <FIELDS numfields field [field ...]>",
        hexpiretime,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Tells the Unix time in seconds at which fields of a hash expire.")
        .complexity("O(N) with N fields")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "hpersist",
        "key <FIELDS numfields field [field ...]>",
        hpersist,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Takes the time to live off fields of a hash.")
        .complexity("O(N) with N fields")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new(
        "hpexpire",
        "key milliseconds [condition: NX | XX | GT | LT] <FIELDS numfields field [field ...]>",
        hpexpire,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Gives fields of a hash a time to live in milliseconds.")
        .complexity("O(N) with N fields")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new(
        "hpexpireat",
        "key unix-time-milliseconds [condition: NX | XX | GT | LT] <FIELDS numfields field [field ...]>",
        hpexpireat,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Lets fields of a hash expire at a Unix time in milliseconds.")
        .complexity("O(N) with N fields")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new(
        "hpexpiretime",
        "key <FIELDS numfields field [field ...]>",
        hpexpiretime,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Tells the Unix time in milliseconds at which fields of a hash expire.")
        .complexity("O(N) with N fields")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "hpttl",
        "key <FIELDS numfields field [field ...]>",
        hpttl,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Tells how many milliseconds fields of a hash still live.")
        .complexity("O(N) with N fields")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]).tips(&["nondeterministic_output"]),
    Command::new(
        "httl",
        "key <FIELDS numfields field [field ...]>",
        httl,
    )
        .group(Group::Hash)
        .since("7.4.0")
        .summary("Tells how many seconds fields of a hash still live.")
        .complexity("O(N) with N fields")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]).tips(&["nondeterministic_output"]),
    Command::new(
        "hgetdel",
        "key <FIELDS numfields field [field ...]>",
        hgetdel,
    )
        .group(Group::Hash)
        .since("8.0.0")
        .summary("Reads fields of a hash and removes them.")
        .complexity("O(N) with N fields")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete")]),
    Command::new(
        "hgetex",
        "key [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] <FIELDS numfields field [field ...]>",
        hgetex,
    )
        .group(Group::Hash)
        .since("8.0.0")
        .summary("Reads fields of a hash and gives them a new time to live, or none.")
        .complexity("O(N) with N fields")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
    Command::new(
        "hsetex",
        "key [condition: FNX | FXX] [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] <FIELDS numfields field value [field value ...]>",
        hsetex,
    )
        .group(Group::Hash)
        .since("8.0.0")
        .summary("Sets fields of a hash together with their time to live.")
        .complexity("O(N) with N fields")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW update")]),
];

/// The latest deadline that a field can have, in milliseconds since the epoch: 46 bits.
const LATEST: i64 = (1 << 46) - 1;

/// The deadline that a number of `unit` means; negative numbers and those beyond the latest deadline are errors.
fn deadline(ctx: &Ctx, unit: Unit, number: &[u8]) -> Result<i64, Error> {
    let number = parse_integer(number).ok_or(Error::NOT_AN_INTEGER)?;
    if number < 0 {
        return Err(Error::FIELD_EXPIRE_NEGATIVE);
    }
    let deadline = unit.deadline(number, ctx.now).filter(|&deadline| deadline <= LATEST);
    deadline.ok_or_else(|| Error::invalid_expire(ctx.command.full_name))
}

/// When a deadline may be set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    None,
    Other,
    Later,
    Earlier,
}

impl Condition {
    fn read(args: &mut Args) -> Option<Condition> {
        for (word, condition) in
            [("NX", Condition::None), ("XX", Condition::Other), ("GT", Condition::Later), ("LT", Condition::Earlier)]
        {
            if args.word(word) {
                return Some(condition);
            }
        }
        None
    }

    fn allows(self, old: Option<i64>, new: i64) -> bool {
        match self {
            Condition::None => old.is_none(),
            Condition::Other => old.is_some(),
            Condition::Later => old.is_some_and(|old| new > old),
            Condition::Earlier => old.is_none_or(|old| new < old),
        }
    }
}

fn hexpire(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    expire(ctx, args, Unit::Seconds)
}

fn hpexpire(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    expire(ctx, args, Unit::Milliseconds)
}

fn hexpireat(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    expire(ctx, args, Unit::UnixSeconds)
}

fn hpexpireat(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    expire(ctx, args, Unit::UnixMilliseconds)
}

fn expire(ctx: &mut Ctx, args: &mut Args, unit: Unit) -> Result<(), Error> {
    let key = args.next()?;
    ctx.db.check_type::<Hash>(key)?;
    let deadline = deadline(ctx, unit, args.next()?)?;
    let mut condition = None;
    let mut contradicts = false;
    let mut names = None;
    while args.left() > 0 {
        if let Some(word) = Condition::read(args) {
            contradicts |= condition.is_some_and(|before| before != word);
            condition = Some(word);
        } else if args.word("FIELDS") {
            if names.is_some() {
                return Err(Error::FIELDS_TWICE);
            }
            if args.left() < 2 {
                return Err(Error::FIELDS_INCOMPLETE);
            }
            names = Some(args.fields(1, Error::NUM_FIELDS_NOT_POSITIVE)?);
        } else {
            return Err(Error::unknown_argument(args.next()?));
        }
    }
    let names = names.ok_or(Error::FIELDS_MISSING)?;
    if contradicts {
        return Err(Error::CONDITIONS_CONTRADICT);
    }
    let now = ctx.now.millis();
    ctx.reply.array(names.left());
    let Some(hash) = ctx.db.write::<Hash>(key)? else {
        for _ in names.rest() {
            ctx.reply.integer(-2);
        }
        return Ok(());
    };
    hash.make_volatile();
    let had_deadlines = hash.next_deadline().is_some();
    let mut changed = 0;
    for name in names.rest() {
        let result = match hash.get(name) {
            None => -2,
            Some(field) if condition.is_some_and(|condition| !condition.allows(field.deadline, deadline)) => 0,
            Some(_) if deadline <= now => {
                hash.remove(name);
                2
            }
            Some(_) => {
                hash.set_deadline(name, Some(deadline));
                1
            }
        };
        changed += usize::from(result > 0);
        ctx.reply.integer(result);
    }
    let is_empty = hash.is_empty();
    if changed == 0 {
        return Ok(());
    }
    if deadline <= now {
        report_removed(ctx.db, key, changed, is_empty, had_deadlines);
    } else {
        ctx.db.fields_changed(key);
        ctx.db.changed_by(changed, key, Class::Hash, "hexpire");
    }
    Ok(())
}

/// `FIELDS numfields field …` where it must stand and nothing may follow.
fn fixed_fields<'a>(args: &mut Args<'a>) -> Result<Args<'a>, Error> {
    if !args.word("FIELDS") {
        return Err(Error::FIELDS_NOT_HERE);
    }
    let count = parse_integer(args.next()?).filter(|&count| count > 0).ok_or(Error::NUMBER_OF_FIELDS)?;
    if usize::try_from(count) != Ok(args.left()) {
        return Err(Error::NUMFIELDS_MISMATCH);
    }
    Ok(*args)
}

fn httl(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    tell(ctx, args, |deadline, now| (deadline - now + 999) / 1000)
}

fn hpttl(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    tell(ctx, args, |deadline, now| deadline - now)
}

fn hexpiretime(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    tell(ctx, args, |deadline, _| (deadline + 999) / 1000)
}

fn hpexpiretime(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    tell(ctx, args, |deadline, _| deadline)
}

/// Replies what `convert` makes of each field's deadline and the time; -1 where there is none, -2 where there is no field.
fn tell(ctx: &mut Ctx, args: &mut Args, convert: fn(i64, i64) -> i64) -> Result<(), Error> {
    let now = ctx.now.millis();
    let hash = ctx.db.read::<Hash>(args.next()?)?;
    let names = fixed_fields(args)?;
    ctx.reply.array(names.left());
    for name in names.rest() {
        let field = hash.and_then(|hash| hash.get(name)).filter(|field| !field.is_over(now));
        ctx.reply.integer(match field.map(|field| field.deadline) {
            None => -2,
            Some(None) => -1,
            Some(Some(deadline)) => convert(deadline, now),
        });
    }
    Ok(())
}

fn hpersist(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let now = ctx.now.millis();
    ctx.db.check_type::<Hash>(key)?;
    let names = fixed_fields(args)?;
    ctx.reply.array(names.left());
    let Some(hash) = ctx.db.write::<Hash>(key)? else {
        for _ in names.rest() {
            ctx.reply.integer(-2);
        }
        return Ok(());
    };
    let mut changed = 0;
    for name in names.rest() {
        let result = match hash.get(name).filter(|field| !field.is_over(now)) {
            None => -2,
            Some(field) if field.deadline.is_none() => -1,
            Some(_) => {
                hash.set_deadline(name, None);
                changed += 1;
                1
            }
        };
        ctx.reply.integer(result);
    }
    if changed > 0 {
        ctx.db.fields_changed(key);
        // However many fields there were, Redis counts one change.
        ctx.db.changed(key, Class::Hash, "hpersist");
    }
    Ok(())
}

fn hgetdel(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let now = ctx.now.millis();
    ctx.db.check_type::<Hash>(key)?;
    let names = fixed_fields(args)?;
    ctx.reply.array(names.left());
    let Some(hash) = ctx.db.write::<Hash>(key)? else {
        for _ in names.rest() {
            ctx.reply.null();
        }
        return Ok(());
    };
    let had_deadlines = hash.next_deadline().is_some();
    let (mut removed, mut expired) = (0, 0);
    for name in names.rest() {
        match hash.get(name) {
            None => ctx.reply.null(),
            Some(field) if field.is_over(now) => {
                ctx.reply.null();
                hash.remove(name);
                expired += 1;
            }
            Some(field) => {
                reply_element(&mut ctx.reply, field.value);
                hash.remove(name);
                removed += 1;
            }
        }
    }
    let is_empty = hash.is_empty();
    if expired > 0 {
        ctx.db.fields_expired(key, expired);
    }
    if removed > 0 {
        report_removed(ctx.db, key, removed, is_empty, had_deadlines);
    }
    Ok(())
}

/// What HGETEX and HSETEX do to the deadlines of the fields they name.
#[derive(Clone, Copy)]
enum Change {
    Nothing,
    Keep,
    Persist,
    Set(i64),
}

/// The options of HGETEX and HSETEX as they were written.
struct Options<'a> {
    change: Change,
    /// FXX or FNX.
    must_exist: Option<bool>,
    /// The fields, or fields and values.
    names: Args<'a>,
}

/// Reads the options. Both commands read all of them and refuse those of the other one only at the end; `width` words stand for
/// each field.
fn options<'a>(ctx: &Ctx, args: &mut Args<'a>, width: usize) -> Result<Options<'a>, Error> {
    let units = [
        ("EX", Unit::Seconds),
        ("PX", Unit::Milliseconds),
        ("EXAT", Unit::UnixSeconds),
        ("PXAT", Unit::UnixMilliseconds),
    ];
    let sets = width == 2;
    let mut change = None;
    // Either of these may stand with the other, one of which will turn out to be another command's.
    let (mut persists, mut keeps) = (false, false);
    let mut must_exist = None;
    let mut names = None;
    while args.left() > 0 {
        if args.word("FIELDS") {
            if names.is_some() {
                return Err(Error::FIELDS_TWICE);
            }
            if args.left() == 0 {
                return Err(Error::wrong_arguments(ctx.command.full_name));
            }
            names = Some(args.fields(width, Error::INVALID_NUMBER_OF_FIELDS)?);
            continue;
        }
        let unit = units.iter().find(|(word, _)| args.word(word)).map(|&(_, unit)| unit);
        let persist = unit.is_none() && args.word("PERSIST");
        if unit.is_some() || persist || args.word("KEEPTTL") {
            let clashes = match unit {
                Some(_) => persists || keeps,
                None if persist => persists,
                None => keeps,
            };
            if clashes || change.is_some() {
                return Err(if sets { Error::EXPIRE_OR_KEEPTTL_TWICE } else { Error::EXPIRE_OR_PERSIST_TWICE });
            }
            match unit {
                Some(_) if args.left() == 0 => return Err(Error::EXPIRE_TIME_MISSING),
                Some(unit) => change = Some(Change::Set(deadline(ctx, unit, args.next()?)?)),
                None if persist => persists = true,
                None => keeps = true,
            }
            continue;
        }
        let exists = args.word("FXX");
        if !exists && !args.word("FNX") {
            return Err(Error::unknown_argument(args.next()?));
        }
        if must_exist.replace(exists).is_some() {
            return Err(Error::FIELD_CONDITIONS_TWICE);
        }
    }
    let names = names.ok_or(Error::FIELDS_MISSING)?;
    let change = match change {
        Some(change) => change,
        None if persists => Change::Persist,
        None if keeps => Change::Keep,
        None => Change::Nothing,
    };
    let of_the_other = if sets { persists } else { keeps || must_exist.is_some() };
    if of_the_other { Err(Error::UNKNOWN_ARGUMENT) } else { Ok(Options { change, must_exist, names }) }
}

fn hgetex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    ctx.db.check_type::<Hash>(key)?;
    let Options { change, names, .. } = options(ctx, args, 1)?;
    let now = ctx.now.millis();
    ctx.reply.array(names.left());
    let Some(hash) = ctx.db.write::<Hash>(key)? else {
        for _ in names.rest() {
            ctx.reply.null();
        }
        return Ok(());
    };
    if let Change::Set(_) | Change::Persist = change {
        hash.make_volatile();
    }
    let had_deadlines = hash.next_deadline().is_some();
    let mut over: Vec<&[u8]> = Vec::new();
    let mut changed = 0;
    for name in names.rest() {
        let Some(field) = hash.get(name) else {
            ctx.reply.null();
            continue;
        };
        if field.is_over(now) {
            ctx.reply.null();
            over.push(name);
            continue;
        }
        reply_element(&mut ctx.reply, field.value);
        match change {
            Change::Nothing | Change::Keep => {}
            Change::Persist => {
                if field.deadline.is_some() {
                    hash.set_deadline(name, None);
                    changed += 1;
                }
            }
            Change::Set(deadline) => {
                if deadline <= now {
                    hash.remove(name);
                } else {
                    hash.set_deadline(name, Some(deadline));
                }
                changed += 1;
            }
        }
    }
    reclaim_all(ctx.db, key, &over);
    if changed == 0 {
        return Ok(());
    }
    let is_empty = ctx.db.peek_kind::<Hash>(key)?.is_some_and(Hash::is_empty);
    match change {
        Change::Set(deadline) if deadline <= now => report_removed(ctx.db, key, changed, is_empty, had_deadlines),
        Change::Set(_) => {
            ctx.db.fields_changed(key);
            ctx.db.changed_by(changed, key, Class::Hash, "hexpire");
        }
        _ => {
            ctx.db.fields_changed(key);
            ctx.db.changed_by(changed, key, Class::Hash, "hpersist");
        }
    }
    Ok(())
}

fn hsetex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let Options { change, must_exist, names: pairs } = options(ctx, args, 2)?;
    let now = ctx.now.millis();
    let names = || pairs.rest().step_by(2);
    ctx.db.check_type::<Hash>(key)?;
    if let Some(must_exist) = must_exist {
        let mut over: Vec<&[u8]> = Vec::new();
        let mut holds = true;
        let hash = ctx.db.peek_kind::<Hash>(key)?;
        for name in names() {
            let field = hash.and_then(|hash| hash.get(name));
            let is_over = field.is_some_and(|field| field.is_over(now));
            if is_over {
                over.push(name);
            }
            if (field.is_some() && !is_over) != must_exist {
                holds = false;
                break;
            }
        }
        reclaim_all(ctx.db, key, &over);
        if !holds {
            ctx.reply.integer(0);
            return Ok(());
        }
    }
    let limits = HashLimits::of(ctx.db);
    let count = pairs.left() / 2;
    let hash = ctx.db.write_or_create::<Hash>(key)?;
    hash.expect(count, pairs.rest(), &limits);
    if let Change::Set(_) = change {
        hash.make_volatile();
    }
    let had_deadlines = hash.next_deadline().is_some();
    let old = if let Change::Keep = change { Deadline::Keep } else { Deadline::Drop };
    let mut each = pairs;
    while each.left() > 0 {
        let name = each.next()?;
        let value = each.next()?;
        hash.set(name, value, old, &limits);
        // A field whose time is over already goes before the next one comes: it does not count for the limit of a listpack.
        match change {
            Change::Set(deadline) if deadline > now => hash.set_deadline(name, Some(deadline)),
            Change::Set(_) => {
                hash.remove(name);
            }
            _ => {}
        }
    }
    if had_deadlines || matches!(change, Change::Set(_)) {
        ctx.db.fields_changed(key);
    }
    ctx.db.changed_by(count, key, Class::Hash, "hset");
    if let Change::Set(deadline) = change {
        if deadline > now {
            ctx.db.changed_by(0, key, Class::Hash, "hexpire");
        } else if let Some(hash) = ctx.db.write::<Hash>(key)? {
            let is_empty = hash.is_empty();
            report_removed(ctx.db, key, 0, is_empty, true);
        }
    }
    ctx.reply.integer(1);
    Ok(())
}
