//! The table library. It works on raw tables, as 5.1's does; only `sort` with `<` looks at metamethods.

use alloc::{format, vec::Vec};

use crate::{
    number,
    state::{Args, Continuation, Fault, Native, Ret, State},
    text::{Text, copy},
    value::Value,
};

use super::sort;

pub const FUNCTIONS: &[(&str, Native)] = &[
    ("concat", concat),
    ("foreach", foreach),
    ("foreachi", foreachi),
    ("getn", getn),
    ("insert", insert),
    ("maxn", maxn),
    ("remove", remove),
    ("setn", setn),
    ("sort", sort::sort),
];

fn length(state: &State, table: u32) -> i64 {
    state.heap.border(table) as i64
}

fn getn(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    Ok(Ret::One(Value::number(length(state, table) as f64)))
}

fn setn(state: &mut State, args: Args) -> Result<Ret, Fault> {
    state.check_table(args, 0)?;
    Err(Fault::message("'setn' is obsolete"))
}

fn maxn(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = &state.heap.tables[state.check_table(args, 0)?];
    let used = table.array.iter().rposition(|value| !value.is_nil()).map_or(0, |at| at + 1);
    let mut best = used as f64;
    for node in &table.nodes {
        if let Value::Number(bits) = node.key
            && !node.value.is_nil()
            && f64::from_bits(bits) > best
        {
            best = f64::from_bits(bits);
        }
    }
    Ok(Ret::One(Value::number(best)))
}

fn insert(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let end = length(state, table) + 1;
    match args.count {
        2 => state.heap.set_index(table, end, state.arg(args, 1))?,
        3 => {
            let position = i64::from(state.check_int(args, 1)?);
            let last = end.max(position);
            if last - position > 0 {
                // No table holds so many: the position is far below the table, and shifting would never end.
                if (last - position) as usize > state.heap.limit / 16 {
                    return Err(Fault::memory());
                }
                state.charge((last - position) as usize * 8);
                shift_up(state, table, position, last)?;
            }
            state.heap.set_index(table, position, state.arg(args, 2))?;
        }
        _ => return Err(Fault::message("wrong number of arguments to 'insert'")),
    }
    Ok(Ret::None)
}

fn shift_up(state: &mut State, table: u32, position: i64, last: i64) -> Result<(), Fault> {
    let mut at = last;
    while at > position {
        let value = state.heap.item(table, at - 1);
        state.heap.set_index(table, at, value)?;
        at -= 1;
    }
    Ok(())
}

fn remove(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let end = length(state, table);
    let position = if state.arg(args, 1).is_nil() { end } else { i64::from(state.check_int(args, 1)?) };
    if !(1 <= position && position <= end) {
        return Ok(Ret::None);
    }
    let removed = state.heap.item(table, position);
    state.charge((end - position) as usize * 8);
    for at in position..end {
        let value = state.heap.item(table, at + 1);
        state.heap.set_index(table, at, value)?;
    }
    state.heap.set_index(table, end, Value::Nil)?;
    Ok(Ret::One(removed))
}

fn concat(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let separator = if state.arg(args, 1).is_nil() {
        Vec::new()
    } else {
        let payload = state.check_string(args, 1)?;
        copy(state.heap.bytes(payload))
    };
    let table = state.check_table(args, 0)?;
    let first = i64::from(state.optional_integer(args, 2, 1)? as i32);
    let last = if state.arg(args, 3).is_nil() { length(state, table) } else { i64::from(state.check_int(args, 3)?) };
    let mut out = Vec::new();
    let mut at = first;
    while at <= last {
        match state.heap.item(table, at) {
            Value::String(payload) => out.add(state.heap.bytes(payload)),
            Value::Number(bits) => number::append(&mut out, f64::from_bits(bits)),
            other => {
                let kind = other.type_name();
                return Err(Fault::message(format!("invalid value ({kind}) at index {at} in table for 'concat'")));
            }
        }
        if at < last {
            out.add(&separator);
        }
        state.heap.reserve(out.len())?;
        at += 1;
    }
    state.charge(out.len());
    Ok(Ret::One(state.heap.string_owned(out)?))
}

fn foreach(state: &mut State, args: Args) -> Result<Ret, Fault> {
    state.check_table(args, 0)?;
    state.check_function(args, 1)?;
    foreach_from(state, args, Value::Nil)
}

fn foreach_from(state: &mut State, args: Args, key: Value) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let found = state.heap.next(table, key);
    match found {
        Err(()) => Err(Fault::runtime("invalid key to 'next'")),
        Ok(None) => Ok(Ret::None),
        Ok(Some((key, value))) => {
            let slot = args.free_slot();
            let function = state.arg(args, 1);
            state.call_with(slot, function, &[key, value])?;
            Ok(Ret::Call { func: slot, count: 2, then: Continuation::Foreach { key } })
        }
    }
}

pub fn foreach_on(state: &mut State, args: Args, key: Value, start: usize, count: usize) -> Result<Ret, Fault> {
    if count > 0 && !state.stack[start].is_nil() {
        return Ok(Ret::One(state.stack[start]));
    }
    foreach_from(state, args, key)
}

fn foreachi(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    state.check_function(args, 1)?;
    let limit = length(state, table);
    foreachi_from(state, args, 1, limit)
}

fn foreachi_from(state: &mut State, args: Args, at: i64, limit: i64) -> Result<Ret, Fault> {
    if at > limit {
        return Ok(Ret::None);
    }
    let table = state.check_table(args, 0)?;
    let value = state.heap.item(table, at);
    let slot = args.free_slot();
    let function = state.arg(args, 1);
    state.call_with(slot, function, &[Value::number(at as f64), value])?;
    Ok(Ret::Call { func: slot, count: 2, then: Continuation::ForeachIndex { at: at + 1, limit } })
}

pub fn foreachi_on(
    state: &mut State,
    args: Args,
    at: i64,
    limit: i64,
    start: usize,
    count: usize,
) -> Result<Ret, Fault> {
    if count > 0 && !state.stack[start].is_nil() {
        return Ok(Ret::One(state.stack[start]));
    }
    foreachi_from(state, args, at, limit)
}
