//! The prompt, line by line, as the real redis-cli shows it at a terminal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use super::sessions::{Wire, ours};
use super::{Server, Terminal, redis_cli};

/// Lines, one after the other; their prompts are asked for between them. `reset` and HELLO are in it because they change more
/// than one thing.
const LINES: &[&str] = &[
    "get a",
    "select 2",
    "multi",
    "select 4",
    "foo",
    "exec",
    "multi",
    "select 3",
    "discard",
    "multi",
    "select 5",
    "get a",
    "exec",
    "select 99",
    "select 0x1",
    "exec",
    "discard",
    "multi",
    "exec now",
    "exec",
    "multi",
    "multi",
    "info nothing",
    "select 1",
    "reset",
    "hello 3",
    "select 7",
    "hello 2",
    "multi",
    "hello 3",
    "discard",
    "auth nobody nothing",
    "client reply skip2",
    "unsubscribe",
    "connect 1 2 3",
    "select 6",
    "2 select 8",
    "swapdb 8 0",
    "select 0",
    "MULTI",
    "SUBSCRIBE x",
    "EXEC",
    "reset",
    "Select 1",
];

#[test]
fn oracle_prompts_are_those_of_redis_cli() {
    let Some(cli) = redis_cli() else { return };
    let server = Server::start(&cli).expect("a redis-server beside redis-cli");
    let Some(mut terminal) = Terminal::start(&cli, server.port) else {
        println!("oracle: skipped (no program called script, which gives redis-cli a terminal)");
        return;
    };
    let mut wrong = String::new();
    for count in 0..LINES.len() {
        let line = LINES[count];
        terminal.input.write_all(format!("{line}\r").as_bytes()).expect("redis-cli reads");
        let socket = TcpStream::connect(("127.0.0.1", server.port)).expect("the server is up");
        socket.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
        let ours = ours(Wire::Socket(socket), server.port, &LINES[..=count]);
        let prompt = ours.last().map(|step| step.prompt.as_str()).unwrap_or_default();
        // A busy machine may take a while.
        let mut painted = String::new();
        for _ in 0..20 {
            painted += &terminal.shown(Duration::from_millis(60));
            if painted.ends_with(prompt) {
                break;
            }
        }
        let shown = painted.rsplit('\n').next().unwrap_or_default();
        // After a report without a line end the prompt follows on the same line.
        if !shown.ends_with(prompt) || !(shown == prompt || shown.starts_with("QUEUED")) {
            writeln!(wrong, "{line}: ours {prompt:?}, redis-cli {shown:?}").expect("a string takes text");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
