//! Lists of jumps whose target is open, threaded through the jump fields of the instructions themselves.

use super::{Function, NO_JUMP, NO_REGISTER};
use crate::instruction::Op;

impl Function {
    pub fn jump(&mut self) -> i32 {
        let pending = core::mem::replace(&mut self.pending, NO_JUMP);
        let mut list = self.emit(Op::Jump { jump: NO_JUMP }) as i32;
        self.concat_lists(&mut list, pending);
        list
    }

    pub fn label(&mut self) -> usize {
        self.last_target = self.pc();
        self.pc()
    }

    pub(super) fn next_in_list(&mut self, pc: i32) -> i32 {
        match self.op(pc as usize).jump() {
            None | Some(NO_JUMP) => NO_JUMP,
            Some(offset) => pc + 1 + offset,
        }
    }

    pub(super) fn set_jump(&mut self, pc: i32, target: i32) {
        if let Some(jump) = self.op(pc as usize).jump_mut() {
            *jump = target - (pc + 1);
        }
    }

    pub fn concat_lists(&mut self, list: &mut i32, more: i32) {
        if more == NO_JUMP {
            return;
        }
        if *list == NO_JUMP {
            *list = more;
            return;
        }
        let mut last = *list;
        loop {
            let next = self.next_in_list(last);
            if next == NO_JUMP {
                break;
            }
            last = next;
        }
        self.set_jump(last, more);
    }

    pub(super) fn needs_value(&mut self, mut list: i32) -> bool {
        while list != NO_JUMP {
            if !matches!(self.op(list as usize), Op::TestSet { .. }) {
                return true;
            }
            list = self.next_in_list(list);
        }
        false
    }

    /// Gives a value-carrying test its register, or makes it a plain test.
    pub(super) fn patch_test(&mut self, pc: i32, register: u8) -> bool {
        let Op::TestSet { b, cond, jump, .. } = *self.op(pc as usize) else { return false };
        *self.op(pc as usize) = if register != NO_REGISTER && register != b {
            Op::TestSet { a: register, b, cond, jump }
        } else {
            Op::Test { a: b, cond, jump }
        };
        true
    }

    pub(super) fn patch_list_to(&mut self, mut list: i32, value_target: usize, register: u8, default: usize) {
        while list != NO_JUMP {
            let next = self.next_in_list(list);
            let target = if self.patch_test(list, register) { value_target } else { default };
            self.set_jump(list, target as i32);
            list = next;
        }
    }

    pub fn patch_list(&mut self, list: i32, target: usize) {
        if target == self.pc() {
            self.patch_to_here(list);
        } else {
            self.patch_list_to(list, target, NO_REGISTER, target);
        }
    }

    pub fn patch_to_here(&mut self, list: i32) {
        self.label();
        let mut pending = self.pending;
        self.concat_lists(&mut pending, list);
        self.pending = pending;
    }
}
