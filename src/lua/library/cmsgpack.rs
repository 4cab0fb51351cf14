//! `cmsgpack`: MessagePack both ways.

use alloc::vec::Vec;

use crate::{
    state::{Args, Fault, Native, Ret, State},
    text::{Text, copy},
    value::{Value, exact_index},
};

use super::structure::{read_bits, read_integer};

pub const FUNCTIONS: &[(&str, Native)] =
    &[("pack", pack), ("unpack", unpack), ("unpack_limit", unpack_limit), ("unpack_one", unpack_one)];

/// Tables nested deeper are packed as nil.
const MAX_NESTING: usize = 16;

pub fn open(state: &mut State) -> Result<(), Fault> {
    let name = state.heap.string(b"cmsgpack");
    let Value::Table(at) = state.heap.get(state.globals, name) else { return Ok(()) };
    for (field, text) in [
        ("_NAME", "cmsgpack"),
        ("_VERSION", "lua-cmsgpack 0.4.0"),
        ("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"),
        ("_DESCRIPTION", "MessagePack C implementation for Lua"),
    ] {
        let value = state.heap.string(text.as_bytes());
        state.heap.set_field(at as u32, field, value)?;
    }
    Ok(())
}

fn pack(state: &mut State, args: Args) -> Result<Ret, Fault> {
    if args.count == 0 {
        return Err(Fault::argument(0, "MessagePack pack needs input."));
    }
    let mut out = Vec::new();
    for index in 0..args.count {
        encode(state, state.arg(args, index), 0, &mut out)?;
    }
    state.charge(out.len() * 4);
    Ok(Ret::One(state.heap.string_owned(out)?))
}

/// A tag and a number in so many bytes.
fn tagged(out: &mut Vec<u8>, tag: u8, value: u64, size: usize) {
    out.put(tag);
    out.add(&value.to_be_bytes()[8 - size..]);
}

/// A length, in the tag if it is small enough; `long` is the tag of the two bytes' form, behind which that of four bytes stands.
fn sized(out: &mut Vec<u8>, length: usize, fix: u8, limit: usize, small: Option<u8>, long: u8) {
    let value = length as u64;
    match (length, small) {
        (0..=31, _) if length <= limit => out.put(fix | length as u8),
        (0..=0xff, Some(tag)) => tagged(out, tag, value, 1),
        (0..=0xffff, _) => tagged(out, long, value, 2),
        _ => tagged(out, long + 1, value, 4),
    }
}

/// Recursion is bounded by the nesting that the format's library allows itself.
fn encode(state: &State, value: Value, level: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    match value {
        Value::False => out.put(0xc2),
        Value::True => out.put(0xc3),
        Value::Number(bits) => number(f64::from_bits(bits), out),
        Value::String(payload) => {
            let bytes = state.heap.bytes(payload);
            sized(out, bytes.len(), 0xa0, 31, Some(0xd9), 0xda);
            out.add(bytes);
        }
        Value::Table(at) if level < MAX_NESTING => table(state, at as u32, level, out)?,
        _ => out.put(0xc0),
    }
    state.heap.reserve(out.len())
}

fn number(value: f64, out: &mut Vec<u8>) {
    let Some(whole) = exact_index(value).filter(|whole| *whole != i64::MAX) else {
        let short = value as f32;
        return if f64::from(short) == value {
            tagged(out, 0xca, u64::from(short.to_bits()), 4);
        } else {
            tagged(out, 0xcb, value.to_bits(), 8);
        };
    };
    if (-32..=127).contains(&whole) {
        return out.put(whole as u8);
    }
    // The tags of one, two, four and eight bytes follow each other; a negative number needs a bit for its sign.
    let (first, size, sign) = if whole < 0 { (0xd0, !whole, 1) } else { (0xcc, whole, 0) };
    let power = (0..3).find(|power| size >> ((8 << power) - sign) == 0).unwrap_or(3);
    tagged(out, first + power, whole as u64, 1 << power);
}

fn table(state: &State, at: u32, level: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let (mut longest, mut count, mut array) = (0i64, 0usize, true);
    let mut key = Value::Nil;
    while let Ok(Some((found, _))) = state.heap.next(at, key) {
        key = found;
        count += 1;
        match found.as_number().and_then(exact_index) {
            Some(index) if index > 0 => longest = longest.max(index),
            _ => array = false,
        }
    }
    if array && longest == count as i64 {
        sized(out, count, 0x90, 15, None, 0xdc);
        for index in 1..=longest {
            encode(state, state.heap.item(at, index), level + 1, out)?;
        }
        return Ok(());
    }
    sized(out, count, 0x80, 15, None, 0xde);
    let mut key = Value::Nil;
    while let Ok(Some((found, value))) = state.heap.next(at, key) {
        key = found;
        encode(state, found, level + 1, out)?;
        encode(state, value, level + 1, out)?;
    }
    Ok(())
}

fn unpack(state: &mut State, args: Args) -> Result<Ret, Fault> {
    unpack_some(state, args, 0, 0, false)
}

fn unpack_one(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let offset = state.optional_integer(args, 1, 0)?;
    unpack_some(state, args, 1, offset, true)
}

fn unpack_limit(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let limit = i64::from(state.check_int(args, 1)?);
    let offset = state.optional_integer(args, 2, 0)?;
    unpack_some(state, args, limit, offset, limit != 0)
}

fn unpack_some(state: &mut State, args: Args, limit: i64, offset: i64, with_offset: bool) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let length = state.heap.bytes(payload).len() as i64;
    let offset = i64::from(offset as i32);
    let limit = i64::from(limit as i32);
    if offset < 0 || limit < 0 {
        return Err(Fault::message(alloc::format!(
            "Invalid request to unpack with offset of {offset} and limit of {length}."
        )));
    }
    if offset > length {
        return Err(Fault::message(alloc::format!("Start offset {offset} greater than input length {length}.")));
    }
    let limit = if limit == 0 { i64::from(i32::MAX) } else { limit };
    let bytes = copy(state.heap.bytes(payload));
    let mut reader = Reader { bytes: &bytes, at: offset as usize };
    let start = args.free_slot() + 1;
    let mut count = 0;
    while reader.at < bytes.len() && (count as i64) < limit {
        let value = reader.value(state)?;
        if count + args.count >= crate::state::MAX_NATIVE_STACK {
            return Err(Fault::message("too many return values at once; use unpack_one or unpack_limit instead."));
        }
        state.ensure(start + count)?;
        state.stack[start + count] = value;
        count += 1;
    }
    state.charge(bytes.len());
    if !with_offset {
        return Ok(Ret::Many { start, count });
    }
    let end = if reader.at >= bytes.len() { -1.0 } else { reader.at as f64 };
    state.ensure(start)?;
    state.stack[start - 1] = Value::number(end);
    Ok(Ret::Many { start: start - 1, count: count + 1 })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A container being filled.
struct Open {
    table: u32,
    left: usize,
    next: i64,
    map: bool,
    key: Option<Value>,
}

enum Item {
    Value(Value),
    Array(usize),
    Map(usize),
}

impl Reader<'_> {
    fn number(&mut self, size: usize, signed: bool) -> Result<f64, Fault> {
        Ok(read_integer(self.slice(size)?, false, signed))
    }

    fn length(&mut self, size: usize) -> Result<usize, Fault> {
        Ok(self.number(size, false)? as usize)
    }

    fn slice(&mut self, length: usize) -> Result<&[u8], Fault> {
        let end = self.at.saturating_add(length);
        let Some(slice) = self.bytes.get(self.at..end) else {
            return Err(Fault::message("Missing bytes in input."));
        };
        self.at = end;
        Ok(slice)
    }

    fn value(&mut self, state: &mut State) -> Result<Value, Fault> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            state.heap.reserve(open.len() * 40)?;
            let mut value = match self.item(state)? {
                Item::Value(value) => value,
                Item::Array(0) | Item::Map(0) => Value::Table(u64::from(state.heap.new_table(0, 0))),
                item @ (Item::Array(left) | Item::Map(left)) => {
                    let (table, map) = (state.heap.new_table(0, 0), matches!(item, Item::Map(_)));
                    open.push(Open { table, left, next: 1, map, key: None });
                    continue;
                }
            };
            loop {
                let Some(container) = open.last_mut() else { return Ok(value) };
                if container.map {
                    let Some(key) = container.key.take() else {
                        container.key = Some(value);
                        break;
                    };
                    state.heap.set(container.table, key, value)?;
                } else {
                    state.heap.set_index(container.table, container.next, value)?;
                    container.next += 1;
                }
                container.left -= 1;
                if container.left > 0 {
                    break;
                }
                value = Value::Table(u64::from(container.table));
                open.pop();
            }
        }
    }

    fn string(&mut self, state: &mut State, length: usize) -> Result<Item, Fault> {
        state.heap.reserve(length.min(self.bytes.len()))?;
        let bytes = copy(self.slice(length)?);
        Ok(Item::Value(state.heap.string_owned(bytes)?))
    }

    fn item(&mut self, state: &mut State) -> Result<Item, Fault> {
        let tag = self.length(1)? as u8;
        let number = |number: f64| Ok(Item::Value(Value::number(number)));
        match tag {
            0..=0x7f => number(f64::from(tag)),
            0xe0..=0xff => number(f64::from(tag as i8)),
            0x80..=0x8f => Ok(Item::Map(usize::from(tag & 15))),
            0x90..=0x9f => Ok(Item::Array(usize::from(tag & 15))),
            0xa0..=0xbf => self.string(state, usize::from(tag & 31)),
            0xc0 => Ok(Item::Value(Value::Nil)),
            0xc2 => Ok(Item::Value(Value::False)),
            0xc3 => Ok(Item::Value(Value::True)),
            0xca => number(f64::from(f32::from_bits(read_bits(self.slice(4)?, false) as u32))),
            0xcb => number(f64::from_bits(read_bits(self.slice(8)?, false))),
            0xcc..=0xce => number(self.number(1 << (tag & 3), false)?),
            0xcf..=0xd3 => number(self.number(1 << (tag & 3), true)?),
            0xd9..=0xdb => {
                let length = self.length(1 << (tag - 0xd9))?;
                self.string(state, length)
            }
            0xdc | 0xdd => Ok(Item::Array(self.length(2 << (tag & 1))?)),
            0xde | 0xdf => Ok(Item::Map(self.length(2 << (tag & 1))?)),
            _ => Err(Fault::message("Bad data format in input.")),
        }
    }
}
