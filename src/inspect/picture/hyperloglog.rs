//! A HyperLogLog as its registers, and the estimate that they give.

use crate::change::Before;
use engine::types::hyperloglog as sketch;

/// The registers stand in a square.
pub const SIDE: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers {
    pub values: Vec<u8>,
    pub fresh: Vec<usize>,
    pub estimate: u64,
    pub dense: bool,
    /// Whether the estimate in the header is up to date.
    pub cached: bool,
    /// How many registers hold something, and the highest value of any.
    pub used: usize,
    pub highest: u8,
}

pub fn registers(bytes: &[u8], before: &Before) -> Option<Registers> {
    sketch::check(bytes).ok()?;
    let values = sketch::registers(bytes).ok()?;
    let old = before.value().and_then(|value| value.as_string());
    let old = old.and_then(|old| sketch::check(&old).ok().and_then(|()| sketch::registers(&old).ok()));
    let changed = |at: &usize| before.is_touched() && old.as_ref().map_or(0, |old| old[*at]) != values[*at];
    Some(Registers {
        fresh: (0..values.len()).filter(changed).collect(),
        estimate: sketch::estimate(&values),
        dense: sketch::is_dense(bytes),
        cached: sketch::cached(bytes).is_some(),
        used: values.iter().filter(|value| **value > 0).count(),
        highest: values.iter().copied().max().unwrap_or(0),
        values,
    })
}
