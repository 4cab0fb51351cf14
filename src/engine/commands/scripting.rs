//! Scripts: EVAL and its kin, and SCRIPT. How a script runs is told in `script/mod.rs`.

use crate::args::Args;
use crate::client::Debugging;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::script::{self, Kind};
use crate::table::{Command, Flag::*, Group, Keys};
use crate::text::Text;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("eval", "script numkeys [key ...] [arg ...]", |ctx, args| script::eval(ctx, args, false))
        .group(Group::Scripting)
        .since("2.6.0")
        .summary("Runs a Lua script inside of the server.")
        .complexity("Depends on the script")
        .flags(&[NoScript, Stale, SkipMonitor, NoMandatoryKeys, Suspends])
        .keys(&[Keys::counted(2, "RW access update")]),
    Command::new("eval_ro", "script numkeys [key ...] [arg ...]", |ctx, args| script::eval(ctx, args, true))
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Runs a Lua script that may only read.")
        .complexity("Depends on the script")
        .flags(&[ReadOnly, NoScript, Stale, SkipMonitor, NoMandatoryKeys, Suspends])
        .keys(&[Keys::counted(2, "RO access")]),
    Command::new("evalsha", "sha1 numkeys [key ...] [arg ...]", |ctx, args| script::eval_sha(ctx, args, false))
        .group(Group::Scripting)
        .since("2.6.0")
        .summary("Runs a Lua script that the server knows already, by its digest.")
        .complexity("Depends on the script")
        .flags(&[NoScript, Stale, SkipMonitor, NoMandatoryKeys, Suspends])
        .keys(&[Keys::counted(2, "RW access update")]),
    Command::new("evalsha_ro", "sha1 numkeys [key ...] [arg ...]", |ctx, args| script::eval_sha(ctx, args, true))
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Runs a Lua script that the server knows already and that may only read.")
        .complexity("Depends on the script")
        .flags(&[ReadOnly, NoScript, Stale, SkipMonitor, NoMandatoryKeys, Suspends])
        .keys(&[Keys::counted(2, "RO access")]),
    Command::container("script", SCRIPT)
        .group(Group::Scripting)
        .since("2.6.0")
        .summary("Commands about the scripts that the server knows.")
        .help(&[
            "DEBUG (YES|SYNC|NO)",
            "    Set the debug mode for subsequent scripts executed.",
            "EXISTS <sha1> [<sha1> ...]",
            "    Return information about the existence of the scripts in the script cache.",
            "FLUSH [ASYNC|SYNC]",
            "    Flush the Lua scripts cache. Very dangerous on replicas.",
            "    When called without the optional mode argument, the behavior is determined by the",
            "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the scripts cache.",
            "    * SYNC: Synchronously flush the scripts cache.",
            "KILL",
            "    Kill the currently executing Lua script.",
            "LOAD <script>",
            "    Load a script into the scripts cache without executing it.",
        ]),
];

const SCRIPT: &[Command] = &[
    Command::sub("script|debug", "<mode: YES | SYNC | NO>", debug)
        .group(Group::Scripting)
        .since("3.2.0")
        .summary("Lets this connection go through its scripts line by line.")
        .flags(&[NoScript]),
    Command::sub("script|exists", "sha1 [sha1 ...]", exists)
        .group(Group::Scripting)
        .since("2.6.0")
        .summary("Tells of each digest whether the server knows the script.")
        .complexity("O(N) with N digests")
        .flags(&[NoScript])
        .tips(&["request_policy:all_shards", "response_policy:agg_logical_and"]),
    Command::sub("script|flush", "[flush-type@6.2.0: ASYNC | SYNC]", flush)
        .group(Group::Scripting)
        .since("2.6.0")
        .summary("Forgets all scripts.")
        .complexity("O(N) with N scripts")
        .flags(&[NoScript])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    Command::help_of("script|help").group(Group::Scripting).since("5.0.0"),
    Command::sub("script|kill", "", kill)
        .group(Group::Scripting)
        .since("2.6.0")
        .summary("Ends the script that runs, unless it has written already.")
        .flags(&[NoScript, AllowBusy])
        .tips(&["request_policy:all_shards", "response_policy:one_succeeded"]),
    Command::sub("script|load", "script", load)
        .group(Group::Scripting)
        .since("2.6.0")
        .summary("Makes a script known to the server without running it.")
        .complexity("O(N) with a script of N bytes")
        .flags(&[NoScript, Stale])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
];

fn debug(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mode = if args.word("NO") {
        Debugging::No
    } else if args.word("YES") {
        Debugging::Forked
    } else if args.word("SYNC") {
        Debugging::Sync
    } else {
        return Err(Error::SCRIPT_DEBUG_MODE);
    };
    if mode != Debugging::No && ctx.deny_blocking {
        return Err(Error::DEBUG_IN_PIPELINE);
    }
    ctx.clients.current().debugging = mode;
    ctx.reply.ok();
    Ok(())
}

fn exists(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    ctx.reply.array(args.left());
    for name in args.rest() {
        let known = ctx.server.scripting.cache.contains(&name.to_ascii_lowercase());
        ctx.reply.integer(i64::from(known));
    }
    Ok(())
}

fn flush(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() > 1 || args.left() == 1 && !args.word("SYNC") && !args.word("ASYNC") {
        return Err(Error::SCRIPT_FLUSH_MODE);
    }
    script::flush_scripts(ctx);
    ctx.reply.ok();
    Ok(())
}

fn kill(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    script::kill(ctx, Kind::Script)?;
    ctx.reply.ok();
    Ok(())
}

fn load(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let name: Text = script::load_script(ctx, args.next()?)?;
    ctx.reply.bulk(name);
    Ok(())
}
