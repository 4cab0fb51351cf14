//! Sorted sets: ranges of positions, scores and names.
//!
//! ZRANGE and its older relatives are one command with different defaults; whatever the range is of, it becomes a range of
//! ranks, which is then listed, counted, stored or removed.

use super::zset::reply_members;
use crate::args::{Args, slice};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::number::parse_range_bound;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::{Bound, Name, SortedSet, ZsetLimits};
use crate::value::Kind;
use core::ops::Range;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "zcount",
        "key min:double max:double",
        zcount,
    )
        .group(Group::SortedSet)
        .since("2.0.0")
        .summary("Counts the members with scores in a range.")
        .complexity("O(log(N)) with N members")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "zlexcount",
        "key min max",
        zlexcount,
    )
        .group(Group::SortedSet)
        .since("2.8.9")
        .summary("Counts the members with names in a range.")
        .complexity("O(log(N)) with N members")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "zrange",
        "key start:string stop:string [sortby@6.2.0: BYSCORE | BYLEX] [REV@6.2.0] [limit@6.2.0: LIMIT offset count] [WITHSCORES]",
        zrange,
    )
        .group(Group::SortedSet)
        .since("1.2.0")
        .summary("Lists members in a range of positions, scores or names.")
        .complexity("O(log(N)+M) with N members, M listed")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "zrangebylex",
        "key min max [LIMIT offset count]",
        zrangebylex,
    )
        .group(Group::SortedSet)
        .since("2.8.9")
        .summary("Lists members with names in a range.")
        .complexity("O(log(N)+M) with N members, M listed")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).deprecated("6.2.0", "`ZRANGE` with the `BYLEX` argument"),
    Command::new(
        "zrangebyscore",
        "key min:double max:double [WITHSCORES@2.0.0] [LIMIT offset count]",
        zrangebyscore,
    )
        .group(Group::SortedSet)
        .since("1.0.5")
        .summary("Lists members with scores in a range.")
        .complexity("O(log(N)+M) with N members, M listed")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).deprecated("6.2.0", "`ZRANGE` with the `BYSCORE` argument"),
    Command::new(
        "zrangestore",
        "dst src min max [sortby: BYSCORE | BYLEX] [REV] [LIMIT offset count]",
        zrangestore,
    )
        .group(Group::SortedSet)
        .since("6.2.0")
        .summary("Stores members in a range of positions, scores or names in another key.")
        .complexity("O(log(N)+M) with N members, M stored")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "OW update"), Keys::one(2, "RO access")]),
    Command::new(
        "zremrangebylex",
        "key min max",
        zremrangebylex,
    )
        .group(Group::SortedSet)
        .since("2.8.9")
        .summary("Removes members with names in a range.")
        .complexity("O(log(N)+M) with N members, M removed")
        .flags(&[Write])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new(
        "zremrangebyrank",
        "key start stop",
        zremrangebyrank,
    )
        .group(Group::SortedSet)
        .since("2.0.0")
        .summary("Removes members in a range of positions.")
        .complexity("O(log(N)+M) with N members, M removed")
        .flags(&[Write])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new(
        "zremrangebyscore",
        "key min:double max:double",
        zremrangebyscore,
    )
        .group(Group::SortedSet)
        .since("1.2.0")
        .summary("Removes members with scores in a range.")
        .complexity("O(log(N)+M) with N members, M removed")
        .flags(&[Write])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new(
        "zrevrange",
        "key start stop [WITHSCORES]",
        zrevrange,
    )
        .group(Group::SortedSet)
        .since("1.2.0")
        .summary("Lists members in a range of positions, highest score first.")
        .complexity("O(log(N)+M) with N members, M listed")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).deprecated("6.2.0", "`ZRANGE` with the `REV` argument"),
    Command::new(
        "zrevrangebylex",
        "key max min [LIMIT offset count]",
        zrevrangebylex,
    )
        .group(Group::SortedSet)
        .since("2.8.9")
        .summary("Lists members with names in a range, last name first.")
        .complexity("O(log(N)+M) with N members, M listed")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments"),
    Command::new(
        "zrevrangebyscore",
        "key max:double min:double [WITHSCORES] [LIMIT offset count]",
        zrevrangebyscore,
    )
        .group(Group::SortedSet)
        .since("2.2.0")
        .summary("Lists members with scores in a range, highest score first.")
        .complexity("O(log(N)+M) with N members, M listed")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments"),
];

/// What a range is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Name,
}

/// A range as it was written.
#[derive(Clone, Copy)]
enum Span<'a> {
    Ranks(i64, i64),
    Scores(Bound, Bound),
    Names(Name<'a>, Name<'a>),
}

impl<'a> Span<'a> {
    fn read(by: By, min: &'a [u8], max: &'a [u8]) -> Result<Span<'a>, Error> {
        Ok(match by {
            By::Rank => {
                let position = |text| resp::number::parse_integer(text).ok_or(Error::NOT_AN_INTEGER);
                Span::Ranks(position(min)?, position(max)?)
            }
            By::Score => Span::Scores(bound(min)?, bound(max)?),
            By::Name => Span::Names(name(min)?, name(max)?),
        })
    }

    /// The ranks that the range takes in. Positions are counted from the end of a reversed listing.
    fn ranks(self, zset: &SortedSet, reverse: bool) -> Range<usize> {
        match self {
            Span::Ranks(start, stop) => {
                let (first, count) = slice(start, stop, zset.len());
                if reverse {
                    let end = zset.len() - first;
                    end - count..end
                } else {
                    first..first + count
                }
            }
            Span::Scores(min, max) => zset.by_score(min, max),
            Span::Names(min, max) => zset.by_name(min, max, reverse),
        }
    }
}

fn bound(text: &[u8]) -> Result<Bound, Error> {
    let (exclusive, number) = match text {
        [b'(', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    Ok(Bound { score: parse_range_bound(number).ok_or(Error::MIN_OR_MAX_NOT_A_FLOAT)?, exclusive })
}

fn name(text: &[u8]) -> Result<Name<'_>, Error> {
    match text {
        b"-" => Ok(Name::First),
        b"+" => Ok(Name::Last),
        [b'[', rest @ ..] => Ok(Name::Inclusive(rest)),
        [b'(', rest @ ..] => Ok(Name::Exclusive(rest)),
        _ => Err(Error::MIN_OR_MAX_NOT_A_NAME),
    }
}

/// What a command of this family asks for.
struct Query<'a> {
    span: Span<'a>,
    reverse: bool,
    with_scores: bool,
    /// How many members to pass over; a negative number leaves nothing.
    offset: i64,
    /// How many to take; a negative number takes all.
    count: i64,
}

/// Reads range and options. The older commands have their kind of range and direction in their name; `stores` refuses scores.
fn query<'a>(args: &mut Args<'a>, fixed: Option<(By, bool)>, stores: bool) -> Result<Query<'a>, Error> {
    let (mut min, mut max) = (args.next()?, args.next()?);
    let (mut by, mut reverse) = fixed.unwrap_or((By::Rank, false));
    let (mut chosen, mut turned, mut with_scores) = (fixed.is_some(), fixed.is_some(), false);
    let (mut offset, mut count) = (0, -1);
    while args.left() > 0 {
        if !stores && args.word("WITHSCORES") {
            with_scores = true;
        } else if args.word_with("LIMIT", 2) {
            (offset, count) = (args.integer()?, args.integer()?);
        } else if !turned && args.word("REV") {
            (reverse, turned) = (true, true);
        } else if !chosen && args.word("BYSCORE") {
            (by, chosen) = (By::Score, true);
        } else if !chosen && args.word("BYLEX") {
            (by, chosen) = (By::Name, true);
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if by == By::Rank {
        // A limit of -1 passes for none, whatever its offset.
        if count != -1 {
            return Err(Error::LIMIT_NEEDS_BY);
        }
        offset = 0;
    }
    if with_scores && by == By::Name {
        return Err(Error::WITHSCORES_WITH_BYLEX);
    }
    if reverse && by != By::Rank {
        core::mem::swap(&mut min, &mut max);
    }
    Ok(Query { span: Span::read(by, min, max)?, reverse, with_scores, offset, count })
}

impl Query<'_> {
    /// The ranks that are asked for, the limit applied.
    fn ranks(&self, zset: &SortedSet) -> Range<usize> {
        let ranks = self.span.ranks(zset, self.reverse);
        let Ok(offset) = usize::try_from(self.offset) else { return 0..0 };
        let left = ranks.len().saturating_sub(offset);
        let count = usize::try_from(self.count).map_or(left, |count| count.min(left));
        if self.reverse {
            let end = ranks.end - offset.min(ranks.len());
            end - count..end
        } else {
            let start = ranks.start + offset.min(ranks.len());
            start..start + count
        }
    }
}

fn list(ctx: &mut Ctx, args: &mut Args, fixed: Option<(By, bool)>) -> Result<(), Error> {
    let key = args.next()?;
    let query = query(args, fixed, false)?;
    let Some(zset) = ctx.db.read::<SortedSet>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let ranks = query.ranks(zset);
    let count = ranks.len();
    ctx.effort += count as u64;
    reply_members(&mut ctx.reply, zset.walk(ranks, query.reverse), count, query.with_scores);
    Ok(())
}

fn zrange(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, None)
}

fn zrevrange(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, Some((By::Rank, true)))
}

fn zrangebyscore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, Some((By::Score, false)))
}

fn zrevrangebyscore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, Some((By::Score, true)))
}

fn zrangebylex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, Some((By::Name, false)))
}

fn zrevrangebylex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    list(ctx, args, Some((By::Name, true)))
}

fn zrangestore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (target, source) = (args.next()?, args.next()?);
    let query = query(args, None, true)?;
    let limits = ZsetLimits::of(ctx.db);
    let mut result = SortedSet::default();
    if let Some(zset) = ctx.db.read::<SortedSet>(source)? {
        for ranked in zset.walk(query.ranks(zset), false) {
            result.set(&ranked.member, ranked.score.0, &limits);
        }
    }
    store(ctx, target, result, "zrangestore");
    Ok(())
}

/// Sets `target` to a result, or deletes it when the result is empty, and replies with the number of members.
pub(super) fn store(ctx: &mut Ctx, target: &[u8], result: SortedSet, event: &'static str) {
    ctx.reply.integer(result.len() as i64);
    ctx.effort += result.len() as u64;
    if !result.is_empty() {
        ctx.db.set(target, result.into_value());
        ctx.db.changed(target, Class::SortedSet, event);
    } else if ctx.db.discard(target) {
        ctx.db.changed(target, Class::Generic, "del");
    }
}

fn zcount(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    count(ctx, args, By::Score)
}

fn zlexcount(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    count(ctx, args, By::Name)
}

fn count(ctx: &mut Ctx, args: &mut Args, by: By) -> Result<(), Error> {
    let key = args.next()?;
    let span = Span::read(by, args.next()?, args.next()?)?;
    let found = ctx.db.read::<SortedSet>(key)?.map_or(0, |zset| span.ranks(zset, false).len());
    ctx.reply.integer(found as i64);
    Ok(())
}

fn zremrangebyrank(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    remove(ctx, args, By::Rank, "zremrangebyrank")
}

fn zremrangebyscore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    remove(ctx, args, By::Score, "zremrangebyscore")
}

fn zremrangebylex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    remove(ctx, args, By::Name, "zremrangebylex")
}

fn remove(ctx: &mut Ctx, args: &mut Args, by: By, event: &'static str) -> Result<(), Error> {
    let key = args.next()?;
    let span = Span::read(by, args.next()?, args.next()?)?;
    let (mut removed, mut is_empty) = (0, false);
    if let Some(zset) = ctx.db.write::<SortedSet>(key)? {
        let ranks = span.ranks(zset, false);
        removed = ranks.len();
        zset.remove_ranks(ranks);
        is_empty = zset.is_empty();
    }
    ctx.effort += removed as u64;
    ctx.reply.integer(removed as i64);
    if removed > 0 {
        ctx.db.changed_by(removed, key, Class::SortedSet, event);
        if is_empty {
            ctx.db.remove_emptied(key);
        }
    }
    Ok(())
}
