//! The machine as scripts find it: Lua's libraries without those that reach outside, the table `redis`, and everything
//! read-only, so that no script can change what the next one sees.

use super::api::{self, Function};
use super::library::{Faces, WHILE_LOADING};
use alloc::vec::Vec;
use lua::{Limits, Table, Value, Vm};
use resp::request::Span;

/// What `drand48` begins with when nobody seeds it.
const RANDOM_SEED: u32 = 0x1234_ABCD;

/// A machine with what one call after another needs: kept, so that calls need not allocate.
#[derive(Clone, Debug)]
pub(crate) struct Interpreter {
    pub vm: Vm,
    /// The arguments of the command that a script calls, one after the other, and where each stands.
    pub words: Vec<u8>,
    pub spans: Vec<Span>,
    /// What that command replies.
    pub reply: Vec<u8>,
    /// The globals of functions.
    pub faces: Option<Faces>,
}

/// Numbers that `redis` has for scripts.
const CONSTANTS: &[(&str, f64)] = &[
    ("LOG_DEBUG", 0.0),
    ("LOG_VERBOSE", 1.0),
    ("LOG_NOTICE", 2.0),
    ("LOG_WARNING", 3.0),
    ("REPL_NONE", 0.0),
    ("REPL_AOF", 1.0),
    ("REPL_SLAVE", 2.0),
    ("REPL_REPLICA", 2.0),
    ("REPL_ALL", 3.0),
];

impl Interpreter {
    pub(super) fn bare() -> Interpreter {
        let mut vm = Vm::for_scripts(Limits::default(), RANDOM_SEED);
        vm.unwrap_error_tables(true);
        Interpreter { vm, words: Vec::new(), spans: Vec::new(), reply: Vec::new(), faces: None }
    }

    /// The machine of EVAL: one set of globals, KEYS and ARGV among them.
    pub(crate) fn for_scripts() -> Interpreter {
        let mut interpreter = Interpreter::bare();
        let vm = &mut interpreter.vm;
        let globals = vm.globals();
        let redis = redis_table(vm, api::COMMON, api::SCRIPTS_ONLY);
        put(vm, globals, "redis", redis.into());
        put(vm, globals, "__redis__err__handler", Function::Handler.value());
        for name in ["KEYS", "ARGV"] {
            let none = vm.table(0, 0);
            put(vm, globals, name, none.into());
        }
        guard(vm, globals);
        protect(vm, globals);
        interpreter
    }

    /// The tables that a script gets anew with every call stay writable.
    pub(crate) fn set_words(&mut self, name: &str, words: &[&[u8]]) {
        let table = self.strings(words);
        let globals = self.vm.globals();
        put(&mut self.vm, globals, name, table.into());
    }

    /// The arguments of the command that was called last.
    pub(super) fn words_of_call(&self) -> impl Iterator<Item = &[u8]> {
        self.spans.iter().map(|span| &self.words[span.start as usize..span.end as usize])
    }

    /// A table of strings.
    pub(crate) fn strings(&mut self, words: &[&[u8]]) -> Table {
        let table = self.vm.table(words.len(), 0);
        for (at, word) in words.iter().enumerate() {
            let word = self.vm.string(word);
            let _ = self.vm.set_index(table, at as i64 + 1, word);
        }
        table
    }
}

/// Only memory could run out, and what is put here is small.
pub(super) fn put(vm: &mut Vm, table: Table, name: &str, value: Value) {
    let _ = vm.set_field(table, name, value);
}

/// A table `redis` with these functions.
pub(super) fn redis_table(vm: &mut Vm, common: &[(&str, Function)], more: &[(&str, Function)]) -> Table {
    let redis = vm.table(0, 32);
    for (name, function) in common.iter().chain(more) {
        put(vm, redis, name, function.value());
    }
    for (name, number) in CONSTANTS {
        put(vm, redis, name, Value::number(*number));
    }
    put_version(vm, redis);
    redis
}

/// The table `redis` that a library sees while it is loaded.
pub(super) fn redis_while_loading(vm: &mut Vm) -> Table {
    let redis = vm.table(0, 8);
    for (name, function) in WHILE_LOADING {
        put(vm, redis, name, function.value());
    }
    for (name, number) in CONSTANTS.iter().filter(|(name, _)| name.starts_with("LOG_")) {
        put(vm, redis, name, Value::number(*number));
    }
    put_version(vm, redis);
    redis
}

fn put_version(vm: &mut Vm, redis: Table) {
    let version = vm.string(crate::server::VERSION.as_bytes());
    put(vm, redis, "REDIS_VERSION", version);
    put(vm, redis, "REDIS_VERSION_NUM", Value::number(f64::from(crate::server::VERSION_NUMBER)));
}

/// Reading what is not in the table becomes an error.
pub(super) fn guard(vm: &mut Vm, table: Table) {
    let meta = vm.table(0, 1);
    put(vm, meta, "__index", Function::UnknownGlobal.value());
    vm.set_metatable(table, Some(meta));
}

/// Makes a table, its metatable, and the tables in it read-only.
pub(super) fn protect(vm: &mut Vm, table: Table) {
    let text = vm.string(b"");
    let mut waiting = Vec::from([table]);
    waiting.extend(vm.metatable(text));
    while let Some(table) = waiting.pop() {
        if vm.is_readonly(table) {
            continue;
        }
        vm.set_readonly(table, true);
        waiting.extend(vm.metatable(table.into()));
        let mut key = Value::Nil;
        while let Some((next, value)) = vm.next(table, key) {
            key = next;
            waiting.extend(Vm::as_table(value));
        }
    }
}
