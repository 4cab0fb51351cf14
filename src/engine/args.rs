//! The arguments of one request, borrowed from the bytes that the client sent, read from left to right.

use crate::error::Error;
use crate::long_double::LongDouble;
use crate::time::Instant;
use resp::number;
use resp::request::Span;

#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
    next: usize,
}

impl<'a> Args<'a> {
    /// `spans` are positions in `bytes`; the command's name is the first. Reading starts behind it.
    pub fn new(bytes: &'a [u8], spans: &'a [Span]) -> Args<'a> {
        Args { bytes, spans, next: 1 }
    }

    /// How many there are, the command's name included.
    #[inline]
    pub fn count(&self) -> usize {
        self.spans.len()
    }

    /// How many are not read yet.
    #[inline]
    pub fn left(&self) -> usize {
        self.spans.len().saturating_sub(self.next)
    }

    /// The argument at a position; 0 is the command's name.
    #[inline]
    pub fn at(&self, position: usize) -> &'a [u8] {
        self.spans.get(position).map_or(&[], |span| &self.bytes[span.start as usize..span.end as usize])
    }

    pub fn position(&self) -> usize {
        self.next
    }

    /// Goes on reading at a position (or goes back to it).
    pub fn seek(&mut self, position: usize) {
        self.next = position;
    }

    pub fn peek(&self) -> Option<&'a [u8]> {
        (self.next < self.spans.len()).then(|| self.at(self.next))
    }

    /// The next argument; a missing one is a syntax error, because arity was checked before.
    #[inline]
    pub fn next(&mut self) -> Result<&'a [u8], Error> {
        let argument = self.peek().ok_or(Error::SYNTAX)?;
        self.next += 1;
        Ok(argument)
    }

    /// The next argument as an integer.
    #[inline]
    pub fn integer(&mut self) -> Result<i64, Error> {
        number::parse_integer(self.next()?).ok_or(Error::NOT_AN_INTEGER)
    }

    /// The next argument as a finite or infinite double.
    pub fn float(&mut self) -> Result<f64, Error> {
        crate::number::parse_double(self.next()?).ok_or(Error::NOT_A_FLOAT)
    }

    /// The next argument as the number of one of `databases` databases.
    pub fn database(&mut self, databases: usize) -> Result<usize, Error> {
        let number = i32::try_from(self.integer()?).map_err(|_| Error::NOT_AN_INT)?;
        usize::try_from(number).ok().filter(|&index| index < databases).ok_or(Error::DB_INDEX_OUT_OF_RANGE)
    }

    /// The next argument as a timeout in seconds from now: the deadline in milliseconds since the epoch, none for 0.
    pub fn timeout(&mut self, now: Instant) -> Result<Option<i64>, Error> {
        let text = self.next()?;
        let Some(seconds) = crate::number::parse_double(text) else {
            // Redis reads a wider float, whose exponent may have another digit.
            let wide = LongDouble::parse(text).ok_or(Error::TIMEOUT_NOT_A_FLOAT)?;
            return Err(if wide.is_negative() { Error::TIMEOUT_NEGATIVE } else { Error::TIMEOUT_OUT_OF_RANGE });
        };
        if seconds < 0.0 {
            return Err(Error::TIMEOUT_NEGATIVE);
        }
        let milliseconds = libm::ceil(seconds * 1000.0);
        if milliseconds == 0.0 {
            return Ok(None);
        }
        let deadline = (milliseconds < 9e18).then(|| now.millis().checked_add(milliseconds as i64)).flatten();
        deadline.map(Some).ok_or(Error::TIMEOUT_OUT_OF_RANGE)
    }

    /// Reads the next argument if it is `word`, whatever its case.
    pub fn word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|argument| argument.eq_ignore_ascii_case(word.as_bytes()));
        self.next += usize::from(found);
        found
    }

    /// Whether the next argument is `word` and at least `more` arguments follow it; if so, the word is read.
    pub fn word_with(&mut self, word: &str, more: usize) -> bool {
        self.left() > more && self.word(word)
    }

    /// A syntax error when something is left.
    pub fn end(&self) -> Result<(), Error> {
        if self.left() == 0 { Ok(()) } else { Err(Error::SYNTAX) }
    }

    /// The next argument as a count that is not negative.
    pub fn count_argument(&mut self) -> Result<usize, Error> {
        let count = number::parse_integer(self.next()?).and_then(|count| usize::try_from(count).ok());
        count.ok_or(Error::MUST_BE_POSITIVE)
    }

    /// The next argument as a number of keys, and the keys that follow it; no key at all is `none`.
    pub fn counted_keys(&mut self, none: Error) -> Result<Args<'a>, Error> {
        let count = number::parse_integer(self.next()?).filter(|&count| count > 0).ok_or(none)?;
        let count = usize::try_from(count).ok().filter(|&count| count <= self.left()).ok_or(Error::SYNTAX)?;
        let keys = Args { spans: &self.spans[..self.next + count], ..*self };
        self.next += count;
        Ok(keys)
    }

    /// Only the next `count` arguments.
    pub fn limited(&self, count: usize) -> Args<'a> {
        Args { spans: &self.spans[..(self.next + count).min(self.spans.len())], ..*self }
    }

    /// The next argument as a number whose sign can be turned.
    pub fn symmetric(&mut self) -> Result<i64, Error> {
        let number = self.integer()?;
        if number == i64::MIN { Err(Error::RANGE_SYMMETRIC) } else { Ok(number) }
    }

    /// The keys of SINTERCARD and ZINTERCARD, whose number stands before them.
    pub fn cardinality_keys(&mut self) -> Result<Args<'a>, Error> {
        let count =
            number::parse_integer(self.next()?).filter(|&count| count > 0).ok_or(Error::NUMKEYS_NOT_POSITIVE)?;
        self.seek(self.position() - 1);
        if usize::try_from(count).is_ok_and(|count| count < self.left()) {
            self.counted_keys(Error::NUMKEYS_NOT_POSITIVE)
        } else {
            Err(Error::TOO_MANY_KEYS)
        }
    }

    /// `LIMIT limit`, as often as it is there, and nothing else; without one 0.
    pub fn cardinality_limit(&mut self) -> Result<usize, Error> {
        let mut limit = 0;
        while self.left() > 0 {
            if !self.word_with("LIMIT", 1) {
                return Err(Error::SYNTAX);
            }
            let number =
                number::parse_integer(self.next()?).filter(|&number| number >= 0).ok_or(Error::LIMIT_NEGATIVE)?;
            limit = usize::try_from(number).unwrap_or(usize::MAX);
        }
        Ok(limit)
    }

    /// `numfields` and so many fields of `width` words each; a number that cannot be is `invalid`.
    pub fn fields(&mut self, width: usize, invalid: Error) -> Result<Args<'a>, Error> {
        let count = number::parse_integer(self.next()?).filter(|count| (1..=i64::from(i32::MAX)).contains(count));
        let words = count.ok_or(invalid)? as usize * width;
        if words > self.left() {
            return Err(Error::WRONG_NUMBER);
        }
        let fields = Args { spans: &self.spans[..self.next + words], ..*self };
        self.next += words;
        Ok(fields)
    }

    /// What is left, from here on.
    pub fn rest(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let args = *self;
        (self.next.min(self.spans.len())..self.spans.len()).map(move |position| args.at(position))
    }

    /// All of them, the command's name included.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let args = *self;
        (0..self.spans.len()).map(move |position| args.at(position))
    }
}

/// The positions that `start` and `stop` mean in a sequence of `len` elements, where negative ones count from the end: the
/// first, and how many.
pub fn slice(start: i64, stop: i64, len: usize) -> (usize, usize) {
    let len = len as i64;
    let absolute = |position: i64| if position < 0 { position.saturating_add(len) } else { position };
    let start = absolute(start).max(0);
    let stop = absolute(stop).min(len - 1);
    if start > stop { (0, 0) } else { (start as usize, (stop - start + 1) as usize) }
}
