//! From the name that a client sent to the row.
//!
//! Names are at most 24 bytes, so one is three words of eight bytes, made lower case eight bytes at a time. While the crate compiles,
//! names are dealt into small buckets, and for every bucket a displacement is found that takes its names to slots of their own
//! (perfect hashing by "hash and displace"; Belazzougui, Botelho, Dietzfelbinger 2009): looking up is hashing three words, two
//! loads and one comparison. The words of a row's name are made again for that: kept beside the rows they would be 16 KB
//! of what every visit to the page downloads. Rows are numbered, commands first and then all subcommands, so that statistics and permissions
//! are arrays.

use super::Command;
use crate::commands::GROUPS;

/// How many commands there are, subcommands not counted.
pub const COMMANDS: usize = count(false);
/// How many rows there are in all; every [`Command::id`] is smaller.
pub const ROWS: usize = COMMANDS + SUBCOMMANDS;
const SUBCOMMANDS: usize = count(true);
const SLOTS: usize = (COMMANDS * 2).next_power_of_two();
const BUCKETS: usize = SLOTS / 4;
const EMPTY: u16 = u16::MAX;

static SUBS: [Command; SUBCOMMANDS] = subcommands();
static TABLE: [Command; COMMANDS] = commands();
static HASH: Hash = Hash::build();

/// Every command, group by group.
pub fn all() -> impl ExactSizeIterator<Item = &'static Command> {
    TABLE.iter()
}

/// The row with a number: a command or a subcommand.
pub fn row(id: u16) -> Option<&'static Command> {
    let id = usize::from(id);
    TABLE.get(id).or_else(|| SUBS.get(id - COMMANDS))
}

/// The row called `name`, in any case.
#[inline]
pub fn find(name: &[u8]) -> Option<&'static Command> {
    let words = Words::of(name)?;
    let row = TABLE.get(usize::from(HASH.rows[HASH.slot(words.hash())]))?;
    if Words::of(row.name.as_bytes())? == words { Some(row) } else { None }
}

/// The row of `command`, `command subcommand` or `command|subcommand`.
pub fn find_full(name: &[u8]) -> Option<&'static Command> {
    let bar = name.iter().position(|byte| matches!(byte, b'|' | b' '));
    match bar {
        None => find(name),
        Some(at) => find(&name[..at])?.subcommand(&name[at + 1..]),
    }
}

/// A name of up to 24 bytes in lower case, with its length.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Words {
    first: u64,
    last: u64,
    middle: u64,
    len: u64,
}

impl Words {
    #[inline]
    const fn of(name: &[u8]) -> Option<Words> {
        let len = name.len();
        let (first, last) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
                (Some(first), Some(last)) => {
                    ((u32::from_le_bytes(*first) as u64) | ((u32::from_le_bytes(*last) as u64) << 32), 0)
                }
                _ => match name {
                    [] => (0, 0),
                    [a, ..] => (*a as u64 | ((name[len / 2] as u64) << 8) | ((name[len - 1] as u64) << 16), 0),
                },
            },
        };
        let middle = if len <= 16 {
            0
        } else if len <= 24
            && let Some(middle) = name.split_at(8).1.first_chunk::<8>()
        {
            u64::from_le_bytes(*middle)
        } else {
            return None;
        };
        Some(Words { first: lower(first), last: lower(last), middle: lower(middle), len: len as u64 })
    }

    #[inline]
    const fn hash(self) -> u64 {
        let mixed = self.first ^ self.last.rotate_left(23) ^ self.middle.rotate_left(41) ^ self.len;
        let mixed = mixed.wrapping_mul(0x2545_F491_4F6C_DD1D);
        mixed ^ mixed >> 29
    }

    const fn equals(self, other: Words) -> bool {
        self.first == other.first && self.last == other.last && self.middle == other.middle && self.len == other.len
    }
}

/// Eight bytes at once: bit 5 is set in those from `A` to `Z`.
#[inline]
const fn lower(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let ascii = word & (ONES * 0x7F);
    let from_a = ascii + ONES * (0x80 - b'A' as u64);
    let beyond_z = ascii + ONES * (0x80 - b'Z' as u64 - 1);
    let is_upper = from_a & !beyond_z & !word & (ONES * 0x80);
    word | is_upper >> 2
}

struct Hash {
    displacements: [u16; BUCKETS],
    rows: [u16; SLOTS],
}

impl Hash {
    #[inline]
    const fn slot(&self, hash: u64) -> usize {
        displaced(hash, self.displacements[bucket(hash)])
    }

    const fn build() -> Hash {
        let nothing = Words { first: 0, last: 0, middle: 0, len: 100 };
        let mut hash = Hash { displacements: [0; BUCKETS], rows: [EMPTY; SLOTS] };
        let mut names = [nothing; COMMANDS];
        let mut hashes = [0; COMMANDS];
        let mut sizes = [0; BUCKETS];
        let mut at = 0;
        while at < COMMANDS {
            names[at] = match Words::of(TABLE[at].name.as_bytes()) {
                Some(words) => words,
                None => panic!("a command's name is longer than 24 bytes"),
            };
            hashes[at] = names[at].hash();
            sizes[bucket(hashes[at])] += 1;
            at += 1;
        }
        // The fullest buckets first, while there is room.
        let mut size = COMMANDS;
        while size > 0 {
            let mut at = 0;
            while at < BUCKETS {
                if sizes[at] == size {
                    hash.place(at, &names, &hashes);
                }
                at += 1;
            }
            size -= 1;
        }
        hash
    }

    /// Finds a displacement under which all names of a bucket get slots that are free, and puts them there.
    const fn place(&mut self, wanted: usize, names: &[Words; COMMANDS], hashes: &[u64; COMMANDS]) {
        let mut displacement = 0;
        loop {
            let mut placed = [0; COMMANDS];
            let mut count = 0;
            let mut at = 0;
            let mut fits = true;
            while at < COMMANDS && fits {
                if bucket(hashes[at]) == wanted {
                    let slot = displaced(hashes[at], displacement);
                    if self.rows[slot] == EMPTY {
                        self.rows[slot] = at as u16;
                        placed[count] = slot;
                        count += 1;
                    } else {
                        assert!(!names[self.rows[slot] as usize].equals(names[at]), "two rows have the same name");
                        fits = false;
                    }
                }
                at += 1;
            }
            if fits {
                self.displacements[wanted] = displacement;
                return;
            }
            while count > 0 {
                count -= 1;
                self.rows[placed[count]] = EMPTY;
            }
            displacement += 1;
        }
    }
}

#[inline]
const fn bucket(hash: u64) -> usize {
    hash as usize & (BUCKETS - 1)
}

#[inline]
const fn displaced(hash: u64, displacement: u16) -> usize {
    ((hash ^ displacement as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize & (SLOTS - 1)
}

const fn count(subcommands: bool) -> usize {
    let mut count = 0;
    let mut group = 0;
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            count += if subcommands { GROUPS[group][row].subcommands.len() } else { 1 };
            row += 1;
        }
        group += 1;
    }
    count
}

/// All commands in one array, numbered, with their subcommands out of the numbered array of these.
#[expect(clippy::large_stack_arrays, reason = "this runs while the crate compiles")]
const fn commands() -> [Command; COMMANDS] {
    let mut table = [GROUPS[0][0]; COMMANDS];
    let mut at = 0;
    let mut sub = 0;
    let mut group = 0;
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            let count = GROUPS[group][row].subcommands.len();
            table[at] = GROUPS[group][row].numbered(at as u16);
            table[at].subcommands = SUBS.split_at(sub).1.split_at(count).0;
            at += 1;
            sub += count;
            row += 1;
        }
        group += 1;
    }
    table
}

#[allow(
    clippy::large_stack_arrays,
    reason = "the compiler puts it together, and only where an address has 64 bits it is called large"
)]
const fn subcommands() -> [Command; SUBCOMMANDS] {
    let mut table = [GROUPS[0][0]; SUBCOMMANDS];
    let mut at = 0;
    let mut group = 0;
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            let subcommands = GROUPS[group][row].subcommands;
            let mut sub = 0;
            while sub < subcommands.len() {
                table[at] = subcommands[sub].group(GROUPS[group][row].group).numbered((COMMANDS + at) as u16);
                at += 1;
                sub += 1;
            }
            row += 1;
        }
        group += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, all, find, find_full, lower, row};

    #[test]
    fn every_name_is_found_in_any_case() {
        for command in all() {
            let upper = command.name.to_ascii_uppercase();
            assert_eq!(find(command.name.as_bytes()).map(|found| found.id), Some(command.id));
            assert_eq!(find(upper.as_bytes()).map(|found| found.id), Some(command.id));
            assert_eq!(row(command.id).map(|row| row.name), Some(command.name));
            for sub in command.subcommands {
                assert_eq!(find_full(sub.full_name.as_bytes()).map(|found| found.id), Some(sub.id));
                assert_eq!(row(sub.id).map(|row| row.full_name), Some(sub.full_name));
                assert!(usize::from(sub.id) >= COMMANDS);
            }
        }
        for name in ["", "g", "gett", "ge", "seT ", "get\0", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "@ET", "\u{c7}ET"] {
            assert!(find(name.as_bytes()).is_none(), "{name}");
        }
    }

    #[test]
    fn only_capitals_are_lowered() {
        for byte in 0..=255u8 {
            assert_eq!(
                lower(u64::from_le_bytes([byte; 8])),
                u64::from_le_bytes([byte.to_ascii_lowercase(); 8]),
                "{byte}"
            );
        }
    }
}
