//! Commands out of the table: arguments from the syntax tree, keys that meet their own type more often than not, numbers from
//! the borders, and now and then a mistake.

use crate::scripts;
use crate::servers::CLIENTS;
use engine::table::{self, Argument, Command, Flag, Group, Kind};

/// One request of one client.
#[derive(Clone, Debug)]
pub struct Step {
    pub client: usize,
    pub command: &'static str,
    pub request: Vec<Vec<u8>>,
}

pub struct Generator {
    state: u64,
    commands: Vec<&'static Command>,
    transactions: [bool; CLIENTS],
    /// The greatest time in an id of a stream so far.
    pub(crate) stream_time: u64,
    /// A request is drawn for a script.
    pub(crate) inside: bool,
    pub(crate) library_is_loaded: bool,
    /// What scripts call.
    inside_scripts: Vec<&'static Command>,
    /// Streams do not go, so that none begins with an id from the clock.
    pub(crate) streams_stay: bool,
    /// Who may be subscribed to something.
    pub(crate) subscribed: [bool; CLIENTS],
    /// Who may have said that it wants no replies.
    pub(crate) silent: [bool; CLIENTS],
    /// Commands about connections are drawn, too.
    connections: bool,
}

/// Ids of streams lie behind the clocks of both servers: then what `*` yields depends on the stream only.
pub(crate) const STREAM_TIME: u64 = 9_000_000_000_000;

/// Commands that are drawn more often, so that those about their results find some.
const OFTEN: &[(&str, usize)] =
    &[("xadd", 7), ("xreadgroup", 5), ("xgroup", 4), ("eval", 12), ("watch", 3), ("publish", 4), ("spublish", 3)];

/// Commands whose replies say who or when the server is, or that end the stream.
pub(crate) const NEVER: &[&str] = &[
    "quit",
    "reset",
    "hello",
    "auth",
    "shutdown",
    "monitor",
    "sync",
    "psync",
    "debug",
    "client",
    "config",
    "command",
    "info",
    "acl",
    "module",
    "lolwut",
    "time",
    "lastsave",
    "role",
    "swapdb",
    "replicaof",
    "slaveof",
    "failover",
    "save",
    "bgsave",
    "bgrewriteaof",
    "wait",
    "waitaof",
    "migrate",
    "slowlog",
    "latency",
    "memory",
    "evalsha",
    "evalsha_ro",
    "fcall",
    "fcall_ro",
    "function",
    "script",
    "cluster",
    "readonly",
    "readwrite",
    "asking",
    "restore-asking",
    "replconf",
    "hotkeys",
    "pfselftest",
    "pfdebug",
    "flushall",
    "flushdb",
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "unsubscribe",
    "punsubscribe",
    "sunsubscribe",
    "select",
    "trimslots",
    "multi",
    "exec",
    "discard",
];

impl Generator {
    pub fn new(seed: u64, only: &[String], without: &[String]) -> Generator {
        let named = |command: &Command, words: &[String]| {
            words.iter().any(|word| command.name.eq_ignore_ascii_case(word) || *word == command.group.name())
        };
        let commands = table::all()
            .filter(|command| !NEVER.contains(&command.name))
            .filter(|command| only.is_empty() || named(command, only))
            .filter(|command| !named(command, without))
            .flat_map(|command| {
                let often = OFTEN.iter().find(|(name, _)| *name == command.name).map_or(1, |&(_, times)| times);
                std::iter::repeat_n(command, often)
            })
            .collect();
        Generator {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            commands,
            transactions: [false; CLIENTS],
            stream_time: STREAM_TIME,
            inside: false,
            library_is_loaded: false,
            inside_scripts: scripts::commands(),
            subscribed: [false; CLIENTS],
            silent: [false; CLIENTS],
            connections: only.is_empty() && !without.iter().any(|word| word == "connection"),
            streams_stay: only.iter().all(|word| word == "stream") && !only.is_empty(),
        }
    }

    /// Both servers were emptied and all connections opened anew.
    pub fn restart(&mut self) {
        self.transactions = [false; CLIENTS];
        self.subscribed = [false; CLIENTS];
        self.silent = [false; CLIENTS];
        self.library_is_loaded = false;
    }

    pub(crate) fn in_transaction(&self, client: usize) -> bool {
        self.transactions[client]
    }

    pub(crate) fn draw(&mut self, below: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % below
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.draw(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.draw(from.len() as u64) as usize]
    }

    /// The next step; those who are blocked cannot take it.
    pub fn step(&mut self, blocked: [bool; CLIENTS]) -> Step {
        let free: Vec<usize> = (0..CLIENTS).filter(|&client| !blocked[client]).collect();
        if free.is_empty() || free.len() < CLIENTS && self.chance(4) {
            return self.release();
        }
        let client = self.pick(&free);
        if let Some(word) = self.transaction_word(client) {
            return Step { client, command: word, request: vec![word.as_bytes().to_vec()] };
        }
        if self.connections && self.chance(if self.subscribed[client] { 30 } else { 8 }) {
            return self.connection_step(client);
        }
        if self.chance(1)
            && let Some(step) = self.growth(client)
        {
            return step;
        }
        let commands = std::mem::take(&mut self.commands);
        let (command, request) = self.request(&commands);
        self.commands = commands;
        if matches!(command.name, "eval" | "eval_ro") {
            return self.script(client);
        }
        if command.name == "VLINKS" && self.transactions[client] {
            // How many layers and links there are is chance, which EXEC's reply would hide between others.
            return Step { client, command: "VCARD", request: vec![b"VCARD".to_vec(), request[1].clone()] };
        }
        Step { client, command: command.full_name, request }
    }

    /// A request that a script makes.
    pub(crate) fn request_inside(&mut self) -> (&'static Command, Vec<Vec<u8>>) {
        let commands = std::mem::take(&mut self.inside_scripts);
        self.inside = true;
        let drawn = self.request(&commands);
        self.inside = false;
        self.inside_scripts = commands;
        drawn
    }

    /// One of these commands and a request for it.
    fn request(&mut self, commands: &[&'static Command]) -> (&'static Command, Vec<Vec<u8>>) {
        let mut command = self.pick(commands);
        let mut request: Vec<Vec<u8>> = vec![command.name.as_bytes().to_vec()];
        if !command.subcommands.is_empty() {
            let subcommands: Vec<&'static Command> = command.subcommands.iter().collect();
            command = self.pick(&subcommands);
            if command.name == "destroy" && self.chance(70) {
                command = subcommands.iter().copied().find(|sub| sub.name == "create").unwrap_or(command);
            }
            request.push(command.name.as_bytes().to_vec());
        }
        let arguments = command.arguments();
        let mut words = Vec::new();
        if command.group == Group::Module {
            words = self.vector_words(command.name).unwrap_or_default();
        }
        if words.is_empty() {
            for argument in &arguments {
                self.argument(command, argument, &mut words);
            }
        }
        self.fit_numkeys(command, &mut words);
        self.fit_streams(command, &mut words);
        self.spoil(&mut words);
        let known = self.streams_stay && words.first().is_some_and(|key| key.starts_with(b"x") && key.len() == 2);
        if command.name == "xadd" && !known {
            let id = format!("{}-1", self.stream_time).into_bytes();
            words.iter_mut().filter(|word| *word == b"*").for_each(|word| word.clone_from(&id));
        }
        heal(command, &mut words);
        request.append(&mut words);
        (command, request)
    }

    /// A command that makes a collection large, so that streams see every encoding and the way back.
    fn growth(&mut self, client: usize) -> Option<Step> {
        let commands =
            [("sadd", "s"), ("rpush", "l"), ("hset", "h"), ("zadd", "z"), ("srem", "s"), ("hdel", "h"), ("zrem", "z")];
        let (name, prefix) = self.pick(&commands);
        let command = *self.commands.iter().find(|command| command.name == name)?;
        let (from, count) = (self.draw(300), 20 + self.draw(700));
        let name_of =
            if self.chance(50) { |number: u64| number.to_string() } else { |number: u64| format!("m{number}") };
        let mut request = vec![name.as_bytes().to_vec(), format!("{prefix}{}", self.draw(4)).into_bytes()];
        for number in from..from + count {
            let member = name_of(number).into_bytes();
            match name {
                "hset" => request.extend([member, number.to_string().into_bytes()]),
                "zadd" => request.extend([(number % 7).to_string().into_bytes(), member]),
                _ => request.push(member),
            }
        }
        Some(Step { client, command: command.full_name, request })
    }

    /// MULTI, EXEC or DISCARD when it is time.
    fn transaction_word(&mut self, client: usize) -> Option<&'static str> {
        if self.transactions[client] {
            if self.chance(25) {
                self.transactions[client] = false;
                return Some(if self.chance(85) { "exec" } else { "discard" });
            }
        } else if self.chance(1) {
            self.transactions[client] = true;
            return Some("multi");
        }
        None
    }

    fn argument(&mut self, command: &Command, argument: &Argument, words: &mut Vec<Vec<u8>>) {
        if argument.optional && !self.chance(35) {
            return;
        }
        let times = if argument.multiple { 1 + self.draw(3) } else { 1 };
        for time in 0..times {
            if let Some(token) = argument.token
                && (time == 0 || argument.multiple_token)
                && argument.kind != Kind::OneOf
            {
                words.push(self.any_case(token));
            }
            match argument.kind {
                Kind::OneOf => {
                    if let Some(token) = argument.token {
                        words.push(self.any_case(token));
                    }
                    let choice = self.draw(argument.arguments.len() as u64) as usize;
                    let chosen = Argument { optional: false, ..argument.arguments[choice].clone() };
                    self.argument(command, &chosen, words);
                }
                Kind::Block => {
                    for part in &argument.arguments {
                        self.argument(command, part, words);
                    }
                }
                Kind::PureToken => {}
                Kind::Key => words.push(self.key(command)),
                Kind::Integer if command.has(Flag::Blocking) && argument.name == "milliseconds" => {
                    words.push(self.pick(&[&b"0"[..], b"0", b"0", b"0", b"0", b"0", b"10", b"-1", b"abc"]).to_vec());
                }
                Kind::Integer if argument.name == "milliseconds" => words.push(self.milliseconds()),
                // Who blocks mostly does so until somebody serves it.
                Kind::Double if argument.name == "timeout" => {
                    words.push(self.pick(&[&b"0"[..], b"0", b"0", b"0", b"0", b"0.01", b"-1", b"abc", b""]).to_vec());
                }
                Kind::Integer => words.push(self.integer(&argument.name)),
                Kind::Double => words.push(self.double()),
                Kind::Pattern => words.push(self.pattern(command)),
                Kind::UnixTime => words.push(self.pick(&[&b"4102444800"[..], b"4102444800000", b"1", b"0"]).to_vec()),
                Kind::String => words.push(self.string(command, &argument.name)),
            }
        }
    }

    /// A word of the syntax in some case.
    fn any_case(&mut self, word: &str) -> Vec<u8> {
        if self.chance(80) { word.as_bytes().to_vec() } else { word.to_lowercase().into_bytes() }
    }

    fn key(&mut self, command: &Command) -> Vec<u8> {
        let prefix = match command.group {
            Group::List => "l",
            Group::Set => "s",
            Group::Hash => "h",
            Group::SortedSet => "z",
            Group::Geo => "g",
            Group::Stream => "x",
            Group::HyperLogLog => "p",
            Group::Bitmap => "b",
            Group::String => "k",
            Group::Module => "v",
            _ => self.pick(&["l", "s", "h", "z", "g", "x", "p", "b", "k", "v"]),
        };
        // One key in ten is somebody else's.
        let prefix = if self.chance(10) { self.pick(&["l", "s", "h", "z", "k", "none"]) } else { prefix };
        format!("{prefix}{}", self.draw(4)).into_bytes()
    }

    /// Puts the number of ids that follow in its place, usually the right one, as many ids as keys behind STREAMS, and an id in the
    /// place of a `*` whose meaning would depend on the clock.
    fn fit_streams(&mut self, command: &Command, words: &mut Vec<Vec<u8>>) {
        if let Some(at) = words.iter().position(|word| word == b"numids") {
            let ids = words[at + 1..].iter().take_while(|word| !word.iter().all(u8::is_ascii_alphabetic)).count();
            words[at] = if self.chance(92) { ids.to_string() } else { self.draw(4).to_string() }.into_bytes();
        }
        if let Some(at) = words.iter().position(|word| word.eq_ignore_ascii_case(b"streams"))
            && matches!(command.name, "xread" | "xreadgroup")
        {
            words.truncate(at + 1);
            let keys: Vec<Vec<u8>> = (0..=self.draw(2)).map(|_| self.key(command)).collect();
            let mut ids = Vec::new();
            for _ in &keys {
                let from = if command.name == "xread" { &[&b"0"[..], b"$", b"+"] } else { &[&b">"[..], b">", b"0"] };
                ids.push(if self.chance(70) { self.pick(from).to_vec() } else { self.stream_id(command) });
            }
            words.extend(keys);
            words.extend(ids);
        }
    }

    /// Puts the number of keys that follow in its place, usually the right one.
    fn fit_numkeys(&mut self, command: &Command, words: &mut [Vec<u8>]) {
        let _ = command;
        let Some(at) = words.iter().position(|word| word == b"numkeys") else { return };
        let keys = words[at + 1..].iter().take_while(|word| looks_like_key(word)).count();
        words[at] = if self.chance(90) {
            keys.to_string().into_bytes()
        } else {
            self.pick(&[&b"0"[..], b"-1", b"5", b"abc"]).to_vec()
        };
    }

    /// A mistake in one command of twenty.
    fn spoil(&mut self, words: &mut Vec<Vec<u8>>) {
        if words.is_empty() || !self.chance(5) {
            return;
        }
        let at = self.draw(words.len() as u64) as usize;
        match self.draw(4) {
            0 => {
                words.remove(at);
            }
            1 => words.insert(at, b"FOO".to_vec()),
            2 => {
                let again = words[at].clone();
                words.push(again);
            }
            _ => words[at] = b"bar".to_vec(),
        }
    }
}

/// Streams go around what the real server does not survive or recover from. It answers SET with GET twice, with the old value and
/// an error, when a digest is malformed, and so falls out of step with its client for good (COMPAT.md has it). HSETEX with the
/// same field twice (and a value that is too long for a listpack) and huge negative counts of random members bring Redis 8.6.3 down. VADD with CAS forgets to count the attributes
/// that come with a new element (COMPAT.md has it).
fn heal(command: &Command, words: &mut Vec<Vec<u8>>) {
    let digest = |word: &Vec<u8>| word.eq_ignore_ascii_case(b"ifdeq") || word.eq_ignore_ascii_case(b"ifdne");
    if command.name == "set" && words.iter().any(digest) {
        words.retain(|word| !word.eq_ignore_ascii_case(b"get"));
    }
    if command.name == "hsetex" {
        let fields = words.iter().position(|word| word.eq_ignore_ascii_case(b"fields")).unwrap_or(words.len());
        for at in (fields + 2..words.len()).step_by(2) {
            let (before, field) = words.split_at_mut(at);
            while before[fields..].contains(&field[0]) {
                field[0].push(b'\'');
            }
        }
    }
    if command.name == "VADD" && words.iter().any(|word| word.eq_ignore_ascii_case(b"setattr")) {
        words.retain(|word| !word.eq_ignore_ascii_case(b"cas"));
    }
    if matches!(command.name, "srandmember" | "hrandfield" | "zrandmember" | "VRANDMEMBER") {
        let huge = |word: &&mut Vec<u8>| word.starts_with(b"-") && word.len() > 6;
        words.iter_mut().filter(huge).for_each(|word| word.truncate(4));
    }
}

fn looks_like_key(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"none").unwrap_or_else(|| word.get(1..).unwrap_or_default());
    word.first().is_some_and(u8::is_ascii_lowercase) && digits.len() == 1 && digits[0].is_ascii_digit()
}
