//! The sizes that the allocator hands out, and what strings take in them.
//!
//! jemalloc (5.3 as the oracle is built with) knows few sizes: 8, multiples of 16 up to 128, then four for every doubling up to
//! 14 KB; beyond that whole pages.

const PAGE: usize = 4096;
/// The largest size that is not a number of pages.
const SMALL: usize = 14_336;

/// What the allocator takes for `size` bytes.
#[inline]
pub(crate) const fn class(size: usize) -> usize {
    if size <= 8 {
        8
    } else if size <= 128 {
        (size + 15) & !15
    } else if size <= SMALL {
        // Between one power of two and the next lie three more sizes.
        let step = (size - 1).ilog2() - 2;
        (((size - 1) >> step) + 1) << step
    } else {
        (size + PAGE - 1) & !(PAGE - 1)
    }
}

/// The header of a dynamic string (sds) whose length needs so many bits. Strings below 32 bytes have one byte of header.
#[inline]
const fn header(len: usize) -> usize {
    match len as u64 {
        0..32 => 1,
        32..256 => 3,
        256..0x1_0000 => 5,
        _ if len as u64 > 0xFFFF_FFFF => 17,
        _ => 9,
    }
}

/// A dynamic string inside something else: header, bytes, a zero.
#[inline]
pub(crate) const fn embedded(len: usize) -> usize {
    header(len) + len + 1
}

/// The same with the header that every embedded value has: one that can say how much room there is.
#[inline]
pub(crate) const fn embedded_with_room(len: usize) -> usize {
    if len < 32 { 3 + len + 1 } else { embedded(len) }
}

/// What a string of its own asks the allocator for. An empty one is expected to grow and has the larger header.
#[inline]
const fn asked(len: usize) -> usize {
    if len == 0 { embedded_with_room(0) } else { embedded(len) }
}

/// The memory of a string of its own, made with this length.
#[inline]
pub(crate) const fn string(len: usize) -> usize {
    class(asked(len))
}

/// What MEMORY USAGE counts for it: the shortest header cannot say how much room there is, so what the allocator rounds up is
/// not seen.
#[inline]
pub(crate) const fn string_usage(len: usize) -> usize {
    if len > 0 && len < 32 { embedded(len) } else { string(len) }
}

/// The bytes that fit into a string of its own that was made with this length.
#[inline]
pub(crate) const fn room(len: usize) -> usize {
    if len > 0 && len < 32 { len } else { string(len) - (asked(len) - len) }
}

/// The room of a string that had to grow to `len`: as much again, but at most a megabyte, and never the shortest header.
#[inline]
pub(crate) const fn grown_room(len: usize) -> usize {
    const MOST_AHEAD: usize = 1 << 20;
    let ahead = if len < MOST_AHEAD { len } else { MOST_AHEAD };
    room_for(len + ahead)
}

/// The room of a string that was made to hold `len` bytes, never with the shortest header.
#[inline]
pub(crate) const fn room_for(len: usize) -> usize {
    let asked = embedded_with_room(len);
    class(asked) - (asked - len)
}

/// The memory of a string with this room.
#[inline]
pub(crate) const fn string_with_room(room: usize) -> usize {
    class(embedded_with_room(room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_the_oracle_showed() {
        let pairs = [
            (0, 8),
            (8, 8),
            (9, 16),
            (17, 32),
            (33, 48),
            (128, 128),
            (129, 160),
            (161, 192),
            (256, 256),
            (257, 320),
            (1000, 1024),
            (1097, 1280),
            (4104, 5120),
            (12_300, 14_336),
            (14_337, 16_384),
            (16_423, 20_480),
            (2_551_800, 2_551_808),
        ];
        for (size, expected) in pairs {
            assert_eq!(class(size), expected, "{size}");
        }
        // Strings made at once, as SET makes them, and grown ones, as APPEND leaves them.
        assert_eq!((string_usage(22), string_usage(31), string_usage(32), string_usage(0)), (24, 33, 48, 8));
        assert_eq!((string_with_room(grown_room(6)), string_with_room(grown_room(201))), (16, 448));
    }
}
