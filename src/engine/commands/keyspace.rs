//! Looking over the keyspace: counting, listing, scanning, drawing, and what OBJECT tells of a key.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::evict::Measure;
use crate::glob;
use crate::table::{Category, Command, Flag::*, Group, Keys};
use alloc::vec::Vec;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("dbsize", "", dbsize)
        .group(Group::Server)
        .summary("Says how many keys the database holds, those past their time but not yet reclaimed included.")
        .flags(&[ReadOnly, Fast])
        .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
        .categories(&[Category::Keyspace]),
    Command::new("keys", "pattern", keys)
        .summary("Lists all keys that match a pattern, in one go: nobody else is served meanwhile.")
        .complexity("O(N) with N keys in the database")
        .flags(&[ReadOnly])
        .categories(&[crate::table::Category::Dangerous])
        .tips(&["request_policy:all_shards", "nondeterministic_output_order"]),
    Command::new("object", "", object)
        .since("2.2.3")
        .arity(-2)
        .summary("Looks at how a key is kept.")
        .complexity("Depends on the subcommand")
        .subcommands(&[
            Command::sub("object|encoding", "key", object_encoding)
                .since("2.2.3")
                .summary("Names the encoding that a key's value has in memory.")
                .flags(&[ReadOnly])
                .keys(&[Keys::one(2, "RO")])
                .tips(&["nondeterministic_output"]),
            Command::sub("object|freq", "key", object_freq)
                .since("4.0.0")
                .summary("Gives the logarithmic access counter of a key under an LFU policy.")
                .flags(&[ReadOnly])
                .keys(&[Keys::one(2, "RO")])
                .tips(&["nondeterministic_output"]),
            Command::sub("object|help", "", object_help)
                .since("6.2.0")
                .summary("Lists the subcommands.")
                .flags(&[Loading, Stale]),
            Command::sub("object|idletime", "key", object_idletime)
                .since("2.2.3")
                .summary("Says for how many seconds nobody has used a key.")
                .flags(&[ReadOnly])
                .keys(&[Keys::one(2, "RO")])
                .tips(&["nondeterministic_output"]),
            Command::sub("object|refcount", "key", object_refcount)
                .since("2.2.3")
                .summary("Says how many references a value has.")
                .flags(&[ReadOnly])
                .keys(&[Keys::one(2, "RO")])
                .tips(&["nondeterministic_output"]),
        ]),
    Command::new("randomkey", "", randomkey).summary("Names a key drawn at random.").flags(&[ReadOnly]).tips(&[
        "request_policy:all_shards",
        "response_policy:special",
        "nondeterministic_output",
    ]),
    Command::new("scan", "cursor [MATCH pattern] [COUNT count] [TYPE type@6.0.0]", scan)
        .since("2.8.0")
        .summary("Lists keys page by page; a key that stays during the whole iteration is listed at least once.")
        .complexity("O(1) a call, O(N) for all N keys")
        .flags(&[ReadOnly])
        .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"]),
];

fn dbsize(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.integer(ctx.db.keyspace(ctx.db.selected).len() as i64);
    Ok(())
}

fn keys(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let pattern = args.next()?;
    let now = ctx.now.millis();
    let space = ctx.db.keyspace(ctx.db.selected);
    ctx.effort += space.len() as u64;
    let mark = ctx.reply.mark();
    let mut found = 0;
    for (key, _, deadline) in space.iter() {
        if deadline.is_none_or(|deadline| now <= deadline) && (pattern == b"*" || glob::matches(pattern, key)) {
            ctx.reply.bulk(key);
            found += 1;
        }
    }
    ctx.reply.array_at(mark, found);
    Ok(())
}

fn randomkey(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    match ctx.db.random_key() {
        Some(key) => ctx.reply.bulk(&*key),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// The options that all commands of the SCAN family share.
pub(super) struct ScanOptions<'a> {
    pub pattern: Option<&'a [u8]>,
    pub count: usize,
}

/// Reads a cursor: an unsigned integer, or what C's strtoull makes of anything else, leading space and sign included.
pub(super) fn cursor(text: &[u8]) -> Result<u64, Error> {
    if let Some(number) = resp::number::parse_integer(text) {
        return u64::try_from(number).map_err(|_| Error::INVALID_CURSOR);
    }
    let unsigned = text.trim_ascii_start();
    let (negative, digits) = match unsigned.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, unsigned),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Error::INVALID_CURSOR);
    }
    let number: Option<u64> = core::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    let number = number.ok_or(Error::INVALID_CURSOR)?;
    Ok(if negative { number.wrapping_neg() } else { number })
}

impl<'a> ScanOptions<'a> {
    /// Reads one option if there is one of the shared ones.
    pub fn read(&mut self, args: &mut Args<'a>) -> Result<bool, Error> {
        if args.word_with("COUNT", 1) {
            let count = args.integer()?;
            if count < 1 {
                return Err(Error::SYNTAX);
            }
            self.count = usize::try_from(count).unwrap_or(usize::MAX);
        } else if args.word_with("MATCH", 1) {
            self.pattern = Some(args.next()?).filter(|&pattern| pattern != b"*");
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    pub fn wants(&self, text: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| pattern == b"*" || glob::matches(pattern, text))
    }
}

impl Default for ScanOptions<'_> {
    fn default() -> Self {
        ScanOptions { pattern: None, count: 10 }
    }
}

fn scan(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let cursor = cursor(args.next()?)?;
    let mut options = ScanOptions::default();
    let mut type_name = None;
    while args.left() > 0 {
        if args.word_with("TYPE", 1) {
            type_name = Some(args.next()?);
        } else if !options.read(args)? {
            return Err(if args.word("NOVALUES") { Error::NOVALUES_OUTSIDE_HSCAN } else { Error::SYNTAX });
        }
    }
    let now = ctx.now.millis();
    let space = ctx.db.keyspace(ctx.db.selected);
    let (next, page) = space.scan(cursor, options.count);
    let mut found: Vec<&[u8]> = Vec::new();
    for (key, value, deadline) in page {
        ctx.effort += 1;
        let alive = deadline.is_none_or(|deadline| now <= deadline);
        let fits = type_name.is_none_or(|name| value.type_name().as_bytes().eq_ignore_ascii_case(name));
        if alive && fits && options.wants(key) {
            found.push(key);
        }
    }
    ctx.reply.array(2);
    ctx.reply.bulk(resp::number::integer(next as i64).as_bytes());
    ctx.reply.array(found.len());
    for key in found {
        ctx.reply.bulk(key);
    }
    Ok(())
}

// ---- OBJECT ---------------------------------------------------------------------------------------------------------

fn object(_: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    Err(Error::wrong_arguments("object"))
}

fn object_encoding(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    match ctx.db.peek(key) {
        Some(value) => ctx.reply.bulk(value.encoding(key.len())),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn object_refcount(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    match ctx.db.peek(args.next()?) {
        Some(_) => ctx.reply.integer(1),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn object_idletime(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    match ctx.db.idle_seconds(args.next()?) {
        Some(_) if ctx.db.policy.measure == Measure::Lfu => return Err(Error::LFU_POLICY),
        Some(seconds) => ctx.reply.integer(seconds),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn object_freq(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    match ctx.db.frequency(args.next()?) {
        Some(_) if ctx.db.policy.measure != Measure::Lfu => return Err(Error::NO_LFU_POLICY),
        Some(counter) => ctx.reply.integer(i64::from(counter)),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn object_help(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.help(&[
        "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
        "HELP",
        "    Print this help.",
    ]);
    Ok(())
}
