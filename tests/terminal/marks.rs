//! What the grammar marks as wrong, against what a server says: no word of a command that a server accepts is underlined.

use crate::transcripts::{name, read, under};
use course::transcript::Step;
use term::Role;

/// What a server lets pass without understanding it, or in an order that the reference does not give: a mark is a help here.
const LET_PASS: [&str; 21] = [
    // The key is not there, so nobody looks at the rest.
    "GEORADIUSBYMEMBER none none 100 foo",
    "DELEX none IFXX a",
    "VSIM none FOO a",
    "VSIM none ELE a COUNT x",
    // The last one counts.
    "FUNCTION LOAD REPLACE REPLACE \"#!lua name=twice\\nredis.register_function('f', function() return 1 end)\"",
    "HELLO 3 SETNAME a SETNAME b",
    "MEMORY USAGE l SAMPLES 1 SAMPLES 2",
    "XRANGE s - + COUNT 1 COUNT 2",
    "XDELEX t IDS 1 1-1 IDS 1 1-1",
    "SET k v NX NX",
    "XGROUP CREATE x g $ MKSTREAM MKSTREAM MKSTREAM",
    "SET k v IFEQ a NX",
    "SET k v IFEQ v NX",
    "VADD v VALUES 2 1 1 d BIN Q8",
    "VEMB q nosuch RAW RAW",
    "VSIM v ELE a FILTER 1 FILTER 0",
    "VSIM v ELE a COUNT 1 COUNT 2",
    // Another order, or more than is read.
    "XDELEX s IDS 1 1-1 KEEPREF",
    "XTRIM s ACKED MAXLEN = 5",
    "XPENDING s g - + 10 f more",
    "XPENDING s g - + 10 f more still",
];

fn is_wrong(role: Role) -> bool {
    matches!(role, Role::UnknownCommand | Role::UnknownSubcommand | Role::Excess | Role::Faulty)
}

/// The words of a line that the terminal underlines.
fn underlined(line: &str) -> Vec<String> {
    // A blank behind the line: nothing is still being typed.
    let tokens = term::tokens(&format!("{line} "));
    tokens.iter().filter(|token| is_wrong(token.role)).map(|token| line[token.start..token.end].to_owned()).collect()
}

#[test]
fn nothing_is_underlined_in_what_a_server_accepts() {
    let mut complaints = Vec::new();
    let mut looked_at = 0;
    let mut let_pass = 0;
    for file in under("transcripts") {
        // A session of the Lua debugger has commands of its own.
        let text = std::fs::read_to_string(&file).expect("a transcript is UTF-8");
        if text.contains("SCRIPT DEBUG YES") || text.contains("SCRIPT DEBUG SYNC") {
            continue;
        }
        for line in read(&file).1.lines {
            let Step::Command { text, reply, .. } = &line.step else { continue };
            let refused = reply.lines.iter().any(|line| line.contains("(error)") || line.starts_with('-'));
            if refused || reply.lines.is_empty() {
                continue;
            }
            looked_at += 1;
            let underlined = underlined(text);
            if !underlined.is_empty() && LET_PASS.contains(&text.as_str()) {
                let_pass += 1;
            } else if !underlined.is_empty() {
                complaints.push(format!("{}:{}: {text}\n        {underlined:?}", name(&file), line.number));
            }
        }
    }
    assert!(looked_at > 3000, "only {looked_at} commands were looked at");
    assert!(let_pass >= LET_PASS.len(), "of what is let pass only {let_pass} came up: the list is too long");
    assert!(complaints.is_empty(), "{} of {looked_at} commands:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn what_no_server_accepts_is_underlined() {
    for (line, wrong) in [
        ("SET k v EX", &[][..]),
        ("SET k v FOR 10", &["FOR", "10"]),
        ("GET k extra", &["extra"]),
        ("EXPIRE k soon", &["soon"]),
        ("LPOP k many", &["many"]),
        ("CONFIG FIND x", &["FIND"]),
        ("NOTHING x", &["NOTHING"]),
        ("BITFIELD k SET u8 x 1", &["x", "1"]),
        ("VADD k VALUES 3 1 2 x e", &["x", "e"]),
        ("EXPIRE k 10 NX GT", &["GT"]),
        ("SETBIT k #0 1", &["#0", "1"]),
    ] {
        assert_eq!(underlined(line), wrong, "{line}");
    }
}
