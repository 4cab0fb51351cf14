//! Tables after PUC Lua 5.1: an array part whose size a rehash chooses (the largest power of two more than half
//! used), and a hash of chained scatter with Brent's variation. The counting, the search for a border (`#`) and the
//! order of traversal are ported in behaviour exactly, because all three are visible to programs: `#t` of a table with
//! holes, and the order in which `pairs` and `cjson.encode` see keys. Only keys that PUC hashes by address (tables,
//! functions, userdata) have an order of our own: by their number.
//!
//! The chain end is a node index that is out of range, so that an absent node, an empty hash and the end of a chain are
//! one and the same failed bounds check.

use alloc::{vec, vec::Vec};

use crate::{
    strings::Strings,
    value::{LONG, Value, exact_index},
};

const END: u32 = u32::MAX;
const MAX_BITS: usize = 26;
const MAX_ARRAY: i64 = 1 << MAX_BITS;
/// What tables cost, as accounted (the same on every target).
pub const OVERHEAD: usize = 64;
const VALUE_COST: usize = 16;
const NODE_COST: usize = 40;

/// No metatable.
pub const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub key: Value,
    pub value: Value,
    next: u32,
}

const EMPTY: Node = Node { key: Value::Nil, value: Value::Nil, next: END };

#[derive(Clone, Debug)]
pub struct Table {
    pub array: Vec<Value>,
    pub nodes: Vec<Node>,
    last_free: u32,
    pub meta: u32,
    /// Metamethods (by bit, see `meta::Event`) that this table, used as a metatable, is known to lack.
    pub absent: u8,
    pub readonly: bool,
}

impl Default for Table {
    fn default() -> Self {
        Table { array: Vec::new(), nodes: Vec::new(), last_free: 0, meta: NONE, absent: 0, readonly: false }
    }
}

/// The table would have to grow beyond the room that is left.
#[derive(Debug)]
pub struct Full;

impl Table {
    pub fn with_sizes(array: usize, hash: usize) -> Table {
        let mut table = Table { array: vec![Value::Nil; array], ..Table::default() };
        table.set_nodes(hash);
        table
    }

    pub fn cost(&self) -> usize {
        OVERHEAD + self.array.len() * VALUE_COST + self.nodes.len() * NODE_COST
    }

    fn set_nodes(&mut self, size: usize) {
        let size = if size == 0 { 0 } else { size.next_power_of_two() };
        self.nodes = vec![EMPTY; size];
        self.last_free = size as u32;
    }

    /// The value under an interned string.
    #[inline(always)]
    pub fn get_short(&self, payload: u64) -> Value {
        let mut at = (payload >> 32) as usize & self.nodes.len().wrapping_sub(1);
        while let Some(node) = self.nodes.get(at) {
            if matches!(node.key, Value::String(known) if known == payload) {
                return node.value;
            }
            at = node.next as usize;
        }
        Value::Nil
    }

    #[inline(always)]
    pub fn short_mut(&mut self, payload: u64) -> Option<&mut Value> {
        let mut at = (payload >> 32) as usize & self.nodes.len().wrapping_sub(1);
        while let Some(node) = self.nodes.get(at) {
            if matches!(node.key, Value::String(known) if known == payload) {
                return self.nodes.get_mut(at).map(|node| &mut node.value);
            }
            at = node.next as usize;
        }
        None
    }

    /// Where a field's value is, if it has one and programs may replace it.
    #[inline(always)]
    pub fn field_mut(&mut self, name: u64) -> Option<&mut Value> {
        if self.readonly {
            return None;
        }
        self.short_mut(name).filter(|slot| !slot.is_nil())
    }

    /// The same of an item in the array part, which may also be none yet if there is no metatable to be asked.
    #[inline(always)]
    pub fn item_mut(&mut self, index: f64) -> Option<&mut Value> {
        let is_plain = self.meta == NONE;
        if self.readonly {
            return None;
        }
        self.array.get_mut(array_place(index)).filter(|slot| is_plain || !slot.is_nil())
    }

    #[inline]
    pub fn get_index(&self, index: i64) -> Value {
        match self.array.get(place_of(index)) {
            Some(value) => *value,
            None => self.get_hashed_number(index as f64),
        }
    }

    #[inline(never)]
    fn get_hashed_number(&self, number: f64) -> Value {
        if self.nodes.is_empty() {
            return Value::Nil;
        }
        let mut at = hash_number(number, self.nodes.len());
        while let Some(node) = self.nodes.get(at) {
            if let Value::Number(bits) = node.key
                && f64::from_bits(bits) == number
            {
                return node.value;
            }
            at = node.next as usize;
        }
        Value::Nil
    }

    #[inline(always)]
    pub fn get_number(&self, number: f64) -> Value {
        match self.array.get(array_place(number)) {
            Some(value) => *value,
            None => self.get_hashed_number(number),
        }
    }

    #[inline]
    pub fn get(&self, strings: &Strings, key: Value) -> Value {
        match key {
            Value::String(payload) if payload & LONG == 0 => self.get_short(payload),
            Value::Number(bits) => self.get_number(f64::from_bits(bits)),
            Value::Nil => Value::Nil,
            _ => self.find_node(strings, key).map_or(Value::Nil, |at| self.nodes[at].value),
        }
    }

    fn find_node(&self, strings: &Strings, key: Value) -> Option<usize> {
        if self.nodes.is_empty() {
            return None;
        }
        let mut at = self.main_position(strings, key);
        while let Some(node) = self.nodes.get(at) {
            // A long string under a dead key may be gone: only live entries are compared by content.
            let same = match (node.key, key) {
                (Value::String(a), Value::String(b)) => a == b || (!node.value.is_nil() && strings.same(a, b)),
                (a, b) => strings.equal(a, b),
            };
            if same {
                return Some(at);
            }
            at = node.next as usize;
        }
        None
    }

    fn main_position(&self, strings: &Strings, key: Value) -> usize {
        let size = self.nodes.len();
        match key {
            Value::String(payload) => strings.hash_of(payload) as usize & (size - 1),
            Value::Number(bits) => hash_number(f64::from_bits(bits), size),
            Value::True => 1 & (size - 1),
            Value::Nil | Value::False => 0,
            Value::Table(at)
            | Value::Function(at)
            | Value::Native(at)
            | Value::Host(at)
            | Value::Userdata(at)
            | Value::Thread(at)
            | Value::Light(at) => (at % ((size as u64 - 1) | 1)) as usize,
        }
    }

    /// Where the value of an existing key is kept.
    #[inline]
    pub fn find_mut(&mut self, strings: &Strings, key: Value) -> Option<&mut Value> {
        match key {
            Value::String(payload) if payload & LONG == 0 => self.short_mut(payload),
            Value::Number(bits) => {
                let at = array_place(f64::from_bits(bits));
                if at < self.array.len() {
                    return self.array.get_mut(at);
                }
                let at = self.find_node(strings, key)?;
                Some(&mut self.nodes[at].value)
            }
            Value::Nil => None,
            _ => {
                let at = self.find_node(strings, key)?;
                Some(&mut self.nodes[at].value)
            }
        }
    }

    /// Sets a value, raw. The key is neither nil nor NaN. Returns by how many bytes the table grew.
    pub fn set(&mut self, strings: &Strings, key: Value, value: Value, room: usize) -> Result<isize, Full> {
        if let Some(slot) = self.find_mut(strings, key) {
            *slot = value;
            return Ok(0);
        }
        self.insert(strings, key, value, room)
    }

    /// Sets the value of a key that is known to be absent.
    pub fn insert(&mut self, strings: &Strings, key: Value, value: Value, room: usize) -> Result<isize, Full> {
        let main = if self.nodes.is_empty() { 0 } else { self.main_position(strings, key) };
        let mut at = main;
        if self.nodes.is_empty() || !self.nodes[main].value.is_nil() {
            let Some(free) = self.free_position() else {
                let before = self.cost() as isize;
                self.rehash(strings, key, room)?;
                let grown = self.cost() as isize - before;
                return Ok(grown + self.set(strings, key, value, room)?);
            };
            let other = self.main_position(strings, self.nodes[main].key);
            if other == main {
                // The newcomer goes to the free place, behind the node whose place this is.
                self.nodes[free].next = self.nodes[main].next;
                self.nodes[main].next = free as u32;
                at = free;
            } else {
                // The node here is out of its main position: it moves, the newcomer takes the place.
                let mut previous = other;
                while self.nodes[previous].next as usize != main {
                    previous = self.nodes[previous].next as usize;
                }
                self.nodes[previous].next = free as u32;
                self.nodes[free] = self.nodes[main];
                self.nodes[main].next = END;
            }
        }
        self.nodes[at].key = key;
        self.nodes[at].value = value;
        Ok(0)
    }

    fn free_position(&mut self) -> Option<usize> {
        while self.last_free > 0 {
            self.last_free -= 1;
            if self.nodes[self.last_free as usize].key.is_nil() {
                return Some(self.last_free as usize);
            }
        }
        None
    }

    fn rehash(&mut self, strings: &Strings, extra: Value, room: usize) -> Result<(), Full> {
        let mut counts = [0usize; MAX_BITS + 1];
        let mut in_array = 0;
        let (mut index, mut limit) = (1, 1);
        for count in &mut counts {
            let end = limit.min(self.array.len());
            if index > end {
                break;
            }
            let used = self.array[index - 1..end].iter().filter(|value| !value.is_nil()).count();
            *count += used;
            in_array += used;
            index = end + 1;
            limit *= 2;
        }
        let mut total = in_array;
        for node in &self.nodes {
            if !node.value.is_nil() {
                in_array += count_index(node.key, &mut counts);
                total += 1;
            }
        }
        in_array += count_index(extra, &mut counts);
        total += 1;
        let (size, inside) = array_size(&counts, in_array);
        self.resize(strings, size, total - inside, room)
    }

    pub fn resize(&mut self, strings: &Strings, array: usize, hash: usize, room: usize) -> Result<(), Full> {
        let wanted = array * VALUE_COST + if hash == 0 { 0 } else { hash.next_power_of_two() * NODE_COST };
        if wanted > self.cost() + room {
            return Err(Full);
        }
        let old = core::mem::take(&mut self.nodes);
        let before = self.array.len();
        if array > before {
            self.array.reserve_exact(array - before);
            self.array.resize(array, Value::Nil);
        }
        self.set_nodes(hash);
        if array < before {
            let moved = self.array.split_off(array);
            self.array.shrink_to_fit();
            for (offset, value) in moved.into_iter().enumerate() {
                if !value.is_nil() {
                    self.set(strings, Value::number((array + offset + 1) as f64), value, room)?;
                }
            }
        }
        for node in old.iter().rev() {
            if !node.value.is_nil() {
                self.set(strings, node.key, node.value, room)?;
            }
        }
        Ok(())
    }

    pub fn grow_array(&mut self, strings: &Strings, size: usize, room: usize) -> Result<isize, Full> {
        let before = self.cost() as isize;
        let hash = self.nodes.len();
        self.resize(strings, size, hash, room)?;
        Ok(self.cost() as isize - before)
    }

    /// A border, found as PUC finds it.
    pub fn length(&self) -> usize {
        let mut high = self.array.len();
        if high > 0 && self.array[high - 1].is_nil() {
            let mut low = 0;
            while high - low > 1 {
                let middle = usize::midpoint(low, high);
                if self.array[middle - 1].is_nil() {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            return low;
        }
        if self.nodes.is_empty() {
            return high;
        }
        let mut low = high as u64;
        let mut high = low + 1;
        while !self.get_index(high as i64).is_nil() {
            low = high;
            high *= 2;
            if high > i32::MAX as u64 {
                let mut at = 1;
                while !self.get_index(at).is_nil() {
                    at += 1;
                }
                return (at - 1) as usize;
            }
        }
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if self.get_index(middle as i64).is_nil() {
                high = middle;
            } else {
                low = middle;
            }
        }
        low as usize
    }

    /// The entry after `key` in traversal order. `Err` if the key is not there.
    pub fn next(&self, strings: &Strings, key: Value) -> Result<Option<(Value, Value)>, ()> {
        Ok(self.next_from(self.position(strings, key)?))
    }

    fn position(&self, strings: &Strings, key: Value) -> Result<usize, ()> {
        if key.is_nil() {
            return Ok(0);
        }
        if let Value::Number(bits) = key
            && let Some(index) = exact_index(f64::from_bits(bits))
            && index > 0
            && index as usize <= self.array.len()
        {
            return Ok(index as usize);
        }
        self.find_node(strings, key).map(|at| self.array.len() + at + 1).ok_or(())
    }

    fn next_from(&self, position: usize) -> Option<(Value, Value)> {
        let size = self.array.len();
        if position < size {
            for (offset, value) in self.array[position..].iter().enumerate() {
                if !value.is_nil() {
                    return Some((Value::number((position + offset + 1) as f64), *value));
                }
            }
        }
        let from = position.saturating_sub(size);
        self.nodes[from..].iter().find(|node| !node.value.is_nil()).map(|node| (node.key, node.value))
    }
}

/// Where in an array part the value of an index lies; of what is too large for one, where no array reaches.
#[inline(always)]
pub fn place_of(index: i64) -> usize {
    usize::try_from((index as u64).wrapping_sub(1)).unwrap_or(usize::MAX)
}

/// The same of a number, which may be no index.
#[inline(always)]
fn array_place(number: f64) -> usize {
    let index = number as u32;
    if f64::from(index) == number { (index as usize).wrapping_sub(1) } else { usize::MAX }
}

fn hash_number(number: f64, size: usize) -> usize {
    if number == 0.0 {
        return 0;
    }
    let bits = number.to_bits();
    let sum = (bits as u32).wrapping_add((bits >> 32) as u32);
    (sum % ((size as u32 - 1) | 1)) as usize
}

/// Counts a key that could live in an array part under the power of two that it needs.
fn count_index(key: Value, counts: &mut [usize; MAX_BITS + 1]) -> usize {
    if let Value::Number(bits) = key
        && let Some(index) = exact_index(f64::from_bits(bits))
        && (1..=MAX_ARRAY).contains(&index)
    {
        counts[(index as u64).next_power_of_two().trailing_zeros() as usize] += 1;
        return 1;
    }
    0
}

/// The largest power of two of which more than half the slots would be used, and how many keys that takes in.
fn array_size(counts: &[usize; MAX_BITS + 1], candidates: usize) -> (usize, usize) {
    let (mut sum, mut inside, mut size) = (0, 0, 0);
    let mut power = 1;
    for &count in counts {
        if power / 2 >= candidates {
            break;
        }
        if count > 0 {
            sum += count;
            if sum > power / 2 {
                size = power;
                inside = sum;
            }
        }
        if sum == candidates {
            break;
        }
        power *= 2;
    }
    (size, inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PUC's classic: holes decide `#` by where the array part ends.
    #[test]
    fn border_with_holes() {
        let strings = Strings::new();
        let mut table = Table::default();
        for index in [1, 2, 4] {
            table.set(&strings, Value::number(f64::from(index)), Value::True, usize::MAX >> 1).unwrap();
        }
        assert_eq!(table.length(), 4);
    }

    #[test]
    fn traversal_survives_assigning_nil() {
        let strings = Strings::new();
        let mut table = Table::default();
        for index in 0..100 {
            table.set(&strings, Value::number(f64::from(index) + 0.5), Value::True, usize::MAX >> 1).unwrap();
        }
        let (mut key, mut seen) = (Value::Nil, 0);
        while let Some((found, _)) = table.next(&strings, key).unwrap() {
            *table.find_mut(&strings, found).unwrap() = Value::Nil;
            key = found;
            seen += 1;
        }
        assert_eq!(seen, 100);
    }
}
