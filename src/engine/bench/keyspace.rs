//! What size costs, in process: GET and ZADD/ZRANK among a million against the same among ten thousand, and how long a
//! copy of a million keys takes, which is what a checkpoint is.
//!
//! Times are the best of several rounds, because whatever else the machine does only ever adds.

use engine::{ClientId, Config, Engine, Input, Instant, Outputs};
use std::hint::black_box;

const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;
/// Requests a step; a client that waits for each reply sends one.
const PIPELINES: [usize; 2] = [16, 1];
const REQUESTS: usize = 16_000;
const ROUNDS: usize = 60;

struct Server {
    engine: Engine,
    outputs: Outputs,
    now: u64,
    random: u64,
}

impl Server {
    fn new() -> Server {
        let mut server = Server {
            engine: Engine::new(Config::default(), 1),
            outputs: Outputs::new(),
            now: 1_700_000_000_000_000,
            random: 1,
        };
        let connected = Input::Connected {
            client: ClientId(1),
            address: "127.0.0.1:1".into(),
            local_address: "127.0.0.1:2".into(),
        };
        server.engine.step(Instant(server.now), connected, &mut server.outputs);
        server
    }

    fn send(&mut self, bytes: &[u8]) {
        self.outputs.clear();
        self.now += 1;
        self.engine.step(Instant(self.now), Input::Bytes { client: ClientId(1), bytes }, &mut self.outputs);
    }

    /// Sends `words` once for each number below `count`.
    fn fill(&mut self, words: &[&str], count: u64) {
        for number in 0..count {
            self.send(&request(words, number, number));
        }
    }

    /// Nanoseconds a request of `words`, with random numbers below `count` in place of `#` and `%`.
    fn cost_ns(&mut self, words: &[&str], count: u64, pipeline: usize) -> f64 {
        let mut best = f64::MAX;
        for _ in 0..ROUNDS {
            let pipelines: Vec<Vec<u8>> = (0..REQUESTS / pipeline)
                .map(|_| (0..pipeline).flat_map(|_| request(words, self.number(count), self.number(count))).collect())
                .collect();
            let begun = std::time::Instant::now();
            for pipeline in &pipelines {
                self.send(black_box(pipeline));
                black_box(self.outputs.byte_count());
            }
            best = best.min(begun.elapsed().as_secs_f64() * 1e9 / REQUESTS as f64);
        }
        best
    }

    fn number(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.random >> 33) % below
    }
}

fn request(words: &[&str], name: u64, score: u64) -> Vec<u8> {
    let filled = |word: &&str| word.replace('#', &format!("key:{name:012}")).replace('%', &score.to_string());
    resp::request_bytes(words.iter().map(filled).collect::<Vec<String>>())
}

fn line(what: &str, figure: f64, most: f64, unit: &str) {
    let verdict = if figure <= most { "" } else { "  too much" };
    println!("{what:<44} {figure:8.2} {unit} (at most {most} {unit}){verdict}");
}

/// `cargo bench -p engine --bench keyspace -- members` measures the second part alone.
fn main() {
    let only = |part: &str| std::env::args().skip(1).filter(|word| !word.starts_with('-')).all(|word| word == part);
    if only("keys") {
        keys();
    }
    if only("members") {
        members();
    }
}

fn keys() {
    let (mut few, mut many) = (Server::new(), Server::new());
    few.fill(&["SET", "#", "xxx"], FEW);
    many.fill(&["SET", "#", "xxx"], MANY);
    for pipeline in PIPELINES {
        let base = few.cost_ns(&["GET", "#"], FEW, pipeline);
        let large = many.cost_ns(&["GET", "#"], MANY, pipeline);
        println!("GET among {FEW}: {base:.1} ns, among {MANY}: {large:.1} ns ({pipeline} a step)");
        line("GET among a million against ten thousand", large / base, 3.0, "times");
    }
    let copied = (0..20)
        .map(|_| {
            let begun = std::time::Instant::now();
            let copy = black_box(many.engine.clone());
            let taken = begun.elapsed();
            drop(copy);
            taken.as_secs_f64() * 1e3
        })
        .fold(f64::MAX, f64::min);
    line("a copy of a million keys", copied, 15.0, "ms");
}

fn members() {
    let mut ladder = Server::new();
    ladder.fill(&["ZADD", "ladder", "%", "#"], MANY);
    line("ZRANK among a million", ladder.cost_ns(&["ZRANK", "ladder", "#"], MANY, PIPELINES[0]) / 1e3, 2.0, "µs");
    line(
        "ZADD (new score) among a million",
        ladder.cost_ns(&["ZADD", "ladder", "%", "#"], MANY, PIPELINES[0]) / 1e3,
        2.0,
        "µs",
    );
    line(
        "ZADD (new member) among a million",
        ladder.cost_ns(&["ZADD", "ladder", "%", "new#"], MANY * 64, PIPELINES[0]) / 1e3,
        2.0,
        "µs",
    );
}
