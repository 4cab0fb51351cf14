//! Text that is put together from pieces. This is done at a hundred places, and what a vector does when it has to grow would
//! stand at each of them.

use alloc::vec::Vec;

pub trait Text {
    fn put(&mut self, byte: u8);
    fn add(&mut self, bytes: &[u8]);
    fn fill(&mut self, byte: u8, count: usize);
}

impl Text for Vec<u8> {
    #[inline(never)]
    fn put(&mut self, byte: u8) {
        self.push(byte);
    }

    #[inline(never)]
    fn add(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline(never)]
    fn fill(&mut self, byte: u8, count: usize) {
        self.resize(self.len() + count, byte);
    }
}

#[inline(never)]
pub fn copy(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// What C sees of a text.
#[inline(never)]
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
