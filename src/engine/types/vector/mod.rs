//! Vector sets: elements with a vector and, if somebody gave them any, attributes.
//!
//! What is similar to what is found over the graph of `hnsw.rs`; how vectors are kept and compared is told in `quantise.rs`, the
//! language of filters in `filter.rs`. All elements have as many dimensions, one quantisation and one number of links, which
//! the first VADD decides. Names stand in order as well, for VRANGE.

pub mod filter;
mod hnsw;
mod json;
mod projection;
mod quantise;
mod rows;
mod search;

pub use hnsw::{Graph, Links, Node};
pub use projection::Projection;
pub use quantise::{Owned, Quantisation, Vector, View};
pub use search::{Filter, Near};

use super::tree::{Score, Tree};
use super::zset::{Name, Ranked};
use crate::memory::allocator;
use crate::random::Random;
use crate::text::Text;
use alloc::vec::Vec;
use core::ops::{Range, RangeInclusive};

/// The breadth of the search for a newcomer's neighbours, unless VADD says otherwise.
pub const BUILD_EF: usize = 200;
/// The breadth of VSIM's search, unless it says otherwise.
pub const SEARCH_EF: usize = 100;
/// Links of a node on the higher layers, unless the first VADD says otherwise; layer 0 allows twice as many.
pub const LINKS: usize = 16;
/// What VADD takes for it.
pub const LINK_RANGE: RangeInclusive<usize> = 4..=4096;
/// Vectors have at most so many dimensions.
pub const MOST_DIMENSIONS: usize = 65_536;

#[derive(Clone, Debug)]
pub struct VectorSet {
    pub graph: Graph,
    pub quantisation: Quantisation,
    pub projection: Option<Projection>,
    /// Names in order; all have the score 0, so that sorted sets' tree serves.
    names: Tree<Ranked>,
    /// How many elements have attributes.
    attributed: usize,
    /// What Redis' strings for names and attributes take.
    strings: usize,
    /// The number of this set among all that the server made.
    pub uid: u64,
    /// How many nodes were ever inserted.
    pub inserted: u64,
}

impl Default for VectorSet {
    fn default() -> Self {
        VectorSet::new(1, Quantisation::default(), LINKS, 0, 0)
    }
}

/// What a string object of Redis takes: short ones stand in one piece with their head.
const fn string_object(len: usize) -> usize {
    if len <= 44 { allocator::class(16 + allocator::embedded_with_room(len)) } else { 16 + allocator::string(len) }
}

fn string_of(attributes: Option<&Text>) -> usize {
    attributes.map_or(0, |attributes| string_object(attributes.len()))
}

fn ranked(name: &[u8]) -> Ranked {
    Ranked { score: Score(0.0), member: Text::new(name) }
}

impl VectorSet {
    pub fn new(dim: usize, quantisation: Quantisation, m: usize, seed: u64, uid: u64) -> VectorSet {
        VectorSet {
            graph: Graph::new(dim, quantisation, m, seed),
            quantisation,
            projection: None,
            names: Tree::default(),
            attributed: 0,
            strings: 0,
            uid,
            inserted: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.graph.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn dim(&self) -> usize {
        self.graph.dim()
    }

    /// How many elements have attributes.
    pub fn attributed(&self) -> usize {
        self.attributed
    }

    pub fn find(&self, name: &[u8]) -> Option<u32> {
        self.graph.nodes.find(name)
    }

    pub fn name(&self, id: u32) -> &Text {
        &self.graph.nodes.entry(id).key
    }

    pub fn get(&self, name: &[u8]) -> Option<&Node> {
        self.find(name).map(|id| self.graph.node(id))
    }

    /// Adds an element, or gives one another vector; says whether it is new.
    pub fn add(&mut self, name: &[u8], values: &[f32], ef: usize, random: &mut Random) -> bool {
        let vector = Vector::new(values, self.quantisation);
        let found = self.find(name);
        self.inserted += 1;
        let id = match found {
            Some(id) => {
                self.graph.unlink(id);
                self.graph.set_vector(id, &vector);
                self.graph.nodes.entry_mut(id).value.uid = self.inserted;
                id
            }
            None => self.push(name, &vector, Node::new(None, self.inserted)),
        };
        // A quarter of the nodes of a layer is on the next one, too.
        let height = random.next().trailing_zeros() as usize / 2;
        self.graph.link(id, height, ef);
        found.is_none()
    }

    /// Adds an element without linking it.
    pub fn push(&mut self, name: &[u8], vector: &Vector, node: Node) -> u32 {
        self.names.insert(ranked(name));
        self.attributed += usize::from(node.attributes.is_some());
        self.strings += string_object(name.len()) + string_of(node.attributes.as_ref());
        self.graph.push(name, vector, node)
    }

    pub fn remove(&mut self, name: &[u8]) -> bool {
        let Some(id) = self.find(name) else { return false };
        let removed = self.graph.remove(id);
        self.names.remove(&ranked(name));
        self.attributed -= usize::from(removed.attributes.is_some());
        self.strings -= string_object(name.len()) + string_of(removed.attributes.as_ref());
        true
    }

    /// Gives the element at `id` attributes or none.
    pub fn set_attributes(&mut self, id: u32, attributes: Option<Text>) {
        let now = attributes.is_some();
        self.strings += string_of(attributes.as_ref());
        let before = core::mem::replace(&mut self.graph.nodes.entry_mut(id).value.attributes, attributes);
        self.strings -= string_of(before.as_ref());
        self.attributed = self.attributed + usize::from(now) - usize::from(before.is_some());
    }

    /// The `count` nodes that are nearest to `query`, by looking at all of them.
    pub fn nearest_of_all(&self, query: View, count: usize, filter: Option<&Filter>) -> Vec<Near> {
        let nodes = (0..self.len() as u32).filter(|&id| filter.is_none_or(|it| (it.admits)(self.graph.node(id))));
        search::nearest(nodes.map(|id| self.graph.near(query, id)), count)
    }

    /// What one vector takes.
    fn vector_size(&self) -> usize {
        match self.quantisation {
            Quantisation::None => self.dim() * 4,
            Quantisation::Int8 => self.dim(),
            Quantisation::Binary => self.dim().div_ceil(64) * 8,
        }
    }

    /// What the set takes in Redis as MEMORY USAGE counts it. Links count as on average: all that layer 0 has room for, and
    /// those of a third of a layer more, since a quarter of the nodes is on the next one.
    pub fn usage(&self) -> usize {
        const SET: usize = 1784;
        const NODE: usize = 360;
        let matrix = self.projection.as_ref().map_or(0, |projection| projection.input * self.dim() * 4);
        let nodes = self.len() * (NODE + self.vector_size()) + self.len() * self.graph.m() * 56 / 3;
        SET + nodes + self.strings + matrix
    }

    /// What the set takes of the allocator: more, because MEMORY USAGE leaves out the table of names and what sizes are rounded to.
    pub fn allocated(&self) -> usize {
        const SET: usize = 168;
        const NODE: usize = 24;
        const TABLE_ENTRY: usize = 32;
        let rounding = allocator::class(self.vector_size()) - self.vector_size();
        let table = self.graph.nodes.buckets.count() * 8;
        self.usage() + SET + table + self.len() * (NODE + TABLE_ENTRY + rounding)
    }

    /// The ranks of names in a range.
    pub fn range(&self, start: Name, end: Name) -> Range<usize> {
        let from = self.names.partition(|ranked| start.begins_behind(&ranked.member));
        let to = self.names.partition(|ranked| end.ends_behind(&ranked.member));
        from..to.max(from)
    }

    /// Names in order, from a rank on.
    pub fn names_from(&self, rank: usize) -> impl Iterator<Item = &Text> {
        self.names.iter_from(rank).map(|ranked| &ranked.member)
    }
}
