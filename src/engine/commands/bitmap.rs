//! Strings as rows of bits, the first bit being the highest of the first byte.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event::Class;
use crate::store::Store;
use crate::table::{Command, Flag::*, Group, Keys, key_functions};
use crate::value::Value;
use alloc::vec;
use alloc::vec::Vec;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "bitcount",
        "key [range: start end:integer [unit@7.0.0: BYTE | BIT]]",
        bitcount,
    )
        .group(Group::Bitmap)
        .since("2.6.0")
        .summary("Counts the bits that are set in a string or a part of it.")
        .complexity("O(N) with N bytes")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "bitfield",
        "key [operation: <get-block: GET encoding offset> | <write: [OVERFLOW <overflow-block: WRAP | SAT | FAIL>] <write-operation: <set-block: SET encoding offset value:integer> | <incrby-block: INCRBY encoding offset increment>>>]...",
        bitfield,
    )
        .group(Group::Bitmap)
        .since("3.2.0")
        .summary("Reads, sets and increments integers of any width inside a string.")
        .complexity("O(1) for each operation")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW access update variable_flags")])
        .keys_by(key_functions::bitfield),
    Command::new(
        "bitfield_ro",
        "key [get-block: GET encoding offset [GET encoding offset ...]]",
        bitfield_ro,
    )
        .group(Group::Bitmap)
        .since("6.0.0")
        .summary("Reads integers of any width inside a string.")
        .complexity("O(1) for each operation")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "bitop",
        "<operation: AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]",
        bitop,
    )
        .group(Group::Bitmap)
        .since("2.6.0")
        .summary("Combines strings bit by bit and stores the result.")
        .complexity("O(N) with N bytes in the longest string")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(2, "OW update"), Keys::range(3, -1, 1, "RO access")]),
    Command::new(
        "bitpos",
        "key bit [range: start [end-unit-block: end:integer [unit@7.0.0: BYTE | BIT]]]",
        bitpos,
    )
        .group(Group::Bitmap)
        .since("2.8.7")
        .summary("Finds the first bit that is set, or not set.")
        .complexity("O(N) with N bytes")
        .flags(&[ReadOnly])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "getbit",
        "key offset",
        getbit,
    )
        .group(Group::Bitmap)
        .since("2.2.0")
        .summary("Reads one bit of a string.")
        .flags(&[ReadOnly, Fast])
        .keys(&[Keys::one(1, "RO access")]),
    Command::new(
        "setbit",
        "key offset value:integer",
        setbit,
    )
        .group(Group::Bitmap)
        .since("2.2.0")
        .summary("Sets or clears one bit of a string and tells what it was.")
        .flags(&[Write, DenyOom])
        .keys(&[Keys::one(1, "RW access update")]),
];

/// A position of a bit; `width` counts the positions in multiples of so many bits when the text begins with `#`.
fn bit_offset(db: &Store, text: &[u8], width: Option<u32>) -> Result<u64, Error> {
    let (text, factor) = match (text, width) {
        ([b'#', rest @ ..], Some(width)) => (rest, u64::from(width)),
        _ => (text, 1),
    };
    let offset = parse_integer(text).and_then(|offset| u64::try_from(offset).ok()?.checked_mul(factor));
    offset.filter(|offset| offset / 8 < db.max_string).ok_or(Error::BIT_OFFSET)
}

/// The string at `key` for writing, long enough for the bit at `offset`; says also whether it grew.
fn room<'a>(db: &'a mut Store, key: &[u8], offset: u64) -> Result<(&'a mut Vec<u8>, bool), Error> {
    let len = (offset / 8) as usize + 1;
    let fresh = db.peek(key).is_none();
    if fresh {
        db.set(key, Value::raw(vec![0; len]));
    }
    let value = db.value_mut(key).ok_or(Error::WRONG_TYPE)?;
    if value.as_string().is_none() {
        return Err(Error::WRONG_TYPE);
    }
    let bytes = value.make_raw();
    let grows = fresh || bytes.len() < len;
    if grows {
        bytes.resize(len, 0);
    }
    Ok((bytes, grows))
}

fn bit(bytes: &[u8], offset: u64) -> bool {
    bytes.get((offset / 8) as usize).is_some_and(|byte| byte >> (7 - offset % 8) & 1 == 1)
}

fn set_bit(bytes: &mut [u8], offset: u64, on: bool) {
    if let Some(byte) = bytes.get_mut((offset / 8) as usize) {
        let mask = 0x80 >> (offset % 8);
        *byte = if on { *byte | mask } else { *byte & !mask };
    }
}

fn setbit(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let offset = bit_offset(ctx.db, args.next()?, None)?;
    let on = match args.next()? {
        b"0" => false,
        b"1" => true,
        _ => return Err(Error::BIT_VALUE),
    };
    let (bytes, grows) = room(ctx.db, key, offset)?;
    let old = bit(bytes, offset);
    set_bit(bytes, offset, on);
    if grows || old != on {
        ctx.db.changed(key, Class::String, "setbit");
    }
    ctx.reply.integer(i64::from(old));
    Ok(())
}

fn getbit(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let offset = bit_offset(ctx.db, args.next()?, None)?;
    let found = ctx.db.string(key)?.is_some_and(|bytes| bit(&bytes, offset));
    ctx.reply.integer(i64::from(found));
    Ok(())
}

/// `BYTE` or `BIT`: whether positions are of bits.
fn unit(args: &mut Args) -> Result<bool, Error> {
    let bits = args.word("BIT");
    if !bits && !args.word("BYTE") {
        return Err(Error::SYNTAX);
    }
    Ok(bits)
}

/// The bits from `start` to `stop` of `len` bytes as a first bit and one behind the last; positions count bytes or bits.
fn bit_range(start: i64, stop: i64, len: usize, in_bits: bool) -> (u64, u64) {
    let unit = if in_bits { 1 } else { 8 };
    let total = len as i64 * 8 / unit;
    let absolute = |position: i64| if position < 0 { position.saturating_add(total).max(0) } else { position };
    let (start, stop) = (absolute(start), absolute(stop).min(total - 1));
    if start > stop { (0, 0) } else { ((start * unit) as u64, ((stop + 1) * unit) as u64) }
}

fn bitcount(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let (mut start, mut stop, mut in_bits) = (0, -1, false);
    match args.left() {
        0 => {}
        2 | 3 => {
            (start, stop) = (args.integer()?, args.integer()?);
            in_bits = args.left() > 0 && unit(args)?;
        }
        _ => return Err(Error::SYNTAX),
    }
    let mut found = 0;
    if let Some(bytes) = ctx.db.string(key)? {
        let (first, behind) = if start < 0 && stop < 0 && start > stop {
            // Only here; elsewhere both may meet at the first position.
            (0, 0)
        } else {
            bit_range(start, stop, bytes.len(), in_bits)
        };
        found = count_bits(&bytes, first, behind);
    }
    ctx.effort += found / 8;
    ctx.reply.integer(found as i64);
    Ok(())
}

fn count_bits(bytes: &[u8], first: u64, behind: u64) -> u64 {
    if first >= behind {
        return 0;
    }
    let (from, to) = ((first / 8) as usize, (behind.div_ceil(8)) as usize);
    let (words, rest) = bytes[from..to].as_chunks::<8>();
    let mut found: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    found += rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>();
    // Bits of the outer bytes that lie outside were counted too.
    let outside = |range: core::ops::Range<u64>| range.filter(|&offset| bit(bytes, offset)).count() as u64;
    found - outside(first / 8 * 8..first) - outside(behind..behind.div_ceil(8) * 8)
}

fn bitpos(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let wanted = match args.integer()? {
        0 => false,
        1 => true,
        _ => return Err(Error::BIT_ARGUMENT),
    };
    if args.left() > 3 {
        return Err(Error::SYNTAX);
    }
    let ends = args.left() > 1;
    let start = if args.left() > 0 { args.integer()? } else { 0 };
    let stop = args.position();
    let mut in_bits = false;
    if args.left() > 1 {
        // The unit behind the last position is looked at before that position.
        args.seek(stop + 1);
        in_bits = unit(args)?;
        args.seek(stop);
    }
    let stop = if ends { args.integer()? } else { -1 };
    let Some(bytes) = ctx.db.string(key)? else {
        // A string that is not there is all zeros, as far as one looks.
        ctx.reply.integer(if wanted { -1 } else { 0 });
        return Ok(());
    };
    let (first, behind) = bit_range(start, stop, bytes.len(), in_bits);
    let position = match find_bit(&bytes, first, behind, wanted) {
        Some(position) => position as i64,
        // Behind the string there are zeros, unless the range ends within it.
        None if !wanted && !ends && first < behind => bytes.len() as i64 * 8,
        None => -1,
    };
    let visited = bytes.len() as u64;
    ctx.effort += visited;
    ctx.reply.integer(position);
    Ok(())
}

fn find_bit(bytes: &[u8], first: u64, behind: u64, wanted: bool) -> Option<u64> {
    let nothing = if wanted { 0 } else { 0xFF };
    let mut offset = first;
    while offset < behind {
        if offset.is_multiple_of(8) {
            // Whole bytes without the bit are passed over quickly.
            let rest = &bytes[(offset / 8) as usize..];
            let skipped = rest.iter().take_while(|&&byte| byte == nothing).count() as u64;
            offset += skipped * 8;
            if offset >= behind {
                return None;
            }
        }
        if bit(bytes, offset) == wanted {
            return Some(offset);
        }
        offset += 1;
    }
    None
}

/// What BITOP does to the strings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
    Diff,
    Diff1,
    AndOr,
    One,
}

impl Operation {
    fn read(args: &mut Args) -> Result<Operation, Error> {
        for (word, operation) in [
            ("AND", Operation::And),
            ("OR", Operation::Or),
            ("XOR", Operation::Xor),
            ("NOT", Operation::Not),
            ("DIFF", Operation::Diff),
            ("DIFF1", Operation::Diff1),
            ("ANDOR", Operation::AndOr),
            ("ONE", Operation::One),
        ] {
            if args.word(word) {
                return Ok(operation);
            }
        }
        Err(Error::SYNTAX)
    }

    fn check(self, sources: usize) -> Result<(), Error> {
        match self {
            Operation::Not if sources != 1 => Err(Error::BITOP_NOT),
            Operation::Diff if sources < 2 => Err(Error::BITOP_DIFF),
            Operation::Diff1 if sources < 2 => Err(Error::BITOP_DIFF1),
            Operation::AndOr if sources < 2 => Err(Error::BITOP_ANDOR),
            _ => Ok(()),
        }
    }

    /// Combines strings, the shorter ones filled up with zeros: one string after the other into the first, so that each pass is
    /// over two slices.
    fn combine(self, sources: Vec<Vec<u8>>, len: usize) -> Vec<u8> {
        let mut sources = sources.into_iter();
        let mut result = sources.next().unwrap_or_default();
        result.resize(len, 0);
        match self {
            Operation::Not => result.iter_mut().for_each(|byte| *byte = !*byte),
            Operation::And => sources.for_each(|source| {
                merge(&mut result, &source, |a, b| a & b);
                result[source.len()..].fill(0);
            }),
            Operation::Or => sources.for_each(|source| merge(&mut result, &source, |a, b| a | b)),
            Operation::Xor => sources.for_each(|source| merge(&mut result, &source, |a, b| a ^ b)),
            Operation::Diff => merge(&mut result, &any(sources, len), |first, others| first & !others),
            Operation::Diff1 => merge(&mut result, &any(sources, len), |first, others| !first & others),
            Operation::AndOr => merge(&mut result, &any(sources, len), |first, others| first & others),
            Operation::One => {
                let mut twice = vec![0; len];
                sources.for_each(|source| {
                    for ((once, twice), byte) in result.iter_mut().zip(&mut twice).zip(source) {
                        *twice |= *once & byte;
                        *once |= byte;
                    }
                });
                merge(&mut result, &twice, |once, twice| once & !twice);
            }
        }
        result
    }
}

/// The bits that are set in any of the strings.
fn any(sources: impl Iterator<Item = Vec<u8>>, len: usize) -> Vec<u8> {
    let mut found = vec![0; len];
    sources.for_each(|source| merge(&mut found, &source, |a, b| a | b));
    found
}

/// Puts `with` of both in place of each byte, as far as there are others.
fn merge(bytes: &mut [u8], others: &[u8], with: impl Fn(u8, u8) -> u8) {
    for (byte, &other) in bytes.iter_mut().zip(others) {
        *byte = with(*byte, other);
    }
}

fn bitop(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let operation = Operation::read(args)?;
    let target = args.next()?;
    operation.check(args.left())?;
    let mut sources = Vec::with_capacity(args.left());
    for key in args.rest() {
        sources.push(ctx.db.string(key)?.map_or(Vec::new(), |bytes| bytes.to_vec()));
    }
    let len = sources.iter().map(Vec::len).max().unwrap_or(0);
    ctx.effort += (len * sources.len()) as u64;
    if len > 0 {
        let result = operation.combine(sources, len);
        ctx.db.set(target, Value::raw(result));
        ctx.db.changed(target, Class::String, "set");
    } else if ctx.db.discard(target) {
        ctx.db.changed(target, Class::Generic, "del");
    }
    ctx.reply.integer(len as i64);
    Ok(())
}

/// An integer's width in bits and whether it has a sign.
#[derive(Clone, Copy)]
struct Encoding {
    signed: bool,
    bits: u32,
}

impl Encoding {
    fn read(text: &[u8]) -> Result<Encoding, Error> {
        let (signed, digits, most) = match text {
            [b'i', rest @ ..] => (true, rest, 64),
            [b'u', rest @ ..] => (false, rest, 63),
            _ => return Err(Error::BITFIELD_TYPE),
        };
        let bits = parse_integer(digits).filter(|bits| (1..=most).contains(bits)).ok_or(Error::BITFIELD_TYPE)?;
        Ok(Encoding { signed, bits: bits as u32 })
    }

    fn range(self) -> (i128, i128) {
        if self.signed { (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1) } else { (0, (1 << self.bits) - 1) }
    }

    fn get(self, bytes: &[u8], offset: u64) -> i64 {
        let raw = (0..u64::from(self.bits)).fold(0u64, |raw, at| raw << 1 | u64::from(bit(bytes, offset + at)));
        self.wrap(i128::from(raw))
    }

    fn set(self, bytes: &mut [u8], offset: u64, value: i64) {
        for at in 0..u64::from(self.bits) {
            set_bit(bytes, offset + at, value >> (u64::from(self.bits) - 1 - at) & 1 == 1);
        }
    }

    /// The value of the lowest bits.
    fn wrap(self, value: i128) -> i64 {
        let shift = 128 - self.bits;
        let value = value << shift;
        if self.signed { (value >> shift) as i64 } else { (value as u128 >> shift) as i64 }
    }
}

#[derive(Clone, Copy)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

impl Overflow {
    fn read(args: &mut Args) -> Result<Overflow, Error> {
        if args.word("WRAP") {
            Ok(Overflow::Wrap)
        } else if args.word("SAT") {
            Ok(Overflow::Saturate)
        } else if args.word("FAIL") {
            Ok(Overflow::Fail)
        } else {
            Err(Error::OVERFLOW_TYPE)
        }
    }

    /// What is stored for `value`; none when nothing is.
    fn settle(self, value: i128, encoding: Encoding) -> Option<i64> {
        let (least, most) = encoding.range();
        match self {
            _ if (least..=most).contains(&value) => Some(value as i64),
            Overflow::Wrap => Some(encoding.wrap(value)),
            Overflow::Saturate => Some(value.clamp(least, most) as i64),
            Overflow::Fail => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Access {
    Get,
    Set(i64, Overflow),
    Increment(i64, Overflow),
}

struct Step {
    encoding: Encoding,
    offset: u64,
    access: Access,
}

/// Reads all operations before any is done.
fn steps(ctx: &Ctx, args: &mut Args) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let mut overflow = Overflow::Wrap;
    while args.left() > 0 {
        if args.word_with("OVERFLOW", 1) {
            overflow = Overflow::read(args)?;
            continue;
        }
        let (sets, increments) = (args.word_with("SET", 3), args.word_with("INCRBY", 3));
        if !sets && !increments && !args.word_with("GET", 2) {
            return Err(Error::SYNTAX);
        }
        let encoding = Encoding::read(args.next()?)?;
        let offset = bit_offset(ctx.db, args.next()?, Some(encoding.bits))?;
        let access = if sets {
            Access::Set(args.integer()?, overflow)
        } else if increments {
            Access::Increment(args.integer()?, overflow)
        } else {
            Access::Get
        };
        steps.push(Step { encoding, offset, access });
    }
    Ok(steps)
}

fn bitfield(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    run(ctx, args, true)
}

fn bitfield_ro(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    run(ctx, args, false)
}

fn run(ctx: &mut Ctx, args: &mut Args, may_write: bool) -> Result<(), Error> {
    let key = args.next()?;
    let steps = steps(ctx, args)?;
    let writes = steps.iter().filter(|step| !matches!(step.access, Access::Get));
    let last = writes.map(|step| step.offset + u64::from(step.encoding.bits) - 1).max();
    if !may_write && last.is_some() {
        return Err(Error::BITFIELD_READ_ONLY);
    }
    let Some(last) = last else {
        let bytes = ctx.db.string(key)?;
        ctx.reply.array(steps.len());
        for step in &steps {
            ctx.reply.integer(bytes.as_ref().map_or(0, |bytes| step.encoding.get(bytes, step.offset)));
        }
        return Ok(());
    };
    let (bytes, grows) = room(ctx.db, key, last)?;
    let mut changes = 0;
    ctx.reply.array(steps.len());
    for Step { encoding, offset, access } in steps {
        let old = encoding.get(bytes, offset);
        let (new, shows_old) = match access {
            Access::Get => {
                ctx.reply.integer(old);
                continue;
            }
            // A number without a sign is taken as its bits: -1 is the largest.
            Access::Set(value, overflow) => {
                let value = if encoding.signed { i128::from(value) } else { i128::from(value as u64) };
                (overflow.settle(value, encoding), true)
            }
            Access::Increment(by, overflow) => (overflow.settle(i128::from(old) + i128::from(by), encoding), false),
        };
        match new {
            Some(new) => {
                encoding.set(bytes, offset, new);
                changes += usize::from(grows || new != old);
                ctx.reply.integer(if shows_old { old } else { new });
            }
            None => ctx.reply.null(),
        }
    }
    if changes > 0 {
        ctx.db.changed_by(changes, key, Class::String, "setbit");
    }
    Ok(())
}
