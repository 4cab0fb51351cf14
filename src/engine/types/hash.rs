//! Placeholder while the type is being written.

#[derive(Clone, Debug, Default)]
pub struct Hash;

impl Hash {
    pub fn encoding(&self) -> &'static str {
        "listpack"
    }
}
