//! Sets, one at a time.

use super::draw::Draw;
use super::list::reply_element;
use super::scan::{ScanOptions, cursor, no_other, reply_page};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::{Set, SetLimits};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("sadd", "key member [member ...]", sadd)
        .group(Group::Set)
        .summary("Adds members to a set; those that are there already are not counted.")
        .complexity("O(1) for each member")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new("scard", "key", scard)
        .group(Group::Set)
        .summary("Says how many members a set has.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("sismember", "key member", sismember)
        .group(Group::Set)
        .summary("Says whether a value is a member of a set.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("smembers", "key", smembers)
        .group(Group::Set)
        .summary("Lists all members of a set.")
        .complexity("O(N) with N members")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output_order"]),
    Command::new("smismember", "key member [member ...]", smismember)
        .group(Group::Set)
        .since("6.2.0")
        .summary("Says for each of several values whether it is a member of a set.")
        .complexity("O(N) with N values asked for")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("smove", "source destination member", smove)
        .group(Group::Set)
        .summary("Moves a member from one set to another in one step.")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete"), Keys::one(2, "RW insert")]),
    Command::new("spop", "key [count@3.2.0]", spop)
        .group(Group::Set)
        .summary("Takes one or more members, drawn at random, out of a set and returns them.")
        .complexity("O(1), O(N) with a count of N")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete")])
        .tips(&["nondeterministic_output"]),
    Command::new("srandmember", "key [count@2.6.0]", srandmember)
        .group(Group::Set)
        .summary("Shows one or more members of a set, drawn at random.")
        .complexity("O(1), O(N) with a count of N")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output"]),
    Command::new("srem", "key member [member ...]", srem)
        .group(Group::Set)
        .summary("Removes members from a set.")
        .complexity("O(N) with N members to remove")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new("sscan", "key cursor [MATCH pattern] [COUNT count]", sscan)
        .group(Group::Set)
        .since("2.8.0")
        .summary("Lists the members of a set page by page.")
        .complexity("O(1) a call, O(N) for all N members")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")])
        .tips(&["nondeterministic_output"]),
];

fn sadd(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let limits = SetLimits::of(ctx.db);
    let announced = args.left();
    let set = ctx.db.write_or_create::<Set>(key)?;
    if set.is_empty() {
        *set = Set::for_member(args.peek().unwrap_or_default(), announced, &limits);
    } else {
        set.expect(announced, &limits);
    }
    let added = args.rest().filter(|member| set.add(member, &limits)).count();
    ctx.reply.integer(added as i64);
    if added > 0 {
        ctx.db.changed_by(added, key, Class::Set, "sadd");
    }
    Ok(())
}

fn srem(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let mut removed = 0;
    let mut is_empty = false;
    if let Some(set) = ctx.db.write::<Set>(key)? {
        removed = args.rest().filter(|member| set.remove(member)).count();
        is_empty = set.is_empty();
    }
    ctx.reply.integer(removed as i64);
    if removed > 0 {
        ctx.db.changed_by(removed, key, Class::Set, "srem");
        if is_empty {
            ctx.db.remove_emptied(key);
        }
    }
    Ok(())
}

fn scard(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let len = ctx.db.read::<Set>(args.next()?)?.map_or(0, Set::len);
    ctx.reply.integer(len as i64);
    Ok(())
}

fn sismember(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, member) = (args.next()?, args.next()?);
    let found = ctx.db.read::<Set>(key)?.is_some_and(|set| set.contains(member));
    ctx.reply.integer(i64::from(found));
    Ok(())
}

fn smismember(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let set = ctx.db.read::<Set>(args.next()?)?;
    ctx.reply.array(args.left());
    for member in args.rest() {
        ctx.reply.integer(i64::from(set.is_some_and(|set| set.contains(member))));
    }
    Ok(())
}

fn smembers(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let Some(set) = ctx.db.read::<Set>(args.next()?)? else {
        ctx.reply.set(0);
        return Ok(());
    };
    ctx.effort += set.len() as u64;
    ctx.reply.set(set.len());
    for member in set {
        reply_element(&mut ctx.reply, member);
    }
    Ok(())
}

fn smove(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (source, target, member) = (args.next()?, args.next()?, args.next()?);
    let limits = SetLimits::of(ctx.db);
    // Both are looked up before anything is decided, and what is over goes by that.
    for key in [source, target] {
        ctx.db.live(key);
    }
    let Some(set) = ctx.db.peek_kind::<Set>(source)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    if source == target {
        ctx.reply.integer(i64::from(set.contains(member)));
        return Ok(());
    }
    ctx.db.check_type::<Set>(target)?;
    let Some(set) = ctx.db.write::<Set>(source)? else { return Ok(()) };
    if !set.remove(member) {
        ctx.reply.integer(0);
        return Ok(());
    }
    let is_empty = set.is_empty();
    ctx.db.taken_from(source, 1, Class::Set, "srem", is_empty);
    let set = ctx.db.write_or_create::<Set>(target)?;
    if set.is_empty() {
        *set = Set::for_member(member, 1, &limits);
    }
    if set.add(member, &limits) {
        ctx.db.changed(target, Class::Set, "sadd");
    }
    ctx.reply.integer(1);
    Ok(())
}

fn spop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    if args.left() > 1 {
        return Err(Error::SYNTAX);
    }
    let count = if args.left() == 0 { None } else { Some(args.count_argument()?) };
    let mut random = ctx.db.random.clone();
    let Some(set) = ctx.db.write::<Set>(key)? else {
        if count.is_some() {
            ctx.reply.set(0);
        } else {
            ctx.reply.null();
        }
        return Ok(());
    };
    let taken = count.unwrap_or(1).min(set.len());
    if count.is_some() {
        ctx.reply.set(taken);
    }
    ctx.effort += taken as u64;
    let is_empty = taken == set.len();
    if is_empty {
        for member in set.iter() {
            reply_element(&mut ctx.reply, member);
        }
    } else {
        for _ in 0..taken {
            let position = random.below(set.len() as u64) as usize;
            if let Some(member) = set.member(position) {
                reply_element(&mut ctx.reply, member);
            }
            set.remove_at(position);
        }
    }
    ctx.db.random = random;
    if taken > 0 {
        ctx.db.taken_from(key, taken, Class::Set, "spop", is_empty);
    }
    Ok(())
}

fn srandmember(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    if args.left() > 1 {
        return Err(Error::SYNTAX);
    }
    let draw = Draw { count: if args.left() == 0 { None } else { Some(args.symmetric()?) }, with_values: false };
    let mut random = ctx.db.random.clone();
    let Some(set) = ctx.db.read::<Set>(key)? else {
        draw.reply_nothing(&mut ctx.reply);
        return Ok(());
    };
    let drawn = draw.positions(&mut random, set.len())?;
    ctx.effort += drawn.len() as u64;
    draw.begin(&mut ctx.reply, drawn.len());
    for member in drawn.into_iter().filter_map(|position| set.member(position)) {
        reply_element(&mut ctx.reply, member);
    }
    ctx.db.random = random;
    Ok(())
}

fn sscan(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let cursor = cursor(args.next()?)?;
    let Some(set) = ctx.db.read::<Set>(key)? else {
        reply_page(&mut ctx.reply, 0, |_| 0);
        return Ok(());
    };
    let options = ScanOptions::read(args, no_other)?;
    let (next, page) = set.scan(cursor, options.count);
    ctx.effort += page.len() as u64;
    reply_page(&mut ctx.reply, next, |reply| {
        let wanted = page.into_iter().filter(|member| options.wants(&member.text()));
        wanted.map(|member| reply_element(reply, member)).count()
    });
    Ok(())
}
