//! The data types other than string: structures and encodings, without replies or keys.

mod hash;
mod list;
mod set;
mod zset;

pub use hash::Hash;
pub use list::List;
pub use set::Set;
pub use zset::SortedSet;
