//! The face to the embedder: host calls, read-only tables, environments, lines and variables.

use lua::{Limits, Step, Value, Vm};

fn machine(source: &[u8]) -> Vm {
    let mut vm = Vm::new(Limits::default(), 1);
    let globals = vm.globals();
    vm.set_field(globals, "host", Vm::host_function(7)).expect("stored");
    let function = vm.load(b"@user_script", source).expect("it compiles");
    vm.start(function, &[]);
    vm
}

fn text(vm: &mut Vm, value: Value) -> String {
    let value = vm.text(value);
    String::from_utf8_lossy(vm.bytes(value).unwrap_or_default()).into_owned()
}

fn finish(vm: &mut Vm) -> String {
    let step = vm.step(1_000_000);
    let value = match step {
        Step::Done => vm.results().first().copied().unwrap_or_default(),
        Step::Error(value) => value,
        other => return format!("{other:?}"),
    };
    text(vm, value)
}

#[test]
fn a_host_call_suspends_the_machine() {
    let mut vm = machine(b"local a, b = host('incr', 5) return a + b");
    assert_eq!(vm.step(1000), Step::HostCall { function: 7 });
    let arguments = vm.arguments().to_vec();
    assert_eq!(vm.bytes(arguments[0]), Some(&b"incr"[..]));
    assert_eq!(arguments[1].as_number(), Some(5.0));
    // A copy goes its own way.
    let mut copy = vm.clone();
    vm.answer(&[Value::number(40.0), Value::number(2.0)]);
    assert_eq!(finish(&mut vm), "42");
    copy.answer(&[Value::number(1.0), Value::number(1.0)]);
    assert_eq!(finish(&mut copy), "2");
}

#[test]
fn a_host_call_can_fail() {
    let mut vm = machine(b"local ok, e = pcall(host) return e.err .. tostring(ok)");
    assert_eq!(vm.step(1000), Step::HostCall { function: 7 });
    let error = vm.table(0, 1);
    let message = vm.string(b"ERR no");
    vm.set_field(error, "err", message).expect("stored");
    vm.fail(error.into());
    assert_eq!(finish(&mut vm), "ERR nofalse");

    let mut vm = machine(b"\nhost()");
    assert_eq!(vm.step(1000), Step::HostCall { function: 7 });
    vm.fail_with_position(b"wrong");
    assert_eq!(finish(&mut vm), "user_script:2: wrong");
    assert_eq!(vm.error_location(), Some((&b"@user_script"[..], 2)));

    let mut vm = machine(b"local ok, e = pcall(host) return e");
    vm.unwrap_error_tables(true);
    assert_eq!(vm.step(1000), Step::HostCall { function: 7 });
    let error = vm.table(0, 1);
    let message = vm.string(b"ERR no");
    vm.set_field(error, "err", message).expect("stored");
    vm.fail(error.into());
    assert_eq!(finish(&mut vm), "ERR no");
}

#[test]
fn host_calls_from_coroutines_metamethods_and_callbacks() {
    for source in [
        &b"return coroutine.wrap(function() return host() end)()"[..],
        b"return setmetatable({}, {__index = host}).x",
        b"return setmetatable({}, {__add = host}) + 1",
        b"return (('x'):gsub('x', host))",
        b"return select(2, pcall(host))",
        b"for x in host do return x end",
        b"return tostring(setmetatable({}, {__tostring = host}))",
        b"return setmetatable({}, {__call = host})()",
    ] {
        let mut vm = machine(source);
        assert_eq!(vm.step(1000), Step::HostCall { function: 7 });
        let answer = vm.string(b"answer");
        vm.answer(&[answer]);
        assert_eq!(finish(&mut vm), "answer", "{}", String::from_utf8_lossy(source));
    }
}

#[test]
fn read_only_tables_and_unknown_globals() {
    let run = |source: &[u8]| {
        let mut vm = machine(b"return 1");
        let globals = vm.globals();
        let meta = vm.table(0, 1);
        let index = vm.load(b"@guard", b"local t, k = ... error('unknown ' .. k, 2)").expect("it compiles");
        vm.set_field(meta, "__index", index).expect("stored");
        vm.set_metatable(globals, Some(meta));
        vm.set_readonly(globals, true);
        let function = vm.load(b"@user_script", source).expect("it compiles");
        vm.start(function, &[]);
        finish(&mut vm)
    };
    assert_eq!(run(b"x = 1"), "user_script:1: Attempt to modify a readonly table");
    assert_eq!(run(b"rawset(_G, 'x', 1)"), "Attempt to modify a readonly table");
    assert_eq!(run(b"setmetatable(_G, nil)"), "Attempt to modify a readonly table");
    assert_eq!(run(b"print = 1"), "user_script:1: Attempt to modify a readonly table");
    assert_eq!(run(b"return nosuch"), "user_script:1: unknown nosuch");
    assert_eq!(run(b"table.insert(_G, 1)"), "Attempt to modify a readonly table");
}

#[test]
fn lines_and_variables() {
    let mut vm =
        machine(b"local a = 1\nlocal function f(x)\n  local y = x + a\n  return y\nend\nlocal r = f(5)\nreturn r");
    let mut lines = Vec::new();
    loop {
        match vm.step_line(1000) {
            Step::Line => lines.push((vm.current_line(), vm.depth())),
            Step::Done => break,
            other => panic!("{other:?}"),
        }
        if lines.last() == Some(&(4, 2)) {
            let locals = vm.locals(0);
            assert_eq!(locals.len(), 2);
            assert_eq!((&locals[1].name[..], locals[1].value.as_number()), (&b"y"[..], Some(6.0)));
            assert_eq!(vm.upvalues(0)[0].name, b"a");
            assert_eq!(vm.calls()[0].name, b"f");
            assert_eq!(vm.calls()[1].line, 6);
            assert!(vm.set_local(0, 1, Value::number(99.0)));
        }
    }
    assert_eq!(lines, [(1, 1), (5, 1), (6, 1), (3, 2), (4, 2), (7, 1)]);
    assert_eq!(vm.results()[0].as_number(), Some(99.0));
}

#[test]
fn the_generator_of_redis() {
    let mut vm = machine(b"math.randomseed(1) return math.random(100) .. ' ' .. math.random(100)");
    assert_eq!(finish(&mut vm), "5 46");
}

#[test]
fn memory_falls_back_after_a_collection() {
    let mut vm = machine(b"local t = {} for i = 1, 1e5 do t[i] = 'x' .. i end return 1");
    vm.collect();
    let before = vm.memory();
    let function =
        vm.load(b"@user_script", b"local t = {} for i = 1, 1e5 do t[i] = 'x' .. i end return 1").expect("it compiles");
    vm.start(function, &[]);
    finish(&mut vm);
    let nothing = vm.load(b"@user_script", b"return 1").expect("it compiles");
    vm.start(nothing, &[]);
    vm.collect();
    assert!(vm.memory() < before + 2000, "{} {before}", vm.memory());
}
