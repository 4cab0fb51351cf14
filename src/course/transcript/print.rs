//! From steps to text: what [`parse`](super::parse) reads again as the same steps.

use super::{Directive, Expected, Step, Transcript};
use core::fmt;

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match &line.step {
                Step::Blank => writeln!(f)?,
                Step::Comment(text) => writeln!(f, "#{text}")?,
                Step::Command { client, text, reply } => {
                    writeln!(f, "{}> {text}", client.as_written())?;
                    write_reply(f, reply)?;
                }
                Step::Send { client, text } => writeln!(f, "{}>> {text}", client.as_written())?,
                Step::Receive { client, reply } => {
                    writeln!(f, "{}<<", client.as_written())?;
                    write_reply(f, reply)?;
                }
                Step::Raw { client, text, reply } => {
                    writeln!(f, "raw {}> {text}", client.as_written())?;
                    write_reply(f, reply)?;
                }
                Step::Pass { text, .. } => writeln!(f, "+{text}")?,
                Step::Fault(text) => writeln!(f, "!{text}")?,
                Step::Directive(directive) => write_directive(f, directive)?,
            }
        }
        Ok(())
    }
}

fn write_reply(f: &mut fmt::Formatter<'_>, reply: &Expected) -> fmt::Result {
    for line in &reply.lines {
        writeln!(f, "{line}")?;
    }
    if reply.any_order {
        writeln!(f, "(in any order)")?;
    }
    Ok(())
}

fn write_directive(f: &mut fmt::Formatter<'_>, directive: &Directive) -> fmt::Result {
    match directive {
        Directive::Wire => writeln!(f, "@wire"),
        Directive::Print => writeln!(f, "@print"),
        Directive::Virtual => writeln!(f, "@virtual"),
        Directive::Resp3(client) => writeln!(f, "{}@resp3", client.as_written()),
        Directive::Config { name, value } => writeln!(f, "@config {name} {value}"),
        Directive::Seed(seed) => writeln!(f, "@seed {seed}"),
        Directive::Task(title) => writeln!(f, "@task {title}"),
    }
}
