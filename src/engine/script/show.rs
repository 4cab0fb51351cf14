//! Values of Lua and replies as the debugger of scripts shows them to people.

use super::convert;
use alloc::vec::Vec;
use lua::{Table, Value, Vm};

/// How deep tables are shown.
const DEEPEST: usize = 20;

/// A value of Lua as people read it.
pub(super) fn shown(vm: &Vm, value: Value) -> Vec<u8> {
    let mut out = Vec::new();
    show(vm, value, 0, &mut out);
    out
}

fn show(vm: &Vm, value: Value, depth: usize, out: &mut Vec<u8>) {
    match value {
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
                show_table(vm, table, depth, out);
            }
        }
        other => {
            out.push(b'"');
            out.extend_from_slice(Vm::type_name(other).as_bytes());
            out.extend_from_slice(b"@0x0\"");
        }
    }
}

fn show_table(vm: &Vm, table: Table, depth: usize, out: &mut Vec<u8>) {
    let mut pairs = Vec::new();
    let mut key = Value::Nil;
    while let Some((next, value)) = vm.next(table, key) {
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
            show(vm, key, depth + 1, out);
            out.extend_from_slice(b"]=");
        }
        show(vm, value, depth + 1, out);
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
