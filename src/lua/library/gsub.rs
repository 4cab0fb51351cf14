//! `string.gsub`: a match, a replacement that may be a call, and so on, each of which may have to wait.

use alloc::{boxed::Box, format, vec::Vec};

use crate::{
    meta::Event,
    number,
    state::{Args, Continuation, Fault, Ret, State},
    text::Text,
    value::Value,
};

use super::{
    matcher::{self, BUDGET, Matcher, Progress},
    pattern::visible,
};

#[derive(Clone, Debug)]
pub struct Gsub {
    subject: u64,
    pattern: u64,
    replacement: Value,
    limit: i64,
    count: i64,
    at: usize,
    anchored: bool,
    running: bool,
    /// A match whose replacement is being computed ends here.
    waiting: Option<usize>,
    matcher: Matcher,
    out: Vec<u8>,
}

impl Gsub {
    pub fn values(&self) -> [Value; 3] {
        [Value::String(self.subject), Value::String(self.pattern), self.replacement]
    }
}

pub fn gsub(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let subject = state.check_string(args, 0)?;
    let pattern = state.check_string(args, 1)?;
    let length = state.heap.bytes(subject).len();
    let limit = state.optional_integer(args, 3, length as i64 + 1)?;
    let mut replacement = state.arg(args, 2);
    match replacement {
        Value::Number(_) => replacement = Value::String(state.check_string(args, 2)?),
        Value::String(_) | Value::Table(_) | Value::Function(_) | Value::Native(_) | Value::Host(_) => {}
        _ => return Err(Fault::argument(3, "string/function/table expected")),
    }
    let anchored = state.heap.bytes(pattern).first() == Some(&b'^');
    let gsub = Gsub {
        subject,
        pattern,
        replacement,
        limit,
        count: 0,
        at: 0,
        anchored,
        running: false,
        waiting: None,
        matcher: Matcher::default(),
        out: Vec::new(),
    };
    advance(state, args, Box::new(gsub))
}

pub fn go_on(state: &mut State, args: Args, mut gsub: Box<Gsub>, start: usize, count: usize) -> Result<Ret, Fault> {
    if let Some(end) = gsub.waiting.take() {
        let value = if count > 0 { state.stack[start] } else { Value::Nil };
        append(state, &mut gsub, value, end)?;
        if !after_match(state, &mut gsub, end) {
            return done(state, &mut gsub);
        }
    }
    advance(state, args, gsub)
}

fn advance(state: &mut State, args: Args, mut gsub: Box<Gsub>) -> Result<Ret, Fault> {
    let mut budget = BUDGET;
    while gsub.count < gsub.limit {
        let text = state.heap.strings.get(gsub.subject);
        let pattern = visible(state.heap.strings.get(gsub.pattern));
        if !gsub.running {
            if !gsub.anchored {
                let next = matcher::next_start(text, pattern, gsub.at, &mut budget);
                gsub.out.add(&text[gsub.at..next]);
                gsub.at = next;
            }
            let (at, first) = (gsub.at, usize::from(gsub.anchored));
            gsub.matcher.begin(at, first);
            gsub.running = true;
        }
        match gsub.matcher.run(text, pattern, &mut budget)? {
            Progress::OutOfBudget => {
                state.charge(BUDGET * 4);
                return Ok(Ret::Again(Continuation::Gsub(gsub)));
            }
            Progress::Matched(end) => {
                gsub.count += 1;
                gsub.running = false;
                match replacement(state, &mut gsub, end)? {
                    Next::Value(value) => append(state, &mut gsub, value, end)?,
                    Next::Appended => {}
                    Next::Call(function, key) => return call(state, args, gsub, function, key, end),
                }
                if !after_match(state, &mut gsub, end) {
                    break;
                }
            }
            Progress::Failed => {
                gsub.running = false;
                let Some(&byte) = text.get(gsub.at) else { break };
                gsub.out.push(byte);
                gsub.at += 1;
                if gsub.anchored {
                    break;
                }
            }
        }
    }
    state.charge((BUDGET - budget) * 4);
    done(state, &mut gsub)
}

fn done(state: &mut State, gsub: &mut Gsub) -> Result<Ret, Fault> {
    let text = state.heap.bytes(gsub.subject);
    let mut out = core::mem::take(&mut gsub.out);
    state.heap.reserve(out.len() + text.len())?;
    out.add(&text[gsub.at.min(text.len())..]);
    let text = state.heap.string_owned(out)?;
    Ok(Ret::Two(text, Value::number(gsub.count as f64)))
}

/// Moves behind a match; false at the end.
fn after_match(state: &State, gsub: &mut Gsub, end: usize) -> bool {
    if end > gsub.at {
        gsub.at = end;
    } else if let Some(&byte) = state.heap.bytes(gsub.subject).get(gsub.at) {
        gsub.out.push(byte);
        gsub.at += 1;
    } else {
        return false;
    }
    !gsub.anchored
}

enum Next {
    Value(Value),
    Appended,
    /// To be called with the captures, or with a table and a key.
    Call(Value, Option<(Value, Value)>),
}

fn replacement(state: &mut State, gsub: &mut Gsub, end: usize) -> Result<Next, Fault> {
    match gsub.replacement {
        Value::String(payload) => {
            expand(state, gsub, payload, end)?;
            Ok(Next::Appended)
        }
        table @ Value::Table(_) => {
            let key = gsub.matcher.capture(state, gsub.subject, 0, end)?;
            let mut object = table;
            for _ in 0..100 {
                let handler = if let Value::Table(at) = object {
                    let found = state.heap.get(at as u32, key);
                    let meta = state.heap.tables[at as u32].meta;
                    let handler = state.heap.fast_metamethod(meta, Event::Index);
                    if !found.is_nil() || handler.is_nil() {
                        return Ok(Next::Value(found));
                    }
                    handler
                } else {
                    state.heap.metamethod(object, Event::Index)
                };
                if handler.is_function() {
                    return Ok(Next::Call(handler, Some((object, key))));
                }
                if handler.is_nil() {
                    return Err(Fault::operand("index", object, None));
                }
                object = handler;
            }
            Err(Fault::runtime("loop in gettable"))
        }
        function => Ok(Next::Call(function, None)),
    }
}

fn call(
    state: &mut State,
    args: Args,
    mut gsub: Box<Gsub>,
    function: Value,
    key: Option<(Value, Value)>,
    end: usize,
) -> Result<Ret, Fault> {
    let slot = args.free_slot();
    let count = if let Some((object, key)) = key {
        state.call_with(slot, function, &[object, key])?;
        2
    } else {
        let count = gsub.matcher.count(true);
        state.ensure(slot + 1 + count)?;
        state.stack[slot] = function;
        for index in 0..count {
            state.stack[slot + 1 + index] = gsub.matcher.capture(state, gsub.subject, index, end)?;
        }
        count
    };
    gsub.waiting = Some(end);
    Ok(Ret::Call { func: slot, count, then: Continuation::Gsub(gsub) })
}

/// The replacement text with its `%1`.
fn expand(state: &mut State, gsub: &mut Gsub, payload: u64, end: usize) -> Result<(), Fault> {
    let length = state.heap.bytes(payload).len();
    let mut at = 0;
    while at < length {
        let text = state.heap.bytes(payload);
        if text[at] != b'%' {
            let run = text[at..].iter().position(|byte| *byte == b'%').unwrap_or(length - at);
            gsub.out.add(&text[at..at + run]);
            at += run;
            continue;
        }
        let next = text.get(at + 1).copied().unwrap_or(0);
        at += 2;
        match next {
            b'0' => {
                let whole = &state.heap.bytes(gsub.subject)[gsub.matcher.start..end];
                gsub.out.add(whole);
            }
            b'1'..=b'9' => {
                let value = gsub.matcher.capture(state, gsub.subject, usize::from(next - b'1'), end)?;
                push_text(state, gsub, value);
            }
            other => gsub.out.put(other),
        }
    }
    state.heap.reserve(gsub.out.len())
}

fn push_text(state: &State, gsub: &mut Gsub, value: Value) {
    match value {
        Value::Number(bits) => number::append(&mut gsub.out, f64::from_bits(bits)),
        other => gsub.out.add(state.bytes(other)),
    }
}

fn append(state: &mut State, gsub: &mut Gsub, value: Value, end: usize) -> Result<(), Fault> {
    match value {
        Value::Nil | Value::False => {
            let whole = &state.heap.strings.get(gsub.subject)[gsub.matcher.start..end];
            gsub.out.add(whole);
        }
        Value::String(_) | Value::Number(_) => push_text(state, gsub, value),
        other => {
            return Err(Fault::message(format!("invalid replacement value (a {})", other.type_name())));
        }
    }
    state.heap.reserve(gsub.out.len())
}
