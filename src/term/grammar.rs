//! Reading a line by the command table: which word is what, and what may come next.
//!
//! A row's argument tree is matched from the left, the way redis-cli does it: required arguments in their order, neighbouring
//! optional ones in any order, a repeated one as often as it fits. What is left over of the tree when the words end is what a
//! hint shows and completion offers; a word that fits nowhere ends the match. Two rules are ours, because without them the
//! hint points the wrong way: a number of keys, fields or ids that was typed is believed, and a word that is an option's name
//! is that option before it is anybody's value. And where a server takes more than the reference says, so does the grammar: nothing
//! that a server understands is marked (the transcripts are a test of that).

use crate::quote::{self, Word};
use engine::table::{self, Argument, Command, Kind};

/// The words that redis-cli keeps to itself.
pub const OWN_WORDS: [&str; 8] = ["help", "?", "quit", "exit", "clear", "connect", "restart", ":set"];

/// A line, taken apart.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub words: Vec<Word>,
    /// The first word is a number of repetitions.
    pub repeats: bool,
    /// The row of the command, or of the subcommand where there is one.
    pub row: Option<&'static Command>,
    /// The container, when its subcommand is missing or unknown, or `row` is one of its subcommands.
    pub container: Option<&'static Command>,
    /// Where the command's own arguments begin in `words`.
    pub arguments_from: usize,
    /// The last word is still being typed: nothing stands behind it.
    pub open: bool,
}

/// Takes a line apart.
pub fn parse(line: &str) -> Parsed {
    let words = quote::words(line);
    let open = words.last().is_some_and(|last| last.end == line.len());
    let repeats = words.len() > 1 && words[0].quote.is_none() && is_count(&words[0].bytes);
    let at = usize::from(repeats);
    let mut parsed = Parsed { words, repeats, row: None, container: None, arguments_from: at + 1, open };
    let Some(command) = parsed.words.get(at).and_then(|word| table::find(&word.bytes)) else { return parsed };
    if command.subcommands.is_empty() {
        parsed.row = Some(command);
        return parsed;
    }
    parsed.container = Some(command);
    parsed.row = parsed.words.get(at + 1).and_then(|word| command.subcommand(&word.bytes));
    if parsed.row.is_some() {
        parsed.arguments_from = at + 2;
    }
    parsed
}

fn is_count(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// What a word of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The number of repetitions before a command.
    Repeat,
    Command,
    /// The beginning of a command's or subcommand's name, still being typed.
    Beginning,
    UnknownCommand,
    Subcommand,
    UnknownSubcommand,
    /// A word of redis-cli's own.
    Own,
    /// What HELP is asked about.
    Topic,
    Key,
    Number,
    Pattern,
    Value,
    /// A word in capitals of the syntax.
    Option,
    /// A word that fits nowhere.
    Excess,
    /// Its quotes are not closed, or something stands behind them.
    Faulty,
}

/// A word of a line with what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands in the line, in bytes.
    pub start: usize,
    pub end: usize,
    pub role: Role,
    /// The name of the argument that it is.
    pub name: Option<String>,
    /// What it means: quotes and escapes resolved.
    pub bytes: Vec<u8>,
    pub quoted: bool,
}

/// The words of a line, for colours, for chips that show how it is split, and for marks under what is wrong.
pub fn tokens(line: &str) -> Vec<Token> {
    let parsed = parse(line);
    let last = parsed.words.len().wrapping_sub(1);
    let mut tokens: Vec<Token> = parsed
        .words
        .iter()
        .map(|word| Token {
            start: word.start,
            end: word.end,
            role: if word.fault.is_some() { Role::Faulty } else { Role::Value },
            name: None,
            bytes: word.bytes.clone(),
            quoted: word.quote.is_some(),
        })
        .collect();
    let command_at = usize::from(parsed.repeats);
    if parsed.repeats {
        tokens[0].role = Role::Repeat;
    }
    let Some(word) = parsed.words.get(command_at) else { return tokens };
    let open = |at: usize| parsed.open && at == last;
    if word.fault.is_none() {
        tokens[command_at].role = command_role(&parsed, word, open(command_at));
    }
    if tokens[command_at].role == Role::Own {
        let asks = matches!(word.bytes.to_ascii_lowercase().as_slice(), b"help" | b"?");
        for token in tokens.iter_mut().skip(command_at + 1).filter(|token| asks && token.role != Role::Faulty) {
            token.role = Role::Topic;
        }
        return tokens;
    }
    if let (Some(container), Some(sub)) = (parsed.container, tokens.get_mut(command_at + 1))
        && sub.role != Role::Faulty
    {
        let begins = |row: &&Command| row.name.as_bytes().starts_with(&sub.bytes.to_ascii_lowercase());
        sub.role = if parsed.row.is_some() {
            Role::Subcommand
        } else if open(command_at + 1) && container.subcommands.iter().any(|row| begins(&row)) {
            Role::Beginning
        } else {
            Role::UnknownSubcommand
        };
    }
    if let Some(row) = parsed.row {
        argument_roles(&parsed, row, &mut tokens);
    }
    tokens
}

fn command_role(parsed: &Parsed, word: &Word, open: bool) -> Role {
    let name = word.bytes.to_ascii_lowercase();
    if parsed.row.is_some() || parsed.container.is_some() {
        Role::Command
    } else if !parsed.repeats && OWN_WORDS.iter().any(|own| own.as_bytes() == name) {
        Role::Own
    } else if open && names().any(|known| known.as_bytes().starts_with(&name)) {
        Role::Beginning
    } else {
        Role::UnknownCommand
    }
}

fn argument_roles(parsed: &Parsed, row: &'static Command, tokens: &mut [Token]) {
    let arguments = row.arguments();
    // DEBUG takes arguments that the reference is silent about.
    if arguments.is_empty() && row.arity < 0 {
        return;
    }
    let words: Vec<&[u8]> = parsed.words[parsed.arguments_from..].iter().map(|word| word.bytes.as_slice()).collect();
    // The longest beginning of the line that fits: usually all of it.
    let (mut fits, mut fails) = (0, words.len() + 1);
    if matched(&arguments, &words).is_some() {
        fits = words.len();
    }
    while fails - fits > 1 {
        let middle = usize::midpoint(fits, fails);
        if matched(&arguments, &words[..middle]).is_some() {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    let Some(found) = matched(&arguments, &words[..fits]) else { return };
    let own = &mut tokens[parsed.arguments_from..];
    for (token, (is_option, argument)) in own.iter_mut().zip(&found.roles) {
        token.name = Some(argument.name.to_string()).filter(|name| !name.is_empty());
        if token.role == Role::Faulty {
            continue;
        }
        token.role = if *is_option {
            Role::Option
        } else {
            match argument.kind {
                Kind::Key => Role::Key,
                Kind::Integer | Kind::Double | Kind::UnixTime => Role::Number,
                Kind::Pattern => Role::Pattern,
                _ => Role::Value,
            }
        };
    }
    for (at, token) in own.iter_mut().enumerate().skip(fits).filter(|(_, token)| token.role != Role::Faulty) {
        // What is still being typed may become right.
        let unfinished = parsed.open && at + 1 == words.len();
        token.role = if unfinished && found.begins(&token.bytes) { Role::Beginning } else { Role::Excess };
    }
}

/// The names of all commands and of redis-cli's own words.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    table::all().map(|row| row.name).chain(OWN_WORDS)
}

/// The beginning of an argument list that words have used up.
pub(crate) struct Match<'a> {
    used: usize,
    /// Per word: whether it is an option's name, and the argument that it belongs to.
    pub roles: Vec<(bool, &'a Argument)>,
    /// What may or must follow, in order.
    pub rest: Vec<Rest<'a>>,
}

/// Something of the argument tree that is not typed yet.
#[derive(Clone, Copy)]
pub(crate) enum Rest<'a> {
    Whole(&'a Argument),
    /// Its name in capitals was typed, its value was not.
    Value(&'a Argument),
    /// It was typed and may come again.
    Again(&'a Argument),
}

/// What may stand next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next<'a> {
    Option(&'static str, &'a Argument),
    Value(&'a Argument),
}

impl<'a> Match<'a> {
    /// What may stand at the next place.
    pub fn next(&self) -> Vec<Next<'a>> {
        let mut next = Vec::new();
        for rest in &self.rest {
            let required = match rest {
                Rest::Whole(argument) => {
                    heads(argument, &mut next);
                    !argument.optional
                }
                Rest::Value(argument) => {
                    content_heads(argument, &mut next);
                    true
                }
                Rest::Again(argument) => {
                    match argument.token.filter(|_| argument.multiple_token) {
                        Some(token) => next.push(Next::Option(token, argument)),
                        None => content_heads(argument, &mut next),
                    }
                    false
                }
            };
            if required {
                break;
            }
        }
        next
    }

    /// Whether a word may become one of the options that can stand here.
    fn begins(&self, word: &[u8]) -> bool {
        self.next().iter().any(|next| match next {
            Next::Option(name, _) => starts_with(name, word),
            Next::Value(_) => false,
        })
    }
}

pub(crate) fn starts_with(name: &str, word: &[u8]) -> bool {
    name.len() >= word.len() && name.as_bytes()[..word.len()].eq_ignore_ascii_case(word)
}

fn heads<'a>(argument: &'a Argument, out: &mut Vec<Next<'a>>) {
    match argument.token {
        Some(token) => out.push(Next::Option(token, argument)),
        None => content_heads(argument, out),
    }
}

fn content_heads<'a>(argument: &'a Argument, out: &mut Vec<Next<'a>>) {
    match argument.kind {
        Kind::PureToken => out.push(Next::Option(argument.token.unwrap_or_default(), argument)),
        Kind::OneOf => argument.arguments.iter().for_each(|part| heads(part, out)),
        Kind::Block => {
            for part in &argument.arguments {
                heads(part, out);
                if !part.optional {
                    break;
                }
            }
        }
        _ => out.push(Next::Value(argument)),
    }
}

/// Matches all words; nothing when one does not fit.
pub(crate) fn matched<'a>(arguments: &'a [Argument], words: &[&[u8]]) -> Option<Match<'a>> {
    list(arguments, words).filter(|found| found.used == words.len())
}

fn list<'a>(arguments: &'a [Argument], words: &[&[u8]]) -> Option<Match<'a>> {
    let mut found = Match { used: 0, roles: Vec::new(), rest: Vec::new() };
    // A number just typed that says how many of the next argument follow.
    let mut count: Option<usize> = None;
    let mut at = 0;
    while let Some(argument) = arguments.get(at) {
        let left = &words[found.used..];
        if left.is_empty() {
            let whole = arguments[at..].iter().enumerate().filter(|(position, _)| *position > 0 || count != Some(0));
            found.rest.extend(whole.map(|(_, argument)| Rest::Whole(argument)));
            return Some(found);
        }
        if argument.optional {
            let end = at + arguments[at..].iter().take_while(|argument| argument.optional).count();
            optional(&arguments[at..end], words, count.take(), &mut found);
            at = end;
            continue;
        }
        if count == Some(0) && argument.multiple {
            count = None;
            at += 1;
            continue;
        }
        let limit = count.take().filter(|_| argument.multiple);
        let is_vector = matches!(found.roles.last(), Some((true, form)) if form.token == Some("VALUES"));
        let next = match served(&arguments[..=at], arguments.get(at + 1), left) {
            Some(next) => next,
            None if is_vector => vector(argument, left)?,
            None => one(argument, left, limit)?,
        };
        if argument.kind == Kind::Integer && argument.name.starts_with("num") {
            count = left.get(next.used - 1).and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
        }
        let greedy = next.used;
        found.used += next.used;
        found.roles.extend(next.roles);
        found.rest = next.rest;
        at += 1;
        if found.used == words.len() {
            hand_back(argument, greedy, &arguments[at..], words, &mut found.roles);
        }
    }
    if found.used < words.len() {
        found.rest.clear();
    }
    Some(found)
}

/// Behind VALUES a vector is a number of dimensions and so many numbers.
fn vector<'a>(argument: &'a Argument, words: &[&[u8]]) -> Option<Match<'a>> {
    let (dimensions, numbers) = words.split_first()?;
    let dimensions: usize = std::str::from_utf8(dimensions).ok()?.parse().ok()?;
    let numbers = &numbers[..dimensions.min(numbers.len())];
    let used = 1 + numbers.len();
    let rest = if numbers.len() < dimensions { vec![Rest::Value(argument)] } else { Vec::new() };
    numbers.iter().all(|word| is_double(word)).then(|| Match { used, roles: vec![(false, argument); used], rest })
}

/// The last of `arguments` as a server takes it, where the reference says less: BITFIELD counts in fields where an offset begins
/// with `#`, and ZINCRBY's increment need not be whole.
fn served<'a>(arguments: &'a [Argument], after: Option<&Argument>, words: &[&[u8]]) -> Option<Match<'a>> {
    let (argument, before) = arguments.split_last()?;
    let word = words.first()?;
    let fits = match &*argument.name {
        "offset" if before.last().is_some_and(|before| before.name == "encoding") => {
            word.strip_prefix(b"#").is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
        }
        "increment" if after.is_some_and(|after| after.name == "member") => is_double(word),
        _ => false,
    };
    fits.then(|| Match { used: 1, roles: vec![(false, argument)], rest: Vec::new() })
}

/// Optional arguments that stand together may be typed in any order.
fn optional<'a>(group: &'a [Argument], words: &[&[u8]], count: Option<usize>, found: &mut Match<'a>) {
    let mut typed = vec![false; group.len()];
    if count == Some(0) && group[0].multiple {
        typed[0] = true;
    }
    loop {
        let left = &words[found.used..];
        if left.is_empty() {
            let untyped = group.iter().zip(&typed).filter(|(_, typed)| !**typed);
            found.rest.extend(untyped.map(|(argument, _)| Rest::Whole(argument)));
            return;
        }
        let limit = |at: usize| count.filter(|_| at == 0 && group[0].multiple);
        let fitting = (0..group.len()).filter(|at| !typed[*at]);
        let fitting = fitting.filter_map(|at| Some((at, one(&group[at], left, limit(at))?)));
        let Some((at, next)) = best(fitting).or_else(|| beside(group, left, found)) else { return };
        typed[at] = true;
        found.used += next.used;
        found.roles.extend(next.roles);
        found.rest = next.rest;
    }
}

/// EXPIRE's conditions are alternatives in the reference; a server takes XX beside GT or LT.
fn beside<'a>(group: &'a [Argument], words: &[&[u8]], found: &Match<'a>) -> Option<(usize, Match<'a>)> {
    let (true, last) = found.roles.last()? else { return None };
    let at = group.iter().position(|choice| choice.arguments.iter().any(|one| std::ptr::eq(one, *last)))?;
    let next = content(&group[at], words)?;
    let tokens = (last.token?, next.roles.first()?.1.token?);
    matches!(tokens, ("XX", "GT" | "LT") | ("GT" | "LT", "XX")).then_some((at, next))
}

/// The first that begins with an option's name, or else the first.
fn best<'a>(candidates: impl Iterator<Item = (usize, Match<'a>)>) -> Option<(usize, Match<'a>)> {
    let mut best = None;
    for (at, candidate) in candidates {
        if candidate.roles.first().is_some_and(|(is_option, _)| *is_option) {
            return Some((at, candidate));
        }
        best.get_or_insert((at, candidate));
    }
    best
}

/// One argument with its name in capitals and its repetitions.
fn one<'a>(argument: &'a Argument, words: &[&[u8]], limit: Option<usize>) -> Option<Match<'a>> {
    let token = argument.token.filter(|_| argument.kind != Kind::PureToken);
    let mut found = Match { used: 0, roles: Vec::new(), rest: Vec::new() };
    if let Some(token) = token {
        named(token, argument, words, &mut found)?;
        if found.used == words.len() {
            found.rest.push(Rest::Value(argument));
            return Some(found);
        }
    }
    let first = content(argument, &words[found.used..])?;
    found.used += first.used;
    found.roles.extend(first.roles);
    found.rest = first.rest;
    if !argument.multiple {
        return Some(found);
    }
    let mut times = 1;
    while found.used < words.len() && limit.is_none_or(|limit| times < limit) {
        let mut again = Match { used: 0, roles: Vec::new(), rest: Vec::new() };
        let left = &words[found.used..];
        if let Some(token) = token.filter(|_| argument.multiple_token) {
            if named(token, argument, left, &mut again).is_none() {
                break;
            }
            if again.used == left.len() {
                again.rest.push(Rest::Value(argument));
            }
        }
        if again.used < left.len() {
            let Some(next) = content(argument, &left[again.used..]) else { break };
            again.used += next.used;
            again.roles.extend(next.roles);
            again.rest = next.rest;
        }
        found.used += again.used;
        found.roles.extend(again.roles);
        found.rest = again.rest;
        times += 1;
    }
    let awaits_value = matches!(found.rest.last(), Some(Rest::Value(last)) if std::ptr::eq(*last, argument));
    if found.used == words.len() && limit.is_none_or(|limit| times < limit) && !awaits_value {
        found.rest.push(Rest::Again(argument));
    }
    Some(found)
}

fn named<'a>(token: &str, argument: &'a Argument, words: &[&[u8]], found: &mut Match<'a>) -> Option<()> {
    let word = words.first()?;
    let is_old_name = token == "REPLICA" && word.eq_ignore_ascii_case(b"slave");
    if !word.eq_ignore_ascii_case(token.as_bytes()) && !is_old_name {
        return None;
    }
    found.used += 1;
    found.roles.push((true, argument));
    Some(())
}

fn content<'a>(argument: &'a Argument, words: &[&[u8]]) -> Option<Match<'a>> {
    match argument.kind {
        Kind::Block => list(&argument.arguments, words).filter(|found| found.used > 0),
        Kind::OneOf => {
            let fitting =
                argument.arguments.iter().enumerate().filter_map(|(at, part)| Some((at, one(part, words, None)?)));
            best(fitting).map(|(_, found)| found)
        }
        Kind::PureToken => {
            let mut found = Match { used: 0, roles: Vec::new(), rest: Vec::new() };
            named(argument.token.unwrap_or_default(), argument, words, &mut found)?;
            Some(found)
        }
        kind => {
            let word = words.first()?;
            let text = std::str::from_utf8(word).unwrap_or_default();
            let fits = match kind {
                // A digest is a number in sixteen digits of sixteen.
                Kind::Integer if argument.name.ends_with("digest") => true,
                Kind::Integer | Kind::UnixTime => text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok(),
                // Bounds of score ranges are doubles that may be exclusive.
                Kind::Double => is_double(word.strip_prefix(b"(").unwrap_or(word)),
                _ => true,
            };
            fits.then(|| Match { used: 1, roles: vec![(false, argument)], rest: Vec::new() })
        }
    }
}

fn is_double(word: &[u8]) -> bool {
    let magnitude = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"+")).unwrap_or(word);
    let is = |name: &[u8]| magnitude.eq_ignore_ascii_case(name);
    let hex = magnitude
        .strip_prefix(b"0x")
        .is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit));
    is(b"inf") || is(b"infinity") || is(b"nan") || hex || resp::number::parse_decimal(magnitude).is_some()
}

/// A repetition takes every word there is; when the line is whole, the last ones belong to what must follow it:
/// `BLPOP key [key ...] timeout`, `STREAMS key [key ...] id [id ...]`.
fn hand_back<'a>(
    argument: &'a Argument,
    taken: usize,
    after: &'a [Argument],
    words: &[&[u8]],
    roles: &mut [(bool, &'a Argument)],
) {
    let simple = |argument: &Argument| !argument.kind.is_group() && argument.token.is_none() && !argument.optional;
    if !argument.multiple || !simple(argument) || after.is_empty() || !after.iter().all(simple) {
        return;
    }
    let back = match after {
        [only] if only.multiple => taken / 2,
        _ if after.iter().any(|argument| argument.multiple) => 0,
        _ if taken > after.len() => after.len(),
        _ => 0,
    };
    let from = roles.len() - back;
    for (position, role) in roles[from..].iter_mut().enumerate() {
        let owner = &after[position.min(after.len() - 1)];
        if content(owner, &words[from + position..]).is_some() {
            *role = (false, owner);
        }
    }
}
