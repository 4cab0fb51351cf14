//! Slots that are named by index and reused through a free list; the collector's mark lives beside each slot.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Free,
    White,
    Black,
}

#[derive(Clone, Debug)]
pub struct Arena<T> {
    items: Vec<T>,
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { items: Vec::new(), slots: Vec::new(), free: Vec::new() }
    }
}

impl<T: Default> Arena<T> {
    pub fn insert(&mut self, item: T) -> u32 {
        if let Some(index) = self.free.pop() {
            self.items[index as usize] = item;
            self.slots[index as usize] = Slot::White;
            index
        } else {
            self.items.push(item);
            self.slots.push(Slot::White);
            (self.items.len() - 1) as u32
        }
    }

    /// True if the slot was not marked before.
    pub fn mark(&mut self, index: u32) -> bool {
        let slot = &mut self.slots[index as usize];
        let fresh = *slot == Slot::White;
        if fresh {
            *slot = Slot::Black;
        }
        fresh
    }

    pub fn is_marked(&self, index: u32) -> bool {
        self.slots[index as usize] == Slot::Black
    }

    /// Frees what is not marked and unmarks the rest; returns the sum of the sizes freed.
    pub fn sweep(&mut self, size: impl Fn(&T) -> usize) -> usize {
        let before = self.free.len();
        sweep(&mut self.slots, &mut self.free);
        let mut freed = 0;
        for &index in &self.free[before..] {
            freed += size(&self.items[index as usize]);
            self.items[index as usize] = T::default();
        }
        freed
    }

    pub fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    pub fn as_slice(&self) -> &[T] {
        &self.items
    }
}

/// Unmarks what is marked and lists the rest as free.
#[inline(never)]
fn sweep(slots: &mut [Slot], free: &mut Vec<u32>) {
    for (index, slot) in slots.iter_mut().enumerate() {
        match slot {
            Slot::Free => {}
            Slot::Black => *slot = Slot::White,
            Slot::White => {
                *slot = Slot::Free;
                free.push(index as u32);
            }
        }
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
