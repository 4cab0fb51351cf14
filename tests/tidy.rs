//! What every file must keep to, whoever writes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::root;

/// One sitting. Longer files are named on every run, and a file twice as long fails: by then it holds two ideas.
const SITTING: usize = 700;

fn tracked() -> Vec<PathBuf> {
    let git = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let listed = git.ok().filter(|output| output.status.success()).map(|output| output.stdout).unwrap_or_default();
    let names = String::from_utf8(listed).expect("file names are UTF-8");
    names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .filter(|file| root().join(file).is_file())
        .collect()
}

fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    let rust = tracked().into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|file| (file.clone(), fs::read_to_string(root().join(&file)).expect("sources are UTF-8")))
}

/// The lines that follow each `#[cfg(test)]`: a module of tests, in place or in a file of its own.
fn test_modules(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let marks = text.match_indices("#[cfg(test)]\nmod ");
    marks.filter_map(|(at, mark)| Some((at, text[at + mark.len()..].lines().next()?)))
}

/// The part of a source that is not its unit tests.
fn product(text: &str) -> &str {
    let tests = test_modules(text).find(|(_, line)| line.ends_with('{'));
    tests.map_or(text, |(at, _)| &text[..at])
}

/// The files that only tests are made of.
fn test_files() -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for (file, text) in sources() {
        let stem = file.file_stem().unwrap_or_default();
        let root_of_crate = ["lib", "main", "mod"].iter().any(|name| stem == *name);
        let dir = if root_of_crate { file.with_file_name("") } else { file.with_extension("") };
        for (_, line) in test_modules(&text) {
            files.extend(line.strip_suffix(';').map(|name| dir.join(format!("{name}.rs"))));
        }
    }
    files
}

fn complain(what: &str, places: &[String]) {
    assert!(places.is_empty(), "{what}:\n  {}", places.join("\n  "));
}

#[test]
fn nothing_is_left_unfinished() {
    // Written in halves, or this line would be its own finding.
    let marks = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
        concat!("#[ign", "ore"),
    ];
    let mut found = Vec::new();
    for (file, text) in sources() {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
        {
            found.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
        }
    }
    complain("unfinished", &found);
}

#[test]
fn a_client_cannot_make_the_page_panic_by_an_unwrap() {
    let mut found = Vec::new();
    let tests = test_files();
    let pure = ["src/resp", "src/lua", "src/engine", "src/sim", "src/term", "src/course", "src/web"];
    for (file, text) in
        sources().filter(|(file, _)| pure.iter().any(|dir| file.starts_with(dir)) && !tests.contains(file))
    {
        for (number, line) in product(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.contains(".unwrap()") {
                found.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    complain("an `expect` that says why it cannot happen, or a reply, is better", &found);
}

#[test]
fn every_crate_keeps_to_the_shared_lints() {
    let manifests = tracked().into_iter().filter(|file| file.file_name().is_some_and(|name| name == "Cargo.toml"));
    let without =
        manifests.filter(|file| *file != Path::new("Cargo.toml") && !file.starts_with("tests/fuzz")).filter(|file| {
            let text = fs::read_to_string(root().join(file)).expect("manifests are UTF-8");
            !text.contains("[lints]\nworkspace = true")
        });
    complain("no `[lints] workspace = true`", &without.map(|file| file.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn a_file_can_be_read_in_one_sitting() {
    let mut too_long = Vec::new();
    for (file, text) in sources() {
        let lines = text.lines().count();
        if lines > SITTING {
            println!("notice: {} has {lines} lines; more than {SITTING} want splitting by idea", file.display());
        }
        if lines > 2 * SITTING {
            too_long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    complain("too long", &too_long);
}

#[test]
fn no_lock_file_names_a_registry_host() {
    for file in ["tests/browser/package-lock.json", "tests/browser/package.json"] {
        let text = fs::read_to_string(root().join(file)).expect(file);
        assert!(!text.contains("\"resolved\""), "{file}: npm install --omit-lockfile-registry-resolved");
    }
}

#[test]
fn text_files_end_in_one_line_break_and_have_no_trailing_space() {
    let tests = test_files();
    let kinds = ["rs", "toml", "md", "css", "html", "mjs", "json", "redis"];
    let mut found = Vec::new();
    for file in tracked() {
        let kind = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        // What a server or a terminal shows is exact: a line of it may end in a space.
        let exact = kind == "redis" || file.starts_with("lessons") || tests.contains(&file);
        if !kinds.contains(&kind.as_str()) {
            continue;
        }
        let text = fs::read_to_string(root().join(&file)).unwrap_or_default();
        if !text.is_empty() && (!text.ends_with('\n') || (!exact && text.ends_with("\n\n"))) {
            found.push(format!("{}: its end", file.display()));
        }
        if !exact && text.lines().any(|line| line.ends_with([' ', '\t'])) {
            found.push(format!("{}: trailing space", file.display()));
        }
    }
    complain("see .editorconfig", &found);
}
