//! From values to bytes.

use super::wire::{put_length, put_string};
use super::{kind, packed};
use crate::types::{List, Set};
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
        Value::Hash(_) | Value::SortedSet(_) => {}
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
            for member in set.iter() {
                put_string(out, &member.text());
            }
        }
    }
}
