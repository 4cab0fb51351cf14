//! What SHA-1 and SHA-256 (FIPS 180-4) share: how a message becomes blocks.

/// Hands `mix` the message in blocks of 64 bytes. It ends in a one bit, zeros, and its length in bits, which fill one block more or two.
pub(crate) fn in_blocks(message: &[u8], mut mix: impl FnMut(&[u8; 64])) {
    let (blocks, rest) = message.as_chunks::<64>();
    let mut end = [0; 128];
    end[..rest.len()].copy_from_slice(rest);
    end[rest.len()] = 0x80;
    let size = if rest.len() < 56 { 64 } else { 128 };
    end[size - 8..size].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in blocks.iter().chain(end[..size].as_chunks::<64>().0) {
        mix(block);
    }
}
