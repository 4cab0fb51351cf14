//! Goals: has the learner arrived?
//!
//! A goal is a transcript. It is played on a copy of the learner's world by a client that nobody sees, so that asking changes
//! nothing, lets time pass if it wants to, and takes any route for right that leads to the same place. What the learner typed is held
//! against the task's rules. A goal that is not met says what differs, key by key.

use crate::lesson::Task;
use crate::rule::Broken;
use crate::stage::WorldStage;
use crate::transcript::{Difference, ParseError, Play, Transcript, arguments, integer_range};
use core::fmt;
use resp::Value;
use sim::World;

/// What came of checking a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is not as it should be.
    pub unmet: Vec<Unmet>,
    /// Rules that were not kept.
    pub broken: Vec<Broken>,
}

impl Verdict {
    pub fn is_met(&self) -> bool {
        self.unmet.is_empty() && self.broken.is_empty()
    }
}

/// Something that is not as it should be: `wanted TTL otp:7 from 1 to 97; you have -1, no expiry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The keys it is about.
    pub keys: Vec<String>,
    /// What was asked: `TTL otp:7`.
    pub asked: String,
    /// When, if the goal lets time pass first: `2 minutes later`.
    pub later: Option<String>,
    pub wanted: String,
    pub have: String,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wanted {} {}", self.asked, self.wanted)?;
        if let Some(later) = &self.later {
            write!(f, " {later}")?;
        }
        write!(f, "; you have {}", self.have)
    }
}

/// Checks a task in `world`, where `typed` are the commands since the task began (see [`crate::rule::since`]).
pub fn check(world: &World, task: &Task, typed: &[Vec<Vec<u8>>]) -> Result<Verdict, ParseError> {
    let goal = Transcript::parse(&task.goal)?;
    let mut stage = WorldStage::new(world.fork());
    let report = Play::new(&mut stage).run(&goal)?;
    Ok(Verdict {
        unmet: report.differences.iter().map(explain).collect(),
        broken: task.rules.iter().filter_map(|rule| rule.broken(typed)).collect(),
    })
}

/// Says a difference in words.
pub fn explain(difference: &Difference) -> Unmet {
    let words: Vec<String> = arguments(&difference.command)
        .unwrap_or_default()
        .iter()
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let command = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let keys = match command.as_str() {
        "EXISTS" | "MGET" => words[1..].to_vec(),
        "DBSIZE" | "SELECT" | "PING" => Vec::new(),
        _ => words.get(1).cloned().into_iter().collect(),
    };
    Unmet {
        wanted: wanted(&command, &keys, &difference.wanted.lines),
        have: have(&command, &keys, difference),
        asked: difference.command.clone(),
        later: (difference.later > 0).then(|| format!("{} later", span(difference.later))),
        keys,
    }
}

fn wanted(command: &str, keys: &[String], lines: &[String]) -> String {
    let [line] = lines else { return list(lines) };
    if let Some((low, high)) = integer_range(line) {
        return format!("from {low} to {high}");
    }
    match line.strip_prefix("(integer) ") {
        Some(number) => with_meaning(command, keys, number),
        None => element(line).to_owned(),
    }
}

fn have(command: &str, keys: &[String], difference: &Difference) -> String {
    match &difference.value {
        Some(Value::Integer(number)) => with_meaning(command, keys, &number.to_string()),
        Some(Value::NullBulk | Value::Null | Value::NullArray) => match command {
            "GET" => "(nil), no such key".to_owned(),
            "HGET" => "(nil), no such field".to_owned(),
            "ZSCORE" => "(nil), no such member".to_owned(),
            _ => "(nil)".to_owned(),
        },
        Some(Value::Error(text)) if text.starts_with(b"WRONGTYPE") => "a value of another type".to_owned(),
        Some(Value::Array(elements)) if elements.is_empty() => "nothing: it is empty, or does not exist".to_owned(),
        _ => list(&difference.got),
    }
}

/// A number, and what it means where it is a code.
fn with_meaning(command: &str, keys: &[String], number: &str) -> String {
    let meaning = match (command, number) {
        ("TTL" | "PTTL" | "EXPIRETIME" | "PEXPIRETIME", "-1") => "no expiry",
        ("TTL" | "PTTL" | "EXPIRETIME" | "PEXPIRETIME", "-2") => "no such key",
        ("EXISTS", "0") if keys.len() == 1 => "it does not exist",
        ("EXISTS", "1") if keys.len() == 1 => "it exists",
        ("EXISTS", "0") => "none of them exists",
        ("EXISTS", number) if *number == *keys.len().to_string() => "all of them exist",
        ("SISMEMBER", "0") => "it is not a member",
        ("SISMEMBER", "1") => "it is a member",
        _ => return number.to_owned(),
    };
    format!("{number}, {meaning}")
}

/// The lines of a reply in one.
fn list(lines: &[String]) -> String {
    const SHOWN: usize = 8;
    if lines.is_empty() || lines == ["(empty array)"] {
        return "nothing".to_owned();
    }
    let mut text = lines.iter().take(SHOWN).map(|line| element(line)).collect::<Vec<_>>().join(", ");
    if lines.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

/// A line of a reply without its place in an array.
fn element(line: &str) -> &str {
    let mut rest = line.trim();
    while let Some((index, behind)) = rest.split_once(") ")
        && !index.is_empty()
        && index.bytes().all(|byte| byte.is_ascii_digit())
    {
        rest = behind.trim_start();
    }
    rest
}

/// Microseconds in words.
fn span(us: u64) -> String {
    for (unit, name) in
        [(86_400_000_000, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second")]
    {
        if us >= unit && us.is_multiple_of(unit) {
            let count = us / unit;
            return format!("{count} {name}{}", if count == 1 { "" } else { "s" });
        }
    }
    format!("{} ms", us / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Expected;

    fn said(command: &str, wanted: &str, value: Value, got: &str) -> String {
        explain(&Difference {
            line: 1,
            command: command.to_owned(),
            wanted: Expected { lines: wanted.lines().map(str::to_owned).collect(), any_order: false },
            got: got.lines().map(str::to_owned).collect(),
            value: Some(value),
            later: 0,
        })
        .to_string()
    }

    #[test]
    fn a_difference_is_said_in_words() {
        assert_eq!(
            said("TTL otp:7", "(integer) 1..97", Value::Integer(-1), "(integer) -1"),
            "wanted TTL otp:7 from 1 to 97; you have -1, no expiry"
        );
        assert_eq!(
            said("GET session:c0de", "\"Grace\"", Value::NullBulk, "(nil)"),
            "wanted GET session:c0de \"Grace\"; you have (nil), no such key"
        );
        assert_eq!(
            said("EXISTS a b", "(integer) 0", Value::Integer(2), "(integer) 2"),
            "wanted EXISTS a b 0, none of them exists; you have 2, all of them exist"
        );
        assert_eq!(
            said(
                "LRANGE cart 0 -1",
                "1) \"apples\"\n2) \"plums\"",
                Value::Array(vec![Value::bulk("pears")]),
                "1) \"pears\""
            ),
            "wanted LRANGE cart 0 -1 \"apples\", \"plums\"; you have \"pears\""
        );
        let wrong = Value::Error(b"WRONGTYPE Operation against a key holding the wrong kind of value".to_vec());
        assert_eq!(said("GET l", "\"x\"", wrong, "(error) .."), "wanted GET l \"x\"; you have a value of another type");
    }

    #[test]
    fn spans_are_said_in_the_largest_unit() {
        assert_eq!(span(120_000_000), "2 minutes");
        assert_eq!(span(1_000_000), "1 second");
        assert_eq!(span(1_500_000), "1500 ms");
    }
}
