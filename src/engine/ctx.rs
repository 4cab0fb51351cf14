//! What a command's function is handed.

use crate::args::Args;
use crate::blocking::Blocked;
use crate::client::{Clients, ReplyMode};
use crate::error::Error;
use crate::request::Request;
use crate::server::Server;
use crate::settle::settle_events;
use crate::store::Store;
use crate::table::{Command, Flag, Group};
use crate::text::Text;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::vec::Vec;
use resp::Writer;

/// The server as one command sees it. The parts are separate fields, so that a reply can be written while a value is borrowed.
pub struct Ctx<'a> {
    /// The time of this step; it stands still while the command runs.
    pub now: Instant,
    /// The keys, with the client's database selected.
    pub db: &'a mut Store,
    /// The reply, which goes straight into the client's output.
    pub reply: Writer<'a>,
    /// All connections, the current one among them.
    pub clients: &'a mut Clients,
    /// Everything else.
    pub server: &'a mut Server,
    /// The row of the command that runs.
    pub command: &'static Command,
    /// Elements visited and bytes copied beyond what the reply shows.
    pub effort: u64,
    /// Inside a transaction or script nobody waits.
    pub deny_blocking: bool,
    /// The error with which the command ends was counted when it happened.
    pub(crate) error_counted: bool,
    /// Whether the script that just ended counts as failed, which is not the same as whether its reply is an error.
    pub(crate) script_failed: Option<bool>,
    /// Set while a waiting client's request is run again; true once it found nothing again.
    pub(crate) blocks_again: Option<bool>,
    /// When a client that begins to wait is to look again even if nothing comes, in milliseconds since the epoch.
    pub(crate) wakes_at: Option<i64>,
}

impl<'a> Ctx<'a> {
    /// What a command of the current client begins with; its reply goes to the end of `output`.
    #[inline]
    pub(crate) fn new(
        db: &'a mut Store,
        clients: &'a mut Clients,
        server: &'a mut Server,
        output: &'a mut Vec<u8>,
        command: &'static Command,
    ) -> Ctx<'a> {
        Ctx {
            now: db.now,
            reply: Writer::new(output, clients.current().protocol),
            db,
            clients,
            server,
            command,
            effort: 0,
            deny_blocking: false,
            error_counted: false,
            script_failed: None,
            blocks_again: None,
            wakes_at: None,
        }
    }
}

impl Ctx<'_> {
    /// Runs a command; an error takes the place of whatever it had replied.
    #[inline]
    pub(crate) fn run(&mut self, command: &'static Command, args: &mut Args) {
        self.command = command;
        let start = self.reply.mark();
        let effort = self.effort;
        let result = (command.handler)(self, args);
        let failed = result.is_err();
        if let Err(error) = result {
            self.reply.rewind(start);
            self.fail(&error);
        }
        // What a script reads is remembered call by call, not by the keys that it was given.
        if self.db.effects.tracking && command.has(Flag::ReadOnly) && command.group != Group::Scripting {
            // A key that the command itself changed, if only because its time was over, is told of before it is remembered.
            settle_events(self.db, self.clients, self.server);
            self.server.tracking.remember(command, args, self.clients.current());
        }
        // A command whose wait is over was counted when it began.
        self.server.commands_processed += u64::from(self.blocks_again.is_none());
        // A command that begins to wait is counted once its wait is over, and a script that is put away when it ends.
        let client = self.clients.current();
        let waits_for_key = client.blocked.is_some() || self.blocks_again == Some(true);
        client.commands += u64::from(!waits_for_key);
        let waits = waits_for_key || client.in_script;
        if command.flags & (Flag::Blocking as u32 | Flag::Suspends as u32) == 0 || !waits {
            self.count(command, args, 1 + self.effort - effort, failed);
        }
    }

    /// Ends a command that was put away: its reply was written, or it failed.
    pub(crate) fn finish(&mut self, command: &'static Command, args: &Args, effort: u64, result: Result<(), Error>) {
        let failed = result.is_err();
        if let Err(error) = result {
            self.fail(&error);
        }
        self.count(command, args, 1 + effort, failed);
        settle_events(self.db, self.clients, self.server);
    }

    /// What INFO and SLOWLOG tell of a command that ran.
    #[inline]
    fn count(&mut self, command: &Command, args: &Args, effort: u64, failed: bool) {
        let failed = self.script_failed.take().unwrap_or(failed);
        if let Some(statistics) = self.server.calls.get_mut(usize::from(command.id)) {
            statistics.calls += 1;
            statistics.effort += effort;
            statistics.failed += u64::from(failed);
        }
        if effort > 1 {
            self.server.latency.note(command, effort, self.now);
        }
        let slower_than = self.server.slow_log.slower_than;
        if slower_than >= 0 && effort >= slower_than as u64 && !command.has(Flag::SkipSlowLog) {
            self.server.slow_log.add(command, args, effort, self.now, self.clients.current());
        }
    }

    /// Replies with an error and counts it.
    pub(crate) fn fail(&mut self, error: &Error) {
        if !core::mem::take(&mut self.error_counted) {
            self.server.count_error(&error.0);
        }
        self.reply.error(&error.0);
    }

    /// The answer of a container's HELP: one simple string a line.
    pub(crate) fn help(&mut self, lines: &[&str]) {
        self.reply.array(lines.len());
        for line in lines {
            self.reply.simple(line);
        }
    }

    /// Tells everybody of what has changed so far, for a command that Redis puts aside before it replies: the client, too, hears of it
    /// before the reply.
    pub(crate) fn tell_before_reply(&mut self) {
        settle_events(self.db, self.clients, self.server);
        self.server.tracking.tell_authors(self.clients, &mut self.server.outbox);
        self.server.tracking.broadcast(self.clients, &mut self.server.outbox);
        let client = self.clients.current();
        if client.reply_mode == ReplyMode::On {
            for (_, bytes) in self.server.outbox.extract_if(.., |(receiver, _)| *receiver == client.id) {
                self.reply.raw(bytes);
            }
        }
    }

    /// Lets the client wait for one of `keys` to hold a `wanted` value, until `deadline` (milliseconds since the epoch). In a
    /// transaction or script it is told at once, by `nothing`, that there is nothing.
    pub(crate) fn wait_for<'k>(
        &mut self,
        args: &Args,
        keys: impl Iterator<Item = &'k [u8]>,
        wanted: &'static str,
        deadline: Option<i64>,
        nothing: fn(&mut Writer),
    ) {
        let request = Request::new(self.command, args);
        self.wait_with(request, keys, wanted, false, deadline, nothing);
    }

    /// The same with the request that is to be run again. `ends_without` says that the wait also ends when a key is lost.
    pub(crate) fn wait_with<'k>(
        &mut self,
        request: Request,
        keys: impl Iterator<Item = &'k [u8]>,
        wanted: &'static str,
        ends_without: bool,
        deadline: Option<i64>,
        nothing: fn(&mut Writer),
    ) {
        if self.deny_blocking {
            nothing(&mut self.reply);
        } else if let Some(again) = &mut self.blocks_again {
            *again = true;
        } else {
            let blocked = Blocked {
                request,
                database: self.db.selected,
                keys: keys.map(Text::new).collect(),
                deadline,
                since: self.now.millis(),
                wanted,
                ends_without,
                wakes_at: self.wakes_at,
            };
            let client = self.clients.current();
            self.server.waits.add(client.id, &blocked);
            client.blocked = Some(Box::new(blocked));
            self.db.effects.waiting = true;
        }
    }
}
