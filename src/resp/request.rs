//! Requests: the arguments of a command, found in the bytes that a client sent.
//!
//! A client sends an array of bulk strings, or one line as a person would type it ("inline"). The parser belongs to one
//! connection and remembers how far it understood an unfinished request: handed the same bytes again with more behind
//! them, it goes on where it stopped, so that a value of 512 MB in small pieces costs one pass. Arguments are not copied;
//! they are [`Span`]s of the buffer. Only an inline command is unescaped, into a buffer of the parser's own.
//!
//! What is wrong is wrong in Redis' words, and what Redis does not look at is not looked at here: the byte after a
//! carriage return, and the two bytes after a bulk string.

use crate::{Writer, number};
use alloc::vec::Vec;

/// The longest line: an inline command, or the decimal number after `*` or `$`.
const MAX_LINE: usize = 64 * 1024;
/// The most that a client may ask for before it has authenticated.
const MAX_UNAUTHENTICATED_ARGUMENTS: i64 = 10;
const MAX_UNAUTHENTICATED_BULK: i64 = 16384;
/// Spans kept between requests; a longer list was an exception and is given back.
const MAX_IDLE_SPANS: usize = 1024;

/// What a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `proto-max-bulk-len`: the longest bulk string.
    pub max_bulk: i64,
    /// Whether the client may send more than what AUTH or HELLO need.
    pub authenticated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_bulk: 512 * 1024 * 1024, authenticated: true }
    }
}

/// Where an argument lies: in the buffer that was parsed, or in [`Parser::inline`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The argument's bytes.
    #[inline(always)]
    pub fn of(self, buf: &[u8]) -> &[u8] {
        &buf[self.start as usize..self.end as usize]
    }

    #[inline(always)]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The request goes on in bytes that have not come yet. Call again with the same bytes and more.
    Incomplete,
    /// A whole request took `consumed` bytes; its arguments are [`Parser::spans`], in the buffer or, if `inline`, in
    /// [`Parser::inline`]. Without arguments (an empty line, `*0`) it is to be passed over in silence.
    Request { consumed: usize, inline: bool },
}

/// What ends a connection: after the reply nothing more can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    UnbalancedQuotes,
    TooBigInline,
    TooBigMultibulkCount,
    TooBigBulkCount,
    InvalidMultibulkLength,
    InvalidBulkLength,
    UnauthenticatedMultibulk,
    UnauthenticatedBulk,
    ExpectedDollar(u8),
}

impl ProtocolError {
    /// Replies as Redis does: `-ERR Protocol error: invalid bulk length`.
    pub fn write(self, writer: &mut Writer) {
        let mut text = b"ERR Protocol error: ".to_vec();
        text.extend_from_slice(match self {
            ProtocolError::UnbalancedQuotes => b"unbalanced quotes in request",
            ProtocolError::TooBigInline => b"too big inline request",
            ProtocolError::TooBigMultibulkCount => b"too big mbulk count string",
            ProtocolError::TooBigBulkCount => b"too big bulk count string",
            ProtocolError::InvalidMultibulkLength => b"invalid multibulk length",
            ProtocolError::InvalidBulkLength => b"invalid bulk length",
            ProtocolError::UnauthenticatedMultibulk => b"unauthenticated multibulk length",
            ProtocolError::UnauthenticatedBulk => b"unauthenticated bulk length",
            ProtocolError::ExpectedDollar(_) => b"expected '$', got '",
        });
        if let ProtocolError::ExpectedDollar(got) = self {
            text.extend_from_slice(&[got, b'\'']);
        }
        writer.error(text);
    }
}

/// Understands the requests of one connection.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    /// How much of an unfinished request is understood.
    position: usize,
    /// How far the line at `position` was searched for its end.
    searched: usize,
    /// Bulk strings that the request announced and that are still to come; zero between requests.
    remaining: u32,
    /// The length of the bulk string whose bytes begin at `position`.
    bulk: Option<u32>,
    spans: Vec<Span>,
    inline: Vec<u8>,
}

impl Parser {
    pub fn new() -> Self {
        Self::default()
    }

    /// The arguments of the request that [`Parser::parse`] found last.
    #[inline(always)]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The bytes that an inline request's spans point to.
    #[inline(always)]
    pub fn inline(&self) -> &[u8] {
        &self.inline
    }

    /// Whether a request was begun and not finished.
    pub fn is_midway(&self) -> bool {
        self.remaining > 0 || self.position > 0 || self.searched > 0
    }

    /// How many bytes the request needs at least beyond the `len` that were parsed last, as far as it can be known.
    pub fn missing(&self, len: usize) -> usize {
        self.bulk.map_or(1, |bulk| (self.position + bulk as usize + 2).saturating_sub(len).max(1))
    }

    /// Forgets an unfinished request.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// Looks for one request at the start of `buf`.
    #[inline]
    pub fn parse(&mut self, buf: &[u8], limits: &Limits) -> Result<Progress, ProtocolError> {
        if self.remaining == 0 {
            match buf.first() {
                None => return Ok(Progress::Incomplete),
                Some(b'*') => {}
                Some(_) => return self.parse_inline(buf),
            }
            self.begin();
            let count = if let Some((count, next)) = short_number(buf, 0) {
                self.position = next;
                i64::from(count)
            } else {
                let Some(line) = self.line(buf, ProtocolError::TooBigMultibulkCount)? else {
                    return Ok(Progress::Incomplete);
                };
                number::parse_integer(line)
                    .filter(|&count| count <= i64::from(i32::MAX))
                    .ok_or(ProtocolError::InvalidMultibulkLength)?
            };
            if count > MAX_UNAUTHENTICATED_ARGUMENTS && !limits.authenticated {
                return Err(ProtocolError::UnauthenticatedMultibulk);
            }
            if count <= 0 {
                return Ok(self.finish(false));
            }
            self.remaining = count as u32;
        }
        self.parse_bulks(buf, limits)
    }

    #[inline(always)]
    fn parse_bulks(&mut self, buf: &[u8], limits: &Limits) -> Result<Progress, ProtocolError> {
        while self.remaining > 0 {
            let len = match self.bulk {
                Some(len) => len,
                None => match short_number(buf, self.position) {
                    Some((len, next)) if buf[self.position] == b'$' => {
                        self.position = next;
                        len
                    }
                    _ => match self.bulk_length(buf, limits)? {
                        Some(len) => len,
                        None => return Ok(Progress::Incomplete),
                    },
                },
            };
            let end = self.position + len as usize;
            if end + 2 > buf.len() {
                self.bulk = Some(len);
                return Ok(Progress::Incomplete);
            }
            self.bulk = None;
            self.spans.push(Span { start: self.position as u32, end: end as u32 });
            self.position = end + 2;
            self.remaining -= 1;
        }
        Ok(self.finish(false))
    }

    /// The length of a bulk string, where it is not written in one or two digits.
    #[cold]
    fn bulk_length(&mut self, buf: &[u8], limits: &Limits) -> Result<Option<u32>, ProtocolError> {
        let start = self.position;
        let Some(line) = self.line(buf, ProtocolError::TooBigBulkCount)? else { return Ok(None) };
        if buf[start] != b'$' {
            return Err(ProtocolError::ExpectedDollar(buf[start]));
        }
        let len = number::parse_integer(line)
            .filter(|len| (0..=limits.max_bulk).contains(len))
            .ok_or(ProtocolError::InvalidBulkLength)?;
        if len > MAX_UNAUTHENTICATED_BULK && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedBulk);
        }
        // Spans are 32 bits wide: a request beyond 4 GB cannot be held and is refused by its length.
        let len = u32::try_from(len).map_err(|_| ProtocolError::InvalidBulkLength)?;
        let room = u32::MAX as usize - 2;
        if len as usize > room.saturating_sub(self.position) {
            return Err(ProtocolError::InvalidBulkLength);
        }
        Ok(Some(len))
    }

    /// What stands between the first byte of the line at `position` and its carriage return, if that has come, and moves
    /// past the line's end. One byte after the carriage return must have come as well; which one, does not matter.
    fn line<'b>(&mut self, buf: &'b [u8], too_big: ProtocolError) -> Result<Option<&'b [u8]>, ProtocolError> {
        let start = self.position;
        let from = self.searched.max(start);
        let found = buf[from..].iter().position(|&byte| byte == b'\r').map(|at| from + at);
        let end = found.unwrap_or(buf.len());
        if end - start > MAX_LINE {
            return Err(too_big);
        }
        self.searched = end;
        if found.is_none() || end + 2 > buf.len() {
            return Ok(None);
        }
        self.position = end + 2;
        self.searched = 0;
        // A bare carriage return has no first byte before it.
        Ok(Some(buf.get(start + 1..end).unwrap_or_default()))
    }

    #[inline(always)]
    fn begin(&mut self) {
        self.spans.clear();
        if self.spans.capacity() > MAX_IDLE_SPANS {
            self.spans = Vec::new();
        }
    }

    #[inline(always)]
    fn finish(&mut self, inline: bool) -> Progress {
        let consumed = self.position;
        self.position = 0;
        self.searched = 0;
        Progress::Request { consumed, inline }
    }

    /// A line as typed by a person. As in Redis a NUL hides whatever comes after it, the line's end included.
    #[cold]
    fn parse_inline(&mut self, buf: &[u8]) -> Result<Progress, ProtocolError> {
        let from = self.searched;
        let stop = buf[from..].iter().position(|byte| matches!(byte, b'\n' | 0)).map(|at| from + at);
        let end = stop.filter(|&at| buf[at] == b'\n');
        if end.unwrap_or(buf.len()) > MAX_LINE {
            return Err(ProtocolError::TooBigInline);
        }
        self.searched = stop.unwrap_or(buf.len());
        let Some(end) = end else { return Ok(Progress::Incomplete) };
        self.begin();
        self.inline.clear();
        split_line(&buf[..end], &mut self.inline, &mut self.spans).ok_or(ProtocolError::UnbalancedQuotes)?;
        self.position = end + 1;
        Ok(self.finish(true))
    }
}

/// The second argument of each request that stands whole in `buf`: a guess at the keys that will be asked for next. It ends at
/// the first request that is not written plainly, and says nothing about whether a request is valid.
pub fn second_arguments(buf: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut at = 0;
    core::iter::from_fn(move || {
        loop {
            let (count, mut next) = short_number(buf, at).filter(|_| buf[at] == b'*')?;
            let mut second = None;
            for argument in 0..count {
                let (len, start) = short_number(buf, next).filter(|_| buf[next] == b'$')?;
                next = start + len as usize + 2;
                if argument == 1 {
                    second = Some(buf.get(start..next - 2)?);
                }
            }
            at = next;
            if let Some(second) = second {
                return Some((second, at));
            }
        }
    })
}

/// The number in a line such as `*3` or `$12`, and where the next line begins: the lines of nearly every request.
#[inline(always)]
fn short_number(buf: &[u8], at: usize) -> Option<(u32, usize)> {
    match *buf.get(at..at + 4)? {
        [_, digit @ b'0'..=b'9', b'\r', _] => Some((u32::from(digit - b'0'), at + 4)),
        [_, tens @ b'1'..=b'9', ones @ b'0'..=b'9', b'\r'] if buf.len() > at + 4 => {
            Some((u32::from(tens - b'0') * 10 + u32::from(ones - b'0'), at + 5))
        }
        _ => None,
    }
}

/// Splits a line into arguments as redis-cli and redis.conf do, unescaping them into `out`: blanks separate; `"…"` knows
/// `\n \r \t \b \a \xHH` and takes any other byte after a backslash as it is; `'…'` knows only `\'`; what follows a closing
/// quote must be a blank. `None` if the quotes do not balance.
pub fn split_line(line: &[u8], out: &mut Vec<u8>, spans: &mut Vec<Span>) -> Option<()> {
    let mut rest = line;
    loop {
        rest = skip_blanks(rest);
        if rest.is_empty() {
            return Some(());
        }
        let start = out.len() as u32;
        rest = split_argument(rest, out)?;
        spans.push(Span { start, end: out.len() as u32 });
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn skip_blanks(line: &[u8]) -> &[u8] {
    &line[line.iter().position(|&byte| !is_blank(byte)).unwrap_or(line.len())..]
}

/// What ends an argument that has no quotes. Redis takes fewer bytes for that than for blanks between arguments.
fn is_end(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Unescapes one argument and returns what follows it.
fn split_argument<'l>(mut rest: &'l [u8], out: &mut Vec<u8>) -> Option<&'l [u8]> {
    loop {
        match *rest {
            [] => return Some(rest),
            [byte, ..] if is_end(byte) => return Some(rest),
            [b'"', ref inside @ ..] => return double_quoted(inside, out),
            [b'\'', ref inside @ ..] => return single_quoted(inside, out),
            [byte, ref tail @ ..] => {
                out.push(byte);
                rest = tail;
            }
        }
    }
}

fn double_quoted<'l>(mut rest: &'l [u8], out: &mut Vec<u8>) -> Option<&'l [u8]> {
    loop {
        rest = match *rest {
            [b'\\', b'x', high, low, ref tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex(high) << 4 | hex(low));
                tail
            }
            [b'\\', escaped, ref tail @ ..] => {
                out.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => other,
                });
                tail
            }
            [b'"', ref tail @ ..] => return after_quote(tail),
            [byte, ref tail @ ..] => {
                out.push(byte);
                tail
            }
            [] => return None,
        };
    }
}

fn single_quoted<'l>(mut rest: &'l [u8], out: &mut Vec<u8>) -> Option<&'l [u8]> {
    loop {
        rest = match *rest {
            [b'\\', b'\'', ref tail @ ..] => {
                out.push(b'\'');
                tail
            }
            [b'\'', ref tail @ ..] => return after_quote(tail),
            [byte, ref tail @ ..] => {
                out.push(byte);
                tail
            }
            [] => return None,
        };
    }
}

fn after_quote(tail: &[u8]) -> Option<&[u8]> {
    tail.first().is_none_or(|&byte| is_blank(byte)).then_some(tail)
}

fn hex(digit: u8) -> u8 {
    (digit as char).to_digit(16).unwrap_or_default() as u8
}

/// Encodes a command as an array of bulk strings.
pub fn request_bytes<A: AsRef<[u8]>>(arguments: impl AsRef<[A]>) -> Vec<u8> {
    let mut out = Vec::new();
    write_request(&mut out, arguments);
    out
}

/// Appends a command as an array of bulk strings.
pub fn write_request<A: AsRef<[u8]>>(out: &mut Vec<u8>, arguments: impl AsRef<[A]>) {
    let mut writer = Writer::new(out, crate::Protocol::Resp2);
    let arguments = arguments.as_ref();
    writer.array(arguments.len());
    for argument in arguments {
        writer.bulk(argument);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `input` in pieces of `step` bytes and shows what happens: `[GET|key]` for a request, or the error, or `…` for
    /// an unfinished rest.
    fn played(input: &[u8], step: usize, limits: &Limits) -> Vec<u8> {
        let mut parser = Parser::new();
        let mut buf: Vec<u8> = Vec::new();
        let mut shown = Vec::new();
        for piece in input.chunks(step) {
            buf.extend_from_slice(piece);
            loop {
                match parser.parse(&buf, limits) {
                    Ok(Progress::Incomplete) => break,
                    Ok(Progress::Request { consumed, inline }) => {
                        let from = if inline { parser.inline() } else { &buf };
                        let arguments: Vec<_> = parser.spans().iter().map(|span| span.of(from)).collect();
                        shown.push(b'[');
                        shown.extend(arguments.join(&b'|'));
                        shown.push(b']');
                        buf.drain(..consumed);
                    }
                    Err(error) => {
                        let mut out = Vec::new();
                        error.write(&mut Writer::new(&mut out, crate::Protocol::Resp2));
                        let text =
                            out.strip_prefix(b"-ERR Protocol error: ").and_then(|text| text.strip_suffix(b"\r\n"));
                        shown.extend_from_slice(text.unwrap());
                        return shown;
                    }
                }
            }
        }
        if !buf.is_empty() {
            shown.extend_from_slice(b"...");
        }
        shown
    }

    fn check(input: &[u8], limits: &Limits, expected: &[u8]) {
        for step in [1, 2, 3, 5, 7, input.len()] {
            let shown = played(input, step, limits);
            let (input, shown, expected) = (input.escape_ascii(), shown.escape_ascii(), expected.escape_ascii());
            assert!(shown.clone().eq(expected.clone()), "{input} in pieces of {step}: {shown} instead of {expected}");
        }
    }

    /// Each answer was recorded from Redis 8.6.3 on a raw socket.
    #[test]
    fn requests_and_protocol_errors_are_those_of_redis() {
        let cases: &[(&[u8], &[u8])] = &[
            (b"*1\r\n$4\r\nPING\r\n", b"[PING]"),
            (b"*2\r\n$3\r\nGET\r\n$11\r\nhello world\r\n*1\r\n$4\r\nPING\r\n", b"[GET|hello world][PING]"),
            (b"*1\r\n$0\r\n\r\n", b"[]"),
            (b"*2\r\n$4\r\nECHO\r\n$5\r\nhe\r\nl\r\n", b"[ECHO|he\r\nl]"),
            (b"*-1\r\n", b"[]"),
            (b"*-5\r\nPING\r\n", b"[][PING]"),
            (b"*0\r\nPING\r\n", b"[][PING]"),
            (b"*1\rX$4\rXPINGxxPING\r\n", b"[PING][PING]"),
            (b"*3\r\n$3\r\nSET\r\n:1\r\n", b"expected '$', got ':'"),
            (b"*2\r\n$3\r\nGET\r\n\r\n", b"expected '$', got ' '"),
            (b"*1\r\n\xff\r\n", b"expected '$', got '\xff'"),
            (b"*9999999999\r\n", b"invalid multibulk length"),
            (b"*2147483648\r\n", b"invalid multibulk length"),
            (b"*2147483647\r\n", b"..."),
            (b"*abc\r\n", b"invalid multibulk length"),
            (b"*\r\n", b"invalid multibulk length"),
            (b"* 1\r\n", b"invalid multibulk length"),
            (b"*1 \r\n", b"invalid multibulk length"),
            (b"*+1\r\n", b"invalid multibulk length"),
            (b"*01\r\n$4\r\nPING\r\n", b"invalid multibulk length"),
            (b"*1\n$4\r\nPING\r\n", b"invalid multibulk length"),
            (b"*1\r\n$04\r\nPING\r\n", b"invalid bulk length"),
            (b"*1\r\n$\r\n", b"invalid bulk length"),
            (b"*1\r\n$-0\r\n", b"invalid bulk length"),
            (b"*2\r\n$3\r\nGET\r\n$-5\r\n", b"invalid bulk length"),
            (b"*2\r\n$3\r\nGET\r\n$536870913\r\n", b"invalid bulk length"),
            (b"*2\r\n$3\r\nGET\r\n$536870912\r\n", b"..."),
            (b"*1\r\n$1\n\na\r\n", b"invalid bulk length"),
            (b"PING\n", b"[PING]"),
            (b"  PING  \r\n", b"[PING]"),
            (b"\n\r\nPING\n", b"[][][PING]"),
            (b"\r\rPING\r\r\n", b"[PING]"),
            (b"PI\rNG\r\n", b"[PI|NG]"),
            (b"ECHO a\tb\x0bc\x0cd\r\n", b"[ECHO|a|b\x0bc\x0cd]"),
            (b"\x0cECHO \x0b\"a\"\x0cb\x0b\"c d\"\r\n", b"[ECHO|a|b\x0bc d]"),
            (
                br"ECHO 'a\'b\n'
",
                br"[ECHO|a'b\n]",
            ),
            (
                br#"ECHO "a\x41\n\r\t\a\b\q\"\xg1\x4"
"#,
                b"[ECHO|aA\n\r\t\x07\x08q\"xg1x4]",
            ),
            (b"ECHO a\"b c\" 'd''\r\n", b"unbalanced quotes in request"),
            (b"ECHO a\"b c\"\r\n", b"[ECHO|ab c]"),
            (b"ECHO a'b c'\r\n", b"[ECHO|ab c]"),
            (b"ECHO \"a\rb\" \"\" ''\r\n", b"[ECHO|a\rb||]"),
            (b"ECHO \"a\"b\r\n", b"unbalanced quotes in request"),
            (b"set k \"unbalanced\r\n", b"unbalanced quotes in request"),
            (b"ECHO \"a\\\r\n", b"unbalanced quotes in request"),
            (b"ECHO a\\ b\r\n", b"[ECHO|a\\|b]"),
            (b"ECHO a\0b\r\nPING\r\n", b"..."),
        ];
        for (input, expected) in cases {
            check(input, &Limits::default(), expected);
        }
    }

    #[test]
    fn strangers_may_ask_for_little() {
        let limits = Limits { authenticated: false, ..Limits::default() };
        check(b"*11\r\n", &limits, b"unauthenticated multibulk length");
        check(b"*10\r\n", &limits, b"...");
        check(b"*1\r\n$16385\r\n", &limits, b"unauthenticated bulk length");
        check(b"*1\r\n$16384\r\n", &limits, b"...");
        check(b"*99999999999\r\n", &limits, b"invalid multibulk length");
    }

    #[test]
    fn lines_end_somewhere() {
        let limits = Limits::default();
        for (head, error) in [
            ("", "too big inline request"),
            ("*", "too big mbulk count string"),
            ("*1\r\n$", "too big bulk count string"),
        ] {
            let line_start = head.len() - head.len().min(1);
            let mut input = head.as_bytes().to_vec();
            input.resize(line_start + MAX_LINE + 1, b'1');
            let step = input.len();
            assert_eq!(played(&input[..step - 1], step, &limits), b"...");
            assert_eq!(played(&input, step, &limits), error.as_bytes());
            assert_eq!(played(&input, 4096, &limits), error.as_bytes());
        }
    }

    #[test]
    fn announced_arguments_take_no_memory() {
        let mut parser = Parser::new();
        assert_eq!(parser.parse(b"*1000000000\r\n$3\r\nSET\r\n", &Limits::default()), Ok(Progress::Incomplete));
        assert!(parser.spans.capacity() < 16);
    }

    /// A hundred megabytes in pieces of 16 KB is quick only if no piece is understood twice.
    #[test]
    fn a_huge_bulk_in_pieces_takes_one_pass() {
        let mut parser = Parser::new();
        let mut buf = b"*2\r\n$4\r\nECHO\r\n$100000000\r\n".to_vec();
        while buf.len() < 100_000_020 {
            assert_eq!(parser.parse(&buf, &Limits::default()), Ok(Progress::Incomplete));
            assert!(parser.missing(buf.len()) > 0);
            buf.resize(buf.len() + 16384, b'x');
        }
        assert_eq!(
            parser.parse(&buf, &Limits::default()),
            Ok(Progress::Request { consumed: 100_000_028, inline: false })
        );
    }

    #[test]
    fn what_is_encoded_is_understood() {
        let bytes = request_bytes(["SET", "k", "a longer value"]);
        assert_eq!(bytes, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$14\r\na longer value\r\n");
        check(&bytes, &Limits::default(), b"[SET|k|a longer value]");
        assert_eq!(request_bytes([b"PING"]), b"*1\r\n$4\r\nPING\r\n");
    }
}
