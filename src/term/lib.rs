//! redis-cli as pure state: no terminal, no clock, no connection.
//!
//! [`render`] prints replies, [`quote`] splits lines, [`session`] is the program around them.
pub mod help;
pub mod history;
pub mod quote;
pub mod render;
pub mod session;
#[cfg(test)]
mod session_tests;

pub use render::{Mode, render};
pub use session::{Action, Activity, Line, Session};
