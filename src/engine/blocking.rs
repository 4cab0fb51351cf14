//! Clients that wait for a key.
//!
//! A blocking command that finds nothing keeps its request and the keys it waits for. When one of these keys comes into being, the
//! request is run again, as if it had just arrived: keys in the order of its arguments, clients in the order in which they
//! began to wait, and only once the command (or transaction, or script) that made the key is over. Redis does it so since 7.2.
//! A key of another type than the command wants does not end the wait, but a consumer of a stream's group has to learn that its
//! stream is gone. Serving one client may make a key that another waits
//! for (BLMOVE), so serving goes on until nothing is ready.

use crate::io::ClientId;
use crate::request::Request;
use crate::text::Text;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// A client's wait.
#[derive(Clone, Debug)]
pub struct Blocked {
    pub request: Request,
    pub database: usize,
    pub keys: Vec<Text>,
    /// When the wait ends, in milliseconds since the epoch; none: never.
    pub deadline: Option<i64>,
    /// When the wait began, in milliseconds since the epoch.
    pub since: i64,
    /// The type of value that may end it, as TYPE names it.
    pub wanted: &'static str,
    /// A key that is lost, or replaced by something of another type, ends the wait too: the request is run again and tells.
    pub(crate) ends_without: bool,
    /// When to look again even if nothing came, in milliseconds since the epoch.
    pub(crate) wakes_at: Option<i64>,
}

/// All waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits {
    by_key: BTreeMap<(usize, Text), Vec<ClientId>>,
    deadlines: BTreeSet<(i64, ClientId)>,
    /// Who is to look again when.
    wakes: BTreeSet<(i64, ClientId)>,
    /// Keys that came into being since waiting clients were last served, in order.
    pub(crate) ready: Vec<(usize, Text)>,
    /// Clients whose wait is over and whose further requests have not been looked at yet.
    pub(crate) resumed: Vec<ClientId>,
}

impl Waits {
    /// How many keys are waited for.
    pub(crate) fn keys(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    pub(crate) fn add(&mut self, client: ClientId, blocked: &Blocked) {
        for key in &blocked.keys {
            let waiting = self.by_key.entry((blocked.database, key.clone())).or_default();
            if !waiting.contains(&client) {
                waiting.push(client);
            }
        }
        if let Some(deadline) = blocked.deadline {
            self.deadlines.insert((deadline, client));
        }
        self.wakes.extend(blocked.wakes_at.map(|time| (time, client)));
    }

    pub(crate) fn remove(&mut self, client: ClientId, blocked: &Blocked) {
        for key in &blocked.keys {
            let place = (blocked.database, key.clone());
            if let Some(waiting) = self.by_key.get_mut(&place) {
                waiting.retain(|&other| other != client);
                if waiting.is_empty() {
                    self.by_key.remove(&place);
                }
            }
        }
        if let Some(deadline) = blocked.deadline {
            self.deadlines.remove(&(deadline, client));
        }
        self.set_wake(client, blocked.wakes_at, None);
    }

    /// Moves the time at which a client is to look again.
    pub(crate) fn set_wake(&mut self, client: ClientId, before: Option<i64>, after: Option<i64>) {
        if let Some(before) = before {
            self.wakes.remove(&(before, client));
        }
        self.wakes.extend(after.map(|time| (time, client)));
    }

    /// The first time at which anybody is to look again, and who.
    pub(crate) fn next_wake(&self) -> Option<(i64, ClientId)> {
        self.wakes.first().copied()
    }

    /// Who waits for a key, longest wait first.
    pub(crate) fn on(&self, database: usize, key: &Text) -> Vec<ClientId> {
        self.by_key.get(&(database, key.clone())).cloned().unwrap_or_default()
    }

    /// A key came into being, changed or went: those who wait for it look again, once, however often that happened.
    pub(crate) fn note_ready(&mut self, database: usize, key: &Text) {
        let place = (database, key.clone());
        if self.by_key.contains_key(&place) && !self.ready.contains(&place) {
            self.ready.push(place);
        }
    }

    /// The first deadline of all.
    pub(crate) fn next_deadline(&self) -> Option<i64> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// A client whose deadline lies before `now`.
    pub(crate) fn overdue(&self, now: i64) -> Option<ClientId> {
        self.deadlines.first().filter(|&&(deadline, _)| deadline < now).map(|&(_, client)| client)
    }
}
