//! A fingerprint of everything that went into and came out of a world.

use engine::Instant;

/// FNV-1a over 64 bits (Fowler, Noll, Vo): the same on every target, good enough to tell two runs apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace(u64);

impl Default for Trace {
    fn default() -> Self {
        Trace(0xCBF2_9CE4_8422_2325)
    }
}

impl Trace {
    pub(crate) fn note(&mut self, at: Instant, kind: u8, client: u64, bytes: &[u8]) {
        self.bytes(&at.0.to_le_bytes());
        self.bytes(&[kind]);
        self.bytes(&client.to_le_bytes());
        self.bytes(&(bytes.len() as u64).to_le_bytes());
        self.bytes(bytes);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    pub(crate) fn hash(self) -> u64 {
        self.0
    }
}
