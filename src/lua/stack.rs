//! A coroutine's stack of values: the arguments, registers and results of all its frames.

use alloc::{vec, vec::Vec};
use core::{
    ops::{Deref, DerefMut, Index, IndexMut},
    slice::SliceIndex,
};

use crate::value::Value;

/// Slots that are always there above the base of a frame.
pub const WINDOW: usize = 260;

/// It is a slice to everybody, and a frame sees a window of it whose length is known, so that no register needs a bounds check.
#[derive(Clone, Debug, Default)]
pub struct Stack(Vec<Value>);

impl Stack {
    pub fn new(slots: usize) -> Stack {
        Stack(vec![Value::Nil; slots])
    }

    pub fn resize(&mut self, slots: usize) {
        self.0.resize(slots, Value::Nil);
    }

    /// The registers of a frame that begins here.
    #[inline(always)]
    pub fn window(&mut self, base: usize) -> Option<&mut [Value; WINDOW]> {
        self.0.get_mut(base..)?.first_chunk_mut()
    }
}

// Indexing stands here so that all who index share the place at which it would fail.
impl<I: SliceIndex<[Value]>> Index<I> for Stack {
    type Output = I::Output;
    #[inline(always)]
    fn index(&self, index: I) -> &I::Output {
        &self.0[index]
    }
}

impl<I: SliceIndex<[Value]>> IndexMut<I> for Stack {
    #[inline(always)]
    fn index_mut(&mut self, index: I) -> &mut I::Output {
        &mut self.0[index]
    }
}

impl Deref for Stack {
    type Target = [Value];
    #[inline(always)]
    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl DerefMut for Stack {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [Value] {
        &mut self.0
    }
}
