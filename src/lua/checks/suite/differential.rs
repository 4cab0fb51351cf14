//! Programs made at random, deterministically, run by us and by an installed `lua5.1`: what they print must be the same
//! to the byte, error texts included. `LUA_CASES=100000` runs as many programs as one asks for.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::{
    hostile::Random,
    scripts::{Mode, PLAIN, output},
};

struct Generator {
    random: Random,
    out: String,
    depth: usize,
    locals: Vec<String>,
    names: usize,
}

const LITERALS: &[&str] = &[
    "nil",
    "true",
    "false",
    "0",
    "1",
    "2",
    "-1",
    "3",
    "10",
    "0.5",
    "-2.5",
    "1e15",
    "100",
    "255",
    "2^31",
    "2^53",
    "1/0",
    "'a'",
    "'b'",
    "''",
    "'10'",
    "'0x10'",
    "'abc'",
    "'hello world'",
    "' 5 '",
    "'1e2'",
    "'x=1, y=2'",
    "{}",
    "{1, 2, 3}",
    "{x = 1, y = 'two'}",
    "{1, nil, 3}",
    "{10, 20, n = 2, [5] = 'five'}",
    "M",
    "M2",
    "{{1}, {2}}",
    "'%d+'",
    "'(a)(b)'",
];
const BINARY: &[&str] = &["+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or"];
const FIELDS: &[&str] = &["x", "y", "n", "foo", "len", "rep"];
const CALLS: &[&str] = &[
    "tostring(@)",
    "tonumber(@)",
    "tonumber(@, 16)",
    "type(@)",
    "#@",
    "-@",
    "not @",
    "math.floor(@)",
    "math.max(@, @)",
    "math.abs(@)",
    "math.fmod(@, @)",
    "string.rep(@, 3)",
    "string.sub(@, @, @)",
    "string.sub(@, 2)",
    "string.len(@)",
    "string.upper(@)",
    "string.byte(@, 1, -1)",
    "string.find(@, @)",
    "string.find(@, @, 1, true)",
    "string.match(@, @)",
    "string.gsub(@, @, @)",
    "string.gsub(@, '%w', '<%0>')",
    "string.format('%s %5.1f', @, @)",
    "string.format('%d|%x', @, @)",
    "string.format('%q', @)",
    "string.format('%g', @)",
    "string.format('%5s|%-5s|', @, @)",
    "string.reverse(@)",
    "string.char(@)",
    "table.concat(@, @)",
    "table.concat(@)",
    "table.remove(@)",
    "table.remove(@, @)",
    "table.maxn(@)",
    "select('#', @, @)",
    "select(@, @, @)",
    "unpack(@)",
    "next(@)",
    "rawget(@, @)",
    "rawequal(@, @)",
    "pcall(@, @)",
    "F(@)",
    "F(@, @)",
    "G(@)",
    "V(@, @, @)",
    "(V(@, @))",
    "(@).x",
    "(@)[@]",
    "(@)[1]",
    "(@):rep(2)",
    "(@):len()",
    "getmetatable(@)",
    "setmetatable({}, @)",
    "loadstring('return ' .. tostring(@))()",
    "coroutine.wrap(F)(@)",
    "coroutine.wrap(function(a) local b = coroutine.yield(a) return b end)(@)",
    "math.modf(@)",
    "math.ldexp(@, 2)",
    "(function(...) return select('#', ...) end)(@, @)",
    "(function(a, ...) return ... end)(@, @)",
    "ipairs(@)",
    "#{@, @}",
    "(@ and @ or @)",
    "({@, @, @})[@]",
    "table.getn(@)",
    "math.sqrt(@)",
    "string.lower(@)",
    "(@)(@)",
    "string.rep(@, @ and 2)",
];

impl Generator {
    fn expression(&mut self, depth: usize) {
        match self.random.below(if depth > 3 { 3 } else { 10 }) {
            0 | 1 => {
                let literal = self.random.pick(LITERALS);
                self.out.push_str(literal);
            }
            2 if !self.locals.is_empty() => {
                let name = self.locals[self.random.below(self.locals.len())].clone();
                self.out.push_str(&name);
            }
            2 | 3 => {
                let field = self.random.pick(FIELDS);
                self.out.push_str(self.random.pick(&["T.", "M.", "g_", "T2."]));
                self.out.push_str(field);
            }
            4..=6 => {
                self.out.push('(');
                self.expression(depth + 1);
                self.out.push(' ');
                self.out.push_str(self.random.pick(BINARY));
                self.out.push(' ');
                self.expression(depth + 1);
                self.out.push(')');
            }
            _ => {
                let call = self.random.pick(CALLS);
                for part in call.split_inclusive('@') {
                    if let Some(before) = part.strip_suffix('@') {
                        self.out.push_str(before);
                        if before.ends_with(['-', '#', ' ']) && !before.ends_with(", ") {
                            self.out.push('(');
                            self.expression(depth + 1);
                            self.out.push(')');
                        } else {
                            self.expression(depth + 1);
                        }
                    } else {
                        self.out.push_str(part);
                    }
                }
            }
        }
    }

    fn add(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn block(&mut self) {
        let count = self.locals.len();
        self.depth += 1;
        for _ in 0..=self.random.below(3) {
            self.statement();
        }
        self.depth -= 1;
        self.locals.truncate(count);
    }

    fn statement(&mut self) {
        let limit = if self.depth > 3 { 6 } else { 14 };
        match self.random.below(limit) {
            0 | 1 => {
                let name = self.name();
                self.add(&format!("local {name} = "));
                self.expression(0);
                self.out.push('\n');
                self.locals.push(name);
            }
            2 | 3 => {
                self.out.push_str("P(");
                self.expression(0);
                self.out.push_str(", ");
                self.expression(0);
                self.out.push_str(")\n");
            }
            4 => {
                let target = match self.random.below(4) {
                    0 => String::from("T.x"),
                    1 => String::from("T[1]"),
                    2 => String::from("g_foo"),
                    _ => self.locals.last().cloned().unwrap_or_else(|| String::from("T2.y")),
                };
                self.add(&format!("{target} = "));
                self.expression(0);
                self.out.push('\n');
            }
            5 => {
                self.out.push_str("T[");
                self.expression(1);
                self.out.push_str("], T2.n = ");
                self.expression(1);
                self.out.push_str(", ");
                self.expression(1);
                self.out.push('\n');
            }
            6 => {
                self.out.push_str("if ");
                self.expression(0);
                self.out.push_str(" then\n");
                self.block();
                if self.random.below(2) == 0 {
                    self.out.push_str("else\n");
                    self.block();
                }
                self.out.push_str("end\n");
            }
            7 => {
                let name = self.name();
                let (first, last) = (self.random.below(3), self.random.below(5));
                self.add(&format!("for {name} = {first}, {last} do L()\n"));
                self.locals.push(name);
                self.block();
                self.locals.pop();
                self.out.push_str("end\n");
            }
            8 => {
                let (key, value) = (self.name(), self.name());
                self.add(&format!("for {key}, {value} in pairs("));
                self.expression(1);
                self.out.push_str(") do L()\n");
                self.locals.push(key);
                self.locals.push(value);
                self.block();
                let kept = self.locals.len() - 2;
                self.locals.truncate(kept);
                self.out.push_str("end\n");
            }
            9 => {
                let (name, argument) = (self.name(), self.name());
                self.add(&format!("local function {name}({argument}, ...)\n"));
                self.locals.push(argument);
                self.block();
                self.out.push_str("return ");
                self.expression(0);
                self.locals.pop();
                self.out.push_str("\nend\n");
                self.add(&format!("P(pcall({name}, "));
                self.expression(1);
                self.out.push_str("))\n");
            }
            10 => {
                self.out.push_str("P(pcall(function()\n");
                self.block();
                self.out.push_str("end))\n");
            }
            11 => {
                let name = self.name();
                self.add(&format!("do local {name} = 0 repeat L() {name} = {name} + 1\n"));
                self.locals.push(name.clone());
                self.block();
                self.locals.pop();
                self.add(&format!("until {name} >= 3 or "));
                self.expression(1);
                self.out.push_str(" end\n");
            }
            12 => {
                self.out.push_str("do\n");
                self.block();
                self.out.push_str("end\n");
            }
            _ => {
                self.out.push_str("P(xpcall(function() return ");
                self.expression(0);
                self.out.push_str(" end, function(m) return 'H:' .. tostring(m) end))\n");
            }
        }
    }
}

/// Prints values without addresses; long ones are cut.
const PRELUDE: &str = "
local function show(v)
  if type(v) == 'table' then
    if getmetatable(v) then return 'meta' end
    local o, n = {}, 0
    for k, x in pairs(v) do
      n = n + 1
      if n < 20 then o[n] = tostring(type(k) == 'table' and 'tbl' or type(k) == 'function' and 'fn' or k) .. '=' .. ((type(x) == 'number' or type(x) == 'string' or type(x) == 'boolean') and tostring(x):sub(1, 40) or type(x)) end
    end
    return '{' .. table.concat(o, ',') .. '}' .. #v
  elseif type(v) == 'function' or type(v) == 'thread' or type(v) == 'userdata' then return type(v) end
  v = tostring(v):gsub('0[xX]%x+', 'ADDR'):gsub('%z', '<0>')
  return #v > 200 and #v or v
end
local function P(...)
  local o = {}
  for i = 1, math.min(select('#', ...), 20) do o[i] = show((select(i, ...))) end
  io_write(table.concat(o, ' | '))
end
local budget = 1000
local function L() budget = budget - 1 if budget < 0 then budget = 0 error('limit', 0) end end
local MT = {__index = function(t, k) return type(k) == 'string' and k .. '?' or nil end, __add = function(a, b) return 'add' end,
  __concat = function(a, b) return type(a) .. type(b) end, __lt = function(a, b) return true end, __call = function(s, a) return a, 'called' end,
  __unm = function() return 'unm' end, __eq = function() return true end}
local M = setmetatable({x = 'mx'}, MT)
local M2 = setmetatable({}, {__index = M, __le = function() return false end, __newindex = function(t, k, v) rawset(t, k, v) end, __mod = function() return 7 end})
local T, T2 = {1, 2, 3, x = 'tx', y = {n = 1}}, {n = 5, len = 'L'}
local function F(a, b) return a, b end
local function G(a) error(a) end
local function V(...) return ... end
g_foo = 'global foo'
";

/// One program: statements, each protected, so that one error does not end it.
fn program(seed: u64) -> String {
    let mut generator = Generator {
        random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        out: String::new(),
        depth: 0,
        locals: Vec::new(),
        names: 0,
    };
    for _ in 0..10 {
        generator.random.below(2);
    }
    for _ in 0..3 {
        generator.statement();
    }
    generator.out
}

/// Cases that one process of lua5.1 runs.
const BATCH: u64 = 250;

fn quoted(text: &str) -> String {
    format!("[=====[{text}]=====]")
}

fn batch(first: u64) -> String {
    let mut source = String::from("local load_case = loadstring\nlocal function case(n, text)\n");
    source.push_str("  local f, e = load_case(text, '=case')\n  if not f then print(n, 'SYNTAX', e) return end\n");
    source.push_str("  local ok, e = pcall(f)\n  if not ok then print(n, 'ERROR', (tostring(e):gsub('0[xX]%x+', 'ADDR'))) end\nend\nio_write = print\n");
    for seed in first..first + BATCH {
        let text = quoted(&format!("{PRELUDE}{}", program(seed)));
        source.extend(["print('case ", &seed.to_string(), "')\ncase(", &seed.to_string(), ", ", &text, ")\n"]);
    }
    source
}

fn theirs(source: &str) -> Option<Vec<u8>> {
    let mut child = Command::new("timeout")
        .args(["60", "lua5.1", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let text = source.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().ok()?;
    let _ = writer.join();
    (!output.stdout.is_empty()).then_some(output.stdout)
}

#[test]
fn generated_programs_agree_with_lua() {
    let cases: u64 = std::env::var("LUA_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let from: u64 = std::env::var("LUA_FROM").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    if Command::new("lua5.1").arg("-v").stderr(Stdio::null()).status().is_err() {
        eprintln!("lua5.1 is not installed: generated programs are not compared");
        return;
    }
    let mut differences = 0;
    for first in (from..from + cases).step_by(BATCH as usize) {
        let source = batch(first);
        let mode = if first % 1000 == 500 { Mode { fuel: 7, stress: true, clone: false } } else { PLAIN };
        let ours = output("=stdin", source.as_bytes(), mode);
        let Some(theirs) = theirs(&source) else { panic!("lua5.1 said nothing for the batch at {first}") };
        if ours == theirs {
            continue;
        }
        let (ours, theirs) = (String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs));
        let (mut case, mut shown) = (String::new(), String::new());
        for (a, b) in ours.lines().zip(theirs.lines()) {
            if a.starts_with("case ") {
                case = String::from(a);
            }
            if a != b && case != shown {
                differences += 1;
                shown.clone_from(&case);
                eprintln!("--- {case}\nours:   {a}\ntheirs: {b}");
                assert!(differences <= 10, "too many differences");
                if a.starts_with("case ") || b.starts_with("case ") {
                    break;
                }
            }
        }
    }
    assert_eq!(differences, 0);
}

/// For looking at one: `LUA_SHOW=123 cargo test -p lua show -- --nocapture`.
#[test]
fn show_one_case() {
    if let Ok(seed) = std::env::var("LUA_SHOW") {
        println!("{}", program(seed.parse().unwrap_or(0)));
    }
}
