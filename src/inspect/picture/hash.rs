//! A hash as a record: names with their values, and the time that each field has.

use crate::change::{self, Before};
use crate::preview::Pair;
use crate::row::Lives;
use crate::text::short;
use engine::types::Hash;
use std::ops::Range;

pub fn fields(
    (hash, id): (&Hash, &str),
    (before, now): (&Before, i64),
    lives: &mut Lives,
    range: Range<usize>,
) -> Vec<Pair> {
    range
        .map_while(|at| hash.field(at))
        .map(|field| {
            let (name, value) = (short(&field.name.text(), 120), short(&field.value.text(), 300));
            let life = field.deadline.map(|deadline| lives.life(&[id, " ", &name].concat(), deadline, now));
            Pair { name, value, life, fresh: change::is_new_field(before, &field) }
        })
        .collect()
}
