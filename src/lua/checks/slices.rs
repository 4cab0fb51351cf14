//! The speed programs in slices of fuel, as the page runs scripts, natively and as wasm.
//!
//! A program's slices are the same in every round, and so short that a busy machine leaves most of them alone: of each the best of
//! all rounds counts. The last program is long and run once; its slices are alike, and the one in the middle stands for all.
//! Natively the sums are printed, in milliseconds. Built for wasm32 there is no clock: each call of `main` is one slice,
//! answers 1 when a program ends, and slices.mjs times the calls. Both know the order: all programs but the last in rounds, then
//! that.

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
const FUEL: u32 = 5_000;

fn begin(program: usize) -> Option<Vm> {
    let mut vm = Vm::new(Limits::default(), 0);
    let function = vm.load(b"@speed", PROGRAMS[program].1).ok()?;
    vm.start(function, &[]);
    Some(vm)
}

/// What each slice of a program takes, in milliseconds.
#[cfg(not(target_arch = "wasm32"))]
fn slices(program: usize) -> Vec<f64> {
    let (mut running, mut took) = (true, Vec::new());
    let begun = std::time::Instant::now();
    let (mut vm, mut last) = (begin(program), 0.0);
    while running {
        running = vm.as_mut().is_some_and(|vm| vm.step(FUEL) == Step::OutOfFuel);
        let now = begun.elapsed().as_secs_f64() * 1e3;
        took.push(now - last);
        last = now;
    }
    took
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
        let mut best = slices(program);
        if program == PROGRAMS.len() - 1 {
            best.sort_by(f64::total_cmp);
            best = vec![best[best.len() / 2]; best.len()];
        } else {
            for _ in 1..ROUNDS {
                best = best.iter().zip(slices(program)).map(|(best, took)| best.min(took)).collect();
            }
        }
        println!("{name}={:.1}", best.iter().sum::<f64>());
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
