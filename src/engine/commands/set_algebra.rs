//! Sets together: intersection, union, difference.
//!
//! An intersection walks the smallest set and asks the others; a difference walks the first set and asks the others when
//! that is cheaper than taking all their members away from it. Both rules are Redis', because the order of a small result shows them.

use super::list::reply_element;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::sort;
use crate::store::Store;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::listpack::{Element, Listpack};
use crate::types::{Set, SetLimits};
use crate::value::{Kind, Value};
use alloc::rc::Rc;
use alloc::vec::Vec;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("sdiff", "key [key ...]", sdiff)
        .group(Group::Set)
        .summary("Lists the members of the first set that are in none of the others.")
        .complexity("O(N) with N members in all sets together")
        .flags(&[ReadOnly])
        .keys(&[Keys::range(1, -1, 1, "RO access")])
        .tips(&["nondeterministic_output_order"]),
    Command::new("sdiffstore", "destination key [key ...]", sdiffstore)
        .group(Group::Set)
        .summary("Stores the members of the first set that are in none of the others.")
        .complexity("O(N) with N members in all sets together")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "OW update"), Keys::range(2, -1, 1, "RO access")]),
    Command::new("sinter", "key [key ...]", sinter)
        .group(Group::Set)
        .summary("Lists the members that all of the sets have.")
        .complexity("O(N*M) with N members in the smallest of M sets")
        .flags(&[ReadOnly])
        .keys(&[Keys::range(1, -1, 1, "RO access")])
        .tips(&["nondeterministic_output_order"]),
    Command::new("sintercard", "numkeys key [key ...] [LIMIT limit]", sintercard)
        .group(Group::Set)
        .since("7.0.0")
        .summary("Counts the members that all of the sets have, up to a limit.")
        .complexity("O(N*M) with N members in the smallest of M sets")
        .flags(&[ReadOnly, MovableKeys])
        .keys(&[Keys::counted(1, "RO access")]),
    Command::new("sinterstore", "destination key [key ...]", sinterstore)
        .group(Group::Set)
        .summary("Stores the members that all of the sets have.")
        .complexity("O(N*M) with N members in the smallest of M sets")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "OW update"), Keys::range(2, -1, 1, "RO access")]),
    Command::new("sunion", "key [key ...]", sunion)
        .group(Group::Set)
        .summary("Lists the members that any of the sets has.")
        .complexity("O(N) with N members in all sets together")
        .flags(&[ReadOnly])
        .keys(&[Keys::range(1, -1, 1, "RO access")])
        .tips(&["nondeterministic_output_order"]),
    Command::new("sunionstore", "destination key [key ...]", sunionstore)
        .group(Group::Set)
        .summary("Stores the members that any of the sets has.")
        .complexity("O(N) with N members in all sets together")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "OW update"), Keys::range(2, -1, 1, "RO access")]),
];

/// The sets at `keys`, none for a missing one. Each is a shared handle, so that several can be read at once.
fn sources<'a>(db: &mut Store, keys: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Option<Rc<Set>>>, Error> {
    keys.map(|key| match db.value(key) {
        None => Ok(None),
        Some(Value::Set(set)) => Ok(Some(Rc::clone(set))),
        Some(_) => Err(Error::WRONG_TYPE),
    })
    .collect()
}

fn smallest_first(sets: &mut [Rc<Set>]) {
    sort::by_key(sets, |set| set.len());
}

/// Calls `visit` for every member that all sets have, until it says stop.
fn intersect(mut sets: Vec<Rc<Set>>, effort: &mut u64, mut visit: impl FnMut(Element) -> bool) {
    smallest_first(&mut sets);
    let Some((smallest, others)) = sets.split_first() else { return };
    for member in smallest.iter() {
        *effort += 1;
        let text = member.text();
        if others.iter().all(|set| Rc::ptr_eq(set, smallest) || set.contains(&text)) && !visit(member) {
            return;
        }
    }
}

fn intersection(sources: Vec<Option<Rc<Set>>>, limits: &SetLimits, effort: &mut u64) -> Set {
    let Some(mut sets) = sources.into_iter().collect::<Option<Vec<_>>>() else { return Set::default() };
    smallest_first(&mut sets);
    // What is found in a set of integers is one, and grows as one does.
    if sets.first().is_some_and(|smallest| smallest.encoding() == "intset") {
        let mut result = Set::default();
        intersect(sets, effort, |member| {
            result.add(&member.text(), limits);
            true
        });
        return result;
    }
    // Members keep the order of the walk, unless all of them are integers.
    let mut result = Set::Packed(Listpack::default());
    let mut only_integers = true;
    intersect(sets, effort, |member| {
        let text = member.text();
        only_integers &= parse_integer(&text).is_some();
        result.add(&text, limits);
        true
    });
    if only_integers && result.len() <= limits.intset_entries {
        let mut integers = Set::default();
        for member in &result {
            integers.add(&member.text(), limits);
        }
        return integers;
    }
    result
}

fn union(sources: Vec<Option<Rc<Set>>>, limits: &SetLimits, effort: &mut u64) -> Set {
    let mut result = Set::default();
    for set in sources.into_iter().flatten() {
        *effort += set.len() as u64;
        for member in set.iter() {
            result.add(&member.text(), limits);
        }
    }
    result
}

fn difference(sources: Vec<Option<Rc<Set>>>, limits: &SetLimits, effort: &mut u64) -> Set {
    let mut result = Set::default();
    let Some((Some(first), others)) = sources.split_first() else { return result };
    let mut others: Vec<&Rc<Set>> = others.iter().flatten().collect();
    if others.iter().any(|set| Rc::ptr_eq(set, first)) {
        return result;
    }
    let all: usize = others.iter().map(|set| set.len()).sum();
    if first.len().saturating_mul(others.len() + 1) / 2 <= first.len() + all {
        // The largest of the others is the likeliest to know a member.
        sort::by(&mut others, |a, b| a.len() > b.len());
        for member in first.iter() {
            *effort += 1;
            let text = member.text();
            if !others.iter().any(|set| set.contains(&text)) {
                result.add(&text, limits);
            }
        }
    } else {
        // Member by member, so that the encoding is that of a set which grew from nothing.
        for member in first.iter() {
            *effort += 1;
            result.add(&member.text(), limits);
        }
        for set in others {
            for member in set.iter() {
                *effort += 1;
                result.remove(&member.text());
            }
        }
    }
    result
}

type Operation = fn(Vec<Option<Rc<Set>>>, &SetLimits, &mut u64) -> Set;

fn reply(ctx: &mut Ctx, args: &mut Args, operation: Operation) -> Result<(), Error> {
    let sources = sources(ctx.db, args.rest())?;
    let limits = SetLimits::of(ctx.db);
    let result = operation(sources, &limits, &mut ctx.effort);
    ctx.reply.set(result.len());
    for member in &result {
        reply_element(&mut ctx.reply, member);
    }
    Ok(())
}

fn store(ctx: &mut Ctx, args: &mut Args, operation: Operation, event: &'static str) -> Result<(), Error> {
    let target = args.next()?;
    let sources = sources(ctx.db, args.rest())?;
    let limits = SetLimits::of(ctx.db);
    let result = operation(sources, &limits, &mut ctx.effort);
    ctx.reply.integer(result.len() as i64);
    if result.is_empty() {
        if ctx.db.discard(target) {
            ctx.db.changed(target, Class::Generic, "del");
        }
    } else {
        ctx.db.set(target, result.into_value());
        ctx.db.changed(target, Class::Set, event);
    }
    Ok(())
}

fn sinter(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let sources = sources(ctx.db, args.rest())?;
    let mark = ctx.reply.mark();
    let mut found = 0;
    if let Some(sets) = sources.into_iter().collect::<Option<Vec<_>>>() {
        intersect(sets, &mut ctx.effort, |member| {
            reply_element(&mut ctx.reply, member);
            found += 1;
            true
        });
    }
    ctx.reply.set_at(mark, found);
    Ok(())
}

fn sinterstore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    store(ctx, args, intersection, "sinterstore")
}

fn sunion(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    reply(ctx, args, union)
}

fn sunionstore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    store(ctx, args, union, "sunionstore")
}

fn sdiff(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    reply(ctx, args, difference)
}

fn sdiffstore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    store(ctx, args, difference, "sdiffstore")
}

fn sintercard(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let keys = args.cardinality_keys()?;
    let limit = args.cardinality_limit()?;
    let sources = sources(ctx.db, keys.rest())?;
    let mut found = 0;
    if let Some(sets) = sources.into_iter().collect::<Option<Vec<_>>>() {
        intersect(sets, &mut ctx.effort, |_| {
            found += 1;
            found != limit
        });
    }
    ctx.reply.integer(found as i64);
    Ok(())
}
