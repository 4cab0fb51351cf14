//! Functions: libraries of Lua code that stay in the server under names of their own, and what their loading checks.
//!
//! A library is a chunk that is run once, by FUNCTION LOAD. While it runs, the globals are a table `redis` with
//! `register_function` and little else; what it registers is collected, and becomes visible only when the chunk has ended well
//! and no name is taken. Then the globals are the same as in scripts, but for KEYS and ARGV, which functions get as
//! arguments. Both sets of globals stand behind one empty, read-only table, whose `__index` is exchanged; so the
//! variables of a library are its upvalues, and no library sees another's.

use super::api::{self, Function as Host};
use super::convert;
use super::run::{Kind, Run};
use super::sandbox::{self, Interpreter};
use super::shebang::{self, Flags};
use crate::ctx::Ctx;
use crate::dict::Dict;
use crate::error::Error;
use crate::text::Text;
use alloc::rc::Rc;
use alloc::vec::Vec;
use lua::{Step, Table, Value, Vm};

/// How long loading may take, in fuel. Redis allows half a second, which nobody should have to wait for in a page.
const LOAD_FUEL: u64 = 10_000_000;

/// A function as its library registered it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Function {
    pub name: Text,
    pub description: Option<Text>,
    pub flags: Flags,
    pub callback: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Library {
    pub name: Text,
    pub code: Text,
    pub functions: Vec<Function>,
}

/// What FUNCTION RESTORE does with the libraries that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    Flush,
    Append,
    Replace,
}

/// All libraries, in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Libraries {
    list: Vec<Rc<Library>>,
    /// The functions by their names in small letters: names that differ in case only are the same.
    functions: Dict<Function>,
    seed: u64,
}

impl Libraries {
    pub(super) fn new(seed: u64) -> Libraries {
        Libraries { list: Vec::new(), functions: Dict::new(seed), seed }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Library> {
        self.list.iter().map(|library| &**library)
    }

    pub(crate) fn functions(&self) -> usize {
        self.functions.len()
    }

    /// What INFO shows as the memory of functions: code, names, and what there is besides for each.
    pub(crate) fn memory(&self) -> usize {
        let function = |function: &Function| {
            150 + function.name.len() + function.description.as_ref().map_or(0, |text| text.len())
        };
        self.iter()
            .map(|library| 300 + library.code.len() + library.functions.iter().map(function).sum::<usize>())
            .sum()
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<&Function> {
        self.functions.get(&name.to_ascii_lowercase())
    }

    fn position(&self, name: &[u8]) -> Option<usize> {
        self.list.iter().position(|library| *library.name == *name)
    }

    /// Adds a library, unless one of its functions' names is taken.
    fn add(&mut self, library: Rc<Library>) -> Result<(), Error> {
        if let Some(taken) = library.functions.iter().find(|function| self.find(&function.name).is_some()) {
            return Err(Error::text(&[b"ERR Function ", &taken.name, b" already exists"]));
        }
        for function in &library.functions {
            self.functions.insert(&function.name.to_ascii_lowercase(), function.clone());
        }
        self.list.push(library);
        Ok(())
    }

    /// Takes a library out.
    fn remove(&mut self, name: &[u8]) -> Option<Rc<Library>> {
        let library = self.list.remove(self.position(name)?);
        for function in &library.functions {
            self.functions.remove(&function.name.to_ascii_lowercase());
        }
        Some(library)
    }
}

impl Interpreter {
    /// The machine of functions.
    pub(crate) fn for_functions() -> Interpreter {
        let mut interpreter = Interpreter::bare();
        let vm = &mut interpreter.vm;
        let all = vm.globals();
        let redis = sandbox::redis_table(vm, api::COMMON, &[]);
        sandbox::put(vm, all, "redis", redis.into());
        sandbox::guard(vm, all);
        sandbox::protect(vm, all);
        let loading = vm.table(0, 1);
        let redis = sandbox::redis_while_loading(vm);
        sandbox::guard(vm, redis);
        sandbox::put(vm, loading, "redis", redis.into());
        sandbox::guard(vm, loading);
        sandbox::protect(vm, loading);
        let (globals, meta) = (vm.table(0, 0), vm.table(0, 1));
        vm.set_metatable(globals, Some(meta));
        sandbox::protect(vm, globals);
        vm.pin(all.into());
        vm.pin(loading.into());
        vm.pin(globals.into());
        vm.set_globals(globals);
        interpreter.faces = Some(Faces { meta, all, loading });
        interpreter.show(false);
        interpreter
    }

    /// Chooses what the globals of functions are.
    fn show(&mut self, while_loading: bool) {
        if let Some(faces) = self.faces {
            let shown = if while_loading { faces.loading } else { faces.all };
            sandbox::put(&mut self.vm, faces.meta, "__index", shown.into());
        }
    }
}

/// The globals of functions: the metatable through which they are seen, and the two tables that may stand behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faces {
    meta: Table,
    all: Table,
    loading: Table,
}

/// The name that a library gives itself, and its code.
fn metadata(code: &[u8]) -> Result<(Text, &[u8]), Error> {
    let (words, source) = match shebang::split(code) {
        Ok(Some(parts)) => parts,
        Ok(None) => return Err(Error::NO_LIBRARY_METADATA),
        Err(_) => return Err(Error::INVALID_LIBRARY_METADATA),
    };
    let mut words = words.iter().map(Vec::as_slice);
    let engine = words.next().unwrap_or_default();
    let engine = engine.strip_prefix(b"#!").unwrap_or(engine);
    let mut name = None;
    for word in words {
        let named = word.split_at_checked(5).filter(|(option, _)| option.eq_ignore_ascii_case(b"name="));
        let Some((_, value)) = named else {
            return Err(Error::text(&[b"ERR Invalid metadata value given: ", word]));
        };
        if name.replace(value).is_some() {
            return Err(Error::LIBRARY_NAMED_TWICE);
        }
    }
    let name = name.ok_or(Error::NO_LIBRARY_NAME)?;
    if !is_name(name) {
        return Err(Error::LIBRARY_NAME);
    }
    if !engine.eq_ignore_ascii_case(b"lua") {
        return Err(Error::text(&[b"ERR Engine '", engine, b"' not found"]));
    }
    Ok((Text::new(name), source))
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Runs a library's chunk and collects what it registers.
fn run_chunk(
    ctx: &mut Ctx,
    interpreter: &mut Interpreter,
    name: Text,
    code: &[u8],
    source: &[u8],
) -> Result<Library, Error> {
    let compiled = interpreter.vm.load(b"@user_function", source);
    let function = compiled.map_err(|message| Error::text(&[b"ERR Error compiling function: ", &message]))?;
    interpreter.show(true);
    interpreter.vm.start(function, &[]);
    let mut run = Run::new(ctx, Kind::Function, name.clone(), true);
    let (mut functions, mut used) = (Vec::new(), 0);
    let failed = loop {
        let step = interpreter.vm.step(100_000);
        used += interpreter.vm.fuel_spent();
        match step {
            Step::Done => break None,
            Step::Error(value) => break Some(value),
            Step::HostCall { function } if Host::numbered(function) == Some(Host::Register) => {
                let registered = register(&mut interpreter.vm, &mut functions);
                api::answer(&mut interpreter.vm, registered.map(|()| None));
            }
            Step::HostCall { function } => api::call(ctx, &mut run, interpreter, function),
            Step::OutOfFuel | Step::Line => {}
        }
        if used > LOAD_FUEL {
            break Some(interpreter.vm.string(b"FUNCTION LOAD timeout"));
        }
    };
    interpreter.show(false);
    let library = Library { name, code: Text::new(code), functions };
    let error = if let Some(value) = failed {
        let (text, _) = super::run::error_text(&mut interpreter.vm, value);
        Error::text(&[b"ERR Error registering functions: ", &text])
    } else if library.functions.is_empty() {
        Error::NO_FUNCTIONS
    } else {
        return Ok(library);
    };
    let_go(&mut interpreter.vm, &library);
    Err(error)
}

/// The machine may forget a library's functions.
fn let_go(vm: &mut Vm, library: &Library) {
    for function in &library.functions {
        vm.unpin(function.callback);
    }
}

/// `redis.register_function`, in both forms.
fn register(vm: &mut Vm, registered: &mut Vec<Function>) -> Result<(), Error> {
    let mut function = Function { flags: Flags::declared(), ..Function::default() };
    match *vm.arguments() {
        [table] => {
            let table = Vm::as_table(table).ok_or(Error::REGISTER_SINGLE)?;
            named_arguments(vm, table, &mut function)?;
        }
        [name, callback] => {
            function.name = text_of(vm, name).ok_or(Error::REGISTER_FIRST)?;
            if !callback.is_function() {
                return Err(Error::REGISTER_SECOND);
            }
            function.callback = callback;
        }
        _ => return Err(Error::REGISTER_ARGUMENTS),
    }
    if !is_name(&function.name) {
        return Err(Error::LIBRARY_NAME);
    }
    if registered.iter().any(|other| other.name == function.name) {
        return Err(Error::REGISTER_TWICE);
    }
    vm.pin(function.callback);
    registered.push(function);
    Ok(())
}

fn named_arguments(vm: &mut Vm, table: Table, function: &mut Function) -> Result<(), Error> {
    let mut named = false;
    let mut key = Value::Nil;
    while let Some((next, value)) = vm.next(table, key) {
        key = next;
        let name = text_of(vm, key).ok_or(Error::REGISTER_KEY)?;
        match name.to_ascii_lowercase().as_slice() {
            b"function_name" => {
                function.name = text_of(vm, value).ok_or(Error::REGISTER_NAME)?;
                named = true;
            }
            b"description" => {
                let text = text_of(vm, value).ok_or(Error::REGISTER_DESCRIPTION)?;
                function.description = Some(text);
            }
            b"callback" => {
                if !value.is_function() {
                    return Err(Error::REGISTER_CALLBACK);
                }
                function.callback = value;
            }
            b"flags" => {
                let flags = Vm::as_table(value).ok_or(Error::REGISTER_FLAGS)?;
                let mut index = 1;
                while !vm.get_index(flags, index).is_nil() {
                    let flag = vm.get_index(flags, index);
                    if !vm.bytes(flag).is_some_and(|name| function.flags.add(name)) {
                        return Err(Error::REGISTER_UNKNOWN_FLAG);
                    }
                    index += 1;
                }
            }
            _ => return Err(Error::REGISTER_UNKNOWN_ARGUMENT),
        }
    }
    if !named {
        return Err(Error::REGISTER_NO_NAME);
    }
    if function.callback.is_nil() {
        return Err(Error::REGISTER_NO_CALLBACK);
    }
    Ok(())
}

/// A string, or a number as text.
fn text_of(vm: &mut Vm, value: Value) -> Option<Text> {
    convert::text(vm, value).map(Text::new)
}

/// FUNCTION LOAD: the library's name.
pub(crate) fn load(ctx: &mut Ctx, code: &[u8], replace: bool) -> Result<Text, Error> {
    let (name, source) = metadata(code)?;
    if !replace && ctx.server.scripting.libraries.position(&name).is_some() {
        return Err(library_exists(&name));
    }
    with_machine(ctx, |ctx, interpreter| {
        let library = run_chunk(ctx, interpreter, name.clone(), code, source)?;
        let libraries = &mut ctx.server.scripting.libraries;
        let old = libraries.remove(&name);
        if let Err(error) = libraries.add(Rc::new(library.clone())) {
            if let Some(old) = old {
                libraries.add(old)?;
            }
            let_go(&mut interpreter.vm, &library);
            return Err(error);
        }
        if let Some(old) = old {
            let_go(&mut interpreter.vm, &old);
        }
        ctx.db.effects.dirty += 1;
        Ok(name)
    })
}

fn library_exists(name: &[u8]) -> Error {
    Error::text(&[b"ERR Library '", name, b"' already exists"])
}

fn with_machine<T>(
    ctx: &mut Ctx,
    action: impl FnOnce(&mut Ctx, &mut Interpreter) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut machine = ctx.server.scripting.take_machine(Kind::Function);
    let result = action(ctx, Rc::make_mut(&mut machine));
    ctx.server.scripting.put_back(Kind::Function, machine);
    result
}

/// FUNCTION DELETE.
pub(crate) fn delete(ctx: &mut Ctx, name: &[u8]) -> Result<(), Error> {
    let library = ctx.server.scripting.libraries.remove(name).ok_or(Error::NO_SUCH_LIBRARY)?;
    ctx.db.effects.dirty += 1;
    with_machine(ctx, |_, interpreter| {
        let_go(&mut interpreter.vm, &library);
        Ok(())
    })
}

/// FUNCTION FLUSH: the libraries go, and their machine with them.
pub(crate) fn flush(ctx: &mut Ctx) {
    let libraries = &mut ctx.server.scripting.libraries;
    *libraries = Libraries::new(libraries.seed);
    ctx.server.scripting.function_machine = None;
    ctx.db.effects.dirty += 1;
}

/// The byte before a library in FUNCTION DUMP's payload, and the one that a release candidate had.
const LIBRARY: u8 = 245;
const OLD_LIBRARY: u8 = 246;

/// FUNCTION DUMP.
pub(crate) fn dump(ctx: &Ctx) -> Vec<u8> {
    let mut out = Vec::new();
    for library in ctx.server.scripting.libraries.iter() {
        out.push(LIBRARY);
        crate::rdb::put_string(&mut out, &library.code);
    }
    crate::rdb::sign(&mut out);
    out
}

/// FUNCTION RESTORE: all libraries of the payload or none.
pub(crate) fn restore(ctx: &mut Ctx, payload: &[u8], policy: Policy) -> Result<(), Error> {
    crate::rdb::check(payload, ctx.db.skips_checksums).map_err(|_| Error::RESTORE_CHECKSUM)?;
    let codes = codes(payload)?;
    let before = ctx.server.scripting.libraries.clone();
    let seed = before.seed;
    let result = with_machine(ctx, |ctx, interpreter| {
        // What the payload holds must be able to stand by itself.
        let mut fresh = Libraries::new(seed);
        let mut outcome = Ok(());
        for code in &codes {
            outcome = metadata(code).and_then(|(name, source)| {
                if fresh.position(&name).is_some() {
                    return Err(library_exists(&name));
                }
                let library = run_chunk(ctx, interpreter, name, code, source)?;
                fresh.add(Rc::new(library.clone())).inspect_err(|_| let_go(&mut interpreter.vm, &library))
            });
            if outcome.is_err() {
                break;
            }
        }
        let outcome = outcome.and_then(|()| join(&mut ctx.server.scripting.libraries, &fresh, policy));
        if outcome.is_err() {
            ctx.server.scripting.libraries = before.clone();
        }
        // Whoever has lost is let go.
        let kept = &ctx.server.scripting.libraries.list;
        for library in before.list.iter().chain(&fresh.list) {
            if !kept.iter().any(|kept| Rc::ptr_eq(kept, library)) {
                let_go(&mut interpreter.vm, library);
            }
        }
        outcome
    });
    ctx.db.effects.dirty += u64::from(result.is_ok());
    result
}

/// Adds the libraries of a payload to those that are there.
fn join(libraries: &mut Libraries, fresh: &Libraries, policy: Policy) -> Result<(), Error> {
    if policy == Policy::Flush {
        *libraries = fresh.clone();
        return Ok(());
    }
    for library in &fresh.list {
        if policy == Policy::Append && libraries.position(&library.name).is_some() {
            return Err(Error::text(&[b"ERR Library ", &library.name, b" already exists"]));
        }
        libraries.remove(&library.name);
    }
    fresh.list.iter().try_for_each(|library| libraries.add(library.clone()))
}

/// The libraries' codes in a payload.
fn codes(payload: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    // The version and the checksum are the last ten bytes. As in Redis, a string that claims to be longer may reach into them.
    let mut reader = crate::rdb::Reader(payload);
    let mut codes = Vec::new();
    while reader.0.len() > 10 {
        match reader.byte() {
            Some(LIBRARY) => codes.push(reader.string().ok_or(Error::LIBRARY_PAYLOAD)?.into_owned()),
            Some(OLD_LIBRARY) => return Err(Error::OLD_LIBRARY_FORMAT),
            _ => return Err(Error::NOT_A_LIBRARY),
        }
    }
    Ok(codes)
}

/// The functions while loading.
pub(super) const WHILE_LOADING: &[(&str, Host)] = &[("register_function", Host::Register), ("log", Host::Log)];
