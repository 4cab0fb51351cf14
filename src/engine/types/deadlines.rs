//! Which entries of a dictionary have a deadline, by position and in order of time.

use super::tree::Tree;

/// Deadlines in milliseconds since the epoch. Cloning copies two pointers.
#[derive(Clone, Debug, Default)]
pub struct Deadlines {
    by_id: Tree<(u32, i64)>,
    order: Tree<(i64, u32)>,
    /// The sum of all deadlines, for their average.
    sum: i128,
}

impl Deadlines {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn get(&self, id: u32) -> Option<i64> {
        let place = self.by_id.partition(|&(other, _)| other < id);
        self.by_id.get(place).filter(|&&(found, _)| found == id).map(|&(_, deadline)| deadline)
    }

    /// The entry at a place among those that have a deadline.
    pub fn at(&self, place: usize) -> Option<u32> {
        self.by_id.get(place).map(|&(id, _)| id)
    }

    /// Gives the entry at `id` a deadline or none.
    pub fn set(&mut self, id: u32, deadline: Option<i64>) {
        if let Some(old) = self.get(id) {
            if deadline == Some(old) {
                return;
            }
            self.order.remove(&(old, id));
            self.by_id.remove(&(id, old));
            self.sum -= i128::from(old);
        }
        if let Some(new) = deadline {
            self.order.insert((new, id));
            self.by_id.insert((id, new));
            self.sum += i128::from(new);
        }
    }

    /// The entry at `from` is about to move to `to`, which is gone.
    pub fn moved(&mut self, from: u32, to: u32) {
        if let Some(deadline) = self.get(from) {
            self.set(from, None);
            self.set(to, Some(deadline));
        }
    }

    /// The average of all of them.
    pub fn average(&self) -> Option<i64> {
        let count = i128::try_from(self.len()).ok().filter(|&count| count > 0)?;
        i64::try_from(self.sum / count).ok()
    }

    /// The earliest deadline and whose it is.
    pub fn first(&self) -> Option<(i64, u32)> {
        self.order.first().copied()
    }

    /// All of them, earliest first.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u32)> {
        self.order.iter().copied()
    }

    pub fn clear(&mut self) {
        *self = Deadlines::default();
    }
}
