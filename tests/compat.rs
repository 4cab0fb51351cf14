//! tests/COMPAT.md: for every command of Redis 8.6.3 whether ours agrees. It is written from four sources: the recorded list of
//! commands, the engine's table, what comes of playing the transcripts, and the differ's last record; reasons for differences stand once, in
//! tests/deviations.toml, each with a transcript that shows the real server's reply.
//!
//! `COMPAT=write` writes the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use course::Transcript;
use course::transcript::{Play, Step, arguments};
use engine::table;

use crate::{lessons, root, transcripts};

/// A difference that is meant.
#[derive(Debug, Default)]
struct Deviation {
    command: String,
    /// In place of a command: what no transcript can show (bytes that are no request, order without meaning, the process).
    topic: String,
    what: String,
    reason: String,
    /// What the real server says, in tests/deviations.
    transcript: String,
}

/// The few lines of TOML that the file has: tables of strings.
fn deviations() -> Vec<Deviation> {
    let text = fs::read_to_string(root().join("tests/deviations.toml")).expect("tests/deviations.toml");
    let mut deviations: Vec<Deviation> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "[[deviation]]" {
            deviations.push(Deviation::default());
            continue;
        }
        let value = line.split_once(" = ").and_then(|(key, value)| {
            Some((key, value.strip_prefix('"')?.strip_suffix('"')?.replace("\\\"", "\"").replace("\\\\", "\\")))
        });
        let (Some((key, value)), Some(deviation)) = (value, deviations.last_mut()) else {
            panic!("tests/deviations.toml:{number}: a line such as command = \"GET\" stands below [[deviation]]");
        };
        match key {
            "command" => deviation.command = value,
            "topic" => deviation.topic = value,
            "what" => deviation.what = value,
            "reason" => deviation.reason = value,
            "transcript" => deviation.transcript = value,
            _ => panic!("tests/deviations.toml:{number}: unknown key {key}"),
        }
    }
    for deviation in &deviations {
        let Deviation { command, topic, what, reason, transcript } = deviation;
        let placed = if topic.is_empty() { [command, transcript] } else { [topic, topic] };
        assert!(
            placed.into_iter().chain([what, reason]).all(|field| !field.is_empty()),
            "a deviation has what and reason, and either command and transcript or a topic: {deviation:?}"
        );
    }
    deviations
}

/// `CLIENT LIST`: the row that a command line calls.
fn called(line: &str) -> Option<String> {
    let words = arguments(line)?;
    let row = table::find(words.first()?)?;
    let subcommand = words.get(1).and_then(|word| row.subcommand(word));
    Some(subcommand.map_or(row.full_name, |row| row.full_name).to_owned())
}

#[derive(Debug, Default)]
struct Played {
    agreed: BTreeSet<String>,
    differed: BTreeMap<String, String>,
}

/// Plays a transcript; only its first difference is blamed on a command, since what follows may follow from it.
fn play(transcript: &Transcript, what: &str, played: &mut Played) {
    let mut stage = transcripts::stage(transcript);
    let Ok(report) = Play::new(&mut stage).run(transcript) else { return };
    let first = report.differences.first();
    for line in &transcript.lines {
        if first.is_some_and(|difference| line.number >= difference.line) {
            break;
        }
        if let Step::Command { text, .. } | Step::Send { text, .. } = &line.step {
            played.agreed.extend(called(text));
        }
    }
    if let Some(command) = first.and_then(|difference| called(&difference.command)) {
        played.differed.entry(command).or_insert_with(|| what.to_owned());
    }
}

fn recorded_commands() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("tests/reference/commands.txt")).expect("the recorded facts");
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(group) = line.strip_prefix(" group ") {
            if let Some(last) = commands.last_mut() {
                group.clone_into(&mut last.1);
            }
        } else if !line.starts_with(' ') {
            commands.push((line.to_owned(), String::new()));
        }
    }
    commands
}

/// What the last recorded run of the differ says: its summary, and for each command (`client|list`) how often it was called.
fn random_calls() -> (String, BTreeMap<String, u64>) {
    let text = fs::read_to_string(root().join("tests/reference/differ.txt")).expect("the differ's record");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let summary = lines.next().unwrap_or_default().to_owned();
    let calls = lines.filter_map(|line| {
        let (command, calls) = line.split_once('\t')?;
        Some((command.to_owned(), calls.parse().ok()?))
    });
    (summary, calls.collect())
}

fn written() -> String {
    let mut played = Played::default();
    for file in transcripts::under("transcripts").iter().chain(&transcripts::under("wishlist")) {
        let (_, transcript) = transcripts::read(file);
        play(&transcript, &transcripts::name(file), &mut played);
    }
    for lesson in lessons::course() {
        let page = [lesson.start.as_str()].into_iter().chain(lesson.transcripts()).collect::<Vec<_>>().join("\n\n");
        play(&Transcript::parse(&page).expect("it was compiled"), &lesson.slug, &mut played);
    }
    let deviations = deviations();
    let (differ, calls) = random_calls();
    let mut groups: BTreeMap<String, Vec<(String, &str, String, u64)>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (command, group) in recorded_commands() {
        let row = table::find_full(command.as_bytes());
        // A container without subcommands of its own on the wire is as present as they are.
        let deviation =
            deviations.iter().find(|deviation| deviation.command.to_ascii_lowercase().replace(' ', "|") == command);
        let (status, note) = match (row, deviation, played.differed.get(&command)) {
            (None, ..) => ("absent", String::new()),
            (_, Some(deviation), _) => ("differs", format!("{} {}", deviation.what, deviation.reason)),
            (_, _, Some(file)) => ("differs", format!("not yet as recorded in {file}")),
            _ if played.agreed.contains(&command) => ("agrees", String::new()),
            _ => ("not compared", String::new()),
        };
        *counts.entry(status).or_default() += 1;
        let called = calls.get(&command).copied().unwrap_or_default();
        groups.entry(group).or_default().push((command.to_ascii_uppercase().replace('|', " "), status, note, called));
    }
    let mut text = String::from(
        "# How ours compares with Redis 8.6.3\n\n\
         This file is written by a test (`COMPAT=write cargo test -p tests compat`) from the list of Redis' commands, the engine's table and the\n\
         transcripts, all of which were played on a real Redis 8.6.3. **Agrees**: there are transcripts with the command, and ours gives the same\n\
         replies. **Differs**: a reply is another one, for the reason given. **Not compared**: the command is there, but no transcript asks it yet.\n\
         **Absent**: it answers as an unknown command does. The last column says how many calls with random arguments the differential fuzzer\n\
         compared on both servers in its last recorded run: ",
    );
    let _ = write!(text, "{differ}.\n\n| | commands |\n|---|---|\n");
    for (status, count) in &counts {
        let _ = writeln!(text, "| {status} | {count} |");
    }
    for (group, commands) in groups {
        let _ = write!(text, "\n## {group}\n\n| command | | random calls |\n|---|---|---:|\n");
        for (command, status, note, calls) in commands {
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            let calls = if calls == 0 { String::new() } else { calls.to_string() };
            let _ = writeln!(text, "| {command} | {status}{note} | {calls} |");
        }
    }
    text.push_str("\n## Beside the commands\n\n| where | what differs, and why |\n|---|---|\n");
    for deviation in deviations.iter().filter(|deviation| !deviation.topic.is_empty()) {
        let _ = writeln!(text, "| {} | {} {} |", deviation.topic, deviation.what, deviation.reason);
    }
    text
}

#[test]
fn compat_is_up_to_date() {
    let path = root().join("tests/COMPAT.md");
    let now = written();
    if std::env::var("COMPAT").is_ok_and(|value| value == "write") {
        fs::write(&path, &now).expect("COMPAT.md is written");
    }
    let before = fs::read_to_string(&path).unwrap_or_default();
    let changed: Vec<String> = now.lines().filter(|line| !before.contains(line)).take(20).map(str::to_owned).collect();
    assert!(now == before, "tests/COMPAT.md is out of date; COMPAT=write writes it:\n{}", changed.join("\n"));
}

/// What differs on purpose is shown by a transcript of the real server's reply, which ours must not give.
#[test]
fn deviations_still_deviate() {
    let mut shown = BTreeSet::new();
    for deviation in deviations().into_iter().filter(|deviation| deviation.topic.is_empty()) {
        let file = root().join("tests/deviations").join(&deviation.transcript);
        let (_, transcript) = transcripts::read(&file);
        let mut stage = transcripts::stage(&transcript);
        let report = Play::new(&mut stage).run(&transcript).expect("the transcript plays");
        assert!(
            !report.differences.is_empty(),
            "{} no longer deviates: take it out of deviations.toml",
            deviation.command
        );
        shown.insert(deviation.transcript);
    }
    for file in transcripts::under("deviations") {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(shown.contains(&name), "tests/deviations/{name} belongs to no deviation");
    }
}
