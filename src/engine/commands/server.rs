//! The server as a whole: time, role, emptying and swapping databases, stopping. INFO, CONFIG, COMMAND and DEBUG have files of
//! their own.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::server::{Order, VERSION};
use crate::table::{Category, Command, Flag::*, Group};
use alloc::string::String;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("flushall", "[flush-type: ASYNC@4.0.0 | SYNC@6.2.0]", flush_all)
        .group(Group::Server)
        .summary("Empties all databases.")
        .complexity("O(N) with N keys in all databases")
        .flags(&[Write])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .categories(&[Category::Keyspace, Category::Dangerous]),
    Command::new("flushdb", "[flush-type: ASYNC@4.0.0 | SYNC@6.2.0]", flush_database)
        .group(Group::Server)
        .summary("Empties the database.")
        .complexity("O(N) with N keys in the database")
        .flags(&[Write])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .categories(&[Category::Keyspace, Category::Dangerous]),
    Command::new("lastsave", "", last_save)
        .group(Group::Server)
        .summary("Tells when the data were last saved, in seconds since 1970.")
        .flags(&[Loading, Stale, Fast])
        .tips(&["nondeterministic_output"])
        .categories(&[Category::Admin, Category::Dangerous]),
    Command::new("lolwut", "[VERSION version]", lolwut)
        .group(Group::Server)
        .since("5.0.0")
        .summary("Draws something, for no reason.")
        .complexity("O(N) with N tiles drawn")
        .flags(&[ReadOnly, Fast]),
    Command::new("role", "", role)
        .group(Group::Server)
        .since("2.8.12")
        .summary("Tells the part that this server plays in replication.")
        .flags(&[NoScript, Loading, Stale, Fast])
        .categories(&[Category::Admin, Category::Dangerous]),
    Command::new("shutdown", "[save-selector: NOSAVE | SAVE] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]", shutdown)
        .group(Group::Server)
        .summary("Stops the server.")
        .complexity("O(N) with N keys to save, O(1) otherwise")
        .flags(&[Admin, NoScript, Loading, Stale, NoMulti, AllowBusy]),
    Command::new("swapdb", "index1 index2", swap_databases)
        .group(Group::Server)
        .since("4.0.0")
        .summary("Swaps two databases: connections find the other one's keys in theirs.")
        .complexity("O(N) with N connections that watch or wait for keys")
        .flags(&[Write, Fast])
        .categories(&[Category::Keyspace, Category::Dangerous]),
    Command::new("time", "", time)
        .group(Group::Server)
        .since("2.6.0")
        .summary("Tells the server's time: seconds since 1970, and microseconds.")
        .flags(&[Loading, Stale, Fast])
        .tips(&["nondeterministic_output"]),
];

fn time(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.array(2);
    ctx.reply.bulk_integer(ctx.now.seconds());
    ctx.reply.bulk_integer((ctx.now.0 % 1_000_000) as i64);
    Ok(())
}

fn last_save(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.integer(ctx.server.last_save.seconds());
    Ok(())
}

/// There are no replicas yet.
fn role(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.array(3);
    ctx.reply.bulk("master");
    ctx.reply.integer(0);
    ctx.reply.array(0);
    Ok(())
}

/// Emptying in the background and in the foreground look the same: nobody can see when memory is given back.
fn check_flush_type(args: &mut Args) -> Result<(), Error> {
    if args.left() > 0 && !args.word("ASYNC") && !args.word("SYNC") {
        return Err(Error::SYNTAX);
    }
    args.end()
}

/// Tells who tracks keys. A client that waits for its own flush to end hears of it before the reply.
fn tell_of_flush(ctx: &mut Ctx, args: &Args) {
    ctx.server.tracking.flushed(ctx.clients.current_id(), ctx.clients, &mut ctx.server.outbox);
    let in_background = args.count() > 1 && args.at(1).eq_ignore_ascii_case(b"async");
    if !in_background && !ctx.deny_blocking {
        ctx.tell_before_reply();
    }
}

fn flush_database(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    check_flush_type(args)?;
    ctx.effort += ctx.db.flush(ctx.db.selected) as u64;
    tell_of_flush(ctx, args);
    ctx.reply.ok();
    Ok(())
}

fn flush_all(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    check_flush_type(args)?;
    for database in 0..ctx.db.databases() {
        ctx.effort += ctx.db.flush(database) as u64;
    }
    tell_of_flush(ctx, args);
    ctx.reply.ok();
    Ok(())
}

fn swap_databases(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut index = |complaint: Error| args.integer().ok().and_then(|index| i32::try_from(index).ok()).ok_or(complaint);
    let first = index(Error::INVALID_FIRST_DB)?;
    let second = index(Error::INVALID_SECOND_DB)?;
    let there = |index: i32| usize::try_from(index).ok().filter(|&index| index < ctx.db.databases());
    let (Some(first), Some(second)) = (there(first), there(second)) else { return Err(Error::DB_INDEX_OUT_OF_RANGE) };
    if first == second {
        ctx.db.effects.dirty += 1;
    } else {
        ctx.db.swap(first, second);
    }
    ctx.reply.ok();
    Ok(())
}

fn shutdown(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (mut save, mut no_save, mut abort, mut hurry) = (false, false, false, false);
    while args.left() > 0 {
        if args.word("SAVE") {
            save = true;
        } else if args.word("NOSAVE") {
            no_save = true;
        } else if args.word("NOW") || args.word("FORCE") {
            hurry = true;
        } else if args.word("ABORT") {
            abort = true;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if save && no_save || abort && (save || no_save || hurry) {
        return Err(Error::SYNTAX);
    }
    if abort {
        return Err(Error::NO_SHUTDOWN);
    }
    if let Some(running) = &ctx.server.scripting.running
        && !no_save
    {
        return Err(running.busy_error());
    }
    // There is no reply: the connection ends.
    ctx.clients.current().closing = true;
    ctx.server.orders.push(Order::Shutdown);
    Ok(())
}

/// A maze of slashes, after the one-line program of the home computers. The real server draws other things.
fn lolwut(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut version = None;
    if args.word_with("VERSION", 1) {
        version = Some(args.integer()?);
    }
    let mut size = [64, 12];
    if matches!(version, Some(5 | 6)) {
        for side in &mut size {
            if args.left() > 0 {
                *side = args.integer()?.clamp(1, 1000);
            }
        }
    }
    let [columns, rows] = size;
    let mut art = String::new();
    if matches!(version, None | Some(5 | 6 | 8)) {
        for _ in 0..rows {
            for _ in 0..columns {
                art.push(if ctx.db.random.below(2) == 0 { '╱' } else { '╲' });
            }
            art.push('\n');
        }
        ctx.effort += (rows * columns) as u64;
        art.push_str("\nA maze out of one coin, tossed for every tile. ");
    }
    for part in ["Redis ver. ", VERSION, "\n"] {
        art.push_str(part);
    }
    ctx.reply.verbatim(b"txt", art);
    Ok(())
}
