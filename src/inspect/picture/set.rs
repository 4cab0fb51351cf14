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

/// The integers of an intset between its lowest and its highest, in thousandths, with a mark on new ones. What would fall on the
/// same place is named once.
pub fn strip(set: &Set, before: &Before) -> Option<Vec<(u16, bool)>> {
    let Set::Integers(integers) = set else { return None };
    let (low, high) = (*integers.first()? as f64, *integers.last()? as f64);
    let whole = (high - low).max(1.0);
    let mut strip: Vec<(u16, bool)> = Vec::new();
    for integer in integers.iter() {
        let place = ((*integer as f64 - low) / whole * 1000.0) as u16;
        let fresh = change::is_new_member(before, resp::number::integer(*integer).as_bytes());
        match strip.last_mut() {
            Some((last, marked)) if *last == place => *marked |= fresh,
            _ => strip.push((place, fresh)),
        }
    }
    Some(strip)
}
