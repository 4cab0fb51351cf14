//! The string library, but for patterns and `format`.

use alloc::vec::Vec;

use crate::{
    state::{Args, Fault, Native, Ret, State},
    text::copy,
    value::Value,
};

use super::{format, gsub, pattern};

pub const FUNCTIONS: &[(&str, Native)] = &[
    ("byte", byte),
    ("char", char),
    ("dump", dump),
    ("find", pattern::find),
    ("format", format::format),
    ("gfind", pattern::gmatch),
    ("gmatch", pattern::gmatch),
    ("gsub", gsub::gsub),
    ("len", len),
    ("lower", lower),
    ("match", pattern::match_text),
    ("rep", rep),
    ("reverse", reverse),
    ("sub", sub),
    ("upper", upper),
];

/// Strings get the library as their methods.
pub fn open(state: &mut State) -> Result<(), Fault> {
    let name = state.heap.string(b"string");
    let library = state.heap.get(state.globals, name);
    if let Value::Table(at) = library {
        alias(state, at as u32, "gfind", "gmatch")?;
    }
    let meta = state.heap.new_table(0, 1);
    state.heap.set_field(meta, "__index", library)?;
    state.heap.string_meta = meta;
    Ok(())
}

/// One function under two names: programs may compare them.
pub fn alias(state: &mut State, library: u32, name: &str, original: &str) -> Result<(), Fault> {
    let original = state.heap.string(original.as_bytes());
    let function = state.heap.get(library, original);
    state.heap.set_field(library, name, function)?;
    Ok(())
}

/// A position that may count from the end.
pub fn relative(position: i64, length: usize) -> i64 {
    if position < 0 { (position + length as i64 + 1).max(0) } else { position }
}

fn len(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    Ok(Ret::One(Value::number(state.heap.bytes(payload).len() as f64)))
}

fn sub(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let length = state.heap.bytes(payload).len();
    let start = relative(state.check_integer(args, 1)?, length).max(1);
    let end = relative(state.optional_integer(args, 2, -1)?, length).min(length as i64);
    if start > end {
        return Ok(Ret::One(state.heap.string(b"")));
    }
    if start == 1 && end == length as i64 {
        return Ok(Ret::One(Value::String(payload)));
    }
    let value = slice(state, payload, start as usize - 1, end as usize)?;
    Ok(Ret::One(value))
}

/// Part of a string as a string.
pub fn slice(state: &mut State, payload: u64, start: usize, end: usize) -> Result<Value, Fault> {
    let part = &state.heap.strings.get(payload)[start..end];
    if part.len() <= crate::value::SHORT {
        let mut buffer = [0; crate::value::SHORT];
        let length = part.len();
        buffer[..length].copy_from_slice(part);
        return Ok(state.heap.string(&buffer[..length]));
    }
    state.heap.reserve(end - start)?;
    let part = copy(part);
    state.heap.string_owned(part)
}

#[inline(never)]
fn transform(state: &mut State, args: Args, change: fn(&mut [u8])) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let length = state.heap.bytes(payload).len();
    state.heap.reserve(length)?;
    let mut bytes = copy(state.heap.bytes(payload));
    change(&mut bytes);
    state.charge(length);
    Ok(Ret::One(state.heap.string_owned(bytes)?))
}

fn lower(state: &mut State, args: Args) -> Result<Ret, Fault> {
    transform(state, args, <[u8]>::make_ascii_lowercase)
}

fn upper(state: &mut State, args: Args) -> Result<Ret, Fault> {
    transform(state, args, <[u8]>::make_ascii_uppercase)
}

fn reverse(state: &mut State, args: Args) -> Result<Ret, Fault> {
    transform(state, args, <[u8]>::reverse)
}

fn rep(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let count = i64::from(state.check_int(args, 1)?).max(0) as usize;
    let total = state.heap.bytes(payload).len().saturating_mul(count);
    state.heap.reserve(total)?;
    state.charge(total);
    let bytes = state.heap.bytes(payload).repeat(if total == 0 { 0 } else { count });
    Ok(Ret::One(state.heap.string_owned(bytes)?))
}

fn byte(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let length = state.heap.bytes(payload).len();
    let start = relative(state.optional_integer(args, 1, 1)?, length);
    let end = relative(state.optional_integer(args, 2, start)?, length).min(length as i64);
    let start = start.max(1);
    if start > end {
        return Ok(Ret::None);
    }
    let count = (end - start + 1) as usize;
    if count == 1 {
        let byte = state.heap.bytes(payload)[start as usize - 1];
        return Ok(Ret::One(Value::number(f64::from(byte))));
    }
    if count + args.count > crate::state::MAX_NATIVE_STACK {
        return Err(Fault::message("stack overflow (string slice too long)"));
    }
    let slot = args.free_slot();
    state.ensure(slot + count)?;
    let State { heap, stack, .. } = state;
    for (offset, byte) in heap.bytes(payload)[start as usize - 1..end as usize].iter().enumerate() {
        stack[slot + offset] = Value::number(f64::from(*byte));
    }
    Ok(Ret::Many { start: slot, count })
}

fn char(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let mut bytes = Vec::with_capacity(args.count);
    for index in 0..args.count {
        let code = state.check_int(args, index)?;
        let Ok(byte) = u8::try_from(code) else {
            return Err(Fault::argument(index + 1, "invalid value"));
        };
        bytes.push(byte);
    }
    Ok(Ret::One(state.heap.string_owned(bytes)?))
}

/// Functions have no portable binary form here, and Redis' sandbox could not load one anyway.
fn dump(state: &mut State, args: Args) -> Result<Ret, Fault> {
    state.check_function(args, 0)?;
    Err(Fault::message("unable to dump given function"))
}
