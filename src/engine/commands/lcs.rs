//! The longest common subsequence of two strings.
//!
//! Dynamic programming over the lengths of common subsequences of all pairs of prefixes (Wagner and Fischer, 1974), then a
//! walk back from the end that collects the runs both strings share, last run first.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Command, Flag::*, Group, Keys};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

pub(super) const COMMANDS: &[Command] =
    &[Command::new("lcs", "key1 key2#0 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]", lcs)
        .group(Group::String)
        .since("7.0.0")
        .summary("Finds the longest sequence of bytes that two strings have in common, not necessarily in one piece.")
        .complexity("O(N*M) with strings of N and M bytes")
        .flags(&[ReadOnly])
        .keys(&[Keys::range(1, 1, 1, "RO access")])];

/// A run of bytes that stands in both strings.
struct Run {
    first: Range<usize>,
    second: Range<usize>,
}

fn lcs(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (first, second) = (args.next()?, args.next()?);
    let mut string = |key| match ctx.db.value(key) {
        None => Ok(Vec::new()),
        Some(value) => value.as_string().map(|string| string.to_vec()).ok_or(Error::LCS_TYPE),
    };
    // Both are looked up before the type of either is looked at.
    let (first, second) = (string(first), string(second));
    let (first, second) = (first?, second?);
    let (mut only_len, mut positions, mut with_len, mut least) = (false, false, false, 0);
    while args.left() > 0 {
        if args.word("IDX") {
            positions = true;
        } else if args.word("LEN") {
            only_len = true;
        } else if args.word("WITHMATCHLEN") {
            with_len = true;
        } else if args.word_with("MINMATCHLEN", 1) {
            least = args.integer()?.max(0) as usize;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if only_len && positions {
        return Err(Error::LCS_LEN_AND_IDX);
    }
    let cells = (first.len() as u64 + 1).saturating_mul(second.len() as u64 + 1);
    if cells.saturating_mul(4) > ctx.db.max_string {
        return Err(Error::LCS_MEMORY);
    }
    ctx.effort += cells;
    let lengths = common_lengths(&first, &second);
    let len = lengths[lengths.len() - 1];
    if only_len {
        ctx.reply.integer(i64::from(len));
        return Ok(());
    }
    let runs = walk_back(&first, &second, &lengths);
    if !positions {
        let bytes: Vec<u8> = runs.iter().rev().flat_map(|run| first[run.first.clone()].iter().copied()).collect();
        ctx.reply.bulk(bytes);
        return Ok(());
    }
    let shown: Vec<&Run> = runs.iter().filter(|run| run.first.len() >= least).collect();
    ctx.reply.map(2);
    ctx.reply.bulk("matches");
    ctx.reply.array(shown.len());
    for run in shown {
        ctx.reply.array(2 + usize::from(with_len));
        for range in [&run.first, &run.second] {
            ctx.reply.array(2);
            ctx.reply.integer(range.start as i64);
            ctx.reply.integer(range.end as i64 - 1);
        }
        if with_len {
            ctx.reply.integer(run.first.len() as i64);
        }
    }
    ctx.reply.bulk("len");
    ctx.reply.integer(i64::from(len));
    Ok(())
}

/// For every pair of prefixes the length of their longest common subsequence, row by row.
fn common_lengths(first: &[u8], second: &[u8]) -> Vec<u32> {
    let width = second.len() + 1;
    let mut lengths = vec![0u32; (first.len() + 1) * width];
    for (i, a) in first.iter().enumerate() {
        for (j, b) in second.iter().enumerate() {
            lengths[(i + 1) * width + j + 1] = if a == b {
                lengths[i * width + j] + 1
            } else {
                lengths[i * width + j + 1].max(lengths[(i + 1) * width + j])
            };
        }
    }
    lengths
}

/// The shared runs, last first.
fn walk_back(first: &[u8], second: &[u8], lengths: &[u32]) -> Vec<Run> {
    let width = second.len() + 1;
    let (mut i, mut j) = (first.len(), second.len());
    let mut runs: Vec<Run> = Vec::new();
    while i > 0 && j > 0 {
        if first[i - 1] == second[j - 1] {
            i -= 1;
            j -= 1;
            match runs.last_mut() {
                Some(run) if run.first.start == i + 1 && run.second.start == j + 1 => {
                    run.first.start = i;
                    run.second.start = j;
                }
                _ => runs.push(Run { first: i..i + 1, second: j..j + 1 }),
            }
        } else if lengths[(i - 1) * width + j] > lengths[i * width + j - 1] {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    runs
}
