//! Numbers in arguments, as C reads them for Redis: all that strtod and strtoull read, and nothing but it.

/// A double from its decimal or hexadecimal text. Spaces, NaN, overflow and an underflow to zero are refused, infinities are
/// welcome.
pub fn parse_double(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let magnitude = if digits.eq_ignore_ascii_case(b"inf") || digits.eq_ignore_ascii_case(b"infinity") {
        f64::INFINITY
    } else if let Some((b'0', [b'x' | b'X', hexadecimal @ ..])) = digits.split_first() {
        parse_hexadecimal(hexadecimal)?
    } else {
        parse_decimal(digits)?
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// An end of a range of scores. Unlike a score it may be empty, which is 0, and out of range, which is infinity or 0; and it
/// is never hexadecimal.
pub fn parse_range_bound(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let is_infinity = digits.eq_ignore_ascii_case(b"inf") || digits.eq_ignore_ascii_case(b"infinity");
    if !is_infinity && !matches!(digits.first()?, b'0'..=b'9' | b'.') {
        return None;
    }
    let magnitude = if is_infinity { f64::INFINITY } else { resp::number::parse_decimal(digits)? };
    Some(if text[0] == b'-' { -magnitude } else { magnitude })
}

fn parse_decimal(digits: &[u8]) -> Option<f64> {
    let value = resp::number::parse_decimal(digits)?;
    let mantissa = digits.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or(digits);
    let is_zero = mantissa.iter().all(|byte| matches!(byte, b'0' | b'.'));
    (value.is_finite() && (value != 0.0 || is_zero)).then_some(value)
}

fn parse_hexadecimal(digits: &[u8]) -> Option<f64> {
    let Hexadecimal { mantissa, exponent, sticky } = Hexadecimal::parse(digits)?;
    let rounded = (mantissa | u128::from(sticky)) as f64;
    let value = libm::scalbn(rounded, exponent.clamp(-5000, 5000) as i32);
    (value.is_finite() && (value != 0.0 || mantissa == 0)).then_some(value)
}

/// What hexadecimal digits say, with a point and a binary exponent, both optional: `mantissa * 2^exponent`.
pub(crate) struct Hexadecimal {
    pub mantissa: u128,
    pub exponent: i64,
    /// Whether there was more than the mantissa has room for.
    pub sticky: bool,
}

impl Hexadecimal {
    pub fn parse(digits: &[u8]) -> Option<Hexadecimal> {
        let mut read = Hexadecimal { mantissa: 0, exponent: 0, sticky: false };
        let (mut seen, mut after_point, mut at) = (false, false, 0);
        while let Some(&byte) = digits.get(at) {
            if byte == b'.' && !after_point {
                after_point = true;
            } else if let Some(digit) = (byte as char).to_digit(16) {
                seen = true;
                read.exponent -= if after_point { 4 } else { 0 };
                if read.mantissa >> 120 == 0 {
                    read.mantissa = read.mantissa << 4 | u128::from(digit);
                } else {
                    // No room: the place is kept.
                    read.exponent += 4;
                    read.sticky |= digit != 0;
                }
            } else {
                break;
            }
            at += 1;
        }
        if at < digits.len() {
            let [b'p' | b'P', written @ ..] = &digits[at..] else { return None };
            read.exponent = read.exponent.saturating_add(parse_exponent(written)?);
        }
        seen.then_some(read)
    }
}

/// A sign and decimal digits; what no float could have is clipped.
pub(crate) fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = (value * 10 + i64::from(byte - b'0')).min(1_000_000);
    }
    Some(if negative { -value } else { value })
}

/// What C's strtoull reads, all of it: blanks, signs and zeros in front are welcome, and a sign may even turn a number around,
/// unless it is one in its plain form.
pub(crate) fn parse_unsigned(text: &[u8]) -> Option<u64> {
    if let Some(plain) = resp::number::parse_integer(text) {
        return u64::try_from(plain).ok();
    }
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0u64, |sum, &byte| {
        let digit = if byte.is_ascii_digit() { byte - b'0' } else { return None };
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })?;
    Some(if negative { number.wrapping_neg() } else { number })
}

#[cfg(test)]
mod tests {
    use super::parse_double;

    #[test]
    fn reads_what_strtod_reads() {
        for (text, value) in [
            ("+1", 1.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("0x10", 16.0),
            ("0x1p3", 8.0),
            ("-0x1.8p1", -3.0),
            ("+inf", f64::INFINITY),
            ("-INFINITY", f64::NEG_INFINITY),
            ("0e999", 0.0),
            ("1e308", 1e308),
        ] {
            assert_eq!(parse_double(text.as_bytes()), Some(value), "{text}");
        }
        for text in
            ["", "-", "+", ".", "1e", "nan", " 1", "1 ", "1e400", "1e-400", "0x", "--1", "+-1", "1.5abc", "0x1p"]
        {
            assert_eq!(parse_double(text.as_bytes()), None, "{text}");
        }
    }
}
