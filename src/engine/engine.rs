//! The call path: from bytes to a row, through the checks that come before every command, to its function, and what is settled
//! afterwards.

use crate::acl;
use crate::args::Args;
use crate::client::{Clients, NO_COMMAND, ReplyMode, Transaction};
use crate::client_memory::ClientLimit;
use crate::commands::{pubsub, transaction};
use crate::config;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::evict;
use crate::expire;
use crate::io::{ClientId, Config, Input, Outputs};
use crate::memory::{self, used};
use crate::pubsub::Sort;
use crate::request::Request;
use crate::script::shebang;
use crate::server::{Order, Server};
use crate::settle::settle_events;
use crate::store::Store;
use crate::table::{self, Command, Flag};
use crate::time::Instant;
use alloc::vec::Vec;
use resp::Protocol;
use resp::Writer;
use resp::request::{Limits, Progress};

/// Memory for unread bytes that an idle client may keep.
const IDLE_QUERY: usize = 64 * 1024;

/// One redis-server. Cloning it is a checkpoint.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) clients: Clients,
    pub(crate) server: Server,
}

impl Engine {
    /// A server with empty databases. Equal `config`, `seed` and inputs give equal outputs, on every target.
    pub fn new(config: Config, seed: u64) -> Engine {
        let mut store = Store::new(config.databases, seed);
        store.now = config.started;
        store.effects.listening = config.listen;
        let (databases, port) = (config.databases, config.port);
        let run_id = store.random.hexadecimal();
        let replication_id = store.random.hexadecimal();
        let settings = config.settings.clone();
        let mut server = Server::new(config, seed, run_id, replication_id);
        if !settings.are_defaults() || (databases, port) != (16, 6379) {
            config::begin(&mut store, &mut server, &settings, databases as u64, u64::from(port));
        }
        Engine { store, clients: Clients::default(), server }
    }

    /// Lets `input` happen at `now`. Time stands still for the whole call; it never runs backwards.
    pub fn step(&mut self, now: Instant, input: Input, out: &mut Outputs) {
        self.store.now = now.max(self.store.now);
        if self.store.now.0.saturating_sub(self.server.housekept.0) >= expire::TICK {
            self.keep_house();
        }
        if self.server.pause.is_some_and(|pause| pause.until <= self.store.now.millis()) {
            self.server.pause = None;
            self.release_held();
        }
        match input {
            Input::Bytes { client, bytes } => self.receive(client, bytes, out),
            Input::Connected { client, address, local_address } => {
                self.clients.add(client, address, local_address, self.store.now);
                if let Some(client) = self.clients.get_mut(client) {
                    client.authenticated = !self.server.access.closed;
                }
            }
            Input::Closed { client } => self.forget(client),
            Input::Wakeup if self.server.scripting.running.is_some() => self.go_on_with_script(out),
            Input::Wakeup => {
                self.end_overdue_waits(out);
                expire::cycle(&mut self.store);
                settle_events(&mut self.store, &mut self.clients, &mut self.server);
                self.send_messages(out);
                self.wake_waiting(out);
            }
        }
        self.resume(out);
        if self.store.effects.tracking && self.server.scripting.running.is_none() {
            self.server.tracking.broadcast(&self.clients, &mut self.server.outbox);
            self.send_messages(out);
        }
        self.store.close();
        if self.server.client_limit != ClientLimit::None {
            self.evict_clients(out);
        }
        out.add_events(&mut self.server.told);
    }

    /// What Redis does ten times a second and what shows only when somebody asks: so it is done when somebody comes.
    #[cold]
    fn keep_house(&mut self) {
        /// Redis gives a millisecond to each tick; so many steps fit into it.
        const STEPS: u64 = 16_384;
        let ticks = (self.store.now.0 - self.server.housekept.0) / expire::TICK;
        self.server.housekept = self.store.now;
        let steps = u32::try_from(ticks.saturating_mul(STEPS)).unwrap_or(u32::MAX);
        for space in &mut self.store.spaces {
            space.rehash(steps);
        }
        self.store.close();
        let used = used::total(&self.store, &self.clients);
        self.server.peak.note(used, self.store.now);
    }

    /// A connection is over: whatever it was registered for is given up.
    pub(crate) fn forget(&mut self, id: ClientId) {
        if self.outlives(id) {
            return;
        }
        let Some(client) = self.clients.remove(id) else { return };
        if self.server.scripting.debugged == Some(id) {
            self.server.scripting.debugged = None;
            self.release_held();
        }
        self.server.watches.remove(&client.watched, id);
        self.store.effects.watching = !self.server.watches.is_empty();
        if let Some(blocked) = &client.blocked {
            self.server.waits.remove(id, blocked);
            self.store.effects.waiting = !self.server.waits.is_empty();
        }
        if client.tracking.is_some() {
            self.server.tracking.register(id, &[]);
            self.store.effects.tracking = self.server.tracking.is_needed(&self.clients);
        }
        let subscriptions = &client.subscriptions;
        for (sort, names) in [
            (Sort::Channel, &subscriptions.channels),
            (Sort::Pattern, &subscriptions.patterns),
            (Sort::Shard, &subscriptions.shard_channels),
        ] {
            for name in names {
                self.server.pubsub.remove(sort, name, id);
            }
        }
    }

    /// Lets clients go on whose requests waited for the end of a pause.
    pub(crate) fn release_held(&mut self) {
        let held: Vec<ClientId> = self.clients.iter().filter(|client| client.held).map(|client| client.id).collect();
        for &id in &held {
            if let Some(client) = self.clients.get_mut(id) {
                client.held = false;
            }
        }
        self.server.waits.resumed.extend(held);
    }

    /// Does what the command of `current`, which is over, wants done to others.
    #[cold]
    pub(crate) fn obey_orders(&mut self, current: ClientId, out: &mut Outputs) {
        out.deliver(current);
        for order in core::mem::take(&mut self.server.orders) {
            match order {
                Order::Kill(client) => {
                    self.forget(client);
                    out.close(client);
                }
                Order::Unblock { client, error } => {
                    let error = error.then_some(&b"UNBLOCKED client unblocked via CLIENT UNBLOCK"[..]);
                    self.end_wait(client, out, error);
                }
                Order::Release => self.release_held(),
                Order::Evict => {
                    let mut effort = 0;
                    evict::is_out_of_memory(&mut self.store, &self.clients, &mut self.server, &mut effort);
                    out.add_effort(effort);
                    settle_events(&mut self.store, &mut self.clients, &mut self.server);
                    self.send_messages(out);
                }
                Order::Shutdown => out.shutdown(),
            }
        }
        if self.clients.select(current) {
            self.store.selected = self.clients.current().database;
        }
    }

    /// Goes on with the requests of clients whose wait is over.
    fn resume(&mut self, out: &mut Outputs) {
        while !self.server.waits.resumed.is_empty() {
            for client in core::mem::take(&mut self.server.waits.resumed) {
                self.receive(client, &[], out);
            }
        }
    }

    /// When to send [`Input::Wakeup`] if nothing else happens first.
    pub fn next_wakeup(&self) -> Option<Instant> {
        if let Some(running) = &self.server.scripting.running {
            return Some(running.due);
        }
        let tick = expire::next_tick(&self.store, self.server.started, self.store.now);
        // A wait ends in the first millisecond after its deadline.
        let wait = self.server.waits.next_deadline().map(|deadline| Instant::from_millis(deadline.saturating_add(1)));
        let held = self.server.pause.filter(|_| self.clients.iter().any(|client| client.held));
        let pause = held.map(|pause| Instant::from_millis(pause.until));
        let look = self.server.waits.next_wake().map(|(time, _)| Instant::from_millis(time));
        [tick, wait, pause, look].into_iter().flatten().min()
    }

    /// Whether a script is under way that did not end within its step: then it is what wakes the server next.
    pub fn is_in_script(&self) -> bool {
        self.server.scripting.running.is_some()
    }

    /// The parameters, as CONFIG shows them.
    pub fn settings(&self) -> &config::Settings {
        &self.server.settings
    }

    /// The databases, for whoever shows them.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What a key takes, as MEMORY USAGE says it, without touching the key; none if it is not there. O(1), but for lists, whose
    /// nodes are counted. (What all keys of a database take by type: [`crate::memory::totals`].)
    pub fn memory_usage(&self, database: usize, key: &[u8]) -> Option<usize> {
        let space = self.store.keyspace(database);
        let id = space.find(key)?;
        Some(self.store.usage_at(space, id, memory::SAMPLES))
    }

    /// `used_memory`, as INFO says it. It costs a glance at each database.
    pub fn used_memory(&self) -> u64 {
        used::total(&self.store, &self.clients)
    }

    /// The limit of memory and which keys go when it is reached.
    pub fn eviction_policy(&self) -> &evict::Policy {
        &self.store.policy
    }

    /// The connections, for whoever shows them.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The keys that a client watches, each with its database and whether it was modified, for whoever shows them.
    pub fn watched(&self, client: ClientId) -> impl Iterator<Item = (usize, &crate::Text, bool)> {
        let places = self.clients.get(client).map_or(&[][..], |client| &client.watched);
        places.iter().map(move |place| (place.0, &place.1, self.server.watches.is_marked(place, client)))
    }

    /// About how many bytes a clone of this engine takes before anything changes; the rest is shared.
    pub fn clone_size(&self) -> usize {
        self.store.clone_size() + self.clients.len() * 512 + self.server.scripting.clone_size() + 4096
    }

    /// Reads requests from what arrived and what was left over, and runs them one after the other.
    ///
    /// A client whose replies have grown beyond the host's budget is paused: what it sends is kept, and its requests go on
    /// when the host hands it no bytes at all ([`Output::Again`](crate::Output::Again)).
    fn receive(&mut self, id: ClientId, bytes: &[u8], out: &mut Outputs) {
        if !self.clients.select(id) {
            return;
        }
        self.server.bytes_in += bytes.len() as u64;
        let client = self.clients.current();
        if client.closing {
            return;
        }
        client.bytes_in += bytes.len() as u64;
        self.server.reads += u64::from(!bytes.is_empty());
        self.server.rate.note(self.store.now, self.server.commands_processed);
        client.last_interaction = self.store.now;
        if client.query.len() - client.query_read + bytes.len() > self.server.config.query_limit {
            client.closing = true;
            self.server.incidents.beyond_query_limit += 1;
            out.close(id);
            return;
        }
        if self.server.scripting.running.is_some() || self.server.scripting.debugged.is_some() {
            self.make_wait(id);
        }
        let client = self.clients.current();
        if client.is_waiting() || client.paused && !bytes.is_empty() {
            client.query.extend_from_slice(bytes);
            return;
        }
        client.paused = false;
        self.store.selected = client.database;
        self.store.leave_no_trace = client.no_touch;
        // Parser and query buffer are moved out while commands run, so that arguments can be borrowed from them. Bytes that
        // need not be kept are read where the host left them.
        let mut parser = core::mem::take(&mut client.parser);
        let mut query = core::mem::take(&mut client.query);
        let mut read = core::mem::take(&mut client.query_read);
        let fresh = query.is_empty();
        let source = if fresh {
            bytes
        } else {
            query.extend_from_slice(bytes);
            &query
        };
        let authenticated = client.authenticated || !self.server.access.closed;
        let limits = Limits { max_bulk: self.server.config.max_bulk, authenticated };
        let begun = out.mark();
        let mut paused = false;
        let mut held = false;
        let mut state = After::Next;
        let mut fetched = read;
        while state == After::Next && read < source.len() {
            if read >= fetched {
                fetched = read + self.store.fetch_ahead(&source[read..]);
            }
            match parser.parse(&source[read..], &limits) {
                Ok(Progress::Incomplete) => break,
                Ok(Progress::Request { consumed, inline }) => {
                    let bytes = if inline { parser.inline() } else { &source[read..] };
                    let mut args = Args::new(bytes, parser.spans());
                    if self.server.pause.is_some() && self.holds(&args) {
                        held = true;
                        break;
                    }
                    read += consumed;
                    if args.count() > 0 {
                        state = self.call(id, &mut args, out);
                        if out.mark() - begun > self.server.config.reply_budget && read < source.len() {
                            paused = true;
                            break;
                        }
                    }
                }
                Err(error) => {
                    let mut reply = Writer::new(&mut out.bytes, self.clients.current().protocol);
                    error.write(&mut reply);
                    state = After::Close;
                }
            }
        }
        let client = self.clients.current();
        out.deliver(id);
        if state == After::Close {
            client.closing = true;
            out.close(id);
            return;
        }
        if fresh {
            query.extend_from_slice(&bytes[read..]);
            read = 0;
        } else if read == query.len() {
            query.clear();
            query.shrink_to(IDLE_QUERY);
            read = 0;
        } else if read > query.len() / 2 {
            // What was read goes away once it is the bigger part, so that each byte is moved once on average.
            query.drain(..read);
            read = 0;
        }
        client.query = query;
        client.query_read = read;
        client.parser = parser;
        client.held = held;
        client.paused = paused && state == After::Next;
        if client.paused {
            out.again(id);
        }
    }

    /// Whether CLIENT PAUSE makes the current client's request wait.
    #[cold]
    fn holds(&mut self, args: &Args) -> bool {
        let Some(pause) = self.server.pause else { return false };
        let (Some(command), None) = resolve(&mut args.clone()) else { return false };
        let writes =
            |command: &Command| command.may_replicate() || matches!(command.full_name, "eval" | "evalsha" | "fcall");
        let client = self.clients.current();
        let queued = client.transaction.as_ref().filter(|_| command.name == "exec");
        let queue_writes =
            |transaction: &Transaction| transaction.requests.iter().any(|request| writes(request.command));
        let holds = !pause.writes_only || writes(command) || queued.is_some_and(|queue| queue_writes(queue));
        if holds {
            client.last_command = command.full_name;
        }
        holds
    }

    /// Runs one request of the current client.
    #[inline]
    fn call(&mut self, id: ClientId, args: &mut Args, out: &mut Outputs) -> After {
        let (command, refusal) = resolve(args);
        if self.server.tracking.exceeds() && command.is_some() {
            self.server.tracking.forget_some(&self.clients, &mut self.server.outbox);
            self.send_messages(out);
        }
        let start = out.mark();
        let client = self.clients.current();
        client.last_command = command.map_or(NO_COMMAND, |command| command.full_name);
        let row = command.unwrap_or(&UNKNOWN);
        let mut ctx = Ctx::new(&mut self.store, &mut self.clients, &mut self.server, &mut out.bytes, row);
        if let Some(session) = ctx.clients.current().debugger.take() {
            (session.command)(session, &mut ctx, args);
        } else {
            match (command, refusal) {
                (Some(command), None) => ctx.dispatch(command, args),
                (_, Some(error)) => ctx.refuse(&error, args),
                (None, None) => {}
            }
        }
        let effort = ctx.effort;
        out.add_effort(1 + effort);
        if self.clients.current().in_script {
            self.put_away(id, start, out);
            return After::Wait;
        }
        self.finish_reply(id, start, out);
        self.settle(id, out);
        if !self.server.orders.is_empty() {
            self.obey_orders(id, out);
        }
        let client = self.clients.current();
        if let Some(tracking) = &mut client.tracking
            && !client.last_command.starts_with("client|")
        {
            // CLIENT CACHING is about one command.
            tracking.caching = false;
        }
        if client.closing {
            After::Close
        } else if client.blocked.is_some() {
            After::Wait
        } else {
            After::Next
        }
    }

    /// Counts a reply that was just written, or drops it when CLIENT REPLY says so.
    #[inline]
    pub(crate) fn finish_reply(&mut self, id: ClientId, start: usize, out: &mut Outputs) {
        let Some(client) = self.clients.select(id).then(|| self.clients.current()) else { return };
        match client.reply_mode {
            ReplyMode::On => {}
            ReplyMode::Off => out.rewind(start),
            ReplyMode::SkipNext => {
                out.rewind(start);
                client.reply_mode = ReplyMode::Skip;
            }
            ReplyMode::Skip => {
                out.rewind(start);
                // Who waits has not been replied to yet.
                if client.blocked.is_none() {
                    client.reply_mode = ReplyMode::On;
                }
            }
        }
        let written = (out.mark() - start) as u64;
        client.bytes_out += written;
        self.server.bytes_out += written;
    }
}

/// Stands for a command that there is not, while it is refused.
static UNKNOWN: Command = Command::new("", "", |_, _| Ok(()));

/// How it goes on after a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Next,
    /// The client waits: its further requests are kept until it is served.
    Wait,
    Close,
}

impl Ctx<'_> {
    /// The checks that stand between a well-formed request and its function.
    #[inline]
    fn dispatch(&mut self, command: &'static Command, args: &mut Args) {
        let client = self.clients.current();
        if !client.authenticated && !command.has(Flag::NoAuth) && self.server.access.closed {
            self.refuse(&Error::NOT_AUTHENTICATED, args);
            return;
        }
        if self.server.access.restricts
            && let Err(error) = acl::admit(self, command, args)
        {
            self.refuse(&error, args);
            return;
        }
        if let Some(running) = &self.server.scripting.running
            && !command.has(Flag::AllowBusy)
        {
            let error = running.busy_error();
            self.refuse(&error, args);
            return;
        }
        if self.db.policy.limit != 0 && self.server.scripting.running.is_none() && self.lacks_memory(command, args) {
            self.refuse(&Error::OUT_OF_MEMORY, args);
            return;
        }
        let client = self.clients.current();
        if client.protocol == Protocol::Resp2
            && !client.subscriptions.is_empty()
            && !pubsub::allowed_while_subscribed(command)
        {
            let error = Error::only_while_subscribed(command.full_name);
            self.refuse(&error, args);
        } else if let Some(transaction) = &mut client.transaction
            && !transaction::runs_at_once(command)
        {
            if command.has(Flag::NoMulti) {
                self.refuse(&Error::NOT_IN_TRANSACTION, args);
            } else {
                // What will not run need not be kept.
                if !transaction.aborted && !client.watch_broken {
                    transaction.requests.push(Request::new(command, args));
                }
                self.reply.simple("QUEUED");
            }
        } else {
            self.run(command, args);
        }
    }

    /// Evicts what has to go before a command runs. True when that did not suffice and the command may need memory.
    #[cold]
    fn lacks_memory(&mut self, command: &Command, args: &Args) -> bool {
        let before = self.effort;
        self.db.out_of_memory = evict::is_out_of_memory(self.db, self.clients, self.server, &mut self.effort);
        self.server.latency.sample("eviction-cycle", (self.effort - before) / 1000, self.now);
        if !self.db.out_of_memory {
            return false;
        }
        let scripting = &self.server.scripting;
        let needs = |command: &Command, args: &Args| {
            command.has(Flag::DenyOom) || shebang::needs_memory(scripting, command, args)
        };
        let queued = |open: &Transaction| open.requests.iter().any(|request| needs(request.command, &request.args()));
        needs(command, args)
            || command.name == "exec" && self.clients.current().transaction.as_ref().is_some_and(|open| queued(open))
    }

    /// A request is refused before it ran; a transaction that is being queued will not run either.
    #[cold]
    fn refuse(&mut self, error: &Error, args: &Args) {
        if let Some(statistics) = self.server.calls.get_mut(usize::from(self.command.id)) {
            statistics.rejected += u64::from(!self.command.name.is_empty());
        }
        // A browser that was lured into talking to us: nothing of what it wants is done or answered.
        if matches!(args.at(0).to_ascii_lowercase().as_slice(), b"post" | b"host:") {
            self.clients.current().closing = true;
            return;
        }
        if self.command.name == "exec" {
            let error = transaction::exec_refused(self, error);
            self.fail(&error);
            return;
        }
        if let Some(transaction) = &mut self.clients.current().transaction {
            transaction.aborted = true;
        }
        self.fail(error);
    }
}

/// The row that a request asks for, subcommand included, and why it may not run if its words do not fit.
#[inline]
fn resolve(args: &mut Args) -> (Option<&'static Command>, Option<Error>) {
    let name = args.at(0);
    let Some(mut command) = table::find(name) else {
        return (None, Some(Error::unknown_command(name, args.rest())));
    };
    if !command.subcommands.is_empty() && args.count() > 1 {
        let word = args.at(1);
        match command.subcommand(word) {
            Some(found) => command = found,
            None => return (None, Some(Error::unknown_subcommand(command.name, word))),
        }
        args.seek(2);
    }
    (Some(command), (!command.takes(args.count())).then(|| Error::wrong_arguments(command.full_name)))
}
