//! Running other programs, so that a person can see that something happens and what went wrong.
//!
//! A *step* is a line: its name, then what came of it and how long it took. While a step runs, its program's output goes
//! into a log file and its latest line is shown: rewritten in place on a terminal, every 20 seconds elsewhere. A step
//! that fails shows the end of its log.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Outcome, places};

const NAME_WIDTH: usize = 28;

pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// One line for something that was there already.
pub fn ready(name: &str, what: &str) {
    println!("  {name:<NAME_WIDTH$} {what}");
}

pub fn seconds(since: Instant) -> String {
    let all = since.elapsed().as_secs_f64();
    if all < 60.0 { format!("{all:.1} s") } else { format!("{} min {:02} s", all as u64 / 60, all as u64 % 60) }
}

/// Runs a program with its output shown as it is.
pub fn shown(command: &mut Command) -> Outcome {
    io::stdout().flush().ok();
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|e| format!("cannot run {program}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}")) }
}

/// What a program prints, trimmed, or nothing if it cannot be run or fails.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(std::process::Stdio::null()).output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a program as a step. `limit` ends a program that hangs on a network that does not answer.
pub fn step(name: &str, note: &str, command: &mut Command, limit: Option<Duration>) -> Outcome {
    let started = Instant::now();
    let log = log_file(name)?;
    let show = Line::begin(name, note);
    let (status, tail) = logged(command, &log, limit, &show, started)?;
    let outcome = match status {
        Some(status) if status.success() => {
            show.end(&format!("done in {}", seconds(started)));
            return Ok(());
        }
        Some(status) => status.to_string(),
        None => format!("stopped after {}", seconds(started)),
    };
    show.end(&format!("failed: {outcome}"));
    Err(format!("{name}: {outcome}\n{}\n(all of it: {})", tail.join("\n"), log.display()))
}

fn log_file(name: &str) -> Outcome<PathBuf> {
    let dir = places::target().join("xtask");
    fs::create_dir_all(&dir).map_err(|e| format!("cannot create {}: {e}", dir.display()))?;
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Ok(dir.join(format!("{name}.log")))
}

/// Runs `command` with both of its outputs in `log`; gives its status (none when it was stopped) and the last lines.
fn logged(
    command: &mut Command,
    log: &PathBuf,
    limit: Option<Duration>,
    show: &Line,
    started: Instant,
) -> Outcome<(Option<ExitStatus>, Vec<String>)> {
    let fail = |e: io::Error| format!("{}: {e}", show.name);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut file = File::create(log).map_err(fail)?;
    let (reader, writer) = io::pipe().map_err(fail)?;
    let mut child = command
        .stdin(std::process::Stdio::null())
        .stdout(writer.try_clone().map_err(fail)?)
        .stderr(writer)
        .spawn()
        .map_err(|e| format!("cannot run {program}: {e}"))?;
    // The command holds our ends of the pipe; without this the reader would never see the end.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());

    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let shared = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            writeln!(file, "{line}").ok();
            let mut lines = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == 40 {
                lines.remove(0);
            }
            lines.push(line);
        }
    });
    let latest = || lines.lock().unwrap_or_else(PoisonError::into_inner).last().cloned().unwrap_or_default();

    let mut beat = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(fail)? {
            break Some(status);
        }
        if limit.is_some_and(|limit| started.elapsed() > limit) {
            end(&mut child);
            break None;
        }
        if beat.elapsed() > show.pace() {
            beat = Instant::now();
            show.alive(started, latest().trim());
        }
        thread::sleep(Duration::from_millis(50));
    };
    thread::sleep(Duration::from_millis(50)); // The reader is a moment behind the program.
    let tail = lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((status, tail))
}

fn end(child: &mut Child) {
    child.kill().ok();
    child.wait().ok();
}

/// A step's line on the terminal or in a log.
struct Line {
    name: String,
    terminal: bool,
}

impl Line {
    fn begin(name: &str, note: &str) -> Line {
        let line = Line { name: name.to_owned(), terminal: io::stdout().is_terminal() };
        if line.terminal {
            print!("  {name:<NAME_WIDTH$} {note} ...");
        } else {
            println!("  {name:<NAME_WIDTH$} {note} ...");
        }
        io::stdout().flush().ok();
        line
    }

    fn pace(&self) -> Duration {
        if self.terminal { Duration::from_millis(500) } else { Duration::from_secs(20) }
    }

    fn alive(&self, started: Instant, latest: &str) {
        let latest: String = latest.chars().filter(|c| !c.is_control()).take(70).collect();
        let text = format!("  {:<NAME_WIDTH$} {:>9}  {latest}", self.name, seconds(started));
        if self.terminal {
            print!("\r\x1b[2K{text}");
        } else {
            println!("{text}");
        }
        io::stdout().flush().ok();
    }

    fn end(&self, what: &str) {
        if self.terminal {
            print!("\r\x1b[2K");
        }
        println!("  {:<NAME_WIDTH$} {what}", self.name);
    }
}
