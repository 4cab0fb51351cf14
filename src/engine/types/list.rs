//! Placeholder while the type is being written.

#[derive(Clone, Debug, Default)]
pub struct List;

impl List {
    pub fn encoding(&self) -> &'static str {
        "listpack"
    }
}
