//! Values of Lua and replies as the debugger of scripts shows them to people.

use super::convert;
use alloc::string::String;
use alloc::vec::Vec;
use lua::{Table, Value, Vm};

/// How deep tables are shown.
const DEEPEST: usize = 20;

/// Nobody reads more than this of a value. A table that holds itself thrice would be 3^20 tables.
const ENDLESS: usize = 1 << 20;

/// A value of Lua as people read it.
pub(super) fn shown(vm: &Vm, value: Value) -> Vec<u8> {
    let mut out = Vec::new();
    show(vm, value, (0, ENDLESS), &mut out);
    out
}

/// The same, but not much longer than `most` bytes, however large the value is.
pub(super) fn shown_within(vm: &Vm, value: Value, most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    show(vm, value, (0, most), &mut out);
    trim(&mut out, most);
    out
}

/// Cuts off what goes beyond `most` bytes, as redis-cli's debugger does.
pub(super) fn trim(out: &mut Vec<u8>, most: usize) {
    if out.len() > most {
        out.truncate(most);
        out.extend_from_slice(b" ...");
    }
}

/// A value and, if it is a table, what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub text: Vec<u8>,
    pub type_name: String,
    /// Keys and values, the first of them.
    pub parts: Vec<(Vec<u8>, Shown)>,
    /// How many more there are.
    pub hidden: usize,
}

impl Shown {
    /// How long a text is, how many parts a table shows, and how deep.
    const TEXT: usize = 200;
    const PARTS: usize = 40;
    const DEPTH: usize = 3;

    /// `left` is how many values may still be shown in all.
    pub(super) fn new(vm: &Vm, value: Value, depth: usize, left: &mut usize) -> Shown {
        let mut parts = Vec::new();
        let mut hidden = 0;
        if let Some(table) = Vm::as_table(value)
            && depth < Shown::DEPTH
        {
            let mut key = Value::Nil;
            while let Some((next, part)) = vm.next(table, key) {
                key = next;
                if parts.len() == Shown::PARTS || *left == 0 {
                    hidden += 1;
                    continue;
                }
                *left -= 1;
                parts.push((shown_within(vm, next, Shown::TEXT), Shown::new(vm, part, depth + 1, left)));
            }
        }
        let text = shown_within(vm, value, Shown::TEXT);
        Shown { text, type_name: Vm::type_name(value), parts, hidden }
    }
}

/// `limits`: how deep this value lies, and how many bytes are enough.
fn show(vm: &Vm, value: Value, limits: (usize, usize), out: &mut Vec<u8>) {
    let (depth, most) = limits;
    if out.len() > most {
        return;
    }
    match value {
        // Quoted, a text is not shorter than before.
        Value::String(_) if most < ENDLESS => {
            let text = vm.bytes(value).unwrap_or_default();
            quote(&text[..text.len().min(most + 1)], out);
        }
        Value::String(_) => quote(vm.bytes(value).unwrap_or_default(), out),
        Value::Number(bits) => Vm::append_number_digits(out, f64::from_bits(bits), 6),
        Value::Nil => out.extend_from_slice(b"nil"),
        Value::True => out.extend_from_slice(b"true"),
        Value::False => out.extend_from_slice(b"false"),
        Value::Table(_) if depth >= DEEPEST => {
            out.extend_from_slice(b"<max recursion level reached! Nested table?>");
        }
        Value::Table(_) => {
            if let Some(table) = Vm::as_table(value) {
                show_table(vm, table, limits, out);
            }
        }
        other => {
            out.push(b'"');
            out.extend_from_slice(Vm::type_name(other).as_bytes());
            out.extend_from_slice(b"@0x0\"");
        }
    }
}

fn show_table(vm: &Vm, table: Table, (depth, most): (usize, usize), out: &mut Vec<u8>) {
    let mut pairs = Vec::new();
    let mut key = Value::Nil;
    while pairs.len() <= most
        && let Some((next, value)) = vm.next(table, key)
    {
        pairs.push((next, value));
        key = next;
    }
    let is_list = pairs.iter().enumerate().all(|(at, (key, _))| key.as_number() == Some(at as f64 + 1.0));
    out.push(b'{');
    for (at, &(key, value)) in pairs.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b"; ");
        }
        if !is_list {
            out.push(b'[');
            show(vm, key, (depth + 1, most), out);
            out.extend_from_slice(b"]=");
        }
        show(vm, value, (depth + 1, most), out);
    }
    out.push(b'}');
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(byte),
            _ => {
                out.extend_from_slice(b"\\x");
                out.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
            }
        }
    }
    out.push(b'"');
}

/// A reply as people read it.
pub(super) fn human(reply: &[u8], at: &mut usize, out: &mut Vec<u8>) {
    let Some((kind, line)) = convert::next_line(reply, at) else { return };
    let count = convert::length(line);
    let mut list = |open: &[u8], close: &[u8], between: &[u8], count: usize, at: &mut usize| {
        out.extend_from_slice(open);
        for index in 0..count {
            if index > 0 {
                out.extend_from_slice(between);
            }
            human(reply, at, out);
        }
        out.extend_from_slice(close);
    };
    match kind {
        b'*' if count.is_none() => out.extend_from_slice(b"NULL"),
        b'*' => list(b"[", b"]", b",", count.unwrap_or(0), at),
        b'~' => list(b"~(", b")", b",", count.unwrap_or(0), at),
        b'%' => {
            out.push(b'{');
            for index in 0..count.unwrap_or(0) {
                if index > 0 {
                    out.push(b',');
                }
                human(reply, at, out);
                out.extend_from_slice(b" => ");
                human(reply, at, out);
            }
            out.push(b'}');
        }
        b'$' => match count {
            Some(len) => quote(convert::take(reply, at, len), out),
            None => out.extend_from_slice(b"NULL"),
        },
        b'+' | b'-' => quote(&[&[kind][..], line].concat(), out),
        b'_' => out.extend_from_slice(b"(null)"),
        b'#' => out.extend_from_slice(if line == b"t" { b"#true" } else { b"#false" }),
        b',' => out.extend_from_slice(&[b"(double) ", line].concat()),
        _ => out.extend_from_slice(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lua::{Limits, Step};

    #[test]
    fn a_table_that_holds_itself_is_cut() {
        let mut vm = Vm::new(Limits::default(), 1);
        let code = b"local t = {1, 'x'} t.a = t t.b = t t.c = t return t";
        let function = vm.load(b"@test", code).expect("a function");
        vm.start(function, &[]);
        assert_eq!(vm.step(1_000), Step::Done);
        let table = vm.results()[0];
        let text = shown(&vm, table);
        assert!(text.starts_with(b"{[1]=1; [2]=\"x\"; ["));
        assert!((ENDLESS..2 * ENDLESS).contains(&text.len()), "{}", text.len());
        let short = shown_within(&vm, table, 40);
        assert_eq!(short.len(), 40 + b" ...".len());
    }
}
