//! Looking over the keyspace: counting, listing, scanning, drawing, and what OBJECT tells of a key.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::evict::Measure;
use crate::glob;
use crate::table::{Category, Command, Flag::*, Group, Keys};

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

// ---- OBJECT ---------------------------------------------------------------------------------------------------------

fn object(_: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    Err(Error::wrong_arguments("object"))
}

fn object_encoding(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    ctx.db.count_look(key);
    match ctx.db.peek(key) {
        Some(value) => ctx.reply.bulk(value.encoding(key.len())),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn object_refcount(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    ctx.db.count_look(key);
    match ctx.db.peek(key) {
        Some(_) => ctx.reply.integer(1),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn object_idletime(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    ctx.db.count_look(key);
    match ctx.db.idle_seconds(key) {
        Some(_) if ctx.db.policy.measure == Measure::Lfu => return Err(Error::LFU_POLICY),
        Some(seconds) => ctx.reply.integer(seconds),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn object_freq(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    ctx.db.count_look(key);
    match ctx.db.frequency(key) {
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
