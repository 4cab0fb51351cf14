//! Stop-the-world mark and sweep. It runs only between instructions, when every live value is in a stack, a
//! continuation or a global structure, so native functions may hold values in Rust locals without registering them. The
//! stack is marked up to the end of the top frame and cleared above it: what a later frame finds in its fresh registers
//! was written since the last collection, so it cannot dangle.
//!
//! `State::collect_always` collects at every safe point; the tests run everything in that mode too, because bugs of a
//! collector do not show in ordinary suites.

use alloc::vec::Vec;

use crate::{
    arena::{Arena, Slots},
    heap::{CAPTURED_COST, CLOSED, CLOSURE_COST, SMALL_COST, THREAD_COST},
    meta::Event,
    proto::Proto,
    state::{Continuation, Fault, Frame, NATIVE, SLOT_COST, State, Thread},
    strings::Strings,
    table::{self, NONE},
    value::Value,
};

/// What the collector has found. The marks are taken out of the heap for so long, so that it can be gone through meanwhile.
struct Marker<'a> {
    state: &'a State,
    protos: &'a Arena<Proto>,
    proto_seen: Vec<bool>,
    marks: Marks,
    gray: Vec<Value>,
    weak: Vec<Weak>,
}

/// The marks of each kind of object.
type Marks = [Slots; 7];

/// A table that does not keep what it holds.
struct Weak {
    table: u32,
    keys: bool,
    values: bool,
}

const STRINGS: usize = 0;
const TABLES: usize = 1;
const CLOSURES: usize = 2;
const CAPTURED: usize = 3;
const USERDATA: usize = 4;
const THREADS: usize = 5;
const BOXES: usize = 6;

/// The kind and the number of an object.
fn object(value: Value) -> Option<(usize, u32)> {
    Some(match value {
        Value::String(payload) => (STRINGS, Strings::place(payload)),
        Value::Table(at) => (TABLES, at as u32),
        Value::Function(at) => (CLOSURES, at as u32),
        Value::Userdata(at) => (USERDATA, at as u32),
        Value::Thread(at) => (THREADS, at as u32),
        Value::Native(id) if id >> 32 != 0 => (BOXES, (id >> 32) as u32 - 1),
        _ => return None,
    })
}

/// Less than this between collections is not worth one.
const MIN_STEP: usize = 128 * 1024;

impl State {
    /// To be called between instructions, after anything that may have allocated.
    #[inline]
    pub fn needs_collection(&self) -> bool {
        self.heap.used > self.heap.threshold
    }

    /// After a call the registers above its results are dead, and programs can see in a weak table that what they held
    /// is gone once they called `collectgarbage`.
    #[cold]
    pub fn forget_above(&mut self, free: usize, proto: &Proto, base: usize) {
        let end = base + usize::from(proto.max_stack);
        if let Some(dead) = self.stack.get_mut(free..end) {
            dead.fill(Value::Nil);
        }
    }

    /// Between two instructions, after something was made.
    #[inline(never)]
    pub fn safe_point(&mut self, protos: &Arena<Proto>) -> Result<(), Fault> {
        if self.needs_collection() { self.collect_and_check(protos) } else { Ok(()) }
    }

    /// Collects, and fails if the limit is broken all the same.
    #[inline(never)]
    pub fn collect_and_check(&mut self, protos: &Arena<Proto>) -> Result<(), Fault> {
        self.collect(protos);
        self.heap.reserve(0)
    }

    pub fn collect(&mut self, protos: &Arena<Proto>) {
        // A collection is work too: where hardly anything is left to allocate, each allocation makes one. It looks at every object,
        // which takes longer than copying as many bytes.
        self.fuel -= (self.heap.used >> 2) as i64;
        let extent = self.extent(protos);
        let mut proto_seen = core::mem::take(&mut self.proto_seen);
        proto_seen.clear();
        proto_seen.resize(protos.items().len(), false);
        let marks = self.exchange_marks(Marks::default());
        let mut marker = Marker { state: self, protos, proto_seen, marks, gray: Vec::new(), weak: Vec::new() };
        marker.roots(extent);
        marker.drain();
        let Marker { proto_seen, mut marks, weak, .. } = marker;
        self.proto_seen = proto_seen;
        for weak in weak {
            self.clear_weak(&weak, &mut marks);
        }
        self.exchange_marks(marks);
        clear_above(&mut self.stack, extent);
        for (at, thread) in self.heap.threads.items_mut().iter_mut().enumerate() {
            if at != self.thread as usize {
                let extent = thread_extent(thread, at as u32, protos);
                clear_above(&mut thread.stack, extent);
            }
        }
        self.sweep();
        let heap = &mut self.heap;
        heap.threshold = if self.collect_always { 0 } else { heap.half_way().min(heap.used + heap.used.max(MIN_STEP)) };
    }

    fn extent(&self, protos: &Arena<Proto>) -> usize {
        frames_extent(&self.frames, protos).max(self.top)
    }

    fn sweep(&mut self) {
        let heap = &mut self.heap;
        let mut freed = heap.strings.sweep();
        freed += heap.tables.sweep(table::Table::cost);
        freed += heap.closures.sweep(|closure| CLOSURE_COST + closure.upvalues.len() * 8);
        freed += heap.captured.sweep(|_| CAPTURED_COST);
        freed += heap.userdata.sweep(|_| SMALL_COST);
        freed += heap.boxes.sweep(|_| SMALL_COST);
        freed += heap.threads.sweep(|thread| THREAD_COST + thread.stack.len() * SLOT_COST);
        heap.used = heap.used.saturating_sub(freed);
    }

    #[inline(never)]
    fn exchange_marks(&mut self, with: Marks) -> Marks {
        let heap = &mut self.heap;
        let places = [
            heap.strings.slots(),
            &mut heap.tables.slots,
            &mut heap.closures.slots,
            &mut heap.captured.slots,
            &mut heap.userdata.slots,
            &mut heap.threads.slots,
            &mut heap.boxes.slots,
        ];
        let mut marks = with;
        for (place, mark) in places.into_iter().zip(&mut marks) {
            core::mem::swap(place, mark);
        }
        marks
    }

    fn clear_weak(&mut self, weak: &Weak, marks: &mut Marks) {
        let table = &mut self.heap.tables[weak.table];
        if weak.values {
            for value in &mut table.array {
                if is_dead(marks, *value) {
                    *value = Value::Nil;
                }
            }
        }
        for node in &mut table.nodes {
            if (weak.keys && is_dead(marks, node.key)) || (weak.values && is_dead(marks, node.value)) {
                node.value = Value::Nil;
            }
        }
    }
}

#[inline(never)]
fn is_dead(marks: &mut Marks, value: Value) -> bool {
    match object(value) {
        None => false,
        // Strings are values, not objects: they are kept.
        Some((STRINGS, at)) => {
            marks[STRINGS].mark(at);
            false
        }
        Some((kind, at)) => !marks[kind].is_marked(at),
    }
}

/// What lies above the frames is dead.
fn clear_above(stack: &mut [Value], extent: usize) {
    if let Some(dead) = stack.get_mut(extent..) {
        dead.fill(Value::Nil);
    }
}

fn thread_extent(thread: &Thread, at: u32, protos: &Arena<Proto>) -> usize {
    let has_frames = thread.started || at == 0;
    if has_frames { frames_extent(&thread.frames, protos) } else { thread.stack.len() }
}

#[inline(never)]
fn frames_extent(frames: &[Frame], protos: &Arena<Proto>) -> usize {
    frames
        .iter()
        .map(|frame| {
            if frame.closure == NATIVE {
                frame.pc as usize
            } else {
                frame.base as usize + usize::from(protos[frame.proto].max_stack)
            }
        })
        .max()
        .unwrap_or(0)
}

impl Marker<'_> {
    fn roots(&mut self, extent: usize) {
        let state = self.state;
        let single = [
            state.memory_message,
            state.json_mark,
            state.raised_at.0,
            Value::Table(u64::from(state.globals)),
            Value::Table(u64::from(state.registry)),
            Value::Thread(u64::from(state.thread)),
            Value::Thread(0),
        ];
        self.mark_stacks(&state.stack, &state.frames, &state.continuations, &state.open, extent);
        self.mark_all(&single);
        self.mark_all(&state.pinned);
        for &thread in &state.resumers {
            self.mark(Value::Thread(u64::from(thread)));
        }
        self.mark_table(state.heap.string_meta);
        for name in state.heap.event_names {
            self.mark(Value::String(name));
        }
    }

    /// What a coroutine's stacks hold.
    #[inline(never)]
    fn mark_stacks(
        &mut self,
        stack: &[Value],
        frames: &[Frame],
        continuations: &[Continuation],
        open: &[u32],
        extent: usize,
    ) {
        self.mark_all(stack.get(..extent).unwrap_or(stack));
        for frame in frames {
            if frame.closure != NATIVE {
                self.mark(Value::Function(u64::from(frame.closure)));
            }
        }
        for continuation in continuations {
            match continuation {
                Continuation::Xpcall { handler: value } | Continuation::Foreach { key: value } => self.mark(*value),
                Continuation::Sort(sort) => self.mark_all(&sort.values()),
                Continuation::Gsub(gsub) => self.mark_all(&gsub.values()),
                Continuation::Search(search) => self.mark_all(&search.values()),
                _ => {}
            }
        }
        for &index in open {
            self.marks[CAPTURED].mark(index);
        }
    }

    #[inline(never)]
    fn mark_all(&mut self, values: &[Value]) {
        for value in values {
            self.mark(*value);
        }
    }

    #[inline(never)]
    fn mark(&mut self, value: Value) {
        if let Some((kind, at)) = object(value)
            && self.marks[kind].mark(at)
            && kind != STRINGS
        {
            self.gray.push(value);
        }
    }

    fn mark_table(&mut self, at: u32) {
        if at != NONE {
            self.mark(Value::Table(u64::from(at)));
        }
    }

    fn drain(&mut self) {
        let heap = &self.state.heap;
        while let Some(value) = self.gray.pop() {
            let Some((kind, at)) = object(value) else { continue };
            match kind {
                TABLES => self.traverse_table(at),
                CLOSURES => {
                    let closure = &heap.closures[at];
                    self.mark_table(closure.env);
                    self.mark_proto(closure.proto);
                    for &index in &closure.upvalues {
                        self.mark_captured(index);
                    }
                }
                USERDATA => {
                    let userdata = &heap.userdata[at];
                    self.mark_table(userdata.meta);
                    self.mark_table(userdata.env);
                }
                THREADS => self.traverse_thread(at),
                BOXES => self.mark_all(&heap.boxes[at]),
                _ => {}
            }
        }
    }

    fn mark_captured(&mut self, index: u32) {
        if self.marks[CAPTURED].mark(index) {
            let captured = &self.state.heap.captured[index];
            if captured.slot == CLOSED {
                self.mark(captured.value);
            } else if captured.thread != self.state.thread {
                self.mark(Value::Thread(u64::from(captured.thread)));
            }
        }
    }

    fn traverse_table(&mut self, at: u32) {
        let heap = &self.state.heap;
        let table = &heap.tables[at];
        self.mark_table(table.meta);
        let (mut weak_keys, mut weak_values) = (false, false);
        if table.meta != NONE
            && let Value::String(payload) = heap.tables[table.meta].get_short(heap.event_names[Event::Mode as usize])
        {
            let mode = heap.bytes(payload);
            weak_keys = mode.contains(&b'k');
            weak_values = mode.contains(&b'v');
        }
        if weak_keys || weak_values {
            self.weak.push(Weak { table: at, keys: weak_keys, values: weak_values });
        }
        if !weak_values {
            self.mark_all(&table.array);
        }
        for node in &table.nodes {
            if node.value.is_nil() {
                continue;
            }
            if !weak_keys {
                self.mark(node.key);
            }
            if !weak_values {
                self.mark(node.value);
            }
        }
    }

    fn traverse_thread(&mut self, at: u32) {
        let thread = &self.state.heap.threads[at];
        self.mark_table(thread.env);
        if at != self.state.thread {
            let extent = thread_extent(thread, at, self.protos);
            self.mark_stacks(&thread.stack, &thread.frames, &thread.continuations, &thread.open, extent);
        }
    }

    fn mark_proto(&mut self, at: u32) {
        let mut pending = alloc::vec![at];
        while let Some(at) = pending.pop() {
            if core::mem::replace(&mut self.proto_seen[at as usize], true) {
                continue;
            }
            let proto = &self.protos[at];
            self.mark(proto.source);
            self.mark_all(&proto.constants);
            self.mark_all(&proto.upvalue_names);
            for local in &proto.locals {
                self.mark(local.name);
            }
            pending.extend_from_slice(&proto.children);
        }
    }
}
