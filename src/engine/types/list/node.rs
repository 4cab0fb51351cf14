//! One node of a list, how large it may grow, and the way through its elements.

use super::End;
use crate::memory::allocator;
use crate::types::listpack::{Element, Iter, Listpack};
use alloc::rc::Rc;

/// A node must stay below this size when only the number of elements is limited.
const SAFE_SIZE: usize = 8192;
/// What Redis adds to an element's length when it asks whether a node has room.
const OVERHEAD: usize = 8;
/// What two listpacks save when they become one.
pub(super) const FRAME: usize = 7;

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

    /// What a list comes down to before it is small again.
    pub(super) fn half(self) -> Fill {
        Fill { size: self.size / 2, count: self.count / 2 }
    }

    pub(super) fn exceeded(self, size: usize, count: usize) -> bool {
        size > self.size || count > self.count
    }

    /// Whether an element is too large to share a node.
    pub(super) fn is_large(self, element: &[u8]) -> bool {
        element.len() > self.size
    }
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Packed(Listpack),
    Plain(Rc<[u8]>),
}

impl Node {
    pub(super) fn new(element: &[u8], fill: Fill) -> Rc<Node> {
        if fill.is_large(element) {
            return Rc::new(Node::Plain(Rc::from(element)));
        }
        let mut packed = Listpack::default();
        packed.push_back(element);
        Rc::new(Node::Packed(packed))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Node::Packed(packed) => packed.len(),
            Node::Plain(_) => 1,
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Node::Packed(packed) => packed.size(),
            Node::Plain(bytes) => bytes.len(),
        }
    }

    /// What the node's content takes in Redis.
    #[inline]
    pub(super) fn allocated(&self) -> usize {
        allocator::class(self.size())
    }

    pub(super) fn has_room(&self, element: &[u8], fill: Fill) -> bool {
        match self {
            Node::Plain(_) => false,
            Node::Packed(packed) => {
                !fill.is_large(element) && !fill.exceeded(packed.size() + element.len() + OVERHEAD, packed.len() + 1)
            }
        }
    }

    pub(super) fn can_join(&self, other: &Node, fill: Fill) -> bool {
        match (self, other) {
            (Node::Packed(a), Node::Packed(b)) => !fill.exceeded(a.size() + b.size() - FRAME, a.len() + b.len()),
            _ => false,
        }
    }

    pub(super) fn get(&self, position: usize) -> Option<Element<'_>> {
        match self {
            Node::Packed(packed) => packed.get(position),
            Node::Plain(bytes) => (position == 0).then(|| Element::of(bytes)),
        }
    }

    pub(super) fn walk(&self) -> Walk<'_> {
        match self {
            Node::Packed(packed) => Walk::Packed(packed.iter()),
            Node::Plain(bytes) => Walk::Plain(Some(bytes)),
        }
    }

    pub(super) fn packed_mut(node: &mut Rc<Node>) -> Option<&mut Listpack> {
        match Rc::make_mut(node) {
            Node::Packed(packed) => Some(packed),
            Node::Plain(_) => None,
        }
    }
}

/// The elements of one node from both ends.
#[derive(Clone, Debug)]
pub(super) enum Walk<'a> {
    Packed(Iter<'a>),
    Plain(Option<&'a [u8]>),
}

impl<'a> Walk<'a> {
    #[inline]
    pub(super) fn step(&mut self, from: End) -> Option<Element<'a>> {
        match (self, from) {
            (Walk::Packed(iter), End::Left) => iter.next(),
            (Walk::Packed(iter), End::Right) => iter.next_back(),
            (Walk::Plain(bytes), _) => bytes.take().map(Element::of),
        }
    }
}

/// Removes what equals `wanted` from a node; a plain node that goes is left to the caller.
pub(super) fn remove_from_node(node: &mut Rc<Node>, from: End, wanted: Element, most: usize) -> usize {
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
