//! `cmsgpack`: MessagePack both ways.

use alloc::vec::Vec;

use crate::{
    state::{Args, Fault, Native, Ret, State},
    value::{Value, exact_index},
};

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

fn sized(out: &mut Vec<u8>, length: usize, fix: Option<(u8, usize)>, small: Option<u8>, medium: u8, large: u8) {
    if let Some((tag, limit)) = fix
        && length <= limit
    {
        out.push(tag | length as u8);
    } else if let Some(tag) = small
        && length <= 255
    {
        out.extend_from_slice(&[tag, length as u8]);
    } else if length <= 65535 {
        out.push(medium);
        out.extend_from_slice(&(length as u16).to_be_bytes());
    } else {
        out.push(large);
        out.extend_from_slice(&(length as u32).to_be_bytes());
    }
}

/// Recursion is bounded by the nesting that the format's library allows itself.
fn encode(state: &State, value: Value, level: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    match value {
        Value::False => out.push(0xc2),
        Value::True => out.push(0xc3),
        Value::Number(bits) => number(f64::from_bits(bits), out),
        Value::String(payload) => {
            let bytes = state.heap.bytes(payload);
            sized(out, bytes.len(), Some((0xa0, 31)), Some(0xd9), 0xda, 0xdb);
            out.extend_from_slice(bytes);
        }
        Value::Table(at) if level < MAX_NESTING => table(state, at as u32, level, out)?,
        _ => out.push(0xc0),
    }
    state.heap.reserve(out.len())
}

fn number(value: f64, out: &mut Vec<u8>) {
    let Some(whole) = exact_index(value).filter(|whole| *whole != i64::MAX) else {
        let short = value as f32;
        if f64::from(short) == value {
            out.push(0xca);
            out.extend_from_slice(&short.to_be_bytes());
        } else {
            out.push(0xcb);
            out.extend_from_slice(&value.to_be_bytes());
        }
        return;
    };
    match whole {
        0..=127 => out.push(whole as u8),
        128..=255 => out.extend_from_slice(&[0xcc, whole as u8]),
        256..=0xffff => {
            out.push(0xcd);
            out.extend_from_slice(&(whole as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xce);
            out.extend_from_slice(&(whole as u32).to_be_bytes());
        }
        0x1_0000_0000.. => {
            out.push(0xcf);
            out.extend_from_slice(&whole.to_be_bytes());
        }
        -32..=-1 => out.push(whole as u8),
        -128..=-33 => out.extend_from_slice(&[0xd0, whole as u8]),
        -32768..=-129 => {
            out.push(0xd1);
            out.extend_from_slice(&(whole as i16).to_be_bytes());
        }
        -2_147_483_648..=-32769 => {
            out.push(0xd2);
            out.extend_from_slice(&(whole as i32).to_be_bytes());
        }
        _ => {
            out.push(0xd3);
            out.extend_from_slice(&whole.to_be_bytes());
        }
    }
}

fn table(state: &State, at: u32, level: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let (mut longest, mut count, mut array) = (0i64, 0usize, true);
    let mut key = Value::Nil;
    while let Ok(Some((found, _))) = state.heap.tables[at].next(&state.heap.strings, key) {
        key = found;
        count += 1;
        match found.as_number().and_then(exact_index) {
            Some(index) if index > 0 => longest = longest.max(index),
            _ => array = false,
        }
    }
    if array && longest == count as i64 {
        sized(out, count, Some((0x90, 15)), None, 0xdc, 0xdd);
        for index in 1..=longest {
            encode(state, state.heap.tables[at].get_index(index), level + 1, out)?;
        }
        return Ok(());
    }
    sized(out, count, Some((0x80, 15)), None, 0xde, 0xdf);
    let mut key = Value::Nil;
    while let Ok(Some((found, value))) = state.heap.tables[at].next(&state.heap.strings, key) {
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
    let bytes = state.heap.bytes(payload).to_vec();
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
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let slice = self.slice(N)?;
        let mut array = [0; N];
        array.copy_from_slice(slice);
        Ok(array)
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
                Item::Array(left) => {
                    let table = state.heap.new_table(0, 0);
                    open.push(Open { table, left, next: 1, map: false, key: None });
                    continue;
                }
                Item::Map(left) => {
                    let table = state.heap.new_table(0, 0);
                    open.push(Open { table, left, next: 1, map: true, key: None });
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
        let bytes = self.slice(length)?.to_vec();
        Ok(Item::Value(state.heap.string_owned(bytes)?))
    }

    fn item(&mut self, state: &mut State) -> Result<Item, Fault> {
        let [tag] = self.take::<1>()?;
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
            0xca => number(f64::from(f32::from_be_bytes(self.take()?))),
            0xcb => number(f64::from_be_bytes(self.take()?)),
            0xcc => number(f64::from(self.take::<1>()?[0])),
            0xcd => number(f64::from(u16::from_be_bytes(self.take()?))),
            0xce => number(f64::from(u32::from_be_bytes(self.take()?))),
            0xcf | 0xd3 => number(i64::from_be_bytes(self.take()?) as f64),
            0xd0 => number(f64::from(self.take::<1>()?[0] as i8)),
            0xd1 => number(f64::from(i16::from_be_bytes(self.take()?))),
            0xd2 => number(f64::from(i32::from_be_bytes(self.take()?))),
            0xd9 => {
                let length = usize::from(self.take::<1>()?[0]);
                self.string(state, length)
            }
            0xda => {
                let length = usize::from(u16::from_be_bytes(self.take()?));
                self.string(state, length)
            }
            0xdb => {
                let length = u32::from_be_bytes(self.take()?) as usize;
                self.string(state, length)
            }
            0xdc => Ok(Item::Array(usize::from(u16::from_be_bytes(self.take()?)))),
            0xdd => Ok(Item::Array(u32::from_be_bytes(self.take()?) as usize)),
            0xde => Ok(Item::Map(usize::from(u16::from_be_bytes(self.take()?)))),
            0xdf => Ok(Item::Map(u32::from_be_bytes(self.take()?) as usize)),
            _ => Err(Fault::message("Bad data format in input.")),
        }
    }
}
