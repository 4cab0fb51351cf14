//! HyperLogLog: how many different elements were seen, from 16384 small registers.
//!
//! Each element is hashed; 14 bits choose a register, the others vote with the position of their first one bit, and the register
//! keeps the highest vote. The estimate is Ertl's ("New cardinality estimation algorithms for HyperLogLog sketches", 2017).
//! The sketch is an ordinary string, as documented for Redis: a header of 16 bytes (magic, encoding, three zero bytes, the cached
//! estimate, whose top bit says that it is out of date), then either all registers of 6 bits (dense), or runs (sparse): `00n`
//! n+1 registers of 0, `01n` the same with 14 bits, `1vr` r+1 registers of v+1.

use crate::memory::allocator;
use alloc::vec::Vec;

pub const REGISTERS: usize = 16_384;
const HEADER: usize = 16;
const DENSE_LEN: usize = HEADER + REGISTERS * 6 / 8;
const MAGIC: &[u8; 4] = b"HYLL";
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
/// The highest value that a sparse run can say.
const SPARSE_MOST: u8 = 32;
const RUN_MOST: usize = 4;
const ZERO_MOST: usize = 64;

/// What is wrong with a string that should be a sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// It is no sketch at all.
    NotOne,
    /// It looks like one, but its runs do not add up.
    Corrupted,
}

/// An empty sketch, sparse, with its estimate out of date.
pub fn empty() -> Vec<u8> {
    let mut bytes = header(SPARSE);
    put_zeros(&mut bytes, REGISTERS);
    bytes
}

fn header(encoding: u8) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(encoding);
    bytes.resize(HEADER - 1, 0);
    bytes.push(0x80);
    bytes
}

/// Whether the string may be read as a sketch.
pub fn check(bytes: &[u8]) -> Result<(), Invalid> {
    let fits = bytes.len() >= HEADER
        && bytes.starts_with(MAGIC)
        && (bytes[4] == SPARSE || bytes[4] == DENSE && bytes.len() == DENSE_LEN);
    if fits { Ok(()) } else { Err(Invalid::NotOne) }
}

/// The room of a sparse sketch of `len` bytes that is about to be changed. It wants three bytes to spare, and when it has to
/// grow, then by at most 300 more than it needs.
pub(crate) fn room_ahead(len: usize, room: usize, sparse_most: usize) -> usize {
    const SPARE: usize = 3;
    const MOST_AHEAD: usize = 300;
    if room >= sparse_most || len + SPARE <= room {
        return room;
    }
    let wanted = len + SPARE;
    allocator::room_for((wanted + wanted.min(MOST_AHEAD)).min(sparse_most))
}

pub fn is_dense(bytes: &[u8]) -> bool {
    bytes[4] == DENSE
}

/// The estimate that was kept, if it is up to date.
pub fn cached(bytes: &[u8]) -> Option<u64> {
    let kept = u64::from_le_bytes(*bytes[8..].first_chunk()?);
    (kept >> 63 == 0).then_some(kept)
}

/// Keeps an estimate.
pub fn cache(bytes: &mut [u8], estimate: u64) {
    bytes[8..HEADER].copy_from_slice(&estimate.to_le_bytes());
}

/// Says that the kept estimate is out of date.
pub fn outdate(bytes: &mut [u8]) {
    bytes[HEADER - 1] |= 0x80;
}

/// Counts an element in; true when a register changed. A sparse sketch that grows beyond `sparse_most` bytes becomes dense.
pub fn add(bytes: &mut Vec<u8>, element: &[u8], sparse_most: usize) -> Result<bool, Invalid> {
    let (register, vote) = vote(element);
    raise(bytes, register, vote, sparse_most)
}

/// The register that an element falls into, and its vote for it.
fn vote(element: &[u8]) -> (usize, u8) {
    let hash = murmur(element, 0xADC8_3B19);
    // A bit beyond the 50 that are left ends the search.
    let rest = hash >> 14 | 1 << 50;
    ((hash & (REGISTERS as u64 - 1)) as usize, rest.trailing_zeros() as u8 + 1)
}

/// MurmurHash64A (Appleby, public domain): the hash that makes sketches of different servers mergeable.
fn murmur(key: &[u8], seed: u64) -> u64 {
    const MULTIPLIER: u64 = 0xC6A4_A793_5BD1_E995;
    let mut hash = seed ^ (key.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, tail) = key.as_chunks::<8>();
    for word in words {
        let mut mixed = u64::from_le_bytes(*word).wrapping_mul(MULTIPLIER);
        mixed ^= mixed >> 47;
        hash = (hash ^ mixed.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        let last = tail.iter().rev().fold(0, |last, &byte| last << 8 | u64::from(byte));
        hash = (hash ^ last).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(MULTIPLIER);
    hash ^ hash >> 47
}

/// Lifts a register to `value` if it is lower.
pub fn raise(bytes: &mut Vec<u8>, register: usize, value: u8, sparse_most: usize) -> Result<bool, Invalid> {
    if !is_dense(bytes) {
        if value <= SPARSE_MOST
            && let Some(changed) = raise_sparse(bytes, register, value, sparse_most)?
        {
            return Ok(changed);
        }
        make_dense(bytes)?;
    }
    let old = dense_register(&bytes[HEADER..], register);
    if old < value {
        set_dense_register(&mut bytes[HEADER..], register, value);
    }
    Ok(old < value)
}

fn dense_register(registers: &[u8], register: usize) -> u8 {
    let (byte, bit) = (register * 6 / 8, register * 6 % 8);
    let wide = u16::from(registers[byte]) | u16::from(*registers.get(byte + 1).unwrap_or(&0)) << 8;
    (wide >> bit & 63) as u8
}

fn set_dense_register(registers: &mut [u8], register: usize, value: u8) {
    let (byte, bit) = (register * 6 / 8, register * 6 % 8);
    let next = registers.get(byte + 1).copied();
    let mut wide = u16::from(registers[byte]) | u16::from(next.unwrap_or(0)) << 8;
    wide = wide & !(63 << bit) | u16::from(value) << bit;
    registers[byte] = wide as u8;
    if next.is_some() {
        registers[byte + 1] = (wide >> 8) as u8;
    }
}

// ---- runs -----------------------------------------------------------------------------------------------------------

/// A run of equal registers and how many bytes say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub value: u8,
    pub len: usize,
    pub bytes: usize,
}

/// The run that begins at `at`; none when the bytes end in it.
fn run_at(bytes: &[u8], at: usize) -> Option<Run> {
    let first = *bytes.get(at)?;
    Some(match first >> 6 {
        0 => Run { value: 0, len: usize::from(first & 63) + 1, bytes: 1 },
        1 => {
            let low = *bytes.get(at + 1)?;
            Run { value: 0, len: (usize::from(first & 63) << 8 | usize::from(low)) + 1, bytes: 2 }
        }
        _ => Run { value: (first >> 2 & 31) + 1, len: usize::from(first & 3) + 1, bytes: 1 },
    })
}

/// The runs of a sparse sketch.
pub fn runs(bytes: &[u8]) -> impl Iterator<Item = Run> {
    let mut at = HEADER;
    core::iter::from_fn(move || {
        let run = run_at(bytes, at)?;
        at += run.bytes;
        Some(run)
    })
}

fn put_zeros(out: &mut Vec<u8>, len: usize) {
    if len > ZERO_MOST {
        out.push(0x40 | ((len - 1) >> 8) as u8);
        out.push((len - 1) as u8);
    } else if len > 0 {
        out.push((len - 1) as u8);
    }
}

fn put_value(out: &mut Vec<u8>, value: u8, len: usize) {
    if len > 0 {
        out.push(0x80 | ((value - 1) << 2) | (len - 1) as u8);
    }
}

/// Lifts a register of a sparse sketch: the run around it is split, and equal neighbours are joined again. Nothing is done, and
/// none given, when the sketch with the split would be longer than `most` bytes.
fn raise_sparse(bytes: &mut Vec<u8>, register: usize, value: u8, most: usize) -> Result<Option<bool>, Invalid> {
    let mut first = 0;
    let mut at = HEADER;
    let mut before = None;
    let run = loop {
        let run = run_at(bytes, at).ok_or(Invalid::Corrupted)?;
        if register < first + run.len {
            break run;
        }
        first += run.len;
        before = Some(at);
        at += run.bytes;
    };
    if run.value >= value {
        return Ok(Some(false));
    }
    let ahead = register - first;
    let behind = run.len - ahead - 1;
    let mut fresh = Vec::with_capacity(5);
    if run.value == 0 {
        put_zeros(&mut fresh, ahead);
        put_value(&mut fresh, value, 1);
        put_zeros(&mut fresh, behind);
    } else {
        put_value(&mut fresh, run.value, ahead);
        put_value(&mut fresh, value, 1);
        put_value(&mut fresh, run.value, behind);
    }
    if fresh.len() > run.bytes && bytes.len() + fresh.len() - run.bytes > most {
        return Ok(None);
    }
    bytes.splice(at..at + run.bytes, fresh);
    join_neighbours(bytes, before.unwrap_or(HEADER));
    outdate(bytes);
    Ok(Some(true))
}

/// Joins runs of the same value from `at` on, as far as a split can have touched them: five runs.
fn join_neighbours(bytes: &mut Vec<u8>, mut at: usize) {
    let mut scanned = 0;
    while scanned < 5 {
        let Some(run) = run_at(bytes, at) else { return };
        scanned += 1;
        if run.value != 0
            && let Some(next) =
                run_at(bytes, at + 1).filter(|next| next.value == run.value && next.len + run.len <= RUN_MOST)
        {
            bytes[at + 1] = 0x80 | ((run.value - 1) << 2) | (run.len + next.len - 1) as u8;
            bytes.remove(at);
            continue;
        }
        at += run.bytes;
    }
}

/// Gives a sparse sketch its dense form.
pub fn make_dense(bytes: &mut Vec<u8>) -> Result<(), Invalid> {
    if is_dense(bytes) {
        return Ok(());
    }
    let registers = registers(bytes)?;
    let mut dense = bytes[..HEADER].to_vec();
    dense[4] = DENSE;
    dense.resize(DENSE_LEN, 0);
    for (register, &value) in registers.iter().enumerate() {
        if value > 0 {
            set_dense_register(&mut dense[HEADER..], register, value);
        }
    }
    *bytes = dense;
    Ok(())
}

/// All registers, one a byte.
pub fn registers(bytes: &[u8]) -> Result<Vec<u8>, Invalid> {
    if is_dense(bytes) {
        return Ok((0..REGISTERS).map(|register| dense_register(&bytes[HEADER..], register)).collect());
    }
    let mut registers = Vec::with_capacity(REGISTERS);
    let mut read = HEADER;
    for run in runs(bytes) {
        if registers.len() + run.len > REGISTERS {
            return Err(Invalid::Corrupted);
        }
        registers.resize(registers.len() + run.len, run.value);
        read += run.bytes;
    }
    if registers.len() == REGISTERS && read == bytes.len() { Ok(registers) } else { Err(Invalid::Corrupted) }
}

// ---- the estimate ---------------------------------------------------------------------------------------------------

/// About how many different elements the registers have seen.
pub fn estimate(registers: &[u8]) -> u64 {
    let mut counts = [0u32; 64];
    for &value in registers {
        counts[usize::from(value & 63)] += 1;
    }
    let m = REGISTERS as f64;
    const BITS: usize = 50;
    let mut z = m * tau((m - f64::from(counts[BITS + 1])) / m);
    for value in (1..=BITS).rev() {
        z = (z + f64::from(counts[value])) * 0.5;
    }
    z += m * sigma(f64::from(counts[0]) / m);
    // 1 / (2 ln 2), the bias of infinitely many registers.
    let alpha = 0.721_347_520_444_481_7;
    libm::round(alpha * m * m / z) as u64
}

/// Ertl's correction for registers that are still 0.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let mut y = 1.0;
    let mut z = x;
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

/// Ertl's correction for registers that are full.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let mut y = 1.0;
    let mut z = 1.0 - x;
    loop {
        x = libm::sqrt(x);
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn sparse_and_dense_agree_and_the_estimate_is_near() {
        let mut sparse = empty();
        let mut dense = empty();
        make_dense(&mut dense).expect("an empty sketch is sound");
        for number in 0..20_000 {
            let element = format!("element:{number}");
            let changed = add(&mut sparse, element.as_bytes(), 3000);
            assert_eq!(changed, add(&mut dense, element.as_bytes(), 3000));
            if number % 997 == 0 {
                assert_eq!(registers(&sparse), registers(&dense));
                let estimate = estimate(&registers(&dense).expect("sound")) as f64;
                assert!((estimate - f64::from(number + 1)).abs() <= 2.0 + 0.03 * f64::from(number));
            }
        }
        assert!(is_dense(&sparse));
    }

    #[test]
    fn broken_runs_are_no_panic() {
        let mut sketch = empty();
        for number in 0..300 {
            add(&mut sketch, format!("{number}").as_bytes(), 3000).expect("sound");
        }
        for at in 0..sketch.len() {
            for flip in [0x01, 0x40, 0x80, 0xFF] {
                let mut broken = sketch.clone();
                broken[at] ^= flip;
                if check(&broken).is_ok() {
                    let _ = registers(&broken);
                    let _ = add(&mut broken, b"x", 3000);
                    let _ = make_dense(&mut broken);
                }
            }
        }
    }
}
