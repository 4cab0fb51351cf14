//! Counting different elements without keeping them.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::store::Store;
use crate::table::{Command, Flag::*, Group, Keys};
use crate::types::hyperloglog::{self as sketch, Invalid};
use crate::value::{RawString, Value};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("pfadd", "key [element [element ...]]", pfadd)
        .group(Group::HyperLogLog)
        .since("2.8.9")
        .summary("Counts elements in; says whether the estimate may have changed.")
        .complexity("O(1) an element")
        .flags(&[Write, DenyOom, Fast])
        .keys(&[Keys::one(1, "RW insert")]),
    Command::new("pfcount", "key [key ...]", pfcount)
        .group(Group::HyperLogLog)
        .since("2.8.9")
        .summary("Estimates how many different elements were counted in, at one key or at several together.")
        .complexity("O(1) with a small average constant for one key; O(N) with N keys and a large constant")
        .flags(&[ReadOnly])
        .keys(&[Keys::range(1, -1, 1, "RW access")]),
    Command::new("pfdebug", "subcommand key", pfdebug)
        .group(Group::HyperLogLog)
        .since("2.8.9")
        .summary("Shows the inside of a sketch.")
        .complexity("N/A")
        .system()
        .flags(&[Write, DenyOom, Admin])
        .keys(&[Keys::one(2, "RW access")]),
    Command::new("pfmerge", "destkey [sourcekey [sourcekey ...]]", pfmerge)
        .group(Group::HyperLogLog)
        .since("2.8.9")
        .summary("Makes a sketch count what several sketches counted, itself included.")
        .complexity("O(N) with N sketches and a large constant")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW access insert"), Keys::range(2, -1, 1, "RO access")]),
    Command::new("pfselftest", "", pfselftest)
        .group(Group::HyperLogLog)
        .since("2.8.9")
        .summary("Checks that sketches count as they should.")
        .complexity("N/A")
        .system()
        .flags(&[Admin]),
];

fn refuse(invalid: Invalid) -> Error {
    match invalid {
        Invalid::NotOne => Error::NOT_A_HYPERLOGLOG,
        Invalid::Corrupted => Error::CORRUPTED_HYPERLOGLOG,
    }
}

/// The sketch at a key, if there is one.
fn read(db: &mut Store, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let Some(string) = db.string(key)? else { return Ok(None) };
    sketch::check(&string).map_err(refuse)?;
    Ok(Some(string.to_vec()))
}

/// The sketch at a key to be changed in place, made when it is not there; and whether it was made.
fn write<'a>(db: &'a mut Store, key: &[u8]) -> Result<(&'a mut RawString, bool), Error> {
    let fresh = !db.contains(key);
    if fresh {
        db.set(key, Value::raw(sketch::empty()));
    }
    let value = db.value_mut(key).ok_or(Error::NO_SUCH_KEY)?;
    sketch::check(&value.as_string().ok_or(Error::WRONG_TYPE)?).map_err(refuse)?;
    Ok((value.make_raw_string(), fresh))
}

fn pfadd(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let most = ctx.db.hll_sparse_max_bytes;
    let (raw, mut changed) = write(ctx.db, key)?;
    for element in args.rest() {
        changed |= sketch::add(raw.sketch(most), element, most).map_err(refuse)?;
    }
    if changed {
        sketch::outdate(raw.sketch(0));
        ctx.db.changed(key, Class::String, "pfadd");
    }
    ctx.reply.integer(i64::from(changed));
    Ok(())
}

fn pfcount(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if args.left() == 1 {
        return count_one(ctx, args.next()?);
    }
    let mut highest = vec![0; sketch::REGISTERS];
    for key in args.rest() {
        if let Some(bytes) = read(ctx.db, key)? {
            raise_all(&mut highest, &sketch::registers(&bytes).map_err(refuse)?);
        }
        ctx.effort += sketch::REGISTERS as u64;
    }
    ctx.reply.integer(sketch::estimate(&highest) as i64);
    Ok(())
}

/// The estimate is kept in the sketch until it changes, so asking again costs nothing.
fn count_one(ctx: &mut Ctx, key: &[u8]) -> Result<(), Error> {
    let Some(bytes) = read(ctx.db, key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    let estimate = match sketch::cached(&bytes) {
        Some(estimate) => estimate,
        None => {
            let estimate = sketch::estimate(&sketch::registers(&bytes).map_err(refuse)?);
            ctx.effort += sketch::REGISTERS as u64;
            let (raw, _) = write(ctx.db, key)?;
            sketch::cache(raw.sketch(0), estimate);
            ctx.db.touched(key);
            ctx.db.effects.dirty += 1;
            estimate
        }
    };
    ctx.reply.integer(estimate as i64);
    Ok(())
}

fn raise_all(highest: &mut [u8], registers: &[u8]) {
    for (highest, &value) in highest.iter_mut().zip(registers) {
        *highest = (*highest).max(value);
    }
}

fn pfmerge(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let target = args.next()?;
    let mut highest = vec![0; sketch::REGISTERS];
    let mut dense = false;
    for key in [target].into_iter().chain(args.rest()) {
        if let Some(bytes) = read(ctx.db, key)? {
            dense |= sketch::is_dense(&bytes);
            raise_all(&mut highest, &sketch::registers(&bytes).map_err(refuse)?);
        }
        ctx.effort += sketch::REGISTERS as u64;
    }
    let most = ctx.db.hll_sparse_max_bytes;
    let (raw, _) = write(ctx.db, target)?;
    if dense {
        sketch::make_dense(raw.sketch(0)).map_err(refuse)?;
    }
    for (register, &value) in highest.iter().enumerate() {
        if value > 0 {
            sketch::raise(raw.sketch(most), register, value, most).map_err(refuse)?;
        }
    }
    sketch::outdate(raw.sketch(0));
    ctx.db.changed(target, Class::String, "pfadd");
    ctx.reply.ok();
    Ok(())
}

fn pfdebug(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let word = args.next()?;
    let key = args.next()?;
    if word.eq_ignore_ascii_case(b"simd") {
        let on = key.eq_ignore_ascii_case(b"on");
        if !on && !key.eq_ignore_ascii_case(b"off") {
            return Err(Error::PFDEBUG_SIMD);
        }
        ctx.reply.simple(if on { "enabled" } else { "disabled" });
        return Ok(());
    }
    let bytes = read(ctx.db, key)?.ok_or(Error::PFDEBUG_NO_KEY)?;
    if word.eq_ignore_ascii_case(b"getreg") {
        let registers = sketch::registers(&bytes).map_err(refuse)?;
        if !sketch::is_dense(&bytes) {
            sketch::make_dense(write(ctx.db, key)?.0.sketch(0)).map_err(refuse)?;
            ctx.db.effects.dirty += 1;
        }
        ctx.reply.array(registers.len());
        for value in registers {
            ctx.reply.integer(i64::from(value));
        }
    } else if word.eq_ignore_ascii_case(b"decode") {
        if sketch::is_dense(&bytes) {
            return Err(Error::PFDEBUG_NOT_SPARSE);
        }
        ctx.reply.bulk(decoded(&bytes));
    } else if word.eq_ignore_ascii_case(b"encoding") {
        ctx.reply.simple(if sketch::is_dense(&bytes) { "dense" } else { "sparse" });
    } else if word.eq_ignore_ascii_case(b"todense") {
        let convert = !sketch::is_dense(&bytes);
        if convert {
            sketch::make_dense(write(ctx.db, key)?.0.sketch(0)).map_err(refuse)?;
            ctx.db.effects.dirty += 1;
        }
        ctx.reply.integer(i64::from(convert));
    } else {
        return Err(Error::text(&[b"ERR Unknown PFDEBUG subcommand '", word, b"'"]));
    }
    Ok(())
}

/// The runs of a sparse sketch: `Z:7292` zeros (`z:` where one byte says it), `v:2,1` value and length.
fn decoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for run in sketch::runs(bytes) {
        if !text.is_empty() {
            text.push(' ');
        }
        // Writing to a string cannot fail.
        let _ = match run.value {
            0 => write!(text, "{}:{}", if run.bytes == 2 { 'Z' } else { 'z' }, run.len),
            value => write!(text, "v:{value},{}", run.len),
        };
    }
    text
}

/// Counts known elements in and compares the estimate with the truth.
fn pfselftest(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let mut bytes = sketch::empty();
    for number in 1..=50_000u64 {
        sketch::add(&mut bytes, &number.to_le_bytes(), ctx.db.hll_sparse_max_bytes).map_err(refuse)?;
    }
    let estimate = sketch::estimate(&sketch::registers(&bytes).map_err(refuse)?);
    if estimate.abs_diff(50_000) > 50_000 / 25 {
        return Err(Error::CORRUPTED_HYPERLOGLOG);
    }
    ctx.reply.ok();
    Ok(())
}
