//! Dependencies point one way, and the pure crates stay pure.
//!
//! The order of `members` in the root Cargo.toml is the order of the layers: a crate may need only crates listed above
//! it, and only those that the table below allows. `no_std` is what keeps clocks, threads, files and randomly seeded
//! hashers out of the pure crates: with it the compiler refuses them.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::root;

/// Who may need whom. A crate that is not listed here does not exist; one that needs more is a decision to take here.
const LAYERS: [(&str, &[&str]); 11] = [
    ("resp", &[]),
    ("lua", &["resp"]),
    ("engine", &["lua", "resp"]),
    ("sim", &["engine", "resp"]),
    ("term", &["engine", "resp", "sim"]),
    ("inspect", &["engine", "resp", "sim", "term"]),
    ("course", &["engine", "resp", "sim", "term"]),
    ("web", &["course", "engine", "inspect", "resp", "sim", "term"]),
    ("server", &["engine", "resp", "sim"]),
    ("xtask", &[]),
    ("tests", &["course", "engine", "resp", "sim", "term"]),
];

/// Crates that know no clock, no entropy and no IO.
const PURE: [&str; 4] = ["resp", "lua", "engine", "sim"];

/// What the pure crates may use from outside. `libm` makes mathematics give the same bits on every target, foldhash is
/// seeded by the engine, xxhash is what DIGEST shows; a crate that reads a clock or asks for entropy would be added here, and seen.
const PURE_MAY_USE: [&str; 5] = ["foldhash", "hashbrown", "itoa", "libm", "xxhash-rust"];

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// Per crate of the workspace, what it is built from: (name, whether it is one of ours), without what tests add.
fn dependencies() -> BTreeMap<String, Vec<(String, bool)>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages
        .map(|package| {
            let needs = package["dependencies"].as_array().expect("dependencies").iter();
            let of_tests = text(&package["name"]) == "tests";
            let needs = needs.filter(|need| of_tests || need["kind"] != "dev");
            (text(&package["name"]), needs.map(|need| (text(&need["name"]), need["path"].is_string())).collect())
        })
        .collect()
}

#[test]
fn members_are_listed_in_layer_order() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the root Cargo.toml");
    let members = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).expect("members").0;
    let listed: Vec<&str> = members.split('"').skip(1).step_by(2).filter_map(|path| path.rsplit('/').next()).collect();
    let wanted: Vec<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, wanted);
    for (place, (name, needs)) in LAYERS.iter().enumerate() {
        for need in *needs {
            assert!(wanted[..place].contains(need), "{name} needs {need}, which does not stand above it");
        }
    }
}

#[test]
fn every_crate_needs_only_what_its_layer_allows() {
    let found = dependencies();
    assert_eq!(found.len(), LAYERS.len(), "{:?}", found.keys());
    for (name, allowed) in LAYERS {
        for (need, _) in found[name].iter().filter(|(_, ours)| *ours) {
            assert!(allowed.contains(&need.as_str()), "{name} must not need {need}");
        }
    }
}

#[test]
fn pure_crates_use_nothing_that_could_reach_a_clock() {
    let found = dependencies();
    for name in PURE {
        for (need, _) in found[name].iter().filter(|(_, ours)| !ours) {
            assert!(PURE_MAY_USE.contains(&need.as_str()), "{name} is pure and must not need {need}");
        }
        let lib = std::fs::read_to_string(root().join(format!("src/{name}/lib.rs"))).expect("lib.rs");
        assert!(lib.lines().any(|line| line == "#![no_std]"), "src/{name}/lib.rs must say #![no_std]");
        assert!(!lib.contains("extern crate std") || lib.contains("#[cfg(test)]"), "{name} takes std back");
    }
}

#[test]
fn xtask_is_compiled_in_seconds_because_it_needs_nothing() {
    assert_eq!(dependencies()["xtask"], []);
}
