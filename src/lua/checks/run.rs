//! Runs Lua files: `cargo run -p lua --example run -- file.lua`. `--stress` collects at every allocation, `--fuel N` stops and
//! goes on after every N units.

use std::io::Write;

use lua::{Limits, Step, Vm};

fn main() {
    let mut fuel = 100_000;
    let mut stress = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--stress" => stress = true,
            "--fuel" => fuel = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(fuel),
            file => {
                let Ok(source) = std::fs::read(file) else {
                    eprintln!("cannot read {file}");
                    std::process::exit(1);
                };
                if !run(file, &source, fuel, stress) {
                    std::process::exit(1);
                }
            }
        }
    }
}

fn run(file: &str, source: &[u8], fuel: u32, stress: bool) -> bool {
    let mut vm = Vm::new(Limits::default(), 0);
    vm.collect_always(stress);
    let begun = std::time::Instant::now();
    let function = match vm.load(format!("@{file}").as_bytes(), source) {
        Ok(function) => function,
        Err(message) => {
            println!("lua: {}", String::from_utf8_lossy(&message));
            return false;
        }
    };
    vm.start(function, &[]);
    let mut out = std::io::stdout().lock();
    loop {
        vm.set_clock(begun.elapsed().as_secs_f64());
        let step = vm.step(fuel);
        let text = vm.take_output();
        if out.write_all(&text).is_err() {
            return false;
        }
        match step {
            Step::Done => return true,
            Step::OutOfFuel | Step::Line => {}
            Step::HostCall { .. } => vm.answer(&[]),
            Step::Error(value) => {
                let text = vm.text(value);
                let text = vm.bytes(text).unwrap_or_default().to_vec();
                println!("lua: {}", String::from_utf8_lossy(&text));
                return false;
            }
        }
    }
}
