//! MEMORY: what keys and the server take, as the model in `memory/` counts it.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::memory::{
    self,
    used::{self, Used},
};
use crate::table::{Command, Flag::*, Group, Keys};

pub(super) const COMMANDS: &[Command] = &[Command::container(
    "memory",
    &[
        Command::sub("memory|doctor", "", doctor)
            .since("4.0.0")
            .summary("Looks for memory problems and says what it found.")
            .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
        Command::help_of("memory|help").since("4.0.0"),
        Command::sub("memory|malloc-stats", "", malloc_stats)
            .since("4.0.0")
            .summary("Shows what the allocator says of itself.")
            .complexity("N/A")
            .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
        Command::sub("memory|purge", "", purge)
            .since("4.0.0")
            .summary("Asks the allocator to give back what nobody uses.")
            .complexity("N/A")
            .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
        Command::sub("memory|stats", "", stats).since("4.0.0").summary("Tells what takes how much memory.").tips(&[
            "nondeterministic_output",
            "request_policy:all_shards",
            "response_policy:special",
        ]),
        Command::sub("memory|usage", "key [SAMPLES count]", usage)
            .since("4.0.0")
            .summary("Estimates the memory of a key and its value.")
            .complexity("O(N) with N samples")
            .flags(&[ReadOnly])
            .keys(&[Keys::one(2, "RO")]),
    ],
)
.group(Group::Server)
.since("4.0.0")
.summary("Tells what takes how much memory.")
.help(&[
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return internal statistics report from the memory allocator.",
    "PURGE",
    "    Attempt to purge dirty pages for reclamation by the allocator.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
])];

fn usage(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let mut samples = memory::SAMPLES;
    while args.left() > 0 {
        if !args.next()?.eq_ignore_ascii_case(b"samples") || args.left() == 0 {
            return Err(Error::SYNTAX);
        }
        samples = usize::try_from(args.integer()?).map_err(|_| Error::SYNTAX)?;
    }
    match ctx.db.memory_usage(key, samples) {
        Some(bytes) => {
            ctx.effort += samples as u64;
            ctx.reply.integer(bytes as i64);
        }
        None => ctx.reply.null(),
    }
    Ok(())
}

fn doctor(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    /// Below this a server is too small for a diagnosis.
    const LEAST: u64 = 5 << 20;
    let used = used::used(ctx.db, ctx.clients);
    ctx.server.peak.note(used.total, ctx.now);
    let text = if used.total < LEAST {
        "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n"
    } else if ctx.server.peak.bytes > used.total / 2 * 3 {
        "Sam, I detected a few issues in this Redis instance memory implants:\n\n * Peak memory: In the past this instance used more than 150% the memory that is currently using. The allocator is normally not able to release memory after a peak, so you can expect to see a big fragmentation ratio, however this is actually harmless and is only due to the memory peak, and if the Redis instance Resident Set Size (RSS) is currently bigger than expected, the memory will be used as soon as you fill the Redis instance with more data. If the memory peak was only occasional and you want to try to reclaim memory, please try the MEMORY PURGE command, otherwise the only other option is to shutdown and restart the instance.\n\nI'm here to keep you safe, Sam. I want to help you.\n"
    } else {
        "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n"
    };
    ctx.reply.verbatim(b"txt", text);
    Ok(())
}

/// The allocator is a model; its sizes are all there is to say.
fn malloc_stats(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let used = used::used(ctx.db, ctx.clients).total;
    ctx.reply.verbatim(
        b"txt",
        alloc::format!(
            "___ Begin model of jemalloc statistics ___\nAllocated: {used}, active: {used}, metadata: 0, resident: {used}, mapped: {used}\n--- End model of jemalloc statistics ---\n"
        ),
    );
    Ok(())
}

fn purge(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.ok();
    Ok(())
}

fn stats(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let used = used::used(ctx.db, ctx.clients);
    ctx.server.peak.note(used.total, ctx.now);
    let Used { total, clients, overhead } = used;
    let peak = ctx.server.peak.bytes;
    let databases: alloc::vec::Vec<_> = (0..ctx.db.databases())
        .filter_map(|database| Some((database, used::overhead(ctx.db.keyspace(database))?)))
        .collect();
    let (mut keys, mut buckets, mut leaving, mut rehashing) = (0, 0, 0, 0);
    for &(database, _) in &databases {
        let space = ctx.db.keyspace(database);
        keys += space.len();
        let (main, volatile) = space.buckets();
        for table in [main, volatile] {
            buckets += table.count() * 8;
            leaving += table.leaving() * 8;
            rehashing += usize::from(table.is_rehashing());
        }
    }
    let reply = &mut ctx.reply;
    let number = |reply: &mut resp::Writer, name: &str, value: u64| {
        reply.bulk(name);
        reply.integer(value as i64);
    };
    reply.map(33 + databases.len());
    number(reply, "peak.allocated", peak);
    number(reply, "total.allocated", total);
    number(reply, "startup.allocated", used::STARTUP);
    number(reply, "replication.backlog", 0);
    number(reply, "replica.fullsync.buffer", 0);
    number(reply, "clients.slaves", 0);
    number(reply, "clients.normal", clients);
    number(reply, "cluster.links", 0);
    number(reply, "aof.buffer", 0);
    number(reply, "lua.caches", 0);
    number(reply, "functions.caches", used::FUNCTIONS);
    number(reply, "script.VMs", used::SCRIPT_VM + used::FUNCTION_VM);
    for (database, (main, volatile)) in databases {
        reply.bulk(alloc::format!("db.{database}"));
        reply.map(2);
        number(reply, "overhead.hashtable.main", main as u64);
        number(reply, "overhead.hashtable.expires", volatile as u64);
    }
    number(reply, "overhead.db.hashtable.lut", buckets as u64);
    number(reply, "overhead.db.hashtable.rehashing", leaving as u64);
    number(reply, "overhead.total", overhead);
    number(reply, "db.dict.rehashing.count", rehashing as u64);
    number(reply, "keys.count", keys as u64);
    // Redis divides without a sign: while there is more overhead than was added, the average is astronomical.
    number(reply, "keys.bytes-per-key", (used.dataset() as u64).checked_div(keys as u64).unwrap_or(0));
    number(reply, "dataset.bytes", used.dataset() as u64);
    let share = |reply: &mut resp::Writer, name: &str, value: f64| {
        reply.bulk(name);
        reply.double(value);
    };
    share(reply, "dataset.percentage", f64::from(used.dataset_share()));
    share(reply, "peak.percentage", f64::from(total as f32 * 100.0 / peak.max(1) as f32));
    number(reply, "allocator.allocated", total);
    number(reply, "allocator.active", total);
    number(reply, "allocator.resident", total);
    number(reply, "allocator.muzzy", 0);
    share(reply, "allocator-fragmentation.ratio", 1.0);
    number(reply, "allocator-fragmentation.bytes", 0);
    share(reply, "allocator-rss.ratio", 1.0);
    number(reply, "allocator-rss.bytes", 0);
    share(reply, "rss-overhead.ratio", 1.0);
    number(reply, "rss-overhead.bytes", 0);
    share(reply, "fragmentation", 1.0);
    number(reply, "fragmentation.bytes", 0);
    Ok(())
}
