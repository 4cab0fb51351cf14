//! What a request costs in process: parse, look up, run, encode, on small keys in a keyspace of 10 000.
//!
//! Natively this is a bench target that times itself and prints nanoseconds a request. The same file built for wasm32 has
//! no clock: each call of its `main` runs the next phase of [`PHASES`], and hot_path.mjs times the calls.

use engine::{ClientId, Config, Engine, Input, Instant, Outputs};
use std::hint::black_box;

const KEYS: u64 = 10_000;
const PIPELINE: usize = 16;
/// Requests in one call of a phase: a millisecond or so, short enough to pass undisturbed now and then on a busy machine.
const REQUESTS: usize = 16_000;
#[cfg(not(target_arch = "wasm32"))]
const ROUNDS: usize = 500;
/// How many commands a script of the bench calls.
const CALLS: usize = 1000;
/// Name, most nanoseconds a request may take natively (or a command that a script calls), and the request with `#` for a random key.
const PHASES: [(&str, f64, &[&str]); 6] = [
    ("GET", 60.0, &["GET", "#"]),
    ("SET", 80.0, &["SET", "#", "xxx"]),
    ("INCR", 80.0, &["INCR", "counter"]),
    ("PING", 60.0, &["PING"]),
    ("CALL", 500.0, &["EVAL", "for i = 1, 1000 do redis.call('incr', KEYS[1]) end", "1", "counter"]),
    ("EVAL", 2000.0, &["EVAL", "return ARGV[1]", "1", "#", "xxx"]),
];

struct Bench {
    engine: Engine,
    outputs: Outputs,
    now: u64,
    /// For each phase pipelines of requests, one after the other.
    pipelines: Vec<Vec<Vec<u8>>>,
}

impl Bench {
    fn new() -> Bench {
        let mut bench = Bench {
            engine: Engine::new(Config::default(), 1),
            outputs: Outputs::new(),
            now: 1_700_000_000_000_000,
            pipelines: Vec::new(),
        };
        let connected = Input::Connected {
            client: ClientId(1),
            address: "127.0.0.1:1".into(),
            local_address: "127.0.0.1:2".into(),
        };
        bench.engine.step(Instant(bench.now), connected, &mut bench.outputs);
        for number in 0..KEYS {
            bench.send(&request(&["SET", "#", "xxx"], number));
        }
        let mut random = 1u64;
        bench.pipelines = PHASES
            .iter()
            .map(|(name, _, words)| {
                let requests = if *name == "CALL" { REQUESTS / CALLS } else { REQUESTS };
                let mut pipeline = || {
                    let mut bytes = Vec::new();
                    for _ in 0..PIPELINE {
                        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                        bytes.extend(request(words, (random >> 33) % KEYS));
                    }
                    bytes
                };
                (0..requests / PIPELINE).map(|_| pipeline()).collect()
            })
            .collect();
        bench
    }

    fn send(&mut self, bytes: &[u8]) {
        self.outputs.clear();
        self.now += 1;
        self.engine.step(Instant(self.now), Input::Bytes { client: ClientId(1), bytes }, &mut self.outputs);
    }

    fn run(&mut self, phase: usize) {
        let pipelines = std::mem::take(&mut self.pipelines[phase]);
        for pipeline in &pipelines {
            self.send(black_box(pipeline));
            black_box(self.outputs.byte_count());
        }
        self.pipelines[phase] = pipelines;
    }
}

fn request(words: &[&str], number: u64) -> Vec<u8> {
    let words: Vec<String> = words.iter().map(|word| word.replace('#', &format!("key:{number:012}"))).collect();
    resp::request_bytes(words)
}

#[cfg(not(target_arch = "wasm32"))]
pub fn main() {
    let mut bench = Bench::new();
    println!("in process, {KEYS} keys, pipelines of {PIPELINE}, best of {ROUNDS} rounds");
    for (phase, (name, most, _)) in PHASES.iter().enumerate() {
        let best = (0..ROUNDS)
            .map(|_| {
                let begun = std::time::Instant::now();
                bench.run(phase);
                begun.elapsed()
            })
            .min()
            .unwrap_or_default();
        let nanoseconds = best.as_secs_f64() * 1e9 / REQUESTS as f64;
        let verdict = if nanoseconds <= *most { "" } else { "  too slow" };
        println!("native {name:6} {nanoseconds:6.1} ns a request (at most {most} ns){verdict}");
    }
}

#[cfg(target_arch = "wasm32")]
pub fn main() {
    use std::cell::RefCell;
    thread_local!(static STATE: RefCell<Option<(Bench, usize)>> = const { RefCell::new(None) });
    STATE.with_borrow_mut(|state| match state {
        None => *state = Some((Bench::new(), 0)),
        Some((bench, next)) => {
            bench.run(*next % PHASES.len());
            *next += 1;
        }
    });
}
