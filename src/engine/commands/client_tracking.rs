//! CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO: what is asked for; `tracking.rs` does it.

use crate::args::Args;
use crate::client::{Tracking, TrackingMode};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::io::ClientId;
use crate::text::Text;
use alloc::boxed::Box;
use alloc::vec::Vec;

pub(super) fn get_redirection(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let redirect = ctx.clients.current().tracking.as_ref().map_or(-1, |tracking| tracking.redirect as i64);
    ctx.reply.integer(redirect);
    Ok(())
}

pub(super) fn caching(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let tracking = ctx.clients.current().tracking.as_mut();
    let Some(tracking) = tracking else { return Err(Error::CACHING_WITHOUT_MODE) };
    if args.word("YES") {
        if tracking.mode != TrackingMode::OptIn {
            return Err(Error::CACHING_YES_WITHOUT_OPTIN);
        }
    } else if args.word("NO") {
        if tracking.mode != TrackingMode::OptOut {
            return Err(Error::CACHING_NO_WITHOUT_OPTOUT);
        }
    } else {
        return Err(Error::SYNTAX);
    }
    tracking.caching = true;
    ctx.reply.ok();
    Ok(())
}

pub(super) fn tracking(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut wanted = Tracking::default();
    let on = args.next()?;
    let (mut broadcast, mut opt_in, mut opt_out) = (false, false, false);
    while args.left() > 0 {
        if args.word_with("REDIRECT", 1) {
            if wanted.redirect != 0 {
                return Err(Error::TRACKING_REDIRECT_TWICE);
            }
            let id = u64::try_from(args.integer()?).unwrap_or(0);
            if ctx.clients.get(ClientId(id)).is_none() {
                return Err(Error::TRACKING_REDIRECT_UNKNOWN);
            }
            wanted.redirect = id;
        } else if args.word("BCAST") {
            broadcast = true;
        } else if args.word("OPTIN") {
            opt_in = true;
        } else if args.word("OPTOUT") {
            opt_out = true;
        } else if args.word("NOLOOP") {
            wanted.no_loop = true;
        } else if args.word_with("PREFIX", 1) {
            wanted.prefixes.push(Text::new(args.next()?));
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let client = ctx.clients.current();
    if on.eq_ignore_ascii_case(b"off") {
        client.tracking = None;
        register(ctx);
        ctx.reply.ok();
        return Ok(());
    }
    if !on.eq_ignore_ascii_case(b"on") {
        return Err(Error::SYNTAX);
    }
    if !broadcast && !wanted.prefixes.is_empty() {
        return Err(Error::TRACKING_PREFIX_WITHOUT_BCAST);
    }
    let mode = client.tracking.as_ref().map(|tracking| tracking.mode);
    if mode.is_some_and(|mode| broadcast != (mode == TrackingMode::Broadcast)) {
        return Err(Error::TRACKING_BCAST_SWITCH);
    }
    if broadcast && (opt_in || opt_out) {
        return Err(Error::TRACKING_BCAST_WITH_OPT);
    }
    if opt_in && opt_out {
        return Err(Error::TRACKING_BOTH_OPT);
    }
    if opt_in && mode == Some(TrackingMode::OptOut) || opt_out && mode == Some(TrackingMode::OptIn) {
        return Err(Error::TRACKING_OPT_SWITCH);
    }
    let present: &[Text] = client.tracking.as_ref().map_or(&[], |tracking| &tracking.prefixes);
    check_prefixes(present, &wanted.prefixes)?;
    // Who names no prefix asks for all keys, also when there are prefixes from before.
    if broadcast && wanted.prefixes.is_empty() && !present.contains(&Text::default()) {
        wanted.prefixes.push(Text::default());
    }
    wanted.prefixes.extend_from_slice(present);
    crate::sort::by(&mut wanted.prefixes, |a, b| a < b);
    wanted.mode = match (broadcast, opt_in, opt_out) {
        (true, ..) => TrackingMode::Broadcast,
        (_, true, _) => TrackingMode::OptIn,
        (_, _, true) => TrackingMode::OptOut,
        _ => TrackingMode::Default,
    };
    client.tracking = Some(Box::new(wanted));
    register(ctx);
    ctx.reply.ok();
    Ok(())
}

/// Makes the current client's mode and prefixes known to those who tell of changes.
pub(super) fn register(ctx: &mut Ctx) {
    let client = ctx.clients.current();
    let prefixes: &[Text] = client.tracking.as_ref().map_or(&[], |tracking| &tracking.prefixes);
    ctx.server.tracking.register(client.id, prefixes);
    ctx.db.effects.tracking = ctx.server.tracking.is_needed(ctx.clients);
}

fn check_prefixes(present: &[Text], wanted: &[Text]) -> Result<(), Error> {
    const END: &[u8] = b"'. Prefixes for a single client must not overlap.";
    let overlap = |one: &[u8], other: &[u8]| one.starts_with(other) || other.starts_with(one);
    for (position, prefix) in wanted.iter().enumerate() {
        if let Some(other) = present.iter().find(|other| overlap(prefix, other)) {
            return Err(Error::text(&[b"ERR Prefix '", prefix, b"' overlaps with an existing prefix '", other, END]));
        }
        if let Some(other) = wanted[position + 1..].iter().find(|other| overlap(prefix, other)) {
            return Err(Error::text(&[
                b"ERR Prefix '",
                prefix,
                b"' overlaps with another provided prefix '",
                other,
                END,
            ]));
        }
    }
    Ok(())
}

pub(super) fn tracking_info(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let mut flags: Vec<&str> = Vec::new();
    let current = ctx.clients.get(ctx.clients.current_id());
    let tracking = current.and_then(|client| client.tracking.as_deref());
    match tracking {
        None => flags.push("off"),
        Some(tracking) => {
            flags.push("on");
            flags.extend(match tracking.mode {
                TrackingMode::Default => None,
                TrackingMode::Broadcast => Some("bcast"),
                TrackingMode::OptIn => Some("optin"),
                TrackingMode::OptOut => Some("optout"),
            });
            if tracking.caching {
                flags.push(if tracking.mode == TrackingMode::OptIn { "caching-yes" } else { "caching-no" });
            }
            if tracking.no_loop {
                flags.push("noloop");
            }
            if tracking.redirection_broken.get() {
                flags.push("broken_redirect");
            }
        }
    }
    let prefixes: &[Text] = tracking.map_or(&[], |tracking| &tracking.prefixes);
    let reply = &mut ctx.reply;
    reply.map(3);
    reply.bulk("flags");
    reply.set(flags.len());
    for flag in flags {
        reply.bulk(flag);
    }
    reply.bulk("redirect");
    reply.integer(tracking.map_or(-1, |tracking| tracking.redirect as i64));
    reply.bulk("prefixes");
    reply.array(prefixes.len());
    for prefix in prefixes {
        reply.bulk(prefix);
    }
    Ok(())
}
