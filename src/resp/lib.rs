//! RESP2 and RESP3, both ways, byte by byte.
//!
//! Towards a server: [`request::Parser`] finds the arguments of a command in the bytes that a client sent, and [`Writer`]
//! puts a reply straight into the bytes that go back. Towards a client: [`request_bytes`] encodes a command and
//! [`Decoder`] turns replies into [`Value`]s. Nothing in here knows a socket, a clock or a command.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod decimal;
mod decode;
mod digits;
pub mod number;
#[cfg(test)]
mod property_tests;
pub mod request;
mod value;
mod write;

pub use decode::{DecodeError, Decoder, MAX_DEPTH};
pub use request::{request_bytes, write_request};
pub use value::Value;
pub use write::{Mark, Protocol, Writer};
