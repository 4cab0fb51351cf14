//! The call path: from bytes to a row, through the checks that come before every command, to its function, and what is settled
//! afterwards.

use crate::args::Args;
use crate::client::{Client, Clients, ReplyMode};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::expire;
use crate::io::{ClientId, Config, Input, Outputs};
use crate::server::Server;
use crate::store::Store;
use crate::table::{self, Command};
use crate::time::Instant;
use alloc::string::String;
use alloc::vec::Vec;
use resp::Writer;
use resp::request::{Limits, Progress};

/// Memory for unread bytes that an idle client may keep.
const IDLE_QUERY: usize = 64 * 1024;

/// One redis-server. Cloning it is a checkpoint.
#[derive(Clone, Debug)]
pub struct Engine {
    store: Store,
    clients: Clients,
    server: Server,
}

impl Engine {
    /// A server with empty databases. Equal `config`, `seed` and inputs give equal outputs, on every target.
    pub fn new(config: Config, seed: u64) -> Engine {
        let mut store = Store::new(config.databases, seed);
        store.now = config.started;
        store.effects.listening = config.listen;
        let run_id = hexadecimal(&mut store);
        let started = config.started;
        Engine {
            store,
            clients: Clients::default(),
            server: Server {
                config,
                started,
                run_id,
                commands_processed: 0,
                total_error_replies: 0,
                bytes_in: 0,
                bytes_out: 0,
                shutdown: false,
            },
        }
    }

    /// Lets `input` happen at `now`. Time stands still for the whole call; it never runs backwards.
    pub fn step(&mut self, now: Instant, input: Input, out: &mut Outputs) {
        self.store.now = now.max(self.store.now);
        match input {
            Input::Bytes { client, bytes } => self.receive(client, bytes, out),
            Input::Connected { client, address, local_address } => {
                self.clients.add(client, address, local_address, self.store.now);
            }
            Input::Closed { client } => {
                self.clients.remove(client);
            }
            Input::Wakeup => expire::cycle(&mut self.store),
        }
        if self.store.effects.listening {
            out.add_events(&mut self.store.effects.events);
        } else {
            self.store.effects.events.clear();
        }
    }

    /// When to send [`Input::Wakeup`] if nothing else happens first.
    pub fn next_wakeup(&self) -> Option<Instant> {
        expire::next_tick(&self.store, self.server.started, self.store.now)
    }

    /// The databases, for whoever shows them.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The connections, for whoever shows them.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// About how many bytes a clone of this engine takes before anything changes; the rest is shared.
    pub fn clone_size(&self) -> usize {
        self.store.clone_size() + self.clients.len() * 512 + 4096
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
        client.last_interaction = self.store.now;
        if client.query.len() - client.query_read + bytes.len() > self.server.config.query_limit {
            client.closing = true;
            out.close(id);
            return;
        }
        if client.paused && !bytes.is_empty() {
            client.query.extend_from_slice(bytes);
            return;
        }
        client.paused = false;
        self.store.selected = client.database;
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
        let limits = Limits { max_bulk: self.server.config.max_bulk, authenticated: true };
        let begun = out.mark();
        let mut closing = false;
        let mut paused = false;
        while !closing && read < source.len() {
            match parser.parse(&source[read..], &limits) {
                Ok(Progress::Incomplete) => break,
                Ok(Progress::Request { consumed, inline }) => {
                    let bytes = if inline { parser.inline() } else { &source[read..] };
                    let mut args = Args::new(bytes, parser.spans());
                    read += consumed;
                    if args.count() > 0 {
                        closing = self.call(&mut args, out);
                        if out.mark() - begun > self.server.config.reply_budget && read < source.len() {
                            paused = true;
                            break;
                        }
                    }
                }
                Err(error) => {
                    let mut reply = Writer::new(&mut out.bytes, self.clients.current().protocol);
                    error.write(&mut reply);
                    closing = true;
                }
            }
        }
        let client = self.clients.current();
        if client.speaks_http {
            out.rewind(begun);
        }
        out.deliver(id);
        if closing {
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
        client.paused = paused && !closing;
        if client.paused {
            out.again(id);
        }
    }

    /// Runs one request of the current client; true when the connection is to end after its reply.
    #[inline]
    fn call(&mut self, args: &mut Args, out: &mut Outputs) -> bool {
        let start = out.mark();
        let client = self.clients.current();
        client.commands += 1;
        self.server.commands_processed += 1;
        let protocol = client.protocol;
        let result = match resolve(args) {
            Ok(command) => {
                client.last_command = command.full_name;
                let mut ctx = Ctx {
                    now: self.store.now,
                    db: &mut self.store,
                    reply: Writer::new(&mut out.bytes, protocol),
                    clients: &mut self.clients,
                    server: &mut self.server,
                    command,
                    effort: 0,
                };
                let result = (command.handler)(&mut ctx, args);
                let effort = ctx.effort;
                out.add_effort(1 + effort);
                result
            }
            Err(error) => {
                // A browser that was lured into talking to us: nothing of what it wants is done or answered.
                let name = args.at(0);
                if name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:") {
                    client.speaks_http = true;
                    return true;
                }
                Err(error)
            }
        };
        if let Err(error) = result {
            out.rewind(start);
            self.server.total_error_replies += 1;
            Writer::new(&mut out.bytes, protocol).error(&error.0);
        }
        self.settle_reply(start, out);
        self.clients.current().closing
    }

    /// Drops the reply when CLIENT REPLY says so.
    #[inline]
    fn settle_reply(&mut self, start: usize, out: &mut Outputs) {
        let client: &mut Client = self.clients.current();
        match client.reply_mode {
            ReplyMode::On => {}
            ReplyMode::Off => out.rewind(start),
            ReplyMode::SkipNext => {
                out.rewind(start);
                client.reply_mode = ReplyMode::Skip;
            }
            ReplyMode::Skip => {
                out.rewind(start);
                client.reply_mode = ReplyMode::On;
            }
        }
        let written = (out.mark() - start) as u64;
        client.bytes_out += written;
        self.server.bytes_out += written;
    }
}

/// The row that a request asks for, subcommand included, if its number of words fits.
#[inline]
fn resolve(args: &mut Args) -> Result<&'static Command, Error> {
    let name = args.at(0);
    let Some(mut command) = table::find(name) else {
        return Err(Error::unknown_command(name, args.rest()));
    };
    if !command.subcommands.is_empty() && args.count() > 1 {
        let word = args.at(1);
        command = command.subcommand(word).ok_or_else(|| Error::unknown_subcommand(command.name, word))?;
        args.seek(2);
    }
    if command.takes(args.count()) { Ok(command) } else { Err(Error::wrong_arguments(command.full_name)) }
}

/// 40 hexadecimal digits from the engine's own randomness.
fn hexadecimal(store: &mut Store) -> String {
    let digits: Vec<u8> = (0..40).map(|_| b"0123456789abcdef"[store.random.below(16) as usize]).collect();
    String::from_utf8_lossy(&digits).into_owned()
}
