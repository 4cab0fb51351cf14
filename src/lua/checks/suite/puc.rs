//! PUC's own test files for Lua 5.1, for whoever has them (they are not part of this repository):
//! `LUA_TESTS=folder cargo test -p lua puc -- --nocapture` runs every file of the folder and says which passed. Beside it
//! `LUA_STRESS=1` collects at every safe point. `checks/puc.lua` stands in for the libraries that we do not have and the files want;
//! what asks for more, or for what we do otherwise on purpose, is left out by [`LEFT_OUT`]. Where lua5.1 is installed, a file that even
//! that one refuses, with the same lines left out, says nothing about us.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use lua::{Limits, Step, Value, Vm};

/// Files that do not apply as a whole, and why.
const OTHERS: &[(&str, &str)] = &[
    ("all.lua", "runs the others"),
    ("api.lua", "needs a library that only a debug build of PUC's has"),
    ("attrib.lua", "is about `require` and `package`"),
    ("checktable.lua", "is a part of others"),
    ("code.lua", "needs a library that only a debug build of PUC's has"),
    ("db.lua", "is about the debug library"),
    ("files.lua", "is about `io`"),
    ("main.lua", "is about the program `lua`"),
];

/// From the first line that has this to the next that has that (the same line, if that is empty): not run, and why.
const LEFT_OUT: &[(&str, &str, &str, &str)] = &[
    ("big.lua", "\"overflow\"", "", "the string is too long only where addresses have 32 bits"),
    ("errors.lua", "io.stdin", "", "there is no `io`"),
    ("errors.lua", "debug.traceback", "assert(i > 15)", "a handler runs when the failed calls are gone"),
    ("closure.lua", "debug.setfenv(co, a)", "a.a)", "nothing but the program changes a coroutine's environment"),
    ("events.lua", "debug.setmetatable(10", "END", "only tables, strings and userdata have metatables"),
    (
        "math.lua",
        "', 36) == -36",
        "(15+(16*15)",
        "what a negative number with a base is depends on the width of C's long",
    ),
    ("math.lua", "'-fffffFFFFF', 16", "", "the same"),
    ("gc.lua", "assert(dosteps(0)", "assert(dosteps(6)", "a step of the collector is a whole collection"),
    ("gc.lua", "-- testing userdata", "assert(not pcall(collectgarbage))", "`__gc` is never called"),
    ("gc.lua", "to be collected when state is closed", "END", "`__gc` is never called"),
];

#[test]
fn puc_own_files() {
    let Ok(folder) = std::env::var("LUA_TESTS") else {
        eprintln!("LUA_TESTS names no folder: PUC's own test files are not run");
        return;
    };
    let folder = Path::new(&folder);
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder can be read")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "lua"))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "there is no .lua file in {}", folder.display());
    let mut differing = Vec::new();
    for name in &names {
        if let Some((_, why)) = OTHERS.iter().find(|(other, _)| other == name) {
            println!("{name:15} does not apply: {why}");
            continue;
        }
        let source = shortened(name, &fs::read(folder.join(name)).expect("the file can be read"));
        match ours(folder, name, &source) {
            Ok(()) => println!("{name:15} passed"),
            Err(said) => match theirs(folder, &source) {
                Some(false) => println!("{name:15} fails in lua5.1 too: {said}"),
                _ => {
                    println!("{name:15} differs: {said}");
                    differing.push(name);
                }
            },
        }
    }
    assert!(differing.is_empty(), "{differing:?} differ");
}

/// The file without what is left out, the lines keeping their numbers.
fn shortened(name: &str, source: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len());
    let mut until = "";
    for (number, line) in source.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        let mut skipped = !until.is_empty() || (number == 0 && line.starts_with(b"#"));
        if until.is_empty()
            && let Some((_, _, last, why)) =
                LEFT_OUT.iter().find(|(file, first, ..)| *file == name && text.contains(first))
        {
            println!("{name:15} from line {} something is left out: {why}", number + 1);
            (until, skipped) = (last, true);
        }
        if !until.is_empty() && text.contains(until) {
            until = "";
        }
        out.extend_from_slice(if skipped { b"\n" } else { line });
    }
    out
}

const READ: u32 = 1;
const INFO: u32 = 2;

fn ours(folder: &Path, name: &str, source: &[u8]) -> Result<(), String> {
    let mut vm = Vm::new(Limits { memory: 1 << 30 }, 0);
    vm.collect_always(std::env::var_os("LUA_STRESS").is_some());
    let globals = vm.globals();
    vm.set_field(globals, "READ", Vm::host_function(READ)).expect("stored");
    vm.set_field(globals, "INFO", Vm::host_function(INFO)).expect("stored");
    run(&mut vm, folder, b"=puc.lua", include_bytes!("../puc.lua"))?;
    let body = vm.string(source);
    vm.set_field(globals, "BODY", body).expect("stored");
    // As PUC's own `all.lua` does: the one file is a coroutine that yields in its middle.
    let start = format!("local f = assert(loadstring(BODY, '@{name}')) BODY = nil ");
    let start = start + if name == "big.lua" { "f = coroutine.wrap(f) f() f()" } else { "f()" };
    run(&mut vm, folder, b"=start", start.as_bytes())
}

fn run(vm: &mut Vm, folder: &Path, name: &[u8], source: &[u8]) -> Result<(), String> {
    let function = vm.load(name, source).map_err(|message| String::from_utf8_lossy(&message).into_owned())?;
    vm.start(function, &[]);
    loop {
        let step = vm.step(10_000);
        vm.take_output();
        match step {
            Step::Done => return Ok(()),
            Step::Error(value) => {
                let text = vm.text(value);
                return Err(String::from_utf8_lossy(vm.bytes(text).unwrap_or_default()).into_owned());
            }
            Step::OutOfFuel | Step::Line => {}
            Step::HostCall { function: READ } => {
                let wanted = vm.arguments().first().and_then(|name| vm.bytes(*name)).unwrap_or_default();
                let read = fs::read(folder.join(String::from_utf8_lossy(wanted).as_ref()));
                let answer = read.map_or(Value::Nil, |text| vm.string(&text));
                vm.answer(&[answer]);
            }
            Step::HostCall { .. } => {
                let answer = info(vm);
                vm.answer(&[answer]);
            }
        }
    }
}

/// What `debug.getinfo` says of a level or a function.
fn info(vm: &mut Vm) -> Value {
    let asked = vm.arguments().first().copied().unwrap_or_default();
    if let Some((source, line)) = vm.definition(asked) {
        let source = source.to_vec();
        let table = vm.table(0, 2);
        let source = vm.string(&source);
        vm.set_field(table, "source", source).expect("stored");
        vm.set_field(table, "linedefined", Value::number(f64::from(line))).expect("stored");
        return table.into();
    }
    let level = asked.as_number().unwrap_or_default() as usize;
    let Some(call) = vm.calls().into_iter().nth(level) else { return Value::Nil };
    let table = vm.table(0, 4);
    let (name, source) = (vm.string(&call.name), vm.string(&call.source));
    for (field, value) in [
        ("name", name),
        ("short_src", source),
        ("currentline", Value::number(f64::from(call.line))),
        ("linedefined", Value::number(f64::from(call.defined))),
    ] {
        vm.set_field(table, field, value).expect("stored");
    }
    table.into()
}

/// Whether lua5.1 takes the file, if it is there to be asked.
fn theirs(folder: &Path, source: &[u8]) -> Option<bool> {
    use std::io::Write;
    let mut lua = Command::new("lua5.1");
    lua.arg("-").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = lua.spawn().ok()?;
    child.stdin.take()?.write_all(source).ok()?;
    Some(child.wait().ok()?.success())
}
