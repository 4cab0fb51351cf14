//! SCAN and what SSCAN, HSCAN and ZSCAN share with it: the cursor, the options and the shape of a page.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::glob;
use crate::number::parse_unsigned;
use crate::table::{Command, Flag::*};
use crate::text::Text;
use alloc::vec::Vec;
use resp::Writer;
use resp::number::integer;

pub(super) const COMMANDS: &[Command] =
    &[Command::new("scan", "cursor [MATCH pattern] [COUNT count] [TYPE type@6.0.0]", scan)
        .since("2.8.0")
        .summary("Lists keys page by page; a key that stays during the whole iteration is listed at least once.")
        .complexity("O(1) a call, O(N) for all N keys")
        .flags(&[ReadOnly])
        .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"])];

/// What to look for, and about how many elements to look at.
pub(super) struct ScanOptions<'a> {
    pattern: Option<&'a [u8]>,
    pub count: usize,
}

impl<'a> ScanOptions<'a> {
    /// Reads all that is left of the arguments; `own` reads an option that only this command has, if one stands next.
    pub fn read(
        args: &mut Args<'a>,
        mut own: impl FnMut(&mut Args<'a>) -> Result<bool, Error>,
    ) -> Result<ScanOptions<'a>, Error> {
        let mut options = ScanOptions { pattern: None, count: 10 };
        while args.left() > 0 {
            if own(args)? {
                continue;
            }
            if args.word_with("COUNT", 1) {
                let count = args.integer()?;
                if count < 1 {
                    return Err(Error::SYNTAX);
                }
                options.count = usize::try_from(count).unwrap_or(usize::MAX);
            } else if args.word_with("MATCH", 1) {
                options.pattern = Some(args.next()?).filter(|&pattern| pattern != b"*");
            } else {
                return Err(if args.word("NOVALUES") { Error::NOVALUES_OUTSIDE_HSCAN } else { Error::SYNTAX });
            }
        }
        Ok(options)
    }

    pub fn wants(&self, text: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, text))
    }
}

/// For commands without options of their own.
pub(super) fn no_other(_: &mut Args) -> Result<bool, Error> {
    Ok(false)
}

/// Reads a cursor: an unsigned integer, or what C's strtoull makes of anything else, leading space and sign included.
pub(super) fn cursor(text: &[u8]) -> Result<u64, Error> {
    parse_unsigned(text).ok_or(Error::INVALID_CURSOR)
}

/// Replies a page: the cursor with which to go on, and the elements, which `write` writes and counts.
pub(super) fn reply_page(reply: &mut Writer, next: u64, write: impl FnOnce(&mut Writer) -> usize) {
    reply.array(2);
    reply.bulk(integer(next as i64));
    let mark = reply.mark();
    let written = write(reply);
    reply.array_at(mark, written);
}

fn scan(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let cursor = cursor(args.next()?)?;
    let mut type_name = None;
    let options = ScanOptions::read(args, |args| {
        let is_type = args.word_with("TYPE", 1);
        if is_type {
            type_name = Some(args.next()?);
        }
        Ok(is_type)
    })?;
    let now = ctx.now.millis();
    let space = ctx.db.keyspace(ctx.db.selected);
    let (next, page) = space.scan(cursor, options.count);
    // What the pattern fits and whose time is over is reclaimed, of whatever type it was.
    let mut over: Vec<Text> = Vec::new();
    reply_page(&mut ctx.reply, next, |reply| {
        let mut found = 0;
        for (key, value, deadline) in page {
            ctx.effort += 1;
            if !options.wants(key) {
                continue;
            }
            if deadline.is_some_and(|deadline| now > deadline) {
                over.push(key.clone());
                continue;
            }
            if type_name.is_none_or(|name| value.type_name().as_bytes().eq_ignore_ascii_case(name)) {
                reply.bulk(key);
                found += 1;
            }
        }
        found
    });
    for key in over {
        ctx.db.contains(&key);
    }
    Ok(())
}
