//! From decimal text to the nearest double, in little code.
//!
//! The standard library's parser needs a table of 10 KB that no compression makes smaller, which every visitor of the page would
//! have to fetch. Short numbers are exact by one multiplication or division (Clinger, 1990). For the others the fraction
//! digits × 10^exponent is written out as two whole numbers and divided bit by bit until 64 bits of the quotient are known:
//! slow, exact, and rarely needed.

use alloc::vec::Vec;

/// The largest power of ten that is a double without rounding.
const EXACT_POWER: i64 = 22;

/// The double nearest to `text`: digits, a point among them, an exponent. None when it is not a number. What is too large is
/// infinite, what is too small zero.
pub fn parse_decimal(text: &[u8]) -> Option<f64> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let mut digits = Vec::with_capacity(mantissa.len());
    let (mut seen, mut point, mut behind) = (false, false, 0_i64);
    for &byte in mantissa {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                behind += i64::from(point);
                if byte != b'0' || !digits.is_empty() {
                    digits.push(byte - b'0');
                }
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    while digits.last() == Some(&0) {
        digits.pop();
        behind -= 1;
    }
    seen.then(|| nearest(&digits, exponent - behind))
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text.split_first()? {
        (b'-', digits) => (-1, digits),
        (b'+', digits) => (1, digits),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Beyond a million it makes no difference any more, unless somebody sends a megabyte of zeros to make up for it.
    let value = digits.iter().fold(0_i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(1 << 40));
    Some(sign * value)
}

/// The double nearest to digits × 10^exponent. The digits begin and end with another than 0.
fn nearest(digits: &[u8], exponent: i64) -> f64 {
    let size = digits.len() as i64 + exponent;
    if digits.is_empty() || size < -330 {
        return 0.0;
    }
    if size > 310 {
        return f64::INFINITY;
    }
    if digits.len() <= 15 && exponent.abs() <= EXACT_POWER {
        let whole = digits.iter().fold(0_u64, |whole, digit| whole * 10 + u64::from(*digit)) as f64;
        let power = (0..exponent.abs()).fold(1.0, |power: f64, _| power * 10.0);
        return if exponent < 0 { whole / power } else { whole * power };
    }
    let (mut above, mut below) = (Whole::from_digits(digits), Whole(alloc::vec![1]));
    for _ in 0..exponent.abs() {
        if exponent < 0 { below.times_plus(10, 0) } else { above.times_plus(10, 0) }
    }
    // Both are shifted so that the quotient lies between 2^63 and 2^65; `scale` remembers by how much.
    let mut scale = below.bits() - above.bits() + 64;
    if scale > 0 {
        above.shift(scale as usize);
    } else {
        below.shift(-scale as usize);
    }
    let mut quotient: u128 = 0;
    let mut part = below;
    part.shift(65);
    for bit in (0..=65).rev() {
        if above.at_least(&part) {
            above.minus(&part);
            quotient |= 1 << bit;
        }
        part.halve();
    }
    // 66 bits at most; what is left over only matters for whether something was left over.
    let sticky = u128::from(!above.is_zero());
    let width = 128 - i64::from(quotient.leading_zeros());
    let highest = width - 1 - scale;
    // A subnormal number has fewer bits.
    let keep = (53 + (highest + 1022).min(0)).max(0);
    let drop = width - keep;
    let half = 1_u128 << (drop - 1);
    let rest = (quotient & ((half << 1) - 1)) << 1 | sticky;
    let mut mantissa = (quotient >> drop) as u64;
    if rest > half << 1 || rest == half << 1 && mantissa & 1 == 1 {
        mantissa += 1;
    }
    scale -= drop;
    // mantissa × 2^-scale, in two exact steps, because 2^-1074 is not a factor that a normal power can give.
    let power = |power: i64| f64::from_bits(((power + 1023) as u64) << 52);
    let value = mantissa as f64;
    if -scale > 900 {
        value * power(900) * power(-scale - 900)
    } else if -scale < -1000 {
        value * power(-scale + 200) * power(-200)
    } else {
        value * power(-scale)
    }
}

/// A whole number of any size, its lowest 32 bits first.
struct Whole(Vec<u32>);

impl Whole {
    fn from_digits(digits: &[u8]) -> Whole {
        let mut whole = Whole(Vec::new());
        // Digits beyond the 800th cannot make a difference, except that there are some.
        for digit in digits.iter().take(800) {
            whole.times_plus(10, u64::from(*digit));
        }
        for place in 800..digits.len() {
            whole.times_plus(10, u64::from(place == 800));
        }
        whole
    }

    fn times_plus(&mut self, factor: u64, mut carry: u64) {
        for limb in &mut self.0 {
            carry += u64::from(*limb) * factor;
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn bits(&self) -> i64 {
        self.0.last().map_or(0, |last| self.0.len() as i64 * 32 - i64::from(last.leading_zeros()))
    }

    fn shift(&mut self, bits: usize) {
        self.times_plus(1 << (bits % 32), 0);
        let zeros = alloc::vec![0; bits / 32];
        self.0.splice(0..0, zeros);
    }

    fn halve(&mut self) {
        let mut carry = 0;
        for limb in self.0.iter_mut().rev() {
            let low = *limb & 1;
            *limb = *limb >> 1 | carry << 31;
            carry = low;
        }
    }

    fn at_least(&self, other: &Whole) -> bool {
        let limb = |whole: &Whole, at: usize| whole.0.get(at).copied().unwrap_or(0);
        let differs = (0..self.0.len().max(other.0.len())).rev().find(|&at| limb(self, at) != limb(other, at));
        differs.is_none_or(|at| limb(self, at) > limb(other, at))
    }

    fn minus(&mut self, other: &Whole) {
        let mut borrow = 0;
        for (at, limb) in self.0.iter_mut().enumerate() {
            let value = i64::from(*limb) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            borrow = i64::from(value < 0);
            *limb = value as u32;
        }
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|limb| *limb == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::parse_decimal;
    use alloc::format;
    use alloc::string::String;

    #[track_caller]
    fn check(text: &str) {
        let wanted: f64 = text.parse().expect("a number");
        let got = parse_decimal(text.as_bytes()).expect(text);
        assert_eq!(got.to_bits(), wanted.to_bits(), "{text}: {got:e} and not {wanted:e}");
    }

    #[test]
    fn the_nearest_double_is_the_one_that_the_standard_library_finds() {
        for text in [
            "0",
            "0.0",
            "1",
            "10",
            ".5",
            "5.",
            "3.14159",
            "9007199254740993",
            "9007199254740992.9",
            "1e22",
            "1e23",
            "123456789012345680",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e309",
            "2.2250738585072014e-308",
            "2.2250738585072011e-308",
            "4.9e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "5e-325",
            "1e-400",
            "1e400",
            "0.000000000000000000000000000000000000000000000000000001e60",
            "100000000000000000000000000000000000000e-38",
            "179769313486231580793728971405301e276",
            "0.1e-6",
            "1e+5",
            "000123.4500e-2",
            "6.9e-310",
        ] {
            check(text);
        }
        let mut state = 1_u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..20_000 {
            let digits: String = (0..=draw(25)).map(|_| char::from(b'0' + draw(10) as u8)).collect();
            let at = draw(digits.len() as u64 + 1) as usize;
            check(&format!("{}.{}e{}", &digits[..at], &digits[at..], draw(700) as i64 - 350));
            // Halfway between two doubles, and next to it.
            let double = f64::from_bits(draw(1 << 31) << 32 | draw(1 << 31));
            if double.is_finite() {
                check(&format!("{double:.30e}"));
                check(&format!("{double:e}"));
            }
        }
        check(&format!("1{}", "0".repeat(300)));
        check(&format!("0.{}1", "0".repeat(320)));
        check(&format!("9007199254740993.{}1", "0".repeat(900)));
        check(&format!("{}e-1000", "7".repeat(1200)));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", ".", "e5", "1e", "1e+", "1.2.3", "1x", "+1", "-1", "inf", "nan", " 1", "1 ", "1e5.0"] {
            assert_eq!(parse_decimal(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_decimal(b"1e99999999999999999999"), Some(f64::INFINITY));
        assert_eq!(parse_decimal(b"0e99999999999999999999"), Some(0.0));
        assert_eq!(parse_decimal(b"1e-99999999999999999999"), Some(0.0));
    }
}
