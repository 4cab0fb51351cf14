//! The notation in which a row writes down its arguments, and what is read off it.
//!
//! It is the notation of the reference: words in capitals are typed as they stand, others name a value; `[…]` is optional, `<…>`
//! only holds together, `|` separates alternatives, `x [x ...]` (or `x...`) repeats. COMMAND DOCS gives every argument a name
//! and a kind as well. Most of them show (`EX seconds` is an integer called seconds behind the word EX); where one does not, it is
//! annotated and readers are spared the annotation:
//!
//! | written | means |
//! |---|---|
//! | `[expiration: EX seconds \| KEEPTTL]` | a group called expiration |
//! | `min-idle-time:string` | not the kind that [`kind_of`] would guess |
//! | `change=CH`, `by-pattern=pattern` | an argument with a name of its own; a word so written is never the label of what follows it |
//! | `GET@6.2.0`, `[condition@7.0.0: NX \| XX]`, `ip:port@..2.8.12` | since when, until when |
//! | `key#1` | belongs to the second key specification, where counting would say otherwise |
//!
//! A label in capitals belongs to the one value or group behind it, or, at the start of brackets, to all that they hold.
//! The same reader, a `const fn`, checks a row while it compiles and derives its arity.

/// The next piece of a syntax string.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Open {
        optional: bool,
    },
    Close {
        optional: bool,
    },
    Bar,
    /// `...` behind a space: what the bracket holds repeats.
    Repeat,
    /// `...` without a space: what stands before it repeats.
    Again,
    /// The name of a group, with its colon.
    Label,
    Word,
    End,
}

/// A token and where it begins and ends.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

const fn is_dots(bytes: &[u8], at: usize) -> bool {
    at + 2 < bytes.len() && bytes[at] == b'.' && bytes[at + 1] == b'.' && bytes[at + 2] == b'.'
}

/// The piece at or behind `at`.
pub(super) const fn piece(bytes: &[u8], at: usize) -> Piece {
    let mut start = at;
    while start < bytes.len() && bytes[start] == b' ' {
        start += 1;
    }
    if start == bytes.len() {
        return Piece { token: Token::End, start, end: start };
    }
    if is_dots(bytes, start) {
        let token = if start == at { Token::Again } else { Token::Repeat };
        return Piece { token, start, end: start + 3 };
    }
    let token = match bytes[start] {
        b'[' => Token::Open { optional: true },
        b'<' => Token::Open { optional: false },
        b']' => Token::Close { optional: true },
        b'>' => Token::Close { optional: false },
        b'|' => Token::Bar,
        _ => Token::Word,
    };
    let mut end = start + 1;
    if !matches!(token, Token::Word) {
        return Piece { token, start, end };
    }
    while end < bytes.len() && !matches!(bytes[end], b' ' | b'[' | b'<' | b']' | b'>' | b'|') && !is_dots(bytes, end) {
        end += 1;
    }
    let labels = bytes[end - 1] == b':';
    Piece { token: if labels { Token::Label } else { Token::Word }, start, end }
}

/// How many words a body needs at least, whether it may take more, and where it ends.
#[derive(Clone, Copy)]
struct Measure {
    words: i32,
    varies: bool,
    end: usize,
}

/// The arity that a syntax string implies, where `name` words come before it. A malformed string does not compile.
pub(super) const fn arity(syntax: &str, name: i32) -> i32 {
    let measure = measure(syntax.as_bytes(), 0, None);
    let words = name + measure.words;
    if measure.varies { -words } else { words }
}

/// Reads a body up to the bracket that closes it (`optional` says which), or to the end of the string.
const fn measure(bytes: &[u8], from: usize, optional: Option<bool>) -> Measure {
    let mut least = i32::MAX;
    let mut most = 0;
    let mut varies = false;
    let mut words = 0;
    let mut items = 0;
    let mut at = from;
    loop {
        let piece = piece(bytes, at);
        at = piece.end;
        match piece.token {
            Token::Word => {
                check_word(bytes, piece);
                words += 1;
                items += 1;
            }
            Token::Label => assert!(items == 0 && optional.is_some(), "a group's name stands first in its brackets"),
            Token::Open { optional: inner } => {
                let inside = measure(bytes, at, Some(inner));
                at = inside.end;
                items += 1;
                if inner {
                    varies = true;
                } else {
                    words += inside.words;
                    varies |= inside.varies;
                }
            }
            Token::Repeat | Token::Again => {
                assert!(items > 0, "nothing stands before `...`");
                varies = true;
            }
            Token::Bar | Token::Close { .. } | Token::End => {
                let empty_syntax = optional.is_none() && bytes.is_empty();
                assert!(items > 0 || empty_syntax, "an empty group or alternative in a syntax string");
                if words < least {
                    least = words;
                }
                if words > most {
                    most = words;
                }
                words = 0;
                items = 0;
                match piece.token {
                    Token::Bar => assert!(optional.is_some(), "alternatives stand in brackets"),
                    Token::Close { optional: closing } => match optional {
                        Some(opened) => assert!(opened == closing, "brackets of a syntax string do not match"),
                        None => panic!("a bracket in a syntax string was never opened"),
                    },
                    _ => assert!(optional.is_none(), "a bracket in a syntax string is not closed"),
                }
                if !matches!(piece.token, Token::Bar) {
                    return Measure { words: least, varies: varies || least != most, end: at };
                }
            }
        }
    }
}

/// A word whose annotation is of no known kind does not compile.
const fn check_word(bytes: &[u8], piece: Piece) {
    let word = split_range(bytes, piece.start, piece.end);
    let word = match last(word, b'@') {
        Some(at) => word.split_at(at).0,
        None => word,
    };
    let word = match last(word, b'#') {
        Some(at) => word.split_at(at).0,
        None => word,
    };
    if let Some(colon) = last(word, b':') {
        let kind = Kind::named(word.split_at(colon + 1).1);
        assert!(kind.is_some() || ends_with(word, b"ip:port"), "an unknown kind of argument in a syntax string");
    }
}

const fn split_range(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.split_at(end).0.split_at(start).1
}

const fn last(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut at = bytes.len();
    while at > 0 {
        at -= 1;
        if bytes[at] == wanted {
            return Some(at);
        }
    }
    None
}

const fn ends_with(whole: &[u8], end: &[u8]) -> bool {
    if whole.len() < end.len() {
        return false;
    }
    let mut at = 0;
    while at < end.len() {
        if whole[whole.len() - end.len() + at] != end[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// What stands behind the bar of `parent|word`.
pub(super) const fn after_bar(full_name: &'static str) -> &'static str {
    match last(full_name.as_bytes(), b'|') {
        Some(at) => full_name.split_at(at + 1).1,
        None => panic!("a subcommand's full name is parent|word"),
    }
}

/// The kinds of arguments, in the words of COMMAND DOCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
    PureToken,
    OneOf,
    Block,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Key => "key",
            Kind::Pattern => "pattern",
            Kind::UnixTime => "unix-time",
            Kind::PureToken => "pure-token",
            Kind::OneOf => "oneof",
            Kind::Block => "block",
        }
    }

    /// The kinds that an annotation may name.
    pub(super) const fn named(name: &[u8]) -> Option<Kind> {
        match name {
            b"string" => Some(Kind::String),
            b"integer" => Some(Kind::Integer),
            b"double" => Some(Kind::Double),
            b"key" => Some(Kind::Key),
            b"pattern" => Some(Kind::Pattern),
            b"unix-time" => Some(Kind::UnixTime),
            _ => None,
        }
    }

    /// Whether it holds other arguments.
    pub const fn is_group(self) -> bool {
        matches!(self, Kind::OneOf | Kind::Block)
    }
}

/// What the reference usually means by a value's name; anything else is a string.
pub(super) fn kind_of(name: &str) -> Kind {
    match name {
        "key" | "key1" | "key2" | "newkey" | "source" | "sourcekey" | "destination" | "destkey" | "src" | "dst" => {
            Kind::Key
        }
        "pattern" => Kind::Pattern,
        "unix-time-seconds" | "unix-time-milliseconds" => Kind::UnixTime,
        "height" | "width" | "latitude" | "longitude" | "radius" | "score" | "timeout" => Kind::Double,
        "bit" | "bits" | "client-id" | "cluster-bus-port" | "config-epoch" | "count" | "cursor" | "db"
        | "decrement" | "destination-db" | "end-slot" | "endslot" | "entries-added" | "entries-read" | "frequency"
        | "ifdeq-digest" | "ifdne-digest" | "increment" | "index" | "index1" | "index2" | "len" | "limit"
        | "maxage" | "maxsize" | "milliseconds" | "min-idle-time" | "min-match-len" | "ms" | "numfields" | "numids"
        | "numkeys" | "numlocal" | "numranges" | "num-matches" | "numreplicas" | "offset" | "port" | "protover"
        | "rank" | "seconds" | "slot" | "start" | "start-slot" | "startslot" | "stop" | "ttl" | "version"
        | "weight" | "duration" | "ratio" => Kind::Integer,
        _ => Kind::String,
    }
}
