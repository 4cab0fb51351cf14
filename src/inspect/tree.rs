//! The keyspace as a tree: names are paths whose steps are cut at `:`.
//!
//! No tree is kept. The names stand in order, so a branch is a stretch of them, and where it ends is one search away: showing a
//! level costs what it shows, not what lies below.

use crate::index::Index;
use engine::Text;

/// At most so many lines of one level are shown; a filter narrows the rest.
const LEVEL: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    Branch { prefix: Text, depth: usize, keys: usize, open: bool },
    Key { name: Text, depth: usize },
    More { keys: usize, depth: usize },
}

/// The lines of the tree with these branches open.
pub fn lines(index: &Index, open: &[Text]) -> Vec<Leaf> {
    let mut out = Vec::new();
    level(index, open, 0, (0, index.len()), 0, &mut out);
    out
}

fn level(index: &Index, open: &[Text], cut: usize, (mut at, end): (usize, usize), depth: usize, out: &mut Vec<Leaf>) {
    let mut shown = 0;
    while at < end {
        if shown == LEVEL {
            out.push(Leaf::More { keys: end - at, depth });
            return;
        }
        shown += 1;
        let Some(name) = index.names(at, 1, false).pop() else { return };
        let step = name.get(cut..).and_then(|rest| rest.iter().position(|byte| *byte == b':'));
        let Some(step) = step else {
            out.push(Leaf::Key { name, depth });
            at += 1;
            continue;
        };
        let prefix = &name[..=cut + step];
        // `;` is what comes after `:`, so this is behind everything that begins with the prefix.
        let mut behind = prefix.to_vec();
        if let Some(last) = behind.last_mut() {
            *last += 1;
        }
        let next = index.first_from(&behind).min(end);
        if next - at == 1 {
            // A branch with one key says no more than the key.
            out.push(Leaf::Key { name, depth });
        } else {
            let is_open = open.iter().any(|open| **open == *prefix);
            out.push(Leaf::Branch { prefix: Text::new(prefix), depth, keys: next - at, open: is_open });
            if is_open {
                level(index, open, prefix.len(), (at, next), depth + 1, out);
            }
        }
        at = next;
    }
}
