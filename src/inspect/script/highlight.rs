//! Lua in colours: what each stretch of a script's text is.
//!
//! A scanner, not a parser: it knows where names, numbers, strings and comments begin and end, also where they go over several lines
//! or are not finished, and never refuses a text. Whatever it gives back is the text again when put together.

use std::rc::Rc;

/// What a stretch of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Plain,
    Keyword,
    /// `nil`, `true`, `false`.
    Constant,
    Number,
    String,
    Comment,
    /// `redis` and its functions.
    Redis,
    /// KEYS and ARGV.
    Words,
    /// What Lua's libraries and Redis bring along.
    Library,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub look: Look,
    pub text: Rc<str>,
}

const KEYWORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "for", "function", "if", "in", "local", "not", "or", "repeat",
    "return", "then", "until", "while",
];
const LIBRARY: &[&str] = &[
    "assert",
    "bit",
    "cjson",
    "cmsgpack",
    "coroutine",
    "error",
    "getmetatable",
    "ipairs",
    "loadstring",
    "math",
    "next",
    "os",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawset",
    "select",
    "setmetatable",
    "string",
    "struct",
    "table",
    "tonumber",
    "tostring",
    "type",
    "unpack",
    "xpcall",
];

/// The lines of a script.
pub fn lines(source: &str) -> Vec<Vec<Piece>> {
    let mut lines = vec![Vec::new()];
    let mut scanner = Scanner { source, at: 0, after: After::Other };
    while let Some((look, text)) = scanner.next() {
        for (number, part) in text.split('\n').enumerate() {
            if number > 0 {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut().filter(|_| !part.is_empty()) {
                line.push(Piece { look, text: part.into() });
            }
        }
    }
    lines
}

/// What stood before the next word, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Redis,
    RedisDot,
    /// A point or colon: what follows is a field, whatever it is called.
    Dot,
    Other,
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    after: After,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<(Look, &'a str)> {
        let rest = &self.source[self.at..];
        let bytes = rest.as_bytes();
        let first = *bytes.first()?;
        let (look, length) = match first {
            // A shebang says how Redis is to run the script; Lua does not see it.
            b'#' if self.at == 0 => (Look::Comment, line_end(rest)),
            b'-' if bytes.get(1) == Some(&b'-') => {
                let long = long_bracket(&rest[2..]);
                (Look::Comment, long.map_or_else(|| line_end(rest), |length| 2 + length))
            }
            b'[' if long_bracket(rest).is_some() => (Look::String, long_bracket(rest).unwrap_or(1)),
            b'"' | b'\'' => (Look::String, quoted(bytes, first)),
            b'0'..=b'9' => (Look::Number, number(bytes)),
            b'.' if bytes.get(1).is_some_and(u8::is_ascii_digit) => (Look::Number, number(bytes)),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                (self.word(&rest[..length]), length)
            }
            b'.' | b':' => {
                let concatenates = rest.starts_with("..");
                self.after = match self.after {
                    _ if concatenates => After::Other,
                    After::Redis => After::RedisDot,
                    _ => After::Dot,
                };
                let length = if concatenates { bytes.iter().take_while(|byte| **byte == b'.').count() } else { 1 };
                let look = if self.after == After::RedisDot { Look::Redis } else { Look::Plain };
                self.at += length;
                return Some((look, &rest[..length]));
            }
            _ => {
                let blank = first.is_ascii_whitespace();
                let length =
                    rest.find(|letter: char| begins_something(letter) || letter.is_ascii_whitespace() != blank);
                // A letter of several bytes, or a sign that was looked at above and is nothing by itself.
                let length = length
                    .filter(|length| *length > 0)
                    .unwrap_or_else(|| rest.chars().next().map_or(1, char::len_utf8));
                if !blank {
                    self.after = After::Other;
                }
                self.at += length;
                return Some((Look::Plain, &rest[..length]));
            }
        };
        if !matches!(look, Look::Redis) {
            self.after = After::Other;
        }
        self.at += length;
        Some((look, &rest[..length]))
    }

    fn word(&mut self, word: &str) -> Look {
        match self.after {
            After::RedisDot => {
                // What follows is a field of it no more.
                self.after = After::Other;
                Look::Redis
            }
            After::Dot => Look::Plain,
            _ if word == "redis" => {
                self.after = After::Redis;
                Look::Redis
            }
            _ if KEYWORDS.contains(&word) => Look::Keyword,
            _ => match word {
                "nil" | "true" | "false" => Look::Constant,
                "KEYS" | "ARGV" => Look::Words,
                _ if LIBRARY.contains(&word) => Look::Library,
                _ => Look::Plain,
            },
        }
    }
}

fn begins_something(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | ':' | '-' | '[' | '"' | '\'')
}

fn line_end(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

/// How long `[[…]]` or `[=[…]=]` is, to the end of the text if it is not closed.
fn long_bracket(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('[')?;
    let level = inner.bytes().take_while(|byte| *byte == b'=').count();
    let body = inner[level..].strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    let before = rest.len() - body.len();
    Some(body.find(&close).map_or(rest.len(), |at| before + at + close.len()))
}

/// How long a quoted string is; one that is not closed ends with its line.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if at + 1 < bytes.len() => at += 1,
            b'\n' => return at,
            _ if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    // An escape may have led into the middle of a letter, never beyond the end.
    bytes.len()
}

fn number(bytes: &[u8]) -> usize {
    let hexadecimal = bytes.len() > 1 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X');
    let mut at = if hexadecimal { 2 } else { 0 };
    while let Some(&byte) = bytes.get(at) {
        let sign = matches!(byte, b'+' | b'-') && !hexadecimal && matches!(bytes[at - 1], b'e' | b'E');
        // `1..2` joins two numbers.
        let joins = byte == b'.' && bytes.get(at + 1) == Some(&b'.');
        if joins || !(byte.is_ascii_alphanumeric() || byte == b'.' || sign) {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(source: &str) -> Vec<Vec<(Look, String)>> {
        let line = |line: Vec<Piece>| line.into_iter().map(|piece| (piece.look, piece.text.to_string())).collect();
        lines(source).into_iter().map(line).collect()
    }

    fn of(source: &str, text: &str) -> Look {
        let all = looks(source).concat();
        all.iter().find(|(_, piece)| piece == text).unwrap_or_else(|| panic!("{text} in {all:?}")).0
    }

    #[test]
    fn words_numbers_and_the_table_of_redis() {
        let line = "local n = tonumber(redis.call('INCR', KEYS[1])) or 0x1F -- count";
        for (text, look) in [
            ("local", Look::Keyword),
            ("n", Look::Plain),
            ("tonumber", Look::Library),
            ("redis", Look::Redis),
            ("call", Look::Redis),
            ("'INCR'", Look::String),
            ("KEYS", Look::Words),
            ("1", Look::Number),
            ("0x1F", Look::Number),
            ("-- count", Look::Comment),
        ] {
            assert_eq!(of(line, text), look, "{text}");
        }
        assert_eq!(of("x = t.redis.call", "call"), Look::Plain, "a field of that name is another one");
        assert_eq!(of("t.type = nil", "type"), Look::Plain, "a field is no library");
        assert_eq!(of("t.type = nil", "nil"), Look::Constant);
        assert_eq!(of("x = 1e-5..2", "1e-5"), Look::Number);
        assert_eq!(of("x = a..redis.x", "x"), Look::Plain);
    }

    #[test]
    fn strings_and_comments_over_several_lines() {
        let source = "--[==[ one\ntwo ]] ]==] x = [[a\nb]] .. \"c\\\"d\" .. 'open\ny = 1";
        let lines = looks(source);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], [(Look::Comment, "--[==[ one".to_owned())]);
        assert_eq!(lines[1][0], (Look::Comment, "two ]] ]==]".to_owned()));
        assert_eq!(lines[2][0], (Look::String, "b]]".to_owned()));
        assert_eq!(of(source, "\"c\\\"d\""), Look::String);
        assert_eq!(of(source, "'open"), Look::String);
        assert_eq!(of(source, "y"), Look::Plain, "a string that is not closed ends with its line");
    }

    #[test]
    fn no_text_is_lost_whatever_it_is() {
        let mut state = 7_u32;
        let alphabet: Vec<char> = "ab1.\n\r\t'\"\\[]=-é→𝄞 redis:KEYS0xe+#~".chars().collect();
        for _ in 0..5_000 {
            let mut source = String::new();
            for _ in 0..state % 40 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                source.push(alphabet[(state >> 16) as usize % alphabet.len()]);
            }
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let again: Vec<String> =
                lines(&source).iter().map(|line| line.iter().map(|piece| &*piece.text).collect()).collect();
            assert_eq!(again.join("\n"), source);
        }
    }
}
