//! Stop-the-world mark and sweep. It runs only between instructions, when every live value is in a stack, a
//! continuation or a global structure, so native functions may hold values in Rust locals without registering them. The
//! stack is marked up to the end of the top frame and cleared above it: what a later frame finds in its fresh registers
//! was written since the last collection, so it cannot dangle.
//!
//! `State::collect_always` collects at every safe point; the tests run everything in that mode too, because bugs of a
//! collector do not show in ordinary suites.

use alloc::vec::Vec;

use crate::{
    arena::Arena,
    heap::{CAPTURED_COST, CLOSED, CLOSURE_COST, SMALL_COST, THREAD_COST},
    meta::Event,
    proto::Proto,
    state::{Continuation, Fault, Frame, NATIVE, SLOT_COST, State, Thread},
    table::{self, NONE},
    value::Value,
};

struct Marker<'a> {
    state: &'a mut State,
    protos: &'a Arena<Proto>,
    gray: Vec<Value>,
    weak: Vec<(u32, bool, bool)>,
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
        self.proto_seen.clear();
        self.proto_seen.resize(protos.as_slice().len(), false);
        let mut marker = Marker { state: self, protos, gray: Vec::new(), weak: Vec::new() };
        marker.roots(extent);
        marker.drain();
        let weak = core::mem::take(&mut marker.weak);
        self.clear_weak(&weak);
        let extent = extent.min(self.stack.len());
        self.stack[extent..].fill(Value::Nil);
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

    fn clear_weak(&mut self, weak: &[(u32, bool, bool)]) {
        for &(at, keys, values) in weak {
            let mut table = core::mem::take(&mut self.heap.tables[at]);
            if values {
                for value in &mut table.array {
                    if self.is_dead(*value) {
                        *value = Value::Nil;
                    }
                }
            }
            for node in &mut table.nodes {
                if (keys && self.is_dead(node.key)) || (values && self.is_dead(node.value)) {
                    node.value = Value::Nil;
                }
            }
            self.heap.tables[at] = table;
        }
    }

    fn is_dead(&mut self, value: Value) -> bool {
        let heap = &mut self.heap;
        match value {
            // Strings are values, not objects: they are kept.
            Value::String(payload) => {
                heap.strings.mark(payload);
                false
            }
            Value::Table(at) => !heap.tables.is_marked(at as u32),
            Value::Function(at) => !heap.closures.is_marked(at as u32),
            Value::Userdata(at) => !heap.userdata.is_marked(at as u32),
            Value::Thread(at) => !heap.threads.is_marked(at as u32),
            Value::Native(id) if id >> 32 != 0 => !heap.boxes.is_marked((id >> 32) as u32 - 1),
            _ => false,
        }
    }
}

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
        let state = &mut *self.state;
        let single = [
            state.memory_message,
            state.json_mark,
            state.raised_at.0,
            Value::Table(u64::from(state.globals)),
            Value::Table(u64::from(state.registry)),
            Value::Thread(u64::from(state.thread)),
            Value::Thread(0),
        ];
        // They are in our hands while they are gone through; marking looks at none of them.
        let running = Thread {
            stack: core::mem::take(&mut state.stack),
            frames: core::mem::take(&mut state.frames),
            continuations: core::mem::take(&mut state.continuations),
            open: core::mem::take(&mut state.open),
            ..Thread::default()
        };
        let (pinned, resumers) = (state.pinned.clone(), state.resumers.clone());
        self.mark_stacks(&running, extent);
        self.mark_all(&single);
        self.mark_all(&pinned);
        for thread in resumers {
            self.mark(Value::Thread(u64::from(thread)));
        }
        self.mark_table(self.state.heap.string_meta);
        for name in self.state.heap.event_names {
            self.mark(Value::String(name));
        }
        let state = &mut *self.state;
        state.stack = running.stack;
        state.frames = running.frames;
        state.continuations = running.continuations;
        state.open = running.open;
    }

    /// What a coroutine's stacks hold.
    fn mark_stacks(&mut self, thread: &Thread, extent: usize) {
        self.mark_all(&thread.stack[..extent.min(thread.stack.len())]);
        for frame in &thread.frames {
            if frame.closure != NATIVE {
                self.mark(Value::Function(u64::from(frame.closure)));
            }
        }
        for continuation in &thread.continuations {
            match continuation {
                Continuation::Xpcall { handler: value } | Continuation::Foreach { key: value } => self.mark(*value),
                Continuation::Sort(sort) => self.mark_all(&sort.values()),
                Continuation::Gsub(gsub) => self.mark_all(&gsub.values()),
                Continuation::Search(search) => self.mark_all(&search.values()),
                _ => {}
            }
        }
        for &index in &thread.open {
            self.state.heap.captured.mark(index);
        }
    }

    fn mark_all(&mut self, values: &[Value]) {
        for value in values {
            self.mark(*value);
        }
    }

    fn mark(&mut self, value: Value) {
        let heap = &mut self.state.heap;
        let fresh = match value {
            Value::String(payload) => {
                heap.strings.mark(payload);
                false
            }
            Value::Table(at) => heap.tables.mark(at as u32),
            Value::Function(at) => heap.closures.mark(at as u32),
            Value::Userdata(at) => heap.userdata.mark(at as u32),
            Value::Thread(at) => heap.threads.mark(at as u32),
            Value::Native(id) if id >> 32 != 0 => heap.boxes.mark((id >> 32) as u32 - 1),
            _ => false,
        };
        if fresh {
            self.gray.push(value);
        }
    }

    fn mark_table(&mut self, at: u32) {
        if at != NONE {
            self.mark(Value::Table(u64::from(at)));
        }
    }

    fn drain(&mut self) {
        while let Some(value) = self.gray.pop() {
            match value {
                Value::Table(at) => self.traverse_table(at as u32),
                Value::Function(at) => {
                    let closure = core::mem::take(&mut self.state.heap.closures[at as u32]);
                    self.mark_table(closure.env);
                    self.mark_proto(closure.proto);
                    for &index in &closure.upvalues {
                        self.mark_captured(index);
                    }
                    self.state.heap.closures[at as u32] = closure;
                }
                Value::Userdata(at) => {
                    let (meta, env) = {
                        let userdata = &self.state.heap.userdata[at as u32];
                        (userdata.meta, userdata.env)
                    };
                    self.mark_table(meta);
                    self.mark_table(env);
                }
                Value::Thread(at) => self.traverse_thread(at as u32),
                Value::Native(id) => {
                    let captured = self.state.heap.boxes[(id >> 32) as u32 - 1];
                    self.mark_all(&captured);
                }
                _ => {}
            }
        }
    }

    fn mark_captured(&mut self, index: u32) {
        if self.state.heap.captured.mark(index) {
            let captured = &self.state.heap.captured[index];
            let (slot, thread, value) = (captured.slot, captured.thread, captured.value);
            if slot == CLOSED {
                self.mark(value);
            } else if thread != self.state.thread {
                self.mark(Value::Thread(u64::from(thread)));
            }
        }
    }

    fn traverse_table(&mut self, at: u32) {
        let mut table = core::mem::take(&mut self.state.heap.tables[at]);
        self.mark_table(table.meta);
        let (mut weak_keys, mut weak_values) = (false, false);
        if table.meta != NONE {
            // A table may be its own metatable, and is in our hands just now.
            let name = self.state.heap.event_names[Event::Mode as usize];
            let mode = if table.meta == at {
                table.get_short(name)
            } else {
                self.state.heap.tables[table.meta].get_short(name)
            };
            if let Value::String(payload) = mode {
                let mode = self.state.heap.bytes(payload);
                weak_keys = mode.contains(&b'k');
                weak_values = mode.contains(&b'v');
            }
        }
        if weak_keys || weak_values {
            self.weak.push((at, weak_keys, weak_values));
        }
        if !weak_values {
            self.mark_all(&table.array);
        }
        for node in &mut table.nodes {
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
        self.state.heap.tables[at] = table;
    }

    fn traverse_thread(&mut self, at: u32) {
        let mut thread = core::mem::take(&mut self.state.heap.threads[at]);
        self.mark_table(thread.env);
        if at != self.state.thread {
            let has_frames = thread.started || at == 0;
            let extent = if has_frames { frames_extent(&thread.frames, self.protos) } else { thread.stack.len() };
            self.mark_stacks(&thread, extent);
            if let Some(dead) = thread.stack.get_mut(extent..) {
                dead.fill(Value::Nil);
            }
        }
        self.state.heap.threads[at] = thread;
    }

    fn mark_proto(&mut self, at: u32) {
        let mut pending = alloc::vec![at];
        while let Some(at) = pending.pop() {
            if core::mem::replace(&mut self.state.proto_seen[at as usize], true) {
                continue;
            }
            let protos = self.protos;
            let proto = &protos[at];
            self.mark(proto.source);
            self.mark_all(&proto.constants);
            self.mark_all(&proto.upvalue_names);
            for local in &proto.locals {
                self.mark(local.name);
            }
            pending.extend(proto.children.iter().copied());
        }
    }
}
