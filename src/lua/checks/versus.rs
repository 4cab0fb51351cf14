//! Our time against PUC Lua 5.1's (`lua5.1` on the path), program by program: best of five, and the ratio.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use lua::{Limits, Step, Vm};

const PROGRAMS: &[&str] = &["fib", "loop", "strings", "sort", "tables", "patterns", "objects", "nbody"];
const ROUNDS: usize = 5;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/speed");
    let mut product = 1.0;
    let mut worst: f64 = 0.0;
    println!("{:10} {:>9} {:>9} {:>6}", "", "ours", "lua5.1", "ratio");
    for name in PROGRAMS {
        let file = folder.join(format!("{name}.lua"));
        let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            ours = ours.min(run_ours(&file));
            let Some(time) = run_theirs(&file) else {
                println!("lua5.1 is not installed: nothing to compare with");
                return;
            };
            theirs = theirs.min(time);
        }
        let ratio = ours / theirs;
        product *= ratio;
        worst = worst.max(ratio);
        println!("{name:10} {:7.1}ms {:7.1}ms {ratio:6.2}", ours * 1e3, theirs * 1e3);
    }
    println!("a host call {:.0} ns", host_call_ns());
    let fresh = Vm::new(Limits::default(), 0);
    let begun = Instant::now();
    let copies = (0..1000).map(|_| fresh.clone()).filter(|copy| copy.memory() > 0).count();
    println!("a copy of a fresh machine {:.1} us", begun.elapsed().as_secs_f64() * 1e6 / copies as f64);
    println!("geometric mean {:.2}, worst {worst:.2}", product.powf(1.0 / PROGRAMS.len() as f64));
}

fn run_ours(file: &Path) -> f64 {
    let source = std::fs::read(file).unwrap_or_default();
    let begun = Instant::now();
    let mut vm = Vm::new(Limits::default(), 0);
    match vm.load(b"@bench", &source) {
        Ok(function) => vm.start(function, &[]),
        Err(message) => println!("{}", String::from_utf8_lossy(&message)),
    }
    while vm.step(50_000) == Step::OutOfFuel {}
    begun.elapsed().as_secs_f64()
}

fn run_theirs(file: &Path) -> Option<f64> {
    let begun = Instant::now();
    Command::new("lua5.1").arg(file).stdout(Stdio::null()).status().ok()?;
    Some(begun.elapsed().as_secs_f64())
}

/// What a call of the embedder costs: out of the machine, a look at the arguments, and back.
fn host_call_ns() -> f64 {
    const CALLS: u32 = 1_000_000;
    let mut vm = Vm::new(Limits::default(), 0);
    let globals = vm.globals();
    let source = format!("local host = host for i = 1, {CALLS} do host('incr', 'key') end");
    let stored = vm.set_field(globals, "host", Vm::host_function(1));
    match vm.load(b"@bench", source.as_bytes()) {
        Ok(function) if stored.is_ok() => vm.start(function, &[]),
        _ => return f64::NAN,
    }
    let begun = Instant::now();
    let mut bytes = 0;
    loop {
        match vm.step(50_000) {
            Step::HostCall { .. } => {
                bytes += vm.bytes(vm.arguments()[0]).map_or(0, <[u8]>::len);
                vm.answer(&[lua::Value::number(1.0)]);
            }
            Step::OutOfFuel => {}
            _ => break,
        }
    }
    assert_eq!(bytes, 4 * CALLS as usize);
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}
