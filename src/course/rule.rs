//! Rules on what was typed. A goal asks where the learner arrived; a rule asks how.
//!
//! `must SCAN` and `must SET NX` (the option may stand anywhere behind the command; `must DECRBY or INCRBY` takes either),
//! `never KEYS`, `at most 3 commands`. They look at what was typed since the task began, see [`since`].

use core::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    Must(Vec<Pattern>),
    Never(Pattern),
    AtMost(u32),
}

/// A command's name and words that must be among its arguments, in capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    words: Vec<String>,
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, String> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() || words.iter().any(|word| word.bytes().any(|byte| byte.is_ascii_lowercase())) {
            return Err(format!("a rule names a command and its options in capitals, not “{text}”"));
        }
        Ok(Pattern { words })
    }

    /// The command's name.
    pub fn command(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn matches(&self, typed: &[Vec<u8>]) -> bool {
        let is = |argument: &Vec<u8>, word: &String| argument.eq_ignore_ascii_case(word.as_bytes());
        match (self.words.split_first(), typed.split_first()) {
            (Some((command, options)), Some((name, arguments))) => {
                is(name, command) && options.iter().all(|option| arguments.iter().any(|argument| is(argument, option)))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

impl Rule {
    pub fn parse(text: &str) -> Result<Rule, String> {
        let text = text.trim();
        if let Some(patterns) = text.strip_prefix("must ") {
            return patterns.split(" or ").map(Pattern::parse).collect::<Result<_, _>>().map(Rule::Must);
        }
        if let Some(pattern) = text.strip_prefix("never ") {
            return Pattern::parse(pattern).map(Rule::Never);
        }
        let number = text.strip_prefix("at most ").and_then(|rest| {
            rest.strip_suffix(" commands").or_else(|| rest.strip_suffix(" command"))?.trim().parse().ok()
        });
        match number {
            Some(number) if number > 0 => Ok(Rule::AtMost(number)),
            _ => Err(format!("unknown rule “{text}” (there are: must …, never …, at most N commands)")),
        }
    }

    /// Why what was typed does not keep the rule, or `None` if it does.
    pub fn broken(&self, typed: &[Vec<Vec<u8>>]) -> Option<Broken> {
        match self {
            Rule::Must(patterns) => {
                let met = typed.iter().any(|command| patterns.iter().any(|pattern| pattern.matches(command)));
                (!met).then(|| Broken { rule: self.clone(), mendable: true })
            }
            Rule::Never(pattern) => {
                let used = typed.iter().any(|command| pattern.matches(command));
                used.then(|| Broken { rule: self.clone(), mendable: false })
            }
            Rule::AtMost(most) => {
                (typed.len() > *most as usize).then(|| Broken { rule: self.clone(), mendable: false })
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Must(patterns) => {
                let patterns: Vec<String> = patterns.iter().map(Pattern::to_string).collect();
                write!(f, "must {}", patterns.join(" or "))
            }
            Rule::Never(pattern) => write!(f, "never {pattern}"),
            Rule::AtMost(1) => f.write_str("at most 1 command"),
            Rule::AtMost(most) => write!(f, "at most {most} commands"),
        }
    }
}

/// A rule that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub rule: Rule,
    /// Whether going on can still mend it; otherwise one has to go back to where the task began.
    pub mendable: bool,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::Must(patterns) => {
                let patterns: Vec<String> = patterns.iter().map(Pattern::to_string).collect();
                write!(f, "not yet with {}", patterns.join(" or "))
            }
            Rule::Never(pattern) => {
                write!(f, "used {pattern}, which this task does without: go back to where the task began")
            }
            Rule::AtMost(1) => f.write_str("took more than one command: go back to where the task began"),
            Rule::AtMost(most) => write!(f, "took more than {most} commands: go back to where the task began"),
        }
    }
}

/// Where among the commands typed in a lesson the present task begins: behind the last that met another task (`after`), and
/// behind the last that only followed the page. Trying out an example is no part of solving the task.
pub fn since(typed: &[Vec<Vec<u8>>], after: usize, examples: &[Vec<Vec<u8>>]) -> usize {
    let followed = typed.iter().rposition(|command| examples.contains(command)).map_or(0, |at| at + 1);
    followed.max(after).min(typed.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::arguments;

    fn typed(lines: &[&str]) -> Vec<Vec<Vec<u8>>> {
        lines.iter().filter_map(|line| arguments(line)).collect()
    }

    fn check(rule: &str, lines: &[&str]) -> Option<String> {
        Rule::parse(rule).expect("a rule").broken(&typed(lines)).map(|broken| broken.to_string())
    }

    #[test]
    fn must_asks_for_a_command_and_its_option_in_any_case() {
        assert_eq!(check("must SET NX", &["set k v nx"]), None);
        assert_eq!(check("must SET NX", &["SET k v", "GET nx"]), Some("not yet with SET NX".to_owned()));
        assert_eq!(check("must DECRBY or INCRBY", &["INCRBY k -12"]), None);
    }

    #[test]
    fn never_and_at_most_cannot_be_mended_by_going_on() {
        assert_eq!(check("never KEYS", &["SCAN 0"]), None);
        assert!(check("never KEYS", &["keys *", "SCAN 0"]).is_some());
        assert_eq!(check("at most 1 command", &["MSET a 1 b 2"]), None);
        assert!(check("at most 1 command", &["SET a 1", "SET b 2"]).is_some());
    }

    #[test]
    fn rules_are_printed_as_they_are_written() {
        for rule in ["must SET NX or SETNX", "never KEYS", "at most 1 command", "at most 3 commands"] {
            assert_eq!(Rule::parse(rule).expect("a rule").to_string(), rule);
        }
        for wrong in ["must", "must scan", "never ", "at most no commands", "at most 0 commands", "perhaps KEYS"] {
            assert!(Rule::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn examples_of_the_page_do_not_count() {
        let examples = typed(&["KEYS session:?"]);
        let typed = typed(&["SET a 1", "KEYS session:?", "SCAN 0"]);
        assert_eq!(since(&typed, 0, &examples), 2);
        assert_eq!(since(&typed, 3, &examples), 3);
        assert_eq!(since(&typed[..1], 0, &examples), 0);
    }
}
