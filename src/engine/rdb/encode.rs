//! From values to bytes.

use super::wire::{put_length, put_string};
use super::{kind, packed, vector_set};
use crate::types::listpack::Listpack;
use crate::types::{Hash, List, Set, SortedSet};
use crate::value::Value;
use alloc::vec::Vec;

/// A node of a quicklist that holds one large element on its own.
pub(super) const NODE_PLAIN: u64 = 1;
/// A node that is a listpack.
pub(super) const NODE_PACKED: u64 = 2;

pub(super) fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(_) | Value::Int(_) | Value::Raw(_) => {
            out.push(kind::STRING);
            if let Some(string) = value.as_string() {
                put_string(out, &string);
            }
        }
        Value::List(value) => list(out, value),
        Value::Set(value) => set(out, value),
        Value::Hash(value) => hash(out, value),
        Value::SortedSet(value) => sorted_set(out, value),
        Value::Stream(value) => super::stream::put(out, value),
        Value::VectorSet(value) => {
            out.push(kind::MODULE_2);
            vector_set::encode(out, value);
        }
    }
}

fn list(out: &mut Vec<u8>, list: &List) {
    out.push(kind::LIST_QUICKLIST_2);
    let nodes = list.node_contents();
    put_length(out, nodes.len() as u64);
    for node in nodes {
        match node {
            Ok(packed) => {
                put_length(out, NODE_PACKED);
                put_string(out, &packed::listpack(packed));
            }
            Err(element) => {
                put_length(out, NODE_PLAIN);
                put_string(out, element);
            }
        }
    }
}

fn set(out: &mut Vec<u8>, set: &Set) {
    match set {
        Set::Integers(integers) => {
            out.push(kind::SET_INTSET);
            put_string(out, &packed::intset(integers));
        }
        Set::Packed(packed) => {
            out.push(kind::SET_LISTPACK);
            put_string(out, &packed::listpack(packed));
        }
        Set::Table(_) => {
            out.push(kind::SET);
            put_length(out, set.len() as u64);
            for member in set {
                put_string(out, &member.text());
            }
        }
    }
}

fn hash(out: &mut Vec<u8>, hash: &Hash) {
    let earliest = hash.next_deadline();
    if let Some(packed) = hash.packed() {
        if hash.encoding() == "listpackex" {
            out.push(kind::HASH_LISTPACK_EX);
            out.extend_from_slice(&earliest.unwrap_or(0).to_le_bytes());
        } else {
            out.push(kind::HASH_LISTPACK);
        }
        put_string(out, &packed::listpack(packed));
        return;
    }
    match earliest {
        Some(earliest) => {
            out.push(kind::HASH_METADATA);
            out.extend_from_slice(&earliest.to_le_bytes());
        }
        None => out.push(kind::HASH),
    }
    put_length(out, hash.len() as u64);
    for field in hash.iter() {
        if let Some(earliest) = earliest {
            // Deadlines count from the earliest one, which is 1; 0 says that there is none.
            put_length(out, field.deadline.map_or(0, |deadline| (deadline - earliest + 1) as u64));
        }
        put_string(out, &field.name.text());
        put_string(out, &field.value.text());
    }
}

fn sorted_set(out: &mut Vec<u8>, zset: &SortedSet) {
    if zset.encoding() == "listpack" {
        let mut packed = Listpack::default();
        for ranked in zset.iter() {
            packed.push_back(&ranked.member);
            packed.push_back(resp::number::double(ranked.score.0).as_bytes());
        }
        out.push(kind::ZSET_LISTPACK);
        put_string(out, &packed::listpack(&packed));
        return;
    }
    out.push(kind::ZSET_2);
    put_length(out, zset.len() as u64);
    // From the highest score down, so that a reader that inserts always inserts in front.
    for ranked in zset.walk(0..zset.len(), true) {
        put_string(out, &ranked.member);
        out.extend_from_slice(&ranked.score.0.to_bits().to_le_bytes());
    }
}
