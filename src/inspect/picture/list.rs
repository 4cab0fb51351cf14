//! A list as the chain of its nodes.

use crate::change::Kept;
use crate::preview::Part;
use crate::text::short;
use engine::types::{End, List};
use std::ops::Range;

/// A node of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// The position of its first element.
    pub first: usize,
    pub len: usize,
    pub bytes: usize,
    /// It holds one element too large to share a node.
    pub plain: bool,
    /// It lies deeper inside than `list-compress-depth` leaves alone, so Redis keeps it compressed.
    pub compressed: bool,
}

pub fn nodes(list: &List, compress_depth: i64) -> Vec<Node> {
    // What is smaller than this is never compressed.
    const LEAST: usize = 48;
    let count = list.nodes();
    let depth = usize::try_from(compress_depth).unwrap_or(0);
    let mut first = 0;
    let nodes = list.node_contents().enumerate().map(|(at, node)| {
        let (len, bytes, plain) = match node {
            Ok(packed) => (packed.len(), packed.size(), false),
            Err(bytes) => (1, bytes.len(), true),
        };
        let inside = depth > 0 && at >= depth && at + depth < count;
        first += len;
        Node { first: first - len, len, bytes, plain, compressed: inside && bytes >= LEAST }
    });
    nodes.collect()
}

pub fn elements(list: &List, kept: Kept, range: Range<usize>) -> Vec<Part> {
    let elements = list.walk(End::Left, range.start).take(range.len()).enumerate();
    elements
        .map(|(at, element)| Part { text: short(&element.text(), 300), fresh: kept.is_fresh(range.start + at) })
        .collect()
}
