//! From bytes to values. Collections are built through their own types, so that whatever a payload claims, the result is one
//! that commands could have made; but what a payload says of encodings and of a list's nodes is kept where the limits allow it.

use super::encode::{NODE_PACKED, NODE_PLAIN};
use super::wire::Reader;
use super::{kind, packed, vector_set};
use crate::number::parse_double;
use crate::store::Store;
use crate::types::listpack::Listpack;
use crate::types::{Deadline, End, Fill, Hash, HashLimits, List, Set, SetLimits, SortedSet, ZsetLimits};
use crate::value::{Kind, Value};
use alloc::vec::Vec;
use resp::number::parse_integer;

/// The value that takes all of `content`.
pub(super) fn value(content: &[u8], db: &Store) -> Option<Value> {
    let mut reader = Reader(content);
    let value = match reader.byte()? {
        kind::STRING => Value::string(&reader.string()?),
        kind::LIST => list(strings(&mut reader)?, db)?,
        kind::LIST_QUICKLIST_2 => quicklist(&mut reader, db)?,
        kind::SET => {
            let members = strings(&mut reader)?;
            let limits = SetLimits::of(db);
            set(Set::for_restored(members.len(), &limits), members, &limits)?
        }
        kind::SET_INTSET => {
            let integers = packed::integers(&reader.string()?)?;
            let members = integers.into_iter().map(|integer| resp::number::integer(integer).as_bytes().to_vec());
            set(Set::default(), members.collect(), &SetLimits::of(db))?
        }
        // What came as a listpack stays one however long its elements are; only their number is held against the limits.
        kind::SET_LISTPACK => {
            let limits = SetLimits { listpack_value: usize::MAX, ..SetLimits::of(db) };
            set(Set::Packed(Listpack::default()), packed::elements(&reader.string()?)?, &limits)?
        }
        kind::ZSET => {
            let count = reader.count()?;
            let members = (0..count).map(|_| Some((reader.string()?.into_owned(), old_double(&mut reader)?)));
            sorted_set(members.collect::<Option<_>>()?, &ZsetLimits::of(db))?
        }
        kind::ZSET_2 => {
            let count = reader.count()?;
            let members = (0..count).map(|_| Some((reader.string()?.into_owned(), reader.double()?)));
            sorted_set(members.collect::<Option<_>>()?, &ZsetLimits::of(db))?
        }
        kind::ZSET_LISTPACK => {
            let elements = packed::elements(&reader.string()?)?;
            let (pairs, []) = elements.as_chunks::<2>() else { return None };
            let members = pairs.iter().map(|[member, score]| Some((member.clone(), parse_double(score)?)));
            sorted_set(members.collect::<Option<_>>()?, &ZsetLimits { value: usize::MAX, ..ZsetLimits::of(db) })?
        }
        kind::HASH => {
            let count = reader.count()?;
            let fields = (0..count).map(|_| Some([reader.string()?.into_owned(), reader.string()?.into_owned()]));
            hash(&fields.collect::<Option<Vec<_>>>()?, &HashLimits::of(db))?.into_value()
        }
        kind::HASH_LISTPACK => {
            let elements = packed::elements(&reader.string()?)?;
            let (pairs, []) = elements.as_chunks::<2>() else { return None };
            hash(pairs, &HashLimits { value: usize::MAX, ..HashLimits::of(db) })?.into_value()
        }
        kind::HASH_LISTPACK_EX => {
            reader.millis()?;
            let elements = packed::elements(&reader.string()?)?;
            let (triples, []) = elements.as_chunks::<3>() else { return None };
            let fields = triples.iter().map(|[name, value, deadline]| {
                let deadline = parse_integer(deadline).filter(|&deadline| deadline >= 0)?;
                Some(([name.clone(), value.clone()], deadline))
            });
            let limits = HashLimits { value: usize::MAX, ..HashLimits::of(db) };
            volatile_hash(fields.collect::<Option<_>>()?, End::Right, &limits)?
        }
        kind::HASH_METADATA => {
            let earliest = reader.millis()?;
            let count = reader.count()?;
            let fields = (0..count).map(|_| {
                let behind = i64::try_from(reader.length()?).ok()?;
                let deadline = if behind == 0 { 0 } else { earliest.checked_add(behind - 1)? };
                Some(([reader.string()?.into_owned(), reader.string()?.into_owned()], deadline))
            });
            volatile_hash(fields.collect::<Option<_>>()?, End::Left, &HashLimits::of(db))?
        }
        version @ (kind::STREAM_LISTPACKS
        | kind::STREAM_LISTPACKS_2
        | kind::STREAM_LISTPACKS_3
        | kind::STREAM_LISTPACKS_4) => super::stream::take(&mut reader, version, db)?.into_value(),
        kind::MODULE_2 => vector_set::decode(&mut reader, db)?,
        _ => return None,
    };
    reader.0.is_empty().then_some(value)
}

/// A count and so many strings.
fn strings(reader: &mut Reader) -> Option<Vec<Vec<u8>>> {
    let count = reader.count()?;
    (0..count).map(|_| Some(reader.string()?.into_owned())).collect()
}

fn quicklist(reader: &mut Reader, db: &Store) -> Option<Value> {
    let nodes = reader.count()?;
    let mut list = List::default();
    for _ in 0..nodes {
        match reader.length()? {
            NODE_PLAIN => list.add_plain_node(&reader.string()?),
            NODE_PACKED => match packed::elements(&reader.string()?)?.as_slice() {
                [] => {}
                elements => list.add_node(elements),
            },
            _ => return None,
        }
    }
    list.settle_nodes(Fill::new(db.encodings.list_max_listpack_size));
    (!list.is_empty()).then(|| list.into_value())
}

fn list(elements: Vec<Vec<u8>>, db: &Store) -> Option<Value> {
    let fill = Fill::new(db.encodings.list_max_listpack_size);
    let mut list = List::default();
    list.expect(elements.iter().map(Vec::as_slice), fill);
    for element in &elements {
        list.push(End::Right, element, fill);
    }
    (!list.is_empty()).then(|| list.into_value())
}

/// Adds the members, of which there must be some, to an empty set in the encoding that it starts from.
fn set(mut set: Set, members: Vec<Vec<u8>>, limits: &SetLimits) -> Option<Value> {
    set.expect(members.len(), limits);
    for member in &members {
        if !set.add(member, limits) {
            return None;
        }
    }
    (!set.is_empty()).then(|| set.into_value())
}

/// The last moment, in milliseconds, that a field's deadline can be.
const LATEST_DEADLINE: i64 = (1 << 48) - 1;

fn hash(fields: &[[Vec<u8>; 2]], limits: &HashLimits) -> Option<Hash> {
    let mut hash = Hash::default();
    hash.expect(fields.len(), fields.iter().flatten().map(Vec::as_slice), limits);
    for [name, value] in fields {
        if !hash.set(name, value, Deadline::Drop, limits) {
            return None;
        }
    }
    (!hash.is_empty()).then_some(hash)
}

/// A hash that was written with deadlines, of which 0 is none; it keeps the room for them even if no field has one. A deadline
/// puts its field before others of the same deadline: `from` the right end fields keep their order, from the left they turn around.
fn volatile_hash(fields: Vec<([Vec<u8>; 2], i64)>, from: End, limits: &HashLimits) -> Option<Value> {
    let (fields, deadlines): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    let mut hash = hash(&fields, limits)?;
    hash.make_volatile();
    let mut deadlines: Vec<(&[u8], i64)> = fields.iter().map(|[name, _]| name.as_slice()).zip(deadlines).collect();
    if from == End::Right {
        deadlines.reverse();
    }
    for (name, deadline) in deadlines {
        if !(0..=LATEST_DEADLINE).contains(&deadline) {
            return None;
        }
        if deadline != 0 {
            hash.set_deadline(name, Some(deadline));
        }
    }
    Some(hash.into_value())
}

/// A score as text behind its length; three lengths stand for what is no number.
fn old_double(reader: &mut Reader) -> Option<f64> {
    match reader.byte()? {
        253 => None,
        254 => Some(f64::INFINITY),
        255 => Some(f64::NEG_INFINITY),
        len => parse_double(reader.take(usize::from(len))?),
    }
}

fn sorted_set(members: Vec<(Vec<u8>, f64)>, limits: &ZsetLimits) -> Option<Value> {
    let longest = members.iter().map(|(member, _)| member.len()).max()?;
    let mut zset = SortedSet::default();
    zset.expect(members.len(), longest, limits);
    for (member, score) in &members {
        if score.is_nan() || !zset.set(member, *score, limits) {
            return None;
        }
    }
    Some(zset.into_value())
}
