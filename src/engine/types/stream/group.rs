//! Consumer groups: how far a group has read, who its consumers are, and what was delivered but not acknowledged.
//!
//! What is pending stands in three orders: by id (XPENDING, XCLAIM, XACK), by consumer and id (a consumer's history), and by the time
//! of the last delivery (XREADGROUP's CLAIM takes the longest idle first). All three are the same kind of tree, of rows of
//! numbers compared from left to right, and a consumer's share is a range of the second, counted by ranks. Consumers are
//! known to these rows by a number that stays theirs. What Redis has instead, and what it takes, is told in `size.rs`.

use super::id::StreamId;
use crate::text::Text;
use crate::types::Tree;
use alloc::vec::Vec;

/// One row of an order.
type Row = [u64; 6];

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub id: StreamId,
    pub consumer: u32,
    /// The time of the last delivery, in milliseconds since the epoch.
    pub delivered: i64,
    /// How often it was delivered.
    pub count: u64,
}

/// A pending entry as it is kept: among those that were delivered in the same millisecond, the order of deliveries counts.
#[derive(Clone, Copy)]
struct Kept {
    pending: Pending,
    turn: u64,
}

/// Times can be negative; their order must not suffer from that.
const SIGN: u64 = 1 << 63;

impl Kept {
    fn by_id(&self) -> Row {
        let Pending { id, consumer, delivered, count } = self.pending;
        [id.ms, id.seq, u64::from(consumer), delivered as u64, count, self.turn]
    }

    fn by_consumer(&self) -> Row {
        [u64::from(self.pending.consumer), self.pending.id.ms, self.pending.id.seq, 0, 0, 0]
    }

    fn by_time(&self) -> Row {
        [self.pending.delivered as u64 ^ SIGN, self.turn, self.pending.id.ms, self.pending.id.seq, 0, 0]
    }

    fn of(row: &Row) -> Kept {
        let &[ms, seq, consumer, delivered, count, turn] = row;
        let id = StreamId { ms, seq };
        Kept { pending: Pending { id, consumer: consumer as u32, delivered: delivered as i64, count }, turn }
    }
}

#[derive(Clone, Debug)]
pub struct Consumer {
    pub name: Text,
    /// When it last tried anything, and when it last got something (-1: never), in milliseconds since the epoch.
    pub seen: i64,
    pub active: i64,
    /// Something was pending for it at some time.
    pub(super) had_pending: bool,
}

/// No number of entries that were read is known.
pub const UNKNOWN: i64 = -1;

#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The last entry that was delivered.
    pub last_id: StreamId,
    /// How many entries of the stream's history lie up to there, or [`UNKNOWN`].
    pub entries_read: i64,
    by_id: Tree<Row>,
    by_consumer: Tree<Row>,
    by_time: Tree<Row>,
    /// How many deliveries there were.
    turns: u64,
    /// By number; one that was deleted leaves its place to the next that comes.
    consumers: Vec<Option<Consumer>>,
    /// Places that were left.
    free: Vec<u32>,
    /// The numbers in the order of the names.
    names: Vec<u32>,
    /// Something was pending at some time; the length of the name of the consumer that was removed last. See `size.rs`.
    pub(super) had_pending: bool,
    pub(super) left_consumer: usize,
}

impl Group {
    pub fn new(last_id: StreamId, entries_read: i64) -> Group {
        Group { last_id, entries_read, ..Group::default() }
    }

    // ---- consumers --------------------------------------------------------------------------------------------------

    pub fn consumer(&self, number: u32) -> Option<&Consumer> {
        self.consumers.get(number as usize)?.as_ref()
    }

    pub fn consumer_mut(&mut self, number: u32) -> Option<&mut Consumer> {
        self.consumers.get_mut(number as usize)?.as_mut()
    }

    /// The name of a consumer that something is pending for.
    pub fn consumer_name(&self, number: u32) -> &[u8] {
        self.consumer(number).map_or(&[], |consumer| &consumer.name)
    }

    fn name_place(&self, name: &[u8]) -> Result<usize, usize> {
        self.names.binary_search_by(|&number| self.consumer_name(number).cmp(name))
    }

    pub fn find_consumer(&self, name: &[u8]) -> Option<u32> {
        self.name_place(name).ok().map(|place| self.names[place])
    }

    /// The number of the consumer called `name`, which is made if need be, and whether it was.
    pub fn find_or_create_consumer(&mut self, name: &[u8], now: i64) -> (u32, bool) {
        match self.name_place(name) {
            Ok(place) => (self.names[place], false),
            Err(place) => {
                let consumer = Some(Consumer { name: Text::new(name), seen: now, active: -1, had_pending: false });
                let number = self.free.pop().unwrap_or(self.consumers.len() as u32);
                match self.consumers.get_mut(number as usize) {
                    Some(left) => *left = consumer,
                    None => self.consumers.push(consumer),
                }
                self.names.insert(place, number);
                (number, true)
            }
        }
    }

    /// Removes a consumer with all that is pending for it, and says how much that was; none when there is no such consumer.
    pub fn delete_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let place = self.name_place(name).ok()?;
        let number = self.names.remove(place);
        self.left_consumer = name.len();
        let pending: Vec<StreamId> = self.of_consumer(number, StreamId::MIN).collect();
        for &id in &pending {
            self.remove(id);
        }
        self.consumers[number as usize] = None;
        self.free.push(number);
        Some(pending.len())
    }

    /// All consumers, in the order of their names.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = u32> {
        self.names.iter().copied()
    }

    // ---- what is pending --------------------------------------------------------------------------------------------

    pub fn pending_len(&self) -> usize {
        self.by_id.len()
    }

    fn rank(&self, id: StreamId) -> usize {
        self.by_id.partition(|row| (row[0], row[1]) < (id.ms, id.seq))
    }

    pub fn pending(&self, id: StreamId) -> Option<Pending> {
        self.by_id.get(self.rank(id)).map(|row| Kept::of(row).pending).filter(|pending| pending.id == id)
    }

    /// What is pending from an id on.
    pub fn pending_from(&self, start: StreamId) -> impl Iterator<Item = Pending> {
        self.by_id.iter_from(self.rank(start)).map(|row| Kept::of(row).pending)
    }

    pub fn last_pending(&self) -> Option<StreamId> {
        self.by_id.get(self.by_id.len().wrapping_sub(1)).map(|row| Kept::of(row).pending.id)
    }

    fn consumer_rank(&self, number: u32, start: StreamId) -> usize {
        let start = [u64::from(number), start.ms, start.seq, 0, 0, 0];
        self.by_consumer.partition(|row| *row < start)
    }

    /// The ids that are pending for a consumer, from one on.
    pub fn of_consumer(&self, number: u32, start: StreamId) -> impl Iterator<Item = StreamId> {
        let rows = self.by_consumer.iter_from(self.consumer_rank(number, start));
        rows.take_while(move |row| row[0] == u64::from(number)).map(|row| StreamId { ms: row[1], seq: row[2] })
    }

    /// How many entries are pending for a consumer.
    pub fn consumer_len(&self, number: u32) -> usize {
        self.consumer_rank(number + 1, StreamId::MIN) - self.consumer_rank(number, StreamId::MIN)
    }

    /// What is pending, the longest idle first.
    pub fn by_time(&self) -> impl Iterator<Item = (i64, StreamId)> {
        self.by_time.iter().map(|row| ((row[0] ^ SIGN) as i64, StreamId { ms: row[2], seq: row[3] }))
    }

    /// Puts down that an entry is pending, in place of what was put down for it before.
    pub fn set(&mut self, pending: Pending) {
        self.remove(pending.id);
        self.turns += 1;
        self.had_pending = true;
        if let Some(consumer) = self.consumer_mut(pending.consumer) {
            consumer.had_pending = true;
        }
        let kept = Kept { pending, turn: self.turns };
        self.by_id.insert(kept.by_id());
        self.by_consumer.insert(kept.by_consumer());
        self.by_time.insert(kept.by_time());
    }

    /// Forgets that an entry is pending; false when it was not.
    pub fn remove(&mut self, id: StreamId) -> bool {
        let rank = self.rank(id);
        let Some(kept) = self.by_id.get(rank).map(Kept::of).filter(|kept| kept.pending.id == id) else {
            return false;
        };
        self.by_id.remove_at(rank);
        self.by_consumer.remove(&kept.by_consumer());
        self.by_time.remove(&kept.by_time());
        true
    }
}
