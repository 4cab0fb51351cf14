//! What may still be typed: the grey rest of the syntax, and what the line under the input says about the command.
//!
//! As in redis-cli from 7.2 on, words that are typed vanish from the syntax once a blank follows them, and a word that fits
//! nowhere makes the whole hint vanish. redis-cli leaves a closing bracket too many and a blank at the end in some places;
//! we do not.

use crate::grammar::{self, Match, Next, Rest};
use engine::table::{Argument, Command, Kind};

/// What is known about a line whose command is known.
#[derive(Clone, Debug)]
pub struct Hint {
    /// What to show behind what was typed, its blank in front included; empty when there is nothing to add.
    pub ghost: String,
    /// The name of the argument that is being typed or comes next.
    pub argument: Option<String>,
    /// A word does not fit the syntax.
    pub mismatch: bool,
    /// The command, or the subcommand.
    pub row: &'static Command,
    /// The name as people write it: `CONFIG GET`.
    pub name: String,
    /// All arguments.
    pub syntax: String,
}

/// The hint for a line with the cursor at its end.
pub fn hint(line: &str) -> Option<Hint> {
    let parsed = grammar::parse(line);
    if parsed.words.iter().any(|word| word.fault.is_some()) {
        return None;
    }
    let row = parsed.row.or(parsed.container)?;
    let arguments = row.arguments();
    let mut hint = Hint {
        ghost: String::new(),
        argument: None,
        mismatch: false,
        row,
        name: display_name(row),
        syntax: row.syntax_display(),
    };
    let typed = parsed.words.len();
    let unfinished = usize::from(parsed.open);
    if parsed.row.is_none() {
        // A subcommand is missing, or unknown.
        hint.argument = Some("subcommand".to_owned());
        hint.mismatch = typed - unfinished > parsed.arguments_from;
        return Some(hint);
    }
    if typed - unfinished < parsed.arguments_from {
        // The name itself is still being typed.
        return Some(hint);
    }
    let words: Vec<&[u8]> = parsed.words[parsed.arguments_from..].iter().map(|word| word.bytes.as_slice()).collect();
    let whole = &words[..words.len() - unfinished];
    let Some(found) = grammar::matched(&arguments, whole) else {
        hint.mismatch = true;
        return Some(hint);
    };
    hint.ghost = rest_of(&found, parsed.open);
    hint.argument = if parsed.open {
        let all = grammar::matched(&arguments, &words);
        match all.as_ref().and_then(|all| all.roles.last()) {
            Some((_, argument)) => name_of(argument),
            None => next_name(&found),
        }
    } else {
        next_name(&found)
    };
    Some(hint)
}

/// What to show behind the arguments that were typed, the last of which may be unfinished; nothing when one does not fit.
pub fn ghost(arguments: &[Argument], words: &[&[u8]], unfinished: bool) -> Option<String> {
    let whole = words.len() - usize::from(unfinished && !words.is_empty());
    Some(rest_of(&grammar::matched(arguments, &words[..whole])?, unfinished))
}

fn rest_of(found: &Match<'_>, unfinished: bool) -> String {
    let rest = found.rest.iter().map(|rest| shown(*rest)).collect::<Vec<_>>().join(" ");
    if unfinished && !rest.is_empty() { format!(" {rest}") } else { rest }
}

/// `CONFIG GET`, from `config|get`.
pub fn display_name(row: &Command) -> String {
    row.full_name.replace('|', " ").to_ascii_uppercase()
}

fn next_name(found: &Match<'_>) -> Option<String> {
    match found.rest.first()? {
        Rest::Whole(argument) | Rest::Value(argument) | Rest::Again(argument) => match found.next().first() {
            Some(Next::Value(value)) => name_of(value),
            _ => name_of(argument),
        },
    }
}

fn name_of(argument: &Argument) -> Option<String> {
    let name = if argument.name.is_empty() { &argument.display_text } else { &argument.name };
    (!name.is_empty()).then(|| name.to_string())
}

/// A part of the syntax as it is shown.
fn shown(rest: Rest<'_>) -> String {
    let content = |argument: &Argument| {
        let token = argument.token.filter(|_| argument.kind == Kind::PureToken);
        Argument { optional: false, multiple: false, token, ..argument.clone() }.display()
    };
    let again = |argument: &Argument| {
        let token = argument.token.filter(|_| argument.multiple_token);
        let token = token.map_or(String::new(), |token| format!("{token} "));
        format!("[{token}{} ...]", content(argument))
    };
    match rest {
        Rest::Whole(argument) => argument.display(),
        Rest::Value(argument) if argument.multiple => format!("{} {}", content(argument), again(argument)),
        Rest::Value(argument) => content(argument),
        Rest::Again(argument) => again(argument),
    }
}
