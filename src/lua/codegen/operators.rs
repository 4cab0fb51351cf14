//! Operators: conditions as jumps, constant folding, and the choice among the variants of an instruction.

use super::{Binary, Exp, Function, Key, Kind, NO_JUMP, NO_REGISTER, Unary};
use crate::{
    instruction::Op,
    value::{modulo, power},
};

impl Function {
    pub(super) fn jump_on(&mut self, exp: &mut Exp, cond: bool) -> i32 {
        if let Kind::Open(pc) = exp.kind
            && let Op::Not { b, .. } = *self.op(pc)
            && pc + 1 == self.pc()
        {
            self.proto.code.pop();
            self.proto.lines.pop();
            return self.emit(Op::Test { a: b, cond: !cond, jump: NO_JUMP }) as i32;
        }
        self.discharge_to_any(exp);
        self.free_exp(exp);
        let b = self.register_of(exp);
        self.emit(Op::TestSet { a: NO_REGISTER, b, cond, jump: NO_JUMP }) as i32
    }

    pub fn go_if_true(&mut self, exp: &mut Exp) {
        self.discharge_variables(exp);
        let jump = match exp.kind {
            Kind::Constant(_) | Kind::Number(_) | Kind::True => NO_JUMP,
            Kind::Jump(pc) => {
                self.op(pc).invert();
                pc as i32
            }
            _ => self.jump_on(exp, false),
        };
        let mut list = exp.when_false;
        self.concat_lists(&mut list, jump);
        exp.when_false = list;
        self.patch_to_here(exp.when_true);
        exp.when_true = NO_JUMP;
    }

    pub(super) fn go_if_false(&mut self, exp: &mut Exp) {
        self.discharge_variables(exp);
        let jump = match exp.kind {
            Kind::Nil | Kind::False => NO_JUMP,
            Kind::Jump(pc) => pc as i32,
            _ => self.jump_on(exp, true),
        };
        let mut list = exp.when_true;
        self.concat_lists(&mut list, jump);
        exp.when_true = list;
        self.patch_to_here(exp.when_false);
        exp.when_false = NO_JUMP;
    }

    pub(super) fn negate(&mut self, exp: &mut Exp) {
        self.discharge_variables(exp);
        match exp.kind {
            Kind::Nil | Kind::False => exp.kind = Kind::True,
            Kind::Constant(_) | Kind::Number(_) | Kind::True => exp.kind = Kind::False,
            Kind::Jump(pc) => self.op(pc).invert(),
            _ => {
                self.discharge_to_any(exp);
                self.free_exp(exp);
                let b = self.register_of(exp);
                exp.kind = Kind::Open(self.emit(Op::Not { a: 0, b }));
            }
        }
        core::mem::swap(&mut exp.when_true, &mut exp.when_false);
        self.drop_values(exp.when_false);
        self.drop_values(exp.when_true);
    }

    pub(super) fn drop_values(&mut self, mut list: i32) {
        while list != NO_JUMP {
            self.patch_test(list, NO_REGISTER);
            list = self.next_in_list(list);
        }
    }

    pub fn index(&mut self, table: &mut Exp, key: &mut Exp) {
        let key = self.operand_key(key);
        table.kind = Kind::Indexed(self.register_of(table), key);
    }

    // Operators.

    pub fn prefix(&mut self, op: Unary, exp: &mut Exp) {
        match op {
            Unary::Minus => {
                if let Some(number) = exp.numeral()
                    && !number.is_nan()
                {
                    exp.kind = Kind::Number(-number);
                    return;
                }
                let b = self.put_in_any_register(exp);
                self.free_exp(exp);
                exp.kind = Kind::Open(self.emit(Op::Unm { a: 0, b }));
            }
            Unary::Not => self.negate(exp),
            Unary::Len => {
                let b = self.put_in_any_register(exp);
                self.free_exp(exp);
                exp.kind = Kind::Open(self.emit(Op::Len { a: 0, b }));
            }
        }
    }

    /// The left operand has been read; the operator is known.
    pub fn infix(&mut self, op: Binary, exp: &mut Exp) {
        match op {
            Binary::And => self.go_if_true(exp),
            Binary::Or => self.go_if_false(exp),
            Binary::Concat => self.put_in_next_register(exp),
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Mod | Binary::Pow => {
                if exp.numeral().is_none() {
                    self.operand_key(exp);
                }
            }
            _ => {
                self.operand_key(exp);
            }
        }
    }

    pub fn postfix(&mut self, op: Binary, left: &mut Exp, right: &mut Exp) {
        match op {
            Binary::And => {
                self.discharge_variables(right);
                let mut list = right.when_false;
                self.concat_lists(&mut list, left.when_false);
                right.when_false = list;
                *left = *right;
            }
            Binary::Or => {
                self.discharge_variables(right);
                let mut list = right.when_true;
                self.concat_lists(&mut list, left.when_true);
                right.when_true = list;
                *left = *right;
            }
            Binary::Concat => {
                self.settle_value(right);
                if let Kind::Open(pc) = right.kind
                    && let Op::Concat { b, .. } = self.op(pc)
                {
                    let Kind::Fixed(first) = left.kind else { return };
                    *b = first;
                    self.free_exp(left);
                    left.kind = Kind::Open(pc);
                } else {
                    self.put_in_next_register(right);
                    let (b, c) = (self.register_of(left), self.register_of(right));
                    self.free_exp(right);
                    self.free_exp(left);
                    left.kind = Kind::Open(self.emit(Op::Concat { a: 0, b, c }));
                    left.when_true = NO_JUMP;
                    left.when_false = NO_JUMP;
                }
            }
            Binary::Eq => self.compare(op, true, left, right),
            Binary::Ne => self.compare(Binary::Eq, false, left, right),
            Binary::Lt | Binary::Le => self.compare(op, true, left, right),
            Binary::Gt => self.compare(Binary::Lt, false, left, right),
            Binary::Ge => self.compare(Binary::Le, false, left, right),
            _ => self.arithmetic(op, left, right),
        }
    }

    pub(super) fn arithmetic(&mut self, op: Binary, left: &mut Exp, right: &mut Exp) {
        if let (Some(a), Some(b)) = (left.numeral(), right.numeral()) {
            let folded = match op {
                Binary::Add => Some(a + b),
                Binary::Sub => Some(a - b),
                Binary::Mul => Some(a * b),
                Binary::Div if b != 0.0 => Some(a / b),
                Binary::Mod if b != 0.0 => Some(modulo(a, b)),
                Binary::Pow => Some(power(a, b)),
                _ => None,
            };
            if let Some(number) = folded
                && !number.is_nan()
            {
                left.kind = Kind::Number(number);
                return;
            }
        }
        let second = self.operand_key(right);
        let first = self.operand_key(left);
        let (mut free_first, mut free_second) = (*left, *right);
        if self.register_of(&free_first) < self.register_of(&free_second) {
            core::mem::swap(&mut free_first, &mut free_second);
        }
        self.free_exp(&free_first);
        self.free_exp(&free_second);
        let (first, second) = match (first, second) {
            (Key::Constant(_), Key::Constant(_)) => (Key::Register(self.settle(first, 0)), second),
            pair => pair,
        };
        macro_rules! variants {
            ($rr:ident, $rk:ident, $kr:ident) => {
                match (first, second) {
                    (Key::Register(b), Key::Register(c)) => Op::$rr { a: 0, b, c },
                    (Key::Register(b), Key::Constant(k)) => Op::$rk { a: 0, b, k },
                    (Key::Constant(k), Key::Register(c)) => Op::$kr { a: 0, k, c },
                    (Key::Constant(_), Key::Constant(k)) => Op::$rk { a: 0, b: 0, k },
                }
            };
        }
        let op = match op {
            Binary::Add => variants!(Add, AddRK, AddKR),
            Binary::Sub => variants!(Sub, SubRK, SubKR),
            Binary::Mul => variants!(Mul, MulRK, MulKR),
            Binary::Div => variants!(Div, DivRK, DivKR),
            Binary::Mod => variants!(Mod, ModRK, ModKR),
            _ => variants!(Pow, PowRK, PowKR),
        };
        *left = Exp::new(Kind::Open(self.emit(op)));
    }

    pub(super) fn compare(&mut self, op: Binary, mut cond: bool, left: &mut Exp, right: &mut Exp) {
        let mut first = self.operand_key(left);
        let mut second = self.operand_key(right);
        self.free_exp(right);
        self.free_exp(left);
        if !cond && op != Binary::Eq {
            core::mem::swap(&mut first, &mut second);
            cond = true;
        }
        if let (Key::Constant(_), Key::Constant(_)) = (first, second) {
            first = Key::Register(self.settle(first, 0));
        }
        let jump = NO_JUMP;
        let op = match (op, first, second) {
            (Binary::Eq, Key::Register(b), Key::Register(c)) => Op::Eq { b, c, cond, jump },
            (Binary::Eq, Key::Register(b), Key::Constant(k)) | (Binary::Eq, Key::Constant(k), Key::Register(b)) => {
                if cond {
                    Op::EqK { b, k, jump }
                } else {
                    Op::NeK { b, k, jump }
                }
            }
            (Binary::Lt, Key::Register(b), Key::Register(c)) => Op::Lt { b, c, cond, jump },
            (Binary::Lt, Key::Register(b), Key::Constant(k)) => Op::LtRK { b, k, jump },
            (Binary::Lt, Key::Constant(k), Key::Register(c)) => Op::LtKR { c, k, jump },
            (_, Key::Register(b), Key::Register(c)) => Op::Le { b, c, cond, jump },
            (_, Key::Register(b), Key::Constant(k)) => Op::LeRK { b, k, jump },
            (_, Key::Constant(k), Key::Register(c)) => Op::LeKR { c, k, jump },
            (_, Key::Constant(_), Key::Constant(k)) => Op::EqK { b: 0, k, jump },
        };
        *left = Exp::new(Kind::Jump(self.emit(op)));
    }
}
