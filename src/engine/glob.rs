//! Glob patterns as KEYS, SCAN, PSUBSCRIBE and CONFIG GET understand them.
//!
//! `*` any bytes, `?` one byte, `[abc]`, `[^abc]` and `[a-z]` one byte of a class, `\` takes the next byte as it stands. After a
//! mismatch only the latest `*` need try again further right: whatever an earlier star could still take, the later one can take
//! too. So a hostile pattern of many stars costs pattern times text, not an exponential search.
//!
//! Nothing but the empty pattern matches the empty text, not even `*`: KEYS and SCAN take a lone `*` for "all" without asking here.

/// Whether the whole of `text` matches `pattern`.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    search(pattern, text, |byte| byte)
}

/// The same without regard to the case of ASCII letters.
pub fn matches_any_case(pattern: &[u8], text: &[u8]) -> bool {
    search(pattern, text, |byte| byte.to_ascii_lowercase())
}

fn search(pattern: &[u8], text: &[u8], fold: impl Fn(u8) -> u8 + Copy) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut at, mut place) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at) == Some(&b'*') {
            while pattern.get(at) == Some(&b'*') {
                at += 1;
            }
            if at == pattern.len() {
                return true;
            }
            retry = Some((at, place));
            continue;
        }
        let step = match text.get(place) {
            Some(&byte) if at < pattern.len() => one(&pattern[at..], byte, fold),
            None if at == pattern.len() => return true,
            _ => None,
        };
        if let Some(len) = step {
            at += len;
            place += 1;
        } else {
            let Some((star, from)) = retry else { return false };
            if from >= text.len() {
                return false;
            }
            retry = Some((star, from + 1));
            (at, place) = (star, from + 1);
        }
    }
}

/// How much of the pattern's beginning stands for `byte`; none if it does not.
fn one(pattern: &[u8], byte: u8, fold: impl Fn(u8) -> u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'[', class @ ..] => {
            let (found, len) = in_class(class, fold(byte), fold);
            found.then_some(len + 1)
        }
        [b'\\', escaped, ..] => (fold(*escaped) == fold(byte)).then_some(2),
        [literal, ..] => (fold(*literal) == fold(byte)).then_some(1),
        [] => None,
    }
}

/// Whether `byte` is in the class that begins behind a `[`, and where the class ends. One that is not closed ends with the
/// pattern.
fn in_class(class: &[u8], byte: u8, fold: impl Fn(u8) -> u8) -> (bool, usize) {
    let negated = class.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut found = false;
    loop {
        match class[at.min(class.len())..] {
            [] => break,
            [b']', ..] => {
                at += 1;
                break;
            }
            [b'\\', escaped, ..] => {
                found |= fold(escaped) == byte;
                at += 2;
            }
            [from, b'-', to, ..] => {
                let (from, to) = (fold(from.min(to)), fold(from.max(to)));
                found |= (from..=to).contains(&byte);
                at += 3;
            }
            [literal, ..] => {
                found |= fold(literal) == byte;
                at += 1;
            }
        }
    }
    (found != negated, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn patterns_and_texts() {
        for (pattern, text, expected) in [
            ("*", "", false),
            ("*", "a", true),
            ("h?llo", "hello", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("h\\*llo", "h*llo", true),
            ("h\\*llo", "hxllo", false),
            ("[", "a", false),
            ("[a", "a", true),
            ("a\\", "a\\", true),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false),
            ("", "", true),
            ("", "a", false),
            ("a**", "a", true),
            ("[\\]]", "]", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
        assert!(matches_any_case(b"Max*", b"maxmemory"));
    }

    #[test]
    fn nested_stars_are_no_trap() {
        let pattern: Vec<u8> = b"a*".repeat(500);
        let text = b"a".repeat(100_000);
        let mut pattern = pattern;
        pattern.push(b'b');
        assert!(!matches(&pattern, &text));
    }
}
