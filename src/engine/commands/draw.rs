//! What HRANDFIELD, SRANDMEMBER, ZRANDMEMBER and VRANDMEMBER share: they draw one element and reply it alone, or so many as they are
//! told and reply an array.

use crate::args::Args;
use crate::error::Error;
use crate::random::Random;
use alloc::vec::Vec;
use resp::Writer;

pub(super) struct Draw {
    /// How many; none asks for one without an array around it.
    pub count: Option<i64>,
    /// Whether the word stood behind the count that asks for values or scores as well.
    pub with_values: bool,
}

impl Draw {
    /// Reads `[count [word]]`.
    pub fn read(args: &mut Args, word: &str) -> Result<Draw, Error> {
        let count = if args.left() == 0 { None } else { Some(args.symmetric()?) };
        let with_values = args.left() > 0;
        if with_values {
            if !args.word(word) {
                return Err(Error::SYNTAX);
            }
            args.end()?;
            // Twice as many elements could not be counted.
            if count.is_some_and(|count| count.unsigned_abs() > (i64::MAX / 2) as u64) {
                return Err(Error::OUT_OF_RANGE);
            }
        }
        Ok(Draw { count, with_values })
    }

    /// Positions among `len` elements, of which there is at least one.
    pub fn positions(&self, random: &mut Random, len: usize) -> Result<Vec<usize>, Error> {
        match self.count {
            None => Ok([random.below(len as u64) as usize].into()),
            Some(count) => random.draw(len, count),
        }
    }

    /// The array around `len` elements, if there is to be one.
    pub fn begin(&self, reply: &mut Writer, len: usize) {
        if self.count.is_some() {
            reply.array(len);
        }
    }

    /// The reply where there is nothing to draw from.
    pub fn reply_nothing(&self, reply: &mut Writer) {
        match self.count {
            None => reply.null(),
            Some(_) => reply.array(0),
        }
    }
}
