//! Who refers to whom in a module: functions and pieces of data, and what is reached from where.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Range;

use super::linked::{Linked, Piece, Target};
use super::rules::{Rule, Said};
use super::wasm::{self, Kind, Module, Segment};
use crate::Outcome;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    Function(u32),
    Data(usize),
}

/// Who refers to whom, functions by their numbers in the whole.
#[derive(Debug)]
pub struct Graph {
    pub imported: u32,
    pub functions: Vec<Vec<Node>>,
    pub pieces: Vec<Piece>,
    /// For every piece, what it refers to and at which offset.
    pub data: Vec<Vec<(u32, Node)>>,
}

impl Graph {
    pub fn of(whole: &Module, linked: &Linked, names: &[(u32, String)]) -> Outcome<Graph> {
        let imported = whole.imported(Kind::Function).count() as u32;
        // wasm-bindgen numbers functions anew and keeps their names.
        let now: HashMap<&str, u32> = names.iter().map(|(index, name)| (name.as_str(), *index)).collect();
        let node = |target: &Target| match target {
            Target::Function(index) => Some(Node::Function(*now.get(linked.names.get(index)?.as_str())?)),
            Target::Data(piece) => Some(Node::Data(*piece)),
        };
        let mut functions = vec![Vec::new(); imported as usize];
        for body in &whole.bodies {
            let calls = wasm::references(body)?.into_iter().filter(|reference| reference.kind == Kind::Function);
            functions.push(calls.map(|reference| Node::Function(reference.index)).collect());
        }
        for (index, targets) in &linked.code {
            if let Some(now) = linked.names.get(index).and_then(|name| now.get(name.as_str())) {
                functions[*now as usize].extend(targets.iter().filter_map(node));
            }
        }
        let data = linked.pieces.iter().map(|piece| {
            piece.refers.iter().filter_map(|(offset, target)| Some((*offset, node(target)?))).collect::<Vec<_>>()
        });
        let data = data.collect();
        Ok(Graph { imported, functions, pieces: linked.pieces.clone(), data })
    }

    /// What is reached from `roots`, where `passes` says from what one may go on to what.
    pub fn reached(
        &self,
        roots: impl Iterator<Item = Node>,
        passes: impl Fn(Option<(usize, u32)>, Node) -> bool,
    ) -> Reached {
        let mut reached = Reached::default();
        let mut open: Vec<Node> = roots.filter(|root| passes(None, *root)).collect();
        while let Some(node) = open.pop() {
            match node {
                Node::Function(index) if index >= self.imported && reached.functions.insert(index) => {
                    open.extend(self.functions[index as usize].iter().filter(|next| passes(None, **next)));
                }
                Node::Data(piece) if reached.data.insert(piece) => {
                    let on = self.data[piece].iter().filter(|(offset, next)| passes(Some((piece, *offset)), *next));
                    open.extend(on.map(|(_, next)| *next));
                }
                _ => {}
            }
        }
        reached
    }
}

impl Graph {
    /// Where in a table of commands the sentences of those rows are whose function does not stay. A row's length is not written
    /// anywhere; the distances between the functions are multiples of it.
    pub fn late_sentences(&self, whole: &Module, table: usize, said: &Said, stay: &BTreeSet<u32>) -> Vec<(usize, u32)> {
        let refers = &self.data[table];
        let handler = |node: &Node| matches!(node, Node::Function(function) if matches!(said.function(*function), Some(Rule::Late | Rule::Stay | Rule::Inline)));
        let places: Vec<u32> = refers.iter().filter(|(_, node)| handler(node)).map(|(offset, _)| *offset).collect();
        let row = places.windows(2).fold(0, |row, pair| divisor(row, pair[1] - pair[0])).max(1);
        let late: BTreeSet<u32> = refers
            .iter()
            .filter(|(_, node)| handler(node) && matches!(node, Node::Function(function) if !stay.contains(function)))
            .map(|(offset, _)| offset / row)
            .collect();
        let is_sentence = |node: &Node| matches!(node, Node::Data(piece) if self.is_sentence(whole, *piece));
        let texts = refers.iter().filter(|(offset, node)| late.contains(&(offset / row)) && is_sentence(node));
        texts.map(|(offset, _)| (table, *offset)).collect()
    }

    /// Whether a piece holds a sentence, or several: that begins with a capital and has blanks in it.
    fn is_sentence(&self, whole: &Module, piece: usize) -> bool {
        let at = &self.pieces[piece].at;
        let refers = &self.data[piece];
        if !refers.is_empty() {
            return refers.iter().all(|(_, node)| matches!(node, Node::Data(part) if self.data[*part].is_empty()));
        }
        let bytes: Vec<u8> = cut(&whole.data, at, &[]).into_iter().flat_map(|segment| segment.bytes).collect();
        bytes.first().is_some_and(u8::is_ascii_uppercase) && bytes.contains(&b' ')
    }
}

fn divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// The shortest way from roots to a function that is wanted, through what has been reached.
pub fn way(graph: &Graph, roots: &[Node], reached: &Reached, wanted: impl Fn(u32) -> bool) -> Vec<Node> {
    let mut from: HashMap<Node, Option<Node>> = roots.iter().map(|root| (*root, None)).collect();
    let mut open: VecDeque<Node> = roots.iter().copied().collect();
    while let Some(node) = open.pop_front() {
        if matches!(node, Node::Function(index) if wanted(index)) {
            let mut way = vec![node];
            while let Some(before) = from.get(&way[way.len() - 1]).copied().flatten() {
                way.push(before);
            }
            way.reverse();
            return way;
        }
        let next: Vec<Node> = match node {
            Node::Function(index) => graph.functions[index as usize].clone(),
            Node::Data(piece) => graph.data[piece].iter().map(|(_, node)| *node).collect(),
        };
        for next in next {
            let is_reached = match next {
                Node::Function(index) => reached.functions.contains(&index),
                Node::Data(piece) => reached.data.contains(&piece),
            };
            if is_reached && !from.contains_key(&next) {
                from.insert(next, Some(node));
                open.push_back(next);
            }
        }
    }
    Vec::new()
}

#[derive(Debug, Default)]
pub struct Reached {
    pub functions: BTreeSet<u32>,
    pub data: BTreeSet<usize>,
}

/// Ranges in their order, those that touch made one.
pub fn joined(ranges: impl Iterator<Item = Range<u32>>) -> Vec<Range<u32>> {
    let mut ranges: Vec<Range<u32>> = ranges.filter(|range| !range.is_empty()).collect();
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u32>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

pub fn lies_in(ranges: &[Range<u32>], address: u32) -> bool {
    let at = ranges.partition_point(|range| range.end <= address);
    ranges.get(at).is_some_and(|range| range.contains(&address))
}

/// The data of a range of addresses, without what lies in `not`.
pub fn cut(data: &[Segment], range: &Range<u32>, not: &[Range<u32>]) -> Vec<Segment> {
    let mut cut: Vec<Segment> = Vec::new();
    for segment in data {
        for (address, byte) in (segment.address..).zip(&segment.bytes) {
            if !range.contains(&address) || lies_in(not, address) {
                continue;
            }
            match cut.last_mut() {
                Some(last) if last.address + last.bytes.len() as u32 == address => last.bytes.push(*byte),
                _ => cut.push(Segment { address, bytes: vec![*byte] }),
            }
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn ranges_that_touch_are_one() {
        assert_eq!(joined([5..7, 1..3, 3..4, 9..9].into_iter()), [1..4, 5..7]);
    }
}
