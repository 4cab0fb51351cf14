//! Moments that are kept whole, so that going back need not begin at the beginning.
//!
//! A checkpoint is a clone of the engine, which shares nearly all of its memory with the present. They are taken when enough work
//! has piled up since the last one to be felt in a replay, and to be worth what the clone itself takes: the machine of a script
//! that is under way is copied whole. They are thinned out when they exceed the memory budget: the further back, the wider
//! apart, because the latest past is what people return to. What lies between two is measured in work, not in records: half a
//! minute of one script is a single record, and as long to replay as half a minute of commands.

use crate::trace::Trace;
use alloc::boxed::Box;
use alloc::vec::Vec;
use engine::{Engine, Instant};

/// Work, in the engine's units of effort, that may be replayed without anybody noticing (a few milliseconds in wasm).
const EFFORT_BETWEEN: u64 = 1_000;
/// How many bytes are copied with a tenth of a unit of effort, so that no more than that goes into clones.
const BYTES_BETWEEN: u64 = 256;

/// All that must be restored to be at a moment again.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub now: Instant,
    /// How many records of the journal have happened.
    pub position: usize,
    pub deliveries: u64,
    pub trace: Trace,
    pub engine: Engine,
}

#[derive(Clone, Debug)]
struct Checkpoint {
    snapshot: Box<Snapshot>,
    size: usize,
    /// The effort that led to it, from the beginning.
    work: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Checkpoints {
    list: Vec<Checkpoint>,
    budget: usize,
    /// Effort since the last one.
    effort: u64,
    /// Effort up to the last one.
    work: u64,
}

impl Checkpoints {
    /// `budget` is in bytes; 0 keeps the beginning only.
    pub(crate) fn new(budget: usize) -> Checkpoints {
        Checkpoints { list: Vec::new(), budget, effort: 0, work: 0 }
    }

    /// Whether so much was done since the last checkpoint that another is due.
    pub(crate) fn due(&mut self, effort: u64, engine: &Engine) -> bool {
        self.effort += effort;
        self.budget > 0 && self.effort > EFFORT_BETWEEN && self.effort > engine.clone_size() as u64 / BYTES_BETWEEN
    }

    pub(crate) fn add(&mut self, snapshot: Snapshot) {
        // What the present changes from now on is copied once more; a write copies at most a chunk of some kilobytes.
        let size = snapshot.engine.clone_size() + (self.effort as usize).saturating_mul(512);
        self.work += core::mem::take(&mut self.effort);
        self.list.push(Checkpoint { snapshot: Box::new(snapshot), size, work: self.work });
        while self.list.len() > 2 && self.list.iter().map(|checkpoint| checkpoint.size).sum::<usize>() > self.budget {
            self.thin();
        }
    }

    /// Drops the checkpoint whose loss widens a gap least, measured against how far back the gap lies. The first one stays:
    /// it is the beginning.
    fn thin(&mut self) {
        let place = |at: usize| self.list[at].work;
        let victim = (1..self.list.len() - 1).min_by_key(|&at| {
            let gap = place(at + 1).saturating_sub(place(at - 1));
            gap.saturating_mul(1024) / (self.work + 1).saturating_sub(place(at)).max(1)
        });
        if let Some(at) = victim {
            self.list.remove(at);
        }
    }

    /// The latest checkpoint that is not after `position` records and not after `at`.
    pub(crate) fn before(&self, position: usize, at: Instant) -> Option<&Snapshot> {
        let found = self.list.iter().rev().find(|checkpoint| {
            let snapshot = &checkpoint.snapshot;
            snapshot.position <= position && snapshot.now <= at
        });
        found.map(|checkpoint| &*checkpoint.snapshot)
    }

    /// Forgets what lies after `position` records: that future will not come.
    pub(crate) fn forget_after(&mut self, position: usize, at: Instant) {
        self.list.retain(|checkpoint| checkpoint.snapshot.position <= position && checkpoint.snapshot.now <= at);
        self.work = self.list.last().map_or(0, |last| last.work);
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Checkpoints, Snapshot};
    use crate::trace::Trace;
    use engine::{Config, Engine, Instant};

    /// A single script for most of a history: its moments are kept as those of many commands would be.
    #[test]
    fn the_middle_of_a_long_script_is_not_far_from_a_checkpoint() {
        let engine = Engine::new(Config::default(), 1);
        let snapshot = |at: u64| Snapshot {
            now: Instant(at * 1_000),
            position: 1,
            deliveries: 0,
            trace: Trace::default(),
            engine: engine.clone(),
        };
        let mut checkpoints = Checkpoints::new(32 << 20);
        checkpoints.add(snapshot(0));
        for at in 1..=1000 {
            if checkpoints.due(2_000, &engine) {
                checkpoints.add(snapshot(at));
            }
        }
        assert!(checkpoints.len() < 50, "{}", checkpoints.len());
        for at in [100, 300, 500, 700, 900] {
            let found = checkpoints.before(1, Instant(at * 1_000)).map_or(0, |snapshot| snapshot.now.0 / 1_000);
            assert!(at - found <= (1000 - at) / 2, "{found} for {at}");
        }
    }
}
