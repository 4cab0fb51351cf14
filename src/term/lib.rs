//! redis-cli as pure state: no terminal, no clock, no connection.
//!
//! [`session`] is the program: lines and replies go in, what to print, send and connect comes out. Around it, each usable by
//! itself beside an input field: [`render`] prints replies, [`quote`] splits lines, [`grammar`] reads them by the command
//! table, [`hint`] and [`complete`] say what may follow, [`history`] remembers lines, [`help`] explains commands, [`editor`] edits
//! a line where there is no input field.
pub mod complete;
pub mod editor;
pub mod grammar;
pub mod help;
pub mod hint;
pub mod history;
#[cfg(test)]
mod line_tests;
pub mod quote;
pub mod render;
pub mod session;
#[cfg(test)]
mod session_tests;

pub use complete::{Candidate, Completion, Cycle, KeySource, complete};
pub use editor::{Editor, Key, Press, View};
pub use grammar::{Role, Token, tokens};
pub use hint::{Hint, hint};
pub use history::{Direction, History, Recall, Search};
pub use render::{Mode, render};
pub use session::{Action, Activity, Line, Session};
