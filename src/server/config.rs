//! The configuration: a file, standard input and the command line, in redis-server's own way.
//!
//! As in Redis the options of the command line are turned into lines of a configuration and put behind those of the file, so
//! that there is one syntax, one set of complaints, and what comes later wins.

use engine::Text;
use engine::config::{self, PARAMETERS};
use resp::request::{Span, split_line};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The version whose behaviour is followed.
pub const REDIS_VERSION: &str = "8.6.3";

/// Directives of Redis that this server does not follow. To start without them, where somebody relies on them, would be worse
/// than not to start.
const UNSUPPORTED: [&str; 9] =
    ["aclfile", "loadmodule", "rename-command", "replicaof", "sentinel", "slaveof", "tls-cluster", "tls-port", "user"];
/// Directives whose value is made of several words.
const SEVERAL_WORDS: [&str; 5] =
    ["bind", "client-output-buffer-limit", "latency-tracking-info-percentiles", "oom-score-adj-values", "save"];

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// All parameters, as CONFIG shows them.
    pub settings: config::Settings,
    /// What was asked for and is accepted, but has no effect here: said once in the log.
    pub without_effect: Vec<&'static str>,
    saves: bool,
}

/// Why the server does not start.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A line that cannot be followed.
    Line { number: usize, line: String, complaint: String },
    /// A file that cannot be read.
    File { path: String, reason: String },
}

impl Refusal {
    /// What redis-server prints to standard error, or nothing if it goes to the log.
    pub fn banner(&self) -> Option<String> {
        let Refusal::Line { number, line, complaint } = self else { return None };
        Some(format!(
            "\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***\nReading the configuration file, at line {number}\n>>> '{line}'\n{complaint}\n"
        ))
    }
}

/// What the command line names: the file, and lines made of its options.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    pub file: Option<String>,
    pub stdin: bool,
    pub lines: String,
}

impl CommandLine {
    /// Sorts the arguments of the process (its name left out).
    pub fn parse(arguments: &[String]) -> CommandLine {
        let mut line = CommandLine::default();
        let mut rest = arguments;
        if let [first, tail @ ..] = rest
            && (!first.starts_with('-') || first == "-")
        {
            line.stdin = first == "-";
            line.file = (!line.stdin).then(|| first.clone());
            rest = tail;
        }
        if let [head @ .., last] = rest
            && last == "-"
        {
            line.stdin = true;
            rest = head;
        }
        for argument in rest {
            if let Some(name) = argument.strip_prefix("--") {
                line.lines.push('\n');
                line.lines.push_str(name);
            } else {
                line.lines.push(' ');
                quote(argument, &mut line.lines);
            }
        }
        line
    }
}

/// As Redis shows a string: in double quotes, what is not printable escaped.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for byte in text.bytes() {
        match byte {
            b'\\' | b'"' => out.extend(['\\', char::from(byte)]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            0x20..=0x7e => out.push(char::from(byte)),
            _ => {
                out.push_str("\\x");
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
                }
            }
        }
    }
    out.push('"');
}

impl Configuration {
    /// Reads everything that the command line names.
    pub fn load(command_line: &CommandLine) -> Result<Configuration, Refusal> {
        let mut text = String::new();
        if let Some(path) = &command_line.file {
            text = read_file(&std::path::absolute(path).unwrap_or_else(|_| path.into()))?;
        }
        if command_line.stdin {
            text.push('\n');
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Refusal::File { path: "-".to_owned(), reason: reason(&error) })?;
        }
        text.push_str(&command_line.lines);
        let mut configuration = Configuration::default();
        configuration.follow(&text, 0)?;
        Ok(configuration)
    }

    /// Follows the lines of a configuration.
    pub fn follow(&mut self, text: &str, depth: usize) -> Result<(), Refusal> {
        for (index, line) in text.split('\n').enumerate() {
            let line = line.trim_matches([' ', '\t', '\r', '\n']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refuse = |complaint: String| Refusal::Line { number: index + 1, line: line.to_owned(), complaint };
            let words = split(line).ok_or_else(|| refuse("Unbalanced quotes in configuration line".to_owned()))?;
            let Some((name, values)) = words.split_first() else { continue };
            let name = name.to_ascii_lowercase();
            if name == "include" && values.len() == 1 {
                if depth > 16 {
                    return Err(refuse("Too many nested includes".to_owned()));
                }
                for path in matching(&values[0]) {
                    self.follow(&read_file(&path)?, depth + 1)?;
                }
            } else {
                self.set(&name, values).map_err(refuse)?;
            }
        }
        Ok(())
    }

    /// One directive; the error is Redis' complaint about it.
    fn set(&mut self, name: &str, values: &[String]) -> Result<(), String> {
        let asks = values.iter().any(|value| !matches!(value.as_str(), "" | "0" | "no"));
        if UNSUPPORTED.contains(&name) && asks || name == "cluster-enabled" && values == ["yes"] {
            return Err(format!("'{name}' is not supported by Rediscover"));
        }
        let index = config::find(name.as_bytes()).ok_or("Bad directive or wrong number of arguments")?;
        let name = PARAMETERS[index].name;
        let mut wanted = match values {
            [value] => value.clone(),
            values if SEVERAL_WORDS.contains(&name) => values.join(" "),
            _ => return Err("wrong number of arguments".to_owned()),
        };
        let checked = PARAMETERS[index].check(wanted.as_bytes(), self.settings.at(index));
        let mut value = checked.map_err(std::borrow::Cow::into_owned)?;
        match name {
            "dir" => std::env::set_current_dir(&wanted).map_err(|error| reason(&error))?,
            "unixsocketperm" if u32::from_str_radix(&wanted, 8).is_ok_and(|permissions| permissions <= 0o777) => {}
            "unixsocketperm" => return Err("argument couldn't be parsed into an integer".to_owned()),
            // The first line takes the place of what holds by default, the others add to it.
            "save" if std::mem::replace(&mut self.saves, true) && !wanted.is_empty() => {
                wanted = String::from_utf8_lossy(&[self.settings.at(index), b" ", &value].concat()).into_owned();
                value = Text::new(wanted.trim_start().as_bytes());
            }
            _ => {}
        }
        self.settings.put(index, value);
        let effect = match name {
            "appendonly" if self.settings.is_yes(name) => "appendonly yes: the keyspace lives in memory only",
            "save" if !wanted.is_empty() => "save: the keyspace lives in memory only",
            _ => return Ok(()),
        };
        if !self.without_effect.contains(&effect) {
            self.without_effect.push(effect);
        }
        Ok(())
    }
}

/// The words of a line, unquoted.
fn split(line: &str) -> Option<Vec<String>> {
    let (mut bytes, mut spans): (Vec<u8>, Vec<Span>) = Default::default();
    split_line(line.as_bytes(), &mut bytes, &mut spans)?;
    Some(spans.iter().map(|span| String::from_utf8_lossy(span.of(&bytes)).into_owned()).collect())
}

fn read_file(path: &Path) -> Result<String, Refusal> {
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(Refusal::File { path: path.display().to_string(), reason: reason(&error) }),
    }
}

/// The system's words for an error, without Rust's number behind them.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// The files that an include names; `*` and `?` stand for anything in the last part of the path.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let path = Path::new(pattern);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return vec![path.to_owned()];
    };
    if !name.contains(['*', '?']) {
        return vec![path.to_owned()];
    }
    let listed = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let mut found: Vec<PathBuf> = listed
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| fits(name.as_bytes(), entry.file_name().as_encoded_bytes()))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|skipped| fits(rest, &name[skipped..])),
        ([b'?', rest @ ..], [_, tail @ ..]) => fits(rest, tail),
        ([letter, rest @ ..], [first, tail @ ..]) => letter == first && fits(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command_line(arguments: &[&str]) -> CommandLine {
        CommandLine::parse(&arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
    }

    fn loaded(arguments: &[&str]) -> Result<Configuration, Refusal> {
        Configuration::load(&command_line(arguments))
    }

    #[test]
    fn options_become_lines_behind_the_file() {
        let line = command_line(&["redis.conf", "--port", "7777", "--save", "", "--logfile", "a b\"", "-"]);
        assert_eq!(line.file.as_deref(), Some("redis.conf"));
        assert!(line.stdin);
        assert_eq!(line.lines, "\nport \"7777\"\nsave \"\"\nlogfile \"a b\\\"\"");
        assert_eq!(command_line(&["-"]), CommandLine { stdin: true, ..CommandLine::default() });
    }

    #[test]
    fn later_directives_win() {
        let mut read = Configuration::default();
        let text = "# comment\n   PORT   7302\r\nbind \"127.0.0.1\" '::1'\nsave 60 1000\nsave 300 10\nport 7303\nloglevel Verbose\n\ndatabases 4";
        read.follow(text, 0).unwrap();
        let shown = ["port", "databases", "loglevel", "bind", "save"]
            .map(|name| String::from_utf8_lossy(read.settings.get(name)));
        assert_eq!(shown, ["7303", "4", "verbose", "127.0.0.1 ::1", "60 1000 300 10"]);
        assert_eq!(read.without_effect.len(), 1);
    }

    /// Recorded from redis-server 8.6.3.
    #[test]
    fn complaints_are_those_of_redis() {
        let cases: &[(&[&str], &str, &str)] = &[
            (&["--port"], "port", "wrong number of arguments"),
            (&["--port", "abc"], "port \"abc\"", "argument couldn't be parsed into an integer"),
            (&["--port", "70000"], "port \"70000\"", "argument must be between 0 and 65535 inclusive"),
            (&["--port", "7301", "x"], "port \"7301\" \"x\"", "wrong number of arguments"),
            (&["--port=7301"], "port=7301", "Bad directive or wrong number of arguments"),
            (&["--databases", "0"], "databases \"0\"", "argument must be between 1 and 2147483647 inclusive"),
            (&["--maxclients", "0"], "maxclients \"0\"", "argument must be between 1 and 4294967295 inclusive"),
            (&["--save", "foo"], "save \"foo\"", "Invalid save parameters"),
            (&["--appendonly", "maybe"], "appendonly \"maybe\"", "argument must be 'yes' or 'no'"),
            (&["--maxmemory", "10xb"], "maxmemory \"10xb\"", "argument must be a memory value"),
            (&["--dir", "/nonexistent"], "dir \"/nonexistent\"", "No such file or directory"),
            (
                &["--loglevel", "foo"],
                "loglevel \"foo\"",
                "argument(s) must be one of the following: debug, verbose, notice, warning, nothing",
            ),
            (
                &["--client-output-buffer-limit", "normal", "1", "2"],
                "client-output-buffer-limit \"normal\" \"1\" \"2\"",
                "Wrong number of arguments in buffer limit configuration.",
            ),
            (
                &["--client-output-buffer-limit", "foo", "1", "2", "3"],
                "client-output-buffer-limit \"foo\" \"1\" \"2\" \"3\"",
                "Invalid client class specified in buffer limit configuration.",
            ),
        ];
        for (arguments, line, complaint) in cases {
            let refusal = Refusal::Line { number: 2, line: (*line).to_owned(), complaint: (*complaint).to_owned() };
            assert_eq!(loaded(arguments).err(), Some(refusal), "{arguments:?}");
        }
        let unbalanced = Configuration::default().follow("port 1\nloglevel \"unb\n", 0);
        let complaint = "Unbalanced quotes in configuration line".to_owned();
        assert_eq!(unbalanced, Err(Refusal::Line { number: 2, line: "loglevel \"unb".to_owned(), complaint }));
    }

    #[test]
    fn what_would_mislead_is_refused() {
        for arguments in [&["--user", "alice on"][..], &["--replicaof", "a", "1"], &["--cluster-enabled", "yes"]] {
            assert!(loaded(arguments).is_err(), "{arguments:?}");
        }
        for arguments in
            [&["--requirepass", "secret"][..], &["--cluster-enabled", "no"], &["--tls-port", "0"], &["--save"]]
        {
            assert!(loaded(arguments).is_ok(), "{arguments:?}");
        }
    }
}
