//! What is settled once a command is over: watchers are marked, keyspace events published, messages sent, and clients served
//! that waited for a key.

use crate::blocking::Blocked;
use crate::client::Clients;
use crate::commands::replication::nobody_acknowledged;
use crate::ctx::Ctx;
use crate::engine::Engine;
use crate::event::{Class, Event};
use crate::io::{ClientId, Outputs};
use crate::server::Server;
use crate::store::Store;
use crate::text::Text;
use alloc::boxed::Box;
use alloc::vec::Vec;
use resp::Writer;

/// Bits of notify-keyspace-events that ask for a kind of channel.
pub(crate) const KEYSPACE_CHANNELS: u32 = 1;
pub(crate) const KEYEVENT_CHANNELS: u32 = 2;

/// Works off what commands reported. Inside a transaction or script this is done after each command, so that messages keep
/// their order; serving waiting clients has to wait for the end.
pub(crate) fn settle_events(db: &mut Store, clients: &mut Clients, server: &mut Server) {
    for event in db.effects.events.drain(..) {
        match &event {
            Event::Modified { database, key, authored } => {
                server.watches.mark(*database, key, clients);
                if db.effects.tracking {
                    let by = clients.current_id();
                    server.tracking.modified(key, by, *authored, clients, &mut server.outbox);
                }
            }
            Event::Exchanged { database, key } => server.watches.mark(*database, key, clients),
            Event::Notified { class, event, database, key } => {
                if db.effects.classes & *class as u32 != 0 {
                    publish_event(*class, event, *database, key, clients, server, db.effects.classes);
                }
            }
            Event::Ready { database, key } => server.waits.note_ready(*database, key),
            Event::Displaced { database, key } => {
                let mut waiting = server.waits.on(*database, key).into_iter().filter_map(|id| clients.get(id));
                if waiting.any(|client| client.blocked.as_ref().is_some_and(|blocked| blocked.ends_without)) {
                    server.waits.note_ready(*database, key);
                }
            }
            Event::Expired { .. }
            | Event::Sampled { .. }
            | Event::Evicted { .. }
            | Event::Replaced { .. }
            | Event::Logged { .. } => {}
        }
        if db.effects.listening {
            server.told.push(event);
        }
    }
}

fn publish_event(
    _: Class,
    event: &str,
    database: usize,
    key: &Text,
    clients: &Clients,
    server: &mut Server,
    classes: u32,
) {
    if server.pubsub.is_silent() {
        return;
    }
    let mut number = itoa::Buffer::new();
    let number = number.format(database).as_bytes();
    if classes & KEYSPACE_CHANNELS != 0 {
        let channel = [b"__keyspace@", number, b"__:", key].concat();
        server.pubsub.publish(&channel, event.as_bytes(), clients, &mut server.outbox);
    }
    if classes & KEYEVENT_CHANNELS != 0 {
        let channel = [b"__keyevent@", number, b"__:", event.as_bytes()].concat();
        server.pubsub.publish(&channel, key, clients, &mut server.outbox);
    }
}

impl Engine {
    /// After a command of `client`, whose reply stands at the end of the output.
    #[inline]
    pub(crate) fn settle(&mut self, client: ClientId, out: &mut Outputs) {
        let effects = &self.store.effects;
        let quiet = effects.events.is_empty() && !effects.tracking;
        if quiet && self.server.outbox.is_empty() && self.server.waits.ready.is_empty() {
            return;
        }
        settle_events(&mut self.store, &mut self.clients, &mut self.server);
        out.deliver(client);
        self.send_messages(out);
        self.serve_waiting(out);
        // Serving others may have changed which client and database are selected.
        if self.clients.select(client) {
            self.store.selected = self.clients.current().database;
        }
    }

    /// Sends what is in the outbox. Who runs a script hears of nothing before its reply.
    pub(crate) fn send_messages(&mut self, out: &mut Outputs) {
        let mut held = Vec::new();
        if let Some(running) = &self.server.scripting.running {
            let runs = running.run.client;
            held.extend(self.server.outbox.extract_if(.., |(receiver, _)| *receiver == runs));
        } else {
            self.server.tracking.tell_authors(&self.clients, &mut self.server.outbox);
        }
        for (receiver, bytes) in self.server.outbox.drain(..) {
            out.bytes.extend_from_slice(&bytes);
            out.deliver(receiver);
            if let Some(client) = self.clients.get_mut(receiver) {
                client.bytes_out += bytes.len() as u64;
            }
            self.server.bytes_out += bytes.len() as u64;
        }
        self.server.outbox.append(&mut held);
    }

    /// Runs the requests of clients whose key has come, until no key is ready.
    fn serve_waiting(&mut self, out: &mut Outputs) {
        // What a script has made may be gone again when it ends.
        if self.server.scripting.running.is_some() {
            return;
        }
        while !self.server.waits.ready.is_empty() {
            for (database, key) in core::mem::take(&mut self.server.waits.ready) {
                for client in self.server.waits.on(database, &key) {
                    // A key whose time is over is not there, but it is left to whoever looks it up.
                    let present = self.store.in_database(database, |store| {
                        if store.is_over(&key) { None } else { store.peek(&key).map(|value| value.type_name()) }
                    });
                    self.retry(client, present, out);
                }
            }
        }
    }

    /// Runs a waiting client's request again; its wait goes on if there is still nothing for it.
    fn retry(&mut self, id: ClientId, present: Option<&str>, out: &mut Outputs) {
        if !self.clients.select(id) {
            return;
        }
        let client = self.clients.current();
        let concerns = |blocked: &mut Box<Blocked>| present == Some(blocked.wanted) || blocked.ends_without;
        let Some(mut blocked) = client.blocked.take_if(concerns) else { return };
        self.store.selected = blocked.database;
        let start = out.mark();
        let command = blocked.request.command;
        let mut ctx = Ctx::new(&mut self.store, &mut self.clients, &mut self.server, &mut out.bytes, command);
        ctx.blocks_again = Some(false);
        ctx.run(blocked.request.command, &mut blocked.request.args());
        let waits_on = ctx.blocks_again == Some(true);
        let (effort, wakes_at) = (ctx.effort, ctx.wakes_at);
        out.add_effort(effort);
        if waits_on {
            out.rewind(start);
            // It may have missed a key that is not there yet.
            settle_events(&mut self.store, &mut self.clients, &mut self.server);
            self.send_messages(out);
            self.server.waits.set_wake(id, blocked.wakes_at, wakes_at);
            blocked.wakes_at = wakes_at;
            self.clients.current().blocked = Some(blocked);
            return;
        }
        self.server.waits.remove(id, &blocked);
        self.store.effects.waiting = !self.server.waits.is_empty();
        self.server.waits.resumed.push(id);
        settle_events(&mut self.store, &mut self.clients, &mut self.server);
        self.finish_reply(id, start, out);
        out.deliver(id);
        self.send_messages(out);
    }

    /// Ends a client's wait with an error, or with the null array that says: nothing came.
    pub(crate) fn end_wait(&mut self, id: ClientId, out: &mut Outputs, error: Option<&[u8]>) {
        if !self.clients.select(id) {
            return;
        }
        let client = self.clients.current();
        let Some(blocked) = client.blocked.take() else { return };
        client.commands += 1;
        let protocol = client.protocol;
        self.server.waits.remove(id, &blocked);
        self.store.effects.waiting = !self.server.waits.is_empty();
        self.server.waits.resumed.push(id);
        let start = out.mark();
        let mut reply = Writer::new(&mut out.bytes, protocol);
        match error {
            Some(error) => reply.error(error),
            None if blocked.keys.is_empty() => nobody_acknowledged(blocked.request.command.name, &mut reply),
            None => reply.null_array(),
        }
        self.finish_reply(id, start, out);
        out.deliver(id);
    }

    /// Lets clients look again whose time for that has come.
    pub(crate) fn wake_waiting(&mut self, out: &mut Outputs) {
        while let Some((time, client)) =
            self.server.waits.next_wake().filter(|&(time, _)| time <= self.store.now.millis())
        {
            // Whatever it finds, it does not look at this time again.
            self.server.waits.set_wake(client, Some(time), None);
            let wanted = self.clients.get_mut(client).and_then(|client| Some(client.blocked.as_ref()?.wanted));
            self.retry(client, wanted, out);
        }
        self.serve_waiting(out);
    }

    /// Ends the waits whose deadline is over.
    pub(crate) fn end_overdue_waits(&mut self, out: &mut Outputs) {
        while let Some(client) = self.server.waits.overdue(self.store.now.millis()) {
            self.end_wait(client, out, None);
        }
    }
}
