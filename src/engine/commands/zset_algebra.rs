//! Sorted sets together: union, intersection, difference. Plain sets take part, each member with a score of 1.

use super::zset::reply_members;
use super::zset_range::store;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::number::parse_double;
use crate::store::Store;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::{Set, SortedSet, ZsetLimits};
use crate::value::Value;
use alloc::rc::Rc;
use alloc::vec::Vec;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("zdiff", "numkeys key [key ...] [WITHSCORES]", zdiff)
        .group(Group::SortedSet)
        .since("6.2.0")
        .summary("Lists the members of the first sorted set that are in none of the others.")
        .complexity("O(L+(N-K)*log(N)) with L members in all sets, N in the first, K in the result")
        .flags(&[ReadOnly, MovableKeys])
        .keys(&[Keys::counted(1, "RO access")]),
    Command::new("zdiffstore", "destination numkeys key [key ...]", zdiffstore)
        .group(Group::SortedSet)
        .since("6.2.0")
        .summary("Stores the members of the first sorted set that are in none of the others.")
        .complexity("O(L+(N-K)*log(N)) with L members in all sets, N in the first, K in the result")
        .flags(&[Write, DenyOom, MovableKeys])
        .keys(&[Keys::one(1, "OW update"), Keys::counted(2, "RO access")]),
    Command::new(
        "zinter",
        "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        zinter,
    )
    .group(Group::SortedSet)
    .since("6.2.0")
    .summary("Lists the members that all of the sets have, with scores put together.")
    .complexity("O(N*K)+O(M*log(M)) with N members in the smallest of K sets, M in the result")
    .flags(&[ReadOnly, MovableKeys])
    .keys(&[Keys::counted(1, "RO access")]),
    Command::new("zintercard", "numkeys key [key ...] [LIMIT limit]", zintercard)
        .group(Group::SortedSet)
        .since("7.0.0")
        .summary("Counts the members that all of the sets have, up to a limit.")
        .complexity("O(N*K) with N members in the smallest of K sets")
        .flags(&[ReadOnly, MovableKeys])
        .keys(&[Keys::counted(1, "RO access")]),
    Command::new(
        "zinterstore",
        "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
        zinterstore,
    )
    .group(Group::SortedSet)
    .since("2.0.0")
    .summary("Stores the members that all of the sets have, with scores put together.")
    .complexity("O(N*K)+O(M*log(M)) with N members in the smallest of K sets, M in the result")
    .flags(&[Write, DenyOom, MovableKeys])
    .keys(&[Keys::one(1, "OW update"), Keys::counted(2, "RO access")]),
    Command::new(
        "zunion",
        "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        zunion,
    )
    .group(Group::SortedSet)
    .since("6.2.0")
    .summary("Lists the members that any of the sets has, with scores put together.")
    .complexity("O(N)+O(M*log(M)) with N members in all sets, M in the result")
    .flags(&[ReadOnly, MovableKeys])
    .keys(&[Keys::counted(1, "RO access")]),
    Command::new(
        "zunionstore",
        "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
        zunionstore,
    )
    .group(Group::SortedSet)
    .since("2.0.0")
    .summary("Stores the members that any of the sets has, with scores put together.")
    .complexity("O(N)+O(M*log(M)) with N members in all sets, M in the result")
    .flags(&[Write, DenyOom, MovableKeys])
    .keys(&[Keys::one(1, "OW update"), Keys::counted(2, "RO access")]),
];

/// A set of either kind, with a weight for its scores.
struct Source {
    members: Members,
    weight: f64,
}

enum Members {
    Nothing,
    Set(Rc<Set>),
    Sorted(Rc<SortedSet>),
}

impl Source {
    fn len(&self) -> usize {
        match &self.members {
            Members::Nothing => 0,
            Members::Set(set) => set.len(),
            Members::Sorted(zset) => zset.len(),
        }
    }

    /// The weighed score of a member. It is no number for infinity times zero, which, other than while walking, is left to
    /// the aggregate: a sum is zero then, and least and greatest pass it over.
    fn score(&self, member: &[u8]) -> Option<f64> {
        let score = match &self.members {
            Members::Nothing => None,
            Members::Set(set) => set.contains(member).then_some(1.0),
            Members::Sorted(zset) => zset.score(member),
        };
        score.map(|score| self.weight * score)
    }

    /// Infinity times zero is zero here.
    fn weigh(&self, score: f64) -> f64 {
        let weighed = self.weight * score;
        if weighed.is_nan() { 0.0 } else { weighed }
    }

    /// Calls `visit` with every member and its weighed score, until it says stop.
    fn walk(&self, mut visit: impl FnMut(&[u8], f64) -> bool) {
        match &self.members {
            Members::Nothing => {}
            Members::Set(set) => {
                let _ = set.iter().all(|member| visit(&member.text(), self.weigh(1.0)));
            }
            Members::Sorted(zset) => {
                let _ = zset.iter().all(|ranked| visit(&ranked.member, self.weigh(ranked.score.0)));
            }
        }
    }
}

/// Reads `numkeys key …` and looks the keys up.
fn sources(ctx: &mut Ctx, args: &mut Args) -> Result<Vec<Source>, Error> {
    let number = args.integer()?;
    if number < 1 {
        let command = ctx.command.full_name.as_bytes();
        return Err(Error::text(&[b"ERR at least 1 input key is needed for '", command, b"' command"]));
    }
    let count = usize::try_from(number).ok().filter(|&count| count <= args.left()).ok_or(Error::SYNTAX)?;
    let mut sources = Vec::with_capacity(count);
    for _ in 0..count {
        let members = members(ctx.db, args.next()?)?;
        sources.push(Source { members, weight: 1.0 });
    }
    Ok(sources)
}

fn members(db: &mut Store, key: &[u8]) -> Result<Members, Error> {
    match db.value(key) {
        None => Ok(Members::Nothing),
        Some(Value::Set(set)) => Ok(Members::Set(Rc::clone(set))),
        Some(Value::SortedSet(zset)) => Ok(Members::Sorted(Rc::clone(zset))),
        Some(_) => Err(Error::WRONG_TYPE),
    }
}

#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Least,
    Greatest,
}

impl Aggregate {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinities of both signs cancel each other out.
            Aggregate::Sum if (a + b).is_nan() => 0.0,
            Aggregate::Sum => a + b,
            Aggregate::Least => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Aggregate::Greatest => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// Reads the command's arguments and puts the sets together; says also whether scores are to be shown.
fn combine(ctx: &mut Ctx, args: &mut Args, operation: Operation, stores: bool) -> Result<(SortedSet, bool), Error> {
    let mut sources = sources(ctx, args)?;
    let mut aggregate = Aggregate::Sum;
    let mut with_scores = false;
    while args.left() > 0 {
        if operation != Operation::Difference && args.word_with("WEIGHTS", sources.len()) {
            for source in &mut sources {
                source.weight = parse_double(args.next()?).ok_or(Error::WEIGHT_NOT_A_FLOAT)?;
            }
        } else if operation != Operation::Difference && args.word_with("AGGREGATE", 1) {
            aggregate = if args.word("SUM") {
                Aggregate::Sum
            } else if args.word("MIN") {
                Aggregate::Least
            } else if args.word("MAX") {
                Aggregate::Greatest
            } else {
                return Err(Error::SYNTAX);
            };
        } else if !stores && args.word("WITHSCORES") {
            with_scores = true;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let limits = ZsetLimits::of(ctx.db);
    // Not small even if it is, because only there a negative zero shows its sign.
    let mut result = SortedSet::default();
    result.make_skiplist(0, &limits);
    let effort = &mut ctx.effort;
    match operation {
        Operation::Union => {
            smallest_first(&mut sources);
            for source in &sources {
                *effort += source.len() as u64;
                source.walk(|member, score| {
                    let score = result.score(member).map_or(score, |before| aggregate.of(before, score));
                    result.set(member, score, &limits);
                    true
                });
            }
        }
        Operation::Intersection => intersect(sources, effort, |member, scores| {
            if let Some(score) = scores.iter().copied().reduce(|a, b| aggregate.of(a, b)) {
                result.set(member, score, &limits);
            }
            true
        }),
        Operation::Difference => {
            if let Some((first, others)) = sources.split_first() {
                first.walk(|member, score| {
                    *effort += 1;
                    if !others.iter().any(|other| other.score(member).is_some()) {
                        result.set(member, score, &limits);
                    }
                    true
                });
            }
        }
    }
    if stores {
        result.settle(&limits);
    }
    Ok((result, with_scores))
}

fn smallest_first(sources: &mut [Source]) {
    crate::sort::by_key(sources, Source::len);
}

/// Calls `visit` with every member that all sources have and its scores, until it says stop.
fn intersect(mut sources: Vec<Source>, effort: &mut u64, mut visit: impl FnMut(&[u8], &[f64]) -> bool) {
    smallest_first(&mut sources);
    let Some((smallest, others)) = sources.split_first() else { return };
    let mut scores = Vec::with_capacity(others.len() + 1);
    smallest.walk(|member, score| {
        *effort += 1;
        scores.clear();
        scores.push(score);
        for other in others {
            match other.score(member) {
                Some(score) => scores.push(score),
                None => return true,
            }
        }
        visit(member, &scores)
    });
}

fn reply(ctx: &mut Ctx, args: &mut Args, operation: Operation) -> Result<(), Error> {
    let (result, with_scores) = combine(ctx, args, operation, false)?;
    reply_members(&mut ctx.reply, result.iter(), result.len(), with_scores);
    Ok(())
}

fn zunion(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    reply(ctx, args, Operation::Union)
}

fn zinter(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    reply(ctx, args, Operation::Intersection)
}

fn zdiff(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    reply(ctx, args, Operation::Difference)
}

fn zunionstore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let target = args.next()?;
    let (result, _) = combine(ctx, args, Operation::Union, true)?;
    store(ctx, target, result, "zunionstore");
    Ok(())
}

fn zinterstore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let target = args.next()?;
    let (result, _) = combine(ctx, args, Operation::Intersection, true)?;
    store(ctx, target, result, "zinterstore");
    Ok(())
}

fn zdiffstore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let target = args.next()?;
    let (result, _) = combine(ctx, args, Operation::Difference, true)?;
    store(ctx, target, result, "zdiffstore");
    Ok(())
}

fn zintercard(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let sources = sources(ctx, args)?;
    let limit = args.cardinality_limit()?;
    let mut found = 0;
    intersect(sources, &mut ctx.effort, |_, _| {
        found += 1;
        found != limit
    });
    ctx.reply.integer(found as i64);
    Ok(())
}
