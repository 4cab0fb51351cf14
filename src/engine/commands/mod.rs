//! The commands, one file a group: rows and, beside them, functions.

mod acl;
mod bitmap;
mod client;
mod client_tracking;
mod command;
mod config;
mod connection;
mod counter;
mod debug;
mod debug_digest;
mod debug_tables;
mod draw;
mod dump;
mod expire;
mod function;
mod generic;
mod geo;
mod hash;
mod hash_ttl;
mod hyperloglog;
mod info;
mod keyspace;
mod latency;
mod lcs;
mod list;
mod list_blocking;
mod memory;
pub(crate) mod pubsub;
pub(crate) mod replication;
mod scan;
mod scripting;
mod server;
mod set;
mod set_algebra;
mod slowlog;
mod sort;
mod stream;
mod stream_group;
mod stream_idempotency;
mod stream_info;
mod stream_pending;
mod stream_read;
mod string;
pub(crate) mod transaction;
mod vector_set;
mod vector_similarity;
mod zset;
mod zset_algebra;
mod zset_blocking;
mod zset_range;

use crate::table::Command;

pub(crate) use client::line_of_current as client_line;

/// Every group's rows.
pub(crate) const GROUPS: &[&[Command]] = &[
    client::COMMANDS,
    acl::COMMANDS,
    command::COMMANDS,
    config::COMMANDS,
    bitmap::COMMANDS,
    connection::COMMANDS,
    counter::COMMANDS,
    dump::COMMANDS,
    debug::COMMANDS,
    expire::COMMANDS,
    function::COMMANDS,
    generic::COMMANDS,
    geo::COMMANDS,
    hash::COMMANDS,
    hash_ttl::COMMANDS,
    info::COMMANDS,
    hyperloglog::COMMANDS,
    keyspace::COMMANDS,
    latency::COMMANDS,
    lcs::COMMANDS,
    list::COMMANDS,
    list_blocking::COMMANDS,
    scripting::COMMANDS,
    memory::COMMANDS,
    server::COMMANDS,
    set::COMMANDS,
    set_algebra::COMMANDS,
    pubsub::COMMANDS,
    replication::COMMANDS,
    scan::COMMANDS,
    sort::COMMANDS,
    slowlog::COMMANDS,
    stream::COMMANDS,
    stream_group::COMMANDS,
    stream_idempotency::COMMANDS,
    stream_info::COMMANDS,
    stream_pending::COMMANDS,
    stream_read::COMMANDS,
    string::COMMANDS,
    transaction::COMMANDS,
    vector_set::COMMANDS,
    vector_similarity::COMMANDS,
    zset::COMMANDS,
    zset_algebra::COMMANDS,
    zset_blocking::COMMANDS,
    zset_range::COMMANDS,
];
