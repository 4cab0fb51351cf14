//! Replies, written straight into the bytes that go to the client.
//!
//! One concrete writer knows both protocols, so that a command says what it means (a map, a double, null) and never how
//! that looks on the wire. The methods that every request meets are inlined, and short lengths are laid down as one small
//! constant-sized copy: no reply tree, no `core::fmt`.

use crate::number;
use alloc::vec::Vec;

/// The protocol that a connection speaks: 2 until `HELLO 3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    #[default]
    Resp2,
    Resp3,
}

/// A place in a reply where the head of an aggregate goes once its length is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(usize);

/// Writes replies in the client's protocol.
pub struct Writer<'a> {
    pub out: &'a mut Vec<u8>,
    pub protocol: Protocol,
}

impl<'a> Writer<'a> {
    #[inline(always)]
    pub fn new(out: &'a mut Vec<u8>, protocol: Protocol) -> Self {
        Writer { out, protocol }
    }

    #[inline(always)]
    fn resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    /// `+OK`, by far the most frequent reply.
    #[inline(always)]
    pub fn ok(&mut self) {
        self.out.extend_from_slice(b"+OK\r\n");
    }

    /// A simple string. Line ends inside it become blanks.
    pub fn simple(&mut self, text: impl AsRef<[u8]>) {
        self.line(b'+', text.as_ref());
    }

    /// An error, its code included: `error("ERR syntax error")`. Line ends inside it become blanks.
    pub fn error(&mut self, text: impl AsRef<[u8]>) {
        let mut text = text.as_ref();
        while let [head @ .., b'\r' | b'\n'] = text {
            text = head;
        }
        self.line(b'-', text);
    }

    /// What users can put into a one-line reply (a command's name in an error) must not forge a second line.
    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        self.out.push(kind);
        let start = self.out.len();
        self.out.extend_from_slice(text);
        for byte in &mut self.out[start..] {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        self.out.extend_from_slice(b"\r\n");
    }

    #[inline(always)]
    pub fn integer(&mut self, value: i64) {
        if (0..10).contains(&value) {
            self.out.extend_from_slice(&[b':', b'0' + value as u8, b'\r', b'\n']);
        } else {
            self.head(b':', value);
        }
    }

    /// `kind`, a decimal number and a line end.
    fn head(&mut self, kind: u8, value: i64) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(value).as_bytes();
        self.out.reserve(digits.len() + 3);
        self.out.push(kind);
        self.out.extend_from_slice(digits);
        self.out.extend_from_slice(b"\r\n");
    }

    #[inline(always)]
    fn length(&mut self, kind: u8, len: usize) {
        if len < 10 {
            self.out.extend_from_slice(&[kind, b'0' + len as u8, b'\r', b'\n']);
        } else if len < 100 {
            self.out.extend_from_slice(&[kind, b'0' + (len / 10) as u8, b'0' + (len % 10) as u8, b'\r', b'\n']);
        } else {
            self.head(kind, len as i64);
        }
    }

    #[inline(always)]
    pub fn bulk(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.out.reserve(bytes.len() + 16);
        self.length(b'$', bytes.len());
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    /// A bulk string of decimal digits.
    #[inline]
    pub fn bulk_integer(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value));
    }

    /// Nothing here, where a bulk string might have stood.
    #[inline(always)]
    pub fn null(&mut self) {
        self.out.extend_from_slice(if self.resp3() { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// Nothing here, where an array might have stood.
    #[inline]
    pub fn null_array(&mut self) {
        self.out.extend_from_slice(if self.resp3() { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// The head of an array of `len` replies.
    #[inline]
    pub fn array(&mut self, len: usize) {
        self.length(b'*', len);
    }

    /// The head of a map of `pairs` keys, each followed by its value.
    #[inline]
    pub fn map(&mut self, pairs: usize) {
        if self.resp3() {
            self.length(b'%', pairs);
        } else {
            self.length(b'*', pairs * 2);
        }
    }

    #[inline]
    pub fn set(&mut self, len: usize) {
        self.length(if self.resp3() { b'~' } else { b'*' }, len);
    }

    /// The head of an out-of-band message.
    #[inline]
    pub fn push(&mut self, len: usize) {
        self.length(if self.resp3() { b'>' } else { b'*' }, len);
    }

    /// The head of the attributes that come before a reply. RESP2 has none: where this answers `false`, nothing was
    /// written and nothing may follow.
    #[must_use]
    pub fn attribute(&mut self, pairs: usize) -> bool {
        if self.resp3() {
            self.length(b'|', pairs);
        }
        self.resp3()
    }

    pub fn double(&mut self, value: f64) {
        let text = number::double(value);
        if self.resp3() {
            self.line(b',', &text);
        } else {
            self.bulk(text);
        }
    }

    pub fn boolean(&mut self, value: bool) {
        self.out.extend_from_slice(match (self.protocol, value) {
            (Protocol::Resp3, true) => b"#t\r\n",
            (Protocol::Resp3, false) => b"#f\r\n",
            (Protocol::Resp2, true) => b":1\r\n",
            (Protocol::Resp2, false) => b":0\r\n",
        });
    }

    pub fn big_number(&mut self, digits: impl AsRef<[u8]>) {
        if self.resp3() {
            self.line(b'(', digits.as_ref());
        } else {
            self.bulk(digits);
        }
    }

    /// Text for people (`txt`) or in a markup (`mkd`).
    pub fn verbatim(&mut self, format: &[u8; 3], text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        if self.resp3() {
            self.length(b'=', text.len() + 4);
            self.out.extend_from_slice(format);
            self.out.push(b':');
            self.out.extend_from_slice(text);
            self.out.extend_from_slice(b"\r\n");
        } else {
            self.bulk(text);
        }
    }

    /// Bytes that are a reply already.
    #[inline]
    pub fn raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.out.extend_from_slice(bytes.as_ref());
    }

    /// Remembers this place for a head whose length is known only after its elements were written.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark(self.out.len())
    }

    pub fn array_at(&mut self, mark: Mark, len: usize) {
        self.insert(mark, |writer| writer.array(len));
    }

    pub fn map_at(&mut self, mark: Mark, pairs: usize) {
        self.insert(mark, |writer| writer.map(pairs));
    }

    pub fn set_at(&mut self, mark: Mark, len: usize) {
        self.insert(mark, |writer| writer.set(len));
    }

    pub fn push_at(&mut self, mark: Mark, len: usize) {
        self.insert(mark, |writer| writer.push(len));
    }

    /// Takes back everything since the mark.
    pub fn rewind(&mut self, mark: Mark) {
        self.out.truncate(mark.0);
    }

    /// Writes the head behind the elements and rotates it to the front of them: one move of the elements' bytes.
    fn insert(&mut self, mark: Mark, head: impl FnOnce(&mut Self)) {
        let end = self.out.len();
        head(self);
        let len = self.out.len() - end;
        self.out[mark.0..].rotate_right(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(protocol: Protocol, write: impl Fn(&mut Writer)) -> std::string::String {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out, protocol));
        std::string::String::from_utf8(out).unwrap()
    }

    /// Every type as both protocols show it; recorded from Redis 8.6.3's DEBUG PROTOCOL where it has the type.
    #[test]
    fn every_type_in_both_protocols() {
        type Case = (fn(&mut Writer), &'static str, &'static str);
        let cases: &[Case] = &[
            (|w| w.ok(), "+OK\r\n", "+OK\r\n"),
            (
                |w| w.simple("Background saving started"),
                "+Background saving started\r\n",
                "+Background saving started\r\n",
            ),
            (|w| w.error("ERR no"), "-ERR no\r\n", "-ERR no\r\n"),
            (|w| w.integer(7), ":7\r\n", ":7\r\n"),
            (|w| w.integer(-12345), ":-12345\r\n", ":-12345\r\n"),
            (|w| w.integer(i64::MIN), ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"),
            (|w| w.bulk(""), "$0\r\n\r\n", "$0\r\n\r\n"),
            (|w| w.bulk("Hello World"), "$11\r\nHello World\r\n", "$11\r\nHello World\r\n"),
            (|w| w.bulk_integer(-3), "$2\r\n-3\r\n", "$2\r\n-3\r\n"),
            (|w| w.null(), "$-1\r\n", "_\r\n"),
            (|w| w.null_array(), "*-1\r\n", "_\r\n"),
            (|w| w.array(3), "*3\r\n", "*3\r\n"),
            (|w| w.array(100), "*100\r\n", "*100\r\n"),
            (|w| w.map(3), "*6\r\n", "%3\r\n"),
            (|w| w.set(42), "*42\r\n", "~42\r\n"),
            (|w| w.push(3), "*3\r\n", ">3\r\n"),
            (|w| assert_eq!(w.attribute(1), w.protocol == Protocol::Resp3), "", "|1\r\n"),
            (|w| w.double(2.25), "$4\r\n2.25\r\n", ",2.25\r\n"),
            (|w| w.double(f64::NEG_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n"),
            (|w| w.boolean(true), ":1\r\n", "#t\r\n"),
            (|w| w.boolean(false), ":0\r\n", "#f\r\n"),
            (|w| w.big_number("1234567999"), "$10\r\n1234567999\r\n", "(1234567999\r\n"),
            (|w| w.verbatim(b"txt", "a\nb"), "$3\r\na\nb\r\n", "=7\r\ntxt:a\nb\r\n"),
        ];
        for (write, resp2, resp3) in cases {
            assert_eq!(written(Protocol::Resp2, write), *resp2);
            assert_eq!(written(Protocol::Resp3, write), *resp3);
        }
    }

    #[test]
    fn a_reply_of_one_line_stays_one_line() {
        assert_eq!(written(Protocol::Resp2, |w| w.error("ERR a\r\n+OK\r\n")), "-ERR a  +OK\r\n");
        assert_eq!(written(Protocol::Resp2, |w| w.simple("a\nb")), "+a b\r\n");
        assert_eq!(written(Protocol::Resp3, |w| w.big_number("1\r\n2")), "(1  2\r\n");
    }

    #[test]
    fn lengths_known_afterwards() {
        let write = |w: &mut Writer| {
            w.integer(1);
            let outer = w.mark();
            let inner = w.mark();
            w.bulk("a");
            w.bulk("b");
            w.map_at(inner, 1);
            w.integer(12);
            w.array_at(outer, 2);
        };
        assert_eq!(written(Protocol::Resp2, write), ":1\r\n*2\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n:12\r\n");
        assert_eq!(written(Protocol::Resp3, write), ":1\r\n*2\r\n%1\r\n$1\r\na\r\n$1\r\nb\r\n:12\r\n");
    }
}
