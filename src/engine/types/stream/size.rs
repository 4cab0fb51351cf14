//! The radix tree in which Redis would keep a stream's nodes, and what all of it takes in memory there.
//!
//! The tree's keys are the 16 bytes of ids. It has a leaf for each key, a node wherever keys part, and one for each chain of bytes
//! between these; a node where keys part holds the first byte of each way on. Keys are in order, so where neighbours part says
//! where all part, and one walk over the keys with a stack of open places finds every node. Both the number of nodes (XINFO STREAM)
//! and their bytes agree with a real server.

use super::Stream;
use super::group::Group;
use super::id::StreamId;
use crate::memory::allocator;
use crate::text::Text;
use alloc::vec::Vec;

/// A stream without anything, the trees of its nodes and groups, and a group.
const STREAM: usize = 192;
const TREE_OF_GROUPS: usize = 40;
const GROUP: usize = 144;
const CONSUMER: usize = 72;
/// A pending entry, without its places in three trees: by id in its group and with its consumer, and by time. The last of them comes with the
/// first entry.
const PENDING: usize = 64;
const TREE_BY_TIME: usize = 40;
/// On average, with their places in trees.
const PLACED_GROUP: usize = GROUP + 32;
const PLACED_CONSUMER: usize = 85;
const PLACED_PENDING: usize = 238;
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
        tree_of(&mut self.nodes().iter().map(|placed| key_of(placed.id)))
    }

    fn groups_size(&self) -> usize {
        let groups = self.groups().map(|(_, group)| {
            PLACED_GROUP + group.consumers().len() * PLACED_CONSUMER + group.pending_len() * PLACED_PENDING
        });
        groups.sum::<usize>() + if self.groups().len() > 0 { TREE_OF_GROUPS } else { 0 }
    }

    /// The same to the byte, from every pending entry.
    fn groups_usage(&self) -> usize {
        let groups: usize = self.groups().map(|(_, group)| usage_of_group(group)).sum();
        let names = grown(&mut self.groups().map(|(name, _)| name.clone()));
        groups + names + if self.groups().len() > 0 { TREE_OF_GROUPS } else { 0 }
    }

    /// What MEMORY USAGE counts: every node, however many samples are asked for.
    pub fn usage(&self) -> usize {
        STREAM + self.radix_tree().bytes + self.bytes + self.groups_usage()
    }

    /// What this takes of the allocator, closely enough, without looking at every node.
    pub fn allocated(&self) -> usize {
        let count = self.nodes().len();
        let last = self.nodes().get(count.wrapping_sub(1)).map_or(0, |placed| placed.node.size());
        let growing = if count == 0 { 0 } else { allocator::class(last.max(GROWING)) };
        // The nodes before the last are full; one is about as large as another.
        let full = count.saturating_sub(1);
        let nodes = (self.bytes - last).checked_div(full).map_or(0, |average| full * allocator::class(average));
        STREAM + count * RADIX_KEY + nodes + growing + self.groups_size()
    }
}

fn usage_of_group(group: &Group) -> usize {
    let count = group.pending_len();
    // Entries that were delivered together part by time as they do by id.
    let pending = grown(&mut group.pending_from(StreamId::MIN).map(|pending| key_of(pending.id)));
    let mut bytes = GROUP + count * PENDING + 2 * pending + if count > 0 { TREE_BY_TIME } else { 0 };
    for number in group.consumers() {
        let name = group.consumer_name(number);
        let own = grown(&mut group.of_consumer(number, StreamId::MIN).map(key_of));
        bytes += CONSUMER + allocator::string_usage(name.len()) + own;
    }
    bytes + grown(&mut group.consumers().map(|number| Text::new(group.consumer_name(number))))
}

fn key_of(id: StreamId) -> Text {
    Text::new(&id.to_bytes())
}

/// What a tree of these keys has more than an empty one.
fn grown(keys: &mut dyn Iterator<Item = Text>) -> usize {
    tree_of(keys).bytes - 8
}

/// The tree of keys that come in order, of which none begins with another.
fn tree_of(keys: &mut dyn Iterator<Item = Text>) -> RadixTree {
    let mut tree = RadixTree::default();
    let mut open: Vec<Parting> = Vec::new();
    let mut before: Option<Text> = None;
    // The bytes between the place above (or the root) and a place.
    let between = |above: Option<usize>, depth: usize| above.map_or(depth, |above| depth - above - 1);
    for key in keys {
        tree.leaf();
        let Some(last) = before.replace(key.clone()) else { continue };
        let depth = last.iter().zip(key.iter()).take_while(|(a, b)| a == b).count();
        // The last key's way ends at the deepest open place, or at the new one, if that is deeper.
        let deepest = open.last().map_or(depth, |open| open.depth.max(depth));
        tree.chain(last.len().saturating_sub(deepest + 1));
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
    match before {
        None => tree.add(8),
        Some(last) => {
            let above = open.last().map(|top| top.depth);
            tree.chain(above.map_or(last.len(), |above| last.len().saturating_sub(above + 1)));
        }
    }
    while let Some(top) = open.pop() {
        tree.parting(top.ways);
        tree.chain(between(open.last().map(|above| above.depth), top.depth));
    }
    tree
}
