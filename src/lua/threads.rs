//! Coroutines: the running one's stacks lie in the state itself and change places with another's. A variable that a function has
//! captured lives in the stack of its coroutine until it is closed, so whoever reads it has to ask whose it is.

use crate::{
    arena::Arena,
    calls::Outcome,
    heap::CLOSED,
    proto::Proto,
    state::{Exit, Fault, Finish, Flow, SLOT_COST, State, Status, Thread},
    value::Value,
};

impl State {
    // Captured variables.

    /// The captured variable for a slot of the running thread's stack.
    pub fn capture(&mut self, slot: usize) -> u32 {
        let mut at = self.open.len();
        while at > 0 {
            let known = self.heap.captured[self.open[at - 1]].slot as usize;
            if known == slot {
                return self.open[at - 1];
            }
            if known < slot {
                break;
            }
            at -= 1;
        }
        let index = self.heap.new_captured(Value::Nil, slot as u32, self.thread);
        self.open.insert(at, index);
        index
    }

    /// Variables at this slot and above leave the stack.
    pub fn close(&mut self, slot: usize) {
        while let Some(&index) = self.open.last() {
            let captured = &mut self.heap.captured[index];
            if (captured.slot as usize) < slot {
                break;
            }
            captured.value = self.stack[captured.slot as usize];
            captured.slot = CLOSED;
            self.open.pop();
        }
    }

    #[inline(always)]
    pub fn captured_value(&self, index: u32) -> Value {
        let captured = &self.heap.captured[index];
        if captured.slot == CLOSED {
            captured.value
        } else if captured.thread == self.thread {
            self.stack[captured.slot as usize]
        } else {
            self.heap.threads[captured.thread].stack[captured.slot as usize]
        }
    }

    pub fn set_captured(&mut self, index: u32, value: Value) {
        let captured = &mut self.heap.captured[index];
        if captured.slot == CLOSED {
            captured.value = value;
        } else if captured.thread == self.thread {
            self.stack[captured.slot as usize] = value;
        } else {
            let (thread, slot) = (captured.thread, captured.slot);
            self.heap.threads[thread].stack[slot as usize] = value;
        }
    }

    // Threads.

    pub fn swap_with(&mut self, thread: u32) {
        let Thread { stack, frames, continuations, open, .. } = &mut self.heap.threads[thread];
        core::mem::swap(stack, &mut self.stack);
        core::mem::swap(frames, &mut self.frames);
        core::mem::swap(continuations, &mut self.continuations);
        core::mem::swap(open, &mut self.open);
    }

    pub fn switch_to(&mut self, thread: u32) {
        self.swap_with(self.thread);
        self.swap_with(thread);
        self.thread = thread;
        self.heap.threads[thread].status = Status::Running;
    }

    pub fn enter_thread(&mut self, thread: u32, start: usize, count: usize) -> Result<(), Fault> {
        let old = self.thread;
        self.heap.threads[old].status = Status::Normal;
        self.resumers.push(old);
        self.switch_to(thread);
        let started = core::mem::replace(&mut self.heap.threads[thread].started, true);
        let slot = if started { self.frames.last().map_or(0, |frame| frame.pc as usize) } else { 1 };
        if started {
            self.calls += 1;
        }
        self.ensure(slot + count)?;
        let Thread { stack, .. } = &self.heap.threads[old];
        self.stack[slot..slot + count].copy_from_slice(&stack[start..start + count]);
        self.callee = slot;
        self.top = slot + count;
        Ok(())
    }

    /// The results for the frame on top lie on another thread's stack.
    pub fn take_results_from(&mut self, thread: u32, start: usize, count: usize) -> Result<(), Fault> {
        let slot = self.frames.last().map_or(0, |frame| frame.pc as usize);
        self.ensure(slot + count)?;
        let Thread { stack, .. } = &self.heap.threads[thread];
        self.stack[slot..slot + count].copy_from_slice(&stack[start..start + count]);
        self.callee = slot;
        self.top = slot + count;
        Ok(())
    }

    /// No frame is left: the thread is over, or has not begun.
    pub fn turn(&mut self, protos: &Arena<Proto>) -> Result<Flow, Fault> {
        if self.thread == 0 {
            return Ok(Flow::Exit(Exit::Done { start: self.callee, count: self.top - self.callee }));
        }
        if self.callee == 1 {
            // Just entered: the function is in slot 0.
            let count = self.top - 1;
            self.callee = 0;
            return Ok(match self.call(protos, 0, count, -1, Finish::Plain)? {
                Outcome::Exit(exit) => Flow::Exit(exit),
                _ => Flow::Switch,
            });
        }
        let Some(resumer) = self.resumers.pop() else { return Ok(Flow::Switch) };
        let (old, start, count) = (self.thread, self.callee, self.top - self.callee);
        self.switch_to(resumer);
        self.take_results_from(old, start, count)?;
        self.bury(old);
        Ok(Flow::Switch)
    }

    pub fn bury(&mut self, thread: u32) {
        let stack = self.heap.threads[thread].stack.len() * SLOT_COST;
        self.heap.used = self.heap.used.saturating_sub(stack);
        self.heap.threads[thread] = Thread { status: Status::Dead, started: true, ..Thread::default() };
    }
}
