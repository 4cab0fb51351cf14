//! Commands about connections: subscriptions, CLIENT, databases, protocols, parameters. Numbers of connections differ from server
//! to server, so steps name a connection by a placeholder, and replies are compared without them.

use crate::generate::{Generator, Step};
use crate::servers::{CLIENTS, Frame};
use resp::Value;

/// Parameters that streams change, and what they are in the beginning.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("hash-max-listpack-entries", "128"),
    ("hash-max-listpack-value", "64"),
    ("set-max-listpack-entries", "128"),
    ("set-max-listpack-value", "64"),
    ("set-max-intset-entries", "128"),
    ("zset-max-listpack-entries", "128"),
    ("zset-max-listpack-value", "64"),
    ("list-compress-depth", "0"),
    ("hll-sparse-max-bytes", "3000"),
    ("notify-keyspace-events", ""),
    ("lazyfree-lazy-user-del", "no"),
    ("lazyfree-lazy-server-del", "no"),
];

const VALUES: &[&str] = &["4", "0", "8", "128", "-1", "-2", "-5", "abc", "1kb", "64", "2", "512", "yes", "", "3000"];
const CLASSES: &[&str] = &["KEA", "KEAmnoc", "K$gm", "Elshztxed", "KEA", "KEn", "x", "KEmo", "KEc", "KEg$lshzxtdm"];

/// Stands for a few milliseconds; what lives so long is over when the next step comes.
pub const SOON: &[u8] = b"<soon>";

/// `<id:2>` stands for the number of the third connection.
pub fn placeholder(word: &[u8]) -> Option<usize> {
    let digit = word.strip_prefix(b"<id:")?.strip_suffix(b">")?;
    matches!(digit, [b'0'..=b'4']).then(|| usize::from(digit[0] - b'0'))
}

fn is(request: &[Vec<u8>], words: &[&str]) -> bool {
    request.len() >= words.len()
        && request.iter().zip(words).all(|(word, other)| word.eq_ignore_ascii_case(other.as_bytes()))
}

/// The reply with numbers of connections named by their places; `queued` is what the client's transaction consists of.
pub fn without_ids(request: Option<&Vec<Vec<u8>>>, queued: &[Vec<Vec<u8>>], value: &Value, ids: &[u64]) -> Value {
    let asked = |words: &[&str]| request.is_some_and(|request| is(request, words));
    match value {
        Value::Push(parts) if parts.first() == Some(&Value::bulk("tracking-redir-broken")) => {
            Value::Push(parts.iter().map(|part| named(part, ids)).collect())
        }
        Value::Array(replies) if asked(&["EXEC"]) && replies.len() == queued.len() => {
            let replies = queued.iter().zip(replies);
            Value::Array(replies.map(|(request, reply)| without_ids(Some(request), &[], reply, ids)).collect())
        }
        Value::Integer(_) if asked(&["CLIENT", "ID"]) || asked(&["CLIENT", "GETREDIR"]) => named(value, ids),
        Value::Array(parts) if asked(&["CLIENT", "TRACKINGINFO"]) || asked(&["HELLO"]) => {
            let is_id = |at: usize| at > 0 && names_an_id(&parts[at - 1]);
            let part = |(at, part): (usize, &Value)| if is_id(at) { named(part, ids) } else { part.clone() };
            Value::Array(parts.iter().enumerate().map(part).collect())
        }
        Value::Map(pairs) if asked(&["CLIENT", "TRACKINGINFO"]) || asked(&["HELLO"]) => {
            let told = |(key, value): &(Value, Value)| {
                (key.clone(), if names_an_id(key) { named(value, ids) } else { value.clone() })
            };
            Value::Map(pairs.iter().map(told).collect())
        }
        Value::Bulk(text) | Value::Verbatim { text, .. }
            if asked(&["CLIENT", "LIST"]) || asked(&["CLIENT", "INFO"]) =>
        {
            Value::bulk(lines(&String::from_utf8_lossy(text), ids).join("\n"))
        }
        other => other.clone(),
    }
}

fn names_an_id(name: &Value) -> bool {
    [Value::bulk("id"), Value::bulk("redirect")].contains(name)
}

fn name(id: u64, ids: &[u64]) -> String {
    ids.iter().position(|&other| other == id).map_or_else(|| String::from("other"), |at| format!("<id:{at}>"))
}

fn named(value: &Value, ids: &[u64]) -> Value {
    match value {
        Value::Integer(number) if *number > 0 => Value::bulk(name(*number as u64, ids)),
        other => other.clone(),
    }
}

/// What CLIENT LIST tells of the connections of this stream, but for what follows from time, memory and the machine.
fn lines(text: &str, ids: &[u64]) -> Vec<String> {
    const FACTS: &[&str] = &[
        "name", "flags", "db", "sub", "psub", "ssub", "multi", "watch", "events", "cmd", "user", "redir", "resp",
        "lib-name", "lib-ver", "tot-cmds",
    ];
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut told = String::new();
        for fact in line.split(' ') {
            let Some((key, value)) = fact.split_once('=') else { continue };
            let value = match key {
                "id" | "redir" => value.parse().map_or_else(|_| value.to_owned(), |id| name(id, ids)),
                _ if FACTS.contains(&key) => value.to_owned(),
                _ => continue,
            };
            told.extend([key, "=", &value, " "]);
        }
        // What a client watched before a whole database went is counted on one server and not on the other.
        if let (true, Some(at)) = (flags_of(&told).contains('d'), told.find("watch=")) {
            let end = told[at..].find(' ').map_or(told.len(), |len| at + len);
            told.replace_range(at..end, "watch=?");
        }
        // The driver only sends PING to one of the two; others are somebody else's.
        if !told.starts_with("id=<id:4>") && !told.starts_with("id=other") {
            lines.push(told);
        }
    }
    lines.sort();
    lines
}

fn flags_of(line: &str) -> &str {
    line.split(' ').find_map(|fact| fact.strip_prefix("flags=")).unwrap_or_default()
}

/// Patterns that match the same message are found in the order of a hash table.
pub fn without_order_of_patterns(frames: &[Frame]) -> Vec<Frame> {
    let message = |frame: &Frame| match frame {
        Frame::Value(Value::Array(parts) | Value::Push(parts))
            if parts.len() == 4 && parts[0] == Value::bulk("pmessage") =>
        {
            Some((crate::pair::show(&parts[2]), crate::pair::show(&parts[3])))
        }
        _ => None,
    };
    let mut frames = frames.to_vec();
    for run in frames.chunk_by_mut(|one, other| message(one).is_some() && message(one) == message(other)) {
        run.sort_by_key(|frame| if let Frame::Value(value) = frame { crate::pair::show(value) } else { String::new() });
    }
    frames
}

/// Whether two clients left the same channels: without names the order follows hash values.
pub fn same_departures(request: &[Vec<u8>], ours: &[Frame], theirs: &[Frame]) -> bool {
    let leaves = ["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"].iter().any(|word| is(request, &[word]));
    if !leaves || request.len() > 1 || ours.len() != theirs.len() {
        return false;
    }
    let parts = |frame: &Frame| match frame {
        Frame::Value(Value::Array(parts) | Value::Push(parts)) if parts.len() == 3 => {
            Some((parts[1].clone(), parts[2].clone()))
        }
        _ => None,
    };
    let told = |frames: &[Frame]| {
        let (mut channels, counts): (Vec<Value>, Vec<Value>) = frames.iter().filter_map(parts).unzip();
        channels.sort_by_key(crate::pair::show);
        (frames.len() == channels.len()).then_some((channels, counts))
    };
    told(ours).is_some() && told(ours) == told(theirs)
}

fn step(client: usize, command: &'static str, words: &[&str]) -> Step {
    Step { client, command, request: words.iter().map(|word| word.as_bytes().to_vec()).collect() }
}

impl Generator {
    /// A step about connections.
    pub(crate) fn connection_step(&mut self, client: usize) -> Step {
        if self.subscribed[client] && self.chance(60) {
            return self.departure(client);
        }
        match self.draw(20) {
            0..=4 => self.subscription(client),
            5 => self.departure(client),
            6 | 7 => {
                let database = self.pick(&["0", "1", "0", "1", "0", "2", "15", "16", "-1", "abc"]);
                step(client, "select", &["SELECT", database])
            }
            8 => {
                let (a, b) = (self.pick(&["0", "1", "2", "16", "x"]), self.pick(&["0", "1", "-1", "1"]));
                step(client, "swapdb", &["SWAPDB", a, b])
            }
            9 if !self.streams_stay && self.chance(20) => {
                let how = self.pick(&["", "SYNC", "ASYNC", "x"]);
                let words: Vec<&str> =
                    [self.pick(&["FLUSHDB", "FLUSHALL"]), how].into_iter().filter(|word| !word.is_empty()).collect();
                step(client, if words[0] == "FLUSHDB" { "flushdb" } else { "flushall" }, &words)
            }
            10 => {
                let parameter = self.pick(PARAMETERS).0;
                let value = if parameter.starts_with("notify") { self.pick(CLASSES) } else { self.pick(VALUES) };
                step(client, "config|set", &["CONFIG", "SET", parameter, value])
            }
            11 => {
                let parameter = self.pick(PARAMETERS).0;
                step(client, "config|get", &["CONFIG", "GET", parameter])
            }
            12 if !self.in_transaction(client) => {
                self.subscribed[client] = false;
                step(client, "reset", &["RESET"])
            }
            13 => {
                let words: &[&str] = match self.draw(7) {
                    0 => &["HELLO"],
                    1 => &["HELLO", "2"],
                    2 => &["HELLO", "4"],
                    3 => &["HELLO", "3", "SETNAME", "greeted"],
                    4 => &["HELLO", "3", "SETNAME"],
                    _ => &["HELLO", "3"],
                };
                step(client, "hello", words)
            }
            _ => self.client_step(client),
        }
    }

    fn channels(&mut self, words: &mut Vec<&'static str>, from: &[&'static str]) {
        for _ in 0..=self.draw(2) {
            let channel = self.pick(from);
            words.push(channel);
        }
    }

    fn subscription(&mut self, client: usize) -> Step {
        // Within a transaction the confirmations would stand inside of EXEC's reply.
        if self.in_transaction(client) {
            return step(client, "ping", &["PING"]);
        }
        let (command, word) =
            self.pick(&[("subscribe", "SUBSCRIBE"), ("psubscribe", "PSUBSCRIBE"), ("ssubscribe", "SSUBSCRIBE")]);
        let mut words = vec![word];
        let from: &[&str] = if command == "psubscribe" {
            &["*", "a*", "?", "[ab]", "h*o", "__key*__:*", "__keyevent@*:del"]
        } else {
            &["a", "b", "c", "1", "2", "hello", "", "__redis__:invalidate", "__keyspace@0__:k1", "__keyevent@0__:set"]
        };
        self.channels(&mut words, from);
        self.subscribed[client] = true;
        step(client, command, &words)
    }

    fn departure(&mut self, client: usize) -> Step {
        if self.in_transaction(client) {
            return step(client, "ping", &["PING", "a"]);
        }
        if self.chance(15) {
            self.subscribed[client] = false;
            return step(client, "reset", &["RESET"]);
        }
        let (command, word) = self.pick(&[
            ("unsubscribe", "UNSUBSCRIBE"),
            ("punsubscribe", "PUNSUBSCRIBE"),
            ("sunsubscribe", "SUNSUBSCRIBE"),
        ]);
        let mut words = vec![word];
        if self.chance(40) {
            self.channels(&mut words, &["a", "b", "c", "1", "*", "a*", "__key*__:*", "none"]);
        }
        step(client, command, &words)
    }

    fn client_step(&mut self, client: usize) -> Step {
        let other = ["<id:0>", "<id:1>", "<id:2>", "0", "-1", "abc", "999999999"][self.draw(7) as usize];
        let someone = ["<id:0>", "<id:1>", "<id:2>"][self.draw(CLIENTS as u64) as usize];
        let queued = self.in_transaction(client);
        let (command, words): (&'static str, Vec<&str>) = match self.draw(26) {
            0 => ("client|id", vec!["ID"]),
            1 => ("client|getname", vec!["GETNAME"]),
            2 => ("client|setname", vec!["SETNAME", self.pick(&["one", "two", "", "a b", "x\n"])]),
            3 => ("client|getredir", vec!["GETREDIR"]),
            4 => ("client|trackinginfo", vec!["TRACKINGINFO"]),
            5 => ("client|no-touch", vec!["NO-TOUCH", self.pick(&["ON", "off", "maybe"])]),
            6 => ("client|no-evict", vec!["NO-EVICT", self.pick(&["ON", "off", "maybe"])]),
            7 if !queued => {
                self.silent[client] = true;
                ("client|reply", vec!["REPLY", self.pick(&["ON", "OFF", "SKIP", "on", "maybe"])])
            }
            8 | 9 if !queued => {
                self.silent[client] = false;
                ("client|reply", vec!["REPLY", "ON"])
            }
            10 => ("client|caching", vec!["CACHING", self.pick(&["YES", "NO", "maybe"])]),
            11 => {
                let info = [["LIB-NAME", "lib"], ["LIB-VER", "1.0"], ["lib-name", ""], ["LIB-NAME", "a b"], ["X", "y"]];
                let [attribute, value] = self.pick(&info);
                ("client|setinfo", vec!["SETINFO", attribute, value])
            }
            12 | 13 => ("client|unblock", vec!["UNBLOCK", other]),
            14 => ("client|unblock", vec!["UNBLOCK", other, self.pick(&["ERROR", "TIMEOUT", "x"])]),
            15 => ("client|list", vec!["LIST"]),
            16 => ("client|list", vec!["LIST", "TYPE", self.pick(&["normal", "pubsub", "master", "replica", "x"])]),
            17 => ("client|list", vec!["LIST", "ID", someone, other]),
            18 => ("client|info", vec!["INFO"]),
            // Redis 8.6.3 closes the connection of a client that kills itself behind its reply, so never when there is none (COMPAT.md has
            // it).
            19 if !queued && !self.silent[client] && self.chance(50) => {
                self.subscribed[client] = false;
                let mut words = vec!["KILL", "ID", if self.chance(70) { someone } else { other }];
                words.extend(self.pick(&[
                    &["SKIPME", "no"][..],
                    &["SKIPME", "yes"],
                    &["TYPE", "normal"],
                    &["USER", "default"],
                    &[],
                    &["SKIPME"],
                ]));
                ("client|kill", words)
            }
            _ => {
                let mut words = vec!["TRACKING", self.pick(&["ON", "ON", "ON", "OFF"])];
                for _ in 0..self.draw(3) {
                    match self.draw(7) {
                        0 => words.push("BCAST"),
                        1 => words.extend(["PREFIX", self.pick(&["k", "l", "", "k1", "s"])]),
                        2 => words.push("OPTIN"),
                        3 => words.push("OPTOUT"),
                        4 => words.push("NOLOOP"),
                        // To oneself the order of reply and message is another one.
                        5 if other != ["<id:0>", "<id:1>", "<id:2>"][client] => words.extend(["REDIRECT", other]),
                        _ => words.push("BCAST"),
                    }
                }
                ("client|tracking", words)
            }
        };
        let mut all = vec!["CLIENT"];
        all.extend(words);
        step(client, command, &all)
    }

    /// All clients wait: one of them is told to go on.
    pub(crate) fn release(&mut self) -> Step {
        let someone = ["<id:0>", "<id:1>", "<id:2>"][self.draw(CLIENTS as u64) as usize];
        let how = self.pick(&[&[][..], &["ERROR"], &["TIMEOUT"]]);
        let mut words = vec!["CLIENT", "UNBLOCK", someone];
        words.extend(how);
        step(crate::servers::DRIVER, "client|unblock", &words)
    }
}
