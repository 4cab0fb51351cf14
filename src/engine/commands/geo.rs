//! Places: sorted sets whose scores are geohashes.

use super::zset::{Conditions, add_all};
use super::zset_range::store;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::geo::{Point, Shape};
use crate::number::parse_double;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::text::Text;
use crate::types::{Bound, SortedSet, ZsetLimits};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use resp::Writer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "geoadd",
        "key [condition@6.2.0: NX | XX] [change=CH@6.2.0] longitude latitude member [longitude latitude member ...]",
        geoadd,
    )
        .group(Group::Geo)
        .since("3.2.0")
        .summary("Adds places with longitude and latitude to a sorted set, or moves them.")
        .complexity("O(log(N)) for each place")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW update")]),
    Command::new(
        "geodist",
        "key member1 member2 [unit: M | KM | FT | MI]",
        geodist,
    )
        .group(Group::Geo)
        .since("3.2.0")
        .summary("Tells the distance between two places.")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "geohash",
        "key [member [member ...]]",
        geohash,
    )
        .group(Group::Geo)
        .since("3.2.0")
        .summary("Gives the geohash strings of places.")
        .complexity("O(M) with M places asked for")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "geopos",
        "key [member [member ...]]",
        geopos,
    )
        .group(Group::Geo)
        .since("3.2.0")
        .summary("Tells longitude and latitude of places.")
        .complexity("O(M) with M places asked for")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "georadius",
        "key longitude latitude radius <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: <COUNT count> [ANY@6.2.0]] [order: ASC | DESC] [store: STORE storekey=key | STOREDIST storedistkey=key]",
        georadius,
    )
        .group(Group::Geo)
        .since("3.2.0")
        .summary("Finds places within a distance of a point, and can store them.")
        .complexity("O(N+log(M)) with N places near the circle, M found")
        .flags(&[Write, DenyOom, MovableKeys])
        .keys(&[Keys::one(1, "RO access"), Keys::behind("STORE", 6, "OW update"), Keys::behind("STOREDIST", 6, "OW update")]).deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"),
    Command::new(
        "georadius_ro",
        "key longitude latitude radius <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: <COUNT count> [ANY@6.2.0]] [order: ASC | DESC]",
        georadius_ro,
    )
        .group(Group::Geo)
        .since("3.2.10")
        .summary("Finds places within a distance of a point.")
        .complexity("O(N+log(M)) with N places near the circle, M found")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument"),
    Command::new(
        "georadiusbymember",
        "key member radius <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: <COUNT count> [ANY]] [order: ASC | DESC] [store: STORE storekey=key | STOREDIST storedistkey=key]",
        georadiusbymember,
    )
        .group(Group::Geo)
        .since("3.2.0")
        .summary("Finds places within a distance of another place, and can store them.")
        .complexity("O(N+log(M)) with N places near the circle, M found")
        .flags(&[Write, DenyOom, MovableKeys])
        .keys(&[Keys::one(1, "RO access"), Keys::behind("STORE", 5, "OW update"), Keys::behind("STOREDIST", 5, "OW update")]).deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"),
    Command::new(
        "georadiusbymember_ro",
        "key member radius <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: <COUNT count> [ANY]] [order: ASC | DESC]",
        georadiusbymember_ro,
    )
        .group(Group::Geo)
        .since("3.2.10")
        .summary("Finds places within a distance of another place.")
        .complexity("O(N+log(M)) with N places near the circle, M found")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]).deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"),
    Command::new(
        "geosearch",
        "key <from: FROMMEMBER member | FROMLONLAT longitude latitude> <by: <circle: <BYRADIUS radius> <unit: M | KM | FT | MI>> | <box: <BYBOX width> height <unit: M | KM | FT | MI>>> [order: ASC | DESC] [count-block: <COUNT count> [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
        geosearch,
    )
        .group(Group::Geo)
        .since("6.2.0")
        .summary("Finds places in a circle or a box.")
        .complexity("O(N+log(M)) with N places near the shape, M found")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "geosearchstore",
        "destination source <from: FROMMEMBER member | FROMLONLAT longitude latitude> <by: <circle: <BYRADIUS radius> <unit: M | KM | FT | MI>> | <box: <BYBOX width> height <unit: M | KM | FT | MI>>> [order: ASC | DESC] [count-block: <COUNT count> [ANY]] [STOREDIST]",
        geosearchstore,
    )
        .group(Group::Geo)
        .since("6.2.0")
        .summary("Stores the places in a circle or a box in another key.")
        .complexity("O(N+log(M)) with N places near the shape, M found")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "OW update"), Keys::one(2, "RO access")]),
];

/// The next two arguments as a point on the map.
fn point(args: &mut Args) -> Result<Point, Error> {
    let point = Point { longitude: args.float()?, latitude: args.float()? };
    if point.is_valid() {
        return Ok(point);
    }
    let pair = format!("{:.6},{:.6}", point.longitude, point.latitude);
    Err(Error::text(&[b"ERR invalid longitude,latitude pair ", pair.as_bytes()]))
}

/// The next argument as a unit, in metres.
fn unit(args: &mut Args) -> Result<f64, Error> {
    for (word, metres) in [("M", 1.0), ("KM", 1000.0), ("FT", 0.3048), ("MI", 1609.34)] {
        if args.word(word) {
            return Ok(metres);
        }
    }
    args.next()?;
    Err(Error::UNSUPPORTED_UNIT)
}

fn geoadd(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let mut conditions = Conditions::default();
    let mut count_changed = false;
    loop {
        if args.word("NX") {
            conditions.only_new = true;
        } else if args.word("XX") {
            conditions.only_old = true;
        } else if args.word("CH") {
            count_changed = true;
        } else {
            break;
        }
    }
    if args.left() == 0 || !args.left().is_multiple_of(3) || conditions.only_new && conditions.only_old {
        return Err(Error::SYNTAX);
    }
    let mut places = Vec::with_capacity(args.left() / 3);
    while args.left() > 0 {
        let score = point(args)?.score() as f64;
        places.push((score, args.next()?));
    }
    add_all(ctx, key, &places, conditions, false, count_changed)
}

/// A distance with four digits behind the point.
fn distance_text(distance: f64) -> String {
    format!("{distance:.4}")
}

fn geodist(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let (key, from, to) = (args.next()?, args.next()?, args.next()?);
    let metres = match args.left() {
        0 => 1.0,
        1 => unit(args)?,
        _ => return Err(Error::SYNTAX),
    };
    let zset = ctx.db.read::<SortedSet>(key)?;
    let place = |member| zset.and_then(|zset| zset.score(member)).map(Point::from_score);
    match (place(from), place(to)) {
        (Some(from), Some(to)) => ctx.reply.bulk(distance_text(from.distance(to) / metres)),
        _ => ctx.reply.null(),
    }
    Ok(())
}

fn geohash(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let zset = ctx.db.read::<SortedSet>(args.next()?)?;
    ctx.reply.array(args.left());
    for member in args.rest() {
        match zset.and_then(|zset| zset.score(member)) {
            Some(score) => ctx.reply.bulk(Point::from_score(score).geohash()),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn geopos(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let zset = ctx.db.read::<SortedSet>(args.next()?)?;
    ctx.reply.array(args.left());
    for member in args.rest() {
        match zset.and_then(|zset| zset.score(member)) {
            Some(score) => reply_point(&mut ctx.reply, Point::from_score(score)),
            None => ctx.reply.null_array(),
        }
    }
    Ok(())
}

fn reply_point(reply: &mut Writer, point: Point) {
    reply.array(2);
    reply.double(point.longitude);
    reply.double(point.latitude);
}

/// A search as it was asked for.
struct Search<'a> {
    centre: Point,
    shape: Shape,
    /// Metres in the unit of the reply.
    unit: f64,
    with_distance: bool,
    with_hash: bool,
    with_point: bool,
    /// Ascending (true) or descending by distance.
    ascending: Option<bool>,
    /// How many at most; 0: all.
    count: usize,
    any: bool,
    target: Option<&'a [u8]>,
    stores_distance: bool,
}

impl Search<'_> {
    fn new() -> Self {
        Search {
            centre: Point { longitude: 0.0, latitude: 0.0 },
            shape: Shape::Circle { radius: 0.0 },
            unit: 1.0,
            with_distance: false,
            with_hash: false,
            with_point: false,
            ascending: None,
            count: 0,
            any: false,
            target: None,
            stores_distance: false,
        }
    }

    /// Reads one of the options that all searches share.
    fn option(&mut self, args: &mut Args) -> Result<bool, Error> {
        if args.word("WITHDIST") {
            self.with_distance = true;
        } else if args.word("WITHHASH") {
            self.with_hash = true;
        } else if args.word("WITHCOORD") {
            self.with_point = true;
        } else if args.word("ANY") {
            self.any = true;
        } else if args.word("ASC") {
            self.ascending = Some(true);
        } else if args.word("DESC") {
            self.ascending = Some(false);
        } else if args.word_with("COUNT", 1) {
            let count = args.integer()?;
            if count <= 0 {
                return Err(Error::GEO_COUNT_NOT_POSITIVE);
            }
            self.count = usize::try_from(count).unwrap_or(usize::MAX);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn shows(&self) -> bool {
        self.with_distance || self.with_hash || self.with_point
    }
}

/// A number of an option, not negative.
fn length(args: &mut Args, not_numeric: Error, negative: Error) -> Result<f64, Error> {
    let length = parse_double(args.next()?).ok_or(not_numeric)?;
    if length < 0.0 { Err(negative) } else { Ok(length) }
}

fn circle(args: &mut Args, search: &mut Search) -> Result<(), Error> {
    let radius = length(args, Error::RADIUS_NOT_NUMERIC, Error::RADIUS_NEGATIVE)?;
    search.unit = unit(args)?;
    search.shape = Shape::Circle { radius: radius * search.unit };
    Ok(())
}

fn georadius(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    radius(ctx, args, false, true)
}

fn georadius_ro(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    radius(ctx, args, false, false)
}

fn georadiusbymember(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    radius(ctx, args, true, true)
}

fn georadiusbymember_ro(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    radius(ctx, args, true, false)
}

fn radius(ctx: &mut Ctx, args: &mut Args, by_member: bool, may_store: bool) -> Result<(), Error> {
    let key = args.next()?;
    let zset = ctx.db.read::<SortedSet>(key)?;
    let mut search = Search::new();
    if by_member {
        search.centre = member_point(zset, args.next()?)?;
    } else {
        search.centre = point(args)?;
    }
    if by_member && zset.is_none() {
        // Nothing can be found around a member of nothing: Redis does not even look at the radius.
        args.next()?;
        args.next()?;
    } else {
        circle(args, &mut search)?;
    }
    while args.left() > 0 {
        if may_store && args.word_with("STORE", 1) {
            search.target = Some(args.next()?);
            search.stores_distance = false;
        } else if may_store && args.word_with("STOREDIST", 1) {
            search.target = Some(args.next()?);
            search.stores_distance = true;
        } else if !search.option(args)? {
            return Err(Error::SYNTAX);
        }
    }
    if search.target.is_some() && search.shows() {
        return Err(Error::GEORADIUS_STORE_SHOWS);
    }
    run(ctx, key, search, "georadiusstore")
}

/// Where a member is; a missing key is no error here, for nothing will be found.
fn member_point(zset: Option<&SortedSet>, member: &[u8]) -> Result<Point, Error> {
    let Some(zset) = zset else { return Ok(Point { longitude: 0.0, latitude: 0.0 }) };
    zset.score(member).map(Point::from_score).ok_or(Error::NO_SUCH_PLACE)
}

fn geosearch(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let search = Search::new();
    find(ctx, args, search)
}

fn geosearchstore(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut search = Search::new();
    search.target = Some(args.next()?);
    find(ctx, args, search)
}

fn find<'a>(ctx: &mut Ctx, args: &mut Args<'a>, mut search: Search<'a>) -> Result<(), Error> {
    let key = args.next()?;
    let zset = ctx.db.read::<SortedSet>(key)?;
    let (mut from_member, mut from_point, mut by_circle, mut by_box) = (false, false, false, false);
    while args.left() > 0 {
        if !from_point && args.word_with("FROMMEMBER", 1) {
            search.centre = member_point(zset, args.next()?)?;
            from_member = true;
        } else if !from_member && args.word_with("FROMLONLAT", 2) {
            search.centre = point(args)?;
            from_point = true;
        } else if !by_box && args.word_with("BYRADIUS", 2) {
            circle(args, &mut search)?;
            by_circle = true;
        } else if !by_circle && args.word_with("BYBOX", 3) {
            let width = parse_double(args.next()?).ok_or(Error::WIDTH_NOT_NUMERIC)?;
            let height = parse_double(args.next()?).ok_or(Error::HEIGHT_NOT_NUMERIC)?;
            if width < 0.0 || height < 0.0 {
                return Err(Error::BOX_NEGATIVE);
            }
            search.unit = unit(args)?;
            search.shape = Shape::Box { width: width * search.unit, height: height * search.unit };
            by_box = true;
        } else if search.target.is_some() && args.word("STOREDIST") {
            search.stores_distance = true;
        } else if !search.option(args)? {
            return Err(Error::SYNTAX);
        }
    }
    let command = args.at(0);
    if search.target.is_some() && search.shows() {
        return Err(Error::GEOSEARCHSTORE_SHOWS);
    }
    if !from_member && !from_point {
        return Err(Error::text(&[b"ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ", command]));
    }
    if !by_circle && !by_box {
        return Err(Error::text(&[b"ERR exactly one of BYRADIUS and BYBOX can be specified for ", command]));
    }
    run(ctx, key, search, "geosearchstore")
}

/// A place that was found.
struct Found {
    member: Text,
    distance: f64,
    score: f64,
    point: Point,
}

fn run(ctx: &mut Ctx, key: &[u8], search: Search, event: &'static str) -> Result<(), Error> {
    if search.any && search.count == 0 {
        return Err(Error::ANY_NEEDS_COUNT);
    }
    let Some(zset) = ctx.db.peek_kind::<SortedSet>(key)? else {
        match search.target {
            Some(target) => store(ctx, target, SortedSet::default(), event),
            None => ctx.reply.array(0),
        }
        return Ok(());
    };
    let most = if search.any { search.count } else { usize::MAX };
    let mut found: Vec<Found> = Vec::new();
    for (first, behind) in search.shape.ranges(search.centre) {
        let min = Bound { score: first, exclusive: false };
        let max = Bound { score: behind, exclusive: true };
        let ranks = zset.by_score(min, max);
        ctx.effort += ranks.len() as u64;
        for ranked in zset.walk(ranks, false) {
            if found.len() >= most {
                break;
            }
            let score = ranked.score.0;
            let point = Point::from_score(score);
            if let Some(distance) = search.shape.distance(search.centre, point) {
                found.push(Found { member: ranked.member.clone(), distance: distance / search.unit, score, point });
            }
        }
    }
    // The nearest are wanted when not all are, unless any will do.
    let ascending = search.ascending.or((search.count > 0 && !search.any).then_some(true));
    if let Some(ascending) = ascending {
        found.sort_by(
            |a, b| if ascending { a.distance.total_cmp(&b.distance) } else { b.distance.total_cmp(&a.distance) },
        );
    }
    if search.count > 0 {
        found.truncate(search.count);
    }
    if let Some(target) = search.target {
        let limits = ZsetLimits::of(ctx.db);
        let mut result = SortedSet::default();
        for place in &found {
            let score = if search.stores_distance { place.distance } else { place.score };
            result.set(&place.member, score, &limits);
        }
        store(ctx, target, result, event);
        // Redis counts every place here, not the one key.
        ctx.db.effects.dirty += found.len().saturating_sub(1) as u64;
        return Ok(());
    }
    ctx.reply.array(found.len());
    let shown = usize::from(search.with_distance) + usize::from(search.with_hash) + usize::from(search.with_point);
    for place in &found {
        if shown > 0 {
            ctx.reply.array(1 + shown);
        }
        ctx.reply.bulk(&place.member);
        if search.with_distance {
            ctx.reply.bulk(distance_text(place.distance));
        }
        if search.with_hash {
            ctx.reply.integer(place.score as i64);
        }
        if search.with_point {
            reply_point(&mut ctx.reply, place.point);
        }
    }
    Ok(())
}
