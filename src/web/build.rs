//! Compiles the lessons, so that the page needs no Markdown parser. A released page carries the first lesson and of the others
//! what the list of lessons shows; the rest of them lies beside their plain pages and is fetched when they are opened.

use course::Lesson;
use course::lesson::{Task, compile};
use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons");
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rustc-link-arg-bins=--emit-relocs");
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
    for (at, lesson) in lessons.into_iter().enumerate() {
        let bytes = if released && at > 0 { outline(lesson).pack() } else { lesson.pack() };
        packed.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        packed.extend_from_slice(&bytes);
    }
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("lessons.bin"), packed).expect("the build's own folder can be written");
}

/// What the list of lessons and the learner's progress need.
fn outline(lesson: Lesson) -> Lesson {
    let title = |task: Task| Task { title: task.title, ..Task::default() };
    let tasks = lesson.tasks.into_iter().map(title).collect();
    Lesson {
        blocks: Vec::new(),
        start: String::new(),
        needs: Vec::new(),
        commands: Vec::new(),
        from: String::new(),
        tasks,
        ..lesson
    }
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
