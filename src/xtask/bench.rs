//! `cargo xtask bench`: how fast we are, and how fast beside a real Redis.
//!
//! In process: whatever bench targets the workspace has. Over loopback: redis-benchmark with pipelines of 16 drives both
//! servers, test by test in turn. The client is the bottleneck there, so requests per second say little; what counts is
//! the CPU time (user and system) that each server spent, read from /proc before and after, divided by the requests.
//! Ticks are 10 ms, hence two million requests a test; each test runs three rounds a server and the best one counts,
//! because whatever else the machine does only ever adds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::oracle::{self, Running};
use crate::{Outcome, places, run};

const TESTS: [&str; 2] = ["get", "set"];
const REQUESTS: u32 = 2_000_000;
const ROUNDS: u32 = 3;
/// Linux reports CPU times in ticks of 1/100 s on every platform we run on (USER_HZ).
const TICK_US: f64 = 10_000.0;

pub fn command(tests: &[String]) -> Outcome {
    if tests.is_empty() {
        run::shown(run::cargo().args(["bench", "--benches", "--workspace", "--exclude", "web"]))?;
    }
    match beside_redis_benchmark() {
        Err(why) => {
            println!("\nside by side with Redis: skipped\n{why}");
            Ok(())
        }
        Ok((found, client)) => {
            let names: Vec<&str> =
                if tests.is_empty() { TESTS.to_vec() } else { tests.iter().map(String::as_str).collect() };
            side_by_side(&found, &client, &names)
        }
    }
}

fn beside_redis_benchmark() -> Outcome<(oracle::Found, PathBuf)> {
    let found = oracle::find()?;
    let beside = found.server.with_file_name("redis-benchmark");
    let client = if beside.is_file() { Some(beside) } else { places::on_path(&["redis-benchmark"]) };
    client.map(|client| (found, client)).ok_or_else(|| "there is no redis-benchmark beside redis-server".to_owned())
}

fn side_by_side(found: &oracle::Found, client: &Path, tests: &[&str]) -> Outcome {
    run::step("rediscover-server", "release build", run::cargo().args(["build", "--release", "-p", "server"]), None)?;
    let program = places::target().join("release/rediscover-server");
    let ours = Running::start("bench-ours", &program, &["--save", ""])?;
    let theirs = Running::start("bench-redis", &found.server, &["--save", ""])?;
    println!("\nserver CPU per request over loopback, redis-benchmark -P 16, {REQUESTS} requests, best of {ROUNDS}");
    println!("{:<16} {:>14} {:>14} {:>8}", "test", "ours, µs", &format!("Redis {}, µs", found.version), "ratio");
    let mut logarithms = 0.0;
    for test in tests {
        let (mut best_ours, mut best_theirs) = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            best_ours = best_ours.min(cost_us(client, &ours, test)?);
            best_theirs = best_theirs.min(cost_us(client, &theirs, test)?);
        }
        let ratio = best_ours / best_theirs;
        logarithms += ratio.ln();
        println!("{test:<16} {best_ours:>14.3} {best_theirs:>14.3} {ratio:>8.2}");
    }
    let mean = (logarithms / tests.len() as f64).exp();
    println!("{:<16} {:>14} {:>14} {mean:>8.2}", "geometric mean", "", "");
    Ok(())
}

/// The server's CPU time per request of one run.
fn cost_us(client: &Path, server: &Running, test: &str) -> Outcome<f64> {
    let before = ticks(server.child.id())?;
    let mut benchmark = Command::new(client);
    benchmark.args(["-h", "127.0.0.1", "-p", &server.port.to_string(), "-P", "16", "-q", "-r", "10000"]);
    benchmark.args(["-n", &REQUESTS.to_string(), "-t", test]);
    run::answer(&mut benchmark).ok_or_else(|| format!("redis-benchmark -t {test} failed"))?;
    Ok((ticks(server.child.id())? - before) as f64 * TICK_US / f64::from(REQUESTS))
}

/// utime + stime of a process.
fn ticks(process: u32) -> Outcome<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).map_err(|e| format!("/proc/{process}/stat: {e}"))?;
    times_in(&stat).ok_or_else(|| format!("/proc/{process}/stat reads {stat}"))
}

/// Fields 14 and 15; the name before them stands in brackets and may contain anything.
fn times_in(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::times_in;

    #[test]
    fn cpu_times_are_found_behind_a_strange_name() {
        let stat = "77 (a) (b 1 2) S 1 77 77 0 -1 4194560 123 0 0 0 250 50 7 8 20 0 1 0 99 1 2";
        assert_eq!(times_in(stat), Some(300));
    }
}
