//! `cargo xtask bench`: how fast we are, and how fast beside a real Redis.
//!
//! In process: whatever bench targets the workspace has, the hot path also as wasm. Over loopback: redis-benchmark with pipelines of 16 drives both
//! servers, test by test in turn. The client is the bottleneck there, so requests per second say little; what counts is
//! the CPU time (user and system) that each server spent, read from /proc before and after, divided by the requests.
//! Ticks are 10 ms, hence two million requests a test (of those that search, which take a hundred times as long, 20 000); each test runs three rounds a server and the best one counts,
//! because whatever else the machine does only ever adds. What a test reads or removes is put there first, unmeasured.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::oracle::{self, Running};
use crate::{Outcome, places, run, setup, wasm_target};

/// A test by redis-benchmark's name for it, what fills the keyspace before it, and what is measured.
type Test = (&'static str, Option<&'static [&'static str]>, &'static [&'static str]);

/// A vector of 16 dimensions.
macro_rules! vector {
    ($($before:literal),+; $($behind:literal),*) => {
        &[$($before),+, "VALUES", "16", R, R, R, R, R, R, R, R, R, R, R, R, R, R, R, R, $($behind),*]
    };
}
/// What redis-benchmark puts a number for.
const R: &str = "__rand_int__";

const TESTS: [Test; 19] = [
    ("get", Some(&["-n", "200000", "-t", "set"]), &["-t", "get"]),
    ("set", None, &["-t", "set"]),
    ("incr", None, &["-t", "incr"]),
    ("lpush", None, &["-t", "lpush"]),
    ("rpush", None, &["-t", "rpush"]),
    ("lpop", Some(&["-t", "lpush"]), &["-t", "lpop"]),
    ("rpop", Some(&["-t", "rpush"]), &["-t", "rpop"]),
    ("sadd", None, &["-t", "sadd"]),
    ("hset", None, &["-t", "hset"]),
    ("spop", Some(&["-n", "6000000", "-r", "6000000", "-t", "sadd"]), &["-t", "spop"]),
    ("zadd", None, &["-t", "zadd"]),
    ("zpopmin", Some(&["-n", "6000000", "-r", "6000000", "-t", "zadd"]), &["-t", "zpopmin"]),
    ("lrange_100", Some(&["-n", "1000", "-t", "lpush"]), &["LRANGE", "mylist", "0", "99"]),
    ("lrange_600", Some(&["-n", "1000", "-t", "lpush"]), &["LRANGE", "mylist", "0", "599"]),
    ("mset", None, &["-t", "mset"]),
    ("xadd", None, &["-t", "xadd"]),
    ("ping_mbulk", None, &["-t", "ping_mbulk"]),
    ("vadd", None, vector!["-n", "20000", "VADD", "vectors"; "element:__rand_int__"]),
    (
        "vsim",
        Some(vector!["-n", "20000", "VADD", "vectors"; "element:__rand_int__"]),
        vector!["-n", "20000", "VSIM", "vectors"; "COUNT", "10", "NOTHREAD"],
    ),
];
/// What is run when no test is named.
const EVERYDAY: [&str; 2] = ["get", "set"];
const REQUESTS: u32 = 2_000_000;
const ROUNDS: u32 = 3;
/// Keys of the keyspace whose memory is compared.
const KEYS: u64 = 1_000_000;
/// Linux reports CPU times in ticks of 1/100 s on every platform we run on (USER_HZ).
const TICK_US: f64 = 10_000.0;

pub fn command(names: &[String]) -> Outcome {
    if names == ["lua"] {
        return in_process_lua().and_then(|()| lua_in_wasm());
    }
    let chosen = |name: &str| match names {
        [] => EVERYDAY.contains(&name),
        [all] if all == "all" => true,
        names => names.iter().any(|wanted| wanted == name),
    };
    let tests: Vec<&Test> = TESTS.iter().filter(|(name, ..)| chosen(name)).collect();
    if tests.is_empty() {
        let known: Vec<&str> = TESTS.iter().map(|(name, ..)| *name).collect();
        return Err(format!("there is no such test; there are lua, {}, and `all`", known.join(", ")));
    }
    if names.is_empty() {
        in_process()?;
        in_wasm()?;
    }
    match beside_redis_benchmark() {
        Err(why) => {
            println!("\nside by side with Redis: skipped\n{why}");
            Ok(())
        }
        Ok((found, client)) => side_by_side(&found, &client, &tests),
    }
}

/// Runs the bench targets that the crates declare, and not their unit tests in cargo's bench mode.
fn in_process() -> Outcome {
    let mut benches = run::cargo();
    benches.args(["bench", "--workspace", "--exclude", "web"]);
    let mut any = false;
    for dir in fs::read_dir(places::root().join("src")).into_iter().flatten().flatten() {
        let manifest = fs::read_to_string(dir.path().join("Cargo.toml")).unwrap_or_default();
        for section in manifest.split("[[bench]]").skip(1) {
            let name = section.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
            benches.args(name.map(|name| ["--bench", name]).into_iter().flatten());
            any = true;
        }
    }
    if any { run::shown(&mut benches) } else { Ok(()) }
}

fn in_process_lua() -> Outcome {
    run::shown(run::cargo().args(["bench", "-p", "lua", "--bench", "versus"]))
}

const WASM: &str = "wasm32-unknown-unknown";

/// The engine's hot path and Lua's speed programs once more as wasm, in node; skipped where the one or the other is missing.
fn in_wasm() -> Outcome {
    if let Err(why) = wasm_target::ensure() {
        println!("\nin wasm: skipped\n{why}");
        return Ok(());
    }
    let module = wasm_example("engine", "hot_path")?;
    let mut node = Command::new(setup::node_binary());
    run::shown(node.arg(places::root().join("src/engine/bench/hot_path.mjs")).arg(module))?;

    lua_in_wasm()
}

fn lua_in_wasm() -> Outcome {
    let module = wasm_example("lua", "slices")?;
    let mut native = run::cargo();
    native.args(["run", "--release", "--quiet", "-p", "lua", "--example", "slices"]);
    let native = run::answer(&mut native).ok_or("Lua's speed programs do not run natively")?;
    let script = places::root().join("src/lua/checks/slices.mjs");
    println!("\nLua in slices of fuel, best of five, in node");
    let mut node = Command::new(setup::node_binary());
    run::shown(node.arg(&script).arg(&module).args(native.split_whitespace()))?;
    match setup::find_browser() {
        Some(browser) => in_chromium(&browser.chromium, &script, &module, &native),
        None => {
            println!("\nin Chromium: skipped, there is none");
            Ok(())
        }
    }
}

/// The same in a page that Chromium shows to nobody.
fn in_chromium(chromium: &Path, script: &Path, module: &Path, native: &str) -> Outcome {
    let read = |path: &Path| fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()));
    let module: Vec<String> = read(module)?.iter().map(u8::to_string).collect();
    let native: Vec<String> = native.split_whitespace().map(|pair| format!("\"{pair}\"")).collect();
    let page = format!(
        "<pre id=\"said\"></pre><script type=\"module\">\n{}\n\
         run(Uint8Array.from([{}]), pairs([{}]), (line) => (said.textContent += line + \"\\n\"), 2);\n</script>",
        String::from_utf8_lossy(&read(script)?),
        module.join(","),
        native.join(",")
    );
    let folder = places::target().join("xtask/chromium");
    fs::create_dir_all(&folder).map_err(|e| format!("cannot create {}: {e}", folder.display()))?;
    let file = folder.join("slices.html");
    fs::write(&file, page).map_err(|e| format!("cannot write {}: {e}", file.display()))?;
    let mut browser = Command::new(chromium);
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
    browser.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    let shown = run::answer(browser.arg(format!("file://{}", file.display())));
    let said = shown.as_deref().and_then(|page| page.split_once("<pre id=\"said\">")?.1.split_once("</pre>"));
    let (said, _) = said.filter(|(said, _)| !said.is_empty()).ok_or("Chromium says nothing")?;
    println!("\nLua in slices of fuel, best of five, in Chromium\n{}", said.trim_end());
    Ok(())
}

/// An example of a crate, built as the page is.
fn wasm_example(package: &str, example: &str) -> Outcome<PathBuf> {
    let mut build = run::cargo();
    build.args(["build", "-p", package, "--example", example, "--profile", "wasm", "--target", WASM]);
    run::step(example, "as wasm", &mut build, None)?;
    Ok(places::target().join(WASM).join(format!("wasm/examples/{example}.wasm")))
}

fn beside_redis_benchmark() -> Outcome<(oracle::Found, PathBuf)> {
    let found = oracle::find()?;
    let beside = found.server.with_file_name("redis-benchmark");
    let client = if beside.is_file() { Some(beside) } else { places::on_path(&["redis-benchmark"]) };
    client.map(|client| (found, client)).ok_or_else(|| "there is no redis-benchmark beside redis-server".to_owned())
}

fn side_by_side(found: &oracle::Found, client: &Path, tests: &[&Test]) -> Outcome {
    let mut build = run::cargo();
    build.args(["build", "--release", "-p", "server"]);
    run::step("rediscover-server", "release build", &mut build, None)?;
    let program = places::target().join("release/rediscover-server");
    let ours = Running::start("bench-ours", &program, &["--save", ""])?;
    let theirs = Running::start("bench-redis", &found.server, &["--save", ""])?;
    println!("\nserver CPU per request over loopback, redis-benchmark -P 16, {REQUESTS} requests, best of {ROUNDS}");
    println!("{:<16} {:>14} {:>18} {:>8}", "test", "ours, µs", format!("Redis {}, µs", found.version), "ratio");
    let mut ratios = Vec::new();
    for test in tests {
        let (mut best_ours, mut best_theirs) = (f64::MAX, f64::MAX);
        let mut failed = None;
        for _ in 0..ROUNDS {
            match (cost_us(client, &ours, test), cost_us(client, &theirs, test)) {
                (Ok(our_us), Ok(their_us)) => {
                    best_ours = best_ours.min(our_us);
                    best_theirs = best_theirs.min(their_us);
                }
                (Err(why), _) | (_, Err(why)) => {
                    failed = Some(why);
                    break;
                }
            }
        }
        if let Some(why) = failed {
            println!("{:<16} not measured: {why}", test.0);
            continue;
        }
        ratios.push(best_ours / best_theirs);
        println!("{:<16} {best_ours:>14.3} {best_theirs:>18.3} {:>8.2}", test.0, best_ours / best_theirs);
    }
    if ratios.is_empty() {
        return Err("nothing was measured".to_owned());
    }
    let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    println!("{:<16} {:>14} {:>18} {mean:>8.2}", "geometric mean", "", "");
    let (ours_per_key, theirs_per_key) = (bytes_per_key(&program)?, bytes_per_key(&found.server)?);
    println!("\nresident memory a key, {KEYS} keys of 16 bytes with values of 3");
    println!("{:<16} {ours_per_key:>14.1} {theirs_per_key:>18.1} {:>8.2}", "bytes", ours_per_key / theirs_per_key);
    Ok(())
}

/// How many bytes a fresh server's resident memory grows by for each key of a keyspace of small strings.
fn bytes_per_key(program: &Path) -> Outcome<f64> {
    let server = Running::start("bench-memory", program, &["--save", ""])?;
    let problem = |e: std::io::Error| format!("filling {}: {e}", program.display());
    let mut connection = TcpStream::connect(("127.0.0.1", server.port)).map_err(problem)?;
    let before = resident_bytes(server.child.id())?;
    let mut replies = vec![0; 1000 * "+OK\r\n".len()];
    for batch in 0..KEYS / 1000 {
        let requests = |number| format!("*3\r\n$3\r\nSET\r\n$16\r\nkey:{number:012}\r\n$3\r\nxxx\r\n");
        let pipeline: String = (batch * 1000..(batch + 1) * 1000).map(requests).collect();
        connection.write_all(pipeline.as_bytes()).map_err(problem)?;
        connection.read_exact(&mut replies).map_err(problem)?;
    }
    Ok((resident_bytes(server.child.id())?.saturating_sub(before)) as f64 / KEYS as f64)
}

fn resident_bytes(process: u32) -> Outcome<u64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kilobytes.map(|kb| kb * 1024).ok_or_else(|| format!("{path} has no VmRSS"))
}

/// The server's CPU time per request of one run, on a keyspace that holds only what the test needs.
fn cost_us(client: &Path, server: &Running, test: &Test) -> Outcome<f64> {
    let (_, prepare, measure) = test;
    drive(client, server, 1, &["FLUSHALL"])?;
    if let Some(prepare) = prepare {
        drive(client, server, REQUESTS, prepare)?;
    }
    let own = measure.windows(2).find(|pair| pair[0] == "-n").and_then(|pair| pair[1].parse().ok());
    let requests = own.unwrap_or(REQUESTS);
    let before = ticks(server.child.id())?;
    drive(client, server, requests, measure)?;
    Ok((ticks(server.child.id())? - before) as f64 * TICK_US / f64::from(requests))
}

fn drive(client: &Path, server: &Running, requests: u32, arguments: &[&str]) -> Outcome {
    let mut benchmark = Command::new(client);
    benchmark.args(["-h", "127.0.0.1", "-p", &server.port.to_string(), "-P", "16", "-q", "-r", "10000"]);
    // Later options win: a test may ask for other numbers.
    benchmark.args(["-n", &requests.to_string()]).args(arguments);
    let output = benchmark.output().map_err(|e| format!("cannot run {}: {e}", client.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said).replace('\r', "\n");
    let said = said.lines().find(|line| line.contains("rror")).or(said.lines().last()).unwrap_or_default().trim();
    Err(format!("redis-benchmark {}: {said}", arguments.join(" ")))
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
