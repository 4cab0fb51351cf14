//! The two keyspaces, key by key: type, encoding, time to live and content.
//!
//! The questions go out in a few batches: what the keys are, what they hold, what each server makes of the other's dumps.

use crate::normalise::{pairs, same_but_times, sorted};
use crate::pair::{Difference, Pair, show};
use resp::Value;

type Request = Vec<Vec<u8>>;

fn command(words: &[&[u8]]) -> Request {
    words.iter().map(|word| word.to_vec()).collect()
}

/// A key of both servers, and what they say of it.
struct Held {
    key: Vec<u8>,
    kind: Vec<u8>,
    dumps: Option<(Vec<u8>, Vec<u8>)>,
}

/// The first difference between the two, in any database that streams use.
pub fn compare(pair: &mut Pair) -> Result<Option<Difference>, String> {
    for database in ["0", "1", "2"] {
        pair.both(&command(&[b"SELECT", database.as_bytes()]))?;
        let found = compare_selected(pair)?;
        if found.is_some() {
            return Ok(found.map(|what| Difference { what: format!("state of database {database}: {what}") }));
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
    let keys: Vec<Vec<u8>> =
        keys.into_iter().filter_map(|key| if let Value::Bulk(key) = key { Some(key) } else { None }).collect();
    let mut held = Vec::new();
    if let Some(what) = compare_facts(pair, keys, &mut held)? {
        return Ok(Some(what));
    }
    let contents: Vec<(&[u8], &[u8])> = held.iter().map(|held| (&held.kind[..], &held.key[..])).collect();
    if let Some(what) = compare_contents(pair, &contents)? {
        return Ok(Some(what));
    }
    exchange(pair, &held)
}

/// Types, encodings, deadlines, and what does not follow from hash values or times is the same to the byte: the payload, and
/// the memory that the value takes.
fn compare_facts(pair: &mut Pair, keys: Vec<Vec<u8>>, held: &mut Vec<Held>) -> Result<Option<String>, String> {
    const QUESTIONS: [&[&[u8]]; 5] =
        [&[b"TYPE"], &[b"OBJECT", b"ENCODING"], &[b"PEXPIRETIME"], &[b"MEMORY", b"USAGE"], &[b"DUMP"]];
    let ask = |key: &Vec<u8>| QUESTIONS.map(|words| command(&[words, &[key]].concat()));
    let answers = pair.batch(&keys.iter().flat_map(ask).collect::<Vec<Request>>())?;
    for (key, answers) in keys.into_iter().zip(answers.chunks(QUESTIONS.len())) {
        let [kind, encoding, _, _, dump] = answers else { continue };
        let (Value::Simple(kind), Value::Bulk(encoding)) = (&kind.0, &encoding.0) else { continue };
        let by_chance = matches!(kind.as_slice(), b"stream" | b"vectorset")
            || matches!(encoding.as_slice(), b"hashtable" | b"skiplist" | b"listpackex");
        // A packed set keeps the order of where its members came from, which may have been a hash table.
        let shuffled = kind == b"set" && encoding == b"listpack";
        // The room that a string has to grow depends on how it was made (COMPAT.md has it).
        let grown = encoding == b"raw";
        let squeezed = pair.compressed && encoding == b"quicklist";
        for (question, (ours, theirs)) in QUESTIONS.iter().zip(answers) {
            let same = match *question {
                [b"PEXPIRETIME"] => match (ours, theirs) {
                    (Value::Integer(ours), Value::Integer(theirs)) => ours.abs_diff(*theirs) <= 3000,
                    _ => ours == theirs,
                },
                [b"DUMP"] => by_chance || shuffled || squeezed || ours == theirs,
                [b"MEMORY", _] => by_chance || squeezed || grown || ours == theirs,
                _ => ours == theirs,
            };
            if squeezed && ours != theirs && question[0] != b"PEXPIRETIME" {
                pair.tolerate(&["compressed nodes of lists"]);
            }
            if grown && ours != theirs && question[0] == b"MEMORY" {
                pair.tolerate(&["room that a string has to grow"]);
            }
            if !same {
                let asked = question.concat().escape_ascii().to_string();
                let key = key.escape_ascii();
                return Ok(Some(format!("{asked} of {key}\nours:   {}\ntheirs: {}", show(ours), show(theirs))));
            }
        }
        let dumps = match dump {
            (Value::Bulk(ours), Value::Bulk(theirs)) => Some((ours.clone(), theirs.clone())),
            _ => None,
        };
        held.push(Held { key, kind: kind.clone(), dumps });
    }
    Ok(None)
}

/// What can be read at a key of this type.
fn questions(kind: &[u8], key: &[u8]) -> Vec<Request> {
    let mut questions: Vec<Request> = vec![command(&[b"OBJECT", b"ENCODING", key])];
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
    questions
}

/// What reads differently at keys of these types.
fn compare_contents(pair: &mut Pair, keys: &[(&[u8], &[u8])]) -> Result<Option<String>, String> {
    let questions: Vec<Request> = keys.iter().flat_map(|(kind, key)| questions(kind, key)).collect();
    let answers = pair.batch(&questions)?;
    for (question, (ours, theirs)) in questions.iter().zip(answers) {
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

/// Each server restores the other's dumps; whatever they make of them must read the same.
fn exchange(pair: &mut Pair, held: &[Held]) -> Result<Option<String>, String> {
    let copy = |key: &[u8]| [b"restored from the other server: ", key].concat();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for held in held {
        let Some((our_dump, their_dump)) = &held.dumps else { continue };
        ours.push(command(&[b"RESTORE", &copy(&held.key), b"0", their_dump]));
        theirs.push(command(&[b"RESTORE", &copy(&held.key), b"0", our_dump]));
    }
    let taken = Value::Simple(b"OK".to_vec());
    let answers = pair.batch_each(&ours, &theirs)?;
    let mut what = None;
    for (request, (here, there)) in ours.iter().zip(&answers) {
        if *here != taken || *there != taken {
            let key = request[1].escape_ascii();
            what = Some(format!("RESTORE {key}\nours:   {}\ntheirs: {}", show(here), show(there)));
            break;
        }
    }
    let copies: Vec<(Vec<u8>, &[u8])> = held.iter().map(|held| (copy(&held.key), &held.kind[..])).collect();
    if what.is_none() {
        let keys: Vec<(&[u8], &[u8])> = copies.iter().map(|(copy, kind)| (*kind, &copy[..])).collect();
        what = compare_contents(pair, &keys)?.map(|what| format!("after exchanging dumps: {what}"));
    }
    let gone: Vec<Request> = copies.iter().map(|(copy, _)| command(&[b"DEL", copy])).collect();
    pair.batch(&gone)?;
    Ok(what)
}
