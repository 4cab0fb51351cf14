//! Inputs that are out to break the machine: none may panic, overflow the host's stack or escape the limits.

use lua::{Limits, Step, Vm};

/// The result, or the error, as text; "fuel" if it does not end.
fn outcome(source: &[u8], memory: usize, steps: u32) -> String {
    let mut vm = Vm::new(Limits { memory }, 0);
    let function = match vm.load(b"=h", source) {
        Ok(function) => function,
        Err(message) => return String::from_utf8_lossy(&message).into_owned(),
    };
    vm.start(function, &[]);
    for _ in 0..steps {
        let value = match vm.step(10_000) {
            Step::Done => vm.results().first().copied().unwrap_or_default(),
            Step::Error(value) => value,
            _ => continue,
        };
        let text = vm.text(value);
        return String::from_utf8_lossy(vm.bytes(text).unwrap_or_default()).into_owned();
    }
    String::from("fuel")
}

#[test]
fn depth_is_refused() {
    for text in [
        "(",
        "{",
        "f(",
        "a[",
        "not ",
        "-",
        "#",
        "a..",
        "a^",
        "x=function() ",
        "do ",
        "while 1 do ",
        "if 1 then ",
        "repeat ",
        "f{",
        "{{f{",
    ] {
        for prefix in ["", "x = ", "return "] {
            let source = format!("{prefix}{}", text.repeat(100_000));
            assert!(!outcome(source.as_bytes(), 1 << 28, 1).is_empty());
        }
    }
    // Long is not deep.
    for (text, result) in [
        ("return 1", "+1"),
        ("return 'a'", "=='a'"),
        ("local t = {} t.t = t return t", ".t"),
        ("return 1", " and 1"),
        ("return 1", " or 1"),
    ] {
        let source = format!("{text}{}", result.repeat(20_000));
        assert!(!outcome(source.as_bytes(), 1 << 28, 100).contains("levels"));
    }
}

#[test]
fn recursion_is_refused() {
    for (source, wanted) in [
        ("local function f() return 1 + f() end return f()", "stack overflow"),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. 'x'] end return t.a",
            "C stack overflow",
        ),
        ("local function f() return pcall(f) end return tostring(select('#', f()))", ""),
        ("local function f(s) return (s:gsub('x', f)) end return f('x')", "C stack overflow"),
        ("local function f() table.sort({1, 2}, f) end return f()", "C stack overflow"),
        ("local function f() return coroutine.wrap(f)() end return f()", "C stack overflow"),
        ("local t = setmetatable({}, {__call = nil}) getmetatable(t).__call = t return t()", "attempt to call"),
        ("local t = {} t.__index = t setmetatable(t, t) return t.x", "loop in gettable"),
        (
            "local s = 'return 1' for i = 1, 300 do s = 'return (' .. s:sub(8) .. ')' end return select(2, loadstring(s))",
            "levels",
        ),
        ("local function f() return tostring(setmetatable({}, {__tostring = f})) end return f()", "C stack overflow"),
        ("local f f = function() return xpcall(f, f) end return tostring((f()))", ""),
    ] {
        let got = outcome(source.as_bytes(), 1 << 28, 10_000);
        assert!(got.contains(wanted), "{source}: {got}");
    }
}

#[test]
fn memory_is_limited() {
    for source in [
        "return ('x'):rep(1e9)",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = {} end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} local i = 0 while true do i = i + 1 t['k' .. i] = i end",
        "return ('x'):rep(1e6):gsub('x', ('y'):rep(1e6))",
        "local t = {} for i = 1, 1e5 do t[i] = ('x'):rep(1e4) end return table.concat(t)",
        "local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e5) end return table.concat(t, ('y'):rep(1e6))",
        "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        "local t = {} while true do t[#t + 1] = function() return t end end",
        "local t = {} while true do t[#t + 1] = loadstring('return 1') end",
        "return cjson.decode(('['):rep(900) .. ('[],'):rep(1e7))",
        "return string.format(('%99d'):rep(1e6), unpack({}))",
        "local s = ('x'):rep(1e6) local t = {} for i = 1, 1e9 do t[i] = s:upper() .. i end",
    ] {
        let got = outcome(source.as_bytes(), 8 << 20, 200_000);
        assert!(
            got == "not enough memory"
                || got.contains("bad argument")
                || got.contains("stack overflow")
                || got.contains("too many"),
            "{source}: {got}"
        );
    }
    // Garbage is not memory, and the error can be caught.
    assert_eq!(outcome(b"for i = 1, 1e5 do local s = ('x'):rep(1000) .. i end return 'fine'", 8 << 20, 5000), "fine");
    assert_eq!(
        outcome(b"local ok, e = pcall(string.rep, 'x', 1e9) return tostring(ok) .. e", 8 << 20, 1000),
        "falsenot enough memory"
    );
}

#[test]
fn endless_work_can_be_stopped() {
    for source in [
        "while true do end",
        "local function f(...) return f(1, ...) end return f()",
        "while true do pcall(function() while true do end end) end",
        "repeat local ok = pcall(error) until false",
        "local function f() return f() end return f()",
        "return ('a'):rep(40):find(('a*'):rep(40) .. 'b')",
        "return ('x'):rep(1e6):gsub('.-b', '')",
        "for k in function() return 1 end do end",
        "return setmetatable({}, {__index = function(t, k) while true do end end}).x",
        "local t = {} for i = 1, 1e4 do t[i] = i end while true do table.sort(t, function(a, b) return a > b end) end",
        "coroutine.wrap(function() while true do coroutine.yield() end end)() while true do end",
        "return ('a'):rep(1e5):match(('a-'):rep(20) .. 'b')",
    ] {
        assert_eq!(outcome(source.as_bytes(), 64 << 20, 30), "fuel", "{source}");
    }
}

#[test]
fn a_kill_passes_every_pcall() {
    let mut vm = Vm::new(Limits::default(), 0);
    let source = b"while true do pcall(function() coroutine.wrap(function() while true do end end)() end) end";
    let function = vm.load(b"=k", source).expect("it compiles");
    vm.start(function, &[]);
    assert_eq!(vm.step(1000), Step::OutOfFuel);
    let error = vm.string(b"killed");
    vm.kill(error);
    assert_eq!(vm.step(1000), Step::Error(error));
    assert!(!vm.is_running());
    let function = vm.load(b"=n", b"return 7").expect("it compiles");
    vm.start(function, &[]);
    assert_eq!(vm.step(1000), Step::Done);
}

/// A small generator of our own, so that every run sees the same inputs.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }

    pub fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

const TOKENS: &[&str] = &[
    "and",
    "break",
    "do",
    "else",
    "elseif",
    "end",
    "false",
    "for",
    "function",
    "if",
    "in",
    "local",
    "nil",
    "not",
    "or",
    "repeat",
    "return",
    "then",
    "true",
    "until",
    "while",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "#",
    "==",
    "~=",
    "<=",
    ">=",
    "<",
    ">",
    "=",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    ":",
    ",",
    ".",
    "..",
    "...",
    "a",
    "b",
    "c",
    "x",
    "y",
    "f",
    "t",
    "1",
    "2",
    "0x10",
    "1e9",
    "'s'",
    "\"q\"",
    "[[l]]",
    "[==[m]==]",
    "--c\n",
    "\n",
    "'",
    "\"",
    "\\",
    "\0",
    "\u{ff}",
    "print",
    "pcall",
    "error",
    "t.x",
    "f()",
    "t[1]",
    "t:m()",
    "return x",
    "local a, b = 1, f()",
    "for i = 1, 3 do",
    "for k, v in pairs(t) do",
    "if x then",
    "while x do",
    "function f(...)",
    "function() return a end",
    "a = {1, 2, x = 3}",
    "coroutine.yield(1)",
    "coroutine.wrap(f)(1)",
    "string.rep('x', 9)",
    "setmetatable({}, {__index = f})",
    "table.sort(t, f)",
    "('x'):gsub('.', f)",
    "loadstring('return a')()",
    "unpack({1, 2})",
    "select('#', ...)",
    "xpcall(f, f)",
];

#[test]
fn random_tokens_never_panic() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let rounds = if std::env::var_os("LUA_LONG").is_some() { 300_000 } else { 6_000 };
    for _ in 0..rounds {
        let length = random.below(40) + 1;
        let mut source = String::from("local t, x, f = {}, 1, function(...) return ... end ");
        for _ in 0..length {
            source.push_str(random.pick(TOKENS));
            source.push(' ');
        }
        outcome(source.as_bytes(), 4 << 20, 3);
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut random = Random(42);
    for _ in 0..3_000 {
        let bytes: Vec<u8> = (0..random.below(60)).map(|_| random.below(256) as u8).collect();
        outcome(&bytes, 4 << 20, 3);
        let mut quoted = b"return cjson.decode([==[".to_vec();
        quoted.extend(bytes.iter().filter(|byte| **byte != b']'));
        quoted.extend_from_slice(b"]==])");
        outcome(&quoted, 4 << 20, 3);
    }
}

/// Where little room is left, each allocation collects the whole heap: such work has to count, or a slice of fuel takes
/// minutes.
#[test]
fn collections_cost_fuel() {
    let source = b"local full = {} for i = 1, 40000 do full[i] = {i} end
        host() for i = 1, 2000 do local garbage = ('x'):rep(40000 + i) end return #full";
    let slices = |room| {
        let mut vm = Vm::new(Limits::default(), 0);
        let globals = vm.globals();
        vm.set_field(globals, "host", Vm::host_function(0)).expect("stored");
        let function = vm.load(b"=h", source).expect("it compiles");
        vm.start(function, &[]);
        while vm.step(100_000) == Step::OutOfFuel {}
        vm.collect();
        vm.set_memory_limit(vm.memory() + room);
        vm.answer(&[]);
        let slices = (0..1_000_000).take_while(|_| vm.step(100_000) == Step::OutOfFuel).count();
        assert_eq!(vm.results().first().and_then(|length| length.as_number()), Some(40_000.0));
        slices
    };
    let (roomy, tight) = (slices(1 << 28), slices(100_000));
    assert!(tight > 3 * roomy && tight > 500, "{tight} slices and {roomy}");
}
