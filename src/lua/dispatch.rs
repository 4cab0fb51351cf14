//! The dispatch loop. One `match` over the instruction, with pc, code, constants and a window of registers in locals; it
//! is left when fuel runs out, so that a browser can swap in optimised code for it, and whenever the frame on top is not
//! Lua code. What is not the plain case of an instruction leaves the block `'slow` and is done by `in_full`, which knows the
//! instruction from the frame; afterwards everything is loaded anew, because the stack may have moved. What jumps leaves the block
//! `'jump`, and what may move the stack goes on with `'window`. So the loop holds only what is to be fast, each of it once, and is
//! small: whoever runs a script in the page loads it.
//!
//! A debugger costs nothing while nobody debugs: for it the loop is given no code at all, so that each instruction fails the bounds
//! check that is there anyway, and `fetch` looks whether to stop before it hands out the instruction.

mod full;

use crate::{
    arena::Arena,
    calls::Outcome,
    instruction::Op,
    library,
    meta::for_continues,
    proto::Proto,
    stack::WINDOW,
    state::{Exit, Fault, Finish, Flow, NATIVE, State},
    table::NONE,
    value::{LONG, Value, modulo, negate},
};

/// Runs until something leaves the machine.
pub fn run(state: &mut State, protos: &Arena<Proto>, by_lines: bool) -> Exit {
    loop {
        if state.fuel <= 0 {
            return Exit::Fuel;
        }
        let native = state.frames.last().is_some_and(|frame| frame.closure == NATIVE);
        let flow = if native {
            state.continue_native(protos)
        } else if state.frames.is_empty() {
            state.turn(protos)
        } else {
            execute(state, protos, by_lines)
        };
        match flow {
            Ok(Flow::Exit(exit)) => return exit,
            Ok(_) => {
                if native
                    && state.needs_collection()
                    && let Err(fault) = state.collect_and_check(protos)
                    && let Some(exit) = state.raise(protos, fault, false)
                {
                    return exit;
                }
            }
            Err(fault) => {
                if let Some(exit) = state.raise(protos, fault, native) {
                    return exit;
                }
            }
        }
    }
}

macro_rules! window {
    ($state:ident, $base:ident) => {
        match $state.stack.window($base) {
            Some(window) => window,
            None => return Err(Fault::memory()),
        }
    };
}

#[inline(always)]
fn r(register: u8) -> usize {
    register as usize
}

#[allow(clippy::cognitive_complexity)]
#[inline(never)]
fn execute(state: &mut State, protos: &Arena<Proto>, by_lines: bool) -> Result<Flow, Fault> {
    'frame: loop {
        let Some(frame) = state.frames.last() else { return Ok(Flow::Switch) };
        if frame.closure == NATIVE {
            return Ok(Flow::Switch);
        }
        let proto = &protos[frame.proto];
        let code: &[Op] = if by_lines { &[] } else { &proto.code };
        let constants = proto.constants.as_slice();
        let (base, closure) = (frame.base as usize, frame.closure);
        let mut pc = frame.pc as usize;

        macro_rules! save {
            () => {
                if let Some(frame) = state.frames.last_mut() {
                    frame.pc = pc as u32;
                }
            };
        }

        // Whatever may move the stack, or set another environment, goes on here.
        let exit = 'window: loop {
            let mut regs: &mut [Value; WINDOW] = window!(state, base);
            let env = state.heap.closures[closure].env;

            'next: loop {
                let op = match code.get(pc) {
                    Some(op) => op,
                    None => {
                        let Some(op) = state.fetch(proto, pc)? else { break 'window Exit::Line };
                        regs = window!(state, base);
                        op
                    }
                };
                pc += 1;
                let offset = 'jump: {
                    'slow: {
                        macro_rules! numbers {
                            ($left:expr, $right:expr) => {{
                                let (Value::Number(x), Value::Number(y)) = ($left, $right) else {
                                    break 'slow;
                                };
                                (f64::from_bits(x), f64::from_bits(y))
                            }};
                        }
                        macro_rules! arithmetic {
                            ($a:ident, $left:expr, $right:expr, $x:ident, $y:ident, $result:expr) => {{
                                let ($x, $y) = numbers!($left, $right);
                                regs[r($a)] = Value::number($result);
                            }};
                        }
                        macro_rules! compare {
                            ($left:expr, $right:expr, $cond:expr, $jump:expr, $x:ident, $y:ident, $test:expr) => {{
                                let ($x, $y) = numbers!($left, $right);
                                if $test == $cond {
                                    break 'jump $jump;
                                }
                            }};
                        }
                        macro_rules! table {
                            ($object:expr) => {{
                                let Value::Table(at) = $object else { break 'slow };
                                &mut state.heap.tables[at as u32]
                            }};
                        }
                        // Reads and writes of a table.
                        macro_rules! get {
                            ($a:expr, $table:ident: $object:expr, $find:expr) => {{
                                let $table = table!($object);
                                let found = $find;
                                if found.is_nil() && $table.meta != NONE {
                                    break 'slow;
                                }
                                regs[r($a)] = found;
                            }};
                        }
                        macro_rules! set {
                            ($value:expr, $table:ident: $object:expr, $find:expr) => {{
                                let (value, $table) = ($value, table!($object));
                                match $find {
                                    Some(slot) => *slot = value,
                                    None => break 'slow,
                                }
                            }};
                        }
                        match *op {
                            Op::Move { a, b } => regs[r(a)] = regs[r(b)],
                            Op::LoadK { a, k } => regs[r(a)] = constants[k as usize],
                            Op::LoadBool { a, value } => regs[r(a)] = Value::boolean(value),
                            Op::LoadBoolSkip { a, value } => {
                                regs[r(a)] = Value::boolean(value);
                                pc += 1;
                            }
                            Op::LoadNil { a, last } => regs[r(a)..=r(last)].fill(Value::Nil),
                            Op::GetUpval { a, b } => {
                                let index = state.heap.closures[closure].upvalues[r(b)];
                                let value = state.captured_value(index);
                                regs = window!(state, base);
                                regs[r(a)] = value;
                            }
                            Op::SetUpval { a, b } => {
                                let index = state.heap.closures[closure].upvalues[r(b)];
                                let value = regs[r(a)];
                                state.set_captured(index, value);
                                regs = window!(state, base);
                            }
                            Op::GetGlobal { a, k } => match constants[k as usize] {
                                Value::String(name) if name & LONG == 0 => {
                                    get!(a, table: Value::Table(u64::from(env)), table.get_short(name));
                                }
                                _ => break 'slow,
                            },
                            Op::GetField { a, b, k } => {
                                let Value::String(name) = constants[usize::from(k)] else { break 'slow };
                                get!(a, table: regs[r(b)], table.get_short(name));
                            }
                            Op::GetInt { a, b, i } => {
                                get!(a, table: regs[r(b)], table.get_index(i64::from(i)));
                            }
                            Op::GetIndex { a, b, c } => {
                                let key = regs[r(c)];
                                get!(a, table: regs[r(b)], match key {
                                    Value::Number(bits) => table.get_number(f64::from_bits(bits)),
                                    Value::String(name) if name & LONG == 0 => table.get_short(name),
                                    _ => table.get(&state.heap.strings, key),
                                });
                            }
                            Op::SetGlobal { a, k } => {
                                let Value::String(name) = constants[k as usize] else { break 'slow };
                                set!(regs[r(a)], table: Value::Table(u64::from(env)), table.field_mut(name));
                            }
                            Op::SetField { a, c, k } => {
                                let Value::String(name) = constants[usize::from(k)] else { break 'slow };
                                set!(regs[r(c)], table: regs[r(a)], table.field_mut(name));
                            }
                            Op::SetFieldK { a, k, v } => {
                                let Value::String(name) = constants[usize::from(k)] else { break 'slow };
                                set!(constants[usize::from(v)], table: regs[r(a)], table.field_mut(name));
                            }
                            Op::SetInt { a, c, i } => {
                                set!(regs[r(c)], table: regs[r(a)], table.item_mut(f64::from(i)));
                            }
                            Op::SetIndex { a, b, c } => {
                                let key = regs[r(b)];
                                set!(regs[r(c)], table: regs[r(a)], match key {
                                    Value::Number(bits) => table.item_mut(f64::from_bits(bits)),
                                    Value::String(name) => table.field_mut(name),
                                    _ => None,
                                });
                            }
                            Op::NewTable { a, array, hash } => {
                                let table = state.heap.new_table(usize::from(array), usize::from(hash));
                                regs[r(a)] = Value::Table(u64::from(table));
                                save!();
                                state.safe_point(protos)?;
                                continue 'window;
                            }
                            Op::SelfField { a, b, k } => {
                                let object = regs[r(b)];
                                regs[r(a) + 1] = object;
                                let method = state.heap.method(object, constants[usize::from(k)]);
                                if method.is_nil() {
                                    break 'slow;
                                }
                                regs[r(a)] = method;
                            }
                            Op::GetIndexK { .. }
                            | Op::SetIndexK { .. }
                            | Op::SelfIndex { .. }
                            | Op::ModKR { .. }
                            | Op::Pow { .. }
                            | Op::PowRK { .. }
                            | Op::PowKR { .. } => break 'slow,
                            Op::Add { a, b, c } => arithmetic!(a, regs[r(b)], regs[r(c)], x, y, x + y),
                            Op::AddRK { a, b, k } => arithmetic!(a, regs[r(b)], constants[usize::from(k)], x, y, x + y),
                            Op::AddKR { a, k, c } => arithmetic!(a, constants[usize::from(k)], regs[r(c)], x, y, x + y),
                            Op::Sub { a, b, c } => arithmetic!(a, regs[r(b)], regs[r(c)], x, y, x - y),
                            Op::SubRK { a, b, k } => arithmetic!(a, regs[r(b)], constants[usize::from(k)], x, y, x - y),
                            Op::SubKR { a, k, c } => arithmetic!(a, constants[usize::from(k)], regs[r(c)], x, y, x - y),
                            Op::Mul { a, b, c } => arithmetic!(a, regs[r(b)], regs[r(c)], x, y, x * y),
                            Op::MulRK { a, b, k } => arithmetic!(a, regs[r(b)], constants[usize::from(k)], x, y, x * y),
                            Op::MulKR { a, k, c } => arithmetic!(a, constants[usize::from(k)], regs[r(c)], x, y, x * y),
                            Op::Div { a, b, c } => arithmetic!(a, regs[r(b)], regs[r(c)], x, y, x / y),
                            Op::DivRK { a, b, k } => arithmetic!(a, regs[r(b)], constants[usize::from(k)], x, y, x / y),
                            Op::DivKR { a, k, c } => arithmetic!(a, constants[usize::from(k)], regs[r(c)], x, y, x / y),
                            Op::Mod { a, b, c } => arithmetic!(a, regs[r(b)], regs[r(c)], x, y, modulo(x, y)),
                            Op::ModRK { a, b, k } => {
                                arithmetic!(a, regs[r(b)], constants[usize::from(k)], x, y, modulo(x, y));
                            }
                            Op::Unm { a, b } => {
                                let Value::Number(bits) = regs[r(b)] else { break 'slow };
                                regs[r(a)] = Value::number(negate(f64::from_bits(bits)));
                            }
                            Op::Not { a, b } => regs[r(a)] = Value::boolean(!regs[r(b)].truthy()),
                            Op::Len { a, b } => {
                                let length = table!(regs[r(b)]).length();
                                regs[r(a)] = Value::number(length as f64);
                            }
                            Op::Concat { a, b, c } => {
                                save!();
                                match state.concat(protos, b, c)? {
                                    Outcome::Value(value) => state.stack[base + r(a)] = value,
                                    Outcome::Called => continue 'frame,
                                    Outcome::Exit(exit) => return Ok(Flow::Exit(exit)),
                                }
                                save!();
                                state.safe_point(protos)?;
                                continue 'window;
                            }
                            Op::Jump { jump } => break 'jump jump,
                            Op::Eq { .. } | Op::EqK { .. } | Op::NeK { .. } => {
                                let (b, right, cond, jump) = match *op {
                                    Op::Eq { b, c, cond, jump } => (b, regs[r(c)], cond, jump),
                                    Op::EqK { b, k, jump } => (b, constants[usize::from(k)], true, jump),
                                    Op::NeK { b, k, jump } => (b, constants[usize::from(k)], false, jump),
                                    _ => continue 'next,
                                };
                                let left = regs[r(b)];
                                let same = match (left, right) {
                                    (Value::Number(x), Value::Number(y)) => f64::from_bits(x) == f64::from_bits(y),
                                    // What is two things may be equal all the same: long strings by their bytes, others by `__eq`.
                                    (Value::String(x), Value::String(y)) if x != y && x & y & LONG != 0 => break 'slow,
                                    (Value::Table(x), Value::Table(y)) if x != y => break 'slow,
                                    (Value::Userdata(x), Value::Userdata(y)) if x != y => break 'slow,
                                    _ => left == right,
                                };
                                if same == cond {
                                    break 'jump jump;
                                }
                            }
                            Op::Lt { b, c, cond, jump } => compare!(regs[r(b)], regs[r(c)], cond, jump, x, y, (x < y)),
                            Op::Le { b, c, cond, jump } => compare!(regs[r(b)], regs[r(c)], cond, jump, x, y, (x <= y)),
                            Op::LtRK { b, k, jump } | Op::NotLtRK { b, k, jump } => {
                                let cond = matches!(*op, Op::LtRK { .. });
                                compare!(regs[r(b)], constants[usize::from(k)], cond, jump, x, y, (x < y));
                            }
                            Op::LtKR { c, k, jump } | Op::NotLtKR { c, k, jump } => {
                                let cond = matches!(*op, Op::LtKR { .. });
                                compare!(constants[usize::from(k)], regs[r(c)], cond, jump, x, y, (x < y));
                            }
                            Op::LeRK { b, k, jump } | Op::NotLeRK { b, k, jump } => {
                                let cond = matches!(*op, Op::LeRK { .. });
                                compare!(regs[r(b)], constants[usize::from(k)], cond, jump, x, y, (x <= y));
                            }
                            Op::LeKR { c, k, jump } | Op::NotLeKR { c, k, jump } => {
                                let cond = matches!(*op, Op::LeKR { .. });
                                compare!(constants[usize::from(k)], regs[r(c)], cond, jump, x, y, (x <= y));
                            }
                            Op::Test { a, cond, jump } => {
                                if regs[r(a)].truthy() == cond {
                                    break 'jump jump;
                                }
                            }
                            Op::TestSet { a, b, cond, jump } => {
                                let value = regs[r(b)];
                                if value.truthy() == cond {
                                    regs[r(a)] = value;
                                    break 'jump jump;
                                }
                            }
                            Op::Call { a, b, c } | Op::TailCall { a, b, c } => {
                                save!();
                                if state.fuel <= 0 {
                                    return Ok(state.not_yet());
                                }
                                state.fuel -= 1;
                                let slot = base + r(a);
                                let count = if b == 0 { state.top - slot - 1 } else { r(b) - 1 };
                                let wanted = i32::from(c) - 1;
                                if let Value::Function(function) = regs[r(a)] {
                                    if matches!(*op, Op::Call { .. }) {
                                        state.push_lua(protos, function as u32, slot, count, wanted, Finish::Plain)?;
                                    } else {
                                        state.tail_call(protos, function as u32, slot, count)?;
                                    }
                                    continue 'frame;
                                }
                                match state.call(protos, slot, count, wanted, Finish::Plain)? {
                                    Outcome::Value(_) => {
                                        if state.needs_collection() {
                                            state.forget_above(
                                                if c == 0 { state.top } else { slot + r(c) - 1 },
                                                proto,
                                                base,
                                            );
                                            state.collect_and_check(protos)?;
                                        }
                                        continue 'window;
                                    }
                                    Outcome::Called => continue 'frame,
                                    Outcome::Exit(exit) => return Ok(Flow::Exit(exit)),
                                }
                            }
                            Op::Return1 { a } => {
                                let value = regs[r(a)];
                                let Some(frame) = state.leave(base) else { return Ok(Flow::Switch) };
                                let func = frame.func as usize;
                                if frame.wanted == 1 {
                                    state.stack[func] = value;
                                    state.callee = func;
                                } else {
                                    state.deliver(func, frame.wanted, base + r(a), 1)?;
                                }
                                if frame.finish != Finish::Plain {
                                    return state.finish(protos, frame.finish);
                                }
                                continue 'frame;
                            }
                            Op::Return { a, b } => {
                                let start = base + r(a);
                                let count = if b == 0 { state.top - start } else { r(b) - 1 };
                                let Some(frame) = state.leave(base) else { return Ok(Flow::Switch) };
                                state.deliver(frame.func as usize, frame.wanted, start, count)?;
                                if frame.finish != Finish::Plain {
                                    return state.finish(protos, frame.finish);
                                }
                                continue 'frame;
                            }
                            Op::ForLoop { a, jump } => {
                                if let (Value::Number(index), Value::Number(limit), Value::Number(step)) =
                                    (regs[r(a)], regs[r(a) + 1], regs[r(a) + 2])
                                {
                                    let step = f64::from_bits(step);
                                    let index = f64::from_bits(index) + step;
                                    if for_continues(index, f64::from_bits(limit), step) {
                                        regs[r(a)] = Value::number(index);
                                        regs[r(a) + 3] = Value::number(index);
                                        break 'jump jump;
                                    }
                                }
                            }
                            Op::ForPrep { a, jump } => {
                                save!();
                                state.prepare_for(base + r(a))?;
                                pc = (pc as isize + jump as isize) as usize;
                                continue 'window;
                            }
                            Op::TForLoop { a, c, jump } => {
                                // What `pairs` and `ipairs` step with is no call.
                                let step = match (regs[r(a)], regs[r(a) + 1], regs[r(a) + 2]) {
                                    (Value::Native(library::NEXT), Value::Table(at), key) if c <= 2 => {
                                        match state.heap.tables[at as u32].next(&state.heap.strings, key) {
                                            Ok(entry) => entry,
                                            Err(()) => break 'slow,
                                        }
                                    }
                                    (Value::Native(library::IPAIRS_STEP), Value::Table(at), Value::Number(bits))
                                        if c <= 2 =>
                                    {
                                        let index = f64::from_bits(bits) + 1.0;
                                        let value = state.heap.tables[at as u32].get_number(index);
                                        if value.is_nil() { None } else { Some((Value::number(index), value)) }
                                    }
                                    _ => break 'slow,
                                };
                                if let Some((key, value)) = step {
                                    regs[r(a) + 2] = key;
                                    regs[r(a) + 3] = key;
                                    if c > 1 {
                                        regs[r(a) + 4] = value;
                                    }
                                    break 'jump jump;
                                }
                            }
                            Op::SetList { a, b, batch } => {
                                save!();
                                let slot = base + r(a);
                                let count = if b == 0 { state.top - slot - 1 } else { r(b) };
                                state.set_list(slot, count, batch as usize)?;
                                save!();
                                state.safe_point(protos)?;
                                continue 'window;
                            }
                            Op::Close { a } => {
                                state.close(base + r(a));
                                continue 'window;
                            }
                            Op::Closure { a, proto: child } => {
                                let value = state.make_closure(protos, proto.children[child as usize], closure, base);
                                state.stack[base + r(a)] = value;
                                save!();
                                state.safe_point(protos)?;
                                continue 'window;
                            }
                            Op::Vararg { a, b } => {
                                state.spread(proto, base, base + r(a), b)?;
                                continue 'window;
                            }
                        }
                        continue 'next;
                    }
                    save!();
                    match state.in_full(protos)? {
                        None => continue 'frame,
                        Some(exit) => return Ok(Flow::Exit(exit)),
                    }
                };
                pc = (pc as isize + offset as isize) as usize;
                if offset < 0 {
                    state.fuel -= 1;
                    if state.fuel <= 0 {
                        break 'window Exit::Fuel;
                    }
                }
            }
        };
        save!();
        return Ok(Flow::Exit(exit));
    }
}
