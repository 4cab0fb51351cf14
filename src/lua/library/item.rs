//! What in a pattern stands for one byte: a letter, a dot, a class (`%a`) or a set (`[^%s,]`).

use crate::state::Fault;

pub type Read<T> = Result<T, Fault>;

pub fn malformed(text: &'static str) -> Fault {
    Fault::message(text)
}

/// An item is its text. (Taken apart it would be written to memory in pieces and read in one, which costs more than to look again.)
#[derive(Clone, Copy, Debug)]
pub struct Item<'a>(&'a [u8]);

const LOWER: u8 = 1;
const UPPER: u8 = 2;
const DIGIT: u8 = 4;
const SPACE: u8 = 8;
const PUNCTUATION: u8 = 16;
const CONTROL: u8 = 32;
const HEXADECIMAL: u8 = 64;
const ZERO: u8 = 128;

/// What kinds each byte is of, in C's locale.
static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        let tests = [
            (byte.is_ascii_lowercase(), LOWER),
            (byte.is_ascii_uppercase(), UPPER),
            (byte.is_ascii_digit(), DIGIT),
            (byte == b' ' || (b'\t' <= byte && byte <= b'\r'), SPACE),
            (byte.is_ascii_punctuation(), PUNCTUATION),
            (byte.is_ascii_control(), CONTROL),
            (byte.is_ascii_hexdigit(), HEXADECIMAL),
            (byte == 0, ZERO),
        ];
        let mut test = 0;
        while test < tests.len() {
            if tests[test].0 {
                kinds[byte as usize] |= tests[test].1;
            }
            test += 1;
        }
        byte += 1;
    }
    kinds
}

/// The kinds that each letter after `%` stands for, by its number in the alphabet.
static CLASSES: [u8; 32] = {
    let mut classes = [0; 32];
    let letters = [
        (b'a', LOWER | UPPER),
        (b'c', CONTROL),
        (b'd', DIGIT),
        (b'l', LOWER),
        (b'p', PUNCTUATION),
        (b's', SPACE),
        (b'u', UPPER),
        (b'w', LOWER | UPPER | DIGIT),
        (b'x', HEXADECIMAL),
        (b'z', ZERO),
    ];
    let mut at = 0;
    while at < letters.len() {
        classes[letters[at].0 as usize & 31] = letters[at].1;
        at += 1;
    }
    classes
};

/// The kinds that what follows `%` stands for; none: it stands for itself.
#[inline(always)]
fn class(letter: u8) -> u8 {
    if letter.is_ascii_alphabetic() { CLASSES[usize::from(letter & 31)] } else { 0 }
}

#[inline(always)]
fn is_of(byte: u8, letter: u8, kinds: u8) -> bool {
    if kinds == 0 {
        return byte == letter;
    }
    // Small letters stand for their kinds, capitals for all others.
    (KINDS[usize::from(byte)] & kinds != 0) == (letter & 0x20 != 0)
}

impl Item<'_> {
    /// The item that begins here, and where it ends.
    #[inline(always)]
    pub fn read(pattern: &[u8], at: usize) -> Read<(Item<'_>, usize)> {
        let end = Item::end(pattern, at)?;
        Ok((Item(pattern.get(at..end).unwrap_or_default()), end))
    }

    #[inline(always)]
    fn end(pattern: &[u8], at: usize) -> Read<usize> {
        match pattern.get(at) {
            Some(b'%') if at + 1 >= pattern.len() => Err(malformed("malformed pattern (ends with '%')")),
            Some(b'%') => Ok(at + 2),
            Some(b'[') => {
                let mut end = at + 1 + usize::from(pattern.get(at + 1) == Some(&b'^'));
                loop {
                    match pattern.get(end) {
                        None => return Err(malformed("malformed pattern (missing ']')")),
                        Some(b'%') if end + 1 < pattern.len() => end += 2,
                        Some(_) => end += 1,
                    }
                    if pattern.get(end) == Some(&b']') {
                        return Ok(end + 1);
                    }
                }
            }
            _ => Ok(at + 1),
        }
    }

    #[inline(always)]
    pub fn matches(self, byte: u8) -> bool {
        match self.0 {
            [b'.'] => true,
            [b'%', letter] => is_of(byte, *letter, class(*letter)),
            [b'[', b'^', set @ .., b']'] => !contains(set, byte),
            [b'[', set @ .., b']'] => contains(set, byte),
            own => own.first() == Some(&byte),
        }
    }

    /// How many bytes at the beginning of a text match, or how many do not.
    pub fn run_of(self, text: &[u8], wanted: bool) -> usize {
        match self.0 {
            [b'%', letter] => {
                let kinds = class(*letter);
                text.iter().take_while(|byte| is_of(**byte, *letter, kinds) == wanted).count()
            }
            _ => text.iter().take_while(|byte| self.matches(**byte) == wanted).count(),
        }
    }
}

fn contains(mut set: &[u8], byte: u8) -> bool {
    loop {
        let (found, rest) = match set {
            [] => return false,
            [b'%', letter, rest @ ..] => (is_of(byte, *letter, class(*letter)), rest),
            [low, b'-', high, rest @ ..] => (*low <= byte && byte <= *high, rest),
            [own, rest @ ..] => (*own == byte, rest),
        };
        if found {
            return true;
        }
        set = rest;
    }
}

/// The item that whatever matches the pattern begins with, if there is one that must match.
pub fn first(pattern: &[u8]) -> Option<Item<'_>> {
    let at = pattern.iter().position(|byte| *byte != b'(')?;
    let special = match pattern[at] {
        b')' => true,
        b'$' => at + 1 == pattern.len(),
        b'%' => matches!(pattern.get(at + 1), Some(b'b' | b'f' | b'0'..=b'9')),
        _ => false,
    };
    let (item, end) = Item::read(pattern, at).ok()?;
    let may_lack = matches!(pattern.get(end), Some(b'?' | b'*' | b'-'));
    (!special && !may_lack && at <= super::matcher::MAX_CAPTURES).then_some(item)
}
