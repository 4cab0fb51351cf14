//! The graph in which nearest neighbours are found: hierarchical navigable small worlds.
//!
//! Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World
//! graphs" (2016). Every vector is a node of layer 0, every fourth of them of layer 1 too, every fourth of those of layer 2, and so
//! on; on each of its layers a node is linked with some of its near ones. Whoever looks for the neighbours of a query starts at a
//! node of the highest layer, where links are long, walks from node to neighbour as long as that comes closer, and goes down a
//! layer with what was found. On layer 0 the walk keeps not one place but the `ef` nearest seen so far, and ends when the nearest
//! that it has not looked around at is farther than all of them: the larger `ef`, the more certain, and the slower, the answer.
//!
//! A new node draws its height, finds its `ef` nearest on each of its layers the same way, and chooses whom to link with much as the
//! paper does: from the nearest outwards, those that are nearer to the newcomer than to all taken before, so that links go in all
//! directions and not all into the nearest crowd, and then the nearest of the others. Layer 0 allows twice `m` links, the others `m`.
//!
//! Where this goes its own way, each time because more was found so at equal breadth (`tests/recall`, tests/reference/recall.md):
//!
//! * Nearer to the newcomer than to another means: by a tenth at least not farther ([`CROWDED`]). Among evenly spread vectors of many
//!   dimensions, where all are about as far from each other, the strict rule would pass over the nearest; among clusters this one
//!   still links them.
//! * A newcomer asks for a quarter more than `m` links on layer 0, not for all it has room for: room remains for those who come later.
//! * Links are symmetric, always: a node knows exactly those that know it. That makes removal local.
//! * A node that is full takes a newcomer only if that is nearer than a neighbour it can do without: the farthest with whom
//!   it has a neighbour in common, so that what was reachable stays reachable. Who is refused asks the next candidate.
//!   Who is refused by nearly all, being far from everybody, is taken by the nearest even so, if they have any to do without;
//!   where nobody has, the newcomer steps between two: `a–b` becomes `a–new–b`.
//! * Removal leaves no tombstone. Each neighbour of the removed node is offered the nearest other one that it is not linked with;
//!   if that leaves some of them in different parts, the nearest pairs of these parts are linked. So every layer
//!   stays connected, whatever is removed, and a search from anywhere can reach everything.
//!
//! Nodes stand in the dictionary that finds them by name; their places are dense, and a removal moves the last node into the
//! hole, which its neighbours are told. Vectors and links of layer 0 stand apart, in the same places (`rows.rs`). Clones share everything
//! in parts.

use super::Near;
use super::quantise::{Quantisation, Vector, View};
use super::rows::{Rows, Vectors};
use super::search::Desk;
use crate::dict::Dict;
use crate::text::Text;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// No node is higher.
const HIGHEST: usize = 16;
/// A candidate is passed over at first if one that was taken is nearer to it than so much of its own distance.
const CROWDED: f32 = 1.0 / 1.1;

/// The links of a node on a layer: the neighbours and their distances, nearest first.
pub type Links = Rc<Vec<Near>>;

/// One element of a vector set; its name is the key of its entry.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Its links on the layers above the lowest.
    above: Vec<Links>,
    pub attributes: Option<Text>,
    /// Counts the insertions into this set.
    pub uid: u64,
}

impl Node {
    pub fn new(attributes: Option<Text>, uid: u64) -> Node {
        Node { above: Vec::new(), attributes, uid }
    }
}

#[derive(Clone, Debug)]
pub struct Graph {
    pub nodes: Dict<Node>,
    pub(super) vectors: Vectors,
    /// The links on layer 0.
    lowest: Rows<Links>,
    /// A node of the highest layer.
    entry: Option<u32>,
    m: usize,
    pub(super) desk: Desk,
}

impl Graph {
    pub fn new(dim: usize, quantisation: Quantisation, m: usize, seed: u64) -> Graph {
        Graph {
            nodes: Dict::new(seed),
            vectors: Vectors::new(dim, quantisation),
            lowest: Rows::new(1),
            entry: None,
            m,
            desk: Desk::default(),
        }
    }

    pub fn dim(&self) -> usize {
        self.vectors.dim
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
        self.entry.map_or(0, |id| self.level(id))
    }

    /// The highest layer of a node.
    pub fn level(&self, id: u32) -> usize {
        self.node(id).above.len()
    }

    pub fn node(&self, id: u32) -> &Node {
        &self.nodes.entry(id).value
    }

    pub fn vector(&self, id: u32) -> View<'_> {
        self.vectors.view(id)
    }

    /// The links of a node on a layer; none where it is not that high.
    #[inline]
    pub fn links(&self, id: u32, layer: usize) -> &[Near] {
        match layer.checked_sub(1) {
            None => &self.lowest.row(id)[0],
            Some(layer) => self.node(id).above.get(layer).map_or(&[], |links| links),
        }
    }

    fn links_mut(&mut self, id: u32, layer: usize) -> Option<&mut Vec<Near>> {
        let links = match layer.checked_sub(1) {
            None => self.lowest.row_mut(id).first_mut(),
            Some(layer) => self.nodes.entry_mut(id).value.above.get_mut(layer),
        };
        links.map(Rc::make_mut)
    }

    fn distance(&self, a: u32, b: u32) -> f32 {
        self.vector(a).distance(&self.vector(b))
    }

    pub fn near(&self, query: View, id: u32) -> Near {
        Near { distance: query.distance(&self.vector(id)), id }
    }

    /// Adds a node without linking it.
    pub fn push(&mut self, name: &[u8], vector: &Vector, node: Node) -> u32 {
        self.vectors.push(vector);
        self.lowest.push(&[Links::default()]);
        self.nodes.push(Text::new(name), node)
    }

    /// Gives a node that is not linked another vector.
    pub fn set_vector(&mut self, id: u32, vector: &Vector) {
        self.vectors.set(id, vector);
    }

    // ---- linking ----------------------------------------------------------------------------------------------------

    /// Links the node at `id`, which has none, into the graph, up to the layer `height`; `ef` is the breadth of the search for
    /// its neighbours.
    pub fn link(&mut self, id: u32, height: usize, ef: usize) {
        let height = height.min(HIGHEST);
        self.nodes.entry_mut(id).value.above = alloc::vec![Links::default(); height];
        let Some(entry) = self.entry else {
            self.entry = Some(id);
            return;
        };
        let top = self.height();
        let query = self.vector(id);
        let mut from = Vec::from([self.descend(self.near(query, entry), query, height)]);
        for layer in (0..=height.min(top)).rev() {
            from = self.search_layer(self.vector(id), &from, ef, layer, None).0;
            from.retain(|near| near.id != id);
            self.link_with(id, &from, layer);
        }
        if height > top {
            self.entry = Some(id);
        }
    }

    /// Links a node on a layer with some of `candidates`, which stand nearest first.
    fn link_with(&mut self, id: u32, candidates: &[Near], layer: usize) {
        let wanted = if layer == 0 { self.m + self.m / 4 } else { self.m };
        let ordered = self.diverse(candidates, wanted);
        for near in &ordered {
            if self.links(id, layer).len() >= wanted {
                return;
            }
            self.connect(id, *near, layer, near.distance);
        }
        for near in &ordered {
            if self.links(id, layer).len() >= self.m / 2 {
                return;
            }
            if self.links(id, layer).iter().all(|link| link.id != near.id) {
                self.connect(id, *near, layer, f32::NEG_INFINITY);
            }
        }
        if self.links(id, layer).is_empty() {
            self.step_between(id, candidates, layer);
        }
    }

    /// The candidates in the order in which a newcomer asks them: first up to `wanted` that do not crowd, from the nearest on.
    fn diverse(&self, candidates: &[Near], wanted: usize) -> Vec<Near> {
        let mut chosen: Vec<Near> = Vec::with_capacity(candidates.len());
        let mut others = Vec::new();
        for near in candidates {
            let vector = self.vector(near.id);
            let bound = near.distance * CROWDED;
            if chosen.len() < wanted && chosen.iter().all(|other| bound < vector.distance(&self.vector(other.id))) {
                chosen.push(*near);
            } else {
                others.push(*near);
            }
        }
        chosen.append(&mut others);
        chosen
    }

    /// Links two nodes of a layer, if the second has room or can do without a neighbour that is farther than `than`.
    fn connect(&mut self, id: u32, near: Near, layer: usize, than: f32) {
        if self.links(near.id, layer).len() >= self.most(layer) {
            let Some(other) = self.dispensable(near.id, than, layer) else { return };
            self.cut(near.id, other.id, layer);
        }
        self.add_link(id, near, layer);
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
        let mut layers = Vec::from([core::mem::take(&mut self.lowest.row_mut(id)[0])]);
        layers.append(&mut self.nodes.entry_mut(id).value.above);
        for (layer, links) in layers.iter().enumerate() {
            for link in links.iter() {
                self.unpoint(link.id, id, layer);
            }
            self.mend(links, layer);
        }
        if self.entry == Some(id) {
            // Each layer is connected: whoever is as high as anybody is a neighbour on the highest layer that has others.
            let others = layers.iter().rev().find(|links| !links.is_empty());
            let highest = |near: &Near| self.level(near.id);
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
                    && let Some(other) = self.dispensable(full, f32::NEG_INFINITY, layer)
                {
                    self.cut(full, other.id, layer);
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
        self.vectors.swap_remove(id);
        self.lowest.swap_remove(id);
        if id != last {
            for layer in 0..=self.level(id) {
                for link in self.links(id, layer).to_vec() {
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

    /// Gives all nodes the links that somebody else made, from layer 0 up, nearest first, if they are all there both ways.
    pub fn adopt(&mut self, all: Vec<Vec<Links>>) -> bool {
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
            let mut layers = layers.into_iter();
            if let Some(lowest) = layers.next() {
                self.lowest.row_mut(id as u32)[0] = lowest;
            }
            self.nodes.entry_mut(id as u32).value.above = layers.collect();
        }
        true
    }
}

#[cfg(test)]
#[path = "hnsw_tests.rs"]
mod tests;
