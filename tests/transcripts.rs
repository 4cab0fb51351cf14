//! Every transcript of tests/transcripts on the engine, in virtual time; those of tests/wishlist are played and counted, too.
//!
//! `BLESS=1` writes what the engine says into the files: only after the oracle has said the same.

use std::fs;
use std::path::{Path, PathBuf};

use course::Transcript;
use course::stage::WorldStage;
use course::transcript::{Directive, Play, Report, Step};
use sim::{World, WorldConfig};

use crate::root;

/// The transcripts under a folder of tests/, in order.
pub fn under(folder: &str) -> Vec<PathBuf> {
    let mut open = vec![root().join("tests").join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "redis") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A file's name as one finds it: from the top of the checkout on.
pub fn name(file: &Path) -> String {
    let file = file.to_string_lossy();
    file.split_once("tests/../").map_or(file.to_string(), |(_, name)| name.to_owned())
}

pub fn read(file: &Path) -> (String, Transcript) {
    let text = fs::read_to_string(file).expect("a transcript is UTF-8");
    let transcript = Transcript::parse(&text).unwrap_or_else(|error| panic!("{}:{error}", name(file)));
    (text, transcript)
}

/// A world as a transcript asks for it.
pub fn stage(transcript: &Transcript) -> WorldStage {
    let seed = transcript.lines.iter().find_map(|line| match line.step {
        Step::Directive(Directive::Seed(seed)) => Some(seed),
        _ => None,
    });
    WorldStage::new(World::new(&WorldConfig { seed: seed.unwrap_or(1), ..WorldConfig::default() }))
}

fn play(transcript: &Transcript) -> Result<Report, String> {
    let mut stage = stage(transcript);
    Play::new(&mut stage).run(transcript).map_err(|error| error.to_string())
}

#[test]
fn what_is_printed_is_what_was_read() {
    for file in under("transcripts").iter().chain(&under("wishlist")) {
        let (text, transcript) = read(file);
        assert_eq!(transcript.to_string().trim_end(), text.trim_end(), "{}", name(file));
    }
}

#[test]
fn every_transcript_holds_on_the_engine() {
    let mut complaints = Vec::new();
    let mut compared = 0;
    for file in under("transcripts") {
        let (_, mut transcript) = read(&file);
        match play(&transcript) {
            Ok(report) => {
                compared += report.compared;
                for difference in &report.differences {
                    complaints.push(format!("{}: {difference}", name(&file)));
                }
                if !report.differences.is_empty() && std::env::var_os("BLESS").is_some() {
                    transcript.bless(&report);
                    fs::write(&file, transcript.to_string()).expect("the transcript is written");
                }
            }
            Err(error) => complaints.push(format!("{}:{error}", name(&file))),
        }
    }
    println!("transcripts: {compared} replies compared");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Plays what is not required yet. `WISHES=blocking` shows what differs in files with that in their name, `MOVE_WISHES=1` moves the transcripts that hold to tests/transcripts.
#[test]
fn wishes_are_counted() {
    let wishes = under("wishlist");
    let shown = std::env::var("WISHES").ok();
    let (mut came_true, mut replies, mut differing) = (Vec::new(), 0, 0);
    for file in &wishes {
        let (_, transcript) = read(file);
        let played = play(&transcript);
        if shown.as_ref().is_some_and(|shown| name(file).contains(shown)) {
            match &played {
                Ok(report) => report.differences.iter().for_each(|difference| println!("{}: {difference}", name(file))),
                Err(error) => println!("{}:{error}", name(file)),
            }
        }
        if let Ok(report) = played {
            replies += report.compared;
            differing += report.differences.len();
            if report.differences.is_empty() {
                came_true.push(file);
            }
        }
    }
    println!("wishlist: {} transcripts, {replies} replies, {differing} of them differ", wishes.len());
    for file in came_true {
        println!("wishlist: {} holds now: MOVE_WISHES=1 moves it to tests/transcripts", name(file));
        if std::env::var_os("MOVE_WISHES").is_some() {
            let target = PathBuf::from(file.to_string_lossy().replace("/wishlist/", "/transcripts/"));
            fs::create_dir_all(target.parent().expect("it lies in a folder")).expect("the folder is made");
            fs::rename(file, target).expect("the transcript is moved");
        }
    }
}
