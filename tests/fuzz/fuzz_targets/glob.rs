//! A pattern, however hostile, is compared with a text in bounded time, and two of its laws hold: a text without special bytes matches
//! itself, and a star around a pattern takes nothing away.
#![no_main]

use engine::glob::{matches, matches_any_case};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|pair: (&[u8], &[u8])| {
    let (pattern, text) = pair;
    let (exact, any_case) = (matches(pattern, text), matches_any_case(pattern, text));
    if !text.iter().any(|byte| b"*?[\\".contains(byte)) {
        assert!(matches(text, text));
    }
    // A range such as [a-Z] holds other letters once both ends are lowered, so only patterns without a class are compared.
    if !pattern.contains(&b'[') {
        assert!(!exact || any_case, "what matches exactly matches in any case");
    }
    // Neither may be left open: a star would become part of the class or be escaped. (As in Redis a star alone does not match the empty text.)
    if exact && !text.is_empty() && !pattern.contains(&b'[') && !pattern.ends_with(b"\\") {
        let around = [b"*", pattern, b"*"].concat();
        assert!(matches(&around, text), "stars around a pattern take matches away");
    }
});
