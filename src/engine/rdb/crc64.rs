//! The checksum under every RDB file and DUMP payload: CRC-64 with the Jones polynomial, reflected, no initial value and no
//! final inversion. Eight bytes at a time through eight tables ("slicing by eight", Kounavis and Berry, 2005).

const POLYNOMIAL: u64 = 0x95AC_9329_AC4B_C9B5;

#[cfg(not(target_arch = "wasm32"))]
static TABLES: [[u64; 256]; 8] = tables();

#[cfg(not(target_arch = "wasm32"))]
const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = tables[0][(before & 0xFF) as usize] ^ before >> 8;
            byte += 1;
        }
        table += 1;
    }
    tables
}

/// The same bit by bit: the tables are 16 KB that no compression makes smaller, and the page has time.
#[cfg(any(test, target_arch = "wasm32"))]
pub fn bit_by_bit(mut crc: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        crc ^= u64::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
        }
    }
    crc
}

#[cfg(target_arch = "wasm32")]
pub use bit_by_bit as crc64;

/// The checksum of `bytes`, going on from `crc` (0 at the beginning).
#[cfg(not(target_arch = "wasm32"))]
pub fn crc64(crc: u64, bytes: &[u8]) -> u64 {
    let mut crc = crc;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let mixed = (crc ^ u64::from_le_bytes(*chunk)).to_le_bytes();
        crc = 0;
        for (at, byte) in mixed.into_iter().enumerate() {
            crc ^= TABLES[7 - at][usize::from(byte)];
        }
    }
    for &byte in rest {
        crc = TABLES[0][usize::from(crc as u8 ^ byte)] ^ crc >> 8;
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::crc64;

    #[test]
    fn the_catalogue_value() {
        assert_eq!(crc64(0, b"123456789"), 0xE9C6_D914_C4B8_D9CA);
        let text = b"This is a test of the emergency broadcast system.";
        let split = crc64(crc64(0, &text[..13]), &text[13..]);
        assert_eq!(split, crc64(0, text));
        assert_eq!(super::bit_by_bit(0, text), crc64(0, text));
    }
}
