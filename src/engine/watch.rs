//! WATCH: optimistic locking.
//!
//! A client that watches keys is marked as soon as one of them is modified, by whomever, itself included; EXEC then does nothing
//! and answers nil. What counts is that a command reported a change, not whether the value differs: SET to the same value
//! marks, SADD of a member that is there does not. A key that expires counts as modified when it is reclaimed, and EXEC looks at
//! its watched keys once more, so that one whose time is over but which nobody touched counts too; unless its time was over when
//! it began to be watched, for then it was gone already.

use crate::client::Clients;
use crate::io::ClientId;
use crate::text::Text;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Who watches which key of which database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watches {
    by_key: BTreeMap<(usize, Text), Vec<Watcher>>,
}

#[derive(Clone, Copy, Debug)]
struct Watcher {
    client: ClientId,
    /// The key was modified since: for whoever shows it, EXEC asks only whether any was.
    marked: bool,
    /// The key's time was over already: that it is reclaimed is no modification.
    was_over: bool,
}

impl Watches {
    /// How many keys are watched.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    pub(crate) fn add(&mut self, database: usize, key: &Text, client: ClientId, was_over: bool) {
        let watchers = self.by_key.entry((database, key.clone())).or_default();
        if !watchers.iter().any(|watcher| watcher.client == client) {
            watchers.push(Watcher { client, marked: false, was_over });
        }
    }

    /// Whether a key that `client` watches was modified.
    pub(crate) fn is_marked(&self, place: &(usize, Text), client: ClientId) -> bool {
        self.by_key.get(place).is_some_and(|watchers| watchers.iter().any(|one| one.client == client && one.marked))
    }

    /// Whether a key was over when `client` began to watch it, and is not reclaimed yet.
    pub(crate) fn was_over(&self, place: &(usize, Text), client: ClientId) -> bool {
        self.by_key.get(place).is_some_and(|watchers| watchers.iter().any(|one| one.client == client && one.was_over))
    }

    pub(crate) fn remove(&mut self, keys: &[(usize, Text)], client: ClientId) {
        for place in keys {
            if let Some(watchers) = self.by_key.get_mut(place) {
                watchers.retain(|watcher| watcher.client != client);
                if watchers.is_empty() {
                    self.by_key.remove(place);
                }
            }
        }
    }

    /// The key was modified: whoever watches it will not execute.
    pub(crate) fn mark(&mut self, database: usize, key: &Text, clients: &mut Clients) {
        for watcher in self.by_key.get_mut(&(database, key.clone())).into_iter().flatten() {
            // Whatever happens to a key that is over, it is reclaimed first.
            if core::mem::take(&mut watcher.was_over) {
                continue;
            }
            watcher.marked = true;
            if let Some(client) = clients.get_mut(watcher.client) {
                client.watch_broken = true;
            }
        }
    }
}
