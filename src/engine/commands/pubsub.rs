//! Subscribing and publishing.

use crate::args::Args;
use crate::client::{ReplyMode, Subscriptions};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::glob;
use crate::pubsub::Sort;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::text::Text;
use alloc::collections::BTreeSet;
use alloc::rc::Rc;
use alloc::vec::Vec;
use resp::Writer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("psubscribe", "pattern [pattern ...]", psubscribe)
        .group(Group::PubSub)
        .since("2.0.0")
        .summary("Listens to all channels whose names match the patterns.")
        .complexity("O(N) with N patterns")
        .flags(&[PubSub, NoScript, Loading, Stale, DenyOom]),
    Command::new("publish", "channel message", publish)
        .group(Group::PubSub)
        .since("2.0.0")
        .summary("Sends a message to everybody who listens to a channel now, and says to how many.")
        .complexity("O(N+M) with N subscribers of the channel and M subscribed patterns of all clients")
        .flags(&[PubSub, Loading, Stale, Fast]),
    Command::new("pubsub", "", pubsub)
        .group(Group::PubSub)
        .since("2.8.0")
        .arity(-2)
        .summary("Tells who is subscribed to what.")
        .complexity("Depends on the subcommand")
        .subcommands(&[
            Command::sub("pubsub|channels", "[pattern]", channels)
                .group(Group::PubSub)
                .since("2.8.0")
                .summary("Lists the channels that somebody listens to.")
                .complexity("O(N) with N channels")
                .flags(&[PubSub, Loading, Stale]),
            Command::sub("pubsub|help", "", help)
                .group(Group::PubSub)
                .since("6.2.0")
                .summary("Lists the subcommands.")
                .flags(&[Loading, Stale])
                .outside_group(),
            Command::sub("pubsub|numpat", "", numpat)
                .group(Group::PubSub)
                .since("2.8.0")
                .summary("Says how many patterns are subscribed to.")
                .flags(&[PubSub, Loading, Stale]),
            Command::sub("pubsub|numsub", "[channel [channel ...]]", numsub)
                .group(Group::PubSub)
                .since("2.8.0")
                .summary("Says how many listen to each channel, patterns not counted.")
                .complexity("O(N) with N channels asked for")
                .flags(&[PubSub, Loading, Stale]),
            Command::sub("pubsub|shardchannels", "[pattern]", shardchannels)
                .group(Group::PubSub)
                .since("7.0.0")
                .summary("Lists the shard channels that somebody listens to.")
                .complexity("O(N) with N shard channels")
                .flags(&[PubSub, Loading, Stale]),
            Command::sub("pubsub|shardnumsub", "[shardchannel [shardchannel ...]]", shardnumsub)
                .group(Group::PubSub)
                .since("7.0.0")
                .summary("Says how many listen to each shard channel.")
                .complexity("O(N) with N shard channels asked for")
                .flags(&[PubSub, Loading, Stale]),
        ]),
    Command::new("punsubscribe", "[pattern [pattern ...]]", punsubscribe)
        .group(Group::PubSub)
        .since("2.0.0")
        .summary("Stops listening to the patterns, or to all patterns.")
        .complexity("O(N) with N patterns")
        .flags(&[PubSub, NoScript, Loading, Stale]),
    Command::new("spublish", "shardchannel message", spublish)
        .group(Group::PubSub)
        .since("7.0.0")
        .summary("Sends a message to everybody who listens to a shard channel now, and says to how many.")
        .complexity("O(N) with N subscribers")
        .flags(&[PubSub, Loading, Stale, Fast])
        .keys(&[Keys::one(1, "not_key")]),
    Command::new("ssubscribe", "shardchannel [shardchannel ...]", ssubscribe)
        .group(Group::PubSub)
        .since("7.0.0")
        .summary("Listens to shard channels.")
        .complexity("O(N) with N channels")
        .flags(&[PubSub, NoScript, Loading, Stale, DenyOom])
        .keys(&[Keys::range(1, -1, 1, "not_key")]),
    Command::new("subscribe", "channel [channel ...]", subscribe)
        .group(Group::PubSub)
        .since("2.0.0")
        .summary("Listens to channels.")
        .complexity("O(N) with N channels")
        .flags(&[PubSub, NoScript, Loading, Stale, DenyOom]),
    Command::new("sunsubscribe", "[shardchannel [shardchannel ...]]", sunsubscribe)
        .group(Group::PubSub)
        .since("7.0.0")
        .summary("Stops listening to the shard channels, or to all of them.")
        .complexity("O(N) with N channels")
        .flags(&[PubSub, NoScript, Loading, Stale])
        .keys(&[Keys::range(1, -1, 1, "not_key")]),
    Command::new("unsubscribe", "[channel [channel ...]]", unsubscribe)
        .group(Group::PubSub)
        .since("2.0.0")
        .summary("Stops listening to the channels, or to all channels.")
        .complexity("O(N) with N channels")
        .flags(&[PubSub, NoScript, Loading, Stale]),
];

/// Commands that a subscribed connection may send under RESP2.
pub(crate) fn allowed_while_subscribed(command: &Command) -> bool {
    matches!(
        command.full_name,
        "ping"
            | "subscribe"
            | "unsubscribe"
            | "psubscribe"
            | "punsubscribe"
            | "ssubscribe"
            | "sunsubscribe"
            | "quit"
            | "reset"
    )
}

fn names_of(subscriptions: &mut Subscriptions, sort: Sort) -> &mut BTreeSet<Text> {
    match sort {
        Sort::Channel => &mut subscriptions.channels,
        Sort::Pattern => &mut subscriptions.patterns,
        Sort::Shard => &mut subscriptions.shard_channels,
    }
}

/// The number that confirmations carry: channels and patterns are counted together, shard channels on their own.
fn count(subscriptions: &Subscriptions, sort: Sort) -> i64 {
    let count = match sort {
        Sort::Shard => subscriptions.shard_channels.len(),
        _ => subscriptions.channels.len() + subscriptions.patterns.len(),
    };
    count as i64
}

fn join(ctx: &mut Ctx, args: &Args, sort: Sort) -> Result<(), Error> {
    for name in args.rest() {
        let client = ctx.clients.current();
        if names_of(&mut client.subscriptions, sort).insert(Text::new(name)) {
            ctx.server.pubsub.add(sort, name, client.id);
        }
        confirm(ctx, sort, "subscribe", Some(name));
    }
    Ok(())
}

fn leave(ctx: &mut Ctx, args: &Args, sort: Sort) -> Result<(), Error> {
    let names: Vec<Text> = if args.left() > 0 {
        args.rest().map(Text::new).collect()
    } else {
        names_of(&mut ctx.clients.current().subscriptions, sort).iter().cloned().collect()
    };
    for name in &names {
        remove(ctx, sort, name);
        confirm(ctx, sort, "unsubscribe", Some(name));
    }
    if names.is_empty() {
        confirm(ctx, sort, "unsubscribe", None);
    }
    Ok(())
}

fn remove(ctx: &mut Ctx, sort: Sort, name: &Text) {
    let client = ctx.clients.current();
    if names_of(&mut client.subscriptions, sort).remove(name) {
        ctx.server.pubsub.remove(sort, name, client.id);
    }
}

/// Ends all subscriptions without a word (RESET).
pub(crate) fn leave_all(ctx: &mut Ctx) {
    for sort in [Sort::Channel, Sort::Pattern, Sort::Shard] {
        let names: Vec<Text> = names_of(&mut ctx.clients.current().subscriptions, sort).iter().cloned().collect();
        for name in &names {
            remove(ctx, sort, name);
        }
    }
}

fn confirm(ctx: &mut Ctx, sort: Sort, verb: &str, name: Option<&[u8]>) {
    let prefix = match sort {
        Sort::Channel => "",
        Sort::Pattern => "p",
        Sort::Shard => "s",
    };
    let protocol = ctx.reply.protocol;
    let client = ctx.clients.current();
    let write = |reply: &mut Writer| {
        reply.push(3);
        reply.bulk([prefix, verb].concat());
        match name {
            Some(name) => reply.bulk(name),
            None => reply.null(),
        }
        reply.integer(count(&client.subscriptions, sort));
    };
    if client.reply_mode == ReplyMode::On {
        write(&mut ctx.reply);
    } else {
        // A confirmation is a message rather than a reply: CLIENT REPLY does not hold it back.
        let mut bytes = Vec::new();
        write(&mut Writer::new(&mut bytes, protocol));
        ctx.server.outbox.push((client.id, Rc::from(bytes)));
    }
}

fn subscribe(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    join(ctx, args, Sort::Channel)
}

fn psubscribe(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    join(ctx, args, Sort::Pattern)
}

fn ssubscribe(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    join(ctx, args, Sort::Shard)
}

fn unsubscribe(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    leave(ctx, args, Sort::Channel)
}

fn punsubscribe(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    leave(ctx, args, Sort::Pattern)
}

fn sunsubscribe(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    leave(ctx, args, Sort::Shard)
}

fn publish(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (channel, message) = (args.next()?, args.next()?);
    let receivers = ctx.server.pubsub.publish(channel, message, ctx.clients, &mut ctx.server.outbox);
    ctx.effort += receivers as u64;
    ctx.reply.integer(receivers as i64);
    Ok(())
}

fn spublish(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (channel, message) = (args.next()?, args.next()?);
    let receivers = ctx.server.pubsub.publish_to_shard(channel, message, ctx.clients, &mut ctx.server.outbox);
    ctx.effort += receivers as u64;
    ctx.reply.integer(receivers as i64);
    Ok(())
}

// ---- PUBSUB ---------------------------------------------------------------------------------------------------------

fn pubsub(_: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    Err(Error::wrong_arguments("pubsub"))
}

fn list(ctx: &mut Ctx, args: &Args, sort: Sort) -> Result<(), Error> {
    if args.left() > 1 {
        return Err(Error::subcommand_arguments("pubsub", args.at(1)));
    }
    let pattern = args.peek();
    let names = ctx.server.pubsub.of(sort).iter().map(|entry| &entry.key);
    let mark = ctx.reply.mark();
    let mut found = 0;
    for name in names.filter(|name| pattern.is_none_or(|pattern| glob::matches(pattern, name))) {
        ctx.reply.bulk(name);
        found += 1;
    }
    ctx.reply.array_at(mark, found);
    Ok(())
}

fn channels(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, Sort::Channel)
}

fn shardchannels(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, Sort::Shard)
}

fn numpat(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.reply.integer(ctx.server.pubsub.of(Sort::Pattern).len() as i64);
    Ok(())
}

fn subscribers(ctx: &mut Ctx, args: &Args, sort: Sort) {
    ctx.reply.array(args.left() * 2);
    for name in args.rest() {
        ctx.reply.bulk(name);
        ctx.reply.integer(ctx.server.pubsub.of(sort).get(name).map_or(0, Vec::len) as i64);
    }
}

fn numsub(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    subscribers(ctx, args, Sort::Channel);
    Ok(())
}

fn shardnumsub(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    subscribers(ctx, args, Sort::Shard);
    Ok(())
}

fn help(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    ctx.help(&[
        "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "CHANNELS [<pattern>]",
        "    Return the currently active channels matching a <pattern> (default: '*').",
        "NUMPAT",
        "    Return number of subscriptions to patterns.",
        "NUMSUB [<channel> ...]",
        "    Return the number of subscribers for the specified channels, excluding",
        "    pattern subscriptions(default: no channels).",
        "SHARDCHANNELS [<pattern>]",
        "    Return the currently active shard level channels matching a <pattern> (default: '*').",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    Return the number of subscribers for the specified shard level channel(s)",
        "HELP",
        "    Print this help.",
    ]);
    Ok(())
}
