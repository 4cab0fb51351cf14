//! What a debugger asks: who called whom, and what the variables hold.

use alloc::vec::Vec;

use crate::{
    Vm,
    lexer::chunk_id,
    state::{Frame, NATIVE},
    value::Value,
};

/// A call on the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInfo {
    /// The chunk's name as messages give it; empty for a native function.
    pub source: Vec<u8>,
    /// 0 for a native function.
    pub line: u32,
    /// The line the function begins at; 0 for a main chunk.
    pub defined: u32,
    /// What the caller calls it.
    pub name: Vec<u8>,
}

/// How deep in its calls a program stands: what was called from elsewhere is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Depth {
    pub calls: usize,
    /// How many calls have replaced themselves by the innermost one.
    pub tail_calls: u32,
}

/// Where the innermost Lua function stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// What its chunk is called, as it was given to `load`.
    pub source: &'a [u8],
    pub line: u32,
    pub depth: Depth,
}

/// A variable in view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: Vec<u8>,
    pub value: Value,
}

impl Vm {
    /// The running line, 0 if none.
    pub fn current_line(&self) -> u32 {
        if !self.top_is_lua() && self.state.frames.len() < 2 {
            return 0;
        }
        self.calls().into_iter().map(|call| call.line).find(|line| *line > 0).unwrap_or(0)
    }

    /// Where the program stands. Calls are counted through all coroutines that wait for the running one.
    pub fn place(&self) -> Option<Place<'_>> {
        let frames = &self.state.frames;
        let at = frames.iter().rposition(|frame| frame.closure != NATIVE)?;
        let (frame, innermost) = (&frames[at], at + 1 == frames.len());
        let waiting = self.state.resumers.iter().map(|thread| self.state.heap.threads[*thread].frames.len());
        let proto = &self.protos[frame.proto];
        Some(Place {
            source: self.state.bytes(proto.source),
            line: proto.line_at(Self::pc_of(frame, innermost)),
            depth: Depth { calls: waiting.sum::<usize>() + at + 1, tail_calls: frame.tail_calls },
        })
    }

    /// How many calls are on the running thread's stack.
    pub fn depth(&self) -> usize {
        self.state.frames.len()
    }

    /// The calls of the running thread, innermost first.
    pub fn calls(&self) -> Vec<CallInfo> {
        let frames = &self.state.frames;
        (0..frames.len()).rev().map(|at| self.call_info(at, at + 1 == frames.len())).collect()
    }

    fn call_info(&self, at: usize, innermost: bool) -> CallInfo {
        let frame = &self.state.frames[at];
        let name = at
            .checked_sub(1)
            .and_then(|caller| self.state.name_of_call(&self.protos, &self.state.frames[caller]))
            .map(|(_, name)| name.into_bytes())
            .unwrap_or_default();
        if frame.closure == NATIVE {
            return CallInfo { source: Vec::new(), line: 0, defined: 0, name };
        }
        let proto = &self.protos[frame.proto];
        CallInfo {
            source: chunk_id(self.state.bytes(proto.source)),
            line: proto.line_at(Self::pc_of(frame, innermost)),
            defined: proto.line,
            name,
        }
    }

    /// The instruction about to run in the innermost call, the calling one in the others.
    fn pc_of(frame: &Frame, innermost: bool) -> usize {
        if innermost { frame.pc as usize } else { (frame.pc as usize).saturating_sub(1) }
    }

    /// What a Lua function's chunk is called, as it was given to `load`, and the line that the function begins at.
    pub fn definition(&self, function: Value) -> Option<(&[u8], u32)> {
        let Value::Function(at) = function else { return None };
        let proto = &self.protos[self.state.heap.closures[at as u32].proto];
        Some((self.state.bytes(proto.source), proto.line))
    }

    fn lua_frame(&self, level: usize) -> Option<(&Frame, bool)> {
        let at = self.state.frames.len().checked_sub(level + 1)?;
        let frame = &self.state.frames[at];
        (frame.closure != NATIVE).then_some((frame, level == 0))
    }

    /// The local variables in scope `level` calls up from the innermost, outermost scope first.
    pub fn locals(&self, level: usize) -> Vec<Variable> {
        let Some((frame, innermost)) = self.lua_frame(level) else { return Vec::new() };
        let proto = &self.protos[frame.proto];
        let pc = Self::pc_of(frame, innermost);
        let mut found = Vec::new();
        while let Some(name) = proto.local_name(found.len(), pc) {
            let value = self.state.stack[frame.base as usize + found.len()];
            found.push(Variable { name: crate::text::copy(self.state.bytes(name)), value });
        }
        found
    }

    /// Assigns to a local variable; false if there is none of that number.
    pub fn set_local(&mut self, level: usize, number: usize, value: Value) -> bool {
        let Some((frame, innermost)) = self.lua_frame(level) else { return false };
        let pc = Self::pc_of(frame, innermost);
        if self.protos[frame.proto].local_name(number, pc).is_none() {
            return false;
        }
        let slot = frame.base as usize + number;
        self.state.stack[slot] = value;
        true
    }

    /// The variables that the function `level` calls up captured.
    pub fn upvalues(&self, level: usize) -> Vec<Variable> {
        let Some((frame, _)) = self.lua_frame(level) else { return Vec::new() };
        let closure = &self.state.heap.closures[frame.closure];
        let names = &self.protos[frame.proto].upvalue_names;
        let named = names.iter().zip(&closure.upvalues);
        named
            .map(|(name, index)| Variable {
                name: crate::text::copy(self.state.bytes(*name)),
                value: self.state.captured_value(*index),
            })
            .collect()
    }
}
