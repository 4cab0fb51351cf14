//! Random commands on the engine and on a real server, reply by reply.
//!
//! A stream of short episodes: both sides are emptied, the same commands go to both, every reply is compared in type notation, and
//! at the end all that the keys hold. What cannot be equal is made so first (`spec` of each in [`comparable`]): order where
//! there is none, the last digit of what is left of a life. Commands whose replies are drawn by lot are left out.
//!
//! `DIFF_SEED`, `DIFF_EPISODES` and `DIFF_ONLY` (a word in a command's name) narrow it down.

mod generate;

use std::fmt::Write;

use course::stage::WorldStage;
use course::transcript::{Stage, notation};
use engine::table::{self, Command, Flag, Group};
use generate::Random;
use resp::{Value, request_bytes};
use sim::{Instant, World, WorldConfig};

use crate::oracle::{ORACLE, TcpStage};

/// Replies drawn by lot, cursors into tables, the server's clock, what is not built, and what would stop the show.
const LEFT_OUT: &[&str] = &[
    "randomkey",
    "srandmember",
    "spop",
    "hrandfield",
    "zrandmember",
    "scan",
    "hscan",
    "sscan",
    "zscan",
    "migrate",
    "wait",
    "waitaof",
    "dump",
    "restore",
    "object|freq",
    "object|idletime",
    "object|help",
    "keys",
    "move",
    "swapdb",
    "lcs",
];

fn rows() -> Vec<&'static Command> {
    let only = std::env::var("DIFF_ONLY").unwrap_or_default();
    let groups = [Group::String, Group::Generic, Group::List, Group::Set, Group::SortedSet, Group::Hash];
    let rows = table::all()
        .flat_map(|row| if row.subcommands.is_empty() { vec![row] } else { row.subcommands.iter().collect() });
    rows.filter(|row| groups.contains(&row.group) && !row.has(Flag::Blocking))
        .filter(|row| !LEFT_OUT.contains(&row.full_name) && row.full_name.contains(&only))
        .collect()
}

/// A reply without what may differ.
fn comparable(command: &str, value: &Value) -> String {
    let value = match (command, value) {
        (
            "smembers" | "sinter" | "sunion" | "sdiff" | "hkeys" | "hvals",
            Value::Array(elements) | Value::Set(elements),
        ) => {
            let mut elements: Vec<String> = elements.iter().map(notation).collect();
            elements.sort();
            return format!("{elements:?}");
        }
        ("hgetall", Value::Array(flat)) => {
            let mut pairs: Vec<String> =
                flat.chunks(2).map(|pair| format!("{:?}", pair.iter().map(notation).collect::<Vec<_>>())).collect();
            pairs.sort();
            return pairs.join(" ");
        }
        ("hgetall", Value::Map(pairs)) => {
            let mut pairs: Vec<String> =
                pairs.iter().map(|(field, value)| format!("{} {}", notation(field), notation(value))).collect();
            pairs.sort();
            return pairs.join(" ");
        }
        ("ttl" | "expiretime" | "httl" | "hexpiretime", value) => rounded(value, 10),
        ("pttl" | "pexpiretime" | "hpttl" | "hpexpiretime", value) => rounded(value, 10_000),
        (_, value) => value.clone(),
    };
    notation(&value)
}

/// Large numbers to the nearest multiple: the two servers were asked at two moments.
fn rounded(value: &Value, to: i64) -> Value {
    match value {
        Value::Integer(number) if *number > 0 => Value::Integer(number.saturating_add(to / 2) / to * to),
        Value::Array(elements) => Value::Array(elements.iter().map(|element| rounded(element, to)).collect()),
        other => other.clone(),
    }
}

/// The questions that show all that a key holds.
fn questions(key: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["TYPE", key],
        vec!["OBJECT", "ENCODING", key],
        vec!["TTL", key],
        vec!["GET", key],
        vec!["LRANGE", key, "0", "-1"],
        vec!["SMEMBERS", key],
        vec!["HGETALL", key],
        vec!["ZRANGE", key, "0", "-1", "WITHSCORES"],
    ]
}

struct Two {
    ours: WorldStage,
    theirs: TcpStage,
}

impl Two {
    fn ask(&mut self, bytes: &[u8]) -> (Option<Value>, Option<Value>) {
        self.theirs.send("a", bytes).expect("the oracle answers");
        let theirs = self.theirs.receive("a", true).expect("the oracle answers");
        self.ours.send("a", bytes).expect("the world answers");
        let ours = self.ours.receive("a", true).expect("the world answers");
        (ours.map(|(value, _)| value), theirs.map(|(value, _)| value))
    }
}

fn typed(words: &[Vec<u8>]) -> String {
    words.iter().map(|word| term::quote::typed(word)).collect::<Vec<_>>().join(" ")
}

fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Instant(since.as_micros() as _)
}

/// One episode; the text says what differs, and how one gets there.
fn episode(address: &str, seed: u64, resp3: bool, rows: &[&Command]) -> (usize, Option<String>) {
    let mut random = Random::new(seed);
    let world = World::new(&WorldConfig { start: now(), ..WorldConfig::default() });
    let mut two = Two { ours: WorldStage::new(world), theirs: TcpStage::new(address).expect("the oracle answers") };
    two.ours.connect("a").expect("the world answers");
    two.theirs.connect("a").expect("the oracle answers");
    if resp3 && table::find(b"hello").is_some() {
        two.ask(&request_bytes(["HELLO", "3"]));
    }
    let mut history = String::new();
    let mut compared = 0;
    let differ = |words: &[Vec<u8>], two: &mut Two, history: &str| {
        let (ours, theirs) = two.ask(&request_bytes(words));
        let name = String::from_utf8_lossy(&words[0]).to_lowercase();
        let show =
            |value: &Option<Value>| value.as_ref().map_or("(no reply)".to_owned(), |value| comparable(&name, value));
        let (ours, theirs) = (show(&ours), show(&theirs));
        (ours != theirs).then(|| format!("{history}> {}\n  Redis {theirs}\n  ours  {ours}\n", typed(words)))
    };
    // Most of an episode is about one type, so that its keys have a life.
    let group = rows[random.below(rows.len())].group;
    let of_group: Vec<&Command> = rows.iter().copied().filter(|row| row.group == group).collect();
    for _ in 0..40 {
        let rows = if random.chance(80) { &of_group[..] } else { rows };
        let row = rows[random.below(rows.len())];
        let words = generate::command(row, &mut random);
        compared += 1;
        if let Some(difference) = differ(&words, &mut two, &history) {
            return (compared, Some(difference));
        }
        let _ = writeln!(history, "> {}", typed(&words));
    }
    for kind in ["s", "l", "e", "z", "h"] {
        for number in 1..=3 {
            let key = format!("{kind}{number}");
            for question in questions(&key).iter().filter(|question| table::find(question[0].as_bytes()).is_some()) {
                compared += 1;
                let words: Vec<Vec<u8>> = question.iter().map(|word| word.as_bytes().to_vec()).collect();
                if let Some(difference) = differ(&words, &mut two, &history) {
                    return (compared, Some(difference));
                }
            }
        }
    }
    (compared, None)
}

#[test]
fn oracle_agrees_on_random_commands() {
    let Ok(address) = std::env::var("REDIS_ORACLE") else {
        println!("oracle: random commands skipped (REDIS_ORACLE names no server)");
        return;
    };
    let _alone = ORACLE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (first, episodes) = (number("DIFF_SEED", 1), number("DIFF_EPISODES", 150));
    let rows = rows();
    let (mut compared, mut differences) = (0, Vec::new());
    for seed in first..first + episodes {
        let (count, difference) = episode(&address, seed, seed % 2 == 0, &rows);
        compared += count;
        differences.extend(difference.map(|difference| format!("DIFF_SEED={seed} DIFF_EPISODES=1\n{difference}")));
        if differences.len() >= 25 {
            break;
        }
    }
    println!("oracle: {compared} replies to random commands of {} kinds compared", rows.len());
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}
