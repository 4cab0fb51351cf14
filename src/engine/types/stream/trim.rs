//! Trimming: entries leave at the beginning, down to a length or up to an id.
//!
//! Exact trimming deletes what it must. Approximate trimming (`~`) only takes whole nodes, which costs next to nothing, and at
//! most so many entries at a time. What groups still have pending may be left alone (KEEPREF), forgotten with the entry (DELREF),
//! or save it from being trimmed (ACKED).

use super::id::StreamId;
use super::{Placed, Stream};

/// What trimming and deleting do about entries that groups refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    References,
    Nothing,
    Unacknowledged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    Length(u64),
    Id(StreamId),
}

#[derive(Clone, Copy, Debug)]
pub struct Trim {
    pub threshold: Threshold,
    pub approximate: bool,
    /// The most entries that go at a time; 0 is no limit. Approximate trimming only.
    pub limit: u64,
    pub keep: Keep,
}

impl Stream {
    /// Removes entries at the beginning and says how many.
    pub fn trim(&mut self, trim: &Trim) -> usize {
        let mut removed = 0;
        let mut rank = 0;
        while let Some(placed) = self.nodes.get(rank) {
            if self.is_short_enough(trim.threshold) {
                break;
            }
            let count = placed.node.count;
            if trim.limit > 0 && (removed + count) as u64 > trim.limit {
                break;
            }
            let goes = match trim.threshold {
                Threshold::Length(most) => (self.len - count) as u64 >= most,
                Threshold::Id(least) => placed.node.entries_back(placed.id).next().is_none_or(|last| last.id < least),
            };
            if goes && trim.keep == Keep::References {
                self.remove_node(rank);
                self.len -= count;
                removed += count;
                continue;
            }
            // Where references matter, Redis looks at entries one by one even if only asked for about so many.
            if !goes && trim.approximate && trim.keep == Keep::References {
                break;
            }
            removed += self.trim_node(rank, trim);
            if !goes {
                break;
            }
            if self.nodes.get(rank).is_some_and(|placed| placed.node.count == 0) {
                self.remove_node(rank);
            } else {
                rank += 1;
            }
        }
        if removed > 0 {
            self.find_first();
        }
        removed
    }

    fn is_short_enough(&self, threshold: Threshold) -> bool {
        match threshold {
            Threshold::Length(most) => self.len as u64 <= most,
            Threshold::Id(_) => false,
        }
    }

    /// Removes the entries of one node that lie before the threshold and may go. Redis leaves a node that is emptied by that, unless it
    /// lay before the threshold as a whole: marks of deleted entries behind the threshold keep it.
    fn trim_node(&mut self, rank: usize, trim: &Trim) -> usize {
        let mut removed = 0;
        let mut at = StreamId::MIN;
        loop {
            if self.is_short_enough(trim.threshold) {
                return removed;
            }
            let found = self.nodes.get(rank).and_then(|placed: &Placed| {
                placed
                    .node
                    .entries(placed.id)
                    .map(|entry| (entry.id, entry.deleted))
                    .find(|&(id, deleted)| !deleted && id >= at)
            });
            let Some((id, _)) = found else { return removed };
            if matches!(trim.threshold, Threshold::Id(least) if id >= least) {
                return removed;
            }
            let Some(next) = id.next() else { return removed };
            at = next;
            if trim.keep == Keep::Unacknowledged && self.is_referenced(id) {
                continue;
            }
            if trim.keep == Keep::Nothing {
                self.forget(id);
            }
            removed += usize::from(self.take_out(id, false));
        }
    }
}
