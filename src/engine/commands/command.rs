//! COMMAND: the table, told to clients.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::glob;
use crate::table::{self, Argument, Begin, CATEGORIES, Category, Command, FLAGS, Find, Flag::*, Group, Keys};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use resp::Writer;

pub(super) const COMMANDS: &[Command] = &[Command::container(
    "command",
    &[
        Command::sub("command|count", "", count)
            .since("2.8.13")
            .summary("Says how many commands there are.")
            .flags(&[Loading, Stale])
            .categories(&[Category::Connection]),
        Command::sub("command|docs", "[command-name [command-name ...]]", docs)
            .since("7.0.0")
            .summary("Describes commands for people: summary, group, complexity and arguments.")
            .complexity("O(N) with N commands asked for")
            .flags(&[Loading, Stale])
            .tips(&["nondeterministic_output_order"])
            .categories(&[Category::Connection]),
        Command::sub("command|getkeys", "command [arg [arg ...]]", get_keys)
            .since("2.8.13")
            .summary("Picks the keys out of a whole command.")
            .complexity("O(N) with N arguments")
            .flags(&[Loading, Stale])
            .categories(&[Category::Connection]),
        Command::sub("command|getkeysandflags", "command [arg [arg ...]]", get_keys_and_flags)
            .since("7.0.0")
            .summary("Picks the keys out of a whole command and says what would be done to them.")
            .complexity("O(N) with N arguments")
            .flags(&[Loading, Stale])
            .categories(&[Category::Connection]),
        Command::sub("command|info", "[command-name [command-name ...]]", info)
            .since("2.8.13")
            .summary("Describes commands for clients: arity, flags, keys, categories.")
            .complexity("O(N) with N commands asked for")
            .flags(&[Loading, Stale])
            .tips(&["nondeterministic_output_order"])
            .categories(&[Category::Connection]),
        Command::sub("command|list", "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]", list)
            .since("7.0.0")
            .summary("Lists the names of commands.")
            .complexity("O(N) with N commands")
            .flags(&[Loading, Stale])
            .tips(&["nondeterministic_output_order"])
            .categories(&[Category::Connection]),
        Command::help_of("command|help").since("5.0.0").categories(&[Category::Connection]),
    ],
)
.by_itself(all)
.group(Group::Server)
.since("2.8.13")
.summary("Describes all commands for clients.")
.complexity("O(N) with N commands")
.flags(&[Loading, Stale])
.tips(&["nondeterministic_output_order"])
.categories(&[Category::Connection])
.help(&[
    "(no subcommand)",
    "    Return details about all Redis commands.",
    "COUNT",
    "    Return the total number of commands in this Redis server.",
    "LIST",
    "    Return a list of all commands in this Redis server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full Redis command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full Redis command.",
])];

/// The only module.
const VECTOR_SETS: &str = "vectorset";

fn all(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.array(table::COMMANDS);
    for command in table::all() {
        write_info(&mut ctx.reply, command);
    }
    Ok(())
}

fn count(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.integer(table::COMMANDS as i64);
    Ok(())
}

fn info(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() == 0 {
        return all(ctx, args);
    }
    ctx.reply.array(args.left());
    for name in args.rest() {
        match table::find_full(name) {
            Some(command) => write_info(&mut ctx.reply, command),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn list(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let every = || table::all().flat_map(|command| core::iter::once(command).chain(command.subcommands));
    let chosen: Vec<&Command> = if args.left() == 0 {
        every().collect()
    } else if args.word("FILTERBY") && args.left() == 2 {
        let (filter, value) = (args.next()?, args.next()?);
        if filter.eq_ignore_ascii_case(b"MODULE") {
            every().filter(|command| command.group == Group::Module && value == VECTOR_SETS.as_bytes()).collect()
        } else if filter.eq_ignore_ascii_case(b"ACLCAT") {
            let wanted = CATEGORIES.iter().find(|(_, name)| name.as_bytes().eq_ignore_ascii_case(value));
            wanted.map_or(Vec::new(), |(category, _)| {
                every().filter(|command| command.categories & *category as u32 != 0).collect()
            })
        } else if filter.eq_ignore_ascii_case(b"PATTERN") {
            every().filter(|command| glob::matches_any_case(value, command.full_name.as_bytes())).collect()
        } else {
            return Err(Error::SYNTAX);
        }
    } else {
        return Err(Error::SYNTAX);
    };
    ctx.reply.array(chosen.len());
    for command in chosen {
        ctx.reply.bulk(command.full_name);
    }
    Ok(())
}

// ---- GETKEYS --------------------------------------------------------------------------------------------------------

fn get_keys(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let words: Vec<&[u8]> = args.rest().collect();
    let positions = key_positions(&words)?;
    ctx.reply.array(positions.len());
    for (at, _) in positions {
        ctx.reply.bulk(words[at]);
    }
    Ok(())
}

fn get_keys_and_flags(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let words: Vec<&[u8]> = args.rest().collect();
    let positions = key_positions(&words)?;
    ctx.reply.array(positions.len());
    for (at, flags) in positions {
        ctx.reply.array(2);
        ctx.reply.bulk(words[at]);
        write_flags(&mut ctx.reply, flags);
    }
    Ok(())
}

fn key_positions(words: &[&[u8]]) -> Result<table::Positions, Error> {
    let Some(mut command) = words.first().and_then(|name| table::find(name)) else {
        return Err(Error::INVALID_COMMAND);
    };
    if !command.subcommands.is_empty()
        && let Some(word) = words.get(1)
    {
        command = command.subcommand(word).ok_or(Error::INVALID_COMMAND)?;
    }
    // A channel stands where a key would, and is none.
    if command.keys.iter().all(|keys| keys.flags.contains("not_key")) {
        return Err(Error::NO_KEY_ARGUMENTS);
    }
    if !command.takes(words.len()) {
        return Err(Error::INVALID_COMMAND_ARITY);
    }
    match command.keys_of(words) {
        Some(positions) if !positions.is_empty() || command.has(NoMandatoryKeys) => Ok(positions),
        None if command.has(NoMandatoryKeys) => Ok(Vec::new()),
        _ => Err(Error::INVALID_COMMAND_ARGUMENTS),
    }
}

// ---- INFO -----------------------------------------------------------------------------------------------------------

fn write_info(reply: &mut Writer, command: &Command) {
    reply.array(10);
    reply.bulk(command.full_name);
    reply.integer(i64::from(command.arity));
    let flags = || FLAGS.iter().filter(|(flag, _)| command.has(*flag));
    reply.set(flags().count());
    for (_, name) in flags() {
        reply.simple(name);
    }
    let (first, last, step) = table::first_last_step(command.keys);
    for number in [first, last, step] {
        reply.integer(i64::from(number));
    }
    let categories = || CATEGORIES.iter().filter(|(category, _)| command.categories & *category as u32 != 0);
    reply.set(categories().count());
    for (_, name) in categories() {
        reply.simple(alloc::format!("@{name}"));
    }
    reply.set(command.tips.len());
    for tip in command.tips {
        reply.bulk(tip);
    }
    reply.set(command.keys.len());
    for keys in command.keys {
        write_keys(reply, keys);
    }
    if command.subcommands.is_empty() {
        reply.set(0);
    } else {
        reply.array(command.subcommands.len());
    }
    for sub in command.subcommands {
        write_info(reply, sub);
    }
}

fn write_flags(reply: &mut Writer, flags: &str) {
    reply.set(flags.split(' ').count());
    for flag in flags.split(' ') {
        reply.simple(flag);
    }
}

fn write_keys(reply: &mut Writer, keys: &Keys) {
    reply.map(3 + usize::from(!keys.notes.is_empty()));
    if !keys.notes.is_empty() {
        reply.bulk("notes");
        reply.bulk(keys.notes);
    }
    reply.bulk("flags");
    write_flags(reply, keys.flags);
    reply.bulk("begin_search");
    match keys.begin {
        Begin::Index(at) => write_search(reply, "index", None, &[("index", at)]),
        Begin::Keyword { word, from } => write_search(reply, "keyword", Some(word), &[("startfrom", from)]),
        Begin::Unknown => write_search(reply, "unknown", None, &[]),
    }
    reply.bulk("find_keys");
    match keys.find {
        Find::Range { last, step, limit } => {
            write_search(reply, "range", None, &[("lastkey", last), ("keystep", step), ("limit", limit)]);
        }
        Find::KeyNum { number, first, step } => {
            write_search(reply, "keynum", None, &[("keynumidx", number), ("firstkey", first), ("keystep", step)]);
        }
        Find::Unknown => write_search(reply, "unknown", None, &[]),
    }
}

fn write_search(reply: &mut Writer, kind: &str, keyword: Option<&str>, numbers: &[(&str, i32)]) {
    reply.map(2);
    reply.bulk("type");
    reply.bulk(kind);
    reply.bulk("spec");
    reply.map(numbers.len() + usize::from(keyword.is_some()));
    if let Some(word) = keyword {
        reply.bulk("keyword");
        reply.bulk(word);
    }
    for (name, number) in numbers {
        reply.bulk(name);
        reply.integer(i64::from(*number));
    }
}

// ---- DOCS -----------------------------------------------------------------------------------------------------------

fn docs(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let chosen: Vec<&Command> =
        if args.left() == 0 { table::all().collect() } else { args.rest().filter_map(table::find_full).collect() };
    ctx.reply.map(chosen.len());
    for command in chosen {
        write_docs(&mut ctx.reply, command);
    }
    Ok(())
}

fn write_docs(reply: &mut Writer, command: &Command) {
    let arguments = command.arguments();
    let deprecated = !command.deprecated.0.is_empty();
    let flagged = deprecated || command.system;
    reply.bulk(command.full_name);
    // A module does not say how complex its commands are.
    let is_module = command.group == Group::Module;
    let complexity = if is_module { "" } else { command.complexity };
    let optional = [
        !complexity.is_empty(),
        is_module,
        flagged,
        deprecated,
        deprecated,
        !arguments.is_empty(),
        !command.subcommands.is_empty(),
    ];
    reply.map(3 + optional.iter().filter(|&&there| there).count());
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            reply.bulk(name);
            reply.bulk(value);
        }
    };
    fact("summary", command.summary);
    fact("since", command.since);
    fact("group", command.group.name());
    fact("module", if is_module { VECTOR_SETS } else { "" });
    fact("complexity", complexity);
    if flagged {
        reply.bulk("doc_flags");
        reply.set(usize::from(deprecated) + usize::from(command.system));
        if deprecated {
            reply.simple("deprecated");
        }
        if command.system {
            reply.simple("syscmd");
        }
    }
    if deprecated {
        reply.bulk("deprecated_since");
        reply.bulk(command.deprecated.0);
        reply.bulk("replaced_by");
        reply.bulk(command.deprecated.1);
    }
    if !arguments.is_empty() {
        reply.bulk("arguments");
        write_arguments(reply, &arguments);
    }
    if !command.subcommands.is_empty() {
        reply.bulk("subcommands");
        reply.map(command.subcommands.len());
        for sub in command.subcommands {
            write_docs(reply, sub);
        }
    }
}

fn write_arguments(reply: &mut Writer, arguments: &[Argument]) {
    reply.array(arguments.len());
    for argument in arguments {
        let shown = Some(&*argument.display_text).filter(|_| !argument.kind.is_group());
        let facts: [(&str, Option<Cow<str>>); 7] = [
            ("name", Some(Cow::Borrowed(&*argument.name))),
            ("type", Some(Cow::Borrowed(argument.kind.name()))),
            ("display_text", shown.map(Cow::Borrowed)),
            ("key_spec_index", argument.key_spec_index.map(|index| Cow::Owned(alloc::format!("{index}")))),
            ("token", argument.token.map(Cow::Borrowed)),
            ("since", argument.since.map(Cow::Borrowed)),
            ("deprecated_since", argument.deprecated_since.map(Cow::Borrowed)),
        ];
        let flags: Vec<&str> = [
            (argument.optional, "optional"),
            (argument.multiple, "multiple"),
            (argument.multiple_token, "multiple_token"),
        ]
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| *name)
        .collect();
        let there = facts.iter().filter(|(_, value)| value.is_some()).count();
        reply.map(there + usize::from(!flags.is_empty()) + usize::from(argument.kind.is_group()));
        for (name, value) in facts {
            let Some(value) = value else { continue };
            reply.bulk(name);
            match argument.key_spec_index {
                Some(index) if name == "key_spec_index" => reply.integer(i64::from(index)),
                _ => reply.bulk(&*value),
            }
        }
        if !flags.is_empty() {
            reply.bulk("flags");
            reply.set(flags.len());
            for flag in flags {
                reply.simple(flag);
            }
        }
        if argument.kind.is_group() {
            reply.bulk("arguments");
            write_arguments(reply, &argument.arguments);
        }
    }
}
