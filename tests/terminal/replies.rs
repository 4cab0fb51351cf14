//! Replies as bytes and, per layout, what redis-cli prints for them: recorded by answering to a real redis-cli with exactly
//! those bytes.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use term::render::{Mode, render_bytes, render_for};

use super::{recording, redis_cli};
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
            if mode == Mode::Terminal && !term::render::prints_plain(&command) {
                let pieces =
                    term::render::pieces(&value).into_iter().map(|piece| piece.text).collect::<String>() + "\n";
                assert_eq!(pieces, String::from_utf8_lossy(&printed), "the pieces of {}", escaped(&record.reply));
            }
            if ours != printed {
                let (reply, ours, printed) = (escaped(&record.reply), escaped(&ours), escaped(&printed));
                writeln!(wrong, "{} {} {reply}\n   ours {ours}\n  redis {printed}", record.command, mode.option())
                    .expect("a string takes text");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Answers every request on every connection with the bytes that are in `reply`, or, when there are none, with its words.
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
            let mut bytes = if hello { b"+OK\r\n".to_vec() } else { reply.lock().expect("the reply").clone() };
            if bytes.is_empty() {
                request.encode(&mut bytes);
            }
            if connection.write_all(&bytes).is_err() {
                return;
            }
        }
    }
}

#[test]
fn oracle_redis_cli_prints_what_is_recorded() {
    let Some(cli) = redis_cli() else { return };
    let reply = Arc::new(Mutex::new(Vec::new()));
    let port = parrot(Arc::clone(&reply)).to_string();
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
    if recording() {
        fs::write(file(), written).expect("the record can be written");
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// Numbers below a limit, the same on every run.
fn seeded(mut state: u64) -> impl FnMut(usize) -> usize {
    move |limit| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit as u64) as usize
    }
}

/// A reply drawn from all types that redis-cli knows.
fn drawn(random: &mut dyn FnMut(usize) -> usize, depth: usize) -> resp::Value {
    use resp::Value;
    let texts: [&[u8]; 8] = [b"", b"a", b"two words", b"x\ny", b"q\"\\", b"\x00\xff\x1b", "\u{20ac}".as_bytes(), b"0"];
    let doubles = ["0", "-1.5", "1e+100", "inf", "nan", "3.0"];
    let most = if depth == 0 { 9 } else { 13 };
    let several = |count: usize, random: &mut dyn FnMut(usize) -> usize| -> Vec<Value> {
        (0..count).map(|_| drawn(random, depth - 1)).collect()
    };
    match random(most) {
        0 => Value::Simple(b"status".to_vec()),
        1 => Value::Error(b"ERR it is \"so\"".to_vec()),
        2 => Value::Integer(random(2000) as i64 - 1000),
        3 => Value::Null,
        4 => Value::Boolean(random(2) == 0),
        5 => Value::Double(doubles[random(doubles.len())].to_owned()),
        6 => Value::Verbatim { format: *b"txt", text: texts[random(texts.len())].to_vec() },
        7 | 8 => Value::Bulk(texts[random(texts.len())].to_vec()),
        9 => {
            let count = [0, 1, 2, 3, 11][random(5)];
            Value::Array(several(count, random))
        }
        10 => {
            let count = random(4);
            Value::Set(several(count, random))
        }
        _ => {
            let count = random(4);
            let (keys, values) = (several(count, random), several(count, random));
            Value::Map(keys.into_iter().zip(values).collect())
        }
    }
}

#[test]
fn oracle_redis_cli_prints_drawn_replies_as_we_do() {
    let Some(cli) = redis_cli() else { return };
    let reply = Arc::new(Mutex::new(Vec::new()));
    let port = parrot(Arc::clone(&reply)).to_string();
    let mut random = seeded(86);
    let mut wrong = String::new();
    for _ in 0..150 {
        let value = drawn(&mut random, 3);
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        bytes.clone_into(&mut reply.lock().expect("the reply"));
        for mode in Mode::ALL {
            let run = Command::new(&cli).args(["-p", &port, mode.option(), "get", "k"]).output();
            let printed = run.expect("redis-cli runs").stdout;
            let ours = render_bytes(&value, mode);
            if ours != printed {
                let (reply, ours, printed) = (escaped(&bytes), escaped(&ours), escaped(&printed));
                writeln!(wrong, "{} {reply}\n   ours {ours}\n  redis {printed}", mode.option())
                    .expect("a string takes text");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn oracle_redis_cli_splits_drawn_lines_as_we_do() {
    let Some(cli) = redis_cli() else { return };
    let port = parrot(Arc::default()).to_string();
    let mut random = seeded(7);
    let parts =
        ["a", "b", " ", " ", "\t", "\"", "\"", "'", "'", "\\", "\\x4", "1", "f", "\\n", "\\'", "\\\"", "\u{fc}"];
    let mut lines = String::new();
    let mut ours = String::new();
    for _ in 0..3000 {
        let line: String = (0..random(12)).map(|_| parts[random(parts.len())]).collect();
        // The word in front keeps a line from being one of redis-cli's own.
        let line = format!("x {line}");
        match term::quote::split(&line) {
            Ok(words) => {
                let words = words.into_iter().map(resp::Value::Bulk).collect();
                ours.push_str(&term::render(&resp::Value::Array(words), Mode::Terminal));
            }
            Err(_) => ours.push_str("Invalid argument(s)\n"),
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    let mut command = Command::new(&cli);
    command.args(["-p", &port]).env("FAKETTY", "1").env("HOME", "/nonexistent");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("redis-cli runs");
    let mut input = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("redis-cli ends");
    writer.join().expect("the writer ends").expect("redis-cli reads");
    let theirs = String::from_utf8_lossy(&output.stdout).into_owned();
    let differs = ours.lines().zip(theirs.lines()).position(|(ours, theirs)| ours != theirs);
    assert!(ours == theirs, "{differs:?}: {:?}", differs.map(|at| (ours.lines().nth(at), theirs.lines().nth(at))));
}
