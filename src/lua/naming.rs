//! What error messages say: where (`chunk:line:`), and what a value is called there ("local 'x'", "field 'y'"). Names are
//! found as PUC finds them, by looking back in the code for the instruction that put the value in its register.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    arena::Arena,
    instruction::Op,
    lexer::chunk_id,
    proto::Proto,
    state::{Cause, Fault, Frame, NATIVE, State},
    text::{Text, copy},
    value::Value,
};

impl State {
    /// "chunk:line: " of the function `level` calls up (1: the caller of the running native function); empty if that
    /// is not a Lua function.
    pub fn position(&self, protos: &Arena<Proto>, level: u32, from_native: bool) -> Vec<u8> {
        let skip = usize::from(from_native);
        match self.frame_at(level, skip) {
            Some(frame) => self.position_of(protos, frame),
            None => Vec::new(),
        }
    }

    /// The frame `level` calls up, lost tail calls counted; level 1 is the top frame after `skip`.
    pub fn frame_at(&self, level: u32, skip: usize) -> Option<&Frame> {
        let mut left = i64::from(level) - 1;
        for frame in self.frames.iter().rev().skip(skip) {
            if left == 0 {
                return Some(frame);
            }
            left -= 1;
            if frame.closure != NATIVE {
                left -= i64::from(frame.tail_calls);
            }
            if left < 0 {
                return None;
            }
        }
        None
    }

    fn position_of(&self, protos: &Arena<Proto>, frame: &Frame) -> Vec<u8> {
        if frame.closure == NATIVE {
            return Vec::new();
        }
        let proto = &protos[frame.proto];
        let mut text = chunk_id(self.bytes(proto.source));
        let line = proto.line_at((frame.pc as usize).saturating_sub(1));
        text.add(format!(":{line}: ").as_bytes());
        text
    }

    /// Remembers where the error was raised: the innermost Lua function.
    pub fn note_location(&mut self, protos: &Arena<Proto>) {
        if let Some(frame) = self.frames.iter().rev().find(|frame| frame.closure != NATIVE) {
            let proto = &protos[frame.proto];
            self.raised_at = (proto.source, proto.line_at((frame.pc as usize).saturating_sub(1)));
        }
    }

    pub fn error_value(&mut self, protos: &Arena<Proto>, fault: Fault, from_native: bool) -> Value {
        let (text, message) = match fault.cause() {
            Cause::Value(value) => return value,
            Cause::Memory => return self.memory_message,
            Cause::Level(value, level) => {
                let value = match value {
                    Value::Number(bits) if level > 0 => self.number_text(f64::from_bits(bits)),
                    Value::String(_) if level > 0 => value,
                    other => return other,
                };
                let text = self.position(protos, level, from_native);
                return self.located(text, &copy(self.bytes(value)));
            }
            Cause::Bytes(bytes) => {
                let text = self.position(protos, 1, from_native);
                return self.located(text, &bytes);
            }
            Cause::Message(message) => (self.position(protos, 1, from_native), message),
            Cause::Plain(message) => (Vec::new(), message),
            Cause::Runtime(message) => (self.here(protos), message),
            Cause::Argument(number, problem) => {
                let message = self.argument_error(protos, number, &problem, from_native);
                (self.position(protos, 1, from_native), message.into())
            }
            Cause::Operand { what, value, register } => {
                let name = register.and_then(|register| self.register_name(protos, register));
                let kind = value.type_name();
                let message = match name {
                    Some((sort, name)) => format!("attempt to {what} {sort} '{name}' (a {kind} value)"),
                    None => format!("attempt to {what} a {kind} value"),
                };
                (self.here(protos), message.into())
            }
        };
        self.located(text, message.as_bytes())
    }

    fn located(&mut self, mut position: Vec<u8>, message: &[u8]) -> Value {
        position.add(message);
        self.heap.string(&position)
    }

    fn here(&self, protos: &Arena<Proto>) -> Vec<u8> {
        self.frames.last().map_or_else(Vec::new, |frame| self.position_of(protos, frame))
    }

    fn argument_error(&self, protos: &Arena<Proto>, number: usize, problem: &str, from_native: bool) -> String {
        let mut number = number;
        let name = match self.called_name(protos, from_native) {
            Some(("method", name)) => {
                number -= 1;
                if number == 0 {
                    return format!("calling '{name}' on bad self ({problem})");
                }
                name
            }
            Some((_, name)) => name,
            None => "?".to_string(),
        };
        format!("bad argument #{number} to '{name}' ({problem})")
    }

    /// What the calling instruction calls the function that runs.
    fn called_name(&self, protos: &Arena<Proto>, from_native: bool) -> Option<(&'static str, String)> {
        let mut frames = self.frames.iter().rev().skip(usize::from(from_native));
        let frame = frames.next()?;
        self.name_of_call(protos, frame)
    }

    pub fn name_of_call(&self, protos: &Arena<Proto>, frame: &Frame) -> Option<(&'static str, String)> {
        if frame.closure == NATIVE {
            return None;
        }
        let proto = &protos[frame.proto];
        let pc = (frame.pc as usize).checked_sub(1)?;
        match proto.code[pc] {
            Op::Call { a, .. } | Op::TailCall { a, .. } | Op::TForLoop { a, .. } => self.object_name(proto, pc, a),
            _ => None,
        }
    }

    fn register_name(&self, protos: &Arena<Proto>, register: u8) -> Option<(&'static str, String)> {
        let frame = self.frames.last()?;
        if frame.closure == NATIVE {
            return None;
        }
        let proto = &protos[frame.proto];
        self.object_name(proto, (frame.pc as usize).checked_sub(1)?, register)
    }

    fn object_name(&self, proto: &Proto, pc: usize, register: u8) -> Option<(&'static str, String)> {
        let (mut pc, mut register) = (pc, register);
        loop {
            if let Some(name) = proto.local_name(usize::from(register), pc) {
                return Some(("local", self.lossy(name)));
            }
            pc = last_write(proto, pc, register)?;
            return Some(match proto.code[pc] {
                Op::GetGlobal { k, .. } => ("global", self.lossy(proto.constants[k as usize])),
                Op::Move { a, b } => {
                    if b < a {
                        register = b;
                        continue;
                    }
                    return None;
                }
                Op::GetField { k, .. } | Op::GetIndexK { k, .. } => ("field", self.key_name(proto, usize::from(k))),
                Op::GetInt { .. } | Op::GetIndex { .. } => ("field", "?".to_string()),
                Op::GetUpval { b, .. } => {
                    ("upvalue", proto.upvalue_names.get(usize::from(b)).map_or("?".to_string(), |n| self.lossy(*n)))
                }
                Op::SelfField { k, .. } => ("method", self.key_name(proto, usize::from(k))),
                Op::SelfIndex { .. } => ("method", "?".to_string()),
                _ => return None,
            });
        }
    }

    fn key_name(&self, proto: &Proto, k: usize) -> String {
        match proto.constants[k] {
            name @ Value::String(_) => self.lossy(name),
            _ => "?".to_string(),
        }
    }
}

/// The last instruction before `end` on the straight way that writes the register. Forward jumps within the range are
/// taken, whatever their condition.
fn last_write(proto: &Proto, end: usize, register: u8) -> Option<usize> {
    let mut found = None;
    let mut pc = 0;
    while pc < end {
        let op = proto.code[pc];
        if op.writes(register) {
            found = Some(pc);
        }
        let mut next = pc + 1;
        if let Some(jump) = op.jump()
            && !matches!(op, Op::TForLoop { .. })
        {
            let target = pc as i64 + 1 + i64::from(jump);
            if target > next as i64 && target <= end as i64 {
                next = target as usize;
            }
        } else if let Op::LoadBoolSkip { .. } = op {
            // Skips one instruction, but PUC's walk does not follow it.
        }
        pc = next;
    }
    found
}
