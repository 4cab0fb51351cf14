//! Both servers, kept in step: the same requests on the same connections, and what every connection hears compared.

use crate::connections;
use crate::generate::Step;
use crate::normalise;
use crate::servers::{CLIENTS, CONNECTIONS, DRIVER, Frame, Frames, OBSERVER, Ours, Theirs};
use resp::Value;

type Request = Vec<Vec<u8>>;

pub struct Pair {
    pub ours: Ours,
    pub theirs: Theirs,
    pub resp3: bool,
    /// What each client's transaction has queued: EXEC's reply is compared element by element.
    queued: Vec<Vec<Request>>,
    /// The request that a blocked client waits with.
    waiting: Vec<Option<Request>>,
}

/// A command whose replies were not the same.
#[derive(Clone, Debug)]
pub struct Difference {
    pub what: String,
}

pub fn request(words: &str) -> Request {
    words.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

impl Pair {
    pub fn new(ours: Ours, theirs: Theirs, resp3: bool) -> Pair {
        Pair { ours, theirs, resp3, queued: vec![Vec::new(); CLIENTS], waiting: vec![None; CONNECTIONS] }
    }

    /// Both empty, with fresh connections.
    pub fn restart(&mut self) -> Result<(), String> {
        let seed = self.ours.seed();
        self.ours = Ours::new(seed);
        self.theirs.reconnect()?;
        self.queued = vec![Vec::new(); CLIENTS];
        self.waiting = vec![None; CONNECTIONS];
        // Libraries and scripts outlive the keys. Whether the cycle has reclaimed a key yet would be a race.
        for words in ["FLUSHALL", "FUNCTION FLUSH", "SCRIPT FLUSH", "DEBUG SET-ACTIVE-EXPIRE 0"] {
            self.both(&request(words))?;
        }
        for (parameter, value) in connections::PARAMETERS {
            self.both(&[
                b"CONFIG".to_vec(),
                b"SET".to_vec(),
                parameter.as_bytes().to_vec(),
                value.as_bytes().to_vec(),
            ])?;
        }
        // Small nodes let trimming by nodes meet more cases, and every stream begins behind the clocks: see `generate.rs`.
        let entries = [100, 3, 7, 0][(seed % 4) as usize];
        let bytes = [4096, 4096, 150, 300, 0][(seed % 5) as usize];
        self.both(&request(&format!("CONFIG SET stream-node-max-entries {entries} stream-node-max-bytes {bytes}")))?;
        for stream in 0..4 {
            self.both(&request(&format!("XADD x{stream} 9000000000000-0 a 1")))?;
        }
        // A list keeps for good the limits that it was made with, so they stay the same while a stream is played.
        self.both(&request("CONFIG SET list-max-listpack-size -2"))?;
        // One seed in three turns collections over at a handful of elements.
        if seed % 3 == 1 {
            for kind in ["hash-max-listpack-entries", "set-max-listpack-entries", "set-max-intset-entries"] {
                self.both(&request(&format!("CONFIG SET {kind} 6")))?;
            }
            self.both(&request("CONFIG SET zset-max-listpack-entries 6 list-max-listpack-size 4"))?;
        }
        // Every second seed hears of misses, new, overwritten and retyped keys, too.
        let classes = if seed.is_multiple_of(2) { "KEA" } else { "KEAmnoc" };
        self.both(&request(&format!("CONFIG SET notify-keyspace-events {classes}")))?;
        for connection in 0..CONNECTIONS {
            self.greet(connection)?;
        }
        Ok(())
    }

    /// What a fresh connection says first.
    fn greet(&mut self, connection: usize) -> Result<(), String> {
        if self.resp3 && connection != DRIVER {
            self.exchange(connection, &request("HELLO 3"))?;
        }
        if connection == OBSERVER {
            self.exchange(connection, &request("PSUBSCRIBE __key*__:*"))?;
        }
        Ok(())
    }

    /// Asks both as the driver.
    pub fn both(&mut self, request: &[Vec<u8>]) -> Result<(Option<Value>, Option<Value>), String> {
        let (ours, theirs) = self.exchange(DRIVER, request)?;
        Ok((last(&ours), last(&theirs)))
    }

    /// Each server is asked something else, as the driver.
    pub fn each(&mut self, ours: &[Vec<u8>], theirs: &[Vec<u8>]) -> Result<(Option<Value>, Option<Value>), String> {
        let here = self.ours.exchange(DRIVER, ours)?;
        let there = self.theirs.exchange(DRIVER, theirs, &here)?;
        Ok((last(&here), last(&there)))
    }

    fn exchange(&mut self, connection: usize, request: &[Vec<u8>]) -> Result<(Frames, Frames), String> {
        let with_ids = |ids: &[u64]| -> Request {
            let number = |word: &Vec<u8>| match connections::placeholder(word) {
                Some(connection) => ids[connection].to_string().into_bytes(),
                None => word.clone(),
            };
            request.iter().map(number).collect()
        };
        let ours = self.ours.exchange(connection, &with_ids(&self.ours.ids.clone()))?;
        let theirs = self.theirs.exchange(connection, &with_ids(&self.theirs.ids), &ours)?;
        Ok((ours, theirs))
    }

    /// The clients that wait: they cannot be asked anything.
    pub fn blocked(&self) -> [bool; CLIENTS] {
        std::array::from_fn(|client| self.ours.is_blocked(client))
    }

    /// Plays a step on both and compares what all connections heard of it.
    pub fn play(&mut self, step: &Step) -> Result<Option<Difference>, String> {
        if self.ours.is_blocked(step.client) {
            return Ok(None);
        }
        let small = step.request.get(1).and_then(|key| self.ours.encoding(step.client, key));
        let (ours, theirs) = self.exchange(step.client, &step.request)?;
        // SORT looks its weights up in the order of its source, which may be that of a hash table.
        let queue = self.queued.get(step.client).map(Vec::as_slice).unwrap_or_default();
        let sorts = |request: &Request| request[0].to_ascii_lowercase().starts_with(b"sort");
        let shuffled = sorts(&step.request) || queue.iter().any(sorts);
        let in_order = |frames: &[Frame], connection: usize| {
            let mut frames = connections::without_order_of_patterns(frames);
            if shuffled && connection != step.client {
                frames.sort_by_key(|frame| show_all(std::slice::from_ref(frame)));
            }
            frames
        };
        let difference = (0..CONNECTIONS).find_map(|connection| {
            let request =
                if connection == step.client { Some(&step.request) } else { self.waiting[connection].as_ref() };
            let queued = self.queued.get(connection).filter(|_| connection == step.client);
            let queued = queued.map(Vec::as_slice).unwrap_or_default();
            let (ours, theirs) = (in_order(&ours[connection], connection), in_order(&theirs[connection], connection));
            self.compare(connection, request, queued, small, &ours, &theirs)
        });
        self.note(step, &ours);
        for connection in 0..CONNECTIONS {
            if ours[connection].last() == Some(&Frame::Closed) && theirs[connection].last() == Some(&Frame::Closed) {
                self.ours.connect(connection);
                self.theirs.reopen(connection)?;
                self.greet(connection)?;
            }
        }
        if let Some(key) = normalise::chosen_by_chance(&step.request) {
            // Within a transaction that is queued like any command.
            let delete = Step { client: step.client, command: "del", request: vec![b"DEL".to_vec(), key.clone()] };
            let (ours, _) = self.exchange(delete.client, &delete.request)?;
            self.note(&delete, &ours);
        }
        Ok(difference.map(|what| Difference { what }))
    }

    /// Remembers what is queued and who waits.
    fn note(&mut self, step: &Step, ours: &Frames) {
        if let Some(queued) = self.queued.get_mut(step.client) {
            if ours[step.client].contains(&Frame::Value(Value::Simple(b"QUEUED".to_vec()))) {
                queued.push(step.request.clone());
            }
            if self.ours.client(step.client).is_none_or(|client| client.transaction.is_none()) {
                queued.clear();
            }
        }
        for connection in 0..CONNECTIONS {
            if !self.ours.is_blocked(connection) {
                self.waiting[connection] = None;
            } else if connection == step.client {
                self.waiting[connection] = Some(step.request.clone());
            }
        }
    }

    fn compare(
        &self,
        connection: usize,
        request: Option<&Request>,
        queued: &[Request],
        small: Option<&str>,
        ours: &[Frame],
        theirs: &[Frame],
    ) -> Option<String> {
        let same = |(ours, theirs): (&Frame, &Frame)| match (ours, theirs) {
            (Frame::Value(ours), Frame::Value(theirs)) => {
                let ours = connections::without_ids(request, queued, ours, &self.ours.ids);
                let theirs = connections::without_ids(request, queued, theirs, &self.theirs.ids);
                ours == theirs || request.is_some_and(|request| normalise::same(request, queued, small, &ours, &theirs))
            }
            (ours, theirs) => ours == theirs,
        };
        let (ours, theirs) =
            (&connections::without_order_of_patterns(ours)[..], &connections::without_order_of_patterns(theirs)[..]);
        let alike = ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
            || request.is_some_and(|request| connections::same_departures(request, ours, theirs));
        if alike {
            return None;
        }
        let who = match connection {
            OBSERVER => "keyspace events\n",
            _ if request.is_none() => "what another client heard\n",
            _ => "",
        };
        let shown = |frames: &[Frame], ids: &[u64]| {
            let named = |frame: &Frame| match frame {
                Frame::Value(value) => Frame::Value(connections::without_ids(request, queued, value, ids)),
                Frame::Closed => Frame::Closed,
            };
            show_all(&frames.iter().map(named).collect::<Vec<_>>())
        };
        Some(format!("{who}ours:   {}\ntheirs: {}", shown(ours, &self.ours.ids), shown(theirs, &self.theirs.ids)))
    }
}

fn last(frames: &Frames) -> Option<Value> {
    frames[DRIVER].iter().rev().find_map(|frame| match frame {
        Frame::Value(value) => Some(value.clone()),
        Frame::Closed => None,
    })
}

fn show_all(frames: &[Frame]) -> String {
    let one = |frame: &Frame| match frame {
        Frame::Value(value) => show(value),
        Frame::Closed => String::from("closed"),
    };
    if frames.is_empty() { String::from("nothing") } else { frames.iter().map(one).collect::<Vec<_>>().join("; ") }
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
