//! What a run found: how much was played, what differed, what was let pass and by which rule, and which words of the commands' syntax
//! were drawn.

use crate::generate::Step;
use crate::normalise::Excuse;
use engine::table::{self, Argument, Command, Group};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;

/// Groups whose commands work on data: every word of their syntax should be drawn at times.
const DATA: [Group; 13] = [
    Group::Generic,
    Group::String,
    Group::List,
    Group::Set,
    Group::Hash,
    Group::SortedSet,
    Group::Stream,
    Group::Geo,
    Group::Bitmap,
    Group::HyperLogLog,
    Group::Module,
    Group::PubSub,
    Group::Transactions,
];

#[derive(Default)]
pub struct Summary {
    pub commands: u64,
    pub per_command: BTreeMap<&'static str, u64>,
    pub differences: Vec<String>,
    pub tolerated: BTreeMap<Excuse, u64>,
    words: BTreeMap<&'static str, BTreeSet<Vec<u8>>>,
}

impl Summary {
    /// A step will be played.
    pub fn count(&mut self, step: &Step) {
        self.commands += 1;
        *self.per_command.entry(step.command).or_default() += 1;
        let words = self.words.entry(step.command).or_default();
        // Words of a syntax are short, and few arguments are.
        for word in step.request.iter().skip(1).filter(|word| word.len() < 20 && word.is_ascii()) {
            if !words.contains(word) && words.len() < 4000 {
                words.insert(word.to_ascii_uppercase());
            }
        }
    }

    pub fn line(&self, seeds: &Range<u64>) -> String {
        let tolerated: u64 = self.tolerated.values().sum();
        format!(
            "{} commands ({} different ones), seeds {seeds:?}, RESP2 and RESP3: {} differences, {tolerated} replies the same by a rule",
            self.commands,
            self.per_command.len(),
            self.differences.len()
        )
    }

    /// How often each rule let something pass, and which words were never drawn.
    pub fn details(&self) -> String {
        let mut text = String::new();
        for (excuse, times) in &self.tolerated {
            let _ = writeln!(text, "# {times} times: {excuse}");
        }
        let (drawn, never) = self.words_of_the_syntax();
        let _ = writeln!(text, "# {drawn} words of the syntax of commands on data drawn, {} never", never.len());
        for word in never {
            let _ = writeln!(text, "# never drawn: {word}");
        }
        text
    }

    /// The summary, then a line for each command: its name and how often it was called.
    pub fn record(&self, seeds: &Range<u64>) -> String {
        let mut text = format!("# written by differ --record\n{}\n{}", self.line(seeds), self.details());
        for (command, calls) in &self.per_command {
            let _ = writeln!(text, "{command}\t{calls}");
        }
        text
    }

    /// How many words of the syntax were drawn, and which never.
    fn words_of_the_syntax(&self) -> (usize, Vec<String>) {
        let (mut drawn, mut never) = (0, Vec::new());
        let mut look = |command: &Command| {
            if !DATA.contains(&command.group) || !command.subcommands.is_empty() {
                return;
            }
            let Some(words) = self.words.get(command.full_name) else {
                never.push(command.full_name.to_owned());
                return;
            };
            drawn += 1;
            let mut tokens = BTreeSet::new();
            command.arguments().iter().for_each(|argument| collect(argument, &mut tokens));
            for token in tokens {
                if words.contains(token.to_ascii_uppercase().as_bytes()) {
                    drawn += 1;
                } else {
                    never.push(format!("{} {token}", command.full_name));
                }
            }
        };
        for command in table::all() {
            look(command);
            command.subcommands.iter().for_each(&mut look);
        }
        (drawn, never)
    }
}

fn collect(argument: &Argument, tokens: &mut BTreeSet<&'static str>) {
    tokens.extend(argument.token);
    argument.arguments.iter().for_each(|part| collect(part, tokens));
}
