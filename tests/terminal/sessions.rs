//! Whole sessions: lines, and what redis-cli prints for each.
//!
//! Recorded at a real server with a real redis-cli, played by our redis-cli on our engine. Under the oracle our
//! redis-cli also talks to the real server, and must print what the real one prints there.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sim::{World, WorldConfig};
use term::{Action, Activity, Line, Session};

use super::{Server, recording, redis_cli};
use crate::root;

struct Recorded {
    name: String,
    /// Each line with what is printed for it.
    steps: Vec<(String, String)>,
}

/// The end of a session's name when only a real server can answer to it.
const REAL: &str = "(real server only)";

fn file() -> PathBuf {
    root().join("tests/terminal/sessions.txt")
}

fn recorded() -> Vec<Recorded> {
    let text = fs::read_to_string(file()).expect("the recorded sessions");
    let mut sessions: Vec<Recorded> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("session ") {
            sessions.push(Recorded { name: name.to_owned(), steps: Vec::new() });
        } else if let Some(typed) = line.strip_prefix("> ") {
            sessions.last_mut().expect("a session begins").steps.push((typed.to_owned(), String::new()));
        } else if let Some((_, printed)) = sessions.last_mut().and_then(|session| session.steps.last_mut()) {
            writeln!(printed, "{}", line.replace("\\x20", " ")).expect("a string takes text");
        }
    }
    sessions
}

/// Where our redis-cli is connected to.
pub(super) enum Wire {
    Socket(TcpStream),
    World { world: Box<World>, client: engine::ClientId },
}

impl Wire {
    fn send(&mut self, bytes: &[u8]) {
        match self {
            Wire::Socket(socket) => socket.write_all(bytes).expect("the server reads"),
            Wire::World { world, client } => world.send(*client, bytes),
        }
    }

    /// What has come; for a socket, what comes within a moment.
    fn receive(&mut self) -> Vec<u8> {
        match self {
            Wire::Socket(socket) => {
                let mut buffer = [0; 4096];
                let count = socket.read(&mut buffer).unwrap_or(0);
                buffer[..count].to_vec()
            }
            Wire::World { world, client } => world.take(*client).into_iter().flat_map(|part| part.bytes).collect(),
        }
    }
}

/// A line that was typed, what was printed for it, and the prompt after it.
pub(super) struct Step {
    line: String,
    printed: String,
    pub prompt: String,
}

/// What our redis-cli prints for each line.
pub(super) fn ours(mut wire: Wire, port: u16, lines: &[&str]) -> Vec<Step> {
    let mut replies = resp::Decoder::new();
    let mut session = Session::connected_to("127.0.0.1", port);
    let mut steps = Vec::new();
    for line in lines {
        let mut printed = String::new();
        let mut actions: VecDeque<Action> = session.submit(line).into();
        loop {
            while let Some(action) = actions.pop_front() {
                match action {
                    Action::Send(bytes) => wire.send(&bytes),
                    Action::Print(Line::Input { .. }) => {}
                    Action::Print(line) => writeln!(printed, "{}", line.text()).expect("a string takes text"),
                    Action::Clear => {}
                    Action::Connect { .. } => panic!("the connection stands"),
                    Action::Exit => {
                        steps.push(Step { line: (*line).to_owned(), printed, prompt: String::new() });
                        return steps;
                    }
                }
            }
            let waiting = session.activity() == Activity::Waiting;
            let several = line.split(' ').any(|word| word.to_ascii_lowercase().ends_with("subscribe"));
            if !waiting && !several {
                break;
            }
            // How many confirmations a subscription gets is only known when no more come.
            let bytes = wire.receive();
            if bytes.is_empty() {
                assert!(!waiting, "no reply to {line}");
                break;
            }
            replies.feed(&bytes);
            while let Some(value) = replies.next().expect("a reply") {
                actions.extend(session.receive(&value, 0));
            }
        }
        steps.push(Step { line: (*line).to_owned(), printed, prompt: session.prompt() });
    }
    steps
}

/// What the real redis-cli prints for these lines.
fn theirs(cli: &Path, port: u16, lines: &[&str]) -> String {
    let mut command = Command::new(cli);
    command.args(["-p", &port.to_string()]).env("FAKETTY", "1").env("HOME", "/nonexistent");
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("redis-cli runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all((lines.join("\n") + "\n").as_bytes()).expect("redis-cli reads");
    drop(input);
    let output = child.wait_with_output().expect("redis-cli ends");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // A session tells what stands in place of the prompt apart from what it prints.
    let reading = "\x1b[1;90mReading messages... (press Ctrl-C to quit or any key to type command)\r\x1b[0m\x1b[K";
    printed.replace(reading, "")
}

/// Without what is another each time, or only the real server's: the connection's number, modules, the last blank of a line.
fn lasting(printed: &str) -> String {
    let mut kept = String::new();
    let mut modules = false;
    for line in printed.lines() {
        modules = line.starts_with("7# \"modules\"") || modules && line.starts_with("   ");
        if !modules && !line.contains("\"id\" =>") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn sessions_on_our_engine_print_what_redis_cli_printed() {
    let (mut wrong, mut absent) = (String::new(), Vec::new());
    for session in recorded().iter().filter(|session| !session.name.ends_with(REAL)) {
        let mut world = World::new(&WorldConfig::default());
        let client = world.connect();
        let lines: Vec<&str> = session.steps.iter().map(|(line, _)| line.as_str()).collect();
        let steps = ours(Wire::World { world: Box::new(world), client }, 6379, &lines);
        assert!(steps.len() <= session.steps.len());
        for (Step { line, printed, .. }, (_, recorded)) in steps.iter().zip(&session.steps) {
            // What follows a command that is still to come says nothing about the terminal.
            if printed.contains("ERR unknown command") && recorded != printed {
                absent.push(format!("{line} (in {})", session.name));
                break;
            }
            if lasting(printed) != *recorded {
                writeln!(wrong, "session {}: {line}\n--- ours\n{printed}--- redis-cli\n{recorded}", session.name)
                    .expect("a string takes text");
            }
        }
    }
    println!("sessions end early at commands that are still to come: {}", absent.join(", "));
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn oracle_sessions_print_what_redis_cli_prints() {
    let Some(cli) = redis_cli() else { return };
    let server = Server::start(&cli).expect("a redis-server beside redis-cli");
    let port = server.port;
    let mut wrong = String::new();
    let mut written = String::from(
        "# Sessions with redis-cli 8.6.3: a line behind `> `, below it what is printed. Recorded by tests/terminal/sessions.rs.\n",
    );
    for session in recorded() {
        let lines: Vec<&str> = session.steps.iter().map(|(line, _)| line.as_str()).collect();
        theirs(&cli, port, &["flushall"]);
        let socket = TcpStream::connect(("127.0.0.1", port)).expect("the server is up");
        socket.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
        let steps = ours(Wire::Socket(socket), port, &lines);
        theirs(&cli, port, &["flushall"]);
        let theirs = lasting(&theirs(&cli, port, &lines));
        let ours = lasting(&steps.iter().map(|step| step.printed.as_str()).collect::<String>());
        // CLEAR's escape sequence paints nothing.
        let theirs = theirs.replace("\x1b[H\x1b[2J", "");
        if ours != theirs {
            writeln!(wrong, "session {}:\n--- ours\n{ours}\n--- redis-cli\n{theirs}", session.name)
                .expect("a string takes text");
        }
        writeln!(written, "session {}", session.name).expect("a string takes text");
        for (Step { line, printed, .. }, (_, recorded)) in steps.iter().zip(&session.steps) {
            let printed = lasting(printed);
            writeln!(written, "> {line}").expect("a string takes text");
            for line in printed.lines() {
                let line = line.strip_suffix(' ').map_or(line.to_owned(), |line| format!("{line}\\x20"));
                writeln!(written, "{line}").expect("a string takes text");
            }
            if printed != *recorded {
                writeln!(wrong, "session {}: {line}\n--- recorded\n{recorded}--- now\n{printed}", session.name)
                    .expect("a string takes text");
            }
        }
    }
    if recording() {
        fs::write(file(), written).expect("the record can be written");
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}
