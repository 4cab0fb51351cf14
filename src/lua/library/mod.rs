//! The libraries: plain functions in tables. What they have in common is how they read their arguments, which is where
//! the familiar messages come from ("bad argument #1 to 'rep' (string expected, got nil)").
#![allow(clippy::unnecessary_wraps, reason = "native functions share one signature")]

pub mod base;
pub mod bit;
pub mod cjson;
pub mod cmsgpack;
pub mod coroutine;
pub mod format;
pub mod gsub;
mod item;
pub mod json_text;
mod matcher;
pub mod math;
pub mod os;
pub mod pattern;
pub mod sort;
pub mod string;
pub mod structure;
pub mod table;

use alloc::{format, vec::Vec};

use crate::{
    number,
    state::{Args, Continuation, Fault, Native, Ret, State},
    value::{Value, to_i32, to_i64},
};

/// Functions that the dispatch loop knows by number.
pub const NEXT: u64 = 0;
pub const IPAIRS_STEP: u64 = 1;
pub const GMATCH_STEP: u64 = 2;
pub const WRAP_STEP: u64 = 3;

const KNOWN: [Native; 4] = [base::next, base::ipairs_step, pattern::gmatch_step, coroutine::wrap_step];

type Functions = &'static [(&'static str, Native)];

const LIBRARIES: &[(&str, Functions)] = &[
    ("", base::FUNCTIONS),
    ("string", string::FUNCTIONS),
    ("table", table::FUNCTIONS),
    ("math", math::FUNCTIONS),
    ("os", os::FUNCTIONS),
    ("coroutine", coroutine::FUNCTIONS),
    ("bit", bit::FUNCTIONS),
    ("cjson", cjson::FUNCTIONS),
    ("cmsgpack", cmsgpack::FUNCTIONS),
    ("struct", structure::FUNCTIONS),
];

/// Fills the globals.
pub fn open(state: &mut State) -> Result<(), Fault> {
    state.natives.extend_from_slice(&KNOWN);
    let globals = state.globals;
    for (library, functions) in LIBRARIES {
        let table = if library.is_empty() { globals } else { state.heap.new_table(0, functions.len()) };
        put(state, table, functions)?;
        if !library.is_empty() {
            state.heap.set_field(globals, library, Value::Table(u64::from(table)))?;
        }
    }
    state.heap.set_field(globals, "next", Value::Native(NEXT))?;
    state.heap.set_field(globals, "_G", Value::Table(u64::from(globals)))?;
    let version = state.heap.string(b"Lua 5.1");
    state.heap.set_field(globals, "_VERSION", version)?;
    string::open(state)?;
    math::open(state)?;
    cjson::open(state)?;
    cmsgpack::open(state)
}

/// Puts functions into a table.
pub fn put(state: &mut State, table: u32, functions: Functions) -> Result<(), Fault> {
    for (name, function) in functions {
        let id = state.natives.len() as u64;
        state.natives.push(*function);
        state.heap.set_field(table, name, Value::Native(id))?;
    }
    Ok(())
}

/// Goes on with a function that had to wait.
pub fn go_on(state: &mut State, args: Args, then: Continuation, start: usize, count: usize) -> Result<Ret, Fault> {
    match then {
        Continuation::Print { at } => base::print_on(state, args, at, start, count),
        Continuation::Foreach { key } => table::foreach_on(state, args, key, start, count),
        Continuation::ForeachIndex { at, limit } => table::foreachi_on(state, args, at, limit, start, count),
        Continuation::Load { pieces } => base::load_on(state, args, pieces, start, count),
        Continuation::Sort(sort) => sort::go_on(state, args, sort, start, count),
        Continuation::Gsub(gsub) => gsub::go_on(state, args, gsub, start, count),
        Continuation::Search(search) => pattern::go_on(state, args, search),
        _ => Ok(Ret::Many { start, count }),
    }
}

impl State {
    pub fn type_at(&self, args: Args, index: usize) -> &'static str {
        if index < args.count { self.stack[args.base + index].type_name() } else { "no value" }
    }

    #[cold]
    pub fn type_error(&self, args: Args, index: usize, wanted: &str) -> Fault {
        Fault::argument(index + 1, format!("{wanted} expected, got {}", self.type_at(args, index)))
    }

    pub fn check_any(&self, args: Args, index: usize) -> Result<Value, Fault> {
        if index >= args.count {
            return Err(Fault::argument(index + 1, "value expected"));
        }
        Ok(self.stack[args.base + index])
    }

    #[inline(never)]
    pub fn check_number(&self, args: Args, index: usize) -> Result<f64, Fault> {
        match self.arg(args, index) {
            Value::Number(bits) => Ok(f64::from_bits(bits)),
            other => self.to_number(other).ok_or_else(|| self.type_error(args, index, "number")),
        }
    }

    pub fn check_integer(&self, args: Args, index: usize) -> Result<i64, Fault> {
        Ok(to_i64(self.check_number(args, index)?))
    }

    pub fn check_int(&self, args: Args, index: usize) -> Result<i32, Fault> {
        Ok(to_i32(self.check_number(args, index)?))
    }

    pub fn optional_integer(&self, args: Args, index: usize, default: i64) -> Result<i64, Fault> {
        if self.arg(args, index).is_nil() { Ok(default) } else { self.check_integer(args, index) }
    }

    /// A string argument; a number becomes its text, in place.
    #[inline(never)]
    pub fn check_string(&mut self, args: Args, index: usize) -> Result<u64, Fault> {
        match self.arg(args, index) {
            Value::String(payload) => Ok(payload),
            Value::Number(bits) => {
                let value = self.number_text(f64::from_bits(bits));
                self.stack[args.base + index] = value;
                match value {
                    Value::String(payload) => Ok(payload),
                    _ => Err(self.type_error(args, index, "string")),
                }
            }
            _ => Err(self.type_error(args, index, "string")),
        }
    }

    pub fn check_table(&self, args: Args, index: usize) -> Result<u32, Fault> {
        match self.arg(args, index) {
            Value::Table(at) => Ok(at as u32),
            _ => Err(self.type_error(args, index, "table")),
        }
    }

    pub fn check_function(&self, args: Args, index: usize) -> Result<Value, Fault> {
        let value = self.arg(args, index);
        if value.is_function() { Ok(value) } else { Err(self.type_error(args, index, "function")) }
    }

    pub fn number_text(&mut self, number: f64) -> Value {
        let mut text = Vec::with_capacity(24);
        number::append(&mut text, number);
        self.heap.string(&text)
    }

    /// What `tostring` says of a value without a metamethod.
    pub fn plain_text(&mut self, value: Value) -> Value {
        let (kind, number, id) = match value {
            Value::String(_) => return value,
            Value::Number(bits) => return self.number_text(f64::from_bits(bits)),
            Value::Nil => return self.heap.string(b"nil"),
            Value::False => return self.heap.string(b"false"),
            Value::True => return self.heap.string(b"true"),
            Value::Light(0) => return self.heap.string(b"userdata: (nil)"),
            Value::Light(id) => {
                let text = format!("userdata: 0x{id:x}");
                return self.heap.string(text.as_bytes());
            }
            Value::Table(id) => ("table", 1, id),
            Value::Function(id) => ("function", 2, id),
            Value::Userdata(id) => ("userdata", 3, id),
            Value::Thread(id) => ("thread", 4, id),
            Value::Host(id) => ("function", 8, id),
            Value::Native(id) => ("function", 9, id & 0xffff_ffff),
        };
        let text = format!("{kind}: 0x{:012x}", address(number, id));
        self.heap.string(text.as_bytes())
    }
}

/// Something that looks like an address and is the same in every run.
fn address(kind: u64, id: u64) -> u64 {
    0x5500_0000_0000 + (kind << 32) + id * 64
}
