//! Access control: who may connect, and which commands, keys and channels each user may touch.
//!
//! A user (user.rs) has passwords and one or more *selectors* (selector.rs). A selector is a set of commands, a list of key patterns and
//! a list of channel patterns, and a request is allowed if a single selector allows all of it; the first one, which every user
//! has, is what rules without parentheses change. Users are written and shown in the little language of ACL SETUSER, whose
//! words are kept as they were given, because ACL LIST gives them back.
//!
//! Nearly every server has one user, who may do everything. So [`Access`] says in two booleans what each request and each new connection
//! has to know, and everything else comes into being when somebody changes a user, sets a password or fails to give one. A page's
//! first visit has nothing of it.
//!
//! A refused request is counted and noted in a log (log.rs). It may be refused in three places, and the text differs: when it arrives
//! (`NOPERM …`), when EXEC comes to it and the rules have changed meanwhile, and when a script calls it.

mod log;
mod selector;
mod sha256;
mod user;

pub(crate) use log::{Context, Entry, Reason};
pub(crate) use selector::Selector;
pub(crate) use user::User;

use crate::args::Args;
use crate::commands::client_line;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::server::Order;
use crate::table::{Command, Flag, Positions};
use crate::text::Text;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use log::Log;

/// The name of the user that every connection begins as.
pub(crate) const DEFAULT: &[u8] = b"default";

/// What the server knows of users.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// A new connection has to say who it is: the default user has a password or is off.
    pub(crate) closed: bool,
    /// Some user may not do everything, so requests are looked at.
    pub(crate) restricts: bool,
    records: Option<Rc<Records>>,
}

#[derive(Clone, Debug)]
struct Records {
    users: BTreeMap<Text, User>,
    log: Log,
    /// How many times each [`Reason`] was given.
    denied: [u64; 4],
}

impl Default for Records {
    fn default() -> Records {
        let users = BTreeMap::from([(Text::new(DEFAULT), User::unrestricted())]);
        Records { users, log: Log::default(), denied: [0; 4] }
    }
}

impl Access {
    fn records(&mut self) -> &mut Records {
        Rc::make_mut(self.records.get_or_insert_default())
    }

    pub(crate) fn users(&mut self) -> &mut BTreeMap<Text, User> {
        &mut self.records().users
    }

    pub(crate) fn log(&mut self) -> &mut Vec<Entry> {
        &mut self.records().log.entries
    }

    /// How many AUTHs, commands, keys and channels were refused.
    pub(crate) fn denied(&self) -> [u64; 4] {
        self.records.as_ref().map_or([0; 4], |records| records.denied)
    }

    /// CONFIG RESETSTAT.
    pub(crate) fn forget_denied(&mut self) {
        if self.records.is_some() {
            self.records().denied = [0; 4];
        }
    }

    /// To be called whenever a user was changed.
    pub(crate) fn users_changed(&mut self) {
        let users = self.users();
        let closed = users.get(DEFAULT).is_some_and(|user| !user.lets_everybody_in());
        let restricts = users.values().any(|user| !user.may_do_everything());
        (self.closed, self.restricts) = (closed, restricts);
    }
}

/// CONFIG SET requirepass: the default user's only password, or none.
#[inline(never)]
pub(crate) fn require_password(access: &mut Access, password: &[u8]) {
    if let Some(user) = access.users().get_mut(DEFAULT) {
        user.set_only_password(password);
    }
    access.users_changed();
}

/// Whether `password` proves that a client is `user`.
pub(crate) fn proves(ctx: &mut Ctx, user: &[u8], password: &[u8]) -> bool {
    ctx.server.access.users().get(user).is_some_and(|user| user.is_proved_by(password))
}

/// Whether AUTH with a password alone makes no sense.
pub(crate) fn default_has_no_password(ctx: &mut Ctx) -> bool {
    ctx.server.access.users().get(DEFAULT).is_some_and(User::has_no_password)
}

/// A request as permissions see it.
pub(crate) struct Request<'a> {
    pub command: &'static Command,
    pub words: Vec<&'a [u8]>,
    keys: Positions,
}

impl<'a> Request<'a> {
    pub(crate) fn new(command: &'static Command, args: &Args<'a>) -> Request<'a> {
        Request::of(command, args.all().collect())
    }

    pub(crate) fn of(command: &'static Command, words: Vec<&'a [u8]>) -> Request<'a> {
        // A request of which not even the keys can be told is refused by its command.
        let keys = if command.keys.is_empty() { None } else { command.keys_of(&words) };
        Request { command, words, keys: keys.unwrap_or_default() }
    }

    /// The same request as EXEC looks at it once more: keys were looked at when it was queued.
    fn without_keys(mut self) -> Request<'a> {
        self.keys.clear();
        self
    }
}

/// What of a request is not allowed, in the order of how far it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Denial {
    Command,
    /// The position of the key.
    Key(usize),
    /// The position of the channel.
    Channel(usize),
}

impl Denial {
    /// What the client is told; the name of a key or channel only when `named`, because it may have been a guess.
    pub(crate) fn message(self, user: &[u8], request: &Request, named: bool) -> Error {
        let user = [b"User ", user, b" has no permissions to "].concat();
        match self {
            Denial::Command => Error::text(&[&user, b"run the '", request.command.full_name.as_bytes(), b"' command"]),
            Denial::Key(at) if named => Error::text(&[&user, b"access the '", request.words[at], b"' key"]),
            Denial::Channel(at) if named => Error::text(&[&user, b"access the '", request.words[at], b"' channel"]),
            Denial::Key(_) => Error::text(&[b"No permissions to access a key"]),
            Denial::Channel(_) => Error::text(&[b"No permissions to access a channel"]),
        }
    }

    /// Why EXEC leaves a queued request out.
    fn afterthought(self) -> &'static [u8] {
        match self {
            Denial::Command => b"no permission to execute the command or subcommand",
            Denial::Key(_) => b"no permission to touch the specified keys",
            Denial::Channel(_) => b"no permission to access one of the channels used as arguments",
        }
    }
}

/// Looks at a request that has just arrived.
#[cold]
pub(crate) fn admit(ctx: &mut Ctx, command: &'static Command, args: &Args) -> Result<(), Error> {
    if !is_restricted(ctx) {
        return Ok(());
    }
    let context = if ctx.clients.current().transaction.is_some() { Context::Multi } else { Context::TopLevel };
    let request = Request::new(command, args);
    look(ctx, &request, args, context).map_err(|(_, message)| Error::text(&[b"NOPERM ", &message.0]))
}

/// Looks at a queued request again before EXEC runs it.
#[cold]
pub(crate) fn admit_from_queue(ctx: &mut Ctx, command: &'static Command, args: &Args) -> Result<(), Error> {
    if !is_restricted(ctx) {
        return Ok(());
    }
    let request = Request::new(command, args).without_keys();
    look(ctx, &request, args, Context::Multi).map_err(|(denial, _)| {
        Error::text(&[
            b"NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. \
              This command is no longer allowed for the following reason: ",
            denial.afterthought(),
        ])
    })
}

/// Looks at a call that a script makes in the name of the current client.
#[cold]
pub(crate) fn admit_call(ctx: &mut Ctx, command: &'static Command, args: &Args) -> Result<(), Error> {
    if !is_restricted(ctx) {
        return Ok(());
    }
    let request = Request::new(command, args);
    look(ctx, &request, args, Context::Lua)
        .map_err(|(_, message)| Error::text(&[b"ERR ACL failure in script: ", &message.0]))
}

/// Whether the current client's user may run a request; nothing is noted.
pub(crate) fn allows(ctx: &mut Ctx, command: &'static Command, args: &Args) -> bool {
    !ctx.server.access.restricts || judge(ctx, &Request::new(command, args)).is_ok()
}

/// Whether the user may run SORT and read any key besides: its patterns may lead to all of them.
#[cold]
pub(crate) fn reads_all_keys(ctx: &mut Ctx, args: &Args) -> bool {
    let request = Request::new(ctx.command, args);
    let name = &ctx.clients.current().user;
    ctx.server.access.users().get(name).is_none_or(|user| user.runs_with_all_keys(&request))
}

/// Whether the current client's user may not do everything.
fn is_restricted(ctx: &mut Ctx) -> bool {
    let name = &ctx.clients.current().user;
    ctx.server.access.users().get(name).is_some_and(|user| !user.may_do_everything())
}

fn judge(ctx: &mut Ctx, request: &Request) -> Result<(), Denial> {
    // Whoever is not known any more is about to be disconnected.
    let Some(user) = ctx.server.access.users().get(&ctx.clients.current().user) else { return Ok(()) };
    user.judge(request)
}

fn look(ctx: &mut Ctx, request: &Request, args: &Args, context: Context) -> Result<(), (Denial, Error)> {
    let Err(denial) = judge(ctx, request) else { return Ok(()) };
    let user = ctx.clients.current().user.clone();
    let (reason, object) = match denial {
        Denial::Command => (Reason::Command, request.command.full_name.as_bytes()),
        Denial::Key(at) => (Reason::Key, request.words[at]),
        Denial::Channel(at) => (Reason::Channel, request.words[at]),
    };
    note(ctx, args, reason, context, object, &user);
    Err((denial, denial.message(&user, request, false)))
}

/// Counts and logs a refusal.
pub(crate) fn note(ctx: &mut Ctx, args: &Args, reason: Reason, context: Context, object: &[u8], user: &[u8]) {
    let client = client_line(ctx, args);
    let most = usize::try_from(ctx.server.settings.integer("acllog-max-len")).unwrap_or(usize::MAX);
    let now = ctx.now.millis();
    let records = ctx.server.access.records();
    records.denied[reason as usize] += 1;
    records.log.add(Entry::new(reason, context, object, user, client, now), most);
}

/// Ends the connections of a user whom there is no more.
pub(crate) fn disconnect(ctx: &mut Ctx, user: &[u8]) {
    end_connections(ctx, |client| *client.user == *user);
}

/// Ends those connections of a user that listen to what the user may not hear any more.
pub(crate) fn disconnect_listeners(ctx: &mut Ctx, name: &[u8]) {
    let Some(user) = ctx.server.access.users().get(name).cloned() else { return };
    end_connections(ctx, |client| {
        let heard = &client.subscriptions;
        *client.user == *name
            && (heard.channels.iter().chain(&heard.shard_channels).any(|channel| !user.hears(channel, false))
                || heard.patterns.iter().any(|pattern| !user.hears(pattern, true)))
    });
}

fn end_connections(ctx: &mut Ctx, ends: impl Fn(&crate::client::Client) -> bool) {
    let current = ctx.clients.current_id();
    for client in ctx.clients.iter().filter(|client| ends(client)) {
        if client.id != current {
            ctx.server.orders.push(Order::Kill(client.id));
        }
    }
    // The current one still gets its reply.
    let client = ctx.clients.current();
    client.closing |= ends(client);
}

/// Whether permissions are looked at for this command at all: one must be able to say who one is.
fn is_for_all(command: &Command) -> bool {
    command.has(Flag::NoAuth)
}
