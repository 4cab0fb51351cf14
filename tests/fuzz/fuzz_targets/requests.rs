//! A request means the same however the network cuts it, and never more than the bytes that came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use resp::request::{Limits, Parser, Progress, ProtocolError};

type Arguments = Vec<Vec<u8>>;

/// Everything the bytes say, fed in pieces that end where `cut` says.
fn requests(bytes: &[u8], cut: impl Fn(usize) -> bool) -> (Vec<Arguments>, Option<ProtocolError>) {
    let (mut parser, mut found, mut start) = (Parser::new(), Vec::new(), 0);
    for end in (0..=bytes.len()).filter(|&end| end == bytes.len() || cut(end)) {
        loop {
            let buf = &bytes[start..end];
            match parser.parse(buf, &Limits::default()) {
                Err(error) => return (found, Some(error)),
                Ok(Progress::Incomplete) => break,
                Ok(Progress::Request { consumed, inline }) => {
                    assert!(0 < consumed && consumed <= buf.len());
                    let from = if inline { parser.inline() } else { buf };
                    found.push(parser.spans().iter().map(|span| span.of(from).to_vec()).collect());
                    start += consumed;
                }
            }
        }
    }
    (found, None)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (seed, bytes) = input;
    let whole = requests(bytes, |_| false);
    assert_eq!(whole, requests(bytes, |_| true));
    assert_eq!(whole, requests(bytes, |at| at % (usize::from(seed) + 2) == 0));
});
