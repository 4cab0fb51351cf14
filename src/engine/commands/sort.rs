//! SORT: the elements of a list, set or sorted set in order of themselves or of what other keys say about them.
//!
//! A pattern names other keys: its first `*` is replaced by the element, and `->field` behind it reads a hash. What is missing weighs
//! 0, or comes first among texts. Ties of numbers are broken by the elements' bytes, so the result does not depend on the
//! order in which they were found.

use crate::acl;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::store::Store;
use crate::table::key_functions;
use crate::table::{Begin, Category, Command, Find, Flag::*, Keys};
use crate::types::{End, Fill, Hash, List, SortedSet, ZsetLimits};
use crate::value::{Kind, Value};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Keys that only the function knows, because they come from patterns or from the last STORE.
const fn elsewhere(flags: &'static str) -> Keys {
    Keys { begin: Begin::Unknown, find: Find::Unknown, flags, notes: "" }
}

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "sort",
        "key [BY by-pattern=pattern#1] [LIMIT offset count] [GET get-pattern=pattern#1 [GET pattern ...]] [order: ASC | DESC] [sorting=ALPHA] [STORE destination]",
        sort,
    )
    .summary("Gives the elements of a list, set or sorted set in order, or stores them as a list.")
    .complexity("O(N+M*log(M)) with N elements of which M are returned; O(N) without sorting")
    .flags(&[Write, DenyOom, MovableKeys])
    .keys(&[Keys::one(1, "RO access"), elsewhere("RO access"), elsewhere("OW update")])
    .keys_by(key_functions::sort)
    .outside_group()
    .categories(&[Category::Set, Category::SortedSet, Category::List, Category::Dangerous]),
    Command::new(
        "sort_ro",
        "key [BY by-pattern=pattern#1] [LIMIT offset count] [GET get-pattern=pattern#1 [GET pattern ...]] [order: ASC | DESC] [sorting=ALPHA]",
        sort_ro,
    )
    .since("7.0.0")
    .summary("The same without the possibility to store.")
    .complexity("O(N+M*log(M)) with N elements of which M are returned; O(N) without sorting")
    .flags(&[ReadOnly, MovableKeys])
    .keys(&[Keys::one(1, "RO access"), elsewhere("RO access")])
    .keys_by(key_functions::sort_ro)
    .outside_group()
    .categories(&[Category::Set, Category::SortedSet, Category::List, Category::Dangerous]),
];

#[derive(Default)]
struct Options<'a> {
    by: Option<&'a [u8]>,
    limit: Option<(i64, i64)>,
    get: Vec<&'a [u8]>,
    descending: bool,
    as_text: bool,
    target: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    /// Patterns lead to other keys, which not everybody may read.
    fn read(args: &mut Args<'a>, may_store: bool, may_follow: bool) -> Result<Options<'a>, Error> {
        let mut options = Options::default();
        while args.left() > 0 {
            if args.word("asc") {
                options.descending = false;
            } else if args.word("desc") {
                options.descending = true;
            } else if args.word("alpha") {
                options.as_text = true;
            } else if args.word_with("limit", 2) {
                options.limit = Some((args.integer()?, args.integer()?));
            } else if may_store && args.word_with("store", 1) {
                options.target = Some(args.next()?);
            } else if args.word_with("by", 1) {
                let pattern = args.next()?;
                if pattern.contains(&b'*') && !may_follow {
                    return Err(Error::SORT_BY_DENIED);
                }
                options.by = Some(pattern);
            } else if args.word_with("get", 1) {
                if !may_follow {
                    return Err(Error::SORT_GET_DENIED);
                }
                options.get.push(args.next()?);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }

    /// Which of `len` elements are wanted.
    fn part(&self, len: usize) -> core::ops::Range<usize> {
        let Some((offset, count)) = self.limit else { return 0..len };
        let start = usize::try_from(offset.max(0)).unwrap_or(usize::MAX).min(len);
        let end = usize::try_from(count).map_or(len, |count| start.saturating_add(count).min(len));
        start..end
    }
}

fn sort(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    sort_key(ctx, args, true)
}

fn sort_ro(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    sort_key(ctx, args, false)
}

fn sort_key(ctx: &mut Ctx, args: &mut Args, may_store: bool) -> Result<(), Error> {
    let key = args.next()?;
    let may_follow = !ctx.server.access.restricts || acl::reads_all_keys(ctx, args);
    let mut options = Options::read(args, may_store, may_follow)?;
    let by_nothing = options.by.is_some_and(|pattern| !pattern.contains(&b'*'));
    let value = ctx.db.value(key);
    // A set has no order of its own: what is stored must not depend on chance.
    let chance = matches!(value, Some(Value::Set(_))) && options.target.is_some();
    let unsorted = by_nothing && !chance;
    if by_nothing && chance {
        options.as_text = true;
        options.by = None;
    }
    let mut elements = elements_of(value, unsorted && options.descending)?;
    make_skiplist(ctx.db, key);
    ctx.effort += elements.len() as u64;
    if !unsorted {
        elements = in_order(ctx.db, elements, &options)?;
    }
    let part = options.part(elements.len());
    let wanted = &elements[part];
    let mut found: Vec<Option<Vec<u8>>> = Vec::new();
    for element in wanted {
        if options.get.is_empty() {
            found.push(Some(element.clone()));
        }
        for pattern in &options.get {
            found.push(look_up(ctx.db, pattern, element));
        }
    }
    match options.target {
        Some(target) => store(ctx, target, &found),
        None => {
            ctx.reply.array(found.len());
            for value in found {
                match value {
                    Some(value) => ctx.reply.bulk(value),
                    None => ctx.reply.null(),
                }
            }
        }
    }
    Ok(())
}

/// Redis sorts a sorted set through its skip list, and so a small one becomes one for good.
fn make_skiplist(db: &mut Store, key: &[u8]) {
    let small = matches!(db.peek(key), Some(Value::SortedSet(zset)) if zset.encoding() == "listpack");
    let limits = ZsetLimits::of(db);
    if small && let Ok(Some(zset)) = db.write::<SortedSet>(key) {
        zset.expect(usize::MAX, 0, &limits);
    }
}

/// All elements in the order of their collection, or backwards where it has an order.
fn elements_of(value: Option<&Value>, backwards: bool) -> Result<Vec<Vec<u8>>, Error> {
    let mut elements: Vec<Vec<u8>> = match value {
        None => Vec::new(),
        Some(Value::List(list)) => list.walk(End::Left, 0).map(|element| element.text().to_vec()).collect(),
        Some(Value::Set(set)) => set.iter().map(|member| member.text().to_vec()).collect(),
        Some(Value::SortedSet(zset)) => zset.iter().map(|ranked| ranked.member.to_vec()).collect(),
        Some(_) => return Err(Error::WRONG_TYPE),
    };
    if backwards && !matches!(value, Some(Value::Set(_))) {
        elements.reverse();
    }
    Ok(elements)
}

fn in_order(db: &mut Store, elements: Vec<Vec<u8>>, options: &Options) -> Result<Vec<Vec<u8>>, Error> {
    let weigh = |db: &mut Store, element: &[u8]| match options.by {
        Some(pattern) => look_up(db, pattern, element),
        None => Some(element.to_vec()),
    };
    let towards = |ordering: Ordering| if options.descending { ordering.reverse() } else { ordering };
    if options.as_text {
        let mut weighed: Vec<(Option<Vec<u8>>, Vec<u8>)> =
            elements.into_iter().map(|element| (weigh(db, &element), element)).collect();
        weighed.sort_by(|a, b| towards(a.0.cmp(&b.0)));
        return Ok(weighed.into_iter().map(|(_, element)| element).collect());
    }
    let mut weighed: Vec<(f64, Vec<u8>)> = Vec::with_capacity(elements.len());
    // All weights are looked up, and whoever listens hears of it, even if one of them is no number.
    let mut all_numbers = true;
    for element in elements {
        let weight = weigh(db, &element).map_or(Some(0.0), |text| weight(&text));
        all_numbers &= weight.is_some();
        weighed.push((weight.unwrap_or_default(), element));
    }
    if !all_numbers {
        return Err(Error::SORT_NOT_A_DOUBLE);
    }
    weighed.sort_by(|a, b| towards(a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1))));
    Ok(weighed.into_iter().map(|(_, element)| element).collect())
}

/// A number as SORT reads it: decimal only, nothing counts as 0, what is too large is infinite, and a zero byte ends it.
fn weight(text: &[u8]) -> Option<f64> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    let unsigned = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let is_number = matches!(unsigned.first()?, b'0'..=b'9' | b'.');
    let is_infinite = unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity");
    if !is_number && !is_infinite {
        return None;
    }
    // Zero has one place in the order, whatever its sign.
    let weight = if is_infinite { f64::INFINITY } else { resp::number::parse_decimal(unsigned)? };
    Some(if text.starts_with(b"-") { -weight } else { weight } + 0.0)
}

/// What a pattern says about an element.
fn look_up(db: &mut Store, pattern: &[u8], element: &[u8]) -> Option<Vec<u8>> {
    if pattern == b"#" {
        return Some(element.to_vec());
    }
    let star = pattern.iter().position(|&byte| byte == b'*')?;
    let behind = &pattern[star + 1..];
    let arrow = behind.windows(2).position(|pair| pair == b"->").filter(|&at| at + 2 < behind.len());
    let (suffix, field) = match arrow {
        Some(at) => (&behind[..at], Some(&behind[at + 2..])),
        None => (behind, None),
    };
    let key = [&pattern[..star], element, suffix].concat();
    match field {
        None => db.string(&key).ok()?.map(|value| value.to_vec()),
        Some(field) => field_of(db, &key, field),
    }
}

fn store(ctx: &mut Ctx, target: &[u8], values: &[Option<Vec<u8>>]) {
    if values.is_empty() {
        if ctx.db.discard(target) {
            ctx.db.changed(target, Class::Generic, "del");
        }
    } else {
        let fill = Fill::new(ctx.db.encodings.list_max_listpack_size);
        let mut list = List::default();
        list.expect(values.iter().map(|value| value.as_deref().unwrap_or_default()), fill);
        for value in values {
            list.push(End::Right, value.as_deref().unwrap_or_default(), fill);
        }
        ctx.db.set(target, list.into_value());
        ctx.db.changed_by(values.len(), target, Class::List, "sortstore");
    }
    ctx.reply.integer(values.len() as i64);
}

fn field_of(db: &mut Store, key: &[u8], field: &[u8]) -> Option<Vec<u8>> {
    let now = db.now.millis();
    let hash = db.read::<Hash>(key).ok()??;
    hash.get(field).filter(|field| !field.is_over(now)).map(|field| field.value.text().to_vec())
}
