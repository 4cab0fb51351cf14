//! Differential fuzzing: the same random commands on our engine and on a real redis-server, reply by reply.
//!
//! Commands are drawn from the command table itself, so a new row is tried from the day it is written. Replies are compared after
//! the normalisation of `normalise.rs`, and every few hundred commands the two keyspaces are compared key by key. A difference is
//! shrunk to the shortest history that still shows it and printed as a transcript.
//!
//!     differ ADDRESS [--seeds FROM..TO] [--commands N] [--only word,word] [--without word,word] [--most N] [--record]
//!
//! `--record` writes how often each command was called, and what came of it, to tests/reference/differ.txt, which COMPAT.md shows.
//! The summary also says how many replies were not equal and passed all the same, by each rule of `normalise.rs` and `pair.rs`.

mod connections;
mod generate;
mod normalise;
mod pair;
mod payloads;
mod scripts;
mod servers;
mod shrink;
mod state;
mod summary;
mod values;
mod vectors;

use generate::{Generator, Step};
use pair::{Difference, Pair};
use servers::{Ours, Theirs};
use std::fs;
use std::process::ExitCode;
use std::time::Duration;
use summary::Summary;

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reference/differ.txt");
/// After how many commands the keyspaces are compared.
const CHECK_EVERY: usize = 250;

struct Options {
    address: String,
    seeds: std::ops::Range<u64>,
    commands: usize,
    only: Vec<String>,
    without: Vec<String>,
    most: usize,
    record: bool,
}

fn options() -> Result<Options, String> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or(
        "usage: differ ADDRESS [--seeds A..B] [--commands N] [--only words] [--without words] [--most N] [--record]",
    )?;
    let mut options =
        Options { address, seeds: 1..11, commands: 2000, only: vec![], without: vec![], most: 20, record: false };
    while let Some(name) = arguments.next() {
        if name == "--record" {
            options.record = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{name}: {text} is not a number"));
        let words = || value.split(',').map(str::to_lowercase).collect();
        match name.as_str() {
            "--seeds" => {
                let (from, to) = value.split_once("..").ok_or("--seeds takes A..B")?;
                options.seeds = number(from)?..number(to)?;
            }
            "--commands" => options.commands = number(&value)? as usize,
            "--only" => options.only = words(),
            "--without" => options.without = words(),
            "--most" => options.most = number(&value)? as usize,
            _ => return Err(format!("unknown option {name}")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("differ: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut summary = Summary::default();
    let played = play(&options, &mut summary);
    println!("{}{}", summary.details(), summary.line(&options.seeds));
    if let Err(error) = played {
        eprintln!("differ: {error}");
        return ExitCode::FAILURE;
    }
    if options.record
        && let Err(error) = fs::write(RECORD, summary.record(&options.seeds))
    {
        eprintln!("differ: {RECORD}: {error}");
        return ExitCode::FAILURE;
    }
    if summary.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn play(options: &Options, summary: &mut Summary) -> Result<(), String> {
    for seed in options.seeds.clone() {
        for resp3 in [false, true] {
            one_seed(options, seed, resp3, summary)?;
            if summary.differences.len() >= options.most {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Plays one stream, starting over after each difference.
fn one_seed(options: &Options, seed: u64, resp3: bool, summary: &mut Summary) -> Result<(), String> {
    let mut pair = Pair::new(Ours::new(seed), Theirs::connect(&options.address)?, resp3);
    pair.restart()?;
    let mut generator = Generator::new(seed, &options.only, &options.without);
    let mut history: Vec<Step> = Vec::new();
    for number in 0..options.commands {
        let step = generator.step(pair.blocked());
        summary.count(&step);
        history.push(step.clone());
        let mut difference = pair.play(&step).map_err(|error| last_words(&error, seed, resp3, &history))?;
        if difference.is_none() && number % CHECK_EVERY == CHECK_EVERY - 1 {
            difference = state::compare(&mut pair).map_err(|error| last_words(&error, seed, resp3, &history))?;
        }
        if let Some(difference) = difference {
            let tolerated = pair.tolerated.take();
            let text = shrunk(&mut pair, seed, &history, &difference)?;
            println!("{text}");
            pair.tolerated = tolerated.into();
            summary.differences.push(text);
            if summary.differences.len() >= options.most {
                break;
            }
            pair.restart()?;
            generator.restart();
            history.clear();
        }
    }
    for (excuse, times) in pair.tolerated.take() {
        *summary.tolerated.entry(excuse).or_default() += times;
    }
    Ok(())
}

/// What was seen first, and the shortest transcript that shows something like it. What does not show again is named with its last
/// commands.
fn shrunk(pair: &mut Pair, seed: u64, history: &[Step], difference: &Difference) -> Result<String, String> {
    // What is missing will not come; when it was a matter of patience it was waited for the first time.
    pair.theirs.patience = Duration::from_millis(100);
    let shortest = shrink::shrink(pair, history, difference)?;
    let transcript = shrink::transcript(pair, seed, &shortest)?;
    pair.theirs.patience = servers::LONGEST_SILENCE;
    Ok(format!("# first seen as\n{}\n{transcript}", difference.what))
}

/// The real server has died or does not speak RESP any more: what it was asked last.
fn last_words(error: &str, seed: u64, resp3: bool, history: &[Step]) -> String {
    let mut text = format!("{error}\nseed {seed}{}, the last commands:\n", if resp3 { ", RESP3" } else { "" });
    for step in &history[history.len().saturating_sub(8)..] {
        text.extend([&shrink::line(step), "\n"]);
    }
    text
}
