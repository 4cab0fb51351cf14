//! Differential fuzzing: the same random commands on our engine and on a real redis-server, reply by reply.
//!
//! Commands are drawn from the command table itself, so a new row is tried from the day it is written. Replies are compared after
//! the normalisation of `normalise.rs`, and every few hundred commands the two keyspaces are compared key by key. A difference is
//! shrunk to the shortest history that still shows it and printed as a transcript.
//!
//!     differ ADDRESS [--seeds FROM..TO] [--commands N] [--only word,word] [--without word,word] [--most N] [--record]
//!
//! `--record` writes how often each command was called, and what came of it, to tests/reference/differ.txt, which COMPAT.md shows.

mod connections;
mod generate;
mod normalise;
mod pair;
mod scripts;
mod servers;
mod shrink;
mod state;
mod vectors;

use generate::{Generator, Step};
use pair::Pair;
use servers::{Ours, Theirs};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::ExitCode;

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

/// What a run found.
#[derive(Default)]
struct Summary {
    commands: u64,
    per_command: BTreeMap<&'static str, u64>,
    differences: Vec<String>,
}

impl Summary {
    fn line(&self, options: &Options) -> String {
        format!(
            "{} commands ({} different ones), seeds {:?}, RESP2 and RESP3: {} differences",
            self.commands,
            self.per_command.len(),
            options.seeds,
            self.differences.len()
        )
    }

    /// The summary, then a line for each command: its name and how often it was called.
    fn record(&self, options: &Options) -> String {
        let mut text = format!("# written by differ --record\n{}\n", self.line(options));
        for (command, calls) in &self.per_command {
            let _ = writeln!(text, "{command}\t{calls}");
        }
        text
    }
}

fn main() -> ExitCode {
    let run = options().and_then(|options| {
        let mut summary = Summary::default();
        for seed in options.seeds.clone() {
            for resp3 in [false, true] {
                one_seed(&options, seed, resp3, &mut summary)?;
                if summary.differences.len() >= options.most {
                    return Ok((options, summary));
                }
            }
        }
        Ok((options, summary))
    });
    match run {
        Ok((options, summary)) => {
            println!("{}", summary.line(&options));
            if options.record
                && let Err(error) = fs::write(RECORD, summary.record(&options))
            {
                eprintln!("differ: {RECORD}: {error}");
                return ExitCode::FAILURE;
            }
            if summary.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("differ: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays one stream, starting over after each difference.
fn one_seed(options: &Options, seed: u64, resp3: bool, summary: &mut Summary) -> Result<(), String> {
    let mut pair = Pair::new(Ours::new(seed), Theirs::connect(&options.address)?, resp3);
    pair.restart()?;
    let mut generator = Generator::new(seed, &options.only, &options.without);
    let mut history: Vec<Step> = Vec::new();
    let mut followed_difference = false;
    for number in 0..options.commands {
        let step = generator.step(pair.blocked());
        summary.commands += 1;
        *summary.per_command.entry(step.command).or_default() += 1;
        history.push(step.clone());
        let mut difference = pair.play(&step)?;
        if difference.is_none() && number % CHECK_EVERY == CHECK_EVERY - 1 {
            difference = state::compare(&mut pair)?;
        }
        if let Some(difference) = difference {
            if !followed_difference || summary.differences.len() < options.most {
                let shortest = shrink::shrink(&mut pair, &history, &difference)?;
                let transcript = shrink::transcript(&mut pair, seed, &shortest)?;
                let text = format!("# first seen as\n{}\n{transcript}", difference.what);
                println!("{text}");
                summary.differences.push(text);
            }
            if summary.differences.len() >= options.most {
                return Ok(());
            }
            followed_difference = true;
            pair.restart()?;
            generator.restart();
            history.clear();
        }
    }
    Ok(())
}
