//! The dispatch loop. One `match` over the instruction, with pc, code, constants and a window of registers in locals; it
//! is left when fuel runs out, so that a browser can swap in optimised code for it, and whenever the frame on top is not
//! Lua code. Whatever is not the plain case of an instruction goes to a function elsewhere; afterwards the window is
//! taken anew, because the stack may have moved.
//!
//! `HOOKS` makes a second copy that stops at every new line: a debugger costs nothing while nobody debugs.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    arena::Arena,
    calls::Outcome,
    codegen::{FIELDS_PER_FLUSH, Key},
    heap::CLOSED,
    instruction::{Op, Proto},
    library,
    meta::{Event, for_continues},
    state::{Exit, Fault, Finish, Flow, NATIVE, State, WINDOW},
    table::NONE,
    value::{LONG, Value, exact_index, modulo, negate, power},
};

/// Runs until something leaves the machine.
pub fn run<const HOOKS: bool>(state: &mut State, protos: &Arena<Proto>) -> Exit {
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
            execute::<HOOKS>(state, protos)
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
            None => return Err(Fault::Memory),
        }
    };
}

#[inline]
fn r(register: u8) -> usize {
    register as usize
}

#[allow(clippy::cognitive_complexity)]
fn execute<const HOOKS: bool>(state: &mut State, protos: &Arena<Proto>) -> Result<Flow, Fault> {
    'frame: loop {
        let Some(frame) = state.frames.last() else { return Ok(Flow::Switch) };
        if frame.closure == NATIVE {
            return Ok(Flow::Switch);
        }
        let proto = &protos[frame.proto];
        let code = proto.code.as_slice();
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
        macro_rules! arithmetic {
            ($event:ident, $a:ident, $left:expr, $right:expr, $lk:expr, $rk:expr, $x:ident, $y:ident, $result:expr) => {
                if let (Value::Number($x), Value::Number($y)) = ($left, $right) {
                    let ($x, $y) = (f64::from_bits($x), f64::from_bits($y));
                    regs[r($a)] = Value::number($result);
                } else {
                    outcome!(state.arith(protos, Event::$event, $lk, $rk), value => regs[r($a)] = value);
                }
            };
        }
        macro_rules! rr {
            ($event:ident, $a:ident, $b:ident, $c:ident, $x:ident, $y:ident, $result:expr) => {
                arithmetic!($event, $a, regs[r($b)], regs[r($c)], Key::Register($b), Key::Register($c), $x, $y, $result)
            };
        }
        macro_rules! rk {
            ($event:ident, $a:ident, $b:ident, $k:ident, $x:ident, $y:ident, $result:expr) => {
                arithmetic!(
                    $event,
                    $a,
                    regs[r($b)],
                    constants[usize::from($k)],
                    Key::Register($b),
                    Key::Constant($k),
                    $x,
                    $y,
                    $result
                )
            };
        }
        macro_rules! kr {
            ($event:ident, $a:ident, $k:ident, $c:ident, $x:ident, $y:ident, $result:expr) => {
                arithmetic!(
                    $event,
                    $a,
                    constants[usize::from($k)],
                    regs[r($c)],
                    Key::Constant($k),
                    Key::Register($c),
                    $x,
                    $y,
                    $result
                )
            };
        }
        macro_rules! compare {
            ($slow:ident, $left:expr, $right:expr, $cond:expr, $jump:expr, $x:ident, $y:ident, $test:expr) => {{
                let (left, right) = ($left, $right);
                if let (Value::Number($x), Value::Number($y)) = (left, right) {
                    let ($x, $y) = (f64::from_bits($x), f64::from_bits($y));
                    if $test == $cond {
                        jump!($jump);
                    }
                } else {
                    outcome!(state.$slow(protos, left, right), value => if value.truthy() == $cond {
                        jump!($jump);
                    });
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
                        if state.heap.tables[x as u32].meta == NONE || state.heap.tables[y as u32].meta == NONE {
                            false
                        } else {
                            outcome!(state.equals(protos, left, right), value => value.truthy())
                        }
                    }
                    (Value::Userdata(x), Value::Userdata(y)) if x != y => {
                        outcome!(state.equals(protos, left, right), value => value.truthy())
                    }
                    _ => left == right,
                };
                if same == $cond {
                    jump!($jump);
                }
            }};
        }
        // Reads and writes of a table by a short string.
        macro_rules! get_field {
            ($a:expr, $object:expr, $register:expr, $payload:ident) => {
                let object = $object;
                let mut found = Value::Nil;
                let mut plain = false;
                if let Value::Table(at) = object {
                    let table = &state.heap.tables[at as u32];
                    found = table.get_short($payload);
                    plain = !found.is_nil() || table.meta == NONE;
                }
                if plain {
                    regs[r($a)] = found;
                } else {
                    outcome!(
                        state.index(protos, object, Value::String($payload), $register),
                        value => regs[r($a)] = value
                    );
                }
            };
        }
        macro_rules! set_field {
            ($object:expr, $register:expr, $key:expr, $payload:ident, $value:expr) => {
                let (object, value) = ($object, $value);
                let mut done = false;
                if let Value::Table(at) = object {
                    let table = &mut state.heap.tables[at as u32];
                    if !table.readonly
                        && let Some(slot) = table.short_mut($payload)
                        && !slot.is_nil()
                    {
                        *slot = value;
                        done = true;
                    }
                }
                if !done {
                    outcome!(state.set_index(protos, object, $key, value, $register), _value => {});
                    collect!();
                }
            };
        }
        macro_rules! get_index {
            ($a:expr, $object:expr, $register:expr, $key:expr) => {
                let (object, key) = ($object, $key);
                let mut found = Value::Nil;
                let mut plain = false;
                if let Value::Table(at) = object {
                    let table = &state.heap.tables[at as u32];
                    found = match key {
                        Value::Number(bits) => table.get_number(f64::from_bits(bits)),
                        Value::String(payload) if payload & LONG == 0 => table.get_short(payload),
                        _ => table.get(&state.heap.strings, key),
                    };
                    plain = !found.is_nil() || table.meta == NONE;
                }
                if plain {
                    regs[r($a)] = found;
                } else {
                    outcome!(state.index(protos, object, key, $register), value => regs[r($a)] = value);
                }
            };
        }
        macro_rules! set_index {
            ($object:expr, $register:expr, $key:expr, $value:expr) => {
                let (object, key, value) = ($object, $key, $value);
                let mut done = false;
                if let Value::Table(at) = object {
                    let table = &mut state.heap.tables[at as u32];
                    if !table.readonly {
                        if let Value::Number(bits) = key {
                            let index = exact_index(f64::from_bits(bits)).unwrap_or(0);
                            if let Some(slot) = table.array.get_mut((index as usize).wrapping_sub(1))
                                && (table.meta == NONE || !slot.is_nil())
                            {
                                *slot = value;
                                done = true;
                            }
                        } else if let Some(slot) = table.find_mut(&state.heap.strings, key)
                            && !slot.is_nil()
                        {
                            *slot = value;
                            done = true;
                        }
                    }
                }
                if !done {
                    outcome!(state.set_index(protos, object, key, value, $register), _value => {});
                    collect!();
                }
            };
        }

        loop {
            let Some(&op) = code.get(pc) else { return Err(Fault::runtime("end of code")) };
            if HOOKS {
                if state.stop_at_line(proto, pc) {
                    save!();
                    return Ok(Flow::Exit(Exit::Line));
                }
                regs = window!(state, base);
            }
            pc += 1;
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
                    if !found.is_nil() || table.meta == NONE {
                        regs[r(a)] = found;
                    } else {
                        let globals = Value::Table(u64::from(env));
                        outcome!(state.index(protos, globals, key, None), value => regs[r(a)] = value);
                    }
                }
                Op::SetGlobal { a, k } => {
                    let key = constants[k as usize];
                    let payload = if let Value::String(payload) = key { payload } else { LONG };
                    let globals = Value::Table(u64::from(env));
                    set_field!(globals, None, key, payload, regs[r(a)]);
                }
                Op::GetField { a, b, k } => {
                    let Value::String(payload) = constants[usize::from(k)] else { continue };
                    get_field!(a, regs[r(b)], Some(b), payload);
                }
                Op::GetInt { a, b, i } => {
                    let object = regs[r(b)];
                    let mut found = Value::Nil;
                    let mut plain = false;
                    if let Value::Table(at) = object {
                        let table = &state.heap.tables[at as u32];
                        found = table.get_index(i64::from(i));
                        plain = !found.is_nil() || table.meta == NONE;
                    }
                    if plain {
                        regs[r(a)] = found;
                    } else {
                        let key = Value::number(f64::from(i));
                        outcome!(state.index(protos, object, key, Some(b)), value => regs[r(a)] = value);
                    }
                }
                Op::GetIndexK { a, b, k } => {
                    get_index!(a, regs[r(b)], Some(b), constants[usize::from(k)]);
                }
                Op::GetIndex { a, b, c } => {
                    get_index!(a, regs[r(b)], Some(b), regs[r(c)]);
                }
                Op::SetField { a, c, k } => {
                    let key = constants[usize::from(k)];
                    let Value::String(payload) = key else { continue };
                    set_field!(regs[r(a)], Some(a), key, payload, regs[r(c)]);
                }
                Op::SetFieldK { a, k, v } => {
                    let key = constants[usize::from(k)];
                    let Value::String(payload) = key else { continue };
                    set_field!(regs[r(a)], Some(a), key, payload, constants[usize::from(v)]);
                }
                Op::SetInt { a, c, i } => {
                    set_index!(regs[r(a)], Some(a), Value::number(f64::from(i)), regs[r(c)]);
                }
                Op::SetIndexK { a, c, k } => {
                    set_index!(regs[r(a)], Some(a), constants[usize::from(k)], regs[r(c)]);
                }
                Op::SetIndex { a, b, c } => {
                    set_index!(regs[r(a)], Some(a), regs[r(b)], regs[r(c)]);
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
                                if let Value::Table(class) = state.heap.tables[state.heap.string_meta].get_short(index)
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
                        _ => outcome!(state.index(protos, object, key, Some(b)), value => regs[r(a)] = value),
                    }
                }
                Op::SelfIndex { a, b, c } => {
                    let (object, key) = (regs[r(b)], regs[r(c)]);
                    regs[r(a) + 1] = object;
                    outcome!(state.index(protos, object, key, Some(b)), value => regs[r(a)] = value);
                }
                Op::Add { a, b, c } => rr!(Add, a, b, c, x, y, x + y),
                Op::AddRK { a, b, k } => rk!(Add, a, b, k, x, y, x + y),
                Op::AddKR { a, k, c } => kr!(Add, a, k, c, x, y, x + y),
                Op::Sub { a, b, c } => rr!(Sub, a, b, c, x, y, x - y),
                Op::SubRK { a, b, k } => rk!(Sub, a, b, k, x, y, x - y),
                Op::SubKR { a, k, c } => kr!(Sub, a, k, c, x, y, x - y),
                Op::Mul { a, b, c } => rr!(Mul, a, b, c, x, y, x * y),
                Op::MulRK { a, b, k } => rk!(Mul, a, b, k, x, y, x * y),
                Op::MulKR { a, k, c } => kr!(Mul, a, k, c, x, y, x * y),
                Op::Div { a, b, c } => rr!(Div, a, b, c, x, y, x / y),
                Op::DivRK { a, b, k } => rk!(Div, a, b, k, x, y, x / y),
                Op::DivKR { a, k, c } => kr!(Div, a, k, c, x, y, x / y),
                Op::Mod { a, b, c } => rr!(Mod, a, b, c, x, y, modulo(x, y)),
                Op::ModRK { a, b, k } => rk!(Mod, a, b, k, x, y, modulo(x, y)),
                Op::ModKR { a, k, c } => kr!(Mod, a, k, c, x, y, modulo(x, y)),
                Op::Pow { a, b, c } => rr!(Pow, a, b, c, x, y, power(x, y)),
                Op::PowRK { a, b, k } => rk!(Pow, a, b, k, x, y, power(x, y)),
                Op::PowKR { a, k, c } => kr!(Pow, a, k, c, x, y, power(x, y)),
                Op::Unm { a, b } => {
                    if let Value::Number(bits) = regs[r(b)] {
                        regs[r(a)] = Value::number(negate(f64::from_bits(bits)));
                    } else {
                        let key = Key::Register(b);
                        outcome!(state.arith(protos, Event::Unm, key, key), value => regs[r(a)] = value);
                    }
                }
                Op::Not { a, b } => regs[r(a)] = Value::boolean(!regs[r(b)].truthy()),
                Op::Len { a, b } => {
                    if let Value::Table(at) = regs[r(b)] {
                        let length = state.heap.tables[at as u32].length();
                        regs[r(a)] = Value::number(length as f64);
                    } else {
                        outcome!(state.length(protos, b), value => regs[r(a)] = value);
                    }
                }
                Op::Concat { a, b, c } => {
                    outcome!(state.concat(protos, b, c), value => regs[r(a)] = value);
                    collect!();
                }
                Op::Jump { jump } => jump!(jump),
                Op::Eq { b, c, cond, jump } => equal!(regs[r(b)], regs[r(c)], cond, jump),
                Op::EqK { b, k, jump } => equal!(regs[r(b)], constants[usize::from(k)], true, jump),
                Op::NeK { b, k, jump } => equal!(regs[r(b)], constants[usize::from(k)], false, jump),
                Op::Lt { b, c, cond, jump } => compare!(less, regs[r(b)], regs[r(c)], cond, jump, x, y, (x < y)),
                Op::Le { b, c, cond, jump } => {
                    compare!(less_equal, regs[r(b)], regs[r(c)], cond, jump, x, y, (x <= y));
                }
                Op::LtRK { b, k, jump } => {
                    compare!(less, regs[r(b)], constants[usize::from(k)], true, jump, x, y, (x < y));
                }
                Op::NotLtRK { b, k, jump } => {
                    compare!(less, regs[r(b)], constants[usize::from(k)], false, jump, x, y, (x < y));
                }
                Op::LtKR { c, k, jump } => {
                    compare!(less, constants[usize::from(k)], regs[r(c)], true, jump, x, y, (x < y));
                }
                Op::NotLtKR { c, k, jump } => {
                    compare!(less, constants[usize::from(k)], regs[r(c)], false, jump, x, y, (x < y));
                }
                Op::LeRK { b, k, jump } => {
                    compare!(less_equal, regs[r(b)], constants[usize::from(k)], true, jump, x, y, (x <= y));
                }
                Op::NotLeRK { b, k, jump } => {
                    compare!(less_equal, regs[r(b)], constants[usize::from(k)], false, jump, x, y, (x <= y));
                }
                Op::LeKR { c, k, jump } => {
                    compare!(less_equal, constants[usize::from(k)], regs[r(c)], true, jump, x, y, (x <= y));
                }
                Op::NotLeKR { c, k, jump } => {
                    compare!(less_equal, constants[usize::from(k)], regs[r(c)], false, jump, x, y, (x <= y));
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
                    let mut numbers = [0.0; 3];
                    for (offset, name) in ["initial value", "limit", "step"].iter().enumerate() {
                        let value = regs[r(a) + offset];
                        let number = if let Value::Number(bits) = value {
                            Some(f64::from_bits(bits))
                        } else {
                            let number = state.to_number(value);
                            regs = window!(state, base);
                            number
                        };
                        let Some(number) = number else {
                            save!();
                            return Err(Fault::Runtime(alloc::format!("'for' {name} must be a number")));
                        };
                        numbers[offset] = number;
                        regs[r(a) + offset] = Value::number(number);
                    }
                    regs[r(a)] = Value::number(numbers[0] - numbers[2]);
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
                            continue;
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
                        continue;
                    }
                    regs.copy_within(r(a)..r(a) + 3, r(a) + 3);
                    save!();
                    let slot = base + r(a) + 3;
                    state.calls += 1;
                    match state.call(protos, slot, 2, i32::from(c), Finish::Meta)? {
                        Outcome::Value(first) => {
                            state.calls -= 1;
                            regs = window!(state, base);
                            let first = if c == 0 { first } else { regs[r(a) + 3] };
                            if !first.is_nil() {
                                regs[r(a) + 2] = first;
                                jump!(jump);
                            }
                        }
                        Outcome::Called => continue 'frame,
                        Outcome::Exit(exit) => return Ok(Flow::Exit(exit)),
                    }
                    collect!();
                }
                Op::SetList { a, b, batch } => {
                    let Value::Table(at) = regs[r(a)] else { continue };
                    let table = at as u32;
                    let count = if b == 0 { state.top - (base + r(a)) - 1 } else { r(b) };
                    let first = (batch as usize - 1) * FIELDS_PER_FLUSH as usize;
                    save!();
                    if first + count > state.heap.tables[table].array.len() {
                        state.heap.grow_array(table, first + count)?;
                    }
                    for offset in 0..count {
                        let value = state.stack[base + r(a) + 1 + offset];
                        state.heap.set_index(table, (first + offset + 1) as i64, value)?;
                    }
                    regs = window!(state, base);
                    collect!();
                }
                Op::Close { a } => {
                    state.close(base + r(a));
                    regs = window!(state, base);
                }
                Op::Closure { a, proto: child } => {
                    let number = proto.children[child as usize];
                    let wanted = &protos[number].upvalues;
                    let mut upvalues = Vec::with_capacity(wanted.len());
                    for upvalue in wanted {
                        upvalues.push(if upvalue.local {
                            state.capture(base + usize::from(upvalue.index))
                        } else {
                            state.heap.closures[closure].upvalues[usize::from(upvalue.index)]
                        });
                    }
                    let upvalues: Box<[u32]> = upvalues.into_boxed_slice();
                    let value = state.heap.new_closure(number, env, upvalues);
                    regs = window!(state, base);
                    regs[r(a)] = value;
                    collect!();
                }
                Op::Vararg { a, b } => {
                    let Some(frame) = state.frames.last() else { return Ok(Flow::Switch) };
                    let first = frame.func as usize + 1 + usize::from(proto.parameters);
                    let available = base - first;
                    let target = base + r(a);
                    let wanted = if b == 0 { available } else { r(b) - 1 };
                    state.ensure(target + wanted)?;
                    if wanted > 64 {
                        state.charge(wanted * 16);
                    }
                    let copied = wanted.min(available);
                    state.stack.copy_within(first..first + copied, target);
                    state.stack[target + copied..target + wanted].fill(Value::Nil);
                    if b == 0 {
                        state.top = target + wanted;
                    }
                    regs = window!(state, base);
                }
            }
        }
    }
}

impl State {
    /// The running frame makes way for the function it calls last.
    #[inline(never)]
    fn tail_call(&mut self, protos: &Arena<Proto>, function: u32, slot: usize, count: usize) -> Result<(), Fault> {
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
            top.tail_calls = frame.tail_calls + 1;
        }
        Ok(())
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
