//! DEBUG HTSTATS and HTSTATS-KEY: how full hash tables are.
//!
//! Sizes are those of Redis' tables of the same history (memory/table.rs). Which bucket an entry falls into is chance in Redis; here a checksum of the
//! key says it, so that equal keyspaces give equal figures on every target.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::memory::Table;
use crate::rdb::crc64;
use crate::value::Value;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

pub(super) fn of_database(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let database = usize::try_from(args.integer()?).ok().filter(|&database| database < ctx.db.databases());
    let database = database.ok_or(Error::DATABASE_OUT_OF_RANGE)?;
    let full = args.word("FULL");
    let space = ctx.db.keyspace(database);
    let (all, volatile) = space.buckets();
    let mut tables = [("Dictionary", all, Vec::new()), ("Expires", volatile, Vec::new())];
    for (key, _, deadline) in space.iter() {
        tables[0].2.push(key.as_bytes());
        if deadline.is_some() {
            tables[1].2.push(key.as_bytes());
        }
    }
    ctx.effort += tables[0].2.len() as u64;
    let mut text = String::new();
    for (name, buckets, keys) in tables {
        let _ = writeln!(text, "[{name} HT]");
        report(&mut text, &Table { buckets, keys }, full);
    }
    ctx.reply.verbatim(b"txt", text);
    Ok(())
}

pub(super) fn of_key(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let full = args.word("FULL");
    let table = match ctx.db.peek(key).ok_or(Error::NO_SUCH_KEY)? {
        Value::Set(set) => set.table(),
        Value::Hash(hash) => hash.table(),
        Value::SortedSet(zset) => zset.table(),
        _ => None,
    };
    let table = table.ok_or(Error::NO_HASH_TABLE)?;
    let mut text = String::new();
    report(&mut text, &table, full);
    ctx.effort += table.keys.len() as u64;
    ctx.reply.verbatim(b"txt", text);
    Ok(())
}

/// Writing to a string cannot fail, here and below.
fn report(text: &mut String, table: &Table, full: bool) {
    if table.keys.is_empty() {
        return;
    }
    let mut keys = table.keys.iter();
    for (number, (size, entries)) in table.buckets.parts(table.keys.len()).into_iter().enumerate() {
        if size == 0 {
            continue;
        }
        let role = if number == 0 { "main hash table" } else { "rehashing target" };
        let _ =
            write!(text, "Hash table {number} stats ({role}):\n table size: {size}\n number of elements: {entries}\n");
        if full && entries > 0 {
            chains(text, size, keys.by_ref().take(entries));
        }
    }
}

/// The checksum's bits, mixed: those of similar keys are similar.
fn spread(key: &[u8]) -> usize {
    (crc64(0, key).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}

fn chains<'a>(text: &mut String, size: usize, keys: impl Iterator<Item = &'a &'a [u8]>) {
    // Chains beyond that are counted together, as Redis does it.
    const LONGEST: usize = 50;
    let mut lengths: Vec<u32> = alloc::vec![0; size];
    let mut entries = 0;
    for key in keys {
        lengths[spread(key) & (size - 1)] += 1;
        entries += 1;
    }
    let used = lengths.iter().filter(|&&length| length > 0).count().max(1);
    let longest = lengths.iter().max().copied().unwrap_or(0);
    let average = f64::from(entries) / used as f64;
    let _ = write!(
        text,
        " different slots: {used}\n max chain length: {longest}\n avg chain length (counted): {average:.2}\n \
         avg chain length (computed): {average:.2}\n Chain length distribution:\n"
    );
    for length in 0..LONGEST {
        let last = length == LONGEST - 1;
        let count =
            lengths.iter().filter(|&&other| other as usize == length || last && other as usize > length).count();
        if count > 0 {
            let more = if last { ">= " } else { "" };
            let _ = writeln!(text, "   {more}{length}: {count} ({:.2}%)", count as f64 * 100.0 / size as f64);
        }
    }
}
