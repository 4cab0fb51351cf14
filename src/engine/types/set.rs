//! Placeholder while the type is being written.

#[derive(Clone, Debug, Default)]
pub struct Set;

impl Set {
    pub fn encoding(&self) -> &'static str {
        "listpack"
    }
}
