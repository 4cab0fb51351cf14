//! One redis-server process as a state machine: bytes, time and disk results go in, bytes and events come out.
//!
//! The engine knows no clock, no entropy, no thread and no IO. Whoever hosts it (the page, the simulator, the native server,
//! a test) says what time it is and what arrived; equal configuration, seed and inputs give equal outputs on every target.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod acl;
mod args;
mod blocking;
mod client;
mod client_memory;
mod commands;
pub mod config;
mod ctx;
pub mod dict;
mod digest;
mod engine;
mod error;
mod event;
pub mod evict;
mod expire;
mod geo;
pub mod glob;
mod index;
mod io;
mod keyspace;
mod latency;
mod long_double;
pub mod memory;
mod number;
mod pubsub;
mod random;
pub mod rdb;
mod request;
mod script;
mod server;
mod settle;
mod slowlog;
pub mod sort;
mod store;
pub mod table;
mod text;
mod time;
mod tracking;
mod ttl;
pub mod types;
mod value;
mod watch;

pub use blocking::Blocked;
pub use client::{Client, Clients, Subscriptions, Transaction};
pub use engine::Engine;
pub use event::{Class, Event, LogLevel};
pub use geo::Point;
pub use io::{ClientId, Config, Input, Output, Outputs};
pub use keyspace::Keyspace;
pub use request::Request;
pub use script::walk;
pub use store::{Encodings, KeyStats, Store};
pub use text::Text;
pub use time::Instant;
pub use value::{StringRef, Value};
