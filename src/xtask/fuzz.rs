//! `cargo xtask fuzz`: libFuzzer on the targets in tests/fuzz.
//!
//! Sanitizer coverage is an unstable option of rustc. `RUSTC_BOOTSTRAP` lets the pinned compiler take it, so that no
//! other toolchain is needed.

use std::fs;

use crate::{Outcome, places, run, setup};

const SECONDS: &str = "60";

pub fn command(options: &[String]) -> Outcome {
    let (targets, seconds) = match options {
        [] => (targets()?, SECONDS),
        [target] => (vec![target.clone()], SECONDS),
        [target, seconds] if seconds.bytes().all(|b| b.is_ascii_digit()) => (vec![target.clone()], seconds.as_str()),
        _ => return Err("fuzz takes the name of a target and a number of seconds".to_owned()),
    };
    setup::for_fuzzing()?;
    for target in targets {
        println!("\n== {target}");
        let mut fuzz = run::cargo();
        fuzz.args(["fuzz", "run", "--fuzz-dir", "tests/fuzz", &target, "--"])
            .args([&format!("-max_total_time={seconds}"), "-rss_limit_mb=4096", "-timeout=20", "-print_final_stats=1"])
            .env("PATH", places::path_with(&setup::tool_dirs()))
            .env("RUSTC_BOOTSTRAP", "1");
        run::shown(&mut fuzz)?;
    }
    Ok(())
}

fn targets() -> Outcome<Vec<String>> {
    let dir = places::root().join("tests/fuzz/fuzz_targets");
    let entries = fs::read_dir(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut names: Vec<String> = files.filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}
