//! ACL: users looked at and changed. The mechanism is in `acl/`.

use crate::acl::{self, Entry, Selector, User};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{self, CATEGORIES, Command, Flag::*, Group};
use crate::text::Text;
use alloc::string::String;
use alloc::vec::Vec;
use resp::Writer;

pub(super) const COMMANDS: &[Command] = &[Command::container(
    "acl",
    &[
        Command::sub("acl|cat", "[category]", cat)
            .since("6.0.0")
            .summary("Lists the categories of commands, or the commands of one.")
            .complexity("O(1), as categories and commands are a fixed set")
            .flags(&[NoScript, Loading, Stale]),
        Command::sub("acl|deluser", "username [username ...]", del_user)
            .since("6.0.0")
            .summary("Deletes users and ends their connections.")
            .complexity("O(1) amortized, for a typical user")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
        Command::sub("acl|dryrun", "username command [arg [arg ...]]", dry_run)
            .since("7.0.0")
            .summary("Says whether a user could run a command, without running it.")
            .flags(&[Admin, NoScript, Loading, Stale]),
        Command::sub("acl|genpass", "[bits:integer]", gen_pass)
            .since("6.0.0")
            .summary("Makes up a password.")
            .flags(&[NoScript, Loading, Stale]),
        Command::sub("acl|getuser", "username", get_user)
            .since("6.0.0")
            .summary("Tells a user's passwords and permissions.")
            .complexity("O(N) with N password, command and pattern rules of the user")
            .flags(&[Admin, NoScript, Loading, Stale]),
        Command::help_of("acl|help").since("6.0.0"),
        Command::sub("acl|list", "", list)
            .since("6.0.0")
            .summary("Lists all users as a configuration file has them.")
            .complexity("O(N) with N users")
            .flags(&[Admin, NoScript, Loading, Stale]),
        Command::sub("acl|load", "", no_file)
            .since("6.0.0")
            .summary("Reads the users from the configured file again.")
            .complexity("O(N) with N users")
            .flags(&[Admin, NoScript, Loading, Stale]),
        Command::sub("acl|log", "[operation: count:integer | RESET]", log)
            .since("6.0.0")
            .summary("Lists what was refused lately, or forgets it.")
            .complexity("O(N) with N entries shown")
            .flags(&[Admin, NoScript, Loading, Stale]),
        Command::sub("acl|save", "", no_file)
            .since("6.0.0")
            .summary("Writes the users to the configured file.")
            .complexity("O(N) with N users")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
        Command::sub("acl|setuser", "username [rule [rule ...]]", set_user)
            .since("6.0.0")
            .summary("Makes a user or changes one.")
            .complexity("O(N) with N rules given")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
        Command::sub("acl|users", "", users)
            .since("6.0.0")
            .summary("Lists the users' names.")
            .complexity("O(N) with N users")
            .flags(&[Admin, NoScript, Loading, Stale]),
        Command::sub("acl|whoami", "", who_am_i)
            .since("6.0.0")
            .summary("Tells as which user this connection is known.")
            .flags(&[NoScript, Loading, Stale]),
    ],
)
.group(Group::Server)
.since("6.0.0")
.summary("Says who may connect and what each user may do.")
.help(&[
    "CAT [<category>]",
    "    List all commands that belong to <category>, or all command categories",
    "    when no category is specified.",
    "DELUSER <username> [<username> ...]",
    "    Delete a list of users.",
    "DRYRUN <username> <command> [<arg> ...]",
    "    Returns whether the user can execute the given command without executing the command.",
    "GETUSER <username>",
    "    Get the user's details.",
    "GENPASS [<bits>]",
    "    Generate a secure 256-bit user password. The optional `bits` argument can",
    "    be used to specify a different size.",
    "LIST",
    "    Show users details in config file format.",
    "LOAD",
    "    Reload users from the ACL file.",
    "LOG [<count> | RESET]",
    "    Show the ACL log entries.",
    "SAVE",
    "    Save the current config to the ACL file.",
    "SETUSER <username> <attribute> [<attribute> ...]",
    "    Create or modify a user with the specified attributes.",
    "USERS",
    "    List all the registered usernames.",
    "WHOAMI",
    "    Return the current connection username.",
])];

/// How many entries ACL LOG shows unless told.
const SHOWN_ENTRIES: usize = 10;
/// Bits of a password that is made up.
const PASSWORD_BITS: i64 = 256;

// ---- users ----------------------------------------------------------------------------------------------------------

fn set_user(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let name = args.next()?;
    if name.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Err(Error::BAD_USERNAME);
    }
    let words: Vec<&[u8]> = args.rest().collect();
    let all_channels = ctx.server.settings.get("acl-pubsub-default") == b"allchannels";
    let users = ctx.server.access.users();
    let changed = match users.get(name) {
        Some(user) => user.obey(&words, all_channels)?,
        None => User::new(all_channels).obey(&words, all_channels)?,
    };
    users.insert(Text::new(name), changed);
    ctx.server.access.users_changed();
    acl::disconnect_listeners(ctx, name);
    ctx.reply.ok();
    Ok(())
}

fn del_user(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.rest().any(|name| name == acl::DEFAULT) {
        return Err(Error::DEFAULT_USER_STAYS);
    }
    let mut deleted = 0;
    for name in args.rest() {
        if ctx.server.access.users().remove(name).is_some() {
            acl::disconnect(ctx, name);
            deleted += 1;
        }
    }
    ctx.server.access.users_changed();
    ctx.reply.integer(deleted);
    Ok(())
}

fn get_user(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let Some(user) = ctx.server.access.users().get(args.next()?) else {
        ctx.reply.null();
        return Ok(());
    };
    let reply = &mut ctx.reply;
    reply.map(6);
    reply.bulk("flags");
    reply.set(user.flags().count());
    for flag in user.flags() {
        reply.bulk(flag);
    }
    reply.bulk("passwords");
    reply.array(user.passwords().len());
    for digest in user.passwords() {
        reply.bulk(digest);
    }
    write_selector(reply, user.root());
    reply.bulk("selectors");
    reply.array(user.further_selectors().len());
    for selector in user.further_selectors() {
        reply.map(3);
        write_selector(reply, selector);
    }
    Ok(())
}

fn write_selector(reply: &mut Writer, selector: &Selector) {
    reply.bulk("commands");
    reply.bulk(selector.describe_commands());
    reply.bulk("keys");
    reply.bulk(selector.describe_keys());
    reply.bulk("channels");
    reply.bulk(selector.describe_channels());
}

fn list(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let users = ctx.server.access.users();
    ctx.reply.array(users.len());
    for (name, user) in users {
        ctx.reply.bulk(user.describe(name));
    }
    Ok(())
}

fn users(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let users = ctx.server.access.users();
    ctx.reply.array(users.len());
    for name in users.keys() {
        ctx.reply.bulk(name);
    }
    Ok(())
}

fn who_am_i(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.bulk(&ctx.clients.current().user);
    Ok(())
}

fn no_file(_: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    Err(Error::NO_ACL_FILE)
}

// ---- what one may do ------------------------------------------------------------------------------------------------

fn cat(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("acl", args.at(1)));
    }
    let Some(wanted) = args.peek() else {
        ctx.reply.array(CATEGORIES.len());
        for (_, name) in CATEGORIES {
            ctx.reply.bulk(name);
        }
        return Ok(());
    };
    let category = CATEGORIES.iter().find(|(_, name)| name.as_bytes().eq_ignore_ascii_case(wanted));
    let (category, _) = category.ok_or_else(|| Error::text(&[b"ERR Unknown category '", wanted, b"'"]))?;
    let every = table::all().flat_map(|command| core::iter::once(command).chain(command.subcommands));
    let members: Vec<&Command> = every.filter(|command| command.categories & *category as u32 != 0).collect();
    ctx.reply.array(members.len());
    for command in members {
        ctx.reply.bulk(command.full_name);
    }
    Ok(())
}

fn dry_run(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let name = args.next()?;
    let user = ctx.server.access.users().get(name);
    let user = user.ok_or_else(|| Error::text(&[b"ERR User '", name, b"' not found"]))?;
    let words: Vec<&[u8]> = args.rest().collect();
    let command = table::find(words[0]).and_then(|command| match words.get(1) {
        Some(word) if !command.subcommands.is_empty() => command.subcommand(word),
        _ => Some(command),
    });
    let command = command.ok_or_else(|| Error::text(&[b"ERR Command '", words[0], b"' not found"]))?;
    if !command.takes(words.len()) {
        return Err(Error::wrong_arguments(command.full_name));
    }
    let request = acl::Request::of(command, words);
    match user.judge(&request) {
        Ok(()) => ctx.reply.ok(),
        Err(denial) => ctx.reply.bulk(&denial.message(name, &request, true).0),
    }
    Ok(())
}

fn gen_pass(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("acl", args.at(1)));
    }
    let bits = if args.left() == 0 { PASSWORD_BITS } else { args.integer()? };
    if !(1..=4096).contains(&bits) {
        return Err(Error::PASSWORD_SIZE);
    }
    let digits = (bits + 3) / 4;
    let random = &mut ctx.db.random;
    let password: String = (0..digits).map(|_| char::from(b"0123456789abcdef"[random.below(16) as usize])).collect();
    ctx.reply.bulk(password);
    Ok(())
}

fn log(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("acl", args.at(1)));
    }
    let entries = ctx.server.access.log();
    if args.word("RESET") {
        entries.clear();
        ctx.reply.ok();
        return Ok(());
    }
    let most = match args.left() {
        0 => SHOWN_ENTRIES,
        _ => usize::try_from(args.integer()?).unwrap_or(0),
    };
    ctx.reply.array(entries.len().min(most));
    for entry in entries.iter().take(most) {
        write_entry(&mut ctx.reply, entry, ctx.now.millis());
    }
    Ok(())
}

fn write_entry(reply: &mut Writer, entry: &Entry, now: i64) {
    reply.map(10);
    reply.bulk("count");
    reply.integer(entry.count);
    let words: [(&str, &[u8]); 4] = [
        ("reason", entry.reason.name().as_bytes()),
        ("context", entry.context.name().as_bytes()),
        ("object", &entry.object),
        ("username", &entry.user),
    ];
    for (name, value) in words {
        reply.bulk(name);
        reply.bulk(value);
    }
    reply.bulk("age-seconds");
    reply.double((now - entry.updated) as f64 / 1000.0);
    reply.bulk("client-info");
    reply.bulk(&entry.client);
    for (name, value) in
        [("entry-id", entry.id), ("timestamp-created", entry.created), ("timestamp-last-updated", entry.updated)]
    {
        reply.bulk(name);
        reply.integer(value);
    }
}
