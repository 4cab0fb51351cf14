//! Compiles the lessons into one file that the page carries, so that it needs no Markdown parser.

use std::path::Path;
use std::{env, fs, process};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons");
    println!("cargo::rerun-if-changed={}", root.display());
    let lessons = match course::lesson::compile::course(&root) {
        Ok(lessons) => lessons,
        Err(errors) => {
            for error in errors {
                println!("cargo::error={error}");
            }
            process::exit(1);
        }
    };
    // A length of four bytes before each lesson.
    let mut packed = Vec::new();
    for lesson in &lessons {
        let bytes = lesson.pack();
        packed.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        packed.extend_from_slice(&bytes);
    }
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("lessons.bin"), packed).expect("the build's own folder can be written");
}
