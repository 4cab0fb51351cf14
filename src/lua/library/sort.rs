//! `table.sort`: PUC's quicksort, step for step, because an unstable sort shows its steps, and a comparison that is not an
//! order shows them too. Each comparison may be a call, so the algorithm is a machine with five places to wait.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    meta::{Event, order_error},
    state::{Args, Continuation, Fault, Ret, State},
    value::Value,
};

/// The comparison in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The last against the first.
    Ends,
    /// The middle against the first.
    MiddleFirst,
    /// The last against the middle.
    LastMiddle,
    /// From below, against the pivot.
    Up,
    /// From above.
    Down,
}

#[derive(Clone, Debug)]
pub struct Sort {
    table: u32,
    comparator: Value,
    low: i64,
    high: i64,
    i: i64,
    j: i64,
    pivot: Value,
    left: Value,
    right: Value,
    phase: Phase,
    ranges: Vec<(i64, i64)>,
    waiting: bool,
}

impl Sort {
    pub fn values(&self) -> [Value; 4] {
        [self.comparator, self.pivot, self.left, self.right]
    }
}

const BUDGET: usize = 5000;

pub fn sort(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let table = state.check_table(args, 0)?;
    let length = state.heap.border(table) as i64;
    let comparator = if state.arg(args, 1).is_nil() { Value::Nil } else { state.check_function(args, 1)? };
    if length < 2 {
        return Ok(Ret::None);
    }
    let sort = Sort {
        table,
        comparator,
        low: 1,
        high: length,
        i: 0,
        j: 0,
        pivot: Value::Nil,
        left: Value::Nil,
        right: Value::Nil,
        phase: Phase::Ends,
        ranges: Vec::new(),
        waiting: false,
    };
    advance(state, args, Box::new(sort))
}

pub fn go_on(state: &mut State, args: Args, mut sort: Box<Sort>, start: usize, count: usize) -> Result<Ret, Fault> {
    if core::mem::take(&mut sort.waiting) {
        let less = count > 0 && state.stack[start].truthy();
        if sort.accept(state, less)? {
            return Ok(Ret::None);
        }
    }
    advance(state, args, sort)
}

fn advance(state: &mut State, args: Args, mut sort: Box<Sort>) -> Result<Ret, Fault> {
    for _ in 0..BUDGET {
        let (a, b) = sort.operands(state);
        let (function, known) = if sort.comparator.is_nil() {
            match state.raw_less(a, b) {
                Some(less) => (Value::Nil, Some(less)),
                None => {
                    let handler = state.order_handler(a, b, Event::Lt);
                    if handler.is_nil() {
                        return Err(order_error(a, b));
                    }
                    (handler, None)
                }
            }
        } else {
            (sort.comparator, None)
        };
        let Some(less) = known else {
            let slot = args.free_slot();
            state.call_with(slot, function, &[a, b])?;
            sort.waiting = true;
            return Ok(Ret::Call { func: slot, count: 2, then: Continuation::Sort(sort) });
        };
        if sort.accept(state, less)? {
            state.charge(BUDGET);
            return Ok(Ret::None);
        }
    }
    state.charge(BUDGET * 16);
    Ok(Ret::Again(Continuation::Sort(sort)))
}

impl Sort {
    fn get(&self, state: &State, index: i64) -> Value {
        state.heap.tables[self.table].get_index(index)
    }

    fn set(&self, state: &mut State, index: i64, value: Value) -> Result<(), Fault> {
        state.heap.set_index(self.table, index, value)
    }

    /// The two values of which the first is asked to be less.
    fn operands(&mut self, state: &State) -> (Value, Value) {
        match self.phase {
            Phase::Ends => {
                self.left = self.get(state, self.low);
                self.right = self.get(state, self.high);
                (self.right, self.left)
            }
            Phase::MiddleFirst => {
                self.left = self.get(state, self.i);
                self.right = self.get(state, self.low);
                (self.left, self.right)
            }
            Phase::LastMiddle => {
                self.right = self.get(state, self.high);
                (self.right, self.left)
            }
            Phase::Up => {
                self.left = self.get(state, self.i);
                (self.left, self.pivot)
            }
            Phase::Down => {
                self.right = self.get(state, self.j);
                (self.pivot, self.right)
            }
        }
    }

    /// Takes the answer; true when all is sorted.
    fn accept(&mut self, state: &mut State, less: bool) -> Result<bool, Fault> {
        match self.phase {
            Phase::Ends => {
                if less {
                    self.set(state, self.low, self.right)?;
                    self.set(state, self.high, self.left)?;
                }
                if self.high - self.low == 1 {
                    return Ok(self.next_range());
                }
                self.i = i64::midpoint(self.low, self.high);
                self.phase = Phase::MiddleFirst;
            }
            Phase::MiddleFirst => {
                if !less {
                    self.phase = Phase::LastMiddle;
                    return Ok(false);
                }
                self.set(state, self.i, self.right)?;
                self.set(state, self.low, self.left)?;
                return self.partition(state);
            }
            Phase::LastMiddle => {
                if less {
                    self.set(state, self.i, self.right)?;
                    self.set(state, self.high, self.left)?;
                }
                return self.partition(state);
            }
            Phase::Up => {
                if less {
                    if self.i > self.high {
                        return Err(Fault::message("invalid order function for sorting"));
                    }
                    self.i += 1;
                } else {
                    self.j -= 1;
                    self.phase = Phase::Down;
                }
            }
            Phase::Down => {
                if less {
                    if self.j < self.low {
                        return Err(Fault::message("invalid order function for sorting"));
                    }
                    self.j -= 1;
                } else if self.j < self.i {
                    return self.split(state);
                } else {
                    self.set(state, self.i, self.right)?;
                    self.set(state, self.j, self.left)?;
                    self.i += 1;
                    self.phase = Phase::Up;
                }
            }
        }
        Ok(false)
    }

    /// The middle is the pivot; it waits next to the end.
    fn partition(&mut self, state: &mut State) -> Result<bool, Fault> {
        if self.high - self.low == 2 {
            return Ok(self.next_range());
        }
        self.pivot = self.get(state, self.i);
        let other = self.get(state, self.high - 1);
        self.set(state, self.i, other)?;
        self.set(state, self.high - 1, self.pivot)?;
        self.i = self.low + 1;
        self.j = self.high - 1;
        self.phase = Phase::Up;
        Ok(false)
    }

    /// The pivot takes its place; the smaller side comes first, the larger one later.
    fn split(&mut self, state: &mut State) -> Result<bool, Fault> {
        let (pivot, other) = (self.get(state, self.high - 1), self.get(state, self.i));
        self.set(state, self.high - 1, other)?;
        self.set(state, self.i, pivot)?;
        let below = (self.low, self.i - 1);
        let above = (self.i + 1, self.high);
        let (smaller, larger) = if self.i - self.low < self.high - self.i { (below, above) } else { (above, below) };
        self.ranges.push(larger);
        self.ranges.push(smaller);
        Ok(self.next_range())
    }

    fn next_range(&mut self) -> bool {
        while let Some((low, high)) = self.ranges.pop() {
            if low < high {
                (self.low, self.high) = (low, high);
                self.phase = Phase::Ends;
                return false;
            }
        }
        true
    }
}
