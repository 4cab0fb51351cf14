//! tests/families.md against the transcripts: every family has a row, every file that a row names is there, and a file with a family's number stands in
//! that family's row.

use std::collections::BTreeMap;
use std::fs;

use sim::{World, WorldConfig};

use crate::{root, transcripts};

/// The recorded families, and the cluster of two nodes behind them.
const FAMILIES: u32 = 124;

#[derive(Debug)]
struct Family {
    words: String,
    transcripts: Vec<String>,
    waits_for: String,
    wishes: Vec<String>,
}

/// What stands in `backquotes`.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn families() -> BTreeMap<u32, Family> {
    let text = fs::read_to_string(root().join("tests/families.md")).expect("tests/families.md");
    let mut families = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, words, proofs, waits_for] = cells[..] else { continue };
        let Ok(number) = number.parse() else { continue };
        let family = Family {
            words: words.to_owned(),
            transcripts: quoted(proofs),
            waits_for: waits_for.to_owned(),
            wishes: quoted(waits_for),
        };
        assert!(families.insert(number, family).is_none(), "tests/families.md has {number} twice");
    }
    families
}

#[test]
fn every_family_is_proven_or_waits_for_something() {
    let families = families();
    let mut complaints = Vec::new();
    for number in 1..=FAMILIES {
        let Some(family) = families.get(&number) else {
            complaints.push(format!("{number} has no row"));
            continue;
        };
        if family.words.is_empty() || family.transcripts.is_empty() && family.waits_for.is_empty() {
            complaints.push(format!("{number} says too little"));
        }
        for (folder, names) in [("transcripts", &family.transcripts), ("wishlist", &family.wishes)] {
            for name in names {
                if !root().join("tests").join(folder).join(format!("{name}.redis")).is_file() {
                    complaints.push(format!("{number}: tests/{folder}/{name}.redis is not there"));
                }
            }
        }
    }
    complaints
        .extend(families.keys().filter(|&&number| number > FAMILIES).map(|number| format!("{number} is not known")));
    assert!(complaints.is_empty(), "tests/families.md:\n  {}", complaints.join("\n  "));
}

#[test]
fn files_with_a_number_stand_in_its_row() {
    let families = families();
    let mut complaints = Vec::new();
    for folder in ["transcripts", "wishlist"] {
        for file in transcripts::under(folder) {
            let stem = file.with_extension("");
            let parts: Vec<String> =
                stem.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned()).collect();
            let [file_name, group] = &parts[..] else { continue };
            let Some(number) = file_name.split_once('-').and_then(|(number, _)| number.parse::<u32>().ok()) else {
                continue;
            };
            let name = format!("{group}/{file_name}");
            let named = families.get(&number).is_some_and(|family| {
                let names = if folder == "wishlist" { &family.wishes } else { &family.transcripts };
                names.contains(&name)
            });
            if !named {
                complaints.push(format!("tests/{folder}/{name}.redis"));
            }
        }
    }
    assert!(complaints.is_empty(), "not in tests/families.md:\n  {}", complaints.join("\n  "));
}

/// Transcripts do not look at blanks at the end of a line; this one is there on the wire.
#[test]
fn a_blank_stands_behind_every_quoted_argument() {
    let mut world = World::new(&WorldConfig::default());
    let client = world.connect();
    world.send(client, b"FOO a b\r\n");
    let sent: Vec<u8> = world.take(client).into_iter().flat_map(|delivery| delivery.bytes).collect();
    assert_eq!(sent, b"-ERR unknown command 'FOO', with args beginning with: 'a' 'b' \r\n");
}
