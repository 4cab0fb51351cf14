//! The scanner. Tokens carry the line they end on; the text of the token in hand stays in `buffer`, since error
//! messages quote it (`near 'x'`).

use alloc::{boxed::Box, format, string::String, vec::Vec};

use crate::{
    heap::Heap,
    number,
    text::{Text, copy, until_nul},
    value::Value,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token {
    Char(u8),
    And,
    Break,
    Do,
    Else,
    Elseif,
    End,
    False,
    For,
    Function,
    If,
    In,
    Local,
    Nil,
    Not,
    Or,
    Repeat,
    Return,
    Then,
    True,
    Until,
    While,
    Concat,
    Dots,
    Eq,
    Ge,
    Le,
    Ne,
    Number(f64),
    Name(Value),
    String(Value),
    Eos,
}

const RESERVED: &[(&str, Token)] = &[
    ("and", Token::And),
    ("break", Token::Break),
    ("do", Token::Do),
    ("else", Token::Else),
    ("elseif", Token::Elseif),
    ("end", Token::End),
    ("false", Token::False),
    ("for", Token::For),
    ("function", Token::Function),
    ("if", Token::If),
    ("in", Token::In),
    ("local", Token::Local),
    ("nil", Token::Nil),
    ("not", Token::Not),
    ("or", Token::Or),
    ("repeat", Token::Repeat),
    ("return", Token::Return),
    ("then", Token::Then),
    ("true", Token::True),
    ("until", Token::Until),
    ("while", Token::While),
];

/// Why a chunk does not compile: the whole message, position included.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::box_collection, reason = "everybody hands it on, so it is one pointer")]
pub struct SyntaxError(pub Box<Vec<u8>>);

/// What an error message quotes.
pub enum Near {
    Nothing,
    Token(Token),
    /// The text scanned so far of the token that cannot be finished.
    Buffer,
}

pub struct Lexer<'a> {
    pub heap: &'a mut Heap,
    source: &'a [u8],
    at: usize,
    buffer: Vec<u8>,
    pub line: u32,
    pub last_line: u32,
    pub token: Token,
    ahead: Option<Token>,
    chunk: Vec<u8>,
}

type Scan<T> = Result<T, SyntaxError>;

impl<'a> Lexer<'a> {
    pub fn new(heap: &'a mut Heap, source: &'a [u8], name: &[u8]) -> Lexer<'a> {
        Lexer {
            heap,
            source,
            at: 0,
            buffer: Vec::new(),
            line: 1,
            last_line: 1,
            token: Token::Eos,
            ahead: None,
            chunk: chunk_id(name),
        }
    }

    pub fn next(&mut self) -> Scan<()> {
        self.last_line = self.line;
        self.token = match self.ahead.take() {
            Some(token) => token,
            None => self.scan()?,
        };
        Ok(())
    }

    pub fn look_ahead(&mut self) -> Scan<Token> {
        let token = self.scan()?;
        self.ahead = Some(token);
        Ok(token)
    }

    /// The string that the buffer holds, without so many bytes at both ends.
    fn text(&mut self, around: usize) -> Value {
        let bytes = &self.buffer[around..self.buffer.len() - around];
        self.heap.string(bytes)
    }

    pub fn error(&self, message: &str, near: Near) -> SyntaxError {
        let mut text = self.chunk.clone();
        text.add(format!(":{}: {message}", self.line).as_bytes());
        let quoted = match near {
            // PUC takes the number of a token for whether there is one.
            Near::Nothing | Near::Token(Token::Char(0)) => return SyntaxError(Box::new(text)),
            Near::Token(token) => self.describe(token),
            Near::Buffer => copy(until_nul(&self.buffer)),
        };
        text.add(b" near '");
        text.add(&quoted);
        text.put(b'\'');
        SyntaxError(Box::new(text))
    }

    /// An error at the token in hand.
    #[cold]
    #[inline(never)]
    pub fn syntax(&self, message: &str) -> SyntaxError {
        self.error(message, Near::Token(self.token))
    }

    fn describe(&self, token: Token) -> Vec<u8> {
        match token {
            Token::Name(_) | Token::String(_) | Token::Number(_) => copy(until_nul(&self.buffer)),
            Token::Char(byte) if !byte.is_ascii_control() => alloc::vec![byte],
            other => token_text(other).into_bytes(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    fn is_at(&self, byte: u8) -> bool {
        self.peek() == Some(byte)
    }

    fn save_next(&mut self) {
        if let Some(byte) = self.peek() {
            self.buffer.push(byte);
            self.at += 1;
        }
    }

    fn line_end(&mut self) {
        let first = self.peek();
        self.at += 1;
        if let Some(second @ (b'\n' | b'\r')) = self.peek()
            && Some(second) != first
        {
            self.at += 1;
        }
        self.line += 1;
    }

    fn scan(&mut self) -> Scan<Token> {
        self.buffer.clear();
        loop {
            let Some(byte) = self.peek() else { return Ok(Token::Eos) };
            match byte {
                b'\n' | b'\r' => self.line_end(),
                b'-' => {
                    self.at += 1;
                    if !self.is_at(b'-') {
                        return Ok(Token::Char(b'-'));
                    }
                    self.at += 1;
                    if self.is_at(b'[') {
                        let level = self.skip_separator();
                        self.buffer.clear();
                        if let Some(level) = level {
                            self.long_text(level, true)?;
                            self.buffer.clear();
                            continue;
                        }
                    }
                    while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                        self.at += 1;
                    }
                }
                b'[' => {
                    let start = self.buffer.len();
                    return match self.skip_separator() {
                        Some(level) => {
                            self.long_text(level, false)?;
                            let inner = level + 2;
                            Ok(Token::String(self.text(inner)))
                        }
                        None if self.buffer.len() == start + 1 => Ok(Token::Char(b'[')),
                        None => Err(self.error("invalid long string delimiter", Near::Buffer)),
                    };
                }
                b'=' => return Ok(self.maybe_equal(b'=', Token::Eq)),
                b'<' => return Ok(self.maybe_equal(b'<', Token::Le)),
                b'>' => return Ok(self.maybe_equal(b'>', Token::Ge)),
                b'~' => return Ok(self.maybe_equal(b'~', Token::Ne)),
                b'"' | b'\'' => return self.string(byte),
                b'.' => {
                    self.save_next();
                    if self.save_if(b".") {
                        return Ok(if self.save_if(b".") { Token::Dots } else { Token::Concat });
                    }
                    if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                        return Ok(Token::Char(b'.'));
                    }
                    return self.numeral();
                }
                b'0'..=b'9' => return self.numeral(),
                _ if byte.is_ascii_whitespace() || byte == 0x0b => self.at += 1,
                _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                    while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                        self.save_next();
                    }
                    let reserved = RESERVED.iter().find(|(word, _)| word.as_bytes() == self.buffer);
                    return Ok(match reserved {
                        Some((_, token)) => *token,
                        None => Token::Name(self.text(0)),
                    });
                }
                _ => {
                    self.at += 1;
                    return Ok(Token::Char(byte));
                }
            }
        }
    }

    fn maybe_equal(&mut self, single: u8, double: Token) -> Token {
        self.at += 1;
        if self.is_at(b'=') {
            self.at += 1;
            return double;
        }
        Token::Char(single)
    }

    fn numeral(&mut self) -> Scan<Token> {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') {
            self.save_next();
        }
        if self.save_if(b"eE") {
            self.save_if(b"+-");
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.save_next();
        }
        match number::parse(until_nul(&self.buffer)) {
            Some(number) => Ok(Token::Number(number)),
            None => Err(self.error("malformed number", Near::Buffer)),
        }
    }

    /// Reads a byte if it is one of these, or zero: PUC looks for it in a C string, and finds the zero that ends it.
    fn save_if(&mut self, set: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| byte == 0 || set.contains(&byte));
        if found {
            self.save_next();
        }
        found
    }

    /// At `[` or `]`: reads the bracket and its `=`; the level if the second bracket follows.
    fn skip_separator(&mut self) -> Option<usize> {
        let bracket = self.peek()?;
        self.save_next();
        let mut level = 0;
        while self.is_at(b'=') {
            self.save_next();
            level += 1;
        }
        self.is_at(bracket).then_some(level)
    }

    fn long_text(&mut self, level: usize, comment: bool) -> Scan<()> {
        self.save_next();
        if matches!(self.peek(), Some(b'\n' | b'\r')) {
            self.line_end();
        }
        loop {
            match self.peek() {
                None => {
                    let what = if comment { "unfinished long comment" } else { "unfinished long string" };
                    return Err(self.error(what, Near::Token(Token::Eos)));
                }
                Some(b'[') => {
                    if self.skip_separator() == Some(level) {
                        self.save_next();
                        if level == 0 {
                            return Err(self.error("nesting of [[...]] is deprecated", Near::Token(Token::Char(b'['))));
                        }
                    }
                }
                Some(b']') => {
                    if self.skip_separator() == Some(level) {
                        self.save_next();
                        return Ok(());
                    }
                }
                Some(b'\n' | b'\r') => {
                    self.buffer.put(b'\n');
                    self.line_end();
                    if comment {
                        self.buffer.clear();
                    }
                }
                Some(_) => {
                    if comment {
                        self.at += 1;
                    } else {
                        self.save_next();
                    }
                }
            }
        }
    }

    fn string(&mut self, quote: u8) -> Scan<Token> {
        self.save_next();
        while !self.is_at(quote) {
            match self.peek() {
                None => return Err(self.error("unfinished string", Near::Token(Token::Eos))),
                Some(b'\n' | b'\r') => return Err(self.error("unfinished string", Near::Buffer)),
                Some(b'\\') => {
                    self.at += 1;
                    let Some(byte) = self.peek() else { continue };
                    let plain = match byte {
                        b'a' => 7,
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'v' => 11,
                        b'\n' | b'\r' => {
                            self.buffer.put(b'\n');
                            self.line_end();
                            continue;
                        }
                        b'0'..=b'9' => {
                            let mut code = 0u32;
                            let mut digits = 0;
                            while digits < 3
                                && let Some(digit @ b'0'..=b'9') = self.peek()
                            {
                                code = code * 10 + u32::from(digit - b'0');
                                self.at += 1;
                                digits += 1;
                            }
                            let Ok(byte) = u8::try_from(code) else {
                                return Err(self.error("escape sequence too large", Near::Buffer));
                            };
                            self.buffer.put(byte);
                            continue;
                        }
                        other => other,
                    };
                    self.buffer.put(plain);
                    self.at += 1;
                }
                Some(_) => self.save_next(),
            }
        }
        self.save_next();
        Ok(Token::String(self.text(1)))
    }
}

pub fn token_text(token: Token) -> String {
    let fixed = match token {
        Token::Char(byte) if byte.is_ascii_control() => return format!("char({byte})"),
        Token::Char(byte) => return String::from(char::from(byte)),
        Token::Concat => "..",
        Token::Dots => "...",
        Token::Eq => "==",
        Token::Ge => ">=",
        Token::Le => "<=",
        Token::Ne => "~=",
        Token::Number(_) => "<number>",
        Token::Name(_) => "<name>",
        Token::String(_) => "<string>",
        Token::Eos => "<eof>",
        word => RESERVED.iter().find(|(_, token)| *token == word).map_or("?", |(text, _)| text),
    };
    String::from(fixed)
}

/// How messages name a chunk: `=text` and `@file` as they are (cut to fit), source text as `[string "..."]`.
pub fn chunk_id(name: &[u8]) -> Vec<u8> {
    const SIZE: usize = 80;
    let name = until_nul(name);
    match name.first() {
        Some(b'=') => copy(&name[1..name.len().min(SIZE)]),
        Some(b'@') => {
            let file = &name[1..];
            let room = SIZE - "...".len() - 5;
            if file.len() > room { [b"...", &file[file.len() - room..]].concat() } else { copy(file) }
        }
        _ => {
            let first = name.split(|byte| *byte == b'\n' || *byte == b'\r').next().unwrap_or_default();
            let room = SIZE - "[string \"...\"]".len() - 3;
            let cut = first.len().min(room);
            let mut id = copy(b"[string \"");
            id.add(&first[..cut]);
            if first.len() < name.len() || cut < first.len() {
                id.add(b"...");
            }
            id.add(b"\"]");
            id
        }
    }
}
