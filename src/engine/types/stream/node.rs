//! A node of a stream: up to a hundred entries in one listpack, in Redis' own layout.
//!
//! The listpack begins with the master entry: the fields of the node's first entry. An entry is its flags, its id as two
//! differences from the node's, its fields and values (only the values, if the fields are the master entry's, which is the usual
//! case), and how many elements that were, for whoever reads backwards. A deleted entry is only marked as such; the node
//! goes when all are. The layout is Redis', because where nodes end, and so what approximate trimming removes, depends
//! on their size in bytes, and because a dump consists of nodes. The two counts that stand at the head of Redis' listpack are
//! numbers here: they change with every entry.

use super::id::StreamId;
use crate::types::listpack::{Element, Listpack, integer_size};
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cmp::Ordering;

const DELETED: i64 = 1;
const SAME_FIELDS: i64 = 2;

#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Entries, and marks of deleted ones.
    pub count: usize,
    pub deleted: usize,
    /// The number of the master entry's fields.
    fields: usize,
    /// Where the first entry stands.
    first: usize,
    pack: Listpack,
}

/// A node in its place: its id is that of the first entry that it was made for.
#[derive(Clone, Debug)]
pub struct Placed {
    pub id: StreamId,
    pub node: Rc<Node>,
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Placed {}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}

/// An entry where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub id: StreamId,
    pub deleted: bool,
    /// How many fields it has.
    pub fields: usize,
    same: bool,
    node: &'a Node,
    place: usize,
    /// Where its fields begin.
    body: usize,
}

impl<'a> Entry<'a> {
    /// Fields and values in turn.
    pub fn pairs(&self) -> impl Iterator<Item = (Element<'a>, Element<'a>)> + use<'a> {
        let mut own = self.node.pack.iter_from(self.body);
        let mut masters = self.node.pack.iter();
        // The number of fields stands before them.
        masters.next();
        let same = self.same;
        (0..self.fields).map_while(move |_| {
            let field = if same { masters.next()? } else { own.next()? };
            Some((field, own.next()?))
        })
    }

    fn end(&self) -> Option<usize> {
        let elements = if self.same { self.fields } else { 2 * self.fields };
        let mut place = self.body;
        // One more says how many elements that were.
        for _ in 0..=elements {
            place = self.node.pack.skip(place)?;
        }
        Some(place)
    }
}

impl Node {
    /// A node for an entry with these fields (and values, in turn).
    pub fn for_fields<'a>(pairs: impl Iterator<Item = &'a [u8]>, fields: usize) -> Node {
        let mut pack = Listpack::default();
        pack.push_integer(fields as i64);
        for field in pairs.step_by(2) {
            pack.push_back(field);
        }
        pack.push_integer(0);
        Node { fields, first: pack.end(), pack, ..Node::default() }
    }

    /// The size that Redis counts for the listpack.
    pub fn size(&self) -> usize {
        self.pack.size() + integer_size(self.count as i64) + integer_size(self.deleted as i64)
    }

    /// The elements of the listpack from the number of fields on.
    pub fn pack(&self) -> &Listpack {
        &self.pack
    }

    /// Appends an entry of fields and values in turn.
    pub fn push<'a>(
        &mut self,
        own: StreamId,
        id: StreamId,
        pairs: impl Iterator<Item = &'a [u8]> + Clone,
        fields: usize,
    ) {
        let same = fields == self.fields && {
            let mut masters = self.pack.iter();
            masters.next();
            pairs.clone().step_by(2).all(|field| masters.next().is_some_and(|master| master.is(field)))
        };
        let elements = if same { fields + 3 } else { 2 * fields + 4 };
        let pack = &mut self.pack;
        pack.push_integer(if same { SAME_FIELDS } else { 0 });
        pack.push_integer(id.ms.wrapping_sub(own.ms) as i64);
        pack.push_integer(id.seq.wrapping_sub(own.seq) as i64);
        if same {
            for value in pairs.skip(1).step_by(2) {
                pack.push_back(value);
            }
        } else {
            pack.push_integer(fields as i64);
            for element in pairs {
                pack.push_back(element);
            }
        }
        pack.push_integer(elements as i64);
        self.count += 1;
    }

    /// The entry at a place, and where the next one begins.
    #[inline]
    fn read(&self, own: StreamId, place: usize) -> Option<(Entry<'_>, usize)> {
        let integer = |place| self.pack.read(place).and_then(|(element, next)| Some((element.integer()?, next)));
        let (flags, next) = integer(place)?;
        let (ms, next) = integer(next)?;
        let (seq, mut body) = integer(next)?;
        let same = flags & SAME_FIELDS != 0;
        let mut fields = self.fields;
        if !same {
            let count;
            (count, body) = integer(body)?;
            fields = usize::try_from(count).ok()?;
        }
        let id = StreamId { ms: own.ms.wrapping_add(ms as u64), seq: own.seq.wrapping_add(seq as u64) };
        let entry = Entry { id, deleted: flags & DELETED != 0, fields, same, node: self, place, body };
        let end = entry.end()?;
        Some((entry, end))
    }

    /// All entries, those marked as deleted included.
    pub fn entries(&self, own: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let mut place = self.first;
        core::iter::from_fn(move || {
            let (entry, next) = self.read(own, place)?;
            place = next;
            Some(entry)
        })
    }

    /// The same, last one first.
    pub fn entries_back(&self, own: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let mut end = self.pack.end();
        core::iter::from_fn(move || {
            if end <= self.first {
                return None;
            }
            let mut place = self.pack.before(end)?;
            let elements = self.pack.read(place)?.0.integer()?;
            for _ in 0..elements {
                place = self.pack.before(place)?;
            }
            end = place;
            self.read(own, place).map(|(entry, _)| entry)
        })
    }

    /// Where the entry of an id stands, if it is there and not deleted.
    pub fn find(&self, own: StreamId, id: StreamId) -> Option<Entry<'_>> {
        self.entries(own).take_while(|entry| entry.id <= id).find(|entry| entry.id == id && !entry.deleted)
    }

    /// Marks the entry of an id as deleted; false when there is none.
    pub fn delete(&mut self, own: StreamId, id: StreamId) -> bool {
        let Some((place, same)) = self.find(own, id).map(|entry| (entry.place, entry.same)) else { return false };
        let flags = if same { DELETED | SAME_FIELDS } else { DELETED };
        self.pack.replace(place, &[b'0' + flags as u8]);
        self.count -= 1;
        self.deleted += 1;
        true
    }

    /// A node out of the elements of Redis' listpack; none when they contradict each other.
    pub fn from_elements(own: StreamId, elements: &[Vec<u8>]) -> Option<Node> {
        let number = |at: usize| resp::number::parse_integer(elements.get(at)?);
        let size = |at: usize| usize::try_from(number(at)?).ok();
        let (count, deleted, fields) = (size(0)?, size(1)?, size(2)?);
        let first = fields.checked_add(3)?;
        if number(first)? != 0 {
            return None;
        }
        let mut pack = Listpack::default();
        for element in &elements[2..=first] {
            pack.push_back(element);
        }
        let mut node = Node { count, deleted, fields, first: pack.end(), pack };
        for element in &elements[first + 1..] {
            node.pack.push_back(element);
        }
        // Whatever the elements claim, reading must come to the end and find as many entries as the head says.
        let (mut place, mut last) = (node.first, None);
        let (mut live, mut marked) = (0, 0);
        while place < node.pack.end() {
            let (entry, next) = node.read(own, place)?;
            let elements = if entry.same { entry.fields + 3 } else { 2 * entry.fields + 4 };
            let counted = node.pack.read(node.pack.before(next)?)?.0.integer()?;
            if last.is_some_and(|last| entry.id <= last) || entry.id < own || counted != elements as i64 {
                return None;
            }
            if entry.deleted {
                marked += 1;
            } else {
                live += 1;
            }
            (place, last) = (next, Some(entry.id));
        }
        (live == count && marked == deleted).then_some(node)
    }
}
