//! Scripts and functions: Lua programs that run inside of the server as if they were one command.
//!
//! A script is a suspended command. EVAL's function finds or compiles the script, starts it on the machine of `lua`, and
//! lets it run; whenever the script calls `redis.call`, the machine stops, the command runs in the same `Ctx` with its
//! reply turned aside, and the machine goes on with that reply as a Lua value (`api.rs`, `convert.rs`).
//! Mostly the script ends within this step, and nobody can tell EVAL from any other command.
//!
//! A script that runs longer is put away when its slice of fuel is used up: machine, reply so far, the rest of the
//! transaction around it, all of that is plain data (`run.rs`) and a part of the engine, so that a checkpoint in the
//! middle of an endless loop is like any other. The engine asks to be woken at once and goes on with the next slice; the
//! input of other clients waits meanwhile, or is answered with BUSY once the script is slower than
//! `busy-reply-threshold` allows. Time stands still for the script from its beginning to its end, as in Redis.
//!
//! What a slice costs in time, the host decides: the native server's clock is the real one; in a simulated world a unit of
//! fuel (a call or a jump back) takes a fixed part of a microsecond (`Config::fuel_per_us`), so that an endless loop makes virtual
//! time pass and runs into the same threshold at the same moment on every computer. That part is what it takes on a real server,
//! and it does not hold a script up: a host that computes faster lets virtual time pass faster until the script is over.
//!
//! There are two machines, one for EVAL and one for functions, as in Redis: neither sees the other's tables. Both are made
//! when they are first needed and shared by the clones of an engine until one of them runs something.
//!
//! The rest of the engine knows of all this only `Scripting::running` and a function pointer in it, so that a page can do
//! without this part until somebody sends a script.

mod api;
mod cache;
mod convert;
mod debugger;
pub(crate) mod library;
mod run;
mod sandbox;
pub(crate) mod sha1;
pub(crate) mod shebang;
mod show;
mod suspended;
pub mod walk;

pub(crate) use cache::Cache;
pub(crate) use debugger::Debugger;
pub(crate) use library::Libraries;
pub(crate) use run::{FUEL_PER_US, Kind, Running, kill};

use crate::args::Args;
use crate::client::Debugging;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::io::ClientId;
use crate::text::Text;
use alloc::rc::Rc;
use alloc::vec::Vec;
use resp::number;
use run::Run;
use sandbox::Interpreter;

/// A machine that holds more bytes than this between two scripts is cleaned up.
const MUCH_MEMORY: usize = 32 << 20;

/// What the server keeps for scripts.
#[derive(Clone, Debug)]
pub(crate) struct Scripting {
    /// The machine of EVAL; none until a script is seen, or while one runs.
    machine: Option<Rc<Interpreter>>,
    /// The machine of functions.
    function_machine: Option<Rc<Interpreter>>,
    pub cache: Cache,
    pub libraries: Libraries,
    /// Where the random numbers of both machines are, once one has run.
    random: Option<u64>,
    /// Who debugs a script on the real keys, so that others wait.
    pub debugged: Option<ClientId>,
    /// A script that somebody outside goes through line by line, until it is fetched.
    pub walk: Option<alloc::boxed::Box<walk::Walk>>,
    /// A script that did not end within its step.
    pub running: Option<alloc::boxed::Box<Running>>,
}

impl Scripting {
    pub(crate) fn new(seed: u64) -> Scripting {
        Scripting {
            machine: None,
            function_machine: None,
            cache: Cache::new(seed),
            libraries: Libraries::new(seed),
            random: None,
            debugged: None,
            walk: None,
            running: None,
        }
    }

    fn take_machine(&mut self, kind: Kind) -> Rc<Interpreter> {
        let machine = match kind {
            Kind::Script => self.machine.take(),
            Kind::Function => self.function_machine.take(),
        };
        let mut machine = machine.unwrap_or_else(|| {
            Rc::new(match kind {
                Kind::Script => Interpreter::for_scripts(),
                Kind::Function => Interpreter::for_functions(),
            })
        });
        if let Some(random) = self.random {
            Rc::make_mut(&mut machine).vm.set_random_state(random);
        }
        // What a script has left behind must not be what the next one fails for.
        if machine.vm.memory() > MUCH_MEMORY {
            Rc::make_mut(&mut machine).vm.collect();
        }
        machine
    }

    fn put_back(&mut self, kind: Kind, machine: Rc<Interpreter>) {
        self.random = Some(machine.vm.random_state());
        match kind {
            Kind::Script => self.machine = Some(machine),
            Kind::Function => self.function_machine = Some(machine),
        }
    }

    /// About how many bytes a clone copies once it runs something.
    pub(crate) fn clone_size(&self) -> usize {
        let running = self.running.as_ref().map_or(0, |running| running.memory());
        running + self.machine_memory(Kind::Script) + self.machine_memory(Kind::Function)
    }

    /// What INFO shows as the memory of a machine.
    pub(crate) fn machine_memory(&self, kind: Kind) -> usize {
        let machine = match kind {
            Kind::Script => &self.machine,
            Kind::Function => &self.function_machine,
        };
        machine.as_ref().map_or(0, |machine| machine.vm.memory())
    }
}

/// The keys and the other arguments behind `numkeys`.
struct Words<'a> {
    keys: Vec<&'a [u8]>,
    values: Vec<&'a [u8]>,
}

fn words<'a>(args: &mut Args<'a>, not_a_number: Error) -> Result<Words<'a>, Error> {
    let count = number::parse_integer(args.next()?).ok_or(not_a_number)?;
    if count > args.left() as i64 {
        return Err(Error::TOO_MANY_KEYS);
    }
    let count = usize::try_from(count).map_err(|_| Error::NEGATIVE_NUMKEYS)?;
    let mut rest = args.rest();
    let keys = rest.by_ref().take(count).collect();
    Ok(Words { keys, values: rest.collect() })
}

/// EVAL and EVAL_RO.
pub(crate) fn eval(ctx: &mut Ctx, args: &mut Args, read_only: bool) -> Result<(), Error> {
    let result = eval_or_debug(ctx, args, read_only);
    if let Err(error) = &result
        && debugs(ctx)
        && ctx.clients.current().debugging != Debugging::Walked
    {
        debugger::refuse(ctx, error);
        return Ok(());
    }
    result
}

/// Whether the current client goes through its scripts line by line. Transactions are not gone through.
fn debugs(ctx: &mut Ctx) -> bool {
    !ctx.deny_blocking && ctx.clients.current().debugging != Debugging::No
}

fn eval_or_debug(ctx: &mut Ctx, args: &mut Args, read_only: bool) -> Result<(), Error> {
    let body = args.next()?;
    let words = words(args, Error::NOT_AN_INTEGER)?;
    let name = Text::new(&sha1::hexadecimal(body));
    let known = ctx.server.scripting.cache.contains(&name);
    if !known {
        load(ctx, &name, body, false)?;
    }
    start(ctx, args, &name, &words, read_only)
}

/// EVALSHA and EVALSHA_RO.
pub(crate) fn eval_sha(ctx: &mut Ctx, args: &mut Args, read_only: bool) -> Result<(), Error> {
    if debugs(ctx) {
        return Err(Error::DEBUG_BY_SHA);
    }
    let name = Text::new(&args.next()?.to_ascii_lowercase());
    if name.len() != 40 {
        return Err(Error::NO_SCRIPT);
    }
    let words = words(args, Error::NOT_AN_INTEGER)?;
    if !ctx.server.scripting.cache.contains(&name) {
        return Err(Error::NO_SCRIPT);
    }
    start(ctx, args, &name, &words, read_only)
}

/// SCRIPT LOAD: the name.
pub(crate) fn load_script(ctx: &mut Ctx, body: &[u8]) -> Result<Text, Error> {
    let name = Text::new(&sha1::hexadecimal(body));
    if !ctx.server.scripting.cache.contains(&name) {
        load(ctx, &name, body, true)?;
    }
    Ok(name)
}

/// SCRIPT FLUSH: the scripts go, and their machine with them.
pub(crate) fn flush_scripts(ctx: &mut Ctx) {
    ctx.server.scripting.machine = None;
    ctx.server.scripting.cache.clear();
}

/// Compiles a script and keeps it.
fn load(ctx: &mut Ctx, name: &Text, body: &[u8], keep: bool) -> Result<(), Error> {
    let (flags, code) = shebang::of_script(body)?;
    let mut machine = ctx.server.scripting.take_machine(Kind::Script);
    let vm = &mut Rc::make_mut(&mut machine).vm;
    let loaded = vm.load(b"@user_script", code);
    let result = match loaded {
        Ok(function) => {
            vm.pin(function);
            if let Some(evicted) = ctx.server.scripting.cache.add(name, Text::new(body), function, flags, keep) {
                vm.unpin(evicted);
            }
            Ok(())
        }
        Err(message) => Err(Error::text(&[b"ERR Error compiling script (new function): ", &message])),
    };
    ctx.server.scripting.put_back(Kind::Script, machine);
    result
}

/// Runs a script that is in the cache.
fn start(ctx: &mut Ctx, args: &Args, name: &Text, words: &Words, read_only: bool) -> Result<(), Error> {
    let Some(script) = ctx.server.scripting.cache.used(name) else { return Err(Error::NO_SCRIPT) };
    let (function, flags) = (script.function, script.flags);
    let read_only = flags.allow_run(read_only)?;
    let mut machine = ctx.server.scripting.take_machine(Kind::Script);
    let interpreter = Rc::make_mut(&mut machine);
    interpreter.set_words("KEYS", &words.keys);
    interpreter.set_words("ARGV", &words.values);
    interpreter.vm.start(function, &[]);
    let mut run = Run::new(ctx, Kind::Script, name.clone(), read_only);
    run.out_of_memory &= !flags.allows_oom();
    if debugs(ctx) && ctx.clients.current().debugging == Debugging::Walked {
        ctx.server.scripting.walk = Some(walk::begin(ctx, args, run, machine));
        return Ok(());
    }
    if debugs(ctx) {
        // The session has a machine of its own, and the server keeps this one.
        ctx.server.scripting.put_back(Kind::Script, Rc::clone(&machine));
        debugger::begin(ctx, run, machine, args.at(1));
        return Ok(());
    }
    run::begin(ctx, args, run, machine)
}

/// FCALL and FCALL_RO.
pub(crate) fn call_function(ctx: &mut Ctx, args: &mut Args, read_only: bool) -> Result<(), Error> {
    let function = ctx.server.scripting.libraries.find(args.next()?).ok_or(Error::NO_SUCH_FUNCTION)?;
    let (name, callback, flags) = (function.name.clone(), function.callback, function.flags);
    let words = words(args, Error::BAD_NUMKEYS)?;
    let read_only = flags.allow_run(read_only)?;
    let mut machine = ctx.server.scripting.take_machine(Kind::Function);
    let interpreter = Rc::make_mut(&mut machine);
    let (keys, values) = (interpreter.strings(&words.keys), interpreter.strings(&words.values));
    interpreter.vm.start(callback, &[keys.into(), values.into()]);
    let mut run = Run::new(ctx, Kind::Function, name, read_only);
    run.out_of_memory &= !flags.allows_oom();
    run::begin(ctx, args, run, machine)
}
