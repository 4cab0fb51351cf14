//! Any bytes are a program: it compiles or is refused, and what compiles runs within its fuel and its memory, stopped, copied and
//! collected now and then. The first byte says how, and whether the others are the text or numbers of words of the language,
//! which reach deeper than text found by chance.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lua::{Limits, Step, Vm};

const MEMORY: usize = 8 << 20;
const STEPS: u32 = 200;

/// What a byte stands for, in a program made of words.
const WORDS: &str = "a b c t f s n 0 1 2 3 -1 1e300 0.5 'x' '' '%d+' '(a)(b)' '10' {} nil true false and or not + - * / % ^ .. == ~= < <= > >= \
    = , ; ( ) [ ] { } # : . ... local function return end if then else elseif while do repeat until for in break \
    pcall xpcall error select unpack next pairs ipairs type tostring tonumber setmetatable getmetatable rawset rawget load loadstring \
    setfenv getfenv newproxy collectgarbage print assert host string table math coroutine cjson cmsgpack struct bit \
    rep sub gsub gmatch find match format byte char len upper concat insert remove sort maxn foreach getn floor random huge max \
    create resume yield wrap status running encode decode pack __index __newindex __call __add __eq __lt __le __concat __len __mode __gc __metatable __tostring";

fuzz_target!(|data: &[u8]| {
    let Some((&how, source)) = data.split_first() else { return };
    let mut vm = Vm::new(Limits { memory: MEMORY }, u32::from(how));
    let globals = vm.globals();
    vm.set_field(globals, "host", Vm::host_function(1)).expect("a small field fits");
    vm.collect_always(how & 1 != 0);
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let made: String;
    let source = if how & 32 != 0 {
        made = source.iter().map(|byte| words[usize::from(*byte) % words.len()]).collect::<Vec<_>>().join(" ");
        made.as_bytes()
    } else {
        source
    };
    let Ok(function) = vm.load(b"@fuzz", source) else { return };
    vm.start(function, &[]);
    let fuel = if how & 2 != 0 { 7 } else { 500 };
    // A collection at every safe point takes its time.
    let steps = if how & 1 != 0 { 10 } else { STEPS };
    for _ in 0..steps {
        let step = if how & 4 != 0 { vm.step_line(fuel) } else { vm.step(fuel) };
        match step {
            Step::Done => {
                let results = vm.results().to_vec();
                for value in results {
                    vm.text(value);
                }
                break;
            }
            Step::Error(value) => {
                vm.text(value);
                break;
            }
            Step::HostCall { .. } => {
                let answer = vm.arguments().first().copied().unwrap_or_default();
                if how & 8 != 0 {
                    vm.fail(answer);
                } else {
                    vm.answer(&[answer, answer]);
                }
            }
            Step::Line => {
                for level in 0..vm.depth().min(4) {
                    vm.locals(level);
                    vm.upvalues(level);
                }
                vm.calls();
            }
            Step::OutOfFuel => {}
        }
        vm.take_output();
        if how & 16 != 0 {
            vm = vm.clone();
        }
    }
    // A step of fuel may overshoot by one allocation, no more.
    assert!(vm.memory() <= MEMORY + (16 << 20), "{} bytes", vm.memory());
});
