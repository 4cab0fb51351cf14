//! The argument tree of a command: what COMMAND DOCS lists, the terminal hints at and the reference page explains.

use super::syntax::{Kind, Piece, Token, kind_of, piece};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// One argument, or a group of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    pub name: Cow<'static, str>,
    pub kind: Kind,
    /// The word that is typed before it (or, for a pure token, that it is).
    pub token: Option<&'static str>,
    pub optional: bool,
    pub multiple: bool,
    /// The token is typed again before every repetition.
    pub multiple_token: bool,
    /// Which key specification of the row it belongs to.
    pub key_spec_index: Option<u32>,
    /// Where it is younger than its command.
    pub since: Option<&'static str>,
    pub deprecated_since: Option<&'static str>,
    /// How a value is shown to people; empty for groups.
    pub display_text: Cow<'static, str>,
    /// The alternatives of a choice, or the parts of a block.
    pub arguments: Vec<Argument>,
}

/// The arguments that a checked syntax string describes.
pub(super) fn parse(syntax: &'static str) -> Vec<Argument> {
    let mut parser = Parser { syntax, at: 0, keys: 0 };
    let body = parser.sequence();
    let mut items = body.items;
    if let Some(repeats) = body.repeats {
        repeat_last(&mut items, repeats);
    }
    items
}

struct Parser {
    syntax: &'static str,
    at: usize,
    /// Key arguments so far.
    keys: u32,
}

/// What was read between brackets or bars.
#[derive(Default)]
struct Body {
    items: Vec<Argument>,
    /// The first item carries a label, which may belong to the whole body.
    labelled: bool,
    /// The first item is a group that has its name from that label.
    named_by_label: bool,
    /// A repetition of the last items that ends the body: how many, and whether with the token.
    repeats: Option<Repeats>,
    /// The body ends in `...`.
    dots: bool,
}

#[derive(Clone, Copy)]
struct Repeats {
    items: usize,
    with_token: bool,
}

impl Parser {
    fn peek(&self) -> Piece {
        piece(self.syntax.as_bytes(), self.at)
    }

    /// One alternative, up to a bar, a closing bracket or the end.
    fn sequence(&mut self) -> Body {
        let mut body = Body::default();
        let mut label: Option<&'static str> = None;
        loop {
            let piece = self.peek();
            let item = match piece.token {
                Token::Bar | Token::Close { .. } | Token::End => return body,
                Token::Repeat => {
                    self.at = piece.end;
                    body.dots = true;
                    continue;
                }
                Token::Again => {
                    self.at = piece.end;
                    if let Some(last) = body.items.last_mut() {
                        last.multiple = true;
                        last.multiple_token =
                            last.token.is_some() && last.kind != Kind::PureToken && is_closing(self.before(piece));
                    }
                    continue;
                }
                Token::Label => {
                    self.at = piece.end;
                    continue;
                }
                Token::Word => {
                    self.at = piece.end;
                    let word = &self.syntax[piece.start..piece.end];
                    if label.is_none() && is_token(word) && !word.contains(['=', '@', '#']) && self.labels() {
                        label = Some(word);
                        body.labelled |= body.items.is_empty();
                        continue;
                    }
                    self.word(word)
                }
                Token::Open { optional } => {
                    self.at = piece.end;
                    let keys = self.keys;
                    let group = self.brackets(optional);
                    if let Some(repeats) = repetition(&body.items, &group) {
                        self.keys = keys;
                        // Behind the last item of the body it concerns the body, elsewhere the items before it.
                        match self.peek().token {
                            Token::Bar | Token::Close { .. } | Token::End => body.repeats = Some(repeats),
                            _ => repeat_last(&mut body.items, repeats),
                        }
                        continue;
                    }
                    group.into_argument(optional)
                }
            };
            let mut item = item;
            if let Some(token) = label.take() {
                item.token = Some(token);
                if item.name.is_empty() {
                    item.name = lower(token);
                    body.named_by_label |= body.items.is_empty();
                }
            }
            body.items.push(item);
        }
    }

    fn before(&self, piece: Piece) -> u8 {
        self.syntax.as_bytes()[piece.start.saturating_sub(1)]
    }

    /// Whether a word in capitals that was just read labels what follows.
    fn labels(&self) -> bool {
        let next = self.peek();
        match next.token {
            Token::Word => !is_token(after_name(&self.syntax[next.start..next.end])),
            Token::Open { optional } => !optional,
            _ => false,
        }
    }

    /// What stands between brackets; the opening one was read.
    fn brackets(&mut self, optional: bool) -> Brackets {
        let mut group = Brackets { name: "", since: None, alternatives: Vec::new() };
        let piece = self.peek();
        if piece.token == Token::Label {
            self.at = piece.end;
            let (name, since) = split(&self.syntax[piece.start..piece.end - 1], '@');
            group.name = name;
            group.since = since;
        }
        loop {
            group.alternatives.push(self.sequence());
            let piece = self.peek();
            self.at = piece.end;
            if piece.token != Token::Bar {
                debug_assert!(piece.token == Token::Close { optional }, "rows are checked when they compile");
                return group;
            }
        }
    }

    /// A value or a word that is typed as it stands.
    fn word(&mut self, word: &'static str) -> Argument {
        let (word, since) = split(word, '@');
        let (word, spec) = split(word, '#');
        let named = word.find('=').filter(|&at| at > 0);
        let (name, text) = named.map_or(("", word), |at| (&word[..at], &word[at + 1..]));
        let annotated = text.rfind(':').and_then(|at| Some((&text[..at], Kind::named(&text.as_bytes()[at + 1..])?)));
        let (text, kind) = annotated.map_or((text, None), |(text, kind)| (text, Some(kind)));
        let mut argument = Argument::empty(kind.unwrap_or(Kind::PureToken));
        if let Some((since, until)) = since.map(|since| since.split_once("..").unwrap_or((since, ""))) {
            argument.since = Some(since).filter(|version| !version.is_empty());
            argument.deprecated_since = Some(until).filter(|version| !version.is_empty());
        }
        if kind.is_none() && is_token(text) {
            argument.token = Some(if text == "\"\"" { "" } else { text });
            argument.name = if name.is_empty() { lower(text) } else { Cow::Borrowed(name) };
            argument.display_text = argument.name.clone();
            return argument;
        }
        argument.kind = kind.unwrap_or_else(|| kind_of(text));
        argument.name = Cow::Borrowed(if name.is_empty() { text } else { name });
        argument.display_text = Cow::Borrowed(text);
        let index: Option<u32> = spec.and_then(|digits: &str| digits.parse().ok());
        if argument.kind == Kind::Key || index.is_some() {
            let index = index.unwrap_or(self.keys);
            argument.key_spec_index = Some(index);
            self.keys = index + 1;
        }
        argument
    }
}

/// What stood between brackets, before it is known what it means.
struct Brackets {
    name: &'static str,
    since: Option<&'static str>,
    alternatives: Vec<Body>,
}

impl Brackets {
    fn into_argument(mut self, optional: bool) -> Argument {
        let since = self.since;
        let mut argument = if self.alternatives.len() > 1 {
            let mut choice = Argument::empty(Kind::OneOf);
            choice.name = Cow::Borrowed(self.name);
            choice.arguments = self.alternatives.into_iter().map(|body| body.into_argument("")).collect();
            choice
        } else {
            self.alternatives.pop().unwrap_or_default().into_argument(self.name)
        };
        argument.optional |= optional;
        argument.since = since.or(argument.since);
        argument
    }
}

impl Body {
    /// One argument for all that the body holds: the only item, or a block.
    fn into_argument(mut self, name: &'static str) -> Argument {
        let repeats = self.repeats;
        let named = self.items.first().is_some_and(|item| !item.name.is_empty()) && !self.named_by_label;
        let mut argument = if self.items.len() == 1 && (name.is_empty() || !named) {
            let mut item = self.items.remove(0);
            if !name.is_empty() {
                item.name = Cow::Borrowed(name);
            }
            item
        } else {
            let mut block = Argument::empty(Kind::Block);
            if let Some(repeats) = repeats.filter(|repeats| repeats.items < self.items.len()) {
                repeat_last(&mut self.items, repeats);
                self.repeats = None;
            }
            if self.labelled {
                // A label at the start of brackets belongs to all that they hold.
                block.token = self.items[0].token.take();
            }
            block.name = match (name, block.token) {
                ("", Some(token)) => lower(token),
                ("", None) if self.repeats.is_some() => Cow::Borrowed("data"),
                _ => Cow::Borrowed(name),
            };
            block.arguments = self.items;
            block
        };
        if let Some(repeats) = self.repeats {
            argument.multiple = true;
            argument.multiple_token = repeats.with_token;
        }
        argument.multiple |= self.dots;
        argument
    }
}

/// Whether brackets only repeat the items before them: `key value [key value ...]`.
fn repetition(before: &[Argument], brackets: &Brackets) -> Option<Repeats> {
    let [body] = &brackets.alternatives[..] else { return None };
    let count = body.items.len();
    if !body.dots || count == 0 || count > before.len() || !brackets.name.is_empty() {
        return None;
    }
    let tail = &before[before.len() - count..];
    let same = tail.iter().zip(&body.items).enumerate().all(|(position, (item, again))| {
        let shown = |argument: &Argument| {
            let mut text = String::new();
            show_plain(argument, position > 0, &mut text);
            text
        };
        shown(item) == shown(again)
    });
    same.then(|| Repeats {
        items: count,
        with_token: body.items[0].token.is_some() && body.items[0].kind != Kind::PureToken,
    })
}

/// Makes the last items repeat: one by itself, several as a block.
fn repeat_last(items: &mut Vec<Argument>, repeats: Repeats) {
    if repeats.items > 1 {
        let parts = items.split_off(items.len() - repeats.items);
        let mut block = Argument::empty(Kind::Block);
        block.name = Cow::Borrowed("data");
        block.arguments = parts;
        items.push(block);
    }
    if let Some(last) = items.last_mut() {
        last.multiple = true;
        last.multiple_token = repeats.with_token;
    }
}

impl Argument {
    fn empty(kind: Kind) -> Argument {
        Argument {
            name: Cow::Borrowed(""),
            kind,
            token: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            key_spec_index: None,
            since: None,
            deprecated_since: None,
            display_text: Cow::Borrowed(""),
            arguments: Vec::new(),
        }
    }

    /// The argument as redis-cli shows it: `[EX seconds|PX milliseconds]`, `key [key ...]`.
    pub fn display(&self) -> String {
        let mut text = String::new();
        self.show(&mut text);
        text
    }

    fn show(&self, out: &mut String) {
        if self.optional {
            out.push('[');
        }
        if self.kind != Kind::PureToken
            && let Some(token) = self.token
        {
            show_token(token, out);
            out.push(' ');
        }
        self.show_content(out);
        if self.multiple {
            out.push_str(" [");
            if self.multiple_token
                && let Some(token) = self.token
            {
                show_token(token, out);
                out.push(' ');
            }
            self.show_content(out);
            out.push_str(" ...]");
        }
        if self.optional {
            out.push(']');
        }
    }

    /// Without brackets, token and repetition.
    fn show_content(&self, out: &mut String) {
        match self.kind {
            Kind::PureToken => show_token(self.token.unwrap_or_default(), out),
            Kind::OneOf | Kind::Block => {
                for (position, part) in self.arguments.iter().enumerate() {
                    if position > 0 {
                        out.push(if self.kind == Kind::OneOf { '|' } else { ' ' });
                    }
                    part.show(out);
                }
            }
            _ => out.push_str(&self.display_text),
        }
    }
}

/// All arguments of a row, as redis-cli shows them.
pub fn display(arguments: &[Argument]) -> String {
    let mut text = String::new();
    for (position, argument) in arguments.iter().enumerate() {
        if position > 0 {
            text.push(' ');
        }
        argument.show(&mut text);
    }
    text
}

/// For comparing a repetition with what it repeats, whose label may be left out.
fn show_plain(argument: &Argument, with_token: bool, out: &mut String) {
    if with_token && argument.kind != Kind::PureToken {
        out.push_str(argument.token.unwrap_or_default());
    }
    argument.show_content(out);
}

fn show_token(token: &str, out: &mut String) {
    out.push_str(if token.is_empty() { "\"\"" } else { token });
}

/// Words without a lower-case letter are typed as they stand.
fn is_token(word: &str) -> bool {
    !word.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_closing(byte: u8) -> bool {
    matches!(byte, b']' | b'>')
}

fn after_name(word: &str) -> &str {
    word.split_once('=').map_or(word, |(_, text)| text)
}

fn split(word: &'static str, at: char) -> (&'static str, Option<&'static str>) {
    word.split_once(at).map_or((word, None), |(before, after)| (before, Some(after)))
}

fn lower(token: &str) -> Cow<'static, str> {
    Cow::Owned(token.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{Argument, display, parse};
    use alloc::string::{String, ToString};

    /// Name, token, kind and flags of every node, one a line.
    fn outline(arguments: &[Argument], depth: usize, out: &mut String) {
        for argument in arguments {
            let mut line = alloc::format!("{}{} {}", "  ".repeat(depth), argument.name, argument.kind.name());
            if let Some(token) = argument.token {
                line = line + " token=" + token;
            }
            if let Some(index) = argument.key_spec_index {
                line = line + " key=" + &index.to_string();
            }
            for (set, word) in [
                (argument.optional, " optional"),
                (argument.multiple, " multiple"),
                (argument.multiple_token, " multiple-token"),
            ] {
                line += if set { word } else { "" };
            }
            out.push_str(&line);
            out.push('\n');
            outline(&argument.arguments, depth + 1, out);
        }
    }

    fn check(syntax: &'static str, shown: &str, expected: &str) {
        let arguments = parse(syntax);
        assert_eq!(display(&arguments), shown);
        let mut outlined = String::new();
        outline(&arguments, 0, &mut outlined);
        assert_eq!(outlined.trim_end(), expected, "{syntax}");
    }

    #[test]
    fn labels_and_repetitions_belong_to_what_they_stand_with() {
        check(
            "key value [key value ...]",
            "key value [key value ...]",
            "data block multiple\n  key key key=0\n  value string",
        );
        check("[key ...]", "[key [key ...]]", "key key key=0 optional multiple");
        check("[key]...", "[key [key ...]]", "key key key=0 optional multiple");
        check(
            "key [GET get-pattern=pattern [GET pattern ...]] [WEIGHTS weight [weight ...]]",
            "key [GET pattern [GET pattern ...]] [WEIGHTS weight [weight ...]]",
            "key key key=0\nget-pattern pattern token=GET optional multiple multiple-token\nweight integer token=WEIGHTS optional multiple",
        );
        check(
            "[LIMIT offset count] [AGGREGATE <SUM | MIN>]",
            "[LIMIT offset count] [AGGREGATE SUM|MIN]",
            "limit block token=LIMIT optional\n  offset integer\n  count integer\naggregate oneof token=AGGREGATE optional\n  sum pure-token token=SUM\n  min pure-token token=MIN",
        );
        check(
            "<STREAMS key [key ...] id [id ...]>",
            "STREAMS key [key ...] id [id ...]",
            "streams block token=STREAMS\n  key key key=0 multiple\n  id string multiple",
        );
        check(
            "[count-block: <COUNT count> [ANY]] <by: <circle: <BYRADIUS radius> <unit: M | KM>> | BOX>",
            "[COUNT count [ANY]] BYRADIUS radius M|KM|BOX",
            "count-block block optional\n  count integer token=COUNT\n  any pure-token token=ANY optional\nby oneof\n  circle block\n    radius double token=BYRADIUS\n    unit oneof\n      m pure-token token=M\n      km pure-token token=KM\n  box pure-token token=BOX",
        );
    }
}
