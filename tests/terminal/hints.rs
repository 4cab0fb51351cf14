//! The grey rest of the syntax behind a line, for hundreds of lines typed into a real redis-cli.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::Duration;

use engine::table::{Argument, Kind};
use term::Role;

use super::{Server, Terminal, recording, redis_cli};
use crate::root;

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

#[test]
fn a_hint_vanishes_exactly_where_a_word_is_marked() {
    let text = fs::read_to_string(root().join("tests/terminal/hints.txt")).expect("the recorded hints");
    for line in text.lines().filter(|line| !line.starts_with(['#', '|']) && !line.starts_with("ours |")) {
        let typed = line.split('|').next().unwrap_or_default();
        let Some(hint) = term::hint(typed) else { continue };
        let finished = term::tokens(typed).into_iter().filter(|token| token.end < typed.len());
        let marked: Vec<_> =
            finished.filter(|token| matches!(token.role, Role::Excess | Role::UnknownSubcommand)).collect();
        assert_eq!(hint.mismatch, !marked.is_empty(), "{typed}| {marked:?}");
    }
}

/// The grey text behind a line that is typed and taken back.
fn seen_hint(terminal: &mut Terminal, typed: &str, quiet: Duration) -> String {
    terminal.input.write_all(typed.as_bytes()).expect("redis-cli reads");
    let painted = terminal.shown(quiet);
    terminal.input.write_all(b"\x15").expect("redis-cli reads");
    terminal.shown(quiet);
    let line = painted.rsplit("\r\x1b[0K").next().unwrap_or_default();
    let grey = line.split_once("\x1b[0;90;49m").map_or("", |(_, grey)| grey);
    grey.split("\x1b[0m").next().unwrap_or_default().trim_end().to_owned()
}

#[test]
fn oracle_hints_are_as_recorded() {
    let Some(cli) = redis_cli() else { return };
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
        let hints = patience.iter().map(|quiet| seen_hint(&mut terminal, typed, *quiet));
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
    if recording() {
        fs::write(file, written).expect("the record can be written");
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}
