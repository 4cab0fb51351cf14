//! Something that follows the world through time: whoever goes back finds it as it was.

use sim::Moment;

/// A value and what it was at every moment at which it changed.
#[derive(Clone, Debug)]
pub struct Recorded<T> {
    now: T,
    past: Vec<(Moment, T)>,
}

impl<T: Clone> Recorded<T> {
    pub fn new(at: Moment, value: T) -> Recorded<T> {
        Recorded { past: vec![(at, value.clone())], now: value }
    }

    pub fn get(&self) -> &T {
        &self.now
    }

    /// Changes the value without a record: for what belongs to no moment, such as a half-typed line.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.now
    }

    /// Keeps the present value as the one of this moment.
    pub fn record(&mut self, at: Moment) {
        self.forget_after(at);
        match self.past.last_mut() {
            Some((moment, value)) if *moment == at => value.clone_from(&self.now),
            _ => self.past.push((at, self.now.clone())),
        }
    }

    /// Makes the present what it was at a moment.
    pub fn go_to(&mut self, at: Moment) {
        let after = self.past.partition_point(|(moment, _)| *moment <= at);
        if let Some((_, value)) = self.past.get(after.saturating_sub(1)) {
            self.now.clone_from(value);
        }
    }

    /// The future is not going to happen.
    pub fn forget_after(&mut self, at: Moment) {
        let after = self.past.partition_point(|(moment, _)| *moment <= at);
        self.past.truncate(after.max(1));
    }
}
