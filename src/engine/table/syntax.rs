//! The notation in which a row writes down its arguments, and what is read off it.
//!
//! Words in capitals are typed as they stand, others are names of values; `[…]` is optional, `<a | b>` or `[a | b]` a choice,
//! `…` is written as `...` and means that the word or bracket before it repeats.

/// The arity that a syntax string implies, where `name` words come before it.
pub(super) const fn arity(syntax: &str, name: i32) -> i32 {
    let bytes = syntax.as_bytes();
    let mut words = name;
    let mut open_ended = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b' ' => at += 1,
            b'[' => {
                open_ended = true;
                at = closing(bytes, at) + 1;
            }
            b'<' => {
                let end = closing(bytes, at);
                let (least, varies) = choice(bytes, at + 1, end);
                words += least;
                open_ended |= varies;
                at = end + 1;
            }
            b'.' => {
                open_ended = true;
                at += 3;
            }
            _ => {
                words += 1;
                while at < bytes.len() && bytes[at] != b' ' {
                    at += 1;
                }
            }
        }
    }
    if open_ended { -words } else { words }
}

/// The fewest words of the alternatives between `from` and `to`, and whether they differ.
const fn choice(bytes: &[u8], from: usize, to: usize) -> (i32, bool) {
    let mut least = i32::MAX;
    let mut most = 0;
    let mut varies = false;
    let mut words = 0;
    let mut at = from;
    loop {
        if at >= to || bytes[at] == b'|' {
            if words < least {
                least = words;
            }
            if words > most {
                most = words;
            }
            words = 0;
            if at >= to {
                return (least, varies || least != most);
            }
            at += 1;
        } else if bytes[at] == b' ' {
            at += 1;
        } else if bytes[at] == b'[' {
            varies = true;
            at = closing(bytes, at) + 1;
        } else if bytes[at] == b'<' {
            let end = closing(bytes, at);
            let (inner, inner_varies) = choice(bytes, at + 1, end);
            words += inner;
            varies |= inner_varies;
            at = end + 1;
        } else if bytes[at] == b'.' {
            varies = true;
            at += 3;
        } else {
            words += 1;
            while at < to && bytes[at] != b' ' && bytes[at] != b'|' {
                at += 1;
            }
        }
    }
}

/// The bracket that closes the one at `at`; a row without it does not compile.
const fn closing(bytes: &[u8], at: usize) -> usize {
    let mut depth = 0;
    let mut position = at;
    while position < bytes.len() {
        match bytes[position] {
            b'[' | b'<' => depth += 1,
            b']' | b'>' => {
                depth -= 1;
                if depth == 0 {
                    return position;
                }
            }
            _ => {}
        }
        position += 1;
    }
    panic!("a bracket in a syntax string is not closed");
}

/// What stands behind the bar of `parent|word`.
pub(super) const fn after_bar(full_name: &'static str) -> &'static str {
    let bytes = full_name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'|' {
            return full_name.split_at(at + 1).1;
        }
        at += 1;
    }
    panic!("a subcommand's full name is parent|word");
}
