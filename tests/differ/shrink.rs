//! From a long history to the shortest one that still shows a difference: halves, quarters, … single commands are left out as
//! long as some difference remains at the end.

use crate::generate::Step;
use crate::pair::{Difference, Pair};
use crate::state;
use std::fmt::Write;

/// Replays of one shrinking; a history that needs more is printed as short as it got.
const MOST_REPLAYS: usize = 150;
const LONGEST_TRANSCRIPT: usize = 60;

/// Whether playing `steps` from nothing ends in a difference.
fn fails(pair: &mut Pair, steps: &[Step], by_state: bool) -> Result<bool, String> {
    pair.restart()?;
    for (at, step) in steps.iter().enumerate() {
        if pair.play(step)?.is_some() {
            return Ok(!by_state && at == steps.len() - 1);
        }
    }
    Ok(by_state && state::compare(pair)?.is_some())
}

pub fn shrink(pair: &mut Pair, history: &[Step], difference: &Difference) -> Result<Vec<Step>, String> {
    let by_state = difference.what.starts_with("state");
    let mut steps = history.to_vec();
    let mut replays = 0;
    let mut chunk = steps.len() / 2;
    if !fails(pair, &steps, by_state)? {
        return Ok(steps);
    }
    while chunk >= 1 && replays < MOST_REPLAYS {
        let mut at = 0;
        while at < steps.len() && replays < MOST_REPLAYS {
            let end = (at + chunk).min(if by_state { steps.len() } else { steps.len() - 1 });
            if at >= end {
                break;
            }
            let mut shorter = steps[..at].to_vec();
            shorter.extend_from_slice(&steps[end..]);
            replays += 1;
            if !shorter.is_empty() && fails(pair, &shorter, by_state)? {
                steps = shorter;
            } else {
                at = end;
            }
        }
        chunk /= 2;
    }
    Ok(steps)
}

/// The history with both servers' replies, in the transcript language where it can say it.
pub fn transcript(pair: &mut Pair, seed: u64, steps: &[Step]) -> Result<String, String> {
    let mut text = format!("# seed {seed}{}\n", if pair.resp3 { ", RESP3" } else { "" });
    pair.restart()?;
    // What could not be shrunk is told by its end.
    let told = steps.len().saturating_sub(LONGEST_TRANSCRIPT);
    if told > 0 {
        let _ = writeln!(text, "# it takes {} commands, the last of them:", steps.len());
    }
    for (at, step) in steps.iter().enumerate() {
        if at >= told {
            text.extend([&line(step), "\n"]);
        }
        if let Some(difference) = pair.play(step)? {
            text.extend([&difference.what, "\n"]);
        }
    }
    if let Some(difference) = state::compare(pair)? {
        text.extend([&difference.what, "\n"]);
    }
    Ok(text)
}

/// A step as a line of a transcript.
pub fn line(step: &Step) -> String {
    let words: Vec<String> = step.request.iter().map(|word| quote(word)).collect();
    let client = ["", "b", "c", "observer", "driver"][step.client];
    format!("{client}> {}", words.join(" "))
}

fn quote(word: &[u8]) -> String {
    let plain =
        !word.is_empty() && word.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'\''));
    let shown = if word.len() > 300 { &word[..300] } else { word };
    if plain { String::from_utf8_lossy(shown).into_owned() } else { format!("\"{}\"", shown.escape_ascii()) }
}
