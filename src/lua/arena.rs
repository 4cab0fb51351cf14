//! Slots that are named by index and reused through a free list; the collector's mark lives beside each slot.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Free,
    White,
    Black,
}

/// Which slots of an arena are in use, and which of these the collector has found.
#[derive(Debug, Default)]
pub struct Slots {
    states: Vec<Slot>,
    free: Vec<u32>,
}

/// Not derived, so that it is a call: each of a machine's arenas is cloned with it.
impl Clone for Slots {
    #[inline(never)]
    fn clone(&self) -> Slots {
        Slots { states: self.states.clone(), free: self.free.clone() }
    }
}

impl Slots {
    /// A slot that is free, or one more.
    #[inline(never)]
    fn take(&mut self) -> u32 {
        let index = self.free.pop().unwrap_or(self.states.len() as u32);
        match self.states.get_mut(index as usize) {
            Some(state) => *state = Slot::White,
            None => self.states.push(Slot::White),
        }
        index
    }

    /// True if the slot was not marked before.
    pub fn mark(&mut self, index: u32) -> bool {
        let fresh = self.states.get_mut(index as usize).filter(|state| **state == Slot::White);
        let found = fresh.is_some();
        if let Some(state) = fresh {
            *state = Slot::Black;
        }
        found
    }

    pub fn is_marked(&self, index: u32) -> bool {
        self.states.get(index as usize) == Some(&Slot::Black)
    }

    /// Unmarks what is marked and frees the rest, which is the answer.
    #[inline(never)]
    fn sweep(&mut self) -> &[u32] {
        let before = self.free.len();
        for (index, state) in self.states.iter_mut().enumerate() {
            match state {
                Slot::Free => {}
                Slot::Black => *state = Slot::White,
                Slot::White => {
                    *state = Slot::Free;
                    self.free.push(index as u32);
                }
            }
        }
        self.free.get(before..).unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
pub struct Arena<T> {
    items: Vec<T>,
    /// They are apart, so that a collector can mark while it looks at the items.
    pub slots: Slots,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { items: Vec::new(), slots: Slots::default() }
    }
}

impl<T: Default> Arena<T> {
    pub fn insert(&mut self, item: T) -> u32 {
        let index = self.slots.take();
        match self.items.get_mut(index as usize) {
            Some(free) => *free = item,
            None => self.items.push(item),
        }
        index
    }

    /// Frees what is not marked and unmarks the rest; returns the sum of the sizes freed.
    pub fn sweep(&mut self, size: impl Fn(&T) -> usize) -> usize {
        let mut freed = 0;
        for &index in self.slots.sweep() {
            if let Some(item) = self.items.get_mut(index as usize) {
                freed += size(item);
                *item = T::default();
            }
        }
        freed
    }

    pub fn len(&self) -> usize {
        self.items.len() - self.slots.free.len()
    }

    /// All slots, the free ones too.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    pub fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<T> Index<u32> for Arena<T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, index: u32) -> &T {
        &self.items.as_slice()[index as usize]
    }
}

impl<T> IndexMut<u32> for Arena<T> {
    #[inline(always)]
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.items.as_mut_slice()[index as usize]
    }
}
