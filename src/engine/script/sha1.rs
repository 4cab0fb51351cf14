//! SHA-1 (FIPS 180-4), by which scripts are named and which `redis.sha1hex` hands to them.

use crate::digest::in_blocks;

/// The digest as 40 hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> [u8; 40] {
    let mut text = [0; 40];
    for (at, word) in digest(bytes).into_iter().enumerate() {
        for digit in 0..8 {
            text[at * 8 + digit] = b"0123456789abcdef"[(word >> (28 - 4 * digit) & 15) as usize];
        }
    }
    text
}

/// The digest as bytes.
pub(crate) fn bytes(bytes: &[u8]) -> [u8; 20] {
    let mut out = [0; 20];
    for (place, word) in out.chunks_exact_mut(4).zip(digest(bytes)) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    out
}

fn digest(bytes: &[u8]) -> [u32; 5] {
    let mut state = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
    in_blocks(bytes, |block| mix(&mut state, block));
    state
}

fn mix(state: &mut [u32; 5], block: &[u8; 64]) {
    // Only the last sixteen words of the schedule are needed at a time.
    let mut words = [0u32; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for round in 0..80 {
        let at = round % 16;
        if round >= 16 {
            let mixed = words[(at + 13) % 16] ^ words[(at + 8) % 16] ^ words[(at + 2) % 16] ^ words[at];
            words[at] = mixed.rotate_left(1);
        }
        let (choice, constant) = match round / 20 {
            0 => (d ^ b & (c ^ d), 0x5A82_7999),
            1 => (b ^ c ^ d, 0x6ED9_EBA1),
            2 => (b & c | d & (b | c), 0x8F1B_BCDC),
            _ => (b ^ c ^ d, 0xCA62_C1D6),
        };
        let next = a.rotate_left(5).wrapping_add(choice).wrapping_add(e).wrapping_add(constant).wrapping_add(words[at]);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    for (sum, part) in state.iter_mut().zip([a, b, c, d, e]) {
        *sum = sum.wrapping_add(part);
    }
}

#[cfg(test)]
mod tests {
    use super::hexadecimal;

    /// The examples of the standard, and lengths around the block's end as `sha1sum` has them.
    #[test]
    fn known_digests() {
        for (text, digest) in [
            (&b""[..], "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
            (&[b'a'; 55], "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
            (&[b'a'; 64], "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
            (&[b'a'; 119], "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"),
        ] {
            assert_eq!(core::str::from_utf8(&hexadecimal(text)).unwrap(), digest);
        }
    }
}
