//! Random commands out of the table's own grammar: every option of every row comes up, in every combination, now and then with
//! something wrong in it.

use engine::table::{Argument, Command, Group, Kind};

/// A small generator of our own (xorshift64*), so that a seed means the same for ever.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

const MEMBERS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "aa",
    "1",
    "2",
    "3",
    "10",
    "-3",
    "3.5",
    "",
    "é",
    "x y",
    "ada",
    "field",
    "100000",
    "12345678901234567890",
    "a value that is long enough to leave a listpack behind: more than sixty-four bytes of it",
];
const INTEGERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "5",
    "7",
    "10",
    "100",
    "-1",
    "-2",
    "-3",
    "-100",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
];
const SMALL: &[&str] = &["0", "1", "1", "2", "2", "3", "4", "-1", "-2", "10"];
const WRONG: &[&str] = &["abc", "1.5", "", " 1", "+1", "01", "1e3", "9223372036854775808", "(1"];
const SCORES: &[&str] = &[
    "0", "1", "2", "3", "-1", "1.5", "2.5", "1e3", "-0", "0.1", "3.0", "inf", "-inf", "+inf", "1e300", "1e-7", "nan",
    "abc", "0x10",
];
const BOUNDS: &[&str] =
    &["-inf", "+inf", "0", "1", "2", "3", "(1", "(2", "-1", "-", "+", "[a", "(a", "[b", "(c", "[", "x", "1.5"];
const PATTERNS: &[&str] = &["*", "s*", "h?", "[a-c]*", "[^a]*", "nothing", "\\*", "*1", "??"];
const SECONDS: &[&str] = &["100", "1000", "5000", "0", "-5", "9223372036854775807", "9223372036854775", "abc"];
const MILLISECONDS: &[&str] = &["100000", "1000000", "0", "-5", "9223372036854775807", "abc"];
const MOMENTS: &[&str] = &["4102444800", "1", "0", "-1", "9223372036854775807", "4102444801", "abc"];
const MOMENTS_MS: &[&str] = &["4102444800000", "1", "0", "9223372036854775807", "4102444801500"];

/// What a command's keys hold, mostly.
fn kind_of_key(group: Group) -> &'static str {
    match group {
        Group::List => "l",
        Group::Set => "e",
        Group::SortedSet | Group::Geo => "z",
        Group::Hash => "h",
        Group::Stream => "x",
        Group::HyperLogLog => "p",
        _ => "s",
    }
}

pub struct Generator<'r> {
    random: &'r mut Random,
    group: Group,
    /// How many keys or fields the command has just promised.
    promised: Option<usize>,
}

/// A command line for a row, as arguments.
pub fn command(row: &Command, random: &mut Random) -> Vec<Vec<u8>> {
    let mut words: Vec<String> = row.full_name.split('|').map(str::to_owned).collect();
    let head = words.len();
    let mut generator = Generator { random, group: row.group, promised: None };
    for argument in row.arguments() {
        generator.argument(&argument, &mut words);
    }
    // Something wrong: a word too many, too few, or in another place.
    if random.chance(4) && words.len() > head {
        let at = head + random.below(words.len() - head);
        match random.below(3) {
            0 => {
                words.remove(at);
            }
            1 => words.insert(at, random.pick(&["a", "1", "NX", "COUNT", "LIMIT", "GET"]).to_owned()),
            _ => {
                let last = words.len() - 1;
                words.swap(at, last);
            }
        }
    }
    words.into_iter().map(String::into_bytes).collect()
}

impl Generator<'_> {
    fn argument(&mut self, argument: &Argument, words: &mut Vec<String>) {
        if argument.optional && !self.random.chance(35) {
            return;
        }
        let times = match (argument.multiple, self.promised) {
            (false, _) => 1,
            (true, Some(promised)) if !self.random.chance(5) => {
                self.promised = None;
                promised
            }
            (true, _) => 1 + self.random.below(3),
        };
        for time in 0..times {
            if let Some(token) = argument.token.filter(|_| time == 0 || argument.multiple_token) {
                words.push(if self.random.chance(20) { token.to_lowercase() } else { token.to_owned() });
            }
            self.value(argument, words);
        }
    }

    fn value(&mut self, argument: &Argument, words: &mut Vec<String>) {
        let name = argument.name.as_ref();
        let text = match argument.kind {
            Kind::PureToken => return,
            Kind::OneOf => {
                let at = self.random.below(argument.arguments.len());
                if let Some(choice) = argument.arguments.get(at) {
                    let mut choice = choice.clone();
                    choice.optional = false;
                    self.argument(&choice, words);
                }
                return;
            }
            Kind::Block => {
                for part in &argument.arguments {
                    self.argument(part, words);
                }
                return;
            }
            Kind::Key => self.key(),
            // Sixteen digits: with others and GET, Redis answers twice (see deviations.toml).
            _ if name.ends_with("-digest") => self.random.pick(&["0123456789abcdef", "9555E8555C62DCFD"]).to_owned(),
            Kind::Integer | Kind::UnixTime | Kind::Double if self.random.chance(4) => {
                self.random.pick(WRONG).to_owned()
            }
            Kind::Integer | Kind::UnixTime if name.starts_with("num") => {
                let count = 1 + self.random.below(3);
                self.promised = Some(count);
                if self.random.chance(4) { self.random.pick(SMALL).to_owned() } else { count.to_string() }
            }
            Kind::UnixTime if name.contains("milliseconds") => self.random.pick(MOMENTS_MS).to_owned(),
            Kind::UnixTime => self.random.pick(MOMENTS).to_owned(),
            Kind::Integer if name.contains("unix-time-milliseconds") => self.random.pick(MOMENTS_MS).to_owned(),
            Kind::Integer if name.contains("unix-time") => self.random.pick(MOMENTS).to_owned(),
            Kind::Integer if name.contains("milliseconds") => self.random.pick(MILLISECONDS).to_owned(),
            Kind::Integer if name.contains("seconds") => self.random.pick(SECONDS).to_owned(),
            Kind::Integer if matches!(name, "offset" | "bit") && self.group != Group::List => {
                // Nobody wants to compare strings of half a gigabyte.
                self.random.pick(&["0", "1", "2", "5", "10", "-1", "600000000"]).to_owned()
            }
            Kind::Integer if matches!(name, "increment" | "decrement") => self.random.pick(INTEGERS).to_owned(),
            Kind::Integer if self.random.chance(85) => self.random.pick(SMALL).to_owned(),
            Kind::Integer => self.random.pick(INTEGERS).to_owned(),
            Kind::Double => self.random.pick(SCORES).to_owned(),
            Kind::Pattern => self.random.pick(PATTERNS).to_owned(),
            Kind::String => match name {
                "min" | "max" | "start" | "stop" => self.random.pick(BOUNDS).to_owned(),
                "score" | "increment" => self.random.pick(SCORES).to_owned(),
                _ => self.random.pick(MEMBERS).to_owned(),
            },
        };
        words.push(text);
    }

    fn key(&mut self) -> String {
        let kind =
            if self.random.chance(90) { kind_of_key(self.group) } else { self.random.pick(&["s", "l", "e", "z", "h"]) };
        format!("{kind}{}", 1 + self.random.below(3))
    }
}
