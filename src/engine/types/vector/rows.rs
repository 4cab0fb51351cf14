//! What a search reads of every node it meets, side by side: rows of equal width without gaps.
//!
//! A search compares its query with thousands of vectors and does little else, so what counts is how many places in memory it must wait
//! for. Vectors therefore do not stand in their nodes but in parts of some kilobytes, row after row, and where one begins follows
//! from its number. Clones share parts; the first change to a part afterwards copies that part and no other.

use super::quantise::{Components, Quantisation, Vector, View};
use alloc::rc::Rc;
use alloc::vec::Vec;

/// A part is at most so large, unless a single row is larger.
const PART_BYTES: usize = 8192;
const MOST_ROWS: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Rows<T> {
    parts: Vec<Rc<[T]>>,
    width: usize,
    /// A part has two to this power rows.
    shift: u32,
    len: u32,
}

impl<T: Clone + Default> Rows<T> {
    pub(super) fn new(width: usize) -> Rows<T> {
        let rows = (PART_BYTES / (width * size_of::<T>()).max(1)).clamp(1, MOST_ROWS);
        Rows { parts: Vec::new(), width, shift: rows.ilog2(), len: 0 }
    }

    #[inline]
    fn place(&self, id: u32) -> (usize, core::ops::Range<usize>) {
        let start = (id & ((1 << self.shift) - 1)) as usize * self.width;
        ((id >> self.shift) as usize, start..start + self.width)
    }

    #[inline]
    pub(super) fn row(&self, id: u32) -> &[T] {
        let (part, range) = self.place(id);
        &self.parts[part][range]
    }

    /// Makes the processor fetch some rows. One after another each would have to be waited for; asked for together, the same waits
    /// pass side by side.
    #[inline]
    fn fetch_ahead(&self, ids: &[u32], number: impl Fn(&T) -> u32) {
        let firsts = ids.iter().filter_map(|&id| self.row(id).first());
        core::hint::black_box(firsts.fold(0, |sum, first| sum ^ number(first)));
    }

    pub(super) fn row_mut(&mut self, id: u32) -> &mut [T] {
        let (part, range) = self.place(id);
        &mut Rc::make_mut(&mut self.parts[part])[range]
    }

    pub(super) fn push(&mut self, row: &[T]) {
        let (part, range) = self.place(self.len);
        if part == self.parts.len() {
            self.parts.push((0..self.width << self.shift).map(|_| T::default()).collect());
        }
        self.len += 1;
        Rc::make_mut(&mut self.parts[part])[range].clone_from_slice(row);
    }

    /// Takes a row away; the last one comes into its place.
    pub(super) fn swap_remove(&mut self, id: u32) {
        let last = self.len - 1;
        let moved = self.row_mut(last).iter_mut().map(core::mem::take).collect::<Vec<T>>();
        if id != last {
            self.row_mut(id).clone_from_slice(&moved);
        }
        self.len = last;
        self.parts.truncate(self.place(last + (1 << self.shift) - 1).0);
    }
}

#[derive(Clone, Debug)]
enum Kept {
    Floats(Rows<f32>),
    Bytes(Rows<i8>),
    Bits(Rows<u64>),
}

/// The vectors of all nodes.
#[derive(Clone, Debug)]
pub(super) struct Vectors {
    kept: Kept,
    /// Norm and range of each.
    lengths: Rows<[f32; 2]>,
    pub(super) dim: usize,
}

impl Vectors {
    pub(super) fn new(dim: usize, quantisation: Quantisation) -> Vectors {
        let kept = match quantisation {
            Quantisation::None => Kept::Floats(Rows::new(dim)),
            Quantisation::Int8 => Kept::Bytes(Rows::new(dim)),
            Quantisation::Binary => Kept::Bits(Rows::new(dim.div_ceil(64))),
        };
        Vectors { kept, lengths: Rows::new(1), dim }
    }

    #[inline]
    pub(super) fn view(&self, id: u32) -> View<'_> {
        let components = match &self.kept {
            Kept::Floats(rows) => Components::Floats(rows.row(id)),
            Kept::Bytes(rows) => Components::Bytes(rows.row(id)),
            Kept::Bits(rows) => Components::Bits(rows.row(id)),
        };
        let [norm, range] = self.lengths.row(id)[0];
        View { components, norm, range, dim: self.dim }
    }

    /// Adds a vector that is kept as all of these are.
    pub(super) fn push(&mut self, vector: &Vector) {
        match (&mut self.kept, vector.view().components) {
            (Kept::Floats(rows), Components::Floats(row)) => rows.push(row),
            (Kept::Bytes(rows), Components::Bytes(row)) => rows.push(row),
            (Kept::Bits(rows), Components::Bits(row)) => rows.push(row),
            _ => return,
        }
        self.lengths.push(&[[vector.norm, vector.range]]);
    }

    pub(super) fn set(&mut self, id: u32, vector: &Vector) {
        match (&mut self.kept, vector.view().components) {
            (Kept::Floats(rows), Components::Floats(row)) => rows.row_mut(id).copy_from_slice(row),
            (Kept::Bytes(rows), Components::Bytes(row)) => rows.row_mut(id).copy_from_slice(row),
            (Kept::Bits(rows), Components::Bits(row)) => rows.row_mut(id).copy_from_slice(row),
            _ => return,
        }
        self.lengths.row_mut(id)[0] = [vector.norm, vector.range];
    }

    pub(super) fn swap_remove(&mut self, id: u32) {
        match &mut self.kept {
            Kept::Floats(rows) => rows.swap_remove(id),
            Kept::Bytes(rows) => rows.swap_remove(id),
            Kept::Bits(rows) => rows.swap_remove(id),
        }
        self.lengths.swap_remove(id);
    }

    /// How far `query` is from each of `ids`.
    pub(super) fn distances(&self, query: View, ids: &[u32], distances: &mut Vec<f32>) {
        distances.clear();
        match (&self.kept, query.components) {
            (Kept::Floats(rows), Components::Floats(query)) => {
                rows.fetch_ahead(ids, |first| first.to_bits());
                distances.extend(ids.iter().map(|&id| super::quantise::between_floats(query, rows.row(id))));
            }
            (Kept::Bytes(rows), Components::Bytes(bytes)) => {
                rows.fetch_ahead(ids, |&first| first as u32);
                let distance = |&id: &u32| {
                    super::quantise::between_bytes(bytes, query.range, rows.row(id), self.lengths.row(id)[0][1])
                };
                distances.extend(ids.iter().map(distance));
            }
            (Kept::Bits(rows), Components::Bits(query)) => {
                distances.extend(ids.iter().map(|&id| super::quantise::between_bits(query, rows.row(id), self.dim)));
            }
            _ => distances.resize(ids.len(), super::quantise::FARTHEST),
        }
    }
}
