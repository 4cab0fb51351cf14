//! Calls and returns. Nothing here recurses on the host's stack: a call pushes a frame, and the outer loop
//! (`run`) looks at the frame on top. A frame holds Lua code or a continuation; results travel downwards through
//! `callee..top`. Depth is limited as in PUC: 20 000 calls, of which 200 may be ones that are C calls there.

use crate::{
    arena::Arena,
    instruction::Op,
    library,
    meta::Event,
    proto::{HAS_ARG, NEEDS_ARG, Proto},
    state::{
        Args, Continuation, Exit, Fault, Finish, Flow, Frame, MAX_CALLS, MAX_NATIVE_CALLS, NATIVE, Ret, State, Status,
    },
    value::Value,
};

/// How a call went.
pub enum Outcome {
    /// It is over; this is the first result, all of them are delivered.
    Value(Value),
    /// A frame is on top that has to run first.
    Called,
    Exit(Exit),
}

impl State {
    /// Calls what is in the slot with the arguments behind it.
    pub fn call(
        &mut self,
        protos: &Arena<Proto>,
        slot: usize,
        count: usize,
        wanted: i32,
        finish: Finish,
    ) -> Result<Outcome, Fault> {
        let (mut slot, mut count, mut wanted, mut finish) = (slot, count, wanted, finish);
        let mut nested = false;
        loop {
            let ret = match self.stack[slot] {
                Value::Function(function) => {
                    self.push_lua(protos, function as u32, slot, count, wanted, finish)?;
                    return Ok(Outcome::Called);
                }
                Value::Native(id) => {
                    let args = Args { base: slot + 1, count };
                    self.ensure(slot + 1 + count)?;
                    let native = self.natives[id as u32 as usize];
                    native(self, args).map_err(Fault::in_native)?
                }
                Value::Host(id) => {
                    let args = Args { base: slot + 1, count };
                    self.ensure(slot + 1 + count)?;
                    self.push_native(args, wanted, finish, Continuation::Host)?;
                    return Ok(Outcome::Exit(Exit::Host { function: id as u32, args }));
                }
                other => {
                    let handler = self.heap.metamethod(other, Event::Call);
                    if !handler.is_function() {
                        return Err(self.call_error(protos, slot, other));
                    }
                    self.ensure(slot + 2 + count)?;
                    self.stack.copy_within(slot..slot + 1 + count, slot + 1);
                    self.stack[slot] = handler;
                    count += 1;
                    continue;
                }
            };
            let args = Args { base: slot + 1, count };
            match ret {
                Ret::Call { func, count: inner, then } => {
                    self.push_native_above(args, func + inner + 1, wanted, finish, then)?;
                    (slot, count, wanted, finish) = (func, inner, -1, Finish::Plain);
                    nested = true;
                }
                other => {
                    return match self.settle(args, wanted, finish, other)? {
                        // The frame that asked is on top and finds the results where they are.
                        Outcome::Value(_) if nested => Ok(Outcome::Called),
                        outcome => Ok(outcome),
                    };
                }
            }
        }
    }

    fn call_error(&self, protos: &Arena<Proto>, slot: usize, value: Value) -> Fault {
        let register = self.frames.last().and_then(|frame| {
            if frame.closure == NATIVE {
                return None;
            }
            let register = slot.checked_sub(frame.base as usize)?;
            let calling = matches!(
                protos[frame.proto].code.get((frame.pc as usize).wrapping_sub(1)),
                Some(Op::Call { .. } | Op::TailCall { .. })
            );
            if calling { u8::try_from(register).ok() } else { None }
        });
        Fault::operand("call", value, register)
    }

    /// Takes the answer of a native function that has no frame yet.
    #[inline]
    pub fn settle(&mut self, args: Args, wanted: i32, finish: Finish, ret: Ret) -> Result<Outcome, Fault> {
        match ret {
            Ret::None => Ok(self.deliver_few(args.func(), wanted, &[])),
            Ret::One(value) => Ok(self.deliver_few(args.func(), wanted, &[value])),
            Ret::Two(first, second) => Ok(self.deliver_few(args.func(), wanted, &[first, second])),
            Ret::Many { start, count } => {
                self.deliver(args.func(), wanted, start, count)?;
                Ok(Outcome::Value(if count > 0 { self.stack[args.func()] } else { Value::Nil }))
            }
            other => self.settle_slow(args, wanted, finish, other),
        }
    }

    #[inline(never)]
    fn settle_slow(&mut self, args: Args, wanted: i32, finish: Finish, ret: Ret) -> Result<Outcome, Fault> {
        match ret {
            Ret::Again(then) => {
                self.push_native(args, wanted, finish, then)?;
                self.callee = args.base + args.count;
                self.top = self.callee;
                Ok(Outcome::Called)
            }
            Ret::Load { text, name } => {
                self.push_native(args, wanted, finish, Continuation::Pass)?;
                Ok(Outcome::Exit(Exit::Load { text, name }))
            }
            Ret::Yield { start, count } => {
                if self.thread == 0 || finish != Finish::Plain || self.has_boundary() {
                    return Err(Fault::plain("attempt to yield across metamethod/C-call boundary"));
                }
                self.push_native(args, wanted, finish, Continuation::Yielded)?;
                self.calls -= 1;
                let Some(resumer) = self.resumers.pop() else { return Ok(Outcome::Called) };
                let old = self.thread;
                self.switch_to(resumer);
                self.heap.threads[old].status = Status::Suspended;
                self.take_results_from(old, start, count)?;
                Ok(Outcome::Called)
            }
            Ret::Resume { thread, start, count, wrap } => {
                self.push_native(args, wanted, finish, Continuation::Resume { wrap, calls: self.calls })?;
                self.enter_thread(thread, start, count)?;
                Ok(Outcome::Called)
            }
            _ => Ok(Outcome::Called),
        }
    }

    /// Whether a call that PUC makes from C stands between here and the coroutine's start.
    fn has_boundary(&self) -> bool {
        self.frames.iter().any(|frame| frame.closure == NATIVE || frame.finish != Finish::Plain)
    }

    fn push_native(&mut self, args: Args, wanted: i32, finish: Finish, then: Continuation) -> Result<(), Fault> {
        self.push_native_above(args, args.base + args.count, wanted, finish, then)
    }

    fn push_native_above(
        &mut self,
        args: Args,
        above: usize,
        wanted: i32,
        finish: Finish,
        then: Continuation,
    ) -> Result<(), Fault> {
        if self.calls + 1 >= MAX_NATIVE_CALLS {
            return Err(Fault::runtime("C stack overflow"));
        }
        self.ensure(above)?;
        self.calls += 1;
        self.frames.push(Frame {
            func: args.func() as u32,
            base: args.base as u32,
            pc: above as u32,
            closure: NATIVE,
            proto: args.count as u32,
            wanted,
            tail_calls: 0,
            finish,
        });
        self.continuations.push(then);
        Ok(())
    }

    #[inline]
    pub fn push_lua(
        &mut self,
        protos: &Arena<Proto>,
        function: u32,
        slot: usize,
        count: usize,
        wanted: i32,
        finish: Finish,
    ) -> Result<(), Fault> {
        let number = self.heap.closures[function].proto;
        let proto = &protos[number];
        if self.frames.len() >= MAX_CALLS {
            return Err(Fault::runtime("stack overflow"));
        }
        let mut base = slot + 1;
        let parameters = usize::from(proto.parameters);
        self.ensure(base + count)?;
        if proto.vararg == 0 {
            for missing in count..parameters {
                self.stack[base + missing] = Value::Nil;
            }
        } else {
            base = self.move_parameters(proto, slot, count)?;
        }
        self.frames.push(Frame {
            func: slot as u32,
            base: base as u32,
            pc: 0,
            closure: function,
            proto: number,
            wanted,
            tail_calls: 0,
            finish,
        });
        Ok(())
    }

    /// The named parameters move above the variable ones, which stay reachable below the frame.
    #[inline(never)]
    fn move_parameters(&mut self, proto: &Proto, slot: usize, count: usize) -> Result<usize, Fault> {
        let parameters = usize::from(proto.parameters);
        let first = slot + 1;
        let count = if count < parameters {
            self.stack[first + count..first + parameters].fill(Value::Nil);
            parameters
        } else {
            count
        };
        let base = first + count;
        self.ensure(base)?;
        for parameter in 0..parameters {
            self.stack[base + parameter] = core::mem::take(&mut self.stack[first + parameter]);
        }
        if proto.vararg & HAS_ARG != 0 {
            self.stack[base + parameters] = if proto.vararg & NEEDS_ARG != 0 {
                let extra = count - parameters;
                self.heap.reserve(extra * 16)?;
                let table = self.heap.new_table(extra, 1);
                for index in 0..extra {
                    let value = self.stack[first + parameters + index];
                    self.heap.set_index(table, index as i64 + 1, value)?;
                }
                self.heap.set_field(table, "n", Value::number(extra as f64))?;
                Value::Table(u64::from(table))
            } else {
                Value::Nil
            };
        }
        Ok(base)
    }

    #[inline]
    fn deliver_few(&mut self, func: usize, wanted: i32, values: &[Value]) -> Outcome {
        if wanted < 0 {
            self.stack[func..func + values.len()].copy_from_slice(values);
            self.top = func + values.len();
        } else {
            for index in 0..wanted as usize {
                self.stack[func + index] = values.get(index).copied().unwrap_or_default();
            }
        }
        self.callee = func;
        Outcome::Value(values.first().copied().unwrap_or_default())
    }

    /// Moves results to where the caller wants them.
    pub fn deliver(&mut self, func: usize, wanted: i32, start: usize, count: usize) -> Result<(), Fault> {
        self.callee = func;
        if wanted < 0 {
            self.stack.copy_within(start..start + count, func);
            self.top = func + count;
            self.ensure(self.top)
        } else {
            let wanted = wanted as usize;
            let moved = count.min(wanted);
            self.stack.copy_within(start..start + moved, func);
            self.stack[func + moved..func + wanted].fill(Value::Nil);
            Ok(())
        }
    }

    /// The running function is over: its captured variables leave the stack, and it makes way for its caller.
    #[inline(always)]
    pub fn leave(&mut self, base: usize) -> Option<Frame> {
        if !self.open.is_empty() {
            self.close(base);
        }
        self.frames.pop()
    }

    // Continuations.

    /// Runs the continuation on top with the results of the call it waited for.
    pub fn continue_native(&mut self, protos: &Arena<Proto>) -> Result<Flow, Fault> {
        let Some(&frame) = self.frames.last() else { return Ok(Flow::Switch) };
        if self.fuel <= 0 {
            return Ok(Flow::Exit(Exit::Fuel));
        }
        self.fuel -= 1;
        let args = Args { base: frame.base as usize, count: frame.proto as usize };
        let (start, count) = (self.callee, self.top - self.callee);
        let then = self.continuations.pop().unwrap_or(Continuation::Pass);
        let answer = match then {
            Continuation::Pcall => Ok(self.prefix_result(args, start, count, true)),
            Continuation::Xpcall { .. } => Ok(self.prefix_result(args, start, count, true)),
            Continuation::Handler => {
                self.top = start + count.min(1);
                Ok(self.prefix_result(args, start, count.min(1), false))
            }
            Continuation::Resume { wrap: false, .. } => Ok(self.prefix_result(args, start, count, true)),
            Continuation::Yielded => {
                return self.complete(protos, Ret::Many { start, count });
            }
            Continuation::Resume { .. } | Continuation::Host | Continuation::Pass => Ok(Ret::Many { start, count }),
            Continuation::First => Ok(Ret::One(if count > 0 { self.stack[start] } else { Value::Nil })),
            other => library::go_on(self, args, other, start, count).map_err(Fault::in_native),
        };
        match answer {
            Ok(Ret::Call { func, count, then }) => {
                self.continuations.push(then);
                if let Some(frame) = self.frames.last_mut() {
                    frame.pc = (func + count + 1) as u32;
                }
                Ok(match self.call(protos, func, count, -1, Finish::Plain)? {
                    Outcome::Exit(exit) => Flow::Exit(exit),
                    _ => Flow::Switch,
                })
            }
            Ok(Ret::Again(then)) => {
                self.continuations.push(then);
                self.callee = frame.pc as usize;
                self.top = self.callee;
                Ok(Flow::Switch)
            }
            Ok(Ret::Load { text, name }) => {
                self.continuations.push(Continuation::Pass);
                Ok(Flow::Exit(Exit::Load { text, name }))
            }
            Ok(values) => self.complete(protos, values),
            Err(fault) => {
                self.continuations.push(Continuation::Pass);
                Err(fault)
            }
        }
    }

    fn prefix_result(&mut self, args: Args, start: usize, count: usize, truth: bool) -> Ret {
        let (mut start, count) = (start, count);
        if start == 0 || start <= args.func() {
            self.stack.copy_within(start..start + count, args.base);
            start = args.base;
        }
        self.stack[start - 1] = Value::boolean(truth);
        Ret::Many { start: start - 1, count: count + 1 }
    }

    /// A native frame is done with these results.
    pub fn complete(&mut self, protos: &Arena<Proto>, values: Ret) -> Result<Flow, Fault> {
        let Some(frame) = self.frames.pop() else { return Ok(Flow::Switch) };
        self.calls = self.calls.saturating_sub(1);
        let args = Args { base: frame.base as usize, count: 0 };
        self.settle(args, frame.wanted, frame.finish, values)?;
        if frame.finish != Finish::Plain {
            return self.finish(protos, frame.finish);
        }
        Ok(Flow::Switch)
    }

    /// Completes the instruction that called a metamethod.
    pub fn finish(&mut self, protos: &Arena<Proto>, how: Finish) -> Result<Flow, Fault> {
        self.calls = self.calls.saturating_sub(1);
        self.fuel -= 1;
        let result = self.stack[self.callee];
        let Some(&frame) = self.frames.last() else { return Ok(Flow::Switch) };
        if frame.closure == NATIVE {
            return Ok(Flow::Switch);
        }
        let base = frame.base as usize;
        let op = protos[frame.proto].code[frame.pc as usize - 1];
        let mut value = result;
        if let Finish::Concat(last) = how {
            let Op::Concat { b, .. } = op else { return Ok(Flow::Switch) };
            self.stack[base + usize::from(last)] = result;
            if last > b {
                value = match self.concat(protos, b, last)? {
                    Outcome::Value(value) => value,
                    Outcome::Called => return Ok(Flow::Switch),
                    Outcome::Exit(exit) => return Ok(Flow::Exit(exit)),
                };
            }
        }
        self.complete_instruction(op, base, value, result.truthy() != (how == Finish::MetaNot));
        Ok(Flow::Switch)
    }

    /// Puts the result of an instruction in its place, or jumps by the truth of it.
    pub fn complete_instruction(&mut self, op: Op, base: usize, result: Value, truth: bool) {
        let (holds, jump) = match op {
            Op::Eq { cond, jump, .. } | Op::Lt { cond, jump, .. } | Op::Le { cond, jump, .. } => (truth == cond, jump),
            Op::EqK { jump, .. }
            | Op::LtRK { jump, .. }
            | Op::LtKR { jump, .. }
            | Op::LeRK { jump, .. }
            | Op::LeKR { jump, .. } => (truth, jump),
            Op::NeK { jump, .. }
            | Op::NotLtRK { jump, .. }
            | Op::NotLtKR { jump, .. }
            | Op::NotLeRK { jump, .. }
            | Op::NotLeKR { jump, .. } => (!truth, jump),
            Op::TForLoop { a, jump, .. } => {
                let first = self.stack[base + usize::from(a) + 3];
                if !first.is_nil() {
                    self.stack[base + usize::from(a) + 2] = first;
                }
                (!first.is_nil(), jump)
            }
            Op::SelfField { a, .. } | Op::SelfIndex { a, .. } => {
                self.stack[base + usize::from(a)] = result;
                return;
            }
            // An instruction that stores has no target.
            other => {
                if let Some(a) = other.target() {
                    self.stack[base + usize::from(a)] = result;
                }
                return;
            }
        };
        if holds && let Some(frame) = self.frames.last_mut() {
            frame.pc = (frame.pc as i32 + jump) as u32;
        }
    }
}
