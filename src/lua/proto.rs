//! A compiled function: its instructions and constants, and what debuggers and error messages read beside them.

use alloc::vec::Vec;

use crate::{instruction::Op, value::Value};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Upvalue {
    /// A register of the enclosing function, or else one of its upvalues.
    pub local: bool,
    pub index: u8,
}

#[derive(Clone, Copy, Debug)]
pub struct Local {
    pub name: Value,
    pub start: u32,
    pub end: u32,
}

/// The function takes `...`.
pub const IS_VARARG: u8 = 1;
/// It must be given 5.0's table `arg`.
pub const NEEDS_ARG: u8 = 2;
/// It has the local `arg`.
pub const HAS_ARG: u8 = 4;

/// A compiled function.
#[derive(Clone, Debug, Default)]
pub struct Proto {
    pub code: Vec<Op>,
    pub constants: Vec<Value>,
    /// The source line of each instruction.
    pub lines: Vec<u32>,
    pub upvalues: Vec<Upvalue>,
    pub upvalue_names: Vec<Value>,
    pub children: Vec<u32>,
    pub parameters: u8,
    pub vararg: u8,
    pub max_stack: u8,
    /// The chunk's name as given (`@file`, `=text` or the source itself).
    pub source: Value,
    pub line: u32,
    pub last_line: u32,
    pub locals: Vec<Local>,
}

impl Proto {
    /// The name of the local variable that lives in a register at an instruction (`nth` counts from 0).
    pub fn local_name(&self, nth: usize, pc: usize) -> Option<Value> {
        self.locals
            .iter()
            .take_while(|local| local.start as usize <= pc)
            .filter(|local| pc < local.end as usize)
            .nth(nth)
            .map(|local| local.name)
    }

    pub fn line_at(&self, pc: usize) -> u32 {
        self.lines.get(pc).copied().unwrap_or(self.line)
    }
}
