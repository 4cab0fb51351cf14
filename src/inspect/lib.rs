//! The keyspace and its values as pictures, described without a page.
//!
//! [`inspector`] is what somebody looks at: which database, which keys in which order, which key is open, what the last command
//! changed. [`index`] keeps the keys in order without walking over them at every command, [`row`] says what a line of the list
//! shows, [`picture`] what a value looks like in its encoding; [`meter`], [`history`] and [`reading`] tell when it will change, who
//! changed it, and how to ask for it. [`script`] is the debugger of Lua scripts. Whatever is drawn is cut to what is on view: nothing here costs as much as a value is long.

pub mod change;
pub mod history;
pub mod index;
pub mod inspector;
pub mod meter;
pub mod picture;
pub mod preview;
pub mod reading;
pub mod row;
pub mod script;
#[cfg(test)]
mod tests;
pub mod text;
pub mod tree;

pub use change::Before;
pub use inspector::{InspectMsg, Inspector, KeyspaceView, Layout, Line, Open};
pub use picture::Lens;
pub use row::{Life, Row};
