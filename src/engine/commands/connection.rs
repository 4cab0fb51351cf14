//! Connections: greeting, authentication, databases, leaving. What CLIENT does stands in `client.rs`.

use crate::acl::{self, Context, Reason};
use crate::args::Args;
use crate::client::valid_name;
use crate::commands::{client_tracking, pubsub, transaction};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::server::VERSION;
use crate::table::{Command, Flag::*, Group};
use crate::text::Text;
use resp::Protocol;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("auth", "[username@6.0.0] password", auth)
        .group(Group::Connection)
        .summary("Proves who one is, with a password.")
        .complexity("O(N) with N passwords of the user")
        .flags(&[NoScript, Loading, Stale, Fast, NoAuth, AllowBusy]),
    Command::new("echo", "message", echo)
        .group(Group::Connection)
        .summary("Gives the message back.")
        .flags(&[Loading, Stale, Fast]),
    Command::new("hello", "[arguments: protover [AUTH username password] [SETNAME clientname]]", hello)
        .group(Group::Connection)
        .since("6.0.0")
        .summary("Greets the server and chooses the protocol; can authenticate and name the connection as well.")
        .flags(&[NoScript, Loading, Stale, Fast, NoAuth, AllowBusy]),
    Command::new("ping", "[message]", ping)
        .group(Group::Connection)
        .summary("Answers PONG, or the message, so that one can see whether the server is there.")
        .flags(&[Fast])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Command::new("quit", "", quit)
        .group(Group::Connection)
        .arity(-1)
        .summary("Ends the connection.")
        .flags(&[NoScript, Loading, Stale, Fast, NoAuth, AllowBusy])
        .deprecated("7.2.0", "just closing the connection"),
    Command::new("reset", "", reset)
        .group(Group::Connection)
        .since("6.2.0")
        .summary("Makes the connection as new: no transaction, no subscriptions, database 0, RESP2.")
        .flags(&[NoScript, Loading, Stale, Fast, NoAuth, AllowBusy]),
    Command::new("select", "index", select)
        .group(Group::Connection)
        .summary("Chooses the database that this connection works in.")
        .flags(&[Loading, Stale, Fast]),
];

fn ping(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.count() > 2 {
        return Err(Error::wrong_arguments("ping"));
    }
    let client = ctx.clients.current();
    if client.protocol == Protocol::Resp2 && !client.subscriptions.is_empty() {
        // Whoever only reads messages finds the answer among them.
        ctx.reply.array(2);
        ctx.reply.bulk("pong");
        ctx.reply.bulk(args.peek().unwrap_or_default());
        return Ok(());
    }
    match args.peek() {
        Some(message) => ctx.reply.bulk(message),
        None => ctx.reply.simple("PONG"),
    }
    Ok(())
}

fn echo(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    ctx.reply.bulk(args.next()?);
    Ok(())
}

fn select(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let index = args.database(ctx.db.databases())?;
    ctx.clients.current().database = index;
    ctx.db.selected = index;
    ctx.reply.ok();
    Ok(())
}

fn quit(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.clients.current().closing = true;
    ctx.reply.ok();
    Ok(())
}

fn reset(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    transaction::leave(ctx);
    pubsub::leave_all(ctx);
    let authenticated = !ctx.server.access.closed;
    let client = ctx.clients.current();
    client.reset();
    client.authenticated = authenticated;
    client_tracking::register(ctx);
    ctx.db.selected = 0;
    ctx.reply.protocol = Protocol::Resp2;
    ctx.reply.simple("RESET");
    Ok(())
}

fn auth(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.count() > 3 {
        return Err(Error::SYNTAX);
    }
    let first = args.next()?;
    let (user, password) = match args.peek() {
        Some(password) => (first, password),
        None if acl::default_has_no_password(ctx) => return Err(Error::NO_PASSWORD_SET),
        None => (acl::DEFAULT, first),
    };
    authenticate(ctx, args, user, password)?;
    ctx.reply.ok();
    Ok(())
}

/// From now on the connection is known as this user, if the password proves it.
fn authenticate(ctx: &mut Ctx, args: &Args, user: &[u8], password: &[u8]) -> Result<(), Error> {
    if !acl::proves(ctx, user, password) {
        acl::note(ctx, args, Reason::Auth, Context::TopLevel, args.at(0), user);
        return Err(Error::WRONG_PASSWORD);
    }
    let client = ctx.clients.current();
    client.user = Text::new(user);
    client.authenticated = true;
    Ok(())
}

fn hello(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut protocol = ctx.clients.current().protocol;
    if let Some(version) = args.peek() {
        args.seek(args.position() + 1);
        protocol = match resp::number::parse_integer(version) {
            Some(2) => Protocol::Resp2,
            Some(3) => Protocol::Resp3,
            Some(_) => return Err(Error::UNSUPPORTED_PROTOCOL),
            None => return Err(Error::PROTOCOL_NOT_AN_INTEGER),
        };
    }
    let mut name: Option<&[u8]> = None;
    let mut credentials: Option<(&[u8], &[u8])> = None;
    while let Some(option) = args.peek() {
        if args.word_with("AUTH", 2) {
            credentials = Some((args.next()?, args.next()?));
        } else if args.word_with("SETNAME", 1) {
            let wanted = args.next()?;
            if !valid_name(wanted) {
                return Err(Error::INVALID_CLIENT_NAME);
            }
            name = Some(wanted);
        } else {
            return Err(Error::text(&[b"ERR Syntax error in HELLO option '", option, b"'"]));
        }
    }
    if let Some((user, password)) = credentials {
        authenticate(ctx, args, user, password)?;
    }
    if !ctx.clients.current().authenticated && ctx.server.access.closed {
        return Err(Error::HELLO_NEEDS_AUTH);
    }
    let client = ctx.clients.current();
    client.protocol = protocol;
    if let Some(name) = name {
        client.name = Text::new(name);
    }
    let id = client.id.0;
    let reply = &mut ctx.reply;
    reply.protocol = protocol;
    reply.map(7);
    for (field, value) in [("server", "redis"), ("version", VERSION)] {
        reply.bulk(field);
        reply.bulk(value);
    }
    reply.bulk("proto");
    reply.integer(if protocol == Protocol::Resp3 { 3 } else { 2 });
    reply.bulk("id");
    reply.integer(id as i64);
    for (field, value) in [("mode", "standalone"), ("role", "master")] {
        reply.bulk(field);
        reply.bulk(value);
    }
    reply.bulk("modules");
    reply.array(1);
    reply.map(4);
    reply.bulk("name");
    reply.bulk("vectorset");
    reply.bulk("ver");
    reply.integer(1);
    reply.bulk("path");
    reply.bulk("");
    reply.bulk("args");
    reply.array(0);
    Ok(())
}
