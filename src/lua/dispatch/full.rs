//! Instructions in full: what the loop leaves because it is not the plain case, and what is too long to stand in it.

use alloc::{boxed::Box, format, vec::Vec};

use crate::{
    arena::Arena,
    calls::Outcome,
    codegen::{FIELDS_PER_FLUSH, Key},
    instruction::Op,
    meta::Event,
    proto::Proto,
    state::{Exit, Fault, Finish, Flow, NATIVE, State},
    value::Value,
};

/// What an arithmetic instruction does, and with what.
fn operands(op: Op) -> Option<(Event, Key, Key)> {
    use Key::{Constant, Register};
    let (event, left, right) = match op {
        Op::Add { b, c, .. } => (Event::Add, Register(b), Register(c)),
        Op::AddRK { b, k, .. } => (Event::Add, Register(b), Constant(k)),
        Op::AddKR { k, c, .. } => (Event::Add, Constant(k), Register(c)),
        Op::Sub { b, c, .. } => (Event::Sub, Register(b), Register(c)),
        Op::SubRK { b, k, .. } => (Event::Sub, Register(b), Constant(k)),
        Op::SubKR { k, c, .. } => (Event::Sub, Constant(k), Register(c)),
        Op::Mul { b, c, .. } => (Event::Mul, Register(b), Register(c)),
        Op::MulRK { b, k, .. } => (Event::Mul, Register(b), Constant(k)),
        Op::MulKR { k, c, .. } => (Event::Mul, Constant(k), Register(c)),
        Op::Div { b, c, .. } => (Event::Div, Register(b), Register(c)),
        Op::DivRK { b, k, .. } => (Event::Div, Register(b), Constant(k)),
        Op::DivKR { k, c, .. } => (Event::Div, Constant(k), Register(c)),
        Op::Mod { b, c, .. } => (Event::Mod, Register(b), Register(c)),
        Op::ModRK { b, k, .. } => (Event::Mod, Register(b), Constant(k)),
        Op::ModKR { k, c, .. } => (Event::Mod, Constant(k), Register(c)),
        Op::Pow { b, c, .. } => (Event::Pow, Register(b), Register(c)),
        Op::PowRK { b, k, .. } => (Event::Pow, Register(b), Constant(k)),
        Op::PowKR { k, c, .. } => (Event::Pow, Constant(k), Register(c)),
        Op::Unm { b, .. } => (Event::Unm, Register(b), Register(b)),
        _ => return None,
    };
    Some((event, left, right))
}

/// What an instruction compares.
fn compared(op: Op) -> Option<(Event, Key, Key)> {
    use Key::{Constant, Register};
    let (event, left, right) = match op {
        Op::Eq { b, c, .. } => (Event::Eq, Register(b), Register(c)),
        Op::EqK { b, k, .. } | Op::NeK { b, k, .. } => (Event::Eq, Register(b), Constant(k)),
        Op::Lt { b, c, .. } => (Event::Lt, Register(b), Register(c)),
        Op::LtRK { b, k, .. } | Op::NotLtRK { b, k, .. } => (Event::Lt, Register(b), Constant(k)),
        Op::LtKR { c, k, .. } | Op::NotLtKR { c, k, .. } => (Event::Lt, Constant(k), Register(c)),
        Op::Le { b, c, .. } => (Event::Le, Register(b), Register(c)),
        Op::LeRK { b, k, .. } | Op::NotLeRK { b, k, .. } => (Event::Le, Register(b), Constant(k)),
        Op::LeKR { c, k, .. } | Op::NotLeKR { c, k, .. } => (Event::Le, Constant(k), Register(c)),
        _ => return None,
    };
    Some((event, left, right))
}

impl State {
    /// Does the instruction before the frame's pc. Afterwards it is complete, or a frame is on top that will complete it.
    #[inline(never)]
    pub fn in_full(&mut self, protos: &Arena<Proto>) -> Result<Option<Exit>, Fault> {
        let Some(&frame) = self.frames.last() else { return Ok(None) };
        let op = protos[frame.proto].code[frame.pc as usize - 1];
        match self.attempt(protos, op, frame.base as usize)? {
            Outcome::Value(value) => self.complete_instruction(op, frame.base as usize, value, value.truthy()),
            Outcome::Called => return Ok(None),
            Outcome::Exit(exit) => return Ok(Some(exit)),
        }
        if self.needs_collection() {
            self.collect_and_check(protos)?;
        }
        // It may have jumped back.
        self.fuel -= 1;
        Ok((self.fuel <= 0).then_some(Exit::Fuel))
    }

    fn attempt(&mut self, protos: &Arena<Proto>, op: Op, base: usize) -> Result<Outcome, Fault> {
        let register = |state: &State, register: u8| state.stack[base + usize::from(register)];
        let constant = |state: &State, k: u16| state.operand(protos, Key::Constant(k));
        let (object, key, value, name) = match op {
            Op::GetGlobal { k, .. } => return self.index(protos, self.environment(), self.name_at(protos, k), None),
            Op::GetField { b, k, .. } | Op::GetIndexK { b, k, .. } | Op::SelfField { b, k, .. } => {
                return self.index(protos, register(self, b), constant(self, k), Some(b));
            }
            Op::GetInt { b, i, .. } => {
                return self.index(protos, register(self, b), Value::number(f64::from(i)), Some(b));
            }
            Op::GetIndex { b, c, .. } => return self.index(protos, register(self, b), register(self, c), Some(b)),
            Op::SelfIndex { a, b, c } => {
                let (object, key) = (register(self, b), register(self, c));
                self.stack[base + usize::from(a) + 1] = object;
                return self.index(protos, object, key, Some(b));
            }
            Op::Len { b, .. } => return self.length(protos, b),
            Op::TForLoop { a, c, .. } => {
                let slot = base + usize::from(a);
                self.stack.copy_within(slot..slot + 3, slot + 3);
                self.calls += 1;
                let outcome = self.call(protos, slot + 3, 2, i32::from(c), Finish::Meta)?;
                if matches!(outcome, Outcome::Value(_)) {
                    self.calls -= 1;
                }
                return Ok(outcome);
            }
            Op::SetGlobal { a, k } => (self.environment(), self.name_at(protos, k), register(self, a), None),
            Op::SetField { a, c, k } | Op::SetIndexK { a, c, k } => {
                (register(self, a), constant(self, k), register(self, c), Some(a))
            }
            Op::SetFieldK { a, k, v } => (register(self, a), constant(self, k), constant(self, v), Some(a)),
            Op::SetInt { a, c, i } => (register(self, a), Value::number(f64::from(i)), register(self, c), Some(a)),
            Op::SetIndex { a, b, c } => (register(self, a), register(self, b), register(self, c), Some(a)),
            _ => {
                if let Some((event, left, right)) = operands(op) {
                    return self.arith(protos, event, left, right);
                }
                let Some((event, left, right)) = compared(op) else { return Ok(Outcome::Value(Value::Nil)) };
                let (left, right) = (self.operand(protos, left), self.operand(protos, right));
                return match event {
                    Event::Eq => self.equals(protos, left, right),
                    Event::Lt => self.less(protos, left, right),
                    _ => self.less_equal(protos, left, right),
                };
            }
        };
        self.set_index(protos, object, key, value, name)
    }

    /// The running function's globals.
    fn environment(&self) -> Value {
        let closure = self.frames.last().map_or(NATIVE, |frame| frame.closure);
        let env = if closure == NATIVE { self.globals } else { self.heap.closures[closure].env };
        Value::Table(u64::from(env))
    }

    /// The name of a global.
    fn name_at(&self, protos: &Arena<Proto>, k: u32) -> Value {
        self.frames.last().map_or(Value::Nil, |frame| protos[frame.proto].constants[k as usize])
    }

    /// The three numbers of a loop.
    #[inline(never)]
    pub fn prepare_for(&mut self, slot: usize) -> Result<(), Fault> {
        let mut numbers = [0.0; 3];
        for (offset, name) in ["initial value", "limit", "step"].iter().enumerate() {
            let Some(number) = self.to_number(self.stack[slot + offset]) else {
                return Err(Fault::runtime(format!("'for' {name} must be a number")));
            };
            numbers[offset] = number;
            self.stack[slot + offset] = Value::number(number);
        }
        self.stack[slot] = Value::number(numbers[0] - numbers[2]);
        Ok(())
    }

    /// A batch of a constructor's values goes from the registers into the table below them.
    #[inline(never)]
    pub fn set_list(&mut self, slot: usize, count: usize, batch: usize) -> Result<(), Fault> {
        let Value::Table(at) = self.stack[slot] else { return Ok(()) };
        let table = at as u32;
        let first = (batch - 1) * FIELDS_PER_FLUSH as usize;
        if first + count > self.heap.tables[table].array.len() {
            self.heap.grow_array(table, first + count)?;
        }
        for offset in 0..count {
            let value = self.stack[slot + 1 + offset];
            self.heap.set_index(table, (first + offset + 1) as i64, value)?;
        }
        Ok(())
    }

    #[inline(never)]
    pub fn make_closure(&mut self, protos: &Arena<Proto>, number: u32, parent: u32, base: usize) -> Value {
        let wanted = &protos[number].upvalues;
        let mut upvalues = Vec::with_capacity(wanted.len());
        for upvalue in wanted {
            upvalues.push(if upvalue.local {
                self.capture(base + usize::from(upvalue.index))
            } else {
                self.heap.closures[parent].upvalues[usize::from(upvalue.index)]
            });
        }
        let upvalues: Box<[u32]> = upvalues.into_boxed_slice();
        self.heap.new_closure(number, self.heap.closures[parent].env, upvalues)
    }

    /// `...`: the variable arguments, which lie below the frame, go where they are wanted.
    #[inline(never)]
    pub fn spread(&mut self, proto: &Proto, base: usize, target: usize, b: u8) -> Result<(), Fault> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let first = frame.func as usize + 1 + usize::from(proto.parameters);
        let available = base - first;
        let wanted = if b == 0 { available } else { usize::from(b) - 1 };
        self.ensure(target + wanted)?;
        if wanted > 64 {
            self.charge(wanted * 16);
        }
        let copied = wanted.min(available);
        self.stack.copy_within(first..first + copied, target);
        self.stack[target + copied..target + wanted].fill(Value::Nil);
        if b == 0 {
            self.top = target + wanted;
        }
        Ok(())
    }

    /// The running frame makes way for the function it calls last.
    #[inline(never)]
    pub fn tail_call(&mut self, protos: &Arena<Proto>, function: u32, slot: usize, count: usize) -> Result<(), Fault> {
        let Some(frame) = self.frames.last().copied() else { return Ok(()) };
        if !self.open.is_empty() {
            self.close(frame.base as usize);
        }
        let func = frame.func as usize;
        self.stack.copy_within(slot..slot + 1 + count, func);
        self.frames.pop();
        let pushed = self.push_lua(protos, function, func, count, frame.wanted, frame.finish);
        if pushed.is_err() {
            self.frames.push(frame);
            return pushed;
        }
        if let Some(top) = self.frames.last_mut() {
            top.tail_calls = frame.tail_calls.saturating_add(1);
        }
        Ok(())
    }

    /// There is no fuel for this instruction: it will be the next one.
    #[cold]
    #[inline(never)]
    pub fn not_yet(&mut self) -> Flow {
        if let Some(frame) = self.frames.last_mut() {
            frame.pc -= 1;
        }
        Flow::Exit(Exit::Fuel)
    }

    /// The instruction for a loop that has none because a debugger steps by lines; `None` if it is to stop before it.
    #[cold]
    pub fn fetch<'a>(&mut self, proto: &'a Proto, pc: usize) -> Result<Option<&'a Op>, Fault> {
        let Some(op) = proto.code.get(pc) else { return Err(Fault::runtime("end of code")) };
        Ok((!self.stop_at_line(proto, pc)).then_some(op))
    }

    /// Whether a debugger that steps by lines stops before this instruction.
    fn stop_at_line(&mut self, proto: &Proto, pc: usize) -> bool {
        let line = proto.line_at(pc);
        let here = (self.frames.len() + (self.thread as usize) * 100_000, line);
        let backwards = here == self.last_line && (pc as u32) < self.last_pc;
        let stop = here != self.last_line || backwards;
        self.last_line = here;
        self.last_pc = pc as u32;
        stop
    }
}
