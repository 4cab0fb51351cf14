//! Reading JSON as `cjson` reads it: leniently where numbers are concerned, and with its error texts.

use alloc::{format, vec::Vec};

use crate::{
    number,
    state::{Fault, State},
    text::Text,
    value::Value,
};

use super::cjson::{Config, NULL};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Value(Value),
    Text(Value),
    Number(Value),
    Boolean(Value),
    Colon,
    Comma,
    End,
    Error(&'static str),
}

impl Token {
    fn name(self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Text(_) => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Boolean(_) => "T_BOOLEAN",
            Token::Value(_) => "T_NULL",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Error(text) => text,
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the token in hand starts.
    start: usize,
    buffer: Vec<u8>,
    invalid_numbers: bool,
}

/// A container being read.
enum Open {
    Array { table: u32, next: i64 },
    Object { table: u32, key: Value },
}

pub fn decode(state: &mut State, text: &[u8], config: &Config) -> Result<Value, Fault> {
    if text.len() >= 2 && (text[0] == 0 || text[1] == 0) {
        return Err(Fault::message("JSON parser does not support UTF-16 or UTF-32"));
    }
    let mut reader = Reader { text, at: 0, start: 0, buffer: Vec::new(), invalid_numbers: config.decode_invalid };
    let mut open: Vec<Open> = Vec::new();
    let mut token = reader.next(state)?;
    loop {
        // A value is due.
        let mut value = match token {
            Token::Value(value) | Token::Text(value) | Token::Number(value) | Token::Boolean(value) => value,
            Token::ObjectBegin | Token::ArrayBegin => {
                if open.len() as i64 + 1 > config.decode_depth {
                    return Err(Fault::message(format!(
                        "Found too many nested data structures ({}) at character {}",
                        open.len() + 1,
                        reader.at
                    )));
                }
                state.heap.reserve(open.len() * 24)?;
                let table = state.heap.new_table(0, 0);
                let object = token == Token::ObjectBegin;
                if config.array_metatable && !object {
                    let meta = state.heap.new_table(0, 1);
                    state.heap.set(meta, state.json_mark, Value::True)?;
                    state.heap.tables[table].meta = meta;
                }
                token = reader.next(state)?;
                let end = if object { Token::ObjectEnd } else { Token::ArrayEnd };
                if token == end {
                    Value::Table(u64::from(table))
                } else {
                    if object {
                        let key = reader.key(state, token)?;
                        open.push(Open::Object { table, key });
                        token = reader.next(state)?;
                    } else {
                        open.push(Open::Array { table, next: 1 });
                    }
                    continue;
                }
            }
            other => return Err(reader.unexpected("value", other)),
        };
        // It is stored, and closes what ends with it.
        loop {
            let Some(container) = open.last_mut() else {
                return match reader.next(state)? {
                    Token::End => Ok(value),
                    other => Err(reader.unexpected("the end", other)),
                };
            };
            token = reader.next(state)?;
            match container {
                Open::Array { table, next } => {
                    state.heap.set_index(*table, *next, value)?;
                    *next += 1;
                    match token {
                        Token::ArrayEnd => value = Value::Table(u64::from(*table)),
                        Token::Comma => {
                            token = reader.next(state)?;
                            break;
                        }
                        other => return Err(reader.unexpected("comma or array end", other)),
                    }
                }
                Open::Object { table, key } => {
                    state.heap.set(*table, *key, value)?;
                    match token {
                        Token::ObjectEnd => value = Value::Table(u64::from(*table)),
                        Token::Comma => {
                            token = reader.next(state)?;
                            *key = reader.key(state, token)?;
                            token = reader.next(state)?;
                            break;
                        }
                        other => return Err(reader.unexpected("comma or object end", other)),
                    }
                }
            }
            open.pop();
        }
    }
}

impl Reader<'_> {
    fn unexpected(&self, wanted: &str, found: Token) -> Fault {
        Fault::message(format!("Expected {wanted} but found {} at character {}", found.name(), self.start + 1))
    }

    /// The token is a key; a colon follows.
    fn key(&mut self, state: &mut State, token: Token) -> Result<Value, Fault> {
        let Token::Text(key) = token else { return Err(self.unexpected("object key string", token)) };
        match self.next(state)? {
            Token::Colon => Ok(key),
            other => Err(self.unexpected("colon", other)),
        }
    }

    fn next(&mut self, state: &mut State) -> Result<Token, Fault> {
        state.heap.reserve(0)?;
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.start = self.at;
        let Some(&byte) = self.text.get(self.at) else { return Ok(Token::End) };
        self.at += 1;
        Ok(match byte {
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b',' => Token::Comma,
            b':' => Token::Colon,
            0 => Token::End,
            b'"' => return self.string(state),
            b'-' | b'0'..=b'9' => self.number(),
            b'+' if self.invalid_numbers => self.number(),
            b'i' | b'I' | b'N' if self.invalid_numbers && self.spells_number() => self.number(),
            b'n' if self.invalid_numbers && self.word(b"nan") => self.number(),
            b't' if self.literal(b"true") => Token::Boolean(Value::True),
            b'f' if self.literal(b"false") => Token::Boolean(Value::False),
            b'n' if self.literal(b"null") => Token::Value(NULL),
            _ => Token::Error("invalid token"),
        })
    }

    fn word(&self, word: &[u8]) -> bool {
        let rest = &self.text[self.start..];
        rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word)
    }

    fn spells_number(&self) -> bool {
        self.word(b"inf") || self.word(b"nan")
    }

    fn literal(&mut self, word: &[u8]) -> bool {
        let found = self.text[self.start..].starts_with(word);
        if found {
            self.at = self.start + word.len();
        }
        found
    }

    fn number(&mut self) -> Token {
        let rest = &self.text[self.start..];
        if !self.invalid_numbers && is_invalid(rest) {
            return Token::Error("invalid number");
        }
        match number::prefix(rest) {
            Some((number, length)) => {
                self.at = self.start + length;
                Token::Number(Value::number(number))
            }
            None => Token::Error("invalid number"),
        }
    }

    fn string(&mut self, state: &mut State) -> Result<Token, Fault> {
        self.buffer.clear();
        loop {
            let Some(&byte) = self.text.get(self.at) else {
                self.start = self.at;
                return Ok(Token::Error("unexpected end of string"));
            };
            match byte {
                b'"' => {
                    self.at += 1;
                    let bytes = core::mem::take(&mut self.buffer);
                    return Ok(Token::Text(state.heap.string_owned(bytes)?));
                }
                b'\\' => {
                    let plain = match self.text.get(self.at + 1) {
                        Some(b'b') => 8,
                        Some(b't') => 9,
                        Some(b'n') => 10,
                        Some(b'f') => 12,
                        Some(b'r') => 13,
                        Some(same @ (b'"' | b'\\' | b'/')) => *same,
                        Some(b'u') => {
                            let Some(length) = self.unicode() else {
                                self.start = self.at;
                                return Ok(Token::Error("invalid unicode escape code"));
                            };
                            self.at += length;
                            continue;
                        }
                        _ => {
                            self.start = self.at;
                            return Ok(Token::Error("invalid escape code"));
                        }
                    };
                    self.buffer.put(plain);
                    self.at += 2;
                }
                _ => {
                    self.buffer.put(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4)?;
        digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
    }

    /// At `\u`: appends the character; how much text it took.
    fn unicode(&mut self) -> Option<usize> {
        let first = self.hex(self.at + 2)?;
        let (code, length) = match first {
            0xD800..=0xDBFF => {
                if self.text.get(self.at + 6..self.at + 8)? != b"\\u" {
                    return None;
                }
                let second = self.hex(self.at + 8)?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return None;
                }
                (0x10000 + ((first & 0x3FF) << 10 | second & 0x3FF), 12)
            }
            0xDC00..=0xDFFF => return None,
            code => (code, 6),
        };
        let character = char::from_u32(code)?;
        let mut buffer = [0; 4];
        self.buffer.add(character.encode_utf8(&mut buffer).as_bytes());
        Some(length)
    }
}

/// What JSON does not allow although C reads it as a number.
fn is_invalid(text: &[u8]) -> bool {
    let text = match text.first() {
        Some(b'+') => return true,
        Some(b'-') => &text[1..],
        _ => text,
    };
    match text.first() {
        Some(b'0') => matches!(text.get(1), Some(b'x' | b'X' | b'0'..=b'9')),
        Some(b'1'..=b'9') => false,
        _ => text.len() >= 3 && (text[..3].eq_ignore_ascii_case(b"inf") || text[..3].eq_ignore_ascii_case(b"nan")),
    }
}
