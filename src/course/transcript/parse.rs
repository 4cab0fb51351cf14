//! From text to steps.

use super::{Client, Directive, Expected, Line, Step, Transcript};
use core::fmt;

/// Why a transcript, or something that contains one, cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub line: u32,
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}

impl core::error::Error for ParseError {}

pub(super) fn parse(text: &str, first: u32) -> Result<Transcript, ParseError> {
    let mut lines: Vec<Line> = Vec::new();
    // Whether the lines that follow belong to the reply of the last step.
    let mut replying = false;
    for (number, line) in (first..).zip(text.lines()) {
        let error = |message: String| ParseError { line: number, message };
        let step = if line.trim().is_empty() { Some(Step::Blank) } else { step(line, replying).map_err(error)? };
        match step {
            Some(step) => {
                replying = matches!(step, Step::Command { .. } | Step::Receive { .. } | Step::Raw { .. });
                lines.push(Line { number, step });
            }
            None => {
                let last = lines.last_mut().filter(|_| replying).map(|line| &mut line.step);
                let Some(Step::Command { reply, .. } | Step::Receive { reply, .. } | Step::Raw { reply, .. }) = last
                else {
                    return Err(error(format!("a reply without a command: {line}")));
                };
                if reply.any_order {
                    return Err(error("nothing may stand below (in any order)".to_owned()));
                }
                if line == "(in any order)" {
                    reply.any_order = true;
                } else {
                    reply.lines.push(line.to_owned());
                }
            }
        }
    }
    while lines.last().is_some_and(|line| line.step == Step::Blank) {
        lines.pop();
    }
    Ok(Transcript { lines })
}

/// The step that a line begins; `None` for a line of a reply.
fn step(line: &str, replying: bool) -> Result<Option<Step>, String> {
    if let Some(text) = line.strip_prefix('#')
        && !replying
    {
        return Ok(Some(Step::Comment(text.to_owned())));
    }
    if let Some(text) = line.strip_prefix('!')
        && text.starts_with(|first: char| first.is_ascii_lowercase())
    {
        return Ok(Some(Step::Fault(text.to_owned())));
    }
    if let Some(us) = line.strip_prefix('+').and_then(duration) {
        return Ok(Some(Step::Pass { us, text: line[1..].to_owned() }));
    }
    if let Some(rest) = line.strip_prefix("raw ")
        && let Some((client, mark, text)) = head(rest)
        && mark == "> "
    {
        if arguments(text).is_none_or(|bytes| bytes.len() != 1) {
            return Err("the bytes of a raw line stand in one pair of quotes".to_owned());
        }
        return Ok(Some(Step::Raw { client, text: text.to_owned(), reply: Expected::default() }));
    }
    let Some((client, mark, text)) = head(line) else { return Ok(None) };
    match mark {
        "@" => directive(client, text).map(|directive| Some(Step::Directive(directive))),
        "<<" => Ok(Some(Step::Receive { client, reply: Expected::default() })),
        _ => {
            if arguments(text).is_none_or(|words| words.is_empty()) {
                return Err(format!("this is no command: {text}"));
            }
            let text = text.to_owned();
            Ok(Some(match mark {
                "> " => Step::Command { client, text, reply: Expected::default() },
                _ => Step::Send { client, text },
            }))
        }
    }
}

/// Splits `b>> BLPOP q 0` into client, mark and the rest.
fn head(line: &str) -> Option<(Client, &str, &str)> {
    let end = line.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.starts_with(|first: char| first.is_ascii_digit()) || name.len() > 8 {
        return None;
    }
    let client = Client { name: (!name.is_empty()).then(|| name.to_owned()) };
    if rest == "<<" {
        return Some((client, "<<", ""));
    }
    for mark in ["> ", ">> "] {
        if let Some(text) = rest.strip_prefix(mark) {
            return Some((client, mark, text));
        }
    }
    let text = rest.strip_prefix('@')?;
    Some((client, "@", text))
}

fn directive(client: Client, text: &str) -> Result<Directive, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    match (word, rest) {
        ("wire", "") => Ok(Directive::Wire),
        ("print", "") => Ok(Directive::Print),
        ("virtual", "") => Ok(Directive::Virtual),
        ("resp3", "") => Ok(Directive::Resp3(client)),
        ("seed", number) => match number.parse() {
            Ok(seed) => Ok(Directive::Seed(seed)),
            Err(_) => Err(format!("@seed takes a whole number, not “{number}”")),
        },
        ("task", "") => Err("@task takes the title of a task".to_owned()),
        ("task", title) => Ok(Directive::Task(title.to_owned())),
        ("config", setting) => match setting.split_once(' ') {
            Some((name, value)) => Ok(Directive::Config { name: name.to_owned(), value: value.trim().to_owned() }),
            None => Err("@config takes a name and a value".to_owned()),
        },
        _ => Err(format!("unknown directive @{word} (there are wire, print, resp3, config, seed, virtual and task)")),
    }
}

/// Microseconds in `10ms`, `2s`, `1h`.
fn duration(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// The arguments of a command line, quoted as at redis-cli's prompt; `None` where quotes are not closed.
pub fn arguments(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut spans = Vec::new();
    resp::request::split_line(text.as_bytes(), &mut bytes, &mut spans)?;
    Some(spans.iter().map(|span| span.of(&bytes).to_vec()).collect())
}
