//! Client-side caching: the server remembers who read what, and tells when it changes.
//!
//! In the default mode a key that a tracking client reads is remembered, by name alone, whatever the database; its first change
//! (by anybody, expiry included) is told once and forgotten. OPTIN and OPTOUT choose command by command. In broadcasting mode
//! nothing is remembered: clients register prefixes, and whatever changed under one during a step is told in one message.
//! RESP3 clients get pushes; RESP2 clients can redirect theirs to a connection that is subscribed to anything. Messages leave
//! after the reply of the command that caused them. Where more keys are remembered than `tracking-table-max-keys` allows, some are
//! told of and forgotten before the next command, more at a time as long as that does not suffice. Redis does the same in tracking.c;
//! which keys go is chance there.

use crate::args::Args;
use crate::client::{Client, Clients, TrackingMode};
use crate::io::ClientId;
use crate::pubsub::Outbox;
use crate::table::Command;
use crate::text::Text;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use alloc::vec::Vec;
use resp::{Protocol, Writer};

/// Those who broadcast a prefix, and what changed under it since they were last told: by whom, if a client did it.
#[derive(Clone, Debug, Default)]
struct Prefix {
    clients: BTreeSet<ClientId>,
    changed: BTreeMap<Text, Option<ClientId>>,
}

/// Who is to be told of what.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrackingTable {
    readers: BTreeMap<Text, BTreeSet<ClientId>>,
    prefixes: BTreeMap<Text, Prefix>,
    /// `tracking-table-max-keys`; 0: as many as there are.
    pub(crate) most: usize,
    /// How many commands in a row found too many keys and did not get rid of all that were too many.
    overruns: usize,
    /// What clients have read and then changed themselves within the present command; none stands for a flush.
    own: Vec<(ClientId, Option<Text>)>,
    /// A script makes the present changes. Broadcasts then have no author, so that NOLOOP holds nothing back from the client
    /// that called the script.
    pub(crate) by_script: bool,
}

impl TrackingTable {
    pub(crate) fn new() -> TrackingTable {
        TrackingTable { most: 1_000_000, ..TrackingTable::default() }
    }

    /// Remembers the keys of a command that reads.
    #[cold]
    pub(crate) fn remember(&mut self, command: &Command, args: &Args, client: &Client) {
        let Some(tracking) = &client.tracking else { return };
        let remembers = match tracking.mode {
            TrackingMode::Default => true,
            TrackingMode::OptIn => tracking.caching,
            TrackingMode::OptOut => !tracking.caching,
            TrackingMode::Broadcast => false,
        };
        if !remembers {
            return;
        }
        let words: Vec<&[u8]> = args.all().collect();
        for (at, _) in command.keys_of(&words).unwrap_or_default() {
            self.readers.entry(Text::new(words[at])).or_default().insert(client.id);
        }
    }

    /// A client's mode or prefixes changed, or it is gone (`prefixes` are those it has now).
    pub(crate) fn register(&mut self, client: ClientId, prefixes: &[Text]) {
        self.prefixes.retain(|name, prefix| {
            if !prefixes.contains(name) {
                prefix.clients.remove(&client);
            }
            !prefix.clients.is_empty()
        });
        for name in prefixes {
            self.prefixes.entry(name.clone()).or_default().clients.insert(client);
        }
    }

    /// Whether modifications matter: somebody tracks, or did so and is yet to be told, or might do so again before the keys it read have
    /// changed.
    pub(crate) fn is_needed(&self, clients: &Clients) -> bool {
        !self.readers.is_empty() || !self.own.is_empty() || clients.iter().any(|client| client.tracking.is_some())
    }

    /// A key was modified while `by` was served, and by that client unless it went because its time was over.
    pub(crate) fn modified(
        &mut self,
        key: &Text,
        by: ClientId,
        authored: bool,
        clients: &Clients,
        outbox: &mut Outbox,
    ) {
        for (name, prefix) in &mut self.prefixes {
            if key.starts_with(name) {
                prefix.changed.insert(key.clone(), (authored && !self.by_script).then_some(by));
            }
        }
        for reader in self.readers.remove(key).into_iter().flatten() {
            let Some(client) = clients.get(reader) else { continue };
            let Some(tracking) = &client.tracking else { continue };
            if tracking.mode == TrackingMode::Broadcast || tracking.no_loop && reader == by {
                continue;
            }
            if reader == by {
                self.own.push((by, Some(key.clone())));
            } else {
                tell(client, Some(core::slice::from_ref(key)), clients, outbox);
            }
        }
    }

    /// Tells clients what they changed themselves, once their command is over.
    pub(crate) fn tell_authors(&mut self, clients: &Clients, outbox: &mut Outbox) {
        for (author, key) in self.own.drain(..) {
            // Whether it still tracks does not count: it did so when it changed the key.
            if let Some(client) = clients.get(author) {
                tell(client, key.as_ref().map(core::slice::from_ref), clients, outbox);
            }
        }
    }

    /// Tells broadcasting clients what changed under their prefixes, prefix by prefix. Of a key that several have changed only the
    /// last counts as its author.
    pub(crate) fn broadcast(&mut self, clients: &Clients, outbox: &mut Outbox) {
        for prefix in self.prefixes.values_mut() {
            let changed = core::mem::take(&mut prefix.changed);
            if changed.is_empty() {
                continue;
            }
            for client in prefix.clients.iter().filter_map(|&id| clients.get(id)) {
                let no_loop = client.tracking.as_ref().is_some_and(|tracking| tracking.no_loop);
                let others = changed.iter().filter(|&(_, &by)| !(no_loop && by == Some(client.id)));
                let keys: Vec<Text> = others.map(|(key, _)| key.clone()).collect();
                if !keys.is_empty() {
                    tell(client, Some(&keys), clients, outbox);
                }
            }
        }
    }

    /// Whether more keys are remembered than may be.
    #[inline]
    pub(crate) fn exceeds(&self) -> bool {
        self.most != 0 && self.readers.len() > self.most
    }

    /// Forgets keys that are too many, and says so to those who read them.
    #[cold]
    pub(crate) fn forget_some(&mut self, clients: &Clients, outbox: &mut Outbox) {
        const AT_FIRST: usize = 100;
        for _ in 0..AT_FIRST * (self.overruns + 1) {
            let Some((key, readers)) = self.readers.pop_first() else { break };
            let tracking = |client: &&Client| {
                client.tracking.as_ref().is_some_and(|tracking| tracking.mode != TrackingMode::Broadcast)
            };
            for reader in readers.into_iter().filter_map(|reader| clients.get(reader)).filter(tracking) {
                tell(reader, Some(core::slice::from_ref(&key)), clients, outbox);
            }
            if !self.exceeds() {
                self.overruns = 0;
                return;
            }
        }
        self.overruns += 1;
    }

    /// A database was emptied: everybody forgets everything.
    pub(crate) fn flushed(&mut self, by: ClientId, clients: &Clients, outbox: &mut Outbox) {
        self.readers.clear();
        for client in clients.iter().filter(|client| client.tracking.is_some()) {
            if client.id == by {
                self.own.push((by, None));
            } else {
                tell(client, None, clients, outbox);
            }
        }
    }

    /// How many keys are remembered, for how many readers in all, and how many prefixes there are.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        (self.readers.len(), self.readers.values().map(BTreeSet::len).sum(), self.prefixes.len())
    }
}

/// Tells a tracking client, or whom it redirects to, that keys changed; none: all of them may have.
fn tell(client: &Client, keys: Option<&[Text]>, clients: &Clients, outbox: &mut Outbox) {
    let redirect = client.tracking.as_ref().map_or(0, |tracking| tracking.redirect);
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, client.protocol);
    let receiver = if redirect == 0 {
        client
    } else if let Some(receiver) = clients.get(ClientId(redirect)) {
        receiver
    } else {
        if let Some(tracking) = &client.tracking {
            tracking.redirection_broken.set(true);
        }
        if client.protocol == Protocol::Resp3 {
            writer.push(2);
            writer.bulk("tracking-redir-broken");
            writer.integer(redirect as i64);
            outbox.push((client.id, Rc::from(bytes)));
        }
        return;
    };
    writer.protocol = receiver.protocol;
    if receiver.protocol == Protocol::Resp3 {
        writer.push(2);
        writer.bulk("invalidate");
    } else if redirect != 0 && !receiver.subscriptions.is_empty() {
        writer.array(3);
        writer.bulk("message");
        writer.bulk("__redis__:invalidate");
    } else {
        // RESP2 has no way of saying something that was not asked for.
        return;
    }
    match keys {
        Some(keys) => {
            writer.array(keys.len());
            for key in keys {
                writer.bulk(key);
            }
        }
        None => {
            // Redis says it in the words of the client that tracks, whoever hears it.
            writer.protocol = client.protocol;
            writer.null();
        }
    }
    outbox.push((receiver.id, Rc::from(bytes)));
}
