//! What scripts can call: the functions of the table `redis`.

use super::convert;
use super::run::Run;
use super::sandbox::Interpreter;
use crate::acl;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::{Event, LogLevel};
use crate::settle::settle_events;
use crate::table::{self, Command, Flag};
use crate::text::Text;
use alloc::vec::Vec;
use lua::{Value, Vm};
use resp::Protocol;
use resp::request::Span;

/// A function that the machine leaves to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Function {
    Call,
    Pcall,
    ErrorReply,
    StatusReply,
    Sha1Hex,
    Log,
    SetResp,
    SetRepl,
    AclCheckCmd,
    ReplicateCommands,
    Breakpoint,
    Debug,
    Register,
    /// `__redis__err__handler`.
    Handler,
    /// A global variable is read that is not there.
    UnknownGlobal,
}

/// What `redis` has in scripts and in functions.
pub(super) const COMMON: &[(&str, Function)] = &[
    ("call", Function::Call),
    ("pcall", Function::Pcall),
    ("log", Function::Log),
    ("setresp", Function::SetResp),
    ("error_reply", Function::ErrorReply),
    ("status_reply", Function::StatusReply),
    ("sha1hex", Function::Sha1Hex),
    ("set_repl", Function::SetRepl),
    ("acl_check_cmd", Function::AclCheckCmd),
];

/// What it has in scripts besides.
pub(super) const SCRIPTS_ONLY: &[(&str, Function)] = &[
    ("replicate_commands", Function::ReplicateCommands),
    ("breakpoint", Function::Breakpoint),
    ("debug", Function::Debug),
];

const ALL: &[Function] = &[
    Function::Call,
    Function::Pcall,
    Function::ErrorReply,
    Function::StatusReply,
    Function::Sha1Hex,
    Function::Log,
    Function::SetResp,
    Function::SetRepl,
    Function::AclCheckCmd,
    Function::ReplicateCommands,
    Function::Breakpoint,
    Function::Debug,
    Function::Register,
    Function::Handler,
    Function::UnknownGlobal,
];

impl Function {
    pub(super) fn value(self) -> Value {
        Vm::host_function(self as u32)
    }

    pub(super) fn numbered(number: u32) -> Option<Function> {
        ALL.get(number as usize).copied()
    }
}

/// What a function of ours answers: at most one value, or a text that is raised as an error table.
pub(super) type Answer = Result<Option<Value>, Error>;

/// Answers a call that the machine has stopped for.
pub(super) fn call(ctx: &mut Ctx, run: &mut Run, interpreter: &mut Interpreter, function: u32) {
    let function = Function::numbered(function).unwrap_or(Function::UnknownGlobal);
    let result = match function {
        Function::Call => return command(ctx, run, interpreter, true),
        Function::Pcall => return command(ctx, run, interpreter, false),
        Function::UnknownGlobal => return unknown_global(&mut interpreter.vm),
        Function::AclCheckCmd => check_permission(ctx, interpreter),
        Function::Log => log(ctx, &mut interpreter.vm),
        _ => simple(run, &mut interpreter.vm, function),
    };
    answer(&mut interpreter.vm, result);
}

/// Lets the machine go on with an answer.
pub(super) fn answer(vm: &mut Vm, answer: Answer) {
    match answer {
        Ok(value) => vm.answer(value.as_slice()),
        Err(error) => {
            let error = convert::error(vm, &error.0, false);
            vm.fail(error.into());
        }
    }
}

/// What somebody who goes through a script hears of a call to one of our functions.
pub(super) enum Overheard {
    Breakpoint,
    /// The arguments of `redis.debug`, as they are shown.
    Debug(Vec<Vec<u8>>),
    /// A command was called; its words and its reply are still there. `refusal`: why it did not come to that.
    Command {
        refusal: Option<Error>,
    },
    /// Something that is not told of.
    Nothing,
}

/// The same as [`call`] for somebody who goes through the script.
pub(super) fn call_overheard(
    ctx: &mut Ctx,
    run: &mut Run,
    interpreter: &mut Interpreter,
    function: u32,
    show: impl Fn(&Vm, Value) -> Vec<u8>,
) -> Overheard {
    match Function::numbered(function) {
        Some(Function::Breakpoint) => {
            interpreter.vm.answer(&[Value::True]);
            Overheard::Breakpoint
        }
        Some(Function::Debug) => {
            let vm = &mut interpreter.vm;
            let values = vm.arguments().iter().map(|value| show(vm, *value)).collect();
            vm.answer(&[]);
            Overheard::Debug(values)
        }
        Some(Function::Call | Function::Pcall) => {
            interpreter.reply.clear();
            let refusal = refusal(ctx, run, interpreter);
            call(ctx, run, interpreter, function);
            Overheard::Command { refusal }
        }
        _ => {
            call(ctx, run, interpreter, function);
            Overheard::Nothing
        }
    }
}

/// Writes the arguments after the level to the server's log: those that are strings or numbers, up to the first zero byte.
fn log(ctx: &mut Ctx, vm: &mut Vm) -> Answer {
    let count = vm.arguments().len();
    if count < 2 {
        return Err(Error::LOG_ARGUMENTS);
    }
    let level = number(vm, vm.arguments()[0]).ok_or(Error::LOG_LEVEL_TYPE)?;
    let level = LogLevel::numbered(convert::integer(level)).ok_or(Error::LOG_LEVEL)?;
    if !level.is_heard_at(ctx.server.settings.get("loglevel")) {
        return Ok(None);
    }
    let mut message = Vec::new();
    for at in 1..count {
        let word = vm.arguments()[at];
        if let Some(text) = convert::text(vm, word) {
            if at > 1 {
                message.push(b' ');
            }
            message.extend_from_slice(text);
        }
    }
    ctx.server.told.push(Event::Logged { level, message: Text::new(convert::c_string(&message)) });
    Ok(None)
}

/// The functions that need nothing but their arguments.
fn simple(run: &mut Run, vm: &mut Vm, function: Function) -> Answer {
    let (first, count) = (vm.arguments().first().copied().unwrap_or_default(), vm.arguments().len());
    let only = |error: Error| if count == 1 { Ok(()) } else { Err(error) };
    let chosen = convert::integer(number(vm, first).unwrap_or(0.0));
    Ok(match function {
        Function::ErrorReply | Function::StatusReply => {
            Some(one_line(vm, first, count, function == Function::ErrorReply))
        }
        Function::Sha1Hex => {
            only(Error::WRONG_NUMBER)?;
            let digest = super::sha1::hexadecimal(convert::text(vm, first).unwrap_or_default());
            Some(vm.string(&digest))
        }
        Function::SetResp => {
            only(Error::SETRESP_ARGUMENTS)?;
            run.protocol = match chosen {
                2 => Protocol::Resp2,
                3 => Protocol::Resp3,
                _ => return Err(Error::SETRESP_VERSION),
            };
            None
        }
        Function::SetRepl => {
            only(Error::SET_REPL_ARGUMENTS)?;
            if !(0..=3).contains(&chosen) {
                return Err(Error::SET_REPL_FLAGS);
            }
            None
        }
        Function::ReplicateCommands => Some(Value::True),
        // Nobody debugs.
        Function::Breakpoint => Some(Value::False),
        Function::Handler if Vm::as_table(first).is_some() => Some(first),
        Function::Handler => {
            let text = vm.text(first);
            let text = [b"ERR ", vm.bytes(text).unwrap_or_default()].concat();
            Some(convert::error(vm, &text, false).into())
        }
        // Who loads a library answers this himself.
        Function::Register => return Err(Error::REGISTER_NOT_NOW),
        _ => None,
    })
}

/// Raises a text with the position of whoever read the variable.
fn unknown_global(vm: &mut Vm) {
    let name = vm.arguments().get(1).copied().unwrap_or_default();
    let text = match convert::text(vm, name) {
        Some(name) => {
            [b"Script attempted to access nonexistent global variable '", convert::c_string(name), b"'"].concat()
        }
        None => b"Second argument to luaProtectedTableError must be a string or number".to_vec(),
    };
    vm.fail_with_position(&text);
}

/// `redis.error_reply` and `redis.status_reply`.
fn one_line(vm: &mut Vm, text: Value, count: usize, is_error: bool) -> Value {
    if count != 1 || !text.is_string() {
        return convert::error(vm, &Error::ONE_LINE_ARGUMENTS.0, false).into();
    }
    if !is_error {
        return convert::wrapped(vm, "ok", text);
    }
    let text = convert::c_string(vm.bytes(text).unwrap_or_default());
    let text = text.strip_prefix(b"-").unwrap_or(text);
    // A text of one word is no code.
    let space = text.iter().position(|&byte| byte == b' ');
    let (code, message) = space.map_or((&b"ERR"[..], text), |space| (&text[..space], &text[space + 1..]));
    let inner = |byte: &u8| !matches!(byte, b'\r' | b'\n');
    let begin = message.iter().position(inner).unwrap_or(message.len());
    let end = message.iter().rposition(inner).map_or(begin, |last| last + 1);
    let text = [code, b" ", &message[begin..end]].concat();
    convert::error(vm, &text, false).into()
}

/// A number, or the number that a string reads as.
fn number(vm: &Vm, value: Value) -> Option<f64> {
    match value {
        Value::Number(bits) => Some(f64::from_bits(bits)),
        Value::String(_) => vm.number(value),
        _ => None,
    }
}

/// Puts the arguments of the call side by side, as a request has them.
fn gather(interpreter: &mut Interpreter) -> Result<(), Error> {
    let Interpreter { vm, words, spans, .. } = interpreter;
    words.clear();
    spans.clear();
    if vm.arguments().is_empty() {
        return Err(Error::CALL_NOTHING);
    }
    for &argument in vm.arguments() {
        let start = words.len() as u32;
        match argument {
            Value::String(_) => words.extend_from_slice(vm.bytes(argument).unwrap_or_default()),
            Value::Number(bits) => append(words, f64::from_bits(bits)),
            _ => return Err(Error::CALL_ARGUMENT),
        }
        spans.push(Span { start, end: words.len() as u32 });
    }
    Ok(())
}

/// A number as an argument: whole ones in full, others with as many digits as it takes to read them back.
fn append(words: &mut Vec<u8>, number: f64) {
    if number.is_nan() {
        Vm::append_number(words, number);
    } else if number == 0.0 {
        words.push(b'0');
    } else {
        words.extend_from_slice(resp::number::double(number).as_bytes());
    }
}

/// `redis.call` and `redis.pcall`.
fn command(ctx: &mut Ctx, run: &mut Run, interpreter: &mut Interpreter, raises: bool) {
    let gathered = gather(interpreter);
    let Interpreter { vm, words, spans, reply, .. } = interpreter;
    let (value, failed) = match gathered {
        Ok(()) => {
            let mut args = Args::new(words, spans);
            match admitted(ctx, run, &mut args) {
                Ok(command) => {
                    reply.clear();
                    perform(ctx, run, command, &mut args, reply);
                    (convert::value(vm, reply, &mut 0), reply.first() == Some(&b'-'))
                }
                Err(error) => {
                    ctx.server.count_error(&error.0);
                    (convert::error(vm, &error.0, true).into(), true)
                }
            }
        }
        Err(error) => (convert::error(vm, &error.0, false).into(), true),
    };
    if raises && failed {
        vm.fail(value);
    } else {
        vm.answer(&[value]);
    }
}

/// The command that a call names, if it may run; a refusal is counted.
fn admitted(ctx: &mut Ctx, run: &Run, args: &mut Args) -> Result<&'static Command, Error> {
    let command = find(args)?;
    if let Err(error) = may_call(ctx, run, command, args) {
        if let Some(statistics) = ctx.server.calls.get_mut(usize::from(command.id)) {
            statistics.rejected += 1;
        }
        return Err(error);
    }
    Ok(command)
}

/// Why the command that a call names would be refused before it ran. Its words are left in the interpreter.
pub(super) fn refusal(ctx: &mut Ctx, run: &Run, interpreter: &mut Interpreter) -> Option<Error> {
    if let Err(error) = gather(interpreter) {
        interpreter.spans.clear();
        return Some(error);
    }
    let mut args = Args::new(&interpreter.words, &interpreter.spans);
    match find(&mut args) {
        Ok(command) => may_call(ctx, run, command, &args).err(),
        Err(error) => Some(error),
    }
}

/// Calls a command with these words; its reply is left in the interpreter.
pub(super) fn call_words(
    ctx: &mut Ctx,
    run: &mut Run,
    interpreter: &mut Interpreter,
    given: &[&[u8]],
) -> Result<(), Error> {
    let Interpreter { words, spans, reply, .. } = interpreter;
    words.clear();
    spans.clear();
    for word in given {
        let start = words.len() as u32;
        words.extend_from_slice(word);
        spans.push(Span { start, end: words.len() as u32 });
    }
    let mut args = Args::new(words, spans);
    let command = find(&mut args)?;
    may_call(ctx, run, command, &args)?;
    reply.clear();
    perform(ctx, run, command, &mut args, reply);
    Ok(())
}

/// Runs a command whose reply goes into `reply` instead of to the client.
fn perform(ctx: &mut Ctx, run: &mut Run, command: &'static Command, args: &mut Args, reply: &mut Vec<u8>) {
    run.wrote |= command.has(Flag::Write);
    let client_protocol = core::mem::replace(&mut ctx.reply.protocol, run.protocol);
    core::mem::swap(ctx.reply.out, reply);
    ctx.server.tracking.by_script = true;
    ctx.run(command, args);
    core::mem::swap(ctx.reply.out, reply);
    ctx.reply.protocol = client_protocol;
    settle_events(ctx.db, ctx.clients, ctx.server);
    ctx.server.tracking.by_script = false;
}

/// The command that a call names.
fn find(args: &mut Args) -> Result<&'static Command, Error> {
    let mut command = table::find(args.at(0)).ok_or(Error::CALL_UNKNOWN)?;
    if !command.subcommands.is_empty() && args.count() > 1 {
        command = command.subcommand(args.at(1)).ok_or(Error::CALL_UNKNOWN)?;
        args.seek(2);
    }
    if !command.takes(args.count()) {
        return Err(Error::CALL_ARITY);
    }
    Ok(command)
}

fn may_call(ctx: &mut Ctx, run: &Run, command: &'static Command, args: &Args) -> Result<(), Error> {
    if command.has(Flag::NoScript) {
        return Err(Error::CALL_NOT_ALLOWED);
    }
    if ctx.server.access.restricts {
        acl::admit_call(ctx, command, args)?;
    }
    if run.read_only && command.may_replicate() {
        return Err(Error::CALL_WRITES);
    }
    // Once it has written, a script goes on to its end.
    if run.out_of_memory && !run.wrote && command.has(Flag::DenyOom) {
        return Err(Error::OUT_OF_MEMORY);
    }
    Ok(())
}

/// `redis.acl_check_cmd`
fn check_permission(ctx: &mut Ctx, interpreter: &mut Interpreter) -> Answer {
    gather(interpreter)?;
    let mut args = Args::new(&interpreter.words, &interpreter.spans);
    match find(&mut args) {
        Ok(command) => Ok(Some(Value::boolean(acl::allows(ctx, command, &args)))),
        Err(error) if error == Error::CALL_UNKNOWN => Err(Error::ACL_CHECK_UNKNOWN),
        Err(_) => Err(Error::ACL_CHECK_ARITY),
    }
}
