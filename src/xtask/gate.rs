//! `cargo xtask test`: everything that must hold, stage by stage.
//!
//! A stage that fails does not stop the others (only a page that cannot be built stops those that need it); a table at
//! the end says what came of each and how long it took.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::{Outcome, http, oracle, page, places, run, setup, sizes};

type Stage = (&'static str, &'static str, fn() -> Outcome<Passed>);

enum Passed {
    Yes,
    Skipped(&'static str),
}

/// In the order of what is quickest to tell somebody that something is wrong.
const STAGES: [Stage; 10] = [
    ("fmt", "the formatting", fmt),
    ("clippy", "warnings are errors here, natively and for wasm32", clippy),
    ("native", "the tests of all crates, natively", native),
    ("wasm", "the page's tests in headless Chromium", wasm),
    ("oracle", "the transcripts on a real Redis", real_redis),
    ("clients", "client libraries, queues and hostile clients against rediscover-server", clients),
    ("dist", "the release page", dist),
    ("size", "the size budget", size),
    ("journeys", "end to end in headless Chromium, with axe", journeys),
    ("lighthouse", "Lighthouse on the release page", lighthouse_stage),
];

pub fn command(only: &[String]) -> Outcome {
    if let Some(unknown) = only.iter().find(|name| !STAGES.iter().any(|(stage, ..)| stage == name)) {
        let names: Vec<&str> = STAGES.iter().map(|(name, ..)| *name).collect();
        return Err(format!("there is no stage {unknown}; the stages are {}", names.join(", ")));
    }
    let started = Instant::now();
    setup::for_tests()?;
    let mut table = vec![("setup", "passed".to_owned(), run::seconds(started))];
    let mut failed = Vec::new();
    for (name, what, stage) in STAGES.iter().filter(|(name, ..)| only.is_empty() || only.iter().any(|o| o == name)) {
        let needs_page = ["size", "journeys", "lighthouse"].contains(name);
        let begun = Instant::now();
        println!("\n== {name}: {what}");
        let result = if needs_page && failed.contains(&"dist") {
            Err("there is no page to look at".to_owned())
        } else {
            stage()
        };
        let verdict = match result {
            Ok(Passed::Yes) => "passed".to_owned(),
            Ok(Passed::Skipped(why)) => {
                println!("{name}: skipped ({why})");
                format!("skipped ({why})")
            }
            Err(message) => {
                println!("{name}: FAILED\n{message}");
                failed.push(*name);
                "FAILED".to_owned()
            }
        };
        println!("== {name}: {verdict}, {}", run::seconds(begun));
        table.push((name, verdict, run::seconds(begun)));
    }
    println!("\n{:<12} {:>14}  result", "stage", "time");
    for (name, verdict, time) in table {
        println!("{name:<12} {time:>14}  {verdict}");
    }
    println!("{:<12} {:>14}", "all", run::seconds(started));
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn passed(command: &mut Command) -> Outcome<Passed> {
    run::shown(command).map(|()| Passed::Yes)
}

fn fmt() -> Outcome<Passed> {
    passed(run::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome<Passed> {
    let native = ["clippy", "--locked", "--workspace", "--exclude", "web", "--all-targets", "--", "-D", "warnings"];
    run::shown(run::cargo().args(native))?;
    let page = [
        "clippy",
        "--locked",
        "-p",
        "web",
        "--target",
        "wasm32-unknown-unknown",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    passed(run::cargo().args(page))
}

fn native() -> Outcome<Passed> {
    let tests = ["test", "--locked", "--workspace", "--exclude", "web", "--no-fail-fast"];
    passed(run::cargo().args(tests).env("THOROUGH", "1"))
}

fn wasm() -> Outcome<Passed> {
    let browser = setup::find_browser().ok_or("there is no Chromium")?;
    let mut tests = run::cargo();
    tests
        .args(["test", "--locked", "-p", "web", "--target", "wasm32-unknown-unknown"])
        .env("PATH", places::path_with(&setup::tool_dirs()))
        .env("CHROMEDRIVER", browser.driver)
        // A busy machine is no failure.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    passed(&mut tests)
}

fn real_redis() -> Outcome<Passed> {
    match oracle::find() {
        Err(why) => {
            println!("oracle: skipped\n{why}");
            Ok(Passed::Skipped("no redis-server 8.x on PATH or in REDIS_SERVER"))
        }
        Ok(server) => oracle::play(&server, &[]).map(|()| Passed::Yes),
    }
}

fn clients() -> Outcome<Passed> {
    // Optimised, because some clients ask for gigabytes, but without the minute that whole-program optimisation takes.
    let mut build = run::cargo();
    build.args(["build", "--locked", "-p", "server", "--release"]);
    build.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    build.args(["--target-dir"]).arg(places::target().join("clients"));
    run::shown(&mut build)?;
    let mut node = Command::new(setup::node_binary());
    node.current_dir(places::client_tests()).env("PYTHON", setup::python_of_clients());
    passed(node.arg("run.mjs").arg(places::target().join("clients/release/rediscover-server")))
}

fn dist() -> Outcome<Passed> {
    page::build().map(|()| Passed::Yes)
}

fn size() -> Outcome<Passed> {
    sizes::report(&places::dist()).map(|()| Passed::Yes)
}

fn journeys() -> Outcome<Passed> {
    // Not at the root, because the site must work under any path.
    let mut node = on_the_page("/some/where/")?;
    passed(node.arg("journeys.mjs"))
}

fn lighthouse_stage() -> Outcome<Passed> {
    lighthouse().map(|()| Passed::Yes)
}

pub fn lighthouse() -> Outcome {
    run::shown(on_the_page("/")?.arg("lighthouse.mjs"))
}

/// A node command in tests/browser which knows where the page is served.
fn on_the_page(base: &str) -> Outcome<Command> {
    if !places::dist().join("index.html").is_file() {
        page::build()?;
    }
    let browser = setup::find_browser().ok_or("there is no Chromium")?;
    let site = http::Site { dir: places::dist(), compressed: places::compressed(), base: base.to_owned() };
    let address = http::start(site, 0).map_err(|e| format!("cannot serve the page: {e}"))?;
    let mut node = Command::new(setup::node_binary());
    node.current_dir(places::browser_tests())
        .env("PAGE", format!("http://{address}{base}"))
        .env("CHROME_PATH", browser.chromium)
        .env("SCREENSHOTS", screenshots());
    Ok(node)
}

fn screenshots() -> PathBuf {
    places::target().join("screenshots")
}
