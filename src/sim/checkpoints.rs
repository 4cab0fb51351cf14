//! Moments that are kept whole, so that going back need not begin at the beginning.
//!
//! A checkpoint is a clone of the engine, which shares nearly all of its memory with the present. They are taken when enough work
//! has piled up since the last one to be felt in a replay, and thinned out when they exceed the memory budget: the further
//! back, the wider apart, because the latest past is what people return to.

use crate::trace::Trace;
use alloc::boxed::Box;
use alloc::vec::Vec;
use engine::{Engine, Instant};

/// Work, in the engine's units of effort, that may be replayed without anybody noticing (a few milliseconds in wasm).
const EFFORT_BETWEEN: u64 = 1_000;

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
}

#[derive(Clone, Debug)]
pub(crate) struct Checkpoints {
    list: Vec<Checkpoint>,
    budget: usize,
    effort: u64,
}

impl Checkpoints {
    /// `budget` is in bytes; 0 keeps the beginning only.
    pub(crate) fn new(budget: usize) -> Checkpoints {
        Checkpoints { list: Vec::new(), budget, effort: 0 }
    }

    /// Whether so much was done since the last checkpoint that another is due.
    pub(crate) fn due(&mut self, effort: u64) -> bool {
        self.effort += effort;
        self.budget > 0 && self.effort > EFFORT_BETWEEN
    }

    pub(crate) fn add(&mut self, snapshot: Snapshot) {
        // What the present changes from now on is copied once more; a write copies at most a chunk of some kilobytes.
        let size = snapshot.engine.clone_size() + (self.effort as usize).saturating_mul(512);
        self.effort = 0;
        self.list.push(Checkpoint { snapshot: Box::new(snapshot), size });
        while self.list.len() > 2 && self.list.iter().map(|checkpoint| checkpoint.size).sum::<usize>() > self.budget {
            self.thin();
        }
    }

    /// Drops the checkpoint whose loss widens a gap least, measured against how far back the gap lies. The first one stays:
    /// it is the beginning.
    fn thin(&mut self) {
        let present = self.list.last().map_or(0, |last| last.snapshot.position) + 1;
        let place = |at: usize| self.list[at].snapshot.position;
        let victim = (1..self.list.len() - 1).min_by_key(|&at| {
            let gap = (place(at + 1) - place(at - 1)) as u64;
            let age = (present - place(at)) as u64;
            gap * 1024 / age
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
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}
