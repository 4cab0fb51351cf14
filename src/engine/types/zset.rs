//! Sorted sets: members in order of score and, among equal scores, of their bytes.
//!
//! A small one is a sorted vector (Redis: a listpack of members and scores, in the same order); a larger one is a dictionary
//! from member to score and a tree of both with ranks (Redis: a dictionary and a skip list, whence the encoding's name). Every
//! range, of ranks, scores or names, becomes a range of ranks first.

use super::listpack;
use super::tree::{Score, Tree};
use crate::dict::Dict;
use crate::memory::{self, Buckets};
use crate::store::Store;
use crate::text::Text;
use alloc::vec::Vec;
use core::ops::Range;

/// Up to where the listpack serves, and the seed for a dictionary.
#[derive(Clone, Copy, Debug)]
pub struct ZsetLimits {
    pub entries: usize,
    pub value: usize,
    pub seed: u64,
}

impl ZsetLimits {
    pub fn of(db: &Store) -> ZsetLimits {
        ZsetLimits {
            entries: db.encodings.zset_max_listpack_entries,
            value: db.encodings.zset_max_listpack_value,
            seed: db.dict_seed(),
        }
    }
}

/// A member in its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranked {
    pub score: Score,
    pub member: Text,
}

/// One end of a range of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// Before all names.
    First,
    /// Behind all names.
    Last,
    Inclusive(&'a [u8]),
    Exclusive(&'a [u8]),
}

impl Name<'_> {
    /// Whether a name lies before a range that begins here.
    pub fn begins_behind(self, member: &[u8]) -> bool {
        match self {
            Name::First => false,
            Name::Last => true,
            Name::Inclusive(name) => member < name,
            Name::Exclusive(name) => member <= name,
        }
    }

    /// Whether a name lies before the end of a range that ends here.
    pub fn ends_behind(self, member: &[u8]) -> bool {
        match self {
            Name::First => false,
            Name::Last => true,
            Name::Inclusive(name) => member <= name,
            Name::Exclusive(name) => member < name,
        }
    }
}

/// One end of a range of scores.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    pub score: f64,
    pub exclusive: bool,
}

#[derive(Clone, Debug)]
pub struct SortedSet {
    encoding: Encoding,
    /// What the members take in Redis: bytes of a listpack, or [`memory::skiplist_node`]s.
    payload: u64,
}

#[derive(Clone, Debug)]
enum Encoding {
    Packed(Vec<Ranked>),
    Skiplist { scores: Dict<f64>, order: Tree<Ranked> },
}
use Encoding::{Packed, Skiplist};

impl Default for SortedSet {
    fn default() -> Self {
        SortedSet { encoding: Packed(Vec::new()), payload: 0 }
    }
}

impl SortedSet {
    /// The hash table, if there is one.
    pub(crate) fn table(&self) -> Option<memory::Table<'_>> {
        let Skiplist { scores, .. } = &self.encoding else { return None };
        Some(memory::Table { buckets: scores.buckets, keys: scores.iter().map(|entry| entry.key.as_bytes()).collect() })
    }

    pub fn encoding(&self) -> &'static str {
        match self.encoding {
            Packed(_) => "listpack",
            Skiplist { .. } => "skiplist",
        }
    }

    pub fn len(&self) -> usize {
        match &self.encoding {
            Packed(packed) => packed.len(),
            Skiplist { order, .. } => order.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.encoding {
            Packed(packed) => packed.iter().find(|ranked| &*ranked.member == member).map(|ranked| ranked.score.0),
            Skiplist { scores, .. } => scores.get(member).copied(),
        }
    }

    /// A member's rank and score.
    #[inline]
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        match &self.encoding {
            Packed(packed) => {
                let rank = packed.iter().position(|ranked| &*ranked.member == member)?;
                Some((rank, packed[rank].score.0))
            }
            Skiplist { scores, .. } => {
                let score = *scores.get(member)?;
                let wanted = (Score(score), member);
                Some((self.partition(|ranked| (ranked.score, &*ranked.member) < wanted), score))
            }
        }
    }

    /// How many members stand before the place that `before` describes: see [`Tree::partition`].
    pub fn partition(&self, before: impl Fn(&Ranked) -> bool) -> usize {
        match &self.encoding {
            Packed(packed) => packed.partition_point(before),
            Skiplist { order, .. } => order.partition(before),
        }
    }

    /// The ranks of a range of scores.
    pub fn by_score(&self, min: Bound, max: Bound) -> Range<usize> {
        let begin = self.partition(|ranked| {
            let score = ranked.score.0;
            score < min.score || min.exclusive && score == min.score
        });
        let end = self.partition(|ranked| {
            let score = ranked.score.0;
            score < max.score || !max.exclusive && score == max.score
        });
        begin..end.max(begin)
    }

    /// The ranks of a range of names. It is meant for members of equal score. Others are not in order of their names; then, as
    /// in Redis, the range ends where walking from its first end (or, in `reverse`, from its last) leaves it.
    pub fn by_name(&self, min: Name, max: Name, reverse: bool) -> Range<usize> {
        let (Some(first), Some(last)) = (self.get(0), self.get(self.len().wrapping_sub(1))) else { return 0..0 };
        if min.begins_behind(&last.member) || !max.ends_behind(&first.member) {
            return 0..0;
        }
        let in_order = first.score == last.score;
        let (mut begin, mut end) = match &self.encoding {
            Packed(packed) if !in_order => {
                let begin = packed.iter().position(|ranked| !min.begins_behind(&ranked.member));
                let last = packed.iter().rposition(|ranked| max.ends_behind(&ranked.member));
                (begin.unwrap_or(packed.len()), last.map_or(0, |last| last + 1))
            }
            _ => {
                let begin = self.partition(|ranked| min.begins_behind(&ranked.member));
                let end = self.partition(|ranked| max.ends_behind(&ranked.member));
                (begin, end)
            }
        };
        if !in_order && reverse {
            let inside = |ranked: &&Ranked| !min.begins_behind(&ranked.member);
            begin = end - self.walk(0..end, true).take_while(inside).count();
        } else if !in_order {
            let inside = |ranked: &&Ranked| max.ends_behind(&ranked.member);
            end = begin + self.walk(begin..self.len(), false).take_while(inside).count();
        }
        begin..end.max(begin)
    }

    pub fn get(&self, rank: usize) -> Option<&Ranked> {
        match &self.encoding {
            Packed(packed) => packed.get(rank),
            Skiplist { order, .. } => order.get(rank),
        }
    }

    /// The members of ranks in a range, `reverse` from its end to its beginning.
    pub fn walk(&self, ranks: Range<usize>, reverse: bool) -> impl Iterator<Item = &Ranked> {
        let count = ranks.len();
        let (mut packed_up, mut packed_down, mut up, mut down) = (None, None, None, None);
        match (&self.encoding, reverse) {
            (Packed(packed), false) => packed_up = Some(packed[ranks.start.min(packed.len())..].iter()),
            (Packed(packed), true) => packed_down = Some(packed[..ranks.end.min(packed.len())].iter().rev()),
            (Skiplist { order, .. }, false) => up = Some(order.iter_from(ranks.start)),
            (Skiplist { order, .. }, true) => down = Some(order.iter_back_from(ranks.end)),
        }
        packed_up
            .into_iter()
            .flatten()
            .chain(packed_down.into_iter().flatten())
            .chain(up.into_iter().flatten())
            .chain(down.into_iter().flatten())
            .take(count)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Ranked> {
        self.walk(0..self.len(), false)
    }

    /// Moves on to the skip list if so many members are announced, or one so long, that it will be one anyway.
    #[inline]
    pub fn expect(&mut self, announced: usize, longest: usize, limits: &ZsetLimits) {
        if announced > limits.entries || longest > limits.value {
            // Callers that only want a skip list announce more than there can be.
            self.make_skiplist(if announced == usize::MAX { 0 } else { announced }, limits);
        }
    }

    /// Gives a member a score; says whether the member is new.
    #[inline]
    pub fn set(&mut self, member: &[u8], score: f64, limits: &ZsetLimits) -> bool {
        let score = Score(score);
        match &mut self.encoding {
            Packed(packed) => {
                let old = packed.iter().position(|ranked| &*ranked.member == member);
                if old.is_none() && (packed.len() >= limits.entries || member.len() > limits.value) {
                    self.make_skiplist(0, limits);
                    return self.set(member, score.0, limits);
                }
                // A listpack keeps whole numbers as integers and so knows no negative zero.
                let score = Score(score.0 + 0.0);
                let ranked = match old {
                    Some(place) => {
                        let old = packed.remove(place);
                        self.payload -= packed_size(&old);
                        Ranked { score, ..old }
                    }
                    None => Ranked { score, member: Text::new(member) },
                };
                self.payload += packed_size(&ranked);
                let place = packed.partition_point(|other| *other < ranked);
                packed.insert(place, ranked);
                old.is_none()
            }
            Skiplist { scores, order } => match scores.find(member) {
                Some(id) => {
                    let entry = scores.entry_mut(id);
                    let old = core::mem::replace(&mut entry.value, score.0);
                    let member = entry.key.clone();
                    let ranked = Ranked { score: Score(old), member };
                    order.remove(&ranked);
                    order.insert(Ranked { score, ..ranked });
                    false
                }
                None => {
                    let member = Text::new(member);
                    order.insert(Ranked { score, member: member.clone() });
                    self.payload += memory::skiplist_node(member.len());
                    scores.push(member, score.0);
                    true
                }
            },
        }
    }

    pub fn make_skiplist(&mut self, announced: usize, limits: &ZsetLimits) {
        let Packed(packed) = &mut self.encoding else { return };
        let mut scores = Dict::new(limits.seed);
        scores.buckets = Buckets::for_entries(announced.max(packed.len() + 1));
        let mut order = Tree::default();
        self.payload = 0;
        for ranked in packed.drain(..) {
            self.payload += memory::skiplist_node(ranked.member.len());
            scores.push(ranked.member.clone(), ranked.score.0);
            order.insert(ranked);
        }
        self.encoding = Skiplist { scores, order };
    }

    /// Becomes small again if it can be, as Redis does with results that are stored.
    pub fn settle(&mut self, limits: &ZsetLimits) {
        if let Skiplist { order, .. } = &self.encoding
            && order.len() <= limits.entries
            && order.iter().all(|ranked| ranked.member.len() <= limits.value)
        {
            let whole = |ranked: &Ranked| Ranked { score: Score(ranked.score.0 + 0.0), member: ranked.member.clone() };
            let packed: Vec<Ranked> = order.iter().map(whole).collect();
            self.payload = packed.iter().map(packed_size).sum();
            self.encoding = Packed(packed);
        }
    }

    /// Removes a member; false when it was not there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.encoding {
            Packed(packed) => {
                let place = packed.iter().position(|ranked| &*ranked.member == member);
                place.map(|place| self.payload -= packed_size(&packed.remove(place))).is_some()
            }
            Skiplist { scores, order } => match scores.remove(member) {
                Some(entry) => {
                    self.payload -= memory::skiplist_node(entry.key.len());
                    order.remove(&Ranked { score: Score(entry.value), member: entry.key })
                }
                None => false,
            },
        }
    }

    /// Removes the members of a range of ranks.
    pub fn remove_ranks(&mut self, ranks: Range<usize>) {
        match &mut self.encoding {
            Packed(packed) => {
                let end = ranks.end.min(packed.len());
                let removed = packed.drain(ranks.start.min(end)..end);
                self.payload -= removed.map(|ranked| packed_size(&ranked)).sum::<u64>();
            }
            Skiplist { scores, order } => {
                for rank in ranks.clone().rev() {
                    if let Some(ranked) = order.remove_at(rank) {
                        self.payload -= memory::skiplist_node(ranked.member.len());
                        scores.remove(&ranked.member);
                    }
                }
            }
        }
    }

    /// One page of an iteration: see [`Dict::scan`]. A small set comes at once.
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<(&Text, f64)>) {
        match &self.encoding {
            Packed(packed) => (0, packed.iter().map(|ranked| (&ranked.member, ranked.score.0)).collect()),
            Skiplist { scores, .. } => {
                let (next, page) = scores.scan(cursor, count);
                (next, page.map(|entry| (&entry.key, entry.value)).collect())
            }
        }
    }
}

/// What a member and its score take in a listpack.
fn packed_size(ranked: &Ranked) -> u64 {
    let score = ranked.score.0;
    let whole = score as i64;
    let score = if whole as f64 == score && whole.unsigned_abs() < 1 << 52 {
        listpack::integer_size(whole)
    } else {
        listpack::entry_size(resp::number::double(score).as_bytes())
    };
    (listpack::entry_size(&ranked.member) + score) as u64
}

impl SortedSet {
    /// What the value takes in Redis, without the object that holds the key.
    pub(crate) fn allocated(&self) -> usize {
        match &self.encoding {
            Packed(_) => memory::listpack(self.payload as usize),
            Skiplist { scores, .. } => {
                memory::SKIPLIST + (self.payload / memory::NODE_SCALE) as usize + scores.buckets.allocated(scores.len())
            }
        }
    }

    /// What MEMORY USAGE counts of it.
    pub(crate) fn usage(&self, samples: usize) -> usize {
        match &self.encoding {
            Packed(_) => memory::LISTPACK + self.payload as usize,
            Skiplist { scores, order } => {
                let sampled = order.iter().map(|ranked| memory::skiplist_node(ranked.member.len()));
                let nodes = memory::extrapolate(sampled, samples, order.len()) / memory::NODE_SCALE;
                memory::SKIPLIST + memory::table_usage(scores.buckets, scores.len()) + nodes as usize
            }
        }
    }
}
