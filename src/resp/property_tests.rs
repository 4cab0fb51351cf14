//! Properties of the whole crate over generated values and bytes. The generator is seeded: a failure repeats.

use crate::{
    Decoder, MAX_DEPTH, Protocol, Value, Writer, number,
    request::{Limits, Parser, Progress},
    write_request,
};
use std::{boxed::Box, string::ToString, vec, vec::Vec};

struct Random(u64);

impl Random {
    /// A multiply-xorshift generator: any will do.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58476d1ce4e5b9) >> 16
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn bytes(&mut self, end: u64) -> Vec<u8> {
        const ALPHABET: &[u8] = b"\r\n$*:+-_0123456789abc\"'\\ \0\xff";
        (0..self.below(end)).map(|_| ALPHABET[self.below(ALPHABET.len() as u64) as usize]).collect()
    }

    fn line(&mut self) -> Vec<u8> {
        self.bytes(12).into_iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
    }

    fn values(&mut self, depth: u64) -> Vec<Value> {
        (0..self.below(4)).map(|_| self.value(depth)).collect()
    }

    fn pairs(&mut self, depth: u64) -> Vec<(Value, Value)> {
        (0..self.below(3)).map(|_| (self.value(depth), self.value(depth))).collect()
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 12 } else { 17 }) {
            0 => Value::Simple(self.line()),
            1 => Value::Error(self.line()),
            2 => Value::Integer((self.next() as i64) >> self.below(48)),
            3 => Value::Bulk(self.bytes(150)),
            4 => Value::NullBulk,
            5 => Value::NullArray,
            6 => Value::Null,
            7 => Value::Double(number::double(f64::from_bits(self.next() << 16)).to_string()),
            8 => Value::Boolean(self.below(2) == 0),
            9 => Value::BigNumber(self.next().to_string() + "0000000000000000"),
            10 => Value::BlobError(self.bytes(20)),
            11 => Value::Verbatim { format: *b"txt", text: self.bytes(20) },
            12 => Value::Array(self.values(depth - 1)),
            13 => Value::Map(self.pairs(depth - 1)),
            14 => Value::Set(self.values(depth - 1)),
            15 => Value::Push(self.values(depth - 1)),
            _ => Value::Attributed { attributes: self.pairs(depth - 1), reply: Box::new(self.value(depth - 1)) },
        }
    }
}

fn decoded(bytes: &[u8], step: usize) -> Vec<Value> {
    let mut decoder = Decoder::new();
    let mut values = Vec::new();
    for piece in bytes.chunks(step) {
        decoder.feed(piece);
        while let Some(value) = decoder.next().unwrap() {
            values.push(value);
        }
    }
    assert!(!decoder.is_midway());
    values
}

#[test]
fn values_survive_the_wire_in_any_pieces() {
    let mut random = Random(1);
    for _ in 0..400 {
        let values = [random.value(4), random.value(2)];
        let mut bytes = values[0].to_bytes();
        let split = bytes.len();
        values[1].encode(&mut bytes);
        for step in [1, 2, 3, 17, bytes.len()] {
            assert_eq!(decoded(&bytes, step), values);
        }
        // Cut once, at every byte.
        for cut in 1..bytes.len() {
            let mut decoder = Decoder::new();
            decoder.feed(&bytes[..cut]);
            let early = decoder.next().unwrap();
            assert_eq!(early.is_some(), cut >= split, "{}", bytes.escape_ascii());
            decoder.feed(&bytes[cut..]);
            let first = early.or_else(|| decoder.next().unwrap());
            assert_eq!(first.as_ref(), Some(&values[0]));
            assert_eq!(decoder.next().unwrap().as_ref(), Some(&values[1]));
            assert_eq!(decoder.next(), Ok(None));
        }
    }
}

#[test]
fn requests_survive_the_wire_in_any_pieces() {
    let mut random = Random(2);
    for _ in 0..300 {
        let requests: Vec<Vec<Vec<u8>>> =
            (0..3).map(|_| (0..=random.below(15)).map(|_| random.bytes(130)).collect()).collect();
        let mut bytes = Vec::new();
        for request in &requests {
            write_request(&mut bytes, request);
        }
        for step in [1, 2, 3, 17, bytes.len()] {
            let mut parser = Parser::new();
            let mut buf = Vec::new();
            let mut found = Vec::new();
            for piece in bytes.chunks(step) {
                buf.extend_from_slice(piece);
                while let Progress::Request { consumed, inline } = parser.parse(&buf, &Limits::default()).unwrap() {
                    assert!(!inline);
                    found.push(parser.spans().iter().map(|span| span.of(&buf).to_vec()).collect::<Vec<_>>());
                    buf.drain(..consumed);
                }
            }
            assert_eq!(found, requests);
            assert!(!parser.is_midway() && buf.is_empty());
        }
    }
}

/// Mutated requests mean the same in one piece and byte by byte, errors included.
#[test]
fn garbage_means_the_same_in_any_pieces() {
    fn outcome(bytes: &[u8], step: usize) -> (Vec<Vec<Vec<u8>>>, Option<crate::request::ProtocolError>) {
        let (mut parser, mut buf, mut found) = (Parser::new(), Vec::new(), Vec::new());
        for piece in bytes.chunks(step) {
            buf.extend_from_slice(piece);
            loop {
                match parser.parse(&buf, &Limits::default()) {
                    Ok(Progress::Incomplete) => break,
                    Ok(Progress::Request { consumed, inline }) => {
                        let from = if inline { parser.inline() } else { &buf };
                        found.push(parser.spans().iter().map(|span| span.of(from).to_vec()).collect());
                        buf.drain(..consumed);
                    }
                    Err(error) => return (found, Some(error)),
                }
            }
        }
        (found, None)
    }
    let mut random = Random(3);
    for _ in 0..5000 {
        let mut bytes = Vec::new();
        for _ in 0..3 {
            if random.below(3) == 0 {
                bytes.extend(random.bytes(40));
                bytes.extend_from_slice(b"\r\n");
            } else {
                write_request(&mut bytes, vec![random.bytes(9), random.bytes(30)]);
            }
        }
        let place = random.below(bytes.len() as u64) as usize;
        bytes[place] = random.next() as u8;
        let whole = outcome(&bytes, bytes.len());
        assert_eq!(outcome(&bytes, 1), whole, "{}", bytes.escape_ascii());
        assert_eq!(outcome(&bytes, 4), whole, "{}", bytes.escape_ascii());
    }
}

#[test]
fn decoding_garbage_fails_the_same_in_any_pieces() {
    fn outcome(bytes: &[u8], step: usize) -> (Vec<Value>, Option<crate::DecodeError>) {
        let (mut decoder, mut found) = (Decoder::new(), Vec::new());
        for piece in bytes.chunks(step) {
            decoder.feed(piece);
            loop {
                match decoder.next() {
                    Ok(None) => break,
                    Ok(Some(value)) => found.push(value),
                    Err(error) => {
                        assert_eq!(decoder.next(), Err(error));
                        return (found, Some(error));
                    }
                }
            }
        }
        (found, None)
    }
    let mut random = Random(4);
    for _ in 0..5000 {
        let mut bytes = random.value(3).to_bytes();
        let place = random.below(bytes.len() as u64) as usize;
        bytes[place] = b"\r\n$*%~|>=!(,#_:0-"[random.below(17) as usize];
        assert_eq!(outcome(&bytes, 1), outcome(&bytes, bytes.len()), "{}", bytes.escape_ascii());
    }
}

#[test]
fn what_the_writer_writes_the_decoder_reads() {
    let mut random = Random(5);
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        for _ in 0..2000 {
            let (text, number) = (random.bytes(120), random.next() as i64);
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, protocol);
            writer.array(7);
            writer.simple(&text);
            writer.error(&text);
            writer.bulk(&text);
            writer.integer(number);
            writer.bulk_integer(number);
            writer.double(f64::from_bits(random.next() << 16));
            writer.verbatim(b"txt", &text);
            let values = decoded(&out, 7);
            assert_eq!(values.len(), 1, "{}", out.escape_ascii());
            assert_eq!(values[0].to_bytes(), out);
        }
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| {
        let mut decoder = Decoder::new();
        decoder.feed(&b"*1\r\n".repeat(depth));
        decoder.feed(b":1\r\n");
        decoder.next()
    };
    assert!(matches!(nested(MAX_DEPTH), Ok(Some(_))));
    assert_eq!(nested(MAX_DEPTH + 1), Err(crate::DecodeError::TooDeep));
}

#[test]
fn announced_lengths_take_no_memory() {
    for head in ["*1000000000\r\n", "%9223372036854775807\r\n", "$9223372036854775807\r\n", "=1000000000000\r\n"] {
        let mut decoder = Decoder::new();
        decoder.feed(head.as_bytes());
        decoder.feed(b":1\r\n");
        assert!(decoder.next().is_ok_and(|value| value.is_none()), "{head}");
    }
}

/// A hundred megabytes in small pieces is quick only if no piece is understood or moved twice.
#[test]
fn a_huge_reply_in_pieces_takes_one_pass() {
    let mut decoder = Decoder::new();
    decoder.feed(b"*2\r\n:1\r\n$100000000\r\n");
    let piece = [b'x'; 10_000];
    for _ in 0..10_000 {
        assert_eq!(decoder.next(), Ok(None));
        decoder.feed(&piece);
    }
    decoder.feed(b"\r\n");
    let value = decoder.next().unwrap().unwrap();
    assert!(matches!(value.as_elements(), Some([Value::Integer(1), Value::Bulk(bytes)]) if bytes.len() == 100_000_000));
}

#[test]
fn doubles_read_back_as_themselves() {
    let mut random = Random(6);
    for round in 0..200_000 {
        let bits = random.next() << 32 | random.next() & 0xffff_ffff;
        // All exponents, and the everyday ones.
        let value = match round % 3 {
            0 => f64::from_bits(bits),
            1 => random.below(1_000_000_000) as f64 / 1e6,
            _ => (bits >> 8) as f64 * 1e-9,
        };
        if value.is_finite() {
            assert_eq!(number::double(value).as_str().parse::<f64>(), Ok(value + 0.0));
        }
    }
}
