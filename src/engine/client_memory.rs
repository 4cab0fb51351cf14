//! What connections take of memory, and `maxmemory-clients`.
//!
//! Sizes are Redis' for such a client as far as they can be known here: structures, what arrived of a request, what a transaction has queued,
//! watched keys, channels, prefixes, and the replies that the host could not send yet, of which it tells the engine. While there is a limit,
//! clients that together reach it are closed after every step, the largest first; those with CLIENT NO-EVICT stay.

use crate::client::{Client, Subscriptions};
use crate::engine::Engine;
use crate::io::{ClientId, Outputs};
use crate::memory::{Buckets, table_usage};
use alloc::vec::Vec;

pub(crate) const STRUCTURES: usize = 1_280;
pub(crate) const REPLY_BUFFER: usize = 1_024;
/// A request in a transaction, beside its words.
const QUEUED: usize = 144;
const WATCHED: usize = 80;
const PREFIX: usize = 64;
/// A lower limit counts as this one.
const LEAST_LIMIT: u64 = 128 * 1024;

/// `maxmemory-clients`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ClientLimit {
    #[default]
    None,
    Bytes(u64),
    /// Of `maxmemory`.
    Percent(u64),
}

/// What happened to connections beyond the engine's sight, for INFO.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Incidents {
    pub rejected: u64,
    pub beyond_query_limit: u64,
    pub beyond_output_limit: u64,
    pub evicted: u64,
}

impl Client {
    /// The words that a transaction has queued.
    pub(crate) fn queued_bytes(&self) -> usize {
        let requests = self.transaction.iter().flat_map(|transaction| &transaction.requests);
        requests.map(|request| request.args().all().map(<[u8]>::len).sum::<usize>()).sum()
    }

    /// All that it takes, but for the request that is being run.
    pub(crate) fn memory(&self) -> usize {
        let queued = self.transaction.as_ref().map_or(0, |transaction| match transaction.requests.len() {
            0 => 0,
            count => QUEUED * count.next_power_of_two().max(2) + self.queued_bytes(),
        });
        let watched = if self.watch_broken { 0 } else { self.watched.len() * WATCHED };
        let prefixes = self
            .tracking
            .as_ref()
            .map_or(0, |tracking| tracking.prefixes.iter().map(|prefix| PREFIX + prefix.len()).sum::<usize>());
        STRUCTURES
            + REPLY_BUFFER
            + self.query.len()
            + queued
            + watched
            + names(&self.subscriptions)
            + prefixes
            + self.unsent
    }
}

fn names(subscriptions: &Subscriptions) -> usize {
    let Subscriptions { channels, patterns, shard_channels } = subscriptions;
    let counts = [channels.len(), patterns.len(), shard_channels.len()];
    counts.into_iter().filter(|&count| count > 0).map(|count| table_usage(Buckets::for_entries(count), count)).sum()
}

impl Engine {
    /// How many bytes of replies the host has not got rid of yet.
    pub fn note_unsent(&mut self, client: ClientId, bytes: usize) {
        if let Some(client) = self.clients.get_mut(client) {
            client.unsent = bytes;
        }
    }

    /// The host turned a connection away.
    pub fn note_rejected(&mut self) {
        self.server.incidents.rejected += 1;
    }

    /// The host closes a connection whose replies are beyond `client-output-buffer-limit`.
    pub fn note_beyond_output_limit(&mut self) {
        self.server.incidents.beyond_output_limit += 1;
    }

    /// Closes the largest clients until the others are below the limit.
    #[cold]
    pub(crate) fn evict_clients(&mut self, out: &mut Outputs) {
        let limit = match self.server.client_limit {
            ClientLimit::None => 0,
            ClientLimit::Bytes(bytes) => bytes,
            ClientLimit::Percent(percent) => (u128::from(self.store.policy.limit) * u128::from(percent) / 100) as u64,
        };
        if limit == 0 {
            return;
        }
        let limit = limit.max(LEAST_LIMIT);
        let open = self.clients.iter().filter(|client| !client.closing);
        let mut sizes: Vec<(u64, bool, ClientId)> =
            open.map(|client| (client.memory() as u64, client.no_evict, client.id)).collect();
        let mut total: u64 = sizes.iter().map(|(size, ..)| size).sum();
        if total < limit {
            return;
        }
        sizes.retain(|(_, stays, _)| !stays);
        sizes.sort_unstable();
        while total >= limit
            && let Some((size, _, id)) = sizes.pop()
        {
            total -= size;
            self.server.incidents.evicted += 1;
            if let Some(client) = self.clients.get_mut(id) {
                client.closing = true;
                client.evicted = true;
                client.query = Vec::new();
                client.query_read = 0;
            }
            out.close(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{Config, Input, Output};
    use crate::time::Instant;
    use alloc::string::String;

    struct Host {
        engine: Engine,
        closed: Vec<u64>,
    }

    impl Host {
        fn new(clients: u64) -> Host {
            let mut host = Host { engine: Engine::new(Config::default(), 1), closed: Vec::new() };
            for id in 1..=clients {
                let (address, local_address) = (String::new(), String::new());
                host.step(Input::Connected { client: ClientId(id), address, local_address });
            }
            host
        }

        fn step(&mut self, input: Input) -> Vec<u8> {
            let (mut outputs, mut bytes) = (Outputs::new(), Vec::new());
            self.engine.step(Instant::default(), input, &mut outputs);
            for output in outputs.iter() {
                match output {
                    Output::Bytes { bytes: more, .. } => bytes.extend_from_slice(more),
                    Output::Close { client } => self.closed.push(client.0),
                    _ => {}
                }
            }
            for &id in &self.closed {
                self.engine.step(Instant::default(), Input::Closed { client: ClientId(id) }, &mut outputs);
            }
            bytes
        }

        fn send(&mut self, id: u64, bytes: &[u8]) -> Vec<u8> {
            self.step(Input::Bytes { client: ClientId(id), bytes })
        }
    }

    fn part_of_a_request(size: usize) -> Vec<u8> {
        let mut bytes = b"*2\r\n$4\r\nECHO\r\n$9999999\r\n".to_vec();
        bytes.resize(size, b'x');
        bytes
    }

    #[test]
    fn the_largest_clients_go_until_the_others_are_below_the_limit() {
        let mut host = Host::new(5);
        host.send(2, b"CLIENT NO-EVICT on\r\n");
        host.send(2, &part_of_a_request(90_000));
        host.send(3, &part_of_a_request(30_000));
        host.send(4, &part_of_a_request(60_000));
        host.send(5, &part_of_a_request(50_000));
        assert!(host.closed.is_empty());
        host.send(1, b"CONFIG SET maxmemory-clients 1\r\n");
        assert_eq!(host.closed, [4, 5], "128 KiB is the least limit, and who asked to stay stays");
        let info = host.send(1, b"INFO stats\r\n");
        assert!(String::from_utf8_lossy(&info).contains("evicted_clients:2\r\n"));
    }

    #[test]
    fn a_share_of_maxmemory_is_a_limit_too_and_unsent_replies_count() {
        let mut host = Host::new(2);
        host.send(1, b"CONFIG SET maxmemory-clients 10% maxmemory 0\r\n");
        host.engine.note_unsent(ClientId(2), 900_000);
        host.send(1, b"PING\r\n");
        assert!(host.closed.is_empty(), "without maxmemory there is nothing to have a share of");
        host.send(1, b"CONFIG SET maxmemory 10mb\r\n");
        assert!(host.closed.is_empty());
        host.engine.note_unsent(ClientId(2), 1 << 20);
        host.send(1, b"PING\r\n");
        assert_eq!(host.closed, [2]);
    }
}
