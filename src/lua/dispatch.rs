//! The dispatch loop. One `match` over the instruction, with pc, code, constants and a window of registers in locals; it
//! is left when fuel runs out, so that a browser can swap in optimised code for it, and whenever the frame on top is not
//! Lua code. What is not the plain case of an instruction leaves the block `'slow` and is done by `in_full`, which knows the
//! instruction from the frame; afterwards everything is loaded anew, because the stack may have moved. So the loop holds only
//! what is to be fast, and is small: in the page each visitor loads it.
//!
//! A debugger costs nothing while nobody debugs: for it the loop is given no code at all, so that each instruction fails the bounds
//! check that is there anyway, and `fetch` looks whether to stop before it hands out the instruction.

mod full;

use crate::{
    arena::Arena,
    calls::Outcome,
    heap::CLOSED,
    instruction::Op,
    library,
    meta::{Event, for_continues},
    proto::Proto,
    state::{Exit, Fault, Finish, Flow, NATIVE, State, WINDOW},
    table::NONE,
    value::{LONG, Value, exact_index, modulo, negate, power},
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
        match $state.stack[$base..].first_chunk_mut::<WINDOW>() {
            Some(window) => window,
            None => return Err(Fault::memory()),
        }
    };
}

#[inline]
fn r(register: u8) -> usize {
    register as usize
}

#[allow(clippy::cognitive_complexity)]
fn execute(state: &mut State, protos: &Arena<Proto>, by_lines: bool) -> Result<Flow, Fault> {
    'frame: loop {
        let Some(frame) = state.frames.last() else { return Ok(Flow::Switch) };
        if frame.closure == NATIVE {
            return Ok(Flow::Switch);
        }
        let proto = &protos[frame.proto];
        let code: &[Op] = if by_lines { &[] } else { &proto.code };
        let constants = proto.constants.as_slice();
        let base = frame.base as usize;
        let closure = frame.closure;
        let mut pc = frame.pc as usize;
        let mut env = state.heap.closures[closure].env;
        let mut regs: &mut [Value; WINDOW] = window!(state, base);

        macro_rules! save {
            () => {
                if let Some(frame) = state.frames.last_mut() {
                    frame.pc = pc as u32;
                }
            };
        }
        // A metamethod may have been called: its result, or the frame that will bring it.
        macro_rules! outcome {
            ($call:expr, $value:ident => $then:expr) => {{
                save!();
                match $call? {
                    Outcome::Value($value) => {
                        regs = window!(state, base);
                        $then
                    }
                    Outcome::Called => continue 'frame,
                    Outcome::Exit(exit) => return Ok(Flow::Exit(exit)),
                }
            }};
        }
        macro_rules! collect {
            () => {
                if state.heap.used > state.heap.threshold {
                    save!();
                    state.collect_and_check(protos)?;
                    regs = window!(state, base);
                }
            };
        }
        macro_rules! jump {
            ($jump:expr) => {{
                let offset = $jump;
                pc = (pc as isize + offset as isize) as usize;
                if offset < 0 {
                    state.fuel -= 1;
                    if state.fuel <= 0 {
                        save!();
                        return Ok(Flow::Exit(Exit::Fuel));
                    }
                }
            }};
        }

        'next: loop {
            let op = match code.get(pc) {
                Some(op) => *op,
                None => {
                    let Some(op) = state.fetch(proto, pc)? else {
                        save!();
                        return Ok(Flow::Exit(Exit::Line));
                    };
                    regs = window!(state, base);
                    op
                }
            };
            pc += 1;
            'slow: {
                macro_rules! arithmetic {
                    ($a:ident, $left:expr, $right:expr, $x:ident, $y:ident, $result:expr) => {{
                        let (Value::Number($x), Value::Number($y)) = ($left, $right) else { break 'slow };
                        let ($x, $y) = (f64::from_bits($x), f64::from_bits($y));
                        regs[r($a)] = Value::number($result);
                    }};
                }
                macro_rules! compare {
                    ($left:expr, $right:expr, $cond:expr, $jump:expr, $x:ident, $y:ident, $test:expr) => {{
                        let (Value::Number($x), Value::Number($y)) = ($left, $right) else { break 'slow };
                        let ($x, $y) = (f64::from_bits($x), f64::from_bits($y));
                        if $test == $cond {
                            jump!($jump);
                        }
                    }};
                }
                macro_rules! equal {
                    ($left:expr, $right:expr, $cond:expr, $jump:expr) => {{
                        let (left, right) = ($left, $right);
                        let same = match (left, right) {
                            (Value::Number(x), Value::Number(y)) => f64::from_bits(x) == f64::from_bits(y),
                            (Value::String(x), Value::String(y)) if x & y & LONG == 0 => x == y,
                            (Value::String(_), Value::String(_)) => state.heap.equal(left, right),
                            (Value::Table(x), Value::Table(y)) if x != y => {
                                let tables = &state.heap.tables;
                                if tables[x as u32].meta != NONE && tables[y as u32].meta != NONE {
                                    break 'slow;
                                }
                                false
                            }
                            (Value::Userdata(x), Value::Userdata(y)) if x != y => break 'slow,
                            _ => left == right,
                        };
                        if same == $cond {
                            jump!($jump);
                        }
                    }};
                }
                // Reads and writes of a table.
                macro_rules! get {
                    ($a:expr, $object:expr, $table:ident => $find:expr) => {{
                        let Value::Table(at) = $object else { break 'slow };
                        let $table = &state.heap.tables[at as u32];
                        let found = $find;
                        if found.is_nil() && $table.meta != NONE {
                            break 'slow;
                        }
                        regs[r($a)] = found;
                    }};
                }
                macro_rules! set_field {
                    ($object:expr, $payload:ident, $value:expr) => {{
                        let (object, value) = ($object, $value);
                        let Value::Table(at) = object else { break 'slow };
                        let table = &mut state.heap.tables[at as u32];
                        let readonly = table.readonly;
                        match table.short_mut($payload) {
                            Some(slot) if !slot.is_nil() && !readonly => *slot = value,
                            _ => break 'slow,
                        }
                    }};
                }
                macro_rules! set_index {
                    ($object:expr, $key:expr, $value:expr) => {{
                        let (object, key, value) = ($object, $key, $value);
                        let Value::Table(at) = object else { break 'slow };
                        let table = &mut state.heap.tables[at as u32];
                        let (meta, readonly) = (table.meta, table.readonly);
                        let slot = if let Value::Number(bits) = key {
                            let index = exact_index(f64::from_bits(bits)).unwrap_or(0);
                            table
                                .array
                                .get_mut((index as usize).wrapping_sub(1))
                                .filter(|slot| meta == NONE || !slot.is_nil())
                        } else {
                            table.find_mut(&state.heap.strings, key).filter(|slot| !slot.is_nil())
                        };
                        match slot {
                            Some(slot) if !readonly => *slot = value,
                            _ => break 'slow,
                        }
                    }};
                }
                match op {
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
                        let captured = &state.heap.captured[index];
                        if captured.slot == CLOSED {
                            regs[r(a)] = captured.value;
                        } else {
                            let value = state.captured_value(index);
                            regs = window!(state, base);
                            regs[r(a)] = value;
                        }
                    }
                    Op::SetUpval { a, b } => {
                        let index = state.heap.closures[closure].upvalues[r(b)];
                        let value = regs[r(a)];
                        let captured = &mut state.heap.captured[index];
                        if captured.slot == CLOSED {
                            captured.value = value;
                        } else {
                            state.set_captured(index, value);
                            regs = window!(state, base);
                        }
                    }
                    Op::GetGlobal { a, k } => {
                        let key = constants[k as usize];
                        let table = &state.heap.tables[env];
                        let found = match key {
                            Value::String(payload) if payload & LONG == 0 => table.get_short(payload),
                            _ => table.get(&state.heap.strings, key),
                        };
                        if found.is_nil() && table.meta != NONE {
                            break 'slow;
                        }
                        regs[r(a)] = found;
                    }
                    Op::SetGlobal { a, k } => {
                        let key = constants[k as usize];
                        let payload = if let Value::String(payload) = key { payload } else { LONG };
                        let globals = Value::Table(u64::from(env));
                        set_field!(globals, payload, regs[r(a)]);
                    }
                    Op::GetField { a, b, k } => {
                        let Value::String(payload) = constants[usize::from(k)] else { continue 'next };
                        get!(a, regs[r(b)], table => table.get_short(payload));
                    }
                    Op::GetInt { a, b, i } => {
                        get!(a, regs[r(b)], table => table.get_index(i64::from(i)));
                    }
                    Op::GetIndexK { a, b, k } => {
                        let key = constants[usize::from(k)];
                        get!(a, regs[r(b)], table => table.get(&state.heap.strings, key));
                    }
                    Op::GetIndex { a, b, c } => {
                        let key = regs[r(c)];
                        get!(a, regs[r(b)], table => match key {
                            Value::Number(bits) => table.get_number(f64::from_bits(bits)),
                            Value::String(payload) if payload & LONG == 0 => table.get_short(payload),
                            _ => table.get(&state.heap.strings, key),
                        });
                    }
                    Op::SetField { a, c, k } => {
                        let Value::String(payload) = constants[usize::from(k)] else { continue 'next };
                        set_field!(regs[r(a)], payload, regs[r(c)]);
                    }
                    Op::SetFieldK { a, k, v } => {
                        let Value::String(payload) = constants[usize::from(k)] else { continue 'next };
                        set_field!(regs[r(a)], payload, constants[usize::from(v)]);
                    }
                    Op::SetInt { a, c, i } => {
                        set_index!(regs[r(a)], Value::number(f64::from(i)), regs[r(c)]);
                    }
                    Op::SetIndexK { a, c, k } => {
                        set_index!(regs[r(a)], constants[usize::from(k)], regs[r(c)]);
                    }
                    Op::SetIndex { a, b, c } => {
                        set_index!(regs[r(a)], regs[r(b)], regs[r(c)]);
                    }
                    Op::NewTable { a, array, hash } => {
                        let table = state.heap.new_table(usize::from(array), usize::from(hash));
                        regs[r(a)] = Value::Table(u64::from(table));
                        collect!();
                    }
                    Op::SelfField { a, b, k } => {
                        let object = regs[r(b)];
                        regs[r(a) + 1] = object;
                        let key = constants[usize::from(k)];
                        match key {
                            Value::String(payload) if payload & LONG == 0 => {
                                // Objects find their methods one `__index` away: worth a short cut.
                                let mut found = Value::Nil;
                                if let Value::Table(at) = object {
                                    let table = &state.heap.tables[at as u32];
                                    found = table.get_short(payload);
                                    if found.is_nil() && table.meta != NONE {
                                        let index = state.heap.event_names[Event::Index as usize];
                                        if let Value::Table(class) = state.heap.tables[table.meta].get_short(index) {
                                            found = state.heap.tables[class as u32].get_short(payload);
                                        }
                                    }
                                } else if let Value::String(_) = object
                                    && state.heap.string_meta != NONE
                                {
                                    let index = state.heap.event_names[Event::Index as usize];
                                    if let Value::Table(class) =
                                        state.heap.tables[state.heap.string_meta].get_short(index)
                                    {
                                        found = state.heap.tables[class as u32].get_short(payload);
                                    }
                                }
                                if found.is_nil() {
                                    outcome!(state.index(protos, object, key, Some(b)), value => regs[r(a)] = value);
                                } else {
                                    regs[r(a)] = found;
                                }
                            }
                            _ => break 'slow,
                        }
                    }
                    Op::SelfIndex { .. } => break 'slow,
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
                    Op::ModRK { a, b, k } => arithmetic!(a, regs[r(b)], constants[usize::from(k)], x, y, modulo(x, y)),
                    Op::ModKR { a, k, c } => arithmetic!(a, constants[usize::from(k)], regs[r(c)], x, y, modulo(x, y)),
                    Op::Pow { a, b, c } => arithmetic!(a, regs[r(b)], regs[r(c)], x, y, power(x, y)),
                    Op::PowRK { a, b, k } => arithmetic!(a, regs[r(b)], constants[usize::from(k)], x, y, power(x, y)),
                    Op::PowKR { a, k, c } => arithmetic!(a, constants[usize::from(k)], regs[r(c)], x, y, power(x, y)),
                    Op::Unm { a, b } => {
                        let Value::Number(bits) = regs[r(b)] else { break 'slow };
                        regs[r(a)] = Value::number(negate(f64::from_bits(bits)));
                    }
                    Op::Not { a, b } => regs[r(a)] = Value::boolean(!regs[r(b)].truthy()),
                    Op::Len { a, b } => {
                        let Value::Table(at) = regs[r(b)] else { break 'slow };
                        let length = state.heap.tables[at as u32].length();
                        regs[r(a)] = Value::number(length as f64);
                    }
                    Op::Concat { a, b, c } => {
                        outcome!(state.concat(protos, b, c), value => regs[r(a)] = value);
                        collect!();
                    }
                    Op::Jump { jump } => jump!(jump),
                    Op::Eq { b, c, cond, jump } => equal!(regs[r(b)], regs[r(c)], cond, jump),
                    Op::EqK { b, k, jump } => equal!(regs[r(b)], constants[usize::from(k)], true, jump),
                    Op::NeK { b, k, jump } => equal!(regs[r(b)], constants[usize::from(k)], false, jump),
                    Op::Lt { b, c, cond, jump } => compare!(regs[r(b)], regs[r(c)], cond, jump, x, y, (x < y)),
                    Op::Le { b, c, cond, jump } => {
                        compare!(regs[r(b)], regs[r(c)], cond, jump, x, y, (x <= y));
                    }
                    Op::LtRK { b, k, jump } => {
                        compare!(regs[r(b)], constants[usize::from(k)], true, jump, x, y, (x < y));
                    }
                    Op::NotLtRK { b, k, jump } => {
                        compare!(regs[r(b)], constants[usize::from(k)], false, jump, x, y, (x < y));
                    }
                    Op::LtKR { c, k, jump } => {
                        compare!(constants[usize::from(k)], regs[r(c)], true, jump, x, y, (x < y));
                    }
                    Op::NotLtKR { c, k, jump } => {
                        compare!(constants[usize::from(k)], regs[r(c)], false, jump, x, y, (x < y));
                    }
                    Op::LeRK { b, k, jump } => {
                        compare!(regs[r(b)], constants[usize::from(k)], true, jump, x, y, (x <= y));
                    }
                    Op::NotLeRK { b, k, jump } => {
                        compare!(regs[r(b)], constants[usize::from(k)], false, jump, x, y, (x <= y));
                    }
                    Op::LeKR { c, k, jump } => {
                        compare!(constants[usize::from(k)], regs[r(c)], true, jump, x, y, (x <= y));
                    }
                    Op::NotLeKR { c, k, jump } => {
                        compare!(constants[usize::from(k)], regs[r(c)], false, jump, x, y, (x <= y));
                    }
                    Op::Test { a, cond, jump } => {
                        if regs[r(a)].truthy() == cond {
                            jump!(jump);
                        }
                    }
                    Op::TestSet { a, b, cond, jump } => {
                        let value = regs[r(b)];
                        if value.truthy() == cond {
                            regs[r(a)] = value;
                            jump!(jump);
                        }
                    }
                    Op::Call { a, b, c } => {
                        if state.fuel <= 0 {
                            pc -= 1;
                            save!();
                            return Ok(Flow::Exit(Exit::Fuel));
                        }
                        state.fuel -= 1;
                        let callee = regs[r(a)];
                        let slot = base + r(a);
                        let count = if b == 0 { state.top - slot - 1 } else { r(b) - 1 };
                        save!();
                        if let Value::Function(function) = callee {
                            state.push_lua(protos, function as u32, slot, count, i32::from(c) - 1, Finish::Plain)?;
                            continue 'frame;
                        }
                        match state.call(protos, slot, count, i32::from(c) - 1, Finish::Plain)? {
                            Outcome::Value(_) => {
                                if state.needs_collection() {
                                    state.forget_above(if c == 0 { state.top } else { slot + r(c) - 1 }, proto, base);
                                    state.collect_and_check(protos)?;
                                }
                                regs = window!(state, base);
                                env = state.heap.closures[closure].env;
                            }
                            Outcome::Called => continue 'frame,
                            Outcome::Exit(exit) => return Ok(Flow::Exit(exit)),
                        }
                    }
                    Op::TailCall { a, b } => {
                        if state.fuel <= 0 {
                            pc -= 1;
                            save!();
                            return Ok(Flow::Exit(Exit::Fuel));
                        }
                        state.fuel -= 1;
                        let callee = regs[r(a)];
                        let slot = base + r(a);
                        let count = if b == 0 { state.top - slot - 1 } else { r(b) - 1 };
                        save!();
                        if let Value::Function(function) = callee {
                            state.tail_call(protos, function as u32, slot, count)?;
                            continue 'frame;
                        }
                        match state.call(protos, slot, count, -1, Finish::Plain)? {
                            Outcome::Value(_) => {
                                regs = window!(state, base);
                            }
                            Outcome::Called => continue 'frame,
                            Outcome::Exit(exit) => return Ok(Flow::Exit(exit)),
                        }
                        collect!();
                    }
                    Op::Return1 { a } => {
                        let value = regs[r(a)];
                        if !state.open.is_empty() {
                            state.close(base);
                        }
                        let Some(frame) = state.frames.pop() else { return Ok(Flow::Switch) };
                        let func = frame.func as usize;
                        state.stack[func] = value;
                        state.callee = func;
                        if frame.wanted != 1 {
                            if frame.wanted < 0 {
                                state.top = func + 1;
                            } else if frame.wanted > 1 {
                                state.stack[func + 1..func + frame.wanted as usize].fill(Value::Nil);
                            }
                        }
                        if frame.finish != Finish::Plain {
                            return state.finish(protos, frame.finish);
                        }
                        continue 'frame;
                    }
                    Op::Return0 => {
                        if !state.open.is_empty() {
                            state.close(base);
                        }
                        let Some(frame) = state.frames.pop() else { return Ok(Flow::Switch) };
                        let func = frame.func as usize;
                        state.callee = func;
                        if frame.wanted < 0 {
                            state.top = func;
                        } else {
                            state.stack[func..func + frame.wanted as usize].fill(Value::Nil);
                        }
                        if frame.finish != Finish::Plain {
                            return state.finish(protos, frame.finish);
                        }
                        continue 'frame;
                    }
                    Op::Return { a, b } => {
                        let start = base + r(a);
                        let count = if b == 0 { state.top - start } else { r(b) - 1 };
                        if !state.open.is_empty() {
                            state.close(base);
                        }
                        let Some(frame) = state.frames.pop() else { return Ok(Flow::Switch) };
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
                                jump!(jump);
                            }
                        }
                    }
                    Op::ForPrep { a, jump } => {
                        save!();
                        state.prepare_for(base + r(a))?;
                        regs = window!(state, base);
                        pc = (pc as isize + jump as isize) as usize;
                    }
                    Op::TForLoop { a, c, jump } => {
                        if let (Value::Native(library::NEXT), Value::Table(at)) = (regs[r(a)], regs[r(a) + 1]) {
                            let found = state.heap.tables[at as u32].next(&state.heap.strings, regs[r(a) + 2]);
                            if let Ok(found) = found {
                                if let Some((key, value)) = found {
                                    regs[r(a) + 2] = key;
                                    regs[r(a) + 3] = key;
                                    if c > 1 {
                                        regs[r(a) + 4] = value;
                                        if c > 2 {
                                            regs[r(a) + 5..r(a) + 3 + r(c)].fill(Value::Nil);
                                        }
                                    }
                                    jump!(jump);
                                }
                                continue 'next;
                            }
                        }
                        if let (Value::Native(library::IPAIRS_STEP), Value::Table(at), Value::Number(bits)) =
                            (regs[r(a)], regs[r(a) + 1], regs[r(a) + 2])
                        {
                            let index = f64::from_bits(bits) + 1.0;
                            let value = state.heap.tables[at as u32].get_number(index);
                            if !value.is_nil() {
                                regs[r(a) + 2] = Value::number(index);
                                regs[r(a) + 3] = Value::number(index);
                                if c > 1 {
                                    regs[r(a) + 4] = value;
                                    if c > 2 {
                                        regs[r(a) + 5..r(a) + 3 + r(c)].fill(Value::Nil);
                                    }
                                }
                                jump!(jump);
                            }
                            continue 'next;
                        }
                        break 'slow;
                    }
                    Op::SetList { a, b, batch } => {
                        save!();
                        let slot = base + r(a);
                        let count = if b == 0 { state.top - slot - 1 } else { r(b) };
                        state.set_list(slot, count, batch as usize)?;
                        regs = window!(state, base);
                        collect!();
                    }
                    Op::Close { a } => {
                        state.close(base + r(a));
                        regs = window!(state, base);
                    }
                    Op::Closure { a, proto: child } => {
                        let value = state.make_closure(protos, proto.children[child as usize], closure, base);
                        regs = window!(state, base);
                        regs[r(a)] = value;
                        collect!();
                    }
                    Op::Vararg { a, b } => {
                        state.spread(proto, base, base + r(a), b)?;
                        regs = window!(state, base);
                    }
                }
                continue 'next;
            }
            save!();
            match state.in_full(protos)? {
                None => continue 'frame,
                Some(exit) => return Ok(Flow::Exit(exit)),
            }
        }
    }
}
