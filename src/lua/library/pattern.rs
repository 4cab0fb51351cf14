//! `find`, `match` and `gmatch`: places where a pattern matches, looked for one after another.

use alloc::boxed::Box;

use crate::{
    state::{Args, Continuation, Fault, Ret, State},
    value::Value,
};

use super::{
    GMATCH_STEP,
    matcher::{self, BUDGET, Matcher, Progress},
    string::relative,
};

/// Patterns are C strings: a zero byte ends them.
pub fn visible(pattern: &[u8]) -> &[u8] {
    crate::text::until_nul(pattern)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Find,
    Match,
    /// Moves on by itself: the box remembers the place.
    Gmatch(u32),
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    kind: Kind,
    subject: u64,
    pattern: u64,
    at: usize,
    anchored: bool,
    running: bool,
    matcher: Matcher,
}

impl Search {
    pub fn values(&self) -> [Value; 2] {
        [Value::String(self.subject), Value::String(self.pattern)]
    }
}

pub fn find(state: &mut State, args: Args) -> Result<Ret, Fault> {
    search(state, args, Kind::Find)
}

pub fn match_text(state: &mut State, args: Args) -> Result<Ret, Fault> {
    search(state, args, Kind::Match)
}

fn search(state: &mut State, args: Args, kind: Kind) -> Result<Ret, Fault> {
    let subject = state.check_string(args, 0)?;
    let pattern = state.check_string(args, 1)?;
    let length = state.heap.bytes(subject).len();
    let init = relative(state.optional_integer(args, 2, 1)?, length) - 1;
    let init = init.clamp(0, length as i64) as usize;
    let text = state.heap.bytes(pattern);
    let special = visible(text).iter().any(|byte| b"^$*+?.([%-".contains(byte));
    if kind == Kind::Find && (state.arg(args, 3).truthy() || !special) {
        let found = find_plain(&state.heap.bytes(subject)[init..], text);
        let needle = text.len();
        state.charge(length - init);
        return Ok(match found {
            Some(at) => {
                let start = init + at;
                Ret::Two(Value::number((start + 1) as f64), Value::number((start + needle) as f64))
            }
            None => Ret::One(Value::Nil),
        });
    }
    let anchored = text.first() == Some(&b'^');
    begin(state, args, kind, (subject, pattern), init, anchored)
}

/// A search moves to the heap only if it takes long.
fn begin(
    state: &mut State,
    args: Args,
    kind: Kind,
    (subject, pattern): (u64, u64),
    at: usize,
    anchored: bool,
) -> Result<Ret, Fault> {
    let mut search = Search { kind, subject, pattern, at, anchored, running: false, matcher: Matcher::default() };
    match step(state, args, &mut search)? {
        Some(ret) => Ok(ret),
        None => Ok(Ret::Again(Continuation::Search(Box::new(search)))),
    }
}

pub fn go_on(state: &mut State, args: Args, mut search: Box<Search>) -> Result<Ret, Fault> {
    match step(state, args, &mut search)? {
        Some(ret) => Ok(ret),
        None => Ok(Ret::Again(Continuation::Search(search))),
    }
}

pub fn find_plain(text: &[u8], needle: &[u8]) -> Option<usize> {
    let Some((&first, rest)) = needle.split_first() else { return Some(0) };
    let mut at = 0;
    while let Some(offset) = text[at..].iter().position(|byte| *byte == first) {
        at += offset + 1;
        if text[at..].starts_with(rest) {
            return Some(at - 1);
        }
    }
    None
}

/// Runs for a budget; `None` if that was not enough.
fn step(state: &mut State, args: Args, search: &mut Search) -> Result<Option<Ret>, Fault> {
    let mut budget = BUDGET;
    let text = state.heap.strings.get(search.subject);
    let pattern = visible(state.heap.strings.get(search.pattern));
    let first = usize::from(search.anchored);
    let found = loop {
        if !search.running {
            if !search.anchored {
                search.at = matcher::next_start(text, pattern, search.at, &mut budget);
            }
            search.matcher.begin(search.at, first);
            search.running = true;
        }
        match search.matcher.run(text, pattern, &mut budget)? {
            Progress::OutOfBudget => break None,
            Progress::Matched(end) => break Some(Some(end)),
            Progress::Failed => {
                search.running = false;
                search.at += 1;
                if search.at > text.len() || search.anchored {
                    break Some(None);
                }
            }
        }
    };
    if search.matcher.cost() > state.heap.limit {
        return Err(Fault::memory());
    }
    state.charge((BUDGET - budget) * 4);
    let Some(found) = found else { return Ok(None) };
    let Some(end) = found else { return Ok(Some(Ret::One(Value::Nil))) };
    let matcher = &search.matcher;
    let start = matcher.start;
    if let Kind::Gmatch(at) = search.kind {
        let next = if end == start { end + 1 } else { end };
        state.heap.boxes[at][2] = Value::number(next as f64);
    }
    let extra = if search.kind == Kind::Find { 2 } else { 0 };
    let count = matcher.count(search.kind != Kind::Find);
    if count == 1 && extra == 0 {
        return Ok(Some(Ret::One(matcher.capture(state, search.subject, 0, end)?)));
    }
    let slot = args.free_slot();
    state.ensure(slot + extra + count)?;
    if extra > 0 {
        state.stack[slot] = Value::number((start + 1) as f64);
        state.stack[slot + 1] = Value::number(end as f64);
    }
    for index in 0..count {
        state.stack[slot + extra + index] = matcher.capture(state, search.subject, index, end)?;
    }
    Ok(Some(Ret::Many { start: slot, count: extra + count }))
}

pub fn gmatch(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let subject = state.check_string(args, 0)?;
    let pattern = state.check_string(args, 1)?;
    let values = [Value::String(subject), Value::String(pattern), Value::number(0.0)];
    let captured = state.heap.new_box(values);
    Ok(Ret::One(Value::Native(GMATCH_STEP | (u64::from(captured) + 1) << 32)))
}

pub fn gmatch_step(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let Value::Native(id) = state.stack[args.func()] else { return Ok(Ret::None) };
    let at = (id >> 32) as u32 - 1;
    let [Value::String(subject), Value::String(pattern), Value::Number(bits)] = state.heap.boxes[at] else {
        return Ok(Ret::None);
    };
    let from = f64::from_bits(bits) as usize;
    if from > state.heap.strings.get(subject).len() {
        return Ok(Ret::One(Value::Nil));
    }
    begin(state, args, Kind::Gmatch(at), (subject, pattern), from, false)
}
