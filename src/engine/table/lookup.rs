//! From the name that a client sent to the row.

use super::Command;
use crate::commands::GROUPS;

/// Every row, group by group.
pub fn all() -> impl Iterator<Item = &'static Command> {
    GROUPS.iter().flat_map(|group| group.iter())
}

/// The row called `name`, in any case.
pub fn find(name: &[u8]) -> Option<&'static Command> {
    all().find(|command| command.name.as_bytes().eq_ignore_ascii_case(name))
}
