//! The engine's randomness: seeded by the host, so that equal seeds draw equally on every target.

use crate::error::Error;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// So many draws with repetition fit into memory together with their reply.
const MOST_DRAWS: usize = 1 << 24;

use alloc::string::String;

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix, no bad seeds.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Positions below `len`, drawn as HRANDFIELD and its relatives do: a negative `count` draws so often with repetition, a
    /// positive one without, and all positions in order if it asks for as many as there are.
    pub(crate) fn draw(&mut self, len: usize, count: i64) -> Result<Vec<usize>, Error> {
        let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        if len == 0 {
            return Ok(Vec::new());
        }
        if count < 0 {
            if wanted > MOST_DRAWS {
                return Err(Error::OUT_OF_MEMORY);
            }
            return Ok((0..wanted).map(|_| self.below(len as u64) as usize).collect());
        }
        if wanted >= len {
            return Ok((0..len).collect());
        }
        let mut drawn: Vec<usize> = Vec::with_capacity(wanted);
        if wanted >= len / 3 {
            // Most of them: shuffle the beginning of all.
            drawn.extend(0..len);
            for place in 0..wanted {
                let other = place + self.below((len - place) as u64) as usize;
                drawn.swap(place, other);
            }
            drawn.truncate(wanted);
        } else {
            let mut seen = BTreeSet::new();
            while drawn.len() < wanted {
                let position = self.below(len as u64) as usize;
                if seen.insert(position) {
                    drawn.push(position);
                }
            }
        }
        Ok(drawn)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// 40 hexadecimal digits, the form of run and replication ids.
    pub fn hexadecimal(&mut self) -> String {
        (0..40).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }

    /// A number from 0 to `bound - 1`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}
