//! `checks/scripts/*.lua` must print `checks/scripts/*.out`.

use std::{fs, path::Path};

use lua::{Limits, Step, Vm};

#[derive(Clone, Copy)]
pub struct Mode {
    pub fuel: u32,
    pub stress: bool,
    /// Goes on with a copy of the machine after each step.
    pub clone: bool,
}

pub const PLAIN: Mode = Mode { fuel: 50_000, stress: false, clone: false };

/// What a program prints, its uncaught error included.
pub fn output(name: &str, source: &[u8], mode: Mode) -> Vec<u8> {
    let mut vm = Vm::new(Limits::default(), 0);
    vm.collect_always(mode.stress);
    let mut out = Vec::new();
    match vm.load(name.as_bytes(), source) {
        Ok(function) => vm.start(function, &[]),
        Err(message) => {
            out.extend_from_slice(b"lua: ");
            out.extend_from_slice(&message);
            return out;
        }
    }
    loop {
        let step = vm.step(mode.fuel);
        out.extend_from_slice(&vm.take_output());
        match step {
            Step::Done => return out,
            Step::Error(value) => {
                let text = vm.text(value);
                out.extend_from_slice(b"lua: ");
                out.extend_from_slice(vm.bytes(text).unwrap_or_default());
                return out;
            }
            Step::HostCall { .. } => vm.answer(&[]),
            Step::OutOfFuel | Step::Line => {}
        }
        if mode.clone {
            vm = vm.clone();
        }
    }
}

fn check_all(mode: Mode) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/scripts");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "lua") {
            continue;
        }
        let name = format!("@{}", path.file_name().expect("a name").to_string_lossy());
        let wanted = fs::read(path.with_extension("out")).expect("it can be read");
        let got = output(&name, &fs::read(&path).expect("it can be read"), mode);
        let (got, wanted) = (String::from_utf8_lossy(&got), String::from_utf8_lossy(&wanted));
        for (number, (got, wanted)) in got.lines().zip(wanted.lines()).enumerate() {
            assert_eq!(got, wanted, "{name}, line {} of the output", number + 1);
        }
        assert_eq!(got.lines().count(), wanted.lines().count(), "{name}");
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn as_lua_prints() {
    check_all(PLAIN);
}

#[test]
fn collecting_at_every_safe_point() {
    check_all(Mode { stress: true, ..PLAIN });
}

#[test]
fn stopping_at_every_unit_of_fuel() {
    check_all(Mode { fuel: 1, ..PLAIN });
}

#[test]
fn cloned_in_the_middle() {
    check_all(Mode { fuel: 211, stress: false, clone: true });
}
