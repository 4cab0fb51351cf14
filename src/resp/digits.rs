//! The decimal digits of a double, as Redis prints them.
//!
//! Redis uses Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", PLDI 2010).
//! It multiplies the double and the two borders of its rounding interval by a power of ten that is held in 64 bits, which
//! makes the integer part short, and writes digits of the upper border until what is left lies inside the interval.
//! Because the power is rounded, the interval is narrowed by one unit on both sides, so about two results in a thousand
//! are a digit longer than they had to be (`332.36913500000003`), and others are not the nearest of the shortest.
//! Those are visible in ZSCORE, hence no exact algorithm will do here: the same rounding has to be made.

/// Decimal digits and the power of ten of the last one: 1.5 is the digits 15 and the exponent -1.
pub(crate) struct Digits {
    bytes: [u8; Digits::CAPACITY],
    len: usize,
    pub exponent: i32,
}

impl Digits {
    const CAPACITY: usize = 20;

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, digit: u64) {
        self.bytes[self.len] = b'0' + digit as u8;
        self.len += 1;
    }
}

/// `significand` × 2^`exponent`.
#[derive(Clone, Copy)]
struct Scaled {
    significand: u64,
    exponent: i32,
}

impl Scaled {
    fn normalized(self) -> Scaled {
        let shift = self.significand.leading_zeros();
        Scaled { significand: self.significand << shift, exponent: self.exponent - shift as i32 }
    }

    /// The upper half of the product, rounded.
    fn times(self, other: Scaled) -> Scaled {
        let product = u128::from(self.significand) * u128::from(other.significand) + (1 << 63);
        Scaled { significand: (product >> 64) as u64, exponent: self.exponent + other.exponent + 64 }
    }
}

/// The digits of a positive finite double.
pub(crate) fn shortest(value: f64) -> Digits {
    const FRACTION: u64 = (1 << 52) - 1;
    let bits = value.to_bits();
    let biased = (bits >> 52) as i32 & 0x7ff;
    let number = if biased == 0 {
        Scaled { significand: bits & FRACTION, exponent: -1074 }
    } else {
        Scaled { significand: bits & FRACTION | 1 << 52, exponent: biased - 1075 }
    };
    // Halfway to either neighbour; below a power of two the neighbours are twice as close.
    let upper = Scaled { significand: number.significand * 2 + 1, exponent: number.exponent - 1 }.normalized();
    let closer = u32::from(number.significand == 1 << 52);
    let below =
        Scaled { significand: (number.significand << (1 + closer)) - 1, exponent: number.exponent - 1 - closer as i32 };
    let below = below.significand << (below.exponent - upper.exponent);

    let (power, decimal_exponent) = cached_power(upper.exponent);
    let exact = number.normalized().times(power);
    let lower = Scaled { significand: below, exponent: upper.exponent }.times(power).significand + 1;
    let upper = upper.times(power);
    generate(exact.significand, lower, Scaled { significand: upper.significand - 1, ..upper }, -decimal_exponent)
}

fn generate(exact: u64, lower: u64, upper: Scaled, exponent: i32) -> Digits {
    let mut digits = Digits { bytes: [0; Digits::CAPACITY], len: 0, exponent };
    let mut width = upper.significand - lower;
    let mut distance = upper.significand - exact;
    let shift = -upper.exponent as u32;
    let one = 1u64 << shift;
    let mut whole = upper.significand >> shift;
    let mut part = upper.significand & (one - 1);

    let mut unit = 1_000_000_000;
    for place in (0..10).rev() {
        let digit = whole / unit;
        if digit > 0 || digits.len > 0 {
            digits.push(digit);
        }
        whole %= unit;
        let rest = (whole << shift) + part;
        if rest <= width {
            digits.exponent += place;
            approach(&mut digits, width, rest, unit << shift, distance);
            return digits;
        }
        unit /= 10;
    }
    loop {
        part *= 10;
        width = width.wrapping_mul(10);
        distance = distance.wrapping_mul(10);
        let digit = part >> shift;
        if digit > 0 || digits.len > 0 {
            digits.push(digit);
        }
        part &= one - 1;
        digits.exponent -= 1;
        if part < width {
            approach(&mut digits, width, part, one, distance);
            return digits;
        }
    }
}

/// Lowers the last digit as long as that stays inside the interval and comes nearer to the exact value.
fn approach(digits: &mut Digits, width: u64, mut rest: u64, unit: u64, distance: u64) {
    let Some(last) = digits.bytes[..digits.len].last_mut() else { return };
    while rest < distance
        && width - rest >= unit
        && (rest + unit < distance || distance - rest > rest + unit - distance)
    {
        *last -= 1;
        rest += unit;
    }
}

const FIRST_POWER: i32 = -348;
const STEP: i32 = 8;

/// The smallest power of ten here that brings this binary exponent to at least -60 (and so at most -32).
fn cached_power(exponent: i32) -> (Scaled, i32) {
    // log10(2) as a fraction of 2^18, rounded towards a start that is not too far.
    let wanted = ((-61 - exponent) * 78_913) >> 18;
    let mut index = ((wanted - FIRST_POWER) / STEP - 1).max(0) as usize;
    loop {
        let decimal = FIRST_POWER + STEP * index as i32;
        // ⌊decimal × log2(10)⌋ - 63, exact in this range.
        let binary = ((decimal * 217_706) >> 16) - 63;
        if exponent + binary + 64 >= -60 || index == POWERS.len() - 1 {
            return (Scaled { significand: POWERS[index], exponent: binary }, decimal);
        }
        index += 1;
    }
}

/// The leading 64 bits of 10^-348, 10^-340 … 10^340, rounded to nearest.
#[rustfmt::skip]
const POWERS: [u64; 87] = [
    0xfa8fd5a0081c0288, 0xbaaee17fa23ebf76, 0x8b16fb203055ac76, 0xcf42894a5dce35ea, 0x9a6bb0aa55653b2d,
    0xe61acf033d1a45df, 0xab70fe17c79ac6ca, 0xff77b1fcbebcdc4f, 0xbe5691ef416bd60c, 0x8dd01fad907ffc3c,
    0xd3515c2831559a83, 0x9d71ac8fada6c9b5, 0xea9c227723ee8bcb, 0xaecc49914078536d, 0x823c12795db6ce57,
    0xc21094364dfb5637, 0x9096ea6f3848984f, 0xd77485cb25823ac7, 0xa086cfcd97bf97f4, 0xef340a98172aace5,
    0xb23867fb2a35b28e, 0x84c8d4dfd2c63f3b, 0xc5dd44271ad3cdba, 0x936b9fcebb25c996, 0xdbac6c247d62a584,
    0xa3ab66580d5fdaf6, 0xf3e2f893dec3f126, 0xb5b5ada8aaff80b8, 0x87625f056c7c4a8b, 0xc9bcff6034c13053,
    0x964e858c91ba2655, 0xdff9772470297ebd, 0xa6dfbd9fb8e5b88f, 0xf8a95fcf88747d94, 0xb94470938fa89bcf,
    0x8a08f0f8bf0f156b, 0xcdb02555653131b6, 0x993fe2c6d07b7fac, 0xe45c10c42a2b3b06, 0xaa242499697392d3,
    0xfd87b5f28300ca0e, 0xbce5086492111aeb, 0x8cbccc096f5088cc, 0xd1b71758e219652c, 0x9c40000000000000,
    0xe8d4a51000000000, 0xad78ebc5ac620000, 0x813f3978f8940984, 0xc097ce7bc90715b3, 0x8f7e32ce7bea5c70,
    0xd5d238a4abe98068, 0x9f4f2726179a2245, 0xed63a231d4c4fb27, 0xb0de65388cc8ada8, 0x83c7088e1aab65db,
    0xc45d1df942711d9a, 0x924d692ca61be758, 0xda01ee641a708dea, 0xa26da3999aef774a, 0xf209787bb47d6b85,
    0xb454e4a179dd1877, 0x865b86925b9bc5c2, 0xc83553c5c8965d3d, 0x952ab45cfa97a0b3, 0xde469fbd99a05fe3,
    0xa59bc234db398c25, 0xf6c69a72a3989f5c, 0xb7dcbf5354e9bece, 0x88fcf317f22241e2, 0xcc20ce9bd35c78a5,
    0x98165af37b2153df, 0xe2a0b5dc971f303a, 0xa8d9d1535ce3b396, 0xfb9b7cd9a4a7443c, 0xbb764c4ca7a44410,
    0x8bab8eefb6409c1a, 0xd01fef10a657842c, 0x9b10a4e5e9913129, 0xe7109bfba19c0c9d, 0xac2820d9623bf429,
    0x80444b5e7aa7cf85, 0xbf21e44003acdd2d, 0x8e679c2f5e44ff8f, 0xd433179d9c8cb841, 0x9e19db92b4e31ba9,
    0xeb96bf6ebadf77d9, 0xaf87023b9bf0ee6b,
];
