//! Whatever commands clients send and whenever they send them, the server answers or hangs up; it never panics.
//!
//! The input is a little program: which row of the command table, how many arguments, and for each argument whether it is a word
//! of the row's own syntax, one of a few keys, a number at some border, or bytes of the input. So nearly every input is a
//! request that gets past the parser, which has a target of its own.
#![no_main]

use engine::table::{self, Command};
use engine::{ClientId, Config, Engine, Input, Instant, Outputs};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

const KEYS: [&[u8]; 8] = [b"s", b"l", b"h", b"z", b"x", b"set", b"v", b""];
const NUMBERS: [&[u8]; 16] = [
    b"0",
    b"1",
    b"-1",
    b"2",
    b"10",
    b"1000",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551615",
    b"4294967296",
    b"1.5",
    b"inf",
    b"nan",
    b"1-1",
    b"$",
    b"*",
];

/// The rows that are called and the words of their syntax.
type Rows = Vec<(&'static Command, Vec<Vec<u8>>)>;

fn rows() -> &'static Rows {
    static ROWS: OnceLock<Rows> = OnceLock::new();
    ROWS.get_or_init(|| {
        let with_parts = table::all().flat_map(|row| [row].into_iter().chain(row.subcommands.iter()));
        with_parts
            .map(|row| {
                let syntax = row.syntax_display();
                let words = syntax.split([' ', '[', ']', '|', '<', '>']).filter(|word| !word.is_empty());
                (row, words.map(|word| word.as_bytes().to_vec()).collect())
            })
            .collect()
    })
}

struct Program<'a>(&'a [u8]);

impl<'a> Program<'a> {
    fn byte(&mut self) -> Option<usize> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(usize::from(*first))
    }

    fn argument(&mut self, words: &'a [Vec<u8>]) -> Option<&'a [u8]> {
        let choice = self.byte()?;
        Some(match choice {
            0..96 if !words.is_empty() => &words[choice % words.len()],
            0..160 => KEYS[choice % KEYS.len()],
            160..224 => NUMBERS[choice % NUMBERS.len()],
            _ => {
                let (bytes, rest) = self.0.split_at((choice - 224).min(self.0.len()));
                self.0 = rest;
                bytes
            }
        })
    }

    /// One request: the client, the milliseconds before it, and its words.
    fn request(&mut self) -> Option<(u64, u64, Vec<&'a [u8]>)> {
        let (row, words) = &rows()[(self.byte()? * 256 + self.byte()?) % rows().len()];
        let when = self.byte()?;
        let mut request: Vec<&[u8]> = row.full_name.split('|').map(str::as_bytes).collect();
        for _ in 0..self.byte()? % 9 {
            request.push(self.argument(words)?);
        }
        Some((1 + when as u64 % 2, (when as u64 / 2).pow(2), request))
    }
}

fuzz_target!(|program: &[u8]| {
    let mut engine = Engine::new(Config::default(), 7);
    let (mut out, mut now) = (Outputs::new(), 1_700_000_000_000_000);
    for client in [1, 2] {
        let address = format!("127.0.0.1:{}", 40_000 + client);
        let input = Input::Connected { client: ClientId(client), address, local_address: "127.0.0.1:6379".to_owned() };
        engine.step(Instant(now), input, &mut out);
    }
    let mut program = Program(program);
    let mut copies = Vec::new();
    while let Some((client, wait_ms, request)) = program.request() {
        now += wait_ms * 1000;
        for _ in 0..100 {
            if engine.next_wakeup().is_none_or(|at| at > Instant(now)) {
                break;
            }
            engine.step(Instant(now), Input::Wakeup, &mut out);
        }
        let bytes = resp::request_bytes(request);
        engine.step(Instant(now), Input::Bytes { client: ClientId(client), bytes: &bytes }, &mut out);
        out.clear();
        if copies.len() < 4 {
            copies.push(engine.clone());
        }
    }
    drop(copies);
});
