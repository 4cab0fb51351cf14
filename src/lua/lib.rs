//! Lua 5.1, complete, as a machine that can be stopped anywhere, copied and continued.
//!
//! The crate follows PUC Lua 5.1 in what programs can see (values, error texts, the order of `pairs`, the steps of
//! `sort`) and differs in how it is built: values are sixteen bytes of plain data, objects are indices into arenas, the
//! whole state is `Clone`, and nothing in it recurses on the host's stack, so that `step` may return after any amount of
//! work. Functions of the embedder (`redis.call`) are not called by the machine: it stops and says that one is wanted.
//!
//! What a program can notice against PUC's interpreter: addresses in `tostring` are numbers made up from indices;
//! `string.dump` and precompiled chunks are refused; `__gc` is never called; the locale is C's; `print` goes to a buffer; a
//! step of the collector is a whole collection; the handler of `xpcall` runs when the failed calls are already gone; values
//! other than tables, strings and userdata have no metatables (only `debug` could give them some); and transcendental functions are `libm`'s, the same bits everywhere. The
//! sign of a NaN, which `tostring` shows, follows x86.
//!
//! How it is held to PUC's: `cargo test -p lua` runs scripts with PUC's recorded output, also collecting at every safe point,
//! stopping after every unit of fuel and going on with copies; and, where `lua5.1` is installed, programs made at random,
//! `LUA_CASES=100000 LUA_FROM=0` of them by seed (`LUA_SHOW=123` prints one). PUC's own test files are not part of this
//! repository: `LUA_TESTS=folder cargo test -p lua puc -- --nocapture` runs them for whoever has them, and says what of them
//! cannot apply and why. `cargo xtask bench lua` compares speeds, in node and Chromium too,
//! `cargo xtask size lua` says what all of it weighs in the page, `cargo xtask fuzz lua` fuzzes.
//!
//! Read in this order: `value`, `table`, `heap`; `lexer`, `parser`, `codegen`, `instruction`, `proto`; `state`, `stack`, `calls`,
//! `threads`, `unwind`, `dispatch`, `meta`; `library`; and this file, the face to the embedder, with `inspect` for debuggers.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod arena;
mod calls;
mod codegen;
mod decimal;
mod dispatch;
mod gc;
mod heap;
mod inspect;
mod instruction;
mod lexer;
mod library;
mod meta;
mod naming;
mod number;
mod parser;
mod proto;
mod stack;
mod state;
mod strings;
mod table;
mod text;
mod threads;
mod unwind;
mod value;

use alloc::{string::String, vec, vec::Vec};

pub use inspect::{CallInfo, Depth, Place, Variable};
pub use number::append_general;
pub use value::Value;

use arena::Arena;
use heap::Heap;
use proto::Proto;
use stack::{Stack, WINDOW};
use state::{Cause, Continuation, Exit, Fault, Finish, NATIVE, State, Status, Thread};
use table::NONE;

/// What a machine may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes, as accounted; exceeding them raises "not enough memory".
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { memory: 256 << 20 }
    }
}

/// Why the machine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The call is over; see `Vm::results`.
    Done,
    /// An error that nothing caught; see `Vm::error_location`.
    Error(Value),
    OutOfFuel,
    /// A function of the embedder is wanted; see `Vm::arguments`, then `Vm::answer` or `Vm::fail`.
    HostCall {
        function: u32,
    },
    /// A new line is about to run (`Vm::step_line` only).
    Line,
}

/// A table, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table(u32);

impl From<Table> for Value {
    fn from(table: Table) -> Value {
        Value::Table(u64::from(table.0))
    }
}

/// An assignment that the rules of tables forbid, or for which there is no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

#[derive(Clone, Debug)]
pub struct Vm {
    state: State,
    protos: Arena<Proto>,
    proto_threshold: usize,
    killed: Option<Value>,
    /// The fuel that the last step was given.
    given: i64,
    arguments: (usize, usize),
    results: (usize, usize),
}

impl Vm {
    /// A machine with all libraries open.
    pub fn new(limits: Limits, seed: u32) -> Vm {
        let mut vm = Vm::for_scripts(limits, seed);
        let globals = vm.state.globals;
        let opened = library::put(&mut vm.state, globals, library::base::OF_PROGRAMS);
        debug_assert!(opened.is_ok());
        vm
    }

    /// A machine with what scripts in Redis have: no environments, no proxies, nothing to print to.
    #[inline(never)]
    pub fn for_scripts(limits: Limits, seed: u32) -> Vm {
        let mut heap = Heap::new(usize::MAX >> 1);
        let memory_message = heap.string(b"not enough memory");
        let globals = heap.new_table(0, 64);
        let registry = heap.new_table(0, 0);
        heap.threads.insert(Thread { status: Status::Running, started: true, env: globals, ..Thread::default() });
        let mut state = State {
            heap,
            stack: Stack::new(WINDOW * 2),
            frames: Vec::new(),
            continuations: Vec::new(),
            open: Vec::new(),
            thread: 0,
            resumers: Vec::new(),
            top: 0,
            callee: 0,
            fuel: 0,
            calls: 0,
            globals,
            registry,
            natives: Vec::new(),
            random: library::math::seeded(seed),
            clock: 0.0,
            output: Vec::new(),
            collect_always: false,
            pinned: Vec::new(),
            memory_message,
            raised_at: (Value::Nil, 0),
            unwrap_errors: false,
            json: library::cjson::Settings::default(),
            json_mark: Value::Nil,
            last_line: (0, 0),
            last_pc: 0,
            proto_seen: Vec::new(),
        };
        // Nothing limits the libraries' own tables, so this does not fail.
        let opened = library::open(&mut state);
        debug_assert!(opened.is_ok());
        state.heap.limit = limits.memory;
        Vm {
            state,
            protos: Arena::default(),
            proto_threshold: 256,
            killed: None,
            given: 0,
            arguments: (0, 0),
            results: (0, 0),
        }
    }

    // Programs.

    /// Compiles a chunk. The error is the whole message, position included. The function lives as long as something
    /// reachable holds it: start it, store it or `pin` it.
    pub fn load(&mut self, name: &[u8], source: &[u8]) -> Result<Value, Vec<u8>> {
        if self.protos.len() > self.proto_threshold {
            self.collect();
            self.proto_threshold = (self.protos.len() * 2).max(256);
        }
        let before = self.protos.len();
        let result = parser::compile(&mut self.state.heap, &mut self.protos, source, name);
        let compiled = self.protos.len().saturating_sub(before);
        self.state.heap.used += compiled * 200;
        let proto = result.map_err(|error| *error.0)?;
        let globals = self.state.globals;
        Ok(self.state.heap.new_closure(proto, globals, alloc::boxed::Box::default()))
    }

    /// Begins a call; `step` runs it. Whatever ran before is forgotten.
    pub fn start(&mut self, function: Value, arguments: &[Value]) {
        self.state.unwind_all();
        self.killed = None;
        self.state.raised_at = (Value::Nil, 0);
        if self.state.stack.len() < arguments.len() + 1 + WINDOW * 2 {
            self.state.stack.resize(arguments.len() + 1 + WINDOW * 2);
        }
        self.state.stack[0] = function;
        self.state.stack[1..=arguments.len()].copy_from_slice(arguments);
        self.state.top = arguments.len() + 1;
        // The marker of a call that has not begun, as for a fresh coroutine.
        self.state.callee = usize::MAX;
    }

    /// Runs for about so much fuel: one unit is a call or a jump back, and what takes long costs more.
    pub fn step(&mut self, fuel: u32) -> Step {
        self.run(fuel, false)
    }

    /// Runs to the next line, for a debugger.
    pub fn step_line(&mut self, fuel: u32) -> Step {
        self.run(fuel, true)
    }

    fn run(&mut self, fuel: u32, by_lines: bool) -> Step {
        if let Some(value) = self.killed {
            self.state.note_location(&self.protos);
            self.state.unwind_all();
            return Step::Error(value);
        }
        self.given = i64::from(fuel.max(1));
        self.state.fuel = self.given;
        let mut exit = None;
        if self.state.callee == usize::MAX {
            self.state.callee = 0;
            let count = self.state.top - 1;
            exit = match self.state.call(&self.protos, 0, count, -1, Finish::Plain) {
                Ok(calls::Outcome::Exit(exit)) => Some(exit),
                Ok(_) => None,
                Err(fault) => self.state.raise(&self.protos, fault, false),
            };
        }
        loop {
            let exit = match exit.take() {
                Some(exit) => exit,
                None => dispatch::run(&mut self.state, &self.protos, by_lines),
            };
            return match exit {
                Exit::Done { start, count } => {
                    self.results = (start, count);
                    Step::Done
                }
                Exit::Error(value) => {
                    self.state.unwind_all();
                    Step::Error(value)
                }
                Exit::Fuel => Step::OutOfFuel,
                Exit::Host { function, args } => {
                    self.arguments = (args.base, args.count);
                    Step::HostCall { function }
                }
                Exit::Line => Step::Line,
                Exit::Load { text, name } => {
                    let values = match self.load(&name, &text) {
                        Ok(function) => vec![function],
                        Err(message) => vec![Value::Nil, self.state.heap.string(&message)],
                    };
                    self.give(&values);
                    continue;
                }
            };
        }
    }

    /// Puts results where the frame on top finds them.
    fn give(&mut self, values: &[Value]) {
        let slot = self.state.frames.last().map_or(0, |frame| frame.pc as usize);
        if self.state.ensure(slot + values.len()).is_err() {
            let _ = self.fail_with(Fault::memory());
            return;
        }
        self.state.stack[slot..slot + values.len()].copy_from_slice(values);
        self.state.callee = slot;
        self.state.top = slot + values.len();
    }

    fn fail_with(&mut self, fault: Fault) -> Option<Exit> {
        let exit = self.state.raise(&self.protos, fault, true);
        if let Some(Exit::Error(value)) = &exit {
            self.killed = Some(*value);
        }
        exit
    }

    /// What the last step has used of its fuel; more than it was given, if the last thing that it did was long.
    pub fn fuel_spent(&self) -> u64 {
        (self.given - self.state.fuel).max(0) as u64
    }

    /// The results of a call that is done.
    pub fn results(&self) -> &[Value] {
        let (start, count) = self.results;
        &self.state.stack[start..start + count]
    }

    /// The arguments of the host call that is wanted.
    pub fn arguments(&self) -> &[Value] {
        let (start, count) = self.arguments;
        &self.state.stack[start..start + count]
    }

    /// The results of a host call.
    pub fn answer(&mut self, results: &[Value]) {
        debug_assert!(matches!(self.state.continuations.last(), Some(Continuation::Host)));
        self.give(results);
    }

    /// The host call raises this value as it is.
    pub fn fail(&mut self, value: Value) {
        self.fail_with(Cause::Value(value).into());
    }

    /// The host call raises a message with the position of its caller.
    pub fn fail_with_position(&mut self, message: &[u8]) {
        self.fail_with(Cause::Bytes(text::copy(message)).into());
    }

    /// Ends the run at the next step with this error, which no `pcall` catches.
    pub fn kill(&mut self, error: Value) {
        self.killed = Some(error);
    }

    /// Source and line at which the last error was raised.
    pub fn error_location(&self) -> Option<(&[u8], u32)> {
        let (source, line) = self.state.raised_at;
        source.is_string().then(|| (self.state.bytes(source), line))
    }

    /// "chunk:line: " of the Lua function that makes the host call, as `error` would say it.
    pub fn caller_position(&self) -> Vec<u8> {
        self.state.position(&self.protos, 1, true)
    }

    // Values.

    pub fn string(&mut self, bytes: &[u8]) -> Value {
        self.state.heap.string(bytes)
    }

    /// The bytes of a string, `None` for other values.
    pub fn bytes(&self, value: Value) -> Option<&[u8]> {
        match value {
            Value::String(payload) => Some(self.state.heap.bytes(payload)),
            _ => None,
        }
    }

    /// What `tostring` would say, without metamethods.
    pub fn text(&mut self, value: Value) -> Value {
        self.state.plain_text(value)
    }

    /// The number that a value is or, as a string, reads as.
    pub fn number(&self, value: Value) -> Option<f64> {
        self.state.to_number(value)
    }

    /// Appends a number as Lua prints it.
    pub fn append_number(out: &mut Vec<u8>, number: f64) {
        number::append(out, number);
    }

    /// Appends a number with so many significant digits, as C's `%g`.
    pub fn append_number_digits(out: &mut Vec<u8>, number: f64, digits: usize) {
        if number.is_finite() {
            number::append_general(out, number, digits, false);
        } else {
            number::append_nonfinite(out, number);
        }
    }

    pub fn equal(&self, a: Value, b: Value) -> bool {
        self.state.heap.equal(a, b)
    }

    pub fn table(&mut self, array: usize, fields: usize) -> Table {
        Table(self.state.heap.new_table(array, fields))
    }

    pub fn as_table(value: Value) -> Option<Table> {
        match value {
            Value::Table(at) => Some(Table(at as u32)),
            _ => None,
        }
    }

    pub fn globals(&self) -> Table {
        Table(self.state.globals)
    }

    pub fn set_globals(&mut self, globals: Table) {
        self.state.globals = globals.0;
    }

    /// A raw read.
    pub fn get(&self, table: Table, key: Value) -> Value {
        self.state.heap.get(table.0, key)
    }

    pub fn get_field(&mut self, table: Table, name: &str) -> Value {
        let key = self.state.heap.string(name.as_bytes());
        self.state.heap.get(table.0, key)
    }

    pub fn get_index(&self, table: Table, index: i64) -> Value {
        self.state.heap.item(table.0, index)
    }

    /// A raw store, which ignores that a table is read-only: the embedder made it so.
    pub fn set(&mut self, table: Table, key: Value, value: Value) -> Result<(), Refused> {
        let readonly = core::mem::take(&mut self.state.heap.tables[table.0].readonly);
        let stored = self.state.heap.set(table.0, key, value);
        self.state.heap.tables[table.0].readonly = readonly;
        stored.map_err(|_| Refused)
    }

    pub fn set_field(&mut self, table: Table, name: &str, value: Value) -> Result<(), Refused> {
        let key = self.state.heap.string(name.as_bytes());
        self.set(table, key, value)
    }

    pub fn set_index(&mut self, table: Table, index: i64, value: Value) -> Result<(), Refused> {
        self.set(table, Value::number(index as f64), value)
    }

    /// The entry after `key` (nil to begin) in the order of `pairs`.
    pub fn next(&self, table: Table, key: Value) -> Option<(Value, Value)> {
        self.state.heap.next(table.0, key).ok().flatten()
    }

    pub fn length(&self, table: Table) -> usize {
        self.state.heap.border(table.0)
    }

    pub fn set_metatable(&mut self, table: Table, meta: Option<Table>) {
        self.state.heap.tables[table.0].meta = meta.map_or(NONE, |meta| meta.0);
    }

    pub fn metatable(&self, value: Value) -> Option<Table> {
        match self.state.heap.metatable(value) {
            NONE => None,
            meta => Some(Table(meta)),
        }
    }

    /// Programs can no longer change the table: "Attempt to modify a readonly table".
    pub fn set_readonly(&mut self, table: Table, readonly: bool) {
        self.state.heap.tables[table.0].readonly = readonly;
    }

    pub fn is_readonly(&self, table: Table) -> bool {
        self.state.heap.tables[table.0].readonly
    }

    /// A function that is the embedder's: calling it stops the machine with this number.
    pub fn host_function(number: u32) -> Value {
        Value::Host(u64::from(number))
    }

    /// Keeps a value alive until it is unpinned.
    pub fn pin(&mut self, value: Value) {
        self.state.pinned.push(value);
    }

    pub fn unpin(&mut self, value: Value) {
        if let Some(at) = self.state.pinned.iter().rposition(|pinned| *pinned == value) {
            self.state.pinned.swap_remove(at);
        }
    }

    /// The environment of a Lua function.
    pub fn set_environment(&mut self, function: Value, environment: Table) {
        if let Value::Function(at) = function {
            self.state.heap.closures[at as u32].env = environment.0;
        }
    }

    // Housekeeping.

    /// Seconds that `os.clock` tells.
    pub fn set_clock(&mut self, seconds: f64) {
        self.state.clock = seconds;
    }

    pub fn seed_random(&mut self, seed: u32) {
        self.state.random = library::math::seeded(seed);
    }

    /// Where the random numbers are, for machines that share one sequence.
    pub fn random_state(&self) -> u64 {
        self.state.random
    }

    pub fn set_random_state(&mut self, state: u64) {
        self.state.random = state;
    }

    /// `pcall` hands out the field `err` of an error table in place of the table, as Redis' does.
    pub fn unwrap_error_tables(&mut self, unwrap: bool) {
        self.state.unwrap_errors = unwrap;
    }

    /// Bytes in use, as accounted.
    pub fn memory(&self) -> usize {
        self.state.heap.used
    }

    pub fn set_memory_limit(&mut self, bytes: usize) {
        self.state.heap.limit = bytes;
        self.state.heap.threshold = self.state.heap.threshold.min(self.state.heap.half_way());
    }

    /// Collects at every opportunity: for tests.
    pub fn collect_always(&mut self, always: bool) {
        self.state.collect_always = always;
        if always {
            self.state.heap.threshold = 0;
        }
    }

    /// A full collection.
    pub fn collect(&mut self) {
        self.state.collect(&self.protos);
        let seen = core::mem::take(&mut self.state.proto_seen);
        for (index, seen) in seen.iter().enumerate() {
            if *seen {
                self.protos.slots.mark(index as u32);
            }
        }
        let freed = self.protos.len();
        self.protos.sweep(|_| 0);
        let freed = freed - self.protos.len();
        self.state.heap.used = self.state.heap.used.saturating_sub(freed * 200);
    }

    /// What `print` has written since the last time.
    pub fn take_output(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.state.output)
    }

    /// True while a call is under way.
    pub fn is_running(&self) -> bool {
        !self.state.frames.is_empty()
    }

    fn top_is_lua(&self) -> bool {
        self.state.frames.last().is_some_and(|frame| frame.closure != NATIVE)
    }

    /// How `type` names a value.
    pub fn type_name(value: Value) -> String {
        String::from(value.type_name())
    }
}
