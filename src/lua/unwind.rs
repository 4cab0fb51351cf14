//! Errors: frames are given up one by one until something that catches is found, through the coroutines that wait for one another.

use crate::{
    arena::Arena,
    calls::Outcome,
    proto::Proto,
    state::{Continuation, Exit, Fault, Finish, Flow, NATIVE, Ret, State},
    text::Text,
    value::Value,
};

impl State {
    /// Finds who catches the error; `Some` if nobody does.
    pub fn raise(&mut self, protos: &Arena<Proto>, fault: Fault, from_native: bool) -> Option<Exit> {
        self.note_location(protos);
        let mut value = self.error_value(protos, fault, from_native);
        loop {
            while let Some(frame) = self.frames.last() {
                let native = frame.closure == NATIVE;
                let then = if native { self.continuations.last() } else { None };
                match then {
                    Some(Continuation::Pcall | Continuation::Load { .. }) => return self.caught(protos, value),
                    Some(Continuation::Xpcall { handler }) => {
                        let handler = *handler;
                        return self.handle(protos, handler, value);
                    }
                    Some(Continuation::Handler) => {
                        let text = self.heap.string(b"error in error handling");
                        return self.caught(protos, text);
                    }
                    _ => {}
                }
                if native {
                    self.continuations.pop();
                }
                if native || frame.finish != Finish::Plain {
                    let both = u32::from(native) + u32::from(frame.finish != Finish::Plain);
                    self.calls = self.calls.saturating_sub(both);
                }
                self.frames.pop();
            }
            // The thread dies of it; its variables live on in the functions that captured them.
            self.close(0);
            let Some(resumer) = self.resumers.pop() else {
                self.calls = 0;
                return Some(Exit::Error(value));
            };
            let old = self.thread;
            self.switch_to(resumer);
            self.bury(old);
            let Some(Continuation::Resume { wrap, calls }) = self.continuations.last() else { continue };
            let wrap = *wrap;
            self.calls = calls + 1;
            if wrap {
                if let Value::Number(bits) = value {
                    value = self.number_text(f64::from_bits(bits));
                }
                if value.is_string() {
                    let mut text = self.position(protos, 1, true);
                    text.add(self.bytes(value));
                    value = self.heap.string(&text);
                }
            } else {
                return self.caught(protos, value);
            }
        }
    }

    /// The frame on top catches the error: false and the value are its results, or those of `load` nil and the message.
    #[inline(never)]
    fn caught(&mut self, protos: &Arena<Proto>, value: Value) -> Option<Exit> {
        let base = self.frames.last().map_or(0, |frame| frame.base as usize);
        self.close(base);
        let answer = self.caught_answer(base, value);
        self.continuations.pop();
        match self.complete(protos, answer) {
            Ok(Flow::Exit(exit)) => Some(exit),
            Ok(_) => None,
            Err(fault) => self.raise(protos, fault, false),
        }
    }

    /// False and the error; but Redis' own `pcall` hands out the field `err` of an error table in its place, and the table
    /// and a nil if there is no such field.
    fn caught_answer(&mut self, base: usize, value: Value) -> Ret {
        let plain = Ret::Two(Value::False, value);
        match self.continuations.last() {
            Some(Continuation::Load { .. }) => return Ret::Two(Value::Nil, value),
            Some(Continuation::Pcall) if self.unwrap_errors => {}
            _ => return plain,
        }
        let Value::Table(at) = value else { return plain };
        let key = self.heap.string(b"err");
        let found = self.heap.get(at as u32, key);
        if !found.is_nil() {
            return Ret::Two(Value::False, found);
        }
        self.stack[base..base + 3].copy_from_slice(&[Value::False, value, Value::Nil]);
        Ret::Many { start: base, count: 3 }
    }

    fn handle(&mut self, protos: &Arena<Proto>, handler: Value, value: Value) -> Option<Exit> {
        let base = self.frames.last().map_or(0, |frame| frame.base as usize);
        self.close(base);
        self.continuations.pop();
        self.continuations.push(Continuation::Handler);
        let slot = base + 2;
        if let Some(frame) = self.frames.last_mut() {
            frame.pc = (slot + 2) as u32;
        }
        let called =
            self.call_with(slot, handler, &[value]).and_then(|()| self.call(protos, slot, 1, -1, Finish::Plain));
        match called {
            Ok(Outcome::Exit(exit)) => Some(exit),
            Ok(_) => None,
            Err(_) => {
                let text = self.heap.string(b"error in error handling");
                self.caught(protos, text)
            }
        }
    }

    /// Forgets everything that runs.
    pub fn unwind_all(&mut self) {
        self.close(0);
        while let Some(resumer) = self.resumers.pop() {
            let old = self.thread;
            self.switch_to(resumer);
            self.bury(old);
            self.close(0);
        }
        self.frames.clear();
        self.continuations.clear();
        self.calls = 0;
        self.top = 0;
        self.callee = 0;
    }
}
