//! Code for one function, emitted in a single pass as PUC 5.1 does it: an expression is described (`Exp`) rather than
//! built, and becomes instructions only when its use is known. Lists of jumps whose target is still open are threaded
//! through the jump fields of the instructions themselves. Because no tree exists, no input can make it deep.

mod jumps;
mod operators;

use alloc::{vec, vec::Vec};

use crate::{
    instruction::Op,
    proto::{Local, Proto, Upvalue},
    value::{LONG, Value},
};

pub const NO_JUMP: i32 = -1;
/// No constant is noted here.
const FREE: u32 = u32::MAX;
const NO_REGISTER: u8 = 255;
const MAX_REGISTERS: u32 = 250;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    Register(u8),
    Constant(u16),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Void,
    Nil,
    True,
    False,
    Constant(u32),
    Number(f64),
    Local(u8),
    Upvalue(u8),
    Global(u32),
    Indexed(u8, Key),
    Jump(usize),
    /// An instruction whose target register is open.
    Open(usize),
    /// A register.
    Fixed(u8),
    Call(usize),
    Vararg(usize),
}

/// An expression, with the lists of jumps that leave it when true and when false.
#[derive(Clone, Copy, Debug)]
pub struct Exp {
    pub kind: Kind,
    pub when_true: i32,
    pub when_false: i32,
}

impl Exp {
    pub fn new(kind: Kind) -> Exp {
        Exp { kind, when_true: NO_JUMP, when_false: NO_JUMP }
    }

    fn has_jumps(&self) -> bool {
        self.when_true != self.when_false
    }

    pub fn is_multiple(&self) -> bool {
        matches!(self.kind, Kind::Call(_) | Kind::Vararg(_))
    }

    fn numeral(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(number) if self.when_true == NO_JUMP && self.when_false == NO_JUMP => Some(number),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Concat,
    Ne,
    Eq,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Minus,
    Not,
    Len,
}

pub struct Block {
    pub breaks: i32,
    pub active: usize,
    pub has_upvalue: bool,
    pub breakable: bool,
}

/// The function being compiled.
pub struct Function {
    pub proto: Proto,
    /// The numbers of the constants, hashed: at least half of the places are free.
    places: Vec<u32>,
    pub blocks: Vec<Block>,
    /// Declared locals in scope: indices into `proto.locals`; the first `active` ones can be seen.
    pub variables: Vec<usize>,
    pub active: usize,
    pub free: u32,
    /// Jumps that wait for the next instruction.
    pending: i32,
    /// The last place jumped to: what was emitted before it must not be changed.
    last_target: usize,
    /// The line that instructions are charged to.
    pub line: u32,
    pub too_complex: bool,
}

impl Function {
    pub fn new(source: Value, line: u32) -> Function {
        Function {
            proto: Proto { source, line, max_stack: 2, ..Proto::default() },
            places: Vec::new(),
            blocks: Vec::new(),
            variables: Vec::new(),
            active: 0,
            free: 0,
            pending: NO_JUMP,
            last_target: usize::MAX,
            line,
            too_complex: false,
        }
    }

    pub fn pc(&self) -> usize {
        self.proto.code.len()
    }

    /// The instruction at a place.
    #[inline(never)]
    pub fn op(&mut self, pc: usize) -> &mut Op {
        &mut self.proto.code[pc]
    }

    pub fn emit(&mut self, op: Op) -> usize {
        let pending = core::mem::replace(&mut self.pending, NO_JUMP);
        let here = self.pc();
        self.patch_list_to(pending, here, NO_REGISTER, here);
        self.proto.code.push(op);
        self.proto.lines.push(self.line);
        here
    }

    pub fn fix_line(&mut self, line: u32) {
        if let Some(last) = self.proto.lines.last_mut() {
            *last = line;
        }
    }

    // Constants.

    /// The number of a constant.
    pub fn constant(&mut self, value: Value) -> u32 {
        let count = self.proto.constants.len();
        if self.places.len() <= count * 2 {
            self.places = vec![FREE; (count * 4).max(16)];
            for index in 0..count {
                let place = self.place_of(self.proto.constants[index]);
                self.places[place] = index as u32;
            }
        }
        let place = self.place_of(value);
        if self.places[place] == FREE {
            self.places[place] = count as u32;
            self.proto.constants.push(value);
        }
        self.places[place]
    }

    /// Where the number of a constant is noted, or is to be.
    fn place_of(&self, value: Value) -> usize {
        let key = key_of(value);
        let hash = (key.0 ^ key.1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut place = (hash >> 32) as usize % self.places.len();
        loop {
            match self.proto.constants.get(self.places[place] as usize) {
                Some(known) if key_of(*known) != key => place = (place + 1) % self.places.len(),
                _ => return place,
            }
        }
    }

    // Registers.

    fn check_stack(&mut self, count: u32) {
        let wanted = self.free + count;
        if wanted > u32::from(self.proto.max_stack) {
            if wanted >= MAX_REGISTERS {
                self.too_complex = true;
                return;
            }
            self.proto.max_stack = wanted as u8;
        }
    }

    pub fn reserve(&mut self, count: u32) {
        self.check_stack(count);
        self.free += count;
    }

    fn free_register(&mut self, register: u8) {
        if usize::from(register) >= self.active && self.free > 0 {
            self.free -= 1;
        }
    }

    fn free_exp(&mut self, exp: &Exp) {
        if let Kind::Fixed(register) = exp.kind {
            self.free_register(register);
        }
    }

    fn free_key(&mut self, key: Key) {
        if let Key::Register(register) = key {
            self.free_register(register);
        }
    }

    // From description to value.

    pub fn set_results(&mut self, exp: &Exp, wanted: i32) {
        match exp.kind {
            Kind::Call(pc) => {
                if let Op::Call { c, .. } = self.op(pc) {
                    *c = (wanted + 1) as u8;
                }
            }
            Kind::Vararg(pc) => {
                let a = self.free as u8;
                *self.op(pc) = Op::Vararg { a, b: (wanted + 1) as u8 };
                self.reserve(1);
            }
            _ => {}
        }
    }

    pub fn set_one_result(&mut self, exp: &mut Exp) {
        match exp.kind {
            Kind::Call(pc) => {
                if let Op::Call { a, .. } = *self.op(pc) {
                    exp.kind = Kind::Fixed(a);
                }
            }
            Kind::Vararg(pc) => {
                *self.op(pc) = Op::Vararg { a: 0, b: 2 };
                exp.kind = Kind::Open(pc);
            }
            _ => {}
        }
    }

    pub fn discharge_variables(&mut self, exp: &mut Exp) {
        match exp.kind {
            Kind::Local(register) => exp.kind = Kind::Fixed(register),
            Kind::Upvalue(index) => exp.kind = Kind::Open(self.emit(Op::GetUpval { a: 0, b: index })),
            Kind::Global(k) => exp.kind = Kind::Open(self.emit(Op::GetGlobal { a: 0, k })),
            Kind::Indexed(table, key) => {
                self.free_key(key);
                self.free_register(table);
                let op = match key {
                    Key::Register(c) => Op::GetIndex { a: 0, b: table, c },
                    Key::Constant(k) => match self.proto.constants[usize::from(k)] {
                        Value::String(payload) if payload & LONG == 0 => Op::GetField { a: 0, b: table, k },
                        value => match small_index(value) {
                            Some(i) => Op::GetInt { a: 0, b: table, i },
                            None => Op::GetIndexK { a: 0, b: table, k },
                        },
                    },
                };
                exp.kind = Kind::Open(self.emit(op));
            }
            Kind::Vararg(_) | Kind::Call(_) => self.set_one_result(exp),
            _ => {}
        }
    }

    fn load_constant(&mut self, register: u8, value: Value) {
        let k = self.constant(value);
        self.emit(Op::LoadK { a: register, k });
    }

    pub fn load_nil(&mut self, from: u32, count: u32) {
        if self.pc() != self.last_target
            && self.pending == NO_JUMP
            && let Some(Op::LoadNil { a, last }) = self.proto.code.last_mut()
            && u32::from(*a) <= from
            && from <= u32::from(*last) + 1
        {
            *last = (*last).max((from + count - 1) as u8);
            return;
        }
        self.emit(Op::LoadNil { a: from as u8, last: (from + count - 1) as u8 });
    }

    fn discharge_to(&mut self, exp: &mut Exp, register: u8) {
        self.discharge_variables(exp);
        match exp.kind {
            Kind::Nil => self.load_nil(u32::from(register), 1),
            Kind::False | Kind::True => {
                self.emit(Op::LoadBool { a: register, value: exp.kind == Kind::True });
            }
            Kind::Constant(k) => {
                self.emit(Op::LoadK { a: register, k });
            }
            Kind::Number(number) => self.load_constant(register, Value::number(number)),
            Kind::Open(pc) => self.op(pc).set_target(register),
            Kind::Fixed(b) => {
                if b != register {
                    self.emit(Op::Move { a: register, b });
                }
            }
            _ => return,
        }
        exp.kind = Kind::Fixed(register);
    }

    fn discharge_to_any(&mut self, exp: &mut Exp) {
        if !matches!(exp.kind, Kind::Fixed(_)) {
            self.reserve(1);
            self.discharge_to(exp, (self.free - 1) as u8);
        }
    }

    fn put_in_register(&mut self, exp: &mut Exp, register: u8) {
        self.discharge_to(exp, register);
        if let Kind::Jump(pc) = exp.kind {
            let mut list = exp.when_true;
            self.concat_lists(&mut list, pc as i32);
            exp.when_true = list;
        }
        if exp.has_jumps() {
            let (mut load_false, mut load_true) = (0, 0);
            if self.needs_value(exp.when_true) || self.needs_value(exp.when_false) {
                let skip = if matches!(exp.kind, Kind::Jump(_)) { NO_JUMP } else { self.jump() };
                self.label();
                load_false = self.emit(Op::LoadBoolSkip { a: register, value: false });
                self.label();
                load_true = self.emit(Op::LoadBool { a: register, value: true });
                self.patch_to_here(skip);
            }
            let end = self.label();
            self.patch_list_to(exp.when_false, end, register, load_false);
            self.patch_list_to(exp.when_true, end, register, load_true);
        }
        *exp = Exp::new(Kind::Fixed(register));
    }

    pub fn put_in_next_register(&mut self, exp: &mut Exp) {
        self.discharge_variables(exp);
        self.free_exp(exp);
        self.reserve(1);
        self.put_in_register(exp, (self.free - 1) as u8);
    }

    pub fn put_in_any_register(&mut self, exp: &mut Exp) -> u8 {
        self.discharge_variables(exp);
        if let Kind::Fixed(register) = exp.kind {
            if !exp.has_jumps() {
                return register;
            }
            if usize::from(register) >= self.active {
                self.put_in_register(exp, register);
                return register;
            }
        }
        self.put_in_next_register(exp);
        self.register_of(exp)
    }

    fn register_of(&self, exp: &Exp) -> u8 {
        match exp.kind {
            Kind::Fixed(register) | Kind::Local(register) => register,
            _ => (self.free.max(1) - 1) as u8,
        }
    }

    pub fn settle_value(&mut self, exp: &mut Exp) {
        if exp.has_jumps() {
            self.put_in_any_register(exp);
        } else {
            self.discharge_variables(exp);
        }
    }

    /// A register, or a constant that an instruction can name.
    pub fn operand_key(&mut self, exp: &mut Exp) -> Key {
        self.settle_value(exp);
        let value = match exp.kind {
            Kind::Nil => Value::Nil,
            Kind::True => Value::True,
            Kind::False => Value::False,
            Kind::Number(number) => Value::number(number),
            Kind::Constant(k) => {
                if let Ok(k) = u16::try_from(k) {
                    return Key::Constant(k);
                }
                return Key::Register(self.put_in_any_register(exp));
            }
            _ => return Key::Register(self.put_in_any_register(exp)),
        };
        if self.proto.constants.len() < usize::from(u16::MAX) {
            let k = self.constant(value);
            exp.kind = Kind::Constant(k);
            return Key::Constant(k as u16);
        }
        Key::Register(self.put_in_any_register(exp))
    }

    /// A register in any case; a constant goes to a scratch register above the live ones.
    fn settle(&mut self, key: Key, scratch: u32) -> u8 {
        match key {
            Key::Register(register) => register,
            Key::Constant(k) => {
                self.check_stack(scratch + 1);
                let register = (self.free + scratch) as u8;
                self.emit(Op::LoadK { a: register, k: u32::from(k) });
                register
            }
        }
    }

    pub fn store(&mut self, variable: &Exp, exp: &mut Exp) {
        match variable.kind {
            Kind::Local(register) => {
                self.free_exp(exp);
                self.put_in_register(exp, register);
                return;
            }
            Kind::Upvalue(b) => {
                let a = self.put_in_any_register(exp);
                self.emit(Op::SetUpval { a, b });
            }
            Kind::Global(k) => {
                let a = self.put_in_any_register(exp);
                self.emit(Op::SetGlobal { a, k });
            }
            Kind::Indexed(a, key) => {
                let value = self.operand_key(exp);
                let op = match key {
                    Key::Register(b) => Op::SetIndex { a, b, c: self.settle(value, 0) },
                    Key::Constant(k) => {
                        let constant = self.proto.constants[usize::from(k)];
                        match (constant, value) {
                            (Value::String(name), Key::Constant(v)) if name & LONG == 0 => Op::SetFieldK { a, k, v },
                            (Value::String(name), Key::Register(c)) if name & LONG == 0 => Op::SetField { a, c, k },
                            _ => {
                                let c = self.settle(value, 0);
                                match small_index(constant) {
                                    Some(i) => Op::SetInt { a, c, i },
                                    None => Op::SetIndexK { a, c, k },
                                }
                            }
                        }
                    }
                };
                self.emit(op);
            }
            _ => {}
        }
        self.free_exp(exp);
    }

    pub fn method(&mut self, exp: &mut Exp, name: u32) {
        let b = self.put_in_any_register(exp);
        self.free_exp(exp);
        let a = self.free as u8;
        self.reserve(2);
        if let Ok(k) = u16::try_from(name) {
            self.emit(Op::SelfField { a, b, k });
        } else {
            self.check_stack(1);
            let c = self.free as u8;
            self.emit(Op::LoadK { a: c, k: name });
            self.emit(Op::SelfIndex { a, b, c });
        }
        exp.kind = Kind::Fixed(a);
    }

    pub fn set_list(&mut self, base: u8, stored: u32, pending: u32, open: bool) {
        let batch = (stored - 1) / FIELDS_PER_FLUSH + 1;
        self.emit(Op::SetList { a: base, b: if open { 0 } else { pending as u8 }, batch });
        self.free = u32::from(base) + 1;
    }

    pub fn ret(&mut self, first: u32, count: i32) {
        self.emit(match count {
            1 => Op::Return1 { a: first as u8 },
            _ => Op::Return { a: first as u8, b: (count + 1) as u8 },
        });
    }

    pub fn declare(&mut self, name: Value) {
        self.variables.push(self.proto.locals.len());
        self.proto.locals.push(Local { name, start: 0, end: 0 });
    }

    pub fn activate(&mut self, count: usize) {
        let pc = self.pc() as u32;
        for index in self.active..(self.active + count).min(self.variables.len()) {
            self.proto.locals[self.variables[index]].start = pc;
        }
        self.active += count;
    }

    pub fn deactivate_to(&mut self, level: usize) {
        let pc = self.pc() as u32;
        while self.active > level {
            self.active -= 1;
            if let Some(variable) = self.variables.pop() {
                self.proto.locals[variable].end = pc;
            }
        }
    }

    pub fn add_upvalue(&mut self, upvalue: Upvalue, name: Value) -> u8 {
        if let Some(index) = self.proto.upvalues.iter().position(|known| *known == upvalue) {
            return index as u8;
        }
        self.proto.upvalues.push(upvalue);
        self.proto.upvalue_names.push(name);
        (self.proto.upvalues.len() - 1) as u8
    }
}

/// Items that a table constructor gathers before it stores them.
pub const FIELDS_PER_FLUSH: u32 = 50;

/// What makes two constants one. Zero and minus zero are, and the first wins: PUC looks its constants up as table keys.
fn key_of(constant: Value) -> (u64, u64) {
    match constant {
        Value::Number(bits) if f64::from_bits(bits) == 0.0 => (1, 0),
        Value::Number(bits) => (1, bits),
        Value::String(payload) => (2, payload),
        other => (3, u64::from(other.truthy()) + u64::from(other.is_nil()) * 2),
    }
}

fn small_index(value: Value) -> Option<u16> {
    let number = value.as_number()?;
    (number >= 1.0 && number <= f64::from(u16::MAX) && f64::from(number as u16) == number).then_some(number as u16)
}
