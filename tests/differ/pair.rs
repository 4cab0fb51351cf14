//! Both servers, kept in step: the same requests on the same connections, and what every connection hears compared.

use crate::connections;
use crate::generate::Step;
use crate::normalise::{self, Excuse};
use crate::servers::{CLIENTS, CONNECTIONS, DRIVER, Frame, Frames, OBSERVER, Ours, Theirs};
use resp::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

type Request = Vec<Vec<u8>>;

pub struct Pair {
    pub ours: Ours,
    pub theirs: Theirs,
    pub resp3: bool,
    /// What each client's transaction has queued: EXEC's reply is compared element by element.
    queued: Vec<Vec<Request>>,
    /// The request that a blocked client waits with.
    waiting: Vec<Option<Request>>,
    /// A set was stored whose members may have come in the order of a hash table.
    shuffled: bool,
    /// Nodes of lists may be compressed: ours compresses with a compressor of its own, and from the moment the depth is set (COMPAT.md has
    /// it).
    pub compressed: bool,
    /// How often replies differed, and by what rule that was none.
    pub tolerated: RefCell<BTreeMap<Excuse, u64>>,
}

/// Several patterns match the same message: they are found in the order of a hash table.
const PATTERNS: Excuse = "order of patterns that match the same message";
/// SORT looks its weights up in the order of its source, which may be that of a hash table.
const LOOKUPS: Excuse = "SORT: order of events about what it looked up";
/// SWAPDB serves those who wait for keys of the databases in the order of a hash table of keys that are waited for.
const SERVED: Excuse = "SWAPDB: order of keys whose waiters are served";
/// With a limit chance also chooses which elements SORT looks anything up for.
const CUT_LOOKUPS: Excuse = "SORT: misses of what it looked up for elements that a limit left of equal ones";
const NAMED_RANGE: Excuse = "events of ranges by name among unequal scores";
/// The key is dropped on both sides.
const STORED_ENCODING: Excuse = "SUNIONSTORE, SDIFFSTORE from a hash table: integers first or not";
/// Channels that are left without being named.
const DEPARTURES: Excuse = "UNSUBSCRIBE without names: order of channels";

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
        let (queued, waiting) = (vec![Vec::new(); CLIENTS], vec![None; CONNECTIONS]);
        Pair { ours, theirs, resp3, queued, waiting, shuffled: false, compressed: false, tolerated: RefCell::default() }
    }

    /// Both empty, with fresh connections.
    pub fn restart(&mut self) -> Result<(), String> {
        let seed = self.ours.seed();
        self.ours = Ours::new(seed);
        self.theirs.reconnect()?;
        self.queued = vec![Vec::new(); CLIENTS];
        self.waiting = vec![None; CONNECTIONS];
        self.shuffled = false;
        self.compressed = false;
        // Libraries and scripts outlive the keys. Whether the cycle has reclaimed a key yet would be a race.
        let first = ["FLUSHALL", "FUNCTION FLUSH", "SCRIPT FLUSH", "DEBUG SET-ACTIVE-EXPIRE 0"];
        let mut requests: Vec<Request> = first.map(request).to_vec();
        let set = |name: &str, value: &str| {
            ["CONFIG", "SET", name, value].iter().map(|word| word.as_bytes().to_vec()).collect::<Request>()
        };
        requests.extend(connections::PARAMETERS.iter().map(|(name, value)| set(name, value)));
        // Small nodes let trimming by nodes meet more cases, and every stream begins behind the clocks: see `generate.rs`.
        requests.push(set("stream-node-max-entries", ["100", "3", "7", "0"][(seed % 4) as usize]));
        requests.push(set("stream-node-max-bytes", ["4096", "4096", "150", "300", "0"][(seed % 5) as usize]));
        requests.extend((0..4).map(|stream| request(&format!("XADD x{stream} 9000000000000-0 a 1"))));
        // A list keeps for good the limits that it was made with, so they stay the same while a stream is played.
        requests.push(set("list-max-listpack-size", "-2"));
        // One seed in three turns collections over at a handful of elements.
        if seed % 3 == 1 {
            for kind in ["hash-max-listpack-entries", "set-max-listpack-entries", "set-max-intset-entries"] {
                requests.push(set(kind, "6"));
            }
            requests.extend([set("zset-max-listpack-entries", "6"), set("list-max-listpack-size", "4")]);
        }
        // Every second seed hears of misses, new, overwritten and retyped keys, too.
        requests.push(set("notify-keyspace-events", if seed.is_multiple_of(2) { "KEA" } else { "KEAmnoc" }));
        self.batch(&requests)?;
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

    /// Asks both many things at once, as the driver.
    pub fn batch(&mut self, requests: &[Request]) -> Result<Vec<(Value, Value)>, String> {
        self.batch_each(requests, requests)
    }

    /// Each server is asked something else.
    pub fn batch_each(&mut self, ours: &[Request], theirs: &[Request]) -> Result<Vec<(Value, Value)>, String> {
        let mut here = Vec::new();
        for request in ours {
            let frames = self.ours.exchange(DRIVER, request)?;
            here.push(last(&frames).ok_or("ours did not answer the driver")?);
        }
        let there = self.theirs.batch(theirs)?;
        if here.len() != there.len() {
            return Err(format!("the driver asked {} things and heard {} answers", here.len(), there.len()));
        }
        Ok(here.into_iter().zip(there).collect())
    }

    fn exchange(&mut self, connection: usize, request: &[Vec<u8>]) -> Result<(Frames, Frames), String> {
        let with_ids = |ids: &[u64]| -> Request {
            let number = |word: &Vec<u8>| match connections::placeholder(word) {
                Some(connection) => ids[connection].to_string().into_bytes(),
                None if word == connections::SOON => b"3".to_vec(),
                None => word.clone(),
            };
            request.iter().map(number).collect()
        };
        let ours = self.ours.exchange(connection, &with_ids(&self.ours.ids.clone()))?;
        let theirs = self.theirs.exchange(connection, &with_ids(&self.theirs.ids), &ours)?;
        if self.ours.waited {
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
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
        let executes = step.request[0].eq_ignore_ascii_case(b"exec");
        let queue = self.queued.get(step.client).filter(|_| executes).cloned().unwrap_or_default();
        let runs = |words: &[&str]| {
            let is = |request: &Request| words.iter().any(|word| request[0].eq_ignore_ascii_case(word.as_bytes()));
            is(&step.request) || queue.iter().any(is)
        };
        // Whether a SORT only looks up what a limit has left of elements of equal weight.
        let cuts = normalise::cuts_by_chance(&step.request, small)
            || queue.iter().any(|request| normalise::cuts_by_chance(request, None));
        let sorts = runs(&["sort", "sort_ro"]).then_some(cuts);
        let reorders = if sorts.is_some() { Some(LOOKUPS) } else { runs(&["swapdb"]).then_some(SERVED) };
        let shuffles = normalise::shuffles(&step.request) || queue.iter().any(|request| normalise::shuffles(request));
        // Which keys these happen upon whose time is over, and so reclaim, is chance: nothing is left for them to find.
        if runs(&["scan", "randomkey"]) {
            self.reclaim()?;
        }
        let soon = |request: &Request| request.iter().any(|word| word == connections::SOON);
        let ends_soon = soon(&step.request) || queue.iter().any(soon);
        let (ours, theirs) = self.exchange(step.client, &step.request)?;
        if ends_soon {
            std::thread::sleep(std::time::Duration::from_millis(8));
        }
        // What a range of names takes out where it means nothing is chance, and so is what everybody hears of it.
        let asked = if executes { &queue[..] } else { std::slice::from_ref(&step.request) };
        let taken = |frames: &[Frame]| takes_by_name(asked, executes, frames);
        let named_range = taken(&ours[step.client]) != taken(&theirs[step.client]);
        let difference = (0..CONNECTIONS).find_map(|connection| {
            if named_range && connection != step.client && ours[connection] != theirs[connection] {
                self.tolerate(&[NAMED_RANGE]);
                return None;
            }
            let request =
                if connection == step.client { Some(&step.request) } else { self.waiting[connection].as_ref() };
            let queued = self.queued.get(connection).filter(|_| connection == step.client);
            let queued = queued.map(Vec::as_slice).unwrap_or_default();
            let heard = (&ours[connection][..], &theirs[connection][..]);
            self.compare(connection, request, queued, small, (reorders, sorts == Some(true)), heard)
        });
        self.shuffled |= shuffles;
        self.compressed |= step.request.get(2).is_some_and(|word| word == b"list-compress-depth");
        let dropped = match normalise::chosen_by_chance(&step.request) {
            None if shuffles && self.comes_in_an_order_of_chance(step)? => step.request.get(1).cloned(),
            chosen => chosen.cloned(),
        };
        self.note(step, &ours);
        for connection in 0..CONNECTIONS {
            if ours[connection].last() == Some(&Frame::Closed) && theirs[connection].last() == Some(&Frame::Closed) {
                self.ours.connect(connection);
                self.theirs.reopen(connection)?;
                self.greet(connection)?;
            }
        }
        if let Some(key) = dropped {
            // Within a transaction that is queued like any command.
            let delete = Step { client: step.client, command: "del", request: vec![b"DEL".to_vec(), key] };
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

    /// Lets both servers look at all keys of all databases, so that those go whose time is over.
    fn reclaim(&mut self) -> Result<(), String> {
        let look = |database| [request(&format!("SELECT {database}")), request("SCAN 0 COUNT 1000000")];
        let mut requests: Vec<Request> = (0..16).flat_map(look).collect();
        requests.push(request("SELECT 0"));
        self.batch(&requests)?;
        Ok(())
    }

    /// Whether a set was stored from a hash table while sets of integers may have fewer members than packed ones. Then its encoding
    /// depends on whether the first member that is no integer comes before too many integers have come.
    fn comes_in_an_order_of_chance(&mut self, step: &Step) -> Result<bool, String> {
        let sources = step.request.iter().skip(2);
        if !sources.into_iter().any(|key| self.ours.encoding(step.client, key) == Some("hashtable")) {
            return Ok(false);
        }
        let mut limit = |name: &str| -> Result<u64, String> {
            let frames = self.ours.exchange(DRIVER, &request(&format!("CONFIG GET {name}")))?;
            let Some(Value::Array(parts)) = last(&frames) else { return Ok(0) };
            Ok(parts.get(1).and_then(|value| show(value).trim_matches('"').parse().ok()).unwrap_or(0))
        };
        let by_chance = limit("set-max-intset-entries")? < limit("set-max-listpack-entries")?;
        if by_chance {
            self.tolerate(&[STORED_ENCODING]);
        }
        Ok(by_chance)
    }

    pub fn tolerate(&self, excuses: &[Excuse]) {
        for excuse in excuses {
            *self.tolerated.borrow_mut().entry(excuse).or_default() += 1;
        }
    }

    /// By what rules these frames are the same; none when they are not.
    fn excuses(
        &self,
        request: Option<&Request>,
        queued: &[Request],
        small: Option<&str>,
        ours: &[Frame],
        theirs: &[Frame],
    ) -> Option<Vec<Excuse>> {
        let same = |(ours, theirs): (&Frame, &Frame)| match (ours, theirs) {
            (Frame::Value(ours), Frame::Value(theirs)) => {
                let ours = connections::without_ids(request, queued, ours, &self.ours.ids);
                let theirs = connections::without_ids(request, queued, theirs, &self.theirs.ids);
                if ours == theirs {
                    return Some(Vec::new());
                }
                normalise::excuses(request?, queued, small, self.shuffled, &ours, &theirs)
            }
            (ours, theirs) => (ours == theirs).then(Vec::new),
        };
        if ours.len() != theirs.len() {
            return None;
        }
        let each: Option<Vec<Vec<Excuse>>> = ours.iter().zip(theirs).map(same).collect();
        each.map(|each| each.concat())
    }

    fn compare(
        &self,
        connection: usize,
        request: Option<&Request>,
        queued: &[Request],
        small: Option<&str>,
        (reorders, cuts): (Option<Excuse>, bool),
        (ours, theirs): (&[Frame], &[Frame]),
    ) -> Option<String> {
        if let Some(excuses) = self.excuses(request, queued, small, ours, theirs) {
            self.tolerate(&excuses);
            return None;
        }
        let (ours, theirs) =
            (&connections::without_order_of_patterns(ours)[..], &connections::without_order_of_patterns(theirs)[..]);
        if let Some(excuses) = self.excuses(request, queued, small, ours, theirs) {
            self.tolerate(&[&excuses[..], &[PATTERNS]].concat());
            return None;
        }
        // The client's own reply comes before what it hears.
        let in_order = |frames: &[Frame]| {
            let mut frames = frames.to_vec();
            let first = usize::from(request.is_some()).min(frames.len());
            frames[first..].sort_by_key(|frame| show_all(std::slice::from_ref(frame)));
            frames
        };
        if let Some(reordered) = reorders
            && let Some(excuses) = self.excuses(request, queued, small, &in_order(ours), &in_order(theirs))
        {
            self.tolerate(&[&excuses[..], &[reordered]].concat());
            return None;
        }
        if cuts {
            let without_misses = |frames: &[Frame]| {
                let is_miss = |frame: &Frame| show_all(std::slice::from_ref(frame)).contains("keymiss");
                let (misses, others): (Vec<Frame>, Vec<Frame>) = frames.iter().cloned().partition(is_miss);
                (misses.len(), others)
            };
            let (mine, other) = (without_misses(ours), without_misses(theirs));
            if mine.0 == other.0
                && let Some(excuses) = self.excuses(request, queued, small, &mine.1, &other.1)
            {
                self.tolerate(&[&excuses[..], &[CUT_LOOKUPS]].concat());
                return None;
            }
        }
        if request.is_some_and(|request| connections::same_departures(request, ours, theirs)) {
            self.tolerate(&[DEPARTURES]);
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

/// What commands replied that take out or store a range of names.
fn takes_by_name(asked: &[Request], executed: bool, frames: &[Frame]) -> Vec<Value> {
    let values = frames.iter().filter_map(|frame| if let Frame::Value(value) = frame { Some(value) } else { None });
    let replies: Vec<Value> = if executed {
        let all = values.into_iter().find_map(|value| match value {
            Value::Array(replies) if replies.len() == asked.len() => Some(replies.clone()),
            _ => None,
        });
        all.unwrap_or_default()
    } else {
        values.filter(|value| matches!(value, Value::Integer(_))).cloned().collect()
    };
    let pairs = asked.iter().zip(replies);
    pairs.filter(|(request, _)| normalise::takes_by_name(request)).map(|(_, reply)| reply).collect()
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
