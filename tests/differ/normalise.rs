//! Which differences between two servers mean nothing: order of sets, randomness, time, identity.

use crate::pair::show;
use resp::Value;

/// How the reply of a command is compared.
enum Rule {
    Exact,
    /// A collection whose order follows hash values unless the encoding is compact.
    Unordered,
    /// Field, value, field, value: the same for pairs, which RESP3 sends as a map.
    UnorderedPairs,
    /// Drawn at random: type and length only.
    Shape,
    /// A number that goes on with the clock.
    Clock {
        tolerance: i64,
    },
    /// What streams tell of groups and consumers: the same but for times.
    StreamTimes,
    /// What is similar, in any order; each with so many facts.
    Similar {
        facts: usize,
    },
    /// What VINFO tells, but for a graph's height, which is drawn, and the number of a set, which counts those of streams before.
    VectorInfo,
    /// Nothing but the type.
    Type,
}

fn rule(request: &[Vec<u8>], encoding: Option<&str>) -> Rule {
    let name = String::from_utf8_lossy(&request[0]).to_lowercase();
    let word = request.get(1).map(|word| String::from_utf8_lossy(word).to_lowercase()).unwrap_or_default();
    let compact = matches!(encoding, Some("listpack" | "intset" | "listpackex"));
    match name.as_str() {
        "smembers" | "hkeys" | "hvals" if !compact => Rule::Unordered,
        "sinter" | "sunion" | "sdiff" | "keys" => Rule::Unordered,
        "pubsub" if word.ends_with("channels") => Rule::Unordered,
        "hgetall" if !compact => Rule::UnorderedPairs,
        "spop" | "srandmember" | "hrandfield" | "zrandmember" | "randomkey" => Rule::Shape,
        // Among unequal scores a range of names means nothing, and a skip list finds what its random heights lead it to.
        "zlexcount" | "zrangebylex" | "zrevrangebylex" | "zremrangebylex" if !compact => Rule::Type,
        "zrange" if !compact && has(request, "bylex") => Rule::Type,
        "zrangestore" if has(request, "bylex") => Rule::Type,
        // Elements of equal weight keep the order of their source, which may be that of a hash table.
        "sort" | "sort_ro" if has(request, "by") && has(request, "limit") => Rule::Shape,
        "sort" | "sort_ro" if has(request, "by") => Rule::Unordered,
        "scan" | "sscan" | "hscan" | "zscan" => Rule::Type,
        "ttl" | "expiretime" | "httl" | "hexpiretime" => Rule::Clock { tolerance: 1 },
        "pttl" | "pexpiretime" | "hpttl" | "hpexpiretime" => Rule::Clock { tolerance: 2000 },
        "object" if word == "idletime" || word == "freq" => Rule::Clock { tolerance: 2 },
        "dump" | "lolwut" | "debug" | "memory" | "time" | "lastsave" => Rule::Type,
        "vsim" => {
            Rule::Similar { facts: usize::from(has(request, "withscores")) + usize::from(has(request, "withattribs")) }
        }
        "vinfo" => Rule::VectorInfo,
        "vrandmember" => Rule::Shape,
        "vlinks" => Rule::Type,
        "xpending" | "xinfo" | "xreadgroup" => Rule::StreamTimes,
        _ => Rule::Exact,
    }
}

fn has(request: &[Vec<u8>], word: &str) -> bool {
    request.iter().skip(2).any(|argument| argument.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether two replies say the same; `queued` is what the client's transaction consists of.
pub fn same(
    request: &[Vec<u8>],
    queued: &[Vec<Vec<u8>>],
    encoding: Option<&str>,
    ours: &Value,
    theirs: &Value,
) -> bool {
    if ours == theirs {
        return true;
    }
    let name = request[0].to_ascii_lowercase();
    if name == b"exec" {
        // Each reply by the rule of its own command.
        return match (ours, theirs) {
            (Value::Array(ours), Value::Array(theirs)) => {
                ours.len() == theirs.len()
                    && ours.len() == queued.len()
                    && queued
                        .iter()
                        .zip(ours.iter().zip(theirs))
                        .all(|(request, (ours, theirs))| same(request, &[], None, ours, theirs))
            }
            _ => false,
        };
    }
    match rule(request, encoding) {
        Rule::Exact => false,
        Rule::Unordered => sorted(ours.clone()) == sorted(theirs.clone()),
        Rule::UnorderedPairs => pairs(ours) == pairs(theirs),
        Rule::Shape => shape(ours) == shape(theirs),
        Rule::Clock { tolerance } => near(ours, theirs, tolerance),
        Rule::StreamTimes => same_but_times(ours, theirs),
        Rule::Similar { facts } => similar(ours, facts) == similar(theirs, facts),
        Rule::VectorInfo => vector_info(ours) == vector_info(theirs),
        Rule::Type => std::mem::discriminant(ours) == std::mem::discriminant(theirs),
    }
}

fn similar(value: &Value, facts: usize) -> Vec<String> {
    let mut elements: Vec<String> = match value {
        Value::Map(entries) => entries.iter().map(|(name, facts)| format!("{} {}", show(name), show(facts))).collect(),
        Value::Array(values) => {
            values.chunks(1 + facts).map(|element| element.iter().map(show).collect::<Vec<_>>().join(" ")).collect()
        }
        other => vec![show(other)],
    };
    elements.sort();
    elements
}

fn vector_info(value: &Value) -> Vec<(String, String)> {
    let drawn = |fact: &(String, String)| fact.0.contains("max-level") || fact.0.contains("vset-uid");
    pairs(value).into_iter().filter(|fact| !drawn(fact)).collect()
}

pub fn sorted(value: Value) -> Value {
    let sort = |values: Vec<Value>| {
        let mut values: Vec<Value> = values.into_iter().map(sorted).collect();
        values.sort_by_key(show);
        values
    };
    match value {
        Value::Array(values) => Value::Array(sort(values)),
        Value::Set(values) => Value::Set(sort(values)),
        other => other,
    }
}

pub fn pairs(value: &Value) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = match value {
        Value::Map(entries) => entries.iter().map(|(key, value)| (show(key), show(value))).collect(),
        Value::Array(values) => {
            values.chunks(2).map(|pair| (show(&pair[0]), pair.get(1).map(show).unwrap_or_default())).collect()
        }
        other => vec![(show(other), String::new())],
    };
    pairs.sort();
    pairs
}

fn shape(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("array of {}: {}", values.len(), values.first().map(shape).unwrap_or_default()),
        Value::Set(values) => format!("set of {}", values.len()),
        Value::Map(values) => format!("map of {}", values.len()),
        Value::Bulk(_) => String::from("bulk"),
        Value::Integer(_) => String::from("integer"),
        other => show(other),
    }
}

fn near(ours: &Value, theirs: &Value, tolerance: i64) -> bool {
    match (ours, theirs) {
        (Value::Integer(ours), Value::Integer(theirs)) => {
            ours == theirs || ours.abs_diff(*theirs) <= tolerance as u64 && *ours >= 0
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| near(ours, theirs, tolerance))
        }
        (Value::Map(ours), Value::Map(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| ours.0 == theirs.0 && near(&ours.1, &theirs.1, tolerance))
        }
        _ => ours == theirs,
    }
}

/// Whether replies about streams are the same but for times: of consumers, by their names, and of deliveries, by their places.
pub fn same_but_times(ours: &Value, theirs: &Value) -> bool {
    const TOLERANCE: i64 = 3000;
    let is_time = |name: &Value| {
        let times = [&b"seen-time"[..], b"active-time", b"idle", b"inactive"];
        matches!(name, Value::Bulk(name) if times.contains(&&**name))
    };
    let close = |ours: &Value, theirs: &Value| match (ours, theirs) {
        (Value::Integer(ours), Value::Integer(theirs)) => {
            (*ours < 0) == (*theirs < 0) && ours.abs_diff(*theirs) <= TOLERANCE as u64
        }
        _ => false,
    };
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            let time_at = match ours.as_slice() {
                [Value::Bulk(_), Value::Bulk(_) | Value::Array(_), Value::Integer(_), Value::Integer(_)] => Some(2),
                [Value::Bulk(_), Value::Integer(_), Value::Integer(_)] => Some(1),
                _ => None,
            };
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).enumerate().all(|(at, (mine, other))| {
                    let named = at > 0 && is_time(&ours[at - 1]);
                    if Some(at) == time_at || named { close(mine, other) } else { same_but_times(mine, other) }
                })
        }
        (Value::Map(ours), Value::Map(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(mine, other)| {
                    mine.0 == other.0
                        && if is_time(&mine.0) { close(&mine.1, &other.1) } else { same_but_times(&mine.1, &other.1) }
                })
        }
        _ => ours == theirs,
    }
}

/// The key that a command wrote whose effect both servers may choose: it is dropped on both sides afterwards.
pub fn chosen_by_chance(request: &[Vec<u8>]) -> Option<&Vec<u8>> {
    match request[0].to_ascii_lowercase().as_slice() {
        b"spop" | b"zremrangebylex" => request.get(1),
        b"zrangestore" if has(request, "bylex") => request.get(1),
        b"sort" if has(request, "by") => {
            let store = request.iter().skip(2).position(|argument| argument.eq_ignore_ascii_case(b"store"));
            store.and_then(|at| request.get(at + 3))
        }
        _ => None,
    }
}
