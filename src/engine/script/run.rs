//! How a script runs: slice by slice, until it ends, fails or is killed.

use super::api;
use super::convert;
use super::sandbox::Interpreter;
use crate::args::Args;
use crate::client::Transaction;
use crate::commands::transaction;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::io::ClientId;
use crate::request::Request;
use crate::text::Text;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use lua::{Step, Value, Vm};
use resp::Protocol;

/// How much fuel takes a microsecond on a real server: PUC's machine goes through a hundred million empty rounds in 0.7 s.
pub(crate) const FUEL_PER_US: u32 = 150;
/// Fuel of a slice: a tenth of a millisecond, or some milliseconds if each of its rounds allocates. (The machine is to be left that
/// often anyway, because V8 exchanges the code of a function by a faster one only when it is entered.)
const SLICE: u32 = 20_000;
/// What calling a command costs: 0.3 µs.
const CALL_FUEL: u64 = 48;
/// What every element that it visits costs besides.
const ELEMENT_FUEL: u64 = 8;

/// Whose machine it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Script,
    Function,
}

/// A script that runs.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub kind: Kind,
    /// Its digest, or the function's name.
    pub name: Text,
    pub client: ClientId,
    /// The time that it sees.
    pub since: Instant,
    /// The database to which the client returns.
    pub database: usize,
    pub read_only: bool,
    /// It has called a command that writes.
    pub wrote: bool,
    /// More memory was used than `maxmemory` allows when it began, and it has no leave to use more.
    pub out_of_memory: bool,
    pub killed: bool,
    /// The protocol in which it sees replies.
    pub protocol: Protocol,
}

impl Run {
    pub(super) fn new(ctx: &mut Ctx, kind: Kind, name: Text, read_only: bool) -> Run {
        Run {
            kind,
            name,
            client: ctx.clients.current_id(),
            since: ctx.now,
            database: ctx.db.selected,
            read_only,
            wrote: false,
            out_of_memory: ctx.db.out_of_memory,
            killed: false,
            protocol: Protocol::Resp2,
        }
    }
}

/// A script between two slices, and everything that waits for its end.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub run: Run,
    /// The command that started it.
    pub request: Request,
    machine: Rc<Interpreter>,
    /// What the client's reply holds already: that of the transaction before the script.
    pub reply: Vec<u8>,
    /// The transaction that the script is a part of, and which of its requests comes next.
    pub transaction: Option<(Box<Transaction>, usize)>,
    /// The database that it has selected.
    pub database: usize,
    pub effort: u64,
    /// When the next slice begins.
    pub due: Instant,
    /// Others are answered with BUSY.
    pub busy: bool,
    /// The client is gone; what is known of it goes when the script ends.
    pub abandoned: bool,
    /// Runs the next slice. The machine is reached through this pointer only.
    pub go_on: fn(&mut Ctx, Box<Running>, Instant),
}

impl Running {
    /// What its machine holds.
    pub(super) fn memory(&self) -> usize {
        self.machine.vm.memory()
    }

    /// Whether the command of the request counts as refused because of it.
    pub(crate) fn busy_error(&self) -> Error {
        match self.run.kind {
            Kind::Script => Error::BUSY_SCRIPT,
            Kind::Function => Error::BUSY_FUNCTION,
        }
    }
}

/// How a slice ended.
enum Outcome {
    Done,
    Failed(Value),
    OutOfFuel,
}

/// Runs the first slice of a script that its machine was started with.
pub(super) fn begin(ctx: &mut Ctx, args: &Args, mut run: Run, mut machine: Rc<Interpreter>) -> Result<(), Error> {
    let now = ctx.now;
    let denied = core::mem::replace(&mut ctx.deny_blocking, true);
    let command = ctx.command;
    let (outcome, fuel) = slice(ctx, &mut run, Rc::make_mut(&mut machine), now);
    ctx.effort += fuel / u64::from(FUEL_PER_US);
    ctx.deny_blocking = denied;
    ctx.command = command;
    if let Outcome::OutOfFuel = outcome {
        ctx.clients.current().in_script = true;
        ctx.server.scripting.running = Some(Box::new(Running {
            database: ctx.db.selected,
            run,
            request: Request::new(command, args),
            machine,
            reply: Vec::new(),
            transaction: None,
            effort: ctx.effort,
            due: due(ctx, now, fuel),
            busy: false,
            abandoned: false,
            go_on,
        }));
        return Ok(());
    }
    end(ctx, &run, machine, outcome)
}

/// When a slice that began at `now` is over.
fn due(ctx: &Ctx, now: Instant, fuel: u64) -> Instant {
    match ctx.server.config.fuel_per_us {
        0 => now,
        fuel_per_us => now.plus_micros(fuel / u64::from(fuel_per_us)),
    }
}

/// Runs the next slice, and when the script ends, what waited for its end.
fn go_on(ctx: &mut Ctx, mut running: Box<Running>, now: Instant) {
    let command = running.request.command;
    (ctx.command, ctx.deny_blocking) = (command, true);
    ctx.effort = running.effort;
    let (outcome, fuel) = slice(ctx, &mut running.run, Rc::make_mut(&mut running.machine), now);
    ctx.effort += fuel / u64::from(FUEL_PER_US);
    running.effort = ctx.effort;
    if let Outcome::OutOfFuel = outcome {
        running.database = ctx.db.selected;
        running.due = due(ctx, now, fuel);
        ctx.server.scripting.running = Some(running);
        return;
    }
    ctx.clients.current().in_script = false;
    let Running { run, machine, request, transaction, .. } = *running;
    let effort = ctx.effort;
    ctx.effort = 0;
    let result = end(ctx, &run, machine, outcome);
    ctx.finish(command, &request.args(), effort, result);
    if let Some((queue, next)) = transaction {
        transaction::run_queue(ctx, queue, next);
    }
}

/// What `os.clock` tells.
pub(super) fn set_clock(ctx: &Ctx, vm: &mut Vm, now: Instant) {
    // Starting has taken the server a little time too.
    let since_start = now.0.saturating_sub(ctx.server.started.0) + 10_000;
    vm.set_clock(since_start as f64 / 1e6);
}

/// Lets the machine run until it ends or its slice is used up. The answer says too how much fuel that took.
fn slice(ctx: &mut Ctx, run: &mut Run, interpreter: &mut Interpreter, now: Instant) -> (Outcome, u64) {
    set_clock(ctx, &mut interpreter.vm, now);
    if run.killed {
        let message = convert::error(&mut interpreter.vm, &Error::SCRIPT_KILLED.0, false);
        interpreter.vm.kill(message.into());
    }
    let mut used = 0;
    loop {
        let step = interpreter.vm.step(SLICE);
        used += interpreter.vm.fuel_spent();
        match step {
            Step::Done => return (Outcome::Done, used),
            Step::Error(value) => return (Outcome::Failed(value), used),
            Step::OutOfFuel | Step::Line => {}
            Step::HostCall { function } => {
                let before = ctx.effort;
                api::call(ctx, run, interpreter, function);
                used += CALL_FUEL + ELEMENT_FUEL * (ctx.effort - before);
            }
        }
        if used >= u64::from(SLICE) {
            return (Outcome::OutOfFuel, used);
        }
    }
}

/// Replies with what the script returned or failed with, and puts the machine back.
fn end(ctx: &mut Ctx, run: &Run, mut machine: Rc<Interpreter>, outcome: Outcome) -> Result<(), Error> {
    ctx.db.selected = run.database;
    ctx.clients.current().database = run.database;
    let vm = &mut Rc::make_mut(&mut machine).vm;
    let result = match outcome {
        Outcome::Failed(value) => Err(failure(ctx, run, vm, value)),
        _ => {
            let value = vm.results().first().copied().unwrap_or_default();
            let errors = convert::write(&mut ctx.reply, vm, value, run.protocol);
            for error in &errors {
                ctx.server.count_error(error);
            }
            ctx.script_failed = Some(!errors.is_empty());
            Ok(())
        }
    };
    ctx.server.scripting.put_back(run.kind, machine);
    result
}

/// The reply for an error that the script did not catch.
pub(super) fn failure(ctx: &mut Ctx, run: &Run, vm: &mut Vm, value: Value) -> Error {
    let (text, counted) = error_text(vm, value);
    (ctx.error_counted, ctx.script_failed) = (counted, Some(!counted));
    let location = vm.error_location();
    let Some((source, line)) = location else { return Error::text(&[&text]) };
    let mut digits = itoa::Buffer::new();
    Error::text(&[&text, b" script: ", &run.name, b", on ", source, b":", digits.format(line).as_bytes(), b"."])
}

/// What an error says, and whether INFO has counted it already.
pub(super) fn error_text(vm: &mut Vm, value: Value) -> (Vec<u8>, bool) {
    let Some(table) = Vm::as_table(value) else {
        let message = vm.text(value);
        return ([b"ERR ", vm.bytes(message).unwrap_or_default()].concat(), false);
    };
    let message = vm.get_field(table, "err");
    let text = convert::text(vm, message).unwrap_or(b"ERR unknown error").to_vec();
    (text, vm.get_field(table, "ignore_error_stats_update").truthy())
}

/// SCRIPT KILL and FUNCTION KILL: the script ends with its next slice.
pub(crate) fn kill(ctx: &mut Ctx, kind: Kind) -> Result<(), Error> {
    let Some(running) = &mut ctx.server.scripting.running else { return Err(Error::NO_SCRIPT_RUNS) };
    if running.run.wrote {
        return Err(Error::UNKILLABLE);
    }
    if running.run.kind != kind {
        return Err(running.busy_error());
    }
    running.run.killed = true;
    Ok(())
}
