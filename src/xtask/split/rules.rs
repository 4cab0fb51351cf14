//! The rules of a split: `src/web/later.txt`, which says at its head what each kind means.

use std::collections::BTreeMap;

use super::linked::{Piece, readable};
use crate::Outcome;

/// Which functions go, by the beginnings of their names.
#[derive(Debug, Default)]
pub struct Rules(Vec<(Rule, String)>);

/// What `later.txt` says at its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Late,
    Stay,
    Door,
    Trap,
    Commands,
    Rows,
    Inline,
}

impl Rule {
    fn is_of_data(self) -> bool {
        matches!(self, Rule::Commands | Rule::Rows)
    }
}

impl Rules {
    /// A rule a line: its kind and the beginning of a path, or of several: `stay engine::commands::string: get set`.
    pub fn parse(text: &str) -> Outcome<Rules> {
        let mut rules = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let (kind, path) =
                line.split_once(' ').ok_or_else(|| format!("a rule is a kind and a path, not {line:?}"))?;
            let rule = match kind {
                "late" => Rule::Late,
                "stay" => Rule::Stay,
                "door" => Rule::Door,
                "trap" => Rule::Trap,
                "commands" => Rule::Commands,
                "rows" => Rule::Rows,
                "inline" => Rule::Inline,
                _ => return Err(format!("a rule is late, stay, door, trap, commands, rows or inline, not {kind:?}")),
            };
            match path.split_once(": ") {
                Some((path, ends)) => {
                    rules.extend(ends.split_whitespace().map(|end| (rule, format!("{path}::{end}"))));
                }
                None => rules.push((rule, path.trim().to_owned())),
            }
        }
        Ok(Rules(rules))
    }

    /// The rule for a function: of those that its name begins with, the one that says most of it.
    pub fn of(&self, name: &str) -> Option<Rule> {
        let fitting = self.0.iter().filter(|(_, path)| begins(name, path));
        fitting.max_by_key(|(_, path)| path.len()).map(|(rule, _)| *rule)
    }
}

/// What the rules say of a module's functions and pieces of data.
#[derive(Debug, Default)]
pub struct Said {
    functions: BTreeMap<u32, Rule>,
    pieces: BTreeMap<usize, Rule>,
    /// Paths of rules that apply to nothing.
    pub idle: Vec<String>,
}

impl Said {
    pub fn of(rules: &Rules, functions: &[(u32, String)], pieces: &[Piece]) -> Said {
        let functions: Vec<(u32, String)> = functions.iter().map(|(index, name)| (*index, readable(name))).collect();
        let pieces: Vec<(usize, String)> = pieces.iter().map(|piece| readable(&piece.name)).enumerate().collect();
        let is_idle = |rule: Rule, path: &str| {
            if rule.is_of_data() {
                !pieces.iter().any(|(_, name)| begins(name, path))
            } else {
                !functions.iter().any(|(_, name)| begins(name, path))
            }
        };
        let idle = rules.0.iter().filter(|(rule, path)| is_idle(*rule, path));
        Said {
            idle: idle.map(|(_, path)| path.clone()).collect(),
            functions: functions.iter().filter_map(|(index, name)| Some((*index, rules.of(name)?))).collect(),
            pieces: pieces.iter().filter_map(|(piece, name)| Some((*piece, rules.of(name)?))).collect(),
        }
    }

    pub fn functions(&self, wanted: Rule) -> impl Iterator<Item = u32> {
        self.functions.iter().filter(move |(_, rule)| **rule == wanted).map(|(index, _)| *index)
    }

    pub fn function(&self, index: u32) -> Option<Rule> {
        self.functions.get(&index).copied()
    }

    pub fn piece(&self, piece: usize) -> Option<Rule> {
        self.pieces.get(&piece).copied().filter(|rule| rule.is_of_data())
    }

    /// The tables of commands.
    pub fn commands(&self) -> impl Iterator<Item = usize> {
        self.pieces.iter().filter(|(_, rule)| **rule == Rule::Commands).map(|(piece, _)| *piece)
    }
}

/// Whether a function's name begins with a path. What an implementation belongs to stands in angle brackets.
pub fn begins(name: &str, path: &str) -> bool {
    let rest = name.trim_start_matches(['<', '&']).strip_prefix(path);
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}

#[cfg(test)]
mod tests {
    use super::begins;

    #[test]
    fn a_rule_is_the_beginning_of_a_path() {
        assert!(begins("<engine::store::Store as core::fmt::Debug>::fmt", "engine::store"));
        assert!(!begins("engine::storeroom::open", "engine::store"));
    }
}
