//! CONFIG: parameters asked for and set.

use crate::args::Args;
use crate::config::{self, PARAMETERS};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::glob;
use crate::table::{Command, Flag::*, Group};
use crate::text::Text;
use alloc::vec::Vec;

pub(super) const COMMANDS: &[Command] = &[Command::container(
    "config",
    &[
        Command::sub("config|get", "parameter [parameter ...]", get)
            .since("2.0.0")
            .summary("Tells the values of parameters, by name or pattern.")
            .complexity("O(N) with N parameters asked for")
            .flags(&[Admin, NoScript, Loading, Stale]),
        Command::help_of("config|help").since("5.0.0"),
        Command::sub("config|resetstat", "", reset_statistics)
            .since("2.0.0")
            .summary("Sets the counters that INFO shows back to zero.")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
        Command::sub("config|rewrite", "", rewrite)
            .since("2.8.0")
            .summary("Writes the present values into the configuration file.")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
        Command::sub("config|set", "parameter value [parameter value ...]", set)
            .since("2.0.0")
            .summary("Sets parameters while the server runs, all of them or none.")
            .complexity("O(N) with N parameters given")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    ],
)
.group(Group::Server)
.since("2.0.0")
.summary("Asks for parameters and sets them.")
.help(&[
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
])];

fn get(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    // A name is answered as it was written, a pattern with the names as they are; each name once, in any case.
    let mut found: Vec<(Vec<u8>, usize)> = Vec::new();
    let mut add = |name: &[u8], index: usize| {
        if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            found.push((name.to_vec(), index));
        }
    };
    for pattern in args.rest() {
        if pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) {
            for (index, parameter) in PARAMETERS.iter().enumerate() {
                for name in [parameter.name, parameter.alias] {
                    if !name.is_empty() && glob::matches_any_case(pattern, name.as_bytes()) {
                        add(name.as_bytes(), index);
                    }
                }
            }
        } else if let Some(index) = config::find(pattern) {
            add(pattern, index);
        }
    }
    ctx.reply.map(found.len());
    for (name, index) in found {
        ctx.reply.bulk(name);
        ctx.reply.bulk(&*ctx.server.settings.shown(index));
    }
    Ok(())
}

fn failed(name: &[u8], complaint: &str) -> Error {
    Error::text(&[b"ERR CONFIG SET failed (possibly related to argument '", name, b"') - ", complaint.as_bytes()])
}

fn set(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if !args.left().is_multiple_of(2) {
        return Err(Error::SYNTAX);
    }
    let pairs: Vec<(&[u8], &[u8])> = {
        let words: Vec<&[u8]> = args.rest().collect();
        words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    };
    let mut wanted: Vec<(usize, &[u8], &[u8])> = Vec::new();
    for &(name, value) in &pairs {
        let Some(index) = config::find(name) else {
            return Err(Error::text(&[b"ERR Unknown option or number of arguments for CONFIG SET - '", name, b"'"]));
        };
        if PARAMETERS[index].immutable {
            return Err(failed(name, "can't set immutable config"));
        }
        if PARAMETERS[index].protected && ctx.server.settings.get("enable-protected-configs") == b"no" {
            return Err(failed(name, "can't set protected config"));
        }
        if wanted.iter().any(|(_, other, _)| other.eq_ignore_ascii_case(name)) {
            return Err(failed(name, "duplicate parameter"));
        }
        wanted.push((index, name, value));
    }
    let mut checked: Vec<(usize, Text)> = Vec::new();
    for (index, name, value) in wanted {
        let present = ctx.server.settings.at(index);
        let value = PARAMETERS[index].check(value, present).map_err(|complaint| failed(name, &complaint))?;
        checked.push((index, value));
    }
    for (index, value) in checked {
        config::set(ctx.db, ctx.server, index, value);
    }
    ctx.reply.ok();
    Ok(())
}

fn rewrite(_: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    Err(Error::NO_CONFIG_FILE)
}

fn reset_statistics(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.server.reset_statistics();
    ctx.clients.connections_received = 0;
    ctx.db.stats = crate::store::KeyStats::default();
    ctx.reply.ok();
    Ok(())
}
