//! The configuration: a file, standard input and the command line, in redis-server's own way.
//!
//! As in Redis the options of the command line are turned into lines of a configuration and put behind those of the file, so
//! that there is one syntax, one set of complaints, and what comes later wins.

use crate::directives::{self, Kind};
use crate::log::Level;
use resp::request::{Span, split_line};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The version whose behaviour is followed.
pub const REDIS_VERSION: &str = "8.6.3";

/// How much a slow reader may be behind: at once, or for longer than a number of seconds. Zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    pub hard: u64,
    pub soft: u64,
    pub soft_seconds: u64,
}

/// What the server is to do.
#[derive(Clone, Debug)]
pub struct Settings {
    pub port: u16,
    pub bind: Vec<String>,
    pub unix_socket: Option<PathBuf>,
    pub unix_socket_permissions: Option<u32>,
    pub databases: usize,
    pub max_clients: usize,
    pub idle_timeout_seconds: u64,
    pub tcp_backlog: i32,
    pub tcp_keepalive_seconds: u64,
    pub protected: bool,
    pub output_limit: OutputLimit,
    pub max_bulk: i64,
    pub query_limit: usize,
    pub log_level: Level,
    pub log_file: Option<PathBuf>,
    pub pid_file: Option<PathBuf>,
    pub daemonize: bool,
    /// What was asked for and is accepted, but has no effect here: said once in the log.
    pub without_effect: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            port: 6379,
            bind: vec!["*".to_owned(), "-::*".to_owned()],
            unix_socket: None,
            unix_socket_permissions: None,
            databases: 16,
            max_clients: 10_000,
            idle_timeout_seconds: 0,
            tcp_backlog: 511,
            tcp_keepalive_seconds: 300,
            protected: true,
            output_limit: OutputLimit::default(),
            max_bulk: 512 << 20,
            query_limit: 1 << 30,
            log_level: Level::Notice,
            log_file: None,
            pid_file: None,
            daemonize: false,
            without_effect: Vec::new(),
        }
    }
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

impl Settings {
    /// Reads everything that the command line names.
    pub fn load(command_line: &CommandLine) -> Result<Settings, Refusal> {
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
        let mut settings = Settings::default();
        settings.follow(&text, 0)?;
        Ok(settings)
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
        const UNKNOWN: &str = "Bad directive or wrong number of arguments";
        let kind = directives::find(name).ok_or(UNKNOWN)?;
        let number = check(kind, values)?;
        let text = || values.first().cloned().unwrap_or_default();
        let path = || values.first().filter(|path| !path.is_empty()).map(PathBuf::from);
        let yes = values.first().is_some_and(|value| value.eq_ignore_ascii_case("yes"));
        match name {
            "port" => self.port = number as u16,
            "bind" => self.bind = values.iter().filter(|address| !address.is_empty()).cloned().collect(),
            "unixsocket" => self.unix_socket = path(),
            "unixsocketperm" => {
                let permissions = u32::from_str_radix(&text(), 8).ok().filter(|permissions| *permissions <= 0o777);
                self.unix_socket_permissions = Some(permissions.ok_or("argument couldn't be parsed into an integer")?);
            }
            "databases" => self.databases = number as usize,
            "maxclients" => self.max_clients = number as usize,
            "timeout" => self.idle_timeout_seconds = number as u64,
            "tcp-backlog" => self.tcp_backlog = number as i32,
            "tcp-keepalive" => self.tcp_keepalive_seconds = number as u64,
            "protected-mode" => self.protected = yes,
            "daemonize" => self.daemonize = yes,
            "pidfile" => self.pid_file = path(),
            "loglevel" => self.log_level = Level::named(&text()).unwrap_or_default(),
            "logfile" => self.log_file = path(),
            "dir" => std::env::set_current_dir(text()).map_err(|error| reason(&error))?,
            "client-output-buffer-limit" => self.limit_output(values)?,
            "proto-max-bulk-len" if number < 1 << 20 => {
                return Err(format!("argument must be between 1048576 and {} inclusive", i64::MAX));
            }
            "proto-max-bulk-len" => self.max_bulk = number,
            "client-query-buffer-limit" => self.query_limit = number as usize,
            "save" => self.save(values)?,
            // To start without a password, or as a master of its own, where something else was asked for would be worse than
            // not to start.
            "requirepass" | "user" | "aclfile" | "replicaof" | "slaveof" | "loadmodule" | "tls-port"
            | "rename-command" | "sentinel"
                if text() != "0" && !text().is_empty() && !text().eq_ignore_ascii_case("no") =>
            {
                return Err(format!("'{name}' is not supported by Rediscover"));
            }
            "cluster-enabled" if yes => return Err("'cluster-enabled' is not supported by Rediscover".to_owned()),
            "appendonly" if yes => self.ignore("appendonly yes: the keyspace lives in memory only"),
            "maxmemory" if number > 0 => self.ignore("maxmemory: nothing is evicted"),
            _ => {}
        }
        Ok(())
    }

    fn ignore(&mut self, what: &str) {
        if !self.without_effect.iter().any(|known| known == what) {
            self.without_effect.push(what.to_owned());
        }
    }

    /// `save ""`, or pairs of seconds and changes.
    fn save(&mut self, values: &[String]) -> Result<(), String> {
        const INVALID: &str = "Invalid save parameters";
        match values {
            [] => Ok(()),
            [nothing] if nothing.is_empty() => Ok(()),
            pairs if pairs.len().is_multiple_of(2) => {
                for pair in pairs.chunks(2) {
                    let number = |at: usize| resp::number::parse_integer(pair[at].as_bytes()).ok_or(INVALID);
                    if number(0)? < 1 || number(1)? < 0 {
                        return Err(INVALID.to_owned());
                    }
                }
                self.ignore("save: the keyspace lives in memory only");
                Ok(())
            }
            _ => Err(INVALID.to_owned()),
        }
    }

    /// Class, hard limit, soft limit and its seconds, as often as one likes. Only normal clients exist here.
    fn limit_output(&mut self, values: &[String]) -> Result<(), String> {
        if !values.len().is_multiple_of(4) {
            return Err("Wrong number of arguments in buffer limit configuration.".to_owned());
        }
        for limit in values.chunks(4) {
            let class = limit[0].to_ascii_lowercase();
            if !matches!(class.as_str(), "normal" | "slave" | "replica" | "pubsub") {
                return Err("Invalid client class specified in buffer limit configuration.".to_owned());
            }
            let wrong = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
            let hard = memory(&limit[1]).ok_or(wrong)?;
            let soft = memory(&limit[2]).ok_or(wrong)?;
            let seconds =
                resp::number::parse_integer(limit[3].as_bytes()).filter(|seconds| *seconds >= 0).ok_or(wrong)?;
            if class == "normal" {
                self.output_limit = OutputLimit { hard, soft, soft_seconds: seconds as u64 };
            }
        }
        Ok(())
    }
}

/// Checks the values of a directive; gives the number where there is one.
fn check(kind: &Kind, values: &[String]) -> Result<i64, String> {
    const COUNT: &str = "wrong number of arguments";
    let value = match (kind, values) {
        (Kind::Words, _) => return Ok(0),
        (Kind::Pair, [_, _]) => return Ok(0),
        (Kind::Pair, _) => return Err(COUNT.to_owned()),
        (_, [value]) => value,
        _ => return Err(COUNT.to_owned()),
    };
    match kind {
        Kind::Bool if !value.eq_ignore_ascii_case("yes") && !value.eq_ignore_ascii_case("no") => {
            Err("argument must be 'yes' or 'no'".to_owned())
        }
        Kind::Integer(least, most) => {
            let number = resp::number::parse_integer(value.as_bytes());
            let number = number.ok_or("argument couldn't be parsed into an integer")?;
            if (*least..=*most).contains(&number) {
                Ok(number)
            } else {
                Err(format!("argument must be between {least} and {most} inclusive"))
            }
        }
        Kind::Memory => {
            let number = memory(value).ok_or("argument must be a memory value")?;
            Ok(i64::try_from(number).unwrap_or(i64::MAX))
        }
        Kind::OneOf(words) if !words.iter().any(|word| word.eq_ignore_ascii_case(value)) => {
            Err(format!("argument(s) must be one of the following: {}", words.join(", ")))
        }
        _ => Ok(0),
    }
}

/// A number of bytes, with a unit: `1k` is 1000, `1kb` is 1024.
fn memory(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
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

    fn loaded(arguments: &[&str]) -> Result<Settings, Refusal> {
        Settings::load(&command_line(arguments))
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
        let mut settings = Settings::default();
        let text = "# comment\n   PORT   7302\r\nbind \"127.0.0.1\" '::1'\nsave 60 1000\nport 7303\nloglevel Verbose\n\ndatabases 4";
        settings.follow(text, 0).unwrap();
        assert_eq!((settings.port, settings.databases, settings.log_level), (7303, 4, Level::Verbose));
        assert_eq!(settings.bind, ["127.0.0.1", "::1"]);
        assert_eq!(settings.without_effect.len(), 1);
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
        let unbalanced = Settings::default().follow("port 1\nloglevel \"unb\n", 0);
        let complaint = "Unbalanced quotes in configuration line".to_owned();
        assert_eq!(unbalanced, Err(Refusal::Line { number: 2, line: "loglevel \"unb".to_owned(), complaint }));
    }

    #[test]
    fn what_would_mislead_is_refused() {
        for arguments in [&["--requirepass", "secret"][..], &["--replicaof", "a", "1"], &["--cluster-enabled", "yes"]] {
            assert!(loaded(arguments).is_err(), "{arguments:?}");
        }
        for arguments in [&["--requirepass", ""][..], &["--cluster-enabled", "no"], &["--tls-port", "0"], &["--save"]] {
            assert!(loaded(arguments).is_ok(), "{arguments:?}");
        }
    }

    #[test]
    fn memory_has_units() {
        let cases = [
            ("0", Some(0)),
            ("10k", Some(10_000)),
            ("1Kb", Some(1024)),
            ("2GB", Some(2 << 30)),
            ("x", None),
            ("-1", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(memory(text), bytes, "{text}");
        }
    }
}
