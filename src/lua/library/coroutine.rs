//! Coroutines: threads of the machine, switched by the dispatch loop.

use alloc::format;

use crate::{
    heap::THREAD_COST,
    stack::{Stack, WINDOW},
    state::{Args, Fault, Native, Ret, SLOT_COST, State, Status, Thread},
    value::Value,
};

use super::WRAP_STEP;

pub const FUNCTIONS: &[(&str, Native)] = &[
    ("create", create),
    ("resume", resume),
    ("running", running),
    ("status", status),
    ("wrap", wrap),
    ("yield", yield_values),
];

fn new_thread(state: &mut State, args: Args) -> Result<Value, Fault> {
    let function = state.arg(args, 0);
    if !matches!(function, Value::Function(_)) {
        return Err(Fault::argument(1, "Lua function expected"));
    }
    state.heap.reserve(THREAD_COST + WINDOW * SLOT_COST)?;
    let mut stack = Stack::new(8);
    state.heap.used += THREAD_COST + stack.len() * SLOT_COST;
    stack[0] = function;
    let env = state.globals;
    let thread = state.heap.threads.insert(Thread { stack, env, ..Thread::default() });
    Ok(Value::Thread(u64::from(thread)))
}

fn create(state: &mut State, args: Args) -> Result<Ret, Fault> {
    Ok(Ret::One(new_thread(state, args)?))
}

fn wrap(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let thread = new_thread(state, args)?;
    let captured = state.heap.new_box([thread, Value::Nil, Value::Nil]);
    Ok(Ret::One(Value::Native(WRAP_STEP | (u64::from(captured) + 1) << 32)))
}

fn check_thread(state: &State, args: Args) -> Result<u32, Fault> {
    match state.arg(args, 0) {
        Value::Thread(at) => Ok(at as u32),
        _ => Err(Fault::argument(1, "coroutine expected")),
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Suspended => "suspended",
        Status::Running => "running",
        Status::Normal => "normal",
        Status::Dead => "dead",
    }
}

fn status_of(state: &State, thread: u32) -> Status {
    if thread == state.thread { Status::Running } else { state.heap.threads[thread].status }
}

fn resume(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let thread = check_thread(state, args)?;
    let status = status_of(state, thread);
    if status != Status::Suspended {
        let text = format!("cannot resume {} coroutine", status_name(status));
        return Ok(Ret::Two(Value::False, state.heap.string(text.as_bytes())));
    }
    Ok(Ret::Resume { thread, start: args.base + 1, count: args.count - 1, wrap: false })
}

pub fn wrap_step(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let Value::Native(id) = state.stack[args.func()] else { return Ok(Ret::None) };
    let Value::Thread(thread) = state.heap.boxes[(id >> 32) as u32 - 1][0] else { return Ok(Ret::None) };
    let status = status_of(state, thread as u32);
    if status != Status::Suspended {
        return Err(Fault::message(format!("cannot resume {} coroutine", status_name(status))));
    }
    Ok(Ret::Resume { thread: thread as u32, start: args.base, count: args.count, wrap: true })
}

fn yield_values(_: &mut State, args: Args) -> Result<Ret, Fault> {
    Ok(Ret::Yield { start: args.base, count: args.count })
}

fn running(state: &mut State, _: Args) -> Result<Ret, Fault> {
    Ok(Ret::One(if state.thread == 0 { Value::Nil } else { Value::Thread(u64::from(state.thread)) }))
}

fn status(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let thread = check_thread(state, args)?;
    let name = status_name(status_of(state, thread));
    Ok(Ret::One(state.heap.string(name.as_bytes())))
}
