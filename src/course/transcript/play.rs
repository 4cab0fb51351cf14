//! The player: acts a transcript on a stage and notes what differs.

use super::parse::{ParseError, arguments};
use super::{Client, Directive, Expected, Step, Transcript, notation};
use resp::Value;

/// How long after its request a reply came, in microseconds.
pub type Elapsed = u64;

/// Where a transcript is played: an engine in virtual time, or a real server behind a socket. Clients are known by name.
pub trait Stage {
    /// Opens a connection.
    fn connect(&mut self, client: &str) -> Result<(), String>;
    /// Sends bytes.
    fn send(&mut self, client: &str, bytes: &[u8]) -> Result<(), String>;
    /// The next reply to this client, or `None` if none comes.
    fn receive(&mut self, client: &str, patience: Patience) -> Result<Option<(Value, Elapsed)>, String>;
    /// Lets time pass.
    fn pass(&mut self, us: u64) -> Result<(), String>;
    /// Whether time is the real one, so that it passes by itself.
    fn is_real(&self) -> bool {
        false
    }
    /// Makes sure that the server has seen what was sent without awaiting a reply.
    fn settle(&mut self) {}
}

/// How long it is worth waiting for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// None is expected.
    None,
    /// It should be there: time stands still, only a real network may need a moment.
    Network,
    /// The client waits for its reply, as one does at a prompt: if the server makes it wait, time passes.
    Time,
}

/// How replies are written in a transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notation {
    /// As redis-cli prints them.
    #[default]
    Print,
    /// With every type of the wire.
    Wire,
}

/// A reply that is not the one that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub line: u32,
    pub command: String,
    pub wanted: Expected,
    pub got: Vec<String>,
    /// The reply itself, where there was one.
    pub value: Option<Value>,
    /// How much time the transcript had let pass before it, in microseconds.
    pub later: u64,
}

impl core::fmt::Display for Difference {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        writeln!(f, "line {}: {}", self.line, self.command)?;
        for line in &self.wanted.lines {
            writeln!(f, "  wanted  {line}")?;
        }
        for line in &self.got {
            writeln!(f, "  got     {line}")?;
        }
        Ok(())
    }
}

/// What came of playing a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many replies were compared.
    pub compared: u32,
    pub differences: Vec<Difference>,
    /// The line from which on a real server cannot follow.
    pub stopped: Option<u32>,
}

/// A performance: the clients that have come on stage stay there from one transcript to the next.
pub struct Play<'s, S: Stage> {
    stage: &'s mut S,
    connected: Vec<String>,
    /// What each client sent without awaiting a reply.
    sent: Vec<(String, String)>,
    later: u64,
}

impl<'s, S: Stage> Play<'s, S> {
    pub fn new(stage: &'s mut S) -> Self {
        Play { stage, connected: Vec::new(), sent: Vec::new(), later: 0 }
    }

    pub fn stage(&mut self) -> &mut S {
        self.stage
    }

    /// Plays it to the end. An error is a stage that broke down or a step that this stage cannot play.
    pub fn run(&mut self, transcript: &Transcript) -> Result<Report, ParseError> {
        let mut report = Report::default();
        let mut notation = Notation::Print;
        let mut speaks_resp3: Vec<&str> = Vec::new();
        for line in &transcript.lines {
            let failed = |message: String| ParseError { line: line.number, message };
            match &line.step {
                Step::Blank | Step::Comment(_) | Step::Directive(Directive::Task(_) | Directive::Seed(_)) => {}
                Step::Directive(Directive::Wire) => notation = Notation::Wire,
                Step::Directive(Directive::Print) => notation = Notation::Print,
                Step::Directive(Directive::Virtual) => {
                    if self.stage.is_real() {
                        report.stopped = Some(line.number);
                        break;
                    }
                }
                Step::Directive(Directive::Resp3(client)) => speaks_resp3.push(client.name()),
                Step::Directive(Directive::Config { name, value }) => {
                    let request = resp::request_bytes(["CONFIG", "SET", name, value]);
                    let reply = self.ask("config", &request).map_err(failed)?;
                    if reply != Some(Value::Simple(b"OK".to_vec())) {
                        return Err(failed(format!("the server does not take {name} {value}")));
                    }
                }
                Step::Pass { us, .. } => {
                    self.later += us;
                    self.stage.pass(*us).map_err(failed)?;
                }
                Step::Fault(fault) => return Err(failed(format!("!{fault} needs a world of several servers"))),
                Step::Send { client, text } => {
                    let request = request(text).map_err(failed)?;
                    self.send(client, &request, &speaks_resp3).map_err(failed)?;
                    self.stage.settle();
                    self.sent.retain(|(name, _)| name != client.name());
                    self.sent.push((client.name().to_owned(), text.clone()));
                }
                Step::Command { client, text, reply } => {
                    let request = request(text).map_err(failed)?;
                    self.send(client, &request, &speaks_resp3).map_err(failed)?;
                    self.compare(line.number, client, text, reply, notation, &mut report).map_err(failed)?;
                }
                Step::Raw { client, text, reply } => {
                    let bytes = arguments(text).unwrap_or_default().concat();
                    self.send(client, &bytes, &speaks_resp3).map_err(failed)?;
                    self.compare(line.number, client, text, reply, notation, &mut report).map_err(failed)?;
                }
                Step::Receive { client, reply } => {
                    let name = client.name();
                    if !self.connected.iter().any(|known| known == name) {
                        return Err(failed(format!("{name} has sent nothing yet")));
                    }
                    self.compare(line.number, client, &format!("{name}<<"), reply, notation, &mut report)
                        .map_err(failed)?;
                }
            }
        }
        Ok(report)
    }

    fn send(&mut self, client: &Client, bytes: &[u8], speaks_resp3: &[&str]) -> Result<(), String> {
        let name = client.name();
        if !self.connected.iter().any(|known| known == name) {
            self.stage.connect(name)?;
            self.connected.push(name.to_owned());
            if speaks_resp3.contains(&name) {
                self.stage.send(name, &resp::request_bytes(["HELLO", "3"]))?;
                self.stage.receive(name, Patience::Network)?;
            }
        }
        self.stage.send(name, bytes)
    }

    fn ask(&mut self, name: &str, bytes: &[u8]) -> Result<Option<Value>, String> {
        self.send(&Client { name: Some(name.to_owned()) }, bytes, &[])?;
        Ok(self.stage.receive(name, Patience::Network)?.map(|(value, _)| value))
    }

    fn compare(
        &mut self,
        line: u32,
        client: &Client,
        command: &str,
        wanted: &Expected,
        notation: Notation,
        report: &mut Report,
    ) -> Result<(), String> {
        let patience = match command.ends_with("<<") {
            _ if wanted.lines == ["(no reply)"] => Patience::None,
            true => Patience::Network,
            false => Patience::Time,
        };
        let reply = self.stage.receive(client.name(), patience)?;
        // A reply that is read later is printed as the reply to what was sent.
        let sent = self.sent.iter().find(|(name, _)| name == client.name());
        let asked = sent.filter(|_| command.ends_with("<<")).map_or(command, |(_, sent)| sent);
        let got = match &reply {
            Some((value, elapsed)) => rendered(asked, value, *elapsed, notation),
            None => vec!["(no reply)".to_owned()],
        };
        report.compared += 1;
        let same = if self.stage.is_real() {
            let got = without_clock(&Expected { lines: got.clone(), any_order: false }).lines;
            let wanted = without_clock(wanted);
            wanted.matches(&got) || asks_for_time_left(command) && nearly(&wanted.lines, &got)
        } else {
            wanted.matches(&got)
        };
        if !same {
            report.differences.push(Difference {
                line,
                command: command.to_owned(),
                wanted: wanted.clone(),
                got,
                value: reply.map(|(value, _)| value),
                later: self.later,
            });
        }
        Ok(())
    }
}

fn request(text: &str) -> Result<Vec<u8>, String> {
    match arguments(text) {
        Some(arguments) if !arguments.is_empty() => Ok(resp::request_bytes(arguments)),
        _ => Err(format!("this is no command: {text}")),
    }
}

/// A reply as a transcript writes it. From half a second on, redis-cli prints below a reply how long it took.
pub fn rendered(command: &str, value: &Value, elapsed: Elapsed, notation: Notation) -> Vec<String> {
    match notation {
        Notation::Wire => vec![notation::notation(value)],
        Notation::Print => {
            let command = arguments(command).unwrap_or_default();
            let printed = term::render::render_for(&command, value, term::render::Mode::Terminal);
            let mut lines: Vec<String> = printed.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect();
            if elapsed >= 500_000 {
                let hundredths = (elapsed + 5_000) / 10_000;
                lines.push(format!("({}.{:02}s)", hundredths / 100, hundredths % 100));
            }
            lines
        }
    }
}

/// Takes `(1.00s)` away: on a real clock it is never quite the same.
fn without_clock(reply: &Expected) -> Expected {
    let mut reply = reply.clone();
    let is_clock = |line: &String| {
        line.strip_prefix('(')
            .and_then(|line| line.strip_suffix("s)"))
            .is_some_and(|number| resp::number::parse_decimal(number.as_bytes()).is_some())
    };
    if reply.lines.last().is_some_and(is_clock) {
        reply.lines.pop();
    }
    reply
}

/// Whether the reply is what is left of a life.
fn asks_for_time_left(command: &str) -> bool {
    let name = command.split(' ').next().unwrap_or_default();
    ["TTL", "PTTL", "HTTL", "HPTTL"].iter().any(|asking| name.eq_ignore_ascii_case(asking))
}

/// Whether two replies are the same but for numbers that are a little less than they were: a busy machine takes its time.
fn nearly(wanted: &[String], got: &[String]) -> bool {
    let split = |lines: &[String]| {
        let text = lines.join("\n");
        let numbers: Vec<i64> =
            text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
        (text.replace(|c: char| c.is_ascii_digit(), ""), numbers)
    };
    let ((wanted, before), (got, after)) = (split(wanted), split(got));
    let close = |(before, after): (&i64, &i64)| (0..=1 + before / 20).contains(&(before - after));
    wanted == got && before.len() == after.len() && before.iter().zip(&after).all(close)
}

impl Transcript {
    /// Writes what was got in place of what was wanted.
    pub fn bless(&mut self, report: &Report) {
        for difference in &report.differences {
            let line = self.lines.iter_mut().find(|line| line.number == difference.line);
            if let Some(Step::Command { reply, .. } | Step::Receive { reply, .. } | Step::Raw { reply, .. }) =
                line.map(|line| &mut line.step)
            {
                reply.lines.clone_from(&difference.got);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_life_may_be_a_little_less_on_a_real_clock() {
        let near = |wanted: &str, got: &str| nearly(&[wanted.to_owned()], &[got.to_owned()]);
        assert!(near(":100", ":99") && near("[:100, :-1]", "[:98, :-1]") && near(":2", ":1"));
        assert!(!near(":100", ":101") && !near(":100", ":50") && !near(":100", ":-1") && !near(":-1", ":-2"));
        assert!(asks_for_time_left("ttl k") && !asks_for_time_left("GET ttl"));
    }
}
