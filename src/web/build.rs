//! Compiles the lessons into one file that the page carries, so that it needs no Markdown parser.

use course::Lesson;
use course::lesson::compile;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons");
    println!("cargo::rerun-if-changed={}", root.display());
    let released = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let lessons = compile::course(&root).unwrap_or_else(|errors| {
        for error in errors {
            println!("cargo::{}={error}", if released { "error" } else { "warning" });
        }
        if released {
            process::exit(1);
        }
        // While lessons are being written, those that compile are shown.
        sound(&root)
    });
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

fn sound(root: &Path) -> Vec<Lesson> {
    let folders = children(root).iter().flat_map(|chapter| children(chapter)).collect::<Vec<_>>();
    folders
        .iter()
        .filter_map(|folder| compile::read(root, folder).and_then(|source| compile::compile(&source)).ok())
        .collect()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut children: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    children.sort();
    children
}
