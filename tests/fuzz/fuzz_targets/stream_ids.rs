//! Whatever stands where a stream command wants an id, it is read or refused, and what is read keeps the laws of a stream: ids only
//! grow, a range read backwards is the range turned around, one without its first entry lacks just that one, reading after an
//! id gives what lies beyond it, and what was trimmed or deleted is gone.
//!
//! The input is lines, each an id as somebody may type it. All are added, and then each is the bound of every kind of command.
#![no_main]

#[path = "../server.rs"]
mod server;

use libfuzzer_sys::fuzz_target;
use resp::Value;
use server::Server;

/// An id as the server writes it.
type Id = (u64, u64);

const LINES: usize = 16;

fuzz_target!(|lines: &[u8]| {
    let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').take(LINES).collect();
    let mut server = Server::new();
    let mut ids = Vec::new();
    for line in &lines {
        if let Some(added) = added(&server.ask(&[b"XADD", b"s", line, b"f", b"v"])) {
            assert!(ids.last().is_none_or(|last| *last < added), "ids do not grow");
            ids.push(added);
        }
    }
    server.ask(&[b"XGROUP", b"CREATE", b"s", b"g", b"0", b"MKSTREAM"]);
    server.ask(&[b"XREADGROUP", b"GROUP", b"g", b"c", b"STREAMS", b"s", b">"]);
    assert_eq!(server.range(b"-", b"+").as_ref(), Some(&ids), "the stream holds what was added");
    for line in &lines {
        ranges(&mut server, line, &ids);
        groups(&mut server, line);
    }
    for line in &lines {
        take_away(&mut server, line);
    }
    set_id(&mut server, &lines);
});

fn ranges(server: &mut Server, line: &[u8], ids: &[Id]) {
    let Some(from) = server.range(line, b"+") else { return };
    assert!(ids.ends_with(&from), "a range up to the end is an end of the stream");
    let backwards: Vec<Id> =
        server.ids(&[b"XREVRANGE", b"s", b"+", line]).unwrap_or_default().into_iter().rev().collect();
    assert_eq!(backwards, from, "backwards as forwards");
    if line.starts_with(b"(") || matches!(line, b"-" | b"+") {
        return;
    }
    let open = [b"(", line].concat();
    let beyond = server.range(&open, b"+").unwrap_or_default();
    let here = server.range(line, line).unwrap_or_default();
    // Without a number within the millisecond a bound means the first at the start of a range and the last at its end.
    assert!(from.starts_with(&here), "what lies between an id and itself begins what lies after it");
    assert!(from.len() - beyond.len() <= 1 && from.ends_with(&beyond), "an open bound leaves out one entry");
    let read = match server.ask(&[b"XREAD", b"STREAMS", b"s", line]) {
        Value::Array(streams) => match streams.as_slice() {
            [Value::Array(parts)] => parts.get(1).and_then(ids_of),
            _ => None,
        },
        Value::Error(_) => return,
        _ => Some(Vec::new()),
    };
    assert_eq!(read, Some(beyond), "reading after an id gives what lies beyond it");
}

fn groups(server: &mut Server, line: &[u8]) {
    let pending = server.ask(&[b"XPENDING", b"s", b"g", line, b"+", b"100"]);
    let range = server.range(line, b"+");
    assert_eq!(matches!(pending, Value::Error(_)), range.is_none(), "XPENDING and XRANGE read the same bounds");
    server.ask(&[b"XCLAIM", b"s", b"g", b"d", b"0", line, b"JUSTID"]);
    server.ask(&[b"XCLAIM", b"s", b"g", b"d", b"0", b"1-1", b"LASTID", line]);
    server.ask(&[b"XAUTOCLAIM", b"s", b"g", b"e", b"0", line, b"COUNT", b"3"]);
    server.ask(&[b"XREADGROUP", b"GROUP", b"g", b"c", b"STREAMS", b"s", line]);
    server.ask(&[b"XGROUP", b"SETID", b"s", b"g", line, b"ENTRIESREAD", b"-1"]);
    server.ask(&[b"XACK", b"s", b"g", line]);
    server.ask(&[b"XINFO", b"STREAM", b"s", b"FULL"]);
}

fn take_away(server: &mut Server, line: &[u8]) {
    let before = server.range(b"-", b"+").unwrap_or_default();
    let here = server.range(line, line).unwrap_or_default();
    if let Value::Integer(deleted @ 0..=1) = server.ask(&[b"XDEL", b"s", line]) {
        let after = server.range(b"-", b"+").unwrap_or_default();
        assert_eq!(before.len() - after.len(), deleted as usize);
        assert!(deleted == 0 || before.iter().filter(|id| !after.contains(id)).all(|gone| here.contains(gone)));
    }
    server.ask(&[b"XDELEX", b"s", b"DELREF", b"IDS", b"1", line]);
    server.ask(&[b"XACKDEL", b"s", b"g", b"ACKED", b"IDS", b"1", line]);
    let kept = server.range(line, b"+");
    if let Value::Integer(_) = server.ask(&[b"XTRIM", b"s", b"MINID", line]) {
        let left = server.range(b"-", b"+").unwrap_or_default();
        assert!(kept.is_none_or(|kept| kept == left), "XTRIM keeps what XRANGE shows");
    }
}

/// No id that was said to be the last is given again.
fn set_id(server: &mut Server, lines: &[&[u8]]) {
    for line in lines {
        server.ask(&[b"XSETID", b"s", line]);
        server.ask(&[b"XSETID", b"s", line, b"ENTRIESADDED", b"100", b"MAXDELETEDID", line]);
        let first = added(&server.ask(&[b"XADD", b"s", b"*", b"f", b"v"]));
        let second = added(&server.ask(&[b"XADD", b"s", b"*", b"f", b"v"]));
        assert!(
            first.is_none() && second.is_none()
                || second.is_none_or(|second| first.is_some_and(|first| first < second))
        );
    }
}

impl Server {
    fn ids(&mut self, words: &[&[u8]]) -> Option<Vec<Id>> {
        ids_of(&self.ask(words))
    }

    fn range(&mut self, from: &[u8], to: &[u8]) -> Option<Vec<Id>> {
        self.ids(&[b"XRANGE", b"s", from, to])
    }
}

fn added(reply: &Value) -> Option<Id> {
    let Value::Bulk(text) = reply else { return None };
    let (ms, seq) = std::str::from_utf8(text).ok()?.split_once('-')?;
    Some((ms.parse().expect("milliseconds"), seq.parse().expect("a number within them")))
}

/// The ids of entries; none for an error.
fn ids_of(reply: &Value) -> Option<Vec<Id>> {
    let Value::Array(entries) = reply else { return None };
    entries
        .iter()
        .map(|entry| match entry {
            Value::Array(parts) => parts.first().and_then(added),
            _ => None,
        })
        .collect()
}
