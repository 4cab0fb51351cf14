//! A set as its members, in the order in which its encoding keeps them.

use crate::change::{self, Before};
use crate::preview::Part;
use crate::text::short;
use engine::types::Set;
use std::ops::Range;

pub fn members(set: &Set, before: &Before, range: Range<usize>) -> Vec<Part> {
    range
        .map_while(|at| set.member(at))
        .map(|member| {
            let text = member.text();
            Part { text: short(&text, 120), fresh: change::is_new_member(before, &text) }
        })
        .collect()
}

/// The integers of an intset between its lowest and its highest, in thousandths, with a mark on new ones.
pub fn strip(set: &Set, before: &Before) -> Option<Vec<(u16, bool)>> {
    let Set::Integers(integers) = set else { return None };
    let (low, high) = (*integers.first()? as f64, *integers.last()? as f64);
    let whole = (high - low).max(1.0);
    let place = |integer: &i64| {
        let text = resp::number::integer(*integer);
        (((*integer as f64 - low) / whole * 1000.0) as u16, change::is_new_member(before, text.as_bytes()))
    };
    Some(integers.iter().map(place).collect())
}
