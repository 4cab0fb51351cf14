//! The speed programs in slices of fuel, as the page runs scripts, natively and as wasm.
//!
//! Natively it prints the best milliseconds of each program. Built for wasm32 it has no clock: each call of its `main` is one slice,
//! answers 1 when a program ends, and slices.mjs times the calls. Both know the order: all programs but the last in rounds, then
//! that, which is long.

use std::process::ExitCode;

use lua::{Limits, Step, Vm};

const PROGRAMS: [(&str, &[u8]); 9] = [
    ("fib", include_bytes!("speed/fib.lua")),
    ("loop", include_bytes!("speed/loop.lua")),
    ("strings", include_bytes!("speed/strings.lua")),
    ("sort", include_bytes!("speed/sort.lua")),
    ("tables", include_bytes!("speed/tables.lua")),
    ("patterns", include_bytes!("speed/patterns.lua")),
    ("objects", include_bytes!("speed/objects.lua")),
    ("nbody", include_bytes!("speed/nbody.lua")),
    ("billion", b"for step = 1, 1000000000 do end"),
];
const ROUNDS: usize = 5;
const FUEL: u32 = 50_000;

fn begin(program: usize) -> Option<Vm> {
    let mut vm = Vm::new(Limits::default(), 0);
    let function = vm.load(b"@speed", PROGRAMS[program].1).ok()?;
    vm.start(function, &[]);
    Some(vm)
}

/// How long this thread has had a processor, where Linux says it: the turns of other programs are no time of ours.
#[cfg(not(target_arch = "wasm32"))]
fn cpu_ms() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split(' ').next()?.parse::<f64>().ok()? / 1e6)
}

#[cfg(not(target_arch = "wasm32"))]
pub fn main() -> ExitCode {
    let mut programs: Vec<String> = std::env::args().skip(1).collect();
    if programs.is_empty() {
        programs = PROGRAMS.iter().map(|(name, _)| (*name).to_owned()).collect();
    }
    for (program, (name, _)) in PROGRAMS.iter().enumerate() {
        if !programs.iter().any(|wanted| wanted == name) {
            continue;
        }
        let rounds = if program == PROGRAMS.len() - 1 { 1 } else { ROUNDS };
        let begun = std::time::Instant::now();
        let now = || cpu_ms().unwrap_or_else(|| begun.elapsed().as_secs_f64() * 1e3);
        let time = |_| {
            let begun = now();
            let mut vm = begin(program)?;
            while vm.step(FUEL) == Step::OutOfFuel {}
            Some(now() - begun)
        };
        let Some(best) = (0..rounds).filter_map(time).min_by(f64::total_cmp) else { return ExitCode::FAILURE };
        println!("{name}={best:.1}");
    }
    ExitCode::SUCCESS
}

#[cfg(target_arch = "wasm32")]
pub fn main() -> ExitCode {
    use std::cell::RefCell;
    thread_local!(static STATE: RefCell<(usize, Option<Vm>)> = const { RefCell::new((0, None)) });
    STATE.with_borrow_mut(|(ended, running)| {
        let Some(vm) = running else {
            let last = PROGRAMS.len() - 1;
            *running = begin(if *ended < ROUNDS * last { *ended % last } else { last });
            return ExitCode::from(0);
        };
        if vm.step(FUEL) == Step::OutOfFuel {
            return ExitCode::from(0);
        }
        *running = None;
        *ended += 1;
        ExitCode::from(1)
    })
}
