//! The instruction set: PUC 5.1's register machine in eight bytes an instruction.
//!
//! Two differences pay for the width. Operands that may be a register or a constant are separate instructions (suffix
//! `RK`: the second is a constant, `KR`: the first), so no operand is decoded at run time; and a test carries its own
//! jump instead of being followed by one. Jumps are relative to the instruction after.

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    Move {
        a: u8,
        b: u8,
    },
    LoadK {
        a: u8,
        k: u32,
    },
    LoadBool {
        a: u8,
        value: bool,
    },
    /// Loads and skips the next instruction.
    LoadBoolSkip {
        a: u8,
        value: bool,
    },
    LoadNil {
        a: u8,
        last: u8,
    },
    GetUpval {
        a: u8,
        b: u8,
    },
    SetUpval {
        a: u8,
        b: u8,
    },
    GetGlobal {
        a: u8,
        k: u32,
    },
    SetGlobal {
        a: u8,
        k: u32,
    },
    GetField {
        a: u8,
        b: u8,
        k: u16,
    },
    GetInt {
        a: u8,
        b: u8,
        i: u16,
    },
    GetIndexK {
        a: u8,
        b: u8,
        k: u16,
    },
    GetIndex {
        a: u8,
        b: u8,
        c: u8,
    },
    SetField {
        a: u8,
        c: u8,
        k: u16,
    },
    SetFieldK {
        a: u8,
        k: u16,
        v: u16,
    },
    SetInt {
        a: u8,
        c: u8,
        i: u16,
    },
    SetIndexK {
        a: u8,
        c: u8,
        k: u16,
    },
    SetIndex {
        a: u8,
        b: u8,
        c: u8,
    },
    NewTable {
        a: u8,
        array: u16,
        hash: u16,
    },
    SelfField {
        a: u8,
        b: u8,
        k: u16,
    },
    SelfIndex {
        a: u8,
        b: u8,
        c: u8,
    },
    Add {
        a: u8,
        b: u8,
        c: u8,
    },
    AddRK {
        a: u8,
        b: u8,
        k: u16,
    },
    AddKR {
        a: u8,
        k: u16,
        c: u8,
    },
    Sub {
        a: u8,
        b: u8,
        c: u8,
    },
    SubRK {
        a: u8,
        b: u8,
        k: u16,
    },
    SubKR {
        a: u8,
        k: u16,
        c: u8,
    },
    Mul {
        a: u8,
        b: u8,
        c: u8,
    },
    MulRK {
        a: u8,
        b: u8,
        k: u16,
    },
    MulKR {
        a: u8,
        k: u16,
        c: u8,
    },
    Div {
        a: u8,
        b: u8,
        c: u8,
    },
    DivRK {
        a: u8,
        b: u8,
        k: u16,
    },
    DivKR {
        a: u8,
        k: u16,
        c: u8,
    },
    Mod {
        a: u8,
        b: u8,
        c: u8,
    },
    ModRK {
        a: u8,
        b: u8,
        k: u16,
    },
    ModKR {
        a: u8,
        k: u16,
        c: u8,
    },
    Pow {
        a: u8,
        b: u8,
        c: u8,
    },
    PowRK {
        a: u8,
        b: u8,
        k: u16,
    },
    PowKR {
        a: u8,
        k: u16,
        c: u8,
    },
    Unm {
        a: u8,
        b: u8,
    },
    Not {
        a: u8,
        b: u8,
    },
    Len {
        a: u8,
        b: u8,
    },
    Concat {
        a: u8,
        b: u8,
        c: u8,
    },
    Jump {
        jump: i32,
    },
    /// Jumps if the equality of the two is `cond`.
    Eq {
        b: u8,
        c: u8,
        cond: bool,
        jump: i32,
    },
    EqK {
        b: u8,
        k: u16,
        jump: i32,
    },
    NeK {
        b: u8,
        k: u16,
        jump: i32,
    },
    Lt {
        b: u8,
        c: u8,
        cond: bool,
        jump: i32,
    },
    Le {
        b: u8,
        c: u8,
        cond: bool,
        jump: i32,
    },
    /// Register against constant; the `Not` ones jump if the comparison fails.
    LtRK {
        b: u8,
        k: u16,
        jump: i32,
    },
    NotLtRK {
        b: u8,
        k: u16,
        jump: i32,
    },
    LtKR {
        c: u8,
        k: u16,
        jump: i32,
    },
    NotLtKR {
        c: u8,
        k: u16,
        jump: i32,
    },
    LeRK {
        b: u8,
        k: u16,
        jump: i32,
    },
    NotLeRK {
        b: u8,
        k: u16,
        jump: i32,
    },
    LeKR {
        c: u8,
        k: u16,
        jump: i32,
    },
    NotLeKR {
        c: u8,
        k: u16,
        jump: i32,
    },
    /// Jumps if the truth of the register is `cond`.
    Test {
        a: u8,
        cond: bool,
        jump: i32,
    },
    /// The same, and copies b to a when it jumps.
    TestSet {
        a: u8,
        b: u8,
        cond: bool,
        jump: i32,
    },
    /// `b` arguments plus one (0: up to the top), `c` results plus one (0: all).
    Call {
        a: u8,
        b: u8,
        c: u8,
    },
    /// As `Call`, for all results.
    TailCall {
        a: u8,
        b: u8,
        c: u8,
    },
    Return {
        a: u8,
        b: u8,
    },
    Return1 {
        a: u8,
    },
    ForLoop {
        a: u8,
        jump: i32,
    },
    ForPrep {
        a: u8,
        jump: i32,
    },
    TForLoop {
        a: u8,
        c: u8,
        jump: i32,
    },
    SetList {
        a: u8,
        b: u8,
        batch: u32,
    },
    Close {
        a: u8,
    },
    Closure {
        a: u8,
        proto: u32,
    },
    Vararg {
        a: u8,
        b: u8,
    },
}

impl Op {
    /// The jump of an instruction that has one.
    pub fn jump(mut self) -> Option<i32> {
        self.jump_mut().map(|jump| *jump)
    }

    pub fn jump_mut(&mut self) -> Option<&mut i32> {
        match self {
            Op::Jump { jump }
            | Op::Eq { jump, .. }
            | Op::EqK { jump, .. }
            | Op::NeK { jump, .. }
            | Op::Lt { jump, .. }
            | Op::Le { jump, .. }
            | Op::LtRK { jump, .. }
            | Op::NotLtRK { jump, .. }
            | Op::LtKR { jump, .. }
            | Op::NotLtKR { jump, .. }
            | Op::LeRK { jump, .. }
            | Op::NotLeRK { jump, .. }
            | Op::LeKR { jump, .. }
            | Op::NotLeKR { jump, .. }
            | Op::Test { jump, .. }
            | Op::TestSet { jump, .. }
            | Op::ForLoop { jump, .. }
            | Op::ForPrep { jump, .. }
            | Op::TForLoop { jump, .. } => Some(jump),
            _ => None,
        }
    }

    /// Turns a test round: it jumps when it did not.
    pub fn invert(&mut self) {
        match self {
            Op::Eq { cond, .. } | Op::Lt { cond, .. } | Op::Le { cond, .. } | Op::Test { cond, .. } => *cond = !*cond,
            _ => {}
        }
        *self = match *self {
            Op::EqK { b, k, jump } => Op::NeK { b, k, jump },
            Op::NeK { b, k, jump } => Op::EqK { b, k, jump },
            Op::LtRK { b, k, jump } => Op::NotLtRK { b, k, jump },
            Op::NotLtRK { b, k, jump } => Op::LtRK { b, k, jump },
            Op::LtKR { c, k, jump } => Op::NotLtKR { c, k, jump },
            Op::NotLtKR { c, k, jump } => Op::LtKR { c, k, jump },
            Op::LeRK { b, k, jump } => Op::NotLeRK { b, k, jump },
            Op::NotLeRK { b, k, jump } => Op::LeRK { b, k, jump },
            Op::LeKR { c, k, jump } => Op::NotLeKR { c, k, jump },
            Op::NotLeKR { c, k, jump } => Op::LeKR { c, k, jump },
            other => other,
        };
    }

    /// The register into which an instruction with one result puts it.
    pub fn target(mut self) -> Option<u8> {
        self.target_mut().map(|target| *target)
    }

    fn target_mut(&mut self) -> Option<&mut u8> {
        match self {
            Op::Move { a, .. }
            | Op::LoadK { a, .. }
            | Op::LoadBool { a, .. }
            | Op::GetUpval { a, .. }
            | Op::GetGlobal { a, .. }
            | Op::GetField { a, .. }
            | Op::GetInt { a, .. }
            | Op::GetIndexK { a, .. }
            | Op::GetIndex { a, .. }
            | Op::NewTable { a, .. }
            | Op::Add { a, .. }
            | Op::AddRK { a, .. }
            | Op::AddKR { a, .. }
            | Op::Sub { a, .. }
            | Op::SubRK { a, .. }
            | Op::SubKR { a, .. }
            | Op::Mul { a, .. }
            | Op::MulRK { a, .. }
            | Op::MulKR { a, .. }
            | Op::Div { a, .. }
            | Op::DivRK { a, .. }
            | Op::DivKR { a, .. }
            | Op::Mod { a, .. }
            | Op::ModRK { a, .. }
            | Op::ModKR { a, .. }
            | Op::Pow { a, .. }
            | Op::PowRK { a, .. }
            | Op::PowKR { a, .. }
            | Op::Unm { a, .. }
            | Op::Not { a, .. }
            | Op::Len { a, .. }
            | Op::Concat { a, .. }
            | Op::Closure { a, .. }
            | Op::Vararg { a, .. } => Some(a),
            _ => None,
        }
    }

    /// Names the register into which an instruction with an open target puts its result.
    pub fn set_target(&mut self, target: u8) {
        if let Some(a) = self.target_mut() {
            *a = target;
        }
    }

    /// Whether the instruction writes this register (for naming values in errors).
    pub fn writes(self, register: u8) -> bool {
        match self {
            Op::LoadNil { a, last } => a <= register && register <= last,
            Op::SelfField { a, .. } | Op::SelfIndex { a, .. } => register == a || register == a + 1,
            Op::TForLoop { a, .. } => register >= a + 2,
            Op::Call { a, .. } | Op::TailCall { a, .. } | Op::Vararg { a, .. } => register >= a,
            Op::ForLoop { a, .. } => register >= a && register <= a + 3,
            Op::ForPrep { a, .. } => register == a,
            // PUC's tables say that a plain test writes its register too, so values that pass one lose their name.
            Op::Test { a, .. } | Op::TestSet { a, .. } | Op::LoadBoolSkip { a, .. } => register == a,
            other => other.target() == Some(register),
        }
    }
}
