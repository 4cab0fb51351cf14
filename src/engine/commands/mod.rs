//! The commands, one file a group: rows and, beside them, functions.

mod connection;
mod generic;
mod string;

use crate::table::Command;

/// Every group's rows.
pub(crate) const GROUPS: &[&[Command]] = &[connection::COMMANDS, generic::COMMANDS, string::COMMANDS];
