//! Strings: writing, reading, ranges.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group, Keys, key_functions};
use crate::ttl::Expiry;
use crate::value::Value;
use alloc::vec::Vec;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("append", "key value", append)
        .group(Group::String)
        .since("2.0.0")
        .summary("Adds bytes to the end of a string; a missing key is made.")
        .complexity("O(1), amortised")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new(
        "delex",
        "key [condition: IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]",
        delex,
    )
    .group(Group::String)
    .since("8.4.0")
    .summary("Deletes a key if its string, or the digest of it, is or is not the one given.")
    .complexity("O(1); O(N) with N bytes for IFDEQ and IFDNE")
    .flags(&[Write, Fast])
    .keys_by(key_functions::delex)
        .keys(&[Keys::one(1, "RW delete variable_flags")]),
    Command::new("digest", "key", digest)
        .group(Group::String)
        .since("8.4.0")
        .summary("Gives the XXH3 digest of a string as 16 hexadecimal digits.")
        .complexity("O(N) with N bytes")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("get", "key", get)
        .group(Group::String)
        .summary("Reads the string at a key.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("getdel", "key", getdel)
        .group(Group::String)
        .since("6.2.0")
        .summary("Reads a string and deletes its key.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete")]),
    Command::new(
        "getex",
        "key [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
        getex,
    )
    .group(Group::String)
    .since("6.2.0")
    .summary("Reads a string and gives its key a new time to live, or none.")
    .flags(&[Write, Fast])
    .keys(&[Keys::one(1, "RW access update")]),
    Command::new("getrange", "key start end:integer", getrange)
        .group(Group::String)
        .since("2.4.0")
        .summary("Reads a part of a string; negative positions count from its end.")
        .complexity("O(N) with N bytes read")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("getset", "key value", getset)
        .group(Group::String)
        .summary("Stores a string and gives back the one that was there.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW access update")]).deprecated("6.2.0", "`SET` with the `!GET` argument"),
    Command::new("mget", "key [key ...]", mget)
        .group(Group::String)
        .summary("Reads the strings at several keys; whatever is no string reads as nil.")
        .complexity("O(N) with N keys")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::range(1, -1, 1, "RO access")]).tips(&["request_policy:multi_shard"]),
    Command::new("mset", "key value [key value ...]", mset)
        .group(Group::String)
        .since("1.0.1")
        .summary("Stores several strings at once.")
        .complexity("O(N) with N keys")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::range(1, -1, 2, "OW update")]).tips(&["request_policy:multi_shard", "response_policy:all_succeeded"]),
    Command::new(
        "msetex",
        "numkeys key value [key value ...] [condition: NX | XX] [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        msetex,
    )
    .group(Group::String)
    .since("8.4.0")
    .summary("Stores several strings at once with a common time to live, if all or none of the keys are there.")
    .complexity("O(N) with N keys")
    .flags(&[Write, DenyOom, MovableKeys])
    .keys(&[Keys { find: crate::table::Find::KeyNum { number: 0, first: 1, step: 2 }, ..Keys::counted(1, "OW update") }]).tips(&["request_policy:multi_shard", "response_policy:all_succeeded"]),
    Command::new("msetnx", "key value [key value ...]", msetnx)
        .group(Group::String)
        .since("1.0.1")
        .summary("Stores several strings at once, but none if one of the keys is there.")
        .complexity("O(N) with N keys")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::range(1, -1, 2, "OW insert")]),
    Command::new("psetex", "key milliseconds value", psetex)
        .group(Group::String)
        .since("2.6.0")
        .summary("Stores a string that lives for some milliseconds.")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "OW update")]).deprecated("2.6.12", "`SET` with the `PX` argument"),
    Command::new(
        "set",
        "key value [condition@2.6.12: NX | XX | IFEQ ifeq-value@8.4.0 | IFNE ifne-value@8.4.0 | IFDEQ ifdeq-digest@8.4.0 | IFDNE ifdne-digest@8.4.0] [GET@6.2.0] [expiration: EX seconds@2.6.12 | PX milliseconds@2.6.12 | EXAT unix-time-seconds@6.2.0 | PXAT unix-time-milliseconds@6.2.0 | KEEPTTL@6.0.0]",
        set,
    )
    .group(Group::String)
    .summary("Stores a string at a key, whatever the key held before, and drops its time to live unless told otherwise.")
    .flags(&[Write, DenyOom])
    .keys_by(key_functions::set)
        .keys(&[Keys::one(1, "RW access update variable_flags")]),
    Command::new("setex", "key seconds value", setex)
        .group(Group::String)
        .since("2.0.0")
        .summary("Stores a string that lives for some seconds.")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "OW update")]).deprecated("2.6.12", "`SET` with the `EX` argument"),
    Command::new("setnx", "key value", setnx)
        .group(Group::String)
        .summary("Stores a string if the key is not there.")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "OW insert")]).deprecated("2.6.12", "`SET` with the `NX` argument"),
    Command::new("setrange", "key offset value", setrange)
        .group(Group::String)
        .since("2.2.0")
        .summary("Overwrites a part of a string, filling a gap with zero bytes.")
        .complexity("O(M) with M bytes written, and the gap that is filled")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("strlen", "key", strlen)
        .group(Group::String)
        .since("2.2.0")
        .summary("Says how many bytes a string has.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("substr", "key start end:integer", getrange)
        .group(Group::String)
        .summary("The old name of GETRANGE.")
        .complexity("O(N) with N bytes read")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).deprecated("2.0.0", "`GETRANGE`"),
];

// ---- SET and its relatives ------------------------------------------------------------------------------------------

/// What must hold for a write (or DELEX) to happen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition<'a> {
    Equal(&'a [u8]),
    NotEqual(&'a [u8]),
    DigestEqual(&'a [u8]),
    DigestNotEqual(&'a [u8]),
}

impl<'a> Condition<'a> {
    /// Reads `IFEQ value` and its relatives.
    fn read(args: &mut Args<'a>) -> Result<Option<Condition<'a>>, Error> {
        type Make<'a> = fn(&'a [u8]) -> Condition<'a>;
        let words: [(&str, Make<'a>); 4] = [
            ("IFEQ", Condition::Equal),
            ("IFNE", Condition::NotEqual),
            ("IFDEQ", Condition::DigestEqual),
            ("IFDNE", Condition::DigestNotEqual),
        ];
        for (word, make) in words {
            if args.word_with(word, 1) {
                return Ok(Some(make(args.next()?)));
            }
        }
        Ok(None)
    }

    fn same_kind(self, other: Condition) -> bool {
        core::mem::discriminant(&self) == core::mem::discriminant(&other)
    }

    fn holds(self, current: &[u8]) -> Result<bool, Error> {
        let digest_is = |wanted: &[u8]| {
            if wanted.len() != 16 {
                return Err(Error::DIGEST_LENGTH);
            }
            Ok(wanted.eq_ignore_ascii_case(&hexadecimal_digest(current)))
        };
        match self {
            Condition::Equal(wanted) => Ok(current == wanted),
            Condition::NotEqual(wanted) => Ok(current != wanted),
            Condition::DigestEqual(wanted) => digest_is(wanted),
            Condition::DigestNotEqual(wanted) => digest_is(wanted).map(|equal| !equal),
        }
    }

    fn needs_a_key(self) -> bool {
        matches!(self, Condition::Equal(_) | Condition::DigestEqual(_))
    }
}

fn hexadecimal_digest(bytes: &[u8]) -> [u8; 16] {
    let digest = xxhash_rust::xxh3::xxh3_64(bytes);
    core::array::from_fn(|at| b"0123456789abcdef"[(digest >> (60 - 4 * at) & 15) as usize])
}

#[derive(Default)]
struct SetOptions<'a> {
    only_new: bool,
    only_existing: bool,
    condition: Option<Condition<'a>>,
    get: bool,
    keep_ttl: bool,
    expiry: Option<Expiry<'a>>,
}

impl<'a> SetOptions<'a> {
    fn read(args: &mut Args<'a>) -> Result<SetOptions<'a>, Error> {
        let mut options = SetOptions::default();
        while args.left() > 0 {
            if args.word("NX") {
                if options.only_existing {
                    return Err(Error::SYNTAX);
                }
                options.only_new = true;
            } else if args.word("XX") {
                if options.only_new {
                    return Err(Error::SYNTAX);
                }
                options.only_existing = true;
            } else if args.word("GET") {
                options.get = true;
            } else if args.word("KEEPTTL") {
                if options.expiry.is_some() {
                    return Err(Error::SYNTAX);
                }
                options.keep_ttl = true;
            } else if let Some(condition) = Condition::read(args)? {
                // NX or XX may follow a condition, but not come before it; so it is with the real server.
                let clash = options.condition.is_some_and(|before| !before.same_kind(condition));
                if clash || options.only_new || options.only_existing {
                    return Err(Error::SYNTAX);
                }
                options.condition = Some(condition);
            } else {
                let expiry = Expiry::read(args, options.expiry)?;
                if expiry.is_none() || options.keep_ttl {
                    return Err(Error::SYNTAX);
                }
                options.expiry = expiry;
            }
        }
        Ok(options)
    }
}

fn set(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let value = args.next()?;
    if args.left() == 0 {
        ctx.db.set(key, Value::string(value));
        ctx.db.changed(key, Class::String, "set");
        ctx.reply.ok();
        return Ok(());
    }
    let options = SetOptions::read(args)?;
    let deadline = options.expiry.map(|expiry| expiry.deadline(ctx.now, "set")).transpose()?;
    // Only GET reads; a condition looks at the key as a write does, which counts neither hits nor misses.
    let old = if options.get {
        ctx.db.string(key)?.map(|old| old.to_vec())
    } else if options.condition.is_some() {
        let value = ctx.db.value_mut(key);
        value.map(|value| Ok(value.as_string().ok_or(Error::WRONG_TYPE)?.to_vec())).transpose()?
    } else {
        None
    };
    let exists = old.is_some() || if options.only_new { ctx.db.contains_to_write(key) } else { ctx.db.contains(key) };
    let mut wanted = !(options.only_new && exists || options.only_existing && !exists);
    if let Some(condition) = options.condition {
        wanted &= match &old {
            Some(old) => condition.holds(old)?,
            None => !condition.needs_a_key(),
        };
    }
    if options.get {
        match &old {
            Some(old) => ctx.reply.bulk(old),
            None => ctx.reply.null(),
        }
    }
    if !wanted {
        if !options.get {
            ctx.reply.null();
        }
        return Ok(());
    }
    store(ctx, key, value, deadline, options.keep_ttl);
    if !options.get {
        ctx.reply.ok();
    }
    Ok(())
}

/// Stores a string with its deadline, if any. One in the past is no exception: the key is there until somebody looks for it.
fn store(ctx: &mut Ctx, key: &[u8], value: &[u8], deadline: Option<i64>, keep_ttl: bool) {
    put(ctx, key, value, keep_ttl);
    ctx.db.changed(key, Class::String, "set");
    expire(ctx, key, deadline);
}

fn put(ctx: &mut Ctx, key: &[u8], value: &[u8], keep_ttl: bool) {
    if keep_ttl {
        ctx.db.set_keeping_ttl(key, Value::string(value));
    } else {
        ctx.db.set(key, Value::string(value));
    }
}

fn expire(ctx: &mut Ctx, key: &[u8], deadline: Option<i64>) {
    if deadline.is_some() {
        ctx.db.set_deadline(key, deadline);
        ctx.db.notify(Class::Generic, "expire", key);
    }
}

fn setnx(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, value) = (args.next()?, args.next()?);
    let wanted = !ctx.db.contains_to_write(key);
    if wanted {
        store(ctx, key, value, None, false);
    }
    ctx.reply.integer(i64::from(wanted));
    Ok(())
}

fn setex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    set_with_lifetime(ctx, args, crate::ttl::Unit::Seconds)
}

fn psetex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    set_with_lifetime(ctx, args, crate::ttl::Unit::Milliseconds)
}

fn set_with_lifetime(ctx: &mut Ctx, args: &mut Args, unit: crate::ttl::Unit) -> Result<(), Error> {
    let key = args.next()?;
    let deadline = Expiry::of(unit, args.next()?).deadline(ctx.now, ctx.command.name)?;
    store(ctx, key, args.next()?, Some(deadline), false);
    ctx.reply.ok();
    Ok(())
}

fn getset(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, value) = (args.next()?, args.next()?);
    match ctx.db.string(key)? {
        Some(old) => ctx.reply.bulk(&*old),
        None => ctx.reply.null(),
    }
    store(ctx, key, value, None, false);
    Ok(())
}

fn getdel(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    match ctx.db.string(key)? {
        Some(value) => ctx.reply.bulk(&*value),
        None => {
            ctx.reply.null();
            return Ok(());
        }
    }
    ctx.db.remove(key);
    ctx.db.changed(key, Class::Generic, "del");
    Ok(())
}

fn getex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let mut persist = false;
    let mut expiry = None;
    while args.left() > 0 {
        if args.word("PERSIST") {
            if expiry.is_some() {
                return Err(Error::SYNTAX);
            }
            persist = true;
        } else {
            expiry = Expiry::read(args, expiry)?;
            if expiry.is_none() || persist {
                return Err(Error::SYNTAX);
            }
        }
    }
    let Some(value) = ctx.db.string(key)? else {
        ctx.reply.null();
        return Ok(());
    };
    let deadline = expiry.map(|expiry| expiry.deadline(ctx.now, "getex")).transpose()?;
    ctx.reply.bulk(&*value);
    if deadline.is_some_and(|deadline| deadline <= ctx.now.millis()) {
        ctx.db.remove(key);
        ctx.db.changed(key, Class::Generic, "del");
    } else if deadline.is_some() {
        ctx.db.set_deadline(key, deadline);
        ctx.db.changed(key, Class::Generic, "expire");
    } else if persist && ctx.db.deadline(key).flatten().is_some() {
        ctx.db.set_deadline(key, None);
        ctx.db.changed(key, Class::Generic, "persist");
    }
    Ok(())
}

fn delex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    if args.left() != 0 && args.left() != 2 {
        return Err(Error::wrong_arguments("delex"));
    }
    if args.left() == 0 {
        let existed = ctx.db.remove(key).is_some();
        if existed {
            ctx.db.changed(key, Class::Generic, "del");
        }
        ctx.reply.integer(i64::from(existed));
        return Ok(());
    }
    // Redis looks at the key before it reads the condition.
    let wanted = match ctx.db.value(key) {
        None => false,
        Some(value) => {
            let current = value.as_string().ok_or(Error::DELEX_TYPE)?;
            Condition::read(args)?.ok_or(Error::DELEX_CONDITION)?.holds(&current)?
        }
    };
    if wanted {
        ctx.db.remove(key);
        ctx.db.changed(key, Class::Generic, "del");
    }
    ctx.reply.integer(i64::from(wanted));
    Ok(())
}

// ---- several keys ---------------------------------------------------------------------------------------------------

fn mget(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    ctx.reply.array(args.left());
    for key in args.rest() {
        match ctx.db.value(key).and_then(Value::as_string) {
            Some(value) => ctx.reply.bulk(&*value),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn mset(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() % 2 == 1 {
        return Err(Error::wrong_arguments("mset"));
    }
    while args.left() > 0 {
        let (key, value) = (args.next()?, args.next()?);
        store(ctx, key, value, None, false);
    }
    ctx.reply.ok();
    Ok(())
}

fn msetnx(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() % 2 == 1 {
        return Err(Error::wrong_arguments("msetnx"));
    }
    let none_there = !args.rest().step_by(2).any(|key| ctx.db.contains_to_write(key));
    if none_there {
        while args.left() > 0 {
            let (key, value) = (args.next()?, args.next()?);
            store(ctx, key, value, None, false);
        }
    }
    ctx.reply.integer(i64::from(none_there));
    Ok(())
}

fn msetex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let pairs = parse_integer(args.next()?).filter(|pairs| (1..=i64::from(i32::MAX)).contains(pairs));
    let pairs = pairs.ok_or(Error::MSETEX_NUMKEYS)? as usize;
    if args.left() / 2 < pairs {
        return Err(Error::MSETEX_PAIRS);
    }
    let first = args.position();
    args.seek(first + 2 * pairs);
    let options = SetOptions::read(args)?;
    if options.get || options.condition.is_some() {
        return Err(Error::SYNTAX);
    }
    let deadline = options.expiry.map(|expiry| expiry.deadline(ctx.now, "msetex")).transpose()?;
    args.seek(first);
    let mut wanted = true;
    if options.only_new || options.only_existing {
        wanted = (0..pairs).all(|pair| ctx.db.contains(args.at(first + 2 * pair)) == options.only_existing);
    }
    if wanted {
        for _ in 0..pairs {
            // Unlike SET it tells of the deadline first.
            let (key, value) = (args.next()?, args.next()?);
            put(ctx, key, value, options.keep_ttl);
            expire(ctx, key, deadline);
            ctx.db.changed(key, Class::String, "set");
        }
    }
    ctx.reply.integer(i64::from(wanted));
    Ok(())
}

// ---- reading and parts ----------------------------------------------------------------------------------------------

fn get(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    match ctx.db.string(args.next()?)? {
        Some(value) => ctx.reply.bulk(&*value),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn strlen(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let len = ctx.db.string(args.next()?)?.map_or(0, |value| value.len());
    ctx.reply.integer(len as i64);
    Ok(())
}

fn digest(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    match ctx.db.string(args.next()?)? {
        Some(value) => ctx.reply.bulk(hexadecimal_digest(&value)),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn getrange(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let (start, end) = (args.integer()?, args.integer()?);
    let part = match ctx.db.string(key)? {
        Some(value) => {
            let range = part_of(value.len(), start, end);
            ctx.reply.bulk(&value[range]);
            return Ok(());
        }
        None => &b""[..],
    };
    ctx.reply.bulk(part);
    Ok(())
}

/// The bytes from `start` to `end`, both included, of a string of `len` bytes.
fn part_of(len: usize, start: i64, end: i64) -> core::ops::Range<usize> {
    if start < 0 && end < 0 && start > end {
        return 0..0;
    }
    let len = len as i64;
    let from_end = |position: i64| if position < 0 { (len.saturating_add(position)).max(0) } else { position };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    if start > end { 0..0 } else { start as usize..end as usize + 1 }
}

fn append(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, more) = (args.next()?, args.next()?);
    let most = ctx.db.max_string;
    let len = match ctx.db.value_mut(key) {
        None => {
            ctx.db.set(key, Value::string(more));
            more.len()
        }
        Some(value) => {
            let before = value.as_string().ok_or(Error::WRONG_TYPE)?.len();
            if (before as u64).saturating_add(more.len() as u64) > most {
                return Err(Error::STRING_TOO_LONG);
            }
            let bytes = value.make_raw();
            bytes.extend_from_slice(more);
            bytes.len()
        }
    };
    ctx.db.changed(key, Class::String, "append");
    ctx.reply.integer(len as i64);
    Ok(())
}

fn setrange(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, offset, part) = (args.next()?, args.integer()?, args.next()?);
    let offset = u64::try_from(offset).map_err(|_| Error::OFFSET_OUT_OF_RANGE)?;
    let most = ctx.db.max_string;
    let end = offset.saturating_add(part.len() as u64);
    let len = match ctx.db.value_mut(key) {
        None if part.is_empty() => {
            ctx.reply.integer(0);
            return Ok(());
        }
        None if end > most => return Err(Error::STRING_TOO_LONG),
        None => {
            let mut bytes = Vec::new();
            overwrite(&mut bytes, offset as usize, part);
            let len = bytes.len();
            ctx.db.set(key, Value::raw(bytes));
            len
        }
        Some(value) => {
            let before = value.as_string().ok_or(Error::WRONG_TYPE)?.len();
            if part.is_empty() {
                ctx.reply.integer(before as i64);
                return Ok(());
            }
            if end > most {
                return Err(Error::STRING_TOO_LONG);
            }
            let bytes = value.make_raw();
            overwrite(bytes, offset as usize, part);
            bytes.len()
        }
    };
    ctx.db.changed(key, Class::String, "setrange");
    ctx.reply.integer(len as i64);
    Ok(())
}

/// Writes `part` over `bytes` from `offset` on; zero bytes fill a gap.
fn overwrite(bytes: &mut Vec<u8>, offset: usize, part: &[u8]) {
    let end = offset + part.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(part);
}
