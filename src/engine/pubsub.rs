//! Publish/subscribe: channels, patterns, shard channels.
//!
//! Nothing is stored: a message goes to whoever is subscribed at that moment and to nobody else. Under RESP2 a subscribed
//! connection receives arrays and may send only a few commands; under RESP3 messages are pushes and everything is allowed.
//! What a command sends to other connections, or to its own, leaves after the command's reply: see `Server::outbox`.

use crate::client::Clients;
use crate::dict::Dict;
use crate::glob;
use crate::io::ClientId;
use crate::text::Text;
use alloc::rc::Rc;
use alloc::vec::Vec;
use resp::{Protocol, Writer};

/// Messages on their way to connections, in order.
pub(crate) type Outbox = Vec<(ClientId, Rc<[u8]>)>;

/// The three kinds of subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Channel,
    Pattern,
    Shard,
}

/// Who is subscribed to what.
#[derive(Clone, Debug)]
pub struct PubSub {
    channels: Dict<Vec<ClientId>>,
    patterns: Dict<Vec<ClientId>>,
    shard_channels: Dict<Vec<ClientId>>,
}

impl PubSub {
    pub(crate) fn new(seed: u64) -> PubSub {
        PubSub { channels: Dict::new(seed), patterns: Dict::new(seed), shard_channels: Dict::new(seed) }
    }

    pub(crate) fn of(&self, sort: Sort) -> &Dict<Vec<ClientId>> {
        match sort {
            Sort::Channel => &self.channels,
            Sort::Pattern => &self.patterns,
            Sort::Shard => &self.shard_channels,
        }
    }

    fn of_mut(&mut self, sort: Sort) -> &mut Dict<Vec<ClientId>> {
        match sort {
            Sort::Channel => &mut self.channels,
            Sort::Pattern => &mut self.patterns,
            Sort::Shard => &mut self.shard_channels,
        }
    }

    pub(crate) fn add(&mut self, sort: Sort, name: &[u8], client: ClientId) {
        let dict = self.of_mut(sort);
        match dict.get_mut(name) {
            Some(subscribers) => subscribers.push(client),
            None => {
                dict.push(Text::new(name), Vec::from([client]));
            }
        }
    }

    pub(crate) fn remove(&mut self, sort: Sort, name: &[u8], client: ClientId) {
        let dict = self.of_mut(sort);
        if let Some(subscribers) = dict.get_mut(name) {
            subscribers.retain(|&subscriber| subscriber != client);
            if subscribers.is_empty() {
                dict.remove(name);
            }
        }
    }

    /// Whether anybody could hear a message.
    pub(crate) fn is_silent(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty()
    }

    /// Sends `message` to the subscribers of `channel` and of patterns that match it, and says how many there were.
    pub(crate) fn publish(&self, channel: &[u8], message: &[u8], clients: &Clients, outbox: &mut Outbox) -> usize {
        let mut receivers = 0;
        if let Some(subscribers) = self.channels.get(channel) {
            receivers += send(subscribers, &[b"message", channel, message], clients, outbox);
        }
        for entry in self.patterns.iter() {
            if glob::matches(&entry.key, channel) {
                receivers += send(&entry.value, &[b"pmessage", &entry.key, channel, message], clients, outbox);
            }
        }
        receivers
    }

    /// The same for a shard channel, which has no patterns.
    pub(crate) fn publish_to_shard(
        &self,
        channel: &[u8],
        message: &[u8],
        clients: &Clients,
        outbox: &mut Outbox,
    ) -> usize {
        let subscribers = self.shard_channels.get(channel).map_or(&[][..], Vec::as_slice);
        send(subscribers, &[b"smessage", channel, message], clients, outbox)
    }
}

fn send(subscribers: &[ClientId], parts: &[&[u8]], clients: &Clients, outbox: &mut Outbox) -> usize {
    let encode = |protocol| {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, protocol);
        writer.push(parts.len());
        for part in parts {
            writer.bulk(part);
        }
        Rc::<[u8]>::from(bytes)
    };
    let mut encoded: [Option<Rc<[u8]>>; 2] = [None, None];
    for &subscriber in subscribers {
        let Some(client) = clients.get(subscriber) else { continue };
        let slot = usize::from(client.protocol == Protocol::Resp3);
        let bytes = encoded[slot].get_or_insert_with(|| encode(client.protocol));
        outbox.push((subscriber, bytes.clone()));
    }
    subscribers.len()
}
