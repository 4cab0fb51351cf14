//! VSIM: what is similar to an element or to a vector.

use super::vector_set::{EF_RANGE, dimension_mismatch, input_mismatch, ranged, reply_attributes, vector};
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::number::parse_double;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::VectorSet;
use crate::types::vector::filter::Expression;
use crate::types::vector::{Filter, Near, Node, SEARCH_EF, Vector};
use resp::{Protocol, Writer};

pub(super) const COMMANDS: &[Command] = &[Command::new(
    "VSIM",
    "key <format: ELE | FP32 | VALUES> vector_or_element [WITHSCORES] [WITHATTRIBS] [COUNT count] [EPSILON max_distance:double] [EF search-exploration-factor:integer] [FILTER expression] [FILTER-EF max-filtering-effort:integer] [TRUTH] [NOTHREAD]",
    vsim,
)
.group(Group::Module)
.since("8.0.0")
.summary("Lists the elements most similar to a vector or to another element.")
.complexity("O(log(N)) with N elements; O(N) with TRUTH")
.flags(&[ReadOnly, Module])
.keys(&[Keys::one(1, "RW access update")])];

/// What the options of a VSIM ask for.
struct Options<'a> {
    scores: bool,
    attributes: bool,
    count: usize,
    /// How far a result may be, where 1 is as far as can be.
    epsilon: f64,
    ef: Option<usize>,
    filter: Option<Expression<'a>>,
    effort: Option<usize>,
    truth: bool,
}

fn options<'a>(args: &mut Args<'a>) -> Result<Options<'a>, Error> {
    let mut options = Options {
        scores: false,
        attributes: false,
        count: 10,
        epsilon: f64::INFINITY,
        ef: None,
        filter: None,
        effort: None,
        truth: false,
    };
    while args.left() > 0 {
        if args.word("WITHSCORES") {
            options.scores = true;
        } else if args.word("WITHATTRIBS") {
            options.attributes = true;
        } else if args.word("TRUTH") {
            options.truth = true;
        } else if args.word("NOTHREAD") {
            // There is only one.
        } else if args.word_with("COUNT", 1) {
            options.count = ranged(args, 1..=usize::MAX, Error::INVALID_COUNT)?;
        } else if args.word_with("EPSILON", 1) {
            let epsilon = parse_double(args.next()?).filter(|&epsilon| epsilon > 0.0);
            options.epsilon = epsilon.ok_or(Error::INVALID_EPSILON)?;
        } else if args.word_with("EF", 1) {
            options.ef = Some(ranged(args, EF_RANGE, Error::INVALID_EF)?);
        } else if args.word_with("FILTER-EF", 1) {
            options.effort = Some(ranged(args, 1..=usize::MAX, Error::INVALID_FILTER_EF)?);
        } else if args.word_with("FILTER", 1) {
            let parsed = Expression::parse(args.next()?);
            let error = |near: &[u8]| Error::text(&[b"ERR syntax error in FILTER expression near: ", near]);
            options.filter = Some(parsed.map_err(error)?);
        } else {
            return Err(Error::VSIM_OPTION);
        }
    }
    Ok(options)
}

/// The next arguments as a query.
fn query(set: &VectorSet, args: &mut Args) -> Result<Vector, Error> {
    let values = if args.word("ELE") {
        let id = set.find(args.next()?).ok_or(Error::ELEMENT_NOT_FOUND)?;
        set.graph.vector(id).values()
    } else {
        let values = vector(args)?;
        match &set.projection {
            _ if values.len() == set.dim() => values,
            None => return Err(dimension_mismatch(values.len(), set.dim())),
            Some(projection) if values.len() != projection.input => {
                return Err(input_mismatch(values.len(), projection.input));
            }
            Some(projection) => projection.apply(&values, set.dim()),
        }
    };
    Ok(Vector::new(&values, set.quantisation))
}

fn vsim(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let Some(set) = ctx.db.read::<VectorSet>(args.next()?)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let query = query(set, args)?;
    let options = options(args)?;
    let admits = |node: &Node| {
        let attributes = node.attributes.as_deref();
        options.filter.as_ref().is_none_or(|filter| attributes.is_some_and(|attributes| filter.admits(attributes)))
    };
    let effort = options.effort.unwrap_or(options.count.saturating_mul(100));
    let filter = Filter { admits: &admits, effort };
    let filter = options.filter.is_some().then_some(&filter);
    let mut found = if options.truth {
        ctx.effort += set.len() as u64;
        set.nearest_of_all(query.view(), options.count, filter)
    } else {
        let ef = options.ef.unwrap_or(SEARCH_EF).max(options.count);
        let (found, seen) = set.graph.search(query.view(), ef, filter);
        ctx.effort += seen as u64;
        found
    };
    for near in &mut found {
        near.distance = query.view().shown_distance(&set.graph.vector(near.id));
    }
    // Of those that are equally near the latest comes first, or with TRUTH the earliest.
    let uid = |near: &Near| set.graph.node(near.id).uid;
    let before = |a: &Near, b: &Near| {
        let order = a.distance.total_cmp(&b.distance);
        order.is_lt() || order.is_eq() && (uid(a) < uid(b)) == options.truth && uid(a) != uid(b)
    };
    crate::sort::by(&mut found, before);
    found.truncate(options.count);
    found.retain(|near| f64::from(near.distance) / 2.0 <= options.epsilon || near.distance.is_nan());
    reply(&mut ctx.reply, set, &found, &options);
    Ok(())
}

fn reply(reply: &mut Writer, set: &VectorSet, found: &[Near], options: &Options) {
    let facts = usize::from(options.scores) + usize::from(options.attributes);
    let maps = reply.protocol == Protocol::Resp3 && facts > 0;
    if maps {
        reply.map(found.len());
    } else {
        reply.array(found.len() * (1 + facts));
    }
    for near in found {
        reply.bulk(set.name(near.id));
        if maps && facts == 2 {
            reply.array(2);
        }
        if options.scores {
            reply.double(1.0 - f64::from(near.distance) / 2.0);
        }
        if options.attributes {
            reply_attributes(reply, set.graph.node(near.id).attributes.as_ref());
        }
    }
}
