//! The two servers: our engine in this process, the real one behind TCP.

use crate::generate::Step;
use crate::normalise;
use engine::{ClientId, Config, Engine, Input, Instant, Output, Outputs, Value as Stored};
use resp::{Decoder, Value, request_bytes};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Connections in a stream.
pub const CLIENTS: usize = 3;

/// Spoilt arguments may make a client wait this long.
const LONGEST_WAIT_MS: u32 = 8000;

pub struct Ours {
    pub engine: Engine,
    outputs: Outputs,
    decoders: Vec<Decoder>,
    seed: u64,
}

fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(since.as_micros() as u64)
}

impl Ours {
    pub fn new(seed: u64) -> Ours {
        let engine = Engine::new(Config { started: now(), ..Config::default() }, seed);
        let mut ours = Ours { engine, outputs: Outputs::new(), decoders: Vec::new(), seed };
        for client in 1..=CLIENTS {
            let input = Input::Connected {
                client: ClientId(client as u64),
                address: format!("127.0.0.1:{}", 50_000 + client),
                local_address: String::from("127.0.0.1:6379"),
            };
            ours.engine.step(now(), input, &mut ours.outputs);
            ours.decoders.push(Decoder::new());
        }
        ours
    }

    pub fn send(&mut self, client: usize, request: &[Vec<u8>]) -> Result<Option<Value>, String> {
        let bytes = request_bytes(request);
        let id = ClientId(client as u64 + 1);
        self.outputs.clear();
        let at = now();
        if self.engine.next_wakeup().is_some_and(|wakeup| wakeup <= at) {
            self.engine.step(at, Input::Wakeup, &mut self.outputs);
        }
        self.engine.step(at, Input::Bytes { client: id, bytes: &bytes }, &mut self.outputs);
        self.collect()?;
        // Whoever blocks does so for a few milliseconds.
        for _ in 0..LONGEST_WAIT_MS {
            if self.engine.clients().get(id).is_none_or(|client| client.blocked.is_none()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
            self.outputs.clear();
            self.engine.step(now(), Input::Wakeup, &mut self.outputs);
            self.collect()?;
        }
        self.decoders[client].next().map_err(|error| format!("our reply is not RESP: {error:?}"))
    }

    fn collect(&mut self) -> Result<(), String> {
        for output in self.outputs.iter() {
            match output {
                Output::Bytes { client, bytes } => {
                    if let Some(decoder) = self.decoders.get_mut(client.0 as usize - 1) {
                        decoder.feed(bytes);
                    }
                }
                Output::Close { client } => return Err(format!("our server closed client {}", client.0)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The encoding of the value at a key of the first database that has it, if any.
    pub fn encoding(&self, key: &[u8]) -> Option<&'static str> {
        let store = self.engine.store();
        (0..store.databases()).find_map(|database| {
            let space = store.keyspace(database);
            space
                .iter()
                .find(|(name, ..)| name.as_bytes() == key)
                .map(|(name, value, _): (_, &Stored, _)| value.encoding(name.len()))
        })
    }
}

pub struct Theirs {
    address: String,
    streams: Vec<(TcpStream, Decoder)>,
}

impl Theirs {
    pub fn connect(address: &str) -> Result<Theirs, String> {
        let mut theirs = Theirs { address: address.to_owned(), streams: Vec::new() };
        theirs.reconnect()?;
        Ok(theirs)
    }

    fn reconnect(&mut self) -> Result<(), String> {
        self.streams.clear();
        for _ in 0..CLIENTS {
            let stream = TcpStream::connect(&self.address).map_err(|error| format!("{}: {error}", self.address))?;
            stream.set_nodelay(true).map_err(|error| error.to_string())?;
            stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(|error| error.to_string())?;
            self.streams.push((stream, Decoder::new()));
        }
        Ok(())
    }

    pub fn send(&mut self, client: usize, request: &[Vec<u8>]) -> Result<Option<Value>, String> {
        let (stream, decoder) = &mut self.streams[client];
        stream.write_all(&request_bytes(request)).map_err(|error| format!("the real server: {error}"))?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            if let Some(value) = decoder.next().map_err(|error| format!("the real reply is not RESP: {error:?}"))? {
                return Ok(Some(value));
            }
            match stream.read(&mut buffer) {
                Ok(0) => return Err(String::from("the real server closed the connection")),
                Ok(len) => decoder.feed(&buffer[..len]),
                Err(_) => return Ok(None),
            }
        }
    }
}

/// Both, kept in step.
pub struct Pair {
    pub ours: Ours,
    pub theirs: Theirs,
    pub resp3: bool,
}

/// A command whose replies were not the same.
#[derive(Clone, Debug)]
pub struct Difference {
    pub what: String,
}

impl Pair {
    /// Both empty, with fresh connections.
    pub fn restart(&mut self) -> Result<(), String> {
        self.ours = Ours::new(self.ours.seed);
        self.theirs.reconnect()?;
        self.both(0, &[b"FLUSHALL".to_vec()])?;
        // Libraries and scripts outlive the keys.
        for container in ["FUNCTION", "SCRIPT"] {
            self.both(0, &[container, "FLUSH"].map(|word| word.as_bytes().to_vec()))?;
        }
        // Small nodes let trimming by nodes meet more cases, and every stream begins behind the clocks: see `generate.rs`.
        let seed = self.ours.seed;
        let entries = [100, 3, 7, 0][(seed % 4) as usize];
        let bytes = [4096, 4096, 150, 300, 0][(seed % 5) as usize];
        for words in [
            format!("CONFIG SET stream-node-max-entries {entries} stream-node-max-bytes {bytes}"),
            String::from("XADD x0 9000000000000-0 a 1"),
            String::from("XADD x1 9000000000000-0 a 1"),
            String::from("XADD x2 9000000000000-0 a 1"),
            String::from("XADD x3 9000000000000-0 a 1"),
        ] {
            let request: Vec<Vec<u8>> = words.split(' ').map(|word| word.as_bytes().to_vec()).collect();
            self.both(0, &request)?;
        }
        // Whether the cycle has reclaimed a key yet would be a race.
        self.both(0, &["DEBUG", "SET-ACTIVE-EXPIRE", "0"].map(|word| word.as_bytes().to_vec()))?;
        // One seed in three turns collections over at a handful of elements.
        let (few, list) = if self.ours.seed % 3 == 1 { ("6", "4") } else { ("128", "-2") };
        for (parameter, value) in [
            ("hash-max-listpack-entries", few),
            ("set-max-listpack-entries", few),
            ("set-max-intset-entries", few),
            ("zset-max-listpack-entries", few),
            ("list-max-listpack-size", list),
        ] {
            let words = ["CONFIG", "SET", parameter, value];
            self.both(0, &words.map(|word| word.as_bytes().to_vec()))?;
        }
        if self.resp3 {
            for client in 0..CLIENTS {
                self.both(client, &[b"HELLO".to_vec(), b"3".to_vec()])?;
            }
        }
        Ok(())
    }

    pub fn both(&mut self, client: usize, request: &[Vec<u8>]) -> Result<(Option<Value>, Option<Value>), String> {
        let theirs = self.theirs.send(client, request)?;
        let ours = self.ours.send(client, request)?;
        Ok((ours, theirs))
    }

    /// Plays a step on both and compares.
    pub fn play(&mut self, step: &Step) -> Result<Option<Difference>, String> {
        let small = step.request.get(1).and_then(|key| self.ours.encoding(key));
        let (ours, theirs) = self.both(step.client, &step.request)?;
        let (Some(ours), Some(theirs)) = (&ours, &theirs) else {
            let what = format!("ours: {ours:?}\ntheirs: {theirs:?}");
            return Ok((ours.is_some() != theirs.is_some()).then_some(Difference { what }));
        };
        let same = normalise::same(&step.request, small, ours, theirs);
        normalise::resynchronise(self, step)?;
        Ok((!same).then(|| Difference { what: format!("ours:   {}\ntheirs: {}", show(ours), show(theirs)) }))
    }
}

/// A reply on one line, types and all.
pub fn show(value: &Value) -> String {
    let text = |bytes: &[u8]| {
        let shown = bytes.escape_ascii().to_string();
        if shown.len() > 400 { format!("{}… ({} bytes)", &shown[..400], bytes.len()) } else { shown }
    };
    let list = |values: &[Value]| values.iter().map(show).collect::<Vec<_>>().join(", ");
    let pairs = |pairs: &[(Value, Value)]| {
        pairs.iter().map(|(key, value)| format!("{}: {}", show(key), show(value))).collect::<Vec<_>>().join(", ")
    };
    match value {
        Value::Simple(bytes) => format!("+{}", text(bytes)),
        Value::Error(bytes) => format!("-{}", text(bytes)),
        Value::Integer(number) => format!(":{number}"),
        Value::Bulk(bytes) => format!("\"{}\"", text(bytes)),
        Value::Array(values) => format!("[{}]", list(values)),
        Value::NullBulk => String::from("(nil)"),
        Value::NullArray => String::from("(nil-array)"),
        Value::Null => String::from("null"),
        Value::Double(digits) => format!(",{digits}"),
        Value::Boolean(value) => format!("#{}", if *value { 't' } else { 'f' }),
        Value::Map(entries) => format!("%{{{}}}", pairs(entries)),
        Value::Set(values) => format!("~[{}]", list(values)),
        Value::Push(values) => format!(">[{}]", list(values)),
        other => format!("{other:?}"),
    }
}
