//! A simulated world as a stage: clients by name, replies decoded, virtual time.

use crate::transcript::{Elapsed, Patience, Stage};
use resp::{Decoder, Value};
use sim::{ClientId, Instant, World};
use std::collections::VecDeque;

/// How long a client at a prompt waits before the transcript goes on without its reply.
const LONGEST_WAIT_US: u64 = 60_000_000;

/// A world on which transcripts are played.
pub struct WorldStage {
    world: World,
    clients: Vec<(String, OnStage)>,
}

struct OnStage {
    id: ClientId,
    decoder: Decoder,
    /// Replies that nobody has read, and when they came.
    replies: VecDeque<(Value, Instant)>,
    /// When the requests were sent that are not answered yet.
    sent: VecDeque<Instant>,
}

impl WorldStage {
    pub fn new(world: World) -> Self {
        WorldStage { world, clients: Vec::new() }
    }

    pub fn world(&self) -> &World {
        &self.world
    }

    pub fn into_world(self) -> World {
        self.world
    }

    /// Decodes what has reached a client.
    fn collect(&mut self, name: &str) -> Result<(), String> {
        let id = self.client(name)?.id;
        let deliveries = self.world.take(id);
        let on_stage = self.client(name)?;
        for delivery in deliveries {
            on_stage.decoder.feed(&delivery.bytes);
            while let Some(value) =
                on_stage.decoder.next().map_err(|error| format!("what the server sent is no RESP: {error:?}"))?
            {
                on_stage.replies.push_back((value, delivery.at));
            }
        }
        Ok(())
    }

    fn client(&mut self, name: &str) -> Result<&mut OnStage, String> {
        let found = self.clients.iter_mut().find(|(known, _)| known == name);
        found.map(|(_, on_stage)| on_stage).ok_or_else(|| format!("client {name} is not connected"))
    }
}

impl Stage for WorldStage {
    fn connect(&mut self, client: &str) -> Result<(), String> {
        let id = self.world.connect();
        let on_stage = OnStage { id, decoder: Decoder::new(), replies: VecDeque::new(), sent: VecDeque::new() };
        self.clients.retain(|(known, _)| known != client);
        self.clients.push((client.to_owned(), on_stage));
        Ok(())
    }

    fn send(&mut self, client: &str, bytes: &[u8]) -> Result<(), String> {
        let now = self.world.now();
        let on_stage = self.client(client)?;
        on_stage.sent.push_back(now);
        let id = on_stage.id;
        self.world.send(id, bytes);
        Ok(())
    }

    fn receive(&mut self, client: &str, patience: Patience) -> Result<Option<(Value, Elapsed)>, String> {
        self.collect(client)?;
        if patience == Patience::Time {
            let until = self.world.now().plus_micros(LONGEST_WAIT_US);
            while self.client(client)?.replies.is_empty() {
                let Some(next) = self.world.next_event().filter(|next| *next <= until) else { break };
                self.world.run_until(next);
                self.collect(client)?;
            }
        }
        let on_stage = self.client(client)?;
        let Some((value, at)) = on_stage.replies.pop_front() else { return Ok(None) };
        let sent = match value {
            Value::Push(_) => None,
            _ => on_stage.sent.pop_front(),
        };
        Ok(Some((value, sent.map_or(0, |sent| at.0.saturating_sub(sent.0) as Elapsed))))
    }

    fn pass(&mut self, us: u64) -> Result<(), String> {
        self.world.advance(us);
        Ok(())
    }
}
