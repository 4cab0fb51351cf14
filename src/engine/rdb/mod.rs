//! Values as bytes in Redis' RDB format, version 13 (Redis 8.6): what DUMP gives, RESTORE takes and snapshots consist of.
//!
//! A value is a type byte and its content. Collections in a compact encoding are written as the blob that they are in memory,
//! others element by element; strings and blobs are compressed when that saves something. A DUMP payload ends in the version and a
//! CRC-64 of everything before. What is read may come from anybody: every length is checked against the bytes that are left
//! before anything is allocated, and contradictory content is refused as a whole.

mod crc64;
mod decode;
mod encode;
pub(crate) mod lzf;
mod packed;
mod stream;
mod vector_set;
mod wire;

pub use crc64::crc64;
pub(crate) use wire::{Reader, put_string};

use crate::store::Store;
use crate::value::Value;
use alloc::vec::Vec;

/// The version that is written, and the newest that is read.
pub const VERSION: u16 = 13;

/// The type bytes that are written; the reader knows older ones too.
pub(crate) mod kind {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    pub const ZSET: u8 = 3;
    pub const HASH: u8 = 4;
    pub const ZSET_2: u8 = 5;
    pub const MODULE_2: u8 = 7;
    pub const SET_INTSET: u8 = 11;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    pub const STREAM_LISTPACKS: u8 = 15;
    pub const LIST_QUICKLIST_2: u8 = 18;
    pub const STREAM_LISTPACKS_2: u8 = 19;
    pub const SET_LISTPACK: u8 = 20;
    pub const STREAM_LISTPACKS_3: u8 = 21;
    pub const HASH_METADATA: u8 = 24;
    pub const HASH_LISTPACK_EX: u8 = 25;
    pub const STREAM_LISTPACKS_4: u8 = 26;
}

/// Why a payload cannot be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// From a newer version, or damaged.
    Checksum,
    /// Whole, but not a value.
    Format,
}

/// How many bytes of a dump stand ahead of the value: the earliest deadline of a hash's fields.
pub(crate) fn ahead(dump: &[u8]) -> usize {
    if matches!(dump.first(), Some(&(kind::HASH_METADATA | kind::HASH_LISTPACK_EX))) { 8 } else { 0 }
}

/// The payload that DUMP gives.
pub fn dump(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode::value(&mut out, value);
    sign(&mut out);
    out
}

/// Ends a payload with the version and the checksum.
pub(crate) fn sign(out: &mut Vec<u8>) {
    out.extend_from_slice(&VERSION.to_le_bytes());
    let checksum = crc64(0, out);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// The content of a payload whose version and checksum are right.
pub(crate) fn check(payload: &[u8], skips_checksums: bool) -> Result<&[u8], RestoreError> {
    let (signed, checksum) = payload.split_last_chunk::<8>().ok_or(RestoreError::Checksum)?;
    let (content, version) = signed.split_last_chunk::<2>().ok_or(RestoreError::Checksum)?;
    let checksum = u64::from_le_bytes(*checksum);
    let fits = checksum == 0 || skips_checksums || checksum == crc64(0, signed);
    if u16::from_le_bytes(*version) > VERSION || !fits {
        return Err(RestoreError::Checksum);
    }
    Ok(content)
}

/// The value of a payload, in the encoding that `db`'s settings give it.
pub fn restore(payload: &[u8], db: &Store) -> Result<Value, RestoreError> {
    decode::value(check(payload, db.skips_checksums)?, db).ok_or(RestoreError::Format)
}
