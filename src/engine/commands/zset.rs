//! Sorted sets, one member after the other.

use super::draw::Draw;
use super::list::pop_count;
use super::scan::{ScanOptions, cursor, no_other, reply_page};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::{Ranked, SortedSet, ZsetLimits};
use alloc::vec::Vec;
use resp::{Protocol, Writer};

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "zadd",
        "key [condition@3.0.2: NX | XX] [comparison@6.2.0: GT | LT] [change=CH@3.0.2] [increment=INCR@3.0.2] score member [score member ...]",
        zadd,
    )
        .group(Group::SortedSet)
        .since("1.2.0")
        .summary("Adds members with their scores to a sorted set, or changes scores.")
        .complexity("O(log(N)) for each member")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new(
        "zcard",
        "key",
        zcard,
    )
        .group(Group::SortedSet)
        .since("1.2.0")
        .summary("Says how many members a sorted set has.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new(
        "zincrby",
        "key increment member",
        zincrby,
    )
        .group(Group::SortedSet)
        .since("1.2.0")
        .summary("Adds to the score of a member; a missing member counts as 0.")
        .complexity("O(log(N)) with N members")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW access update")]),
    Command::new(
        "zmscore",
        "key member [member ...]",
        zmscore,
    )
        .group(Group::SortedSet)
        .since("6.2.0")
        .summary("Tells the scores of several members.")
        .complexity("O(N) with N members asked for")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "zpopmax",
        "key [count]",
        zpopmax,
    )
        .group(Group::SortedSet)
        .since("5.0.0")
        .summary("Takes the members with the highest scores out of a sorted set.")
        .complexity("O(log(N)*M) with N members, M taken")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete")]),
    Command::new(
        "zpopmin",
        "key [count]",
        zpopmin,
    )
        .group(Group::SortedSet)
        .since("5.0.0")
        .summary("Takes the members with the lowest scores out of a sorted set.")
        .complexity("O(log(N)*M) with N members, M taken")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete")]),
    Command::new(
        "zmpop",
        "numkeys key [key ...] <where: MIN | MAX> [COUNT count]",
        zmpop,
    )
        .group(Group::SortedSet)
        .since("7.0.0")
        .summary("Takes members with the lowest or highest scores out of the first sorted set that is not empty.")
        .complexity("O(K)+O(M*log(N)) with K keys, N members, M taken")
        .flags(&[Write, MovableKeys])
        .keys(&[Keys::counted(1, "RW access delete")]),
    Command::new(
        "zrandmember",
        "key [options: count [WITHSCORES]]",
        zrandmember,
    )
        .group(Group::SortedSet)
        .since("6.2.0")
        .summary("Shows one or more members of a sorted set, drawn at random.")
        .complexity("O(N) with N members shown")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).tips(&["nondeterministic_output"]),
    Command::new(
        "zrank",
        "key member [WITHSCORE]",
        zrank,
    )
        .group(Group::SortedSet)
        .since("2.0.0")
        .summary("Tells the position of a member in ascending order of scores.")
        .complexity("O(log(N)) with N members")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "zrem",
        "key member [member ...]",
        zrem,
    )
        .group(Group::SortedSet)
        .since("1.2.0")
        .summary("Removes members from a sorted set.")
        .complexity("O(M*log(N)) with N members, M to remove")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new(
        "zrevrank",
        "key member [WITHSCORE]",
        zrevrank,
    )
        .group(Group::SortedSet)
        .since("2.0.0")
        .summary("Tells the position of a member in descending order of scores.")
        .complexity("O(log(N)) with N members")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "zscan",
        "key cursor [MATCH pattern] [COUNT count]",
        zscan,
    )
        .group(Group::SortedSet)
        .since("2.8.0")
        .summary("Lists the members of a sorted set page by page.")
        .complexity("O(1) a call, O(N) for all N members")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).tips(&["nondeterministic_output"]),
    Command::new(
        "zscore",
        "key member",
        zscore,
    )
        .group(Group::SortedSet)
        .since("1.2.0")
        .summary("Tells the score of a member.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
];

/// The conditions under which ZADD changes a score.
#[derive(Clone, Copy, Default)]
pub(super) struct Conditions {
    pub only_new: bool,
    pub only_old: bool,
    pub greater: bool,
    pub less: bool,
}

fn zadd(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let mut conditions = Conditions::default();
    let (mut count_changed, mut increments) = (false, false);
    loop {
        if args.word("NX") {
            conditions.only_new = true;
        } else if args.word("XX") {
            conditions.only_old = true;
        } else if args.word("GT") {
            conditions.greater = true;
        } else if args.word("LT") {
            conditions.less = true;
        } else if args.word("CH") {
            count_changed = true;
        } else if args.word("INCR") {
            increments = true;
        } else {
            break;
        }
    }
    if args.left() == 0 || args.left() % 2 == 1 {
        return Err(Error::SYNTAX);
    }
    let Conditions { only_new, only_old, greater, less } = conditions;
    if only_new && only_old {
        return Err(Error::NX_AND_XX);
    }
    if only_new && (greater || less) || greater && less {
        return Err(Error::GT_LT_AND_NX);
    }
    if increments && args.left() > 2 {
        return Err(Error::INCR_TAKES_ONE_PAIR);
    }
    add(ctx, key, args, conditions, increments, count_changed)
}

fn zincrby(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    add(ctx, key, args, Conditions::default(), true, false)
}

/// Adds the `score member` pairs that are left.
fn add(
    ctx: &mut Ctx,
    key: &[u8],
    args: &mut Args,
    conditions: Conditions,
    increments: bool,
    count_changed: bool,
) -> Result<(), Error> {
    // All scores are read before any is set. One pair, the usual case, needs no memory for that.
    if args.left() == 2 {
        let pair = (args.float()?, args.next()?);
        return add_all(ctx, key, &[pair], conditions, increments, count_changed);
    }
    let mut pairs = Vec::with_capacity(args.left() / 2);
    while args.left() > 0 {
        pairs.push((args.float()?, args.next()?));
    }
    add_all(ctx, key, &pairs, conditions, increments, count_changed)
}

/// Adds members with their scores, and replies.
pub(super) fn add_all(
    ctx: &mut Ctx,
    key: &[u8],
    pairs: &[(f64, &[u8])],
    conditions: Conditions,
    increments: bool,
    count_changed: bool,
) -> Result<(), Error> {
    if !ctx.db.check_type::<SortedSet>(key)? && conditions.only_old {
        if increments {
            ctx.reply.null();
        } else {
            ctx.reply.integer(0);
        }
        return Ok(());
    }
    let limits = ZsetLimits::of(ctx.db);
    let zset = ctx.db.write_or_create::<SortedSet>(key)?;
    let first = pairs.first().filter(|_| zset.is_empty()).map_or(0, |(_, member)| member.len());
    zset.expect(pairs.len(), first, &limits);
    let (mut added, mut updated) = (0, 0);
    let mut last = None;
    for &(mut score, member) in pairs {
        let old = zset.score(member);
        last = None;
        let Some(old) = old else {
            if !conditions.only_old {
                zset.set(member, score, &limits);
                added += 1;
                last = Some(score);
            }
            continue;
        };
        if conditions.only_new {
            continue;
        }
        if increments {
            score += old;
            if score.is_nan() {
                return Err(Error::SCORE_NAN);
            }
        }
        if conditions.less && score >= old || conditions.greater && score <= old {
            continue;
        }
        last = Some(score);
        if score != old {
            zset.set(member, score, &limits);
            updated += 1;
        }
    }
    if !increments {
        ctx.reply.integer(if count_changed { added + updated } else { added });
    } else if let Some(score) = last {
        ctx.reply.double(score);
    } else {
        ctx.reply.null();
    }
    if added + updated > 0 {
        let event = if increments { "zincr" } else { "zadd" };
        ctx.db.changed_by((added + updated) as usize, key, Class::SortedSet, event);
    }
    Ok(())
}

fn zrem(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let (mut removed, mut is_empty) = (0, false);
    if let Some(zset) = ctx.db.write::<SortedSet>(key)? {
        removed = args.rest().filter(|member| zset.remove(member)).count();
        is_empty = zset.is_empty();
    }
    ctx.reply.integer(removed as i64);
    if removed > 0 {
        ctx.db.taken_from(key, removed, Class::SortedSet, "zrem", is_empty);
    }
    Ok(())
}

fn zcard(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let len = ctx.db.read::<SortedSet>(args.next()?)?.map_or(0, SortedSet::len);
    ctx.reply.integer(len as i64);
    Ok(())
}

fn zscore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, member) = (args.next()?, args.next()?);
    let score = ctx.db.read::<SortedSet>(key)?.and_then(|zset| zset.score(member));
    reply_score(&mut ctx.reply, score);
    Ok(())
}

fn reply_score(reply: &mut Writer, score: Option<f64>) {
    match score {
        Some(score) => reply.double(score),
        None => reply.null(),
    }
}

fn zmscore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let zset = ctx.db.read::<SortedSet>(args.next()?)?;
    ctx.reply.array(args.left());
    for member in args.rest() {
        reply_score(&mut ctx.reply, zset.and_then(|zset| zset.score(member)));
    }
    Ok(())
}

fn zrank(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    rank(ctx, args, false)
}

fn zrevrank(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    rank(ctx, args, true)
}

fn rank(ctx: &mut Ctx, args: &mut Args, reverse: bool) -> Result<(), Error> {
    let (key, member) = (args.next()?, args.next()?);
    if args.left() > 1 {
        return Err(Error::wrong_arguments(ctx.command.full_name));
    }
    let with_score = args.word("WITHSCORE");
    args.end()?;
    let zset = ctx.db.read::<SortedSet>(key)?;
    match zset.and_then(|zset| zset.rank(member).map(|(rank, score)| (zset.len(), rank, score))) {
        Some((len, rank, score)) => {
            if with_score {
                ctx.reply.array(2);
            }
            ctx.reply.integer(if reverse { len - 1 - rank } else { rank } as i64);
            if with_score {
                ctx.reply.double(score);
            }
        }
        None if with_score => ctx.reply.null_array(),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// Writes members, with scores as pairs: flat in RESP2, nested in RESP3.
pub(super) fn reply_members<'a>(
    reply: &mut Writer,
    members: impl Iterator<Item = &'a Ranked>,
    count: usize,
    with_scores: bool,
) {
    let in_pairs = with_scores && reply.protocol == Protocol::Resp3;
    reply.array(if with_scores && !in_pairs { count * 2 } else { count });
    for ranked in members {
        if in_pairs {
            reply.array(2);
        }
        reply.bulk(&ranked.member);
        if with_scores {
            reply.double(ranked.score.0);
        }
    }
}

fn zpopmin(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    pop(ctx, args, false)
}

fn zpopmax(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    pop(ctx, args, true)
}

fn pop(ctx: &mut Ctx, args: &mut Args, highest: bool) -> Result<(), Error> {
    let key = args.next()?;
    if args.left() > 1 {
        return Err(Error::SYNTAX);
    }
    let count = if args.left() == 0 { None } else { Some(args.count_argument()?) };
    let Some(zset) = ctx.db.write::<SortedSet>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let taken = count.unwrap_or(1).min(zset.len());
    let ranks = if highest { zset.len() - taken..zset.len() } else { 0..taken };
    if count.is_none() {
        // One member without a count is never a pair inside an array.
        ctx.reply.array(2);
        for ranked in zset.walk(ranks.clone(), highest) {
            ctx.reply.bulk(&ranked.member);
            ctx.reply.double(ranked.score.0);
        }
    } else {
        reply_members(&mut ctx.reply, zset.walk(ranks.clone(), highest), taken, true);
    }
    zset.remove_ranks(ranks);
    let is_empty = zset.is_empty();
    report_pop(ctx, key, taken, highest, is_empty);
    Ok(())
}

fn report_pop(ctx: &mut Ctx, key: &[u8], taken: usize, highest: bool, is_empty: bool) {
    ctx.effort += taken as u64;
    if taken > 0 {
        ctx.db.taken_from(key, taken, Class::SortedSet, if highest { "zpopmax" } else { "zpopmin" }, is_empty);
    }
}

/// `MIN` or `MAX`: whether the highest scores are meant.
pub(crate) fn highest_argument(args: &mut Args) -> Result<bool, Error> {
    if args.word("MIN") {
        Ok(false)
    } else if args.word("MAX") {
        Ok(true)
    } else {
        Err(Error::SYNTAX)
    }
}

fn zmpop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let keys = args.counted_keys(Error::NUMKEYS_NOT_POSITIVE)?;
    let highest = highest_argument(args)?;
    let count = pop_count(args)?;
    if !pop_first(ctx, keys.rest(), highest, count)? {
        ctx.reply.null_array();
    }
    Ok(())
}

/// Pops from the first of the keys that holds a sorted set, and replies with its name and pairs; false when none does.
pub(crate) fn pop_first<'a>(
    ctx: &mut Ctx,
    keys: impl Iterator<Item = &'a [u8]>,
    highest: bool,
    count: usize,
) -> Result<bool, Error> {
    for key in keys {
        let Some(zset) = ctx.db.write::<SortedSet>(key)? else { continue };
        let taken = count.min(zset.len());
        let ranks = if highest { zset.len() - taken..zset.len() } else { 0..taken };
        ctx.reply.array(2);
        ctx.reply.bulk(key);
        ctx.reply.array(taken);
        for ranked in zset.walk(ranks.clone(), highest) {
            ctx.reply.array(2);
            ctx.reply.bulk(&ranked.member);
            ctx.reply.double(ranked.score.0);
        }
        zset.remove_ranks(ranks);
        let is_empty = zset.is_empty();
        report_pop(ctx, key, taken, highest, is_empty);
        return Ok(true);
    }
    Ok(false)
}

/// Pops one member from the first of the keys that holds a sorted set, and replies with its name, the member and the score;
/// false when none does.
pub(crate) fn pop_one<'a>(ctx: &mut Ctx, keys: impl Iterator<Item = &'a [u8]>, highest: bool) -> Result<bool, Error> {
    for key in keys {
        let Some(zset) = ctx.db.write::<SortedSet>(key)? else { continue };
        let rank = if highest { zset.len() - 1 } else { 0 };
        ctx.reply.array(3);
        ctx.reply.bulk(key);
        if let Some(ranked) = zset.get(rank) {
            ctx.reply.bulk(&ranked.member);
            ctx.reply.double(ranked.score.0);
        }
        zset.remove_ranks(rank..rank + 1);
        let is_empty = zset.is_empty();
        report_pop(ctx, key, 1, highest, is_empty);
        return Ok(true);
    }
    Ok(false)
}

fn zrandmember(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let draw = Draw::read(args, "WITHSCORES")?;
    let mut random = ctx.db.random.clone();
    let Some(zset) = ctx.db.read::<SortedSet>(key)? else {
        draw.reply_nothing(&mut ctx.reply);
        return Ok(());
    };
    let mut drawn = draw.positions(&mut random, zset.len())?;
    if draw.count.is_some_and(|count| count > 0) && drawn.len() == zset.len() {
        // All of them come in descending order, as Redis walks sets that it puts together.
        drawn.reverse();
    }
    ctx.effort += drawn.len() as u64;
    let mut members = drawn.iter().filter_map(|&rank| zset.get(rank));
    match draw.count {
        None => members.for_each(|ranked| ctx.reply.bulk(&ranked.member)),
        Some(_) => reply_members(&mut ctx.reply, &mut members, drawn.len(), draw.with_values),
    }
    ctx.db.random = random;
    Ok(())
}

fn zscan(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let cursor = cursor(args.next()?)?;
    let Some(zset) = ctx.db.read::<SortedSet>(key)? else {
        reply_page(&mut ctx.reply, 0, |_| 0);
        return Ok(());
    };
    let options = ScanOptions::read(args, no_other)?;
    let (next, page) = zset.scan(cursor, options.count);
    let packed = zset.encoding() == "listpack";
    ctx.effort += page.len() as u64;
    reply_page(&mut ctx.reply, next, |reply| {
        let mut written = 0;
        for (member, score) in page.into_iter().filter(|(member, _)| options.wants(member)) {
            reply.bulk(member);
            // Scores of ZSCAN are strings in both protocols; those of a skip list have all of their digits, as C's %.17g writes them.
            if packed {
                reply.bulk(resp::number::double(score));
            } else {
                let mut digits = Vec::new();
                lua::append_general(&mut digits, score, 17, false);
                reply.bulk(digits);
            }
            written += 2;
        }
        written
    });
    Ok(())
}
