//! The data types other than string: structures and encodings, without replies or keys.

mod hash;
mod list;
pub mod listpack;
mod set;
mod zset;

pub use hash::Hash;
pub use list::{End, Fill, List};
pub use set::{Set, SetLimits};
pub use zset::SortedSet;
