//! A reply as a client sees it.

use alloc::{boxed::Box, string::String, vec::Vec};

/// A decoded reply. What the wire can tell apart stays apart (three kinds of nothing, the digits of a double), so that
/// encoding a decoded reply gives the same bytes again (but for a bare line feed in a line, which no server sends).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Simple(Vec<u8>),
    Error(Vec<u8>),
    Integer(i64),
    Bulk(Vec<u8>),
    Array(Vec<Value>),
    /// RESP2's `$-1`.
    NullBulk,
    /// RESP2's `*-1`.
    NullArray,
    /// RESP3's `_`.
    Null,
    /// A double in the digits that came; [`Value::as_f64`] is its value.
    Double(String),
    Boolean(bool),
    BigNumber(String),
    BlobError(Vec<u8>),
    Verbatim {
        format: [u8; 3],
        text: Vec<u8>,
    },
    Map(Vec<(Value, Value)>),
    Set(Vec<Value>),
    Push(Vec<Value>),
    /// A reply with attributes in front of it.
    Attributed {
        attributes: Vec<(Value, Value)>,
        reply: Box<Value>,
    },
}

impl Value {
    pub fn bulk(bytes: impl AsRef<[u8]>) -> Value {
        Value::Bulk(bytes.as_ref().to_vec())
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null | Value::NullBulk | Value::NullArray)
    }

    /// The bytes of a reply that is a string of any kind.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Simple(bytes) | Value::Bulk(bytes) | Value::Verbatim { text: bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The text of an error.
    pub fn as_error(&self) -> Option<&[u8]> {
        match self {
            Value::Error(text) | Value::BlobError(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Double(text) => {
                let magnitude = text.strip_prefix(['-', '+']).unwrap_or(text);
                let magnitude = match magnitude {
                    "inf" => f64::INFINITY,
                    "nan" => f64::NAN,
                    digits => crate::number::parse_decimal(digits.as_bytes())?,
                };
                Some(if text.starts_with('-') { -magnitude } else { magnitude })
            }
            _ => None,
        }
    }

    /// The elements of an array, a set or a push message.
    pub fn as_elements(&self) -> Option<&[Value]> {
        match self {
            Value::Array(elements) | Value::Set(elements) | Value::Push(elements) => Some(elements),
            _ => None,
        }
    }

    /// Appends the reply's bytes. Line ends in what must be one line become blanks.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Value::Simple(text) => line(out, b'+', text),
            Value::Error(text) => line(out, b'-', text),
            Value::Integer(value) => {
                out.push(b':');
                crate::number::write_integer(out, *value);
                out.extend_from_slice(b"\r\n");
            }
            Value::Bulk(bytes) => blob(out, b'$', bytes),
            Value::Array(elements) => aggregate(out, b'*', elements),
            Value::NullBulk => out.extend_from_slice(b"$-1\r\n"),
            Value::NullArray => out.extend_from_slice(b"*-1\r\n"),
            Value::Null => out.extend_from_slice(b"_\r\n"),
            Value::Double(text) => line(out, b',', text.as_bytes()),
            Value::Boolean(value) => out.extend_from_slice(if *value { b"#t\r\n" } else { b"#f\r\n" }),
            Value::BigNumber(digits) => line(out, b'(', digits.as_bytes()),
            Value::BlobError(text) => blob(out, b'!', text),
            Value::Verbatim { format, text } => {
                head(out, b'=', text.len() + 4);
                out.extend_from_slice(format);
                out.push(b':');
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
            Value::Map(pairs) => pairs_of(out, b'%', pairs),
            Value::Set(elements) => aggregate(out, b'~', elements),
            Value::Push(elements) => aggregate(out, b'>', elements),
            Value::Attributed { attributes, reply } => {
                pairs_of(out, b'|', attributes);
                reply.encode(out);
            }
        }
    }

    /// The reply's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

fn line(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.push(kind);
    out.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
}

fn head(out: &mut Vec<u8>, kind: u8, len: usize) {
    out.push(kind);
    crate::number::write_integer(out, len as i64);
    out.extend_from_slice(b"\r\n");
}

fn blob(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    head(out, kind, bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

fn aggregate(out: &mut Vec<u8>, kind: u8, elements: &[Value]) {
    head(out, kind, elements.len());
    for element in elements {
        element.encode(out);
    }
}

fn pairs_of(out: &mut Vec<u8>, kind: u8, pairs: &[(Value, Value)]) {
    head(out, kind, pairs.len());
    for (key, value) in pairs {
        key.encode(out);
        value.encode(out);
    }
}
