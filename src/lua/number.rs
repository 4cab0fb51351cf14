//! Numbers to text and back: `strtod` as the C library reads (decimal, hexadecimal with binary exponent, `inf`, `nan`)
//! and `%.14g`.

use alloc::vec::Vec;

use crate::{
    decimal::Decimal,
    text::{Text, until_nul},
};

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The number that a whole string spells, spaces around it allowed. Like C, stops at a zero byte.
pub fn parse(bytes: &[u8]) -> Option<f64> {
    let bytes = until_nul(bytes);
    let start = bytes.iter().position(|byte| !is_space(*byte))?;
    let (number, length) = prefix(&bytes[start..])?;
    bytes[start + length..].iter().all(|byte| is_space(*byte)).then_some(number)
}

/// The longest number at the start of the text, and how many bytes it takes.
pub fn prefix(bytes: &[u8]) -> Option<(f64, usize)> {
    let (negative, mut at) = match bytes.first()? {
        b'-' => (true, 1),
        b'+' => (false, 1),
        _ => (false, 0),
    };
    let rest = &bytes[at..];
    let (number, length) = if has_prefix(rest, b"0x") {
        hexadecimal(&rest[2..]).map_or((0.0, 1), |(number, length)| (number, length + 2))
    } else if has_prefix(rest, b"infinity") {
        (f64::INFINITY, 8)
    } else if has_prefix(rest, b"inf") {
        (f64::INFINITY, 3)
    } else if has_prefix(rest, b"nan") {
        (f64::from_bits(f64::NAN.to_bits() & !(1 << 63) | 1), 3)
    } else {
        decimal(rest)?
    };
    at += length;
    Some((if negative { crate::value::negate(number) } else { number }, at))
}

fn has_prefix(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.len() >= prefix.len() && bytes[..prefix.len()].eq_ignore_ascii_case(prefix)
}

fn digits(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn decimal(bytes: &[u8]) -> Option<(f64, usize)> {
    let whole = digits(bytes, 0);
    let mut at = whole;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        fraction = digits(bytes, at + 1);
        at += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if at == whole && whole < 16 {
        // The common case needs no library.
        let number = bytes[..whole].iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        if !matches!(bytes.get(at), Some(b'e' | b'E')) {
            return Some((number as f64, at));
        }
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(bytes, (at + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    Some((resp::number::parse_decimal(&bytes[..at])?, at))
}

fn hexadecimal(bytes: &[u8]) -> Option<(f64, usize)> {
    let (mut mantissa, mut exponent, mut any, mut at) = (0u64, 0i64, false, 0);
    let mut point = false;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'.' && !point {
            point = true;
        } else if let Some(digit) = char::from(byte).to_digit(16) {
            any = true;
            if mantissa >> 60 == 0 {
                mantissa = mantissa << 4 | u64::from(digit);
                exponent -= if point { 4 } else { 0 };
            } else {
                // Beyond the precision: only remember that something was there.
                mantissa |= u64::from(digit != 0);
                exponent += if point { 0 } else { 4 };
            }
        } else {
            break;
        }
        at += 1;
    }
    if !any {
        return None;
    }
    if matches!(bytes.get(at), Some(b'p' | b'P')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let from = (at + 1 + sign).min(bytes.len());
        let count = digits(bytes, from);
        if count > 0 {
            let value =
                bytes[from..from + count].iter().fold(0i64, |sum, d| (sum * 10 + i64::from(d - b'0')).min(1 << 20));
            exponent += if bytes.get(at + 1) == Some(&b'-') { -value } else { value };
            at = from + count;
        }
    }
    Some((libm::ldexp(mantissa as f64, exponent.clamp(-10000, 10000) as i32), at))
}

/// `%.14g`, by which Lua prints numbers.
pub fn append(out: &mut Vec<u8>, number: f64) {
    if number.abs() < 1e14 && crate::value::floor(number) == number {
        if number == 0.0 && number.is_sign_negative() {
            out.put(b'-');
        }
        let mut buffer = itoa::Buffer::new();
        out.add(buffer.format(number as i64).as_bytes());
    } else {
        append_general(out, number, 14, false);
    }
}

pub fn append_nonfinite(out: &mut Vec<u8>, number: f64) {
    let text: &[u8] = if number.is_nan() {
        if number.to_bits() & 1 == 1 { b"nan" } else { b"-nan" }
    } else if number > 0.0 {
        b"inf"
    } else {
        b"-inf"
    };
    out.add(text);
}

/// C's `%g` with a precision; `keep` is the flag `#`: trailing zeros stay.
pub fn append_general(out: &mut Vec<u8>, number: f64, precision: usize, keep: bool) {
    if !number.is_finite() {
        return append_nonfinite(out, number);
    }
    let precision = precision.max(1);
    let mut decimal = Decimal::new(number);
    decimal.round(precision);
    let exponent = decimal.exponent;
    if number.is_sign_negative() {
        out.put(b'-');
    }
    let start = out.len();
    let scientific = exponent < -4 || exponent >= precision as i32;
    if scientific {
        decimal.append(out, precision - 1, exponent);
    } else {
        decimal.append(out, (precision as i32 - 1 - exponent) as usize, 0);
    }
    let point = out[start..].contains(&b'.');
    if keep && !point {
        out.put(b'.');
    } else if point && !keep {
        while out.last() == Some(&b'0') {
            out.pop();
        }
        if out.last() == Some(&b'.') {
            out.pop();
        }
    }
    if scientific {
        append_exponent(out, exponent);
    }
}

pub fn append_exponent(out: &mut Vec<u8>, exponent: i32) {
    out.add(if exponent < 0 { b"e-" } else { b"e+" });
    if exponent.abs() < 10 {
        out.put(b'0');
    }
    let mut buffer = itoa::Buffer::new();
    out.add(buffer.format(exponent.unsigned_abs()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: f64) -> alloc::string::String {
        let mut out = Vec::new();
        append(&mut out, number);
        alloc::string::String::from_utf8(out).unwrap()
    }

    #[test]
    fn prints_as_c() {
        for (number, wanted) in [
            (0.1, "0.1"),
            (1e15, "1e+15"),
            (1e14, "1e+14"),
            (99999999999999.0, "99999999999999"),
            (9007199254740992.0, "9.007199254741e+15"),
            (-0.0, "-0"),
            (1.0 / 3.0, "0.33333333333333"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (1e100, "1e+100"),
            (f64::INFINITY, "inf"),
            (-1.5e300, "-1.5e+300"),
        ] {
            assert_eq!(text(number), wanted);
        }
    }

    #[test]
    fn reads_as_c() {
        for (input, wanted) in [
            ("10", Some(10.0)),
            ("  0x10 ", Some(16.0)),
            ("1e2", Some(100.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("0x.8p1", Some(1.0)),
            ("-0xA", Some(-10.0)),
            ("1e", None),
            ("", None),
            ("0x", None),
            ("1 2", None),
            ("inf", Some(f64::INFINITY)),
            ("10\0x", Some(10.0)),
        ] {
            assert_eq!(parse(input.as_bytes()), wanted, "{input}");
        }
    }
}
