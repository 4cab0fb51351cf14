//! Transactions: MULTI queues, EXEC runs the queue with nobody in between, WATCH makes EXEC conditional.
//!
//! There is no rollback. An error while queueing makes EXEC refuse everything; an error while running is that command's
//! reply, and the others run all the same.

use crate::acl;
use crate::args::Args;
use crate::client::Transaction;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::settle::settle_events;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::text::Text;
use alloc::boxed::Box;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("discard", "", discard)
        .group(Group::Transactions)
        .since("2.0.0")
        .summary("Drops the queued commands, and the watches with them.")
        .complexity("O(N) with N queued commands")
        .flags(&[NoScript, Loading, Stale, Fast, AllowBusy]),
    Command::new("exec", "", exec)
        .group(Group::Transactions)
        .since("1.2.0")
        .summary("Runs the queued commands, unless a watched key was modified.")
        .complexity("Depends on the queued commands")
        .flags(&[NoScript, Loading, Stale, SkipSlowLog, Suspends]),
    Command::new("multi", "", multi)
        .group(Group::Transactions)
        .since("1.2.0")
        .summary("Begins a transaction: commands are queued until EXEC.")
        .flags(&[NoScript, Loading, Stale, Fast, AllowBusy]),
    Command::new("unwatch", "", unwatch)
        .group(Group::Transactions)
        .since("2.2.0")
        .summary("Forgets all watched keys.")
        .flags(&[NoScript, Loading, Stale, Fast, AllowBusy]),
    Command::new("watch", "key [key ...]", watch)
        .group(Group::Transactions)
        .since("2.2.0")
        .summary("Lets the next EXEC do nothing if one of the keys is modified before it.")
        .complexity("O(1) a key")
        .flags(&[NoScript, Loading, Stale, Fast, AllowBusy])
        .keys(&[Keys::range(1, -1, 1, "RO")]),
];

/// Commands that are not queued in a transaction.
pub(crate) fn runs_at_once(command: &Command) -> bool {
    matches!(command.full_name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}

/// EXEC itself was refused: the transaction is over.
pub(crate) fn exec_refused(ctx: &mut Ctx, error: &Error) -> Error {
    leave(ctx);
    let reason = error.0.strip_prefix(b"ERR ").unwrap_or(&error.0);
    Error::text(&[b"EXECABORT Transaction discarded because of: ", reason])
}

fn multi(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let client = ctx.clients.current();
    if client.transaction.is_some() {
        return Err(Error::NESTED_MULTI);
    }
    client.transaction = Some(Box::new(Transaction::default()));
    ctx.reply.ok();
    Ok(())
}

/// Gives up the transaction, if there is one, and all watches.
pub(crate) fn leave(ctx: &mut Ctx) -> Option<Box<Transaction>> {
    let transaction = ctx.clients.current().transaction.take();
    forget_watches(ctx);
    transaction
}

fn forget_watches(ctx: &mut Ctx) {
    let client = ctx.clients.current();
    client.watch_broken = false;
    let watched = core::mem::take(&mut client.watched);
    if !watched.is_empty() {
        ctx.server.watches.remove(&watched, client.id);
        ctx.db.effects.watching = !ctx.server.watches.is_empty();
    }
}

fn discard(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    if ctx.clients.current().transaction.is_none() {
        return Err(Error::DISCARD_WITHOUT_MULTI);
    }
    leave(ctx);
    ctx.reply.ok();
    Ok(())
}

fn exec(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let client = ctx.clients.current();
    if client.transaction.is_none() {
        return Err(Error::EXEC_WITHOUT_MULTI);
    }
    // A watched key whose time is over was modified, though nobody may have looked at it yet.
    let watches = &ctx.server.watches;
    let mut expired = client.watched.iter().filter(|place| !watches.was_over(place, client.id));
    let expired = expired.any(|(database, key)| ctx.db.in_database(*database, |db| db.is_over(key)));
    let broken = expired || client.watch_broken;
    let Some(transaction) = leave(ctx) else { return Err(Error::EXEC_WITHOUT_MULTI) };
    if transaction.aborted {
        return Err(Error::EXEC_ABORT);
    }
    if broken {
        ctx.reply.null_array();
        return Ok(());
    }
    ctx.reply.array(transaction.requests.len());
    run_queue(ctx, transaction, 0);
    Ok(())
}

/// Runs the requests of a transaction from one on. If one of them is a script that does not end, the rest waits for it.
pub(crate) fn run_queue(ctx: &mut Ctx, transaction: Box<Transaction>, from: usize) {
    ctx.deny_blocking = true;
    ctx.clients.current().executing = Some(transaction.requests.len());
    for at in from..transaction.requests.len() {
        let request = &transaction.requests[at];
        let mut args = request.args();
        let admitted =
            if ctx.server.access.restricts { acl::admit_from_queue(ctx, request.command, &args) } else { Ok(()) };
        match admitted {
            Ok(()) => ctx.run(request.command, &mut args),
            Err(error) => ctx.fail(&error),
        }
        settle_events(ctx.db, ctx.clients, ctx.server);
        if let Some(running) = &mut ctx.server.scripting.running {
            running.transaction = Some((transaction, at + 1));
            return;
        }
    }
    ctx.clients.current().executing = None;
}

fn watch(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if ctx.clients.current().transaction.is_some() {
        return Err(Error::WATCH_IN_MULTI);
    }
    let database = ctx.db.selected;
    for key in args.rest() {
        let was_over = ctx.db.is_over(key);
        let key = Text::new(key);
        let client = ctx.clients.current();
        if !client.watched.contains(&(database, key.clone())) {
            ctx.server.watches.add(database, &key, client.id, was_over);
            client.watched.push((database, key));
        }
    }
    ctx.db.effects.watching = true;
    ctx.reply.ok();
    Ok(())
}

fn unwatch(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    forget_watches(ctx);
    ctx.reply.ok();
    Ok(())
}
