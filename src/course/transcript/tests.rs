//! The language against a simulated server: what is read, what is refused and where, what is seen when it is played.

use super::{Play, Report, Transcript};
use crate::stage::WorldStage;
use sim::{World, WorldConfig};

fn play(text: &str) -> Report {
    let mut stage = WorldStage::new(World::new(&WorldConfig::default()));
    let transcript = Transcript::parse(text).unwrap_or_else(|error| panic!("{error}"));
    Play::new(&mut stage).run(&transcript).unwrap_or_else(|error| panic!("{error}"))
}

/// Every reply is as written.
fn check(text: &str) {
    let report = play(text);
    let differences: String = report.differences.iter().map(ToString::to_string).collect();
    assert!(report.differences.is_empty(), "{differences}");
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    for (text, wanted) in [
        ("OK\n", "1: a reply without a command: OK"),
        ("> PING\nPONG\n\nPONG\n", "4: a reply without a command: PONG"),
        ("# all\n\n> \n", "3: this is no command: "),
        ("> SET k \"v\n", "1: this is no command: SET k \"v"),
        ("b>> GET 'x\n", "1: this is no command: GET 'x"),
        ("raw > PING a\n", "1: the bytes of a raw line stand in one pair of quotes"),
        ("@wired\n", "1: unknown directive @wired"),
        ("@seed many\n", "1: @seed takes a whole number"),
        ("@config maxmemory\n", "1: @config takes a name and a value"),
        ("@task\n", "1: @task takes the title of a task"),
        ("> KEYS *\n1) \"a\"\n(in any order)\n2) \"b\"\n", "4: nothing may stand below (in any order)"),
        ("+10x\n", "1: a reply without a command: +10x"),
    ] {
        let got = Transcript::parse(text).expect_err(text).to_string();
        assert!(got.starts_with(wanted), "{got}\nis not\n{wanted}");
    }
    assert_eq!(Transcript::parse_at("OK", 40).expect_err("a reply").line, 40);
}

#[test]
fn what_was_read_is_printed_again() {
    let text = "# a comment\n@seed 7\n@config maxmemory 1mb\nb@resp3\n\n> SET k v EX 2\nOK\n+1999ms\nb> GET k\n\"v\"\n\
        c>> BLPOP q 5\nc<<\n(no reply)\nraw d> \"PING\\r\\n\"\nPONG\n!kill n1\n@virtual\n@wire\n> KEYS *\n[\"k\"]\n(in any order)\n\
        @print\n@task One\n";
    let transcript = Transcript::parse(text).expect("a transcript");
    assert_eq!(transcript.to_string(), text);
    assert!(transcript.has_faults());
    assert_eq!(transcript.tasks().len(), 1);
}

#[test]
fn a_comment_is_no_reply_and_a_reply_no_comment() {
    check("# before\n> SET k v\nOK\n\n# after\n> GET k\n\"v\"\n");
    let report = play("> SET k v\n# not a comment: it stands where the reply does\n");
    assert_eq!(report.differences[0].wanted.lines, ["# not a comment: it stands where the reply does"]);
}

#[test]
fn clients_have_connections_of_their_own() {
    check(
        "> SELECT 1\nOK\n> SET k here\nOK\nb> GET k\n(nil)\nb> SELECT 1\nOK\nb> GET k\n\"here\"\na> GET k\n\"here\"\n",
    );
}

#[test]
fn time_passes_when_it_is_told_to() {
    check("> SET k v EX 2\nOK\n+1999ms\n> GET k\n\"v\"\n+2ms\n> GET k\n(nil)\n");
    check("> SET k v\nOK\n> EXPIRE k 86400\n(integer) 1\n+1d\n+1s\n> EXISTS k\n(integer) 0\n");
}

#[test]
fn types_are_told_apart_in_wire_notation() {
    check(
        "@wire\n> SET n 1\n+OK\n> INCR n\n:2\n> GET n\n\"2\"\n> GET none\n(nil)\n> INCR\n-ERR wrong number of arguments for 'incr' command\n",
    );
    check("@wire\nb@resp3\nb> GET none\nnull\n> GET none\n(nil)\n@print\n> GET none\n(nil)\n");
}

#[test]
fn a_client_at_a_prompt_waits_and_is_told_how_long() {
    check("> BLPOP q 1\n(nil)\n(1.00s)\n> BLPOP q 0.4\n(nil)\n");
    check("b>> BLPOP q 5\nb<<\n(no reply)\n+2s\n> RPUSH q job\n(integer) 1\nb<<\n1) \"q\"\n2) \"job\"\n(2.00s)\n");
    check("b>> BLPOP q 5\n+6s\nb<<\n(nil)\n(5.00s)\n");
}

#[test]
fn bytes_can_be_sent_as_they_are() {
    check("raw > \"PING\\r\\n\"\nPONG\nraw > \"*1\\r\\n\"\n(no reply)\nraw > \"$4\\r\\nPING\\r\\n\"\nPONG\n");
}

#[test]
fn a_difference_tells_line_command_and_reply_and_can_be_blessed() {
    let text = "> SET k v\nOK\n> GET k\n\"w\"\n> KEYS *\n1) \"j\"\n";
    let report = play(text);
    let lines: Vec<u32> = report.differences.iter().map(|difference| difference.line).collect();
    assert_eq!((report.compared, lines), (3, vec![3, 5]));
    assert_eq!(report.differences[0].to_string(), "line 3: GET k\n  wanted  \"w\"\n  got     \"v\"\n");
    let mut transcript = Transcript::parse(text).expect("a transcript");
    transcript.bless(&report);
    assert_eq!(transcript.to_string(), "> SET k v\nOK\n> GET k\n\"v\"\n> KEYS *\n1) \"k\"\n");
    check(&transcript.to_string());
}

#[test]
fn faults_need_more_than_one_server() {
    let mut stage = WorldStage::new(World::new(&WorldConfig::default()));
    let transcript = Transcript::parse("> PING\nPONG\n!kill n1\n").expect("a transcript");
    let error = Play::new(&mut stage).run(&transcript).expect_err("no such world");
    assert_eq!(error.to_string(), "3: !kill n1 needs a world of several servers");
}

#[test]
fn a_reply_is_read_only_from_a_client_that_has_come() {
    let mut stage = WorldStage::new(World::new(&WorldConfig::default()));
    let transcript = Transcript::parse("b<<\n(no reply)\n").expect("a transcript");
    assert!(Play::new(&mut stage).run(&transcript).is_err());
}

/// Whatever stands in a file, reading it ends well, and what could be read is printed as what is read again.
#[test]
fn any_text_can_be_read() {
    let pieces = [
        "> ",
        "b> ",
        "a>> ",
        "b<<",
        "raw > ",
        "\"x\"",
        "+1s",
        "+",
        "@",
        "wire",
        "task T",
        "# c",
        "!kill",
        "é",
        "\n",
        "\n",
        "\n\n",
        "GET k",
        "(in any order)",
        "...",
    ];
    let mut state = 7_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        if let Ok(transcript) = Transcript::parse(&text) {
            let printed = transcript.to_string();
            let again = Transcript::parse(&printed).unwrap_or_else(|error| panic!("{text:?}\n{printed:?}\n{error}"));
            assert_eq!(again.to_string(), printed, "{text:?}");
        }
    }
}
