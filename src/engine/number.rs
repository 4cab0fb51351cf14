//! Floating-point arguments, as Redis reads them: what C's strtod reads, all of it, and nothing but it.

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

/// Hexadecimal digits with a point and a binary exponent, both optional.
fn parse_hexadecimal(digits: &[u8]) -> Option<f64> {
    let mut mantissa: u64 = 0;
    let mut exponent: i64 = 0;
    let mut seen = false;
    let mut after_point = false;
    let mut at = 0;
    while at < digits.len() {
        let byte = digits[at];
        if byte == b'.' && !after_point {
            after_point = true;
        } else if let Some(digit) = (byte as char).to_digit(16) {
            seen = true;
            exponent -= if after_point { 4 } else { 0 };
            if mantissa >> 60 == 0 {
                mantissa = mantissa << 4 | u64::from(digit);
            } else {
                // No room: keep the place and remember in the last bit that something was there.
                exponent += 4;
                mantissa |= u64::from(digit != 0);
            }
        } else {
            break;
        }
        at += 1;
    }
    if !seen {
        return None;
    }
    if at < digits.len() {
        let [b'p' | b'P', written @ ..] = &digits[at..] else { return None };
        let written = written.strip_prefix(b"+").unwrap_or(written);
        let unsigned = written.strip_prefix(b"-").unwrap_or(written);
        if unsigned.is_empty() || !unsigned.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let written: i64 =
            core::str::from_utf8(written).ok()?.parse().unwrap_or(if written[0] == b'-' { -100_000 } else { 100_000 });
        exponent = exponent.saturating_add(written);
    }
    let value = libm::scalbn(mantissa as f64, exponent.clamp(-5000, 5000) as i32);
    (value.is_finite() && (value != 0.0 || mantissa == 0)).then_some(value)
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
