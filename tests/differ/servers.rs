//! The two servers: our engine in this process, the real one behind TCP. Both have the same connections: those that play, an
//! observer that is subscribed to all keyspace events, and a driver, which is never drawn, asks about the state, and whose PING
//! tells that everything before it has reached the sockets.

use engine::{Client, ClientId, Config, Engine, Input, Instant, Output, Outputs, Value as Stored};
use resp::{Decoder, Value, request_bytes};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Connections in a stream.
pub const CLIENTS: usize = 3;
pub const OBSERVER: usize = CLIENTS;
pub const DRIVER: usize = CLIENTS + 1;
pub const CONNECTIONS: usize = CLIENTS + 2;

/// Spoilt arguments may make a client wait this long.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How long to wait for a frame that ours has sent; the answer to PING then tells that it will not come.
const PATIENCE: Duration = Duration::from_millis(40);

/// How long the real server may be silent before something counts as missing.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(4);

/// What came on a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    Value(Value),
    Closed,
}

/// What came on each connection, in order.
pub type Frames = [Vec<Frame>; CONNECTIONS];

pub struct Ours {
    pub engine: Engine,
    outputs: Outputs,
    decoders: Vec<Decoder>,
    pub ids: Vec<u64>,
    /// The last request let a wait end: on the real server it ends unheard if its client wants no replies.
    pub waited: bool,
    seed: u64,
}

fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(since.as_micros() as u64)
}

impl Ours {
    pub fn new(seed: u64) -> Ours {
        let engine = Engine::new(Config { started: now(), ..Config::default() }, seed);
        let (decoders, ids) = (Vec::new(), Vec::new());
        let mut ours = Ours { engine, outputs: Outputs::new(), decoders, ids, waited: false, seed };
        for connection in 0..CONNECTIONS {
            ours.decoders.push(Decoder::new());
            ours.ids.push(connection as u64);
            ours.connect(connection);
        }
        ours
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Opens this connection anew; the engine has never seen its number.
    pub fn connect(&mut self, connection: usize) {
        let id = self.ids.iter().max().map_or(1, |most| most + 1);
        self.ids[connection] = id;
        self.decoders[connection] = Decoder::new();
        let input = Input::Connected {
            client: ClientId(id),
            address: format!("127.0.0.1:{}", 50_000 + id % 10_000),
            local_address: String::from("127.0.0.1:6379"),
        };
        self.engine.step(now(), input, &mut self.outputs);
        // The other server's connections learn their numbers so.
        self.engine.step(now(), Input::Bytes { client: ClientId(id), bytes: b"CLIENT ID\r\n" }, &mut self.outputs);
        self.outputs.clear();
    }

    pub fn client(&self, connection: usize) -> Option<&Client> {
        self.engine.clients().get(ClientId(self.ids[connection]))
    }

    pub fn is_blocked(&self, connection: usize) -> bool {
        self.client(connection).is_some_and(|client| client.blocked.is_some())
    }

    /// What the request makes all connections hear.
    pub fn exchange(&mut self, connection: usize, request: &[Vec<u8>]) -> Result<Frames, String> {
        let mut frames = Frames::default();
        let at = now();
        self.outputs.clear();
        if self.engine.next_wakeup().is_some_and(|wakeup| wakeup <= at) {
            self.engine.step(at, Input::Wakeup, &mut self.outputs);
        }
        let bytes = request_bytes(request);
        self.engine.step(at, Input::Bytes { client: ClientId(self.ids[connection]), bytes: &bytes }, &mut self.outputs);
        self.collect(&mut frames)?;
        // A long script goes on step by step.
        while self.engine.clients().iter().any(|client| client.is_waiting() && client.blocked.is_none())
            && let Some(wakeup) = self.engine.next_wakeup()
        {
            std::thread::sleep(Duration::from_micros(wakeup.0.saturating_sub(now().0)));
            self.outputs.clear();
            self.engine.step(now(), Input::Wakeup, &mut self.outputs);
            self.collect(&mut frames)?;
        }
        // Whoever waits with an end does so for a few milliseconds.
        self.waited = false;
        while let Some(deadline) = self.nearest_deadline() {
            let left = Duration::from_millis(deadline.saturating_sub(now().0 / 1000));
            if left > LONGEST_WAIT {
                break;
            }
            std::thread::sleep(left + Duration::from_millis(1));
            self.waited = true;
            self.outputs.clear();
            self.engine.step(now(), Input::Wakeup, &mut self.outputs);
            self.collect(&mut frames)?;
        }
        Ok(frames)
    }

    fn nearest_deadline(&self) -> Option<u64> {
        let deadline = |connection| self.client(connection)?.blocked.as_ref()?.deadline;
        (0..CONNECTIONS).filter_map(deadline).min().map(|deadline| deadline as u64)
    }

    fn collect(&mut self, frames: &mut Frames) -> Result<(), String> {
        let mut closed = [false; CONNECTIONS];
        for output in self.outputs.iter() {
            let connection = |client: ClientId| self.ids.iter().position(|&id| id == client.0);
            match output {
                Output::Bytes { client, bytes } => {
                    if let Some(connection) = connection(client) {
                        self.decoders[connection].feed(bytes);
                    }
                }
                Output::Close { client } => {
                    if let Some(connection) = connection(client) {
                        closed[connection] = true;
                    }
                }
                _ => {}
            }
        }
        for connection in 0..CONNECTIONS {
            let decoder = &mut self.decoders[connection];
            while let Some(value) = decoder.next().map_err(|error| format!("our reply is not RESP: {error:?}"))? {
                frames[connection].push(Frame::Value(value));
            }
            if closed[connection] {
                frames[connection].push(Frame::Closed);
                let client = ClientId(self.ids[connection]);
                self.engine.step(now(), Input::Closed { client }, &mut self.outputs);
            }
        }
        Ok(())
    }

    /// The encoding of the value at a key of the database that a connection has selected, if any.
    pub fn encoding(&self, connection: usize, key: &[u8]) -> Option<&'static str> {
        let space = self.engine.store().keyspace(self.client(connection)?.database);
        let found = space.iter().find(|(name, ..)| name.as_bytes() == key);
        found.map(|(name, value, _): (_, &Stored, _)| value.encoding(name.len()))
    }
}

pub struct Theirs {
    address: String,
    streams: Vec<(TcpStream, Decoder)>,
    pub ids: Vec<u64>,
    /// How long to wait for what ours has sent and theirs has not, though it answers PING: what other threads do (FLUSHALL, VADD with
    /// CAS) is answered when the machine gets around to it.
    pub patience: Duration,
    pings: u64,
}

impl Theirs {
    pub fn connect(address: &str) -> Result<Theirs, String> {
        let (address, patience) = (address.to_owned(), LONGEST_SILENCE);
        let mut theirs = Theirs { address, streams: Vec::new(), ids: Vec::new(), patience, pings: 0 };
        theirs.reconnect()?;
        Ok(theirs)
    }

    fn open(&self) -> Result<(TcpStream, Decoder, u64), String> {
        let fails = |error: std::io::Error| format!("{}: {error}", self.address);
        let stream = TcpStream::connect(&self.address).map_err(fails)?;
        stream.set_nodelay(true).map_err(fails)?;
        stream.set_read_timeout(Some(LONGEST_WAIT)).map_err(fails)?;
        let (mut stream, mut decoder) = (stream, Decoder::new());
        stream.write_all(b"CLIENT ID\r\n").map_err(fails)?;
        let Some(Frame::Value(Value::Integer(id))) = read(&mut stream, &mut decoder)? else {
            return Err(String::from("CLIENT ID was not answered"));
        };
        stream.set_read_timeout(Some(PATIENCE)).map_err(fails)?;
        Ok((stream, decoder, id as u64))
    }

    pub fn reconnect(&mut self) -> Result<(), String> {
        self.streams.clear();
        self.ids.clear();
        for _ in 0..CONNECTIONS {
            let (stream, decoder, id) = self.open()?;
            self.streams.push((stream, decoder));
            self.ids.push(id);
        }
        Ok(())
    }

    pub fn reopen(&mut self, connection: usize) -> Result<(), String> {
        let (stream, decoder, id) = self.open()?;
        self.streams[connection] = (stream, decoder);
        self.ids[connection] = id;
        Ok(())
    }

    /// What the request makes all connections hear; `expected` is what ours heard.
    pub fn exchange(&mut self, connection: usize, request: &[Vec<u8>], expected: &Frames) -> Result<Frames, String> {
        let mut frames = Frames::default();
        self.write(connection, &request_bytes(request))?;
        for (at, heard) in frames.iter_mut().enumerate() {
            let (stream, decoder) = &mut self.streams[at];
            while heard.len() < expected[at].len() {
                match read(stream, decoder)? {
                    Some(frame) => heard.push(frame),
                    None => break,
                }
            }
        }
        let missing =
            |frames: &Frames| frames.iter().zip(expected).any(|(heard, expected)| heard.len() < expected.len());
        // A command without a reply may be read together with the first of two.
        for _ in 0..if missing(&frames) || expected[connection].is_empty() { 2 } else { 1 } {
            self.ping(&mut frames)?;
        }
        self.drain(&mut frames)?;
        let deadline = std::time::Instant::now() + self.patience;
        while missing(&frames) && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
            self.ping(&mut frames)?;
            self.drain(&mut frames)?;
        }
        Ok(frames)
    }

    /// Reads what has come already.
    fn drain(&mut self, frames: &mut Frames) -> Result<(), String> {
        for (at, heard) in frames.iter_mut().enumerate() {
            let (stream, decoder) = &mut self.streams[at];
            stream.set_nonblocking(true).map_err(|error| error.to_string())?;
            while heard.last() != Some(&Frame::Closed) {
                match read(stream, decoder)? {
                    Some(frame) => heard.push(frame),
                    None => break,
                }
            }
            stream.set_nonblocking(false).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The replies to many requests of the driver that are sent at once; what others hear of them is dropped.
    pub fn batch(&mut self, requests: &[Vec<Vec<u8>>]) -> Result<Vec<Value>, String> {
        let bytes: Vec<u8> = requests.iter().flat_map(|request| request_bytes(request.as_slice())).collect();
        self.write(DRIVER, &bytes)?;
        let mut frames = Frames::default();
        self.ping(&mut frames)?;
        let replies = frames[DRIVER].drain(..).filter_map(|frame| match frame {
            Frame::Value(value) => Some(value),
            Frame::Closed => None,
        });
        let replies: Vec<Value> = replies.collect();
        self.drain(&mut frames)?;
        Ok(replies)
    }

    fn write(&mut self, connection: usize, bytes: &[u8]) -> Result<(), String> {
        self.streams[connection].0.write_all(bytes).map_err(|error| format!("the real server: {error}"))
    }

    /// Asks the driver's connection for a sign of life; what comes before it is kept.
    fn ping(&mut self, frames: &mut Frames) -> Result<(), String> {
        self.pings += 1;
        let sign = format!("sign of life {}", self.pings).into_bytes();
        self.write(DRIVER, &request_bytes(&[b"PING".to_vec(), sign.clone()]))?;
        let sign = Frame::Value(Value::Bulk(sign));
        let (stream, decoder) = &mut self.streams[DRIVER];
        let mut silences = 0;
        loop {
            match read(stream, decoder)? {
                Some(frame) if frame == sign => return Ok(()),
                Some(Frame::Closed) => return Err(String::from("the real server closed the driver's connection")),
                Some(frame) => frames[DRIVER].push(frame),
                None if silences < 250 => silences += 1,
                None => return Err(String::from("the real server does not answer PING")),
            }
        }
    }
}

/// The next frame; none when nothing comes in time.
fn read(stream: &mut TcpStream, decoder: &mut Decoder) -> Result<Option<Frame>, String> {
    let mut buffer = [0; 1 << 14];
    loop {
        if let Some(value) = decoder.next().map_err(|error| format!("the real reply is not RESP: {error:?}"))? {
            return Ok(Some(Frame::Value(value)));
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(Some(Frame::Closed)),
            Ok(len) => decoder.feed(&buffer[..len]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(Some(Frame::Closed)),
            Err(_) => return Ok(None),
        }
    }
}
