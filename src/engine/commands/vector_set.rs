//! Vector sets: adding and removing elements, asking for what is kept of them. VSIM is in `vector_similarity.rs`.

use super::draw::Draw;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::text::Text;
use crate::types::Name;
use crate::types::VectorSet;
use crate::types::vector::{BUILD_EF, LINK_RANGE, LINKS, MOST_DIMENSIONS, Projection, Quantisation};
use crate::value::Kind;
use alloc::vec::Vec;
use resp::Writer;
use resp::number::parse_integer;

/// The module says of all its commands alike what they do to their key.
const KEY: &[Keys] = &[Keys::one(1, "RW access update")];

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "VADD",
        "key [reduce: REDUCE dim:integer] <format: FP32 | VALUES> vector element [CAS] [quant_type: NOQUANT | BIN | Q8] [EF build-exploration-factor:integer] [SETATTR attributes] [M numlinks:integer]",
        vadd,
    )
    .group(Group::Module)
    .since("8.0.0")
    .summary("Adds an element with its vector to a vector set, or gives one that is there another vector.")
    .complexity("O(log(N)) with N elements")
    .flags(&[Write, DenyOom, Module])
    .keys(KEY),
    Command::new("VCARD", "key", vcard)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Says how many elements a vector set has.")
        .flags(&[ReadOnly, Module, Fast])
        .keys(KEY),
    Command::new("VDIM", "key", vdim)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Says how many dimensions the vectors of a vector set have.")
        .flags(&[ReadOnly, Module, Fast])
        .keys(KEY),
    Command::new("VEMB", "key element [RAW]", vemb)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Gives an element's vector as far as it was kept, or the bytes that are kept of it.")
        .flags(&[ReadOnly, Module, Fast])
        .keys(KEY),
    Command::new("VGETATTR", "key element", vgetattr)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Gives the attributes of an element.")
        .flags(&[ReadOnly, Module, Fast])
        .keys(KEY),
    Command::new("VINFO", "key", vinfo)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Tells how a vector set is built: dimensions, quantisation, links, layers.")
        .flags(&[ReadOnly, Module, Fast])
        .keys(KEY),
    Command::new("VISMEMBER", "key element", vismember)
        .group(Group::Module)
        .since("8.2.0")
        .summary("Says whether a vector set has an element.")
        .flags(&[ReadOnly, Module])
        .keys(KEY),
    Command::new("VLINKS", "key element [WITHSCORES]", vlinks)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Lists with whom an element is linked on each layer of the graph, the highest first.")
        .flags(&[ReadOnly, Module, Fast])
        .keys(KEY),
    Command::new("VRANDMEMBER", "key [count]", vrandmember)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Shows one or more elements of a vector set, drawn at random.")
        .complexity("O(N) with a count of N")
        .flags(&[ReadOnly, Module])
        .keys(KEY),
    Command::new("VRANGE", "key start:string end [count]", vrange)
        .group(Group::Module)
        .since("8.4.0")
        .summary("Lists elements whose names are in a range, in the order of their bytes.")
        .complexity("O(log(N)+M) with N elements, M of them listed")
        .flags(&[ReadOnly, Module])
        .keys(KEY),
    Command::new("VREM", "key element", vrem)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Removes an element from a vector set.")
        .complexity("O(log(N)) with N elements")
        .flags(&[Write, Module])
        .keys(KEY),
    Command::new("VSETATTR", "key element json", vsetattr)
        .group(Group::Module)
        .since("8.0.0")
        .summary("Gives an element attributes, or takes them away.")
        .flags(&[Write, Module, Fast])
        .keys(KEY),
];

/// The next arguments as a vector, after `FP32` or `VALUES`.
pub(super) fn vector(args: &mut Args) -> Result<Vec<f32>, Error> {
    if args.word("FP32") {
        let (chunks, rest) = args.peek().unwrap_or_default().as_chunks::<4>();
        if chunks.is_empty() || chunks.len() > MOST_DIMENSIONS || !rest.is_empty() {
            return Err(Error::VECTOR);
        }
        args.next()?;
        return Ok(chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect());
    }
    if !args.word("VALUES") {
        return Err(Error::VECTOR);
    }
    let dim = args.peek().and_then(parse_integer).and_then(|dim| usize::try_from(dim).ok());
    let dim = dim.filter(|&dim| (1..=MOST_DIMENSIONS).contains(&dim) && dim < args.left()).ok_or(Error::VECTOR)?;
    args.next()?;
    (0..dim).map(|_| args.float().map(|value| value as f32).map_err(|_| Error::VECTOR)).collect()
}

/// The next argument as a number in a range; another one is `invalid`.
pub(super) fn ranged(args: &mut Args, range: core::ops::RangeInclusive<usize>, invalid: Error) -> Result<usize, Error> {
    let number = parse_integer(args.next()?).and_then(|number| usize::try_from(number).ok());
    number.filter(|number| range.contains(number)).ok_or(invalid)
}

/// What `EF` may be.
pub(super) const EF_RANGE: core::ops::RangeInclusive<usize> = 1..=1_000_000;

pub(super) fn dimension_mismatch(got: usize, dim: usize) -> Error {
    let (got, dim) = (Text::decimal(got), Text::decimal(dim));
    Error::text(&[b"ERR Vector dimension mismatch - got ", &got, b" but set has ", &dim])
}

pub(super) fn input_mismatch(got: usize, input: usize) -> Error {
    let (got, input) = (Text::decimal(got), Text::decimal(input));
    Error::text(&[b"ERR Input dimension mismatch for projection - got ", &got, b" but projection expects ", &input])
}

fn vadd(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let reduce = if args.word("REDUCE") { Some(ranged(args, 1..=MOST_DIMENSIONS, Error::VECTOR)?) } else { None };
    let mut values = vector(args)?;
    if reduce.is_some_and(|reduce| reduce > values.len()) {
        return Err(Error::VECTOR);
    }
    let name = args.next().map_err(|_| Error::wrong_arguments(ctx.command.full_name))?;
    let (mut quantisation, mut ef, mut m, mut attributes) = (Quantisation::default(), BUILD_EF, LINKS, None);
    let mut in_background = false;
    while args.left() > 0 {
        if args.word("CAS") {
            in_background = true;
        } else if args.word("NOQUANT") {
            quantisation = Quantisation::None;
        } else if args.word("Q8") {
            quantisation = Quantisation::Int8;
        } else if args.word("BIN") {
            quantisation = Quantisation::Binary;
        } else if args.word_with("EF", 1) {
            ef = ranged(args, EF_RANGE, Error::INVALID_EF)?;
        } else if args.word_with("M", 1) {
            m = ranged(args, LINK_RANGE, Error::INVALID_M)?;
        } else if args.word_with("SETATTR", 1) {
            attributes = Some(args.next()?);
        } else {
            return Err(Error::VADD_OPTION);
        }
    }
    let dim = reduce.unwrap_or(values.len());
    let is_there = ctx.db.check_type::<VectorSet>(key);
    if matches!(is_there, Ok(false)) {
        let mut set = VectorSet::new(dim, quantisation, m, ctx.db.dict_seed(), ctx.db.vector_sets);
        ctx.db.vector_sets += 1;
        set.projection = reduce.map(|_| Projection::new(values.len()));
        ctx.db.set(key, set.into_value());
    }
    // A module that opens a key to write it wakes those who watch it, whatever comes of it.
    ctx.db.touched(key);
    let is_there = is_there?;
    let mut random = ctx.db.random.clone();
    let Some(set) = ctx.db.write::<VectorSet>(key)? else { return Ok(()) };
    if quantisation != set.quantisation {
        return Err(Error::QUANTISATION_MISMATCH);
    }
    if m != set.graph.m() {
        return Err(Error::LINKS_MISMATCH);
    }
    match &set.projection {
        None if values.len() != set.dim() => return Err(dimension_mismatch(values.len(), set.dim())),
        None if reduce.is_some() => return Err(Error::NO_PROJECTION),
        None => {}
        Some(_) if reduce != Some(set.dim()) => return Err(dimension_mismatch(values.len(), set.dim())),
        Some(projection) if values.len() != projection.input => {
            return Err(input_mismatch(values.len(), projection.input));
        }
        Some(projection) => values = projection.apply(&values, set.dim()),
    }
    if in_background && is_there && !ctx.deny_blocking && set.find(name).is_none() {
        // Where Redis takes another thread for the search, we have one. But it closes the key meanwhile, and opens it again to add what
        // was found: those who track it are told of both.
        ctx.tell_before_reply();
        ctx.db.touched(key);
    }
    let Some(set) = ctx.db.write::<VectorSet>(key)? else { return Ok(()) };
    let is_new = set.add(name, &values, ef, &mut random);
    if let Some(attributes) = attributes
        && let Some(id) = set.find(name)
    {
        // An empty string takes attributes away, but a new element keeps it.
        let kept = (is_new || !attributes.is_empty()).then(|| Text::new(attributes));
        set.set_attributes(id, kept);
    }
    ctx.effort += ef.min(set.len()) as u64;
    ctx.db.random = random;
    ctx.reply.boolean(is_new);
    ctx.db.effects.dirty += u64::from(is_new);
    Ok(())
}

fn vrem(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    ctx.db.touched(key);
    let set = ctx.db.write::<VectorSet>(key)?;
    let (removed, is_empty) = set.map_or((false, false), |set| (set.remove(name), set.is_empty()));
    ctx.reply.boolean(removed);
    if removed {
        ctx.db.effects.dirty += 1;
        if is_empty {
            ctx.db.remove(key);
        }
    }
    Ok(())
}

fn vsetattr(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name, attributes) = (args.next()?, args.next()?, args.next()?);
    ctx.db.touched(key);
    let set = ctx.db.write::<VectorSet>(key)?;
    let Some((set, id)) = set.and_then(|set| set.find(name).map(|id| (set, id))) else {
        ctx.reply.boolean(false);
        return Ok(());
    };
    set.set_attributes(id, (!attributes.is_empty()).then(|| Text::new(attributes)));
    ctx.reply.boolean(true);
    ctx.db.effects.dirty += 1;
    Ok(())
}

fn vgetattr(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let node = ctx.db.read::<VectorSet>(key)?.and_then(|set| set.get(name));
    reply_attributes(&mut ctx.reply, node.and_then(|node| node.attributes.as_ref()));
    Ok(())
}

pub(super) fn reply_attributes(reply: &mut Writer, attributes: Option<&Text>) {
    match attributes {
        Some(attributes) => reply.bulk(attributes),
        None => reply.null(),
    }
}

fn vcard(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let len = ctx.db.read::<VectorSet>(args.next()?)?.map_or(0, VectorSet::len);
    ctx.reply.integer(len as i64);
    Ok(())
}

fn vdim(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let dim = ctx.db.read::<VectorSet>(args.next()?)?.ok_or(Error::KEY_DOES_NOT_EXIST)?.dim();
    ctx.reply.integer(dim as i64);
    Ok(())
}

fn vismember(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let found = ctx.db.read::<VectorSet>(key)?.is_some_and(|set| set.find(name).is_some());
    ctx.reply.boolean(found);
    Ok(())
}

fn vemb(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let mut raw = false;
    while args.word("RAW") {
        raw = true;
    }
    args.end().map_err(|_| Error::INVALID_OPTION)?;
    let Some((set, id)) = ctx.db.read::<VectorSet>(key)?.and_then(|set| set.find(name).map(|id| (set, id))) else {
        ctx.reply.null();
        return Ok(());
    };
    let vector = set.graph.vector(id);
    if raw {
        let has_range = set.quantisation == Quantisation::Int8;
        ctx.reply.array(3 + usize::from(has_range));
        ctx.reply.simple(set.quantisation.name());
        ctx.reply.bulk(vector.bytes());
        ctx.reply.double(f64::from(vector.norm));
        if has_range {
            ctx.reply.double(f64::from(vector.range));
        }
        return Ok(());
    }
    let values = vector.values();
    ctx.reply.array(values.len());
    for value in values {
        ctx.reply.double(f64::from(value));
    }
    Ok(())
}

fn vinfo(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let Some(set) = ctx.db.read::<VectorSet>(args.next()?)? else {
        ctx.reply.null_array();
        return Ok(());
    };
    ctx.reply.map(9);
    ctx.reply.simple("quant-type");
    ctx.reply.simple(set.quantisation.name());
    for (name, number) in [
        ("hnsw-m", set.graph.m()),
        ("vector-dim", set.dim()),
        ("projection-input-dim", set.projection.as_ref().map_or(0, |projection| projection.input)),
        ("size", set.len()),
        ("max-level", set.graph.height()),
        ("attributes-count", set.attributed()),
    ] {
        ctx.reply.simple(name);
        ctx.reply.integer(number as i64);
    }
    ctx.reply.simple("vset-uid");
    ctx.reply.integer(set.uid as i64);
    ctx.reply.simple("hnsw-max-node-uid");
    ctx.reply.integer(set.inserted as i64);
    Ok(())
}

fn vlinks(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, name) = (args.next()?, args.next()?);
    let with_scores = args.word("WITHSCORES");
    args.end().map_err(|_| Error::wrong_arguments(ctx.command.full_name))?;
    let Some((set, id)) = ctx.db.read::<VectorSet>(key)?.and_then(|set| set.find(name).map(|id| (set, id))) else {
        ctx.reply.null();
        return Ok(());
    };
    let (vector, level) = (set.graph.vector(id), set.graph.level(id));
    ctx.reply.array(level + 1);
    for layer in (0..=level).rev() {
        let links = set.graph.links(id, layer);
        if with_scores {
            ctx.reply.map(links.len());
        } else {
            ctx.reply.array(links.len());
        }
        for link in links {
            ctx.reply.bulk(set.name(link.id));
            if with_scores {
                let distance = vector.shown_distance(&set.graph.vector(link.id));
                ctx.reply.double(f64::from(1.0 - distance / 2.0));
            }
        }
    }
    Ok(())
}

fn vrandmember(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    if args.left() > 1 {
        return Err(Error::wrong_arguments(ctx.command.full_name));
    }
    let count = match args.peek() {
        Some(count) => Some(parse_integer(count).ok_or(Error::COUNT_NOT_AN_INTEGER)?),
        None => None,
    };
    if count == Some(0) {
        // Then nobody looks at the key.
        ctx.reply.array(0);
        return Ok(());
    }
    let draw = Draw { count, with_values: false };
    let mut random = ctx.db.random.clone();
    let Some(set) = ctx.db.read::<VectorSet>(key)? else {
        draw.reply_nothing(&mut ctx.reply);
        return Ok(());
    };
    let drawn = draw.positions(&mut random, set.len())?;
    ctx.effort += drawn.len() as u64;
    draw.begin(&mut ctx.reply, drawn.len());
    for position in drawn {
        ctx.reply.bulk(set.name(position as u32));
    }
    ctx.db.random = random;
    Ok(())
}

/// One end of VRANGE. Which of `-` and `+` may stand where is looked at when both ends were read.
fn end(argument: &[u8], invalid: Error) -> Result<Name<'_>, Error> {
    match argument {
        b"-" => Ok(Name::First),
        b"+" => Ok(Name::Last),
        [b'[', name @ ..] if !name.is_empty() => Ok(Name::Inclusive(name)),
        [b'(', name @ ..] if !name.is_empty() => Ok(Name::Exclusive(name)),
        _ => Err(invalid),
    }
}

fn vrange(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let (start, last) = (args.next()?, args.next()?);
    if args.left() > 1 {
        return Err(Error::wrong_arguments(ctx.command.full_name));
    }
    let count = match args.peek() {
        Some(count) => parse_integer(count).ok_or(Error::RANGE_COUNT)?,
        None => -1,
    };
    let start = end(start, Error::RANGE_START)?;
    let last = end(last, Error::RANGE_END)?;
    if start == Name::Last || last == Name::First {
        return Err(Error::RANGE_SIGNS);
    }
    let Some(set) = ctx.db.read::<VectorSet>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let ranks = set.range(start, last);
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let len = ranks.len().min(most);
    ctx.effort += len as u64;
    ctx.reply.array(len);
    for name in set.names_from(ranks.start).take(len) {
        ctx.reply.bulk(name);
    }
    Ok(())
}
