//! An ordered set with ranks: a counted B+tree whose nodes are shared copy-on-write.
//!
//! It stands under sorted sets and under every index of deadlines. All elements are in the leaves; an inner node knows of each
//! child how many elements are below it and a lower bound of them, so that finding an element, its rank, or the
//! element of a rank walks one path. Cloning the tree copies a pointer; the first write afterwards copies the nodes on its path.
//!
//! Every search is a partition: the caller says of an element whether it stands before the place that is looked for, and gets
//! the place's rank. Ranges of scores, of names and of ranks are all that one question.
//!
//! Redis (t_zset.c) keeps a skip list with spans for the same; a node of up to 64 elements costs far less memory and fewer
//! cache misses than a list node per element.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cmp::Ordering;

const MOST: usize = 64;
const LEAST: usize = MOST / 4;
/// How far the first look of a search steps.
const STRIDE: usize = 8;

/// How many elements stand before the place that `before` describes, as `partition_point` says it. A node of a large tree is far
/// from the processor, and halving would wait for memory at each of its six looks, because each depends on the one before. Steps of
/// equal length do not: the processor goes on while it waits, so that the looks of one pass wait together.
fn place<K>(elements: &[K], before: impl Fn(&K) -> bool) -> usize {
    let strides = elements.iter().skip(STRIDE - 1).step_by(STRIDE).take_while(|&element| before(element)).count();
    let begin = strides * STRIDE;
    begin + elements[begin..].iter().take_while(|&element| before(element)).count()
}

/// Where an element stands, or where it would stand.
fn search<K: Ord>(elements: &[K], element: &K) -> Result<usize, usize> {
    let at = place(elements, |other| other < element);
    if elements.get(at) == Some(element) { Ok(at) } else { Err(at) }
}

#[derive(Clone, Debug)]
enum Node<K> {
    Leaf(Vec<K>),
    Inner(Inner<K>),
}

/// Children, each fact of theirs in a row of its own: whoever adds up counts reads nothing else.
#[derive(Clone, Debug)]
struct Inner<K> {
    /// How many elements are below each child.
    counts: Vec<u32>,
    /// Not greater than any element below, greater than all elements of the child before.
    least: Vec<K>,
    nodes: Vec<Rc<Node<K>>>,
}

/// One child by itself.
#[derive(Clone, Debug)]
struct Child<K> {
    count: u32,
    least: K,
    node: Rc<Node<K>>,
}

impl<K: Ord> Inner<K> {
    fn of(children: [Child<K>; 2]) -> Inner<K> {
        let mut inner = Inner { counts: Vec::new(), least: Vec::new(), nodes: Vec::new() };
        for (at, child) in children.into_iter().enumerate() {
            inner.insert(at, child);
        }
        inner
    }

    fn len(&self) -> usize {
        self.counts.len()
    }

    fn insert(&mut self, at: usize, child: Child<K>) {
        self.counts.insert(at, child.count);
        self.least.insert(at, child.least);
        self.nodes.insert(at, child.node);
    }

    fn remove(&mut self, at: usize) -> Child<K> {
        Child { count: self.counts.remove(at), least: self.least.remove(at), node: self.nodes.remove(at) }
    }

    fn split_off(&mut self, at: usize) -> Inner<K> {
        Inner { counts: self.counts.split_off(at), least: self.least.split_off(at), nodes: self.nodes.split_off(at) }
    }

    fn append(&mut self, other: &mut Inner<K>) {
        self.counts.append(&mut other.counts);
        self.least.append(&mut other.least);
        self.nodes.append(&mut other.nodes);
    }

    /// The child in which an element is or would be.
    fn child_of(&self, element: &K) -> usize {
        place(&self.least, |least| least <= element).saturating_sub(1)
    }

    /// The child that holds a rank, and the rank in it.
    fn child_at(&self, rank: usize) -> (usize, usize) {
        let mut rank = rank;
        for (at, &count) in self.counts.iter().enumerate() {
            if rank < count as usize || at + 1 == self.counts.len() {
                return (at, rank);
            }
            rank -= count as usize;
        }
        (0, rank)
    }

    /// Gives a child that became too small company.
    fn refill(&mut self, at: usize)
    where
        K: Clone,
    {
        if self.nodes[at].width() < LEAST && self.len() > 1 {
            even_out(self, at.min(self.len() - 2));
        }
    }
}

/// A set of ordered elements.
#[derive(Clone, Debug)]
pub struct Tree<K> {
    root: Rc<Node<K>>,
    len: usize,
}

impl<K> Default for Tree<K> {
    fn default() -> Self {
        Tree { root: Rc::new(Node::Leaf(Vec::new())), len: 0 }
    }
}

impl<K: Clone + Ord> Tree<K> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many elements stand before the place that `before` describes: it holds for a beginning of the set and not for the
    /// rest.
    pub fn partition(&self, before: impl Fn(&K) -> bool) -> usize {
        let mut rank = 0;
        let mut node = &self.root;
        loop {
            match &**node {
                Node::Leaf(elements) => return rank + place(elements, &before),
                Node::Inner(children) => {
                    let at = place(&children.least, &before).saturating_sub(1);
                    rank += children.counts[..at].iter().sum::<u32>() as usize;
                    node = &children.nodes[at];
                }
            }
        }
    }

    pub fn contains(&self, element: &K) -> bool {
        self.get(self.partition(|other| other < element)) == Some(element)
    }

    /// The leaf that holds a rank, and where in it.
    fn leaf(&self, rank: usize) -> (&[K], usize) {
        let mut rank = rank;
        let mut node = &self.root;
        loop {
            match &**node {
                Node::Leaf(elements) => return (elements, rank),
                Node::Inner(children) => {
                    let (at, inside) = children.child_at(rank);
                    rank = inside;
                    node = &children.nodes[at];
                }
            }
        }
    }

    /// The element of a rank.
    pub fn get(&self, rank: usize) -> Option<&K> {
        let (elements, at) = self.leaf(rank);
        elements.get(at)
    }

    pub fn first(&self) -> Option<&K> {
        self.get(0)
    }

    /// Changes the element of a rank in its place, where it must stay. That only what its order does not depend on is changed
    /// is up to the caller.
    pub fn change<T>(&mut self, rank: usize, change: impl FnOnce(&mut K) -> T) -> Option<T> {
        let mut rank = rank;
        let mut node = &mut self.root;
        loop {
            match Rc::make_mut(node) {
                Node::Leaf(elements) => return elements.get_mut(rank).map(change),
                Node::Inner(children) => {
                    let (at, inside) = children.child_at(rank);
                    rank = inside;
                    node = &mut children.nodes[at];
                }
            }
        }
    }

    /// The elements from a rank on.
    pub fn iter_from(&self, rank: usize) -> impl Iterator<Item = &K> {
        let mut rank = rank.min(self.len);
        let mut leaf = [].iter();
        core::iter::from_fn(move || {
            if leaf.len() == 0 {
                if rank >= self.len {
                    return None;
                }
                let (elements, at) = self.leaf(rank);
                leaf = elements[at..].iter();
                rank += leaf.len();
            }
            leaf.next()
        })
    }

    /// The elements before a rank, backwards.
    pub fn iter_back_from(&self, rank: usize) -> impl Iterator<Item = &K> {
        let mut rank = rank.min(self.len);
        let mut leaf = [].iter();
        core::iter::from_fn(move || {
            if leaf.len() == 0 {
                if rank == 0 {
                    return None;
                }
                let (elements, at) = self.leaf(rank - 1);
                leaf = elements[..=at].iter();
                rank -= leaf.len();
            }
            leaf.next_back()
        })
    }

    pub fn iter(&self) -> impl Iterator<Item = &K> {
        self.iter_from(0)
    }

    /// Adds an element; false when it was there.
    pub fn insert(&mut self, element: K) -> bool {
        let root = Rc::make_mut(&mut self.root);
        let Some(Grown(split)) = insert(root, element) else { return false };
        self.len += 1;
        if let Some(right) = split {
            let left = core::mem::replace(root, Node::Leaf(Vec::new()));
            if let Some(left) = child(left) {
                *root = Node::Inner(Inner::of([left, right]));
            }
        }
        true
    }

    /// Removes an element; false when it was not there.
    pub fn remove(&mut self, element: &K) -> bool {
        let removed = remove(Rc::make_mut(&mut self.root), element);
        self.removed(removed);
        removed
    }

    /// Removes the element of a rank.
    pub fn remove_at(&mut self, rank: usize) -> Option<K> {
        let removed = remove_at(Rc::make_mut(&mut self.root), rank);
        self.removed(removed.is_some());
        removed
    }

    /// A root that is left with one child gives way to it.
    fn removed(&mut self, removed: bool) {
        self.len -= usize::from(removed);
        if let Node::Inner(children) = &*self.root
            && children.len() == 1
        {
            self.root = Rc::clone(&children.nodes[0]);
        }
    }
}

impl<K: Ord> Node<K> {
    fn width(&self) -> usize {
        match self {
            Node::Leaf(elements) => elements.len(),
            Node::Inner(children) => children.len(),
        }
    }
}

/// A node as its parent sees it; an empty one is none.
fn child<K: Clone>(node: Node<K>) -> Option<Child<K>> {
    let (count, least) = match &node {
        Node::Leaf(elements) => (elements.len() as u32, elements.first()?.clone()),
        Node::Inner(children) => (children.counts.iter().sum(), children.least.first()?.clone()),
    };
    Some(Child { count, least, node: Rc::new(node) })
}

/// What an insertion did to a node: it grew, and if it had to be split, here is its right half.
struct Grown<K>(Option<Child<K>>);

/// Adds an element below `node`; none when it was there.
fn insert<K: Clone + Ord>(node: &mut Node<K>, element: K) -> Option<Grown<K>> {
    match node {
        Node::Leaf(elements) => {
            let at = search(elements, &element).err()?;
            elements.insert(at, element);
            if elements.len() <= MOST {
                return Some(Grown(None));
            }
            let right = elements.split_off(cut(at, elements.len()));
            Some(Grown(child(Node::Leaf(right))))
        }
        Node::Inner(children) => {
            let at = children.child_of(&element);
            let least = (element < children.least[at]).then(|| element.clone());
            let Grown(split) = insert(Rc::make_mut(&mut children.nodes[at]), element)?;
            children.counts[at] += 1;
            if let Some(least) = least {
                children.least[at] = least;
            }
            let Some(right) = split else { return Some(Grown(None)) };
            children.counts[at] -= right.count;
            children.insert(at + 1, right);
            if children.len() <= MOST {
                return Some(Grown(None));
            }
            let right = children.split_off(cut(at + 1, children.len()));
            Some(Grown(child(Node::Inner(right))))
        }
    }
}

/// Where to split: in the middle, but after an insertion at the end near the end, so that ascending elements fill their nodes.
fn cut(inserted: usize, len: usize) -> usize {
    if inserted + 1 == len { len - LEAST } else { len / 2 }
}

fn remove<K: Clone + Ord>(node: &mut Node<K>, element: &K) -> bool {
    match node {
        Node::Leaf(elements) => search(elements, element).map(|at| elements.remove(at)).is_ok(),
        Node::Inner(children) => {
            let at = children.child_of(element);
            let removed = remove(Rc::make_mut(&mut children.nodes[at]), element);
            children.counts[at] -= u32::from(removed);
            children.refill(at);
            removed
        }
    }
}

fn remove_at<K: Clone + Ord>(node: &mut Node<K>, rank: usize) -> Option<K> {
    match node {
        Node::Leaf(elements) => (rank < elements.len()).then(|| elements.remove(rank)),
        Node::Inner(children) => {
            let (at, rank) = children.child_at(rank);
            let removed = remove_at(Rc::make_mut(&mut children.nodes[at]), rank)?;
            children.counts[at] -= 1;
            children.refill(at);
            Some(removed)
        }
    }
}

/// Makes one node of a child and its right neighbour, or shares their content out evenly.
fn even_out<K: Clone + Ord>(children: &mut Inner<K>, left: usize) {
    let mut right = children.remove(left + 1);
    let node = Rc::make_mut(&mut children.nodes[left]);
    let total = node.width() + right.node.width();
    let rest = match (node, Rc::make_mut(&mut right.node)) {
        (Node::Leaf(a), Node::Leaf(b)) => {
            a.append(b);
            (total > MOST).then(|| Node::Leaf(a.split_off(total / 2)))
        }
        (Node::Inner(a), Node::Inner(b)) => {
            a.append(b);
            (total > MOST).then(|| Node::Inner(a.split_off(total / 2)))
        }
        _ => None,
    };
    children.counts[left] += right.count;
    if let Some(rest) = rest.and_then(child) {
        children.counts[left] -= rest.count;
        children.insert(left + 1, rest);
    }
}

/// A double with the order of numbers, in which every sorted set lives. NaN does not occur.
#[derive(Clone, Copy, Debug)]
pub struct Score(pub f64);

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn behaves_like_a_sorted_vector_and_its_clones_stand_still() {
        let mut state = 5u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        let mut tree = Tree::default();
        let mut model = BTreeSet::new();
        let mut kept = (tree.clone(), model.clone());
        for round in 0..30_000u64 {
            // Grow, then shrink, then grow again.
            let grows = (round / 8000) % 2 == 0;
            let element = if random(4) == 0 { round } else { random(3000) };
            if random(10) < if grows { 8 } else { 2 } {
                assert_eq!(tree.insert(element), model.insert(element));
            } else if random(2) == 0 {
                assert_eq!(tree.remove(&element), model.remove(&element));
            } else if !model.is_empty() {
                let rank = random(model.len() as u64) as usize;
                let removed = tree.remove_at(rank);
                let expected = model.iter().nth(rank).copied();
                assert_eq!(removed, expected);
                model.remove(&expected.unwrap());
            }
            assert_eq!(tree.len(), model.len());
            if round % 500 == 0 {
                assert!(tree.iter().eq(model.iter()));
                assert!(tree.iter_back_from(usize::MAX).eq(model.iter().rev()));
                let wanted = random(3000);
                let rank = tree.partition(|&other| other < wanted);
                assert_eq!(rank, model.range(..wanted).count());
                assert!(tree.iter_from(rank).eq(model.range(wanted..)));
                assert!(tree.iter_back_from(rank).eq(model.range(..wanted).rev()));
                assert_eq!(tree.get(rank), model.range(wanted..).next());
                assert!(kept.0.iter().eq(kept.1.iter()));
                kept = (tree.clone(), model.clone());
            }
        }
    }
}
