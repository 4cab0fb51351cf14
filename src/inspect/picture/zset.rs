//! A sorted set as a ladder: every member stands on the rung that its score gives it.

use crate::change::{self, Before};
use crate::preview::{Rung, height};
use crate::text::short;
use engine::types::SortedSet;
use std::ops::Range;

pub fn rungs(zset: &SortedSet, before: &Before, range: Range<usize>) -> Vec<Rung> {
    let ends = zset.get(0).zip(zset.get(zset.len().saturating_sub(1)));
    let (low, high) = ends.map_or((0.0, 0.0), |(first, last)| (first.score.0, last.score.0));
    let first = range.start;
    zset.walk(range, false)
        .enumerate()
        .map(|(at, ranked)| Rung {
            rank: first + at,
            member: short(&ranked.member, 200),
            score: resp::number::double(ranked.score.0).as_str().into(),
            height: height(ranked.score.0, low, high),
            fresh: change::is_new_score(before, &ranked.member, ranked.score.0),
        })
        .collect()
}
