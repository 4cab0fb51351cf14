//! Lists.

use crate::args::{Args, slice};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::store::Store;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::text::Text;
use crate::types::listpack::Element;
use crate::types::{End, Fill, List};
use resp::Writer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("lpush", "key element [element ...]", lpush)
        .group(Group::List)
        .summary("Puts elements in front of a list, one after the other, so that the last one named comes first.")
        .complexity("O(1) for each element")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new("rpush", "key element [element ...]", rpush)
        .group(Group::List)
        .summary("Puts elements at the end of a list.")
        .complexity("O(1) for each element")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new("lpushx", "key element [element ...]", lpushx)
        .group(Group::List)
        .since("2.2.0")
        .summary("Puts elements in front of a list, but only if the list is there already.")
        .complexity("O(1) for each element")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new("rpushx", "key element [element ...]", rpushx)
        .group(Group::List)
        .since("2.2.0")
        .summary("Puts elements at the end of a list, but only if the list is there already.")
        .complexity("O(1) for each element")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new("lpop", "key [count@6.2.0]", lpop)
        .group(Group::List)
        .summary("Takes the first element, or the first few, off a list and returns them.")
        .complexity("O(N) with N elements taken")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete")]),
    Command::new("rpop", "key [count@6.2.0]", rpop)
        .group(Group::List)
        .summary("Takes the last element, or the last few, off a list and returns them.")
        .complexity("O(N) with N elements taken")
        .flags(&[Write, Fast])
        .keys(&[Keys::one(1, "RW access delete")]),
    Command::new("llen", "key", llen)
        .group(Group::List)
        .summary("Says how many elements a list has.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO")]),
    Command::new("lrange", "key start stop", lrange)
        .group(Group::List)
        .summary("Reads the elements between two positions; negative positions count from the end.")
        .complexity("O(S+N) with N elements read, S away from the nearer end")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("lindex", "key index", lindex)
        .group(Group::List)
        .summary("Reads the element at a position.")
        .complexity("O(N) with N elements between the position and the nearer end")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("lset", "key index element", lset)
        .group(Group::List)
        .summary("Replaces the element at a position.")
        .complexity("O(N) with N elements between the position and the nearer end")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new("linsert", "key <where: BEFORE | AFTER> pivot element", linsert)
        .group(Group::List)
        .since("2.2.0")
        .summary("Inserts an element before or after the first element that equals the pivot.")
        .complexity("O(N) with N elements up to the pivot")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new("lrem", "key count element", lrem)
        .group(Group::List)
        .summary("Removes elements that equal the given one: the first few, the last few, or all.")
        .complexity("O(N+M) with N elements in the list, M removed")
        .flags(&[Write])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new("ltrim", "key start stop", ltrim)
        .group(Group::List)
        .summary("Keeps the elements between two positions and drops all others.")
        .complexity("O(N) with N elements dropped")
        .flags(&[Write])
        .keys(&[Keys::one(1, "RW delete")]),
    Command::new("lpos", "key element [RANK rank] [COUNT num-matches] [MAXLEN len]", lpos)
        .group(Group::List)
        .since("6.0.6")
        .summary("Finds the positions of elements that equal the given one.")
        .complexity("O(N) with N elements visited")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new("lmove", "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT>", lmove)
        .group(Group::List)
        .since("6.2.0")
        .summary("Takes an element off one end of a list and puts it on an end of another; returns it.")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW access delete"), Keys::one(2, "RW insert")]),
    Command::new("rpoplpush", "source destination", rpoplpush)
        .group(Group::List)
        .since("1.2.0")
        .summary("Takes the last element of a list and puts it in front of another; returns it.")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW access delete"), Keys::one(2, "RW insert")])
        .deprecated("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments"),
    Command::new("lmpop", "numkeys key [key ...] <where: LEFT | RIGHT> [COUNT count]", lmpop)
        .group(Group::List)
        .since("7.0.0")
        .summary("Takes elements off the first list that is not empty.")
        .complexity("O(N+M) with N keys and M elements taken")
        .flags(&[Write, MovableKeys])
        .keys(&[Keys::counted(1, "RW access delete")]),
];

fn fill(db: &Store) -> Fill {
    Fill::new(db.encodings.list_max_listpack_size)
}

/// Writes an element as a bulk string.
pub(crate) fn reply_element(reply: &mut Writer, element: Element) {
    match element {
        Element::Integer(number) => reply.bulk_integer(number),
        Element::Bytes(bytes) => reply.bulk(bytes),
    }
}

fn lpush(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    push(ctx, args, End::Left)
}

fn rpush(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    push(ctx, args, End::Right)
}

fn lpushx(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    push_if_there(ctx, args, End::Left)
}

fn rpushx(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    push_if_there(ctx, args, End::Right)
}

#[inline]
fn push(ctx: &mut Ctx, args: &mut Args, end: End) -> Result<(), Error> {
    let key = args.next()?;
    let fill = fill(ctx.db);
    let list = ctx.db.write_or_create::<List>(key)?;
    list.expect(args.rest(), fill);
    for element in args.rest() {
        list.push(end, element, fill);
    }
    let len = list.len();
    ctx.reply.integer(len as i64);
    ctx.db.changed_by(args.left(), key, Class::List, pushed(end));
    Ok(())
}

fn push_if_there(ctx: &mut Ctx, args: &mut Args, end: End) -> Result<(), Error> {
    let key = args.peek().unwrap_or_default();
    if ctx.db.check_type::<List>(key)? {
        return push(ctx, args, end);
    }
    ctx.reply.integer(0);
    Ok(())
}

fn pushed(end: End) -> &'static str {
    match end {
        End::Left => "lpush",
        End::Right => "rpush",
    }
}

fn popped(end: End) -> &'static str {
    match end {
        End::Left => "lpop",
        End::Right => "rpop",
    }
}

fn lpop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    pop(ctx, args, End::Left)
}

fn rpop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    pop(ctx, args, End::Right)
}

fn pop(ctx: &mut Ctx, args: &mut Args, end: End) -> Result<(), Error> {
    let key = args.next()?;
    if args.left() > 1 {
        return Err(Error::wrong_arguments(ctx.command.full_name));
    }
    let count = if args.left() == 0 { None } else { Some(args.count_argument()?) };
    let fill = fill(ctx.db);
    let list = ctx.db.write::<List>(key)?;
    let Some(list) = list else {
        if count.is_some() {
            ctx.reply.null_array();
        } else {
            ctx.reply.null();
        }
        return Ok(());
    };
    let taken = match count {
        None => {
            if let Some(element) = list.peek(end) {
                reply_element(&mut ctx.reply, element);
            }
            1
        }
        Some(count) => {
            let count = count.min(list.len());
            reply_elements(&mut ctx.reply, list.walk(end, 0), count);
            count
        }
    };
    if taken > 0 {
        ctx.effort += taken as u64;
        list.take(end, taken, fill);
        let is_empty = list.is_empty();
        report_pop(ctx.db, key, end, taken, is_empty);
    }
    Ok(())
}

/// Pops one element and replies with the key's name and it; false when there is no list.
pub(crate) fn take_one(ctx: &mut Ctx, key: &[u8], end: End) -> Result<bool, Error> {
    let fill = fill(ctx.db);
    let Some(list) = ctx.db.write::<List>(key)? else { return Ok(false) };
    let Some(element) = list.peek(end) else { return Ok(false) };
    ctx.reply.array(2);
    ctx.reply.bulk(key);
    reply_element(&mut ctx.reply, element);
    list.take(end, 1, fill);
    let is_empty = list.is_empty();
    report_pop(ctx.db, key, end, 1, is_empty);
    Ok(true)
}

fn reply_elements<'a>(reply: &mut Writer, elements: impl Iterator<Item = Element<'a>>, count: usize) {
    reply.array(count);
    for element in elements.take(count) {
        reply_element(reply, element);
    }
}

fn report_pop(db: &mut Store, key: &[u8], end: End, count: usize, is_empty: bool) {
    db.taken_from(key, count, Class::List, popped(end), is_empty);
}

fn llen(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let len = ctx.db.read::<List>(args.next()?)?.map_or(0, List::len);
    ctx.reply.integer(len as i64);
    Ok(())
}

fn lrange(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let (start, stop) = (args.integer()?, args.integer()?);
    let Some(list) = ctx.db.read::<List>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let (first, count) = slice(start, stop, list.len());
    ctx.effort += count as u64;
    reply_elements(&mut ctx.reply, list.walk(End::Left, first), count);
    Ok(())
}

/// The position in a list of `len` elements that a possibly negative index means.
fn position(index: i64, len: usize) -> Option<usize> {
    let position = if index < 0 { index.checked_add(len as i64)? } else { index };
    usize::try_from(position).ok().filter(|&position| position < len)
}

fn lindex(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let Some(list) = ctx.db.read::<List>(args.next()?)? else {
        ctx.reply.null();
        return Ok(());
    };
    let found = position(args.integer()?, list.len()).and_then(|position| list.get(position));
    match found {
        Some(element) => reply_element(&mut ctx.reply, element),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn lset(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let fill = fill(ctx.db);
    let list = ctx.db.write::<List>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    let index = args.integer()?;
    let element = args.next()?;
    // As in Redis, a large element makes a quicklist even when there is no such index.
    list.expect([element].into_iter(), fill);
    // Redis passes the index on in 32 bits.
    let position = position(i64::from(index as i32), list.len()).ok_or(Error::INDEX_OUT_OF_RANGE)?;
    list.set(position, element, fill);
    list.shrink(fill);
    ctx.reply.ok();
    ctx.db.changed(key, Class::List, "lset");
    Ok(())
}

fn linsert(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let behind = args.word("after");
    if !behind && !args.word("before") {
        return Err(Error::SYNTAX);
    }
    let (pivot, element) = (Element::of(args.next()?), args.next()?);
    let fill = fill(ctx.db);
    let Some(list) = ctx.db.write::<List>(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    list.expect([element].into_iter(), fill);
    let Some(position) = list.walk(End::Left, 0).position(|found| found == pivot) else {
        ctx.reply.integer(-1);
        return Ok(());
    };
    list.insert(position, behind, element, fill);
    ctx.effort += position as u64;
    ctx.reply.integer(list.len() as i64);
    ctx.db.changed(key, Class::List, "linsert");
    Ok(())
}

fn lrem(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let count = args.symmetric()?;
    let element = args.next()?;
    let fill = fill(ctx.db);
    let Some(list) = ctx.db.write::<List>(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    ctx.effort += list.len() as u64;
    let from = if count < 0 { End::Right } else { End::Left };
    let removed = list.remove_equal(from, element, usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX));
    ctx.reply.integer(removed as i64);
    if removed > 0 {
        list.shrink(fill);
        let is_empty = list.is_empty();
        ctx.db.taken_from(key, removed, Class::List, "lrem", is_empty);
    }
    Ok(())
}

fn ltrim(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let (start, stop) = (args.integer()?, args.integer()?);
    let fill = fill(ctx.db);
    let Some(list) = ctx.db.write::<List>(key)? else {
        ctx.reply.ok();
        return Ok(());
    };
    let before = list.len();
    let (first, count) = slice(start, stop, before);
    list.remove(first + count, usize::MAX);
    list.remove(0, first);
    list.shrink(fill);
    let (removed, is_empty) = (before - count, list.is_empty());
    ctx.effort += removed as u64;
    ctx.db.taken_from(key, removed, Class::List, "ltrim", is_empty);
    ctx.reply.ok();
    Ok(())
}

fn lpos(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, element) = (args.next()?, Element::of(args.next()?));
    let (mut rank, mut count, mut most) = (1, None, 0);
    while args.left() > 0 {
        let not_negative = |number: Result<i64, Error>, error| match number {
            Ok(number @ 0..) => Ok(number),
            _ => Err(error),
        };
        if args.word_with("rank", 1) {
            rank = args.symmetric()?;
            if rank == 0 {
                return Err(Error::RANK_ZERO);
            }
        } else if args.word_with("count", 1) {
            count = Some(not_negative(args.integer(), Error::COUNT_NEGATIVE)?);
        } else if args.word_with("maxlen", 1) {
            most = not_negative(args.integer(), Error::MAXLEN_NEGATIVE)?;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let Some(list) = ctx.db.read::<List>(key)? else {
        if count.is_some() {
            ctx.reply.array(0);
        } else {
            ctx.reply.null();
        }
        return Ok(());
    };
    let from = if rank < 0 { End::Right } else { End::Left };
    let len = list.len() as i64;
    let visited = if most == 0 { len } else { most.min(len) };
    let matches = (0..visited)
        .zip(list.walk(from, 0))
        .filter(|(_, found)| *found == element)
        .map(|(at, _)| if rank < 0 { len - 1 - at } else { at })
        .skip((rank.unsigned_abs() - 1) as usize);
    let (reply, effort) = (&mut ctx.reply, &mut ctx.effort);
    *effort += visited as u64;
    if let Some(count) = count {
        let wanted = if count == 0 { usize::MAX } else { count as usize };
        let mark = reply.mark();
        let mut found = 0;
        for position in matches.take(wanted) {
            reply.integer(position);
            found += 1;
        }
        reply.array_at(mark, found);
    } else {
        match { matches }.next() {
            Some(position) => reply.integer(position),
            None => reply.null(),
        }
    }
    Ok(())
}

/// `LEFT` or `RIGHT`.
pub(crate) fn end_argument(args: &mut Args) -> Result<End, Error> {
    if args.word("left") {
        Ok(End::Left)
    } else if args.word("right") {
        Ok(End::Right)
    } else {
        Err(Error::SYNTAX)
    }
}

fn lmove(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (source, target) = (args.next()?, args.next()?);
    let (from, to) = (end_argument(args)?, end_argument(args)?);
    reply_move(ctx, source, target, from, to)
}

fn rpoplpush(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (source, target) = (args.next()?, args.next()?);
    reply_move(ctx, source, target, End::Right, End::Left)
}

fn reply_move(ctx: &mut Ctx, source: &[u8], target: &[u8], from: End, to: End) -> Result<(), Error> {
    match move_element(ctx.db, source, target, from, to)? {
        Some(element) => ctx.reply.bulk(&*element),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// Takes an element off an end of `source` and puts it on an end of `target`; none when there is no source.
pub(crate) fn move_element(
    db: &mut Store,
    source: &[u8],
    target: &[u8],
    from: End,
    to: End,
) -> Result<Option<Text>, Error> {
    let fill = fill(db);
    let is_same = source == target;
    let Some(list) = db.peek_kind::<List>(source)? else { return Ok(None) };
    let Some(element) = list.peek(from).map(|element| Text::new(&element.text())) else { return Ok(None) };
    db.check_type::<List>(target)?;
    let Some(list) = db.write::<List>(source)? else { return Ok(None) };
    list.remove_end(from, 1);
    if !is_same {
        list.shrink(fill);
    }
    let is_empty = list.is_empty() && !is_same;
    let list = db.write_or_create::<List>(target)?;
    list.expect([&*element].into_iter(), fill);
    list.push(to, &element, fill);
    if is_same {
        list.shrink(fill);
    }
    db.changed_by(0, target, Class::List, pushed(to));
    db.taken_from(source, 1, Class::List, popped(from), is_empty);
    Ok(Some(element))
}

fn lmpop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let keys = args.counted_keys(Error::NUMKEYS_NOT_POSITIVE)?;
    let end = end_argument(args)?;
    let count = pop_count(args)?;
    if !pop_first(ctx, keys.rest(), end, count)? {
        ctx.reply.null_array();
    }
    Ok(())
}

/// `COUNT count`, at most once and nothing behind it; 1 when it is not there.
pub(crate) fn pop_count(args: &mut Args) -> Result<usize, Error> {
    let mut count = 1;
    if args.word_with("count", 1) {
        let number = args.integer().ok().filter(|&number| number > 0).ok_or(Error::COUNT_NOT_POSITIVE)?;
        count = usize::try_from(number).unwrap_or(usize::MAX);
    }
    args.end()?;
    Ok(count)
}

/// Pops from the first of the keys that holds a list, and replies with its name and the elements; false when none does.
pub(crate) fn pop_first<'a>(
    ctx: &mut Ctx,
    keys: impl Iterator<Item = &'a [u8]>,
    end: End,
    count: usize,
) -> Result<bool, Error> {
    let fill = fill(ctx.db);
    for key in keys {
        let Some(list) = ctx.db.write::<List>(key)? else { continue };
        let count = count.min(list.len());
        ctx.effort += count as u64;
        ctx.reply.array(2);
        ctx.reply.bulk(key);
        reply_elements(&mut ctx.reply, list.walk(end, 0), count);
        list.take(end, count, fill);
        let is_empty = list.is_empty();
        report_pop(ctx.db, key, end, count, is_empty);
        return Ok(true);
    }
    Ok(false)
}
