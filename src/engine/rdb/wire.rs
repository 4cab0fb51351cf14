//! The alphabet of RDB: lengths, strings, numbers.
//!
//! A length's first two bits say how it is written: 6 bits, 14 bits, or 32 or 64 bits in the bytes that follow. The fourth pattern
//! marks a string that is no plain one: an integer of 8, 16 or 32 bits, or LZF.

use super::lzf;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use resp::number::parse_integer;

/// Strings up to this length are not worth compressing.
const COMPRESS_FROM: usize = 20;

pub(crate) fn put_length(out: &mut Vec<u8>, length: u64) {
    if length < 1 << 6 {
        out.push(length as u8);
    } else if length < 1 << 14 {
        out.push(0x40 | (length >> 8) as u8);
        out.push(length as u8);
    } else if let Ok(length) = u32::try_from(length) {
        out.push(0x80);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(0x81);
        out.extend_from_slice(&length.to_be_bytes());
    }
}

/// A string: as an integer when it reads as one of 32 bits, compressed when that saves something.
pub(crate) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() <= 11
        && let Some(number) = parse_integer(bytes).and_then(|number| i32::try_from(number).ok())
    {
        put_integer(out, number);
        return;
    }
    if bytes.len() > COMPRESS_FROM
        && let Some(packed) = lzf::compress(bytes, bytes.len() - 4)
    {
        out.push(0xC3);
        put_length(out, packed.len() as u64);
        put_length(out, bytes.len() as u64);
        out.extend_from_slice(&packed);
        return;
    }
    put_length(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_integer(out: &mut Vec<u8>, number: i32) {
    if let Ok(number) = i8::try_from(number) {
        out.push(0xC0);
        out.push(number as u8);
    } else if let Ok(number) = i16::try_from(number) {
        out.push(0xC1);
        out.extend_from_slice(&number.to_le_bytes());
    } else {
        out.push(0xC2);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// Reads from the front; every method gives nothing when the bytes do not suffice or make no sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A length; none where a special string stands instead.
    pub fn length(&mut self) -> Option<u64> {
        let first = self.byte()?;
        match first >> 6 {
            0 => Some(u64::from(first)),
            1 => Some(u64::from(first & 0x3F) << 8 | u64::from(self.byte()?)),
            2 if first == 0x80 => Some(u64::from(u32::from_be_bytes(self.array()?))),
            2 if first == 0x81 => Some(u64::from_be_bytes(self.array()?)),
            _ => None,
        }
    }

    /// A length that counts things of at least one byte each, which therefore must be there.
    pub fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.length()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    pub fn string(&mut self) -> Option<Cow<'a, [u8]>> {
        let special = *self.0.first()?;
        let integer = |number: i64| Some(Cow::Owned(resp::number::integer(number).as_bytes().to_vec()));
        match special {
            0xC0 => {
                let [_, byte] = self.array::<2>()?;
                integer(i64::from(byte as i8))
            }
            0xC1 => {
                let [_, a, b] = self.array()?;
                integer(i64::from(i16::from_le_bytes([a, b])))
            }
            0xC2 => {
                let [_, a, b, c, d] = self.array()?;
                integer(i64::from(i32::from_le_bytes([a, b, c, d])))
            }
            0xC3 => {
                self.byte()?;
                let packed = usize::try_from(self.length()?).ok()?;
                let len = usize::try_from(self.length()?).ok()?;
                lzf::decompress(self.take(packed)?, len).map(Cow::Owned)
            }
            _ => {
                let len = usize::try_from(self.length()?).ok()?;
                self.take(len).map(Cow::Borrowed)
            }
        }
    }

    /// A score as eight bytes.
    pub fn double(&mut self) -> Option<f64> {
        Some(f64::from_bits(u64::from_le_bytes(self.array()?)))
    }

    /// A time in milliseconds as eight bytes.
    pub fn millis(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.array()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_strings_come_back() {
        for length in [0, 63, 64, 16_383, 16_384, u64::from(u32::MAX), u64::from(u32::MAX) + 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_length(&mut bytes, length);
            assert_eq!(Reader(&bytes).length(), Some(length));
        }
        for text in [&b""[..], b"1", b"-128", b"300", b"-70000", b"2147483648", b"01", b"hello", &[b'a'; 100]] {
            let mut bytes = Vec::new();
            put_string(&mut bytes, text);
            assert_eq!(Reader(&bytes).string().as_deref(), Some(text));
        }
    }
}
