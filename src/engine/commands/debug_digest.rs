//! DEBUG DIGEST and DIGEST-VALUE: a value, or all of them, as 20 bytes that do not depend on encodings or on the order of hash tables.
//!
//! Two operations do it. To *join* data, SHA-1 of it is xored into the digest: the order in which things are joined does not
//! matter. To *chain* data, it is joined and the digest then replaced by its own SHA-1: now the order matters. What has an order
//! (elements of a list, a field and its value) is chained, what has none (members, fields, keys) is joined.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::script::sha1;
use crate::types::End;
use crate::types::stream::StreamId;
use crate::value::Value;
use alloc::string::String;

#[derive(Default)]
struct Digest([u8; 20]);

impl Digest {
    fn join(&mut self, data: &[u8]) {
        for (byte, other) in self.0.iter_mut().zip(sha1::bytes(data)) {
            *byte ^= other;
        }
    }

    fn chain(&mut self, data: &[u8]) {
        self.join(data);
        self.0 = sha1::bytes(&self.0);
    }

    /// Joins what was chained on its own: a field or member with what belongs to it.
    fn join_chained(&mut self, parts: [&[u8]; 2], expires: bool) {
        let mut own = Digest::default();
        for part in parts {
            own.chain(part);
        }
        if expires {
            own.join(b"!!hexpire!!");
        }
        self.join(&own.0);
    }

    fn text(&self) -> String {
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
        self.0.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// Goes on with a value, its type and whether it has a deadline.
    fn add(&mut self, value: &Value, expires: bool) {
        let kind: u32 = match value {
            Value::Text(_) | Value::Int(_) | Value::Raw(_) => 0,
            Value::List(_) => 1,
            Value::Set(_) => 2,
            Value::SortedSet(_) => 3,
            Value::Hash(_) => 4,
            Value::VectorSet(_) => 5,
            Value::Stream(_) => 6,
        };
        self.chain(&kind.to_be_bytes());
        match value {
            Value::List(list) => list.walk(End::Left, 0).for_each(|element| self.chain(&element.text())),
            Value::Set(set) => set.iter().for_each(|member| self.join(&member.text())),
            Value::SortedSet(zset) => {
                for ranked in zset.iter() {
                    let score = resp::number::double(ranked.score.0);
                    self.join_chained([&*ranked.member, score.as_bytes()], false);
                }
            }
            Value::Hash(hash) => {
                for field in hash.iter() {
                    self.join_chained([&*field.name.text(), &field.value.text()], field.deadline.is_some());
                }
            }
            Value::Stream(stream) => {
                for entry in stream.range(StreamId::MIN, StreamId::MAX) {
                    self.chain(alloc::format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                    for (name, value) in entry.pairs() {
                        self.chain(&name.text());
                        self.chain(&value.text());
                    }
                }
            }
            Value::VectorSet(_) => {}
            string => {
                if let Some(bytes) = string.as_string() {
                    self.chain(&bytes);
                }
            }
        }
        if expires {
            self.join(b"!!expire!!");
        }
    }
}

/// All databases, with their numbers and the names of keys.
pub(super) fn digest(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let mut all = Digest::default();
    for database in 0..ctx.db.databases() {
        let space = ctx.db.keyspace(database);
        ctx.effort += space.len() as u64;
        if !space.is_empty() {
            all.chain(&(database as u32).to_be_bytes());
        }
        for (key, value, deadline) in space.iter() {
            let mut own = Digest::default();
            own.chain(key);
            own.add(value, deadline.is_some());
            all.join(&own.0);
        }
    }
    ctx.reply.simple(all.text());
    Ok(())
}

/// The values of some keys, without their names.
pub(super) fn digest_values(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    ctx.reply.array(args.left());
    for key in args.rest() {
        let mut own = Digest::default();
        let expires = ctx.db.deadline(key).flatten().is_some();
        if let Some(value) = ctx.db.peek(key) {
            own.add(value, expires);
        }
        ctx.reply.simple(own.text());
    }
    Ok(())
}
