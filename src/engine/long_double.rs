//! The x87's 80-bit floats in software, for INCRBYFLOAT and HINCRBYFLOAT.
//!
//! Redis adds in C's `long double`, which on x86-64 has a mantissa of 64 bits, and prints with 17 digits behind the point. The
//! digits that a user sees depend on that width, and neither wasm nor ARM has it. A value is `mantissa × 2^exponent` with the
//! mantissa's top bit set. Reading and writing decimals go through big integers, so that both are correctly rounded
//! (to nearest, ties to even) over the whole range.

use crate::number::{Hexadecimal, parse_exponent};
use alloc::vec::Vec;

/// The smallest exponent of a 64-bit integer mantissa; values below have fewer bits (denormals).
const MIN_EXPONENT: i64 = -16445;
const MAX_EXPONENT: i64 = 16320;
/// Longer texts are not numbers for Redis.
const MAX_TEXT: usize = 5 * 1024;
const E17: u128 = 100_000_000_000_000_000;

/// A long double that is not NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    magnitude: Magnitude,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magnitude {
    Zero,
    Finite { mantissa: u64, exponent: i64 },
    Infinite,
}

impl LongDouble {
    /// Reads what C's `strtold` reads, all of the text and nothing but it; out-of-range values, NaN and blanks are refused.
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() >= MAX_TEXT {
            return None;
        }
        let (negative, digits) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, text),
        };
        let magnitude = if digits.eq_ignore_ascii_case(b"inf") || digits.eq_ignore_ascii_case(b"infinity") {
            Magnitude::Infinite
        } else if let [b'0', b'x' | b'X', hexadecimal @ ..] = digits {
            parse_hexadecimal(hexadecimal)?
        } else {
            parse_decimal(digits)?
        };
        Some(LongDouble { negative, magnitude })
    }

    pub fn is_negative(self) -> bool {
        self.negative
    }

    pub fn is_finite(self) -> bool {
        self.magnitude != Magnitude::Infinite
    }

    /// The rounded sum; none when it would be NaN.
    pub fn add(self, other: LongDouble) -> Option<LongDouble> {
        use Magnitude::{Finite, Infinite, Zero};
        match (self.magnitude, other.magnitude) {
            (Infinite, Infinite) => (self.negative == other.negative).then_some(self),
            (Infinite, _) => Some(self),
            (_, Infinite) => Some(other),
            (Zero, Zero) => Some(LongDouble { negative: self.negative && other.negative, magnitude: Zero }),
            (Zero, _) => Some(other),
            (_, Zero) => Some(self),
            (Finite { .. }, Finite { .. }) => Some(add_finite(self, other)),
        }
    }

    /// The decimal text with up to 17 digits behind the point, without trailing zeros.
    pub fn format(self) -> Vec<u8> {
        let mut text = Vec::new();
        match self.magnitude {
            Magnitude::Zero => text.push(b'0'),
            Magnitude::Infinite => text.extend_from_slice(b"inf"),
            Magnitude::Finite { mantissa, exponent } if exponent >= 0 => {
                write_big(&mut text, &shifted(mantissa, exponent as u64));
            }
            Magnitude::Finite { mantissa, exponent } => {
                let scaled = round_shift(u128::from(mantissa) * E17, exponent.unsigned_abs());
                text.extend_from_slice(itoa::Buffer::new().format(scaled / E17).as_bytes());
                let mut fraction = scaled % E17;
                if fraction != 0 {
                    let mut places = 17;
                    while fraction.is_multiple_of(10) {
                        fraction /= 10;
                        places -= 1;
                    }
                    text.push(b'.');
                    let digits = itoa::Buffer::new().format(fraction).len();
                    text.resize(text.len() + places - digits, b'0');
                    text.extend_from_slice(itoa::Buffer::new().format(fraction).as_bytes());
                }
            }
        }
        if self.negative && text != b"0" {
            text.insert(0, b'-');
        }
        text
    }
}

fn add_finite(a: LongDouble, b: LongDouble) -> LongDouble {
    let parts = |number: LongDouble| match number.magnitude {
        Magnitude::Finite { mantissa, exponent } => (mantissa, exponent),
        _ => (0, MIN_EXPONENT),
    };
    let (mut large, mut small) = (a, b);
    let order = |number: LongDouble| {
        let (mantissa, exponent) = parts(number);
        (exponent + 64 - i64::from(mantissa.leading_zeros()), mantissa << mantissa.leading_zeros().min(63))
    };
    if order(a) < order(b) {
        (large, small) = (b, a);
    }
    let ((high, high_exponent), (low, low_exponent)) = (parts(large), parts(small));
    // Both at the larger's exponent with 63 more bits below; what falls out further down is kept as one sticky bit.
    let high_wide = u128::from(high) << 63;
    let low_wide = u128::from(low) << 63;
    let distance = high_exponent - low_exponent;
    let low_wide = if distance < 0 {
        // Only a denormal has a smaller exponent than what it is added to, and then there is room above.
        low_wide << distance.unsigned_abs().min(63)
    } else if distance >= 127 {
        u128::from(low != 0)
    } else {
        low_wide >> distance | u128::from(low_wide & ((1 << distance) - 1) != 0)
    };
    let sum = if large.negative == small.negative { high_wide + low_wide } else { high_wide - low_wide };
    if sum == 0 {
        return LongDouble { negative: false, magnitude: Magnitude::Zero };
    }
    LongDouble { negative: large.negative, magnitude: rounded(sum, high_exponent - 63, false) }
}

/// `value × 2^exponent`, and a little more when `sticky`, as the nearest long double.
fn rounded(value: u128, exponent: i64, sticky: bool) -> Magnitude {
    if value == 0 {
        return Magnitude::Zero;
    }
    let bits = 128 - i64::from(value.leading_zeros());
    // A denormal keeps fewer bits than 64.
    let drop = (bits - 64).max(MIN_EXPONENT - exponent);
    let (mut mantissa, mut exponent) = if drop <= 0 {
        ((value << -drop) as u64, exponent + drop)
    } else if drop > 128 {
        return Magnitude::Zero;
    } else {
        let rest = if drop == 128 { value } else { value & ((1 << drop) - 1) };
        let half = 1u128 << (drop - 1);
        let kept = if drop == 128 { 0 } else { value >> drop };
        let up = rest > half || rest == half && (sticky || kept & 1 == 1);
        let kept = kept + u128::from(up);
        if kept >> 64 != 0 { (1 << 63, exponent + drop + 1) } else { (kept as u64, exponent + drop) }
    };
    if mantissa == 0 {
        return Magnitude::Zero;
    }
    if exponent > MAX_EXPONENT {
        return Magnitude::Infinite;
    }
    let normal = i64::from(mantissa.leading_zeros()).min(exponent - MIN_EXPONENT);
    mantissa <<= normal;
    exponent -= normal;
    Magnitude::Finite { mantissa, exponent }
}

/// `value / 2^places`, rounded to the nearest integer, ties to even.
fn round_shift(value: u128, places: u64) -> u128 {
    if places == 0 {
        return value;
    }
    if places >= 128 {
        return 0;
    }
    let kept = value >> places;
    let rest = value & ((1 << places) - 1);
    let half = 1 << (places - 1);
    kept + u128::from(rest > half || rest == half && kept & 1 == 1)
}

fn parse_decimal(digits: &[u8]) -> Option<Magnitude> {
    let mut number = Vec::new();
    let mut exponent: i64 = 0;
    let mut seen = false;
    let mut after_point = false;
    let mut at = 0;
    while let Some(&byte) = digits.get(at) {
        match byte {
            b'.' if !after_point => after_point = true,
            b'0'..=b'9' => {
                seen = true;
                if !(number.is_empty() && byte == b'0') {
                    number.push(byte - b'0');
                }
                exponent -= i64::from(after_point);
            }
            _ => break,
        }
        at += 1;
    }
    if !seen {
        return None;
    }
    if at < digits.len() {
        let [b'e' | b'E', written @ ..] = &digits[at..] else { return None };
        exponent = exponent.saturating_add(parse_exponent(written)?);
    }
    while number.last() == Some(&0) {
        number.pop();
        exponent += 1;
    }
    if number.is_empty() {
        return Some(Magnitude::Zero);
    }
    // 10^4932 is the largest power of ten, 10^-4951 the smallest that is not rounded to zero.
    let top = exponent.saturating_add(number.len() as i64);
    if !(-4960..=4940).contains(&top) {
        return None;
    }
    if let Some((quotient, shift, sticky)) = divide_small(&number, exponent) {
        return in_range(rounded(quotient, shift, sticky));
    }
    let mut numerator = Big::default();
    for &digit in &number {
        numerator.multiply_add(10, u32::from(digit));
    }
    let mut denominator = Big::from(1);
    let scaled = if exponent >= 0 { &mut numerator } else { &mut denominator };
    for _ in 0..exponent.unsigned_abs() / 9 {
        scaled.multiply_add(1_000_000_000, 0);
    }
    scaled.multiply_add(10u32.pow((exponent.unsigned_abs() % 9) as u32), 0);
    let (quotient, shift, sticky) = divide(numerator, denominator);
    in_range(rounded(quotient, shift, sticky))
}

/// Digits times a power of ten in 128 bits, which is enough for the numbers that people count with.
fn divide_small(digits: &[u8], exponent: i64) -> Option<(u128, i64, bool)> {
    // A larger divisor would leave no bit of the quotient to round by.
    if digits.len() > 19 || !(-18..=19).contains(&exponent) {
        return None;
    }
    let number = digits.iter().fold(0u64, |number, &digit| number * 10 + u64::from(digit));
    let power = 10u64.pow(exponent.unsigned_abs() as u32);
    if exponent >= 0 {
        return Some((u128::from(number) * u128::from(power), 0, false));
    }
    let shift = number.leading_zeros() + 64;
    let wide = u128::from(number) << shift;
    let power = u128::from(power);
    Some((wide / power, -i64::from(shift), wide % power != 0))
}

/// What strtold reports as out of range is not a number.
fn in_range(magnitude: Magnitude) -> Option<Magnitude> {
    matches!(magnitude, Magnitude::Finite { .. }).then_some(magnitude)
}

fn parse_hexadecimal(digits: &[u8]) -> Option<Magnitude> {
    let Hexadecimal { mantissa, exponent, sticky } = Hexadecimal::parse(digits)?;
    if mantissa == 0 {
        return Some(Magnitude::Zero);
    }
    in_range(rounded(mantissa, exponent, sticky))
}

/// A natural number of any size, lowest word first, without zeros at the top.
#[derive(Clone, Debug, Default)]
struct Big {
    words: Vec<u32>,
}

impl Big {
    fn from(value: u32) -> Big {
        let mut big = Big::default();
        big.multiply_add(0, value);
        big
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for word in &mut self.words {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            self.words.push(carry as u32);
        }
    }

    fn bits(&self) -> i64 {
        self.words.last().map_or(0, |top| self.words.len() as i64 * 32 - i64::from(top.leading_zeros()))
    }

    fn shift_left(&mut self, places: u64) {
        let bits = (places % 32) as u32;
        if bits != 0 {
            self.multiply_add(1 << bits, 0);
        }
        let words = (places / 32) as usize;
        self.words.splice(0..0, core::iter::repeat_n(0, words));
    }

    fn at_least(&self, other: &Big) -> bool {
        if self.words.len() != other.words.len() {
            return self.words.len() > other.words.len();
        }
        self.words.iter().rev().ge(other.words.iter().rev())
    }

    /// Takes `other`, which must not be larger, away.
    fn subtract(&mut self, other: &Big) {
        let mut borrow = 0;
        for (at, word) in self.words.iter_mut().enumerate() {
            let taken = i64::from(*word) - i64::from(other.words.get(at).copied().unwrap_or(0)) - borrow;
            borrow = i64::from(taken < 0);
            *word = taken as u32;
        }
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

/// The leading bits of a quotient: `(q, e, sticky)` with `numerator / denominator = q × 2^e`, and a rest when sticky.
fn divide(mut numerator: Big, mut denominator: Big) -> (u128, i64, bool) {
    const BITS: i64 = 80;
    // Line both up at their top bits and divide bit by bit.
    let mut exponent = numerator.bits() - denominator.bits();
    if exponent > 0 {
        denominator.shift_left(exponent.unsigned_abs());
    } else {
        numerator.shift_left(exponent.unsigned_abs());
    }
    let mut quotient = 0u128;
    for _ in 0..BITS {
        quotient <<= 1;
        if numerator.at_least(&denominator) {
            numerator.subtract(&denominator);
            quotient |= 1;
        }
        numerator.shift_left(1);
    }
    exponent -= BITS - 1;
    (quotient, exponent, !numerator.words.is_empty())
}

fn shifted(mantissa: u64, places: u64) -> Big {
    let mut big = Big::from((mantissa >> 32) as u32);
    big.shift_left(32);
    let mut low = Big::from(mantissa as u32);
    if big.words.is_empty() {
        core::mem::swap(&mut big, &mut low);
    } else {
        big.words[0] = mantissa as u32;
    }
    big.shift_left(places);
    big
}

fn write_big(text: &mut Vec<u8>, big: &Big) {
    let mut words = big.words.clone();
    let mut groups = Vec::new();
    while !words.is_empty() {
        let mut rest = 0u64;
        for word in words.iter_mut().rev() {
            let value = rest << 32 | u64::from(*word);
            *word = (value / 1_000_000_000) as u32;
            rest = value % 1_000_000_000;
        }
        groups.push(rest as u32);
        while words.last() == Some(&0) {
            words.pop();
        }
    }
    for (at, group) in groups.iter().rev().enumerate() {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(*group).as_bytes();
        if at > 0 {
            text.resize(text.len() + 9 - digits.len(), b'0');
        }
        text.extend_from_slice(digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn sum(a: &str, b: &str) -> Option<String> {
        let sum = LongDouble::parse(a.as_bytes())?.add(LongDouble::parse(b.as_bytes())?)?;
        if !sum.is_finite() {
            return None;
        }
        String::from_utf8(sum.format()).ok()
    }

    /// Recorded from INCRBYFLOAT of Redis 8.6.3.
    static CASES: &[(&str, &str, Option<&str>)] = include!("long_double_cases.rs");

    #[test]
    fn sums_are_those_of_the_real_server() {
        for &(a, b, expected) in CASES {
            assert_eq!(sum(a, b).as_deref(), expected, "{a} + {b}");
        }
    }
}
