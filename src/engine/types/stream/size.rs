//! The radix tree in which Redis would keep a stream's nodes, and what all of it takes in memory there.
//!
//! The tree's keys are the 16 bytes of ids. It has a leaf for each key, a node wherever keys part, and one for each chain of bytes
//! between these; a node where keys part holds the first byte of each way on. Keys are in order, so where neighbours part says
//! where all part, and one walk over the keys with a stack of open places finds every node. Both the number of nodes (XINFO STREAM)
//! and their bytes agree with a real server; what consumers and their pending entries take is an average of what one showed.

use super::Stream;
use super::id::StreamId;
use crate::memory::allocator;
use alloc::vec::Vec;

/// The length of a key.
const KEY: usize = 16;
/// A stream without anything, the trees of its nodes and groups, and a group.
const STREAM: usize = 192;
const TREE_OF_GROUPS: usize = 40;
const GROUP: usize = 144 + 32;
/// On average.
const CONSUMER: usize = 85;
const PENDING: usize = 238;
const RADIX_KEY: usize = 59;
/// What a node that still grows is given at once.
const GROWING: usize = 4096;

#[derive(Clone, Copy, Debug, Default)]
pub struct RadixTree {
    pub nodes: usize,
    pub bytes: usize,
}

impl RadixTree {
    fn add(&mut self, bytes: usize) {
        self.nodes += 1;
        self.bytes += allocator::class(bytes);
    }

    /// A node begins with four bytes, then come its characters, and a pointer for each way on or for the value.
    fn leaf(&mut self) {
        self.add(16);
    }

    fn chain(&mut self, len: usize) {
        if len > 0 {
            self.add((4 + len).next_multiple_of(8) + 8);
        }
    }

    fn parting(&mut self, ways: usize) {
        self.add((4 + ways).next_multiple_of(8) + 8 * ways);
    }
}

/// A place at which keys part, on the way to the last key: how deep, and into how many ways so far.
#[derive(Clone, Copy)]
struct Parting {
    depth: usize,
    ways: usize,
}

impl Stream {
    pub fn radix_tree(&self) -> RadixTree {
        let mut tree = RadixTree::default();
        let mut open: Vec<Parting> = Vec::new();
        let mut before: Option<StreamId> = None;
        // The bytes between the place above (or the root) and a place.
        let between = |above: Option<usize>, depth: usize| above.map_or(depth, |above| depth - above - 1);
        for placed in self.nodes().iter() {
            let (key, last) = (placed.id.to_bytes(), before.replace(placed.id));
            tree.leaf();
            let Some(last) = last.map(StreamId::to_bytes) else { continue };
            let depth = last.iter().zip(key).take_while(|(a, b)| **a == *b).count();
            // The last key's way ends at the deepest open place, or at the new one, if that is deeper.
            let deepest = open.last().map_or(depth, |open| open.depth.max(depth));
            tree.chain(KEY - deepest - 1);
            while let Some(top) = open.pop_if(|top| top.depth > depth) {
                tree.parting(top.ways);
                let above = open.last().map_or(depth, |above| above.depth.max(depth));
                tree.chain(between(Some(above), top.depth));
            }
            match open.last_mut() {
                Some(top) if top.depth == depth => top.ways += 1,
                _ => open.push(Parting { depth, ways: 2 }),
            }
        }
        if before.is_none() {
            tree.add(8);
        } else {
            tree.chain(between(open.last().map(|top| top.depth), KEY));
        }
        while let Some(top) = open.pop() {
            tree.parting(top.ways);
            tree.chain(between(open.last().map(|above| above.depth), top.depth));
        }
        tree
    }

    fn groups_size(&self) -> usize {
        let groups =
            self.groups().map(|(_, group)| GROUP + group.consumers().len() * CONSUMER + group.pending_len() * PENDING);
        groups.sum::<usize>() + if self.groups().len() > 0 { TREE_OF_GROUPS } else { 0 }
    }

    /// What MEMORY USAGE counts: every node, however many samples are asked for.
    pub fn usage(&self) -> usize {
        STREAM + self.radix_tree().bytes + self.bytes + self.groups_size()
    }

    /// What this takes of the allocator, closely enough, without looking at every node.
    pub fn allocated(&self) -> usize {
        let growing = if self.nodes().is_empty() { 0 } else { GROWING };
        STREAM + self.nodes().len() * RADIX_KEY + self.bytes + growing + self.groups_size()
    }
}
