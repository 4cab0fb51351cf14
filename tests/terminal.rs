//! The terminal against the real redis-cli.
//!
//! `terminal/replies.txt` holds replies as bytes and, per layout, what redis-cli prints for them: recorded by answering
//! to a real redis-cli with exactly those bytes. With a real Redis at hand the record is compared with its redis-cli again;
//! `REDIS_ORACLE_RECORD=1` writes it anew.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::table::{Argument, Kind};
use term::render::{Mode, render_bytes, render_for};
use term::{Action, Activity, Line, Session};

use crate::root;

/// One reply to one command, and what is printed for it.
struct Record {
    command: String,
    reply: Vec<u8>,
    printed: Vec<(Mode, Vec<u8>)>,
}

fn file() -> PathBuf {
    root().join("tests/terminal/replies.txt")
}

/// `\r`, `\n`, `\\` and `\xHH` in a line of the file.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'r') => bytes.push(b'\r'),
            Some(b'n') => bytes.push(b'\n'),
            Some(b'x') => {
                let digits = [rest.next().unwrap_or(b'?'), rest.next().unwrap_or(b'?')];
                let digits = std::str::from_utf8(&digits).expect("two hexadecimal digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
            }
            other => bytes.push(other.expect("an escape")),
        }
    }
    bytes
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => write!(text, "\\x{byte:02x}").expect("a string takes text"),
        }
    }
    // No line of the file ends in a blank.
    if text.ends_with(' ') {
        text.truncate(text.len() - 1);
        text.push_str("\\x20");
    }
    text
}

fn records() -> Vec<Record> {
    let text = fs::read_to_string(file()).expect("the recorded replies");
    let mut records: Vec<Record> = Vec::new();
    let mut command = "get k".to_owned();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "command" {
            rest.clone_into(&mut command);
        } else if word == "reply" {
            records.push(Record { command: command.clone(), reply: bytes(rest), printed: Vec::new() });
        } else {
            let mode = Mode::from_option(word).unwrap_or_else(|| panic!("what is {line}?"));
            records.last_mut().expect("a reply comes first").printed.push((mode, bytes(rest)));
        }
    }
    records
}

fn decoded(reply: &[u8]) -> resp::Value {
    let mut decoder = resp::Decoder::new();
    decoder.feed(reply);
    decoder.next().expect("a reply").expect("a whole reply")
}

#[test]
fn replies_are_printed_as_redis_cli_prints_them() {
    let mut wrong = String::new();
    let records = records();
    assert!(records.len() > 50, "{} recorded replies", records.len());
    for record in records {
        let value = decoded(&record.reply);
        let command: Vec<Vec<u8>> = record.command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        assert!(!record.printed.is_empty(), "{}", escaped(&record.reply));
        for (mode, printed) in record.printed {
            let ours = if term::render::prints_plain(&command) {
                render_for(&command, &value, mode).into_bytes()
            } else {
                render_bytes(&value, mode)
            };
            if ours != printed {
                let (reply, ours, printed) = (escaped(&record.reply), escaped(&ours), escaped(&printed));
                writeln!(wrong, "{} {} {reply}\n   ours {ours}\n  redis {printed}", record.command, mode.option())
                    .expect("a string takes text");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Answers every request on every connection with the bytes that are in `reply`.
fn parrot(reply: Arc<Mutex<Vec<u8>>>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let reply = Arc::clone(&reply);
            std::thread::spawn(move || answer(connection, &reply));
        }
    });
    port
}

fn answer(mut connection: TcpStream, reply: &Mutex<Vec<u8>>) {
    let mut requests = resp::Decoder::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = connection.read(&mut buffer) {
        requests.feed(&buffer[..count]);
        while let Ok(Some(request)) = requests.next() {
            let name = request.as_elements().and_then(|words| words.first()?.as_bytes()).unwrap_or_default();
            let hello = name.eq_ignore_ascii_case(b"hello");
            let bytes = if hello { b"+OK\r\n".to_vec() } else { reply.lock().expect("the reply").clone() };
            if connection.write_all(&bytes).is_err() {
                return;
            }
        }
    }
}

/// The redis-cli beside the redis-server that the oracle uses.
fn redis_cli() -> Option<PathBuf> {
    std::env::var_os("REDIS_ORACLE")?;
    let named = std::env::var_os("REDIS_SERVER").map(PathBuf::from);
    let folder = named.and_then(|path| if path.is_dir() { Some(path) } else { path.parent().map(PathBuf::from) });
    let cli = folder.map_or_else(|| PathBuf::from("redis-cli"), |folder| folder.join("redis-cli"));
    let about = Command::new(&cli).arg("--version").output().ok()?;
    String::from_utf8_lossy(&about.stdout).starts_with("redis-cli 8.").then_some(cli)
}

#[test]
fn oracle_redis_cli_prints_what_is_recorded() {
    let Some(cli) = redis_cli() else {
        println!("oracle: skipped (no REDIS_ORACLE, or no redis-cli 8.x beside redis-server)");
        return;
    };
    let reply = Arc::new(Mutex::new(Vec::new()));
    let port = parrot(Arc::clone(&reply)).to_string();
    let recording = std::env::var_os("REDIS_ORACLE_RECORD").is_some();
    let mut written =
        String::from("# Replies, and what redis-cli 8.6.3 prints for them. Recorded by tests/terminal.rs.\n");
    let mut last_command = "get k".to_owned();
    let mut wrong = String::new();
    for record in records() {
        record.reply.clone_into(&mut reply.lock().expect("the reply"));
        if record.command != last_command {
            writeln!(written, "\ncommand {}", record.command).expect("a string takes text");
            record.command.clone_into(&mut last_command);
        }
        writeln!(written, "\nreply {}", escaped(&record.reply)).expect("a string takes text");
        for mode in Mode::ALL {
            let mut run = Command::new(&cli);
            run.args(["-p", &port, mode.option()]).args(record.command.split(' '));
            let printed = run.output().expect("redis-cli runs").stdout;
            let line = format!("{} {}", mode.option(), escaped(&printed));
            writeln!(written, "{}", line.trim_end()).expect("a string takes text");
            let recorded = record.printed.iter().find(|(of, _)| *of == mode).map(|(_, printed)| printed);
            if recorded != Some(&printed) {
                writeln!(wrong, "{} {}: {}", escaped(&record.reply), mode.option(), escaped(&printed))
                    .expect("a string takes text");
            }
        }
    }
    if recording {
        fs::write(file(), written).expect("the record can be written");
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// A hint without what redis-cli leaves over: blanks at the end and a closing bracket that nothing opened.
fn tidied(hint: &str) -> String {
    let mut depth = 0;
    let kept = hint.chars().filter(|c| match c {
        '[' => {
            depth += 1;
            true
        }
        ']' => {
            depth -= 1;
            if depth < 0 {
                depth = 0;
                return false;
            }
            true
        }
        _ => true,
    });
    kept.collect::<String>().trim_end().to_owned()
}

/// The argument trees of all commands, from the recorded facts.
fn reference() -> BTreeMap<String, Vec<Argument>> {
    let text = fs::read_to_string(root().join("tests/reference/commands.txt")).expect("the recorded facts");
    let text: &'static str = text.leak();
    let mut commands: BTreeMap<String, Vec<Argument>> = BTreeMap::new();
    let mut name = "";
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let depth = line.len() - line.trim_start().len();
        let Some(rest) = line.trim_start().strip_prefix("argument ") else {
            if depth == 0 {
                name = line;
                commands.insert(line.to_owned(), Vec::new());
            }
            continue;
        };
        let mut siblings = commands.get_mut(name).expect("a command comes first");
        for _ in 1..depth {
            siblings = &mut siblings.last_mut().expect("a group comes first").arguments;
        }
        siblings.push(argument(rest));
    }
    commands
}

fn argument(facts: &'static str) -> Argument {
    let mut words = facts.split(' ');
    let name = words.next().unwrap_or_default();
    let kind = words.next().unwrap_or_default();
    let kinds = [
        Kind::String,
        Kind::Integer,
        Kind::Double,
        Kind::Key,
        Kind::Pattern,
        Kind::UnixTime,
        Kind::PureToken,
        Kind::OneOf,
        Kind::Block,
    ];
    let kind = kinds.into_iter().find(|known| known.name() == kind).unwrap_or_else(|| panic!("a kind in {facts}"));
    let field = |field: &str| facts.split(' ').find_map(|word| word.strip_prefix(field));
    let has = |word: &str| facts.split(' ').skip(2).any(|other| other == word);
    Argument {
        name: name.into(),
        kind,
        token: field("token=").map(|token| if token == "\"\"" { "" } else { token }),
        optional: has("optional"),
        multiple: has("multiple"),
        multiple_token: has("multiple_token"),
        key_spec_index: None,
        since: None,
        deprecated_since: None,
        display_text: field("text=").unwrap_or(name).into(),
        arguments: Vec::new(),
    }
}

fn hinted_by(reference: &BTreeMap<String, Vec<Argument>>, typed: &str) -> String {
    let words = term::quote::split(typed).unwrap_or_default();
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let open = !typed.ends_with(' ');
    let name = |count: usize| words[..count.min(words.len())].join(&b'|');
    for count in [2, 1] {
        let name = String::from_utf8_lossy(&name(count)).to_ascii_lowercase();
        if let Some(arguments) = reference.get(&name)
            && words.len() - usize::from(open) >= count
        {
            return term::hint::ghost(arguments, &words[count..], open).unwrap_or_default();
        }
    }
    String::new()
}

#[test]
fn hints_are_those_of_redis_cli() {
    let reference = reference();
    let text = fs::read_to_string(root().join("tests/terminal/hints.txt")).expect("the recorded hints");
    let mut wrong = String::new();
    let mut lines = text.lines().filter(|line| !line.starts_with('#')).peekable();
    let (mut compared, mut absent) = (0, 0);
    while let Some(line) = lines.next() {
        let (typed, redis) = line.split_once('|').expect("a cursor");
        let ours = lines.next_if(|line| line.starts_with("ours |")).map(|line| &line[6..]);
        let known = term::hint(typed).filter(|hint| hint.row.subcommands.is_empty());
        let shown = if known.is_none() && !redis.is_empty() {
            // The command has no row yet: its arguments are known all the same.
            absent += 1;
            hinted_by(&reference, typed)
        } else {
            known.map(|hint| hint.ghost).unwrap_or_default()
        };
        compared += 1;
        if shown != ours.map_or_else(|| tidied(redis), str::to_owned) {
            writeln!(wrong, "{typed}|\n   ours {shown}\n  redis {redis}").expect("a string takes text");
        }
    }
    println!("{compared} hints compared, {absent} of commands that have no row yet");
    assert!(wrong.is_empty(), "{wrong}");
}

/// The real redis-cli at a pseudo terminal, which util-linux' `script` provides.
struct Terminal {
    child: Child,
    input: ChildStdin,
    output: Receiver<Vec<u8>>,
}

impl Terminal {
    fn start(cli: &Path, port: u16) -> Option<Terminal> {
        let run = format!("stty cols 2000; exec {} -p {port}", cli.display());
        let mut command = Command::new("script");
        command.args(["-qfec", &run, "/dev/null"]).env("TERM", "xterm").env("HOME", "/nonexistent");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let input = child.stdin.take()?;
        let mut screen = child.stdout.take()?;
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut terminal = Terminal { child, input, output };
        terminal.shown(Duration::from_secs(1));
        Some(terminal)
    }

    /// What was painted until nothing more came for a while.
    fn shown(&mut self, quiet: Duration) -> String {
        let mut painted = Vec::new();
        while let Ok(bytes) = self.output.recv_timeout(quiet) {
            painted.extend(bytes);
        }
        String::from_utf8_lossy(&painted).into_owned()
    }

    /// The grey text behind a line that is typed and taken back.
    fn hint(&mut self, typed: &str, quiet: Duration) -> String {
        self.input.write_all(typed.as_bytes()).expect("redis-cli reads");
        let painted = self.shown(quiet);
        self.input.write_all(b"\x15").expect("redis-cli reads");
        self.shown(quiet);
        let line = painted.rsplit("\r\x1b[0K").next().unwrap_or_default();
        let grey = line.split_once("\x1b[0;90;49m").map_or("", |(_, grey)| grey);
        grey.split("\x1b[0m").next().unwrap_or_default().trim_end().to_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn oracle_hints_are_as_recorded() {
    let Some(cli) = redis_cli() else {
        println!("oracle: skipped (no REDIS_ORACLE, or no redis-cli 8.x beside redis-server)");
        return;
    };
    let server = Server::start(&cli).expect("a redis-server beside redis-cli");
    let Some(mut terminal) = Terminal::start(&cli, server.port) else {
        println!("oracle: skipped (no program called script, which gives redis-cli a terminal)");
        return;
    };
    let file = root().join("tests/terminal/hints.txt");
    let text = fs::read_to_string(&file).expect("the recorded hints");
    let (mut written, mut wrong) = (String::new(), String::new());
    for line in text.lines() {
        let (typed, recorded) = line.split_once('|').unwrap_or((line, ""));
        if line.starts_with('#') || typed == "ours " {
            writeln!(written, "{line}").expect("a string takes text");
            continue;
        }
        // The machine may be busy: what differs is looked at again with more patience.
        let patience = [30, 300, 1500].map(Duration::from_millis);
        let hints = patience.iter().map(|quiet| terminal.hint(typed, *quiet));
        let mut seen = String::new();
        for hint in hints {
            seen = hint;
            if seen == recorded {
                break;
            }
        }
        writeln!(written, "{typed}|{seen}").expect("a string takes text");
        if seen != recorded {
            writeln!(wrong, "{typed}|\n  recorded {recorded}\n      seen {seen}").expect("a string takes text");
        }
    }
    if std::env::var_os("REDIS_ORACLE_RECORD").is_some() {
        fs::write(file, written).expect("the record can be written");
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// A redis-server of the test's own, killed when this goes away.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(cli: &Path) -> Option<Server> {
        let port = TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok()?.port();
        let options = ["--save", "", "--enable-debug-command", "yes", "--loglevel", "nothing", "--port"];
        let mut command = Command::new(cli.with_file_name("redis-server"));
        command.args(options).arg(port.to_string()).args(["--dir", std::env::temp_dir().to_str()?]);
        let child = command.stdout(Stdio::null()).spawn().ok()?;
        let server = Server { child, port };
        let up = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        up.then_some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our redis-cli over a real connection: what it prints for these lines, without what was typed.
fn ours(port: u16, lines: &[&str]) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("the server is up");
    connection.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let mut replies = resp::Decoder::new();
    let mut session = Session::connected_to("127.0.0.1", port);
    let mut printed = String::new();
    for line in lines {
        let mut actions: VecDeque<Action> = session.submit(line).into();
        loop {
            while let Some(action) = actions.pop_front() {
                match action {
                    Action::Send(bytes) => connection.write_all(&bytes).expect("the server reads"),
                    Action::Print(Line::Input { .. }) => {}
                    Action::Print(line) => writeln!(printed, "{}", line.text()).expect("a string takes text"),
                    Action::Clear => printed.push_str("\x1b[H\x1b[2J"),
                    Action::Connect { .. } => panic!("the connection stands"),
                    Action::Exit => return printed,
                }
            }
            let waiting = session.activity() == Activity::Waiting;
            let mut buffer = [0; 4096];
            let several = line.split(' ').any(|word| word.to_ascii_lowercase().ends_with("subscribe"));
            if !waiting && !several {
                break;
            }
            // How many confirmations a subscription gets is only known when no more come.
            match connection.read(&mut buffer) {
                Ok(count @ 1..) => replies.feed(&buffer[..count]),
                _ if waiting => panic!("no reply to {line}"),
                _ => break,
            }
            while let Some(value) = replies.next().expect("a reply") {
                actions.extend(session.receive(&value, 0));
            }
        }
    }
    printed
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

/// HELLO gives the connection's number, which is another each time.
fn without_ids(printed: &str) -> Vec<&str> {
    printed.lines().filter(|line| !line.contains("\"id\" =>")).collect()
}

#[test]
fn oracle_sessions_print_what_redis_cli_prints() {
    let Some(cli) = redis_cli() else {
        println!("oracle: skipped (no REDIS_ORACLE, or no redis-cli 8.x beside redis-server)");
        return;
    };
    let server = Server::start(&cli).expect("a redis-server beside redis-cli");
    let text = fs::read_to_string(root().join("tests/terminal/sessions.txt")).expect("the sessions");
    let mut wrong = String::new();
    for session in text.split("\nsession ").skip(1) {
        let (name, lines) = session.split_once('\n').expect("a name");
        let lines: Vec<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
        let mut outcomes = [String::new(), String::new()];
        for (side, outcome) in outcomes.iter_mut().enumerate() {
            theirs(&cli, server.port, &["flushall", "client tracking off"]);
            *outcome = if side == 0 { ours(server.port, &lines) } else { theirs(&cli, server.port, &lines) };
        }
        let [ours, theirs] = outcomes;
        let (ours_kept, theirs_kept) = (without_ids(&ours), without_ids(&theirs));
        if ours_kept != theirs_kept {
            let differs = ours_kept.iter().zip(&theirs_kept).position(|(ours, theirs)| ours != theirs);
            writeln!(wrong, "session {name}, line {differs:?}:\n--- ours\n{ours}\n--- redis-cli\n{theirs}")
                .expect("a string takes text");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
