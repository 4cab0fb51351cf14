//! Functions: FCALL and FUNCTION. What a library is, and how it is loaded, is told in `script/library.rs`.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::script::library::{self, Library, Policy};
use crate::script::{self, Kind};
use crate::table::{Command, Flag::*, Group, Keys};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("fcall", "function numkeys [key ...] [arg ...]", |ctx, args| script::call_function(ctx, args, false))
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Calls a function of a library.")
        .complexity("Depends on the function")
        .flags(&[NoScript, Stale, SkipMonitor, NoMandatoryKeys, Suspends])
        .keys(&[Keys::counted(2, "RW access update")]),
    Command::new("fcall_ro", "function numkeys [key ...] [arg ...]", |ctx, args| script::call_function(ctx, args, true))
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Calls a function of a library that only reads.")
        .complexity("Depends on the function")
        .flags(&[ReadOnly, NoScript, Stale, SkipMonitor, NoMandatoryKeys, Suspends])
        .keys(&[Keys::counted(2, "RO access")]),
    Command::container("function", FUNCTION)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Commands about libraries of functions.")
        .help(&[
            "LOAD [REPLACE] <FUNCTION CODE>",
            "    Create a new library with the given library name and code.",
            "DELETE <LIBRARY NAME>",
            "    Delete the given library.",
            "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
            "    Return general information on all the libraries:",
            "    * Library name",
            "    * The engine used to run the Library",
            "    * Functions list",
            "    * Library code (if WITHCODE is given)",
            "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
            "STATS",
            "    Return information about the current function running:",
            "    * Function name",
            "    * Command used to run the function",
            "    * Duration in MS that the function is running",
            "    If no function is running, return nil",
            "    In addition, returns a list of available engines.",
            "KILL",
            "    Kill the current running function.",
            "FLUSH [ASYNC|SYNC]",
            "    Delete all the libraries.",
            "    When called without the optional mode argument, the behavior is determined by the",
            "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the libraries.",
            "    * SYNC: Synchronously flush the libraries.",
            "DUMP",
            "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
            "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
            "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
            "    control how to handle existing libraries (default APPEND):",
            "    * FLUSH: delete all existing libraries.",
            "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
            "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
            "      libraries with the new libraries (notice that even on this option there is a chance of failure",
            "      in case of functions name collision with another library).",
        ]),
];

const FUNCTION: &[Command] = &[
    Command::sub("function|delete", "library-name", delete)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Deletes a library and its functions.")
        .flags(&[Write, NoScript])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Command::sub("function|dump", "", dump)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Gives all libraries as bytes that FUNCTION RESTORE takes, here or on another server.")
        .complexity("O(N) with N functions")
        .flags(&[NoScript]),
    Command::sub("function|flush", "[flush-type: ASYNC | SYNC]", flush)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Deletes all libraries.")
        .complexity("O(N) with N functions")
        .flags(&[Write, NoScript])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Command::help_of("function|help").group(Group::Scripting).since("7.0.0"),
    Command::sub("function|kill", "", kill)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Ends the function that runs, unless it has written already.")
        .flags(&[NoScript, AllowBusy])
        .tips(&["request_policy:all_shards", "response_policy:one_succeeded"]),
    Command::sub("function|list", "[LIBRARYNAME library-name-pattern] [WITHCODE]", list)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Lists libraries and their functions.")
        .complexity("O(N) with N functions")
        .flags(&[NoScript])
        .tips(&["nondeterministic_output_order"]),
    Command::sub("function|load", "[REPLACE] function-code", load)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Makes a library out of Lua code.")
        .complexity("O(1), and whatever the code itself does")
        .flags(&[Write, DenyOom, NoScript])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Command::sub("function|restore", "serialized-value [policy: FLUSH | APPEND | REPLACE]", restore)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Makes libraries of what FUNCTION DUMP gave.")
        .complexity("O(N) with N functions")
        .flags(&[Write, DenyOom, NoScript])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Command::sub("function|stats", "", stats)
        .group(Group::Scripting)
        .since("7.0.0")
        .summary("Tells which function runs, and how many there are.")
        .flags(&[NoScript, AllowBusy])
        .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
];

fn delete(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    library::delete(ctx, args.next()?)?;
    ctx.reply.ok();
    Ok(())
}

fn dump(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let payload = library::dump(ctx);
    ctx.reply.bulk(payload);
    Ok(())
}

fn flush(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("function", args.at(1)));
    }
    if args.left() == 1 && !args.word("SYNC") && !args.word("ASYNC") {
        return Err(Error::FUNCTION_FLUSH_MODE);
    }
    library::flush(ctx);
    ctx.reply.ok();
    Ok(())
}

fn kill(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    script::kill(ctx, Kind::Function)?;
    ctx.reply.ok();
    Ok(())
}

fn list(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (mut pattern, mut with_code) = (None, false);
    while let Some(word) = args.peek() {
        if !with_code && args.word("WITHCODE") {
            with_code = true;
        } else if pattern.is_none() && args.word("LIBRARYNAME") {
            pattern = Some(args.next().map_err(|_| Error::NO_LIBRARY_PATTERN)?);
        } else {
            return Err(Error::text(&[b"ERR Unknown argument ", word]));
        }
    }
    let matches =
        |library: &&Library| pattern.is_none_or(|pattern| crate::glob::matches_any_case(pattern, &library.name));
    let libraries = &ctx.server.scripting.libraries;
    let reply = &mut ctx.reply;
    reply.array(libraries.iter().filter(matches).count());
    for library in libraries.iter().filter(matches) {
        reply.map(if with_code { 4 } else { 3 });
        reply.bulk("library_name");
        reply.bulk(&library.name);
        reply.bulk("engine");
        reply.bulk("LUA");
        reply.bulk("functions");
        reply.array(library.functions.len());
        for function in &library.functions {
            reply.map(3);
            reply.bulk("name");
            reply.bulk(&function.name);
            reply.bulk("description");
            match &function.description {
                Some(text) => reply.bulk(text),
                None => reply.null(),
            }
            reply.bulk("flags");
            reply.set(function.flags.names().count());
            for name in function.flags.names() {
                reply.simple(name);
            }
        }
        if with_code {
            reply.bulk("library_code");
            reply.bulk(&library.code);
        }
    }
    Ok(())
}

fn load(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut replace = false;
    while args.left() > 1 {
        let word = args.peek().unwrap_or_default();
        if !args.word("REPLACE") {
            return Err(Error::text(&[b"ERR Unknown option given: ", word]));
        }
        replace = true;
    }
    let name = library::load(ctx, args.next()?, replace)?;
    ctx.reply.bulk(name);
    Ok(())
}

fn restore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let payload = args.next()?;
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("function", args.at(1)));
    }
    let policy = if args.word("FLUSH") {
        Policy::Flush
    } else if args.word("REPLACE") {
        Policy::Replace
    } else if args.left() == 0 || args.word("APPEND") {
        Policy::Append
    } else {
        return Err(Error::RESTORE_POLICY);
    };
    library::restore(ctx, payload, policy)?;
    ctx.reply.ok();
    Ok(())
}

fn stats(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let scripting = &ctx.server.scripting;
    let reply = &mut ctx.reply;
    if let Some(running) = &scripting.running
        && running.run.kind == Kind::Script
    {
        return Err(running.busy_error());
    }
    reply.map(2);
    reply.bulk("running_script");
    if let Some(running) = &scripting.running {
        reply.map(3);
        reply.bulk("name");
        reply.bulk(&running.run.name);
        reply.bulk("command");
        let words = running.request.args();
        reply.array(words.count());
        for word in words.all() {
            reply.bulk(word);
        }
        reply.bulk("duration_ms");
        reply.integer(ctx.now.millis() - running.run.since.millis());
    } else {
        reply.null();
    }
    reply.bulk("engines");
    reply.map(1);
    reply.bulk("LUA");
    reply.map(2);
    reply.bulk("libraries_count");
    reply.integer(scripting.libraries.iter().len() as i64);
    reply.bulk("functions_count");
    reply.integer(scripting.libraries.functions() as i64);
    Ok(())
}
