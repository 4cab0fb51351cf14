//! SLOWLOG: reading and clearing what `slowlog.rs` keeps.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Command, Flag::*, Group};
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[Command::container(
    "slowlog",
    &[
        Command::sub("slowlog|get", "[count]", get)
            .since("2.2.12")
            .summary("Lists the latest slow commands.")
            .complexity("O(N) with N entries listed")
            .flags(&[Admin, Loading, Stale])
            .tips(&["request_policy:all_nodes", "nondeterministic_output"]),
        Command::help_of("slowlog|help").since("6.2.0"),
        Command::sub("slowlog|len", "", len)
            .since("2.2.12")
            .summary("Says how many slow commands the log holds.")
            .flags(&[Admin, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"]),
        Command::sub("slowlog|reset", "", reset)
            .since("2.2.12")
            .summary("Forgets all slow commands.")
            .complexity("O(N) with N entries in the log")
            .flags(&[Admin, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    ],
)
.group(Group::Server)
.since("2.2.12")
.summary("Looks at the log of slow commands.")
.help(&[
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
])];

fn get(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("slowlog", args.at(1)));
    }
    let most = match args.peek() {
        None => 10,
        Some(count) => match parse_integer(count) {
            Some(-1) => usize::MAX,
            Some(count @ 0..) => usize::try_from(count).unwrap_or(usize::MAX),
            _ => return Err(Error::SLOWLOG_COUNT),
        },
    };
    let log = &ctx.server.slow_log;
    ctx.reply.array(log.len().min(most));
    for entry in log.iter().take(most) {
        ctx.reply.array(6);
        ctx.reply.integer(entry.id as i64);
        ctx.reply.integer(entry.at.seconds());
        ctx.reply.integer(entry.effort as i64);
        ctx.reply.array(entry.words.len());
        for word in &entry.words {
            ctx.reply.bulk(word);
        }
        ctx.reply.bulk(&entry.address);
        ctx.reply.bulk(&entry.name);
    }
    Ok(())
}

fn len(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.integer(ctx.server.slow_log.len() as i64);
    Ok(())
}

fn reset(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.server.slow_log.clear();
    ctx.reply.ok();
    Ok(())
}
