//! `checks/oracle/redis-8.6.3.txt`: snippets, and indented below each what a real server's Lua made of it. Recorded through
//! EVAL with the same wrapper as here, in which strings are quoted, tables spelled out and addresses hidden.

use std::{fs, path::Path};

use lua::{Limits, Step, Vm};

const WRAPPER: &str = "
local function show(v, d)
  if type(v)=='table' then
    if d>4 then return '...' end
    local o={} for k,x in pairs(v) do o[#o+1]=show(k,d+1)..'='..show(x,d+1) end
    return '{'..table.concat(o,',')..'}#'..#v
  end
  if type(v)=='string' then return (string.format('%q',v):gsub('[%c\\128-\\255]',function(c) return '<'..c:byte()..'>' end)) end
  return (tostring(v):gsub('0x%x+','ADDR'))
end
local function P(...) local o={} for i=1,select('#',...) do o[i]=show((select(i,...)),0) end return table.concat(o,' | ') end
";

#[test]
fn libraries_answer_as_in_redis() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/oracle/redis-8.6.3.txt");
    let text = fs::read_to_string(file).expect("the recording");
    let mut vm = Vm::new(Limits::default(), 0);
    vm.unwrap_error_tables(true);
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut wrong = Vec::new();
    let mut seen = 0;
    while let (Some(snippet), Some(wanted)) = (lines.next(), lines.next()) {
        let source = format!("{WRAPPER}return P(pcall(function() {snippet} end))");
        let function = vm.load(b"@user_script", source.as_bytes()).expect("it compiles");
        vm.start(function, &[]);
        let step = loop {
            match vm.step(10_000) {
                Step::OutOfFuel => {}
                step => break step,
            }
        };
        let value = match step {
            Step::Error(value) => value,
            _ => vm.results().first().copied().unwrap_or_default(),
        };
        let got = String::from_utf8_lossy(vm.bytes(value).unwrap_or_default()).replace('\n', "\\n");
        seen += 1;
        if got != wanted.trim_start() {
            wrong.push(format!("{snippet}\n  ours   {got}\n  theirs {}", wanted.trim_start()));
        }
    }
    assert!(seen > 300);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
