//! Replies become Lua values, and what a script returns becomes a reply.

use alloc::vec::Vec;
use lua::{Table, Value, Vm};
use resp::{Protocol, Writer};

/// How many elements a returned value may have in all: a table that holds itself several times would never end.
const MOST: usize = 16 << 20;

/// The reply that stands at `at`, which is moved behind it.
pub(super) fn value(vm: &mut Vm, bytes: &[u8], at: &mut usize) -> Value {
    let Some((kind, line)) = next_line(bytes, at) else { return Value::Nil };
    match kind {
        b':' => Value::number(resp::number::parse_integer(line).unwrap_or(0) as f64),
        b'$' => match length(line) {
            Some(len) => {
                let text = take(bytes, at, len);
                vm.string(text)
            }
            None => Value::False,
        },
        b'+' => {
            let text = vm.string(line);
            wrapped(vm, "ok", text)
        }
        b'-' => error(vm, line, true).into(),
        b'*' | b'>' => match length(line) {
            Some(len) => list(vm, bytes, at, len).into(),
            None => Value::False,
        },
        b'_' => Value::Nil,
        b'#' => Value::boolean(line == b"t"),
        b',' => wrapped(vm, "double", Value::number(crate::number::parse_double(line).unwrap_or(f64::NAN))),
        b'(' => {
            let digits = vm.string(line);
            wrapped(vm, "big_number", digits)
        }
        b'=' => {
            let text = take(bytes, at, length(line).unwrap_or(0));
            let (format, text) = text.split_at(text.len().min(4));
            let verbatim = vm.table(0, 0);
            let format = vm.string(format.strip_suffix(b":").unwrap_or(format));
            let text = vm.string(text);
            let _ = vm.set_field(verbatim, "format", format);
            let _ = vm.set_field(verbatim, "string", text);
            wrapped(vm, "verbatim_string", verbatim.into())
        }
        b'%' => {
            let pairs = length(line).unwrap_or(0);
            let map = vm.table(0, 0);
            for _ in 0..pairs {
                let key = value(vm, bytes, at);
                let held = value(vm, bytes, at);
                // What cannot be a key is left out.
                let _ = vm.set(map, key, held);
            }
            wrapped(vm, "map", map.into())
        }
        b'~' => {
            let len = length(line).unwrap_or(0);
            let set = vm.table(0, 0);
            for _ in 0..len {
                let member = value(vm, bytes, at);
                let _ = vm.set(set, member, Value::True);
            }
            wrapped(vm, "set", set.into())
        }
        // Attributes say something about the reply that follows; scripts are not told.
        b'|' => {
            for _ in 0..length(line).unwrap_or(0) * 2 {
                value(vm, bytes, at);
            }
            value(vm, bytes, at)
        }
        _ => Value::Nil,
    }
}

fn list(vm: &mut Vm, bytes: &[u8], at: &mut usize, len: usize) -> Table {
    // As in Redis tables grow with what is put into them: where an array with holes ends (`#`) and in which order `pairs` goes
    // through a map depends on that.
    let table = vm.table(0, 0);
    for index in 0..len {
        let element = value(vm, bytes, at);
        let _ = vm.set_index(table, index as i64 + 1, element);
    }
    table
}

/// The table by which scripts know an error. `counted`: INFO has counted it already.
pub(super) fn error(vm: &mut Vm, text: &[u8], counted: bool) -> Table {
    let table = vm.table(0, 0);
    let text = vm.string(text);
    let _ = vm.set_field(table, "err", text);
    if counted {
        let _ = vm.set_field(table, "ignore_error_stats_update", Value::True);
    }
    table
}

/// A table with one field.
pub(super) fn wrapped(vm: &mut Vm, name: &str, value: Value) -> Value {
    let table = vm.table(0, 1);
    let _ = vm.set_field(table, name, value);
    table.into()
}

/// A string, or a number as text.
pub(super) fn text(vm: &mut Vm, value: Value) -> Option<&[u8]> {
    let value = if value.as_number().is_some() { vm.text(value) } else { value };
    vm.bytes(value)
}

/// The kind of reply at `at` and the rest of its line.
pub(super) fn next_line<'a>(bytes: &'a [u8], at: &mut usize) -> Option<(u8, &'a [u8])> {
    let rest = bytes.get(*at..)?;
    let (&kind, rest) = rest.split_first()?;
    let end = rest.iter().position(|&byte| byte == b'\r')?;
    *at += end + 3;
    Some((kind, &rest[..end]))
}

pub(super) fn length(line: &[u8]) -> Option<usize> {
    resp::number::parse_integer(line).and_then(|len| usize::try_from(len).ok())
}

pub(super) fn take<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> &'a [u8] {
    let text = bytes.get(*at..*at + len).unwrap_or_default();
    *at += len + 2;
    text
}

/// What is still to be written of a table.
enum Rest {
    Elements {
        table: Table,
        next: i64,
        count: i64,
        slots: usize,
    },
    Pairs {
        table: Table,
        key: Value,
        with_values: bool,
        slots: usize,
    },
    /// The value of the pair whose key was just written.
    Value {
        value: Value,
        slots: usize,
    },
}

/// What Redis has on the stack of its machine when it writes what a script returned, that included, and how much room there is.
const FIRST_SLOTS: usize = 2;
const MOST_SLOTS: usize = 8000;
/// What it makes sure that there is room for before it writes a value.
const ROOM: usize = 4;

/// Writes what a script returned. `protocol` is what the script set with `redis.setresp`; the client's own decides how the
/// types look on the wire. Nested tables wait on a list instead of the host's stack, but are not written deeper than Redis does it,
/// where an element of a table takes a slot of the machine's stack, a value of a map three and its key four. The answer is the
/// errors in it that INFO has not counted yet.
pub(super) fn write(reply: &mut Writer, vm: &mut Vm, value: Value, protocol: Protocol) -> Vec<Vec<u8>> {
    let mut errors = Vec::new();
    let mut waiting: Vec<Rest> = Vec::new();
    let mut left = MOST;
    let mut next = Some((value, FIRST_SLOTS));
    while let Some((value, slots)) = next {
        one(reply, vm, value, slots, protocol, &mut waiting, &mut errors);
        next = next_of(vm, &mut waiting, &mut left);
    }
    errors
}

/// What is to be written next, and what stands on the stack with it.
fn next_of(vm: &Vm, waiting: &mut Vec<Rest>, left: &mut usize) -> Option<(Value, usize)> {
    while let Some(rest) = waiting.last_mut() {
        *left = left.saturating_sub(1);
        match rest {
            Rest::Value { value, slots } => {
                let found = (*value, *slots);
                waiting.pop();
                return Some(found);
            }
            Rest::Elements { table, next, count, slots } if *next <= *count => {
                let element = if *left == 0 { Value::Nil } else { vm.get_index(*table, *next) };
                *next += 1;
                return Some((element, *slots + 1));
            }
            Rest::Pairs { table, key, with_values, slots } if let Some((next, value)) = vm.next(*table, *key) => {
                *key = next;
                let slots = *slots;
                if !*with_values {
                    return Some((next, slots + 3));
                }
                waiting.push(Rest::Value { value, slots: slots + 3 });
                return Some((next, slots + 4));
            }
            _ => {
                waiting.pop();
            }
        }
    }
    None
}

/// Writes a value, or the head of a table whose rest is to wait.
fn one(
    reply: &mut Writer,
    vm: &mut Vm,
    value: Value,
    slots: usize,
    protocol: Protocol,
    waiting: &mut Vec<Rest>,
    errors: &mut Vec<Vec<u8>>,
) {
    if slots + ROOM > MOST_SLOTS {
        reply.error("ERR reached lua stack limit");
        return;
    }
    match value {
        Value::String(_) => reply.bulk(vm.bytes(value).unwrap_or_default()),
        Value::Number(bits) => reply.integer(integer(f64::from_bits(bits))),
        Value::True | Value::False => {
            if protocol == Protocol::Resp3 {
                reply.boolean(value == Value::True);
            } else if value == Value::True {
                reply.integer(1);
            } else {
                reply.null();
            }
        }
        Value::Table(_) => {
            if let Some(table) = Vm::as_table(value) {
                whole(reply, vm, table, slots, waiting, errors);
            }
        }
        _ => reply.null(),
    }
}

fn whole(
    reply: &mut Writer,
    vm: &mut Vm,
    table: Table,
    slots: usize,
    waiting: &mut Vec<Rest>,
    errors: &mut Vec<Vec<u8>>,
) {
    let err = vm.get_field(table, "err");
    let counted = vm.get_field(table, "ignore_error_stats_update").truthy();
    if let Some(text) = vm.bytes(err).map(c_string) {
        if !counted {
            errors.push(Vec::from(text));
        }
        reply.error(text);
        return;
    }
    let ok = vm.get_field(table, "ok");
    if let Some(text) = vm.bytes(ok).map(c_string) {
        reply.simple(text);
        return;
    }
    if let Some(double) = vm.get_field(table, "double").as_number() {
        reply.double(double);
        return;
    }
    let digits = vm.get_field(table, "big_number");
    if let Some(digits) = vm.bytes(digits) {
        let digits: Vec<u8> =
            digits.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }).collect();
        reply.big_number(digits);
        return;
    }
    if let Some(verbatim) = Vm::as_table(vm.get_field(table, "verbatim_string")) {
        let (text, format) = (vm.get_field(verbatim, "string"), vm.get_field(verbatim, "format"));
        if let (Some(text), Some(format)) = (vm.bytes(text), vm.bytes(format)) {
            let mut three = *b"   ";
            for (place, byte) in three.iter_mut().zip(format) {
                *place = *byte;
            }
            reply.verbatim(&three, text);
            return;
        }
    }
    if let Some(map) = Vm::as_table(vm.get_field(table, "map")) {
        reply.map(entries(vm, map));
        waiting.push(Rest::Pairs { table: map, key: Value::Nil, with_values: true, slots });
        return;
    }
    if let Some(set) = Vm::as_table(vm.get_field(table, "set")) {
        reply.set(entries(vm, set));
        waiting.push(Rest::Pairs { table: set, key: Value::Nil, with_values: false, slots });
        return;
    }
    let mut count = 0;
    while !vm.get_index(table, count + 1).is_nil() {
        count += 1;
    }
    reply.array(count as usize);
    waiting.push(Rest::Elements { table, next: 1, count, slots });
}

fn entries(vm: &Vm, table: Table) -> usize {
    let (mut count, mut key) = (0, Value::Nil);
    while let Some((next, _)) = vm.next(table, key) {
        (count, key) = (count + 1, next);
    }
    count
}

/// Up to the first zero byte: such texts go through C strings in Redis.
pub(super) fn c_string(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A double as C makes it an integer: what does not fit is the smallest one.
pub(super) fn integer(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}
