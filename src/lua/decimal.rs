//! The decimal digits of a double, exactly, in little code: what the standard library has for this is twenty kilobytes of the
//! page.
//!
//! A double is a whole number times a power of two. Written in base 10⁹ and multiplied by that power, or by the power of five
//! that stands for it with the point moved, it gives all its digits at once, 767 at most; then they are rounded to what is
//! asked for, a tie to the even digit, as C's library does.

use alloc::vec::Vec;

use crate::text::Text;

const BASE: u64 = 1_000_000_000;

/// Digits, the first of them times ten to the power of the exponent.
pub struct Decimal {
    digits: Vec<u8>,
    pub exponent: i32,
}

impl Decimal {
    /// Of a number that is finite; its sign is not looked at.
    pub fn new(number: f64) -> Decimal {
        let bits = number.to_bits();
        let (fraction, power) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i32);
        let (mut whole, mut power) = if power == 0 { (fraction, -1074) } else { (fraction | 1 << 52, power - 1075) };
        if whole == 0 {
            return Decimal { digits: alloc::vec![0], exponent: 0 };
        }
        if power < 0 {
            let halvings = (whole.trailing_zeros() as i32).min(-power);
            whole >>= halvings;
            power += halvings;
        }
        let mut limbs = alloc::vec![whole % BASE, whole / BASE];
        let (factor, chunk, behind) = if power < 0 { (5u64, 12, -power) } else { (2, 29, 0) };
        let mut times = power.unsigned_abs();
        while times > 0 {
            let step = times.min(chunk);
            multiply(&mut limbs, factor.pow(step));
            times -= step;
        }
        let mut digits = Vec::with_capacity(limbs.len() * 9);
        for limb in limbs.iter().rev() {
            let mut unit = BASE / 10;
            while unit > 0 {
                let digit = (limb / unit % 10) as u8;
                if digit != 0 || !digits.is_empty() {
                    digits.push(digit);
                }
                unit /= 10;
            }
        }
        let exponent = digits.len() as i32 - 1 - behind;
        Decimal { digits, exponent }
    }

    /// Keeps so many digits.
    pub fn round(&mut self, count: usize) {
        let Some(&first) = self.digits.get(count) else { return };
        let even = count == 0 || self.digits[count - 1].is_multiple_of(2);
        let tie = first == 5 && self.digits[count + 1..].iter().all(|digit| *digit == 0);
        let up = first > 5 || first == 5 && !(tie && even);
        self.digits.truncate(count);
        if !up {
            return;
        }
        for digit in self.digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return;
            }
            *digit = 0;
        }
        // All were nines.
        self.digits.insert(0, 1);
        self.exponent += 1;
    }

    /// Keeps so many digits behind the point.
    pub fn round_behind(&mut self, count: usize) {
        match usize::try_from(i64::from(self.exponent) + 1 + count as i64) {
            Ok(count) => self.round(count),
            Err(_) => self.digits.clear(),
        }
    }

    /// `1.234`, so many digits behind the point, which stands behind the digit of this power of ten.
    pub fn append(&self, out: &mut Vec<u8>, behind: usize, point: i32) {
        for power in (point - behind as i32..=(self.exponent.max(point))).rev() {
            let digit = usize::try_from(self.exponent - power).ok().and_then(|index| self.digits.get(index));
            out.put(b'0' + digit.copied().unwrap_or(0));
            if power == point && behind > 0 {
                out.put(b'.');
            }
        }
    }
}

fn multiply(limbs: &mut Vec<u64>, factor: u64) {
    let mut carry = 0;
    for limb in limbs.iter_mut() {
        let product = *limb * factor + carry;
        *limb = product % BASE;
        carry = product / BASE;
    }
    if carry > 0 {
        limbs.push(carry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, string::String};

    fn written(number: f64, scientific: bool, behind: usize) -> String {
        let mut decimal = Decimal::new(number);
        let mut out = Vec::new();
        if scientific {
            decimal.round(behind + 1);
            decimal.append(&mut out, behind, decimal.exponent);
            return format!("{}e{}", String::from_utf8_lossy(&out), decimal.exponent);
        }
        decimal.round_behind(behind);
        decimal.append(&mut out, behind, 0);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn as_the_standard_library_writes_them() {
        let mut numbers =
            std::vec![0.0, 0.5, 1.5, 2.5, 0.125, 9.5, 99.5, 9.999e22, 0.05, 0.95, 5e-324, f64::MAX, f64::MIN_POSITIVE];
        let mut random = 1u64;
        while numbers.len() < 4000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let any = f64::from_bits(random);
            if any.is_finite() {
                numbers.push(any.abs());
            }
            numbers.push((random >> 40) as f64 / 1024.0);
            numbers.push((random >> 30) as f64 / 1000.0);
        }
        for number in numbers {
            for behind in [0, 1, 2, 3, 6, 13, 16, 40] {
                assert_eq!(written(number, true, behind), format!("{number:.behind$e}"));
                assert_eq!(written(number, false, behind), format!("{number:.behind$}"));
            }
        }
    }
}
