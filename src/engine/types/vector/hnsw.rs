//! The graph in which nearest neighbours are found: hierarchical navigable small worlds.
//!
//! Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World
//! graphs" (2016). Every vector is a node of layer 0, every fourth of them of layer 1 too, every fourth of those of layer 2, and so
//! on; on each of its layers a node is linked with some of its near ones. Whoever looks for the neighbours of a query starts at a
//! node of the highest layer, where links are long, walks from node to neighbour as long as that comes closer, and goes down a
//! layer with what was found. On layer 0 the walk keeps not one place but the `ef` nearest seen so far, and ends when the nearest
//! that it has not looked around at is farther than all of them: the larger `ef`, the more certain, and the slower, the answer.
//!
//! A new node draws its height, finds its `ef` nearest on each of its layers the same way, and chooses whom to link with by the
//! paper's heuristic: from the nearest outwards, a candidate is taken when it is nearer to the newcomer than to all taken before
//! it, so that links go in all directions and not all into the nearest crowd. Layer 0 allows twice `m` links, the others `m`.
//!
//! Where this goes its own way:
//!
//! * Links are symmetric, always: a node knows exactly those that know it. That makes removal local.
//! * A link goes only where a way round remains. When a node has too many, it gives up the farthest neighbour with whom it
//!   has a neighbour in common that is no farther from either of them; the distances lie beside the links, so none is computed.
//!   What was reachable stays reachable, and what remains approaches the relative neighbourhood graph, at which the heuristic aims.
//!   Where no such neighbour exists the newcomer steps between two: `a–b` becomes `a–new–b`.
//! * Removal leaves no tombstone. Each neighbour of the removed node is offered the nearest other one that it is not linked with;
//!   if that leaves some of them in different parts, the nearest pairs of these parts are linked. So every layer
//!   stays connected, whatever is removed, and a search from anywhere can reach everything.
//!
//! Nodes stand in the dictionary that finds them by name; their places are dense, and a removal moves the last node into the
//! hole, which its neighbours are told. Clones share everything in chunks of 64 nodes.

use super::quantise::Vector;
use crate::dict::Dict;
use crate::text::Text;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::cmp::Ordering;

/// No node is higher.
const HIGHEST: usize = 16;

/// A node and how far it is from something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    pub distance: f32,
    pub id: u32,
}

impl Near {
    pub fn order(&self, other: &Near) -> Ordering {
        self.distance.total_cmp(&other.distance).then(self.id.cmp(&other.id))
    }
}

/// The links of a node, layer by layer from layer 0 up: the neighbours and their distances, nearest first.
pub type Layers = Vec<Vec<Near>>;

/// One element of a vector set; its name is the key of its entry.
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub vector: Vector,
    pub layers: Rc<Layers>,
    pub attributes: Option<Text>,
    /// Counts the insertions into this set.
    pub uid: u64,
}

/// What a search admits to its result, and how many nodes it may look at.
pub struct Filter<'a> {
    pub admits: &'a dyn Fn(&Node) -> bool,
    pub effort: usize,
}

#[derive(Clone, Debug)]
pub struct Graph {
    pub nodes: Dict<Node>,
    /// A node of the highest layer.
    entry: Option<u32>,
    dim: usize,
    m: usize,
    marks: Marks,
}

/// Which nodes a search has seen; kept from search to search, so that none has to clear as much as there are nodes.
#[derive(Debug, Default)]
struct Marks(RefCell<(Vec<u32>, u32)>);

impl Clone for Marks {
    fn clone(&self) -> Self {
        Marks::default()
    }
}

/// A binary heap with the nearest on top, or the farthest.
struct Heap {
    items: Vec<Near>,
    top: Ordering,
}

impl Heap {
    fn new(top: Ordering) -> Heap {
        Heap { items: Vec::new(), top }
    }

    fn above(&self, a: usize, b: usize) -> bool {
        self.items[a].order(&self.items[b]) == self.top
    }

    /// Empties a heap with the farthest on top.
    fn into_sorted(mut self) -> Vec<Near> {
        let mut sorted = Vec::with_capacity(self.items.len());
        while let Some(near) = self.pop() {
            sorted.push(near);
        }
        sorted.reverse();
        sorted
    }

    fn push(&mut self, item: Near) {
        let mut at = self.items.len();
        self.items.push(item);
        while at > 0 && self.above(at, (at - 1) / 2) {
            self.items.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    fn pop(&mut self) -> Option<Near> {
        let last = self.items.len().checked_sub(1)?;
        self.items.swap(0, last);
        let item = self.items.pop();
        let mut at = 0;
        loop {
            let mut best = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < last && self.above(child, best) {
                    best = child;
                }
            }
            if best == at {
                return item;
            }
            self.items.swap(at, best);
            at = best;
        }
    }
}

/// The nearest `count` of some nodes, nearest first.
pub(super) fn nearest(nodes: impl Iterator<Item = Near>, count: usize) -> Vec<Near> {
    let mut kept = Heap::new(Ordering::Greater);
    for near in nodes {
        if kept.items.len() < count {
            kept.push(near);
        } else if kept.items.first().is_some_and(|worst| near.order(worst) == Ordering::Less) {
            kept.pop();
            kept.push(near);
        }
    }
    kept.into_sorted()
}

impl Graph {
    pub fn new(dim: usize, m: usize, seed: u64) -> Graph {
        Graph { nodes: Dict::new(seed), entry: None, dim, m, marks: Marks::default() }
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    pub fn m(&self) -> usize {
        self.m
    }

    /// A node where every search begins.
    pub fn entry(&self) -> Option<u32> {
        self.entry
    }

    /// How many links a node may have on a layer.
    pub fn most(&self, layer: usize) -> usize {
        if layer == 0 { self.m * 2 } else { self.m }
    }

    /// The highest layer on which there is a node.
    pub fn height(&self) -> usize {
        self.entry.map_or(0, |id| self.node(id).layers.len().saturating_sub(1))
    }

    pub fn node(&self, id: u32) -> &Node {
        &self.nodes.entry(id).value
    }

    /// The links of a node on a layer; none where it is not that high.
    pub fn links(&self, id: u32, layer: usize) -> &[Near] {
        self.node(id).layers.get(layer).map_or(&[], |links| links)
    }

    fn links_mut(&mut self, id: u32, layer: usize) -> Option<&mut Vec<Near>> {
        Rc::make_mut(&mut self.nodes.entry_mut(id).value.layers).get_mut(layer)
    }

    fn distance(&self, a: u32, b: u32) -> f32 {
        self.node(a).vector.distance(&self.node(b).vector, self.dim)
    }

    pub fn near(&self, query: &Vector, id: u32) -> Near {
        Near { distance: query.distance(&self.node(id).vector, self.dim), id }
    }

    // ---- searching --------------------------------------------------------------------------------------------------

    /// About `ef` nodes near `query`, nearest first, and how many nodes were looked at.
    pub fn search(&self, query: &Vector, ef: usize, filter: Option<&Filter>) -> (Vec<Near>, usize) {
        let Some(entry) = self.entry else { return (Vec::new(), 0) };
        let from = self.descend(self.near(query, entry), query, 0);
        self.search_layer(query, &[from], ef, 0, filter)
    }

    /// The node that greedy walks from `from` down to just above `layer` end at.
    fn descend(&self, from: Near, query: &Vector, layer: usize) -> Near {
        let mut nearest = from;
        for layer in (layer + 1..self.node(from.id).layers.len()).rev() {
            loop {
                let before = nearest;
                for link in self.links(before.id, layer) {
                    let next = self.near(query, link.id);
                    if next.order(&nearest) == Ordering::Less {
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

    fn search_layer(
        &self,
        query: &Vector,
        from: &[Near],
        ef: usize,
        layer: usize,
        filter: Option<&Filter>,
    ) -> (Vec<Near>, usize) {
        let (mut marks, now) = self.take_marks();
        let admits = |id: u32| filter.is_none_or(|filter| (filter.admits)(self.node(id)));
        let effort = filter.map_or(usize::MAX, |filter| filter.effort);
        let mut open = Heap::new(Ordering::Less);
        let mut found = Heap::new(Ordering::Greater);
        let mut seen = 0;
        for near in from {
            marks[near.id as usize] = now;
            seen += 1;
            open.push(*near);
            if admits(near.id) {
                found.push(*near);
            }
        }
        while let Some(near) = open.pop() {
            let is_full = found.items.len() >= ef;
            if is_full && found.items.first().is_some_and(|worst| near.distance > worst.distance) || seen >= effort {
                break;
            }
            for link in self.links(near.id, layer) {
                let mark = &mut marks[link.id as usize];
                if *mark == now {
                    continue;
                }
                *mark = now;
                seen += 1;
                let next = self.near(query, link.id);
                let worst = found.items.first().filter(|_| found.items.len() >= ef);
                if worst.is_some_and(|worst| next.order(worst) == Ordering::Greater) {
                    continue;
                }
                open.push(next);
                if admits(next.id) {
                    found.push(next);
                    if found.items.len() > ef {
                        found.pop();
                    }
                }
            }
        }
        self.marks.0.replace((marks, now));
        (found.into_sorted(), seen)
    }

    /// A mark for every node, and the value that none of them has yet.
    fn take_marks(&self) -> (Vec<u32>, u32) {
        let (mut marks, last) = self.marks.0.take();
        let now = last.wrapping_add(1);
        if now == 0 {
            marks.clear();
        }
        marks.resize(self.nodes.len().max(marks.len()), 0);
        (marks, now.max(1))
    }

    // ---- linking ----------------------------------------------------------------------------------------------------

    /// Links the node at `id`, which has none, into the graph, up to the layer `height`; `ef` is the breadth of the search for
    /// its neighbours.
    pub fn link(&mut self, id: u32, height: usize, ef: usize) {
        let height = height.min(HIGHEST);
        let node = &mut self.nodes.entry_mut(id).value;
        node.layers = Rc::new(alloc::vec![Vec::new(); height + 1]);
        let query = node.vector.clone();
        let Some(entry) = self.entry else {
            self.entry = Some(id);
            return;
        };
        let top = self.height();
        let mut from = Vec::from([self.descend(self.near(&query, entry), &query, height)]);
        for layer in (0..=height.min(top)).rev() {
            from = self.search_layer(&query, &from, ef, layer, None).0;
            from.retain(|near| near.id != id);
            let chosen = self.diverse(&from, self.most(layer));
            for near in &chosen {
                self.connect(id, *near, layer);
            }
            if self.links(id, layer).is_empty() {
                self.step_between(id, &from, layer);
            }
        }
        if height > top {
            self.entry = Some(id);
        }
    }

    /// At most `most` of `candidates`, which stand nearest first: those that are nearer to the origin than to any chosen before
    /// them, and then, while there is room, the nearest of the others.
    fn diverse(&self, candidates: &[Near], most: usize) -> Vec<Near> {
        let mut chosen: Vec<Near> = Vec::with_capacity(most.min(candidates.len()));
        let mut others = Vec::new();
        for near in candidates {
            if chosen.len() >= most {
                break;
            }
            if chosen.iter().all(|other| near.distance < self.distance(near.id, other.id)) {
                chosen.push(*near);
            } else {
                others.push(*near);
            }
        }
        others.truncate(most - chosen.len());
        chosen.append(&mut others);
        chosen
    }

    /// Links two nodes of a layer, if the second has room or can make some.
    fn connect(&mut self, id: u32, near: Near, layer: usize) {
        self.add_link(id, near, layer);
        if self.links(near.id, layer).len() > self.most(layer) {
            let other = self.dispensable(near.id, layer).unwrap_or(id);
            self.cut(near.id, other, layer);
        }
    }

    /// The farthest neighbour of a node that is reached over another one as well, by two links that are not longer.
    fn dispensable(&self, id: u32, layer: usize) -> Option<u32> {
        let links = self.links(id, layer);
        let over = |link: &&Near| {
            let nearer = |way: &&Near| way.distance <= link.distance;
            let ways = self.links(link.id, layer).iter().take_while(nearer);
            ways.into_iter().any(|way| links.iter().take_while(nearer).any(|other| other.id == way.id))
        };
        links.iter().rev().find(over).map(|link| link.id)
    }

    /// Puts a node that found no neighbour with room between its nearest and that one's farthest neighbour.
    fn step_between(&mut self, id: u32, candidates: &[Near], layer: usize) {
        let Some(nearest) = candidates.first().copied() else { return };
        let links = self.links(nearest.id, layer);
        if let Some(farthest) = links.last().copied().filter(|_| links.len() >= self.most(layer)) {
            self.cut(nearest.id, farthest.id, layer);
            let distance = self.distance(id, farthest.id);
            self.add_link(id, Near { distance, id: farthest.id }, layer);
        }
        self.add_link(id, nearest, layer);
    }

    fn add_link(&mut self, id: u32, near: Near, layer: usize) {
        let back = Near { distance: near.distance, id };
        self.point(id, near, layer);
        self.point(near.id, back, layer);
    }

    fn cut(&mut self, a: u32, b: u32, layer: usize) {
        self.unpoint(a, b, layer);
        self.unpoint(b, a, layer);
    }

    /// One half of a link.
    fn point(&mut self, from: u32, to: Near, layer: usize) {
        if let Some(links) = self.links_mut(from, layer) {
            let place = links.partition_point(|link| link.order(&to) == Ordering::Less);
            links.insert(place, to);
        }
    }

    fn unpoint(&mut self, from: u32, to: u32, layer: usize) {
        if let Some(links) = self.links_mut(from, layer) {
            links.retain(|link| link.id != to);
        }
    }

    // ---- removing ---------------------------------------------------------------------------------------------------

    /// Takes the node at `id` out of all layers; it stays in the dictionary.
    pub fn unlink(&mut self, id: u32) {
        let layers = core::mem::take(&mut self.nodes.entry_mut(id).value.layers);
        for (layer, links) in layers.iter().enumerate() {
            for link in links {
                self.unpoint(link.id, id, layer);
            }
            self.mend(links, layer);
        }
        if self.entry == Some(id) {
            // Each layer is connected: whoever is as high as anybody is a neighbour on the highest layer that has others.
            let others = layers.iter().rev().find(|links| !links.is_empty());
            let highest = |near: &Near| self.node(near.id).layers.len();
            self.entry = others.and_then(|links| links.iter().copied().max_by_key(highest)).map(|near| near.id);
        }
    }

    /// Links those who lost a neighbour with each other.
    fn mend(&mut self, orphans: &[Near], layer: usize) {
        for orphan in orphans {
            let most = self.most(layer);
            if self.links(orphan.id, layer).len() >= most {
                continue;
            }
            let is_new = |other: &&Near| {
                other.id != orphan.id
                    && self.links(other.id, layer).len() < most
                    && self.links(orphan.id, layer).iter().all(|link| link.id != other.id)
            };
            let pairs = orphans
                .iter()
                .filter(is_new)
                .map(|other| Near { distance: self.distance(orphan.id, other.id), id: other.id });
            if let Some(nearest) = pairs.min_by(|a, b| a.order(b)) {
                self.add_link(orphan.id, nearest, layer);
            }
        }
        // Parts are joined until there is one; a link that has no room displaces one that is not needed, or is one too many.
        let mut parts = self.parts(orphans, layer);
        loop {
            let mut nearest: Option<(usize, usize, Near)> = None;
            for (at, orphan) in orphans.iter().enumerate() {
                for (other_at, other) in orphans.iter().enumerate().skip(at + 1) {
                    if parts[at] != parts[other_at] {
                        let near = Near { distance: self.distance(orphan.id, other.id), id: other.id };
                        if nearest.is_none_or(|(.., best)| near.order(&best) == Ordering::Less) {
                            nearest = Some((at, other_at, near));
                        }
                    }
                }
            }
            let Some((from, to, near)) = nearest else { return };
            let (joined, kept) = (parts[to], parts[from]);
            parts.iter_mut().filter(|part| **part == joined).for_each(|part| *part = kept);
            let id = orphans[from].id;
            self.add_link(id, near, layer);
            for full in [id, near.id] {
                if self.links(full, layer).len() > self.most(layer)
                    && let Some(other) = self.dispensable(full, layer)
                {
                    self.cut(full, other, layer);
                }
            }
        }
    }

    /// For each of some nodes a number, equal for those that are linked or have a neighbour in common, or are so over others of
    /// them.
    fn parts(&self, nodes: &[Near], layer: usize) -> Vec<usize> {
        let mut parts: Vec<usize> = (0..nodes.len()).collect();
        let part = |parts: &mut [usize], mut at: usize| {
            while parts[at] != at {
                parts[at] = parts[parts[at]];
                at = parts[at];
            }
            at
        };
        let mut owners: Vec<(u32, usize)> = Vec::new();
        for (at, near) in nodes.iter().enumerate() {
            owners.push((near.id, at));
            owners.extend(self.links(near.id, layer).iter().map(|link| (link.id, at)));
        }
        crate::sort::by_key(&mut owners, |owner| *owner);
        for pair in owners.windows(2) {
            if pair[0].0 == pair[1].0 {
                let (from, to) = (part(&mut parts, pair[1].1), part(&mut parts, pair[0].1));
                parts[from] = to;
            }
        }
        (0..nodes.len()).map(|at| part(&mut parts, at)).collect()
    }

    /// Removes the node at `id` from graph and dictionary; the last node takes its place.
    pub fn remove(&mut self, id: u32) -> Node {
        self.unlink(id);
        let last = self.nodes.len() as u32 - 1;
        let removed = self.nodes.remove_at(id).value;
        if id != last {
            let layers = Rc::clone(&self.node(id).layers);
            for (layer, links) in layers.iter().enumerate() {
                for link in links {
                    self.unpoint(link.id, last, layer);
                    self.point(link.id, Near { distance: link.distance, id }, layer);
                }
            }
            if self.entry == Some(last) {
                self.entry = Some(id);
            }
        }
        removed
    }

    /// Gives all nodes the links that somebody else made, nearest first, if they are all there both ways.
    pub fn adopt(&mut self, all: Vec<Rc<Layers>>) -> bool {
        for (id, layers) in all.iter().enumerate() {
            for (layer, links) in layers.iter().enumerate() {
                let is_sound = |link: &Near| {
                    let back = Near { distance: link.distance, id: id as u32 };
                    let theirs = all.get(link.id as usize).and_then(|layers| layers.get(layer));
                    theirs.is_some_and(|links| links.binary_search_by(|other| other.order(&back)).is_ok())
                };
                let differ = links.is_sorted_by(|a, b| a.order(b) == Ordering::Less);
                if !differ || links.iter().any(|link| link.id as usize == id || !is_sound(link)) {
                    return false;
                }
            }
        }
        self.entry = (0..all.len() as u32).max_by_key(|&id| all[id as usize].len());
        for (id, layers) in all.into_iter().enumerate() {
            self.nodes.entry_mut(id as u32).value.layers = layers;
        }
        true
    }
}

#[cfg(test)]
#[path = "hnsw_tests.rs"]
mod tests;
