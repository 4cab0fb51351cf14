//! Commands of which only a closer look tells the keys, or what is done to them.

use super::Positions;

fn is(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

/// SET only overwrites, unless it compares first or gives the old value back.
pub fn set(words: &[&[u8]]) -> Option<Positions> {
    let options = words.get(3..).unwrap_or_default();
    let any = |names: &[&str]| options.iter().any(|word| names.iter().any(|name| is(word, name)));
    let flags = if any(&["GET"]) {
        "RW access update"
    } else if any(&["IFEQ", "IFNE", "IFDEQ", "IFDNE"]) {
        "RW update"
    } else {
        "OW update"
    };
    Some(Positions::from([(1, flags)]))
}

/// DELEX looks at the value only when it has a condition.
pub fn delex(words: &[&[u8]]) -> Option<Positions> {
    Some(Positions::from([(1, if words.len() > 2 { "RW delete" } else { "RM delete" })]))
}

/// SORT_RO's patterns may name any key, so they name none.
pub fn sort_ro(_: &[&[u8]]) -> Option<Positions> {
    Some(Positions::from([(1, "RO access")]))
}

/// SORT's destination is what follows the last STORE that is not itself the argument of another option.
pub fn sort(words: &[&[u8]]) -> Option<Positions> {
    let mut positions = Positions::from([(1, "RO access")]);
    let mut at = 2;
    while let Some(word) = words.get(at) {
        at += if is(word, "LIMIT") {
            3
        } else if is(word, "BY") || is(word, "GET") {
            2
        } else if is(word, "STORE") && at + 1 < words.len() {
            positions.truncate(1);
            positions.push((at + 1, "OW update"));
            2
        } else {
            1
        };
    }
    Some(positions)
}

/// BITFIELD writes only when one of its operations does.
pub fn bitfield(words: &[&[u8]]) -> Option<Positions> {
    let mut at = 2;
    let mut writes = false;
    while let Some(word) = words.get(at) {
        writes |= is(word, "SET") || is(word, "INCRBY");
        at += if is(word, "GET") {
            3
        } else if is(word, "OVERFLOW") {
            2
        } else {
            4
        };
    }
    Some(Positions::from([(1, if writes { "RW access update" } else { "RO access" })]))
}
