//! Vectors as they are kept: of length one, and as exact as the set asks for.
//!
//! Only the direction of a vector matters for cosine similarity, so a vector is divided by its length, which is kept beside it
//! for whoever wants the numbers back. Its components are then kept in one of three ways:
//!
//! | | bytes a component | distance |
//! |---|---|---|
//! | [`Quantisation::None`] | 4 | one minus the dot product of floats |
//! | [`Quantisation::Int8`] | 1 | the same of integers from -127 to 127, each vector with a scale of its own (its largest component) |
//! | [`Quantisation::Binary`] | ⅛ | the share of components whose sign differs, doubled |
//!
//! A distance is 0 between equal directions, 1 at a right angle, 2 between opposite ones. Redis' formulas were found by asking a
//! server, down to the order in which floats are added up, and so are kept here digit for digit: sums of squares go in groups of
//! four; dot products in two sums of groups of four below 16 components, and from there on in 16 lanes of fused multiplications,
//! which is what its vector instructions do on x86 and what one multiplication and addition of doubles gives on every target.
//! That is slow, so searches do without the fusion, and only what is shown is computed again.

use alloc::vec::Vec;

/// How much of a component is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantisation {
    None,
    #[default]
    Int8,
    Binary,
}

impl Quantisation {
    /// The name that VINFO and VEMB RAW give.
    pub fn name(self) -> &'static str {
        match self {
            Quantisation::None => "f32",
            Quantisation::Int8 => "int8",
            Quantisation::Binary => "bin",
        }
    }
}

/// The components, where they are.
#[derive(Clone, Copy, Debug)]
pub enum Components<'a> {
    Floats(&'a [f32]),
    Bytes(&'a [i8]),
    /// One bit a component, set when it is positive; the first is the lowest bit of the first word.
    Bits(&'a [u64]),
}

/// The components of a vector that stands alone.
#[derive(Clone, Debug)]
pub enum Owned {
    Floats(Vec<f32>),
    Bytes(Vec<i8>),
    Bits(Vec<u64>),
}

/// A vector that is to be kept, or with which those that are kept are compared.
#[derive(Clone, Debug)]
pub struct Vector {
    pub components: Owned,
    /// The length before it was made one.
    pub norm: f32,
    /// The largest component's magnitude, which stands for 127; only for [`Quantisation::Int8`].
    pub range: f32,
    pub dim: usize,
}

/// A vector where it is kept.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub components: Components<'a>,
    pub norm: f32,
    pub range: f32,
    pub dim: usize,
}

/// No distance is greater.
pub(super) const FARTHEST: f32 = 2.0;

impl Vector {
    /// Makes `values` a vector of length one and keeps it as `quantisation` says. A vector of length zero stays as it is.
    pub fn new(values: &[f32], quantisation: Quantisation) -> Vector {
        let length = libm::sqrtf(sum_of_squares(values));
        let norm = if length == 0.0 { 1.0 } else { length };
        let unit = values.iter().map(|value| value / norm);
        let mut range = 0.0;
        let components = match quantisation {
            Quantisation::None => Owned::Floats(unit.collect()),
            Quantisation::Int8 => {
                range = unit.clone().fold(0.0, |most: f32, value| if value.abs() > most { value.abs() } else { most });
                let scale = if range > 0.0 { 127.0 / range } else { 0.0 };
                // A component that is no number becomes 0.
                Owned::Bytes(unit.map(|value| libm::roundf(value * scale) as i8).collect())
            }
            Quantisation::Binary => {
                let mut words = alloc::vec![0_u64; values.len().div_ceil(64)];
                for (at, _) in unit.enumerate().filter(|(_, value)| *value > 0.0) {
                    words[at / 64] |= 1 << (at % 64);
                }
                Owned::Bits(words)
            }
        };
        Vector { components, norm, range, dim: values.len() }
    }

    #[inline]
    pub fn view(&self) -> View<'_> {
        let components = match &self.components {
            Owned::Floats(floats) => Components::Floats(floats),
            Owned::Bytes(bytes) => Components::Bytes(bytes),
            Owned::Bits(words) => Components::Bits(words),
        };
        View { components, norm: self.norm, range: self.range, dim: self.dim }
    }
}

impl View<'_> {
    /// The components of the vector as it came in, as far as they were kept.
    pub fn values(&self) -> Vec<f32> {
        match self.components {
            Components::Floats(floats) => floats.iter().map(|value| value * self.norm).collect(),
            Components::Bytes(bytes) => {
                bytes.iter().map(|&byte| f32::from(byte) * self.range / 127.0 * self.norm).collect()
            }
            Components::Bits(words) => (0..self.dim).map(|at| if bit(words, at) { 1.0 } else { -1.0 }).collect(),
        }
    }

    /// The components as they are kept, as bytes: VEMB RAW and DUMP show them.
    pub fn bytes(&self) -> Vec<u8> {
        match self.components {
            Components::Floats(floats) => floats.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Components::Bytes(bytes) => bytes.iter().map(|&byte| byte as u8).collect(),
            Components::Bits(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        }
    }

    /// How far two vectors point apart. Vectors that are not kept alike are as far apart as can be.
    #[inline]
    pub fn distance(&self, other: &View) -> f32 {
        match (self.components, other.components) {
            (Components::Bytes(a), Components::Bytes(b)) => between_bytes(a, self.range, b, other.range),
            (Components::Floats(a), Components::Floats(b)) => between_floats(a, b),
            (Components::Bits(a), Components::Bits(b)) => between_bits(a, b, self.dim),
            _ => FARTHEST,
        }
    }

    /// The distance to the last digit that Redis shows of it; several times slower than [`View::distance`] for floats.
    pub fn shown_distance(&self, other: &View) -> f32 {
        match (self.components, other.components) {
            (Components::Floats(a), Components::Floats(b)) => 1.0 - shown_dot_floats(a, b),
            _ => self.distance(other),
        }
    }
}

#[inline]
pub(super) fn between_floats(a: &[f32], b: &[f32]) -> f32 {
    1.0 - dot_floats(a, b)
}

#[inline]
pub(super) fn between_bytes(a: &[i8], a_range: f32, b: &[i8], b_range: f32) -> f32 {
    let dot = dot_bytes(a, b) as f32 * ((a_range / 127.0) * (b_range / 127.0));
    // Rounding makes some vectors longer than one.
    (1.0 - dot).clamp(0.0, FARTHEST)
}

#[inline]
pub(super) fn between_bits(a: &[u64], b: &[u64], dim: usize) -> f32 {
    let different: u32 = a.iter().zip(b.iter()).map(|(a, b)| (a ^ b).count_ones()).sum();
    (different as f32 * 2.0) / dim as f32
}

/// Whether the component at a position is positive.
pub fn bit(words: &[u64], at: usize) -> bool {
    words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn group(values: [f32; 4]) -> f32 {
    values[0] + values[1] + values[2] + values[3]
}

fn sum_of_squares(values: &[f32]) -> f32 {
    let (groups, rest) = values.as_chunks::<4>();
    let sum = groups.iter().fold(0.0, |sum, values| sum + group(values.map(|value| value * value)));
    rest.iter().fold(sum, |sum, value| sum + value * value)
}

/// The dot product of floats as searches compute it, in four sums of four lanes, of which compilers make vector instructions.
#[inline]
fn dot_floats(a: &[f32], b: &[f32]) -> f32 {
    type Lanes = [f32; 4];
    let add = |sum: &mut Lanes, a: &Lanes, b: &Lanes| {
        for lane in 0..4 {
            sum[lane] += a[lane] * b[lane];
        }
    };
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let ((a, a_alone), (b, b_alone)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [[0.0; 4]; 4];
    for (a, b) in a.iter().zip(b) {
        for at in 0..4 {
            add(&mut sums[at], &a[at], &b[at]);
        }
    }
    for (a, b) in a_alone.iter().zip(b_alone) {
        add(&mut sums[0], a, b);
    }
    let lanes: Lanes = core::array::from_fn(|lane| (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]));
    let sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    a_rest.iter().zip(b_rest).fold(sum, |sum, (a, b)| sum + a * b)
}

/// The same to the last digit as Redis has it.
fn shown_dot_floats(a: &[f32], b: &[f32]) -> f32 {
    if a.len() < 16 {
        let (a, a_rest) = a.as_chunks::<4>();
        let (b, b_rest) = b.as_chunks::<4>();
        // Groups go to two sums in turn; one that has no counterpart is added one by one, like the rest.
        let mut sums = [0.0; 2];
        let pairs = a.len().min(b.len()) / 2 * 2;
        for at in 0..pairs {
            sums[at % 2] += group(core::array::from_fn(|lane| a[at][lane] * b[at][lane]));
        }
        let alone = a[pairs..].as_flattened().iter().zip(b[pairs..].as_flattened());
        let first = alone.chain(a_rest.iter().zip(b_rest)).fold(sums[0], |sum, (a, b)| sum + a * b);
        return first + sums[1];
    }
    let (a, a_rest) = a.as_chunks::<16>();
    let (b, b_rest) = b.as_chunks::<16>();
    let mut lanes = [0.0_f32; 16];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..16 {
            // Rounded once, as fused instructions do: a product of floats is exact as a double.
            lanes[lane] = (f64::from(a[lane]) * f64::from(b[lane]) + f64::from(lanes[lane])) as f32;
        }
    }
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
    }
    a_rest.iter().zip(b_rest).fold(lanes[0], |sum, (a, b)| sum + a * b)
}

/// Products of bytes fit into 16 bits, and of 65 536 of them the sum into 32.
#[inline]
fn dot_bytes(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(i16::from(a) * i16::from(b))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_directions() {
        for quantisation in [Quantisation::None, Quantisation::Int8, Quantisation::Binary] {
            let vector = |values: &[f32]| Vector::new(values, quantisation);
            let distance = |a: &[f32], b: &[f32]| vector(a).view().distance(&vector(b).view());
            assert_eq!(distance(&[3.0, 0.0], &[5.0, 0.0]), 0.0);
            assert!((distance(&[1.0, -1.0], &[-1.0, 1.0]) - 2.0).abs() < 1e-6);
            assert!(distance(&[1.0; 70], &[1.0; 70]).abs() < 1e-6);
        }
        let right = Vector::new(&[0.0, 1.0], Quantisation::Int8);
        assert_eq!(right.view().distance(&Vector::new(&[9.0, 0.0], Quantisation::Int8).view()), 1.0);
    }

    #[test]
    fn values_come_back_and_what_is_no_number_harms_nobody() {
        assert_eq!(Vector::new(&[1.0, 2.0, 3.0], Quantisation::None).view().values(), [1.0, 2.0, 3.0]);
        assert_eq!(Vector::new(&[3.0, -4.0], Quantisation::Binary).view().values(), [1.0, -1.0]);
        assert_eq!(Vector::new(&[0.0, 0.0], Quantisation::Int8).norm, 1.0);
        let odd = Vector::new(&[f32::INFINITY, f32::NAN, 1.0], Quantisation::Int8);
        assert_eq!(odd.view().distance(&odd.view()), 1.0);
    }
}
