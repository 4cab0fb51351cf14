//! The engine's side of a script that did not end within its step: it is put away with the reply so far, others are made to
//! wait or told that the server is busy, and with the next wake-up it goes on.
//!
//! Nothing else happens of its own accord meanwhile: no key expires, no wait ends, as in Redis, whose event loop stands in
//! the script and serves only clients, and these not before `busy-reply-threshold` is over.

use crate::ctx::Ctx;
use crate::engine::Engine;
use crate::io::{ClientId, Outputs};
use crate::settle::settle_events;

impl Engine {
    /// Keeps what `id` was replied since `start`, and sends what the script has sent to others.
    #[cold]
    pub(crate) fn put_away(&mut self, id: ClientId, start: usize, out: &mut Outputs) {
        if let Some(running) = &mut self.server.scripting.running {
            running.reply = out.bytes.split_off(start);
        }
        settle_events(&mut self.store, &mut self.clients, &mut self.server);
        out.deliver(id);
        self.send_messages(out);
        self.note_slowness();
    }

    /// Runs the next slice of the script that was put away.
    #[cold]
    pub(crate) fn go_on_with_script(&mut self, out: &mut Outputs) {
        let now = self.store.now;
        self.note_slowness();
        let Some(mut running) = self.server.scripting.running.take_if(|running| running.due <= now) else { return };
        let (id, abandoned) = (running.run.client, running.abandoned);
        if !self.clients.select(id) {
            return;
        }
        let client = self.clients.current();
        self.store.leave_no_trace = client.no_touch;
        self.store.selected = running.database;
        self.store.now = running.run.since;
        let start = out.mark();
        out.bytes.append(&mut running.reply);
        let command = running.request.command;
        let mut ctx = Ctx::new(&mut self.store, &mut self.clients, &mut self.server, &mut out.bytes, command);
        ctx.deny_blocking = true;
        let before = running.effort;
        (running.go_on)(&mut ctx, running, now);
        // While it runs, its own effort adds up; once it is over, what counts is what came after it.
        let effort = match &ctx.server.scripting.running {
            Some(running) => running.effort.saturating_sub(before),
            None => ctx.effort,
        };
        out.add_effort(effort);
        self.store.now = now;
        if let Some(running) = &mut self.server.scripting.running {
            running.abandoned = abandoned;
            self.put_away(id, start, out);
            return;
        }
        self.finish_reply(id, start, out);
        out.deliver(id);
        self.settle(id, out);
        if !self.server.orders.is_empty() {
            self.obey_orders(id, out);
        }
        if abandoned {
            self.forget(id);
        } else if self.clients.select(id) && self.clients.current().closing {
            out.close(id);
        } else {
            self.server.waits.resumed.push(id);
        }
        self.release_held();
    }

    /// Whether clients are answered with BUSY by now; those who waited are answered then.
    fn note_slowness(&mut self) {
        let threshold = self.server.settings.integer("busy-reply-threshold");
        let Some(running) = &mut self.server.scripting.running else { return };
        let waited = self.store.now.millis() - running.run.since.millis();
        if !running.busy && threshold > 0 && waited >= threshold {
            running.busy = true;
            self.release_held();
        }
    }

    /// While a script runs, the current client's requests wait until it has run for long enough to be called busy.
    #[cold]
    pub(crate) fn make_wait(&mut self, id: ClientId) {
        self.note_slowness();
        if self.server.scripting.debugged.is_some_and(|debugged| debugged != id) {
            self.clients.current().held = true;
        }
        if let Some(running) = &self.server.scripting.running
            && !running.busy
            && running.run.client != id
        {
            self.clients.current().held = true;
        }
    }

    /// Whether a client that has gone is kept until its script ends, which its going does not end.
    pub(crate) fn outlives(&mut self, id: ClientId) -> bool {
        match &mut self.server.scripting.running {
            Some(running) if running.run.client == id => {
                running.abandoned = true;
                true
            }
            _ => false,
        }
    }
}
