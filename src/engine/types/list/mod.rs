//! Lists: a deque of nodes, each a listpack of limited size, shared copy-on-write.
//!
//! Redis keeps a small list in one listpack and calls a larger one a quicklist, a chain of such listpacks. Both are the same
//! structure here: a small list is a list of one node that is not called quicklist yet. Where nodes end follows Redis' rules to
//! the byte, because they decide when a shrinking list is small again: it must have come down to one node of at most half
//! the limit. `list-max-listpack-size` is that limit: from -1 to -5 a size of 4 to 64 KB, from 1 on a number of elements. An element
//! too large for any node stands alone.
//!
//! Both ends cost O(1), a position costs the nodes before it and half a node.

mod middle;
mod node;
#[cfg(test)]
mod tests;

pub use node::Fill;

use super::listpack::{Element, Listpack};
use crate::memory::{self, allocator};
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use node::{FRAME, Node, Walk};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Left,
    Right,
}

#[derive(Clone, Debug, Default)]
pub struct List {
    nodes: VecDeque<Rc<Node>>,
    len: usize,
    quicklist: bool,
    /// What the contents of all nodes take in Redis.
    payload: usize,
}

impl List {
    pub fn encoding(&self) -> &'static str {
        if self.quicklist { "quicklist" } else { "listpack" }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The nodes in order: a listpack, or one large element on its own.
    pub fn node_contents(&self) -> impl ExactSizeIterator<Item = Result<&Listpack, &[u8]>> {
        self.nodes.iter().map(|node| match &**node {
            Node::Packed(packed) => Ok(packed),
            Node::Plain(bytes) => Err(&**bytes),
        })
    }

    /// The number of nodes, as DEBUG OBJECT shows it for a quicklist.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Becomes a quicklist if the elements that are about to come would make one listpack too large.
    #[inline]
    pub fn expect<'a>(&mut self, elements: impl ExactSizeIterator<Item = &'a [u8]>, fill: Fill) {
        if !self.quicklist {
            let size = self.nodes.front().map_or(FRAME, |node| node.size());
            let count = self.len + elements.len();
            let bytes: usize = elements.map(<[u8]>::len).sum();
            self.quicklist = fill.exceeded(size + bytes, count);
        }
    }

    /// Adds a node as it was written elsewhere, however its size compares with the limit.
    pub fn add_node(&mut self, elements: &[Vec<u8>]) {
        let mut packed = Listpack::default();
        for element in elements {
            packed.push_back(element);
        }
        self.len += elements.len();
        self.insert_node(self.nodes.len(), Rc::new(Node::Packed(packed)));
    }

    /// Adds an element that was written as a node of its own.
    pub fn add_plain_node(&mut self, element: &[u8]) {
        self.len += 1;
        self.insert_node(self.nodes.len(), Rc::new(Node::Plain(Rc::from(element))));
    }

    /// What nodes written elsewhere are here: one listpack, if there is one and it is within the limit.
    pub fn settle_nodes(&mut self, fill: Fill) {
        self.quicklist = match self.nodes.front().map(|node| &**node) {
            Some(Node::Packed(packed)) => self.nodes.len() > 1 || fill.exceeded(packed.size(), packed.len()),
            Some(Node::Plain(_)) => true,
            None => false,
        };
    }

    /// Becomes one listpack again if so much was removed that half of the limit suffices.
    pub fn shrink(&mut self, fill: Fill) {
        if self.quicklist {
            self.settle_nodes(fill.half());
        }
    }

    #[inline]
    pub fn push(&mut self, end: End, element: &[u8], fill: Fill) {
        self.len += 1;
        let quicklist = self.quicklist;
        let node = match end {
            End::Left => self.nodes.front_mut(),
            End::Right => self.nodes.back_mut(),
        };
        if let Some(node) = node.filter(|node| !quicklist || node.has_room(element, fill))
            && let Some(packed) = Node::packed_mut(node)
        {
            let before = allocator::class(packed.size());
            match end {
                End::Left => packed.push_front(element),
                End::Right => packed.push_back(element),
            }
            self.payload = self.payload + allocator::class(packed.size()) - before;
            return;
        }
        let node = if quicklist { Node::new(element, fill) } else { Node::new(element, Fill::new(-5)) };
        let at = match end {
            End::Left => 0,
            End::Right => self.nodes.len(),
        };
        self.insert_node(at, node);
    }

    fn insert_node(&mut self, at: usize, node: Rc<Node>) {
        self.payload += node.allocated();
        self.nodes.insert(at, node);
    }

    fn remove_node(&mut self, at: usize) -> Option<Rc<Node>> {
        let node = self.nodes.remove(at)?;
        self.payload -= node.allocated();
        Some(node)
    }

    /// Changes the listpack of a node; none when the node is one large element.
    fn edit<T>(&mut self, at: usize, change: impl FnOnce(&mut Listpack) -> T) -> Option<T> {
        let packed = Node::packed_mut(self.nodes.get_mut(at)?)?;
        let before = allocator::class(packed.size());
        let result = change(packed);
        self.payload = self.payload + allocator::class(packed.size()) - before;
        Some(result)
    }

    /// What the value takes in Redis, without the object that holds the key. Nodes count as if none were compressed.
    pub(crate) fn allocated(&self) -> usize {
        let nodes = if self.quicklist { memory::QUICKLIST + self.nodes.len() * memory::QUICKLIST_NODE } else { 0 };
        nodes + self.payload
    }

    /// The element at an end.
    pub fn peek(&self, end: End) -> Option<Element<'_>> {
        self.walk(end, 0).next()
    }

    /// The node that holds a position, and the position in it.
    fn locate(&self, position: usize) -> Option<(usize, usize)> {
        if position >= self.len {
            return None;
        }
        if position <= self.len / 2 {
            let mut before = 0;
            for (at, node) in self.nodes.iter().enumerate() {
                if position < before + node.len() {
                    return Some((at, position - before));
                }
                before += node.len();
            }
        } else {
            let mut behind = self.len;
            for (at, node) in self.nodes.iter().enumerate().rev() {
                behind -= node.len();
                if position >= behind {
                    return Some((at, position - behind));
                }
            }
        }
        None
    }

    pub fn get(&self, position: usize) -> Option<Element<'_>> {
        let (node, offset) = self.locate(position)?;
        self.nodes[node].get(offset)
    }

    /// The elements from an end towards the other, without the first `skip`.
    pub fn walk(&self, from: End, skip: usize) -> impl Iterator<Item = Element<'_>> {
        let mut node = 0;
        let mut walk = Walk::Plain(None);
        let mut nodes = self.nodes.len();
        let position = match from {
            End::Left => skip,
            End::Right => self.len.wrapping_sub(skip).wrapping_sub(1),
        };
        if let Some((at, offset)) = self.locate(position) {
            node = at;
            walk = self.nodes[at].walk();
            if let Node::Packed(packed) = &*self.nodes[at] {
                let place = packed.seek(offset).unwrap_or(packed.end());
                walk = Walk::Packed(match from {
                    End::Left => packed.iter_from(place),
                    End::Right => packed.iter_to(packed.read(place).map_or(packed.end(), |(_, next)| next)),
                });
            }
        } else {
            nodes = 0;
        }
        core::iter::from_fn(move || {
            loop {
                if let Some(element) = walk.step(from) {
                    return Some(element);
                }
                node = match from {
                    End::Left => node + 1,
                    End::Right => node.wrapping_sub(1),
                };
                if node >= nodes {
                    return None;
                }
                walk = self.nodes[node].walk();
            }
        })
    }
}
