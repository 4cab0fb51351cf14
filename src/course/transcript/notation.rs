//! Replies in full type notation: one line, in which every type of the wire looks different.
//!
//! `+OK` simple string, `-ERR ..` error, `:1` integer, `"x"` bulk string, `(nil)` null bulk, `(nil-array)` null array, `[..]` array;
//! of RESP3 `null`, `,1.5` double, `#t` boolean, `%{..}` map, `~[..]` set (sorted, because a set has no order), `>[..]` push,
//! `="txt:.."` verbatim string, `(123` big number, `!"ERR .."` blob error, `|{..} reply` attributes.

use resp::Value;

/// A reply in type notation.
pub fn notation(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Simple(text) => line(out, '+', text),
        Value::Error(text) => line(out, '-', text),
        Value::Integer(number) => {
            out.push(':');
            out.push_str(&number.to_string());
        }
        Value::Bulk(bytes) => quote(out, bytes),
        Value::NullBulk => out.push_str("(nil)"),
        Value::NullArray => out.push_str("(nil-array)"),
        Value::Null => out.push_str("null"),
        Value::Double(digits) => {
            out.push(',');
            out.push_str(digits);
        }
        Value::Boolean(value) => out.push_str(if *value { "#t" } else { "#f" }),
        Value::BigNumber(digits) => {
            out.push('(');
            out.push_str(digits);
        }
        Value::BlobError(text) => {
            out.push('!');
            quote(out, text);
        }
        Value::Verbatim { format, text } => {
            let mut bytes = format.to_vec();
            bytes.push(b':');
            bytes.extend_from_slice(text);
            out.push('=');
            quote(out, &bytes);
        }
        Value::Array(elements) => list(out, "[", elements.iter().map(notation)),
        Value::Push(elements) => list(out, ">[", elements.iter().map(notation)),
        Value::Set(elements) => {
            let mut elements: Vec<String> = elements.iter().map(notation).collect();
            engine::sort::by(&mut elements, |a, b| a < b);
            list(out, "~[", elements.into_iter());
        }
        Value::Map(pairs) => map(out, '%', pairs),
        Value::Attributed { attributes, reply } => {
            map(out, '|', attributes);
            out.push(' ');
            write(out, reply);
        }
    }
}

fn list(out: &mut String, open: &str, elements: impl Iterator<Item = String>) {
    out.push_str(open);
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(&element);
    }
    out.push(']');
}

fn map(out: &mut String, sign: char, pairs: &[(Value, Value)]) {
    out.push(sign);
    out.push('{');
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, key);
        out.push_str(": ");
        write(out, value);
    }
    out.push('}');
}

fn line(out: &mut String, sign: char, text: &[u8]) {
    out.push(sign);
    for &byte in text {
        byte_of(out, byte);
    }
}

fn quote(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for &byte in bytes {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            _ => byte_of(out, byte),
        }
    }
    out.push('"');
}

fn byte_of(out: &mut String, byte: u8) {
    match byte {
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b' '..=b'~' => out.push(byte as char),
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.push_str("\\x");
            out.push(HEX[usize::from(byte >> 4)] as char);
            out.push(HEX[usize::from(byte & 15)] as char);
        }
    }
}
