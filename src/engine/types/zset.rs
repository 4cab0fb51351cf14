//! Placeholder while the type is being written.

#[derive(Clone, Debug, Default)]
pub struct SortedSet;

impl SortedSet {
    pub fn encoding(&self) -> &'static str {
        "listpack"
    }
}
