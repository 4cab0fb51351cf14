//! What XADD remembers so that a message sent twice is added once (IDMP).
//!
//! A producer marks each message with an id of its own. For each producer the stream keeps the last so many of these marks with the
//! id that the message got; a mark is forgotten when there are too many or when it is too old, and its age is that of the id,
//! which the server gave it. Redis does it so since 8.6.

use super::id::StreamId;
use super::size::{MARK, PLACED_MARK, PLACED_PRODUCER, PRODUCER, TABLES};
use crate::memory::allocator;
use crate::text::Text;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;

/// A message that was added.
#[derive(Clone, Debug)]
pub struct Mark {
    pub name: Text,
    pub id: StreamId,
    /// When it was put down, in milliseconds since the epoch.
    recorded: i64,
}

impl Mark {
    fn bytes(&self) -> usize {
        allocator::class(MARK + self.name.len())
    }
}

/// What one producer sent, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Producer {
    pub marks: VecDeque<Mark>,
}

#[derive(Clone, Debug)]
pub struct Idempotency {
    /// For how long marks are remembered, in seconds, and how many of a producer.
    pub duration: i64,
    pub maxsize: i64,
    producers: Vec<(Text, Rc<Producer>)>,
    /// How many marks there are, and what they take in Redis.
    marks: usize,
    mark_bytes: usize,
    pub added: u64,
    pub duplicates: u64,
}

impl Default for Idempotency {
    fn default() -> Self {
        Idempotency {
            duration: 100,
            maxsize: 100,
            producers: Vec::new(),
            marks: 0,
            mark_bytes: 0,
            added: 0,
            duplicates: 0,
        }
    }
}

impl Idempotency {
    pub fn producers(&self) -> impl ExactSizeIterator<Item = (&Text, &Producer)> {
        self.producers.iter().map(|(name, producer)| (name, &**producer))
    }

    fn place(&self, producer: &[u8]) -> Result<usize, usize> {
        self.producers.binary_search_by(|(name, _)| (**name).cmp(producer))
    }

    /// The id that a message already has.
    pub fn find(&self, producer: &[u8], mark: &[u8]) -> Option<StreamId> {
        let place = self.place(producer).ok()?;
        self.producers[place].1.marks.iter().find(|known| *known.name == *mark).map(|known| known.id)
    }

    /// Remembers a message's mark.
    pub fn remember(&mut self, producer: &[u8], mark: &[u8], id: StreamId, now: i64) {
        let place = self.place(producer).unwrap_or_else(|place| {
            self.producers.insert(place, (Text::new(producer), Rc::default()));
            place
        });
        let marks = &mut Rc::make_mut(&mut self.producers[place].1).marks;
        while marks.len() as i64 >= self.maxsize.max(1)
            && let Some(gone) = marks.pop_front()
        {
            self.marks -= 1;
            self.mark_bytes -= gone.bytes();
        }
        let mark = Mark { name: Text::new(mark), id, recorded: now };
        self.marks += 1;
        self.mark_bytes += mark.bytes();
        marks.push_back(mark);
    }

    /// Whether a mark was forgotten when somebody looked for old ones at `tick`, in milliseconds since the epoch.
    fn is_over(&self, mark: &Mark, tick: i64) -> bool {
        let age = u64::try_from(tick).unwrap_or(0).saturating_sub(mark.id.ms);
        mark.recorded < tick && age > self.duration.unsigned_abs().saturating_mul(1000)
    }

    /// How many producers and how many marks are remembered after `tick`.
    pub fn counts(&self, tick: i64) -> (usize, usize) {
        let marks = |producer: &Producer| producer.marks.iter().filter(|mark| !self.is_over(mark, tick)).count();
        let counts = self.producers.iter().map(|(_, producer)| marks(producer)).filter(|&marks| marks > 0);
        counts.fold((0, 0), |(producers, all), marks| (producers + 1, all + marks))
    }

    /// Forgets marks that are too old, and producers that are left without any.
    pub fn expire(&mut self, tick: i64) {
        let mut producers = core::mem::take(&mut self.producers);
        for (_, producer) in &mut producers {
            if producer.marks.iter().any(|mark| self.is_over(mark, tick)) {
                Rc::make_mut(producer).marks.retain(|mark| !self.is_over(mark, tick));
            }
        }
        producers.retain(|(_, producer)| !producer.marks.is_empty());
        self.marks = producers.iter().map(|(_, producer)| producer.marks.len()).sum();
        self.mark_bytes = producers.iter().flat_map(|(_, producer)| &producer.marks).map(Mark::bytes).sum();
        self.producers = producers;
    }

    pub fn clear(&mut self) {
        self.producers.clear();
        (self.marks, self.mark_bytes) = (0, 0);
    }

    /// What MEMORY USAGE counts of it.
    pub(super) fn usage(&self) -> usize {
        self.producers.len() * PRODUCER + self.mark_bytes
    }

    /// What it takes of the allocator, which has tables of producers and of each one's marks besides.
    pub(super) fn allocated(&self) -> usize {
        if self.producers.is_empty() {
            return 0;
        }
        TABLES + self.usage() + self.producers.len() * PLACED_PRODUCER + self.marks * PLACED_MARK
    }
}
