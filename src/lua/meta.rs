//! Metamethods. Whatever an instruction cannot do on plain values comes here. The answer is either a value or the news
//! that a function was called whose result will complete the instruction (`calls::finish`).

use alloc::vec::Vec;

use crate::{
    arena::Arena,
    calls::Outcome,
    codegen::Key,
    number,
    proto::Proto,
    state::{Fault, Finish, MAX_NATIVE_CALLS, State},
    table::NONE,
    text::Text,
    value::{SHORT, Value, modulo, negate, power},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Index,
    NewIndex,
    Mode,
    Eq,
    Call,
    Len,
    Metatable,
    Tostring,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Unm,
    Lt,
    Le,
    Concat,
    Name,
}

pub const EVENTS: usize = 19;

impl Event {
    pub const ALL: [Event; EVENTS] = [
        Event::Index,
        Event::NewIndex,
        Event::Mode,
        Event::Eq,
        Event::Call,
        Event::Len,
        Event::Metatable,
        Event::Tostring,
        Event::Add,
        Event::Sub,
        Event::Mul,
        Event::Div,
        Event::Mod,
        Event::Pow,
        Event::Unm,
        Event::Lt,
        Event::Le,
        Event::Concat,
        Event::Name,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Event::Index => "__index",
            Event::NewIndex => "__newindex",
            Event::Mode => "__mode",
            Event::Eq => "__eq",
            Event::Call => "__call",
            Event::Len => "__len",
            Event::Metatable => "__metatable",
            Event::Tostring => "__tostring",
            Event::Add => "__add",
            Event::Sub => "__sub",
            Event::Mul => "__mul",
            Event::Div => "__div",
            Event::Mod => "__mod",
            Event::Pow => "__pow",
            Event::Unm => "__unm",
            Event::Lt => "__lt",
            Event::Le => "__le",
            Event::Concat => "__concat",
            Event::Name => "__name",
        }
    }

    /// The bit in `Table::absent`; only the first eight events are remembered.
    pub fn bit(self) -> u8 {
        1u8.checked_shl(self as u32).unwrap_or(0)
    }
}

/// Longest chain of `__index` that is followed.
pub const MAX_CHAIN: usize = 100;

pub fn arithmetic(event: Event, a: f64, b: f64) -> f64 {
    match event {
        Event::Add => a + b,
        Event::Sub => a - b,
        Event::Mul => a * b,
        Event::Div => a / b,
        Event::Mod => modulo(a, b),
        Event::Pow => power(a, b),
        _ => negate(a),
    }
}

impl State {
    /// A number, or a string that spells one.
    pub fn to_number(&self, value: Value) -> Option<f64> {
        match value {
            Value::Number(bits) => Some(f64::from_bits(bits)),
            Value::String(payload) => number::parse(self.heap.bytes(payload)),
            _ => None,
        }
    }

    pub fn operand(&self, protos: &Arena<Proto>, key: Key) -> Value {
        let Some(frame) = self.frames.last() else { return Value::Nil };
        match key {
            Key::Register(register) => self.stack[frame.base as usize + usize::from(register)],
            Key::Constant(k) => protos[frame.proto].constants[usize::from(k)],
        }
    }

    /// Calls a metamethod above the registers of the running function.
    pub fn call_meta(
        &mut self,
        protos: &Arena<Proto>,
        function: Value,
        args: &[Value],
        finish: Finish,
    ) -> Result<Outcome, Fault> {
        if self.calls + 1 >= MAX_NATIVE_CALLS {
            return Err(Fault::runtime("C stack overflow"));
        }
        let slot = self.above(protos);
        self.call_with(slot, function, args)?;
        self.calls += 1;
        let wanted = i32::from(finish != Finish::Plain);
        let outcome = self.call(protos, slot, args.len(), wanted, finish)?;
        if matches!(outcome, Outcome::Value(_)) {
            self.calls -= 1;
        }
        Ok(outcome)
    }

    /// The first slot that the running frame does not use.
    pub fn above(&self, protos: &Arena<Proto>) -> usize {
        match self.frames.last() {
            Some(frame) if frame.closure != crate::state::NATIVE => {
                frame.base as usize + usize::from(protos[frame.proto].max_stack)
            }
            Some(frame) => frame.pc as usize,
            None => self.top,
        }
    }

    pub fn index(
        &mut self,
        protos: &Arena<Proto>,
        object: Value,
        key: Value,
        register: Option<u8>,
    ) -> Result<Outcome, Fault> {
        let mut object = object;
        let mut register = register;
        for _ in 0..MAX_CHAIN {
            let handler = if let Value::Table(at) = object {
                let table = &self.heap.tables[at as u32];
                let found = table.get(&self.heap.strings, key);
                if !found.is_nil() {
                    return Ok(Outcome::Value(found));
                }
                let handler = self.heap.fast_metamethod(table.meta, Event::Index);
                if handler.is_nil() {
                    return Ok(Outcome::Value(Value::Nil));
                }
                handler
            } else {
                let handler = self.heap.metamethod(object, Event::Index);
                if handler.is_nil() {
                    return Err(Fault::operand("index", object, register));
                }
                handler
            };
            if handler.is_function() {
                return self.call_meta(protos, handler, &[object, key], Finish::Meta);
            }
            object = handler;
            register = None;
        }
        Err(Fault::runtime("loop in gettable"))
    }

    pub fn set_index(
        &mut self,
        protos: &Arena<Proto>,
        object: Value,
        key: Value,
        value: Value,
        register: Option<u8>,
    ) -> Result<Outcome, Fault> {
        let mut object = object;
        let mut register = register;
        for _ in 0..MAX_CHAIN {
            let handler = if let Value::Table(at) = object {
                let at = at as u32;
                let table = &self.heap.tables[at];
                let meta = table.meta;
                if meta == NONE || !table.get(&self.heap.strings, key).is_nil() {
                    self.heap.set(at, key, value)?;
                    return Ok(Outcome::Value(Value::Nil));
                }
                let handler = self.heap.fast_metamethod(meta, Event::NewIndex);
                if handler.is_nil() {
                    self.heap.set(at, key, value)?;
                    return Ok(Outcome::Value(Value::Nil));
                }
                handler
            } else {
                let handler = self.heap.metamethod(object, Event::NewIndex);
                if handler.is_nil() {
                    return Err(Fault::operand("index", object, register));
                }
                handler
            };
            if handler.is_function() {
                return self.call_meta(protos, handler, &[object, key, value], Finish::Meta);
            }
            object = handler;
            register = None;
        }
        Err(Fault::runtime("loop in settable"))
    }

    pub fn arith(&mut self, protos: &Arena<Proto>, event: Event, left: Key, right: Key) -> Result<Outcome, Fault> {
        let (a, b) = (self.operand(protos, left), self.operand(protos, right));
        let first = self.to_number(a);
        if let (Some(x), Some(y)) = (first, self.to_number(b)) {
            return Ok(Outcome::Value(Value::number(arithmetic(event, x, y))));
        }
        let mut handler = self.heap.metamethod(a, event);
        if handler.is_nil() {
            handler = self.heap.metamethod(b, event);
        }
        if handler.is_nil() {
            let (value, key) = if first.is_some() { (b, right) } else { (a, left) };
            return Err(bad_operand("perform arithmetic on", value, key));
        }
        self.call_meta(protos, handler, &[a, b], Finish::Meta)
    }

    pub fn length(&mut self, protos: &Arena<Proto>, register: u8) -> Result<Outcome, Fault> {
        let value = self.operand(protos, Key::Register(register));
        match value {
            Value::Table(at) => Ok(Outcome::Value(Value::number(self.heap.tables[at as u32].length() as f64))),
            Value::String(payload) => Ok(Outcome::Value(Value::number(self.heap.bytes(payload).len() as f64))),
            _ => {
                let handler = self.heap.metamethod(value, Event::Len);
                if handler.is_nil() {
                    return Err(Fault::operand("get length of", value, Some(register)));
                }
                self.call_meta(protos, handler, &[value, Value::Nil], Finish::Meta)
            }
        }
    }

    /// The handler both operands agree on, as comparisons need it.
    fn common_handler(&self, a: Value, b: Value, event: Event) -> Value {
        let first = self.heap.metamethod(a, event);
        if first.is_nil() {
            return Value::Nil;
        }
        if self.heap.metatable(a) == self.heap.metatable(b) && self.heap.metatable(a) != NONE {
            return first;
        }
        let second = self.heap.metamethod(b, event);
        if self.heap.equal(first, second) { first } else { Value::Nil }
    }

    pub fn equals(&mut self, protos: &Arena<Proto>, a: Value, b: Value) -> Result<Outcome, Fault> {
        let both = matches!((a, b), (Value::Table(_), Value::Table(_)) | (Value::Userdata(_), Value::Userdata(_)));
        if self.heap.equal(a, b) {
            return Ok(Outcome::Value(Value::True));
        }
        let handler = if both { self.common_handler(a, b, Event::Eq) } else { Value::Nil };
        if handler.is_nil() {
            return Ok(Outcome::Value(Value::False));
        }
        self.call_meta(protos, handler, &[a, b], Finish::Meta)
    }

    /// `<` without metamethods; `None` if the values do not compare so.
    pub fn raw_less(&self, a: Value, b: Value) -> Option<bool> {
        match (a, b) {
            (Value::Number(x), Value::Number(y)) => Some(f64::from_bits(x) < f64::from_bits(y)),
            (Value::String(x), Value::String(y)) => Some(self.heap.bytes(x) < self.heap.bytes(y)),
            _ => None,
        }
    }

    pub fn less(&mut self, protos: &Arena<Proto>, a: Value, b: Value) -> Result<Outcome, Fault> {
        if let Some(less) = self.raw_less(a, b) {
            return Ok(Outcome::Value(Value::boolean(less)));
        }
        let handler = self.order_handler(a, b, Event::Lt);
        if handler.is_nil() {
            return Err(order_error(a, b));
        }
        self.call_meta(protos, handler, &[a, b], Finish::Meta)
    }

    pub fn order_handler(&self, a: Value, b: Value, event: Event) -> Value {
        if a.type_name() == b.type_name() { self.common_handler_any(a, b, event) } else { Value::Nil }
    }

    fn common_handler_any(&self, a: Value, b: Value, event: Event) -> Value {
        let first = self.heap.metamethod(a, event);
        if first.is_nil() {
            return Value::Nil;
        }
        let second = self.heap.metamethod(b, event);
        if self.heap.equal(first, second) { first } else { Value::Nil }
    }

    pub fn less_equal(&mut self, protos: &Arena<Proto>, a: Value, b: Value) -> Result<Outcome, Fault> {
        match (a, b) {
            (Value::Number(x), Value::Number(y)) => {
                return Ok(Outcome::Value(Value::boolean(f64::from_bits(x) <= f64::from_bits(y))));
            }
            (Value::String(x), Value::String(y)) => {
                return Ok(Outcome::Value(Value::boolean(self.heap.bytes(x) <= self.heap.bytes(y))));
            }
            _ => {}
        }
        let handler = self.order_handler(a, b, Event::Le);
        if !handler.is_nil() {
            return self.call_meta(protos, handler, &[a, b], Finish::Meta);
        }
        let handler = self.order_handler(b, a, Event::Lt);
        if handler.is_nil() {
            return Err(order_error(a, b));
        }
        Ok(match self.call_meta(protos, handler, &[b, a], Finish::MetaNot)? {
            Outcome::Value(value) => Outcome::Value(Value::boolean(!value.truthy())),
            other => other,
        })
    }

    /// Concatenates registers `first..=last` from the right; the result is a value or is yet to come.
    pub fn concat(&mut self, protos: &Arena<Proto>, first: u8, last: u8) -> Result<Outcome, Fault> {
        let Some(frame) = self.frames.last() else { return Ok(Outcome::Value(Value::Nil)) };
        let base = frame.base as usize;
        let mut last = last;
        loop {
            let end = base + usize::from(last);
            let (a, b) = (self.stack[end - 1], self.stack[end]);
            let plain = |value: Value| matches!(value, Value::String(_) | Value::Number(_));
            if plain(a) && plain(b) {
                let mut start = end - 1;
                while start > base + usize::from(first) && plain(self.stack[start - 1]) {
                    start -= 1;
                }
                let joined = self.join(start, end)?;
                self.stack[start] = joined;
                last = (start - base) as u8;
            } else {
                let mut handler = self.heap.metamethod(a, Event::Concat);
                if handler.is_nil() {
                    handler = self.heap.metamethod(b, Event::Concat);
                }
                if handler.is_nil() {
                    let (value, register) = if plain(a) { (b, last) } else { (a, last - 1) };
                    return Err(Fault::operand("concatenate", value, Some(register)));
                }
                last -= 1;
                match self.call_meta(protos, handler, &[a, b], Finish::Concat(last))? {
                    Outcome::Value(value) => self.stack[base + usize::from(last)] = value,
                    other => return Ok(other),
                }
            }
            if last == first {
                return Ok(Outcome::Value(self.stack[base + usize::from(first)]));
            }
        }
    }

    fn join(&mut self, start: usize, end: usize) -> Result<Value, Fault> {
        for slot in start..=end {
            if let Value::Number(bits) = self.stack[slot] {
                self.stack[slot] = self.number_text(f64::from_bits(bits));
            }
        }
        let heap = &self.heap;
        let pieces = self.stack[start..=end].iter().map(|piece| match piece {
            Value::String(payload) => heap.bytes(*payload),
            _ => &[],
        });
        let length = pieces.clone().map(<[u8]>::len).sum();
        if length <= SHORT {
            let mut buffer = [0; SHORT];
            let mut at = 0;
            for piece in pieces {
                if let Some(place) = buffer.get_mut(at..at + piece.len()) {
                    place.copy_from_slice(piece);
                }
                at += piece.len();
            }
            return Ok(self.heap.string(&buffer[..length]));
        }
        heap.reserve(length)?;
        let mut joined = Vec::with_capacity(length);
        for piece in pieces {
            joined.add(piece);
        }
        self.charge(length);
        self.heap.string_owned(joined)
    }
}

fn bad_operand(what: &'static str, value: Value, key: Key) -> Fault {
    let register = match key {
        Key::Register(register) => Some(register),
        Key::Constant(_) => None,
    };
    Fault::operand(what, value, register)
}

pub fn order_error(a: Value, b: Value) -> Fault {
    let (first, second) = (a.type_name(), b.type_name());
    if first == second {
        Fault::runtime(alloc::format!("attempt to compare two {first} values"))
    } else {
        Fault::runtime(alloc::format!("attempt to compare {first} with {second}"))
    }
}

/// The number of a `for` loop that counts up or down: whether it goes on.
#[inline]
pub fn for_continues(index: f64, limit: f64, step: f64) -> bool {
    if step > 0.0 { index <= limit } else { limit <= index }
}
