//! The machine's state: the running coroutine's stacks, the heap, and the types by which instructions, native
//! functions and the dispatch loop speak to each other.
//!
//! A native function never calls back: when it needs a Lua function run, it returns `Ret::Call` with a `Continuation`
//! that says how to go on with the results. Continuations are plain data on a stack of their own, which is what lets a
//! machine be paused, cloned and resumed in the middle of a `table.sort` inside a `pcall` inside a coroutine.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};

use crate::{
    heap::Heap,
    library::{gsub::Gsub, pattern::Search, sort::Sort},
    stack::{Stack, WINDOW},
    value::Value,
};

/// Marks a frame that runs a continuation instead of Lua code.
pub const NATIVE: u32 = u32::MAX;

/// How the caller takes the results of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// They were asked for as many as the caller wants them, where it wants them.
    Plain,
    /// The caller's last instruction needs completing with the first result.
    Meta,
    /// The same, with its truth reversed (`a <= b` answered by `b < a`).
    MetaNot,
    /// A concatenation that goes on left of this register.
    Concat(u8),
}

#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The slot of the function; results go there.
    pub func: u32,
    pub base: u32,
    /// The next instruction; for a native frame, the first slot free above it.
    pub pc: u32,
    pub closure: u32,
    pub proto: u32,
    /// Results wanted, -1: all.
    pub wanted: i32,
    /// How many calls before this one replaced themselves by it.
    pub tail_calls: u32,
    pub finish: Finish,
}

#[derive(Clone, Debug)]
pub enum Continuation {
    Pcall,
    Xpcall {
        handler: Value,
    },
    /// The handler of `xpcall` is running.
    Handler,
    /// The thread waits for a coroutine; `calls` is the depth to return to if that dies.
    Resume {
        wrap: bool,
        calls: u32,
    },
    /// The coroutine is suspended here.
    Yielded,
    /// The embedder is asked.
    Host,
    /// Results are passed on as they are.
    Pass,
    Print {
        at: usize,
    },
    Foreach {
        key: Value,
    },
    ForeachIndex {
        at: i64,
        limit: i64,
    },
    /// `load` collects the pieces of a chunk.
    Load {
        pieces: Vec<u8>,
    },
    Sort(Box<Sort>),
    Gsub(Box<Gsub>),
    Search(Box<Search>),
    /// The first result is passed on.
    First,
}

/// Where a native function finds its arguments. (Two numbers, so that they are handed on in registers.)
#[derive(Clone, Copy, Debug)]
pub struct Args {
    pub base: usize,
    pub count: usize,
}

impl Args {
    /// The slot of the function itself.
    pub fn func(self) -> usize {
        self.base - 1
    }

    /// The first slot above the arguments: what natives push starts here.
    pub fn free_slot(self) -> usize {
        self.base + self.count
    }
}

/// What a native function answers.
#[derive(Debug)]
pub enum Ret {
    None,
    One(Value),
    Two(Value, Value),
    /// Values on the stack.
    Many {
        start: usize,
        count: usize,
    },
    /// Call the function at this slot with the arguments behind it, then continue.
    Call {
        func: usize,
        count: usize,
        then: Continuation,
    },
    /// Continue at once: the work is long and fuel is to be checked.
    Again(Continuation),
    Yield {
        start: usize,
        count: usize,
    },
    Resume {
        thread: u32,
        start: usize,
        count: usize,
        wrap: bool,
    },
    /// Compile the text; the function or nil and a message is the result.
    Load {
        text: Vec<u8>,
        name: Vec<u8>,
    },
}

/// Why an instruction or a native function failed. It is one pointer, because hundreds of places hand it on and hardly one makes it.
#[derive(Clone, Debug)]
pub struct Fault(Box<Cause>);

type Text = Cow<'static, str>;

/// Positions and names are added by whoever holds the code.
#[derive(Clone, Debug)]
pub enum Cause {
    /// The error value as it is.
    Value(Value),
    /// A message that gets the position of the function that called the native one.
    Message(Text),
    /// A message that gets the position of the running function, if that is a Lua function.
    Runtime(Text),
    /// A message without position.
    Plain(Text),
    /// The same, not necessarily text.
    Bytes(Vec<u8>),
    /// `error` with a level.
    Level(Value, u32),
    /// "bad argument #n to 'f' (...)".
    Argument(usize, Text),
    /// "attempt to ... local 'x' (a nil value)".
    Operand {
        what: &'static str,
        value: Value,
        register: Option<u8>,
    },
    Memory,
}

impl From<Cause> for Fault {
    #[cold]
    #[inline(never)]
    fn from(cause: Cause) -> Fault {
        Fault(Box::new(cause))
    }
}

impl Fault {
    #[cold]
    #[inline(never)]
    pub fn memory() -> Fault {
        Cause::Memory.into()
    }

    #[cold]
    #[inline(never)]
    pub fn message(text: impl Into<Text>) -> Fault {
        Cause::Message(text.into()).into()
    }

    #[cold]
    #[inline(never)]
    pub fn runtime(text: impl Into<Text>) -> Fault {
        Cause::Runtime(text.into()).into()
    }

    #[cold]
    #[inline(never)]
    pub fn plain(text: impl Into<Text>) -> Fault {
        Cause::Plain(text.into()).into()
    }

    #[cold]
    #[inline(never)]
    pub fn argument(number: usize, problem: impl Into<Text>) -> Fault {
        Cause::Argument(number, problem.into()).into()
    }

    #[cold]
    #[inline(never)]
    pub fn operand(what: &'static str, value: Value, register: Option<u8>) -> Fault {
        Cause::Operand { what, value, register }.into()
    }

    /// The same fault when a native function is what runs.
    #[cold]
    #[inline(never)]
    pub fn in_native(mut self) -> Fault {
        if let Cause::Runtime(text) = &mut *self.0 {
            *self.0 = Cause::Plain(core::mem::take(text));
        }
        self
    }

    pub fn cause(self) -> Cause {
        *self.0
    }
}

pub type Native = fn(&mut State, Args) -> Result<Ret, Fault>;

/// What leaves the dispatch loop.
#[derive(Debug)]
pub enum Exit {
    Done { start: usize, count: usize },
    Error(Value),
    Fuel,
    Host { function: u32, args: Args },
    Load { text: Vec<u8>, name: Vec<u8> },
    Line,
}

/// Where control goes next.
pub enum Flow {
    /// Another frame is on top.
    Switch,
    Exit(Exit),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    #[default]
    Suspended,
    Running,
    /// It resumed another.
    Normal,
    Dead,
}

/// A coroutine while it does not run.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    pub stack: Stack,
    pub frames: Vec<Frame>,
    pub continuations: Vec<Continuation>,
    /// Captured variables still on the stack, lowest slot first.
    pub open: Vec<u32>,
    pub status: Status,
    pub env: u32,
    pub started: bool,
}

#[derive(Clone, Debug)]
pub struct State {
    pub heap: Heap,
    pub stack: Stack,
    pub frames: Vec<Frame>,
    pub continuations: Vec<Continuation>,
    pub open: Vec<u32>,
    /// The running thread; 0 is the main one.
    pub thread: u32,
    /// The threads that wait for the running one, innermost last.
    pub resumers: Vec<u32>,
    /// One past the last of an open number of values.
    pub top: usize,
    /// Where the last finished call left its results.
    pub callee: usize,
    pub fuel: i64,
    /// Depth of calls that would be C calls in PUC.
    pub calls: u32,
    pub globals: u32,
    pub registry: u32,
    pub natives: Vec<Native>,
    pub random: u64,
    pub clock: f64,
    pub output: Vec<u8>,
    pub collect_always: bool,
    /// Tables outside the program's reach that the embedder holds.
    pub pinned: Vec<Value>,
    pub memory_message: Value,
    pub raised_at: (Value, u32),
    /// `pcall` gives the text of an error table with a field `err` in its place, as Redis' does.
    pub unwrap_errors: bool,
    pub json: crate::library::cjson::Settings,
    /// The name by which cjson knows arrays.
    pub json_mark: Value,
    /// For the line hook: the frame depth and line last stopped at.
    pub last_line: (usize, u32),
    pub last_pc: u32,
    pub proto_seen: Vec<bool>,
}

/// What a slot of a stack costs, as accounted.
pub const SLOT_COST: usize = 16;
/// PUC's limits.
pub const MAX_CALLS: usize = 20_000;
pub const MAX_NATIVE_CALLS: u32 = 200;
pub const MAX_NATIVE_STACK: usize = 8000;

impl State {
    /// Makes sure that a stack slot and a window above it exist.
    #[inline]
    pub fn ensure(&mut self, slot: usize) -> Result<(), Fault> {
        if slot + WINDOW > self.stack.len() { self.grow_stack(slot) } else { Ok(()) }
    }

    #[inline(never)]
    fn grow_stack(&mut self, slot: usize) -> Result<(), Fault> {
        let size = (slot + WINDOW).max(self.stack.len() * 2);
        let grown = (size - self.stack.len()) * SLOT_COST;
        self.heap.reserve(grown)?;
        self.heap.used += grown;
        self.stack.resize(size);
        Ok(())
    }

    #[inline(never)]
    pub fn arg(&self, args: Args, index: usize) -> Value {
        if index < args.count { self.stack[args.base + index] } else { Value::Nil }
    }

    pub fn bytes(&self, value: Value) -> &[u8] {
        match value {
            Value::String(payload) => self.heap.bytes(payload),
            _ => &[],
        }
    }

    /// Text from bytes that need not be text.
    pub fn lossy(&self, value: Value) -> String {
        String::from_utf8_lossy(self.bytes(value)).into_owned()
    }

    pub fn charge(&mut self, work: usize) {
        self.fuel -= (work >> 6) as i64;
    }

    /// Puts values on the stack above the arguments.
    pub fn push(&mut self, args: Args, values: &[Value]) -> Result<Ret, Fault> {
        let start = args.free_slot();
        self.ensure(start + values.len())?;
        self.stack[start..start + values.len()].copy_from_slice(values);
        Ok(Ret::Many { start, count: values.len() })
    }

    pub fn call_with(&mut self, slot: usize, function: Value, args: &[Value]) -> Result<(), Fault> {
        self.ensure(slot + 1 + args.len())?;
        self.stack[slot] = function;
        self.stack[slot + 1..slot + 1 + args.len()].copy_from_slice(args);
        Ok(())
    }
}
