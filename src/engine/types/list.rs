//! Lists: a deque of nodes, each a listpack of limited size, shared copy-on-write.
//!
//! Redis keeps a small list in one listpack and calls a larger one a quicklist, a chain of such listpacks. Both are the same
//! structure here: a small list is a list of one node that is not called quicklist yet. Where nodes end follows Redis' rules to
//! the byte, because they decide when a shrinking list is small again: it must have come down to one node of at most half
//! the limit. `list-max-listpack-size` is that limit: from -1 to -5 a size of 4 to 64 KB, from 1 on a number of elements. An element
//! too large for any node stands alone.
//!
//! Both ends cost O(1), a position costs the nodes before it and half a node.

use super::listpack::{Element, Iter, Listpack};
use crate::memory::{self, allocator};
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;

/// A node must stay below this size when only the number of elements is limited.
const SAFE_SIZE: usize = 8192;
/// What Redis adds to an element's length when it asks whether a node has room.
const OVERHEAD: usize = 8;
/// What two listpacks save when they become one.
const FRAME: usize = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Left,
    Right,
}

/// How large a node may grow, from `list-max-listpack-size`.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    size: usize,
    count: usize,
}

impl Fill {
    pub fn new(list_max_listpack_size: i64) -> Fill {
        match list_max_listpack_size {
            count @ 0.. => Fill { size: SAFE_SIZE, count: (count as usize).max(1) },
            level => Fill { size: 2048 << level.unsigned_abs().min(5), count: usize::MAX },
        }
    }

    /// The bytes that a node may take.
    pub fn size(self) -> usize {
        self.size
    }

    /// The elements that a node may hold.
    pub fn count(self) -> usize {
        self.count
    }

    fn exceeded(self, size: usize, count: usize) -> bool {
        size > self.size || count > self.count
    }

    /// Whether an element is too large to share a node.
    fn is_large(self, element: &[u8]) -> bool {
        element.len() > self.size
    }
}

#[derive(Clone, Debug)]
enum Node {
    Packed(Listpack),
    Plain(Rc<[u8]>),
}

impl Node {
    fn new(element: &[u8], fill: Fill) -> Rc<Node> {
        if fill.is_large(element) {
            return Rc::new(Node::Plain(Rc::from(element)));
        }
        let mut packed = Listpack::default();
        packed.push_back(element);
        Rc::new(Node::Packed(packed))
    }

    fn len(&self) -> usize {
        match self {
            Node::Packed(packed) => packed.len(),
            Node::Plain(_) => 1,
        }
    }

    fn size(&self) -> usize {
        match self {
            Node::Packed(packed) => packed.size(),
            Node::Plain(bytes) => bytes.len(),
        }
    }

    /// What the node's content takes in Redis.
    #[inline]
    fn allocated(&self) -> usize {
        allocator::class(self.size())
    }

    fn has_room(&self, element: &[u8], fill: Fill) -> bool {
        match self {
            Node::Plain(_) => false,
            Node::Packed(packed) => {
                !fill.is_large(element) && !fill.exceeded(packed.size() + element.len() + OVERHEAD, packed.len() + 1)
            }
        }
    }

    fn can_join(&self, other: &Node, fill: Fill) -> bool {
        match (self, other) {
            (Node::Packed(a), Node::Packed(b)) => !fill.exceeded(a.size() + b.size() - FRAME, a.len() + b.len()),
            _ => false,
        }
    }

    fn get(&self, position: usize) -> Option<Element<'_>> {
        match self {
            Node::Packed(packed) => packed.get(position),
            Node::Plain(bytes) => (position == 0).then(|| Element::of(bytes)),
        }
    }

    fn walk(&self) -> Walk<'_> {
        match self {
            Node::Packed(packed) => Walk::Packed(packed.iter()),
            Node::Plain(bytes) => Walk::Plain(Some(bytes)),
        }
    }

    fn packed_mut(node: &mut Rc<Node>) -> Option<&mut Listpack> {
        match Rc::make_mut(node) {
            Node::Packed(packed) => Some(packed),
            Node::Plain(_) => None,
        }
    }
}

/// The elements of one node from both ends.
#[derive(Clone, Debug)]
enum Walk<'a> {
    Packed(Iter<'a>),
    Plain(Option<&'a [u8]>),
}

impl<'a> Walk<'a> {
    #[inline]
    fn step(&mut self, from: End) -> Option<Element<'a>> {
        match (self, from) {
            (Walk::Packed(iter), End::Left) => iter.next(),
            (Walk::Packed(iter), End::Right) => iter.next_back(),
            (Walk::Plain(bytes), _) => bytes.take().map(Element::of),
        }
    }
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
            self.settle_nodes(Fill { size: fill.size / 2, count: fill.count / 2 });
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

/// Removes what equals `wanted` from a node; a plain node that goes is left to the caller.
fn remove_from_node(node: &mut Rc<Node>, from: End, wanted: Element, most: usize) -> usize {
    let packed = match &**node {
        Node::Plain(bytes) => return usize::from(Element::of(bytes) == wanted),
        Node::Packed(packed) => packed,
    };
    if !packed.iter().any(|element| element == wanted) {
        return 0;
    }
    let Some(packed) = Node::packed_mut(node) else { return 0 };
    let mut removed = 0;
    match from {
        End::Left => {
            let mut place = packed.first();
            while removed < most {
                let Some((element, next)) = packed.read(place) else { break };
                if element == wanted {
                    let at_front = place == packed.first();
                    packed.remove(place, 1);
                    removed += 1;
                    if at_front {
                        place = packed.first();
                    }
                } else {
                    place = next;
                }
            }
        }
        End::Right => {
            let mut place = packed.end();
            while removed < most {
                let Some(before) = packed.before(place) else { break };
                if packed.read(before).is_some_and(|(element, _)| element == wanted) {
                    let at_front = before == packed.first();
                    packed.remove(before, 1);
                    removed += 1;
                    if at_front {
                        break;
                    }
                }
                place = before;
            }
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn behaves_like_a_vector() {
        let mut state = 11u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        for fill in [-1, -2, 3, 0] {
            let fill = Fill::new(fill);
            let mut list = List::default();
            let mut model: Vec<Vec<u8>> = Vec::new();
            for _ in 0..500 {
                let size = [1, 5, 300, 5000, 9000][random(5) as usize];
                let element = alloc::vec![b'a' + random(3) as u8; size];
                let position = random(model.len() as u64 + 1) as usize;
                list.expect([&element[..]].into_iter(), fill);
                match random(9) {
                    0 | 1 => {
                        list.push(End::Left, &element, fill);
                        model.insert(0, element);
                    }
                    2 | 3 => {
                        list.push(End::Right, &element, fill);
                        model.push(element);
                    }
                    4 if position < model.len() => {
                        let behind = random(2) == 1;
                        list.insert(position, behind, &element, fill);
                        model.insert(position + usize::from(behind), element);
                    }
                    5 if position < model.len() => {
                        assert!(list.set(position, &element, fill));
                        model[position] = element;
                    }
                    6 => {
                        let count = random(4) as usize;
                        list.remove(position, count);
                        model.drain(position..(position + count).min(model.len()));
                        list.shrink(fill);
                    }
                    7 => {
                        let count = random(3) as usize + 1;
                        let from = if random(2) == 0 { End::Left } else { End::Right };
                        let removed = list.remove_equal(from, &element, count);
                        let mut expected = 0;
                        while expected < count {
                            let found = match from {
                                End::Left => model.iter().position(|e| *e == element),
                                End::Right => model.iter().rposition(|e| *e == element),
                            };
                            let Some(found) = found else { break };
                            model.remove(found);
                            expected += 1;
                        }
                        assert_eq!(removed, expected);
                        list.shrink(fill);
                    }
                    _ => {
                        let read: Vec<_> = list.walk(End::Right, position).map(|e| e.text().to_vec()).collect();
                        assert!(read.iter().eq(model.iter().rev().skip(position)));
                        assert_eq!(list.get(position).map(|e| e.text().to_vec()), model.get(position).cloned());
                    }
                }
                assert_eq!(list.len(), model.len());
                assert_eq!(list.payload, list.nodes.iter().map(|node| node.allocated()).sum::<usize>());
                assert!(list.walk(End::Left, 0).map(|e| e.text().to_vec()).eq(model.iter().cloned()));
            }
        }
    }
}
