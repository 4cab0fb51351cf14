//! The options that give a key (or a field) a lifetime: EX, PX, EXAT, PXAT, and how their numbers become deadlines.

use crate::args::Args;
use crate::error::Error;
use crate::time::Instant;
use resp::number::parse_integer;

/// What a number of an expiry option counts, and from when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Milliseconds,
    /// Seconds since the epoch.
    UnixSeconds,
    /// Milliseconds since the epoch.
    UnixMilliseconds,
}

impl Unit {
    /// The deadline in milliseconds since the epoch; none when the sum does not fit.
    pub(crate) fn deadline(self, number: i64, now: Instant) -> Option<i64> {
        let scaled = match self {
            Unit::Seconds | Unit::UnixSeconds => number.checked_mul(1000)?,
            Unit::Milliseconds | Unit::UnixMilliseconds => number,
        };
        match self {
            Unit::Seconds | Unit::Milliseconds => scaled.checked_add(now.millis()),
            Unit::UnixSeconds | Unit::UnixMilliseconds => Some(scaled),
        }
    }
}

/// An expiry option as it was written. Its number is looked at later, when Redis does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expiry<'a> {
    unit: Unit,
    number: &'a [u8],
}

impl<'a> Expiry<'a> {
    /// A number that stands without its option's word (SETEX).
    pub(crate) fn of(unit: Unit, number: &'a [u8]) -> Expiry<'a> {
        Expiry { unit, number }
    }

    /// Reads `EX seconds` and its relatives. An earlier option of the same unit may be repeated, another one may not.
    pub(crate) fn read(args: &mut Args<'a>, before: Option<Expiry<'a>>) -> Result<Option<Expiry<'a>>, Error> {
        for (word, unit) in [
            ("EX", Unit::Seconds),
            ("PX", Unit::Milliseconds),
            ("EXAT", Unit::UnixSeconds),
            ("PXAT", Unit::UnixMilliseconds),
        ] {
            if args.word_with(word, 1) {
                if before.is_some_and(|before| before.unit != unit) {
                    return Err(Error::SYNTAX);
                }
                return Ok(Some(Expiry { unit, number: args.next()? }));
            }
        }
        Ok(None)
    }

    /// The deadline for `command`: the number must be above zero.
    pub(crate) fn deadline(self, now: Instant, command: &str) -> Result<i64, Error> {
        let number = parse_integer(self.number).ok_or(Error::NOT_AN_INTEGER)?;
        let deadline = if number > 0 { self.unit.deadline(number, now) } else { None };
        deadline.ok_or_else(|| Error::invalid_expire(command))
    }
}
