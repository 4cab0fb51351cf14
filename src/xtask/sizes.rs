//! What the page weighs, and the budget it is held to.
//!
//! The *first load* is index.html, in which the first lesson stands, and every script, style and wasm file that it needs:
//! named in it, or in a script or style that it names. What `data-later` names is the program's second half, which is fetched when
//! somebody first needs it. Fonts and icons come beside the first load and hold nothing up; lessons as pages of their own are for
//! whoever asks for them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{Outcome, places};

/// Brotli bytes that the first load may have: wasm, JavaScript, CSS and the first lesson.
const BUDGET: u64 = 300_000;

struct File {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// Prints the tables; fails over the budget.
pub fn report(dist: &Path) -> Outcome {
    let files = measured(dist, &places::compressed())?;
    let first = first_load(dist, &files);
    let named = |name: &str| is_program(name) && !first.contains(name);
    let heading = |text: &str| println!("\n{text:<44} {:>10} {:>10} {:>10}", "raw", "gzip", "brotli");
    heading("first load");
    let total = table(files.iter().filter(|file| first.contains(&file.name)));
    heading("fetched when it is first needed");
    let later = table(files.iter().filter(|file| named(&file.name)));
    heading("beside it");
    table(files.iter().filter(|file| !first.contains(&file.name) && !named(&file.name)));
    println!("\nthe whole program with its page: {} bytes of brotli", total + later);
    let verdict = format!("first load {total} bytes of brotli, budget {BUDGET}");
    if total > BUDGET {
        return Err(format!("over budget by {} bytes: {verdict}", total - BUDGET));
    }
    println!("within budget: {verdict}");
    Ok(())
}

fn is_program(name: &str) -> bool {
    ["js", "wasm"].iter().any(|kind| is(name, kind))
}

/// Prints the rows and their sum; gives the sum of brotli bytes.
fn table<'a>(files: impl Iterator<Item = &'a File>) -> u64 {
    let row = |name: &str, raw: u64, gzip: u64, brotli: u64| println!("  {name:<42} {raw:>10} {gzip:>10} {brotli:>10}");
    let mut sum = (0, 0, 0);
    for file in files {
        row(&file.name, file.raw, file.gzip, file.brotli);
        sum = (sum.0 + file.raw, sum.1 + file.gzip, sum.2 + file.brotli);
    }
    row("sum", sum.0, sum.1, sum.2);
    sum.2
}

fn measured(dist: &Path, compressed: &Path) -> Outcome<Vec<File>> {
    let mut names = Vec::new();
    list(dist, "", &mut names);
    if names.is_empty() {
        return Err("dist/ is empty: run `cargo xtask dist` first".to_owned());
    }
    names.sort();
    let files = names.into_iter().map(|name| {
        let size = |path: &Path| fs::metadata(path).map(|m| m.len()).ok();
        let raw = size(&dist.join(&name)).unwrap_or(0);
        let twin = |kind: &str| size(&compressed.join(format!("{name}.{kind}"))).unwrap_or(raw);
        File { raw, gzip: twin("gz"), brotli: twin("br"), name }
    });
    Ok(files.collect())
}

fn list(dir: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), names);
        } else {
            names.push(name);
        }
    }
}

fn is(name: &str, kind: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == kind)
}

/// A page without the attribute that says where the program's second half lies.
fn without_later(page: &str) -> String {
    match page.split_once("data-later=\"").and_then(|(before, rest)| Some((before, rest.split_once('"')?.1))) {
        Some((before, after)) => [before, after].concat(),
        None => page.to_owned(),
    }
}

/// The names that index.html leads to.
fn first_load(dist: &Path, files: &[File]) -> BTreeSet<String> {
    let mut found = BTreeSet::from(["index.html".to_owned()]);
    let mut open = vec!["index.html".to_owned()];
    while let Some(name) = open.pop() {
        let is_text = ["html", "js", "css"].iter().any(|kind| is(&name, kind));
        let Some(text) = is_text.then(|| fs::read_to_string(dist.join(&name)).ok()).flatten() else { continue };
        let text = without_later(&text);
        for file in files {
            let counts = ["js", "css", "wasm", "bin"].iter().any(|kind| is(&file.name, kind));
            if counts && text.contains(&file.name) && found.insert(file.name.clone()) {
                open.push(file.name.clone());
            }
        }
    }
    found
}
