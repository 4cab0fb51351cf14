//! The two keyspaces, key by key: type, encoding, time to live and content.

use crate::normalise::{pairs, same_but_times, sorted};
use crate::pair::{Difference, Pair, show};
use resp::Value;

fn command(words: &[&[u8]]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.to_vec()).collect()
}

/// The first difference between the two, in any database that streams use.
pub fn compare(pair: &mut Pair) -> Result<Option<Difference>, String> {
    for database in [b"0", b"1"] {
        pair.both(&command(&[b"SELECT", database]))?;
        let found = compare_selected(pair)?;
        if found.is_some() {
            return Ok(
                found.map(|what| Difference { what: format!("state of database {}: {what}", database[0] - b'0') })
            );
        }
    }
    pair.both(&command(&[b"SELECT", b"0"]))?;
    Ok(None)
}

fn compare_selected(pair: &mut Pair) -> Result<Option<String>, String> {
    let (ours, theirs) = pair.both(&command(&[b"KEYS", b"*"]))?;
    let (Some(ours), Some(theirs)) = (ours.map(sorted), theirs.map(sorted)) else { return Ok(None) };
    if ours != theirs {
        return Ok(Some(format!("keys\nours:   {}\ntheirs: {}", show(&ours), show(&theirs))));
    }
    let Value::Array(keys) = ours else { return Ok(None) };
    for key in keys {
        let Value::Bulk(key) = key else { continue };
        let (ours, theirs) = pair.both(&command(&[b"TYPE", &key]))?;
        if ours != theirs {
            return Ok(Some(format!("type of {}: ours {ours:?}, theirs {theirs:?}", key.escape_ascii())));
        }
        let Some(Value::Simple(kind)) = ours else { continue };
        if let Some(what) = compare_content(pair, &kind, &key)? {
            return Ok(Some(what));
        }
        if let Some(what) = compare_bytes(pair, &kind, &key)? {
            return Ok(Some(what));
        }
        if let Some(what) = exchange(pair, &kind, &key)? {
            return Ok(Some(what));
        }
        let (ours, theirs) = pair.both(&command(&[b"PEXPIRETIME", &key]))?;
        if let (Some(Value::Integer(ours)), Some(Value::Integer(theirs))) = (ours, theirs)
            && ours.abs_diff(theirs) > 3000
        {
            return Ok(Some(format!("deadline of {}: ours {ours}, theirs {theirs}", key.escape_ascii())));
        }
    }
    Ok(None)
}

/// What reads differently at a key of this type.
fn compare_content(pair: &mut Pair, kind: &[u8], key: &[u8]) -> Result<Option<String>, String> {
    let mut questions: Vec<Vec<Vec<u8>>> = vec![command(&[b"OBJECT", b"ENCODING", key])];
    match kind {
        b"string" => questions.push(command(&[b"GET", key])),
        b"list" => questions.push(command(&[b"LRANGE", key, b"0", b"-1"])),
        b"set" => questions.push(command(&[b"SMEMBERS", key])),
        b"hash" => questions.push(command(&[b"HGETALL", key])),
        b"vectorset" => {
            questions.push(command(&[b"VRANGE", key, b"-", b"+"]));
            for element in crate::vectors::ELEMENTS {
                questions.push(command(&[b"VEMB", key, element, b"RAW"]));
                questions.push(command(&[b"VGETATTR", key, element]));
            }
        }
        b"zset" => questions.push(command(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"])),
        b"stream" => {
            questions.push(command(&[b"XRANGE", key, b"-", b"+"]));
            questions.push(command(&[b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"]));
            questions.push(command(&[b"XINFO", b"GROUPS", key]));
        }
        _ => {}
    }
    for question in questions {
        let (ours, theirs) = pair.both(&question)?;
        let (Some(ours), Some(theirs)) = (ours, theirs) else { continue };
        let same = match question[0].as_slice() {
            b"SMEMBERS" => sorted(ours.clone()) == sorted(theirs.clone()),
            b"HGETALL" => pairs(&ours) == pairs(&theirs),
            b"XINFO" => same_but_times(&ours, &theirs),
            _ => ours == theirs,
        };
        if !same {
            let question: Vec<String> = question.iter().map(|word| word.escape_ascii().to_string()).collect();
            return Ok(Some(format!("{}\nours:   {}\ntheirs: {}", question.join(" "), show(&ours), show(&theirs))));
        }
    }
    Ok(None)
}

/// What does not follow from hash values or times is the same to the byte: the payload, and the memory that the value takes.
fn compare_bytes(pair: &mut Pair, kind: &[u8], key: &[u8]) -> Result<Option<String>, String> {
    let (Some(Value::Bulk(encoding)), _) = pair.both(&command(&[b"OBJECT", b"ENCODING", key]))? else {
        return Ok(None);
    };
    let by_chance = matches!(kind, b"stream" | b"vectorset")
        || matches!(encoding.as_slice(), b"hashtable" | b"skiplist" | b"listpackex");
    if by_chance {
        return Ok(None);
    }
    let mut questions = Vec::new();
    // A packed set keeps the order of where its members came from, which may have been a hash table.
    if kind != b"set" || encoding == b"intset" {
        questions.push(command(&[b"DUMP", key]));
    }
    // The room that a string has to grow depends on its history.
    if kind != b"string" {
        questions.push(command(&[b"MEMORY", b"USAGE", key]));
    }
    for question in questions {
        let (Some(ours), Some(theirs)) = pair.both(&question)? else { continue };
        if ours != theirs {
            let asked = question[0].escape_ascii().to_string();
            let key = key.escape_ascii();
            return Ok(Some(format!("{asked} of {key}\nours:   {}\ntheirs: {}", show(&ours), show(&theirs))));
        }
    }
    Ok(None)
}

/// Each server restores the other's dump of the key; whatever they make of it must read the same.
fn exchange(pair: &mut Pair, kind: &[u8], key: &[u8]) -> Result<Option<String>, String> {
    let copy = b"restored from the other server".as_slice();
    let (Some(Value::Bulk(ours)), Some(Value::Bulk(theirs))) = pair.both(&command(&[b"DUMP", key]))? else {
        return Ok(None);
    };
    let restore = |dump: &[u8]| command(&[b"RESTORE", copy, b"0", dump]);
    let (here, there) = pair.each(&restore(&theirs), &restore(&ours))?;
    let taken = Some(Value::Simple(b"OK".to_vec()));
    let what = if here != taken || there != taken {
        Some(format!("RESTORE of the other's dump of {}\nours:   {here:?}\ntheirs: {there:?}", key.escape_ascii()))
    } else {
        compare_content(pair, kind, copy)?
            .map(|what| format!("after exchanging dumps of {}: {what}", key.escape_ascii()))
    };
    pair.both(&command(&[b"DEL", copy]))?;
    Ok(what)
}
