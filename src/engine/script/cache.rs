//! The scripts that are known by name. What SCRIPT LOAD brought stays until SCRIPT FLUSH; of what EVAL brought first, the five hundred
//! used last stay.

use super::shebang::Flags;
use crate::dict::Dict;
use crate::text::Text;
use alloc::vec::Vec;
use lua::Value;

/// How many scripts of EVAL are kept.
const MOST_EVALS: usize = 500;

#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub body: Text,
    pub function: Value,
    pub flags: Flags,
}

#[derive(Clone, Debug)]
pub(crate) struct Cache {
    scripts: Dict<Script>,
    /// The names of those that only EVAL brought, the one used last at the end.
    evals: Vec<Text>,
    /// Bytes of all bodies.
    bytes: usize,
    pub evicted: u64,
    seed: u64,
}

impl Cache {
    pub(super) fn new(seed: u64) -> Cache {
        Cache { scripts: Dict::new(seed), evals: Vec::new(), bytes: 0, evicted: 0, seed }
    }

    pub(crate) fn len(&self) -> usize {
        self.scripts.len()
    }

    /// What INFO shows as the memory of scripts: bodies, and what there is besides for each.
    pub(crate) fn memory(&self) -> usize {
        self.bytes + self.scripts.len() * 120 + self.evals.len() * 24
    }

    pub(super) fn flags(&self, name: &[u8]) -> Option<Flags> {
        self.scripts.get(name).map(|script| script.flags)
    }

    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        self.scripts.contains(name)
    }

    /// Adds a script. The answer is the function of a script that had to go.
    pub(super) fn add(&mut self, name: &Text, body: Text, function: Value, flags: Flags, keep: bool) -> Option<Value> {
        let full = !keep && self.evals.len() >= MOST_EVALS;
        let oldest = if full { Some(self.evals.remove(0)) } else { None };
        let evicted = oldest.and_then(|oldest| self.scripts.remove(&oldest)).map(|entry| entry.value);
        if let Some(evicted) = &evicted {
            self.bytes -= evicted.body.len();
            self.evicted += 1;
        }
        self.bytes += body.len();
        self.scripts.insert(name, Script { body, function, flags });
        if !keep {
            self.evals.push(name.clone());
        }
        evicted.map(|script| script.function)
    }

    /// The script, which is now the one used last.
    pub(super) fn used(&mut self, name: &Text) -> Option<&Script> {
        // Who runs a script runs it again, so it stands near the end.
        if let Some(at) = self.evals.iter().rposition(|other| other == name)
            && at + 1 < self.evals.len()
        {
            let name = self.evals.remove(at);
            self.evals.push(name);
        }
        self.scripts.get(name)
    }

    pub(super) fn clear(&mut self) {
        *self = Cache { evicted: self.evicted, ..Cache::new(self.seed) };
    }
}
