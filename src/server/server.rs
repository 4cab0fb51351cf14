//! The event loop: one thread, one engine.
//!
//! A turn of the loop reads whatever sockets have something, hands it to the engine, and only then sends all replies,
//! straight from the engine's outputs: a pipeline of commands costs one read and one write, and whoever was served
//! first does not wait in the middle of the turn. Readiness is edge-triggered; a read that does not fill the buffer has
//! emptied the socket, one that does is repeated in the next turn, so that nobody starves.

use crate::connection::Connection;
use crate::files::room_for_clients;
use crate::host::Host;
use crate::listener::{self, Accepted, Listener};
use crate::log::{Level, Log};
use engine::config::Settings;
use engine::{ClientId, Config, Engine, Event, Input, Instant, Output, Outputs, Text};
use foldhash::fast::FixedState;
use mio::net::UnixStream;
use mio::{Events, Interest, Poll, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const READ_BUFFER: usize = 64 * 1024;
/// Replies are sent early when they grow beyond this, and the client that caused them has to wait until they are out.
const MUCH_OUTPUT: usize = 1 << 20;
const FIRST_CLIENT: usize = 16;
const SIGNALS: [(i32, &str, Token); 2] = [(SIGTERM, "SIGTERM", Token(0)), (SIGINT, "SIGINT", Token(1))];
const FIRST_LISTENER: usize = SIGNALS.len();
/// How often idle and slow clients are looked for.
const ROUND: Duration = Duration::from_secs(1);

const MAX_CLIENTS: &[u8] = b"-ERR max number of clients reached\r\n";
/// Redis' own words, recorded.
const DENIED: &[u8] = b"-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n";

/// The reason is in the log.
pub struct CannotServe;

pub struct Server {
    /// The parameters that `host` was read from.
    settings: Settings,
    host: Host,
    log: Log,
    poll: Poll,
    signals: Vec<UnixStream>,
    listeners: Vec<Listener>,
    engine: Engine,
    outputs: Outputs,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    slots: HashMap<ClientId, usize, FixedState>,
    last_client: u64,
    buffer: Vec<u8>,
    /// Slots whose sockets may hold more than was read.
    unread: Vec<usize>,
    /// Slots whose replies are out and whose next requests wait in the engine.
    resumable: Vec<usize>,
    /// A reader is behind: look again whether it is so for too long.
    somebody_behind: bool,
    /// A listener ran out of file descriptors and is to be asked again.
    accept_again: bool,
    stopping: bool,
}

impl Server {
    /// Listens on everything that the settings name.
    pub fn open(settings: &Settings, mut host: Host, mut log: Log) -> Result<Server, CannotServe> {
        let mut settings = settings.clone();
        host.max_clients = room_for_clients(host.max_clients, &mut log);
        if let Some(index) = engine::config::find(b"maxclients") {
            settings.put(index, Text::decimal(host.max_clients));
        }
        // CONFIG GET shows the working directory, not how somebody named it.
        if let (Some(index), Ok(folder)) = (engine::config::find(b"dir"), std::env::current_dir()) {
            settings.put(index, Text::from(folder.to_string_lossy().as_bytes()));
        }
        let listeners = listener::open_all(&host, &mut log).ok_or(CannotServe)?;
        let config = Config {
            databases: settings.integer("databases") as usize,
            port: host.port,
            started: now(),
            process_id: std::process::id(),
            reply_budget: MUCH_OUTPUT,
            fuel_per_us: 0,
            settings,
            ..Config::default()
        };
        let built = Poll::new().and_then(|poll| Ok((listen_to_signals(&poll)?, poll)));
        let (signals, poll) = built.map_err(|error| {
            log.warning(format_args!("Failed creating the event loop. Error message: '{error}'"));
            CannotServe
        })?;
        let seed = RandomState::new().hash_one(std::process::id());
        let engine = Engine::new(config, seed);
        Ok(Server {
            settings: engine.settings().clone(),
            host,
            log,
            poll,
            signals,
            listeners,
            engine,
            outputs: Outputs::new(),
            connections: Vec::new(),
            free: Vec::new(),
            slots: HashMap::default(),
            last_client: 0,
            buffer: vec![0; READ_BUFFER],
            unread: Vec::new(),
            resumable: Vec::new(),
            somebody_behind: false,
            accept_again: false,
            stopping: false,
        })
    }

    /// Serves until told to stop.
    pub fn run(mut self) {
        self.log.notice("Server initialized");
        for (index, listener) in self.listeners.iter_mut().enumerate() {
            if let Err(error) = listener.register(self.poll.registry(), Token(FIRST_LISTENER + index)) {
                self.log.warning(format_args!("Unrecoverable error creating a listener's event: {error}"));
                return;
            }
        }
        let mut kinds: Vec<_> = self.listeners.iter().map(Listener::kind).collect();
        kinds.dedup();
        for kind in kinds {
            self.log.notice(format_args!("Ready to accept connections {kind}"));
        }
        let mut events = Events::with_capacity(1024);
        let mut next_round = now();
        while !self.stopping {
            let wait = self.wait(next_round);
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    self.log.warning(format_args!("Polling failed: {error}"));
                    break;
                }
                _ => {}
            }
            let now = now();
            let unread = std::mem::take(&mut self.unread);
            for event in &events {
                match event.token() {
                    Token(slot) if slot >= FIRST_CLIENT => {
                        let slot = slot - FIRST_CLIENT;
                        if event.is_writable() {
                            self.flush(slot);
                        }
                        // A socket that was not emptied has its turn below.
                        let waits =
                            self.connections.get(slot).is_some_and(|it| it.as_ref().is_some_and(|it| it.unread));
                        if !waits && (event.is_readable() || event.is_read_closed() || event.is_error()) {
                            self.read(slot, now);
                        }
                    }
                    Token(listener) if listener >= FIRST_LISTENER => self.accept(listener - FIRST_LISTENER, now),
                    Token(signal) => self.signal(signal),
                }
            }
            for slot in unread {
                self.read(slot, now);
            }
            for slot in std::mem::take(&mut self.resumable) {
                self.resume(slot, now);
            }
            if self.engine.next_wakeup().is_some_and(|due| due <= now) {
                self.engine.step(now, Input::Wakeup, &mut self.outputs);
            }
            self.deliver(now);
            if !self.engine.settings().is_same(&self.settings) {
                self.configure();
            }
            if self.rounds() && now >= next_round {
                self.round(now);
                self.deliver(now);
                next_round = now.plus_micros(ROUND.as_micros() as u64);
            }
        }
        self.stop();
    }

    /// Reads again what CONFIG SET may have changed.
    fn configure(&mut self) {
        self.settings = self.engine.settings().clone();
        let mut host = Host::new(&self.settings);
        self.log.set_level(host.log_level);
        if host.max_clients != self.host.max_clients {
            host.max_clients = room_for_clients(host.max_clients, &mut self.log);
        }
        if (host.port, &host.bind) != (self.host.port, &self.host.bind) {
            self.listen_elsewhere(&host);
        }
        self.host = host;
    }

    /// CONFIG SET has moved the port or the addresses. Where that does not work, everything stays where it is.
    fn listen_elsewhere(&mut self, host: &Host) {
        // The same port on the same addresses cannot be opened twice, so the present listeners go first.
        let (kept, given_up): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.listeners).into_iter().partition(|listener| listener.kind() == "unix");
        drop(given_up);
        self.listeners = kept;
        for listener in &mut self.listeners {
            let _ = listener.deregister(self.poll.registry());
        }
        for wanted in [host, &self.host] {
            let tcp_only = Host { unix_socket: None, ..wanted.clone() };
            if let Some(listeners) = listener::open_all(&tcp_only, &mut self.log) {
                self.listeners.extend(listeners);
                break;
            }
        }
        let registry = self.poll.registry();
        for (index, listener) in self.listeners.iter_mut().enumerate() {
            if let Err(error) = listener.register(registry, Token(FIRST_LISTENER + index)) {
                self.log.warning(format_args!("Unrecoverable error creating a listener's event: {error}"));
            }
        }
    }

    /// Whether clients must be looked through every second.
    fn rounds(&self) -> bool {
        self.host.idle_timeout_seconds > 0 || self.somebody_behind || self.accept_again
    }

    /// How long the sockets may be waited for.
    fn wait(&self, next_round: Instant) -> Option<Duration> {
        if !self.unread.is_empty() || !self.resumable.is_empty() {
            return Some(Duration::ZERO);
        }
        let round = self.rounds().then_some(next_round);
        let due = self.engine.next_wakeup().into_iter().chain(round).min()?;
        Some(Duration::from_micros(due.0.saturating_sub(now().0)))
    }

    fn accept(&mut self, index: usize, now: Instant) {
        loop {
            match self.listeners[index].accept(self.host.tcp_keepalive_seconds) {
                Ok(accepted) => self.admit(accepted, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // Out of file descriptors, most likely: whoever waits is accepted when others have left.
                    self.log.warning(format_args!("Accepting client connection: {}", crate::config::reason(&error)));
                    self.accept_again = true;
                    return;
                }
            }
        }
    }

    fn admit(&mut self, mut accepted: Accepted, now: Instant) {
        if self.log.hears(Level::Verbose) {
            self.log.say(Level::Verbose, format_args!("Accepted {}", accepted.address));
        }
        let refusal = if self.slots.len() >= self.host.max_clients {
            Some(MAX_CLIENTS)
        } else if self.host.protected && !accepted.local {
            Some(DENIED)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.engine.note_rejected();
            // Nobody waits for a client that is not let in.
            let _ = accepted.stream.write(refusal);
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        if let Err(error) = accepted.stream.register(self.poll.registry(), Token(FIRST_CLIENT + slot)) {
            self.log.warning(format_args!("Error registering a client: {error}"));
            self.free.push(slot);
            return;
        }
        self.last_client += 1;
        let client = ClientId(self.last_client);
        self.slots.insert(client, slot);
        self.connections[slot] = Some(Connection::new(accepted.stream, client, now));
        let Accepted { address, local_address, .. } = accepted;
        self.engine.step(now, Input::Connected { client, address, local_address }, &mut self.outputs);
    }

    /// One read; what came goes into the engine.
    #[inline]
    fn read(&mut self, slot: usize, now: Instant) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        connection.unread = false;
        let count = match connection.stream.read(&mut self.buffer) {
            Ok(0) => return self.drop_connection(slot, now, "Client closed connection"),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return self.read_again(slot),
            Err(_) => return self.drop_connection(slot, now, "Reading from client failed"),
        };
        connection.last_active = now;
        if !connection.closing {
            let input = Input::Bytes { client: connection.client, bytes: &self.buffer[..count] };
            self.engine.step(now, input, &mut self.outputs);
        }
        if count == READ_BUFFER {
            self.read_again(slot);
        }
        if self.outputs.byte_count() > MUCH_OUTPUT {
            self.deliver(now);
        }
    }

    /// Has the socket read once more in the next turn.
    fn read_again(&mut self, slot: usize) {
        if let Some(Some(connection)) = self.connections.get_mut(slot) {
            connection.unread = true;
            self.unread.push(slot);
        }
    }

    /// Has the engine go on with requests that waited for room.
    fn resume(&mut self, slot: usize, now: Instant) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        if std::mem::take(&mut connection.waiting) {
            let input = Input::Bytes { client: connection.client, bytes: &[] };
            self.engine.step(now, input, &mut self.outputs);
        }
    }

    /// Sends what the engine has said so far.
    fn deliver(&mut self, now: Instant) {
        // Dropping a connection may make the engine say more.
        while !self.outputs.is_empty() {
            let mut outputs = std::mem::take(&mut self.outputs);
            for output in outputs.iter() {
                match output {
                    Output::Bytes { client, bytes } => {
                        let Some(&slot) = self.slots.get(&client) else { continue };
                        let Some(connection) = &mut self.connections[slot] else { continue };
                        if connection.send(bytes).is_err() {
                            self.drop_connection(slot, now, "Error writing to client");
                        } else if connection.pending() > 0 {
                            self.somebody_behind = true;
                            self.engine.note_unsent(client, connection.pending());
                            self.check_limit(slot, now);
                        }
                    }
                    Output::Close { client } => {
                        let Some(&slot) = self.slots.get(&client) else { continue };
                        let Some(connection) = &mut self.connections[slot] else { continue };
                        connection.closing = true;
                        let evicted = self.engine.clients().get(client).is_some_and(|client| client.evicted);
                        if evicted || connection.pending() == 0 {
                            self.drop_connection(slot, now, "Closing client");
                        }
                    }
                    Output::Again { client } => {
                        let Some(&slot) = self.slots.get(&client) else { continue };
                        let Some(connection) = &mut self.connections[slot] else { continue };
                        connection.waiting = true;
                        if connection.pending() == 0 {
                            self.resumable.push(slot);
                        }
                    }
                    Output::Shutdown => self.stopping = true,
                }
            }
            for event in outputs.events() {
                if let Event::Logged { level, message } = event {
                    self.log.put(Level::of(*level), message.as_bytes());
                }
            }
            outputs.clear();
            if self.outputs.is_empty() {
                self.outputs = outputs;
            }
        }
    }

    fn flush(&mut self, slot: usize) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        let broken = connection.flush().is_err();
        self.engine.note_unsent(connection.client, connection.pending());
        if connection.waiting && connection.pending() == 0 {
            self.resumable.push(slot);
        }
        if broken || (connection.closing && connection.pending() == 0) {
            self.drop_connection(slot, now(), "Error writing to client");
        }
    }

    /// Closes a connection whose reader is further behind than its class of clients may be.
    fn check_limit(&mut self, slot: usize, now: Instant) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        let subscribes =
            self.engine.clients().get(connection.client).is_some_and(|client| !client.subscriptions.is_empty());
        let limit = if subscribes { self.host.subscriber_limit } else { self.host.normal_limit };
        if connection.overflows(limit, now) {
            let (id, pending) = (connection.client.0, connection.pending());
            self.log.warning(format_args!(
                "Client id={id} omem={pending} scheduled to be closed ASAP for overcoming of output buffer limits."
            ));
            self.engine.note_beyond_output_limit();
            self.drop_connection(slot, now, "Output buffer limits");
        }
    }

    fn drop_connection(&mut self, slot: usize, now: Instant, why: &str) {
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::take) else { return };
        if self.log.hears(Level::Verbose) {
            self.log.say(Level::Verbose, format_args!("{why} id={}", connection.client.0));
        }
        self.slots.remove(&connection.client);
        self.free.push(slot);
        self.engine.step(now, Input::Closed { client: connection.client }, &mut self.outputs);
    }

    /// Once a second: closes who is idle or has been slow for too long, and asks listeners again.
    fn round(&mut self, now: Instant) {
        let idle_seconds = self.host.idle_timeout_seconds;
        self.somebody_behind = false;
        for slot in 0..self.connections.len() {
            let Some(connection) = &mut self.connections[slot] else { continue };
            self.somebody_behind |= connection.pending() > 0;
            let idle = idle_seconds > 0 && now.seconds() - connection.last_active.seconds() > idle_seconds;
            // Who waits for something has a reason to be silent.
            let waits = |client: &engine::Client| client.blocked.is_some() || !client.subscriptions.is_empty();
            if idle && !self.engine.clients().get(connection.client).is_some_and(waits) {
                self.drop_connection(slot, now, "Closing idle client");
            } else {
                self.check_limit(slot, now);
            }
        }
        if std::mem::take(&mut self.accept_again) {
            for index in 0..self.listeners.len() {
                self.accept(index, now);
            }
        }
    }

    fn signal(&mut self, index: usize) {
        let mut bytes = [0; 16];
        while self.signals[index].read(&mut bytes).is_ok_and(|count| count > 0) {}
        self.log.signal(SIGNALS[index].1);
        self.stopping = true;
    }

    fn stop(mut self) {
        self.log.notice("User requested shutdown...");
        for listener in self.listeners {
            listener.close(&mut self.log);
        }
        // Replies that were on their way get one more chance.
        for connection in self.connections.iter_mut().flatten() {
            let _ = connection.flush();
        }
        self.log.warning("Redis is now ready to exit, bye bye...");
        let _ = io::stdout().flush();
    }
}

/// A pipe for each signal that ends the server; a hangup does not.
fn listen_to_signals(poll: &Poll) -> io::Result<Vec<UnixStream>> {
    signal_hook::flag::register(SIGHUP, Arc::new(AtomicBool::new(false)))?;
    let mut streams = Vec::new();
    for (signal, _, token) in SIGNALS {
        let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(signal, writer)?;
        let mut reader = UnixStream::from_std(reader);
        poll.registry().register(&mut reader, token, Interest::READABLE)?;
        streams.push(reader);
    }
    Ok(streams)
}

#[inline]
fn now() -> Instant {
    Instant(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64))
}
