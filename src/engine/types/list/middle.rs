//! Changes anywhere in a list: nodes are split where an element does not fit, and neighbours that have become small join.

use super::node::{Fill, Node, remove_from_node};
use super::{End, List};
use crate::types::listpack::{Element, Listpack};
use alloc::rc::Rc;

impl List {
    /// Removes up to `count` elements from a position on.
    pub fn remove(&mut self, position: usize, count: usize) {
        let Some((mut node, mut offset)) = self.locate(position) else { return };
        let mut left = count.min(self.len - position);
        self.len -= left;
        while left > 0 && node < self.nodes.len() {
            let here = self.nodes[node].len();
            let taken = (here - offset).min(left);
            left -= taken;
            if taken == here {
                self.remove_node(node);
                continue;
            }
            self.edit(node, |packed| {
                if let Some(place) = packed.seek(offset) {
                    packed.remove(place, taken);
                }
            });
            node += 1;
            offset = 0;
        }
    }

    /// Removes `count` elements, not more than there are, from an end.
    #[inline]
    pub fn remove_end(&mut self, end: End, count: usize) {
        match end {
            End::Left => self.remove(0, count),
            End::Right => self.remove(self.len - count, count),
        }
    }

    /// The same, after which the list may be small again.
    #[inline]
    pub fn take(&mut self, end: End, count: usize, fill: Fill) {
        self.remove_end(end, count);
        self.shrink(fill);
    }

    /// Removes the first `count` elements from an end that equal `element`; all of them when `count` is 0.
    pub fn remove_equal(&mut self, from: End, element: &[u8], count: usize) -> usize {
        let most = if count == 0 { usize::MAX } else { count };
        let wanted = Element::of(element);
        let mut removed = 0;
        let mut node = match from {
            End::Left => 0,
            End::Right => self.nodes.len().wrapping_sub(1),
        };
        while removed < most && node < self.nodes.len() {
            let before = self.nodes[node].allocated();
            let found = remove_from_node(&mut self.nodes[node], from, wanted, most - removed);
            self.payload = self.payload + self.nodes[node].allocated() - before;
            removed += found;
            let emptied = found > 0 && self.nodes[node].len() == found && matches!(&*self.nodes[node], Node::Plain(_))
                || self.nodes[node].len() == 0;
            if emptied {
                self.remove_node(node);
            }
            node = match from {
                End::Left => node + usize::from(!emptied),
                End::Right => node.wrapping_sub(1),
            };
        }
        self.len -= removed;
        removed
    }

    /// Replaces the element at a position; false when there is none.
    pub fn set(&mut self, position: usize, element: &[u8], fill: Fill) -> bool {
        let Some((at, offset)) = self.locate(position) else { return false };
        let large = self.quicklist && fill.is_large(element);
        let is_plain = matches!(&*self.nodes[at], Node::Plain(_));
        if is_plain {
            self.remove_node(at);
            self.insert_node(at, Node::new(element, fill));
            return true;
        }
        let len = self.nodes[at].len();
        if !large {
            // The limit is not looked at: a node may grow beyond it by replacements.
            let replace = |packed: &mut Listpack| packed.seek(offset).map(|place| packed.replace(place, element));
            return self.edit(at, replace).flatten().is_some();
        }
        let tail = if offset + 1 < len { self.split(at, offset + 1) } else { None };
        self.insert_node(at + 1, Node::new(element, fill));
        if let Some(tail) = tail {
            self.insert_node(at + 2, tail);
        }
        if offset == 0 {
            self.remove_node(at);
        } else {
            self.edit(at, |packed| {
                if let Some(place) = packed.before(packed.end()) {
                    packed.remove(place, 1);
                }
            });
            self.join_around(at, fill);
        }
        true
    }

    /// Puts `element` before the one at `position`, or behind it.
    pub fn insert(&mut self, position: usize, behind: bool, element: &[u8], fill: Fill) {
        let Some((at, offset)) = self.locate(position) else { return };
        self.len += 1;
        let len = self.nodes[at].len();
        let gap = offset + usize::from(behind);
        if !self.quicklist || self.nodes[at].has_room(element, fill) {
            self.insert_into(at, gap, element);
            return;
        }
        let at_edge = if behind { gap == len } else { gap == 0 };
        let neighbour = if behind { at.wrapping_add(1) } else { at.wrapping_sub(1) };
        if at_edge {
            if self.nodes.get(neighbour).is_some_and(|node| node.has_room(element, fill)) {
                let gap = if behind { 0 } else { self.nodes[neighbour].len() };
                self.insert_into(neighbour, gap, element);
            } else {
                self.insert_node(at + usize::from(behind), Node::new(element, fill));
            }
            return;
        }
        // The node is full and the gap inside it: cut it there; the smaller neighbours find together again.
        let Some(tail) = self.split(at, gap) else { return };
        self.insert_node(at + 1, tail);
        if fill.is_large(element) {
            self.insert_node(at + 1, Node::new(element, fill));
            return;
        }
        if behind {
            self.insert_into(at + 1, 0, element);
        } else {
            self.insert_into(at, gap, element);
        }
        self.join_around(if behind { at } else { at + 1 }, fill);
    }

    fn insert_into(&mut self, node: usize, position: usize, element: &[u8]) {
        self.edit(node, |packed| {
            let place = packed.seek(position).unwrap_or(packed.end());
            packed.insert(place, element);
        });
    }

    /// Cuts a node before the element at `offset` and gives back what was behind the cut.
    fn split(&mut self, node: usize, offset: usize) -> Option<Rc<Node>> {
        let cut = |packed: &mut Listpack| {
            let place = packed.seek(offset)?;
            let count = packed.len() - offset;
            Some(packed.split_off(place, count))
        };
        self.edit(node, cut)?.map(|tail| Rc::new(Node::Packed(tail)))
    }

    /// Joins the nodes around `center` where two fit into one: the two before it, the two behind it, then itself with what
    /// is before and with what is behind.
    fn join_around(&mut self, center: usize, fill: Fill) {
        let mut center = center;
        if center >= 2 && self.join(center - 2, fill) {
            center -= 1;
        }
        if center + 2 < self.nodes.len() {
            self.join(center + 1, fill);
        }
        if center >= 1 && self.join(center - 1, fill) {
            center -= 1;
        }
        if center + 1 < self.nodes.len() {
            self.join(center, fill);
        }
    }

    /// Joins a node with the next one if they fit into one.
    fn join(&mut self, left: usize, fill: Fill) -> bool {
        if !self.nodes[left].can_join(&self.nodes[left + 1], fill) {
            return false;
        }
        let Some(right) = self.remove_node(left + 1) else { return false };
        if let Node::Packed(right) = &*right {
            self.edit(left, |packed| packed.append(right));
        }
        true
    }
}
