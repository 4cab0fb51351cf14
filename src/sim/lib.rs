//! The world around the engine: virtual time, clients, a journal of everything that was done, and the way back.
//!
//! Time passes only when somebody says so. Whatever happens is a function of seed, start and journal, so any moment can be
//! had again: the nearest checkpoint before it, and the journal from there.
#![no_std]

extern crate alloc;

mod checkpoints;
mod journal;
mod pace;
pub mod scenario;
mod trace;
mod world;
#[cfg(test)]
mod world_tests;

pub use engine::{ClientId, Instant};
pub use journal::{Journal, JournalError, Record, What};
pub use pace::Pace;
pub use world::{Delivery, Moment, World, WorldConfig};
