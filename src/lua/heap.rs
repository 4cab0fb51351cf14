//! Everything a program can make lives here, in one arena a kind. Memory is accounted in the same units on every
//! target, so that a limit and the collector strike at the same instruction natively and in wasm.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    arena::Arena,
    meta::{EVENTS, Event, MAX_CHAIN},
    state::{Fault, Thread},
    strings::Strings,
    table::{self, Table},
    value::{SHORT, Value},
};

/// A Lua function: its code, its environment and the variables it captured.
#[derive(Clone, Debug, Default)]
pub struct Closure {
    pub proto: u32,
    pub env: u32,
    pub upvalues: Box<[u32]>,
}

/// A captured variable: while its function runs it is a slot of that thread's stack, afterwards a value of its own.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    pub value: Value,
    pub slot: u32,
    pub thread: u32,
}

/// The captured variable has left its stack.
pub const CLOSED: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub struct Userdata {
    pub meta: u32,
    pub env: u32,
}

impl Default for Userdata {
    fn default() -> Self {
        Userdata { meta: table::NONE, env: table::NONE }
    }
}

#[derive(Clone, Debug)]
pub struct Heap {
    pub strings: Strings,
    pub tables: Arena<Table>,
    pub closures: Arena<Closure>,
    pub captured: Arena<Captured>,
    pub userdata: Arena<Userdata>,
    pub threads: Arena<Thread>,
    /// What native functions captured.
    pub boxes: Arena<[Value; 3]>,
    pub used: usize,
    pub limit: usize,
    /// Collect when `used` exceeds this.
    pub threshold: usize,
    /// The metatable of all strings.
    pub string_meta: u32,
    pub event_names: [u64; EVENTS],
}

pub const CLOSURE_COST: usize = 40;
pub const CAPTURED_COST: usize = 40;
pub const SMALL_COST: usize = 48;
pub const THREAD_COST: usize = 1000;

impl Heap {
    pub fn new(limit: usize) -> Heap {
        let mut heap = Heap {
            strings: Strings::new(),
            tables: Arena::default(),
            closures: Arena::default(),
            captured: Arena::default(),
            userdata: Arena::default(),
            threads: Arena::default(),
            boxes: Arena::default(),
            used: 0,
            limit,
            threshold: 128 * 1024,
            string_meta: table::NONE,
            event_names: [0; EVENTS],
        };
        for event in Event::ALL {
            if let Value::String(payload) = heap.string(event.name().as_bytes()) {
                heap.event_names[event as usize] = payload;
            }
        }
        heap
    }

    /// Fails if so many more bytes would break the limit.
    #[inline]
    pub fn reserve(&self, bytes: usize) -> Result<(), Fault> {
        if self.used.saturating_add(bytes) > self.limit { Err(Fault::memory()) } else { Ok(()) }
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.used)
    }

    pub fn string(&mut self, bytes: &[u8]) -> Value {
        let (payload, cost) = self.strings.intern(bytes);
        self.used += cost;
        Value::String(payload)
    }

    /// A string from bytes that may be large and are already ours.
    pub fn string_owned(&mut self, bytes: Vec<u8>) -> Result<Value, Fault> {
        if bytes.len() <= SHORT {
            return Ok(self.string(&bytes));
        }
        self.reserve(bytes.len())?;
        let (payload, cost) = self.strings.keep(bytes.into_boxed_slice());
        self.used += cost;
        Ok(Value::String(payload))
    }

    /// What most ask; who is in a hurry asks the strings.
    #[inline(never)]
    pub fn bytes(&self, payload: u64) -> &[u8] {
        self.strings.get(payload)
    }

    pub fn new_table(&mut self, array: usize, hash: usize) -> u32 {
        let table = if array == 0 && hash == 0 { Table::default() } else { Table::with_sizes(array, hash) };
        self.used += table.cost();
        self.tables.insert(table)
    }

    #[inline]
    pub fn get(&self, table: u32, key: Value) -> Value {
        self.tables[table].get(&self.strings, key)
    }

    // What the libraries ask of a table; the dispatch loop asks the table itself.

    #[inline(never)]
    pub fn item(&self, table: u32, index: i64) -> Value {
        self.tables[table].get_index(index)
    }

    /// The entry after `key` in traversal order. `Err` if the key is not there.
    #[inline(never)]
    pub fn next(&self, table: u32, key: Value) -> Result<Option<(Value, Value)>, ()> {
        self.tables[table].next(&self.strings, key)
    }

    /// A border: what `#` tells.
    #[inline(never)]
    pub fn border(&self, table: u32) -> usize {
        self.tables[table].length()
    }

    /// A raw store. Refuses read-only tables, nil and NaN keys.
    pub fn set(&mut self, table: u32, key: Value, value: Value) -> Result<(), Fault> {
        let target = &mut self.tables[table];
        if target.readonly {
            return Err(Fault::runtime("Attempt to modify a readonly table"));
        }
        match key {
            Value::Nil => return Err(Fault::runtime("table index is nil")),
            Value::Number(bits) if f64::from_bits(bits).is_nan() => {
                return Err(Fault::runtime("table index is NaN"));
            }
            _ => {}
        }
        let room = self.limit.saturating_sub(self.used);
        target.absent = 0;
        let grown = target.set(&self.strings, key, value, room).map_err(|_| Fault::memory())?;
        self.used = self.used.wrapping_add_signed(grown);
        Ok(())
    }

    pub fn set_index(&mut self, table: u32, index: i64, value: Value) -> Result<(), Fault> {
        let target = &mut self.tables[table];
        if !target.readonly
            && let Some(slot) = target.array.get_mut(table::place_of(index))
        {
            *slot = value;
            return Ok(());
        }
        self.set(table, Value::number(index as f64), value)
    }

    pub fn set_field(&mut self, table: u32, name: &str, value: Value) -> Result<(), Fault> {
        let key = self.string(name.as_bytes());
        self.set(table, key, value)
    }

    pub fn grow_array(&mut self, table: u32, size: usize) -> Result<(), Fault> {
        let room = self.room();
        let grown = self.tables[table].grow_array(&self.strings, size, room).map_err(|_| Fault::memory())?;
        self.used = self.used.wrapping_add_signed(grown);
        Ok(())
    }

    pub fn new_box(&mut self, values: [Value; 3]) -> u32 {
        self.used += SMALL_COST;
        self.boxes.insert(values)
    }

    pub fn new_closure(&mut self, proto: u32, env: u32, upvalues: Box<[u32]>) -> Value {
        self.used += CLOSURE_COST + upvalues.len() * 8;
        Value::Function(u64::from(self.closures.insert(Closure { proto, env, upvalues })))
    }

    pub fn new_captured(&mut self, value: Value, slot: u32, thread: u32) -> u32 {
        self.used += CAPTURED_COST;
        self.captured.insert(Captured { value, slot, thread })
    }

    pub fn metatable(&self, value: Value) -> u32 {
        match value {
            Value::Table(at) => self.tables[at as u32].meta,
            Value::Userdata(at) => self.userdata[at as u32].meta,
            Value::String(_) => self.string_meta,
            _ => table::NONE,
        }
    }

    /// Half of the room that is left is used up: the latest that garbage is to be collected, since what has to be large
    /// fails at once if there is no room for it.
    pub fn half_way(&self) -> usize {
        self.used + self.limit.saturating_sub(self.used) / 2
    }

    /// The metamethod of a value for an event, nil if there is none.
    pub fn metamethod(&self, value: Value, event: Event) -> Value {
        match self.metatable(value) {
            table::NONE => Value::Nil,
            meta => self.tables[meta].get_short(self.event_names[event as usize]),
        }
    }

    /// The same for a metatable at hand; what is absent is remembered.
    #[inline]
    pub fn fast_metamethod(&mut self, meta: u32, event: Event) -> Value {
        if meta == table::NONE {
            return Value::Nil;
        }
        let table = &mut self.tables[meta];
        let bit = event.bit();
        if table.absent & bit != 0 {
            return Value::Nil;
        }
        let found = table.get_short(self.event_names[event as usize]);
        if found.is_nil() {
            table.absent |= bit;
        }
        found
    }

    /// The method of an object, looked for in itself and the tables behind it. Nil if somebody else is to look for it.
    pub fn method(&self, object: Value, name: Value) -> Value {
        let Value::String(name) = name else { return Value::Nil };
        let mut object = object;
        for _ in 0..MAX_CHAIN {
            let meta = match object {
                Value::Table(at) => {
                    let table = &self.tables[at as u32];
                    let found = table.get_short(name);
                    if !found.is_nil() {
                        return found;
                    }
                    table.meta
                }
                other => self.metatable(other),
            };
            if meta == table::NONE {
                break;
            }
            object = self.tables[meta].get_short(self.event_names[Event::Index as usize]);
        }
        Value::Nil
    }

    #[inline]
    pub fn equal(&self, a: Value, b: Value) -> bool {
        self.strings.equal(a, b)
    }
}
