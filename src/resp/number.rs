//! Numbers as Redis reads and writes them.
//!
//! Integers are strict: what [`parse_integer`] accepts is exactly what [`integer`] would print, so that a string which is
//! stored as an integer reads back unchanged.

pub use crate::decimal::parse_decimal;
use crate::digits::shortest;
use alloc::vec::Vec;

/// Parses a decimal integer by Redis' rules: no sign but `-`, no leading zeros, no blanks, no `-0`.
#[inline]
pub fn parse_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let magnitude = match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {
            let mut value = 0u64;
            for &byte in digits {
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                // Nineteen digits stay below 10^19, which fits 64 bits unsigned.
                value = value * 10 + u64::from(digit);
            }
            value
        }
        _ => return None,
    };
    if negative {
        (magnitude <= 1 << 63).then(|| (magnitude as i64).wrapping_neg())
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Appends a decimal integer.
#[inline]
pub fn write_integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// A decimal integer on the stack: `number::integer(7).as_bytes()`.
#[inline]
pub fn integer(value: i64) -> Text {
    let mut text = Text::default();
    text.push(itoa::Buffer::new().format(value).as_bytes());
    text
}

/// A short piece of text on the stack.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; Text::CAPACITY],
    len: u8,
}

impl Text {
    const CAPACITY: usize = 40;

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    fn push(&mut self, bytes: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u8;
    }

    fn push_zeros(&mut self, count: usize) {
        for _ in 0..count {
            self.push(b"0");
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Text { bytes: [0; Text::CAPACITY], len: 0 }
    }
}

impl core::ops::Deref for Text {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl core::fmt::Display for Text {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A double as ZSCORE prints it: digits that read back as the same double, nearly always the fewest, in Redis' layout.
///
/// Whole numbers up to 2^62 are printed as integers. Otherwise `digits` × 10^`exponent` is written out in full as long as
/// that costs few zeros, and in scientific notation (`1e+20`, `1.5e-7`) beyond that.
pub fn double(value: f64) -> Text {
    let mut text = Text::default();
    if value.is_nan() {
        text.push(b"nan");
        return text;
    }
    if value.is_infinite() {
        text.push(if value < 0.0 { b"-inf" } else { b"inf" });
        return text;
    }
    const WHOLE: f64 = (1u64 << 62) as f64;
    if (-WHOLE..=WHOLE).contains(&value) {
        let whole = value as i64;
        if whole as f64 == value {
            if whole == 0 && value.is_sign_negative() {
                text.push(b"-");
            }
            text.push(itoa::Buffer::new().format(whole).as_bytes());
            return text;
        }
    }
    let digits = shortest(value.abs());
    if value < 0.0 {
        text.push(b"-");
    }
    lay_out(&mut text, digits.as_bytes(), digits.exponent);
    text
}

fn lay_out(text: &mut Text, digits: &[u8], exponent: i32) {
    let count = digits.len() as i32;
    let scientific = exponent + count - 1;
    if exponent >= 0 && scientific < count + 7 {
        text.push(digits);
        text.push_zeros(exponent as usize);
    } else if exponent < 0 && (exponent > -7 || scientific.abs() < 4) {
        let point = count + exponent;
        if point <= 0 {
            text.push(b"0.");
            text.push_zeros(-point as usize);
            text.push(digits);
        } else {
            text.push(&digits[..point as usize]);
            text.push(b".");
            text.push(&digits[point as usize..]);
        }
    } else {
        text.push(&digits[..1]);
        if digits.len() > 1 {
            text.push(b".");
            text.push(&digits[1..]);
        }
        text.push(if scientific < 0 { b"e-" } else { b"e+" });
        text.push(itoa::Buffer::new().format(scientific.unsigned_abs()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn integers_are_strict() {
        for good in ["0", "-1", "7", "9223372036854775807", "-9223372036854775808", "1000000000000000000"] {
            assert_eq!(parse_integer(good.as_bytes()).map(|n| n.to_string()).as_deref(), Some(good));
        }
        let bad = [
            "",
            "-",
            "+1",
            "01",
            "-0",
            " 1",
            "1 ",
            "1.0",
            "0x1",
            "9223372036854775808",
            "-9223372036854775809",
            "18446744073709551617",
            "100000000000000000000",
            "--1",
            "1e3",
        ];
        for bad in bad {
            assert_eq!(parse_integer(bad.as_bytes()), None, "{bad}");
        }
    }

    /// Recorded from ZSCORE of Redis 8.6.3: a digit more than needed, or not the nearest.
    #[test]
    fn doubles_are_rounded_as_redis_does() {
        let recorded = [
            "2.8800000000000003e-13",
            "1829655353635338.7",
            "332.36913500000003",
            "5169999999999999000000",
            "99999999999999990000000",
            "-2.2264797470978692",
            "471.19494099999997",
            "73120901277284.37",
            "35011102987227.938",
            "2.8082796461807102e-115",
            "34975836056118.437",
            "22471856306842.062",
            "2.1078284121406073e+181",
            "-476.46637692363163",
        ];
        for text in recorded {
            assert_eq!(double(text.parse().unwrap()).as_str(), text);
        }
    }

    /// Recorded from ZSCORE of Redis 8.6.3.
    #[test]
    fn doubles_are_laid_out_as_redis_does() {
        let recorded = [
            (3.0, "3"),
            (0.1, "0.1"),
            (1e100, "1e+100"),
            (1.5e-7, "1.5e-7"),
            (0.00001, "0.00001"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1e18, "1000000000000000000"),
            (1e19, "1e+19"),
            (1.5e20, "1.5e+20"),
            (123456789012345680.0, "123456789012345680"),
            (12345678901234567890.0, "12345678901234567000"),
            (123456789012345678901.0, "123456789012345680000"),
            (5e-324, "5e-324"),
            (-0.0, "-0"),
            (-1.5, "-1.5"),
            (-1e21, "-1e+21"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (123456.789, "123456.789"),
            (0.00012345, "1.2345e-4"),
            (1.1e-5, "0.000011"),
            (1.1e-6, "1.1e-6"),
            (123456789.12345678, "1.2345678912345678e+8"),
            (1234567890123456.5, "1234567890123456.5"),
            (9223372036854775807.0, "9223372036854776000"),
            (4611686018427387904.0, "4611686018427387904"),
            (4611686018427388928.0, "4611686018427389000"),
            (f64::MAX, "1.7976931348623157e+308"),
            (0.30000000000000004, "0.30000000000000004"),
            (9007199254740993.0, "9007199254740992"),
        ];
        for (value, text) in recorded {
            assert_eq!(double(value).as_str(), text);
        }
    }
}
