//! LZF, the compression of long strings in RDB files.
//!
//! A control byte below 32 stands before that many literal bytes and one more. Any other says: go back, and copy. Its upper three bits
//! are the length less two (7: another byte adds to it), the rest and the next byte the distance less one. The compressor is
//! greedy with one remembered place per hash of three bytes; whatever it finds is valid, it need not be the shortest. So that
//! payloads are those of a real server to the byte, it forgets and overlooks what Redis' does: of a copy only the last two places
//! are remembered, and no copy reaches into the last two bytes.

use super::wire::Reader;
use alloc::vec::Vec;

const SLOTS: usize = 1 << 16;
const FARTHEST: usize = 1 << 13;
const LONGEST: usize = 255 + 9;
const LITERALS: usize = 32;

/// The compressed form, if it fits into `most` bytes. Where it only just would, Redis gives up a little early, and so do we.
pub fn compress(input: &[u8], most: usize) -> Option<Vec<u8>> {
    // Nothing refers to the first place, so 0 can say that there is none.
    let mut places = alloc::vec![0u32; SLOTS];
    let mut out = Vec::new();
    let mut literals = 0;
    let mut at = 0;
    // What was written so far, with the literals that wait, one byte for each run of them, and one for a run to come.
    let written = |out: &Vec<u8>, waiting: usize| out.len() + waiting + waiting / LITERALS + 1;
    while at + 2 < input.len() {
        let waiting = at - literals;
        let Some((distance, len)) = matching(input, at, &mut places) else {
            if written(&out, waiting) >= most {
                return None;
            }
            at += 1;
            continue;
        };
        if written(&out, waiting) - usize::from(waiting.is_multiple_of(LITERALS)) + 4 >= most {
            return None;
        }
        put_literals(&mut out, &input[literals..at]);
        let (back, short) = (distance - 1, len - 2);
        if short < 7 {
            out.push((short << 5 | back >> 8) as u8);
        } else {
            out.push((7 << 5 | back >> 8) as u8);
            out.push((short - 7) as u8);
        }
        out.push(back as u8);
        at += len;
        literals = at;
        if at + 2 < input.len() {
            for skipped in at - 2..at {
                places[slot(&input[skipped..])] = skipped as u32;
            }
        }
    }
    if written(&out, at - literals) + 3 > most {
        return None;
    }
    put_literals(&mut out, &input[literals..]);
    Some(out)
}

fn slot(bytes: &[u8]) -> usize {
    let three = u32::from(bytes[0]) << 16 | u32::from(bytes[1]) << 8 | u32::from(bytes[2]);
    (three >> 8).wrapping_sub(three.wrapping_mul(5)) as usize % SLOTS
}

/// Distance and length of an earlier occurrence of what stands at `at`.
fn matching(input: &[u8], at: usize, places: &mut [u32]) -> Option<(usize, usize)> {
    let place = core::mem::replace(&mut places[slot(&input[at..])], at as u32) as usize;
    if place == 0 || at - place > FARTHEST || input[place..place + 3] != input[at..at + 3] {
        return None;
    }
    // The last two bytes are looked at only where comparing goes on unchecked.
    let checked = input.len() - at - 2;
    let longest = LONGEST.min(checked).max(if checked > 16 { 19 } else { 3 });
    let same = input[at..at + longest].iter().zip(&input[place..]).take_while(|(a, b)| a == b).count();
    Some((at - place, same))
}

fn put_literals(out: &mut Vec<u8>, literals: &[u8]) {
    for run in literals.chunks(LITERALS) {
        out.push(run.len() as u8 - 1);
        out.extend_from_slice(run);
    }
}

/// The `len` bytes that `input` stands for; none when it is not the compressed form of so many.
pub fn decompress(input: &[u8], len: usize) -> Option<Vec<u8>> {
    // A byte of input stands for at most 88 of output, so a length on trust cannot claim much memory.
    if len / 128 > input.len() {
        return None;
    }
    let mut out: Vec<u8> = Vec::with_capacity(len);
    let mut rest = Reader(input);
    while let Some(control) = rest.byte() {
        if control < 32 {
            out.extend_from_slice(rest.take(usize::from(control) + 1)?);
        } else {
            let mut copied = usize::from(control >> 5);
            if copied == 7 {
                copied += usize::from(rest.byte()?);
            }
            copied += 2;
            let distance = (usize::from(control & 31) << 8 | usize::from(rest.byte()?)) + 1;
            let from = out.len().checked_sub(distance)?;
            for place in from..from + copied {
                out.push(out[place]);
            }
        }
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::{compress, decompress};
    use alloc::vec::Vec;

    #[test]
    fn what_goes_in_comes_out() {
        let mut noise = 1u32;
        let texts: [Vec<u8>; 5] = [
            b"a".repeat(50),
            b"abcabcabcabcabcabcabcabcabcabcabcabc".to_vec(),
            b"the quick brown fox jumps over the lazy dog, and the quick brown fox jumps again".to_vec(),
            b"xyz".repeat(5000),
            (0..20_000)
                .map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (noise >> 30) as u8
                })
                .collect(),
        ];
        for text in texts {
            let packed = compress(&text, text.len()).expect("repetition compresses");
            assert!(packed.len() < text.len());
            assert_eq!(decompress(&packed, text.len()), Some(text.clone()));
            assert_eq!(decompress(&packed, text.len() + 1), None);
            for at in 0..packed.len().min(200) {
                let mut broken = packed.clone();
                broken[at] ^= 0xFF;
                decompress(&broken, text.len());
            }
        }
        assert_eq!(compress(b"abcdefghijklmnopqrstuvwxyz", 22), None);
        assert_eq!(decompress(&[0xFF], 1_000_000_000), None);
    }
}
