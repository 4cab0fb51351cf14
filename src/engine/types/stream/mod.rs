//! Streams: a log of entries, ordered by id, that is appended to, read in ranges, trimmed at its beginning, and shared out to
//! groups of consumers.
//!
//! Entries live in nodes (`node.rs`) under a tree by the nodes' ids, shared copy-on-write: appending touches the last node, finding an
//! id walks one path and one node. A stream never forgets its last id, nor how many entries it ever had, nor the greatest id
//! that was deleted from its middle; from these follows how far behind a group is without counting (`lag`). Redis
//! (t_stream.c) keeps the nodes in a radix tree and calls their listpacks macro nodes.

mod group;
mod id;
mod idempotency;
mod node;
mod size;
#[cfg(test)]
mod tests;
mod trim;

pub use group::{Consumer, Group, Pending, UNKNOWN};
pub use id::{IdText, StreamId, Wanted};
pub use idempotency::{Idempotency, Mark, Producer};
pub use node::{Entry, Node, Placed};
pub use trim::{Keep, Threshold, Trim};

use crate::text::Text;
use crate::types::Tree;
use alloc::rc::Rc;
use alloc::vec::Vec;

/// How large nodes may grow, from `stream-node-max-bytes` and `-entries`; 0 is no limit.
#[derive(Clone, Copy, Debug)]
pub struct NodeLimits {
    pub bytes: usize,
    pub entries: usize,
}

/// Whatever the limits say, a listpack ends here.
const LARGEST_NODE: usize = 1 << 30;

#[derive(Clone, Debug, Default)]
pub struct Stream {
    nodes: Tree<Placed>,
    /// The bytes of all nodes' listpacks.
    bytes: usize,
    len: usize,
    pub last_id: StreamId,
    /// The first entry that is there; 0-0 when there is none.
    pub first_id: StreamId,
    /// The greatest id that was deleted by itself.
    pub max_deleted_id: StreamId,
    pub entries_added: u64,
    groups: Vec<(Text, Rc<Group>)>,
    pub idempotency: Idempotency,
    left: Left,
}

/// What Redis' trees keep of what went.
#[derive(Clone, Copy, Debug, Default)]
struct Left {
    /// There was an entry.
    nodes: bool,
    /// A group that had something pending was removed.
    pending: bool,
    /// The length of the name of the group that was removed last.
    group: Option<usize>,
}

impl Stream {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    // ---- entries ----------------------------------------------------------------------------------------------------

    /// The id that an entry gets that is added now; none when there is none left, or when it would not be the greatest.
    pub fn next_id(&self, wanted: Wanted, now: u64) -> Option<StreamId> {
        let last = self.last_id;
        let id = match wanted {
            Wanted::Automatic if now > last.ms => StreamId { ms: now, seq: 0 },
            Wanted::Automatic => last.next()?,
            Wanted::Within(ms) if ms == last.ms => StreamId { ms, seq: last.seq.checked_add(1)? },
            Wanted::Within(ms) => StreamId { ms, seq: 0 },
            Wanted::Exactly(id) => id,
        };
        (id > last).then_some(id)
    }

    /// Appends an entry of fields and values in turn, with an id greater than all before.
    pub fn push<'a>(
        &mut self,
        id: StreamId,
        pairs: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
        limits: NodeLimits,
    ) {
        let fields = pairs.len() / 2;
        let bytes: usize = pairs.clone().map(<[u8]>::len).sum();
        let mut grown = 0;
        let has_room = |placed: &mut Placed| {
            let most = if limits.bytes == 0 { LARGEST_NODE } else { limits.bytes.min(LARGEST_NODE) };
            let node = &placed.node;
            let full = limits.entries > 0 && node.count + node.deleted >= limits.entries;
            if full || node.size() + bytes >= most {
                return false;
            }
            let before = node.size();
            let node = Rc::make_mut(&mut placed.node);
            node.push(placed.id, id, pairs.clone(), fields);
            grown = node.size() - before;
            true
        };
        let last = self.nodes.len().wrapping_sub(1);
        if self.nodes.change(last, has_room) != Some(true) {
            let mut node = Node::for_fields(pairs.clone(), fields);
            node.push(id, id, pairs, fields);
            grown = node.size();
            self.nodes.insert(Placed { id, node: Rc::new(node) });
            self.left.nodes = true;
        }
        self.bytes += grown;
        self.len += 1;
        self.entries_added = self.entries_added.wrapping_add(1);
        self.last_id = id;
        if self.len == 1 {
            self.first_id = id;
        }
    }

    /// The rank of the node that holds an id or would hold it, plus one.
    fn node_of(&self, id: StreamId) -> usize {
        self.nodes.partition(|placed| placed.id <= id)
    }

    pub fn find(&self, id: StreamId) -> Option<Entry<'_>> {
        let placed = self.nodes.get(self.node_of(id).checked_sub(1)?)?;
        placed.node.find(placed.id, id)
    }

    /// The entries from one id to another, both included.
    pub fn range(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let nodes = self.nodes.iter_from(self.node_of(start).saturating_sub(1));
        nodes
            .take_while(move |placed| placed.id <= end)
            .flat_map(|placed| placed.node.entries(placed.id))
            .filter(move |entry| !entry.deleted && entry.id >= start)
            .take_while(move |entry| entry.id <= end)
    }

    /// The same, last one first.
    pub fn range_back(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let nodes = self.nodes.iter_back_from(self.node_of(end));
        nodes
            .flat_map(|placed| placed.node.entries_back(placed.id))
            .filter(move |entry| !entry.deleted && entry.id <= end)
            .take_while(move |entry| entry.id >= start)
    }

    pub fn first(&self) -> Option<Entry<'_>> {
        self.range(StreamId::MIN, StreamId::MAX).next()
    }

    pub fn last(&self) -> Option<Entry<'_>> {
        self.range_back(StreamId::MIN, StreamId::MAX).next()
    }

    /// Deletes an entry; false when it was not there.
    pub fn delete(&mut self, id: StreamId) -> bool {
        if !self.take_out(id, true) {
            return false;
        }
        self.max_deleted_id = self.max_deleted_id.max(id);
        if id == self.first_id {
            self.find_first();
        }
        true
    }

    /// Takes an entry out of its node, and the node out of the stream if it was the last one and `emptied_goes`.
    fn take_out(&mut self, id: StreamId, emptied_goes: bool) -> bool {
        let Some(rank) = self.node_of(id).checked_sub(1) else { return false };
        if self.nodes.get(rank).is_none_or(|placed| placed.node.find(placed.id, id).is_none()) {
            return false;
        }
        let delete = |placed: &mut Placed| {
            let node = Rc::make_mut(&mut placed.node);
            let before = node.size();
            node.delete(placed.id, id);
            (node.count, before, node.size())
        };
        let Some((left, before, after)) = self.nodes.change(rank, delete) else { return false };
        self.bytes = self.bytes + after - before;
        if left == 0 && emptied_goes {
            self.remove_node(rank);
        }
        self.len -= 1;
        true
    }

    fn remove_node(&mut self, rank: usize) {
        if let Some(placed) = self.nodes.remove_at(rank) {
            self.bytes -= placed.node.size().min(self.bytes);
        }
    }

    fn find_first(&mut self) {
        self.first_id = self.first().map_or(StreamId::MIN, |entry| entry.id);
    }

    /// The nodes, for whoever writes or measures them.
    pub fn nodes(&self) -> &Tree<Placed> {
        &self.nodes
    }

    /// A stream out of nodes that were read; none when they are out of order.
    pub fn from_nodes(nodes: Vec<Placed>) -> Option<Stream> {
        let mut stream = Stream::default();
        let mut last = None;
        for placed in nodes {
            if last.is_some_and(|last| placed.id <= last) {
                return None;
            }
            last = placed.node.entries_back(placed.id).map(|entry| entry.id).next();
            stream.len += placed.node.count;
            stream.bytes += placed.node.size();
            stream.nodes.insert(placed);
            stream.left.nodes = true;
        }
        stream.last_id = last.unwrap_or_default();
        stream.find_first();
        Some(stream)
    }

    // ---- groups -----------------------------------------------------------------------------------------------------

    fn group_place(&self, name: &[u8]) -> Result<usize, usize> {
        self.groups.binary_search_by(|(other, _)| (**other).cmp(name))
    }

    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.group_place(name).ok().map(|place| &*self.groups[place].1)
    }

    pub fn group_mut(&mut self, name: &[u8]) -> Option<&mut Group> {
        let place = self.group_place(name).ok()?;
        Some(Rc::make_mut(&mut self.groups[place].1))
    }

    /// Adds a group; false when there is one of that name.
    pub fn add_group(&mut self, name: &[u8], group: Group) -> bool {
        let place = self.group_place(name);
        if let Err(place) = place {
            self.groups.insert(place, (Text::new(name), Rc::new(group)));
        }
        place.is_err()
    }

    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        let place = self.group_place(name);
        if let Ok(place) = place {
            let (name, group) = self.groups.remove(place);
            self.left.group = Some(name.len());
            self.left.pending |= group.had_pending;
        }
        place.is_ok()
    }

    /// All groups in the order of their names.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&Text, &Group)> {
        self.groups.iter().map(|(name, group)| (name, &**group))
    }

    /// Whether a group has yet to read an entry or to acknowledge it.
    pub fn is_referenced(&self, id: StreamId) -> bool {
        self.groups.iter().any(|(_, group)| id > group.last_id || group.pending(id).is_some())
    }

    /// Lets all groups forget that an entry is pending.
    pub fn forget(&mut self, id: StreamId) {
        for (_, group) in &mut self.groups {
            if group.pending(id).is_some() {
                Rc::make_mut(group).remove(id);
            }
        }
    }

    // ---- how far behind ---------------------------------------------------------------------------------------------

    /// Whether what is behind an id is all there, so that entries can be counted from there on: nothing was trimmed behind it, and
    /// nothing deleted from the middle.
    fn counts_behind(&self, id: StreamId) -> bool {
        let has_tombstone = self.len > 0 && self.max_deleted_id != StreamId::MIN && id <= self.max_deleted_id;
        id >= self.first_id && !has_tombstone
    }

    /// How many entries the stream's history has up to an id, as far as that can be told without counting.
    pub fn entries_up_to(&self, id: StreamId) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last_id {
            return Some(self.entries_added);
        }
        if id >= self.last_id {
            return (id == self.last_id).then_some(self.entries_added);
        }
        let gone = self.entries_added.wrapping_sub(self.len as u64);
        if self.max_deleted_id != StreamId::MIN && self.max_deleted_id >= self.first_id || id > self.first_id {
            return None;
        }
        Some(if id == self.first_id { gone.wrapping_add(1) } else { gone })
    }

    /// How many entries a group that has read up to `last_id`, which were `entries_read`, has before it.
    pub fn lag(&self, group: &Group) -> Option<i64> {
        if self.entries_added == 0 || self.len == 0 {
            return Some(0);
        }
        let read = if group.entries_read != UNKNOWN && self.counts_behind(group.last_id) {
            group.entries_read as u64
        } else {
            self.entries_up_to(group.last_id)?
        };
        Some(self.entries_added.wrapping_sub(read) as i64)
    }

    /// What a group's number of entries read becomes when it reads on from `last_id` to the next entry, `id`.
    pub fn read_on(&self, last_id: StreamId, entries_read: i64, id: StreamId) -> i64 {
        if entries_read != UNKNOWN && self.counts_behind(last_id) {
            entries_read.wrapping_add(1)
        } else if self.entries_added > 0 {
            self.entries_up_to(id).map_or(UNKNOWN, |entries| entries as i64)
        } else {
            entries_read
        }
    }
}
