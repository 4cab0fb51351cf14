//! The data types other than string: structures and encodings, without replies or keys.

mod deadlines;
mod hash;
pub mod hyperloglog;
mod list;
pub mod listpack;
mod set;
pub mod stream;
pub mod tree;
pub mod vector;
mod zset;

pub use deadlines::Deadlines;
pub use hash::{Deadline, Field, Hash, HashLimits};
pub use list::{End, Fill, List};
pub use set::{Integers, Set, SetLimits};
pub use stream::Stream;
pub use tree::{Score, Tree};
pub use vector::VectorSet;
pub use zset::{Bound, Name, Ranked, SortedSet, ZsetLimits};
