//! Replies mean the same however they are cut, and what was understood can be said again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use resp::{Decoder, Value};

fn replies(bytes: &[u8], piece: usize) -> (Vec<Value>, bool) {
    let (mut decoder, mut found) = (Decoder::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        decoder.feed(piece);
        loop {
            match decoder.next() {
                Ok(Some(value)) => found.push(value),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let whole = replies(bytes, bytes.len().max(1));
    let pieces = replies(bytes, usize::from(piece) + 1);
    // Debug and not equality: a double that is not a number equals nothing.
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    for value in whole.0 {
        let said = value.to_bytes();
        let (again, failed) = replies(&said, 7);
        assert!(!failed && again.len() == 1);
        assert_eq!(again[0].to_bytes(), said);
    }
});
