//! How a line becomes arguments and how bytes become a quoted string.
//!
//! A line is split at white space. Double quotes take escapes (`\n \r \t \b \a \\ \"` and `\xHH`; a backslash before anything
//! else is dropped), single quotes only `\'` and keep every other backslash. A closing quote must be followed by white space
//! or the end, and what opens must close; a line that breaks either rule has no arguments at all. [`words`] looks at unfinished
//! lines too and says where each word stands, for hints, colours and completion; [`split`] is the strict reading of the same.

/// One argument of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands in the line, quotes included, in bytes.
    pub start: usize,
    pub end: usize,
    /// What it means: quotes and escapes resolved.
    pub bytes: Vec<u8>,
    /// The first quote in it, if any.
    pub quote: Option<char>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// Why a line cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The line ends inside quotes.
    Unclosed,
    /// Something other than white space follows a closing quote.
    TextAfterQuote,
}

/// The line cannot be split: redis-cli says `Invalid argument(s)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidArguments;

/// The arguments of a line.
pub fn split(line: &str) -> Result<Vec<Vec<u8>>, InvalidArguments> {
    words(line)
        .into_iter()
        .map(|word| if word.fault.is_none() { Ok(word.bytes) } else { Err(InvalidArguments) })
        .collect()
}

/// The words of a line, finished or not. Only the last one can have a fault: nothing is read behind it.
pub fn words(line: &str) -> Vec<Word> {
    let bytes = line.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        while bytes.get(at).is_some_and(|byte| is_space(*byte)) {
            at += 1;
        }
        // A NUL ends the line as it ends a C string.
        if at >= bytes.len() || bytes[at] == 0 {
            return words;
        }
        let word = word(bytes, at);
        at = word.end;
        let faulty = word.fault.is_some();
        words.push(word);
        if faulty {
            return words;
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// What ends a word that has no quotes.
fn is_end(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn word(bytes: &[u8], start: usize) -> Word {
    let mut word = Word { start, end: start, bytes: Vec::new(), quote: None, fault: None };
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            0 => break,
            _ if is_end(byte) => break,
            b'"' | b'\'' => {
                word.quote.get_or_insert(char::from(byte));
                let closed = if byte == b'"' {
                    double_quoted(bytes, at + 1, &mut word.bytes)
                } else {
                    single_quoted(bytes, at + 1, &mut word.bytes)
                };
                let Some(end) = closed else {
                    word.fault = Some(Fault::Unclosed);
                    at = bytes.len();
                    break;
                };
                at = end;
                if bytes.get(at).is_some_and(|next| !is_space(*next) && *next != 0) {
                    word.fault = Some(Fault::TextAfterQuote);
                    at = bytes.len();
                }
                break;
            }
            _ => {
                word.bytes.push(byte);
                at += 1;
            }
        }
    }
    word.end = at;
    word
}

/// Reads up to the closing quote; gives the position behind it.
fn double_quoted(bytes: &[u8], mut at: usize, out: &mut Vec<u8>) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            0 => return None,
            b'"' => return Some(at + 1),
            b'\\' => {
                let next = *bytes.get(at + 1)?;
                let high = bytes.get(at + 2).and_then(|byte| hex(*byte));
                let low = bytes.get(at + 3).and_then(|byte| hex(*byte));
                if let (b'x', Some(high), Some(low)) = (next, high, low) {
                    out.push(high << 4 | low);
                    at += 4;
                    continue;
                }
                out.push(match next {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => other,
                });
                at += 2;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

fn single_quoted(bytes: &[u8], mut at: usize, out: &mut Vec<u8>) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            0 => return None,
            b'\'' => return Some(at + 1),
            b'\\' if bytes.get(at + 1) == Some(&b'\'') => {
                out.push(b'\'');
                at += 2;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Bytes as redis-cli shows a string: in double quotes, everything but printable ASCII escaped.
pub fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for &byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'"' => text.push_str("\\\""),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x07 => text.push_str("\\a"),
            0x08 => text.push_str("\\b"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => {
                text.push_str("\\x");
                for digit in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
        }
    }
    text.push('"');
    text
}

/// The shortest way to type an argument: bare if it can stand bare, in quotes otherwise.
pub fn typed(bytes: &[u8]) -> String {
    let bare = !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\''));
    match core::str::from_utf8(bytes) {
        Ok(text) if bare => text.to_owned(),
        // Letters beyond ASCII can be typed as they are.
        Ok(text)
            if !text.is_empty()
                && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '"' && c != '\'') =>
        {
            text.to_owned()
        }
        _ => quoted(bytes),
    }
}
