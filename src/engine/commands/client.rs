//! CLIENT: connections looked at, named, tuned and ended.

use super::client_tracking::{caching, get_redirection, tracking, tracking_info};
use crate::args::Args;
use crate::client::{Client, ReplyMode, TrackingMode, valid_name};
use crate::client_memory::REPLY_BUFFER;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::io::ClientId;
use crate::server::Order;
use crate::table::{Command, Flag::*, Group};
use crate::text::Text;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use resp::Protocol;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[Command::container("client", SUBCOMMANDS)
    .group(Group::Connection)
    .since("2.4.0")
    .summary("Looks at connections and changes them.")
    .help(HELP)];

const SUBCOMMANDS: &[Command] = &[
    Command::sub("client|caching", "<mode: YES | NO>", caching)
        .since("6.0.0")
        .summary("Says whether the next command's keys are tracked.")
        .flags(&[NoScript, Loading, Stale]),
    Command::sub("client|getname", "", get_name)
        .since("2.6.9")
        .summary("Tells this connection's name.")
        .flags(&[NoScript, Loading, Stale]),
    Command::sub("client|getredir", "", get_redirection)
        .since("6.0.0")
        .summary("Tells which connection this one's invalidations go to.")
        .flags(&[NoScript, Loading, Stale]),
    Command::help_of("client|help").since("5.0.0"),
    Command::sub("client|id", "", id)
        .since("5.0.0")
        .summary("Tells this connection's number.")
        .flags(&[NoScript, Loading, Stale]),
    Command::sub("client|info", "", info)
        .since("6.2.0")
        .summary("Tells what the server knows of this connection.")
        .flags(&[NoScript, Loading, Stale])
        .tips(&["nondeterministic_output"]),
    Command::sub(
        "client|kill",
        "<filter: old-format=ip:port@..2.8.12 | <new-format: [ID client-id@2.8.12] | [client-type@2.8.12: TYPE <NORMAL | MASTER@3.2.0 | SLAVE | REPLICA@5.0.0 | PUBSUB>] | [USER username] | [ADDR addr=ip:port] | [LADDR laddr=ip:port@6.2.0] | [SKIPME <YES | NO>] | [MAXAGE maxage@7.4.0]>...>",
        kill,
    )
    .since("2.4.0")
    .arity(-3)
    .summary("Ends connections.")
    .complexity("O(N) with N connections")
    .flags(&[Admin, NoScript, Loading, Stale]),
    Command::sub(
        "client|list",
        "[client-type@5.0.0: TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id@6.2.0 [client-id ...]]",
        list,
    )
    .since("2.4.0")
    .summary("Lists the connections, one a line.")
    .complexity("O(N) with N connections")
    .flags(&[Admin, NoScript, Loading, Stale])
    .tips(&["nondeterministic_output"]),
    Command::sub("client|no-evict", "<enabled: ON | OFF>", no_evict)
        .since("7.0.0")
        .summary("Spares this connection when connections are closed for lack of memory.")
        .flags(&[Admin, NoScript, Loading, Stale]),
    Command::sub("client|no-touch", "<enabled: ON | OFF>", no_touch)
        .since("7.2.0")
        .summary("Makes this connection's reads leave no trace in the keys' access times.")
        .flags(&[NoScript, Loading, Stale]),
    Command::sub("client|pause", "timeout:integer [mode@6.2.0: WRITE | ALL]", pause)
        .since("3.0.0")
        .summary("Lets commands wait, all or those that write, for a time.")
        .flags(&[Admin, NoScript, Loading, Stale]),
    Command::sub("client|reply", "<action: ON | OFF | SKIP>", reply)
        .since("3.2.0")
        .summary("Chooses whether this connection gets replies.")
        .flags(&[NoScript, Loading, Stale]),
    Command::sub("client|setinfo", "<attr: LIB-NAME libname | LIB-VER libver>", set_info)
        .since("7.2.0")
        .summary("Says which client library, in which version, is speaking.")
        .flags(&[NoScript, Loading, Stale])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    Command::sub("client|setname", "connection-name", set_name)
        .since("2.6.9")
        .summary("Names this connection.")
        .flags(&[NoScript, Loading, Stale])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    Command::sub(
        "client|tracking",
        "<status: ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
        tracking,
    )
    .since("6.0.0")
    .summary("Asks to be told when keys change that this connection has read.")
    .complexity("O(1); some options need more")
    .flags(&[NoScript, Loading, Stale]),
    Command::sub("client|trackinginfo", "", tracking_info)
        .since("6.2.0")
        .summary("Tells how this connection is tracked.")
        .flags(&[NoScript, Loading, Stale]),
    Command::sub("client|unblock", "client-id [unblock-type: TIMEOUT | ERROR]", unblock)
        .since("5.0.0")
        .summary("Ends another connection's waiting in a blocking command.")
        .complexity("O(log N) with N connections")
        .flags(&[Admin, NoScript, Loading, Stale]),
    Command::sub("client|unpause", "", unpause)
        .since("6.2.0")
        .summary("Ends a pause.")
        .complexity("O(N) with N waiting connections")
        .flags(&[Admin, NoScript, Loading, Stale]),
];

const HELP: &[&str] = &[
    "CACHING (YES|NO)",
    "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
    "GETREDIR",
    "    Return the client ID we are redirecting to when tracking is enabled.",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "    * ID <client-id>",
    "      Kill connections by client id.",
    "    * MAXAGE <maxage>",
    "      Kill connections older than the specified age.",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "SETINFO <option> <value>",
    "    Set client meta attr. Options are:",
    "    * LIB-NAME: the client lib name.",
    "    * LIB-VER: the client lib version.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
    "         [OPTIN] [OPTOUT] [NOLOOP]",
    "    Control server assisted client side caching.",
    "TRACKINGINFO",
    "    Report tracking status for the current connection.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
    "NO-TOUCH (ON|OFF)",
    "    Will not touch LRU/LFU stats when this mode is on.",
];

// ---- who one is -----------------------------------------------------------------------------------------------------

fn id(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.integer(ctx.clients.current().id.0 as i64);
    Ok(())
}

fn get_name(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let name = &ctx.clients.current().name;
    if name.is_empty() {
        ctx.reply.null();
    } else {
        ctx.reply.bulk(name);
    }
    Ok(())
}

fn set_name(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let name = args.next()?;
    if !valid_name(name) {
        return Err(Error::INVALID_CLIENT_NAME);
    }
    ctx.clients.current().name = Text::new(name);
    ctx.reply.ok();
    Ok(())
}

fn set_info(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (attribute, value) = (args.next()?, args.next()?);
    let client = ctx.clients.current();
    let field = if attribute.eq_ignore_ascii_case(b"lib-name") {
        &mut client.library_name
    } else if attribute.eq_ignore_ascii_case(b"lib-ver") {
        &mut client.library_version
    } else {
        return Err(Error::text(&[b"ERR Unrecognized option '", attribute, b"'"]));
    };
    if !valid_name(value) {
        return Err(Error::text(&[b"ERR ", attribute, b" cannot contain spaces, newlines or special characters."]));
    }
    *field = Text::new(value);
    ctx.reply.ok();
    Ok(())
}

// ---- listing --------------------------------------------------------------------------------------------------------

/// What a query buffer has room for when a command is read into it.
const QUERY_BUFFER: usize = 20_474;

/// The line of CLIENT LIST. `request` is what the current client's command takes in its query buffer, with the bytes and the
/// number of its words. Memory is Redis' for such a client, as far as it can be known here.
fn describe(ctx: &Ctx, client: &Client, request: Option<(usize, usize, usize)>) -> String {
    let since = |then: crate::time::Instant| ctx.now.0.saturating_sub(then.0) / 1_000_000;
    let (query, words, count) = request.unwrap_or_default();
    let free = if request.is_some() { QUERY_BUFFER.saturating_sub(query) } else { 0 };
    let vector = (count * 8).next_multiple_of(16);
    let running = request.map_or(0, |_| QUERY_BUFFER.max(query) + 6 + words + vector);
    let memory = client.memory() + running;
    let (queued_bytes, unsent) = (client.queued_bytes(), client.unsent);
    // A client in a transaction, whether it is still queued or already run.
    let queued = client.transaction.as_ref().map(|transaction| transaction.requests.len()).or(client.executing);
    let mut flags = String::new();
    for (set, letter) in [(!client.subscriptions.is_empty(), 'P'), (queued.is_some(), 'x'), (client.is_waiting(), 'b')]
    {
        if set {
            flags.push(letter);
        }
    }
    if let Some(tracking) = &client.tracking {
        flags.push('t');
        if tracking.redirection_broken.get() {
            flags.push('R');
        }
        if tracking.mode == TrackingMode::Broadcast {
            flags.push('B');
        }
    }
    for (set, letter) in [(client.watch_broken, 'd'), (client.no_evict, 'e'), (client.no_touch, 'T')] {
        if set {
            flags.push(letter);
        }
    }
    if flags.is_empty() {
        flags.push('N');
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut line = String::new();
    let _ = write!(
        line,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={flags} db={} sub={} psub={} ssub={} multi={} watch={} \
         qbuf={query} qbuf-free={free} argv-mem={words} multi-mem={queued_bytes} rbs={REPLY_BUFFER} rbp=0 obl=0 oll={} omem={unsent} tot-mem={memory} \
         events=r cmd={} user={} redir={} resp={} lib-name={} lib-ver={} io-thread=0 tot-net-in={} tot-net-out={} tot-cmds={}",
        client.id.0,
        client.address,
        client.local_address,
        client.id.0 + 7,
        text(&client.name),
        since(client.connected),
        since(client.last_interaction),
        client.database,
        client.subscriptions.channels.len(),
        client.subscriptions.patterns.len(),
        client.subscriptions.shard_channels.len(),
        queued.map_or(-1, |queued| queued as i64),
        if client.watch_broken { 0 } else { client.watched.len() },
        i32::from(unsent > 0),
        client.last_command,
        text(&client.user),
        client.tracking.as_ref().map_or(-1, |tracking| tracking.redirect as i64),
        if client.protocol == Protocol::Resp3 { 3 } else { 2 },
        text(&client.library_name),
        text(&client.library_version),
        client.bytes_in,
        client.bytes_out,
        client.commands,
    );
    line
}

/// The size of the request that is being run, the bytes of its words, their number.
fn request_size(args: &Args) -> (usize, usize, usize) {
    let digits = |number: usize| number.checked_ilog10().unwrap_or(0) as usize + 1;
    let words: usize = args.all().map(<[u8]>::len).sum();
    let framed: usize = args.all().map(|word| digits(word.len()) + 5 + word.len()).sum();
    (digits(args.count()) + 3 + framed, words, args.count())
}

fn describe_all(ctx: &mut Ctx, args: &Args, chosen: &[ClientId]) -> String {
    let current = ctx.clients.current().id;
    let mut lines = String::new();
    for &id in chosen {
        if let Some(client) = ctx.clients.get(id) {
            lines += &describe(ctx, client, (id == current).then(|| request_size(args)));
            lines.push('\n');
        }
    }
    lines
}

/// What CLIENT LIST shows of the connection whose request this is.
pub(crate) fn line_of_current(ctx: &mut Ctx, args: &Args) -> String {
    let current = ctx.clients.current().clone();
    describe(ctx, &current, Some(request_size(args)))
}

fn info(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let current = ctx.clients.current().id;
    let lines = describe_all(ctx, args, &[current]);
    ctx.reply.verbatim(b"txt", lines);
    Ok(())
}

fn list(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut chosen: Vec<ClientId> = Vec::new();
    if args.count() == 4 && args.word("TYPE") {
        let kind = ClientType::parse(args.next()?)?;
        chosen.extend(ctx.clients.iter().filter(|client| kind.includes(client)).map(|client| client.id));
    } else if args.left() > 1 && args.word("ID") {
        for word in args.rest() {
            let id = parse_integer(word).ok_or(Error::INVALID_CLIENT_ID)?;
            chosen.extend(u64::try_from(id).ok().map(ClientId).filter(|&id| ctx.clients.get(id).is_some()));
        }
    } else if args.left() > 0 {
        return Err(Error::SYNTAX);
    } else {
        chosen.extend(ctx.clients.iter().filter(|client| !client.closing).map(|client| client.id));
    }
    let lines = describe_all(ctx, args, &chosen);
    ctx.reply.verbatim(b"txt", lines);
    Ok(())
}

/// What CLIENT LIST and KILL tell apart. There are neither masters nor replicas yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ClientType {
    Normal,
    Master,
    Replica,
    PubSub,
}

impl ClientType {
    fn parse(word: &[u8]) -> Result<ClientType, Error> {
        match &*word.to_ascii_lowercase() {
            b"normal" => Ok(ClientType::Normal),
            b"master" => Ok(ClientType::Master),
            b"slave" | b"replica" => Ok(ClientType::Replica),
            b"pubsub" => Ok(ClientType::PubSub),
            _ => Err(Error::text(&[b"ERR Unknown client type '", word, b"'"])),
        }
    }

    fn includes(self, client: &Client) -> bool {
        let kind = if client.subscriptions.is_empty() { ClientType::Normal } else { ClientType::PubSub };
        self == kind && !client.closing
    }
}

// ---- ending ---------------------------------------------------------------------------------------------------------

/// Which connections KILL means.
#[derive(Default)]
struct Filter<'a> {
    id: Option<u64>,
    kind: Option<ClientType>,
    user: Option<&'a [u8]>,
    address: Option<&'a [u8]>,
    local_address: Option<&'a [u8]>,
    age: Option<i64>,
}

impl Filter<'_> {
    fn includes(&self, client: &Client, now: crate::time::Instant) -> bool {
        let age = (now.0.saturating_sub(client.connected.0) / 1_000_000) as i64;
        !client.closing
            && self.id.is_none_or(|id| id == client.id.0)
            && self.kind.is_none_or(|kind| kind.includes(client))
            && self.user.is_none_or(|user| *client.user == *user)
            && self.address.is_none_or(|address| address == client.address.as_bytes())
            && self.local_address.is_none_or(|address| address == client.local_address.as_bytes())
            && self.age.is_none_or(|least| age >= least)
    }
}

fn kill(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let old_form = args.count() == 3;
    let mut filter = Filter::default();
    let mut skip_me = !old_form;
    if old_form {
        filter.address = Some(args.next()?);
    }
    while args.left() > 0 {
        if args.left() == 1 {
            return Err(Error::SYNTAX);
        }
        if args.word("ID") {
            let id = parse_integer(args.next()?).and_then(|id| u64::try_from(id).ok()).filter(|&id| id > 0);
            filter.id = Some(id.ok_or(Error::CLIENT_ID_NOT_POSITIVE)?);
        } else if args.word("MAXAGE") {
            let age = parse_integer(args.next()?).ok_or(Error::MAXAGE_NOT_AN_INTEGER)?;
            filter.age = Some(Some(age).filter(|&age| age > 0).ok_or(Error::MAXAGE_NOT_POSITIVE)?);
        } else if args.word("TYPE") {
            filter.kind = Some(ClientType::parse(args.next()?)?);
        } else if args.word("ADDR") {
            filter.address = Some(args.next()?);
        } else if args.word("LADDR") {
            filter.local_address = Some(args.next()?);
        } else if args.word("USER") {
            let user = args.next()?;
            if !ctx.server.access.users().contains_key(user) {
                return Err(Error::text(&[b"ERR No such user '", user, b"'"]));
            }
            filter.user = Some(user);
        } else if args.word("SKIPME") {
            skip_me = if args.word("yes") {
                true
            } else if args.word("no") {
                false
            } else {
                return Err(Error::SYNTAX);
            };
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let current = ctx.clients.current().id;
    let chosen: Vec<ClientId> = ctx
        .clients
        .iter()
        .filter(|client| filter.includes(client, ctx.now) && !(skip_me && client.id == current))
        .map(|client| client.id)
        .collect();
    for &id in &chosen {
        if id == current {
            // It still gets this reply.
            ctx.clients.current().closing = true;
        } else {
            ctx.server.orders.push(Order::Kill(id));
        }
    }
    match (old_form, chosen.len()) {
        (true, 0) => return Err(Error::NO_SUCH_CLIENT),
        (true, _) => ctx.reply.ok(),
        (false, count) => ctx.reply.integer(count as i64),
    }
    Ok(())
}

fn unblock(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let id = args.next()?;
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("client", args.at(1)));
    }
    let error = args.word("ERROR");
    if args.left() > 0 && !args.word("TIMEOUT") {
        return Err(Error::UNBLOCK_REASON);
    }
    let id = parse_integer(id).ok_or(Error::NOT_AN_INTEGER)?;
    let client = ClientId(u64::try_from(id).unwrap_or(0));
    let waits = ctx.clients.get(client).is_some_and(|client| client.blocked.is_some());
    if waits {
        ctx.server.orders.push(Order::Unblock { client, error });
    }
    ctx.reply.integer(i64::from(waits));
    Ok(())
}

// ---- manners --------------------------------------------------------------------------------------------------------

fn reply(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let client = ctx.clients.current();
    if args.word("ON") {
        client.reply_mode = ReplyMode::On;
        ctx.reply.ok();
    } else if args.word("OFF") {
        client.reply_mode = ReplyMode::Off;
    } else if args.word("SKIP") {
        if client.reply_mode != ReplyMode::Off {
            client.reply_mode = ReplyMode::SkipNext;
        }
    } else {
        return Err(Error::SYNTAX);
    }
    Ok(())
}

fn on_or_off(args: &mut Args) -> Result<bool, Error> {
    if args.word("ON") {
        Ok(true)
    } else if args.word("OFF") {
        Ok(false)
    } else {
        Err(Error::SYNTAX)
    }
}

fn no_evict(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    ctx.clients.current().no_evict = on_or_off(args)?;
    ctx.reply.ok();
    Ok(())
}

fn no_touch(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    ctx.clients.current().no_touch = on_or_off(args)?;
    ctx.reply.ok();
    Ok(())
}

fn pause(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let timeout = args.next()?;
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("client", args.at(1)));
    }
    let writes_only = match args.peek() {
        None => false,
        Some(_) if args.word("WRITE") => true,
        Some(_) if args.word("ALL") => false,
        Some(_) => return Err(Error::PAUSE_MODE),
    };
    let timeout = parse_integer(timeout).ok_or(Error::TIMEOUT_NOT_AN_INTEGER)?;
    if timeout < 0 {
        return Err(Error::TIMEOUT_NEGATIVE);
    }
    let until = ctx.now.millis().checked_add(timeout).ok_or(Error::TIMEOUT_OUT_OF_RANGE)?;
    ctx.server.suspend(until, writes_only);
    ctx.reply.ok();
    Ok(())
}

fn unpause(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.server.pause = None;
    ctx.server.orders.push(Order::Release);
    ctx.reply.ok();
    Ok(())
}
