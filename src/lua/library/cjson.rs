//! `cjson`: the library's table, its settings, and encoding. Nesting may be set as deep as one likes, so both
//! directions keep their own stack.

use alloc::{format, string::String, vec, vec::Vec};

use crate::{
    number,
    state::{Args, Fault, Native, Ret, State},
    text::{Text, copy},
    value::{Value, floor},
};

use crate::table::NONE;

use super::json_text;

pub const FUNCTIONS: &[(&str, Native)] = &[
    ("decode", decode),
    ("decode_array_with_array_mt", decode_array_with_array_mt),
    ("decode_invalid_numbers", decode_invalid_numbers),
    ("decode_max_depth", decode_max_depth),
    ("encode", encode),
    ("encode_invalid_numbers", encode_invalid_numbers),
    ("encode_keep_buffer", encode_keep_buffer),
    ("encode_max_depth", encode_max_depth),
    ("encode_number_precision", encode_number_precision),
    ("encode_sparse_array", encode_sparse_array),
    ("new", new),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invalid {
    Off,
    On,
    Null,
}

#[derive(Clone, Debug)]
pub struct Config {
    sparse_convert: bool,
    sparse_ratio: i64,
    sparse_safe: i64,
    encode_depth: i64,
    pub decode_depth: i64,
    encode_invalid: Invalid,
    pub decode_invalid: bool,
    keep_buffer: bool,
    precision: i64,
    pub array_metatable: bool,
}

/// The configurations: the first is the global library's, `cjson.new` adds others.
#[derive(Clone, Debug)]
pub struct Settings(Vec<Config>);

impl Default for Settings {
    fn default() -> Self {
        Settings(vec![Config {
            sparse_convert: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_depth: 1000,
            decode_depth: 1000,
            encode_invalid: Invalid::Off,
            decode_invalid: true,
            keep_buffer: true,
            precision: 14,
            array_metatable: false,
        }])
    }
}

/// The field of a metatable that makes a table an array whatever it holds.
const ARRAY_MARK: &[u8] = b"__is_cjson_array";

/// `cjson.null`.
pub const NULL: Value = Value::Light(0);

pub fn open(state: &mut State) -> Result<(), Fault> {
    state.json_mark = state.heap.string(ARRAY_MARK);
    let name = state.heap.string(b"cjson");
    if let Value::Table(at) = state.heap.get(state.globals, name) {
        constants(state, at as u32)?;
    }
    Ok(())
}

fn constants(state: &mut State, table: u32) -> Result<(), Fault> {
    state.heap.set_field(table, "null", NULL)?;
    let name = state.heap.string(b"cjson");
    state.heap.set_field(table, "_NAME", name)?;
    let version = state.heap.string(b"2.1.0");
    state.heap.set_field(table, "_VERSION", version)
}

fn config_number(state: &State, args: Args) -> usize {
    if let Value::Native(id) = state.stack[args.func()]
        && id >> 32 != 0
        && let Value::Number(bits) = state.heap.boxes[(id >> 32) as u32 - 1][0]
    {
        return f64::from_bits(bits) as usize;
    }
    0
}

pub fn config(state: &State, args: Args) -> &Config {
    let number = config_number(state, args);
    state.json.0.get(number).unwrap_or(&state.json.0[0])
}

fn config_mut(state: &mut State, args: Args) -> &mut Config {
    let number = config_number(state, args).min(state.json.0.len() - 1);
    &mut state.json.0[number]
}

fn new(state: &mut State, _: Args) -> Result<Ret, Fault> {
    let number = state.json.0.len();
    state.heap.reserve(number * 128)?;
    state.json.0.extend(Settings::default().0);
    let table = state.heap.new_table(0, FUNCTIONS.len() + 3);
    for (name, function) in FUNCTIONS {
        let Some(id) = state.natives.iter().position(|known| core::ptr::fn_addr_eq(*known, *function)) else {
            continue;
        };
        let captured = state.heap.new_box([Value::number(number as f64), Value::Nil, Value::Nil]);
        let value = Value::Native(id as u64 | (u64::from(captured) + 1) << 32);
        state.heap.set_field(table, name, value)?;
    }
    constants(state, table)?;
    Ok(Ret::One(Value::Table(u64::from(table))))
}

// Settings.

fn at_most(args: Args, limit: usize) -> Result<(), Fault> {
    if args.count > limit {
        return Err(Fault::argument(limit + 1, "found too many arguments"));
    }
    Ok(())
}

fn integer_option(state: &State, args: Args, index: usize, low: i64, high: i64) -> Result<Option<i64>, Fault> {
    if state.arg(args, index).is_nil() {
        return Ok(None);
    }
    let value = state.check_integer(args, index)?;
    if value < low || value > high {
        // The library always names the first argument here.
        return Err(Fault::argument(1, format!("expected integer between {low} and {high}")));
    }
    Ok(Some(value))
}

fn choice(state: &mut State, args: Args, index: usize, names: &[&str]) -> Result<Option<usize>, Fault> {
    match state.arg(args, index) {
        Value::Nil => Ok(None),
        Value::False => Ok(Some(0)),
        Value::True => Ok(Some(1)),
        _ => {
            let payload = state.check_string(args, index)?;
            let text = state.heap.bytes(payload);
            match names.iter().position(|name| name.as_bytes() == text) {
                Some(found) => Ok(Some(found)),
                None => {
                    let text = String::from_utf8_lossy(text);
                    Err(Fault::argument(index + 1, format!("invalid option '{text}'")))
                }
            }
        }
    }
}

fn on_off(on: bool) -> Value {
    Value::boolean(on)
}

fn encode_sparse_array(state: &mut State, args: Args) -> Result<Ret, Fault> {
    at_most(args, 3)?;
    let convert = choice(state, args, 0, &["off", "on"])?;
    if let Some(convert) = convert {
        config_mut(state, args).sparse_convert = convert == 1;
    }
    if let Some(ratio) = integer_option(state, args, 1, 0, i64::from(i32::MAX))? {
        config_mut(state, args).sparse_ratio = ratio;
    }
    if let Some(safe) = integer_option(state, args, 2, 0, i64::from(i32::MAX))? {
        config_mut(state, args).sparse_safe = safe;
    }
    let config = config(state, args);
    let values = [
        on_off(config.sparse_convert),
        Value::number(config.sparse_ratio as f64),
        Value::number(config.sparse_safe as f64),
    ];
    state.push(args, &values)
}

fn integer_setting(state: &mut State, args: Args, high: i64, field: fn(&mut Config) -> &mut i64) -> Result<Ret, Fault> {
    at_most(args, 1)?;
    if let Some(value) = integer_option(state, args, 0, 1, high)? {
        *field(config_mut(state, args)) = value;
    }
    Ok(Ret::One(Value::number(*field(config_mut(state, args)) as f64)))
}

fn encode_max_depth(state: &mut State, args: Args) -> Result<Ret, Fault> {
    integer_setting(state, args, i64::from(i32::MAX), |config| &mut config.encode_depth)
}

fn decode_max_depth(state: &mut State, args: Args) -> Result<Ret, Fault> {
    integer_setting(state, args, i64::from(i32::MAX), |config| &mut config.decode_depth)
}

fn encode_number_precision(state: &mut State, args: Args) -> Result<Ret, Fault> {
    integer_setting(state, args, 14, |config| &mut config.precision)
}

fn switch(state: &mut State, args: Args, field: fn(&mut Config) -> &mut bool) -> Result<Ret, Fault> {
    at_most(args, 1)?;
    if let Some(found) = choice(state, args, 0, &["off", "on"])? {
        *field(config_mut(state, args)) = found == 1;
    }
    Ok(Ret::One(on_off(*field(config_mut(state, args)))))
}

fn encode_keep_buffer(state: &mut State, args: Args) -> Result<Ret, Fault> {
    switch(state, args, |config| &mut config.keep_buffer)
}

fn decode_array_with_array_mt(state: &mut State, args: Args) -> Result<Ret, Fault> {
    switch(state, args, |config| &mut config.array_metatable)
}

fn decode_invalid_numbers(state: &mut State, args: Args) -> Result<Ret, Fault> {
    switch(state, args, |config| &mut config.decode_invalid)
}

fn encode_invalid_numbers(state: &mut State, args: Args) -> Result<Ret, Fault> {
    at_most(args, 1)?;
    if let Some(found) = choice(state, args, 0, &["off", "on", "null"])? {
        config_mut(state, args).encode_invalid = [Invalid::Off, Invalid::On, Invalid::Null][found];
    }
    Ok(Ret::One(match config(state, args).encode_invalid {
        Invalid::Off => Value::False,
        Invalid::On => Value::True,
        Invalid::Null => state.heap.string(b"null"),
    }))
}

// Encoding.

/// A table being written.
enum Open {
    Array { table: u32, next: i64, length: i64 },
    Object { table: u32, key: Value },
}

fn cannot(what: &str, why: &str) -> Fault {
    Fault::message(format!("Cannot serialise {what}: {why}"))
}

fn encode(state: &mut State, args: Args) -> Result<Ret, Fault> {
    if args.count != 1 {
        return Err(Fault::argument(1, "expected 1 argument"));
    }
    let config = config(state, args).clone();
    let mut out = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut value = state.arg(args, 0);
    let mut room_checked = 0;
    loop {
        if let Value::Table(at) = value {
            let table = at as u32;
            if open.len() as i64 + 1 > config.encode_depth {
                return Err(Fault::message(format!("Cannot serialise, excessive nesting ({})", open.len() + 1)));
            }
            open.push(match array_length(state, table, &config)? {
                Some(length) => {
                    out.put(b'[');
                    Open::Array { table, next: 1, length }
                }
                None => {
                    out.put(b'{');
                    Open::Object { table, key: Value::Nil }
                }
            });
        } else {
            scalar(state, &config, value, &mut out)?;
        }
        if out.len() > room_checked {
            state.heap.reserve(out.len() + open.len() * 24)?;
            room_checked = out.len() + 4096;
        }
        // What comes next?
        value = loop {
            match open.last_mut() {
                None => {
                    state.charge(out.len() * 8);
                    return Ok(Ret::One(state.heap.string_owned(out)?));
                }
                Some(Open::Array { table, next, length }) => {
                    if *next <= *length {
                        if *next > 1 {
                            out.put(b',');
                        }
                        *next += 1;
                        break state.heap.item(*table, *next - 1);
                    }
                    out.put(b']');
                }
                Some(Open::Object { table, key }) => {
                    let found = state.heap.next(*table, *key);
                    if let Ok(Some((found, value))) = found {
                        if !key.is_nil() {
                            out.put(b',');
                        }
                        *key = found;
                        object_key(state, &config, found, &mut out)?;
                        break value;
                    }
                    out.put(b'}');
                }
            }
            open.pop();
        };
    }
}

fn array_length(state: &State, table: u32, config: &Config) -> Result<Option<i64>, Fault> {
    let meta = state.heap.tables[table].meta;
    if meta != NONE && state.heap.get(meta, state.json_mark).truthy() {
        return Ok(Some(state.heap.border(table) as i64));
    }
    let (mut longest, mut items) = (0i64, 0i64);
    let mut key = Value::Nil;
    while let Ok(Some((found, _))) = state.heap.next(table, key) {
        key = found;
        let index = match found {
            Value::Number(bits) => Some(f64::from_bits(bits)).filter(|index| *index >= 1.0 && floor(*index) == *index),
            _ => None,
        };
        let Some(index) = index else { return Ok(None) };
        if index > longest as f64 {
            // A C `int`, which of too large a number becomes the least there is.
            longest = if index <= f64::from(i32::MAX) { index as i64 } else { i64::from(i32::MIN) };
        }
        items += 1;
    }
    if config.sparse_ratio > 0 && longest > items * config.sparse_ratio && longest > config.sparse_safe {
        if !config.sparse_convert {
            return Err(cannot("table", "excessively sparse array"));
        }
        return Ok(None);
    }
    Ok((longest > 0).then_some(longest))
}

fn object_key(state: &State, config: &Config, key: Value, out: &mut Vec<u8>) -> Result<(), Fault> {
    match key {
        Value::Number(bits) => {
            out.put(b'"');
            append_number(config, f64::from_bits(bits), out)?;
            out.add(b"\":");
        }
        Value::String(payload) => {
            append_string(state.heap.bytes(payload), out);
            out.put(b':');
        }
        other => return Err(cannot(other.type_name(), "table key must be a number or string")),
    }
    Ok(())
}

fn scalar(state: &State, config: &Config, value: Value, out: &mut Vec<u8>) -> Result<(), Fault> {
    match value {
        Value::Nil | Value::Light(0) => out.add(b"null"),
        Value::False => out.add(b"false"),
        Value::True => out.add(b"true"),
        Value::Number(bits) => append_number(config, f64::from_bits(bits), out)?,
        Value::String(payload) => append_string(state.heap.bytes(payload), out),
        other => return Err(cannot(other.type_name(), "type not supported")),
    }
    Ok(())
}

fn append_number(config: &Config, value: f64, out: &mut Vec<u8>) -> Result<(), Fault> {
    if !value.is_finite() {
        match config.encode_invalid {
            Invalid::Off => return Err(cannot("number", "must not be NaN or Inf")),
            Invalid::Null => {
                out.add(b"null");
                return Ok(());
            }
            Invalid::On => {
                let text: &[u8] = match value {
                    f64::INFINITY => b"inf",
                    f64::NEG_INFINITY => b"-inf",
                    _ => b"nan",
                };
                out.add(text);
                return Ok(());
            }
        }
    }
    if config.precision == 14 {
        number::append(out, value);
    } else {
        number::append_general(out, value, config.precision as usize, false);
    }
    Ok(())
}

fn append_string(text: &[u8], out: &mut Vec<u8>) {
    out.put(b'"');
    for &byte in text {
        let letter = match byte {
            b'"' | b'\\' | b'/' => byte,
            8 => b'b',
            9 => b't',
            10 => b'n',
            12 => b'f',
            13 => b'r',
            0..=31 | 127 => {
                out.add(format!("\\u{byte:04x}").as_bytes());
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.add(&[b'\\', letter]);
    }
    out.put(b'"');
}

fn decode(state: &mut State, args: Args) -> Result<Ret, Fault> {
    if args.count != 1 {
        return Err(Fault::argument(1, "expected 1 argument"));
    }
    let payload = state.check_string(args, 0)?;
    let config = config(state, args).clone();
    let text = copy(state.heap.bytes(payload));
    state.charge(text.len() * 8);
    Ok(Ret::One(json_text::decode(state, &text, &config)?))
}
