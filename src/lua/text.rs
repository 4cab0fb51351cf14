//! Text that is put together from pieces. This is done at a hundred places, and what a vector does when it has to grow would
//! stand at each of them.

use alloc::vec::Vec;

pub trait Text {
    fn put(&mut self, byte: u8);
    fn add(&mut self, bytes: &[u8]);
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
}
