//! The basic functions.

use alloc::{format, string::String, vec::Vec};

use crate::{
    heap::Userdata,
    meta::Event,
    state::{Args, Cause, Continuation, Fault, NATIVE, Native, Ret, State},
    table::NONE,
    text::{Text, copy, until_nul},
    value::Value,
};

use super::IPAIRS_STEP;

pub const FUNCTIONS: &[(&str, Native)] = &[
    ("assert", assert),
    ("collectgarbage", collectgarbage),
    ("error", error),
    ("gcinfo", gcinfo),
    ("getmetatable", getmetatable),
    ("ipairs", ipairs),
    ("load", load),
    ("loadstring", loadstring),
    ("pairs", pairs),
    ("pcall", pcall),
    ("rawequal", rawequal),
    ("rawget", rawget),
    ("rawset", rawset),
    ("select", select),
    ("setmetatable", setmetatable),
    ("tonumber", tonumber),
    ("tostring", tostring),
    ("type", type_of),
    ("unpack", unpack),
    ("xpcall", xpcall),
];

/// What a program of its own has besides, and a script in Redis has not.
pub const OF_PROGRAMS: &[(&str, Native)] =
    &[("getfenv", getfenv), ("newproxy", newproxy), ("print", print), ("setfenv", setfenv)];

fn assert(state: &mut State, args: Args) -> Result<Ret, Fault> {
    if !state.check_any(args, 0)?.truthy() {
        if state.arg(args, 1).is_nil() {
            return Err(Fault::message("assertion failed!"));
        }
        state.check_string(args, 1)?;
        let text = copy(state.bytes(state.arg(args, 1)));
        return Err(Cause::Bytes(text).into());
    }
    Ok(Ret::Many { start: args.base, count: args.count })
}

fn collectgarbage(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let option = match state.arg(args, 0) {
        Value::Nil => String::from("collect"),
        _ => {
            let payload = state.check_string(args, 0)?;
            state.lossy(Value::String(payload))
        }
    };
    state.optional_integer(args, 1, 0)?;
    Ok(Ret::One(match option.as_str() {
        "count" => Value::number(state.heap.used as f64 / 1024.0),
        "step" => {
            state.heap.threshold = 0;
            Value::True
        }
        "collect" => {
            // It happens at the next safe point: right after this call.
            state.heap.threshold = 0;
            Value::number(0.0)
        }
        // Stopped, it still happens rather than that memory runs out; and, as in PUC, after "collect" it goes on by itself.
        "stop" => {
            state.heap.threshold = state.heap.half_way();
            Value::number(0.0)
        }
        "restart" => {
            state.heap.threshold = state.heap.used.min(state.heap.limit);
            Value::number(0.0)
        }
        "setpause" | "setstepmul" => Value::number(200.0),
        _ => return Err(Fault::argument(1, format!("invalid option '{option}'"))),
    }))
}

fn gcinfo(state: &mut State, _: Args) -> Result<Ret, Fault> {
    Ok(Ret::One(Value::number((state.heap.used / 1024) as f64)))
}

fn error(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let level = state.optional_integer(args, 1, 1)?;
    Err(Cause::Level(state.arg(args, 0), level.max(0) as u32).into())
}

/// The function that `getfenv` and `setfenv` mean: `Ok(None)` for level 0.
fn environment_holder(state: &State, args: Args, optional: bool) -> Result<Option<Value>, Fault> {
    let value = state.arg(args, 0);
    if value.is_function() {
        return Ok(Some(value));
    }
    let level = if optional { state.optional_integer(args, 0, 1)? } else { state.check_integer(args, 0)? };
    if level < 0 {
        return Err(Fault::argument(1, "level must be non-negative"));
    }
    if level == 0 {
        return Ok(None);
    }
    let mut left = level - 1;
    for frame in state.frames.iter().rev() {
        if left == 0 {
            if frame.closure == NATIVE {
                return Ok(Some(state.stack[frame.func as usize]));
            }
            return Ok(Some(Value::Function(u64::from(frame.closure))));
        }
        left -= 1;
        if frame.closure != NATIVE && frame.tail_calls > 0 {
            left -= i64::from(frame.tail_calls);
            if left < 0 {
                return Err(Fault::message(format!("no function environment for tail call at level {level}")));
            }
        }
    }
    Err(Fault::argument(1, "invalid level"))
}

fn thread_environment(state: &State) -> u32 {
    state.globals
}

fn getfenv(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let env = match environment_holder(state, args, true)? {
        Some(Value::Function(at)) => state.heap.closures[at as u32].env,
        _ => thread_environment(state),
    };
    Ok(Ret::One(Value::Table(u64::from(env))))
}

fn setfenv(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let env = state.check_table(args, 1)?;
    match environment_holder(state, args, false)? {
        None => {
            state.globals = env;
            Ok(Ret::None)
        }
        Some(function @ Value::Function(at)) => {
            state.heap.closures[at as u32].env = env;
            Ok(Ret::One(function))
        }
        Some(_) => Err(Fault::message("'setfenv' cannot change environment of given object")),
    }
}

fn getmetatable(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let value = state.check_any(args, 0)?;
    let meta = state.heap.metatable(value);
    if meta == NONE {
        return Ok(Ret::One(Value::Nil));
    }
    let hidden = state.heap.metamethod(value, Event::Metatable);
    Ok(Ret::One(if hidden.is_nil() { Value::Table(u64::from(meta)) } else { hidden }))
}

fn setmetatable(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let meta = match state.arg(args, 1) {
        Value::Nil if args.count > 1 => NONE,
        Value::Table(at) => at as u32,
        _ => return Err(Fault::argument(2, "nil or table expected")),
    };
    let value = state.arg(args, 0);
    if !state.heap.metamethod(value, Event::Metatable).is_nil() {
        return Err(Fault::message("cannot change a protected metatable"));
    }
    if state.heap.tables[table].readonly {
        return Err(Fault::runtime("Attempt to modify a readonly table"));
    }
    state.heap.tables[table].meta = meta;
    Ok(Ret::One(value))
}

fn ipairs(state: &mut State, args: Args) -> Result<Ret, Fault> {
    state.check_table(args, 0)?;
    let table = state.arg(args, 0);
    state.push(args, &[Value::Native(IPAIRS_STEP), table, Value::number(0.0)])
}

pub fn ipairs_step(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let index = state.check_integer(args, 1)? + 1;
    let table = state.check_table(args, 0)?;
    let value = state.heap.item(table, index);
    if value.is_nil() {
        return Ok(Ret::None);
    }
    Ok(Ret::Two(Value::number(index as f64), value))
}

pub fn next(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let key = state.arg(args, 1);
    match state.heap.next(table, key) {
        Ok(Some((key, value))) => Ok(Ret::Two(key, value)),
        Ok(None) => Ok(Ret::One(Value::Nil)),
        Err(()) => Err(Fault::runtime("invalid key to 'next'")),
    }
}

fn pairs(state: &mut State, args: Args) -> Result<Ret, Fault> {
    state.check_table(args, 0)?;
    let table = state.arg(args, 0);
    state.push(args, &[Value::Native(super::NEXT), table, Value::Nil])
}

fn pcall(state: &mut State, args: Args) -> Result<Ret, Fault> {
    if args.count == 0 && state.unwrap_errors {
        // Redis' own `pcall` calls what it has put below its arguments.
        let message = state.heap.string(b"attempt to call a boolean value");
        return state.push(args, &[Value::False, message]);
    }
    state.check_any(args, 0)?;
    Ok(Ret::Call { func: args.base, count: args.count - 1, then: Continuation::Pcall })
}

fn xpcall(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let handler = state.check_any(args, 1)?;
    let function = state.arg(args, 0);
    let slot = args.free_slot();
    state.call_with(slot, function, &[])?;
    Ok(Ret::Call { func: slot, count: 0, then: Continuation::Xpcall { handler } })
}

fn print(state: &mut State, args: Args) -> Result<Ret, Fault> {
    print_from(state, args, 0)
}

fn print_from(state: &mut State, args: Args, from: usize) -> Result<Ret, Fault> {
    for index in from..args.count {
        let value = state.stack[args.base + index];
        let handler = state.heap.metamethod(value, Event::Tostring);
        if handler.is_nil() {
            let text = state.plain_text(value);
            print_text(state, index, text)?;
        } else {
            let slot = args.free_slot();
            state.call_with(slot, handler, &[value])?;
            return Ok(Ret::Call { func: slot, count: 1, then: Continuation::Print { at: index } });
        }
    }
    state.output.put(b'\n');
    Ok(Ret::None)
}

fn print_text(state: &mut State, index: usize, text: Value) -> Result<(), Fault> {
    let State { heap, output, .. } = state;
    let bytes = match text {
        Value::String(payload) => heap.bytes(payload),
        _ => return Err(Fault::message("'tostring' must return a string to 'print'")),
    };
    heap.reserve(output.len() + bytes.len())?;
    if index > 0 {
        output.put(b'\t');
    }
    output.add(bytes);
    Ok(())
}

pub fn print_on(state: &mut State, args: Args, at: usize, start: usize, count: usize) -> Result<Ret, Fault> {
    let mut text = if count > 0 { state.stack[start] } else { Value::Nil };
    if let Value::Number(bits) = text {
        text = state.number_text(f64::from_bits(bits));
    }
    print_text(state, at, text)?;
    print_from(state, args, at + 1)
}

fn rawequal(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let (a, b) = (state.check_any(args, 0)?, state.check_any(args, 1)?);
    Ok(Ret::One(Value::boolean(state.heap.equal(a, b))))
}

fn rawget(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let key = state.check_any(args, 1)?;
    Ok(Ret::One(state.heap.get(table, key)))
}

fn rawset(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let (key, value) = (state.check_any(args, 1)?, state.check_any(args, 2)?);
    state.heap.set(table, key, value)?;
    Ok(Ret::One(state.arg(args, 0)))
}

fn select(state: &mut State, args: Args) -> Result<Ret, Fault> {
    if let Value::String(payload) = state.arg(args, 0)
        && state.heap.bytes(payload).first() == Some(&b'#')
    {
        return Ok(Ret::One(Value::number(args.count as f64 - 1.0)));
    }
    let wanted = state.check_int(args, 0)?;
    let mut index = i64::from(wanted);
    let total = args.count as i64;
    if index < 0 {
        index += total;
    } else if index > total {
        index = total;
    }
    if index < 1 {
        return Err(Fault::argument(1, "index out of range"));
    }
    Ok(Ret::Many { start: args.base + index as usize, count: (total - index) as usize })
}

fn tonumber(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let base = state.optional_integer(args, 1, 10)?;
    if base == 10 {
        let value = state.check_any(args, 0)?;
        return Ok(Ret::One(state.to_number(value).map_or(Value::Nil, Value::number)));
    }
    let payload = state.check_string(args, 0)?;
    if !(2..=36).contains(&base) {
        return Err(Fault::argument(2, "base out of range"));
    }
    let found = unsigned(state.heap.bytes(payload), base as u32);
    Ok(Ret::One(found.map_or(Value::Nil, |number| Value::number(number as f64))))
}

/// C's `strtoul` on the whole text.
fn unsigned(bytes: &[u8], base: u32) -> Option<u64> {
    let bytes = until_nul(bytes);
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = bytes.iter().position(|byte| !is_space(byte))?;
    let mut rest = &bytes[start..];
    let negative = rest[0] == b'-';
    if matches!(rest[0], b'-' | b'+') {
        rest = &rest[1..];
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(base));
    if base == 16 && rest.len() > 2 && rest[0] == b'0' && rest[1] | 32 == b'x' && digit(rest.get(2)).is_some() {
        rest = &rest[2..];
    }
    let (mut number, mut count, mut overflow) = (0u64, 0, false);
    while let Some(value) = digit(rest.get(count)) {
        match number.checked_mul(u64::from(base)).and_then(|number| number.checked_add(u64::from(value))) {
            Some(sum) => number = sum,
            None => overflow = true,
        }
        count += 1;
    }
    if count == 0 || !rest[count..].iter().all(is_space) {
        return None;
    }
    Some(if overflow {
        u64::MAX
    } else if negative {
        number.wrapping_neg()
    } else {
        number
    })
}

fn tostring(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let value = state.check_any(args, 0)?;
    let handler = state.heap.metamethod(value, Event::Tostring);
    if handler.is_nil() {
        return Ok(Ret::One(state.plain_text(value)));
    }
    let slot = args.free_slot();
    state.call_with(slot, handler, &[value])?;
    Ok(Ret::Call { func: slot, count: 1, then: Continuation::First })
}

fn type_of(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let name = state.check_any(args, 0)?.type_name();
    Ok(Ret::One(state.heap.string(name.as_bytes())))
}

fn unpack(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let first = state.optional_integer(args, 1, 1)? as i32;
    let last = if state.arg(args, 2).is_nil() { state.heap.border(table) as i32 } else { state.check_int(args, 2)? };
    if first > last {
        return Ok(Ret::None);
    }
    let count = i64::from(last) - i64::from(first) + 1;
    if count > i64::from(i32::MAX) || count as usize + args.count > crate::state::MAX_NATIVE_STACK {
        return Err(Fault::message("too many results to unpack"));
    }
    let start = args.free_slot();
    state.ensure(start + count as usize)?;
    for offset in 0..count {
        state.stack[start + offset as usize] = state.heap.item(table, i64::from(first) + offset);
    }
    Ok(Ret::Many { start, count: count as usize })
}

fn loadstring(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let text = copy(state.heap.bytes(payload));
    let name = if state.arg(args, 1).is_nil() {
        copy(&text)
    } else {
        let name = state.check_string(args, 1)?;
        copy(state.heap.bytes(name))
    };
    Ok(Ret::Load { text, name })
}

fn load(state: &mut State, args: Args) -> Result<Ret, Fault> {
    if !state.arg(args, 1).is_nil() {
        state.check_string(args, 1)?;
    }
    let function = state.check_function(args, 0)?;
    let slot = args.free_slot();
    state.call_with(slot, function, &[])?;
    Ok(Ret::Call { func: slot, count: 0, then: Continuation::Load { pieces: Vec::new() } })
}

pub fn load_on(state: &mut State, args: Args, mut pieces: Vec<u8>, start: usize, count: usize) -> Result<Ret, Fault> {
    let mut piece = if count > 0 { state.stack[start] } else { Value::Nil };
    if let Value::Number(bits) = piece {
        piece = state.number_text(f64::from_bits(bits));
    }
    match piece {
        Value::String(payload) if !state.heap.bytes(payload).is_empty() => {
            state.heap.reserve(pieces.len() + state.heap.bytes(payload).len())?;
            pieces.add(state.heap.bytes(payload));
        }
        Value::Nil | Value::String(_) => {
            let name = match state.arg(args, 1) {
                Value::String(payload) => copy(state.heap.bytes(payload)),
                _ => copy(b"=(load)"),
            };
            return Ok(Ret::Load { text: pieces, name });
        }
        // Like any error of the reader, this one becomes load's second result.
        _ => {
            let text = state.heap.string(b"reader function must return a string");
            return Ok(Ret::Two(Value::Nil, text));
        }
    }
    let slot = args.free_slot();
    let function = state.arg(args, 0);
    state.call_with(slot, function, &[])?;
    Ok(Ret::Call { func: slot, count: 0, then: Continuation::Load { pieces } })
}

fn newproxy(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let meta = match state.arg(args, 0) {
        Value::Nil | Value::False => NONE,
        Value::True => state.heap.new_table(0, 0),
        Value::Userdata(at) if state.heap.userdata[at as u32].meta != NONE => state.heap.userdata[at as u32].meta,
        _ => return Err(Fault::argument(1, "boolean or proxy expected")),
    };
    state.heap.used += crate::heap::SMALL_COST;
    let env = state.globals;
    let index = state.heap.userdata.insert(Userdata { meta, env });
    Ok(Ret::One(Value::Userdata(u64::from(index))))
}
