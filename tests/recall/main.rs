//! How much of what is nearest VSIM finds, and how fast: the same vectors on any number of servers, side by side.
//!
//!     cargo run --release -p tests --bin recall -- 127.0.0.1:6379 127.0.0.1:7777 [--vectors N] [--dim D] [--queries Q]
//!
//! Recall is the share of the ten nearest by cosine, computed here from the vectors as they were sent, that `VSIM … COUNT 10`
//! names. Vectors are drawn once evenly from a cube and once around a hundred centres, as embeddings are. Requests go in
//! batches, so that the time is the servers' and not the way's. The key `recall` is deleted on each server.

use resp::{Decoder, Value, request_bytes};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const BATCH: usize = 100;
const COUNT: usize = 10;

struct Server {
    address: String,
    stream: TcpStream,
    decoder: Decoder,
}

impl Server {
    fn open(address: &str) -> Result<Server, String> {
        let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
        let _ = stream.set_nodelay(true);
        Ok(Server { address: address.to_owned(), stream, decoder: Decoder::new() })
    }

    /// Sends requests in batches; the replies, and how long it all took.
    fn ask(&mut self, requests: &[Vec<Vec<u8>>]) -> Result<(Vec<Value>, Duration), String> {
        let complain = |error: std::io::Error| format!("{}: {error}", self.address);
        let mut replies = Vec::with_capacity(requests.len());
        let start = Instant::now();
        for batch in requests.chunks(BATCH) {
            let bytes: Vec<u8> = batch.iter().flat_map(request_bytes).collect();
            self.stream.write_all(&bytes).map_err(complain)?;
            let wanted = replies.len() + batch.len();
            let mut buffer = [0; 8192];
            while replies.len() < wanted {
                match self.decoder.next().map_err(|error| format!("{}: {error:?}", self.address))? {
                    Some(Value::Error(text)) => return Err(String::from_utf8_lossy(&text).into_owned()),
                    Some(reply) => replies.push(reply),
                    None => {
                        let read = self.stream.read(&mut buffer).map_err(complain)?;
                        if read == 0 {
                            return Err(format!("{} closed the connection", self.address));
                        }
                        self.decoder.feed(&buffer[..read]);
                    }
                }
            }
        }
        Ok((replies, start.elapsed()))
    }
}

struct Random(u64);

impl Random {
    /// From -1 to 1.
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn vector(&mut self, dim: usize) -> Vec<f32> {
        (0..dim).map(|_| self.next()).collect()
    }
}

/// Vectors to store, and queries of the same kind.
fn vectors(kind: &str, count: usize, dim: usize, random: &mut Random) -> Vec<Vec<f32>> {
    let centres: Vec<Vec<f32>> = (0..100).map(|_| random.vector(dim)).collect();
    let spread = |centre: &Vec<f32>, random: &mut Random| centre.iter().map(|value| value + random.next()).collect();
    (0..count)
        .map(|at| if kind == "even" { random.vector(dim) } else { spread(&centres[at % centres.len()], random) })
        .collect()
}

fn nearest(query: &[f32], stored: &[Vec<f32>]) -> Vec<Vec<u8>> {
    let length = |vector: &[f32]| vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    let cosine = |vector: &Vec<f32>| {
        let dot: f64 = query.iter().zip(vector).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        dot / length(vector)
    };
    let mut order: Vec<(f64, usize)> = stored.iter().map(cosine).zip(0..).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    order.iter().take(COUNT).map(|(_, at)| at.to_string().into_bytes()).collect()
}

fn blob(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn request(words: &[&[u8]]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.to_vec()).collect()
}

fn run() -> Result<(), String> {
    let (mut addresses, mut sizes) = (Vec::new(), [10_000, 100, 1000]);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match ["--vectors", "--dim", "--queries"].iter().position(|name| *name == argument) {
            None => addresses.push(argument),
            Some(at) => {
                let value = arguments.next().and_then(|value| value.parse().ok());
                sizes[at] = value.ok_or_else(|| format!("{argument} needs a number"))?;
            }
        }
    }
    let [count, dim, queries] = sizes;
    if addresses.is_empty() {
        return Err(String::from("usage: recall ADDRESS… [--vectors N] [--dim D] [--queries Q]"));
    }
    println!("{count} vectors of {dim} dimensions, {queries} queries, COUNT {COUNT}\n");
    println!("| vectors | quantisation | server | recall | µs a VADD | µs a VSIM |\n|---|---|---|---:|---:|---:|");
    for kind in ["even", "around centres"] {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut stored = vectors(kind, count + queries, dim, &mut random);
        let asked = stored.split_off(count);
        let truth: Vec<Vec<Vec<u8>>> = asked.iter().map(|query| nearest(query, &stored)).collect();
        for quantisation in ["Q8", "NOQUANT", "BIN"] {
            let name = |at: usize| at.to_string().into_bytes();
            let add = |(at, vector): (usize, &Vec<f32>)| {
                request(&[b"VADD", b"recall", b"FP32", &blob(vector), &name(at), quantisation.as_bytes()])
            };
            let adds: Vec<_> = stored.iter().enumerate().map(add).collect();
            let search = |query: &Vec<f32>| request(&[b"VSIM", b"recall", b"FP32", &blob(query), b"COUNT", b"10"]);
            let searches: Vec<_> = asked.iter().map(search).collect();
            for address in &addresses {
                let mut server = Server::open(address)?;
                server.ask(&[request(&[b"DEL", b"recall"])])?;
                let (_, adding) = server.ask(&adds)?;
                let (found, searching) = server.ask(&searches)?;
                server.ask(&[request(&[b"DEL", b"recall"])])?;
                let hits: usize = found
                    .iter()
                    .zip(&truth)
                    .map(|(found, truth)| {
                        let Value::Array(found) = found else { return 0 };
                        let is_found = |name: &&Vec<u8>| {
                            found.iter().any(|it| matches!(it, Value::Bulk(it) if it[..] == name[..]))
                        };
                        truth.iter().filter(is_found).count()
                    })
                    .sum();
                println!(
                    "| {kind} | {quantisation} | {address} | {:.4} | {:.0} | {:.0} |",
                    hits as f64 / (COUNT * queries) as f64,
                    adding.as_micros() as f64 / count as f64,
                    searching.as_micros() as f64 / queries as f64,
                );
            }
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
