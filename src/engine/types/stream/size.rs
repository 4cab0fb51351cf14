//! The radix trees in which Redis would keep a stream's nodes, groups, consumers and pending entries, and what all of it takes in memory there.
//!
//! A radix tree has a leaf for each key, a node wherever keys part, and one for each chain of bytes between these; a node where
//! keys part holds the first byte of each way on, and where a key ends there is a pointer more. Keys are in order, so what the first and
//! the last of some have in common, all of them have: the tree is found from the top by halving ranges of keys. Both the number
//! of nodes (XINFO STREAM) and their bytes agree with a real server. A tree that lost its last key keeps the node that held it.
//!
//! Every group has a tree of what is pending in it and every consumer one of its share, and all groups of a stream together have one of
//! the ids that are pending anywhere, by which XDELEX and XACKDEL see who still needs an entry.

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
/// A pending entry, without its places in three trees: its group's, its consumer's, and the one that all groups share, which comes with
/// the first entry.
const PENDING: usize = 64;
const SHARED_TREE: usize = 40;
/// Who sent messages that must not be added twice, and a message's mark without its letters.
pub(super) const PRODUCER: usize = 32;
pub(super) const MARK: usize = 32;
/// On average, their tables and places in them.
pub(super) const TABLES: usize = 99;
pub(super) const PLACED_PRODUCER: usize = 111;
pub(super) const PLACED_MARK: usize = 43;
/// On average, with their places in trees.
const PLACED_GROUP: usize = GROUP + 24;
const PLACED_CONSUMER: usize = 128;
const PLACED_PENDING: usize = 213;
/// What an id takes in the shared tree, with the list of groups for which it is pending.
const SHARED_ID: usize = 107;
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

    /// A node begins with four bytes, then come its characters, and a pointer for each way on and one for the value of a key that ends
    /// there.
    fn leaf(&mut self) {
        self.add(16);
    }

    fn chain(&mut self, len: usize, value: usize) {
        if len > 0 {
            self.add((4 + len).next_multiple_of(8) + 8 + value);
        }
    }

    fn parting(&mut self, ways: usize, value: usize) {
        self.add((4 + ways).next_multiple_of(8) + 8 * ways + value);
    }
}

impl Stream {
    pub fn radix_tree(&self) -> RadixTree {
        tree_of(&self.nodes().iter().map(|placed| key_of(placed.id)).collect::<Vec<_>>())
    }

    /// About what the groups take of the allocator. What is pending in one group is mostly pending in the others, too.
    fn groups_size(&self) -> usize {
        let groups = self.groups().map(|(_, group)| {
            PLACED_GROUP + group.consumers().len() * PLACED_CONSUMER + group.pending_len() * PLACED_PENDING
        });
        let shared = self.groups().map(|(_, group)| group.pending_len()).max().unwrap_or(0);
        let trees = if self.groups().len() > 0 { TREE_OF_GROUPS } else { 0 } + if shared > 0 { SHARED_TREE } else { 0 };
        groups.sum::<usize>() + shared * SHARED_ID + trees
    }

    /// The same to the byte, from every pending entry.
    fn groups_usage(&self) -> usize {
        let names: Vec<Text> = self.groups().map(|(name, _)| name.clone()).collect();
        let groups: usize = self.groups().map(|(_, group)| usage_of_group(group)).sum();
        let tree = match self.left.group {
            None if names.is_empty() => 0,
            left => TREE_OF_GROUPS + grown(&names, left.unwrap_or(0)),
        };
        let mut shared: Vec<StreamId> =
            self.groups().flat_map(|(_, group)| group.pending_from(StreamId::MIN)).map(|pending| pending.id).collect();
        crate::sort::by_key(&mut shared, |id| *id);
        shared.dedup();
        let had_pending = self.left.pending || self.groups().any(|(_, group)| group.had_pending);
        let shared = if had_pending { SHARED_TREE + of_ids(shared.into_iter(), true) } else { 0 };
        groups + tree + shared
    }

    /// What MEMORY USAGE counts: every node, however many samples are asked for.
    pub fn usage(&self) -> usize {
        let nodes = of_ids(self.nodes().iter().map(|placed| placed.id), self.left.nodes);
        STREAM + EMPTY_TREE + nodes + self.bytes + self.groups_usage() + self.idempotency.usage()
    }

    /// What this takes of the allocator, closely enough, without looking at every node.
    pub fn allocated(&self) -> usize {
        let count = self.nodes().len();
        let last = self.nodes().get(count.wrapping_sub(1)).map_or(0, |placed| placed.node.size());
        let growing = if count == 0 { 0 } else { allocator::class(last.max(GROWING)) };
        // The nodes before the last are full; one is about as large as another.
        let full = count.saturating_sub(1);
        let nodes = (self.bytes - last).checked_div(full).map_or(0, |average| full * allocator::class(average));
        STREAM + count * RADIX_KEY + nodes + growing + self.groups_size() + self.idempotency.allocated()
    }
}

fn usage_of_group(group: &Group) -> usize {
    let pending = of_ids(group.pending_from(StreamId::MIN).map(|pending| pending.id), group.had_pending);
    let mut bytes = GROUP + group.pending_len() * PENDING + pending;
    for number in group.consumers() {
        let had_pending = group.consumer(number).is_some_and(|consumer| consumer.had_pending);
        let own = of_ids(group.of_consumer(number, StreamId::MIN), had_pending);
        bytes += CONSUMER + allocator::string_usage(group.consumer_name(number).len()) + own;
    }
    let names: Vec<Text> = group.consumers().map(|number| Text::new(group.consumer_name(number))).collect();
    bytes + grown(&names, group.left_consumer)
}

fn key_of(id: StreamId) -> Text {
    Text::new(&id.to_bytes())
}

const EMPTY_TREE: usize = 8;

/// What a tree of these ids has more than one that never had any.
fn of_ids(ids: impl Iterator<Item = StreamId>, had_any: bool) -> usize {
    grown(&ids.map(key_of).collect::<Vec<_>>(), if had_any { 16 } else { 0 })
}

/// What a tree of these keys has more than one that never had any. `left` is the length of the key that was the last to go.
fn grown(keys: &[Text], left: usize) -> usize {
    let mut tree = RadixTree::default();
    if keys.is_empty() {
        tree.chain(if left > 1 { left } else { 0 }, 0);
        return tree.bytes.saturating_sub(EMPTY_TREE);
    }
    tree_of(keys).bytes - EMPTY_TREE
}

/// The tree of keys that are in order.
fn tree_of(keys: &[Text]) -> RadixTree {
    let mut tree = RadixTree::default();
    if keys.is_empty() {
        tree.add(EMPTY_TREE);
        return tree;
    }
    // Some keys, and how many bytes they have in common above.
    let mut open = Vec::from([(keys, 0)]);
    while let Some((keys, depth)) = open.pop() {
        let ends = keys.first().is_some_and(|key| key.len() == depth);
        let rest = if ends { &keys[1..] } else { keys };
        let value = if ends { 8 } else { 0 };
        let [first, .., last] = rest else {
            match rest {
                [] => tree.leaf(),
                [only, ..] => {
                    tree.chain(only.len() - depth, value);
                    tree.leaf();
                }
            }
            continue;
        };
        let common = first[depth..].iter().zip(&last[depth..]).take_while(|(a, b)| a == b).count();
        if common > 0 {
            tree.chain(common, value);
            open.push((rest, depth + common));
            continue;
        }
        let mut ways = 0;
        let mut left = rest;
        while let Some(first) = left.first() {
            let way = left.partition_point(|key| key[depth] == first[depth]);
            open.push((&left[..way], depth + 1));
            left = &left[way..];
            ways += 1;
        }
        tree.parting(ways, value);
    }
    tree
}
