//! REDUCE: fewer dimensions by a random projection.
//!
//! Johnson and Lindenstrauss (1984): multiplied with a fixed matrix of signs, vectors of many dimensions become vectors of few whose
//! directions are to each other about as they were. Redis takes the signs from the first rows of a Hadamard matrix, as asking a
//! server for the projections of unit vectors shows: the entry in row `i` and column `j` is negative when `i & j` has an odd number
//! of bits. Rows of such a matrix are at right angles to each other, no seed is needed, and nothing needs to be stored.

use alloc::rc::Rc;
use alloc::vec::Vec;

/// From vectors of `input` dimensions to vectors of fewer.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    pub input: usize,
    /// Row by row, where a restored payload brought another matrix than ours.
    matrix: Option<Rc<[f32]>>,
}

impl Projection {
    pub fn new(input: usize) -> Projection {
        Projection { input, matrix: None }
    }

    /// The projection with a given matrix.
    pub fn restored(input: usize, matrix: Vec<f32>) -> Projection {
        let ours = Projection::new(input);
        let is_ours = matrix.iter().enumerate().all(|(at, &entry)| ours.entry(at / input, at % input) == entry);
        if is_ours { ours } else { Projection { input, matrix: Some(matrix.into()) } }
    }

    pub fn entry(&self, row: usize, column: usize) -> f32 {
        if let Some(matrix) = &self.matrix {
            return matrix.get(row * self.input + column).copied().unwrap_or(0.0);
        }
        let scale = (1.0 / libm::sqrt(self.input as f64)) as f32;
        if (row & column).count_ones().is_multiple_of(2) { scale } else { -scale }
    }

    pub fn apply(&self, values: &[f32], output: usize) -> Vec<f32> {
        let column = |row: usize| move |(at, value): (usize, &f32)| self.entry(row, at) * value;
        (0..output).map(|row| values.iter().enumerate().map(column(row)).fold(0.0, |sum, term| sum + term)).collect()
    }
}
