//! Every row of the command table against what Redis 8.6.3 says about its commands (`reference/commands.txt`).
//!
//! The same text is written from the table and compared line by line, so that a failure names the row and the fact.

use engine::table::{self, Argument, Begin, CATEGORIES, Command, FLAGS, Find, Keys};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Subcommands of containers that have a row, whose own rows are still to come; each is to be missed, or the list is out of date.
const ABSENT: &[&str] = &[];

type Facts = BTreeMap<String, Vec<String>>;

fn recorded() -> Facts {
    let text = std::fs::read_to_string(crate::root().join("tests/reference/commands.txt")).expect("the recorded facts");
    let mut facts = Facts::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(fact) = line.strip_prefix(' ') {
            facts.entry(current.clone()).or_default().push(fact.to_owned());
        } else {
            line.clone_into(&mut current);
            facts.entry(current.clone()).or_default();
        }
    }
    facts
}

/// What the table says, in the words of the recorded facts.
fn declared(command: &Command) -> Vec<String> {
    let mut lines = vec![format!("arity {}", command.arity)];
    let mut list = |title: &str, words: &[&str]| {
        if !words.is_empty() {
            lines.push(format!("{title} {}", words.join(" ")));
        }
    };
    let flags: Vec<&str> = FLAGS.iter().filter(|(flag, _)| command.has(*flag)).map(|(_, name)| *name).collect();
    list("flags", &flags);
    let within = |bit: u32| command.categories & bit != 0;
    let categories: Vec<&str> =
        CATEGORIES.iter().filter(|(category, _)| within(*category as u32)).map(|(_, name)| *name).collect();
    list("categories", &categories);
    let (first, last, step) = table::first_last_step(command.keys);
    if (first, last, step) != (0, 0, 0) {
        lines.push(format!("legacy {first} {last} {step}"));
    }
    lines.extend(command.keys.iter().map(key_specification));
    if !command.tips.is_empty() {
        lines.push(format!("tips {}", command.tips.join(" ")));
    }
    lines.push(format!("since {}", command.since));
    lines.push(format!("group {}", command.group.name()));
    if !command.deprecated.0.is_empty() {
        lines.push(format!("deprecated {} {}", command.deprecated.0, command.deprecated.1));
    }
    if command.system {
        lines.push("system".to_owned());
    }
    for argument in command.arguments() {
        outline(&argument, 0, &mut lines);
    }
    lines
}

fn key_specification(keys: &Keys) -> String {
    let begin = match keys.begin {
        Begin::Index(at) => format!("index {at}"),
        Begin::Keyword { word, from } => format!("keyword {word} {from}"),
        Begin::Unknown => "unknown".to_owned(),
    };
    let find = match keys.find {
        Find::Range { last, step, limit } => format!("range {last} {step} {limit}"),
        Find::KeyNum { number, first, step } => format!("keynum {number} {first} {step}"),
        Find::Unknown => "unknown".to_owned(),
    };
    format!("keys {}; {begin}; {find}", keys.flags)
}

fn outline(argument: &Argument, depth: usize, lines: &mut Vec<String>) {
    let mut line = format!("{}argument {} {}", " ".repeat(depth), argument.name, argument.kind.name());
    let mut add = |text: String| {
        let _ = write!(line, " {text}");
    };
    if let Some(token) = argument.token {
        add(format!("token={}", if token.is_empty() { "\"\"" } else { token }));
    }
    if !argument.kind.is_group() && argument.display_text != argument.name {
        add(format!("text={}", argument.display_text));
    }
    if let Some(index) = argument.key_spec_index {
        add(format!("key={index}"));
    }
    for (set, word) in
        [(argument.optional, "optional"), (argument.multiple, "multiple"), (argument.multiple_token, "multiple_token")]
    {
        if set {
            add(word.to_owned());
        }
    }
    if let Some(version) = argument.since {
        add(format!("since={version}"));
    }
    if let Some(version) = argument.deprecated_since {
        add(format!("until={version}"));
    }
    lines.push(line);
    for part in &argument.arguments {
        outline(part, depth + 1, lines);
    }
}

/// Every row, subcommands behind their container.
fn rows() -> impl Iterator<Item = &'static Command> {
    table::all().flat_map(|command| std::iter::once(command).chain(command.subcommands))
}

#[test]
fn every_row_agrees_with_the_recorded_facts() {
    let recorded = recorded();
    let mut differences = String::new();
    for command in rows() {
        let Some(facts) = recorded.get(command.full_name) else {
            let _ = writeln!(differences, "{}: Redis has no such command", command.full_name);
            continue;
        };
        let declared = declared(command);
        let missing: Vec<_> = facts.iter().filter(|fact| !declared.contains(fact)).collect();
        let extra: Vec<_> = declared.iter().filter(|fact| !facts.contains(fact)).collect();
        if facts == &declared {
            continue;
        }
        let _ = writeln!(differences, "{}:", command.full_name);
        if missing.is_empty() && extra.is_empty() {
            let _ = writeln!(differences, "  the same facts in another order:\n  {facts:#?}\n  {declared:#?}");
        }
        for fact in missing {
            let _ = writeln!(differences, "  - {fact}");
        }
        for fact in extra {
            let _ = writeln!(differences, "  + {fact}");
        }
    }
    assert!(differences.is_empty(), "`-` is Redis, `+` is our table\n{differences}");
}

#[test]
fn containers_have_all_their_subcommands() {
    let recorded = recorded();
    let absent: Vec<&str> = recorded
        .keys()
        .filter(|name| name.split_once('|').is_some_and(|(parent, _)| table::find(parent.as_bytes()).is_some()))
        .filter(|name| table::find_full(name.as_bytes()).is_none())
        .map(String::as_str)
        .collect();
    assert_eq!(absent, ABSENT, "left: subcommands without a row; right: the list of those known to be absent");
}

#[test]
fn every_row_speaks_for_itself() {
    for command in rows() {
        let name = command.full_name;
        assert!(command.summary.ends_with('.'), "{name}: a summary is a sentence: {:?}", command.summary);
        assert!(!command.complexity.is_empty() || command.system, "{name} has no complexity");
    }
}
