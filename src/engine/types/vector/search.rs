//! The walk through the graph of `hnsw.rs` towards a query.
//!
//! A step looks at all links of the nearest node that was not yet looked at: first it sets aside those not seen before, then all their
//! distances are computed in one go, so that the waits for their vectors pass side by side, and only then are they sorted
//! in. Distance and number of a node make one integer whose order is that of the distances, then of the numbers; heaps compare nothing
//! else. Marks and heaps are kept from search to search, so that none has to allocate or to clear as much as there are nodes.

use super::hnsw::{Graph, Node};
use super::quantise::View;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::cmp::{Ordering, Reverse};

/// A node and how far it is from something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    pub distance: f32,
    pub id: u32,
}

impl Near {
    /// One number that orders by distance, as `total_cmp` does, and then by `id`.
    #[inline]
    pub(super) fn key(self) -> u64 {
        let bits = self.distance.to_bits() as i32;
        u64::from(turned(bits) as u32 ^ 1 << 31) << 32 | u64::from(self.id)
    }

    #[inline]
    fn of(key: u64) -> Near {
        let bits = turned(((key >> 32) as u32 ^ 1 << 31) as i32);
        Near { distance: f32::from_bits(bits as u32), id: key as u32 }
    }

    pub fn order(&self, other: &Near) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Of negative floats the greater bits are the lesser number: all but the sign are turned around, and by the same again back.
#[inline]
fn turned(bits: i32) -> i32 {
    bits ^ ((bits >> 31) as u32 >> 1) as i32
}

/// What a search admits to its result, and how many nodes it may look at.
pub struct Filter<'a> {
    pub admits: &'a dyn Fn(&Node) -> bool,
    pub effort: usize,
}

/// What searches write on.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Which nodes were seen: those with the mark `now`.
    marks: Vec<u32>,
    now: u32,
    open: BinaryHeap<Reverse<u64>>,
    found: BinaryHeap<u64>,
    unseen: Vec<u32>,
    distances: Vec<f32>,
}

/// A clone begins with an empty one.
#[derive(Debug, Default)]
pub(super) struct Desk(RefCell<Scratch>);

impl Clone for Desk {
    fn clone(&self) -> Self {
        Desk::default()
    }
}

impl Desk {
    /// The scratch, with a mark for each of `nodes` that none of them has yet.
    fn take(&self, nodes: usize) -> Scratch {
        let mut scratch = self.0.take();
        scratch.now = scratch.now.wrapping_add(1);
        if scratch.now == 0 {
            scratch.marks.clear();
            scratch.now = 1;
        }
        scratch.marks.resize(nodes.max(scratch.marks.len()), 0);
        scratch
    }
}

/// The nearest `count` of some nodes, nearest first.
pub(super) fn nearest(nodes: impl Iterator<Item = Near>, count: usize) -> Vec<Near> {
    let mut kept = BinaryHeap::new();
    for near in nodes {
        if kept.len() < count {
            kept.push(near.key());
        } else {
            keep_nearer(&mut kept, near.key());
        }
    }
    sorted(&mut kept)
}

/// Puts `key` into the place of the farthest, if it is nearer.
fn keep_nearer(kept: &mut BinaryHeap<u64>, key: u64) {
    if let Some(mut farthest) = kept.peek_mut()
        && key < *farthest
    {
        *farthest = key;
    }
}

fn sorted(kept: &mut BinaryHeap<u64>) -> Vec<Near> {
    core::mem::take(kept).into_sorted_vec().into_iter().map(Near::of).collect()
}

impl Graph {
    /// About `ef` nodes near `query`, nearest first, and how many nodes were looked at.
    pub fn search(&self, query: View, ef: usize, filter: Option<&Filter>) -> (Vec<Near>, usize) {
        let Some(entry) = self.entry() else { return (Vec::new(), 0) };
        let from = self.descend(self.near(query, entry), query, 0);
        self.search_layer(query, &[from], ef, 0, filter)
    }

    /// The node that greedy walks from `from` down to just above `layer` end at.
    pub(super) fn descend(&self, from: Near, query: View, layer: usize) -> Near {
        let mut nearest = from;
        for layer in (layer + 1..=self.level(from.id)).rev() {
            loop {
                let before = nearest;
                for link in self.links(before.id, layer) {
                    let next = self.near(query, link.id);
                    if next.key() < nearest.key() {
                        nearest = next;
                    }
                }
                if nearest.id == before.id {
                    break;
                }
            }
        }
        nearest
    }

    pub(super) fn search_layer(
        &self,
        query: View,
        from: &[Near],
        ef: usize,
        layer: usize,
        filter: Option<&Filter>,
    ) -> (Vec<Near>, usize) {
        let mut scratch = self.desk.take(self.nodes.len());
        let Scratch { marks, now, open, found, unseen, distances } = &mut scratch;
        let admits = |id: u32| filter.is_none_or(|filter| (filter.admits)(self.node(id)));
        let effort = filter.map_or(usize::MAX, |filter| filter.effort);
        let mut seen = from.len();
        for near in from {
            marks[near.id as usize] = *now;
            open.push(Reverse(near.key()));
            if admits(near.id) {
                found.push(near.key());
            }
        }
        // While there is room, nothing is too far.
        let bound = |found: &BinaryHeap<u64>| match found.peek() {
            Some(&farthest) if found.len() >= ef => farthest,
            _ => u64::MAX,
        };
        while let Some(Reverse(nearest)) = open.pop() {
            if nearest >> 32 > bound(found) >> 32 || seen >= effort {
                break;
            }
            let links = self.links(nearest as u32, layer);
            unseen.resize(links.len(), 0);
            let mut count = 0;
            for link in links {
                let mark = &mut marks[link.id as usize];
                unseen[count] = link.id;
                count += usize::from(*mark != *now);
                *mark = *now;
            }
            unseen.truncate(count);
            seen += count;
            self.vectors.distances(query, unseen, distances);
            let mut farthest = bound(found);
            for (&id, &distance) in unseen.iter().zip(distances.iter()) {
                let key = Near { distance, id }.key();
                if key > farthest {
                    continue;
                }
                open.push(Reverse(key));
                if admits(id) {
                    if found.len() < ef {
                        found.push(key);
                    } else {
                        keep_nearer(found, key);
                    }
                    farthest = bound(found);
                }
            }
        }
        open.clear();
        let result = sorted(found);
        self.desk.0.replace(scratch);
        (result, seen)
    }

    /// The farthest neighbour of a node, of those farther than `near`, with whom it has a neighbour in common: without the link
    /// to it a way round remains.
    pub(super) fn dispensable(&self, id: u32, than: f32, layer: usize) -> Option<Near> {
        let links = self.links(id, layer);
        let mut scratch = self.desk.take(self.nodes.len());
        let (marks, now) = (&mut scratch.marks, scratch.now);
        for link in links {
            marks[link.id as usize] = now;
        }
        let is_common = |link: &Near| marks[link.id as usize] == now;
        let farther = links.iter().rev().take_while(|link| link.distance > than);
        let found = farther.copied().find(|link| self.links(link.id, layer).iter().any(is_common));
        self.desk.0.replace(scratch);
        found
    }
}
