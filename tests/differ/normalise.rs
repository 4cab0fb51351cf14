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
    /// SORT by letters without BY: Redis compares as C does, so what stands behind a zero byte does not count, and its way of sorting
    /// leaves equal elements in any order.
    EqualUpToZero {
        cut: bool,
    },
    /// Elements of equal weight: any order, and with LIMIT any of them.
    EqualWeights {
        cut: bool,
    },
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
    /// A page of a table: the same when it is the whole table, whatever the order; else pages are cut by hash values.
    Page {
        from_start: bool,
        pairs: bool,
    },
    /// A range of names among unequal scores.
    Undefined,
    /// Links of a graph that chance has drawn.
    Graph,
    /// What DUMP says; `state.rs` compares payloads where they can be.
    Payload,
}

/// What differs may do so by the rule of this name.
pub type Excuse = &'static str;

/// A packed set that was stored from a hash table.
pub const SHUFFLED_SET: Excuse = "order of a packed set that was stored from a hash table";

impl Rule {
    fn name(&self) -> Excuse {
        match self {
            Rule::Exact => "exactly",
            Rule::Unordered | Rule::UnorderedPairs => "order of a hash table",
            Rule::Shape => "members drawn at random",
            Rule::EqualUpToZero { .. } => "SORT ALPHA: order of elements that are equal up to a zero byte",
            Rule::EqualWeights { .. } => "SORT BY: order of elements of equal weight",
            Rule::Clock { .. } => "times to live and idle times",
            Rule::StreamTimes => "times of consumers and deliveries",
            Rule::Similar { .. } => "VSIM: order of equally near elements",
            Rule::VectorInfo => "VINFO: height of the graph, number of the set",
            Rule::Page { .. } => "pages and cursors of SCAN",
            Rule::Undefined => "ranges by name among unequal scores",
            Rule::Graph => "VLINKS: links and layers",
            Rule::Payload => "DUMP: order of hash tables, times",
        }
    }

    fn holds(&self, ours: &Value, theirs: &Value) -> bool {
        match self {
            Rule::Exact => false,
            Rule::Unordered => sorted(ours.clone()) == sorted(theirs.clone()),
            Rule::UnorderedPairs => pairs(ours) == pairs(theirs),
            Rule::Shape => shape(ours) == shape(theirs),
            Rule::EqualUpToZero { cut } => {
                up_to_zero(ours) == up_to_zero(theirs) && (*cut || sorted(ours.clone()) == sorted(theirs.clone()))
            }
            Rule::EqualWeights { cut: false } => sorted(ours.clone()) == sorted(theirs.clone()),
            Rule::EqualWeights { cut: true } => shape(ours) == shape(theirs),
            Rule::Clock { tolerance } => near(ours, theirs, *tolerance),
            Rule::StreamTimes => same_but_times(ours, theirs),
            Rule::Similar { facts } => similar(ours, *facts) == similar(theirs, *facts),
            Rule::VectorInfo => vector_info(ours) == vector_info(theirs),
            Rule::Page { from_start, pairs } => same_page(ours, theirs, *from_start, *pairs),
            Rule::Undefined | Rule::Graph | Rule::Payload => {
                std::mem::discriminant(ours) == std::mem::discriminant(theirs)
            }
        }
    }
}

fn rule(request: &[Vec<u8>], encoding: Option<&str>) -> Rule {
    let name = String::from_utf8_lossy(&request[0]).to_lowercase();
    let word = request.get(1).map(|word| String::from_utf8_lossy(word).to_lowercase()).unwrap_or_default();
    let compact = matches!(encoding, Some("listpack" | "intset" | "listpackex"));
    let from_start = |at: usize| request.get(at).is_some_and(|cursor| cursor == b"0");
    match name.as_str() {
        "smembers" | "hkeys" | "hvals" if !compact => Rule::Unordered,
        "sinter" | "sunion" | "sdiff" | "keys" => Rule::Unordered,
        "pubsub" if word.ends_with("channels") => Rule::Unordered,
        "hgetall" if !compact => Rule::UnorderedPairs,
        "spop" | "srandmember" | "hrandfield" | "zrandmember" | "randomkey" => Rule::Shape,
        // Among unequal scores a range of names means nothing, and a skip list finds what its random heights lead it to.
        "zlexcount" | "zrangebylex" | "zrevrangebylex" | "zremrangebylex" if !compact => Rule::Undefined,
        "zrange" if !compact && has(request, "bylex") => Rule::Undefined,
        "zrangestore" if has(request, "bylex") => Rule::Undefined,
        "sort" | "sort_ro" => sort_rule(request, encoding),
        "scan" => Rule::Page { from_start: from_start(1), pairs: false },
        "sscan" if !compact => Rule::Page { from_start: from_start(2), pairs: false },
        "hscan" if !compact => Rule::Page { from_start: from_start(2), pairs: !has(request, "novalues") },
        "zscan" if !compact => Rule::Page { from_start: from_start(2), pairs: true },
        "ttl" | "expiretime" | "httl" | "hexpiretime" => Rule::Clock { tolerance: 1 },
        "pttl" | "pexpiretime" | "hpttl" | "hpexpiretime" => Rule::Clock { tolerance: 2000 },
        "object" if word == "idletime" => Rule::Clock { tolerance: 5 },
        "vsim" => {
            Rule::Similar { facts: usize::from(has(request, "withscores")) + usize::from(has(request, "withattribs")) }
        }
        "vinfo" => Rule::VectorInfo,
        "dump" => Rule::Payload,
        "vrandmember" => Rule::Shape,
        "vlinks" => Rule::Graph,
        "xpending" | "xinfo" | "xreadgroup" => Rule::StreamTimes,
        _ => Rule::Exact,
    }
}

/// Numbers of equal weight are put in the order of their bytes, so only other weights leave an order to chance.
fn sort_rule(request: &[Vec<u8>], encoding: Option<&str>) -> Rule {
    let cut = has(request, "limit");
    let stores = has(request, "store");
    let hashed = !matches!(encoding, Some("listpack" | "intset" | "quicklist" | "skiplist"));
    match word_after(request, "by") {
        // A pattern without a star means: not sorted at all. The order is that of the source, which a result to store may not have.
        Some(pattern) if !pattern.contains(&b'*') && hashed && !stores => Rule::EqualWeights { cut },
        Some(pattern) if pattern.contains(&b'*') && has(request, "alpha") => Rule::EqualWeights { cut },
        None if has(request, "alpha") && has(request, "get") => Rule::EqualWeights { cut },
        None if has(request, "alpha") && !stores => Rule::EqualUpToZero { cut },
        _ => Rule::Exact,
    }
}

fn has(request: &[Vec<u8>], word: &str) -> bool {
    request.iter().skip(2).any(|argument| argument.eq_ignore_ascii_case(word.as_bytes()))
}

/// What stands behind the last of such words.
fn word_after<'a>(request: &'a [Vec<u8>], word: &str) -> Option<&'a Vec<u8>> {
    let at = request.iter().skip(2).rposition(|argument| argument.eq_ignore_ascii_case(word.as_bytes()))?;
    request.get(at + 3)
}

/// By what rules two replies say the same, though they are not equal; `queued` is what the client's transaction consists of, `shuffled`
/// that a packed set may have been stored from a hash table.
pub fn excuses(
    request: &[Vec<u8>],
    queued: &[Vec<Vec<u8>>],
    encoding: Option<&str>,
    shuffled: bool,
    ours: &Value,
    theirs: &Value,
) -> Option<Vec<Excuse>> {
    if ours == theirs {
        return Some(Vec::new());
    }
    let name = request[0].to_ascii_lowercase();
    if name == b"exec" {
        // Each reply by the rule of its own command.
        return match (ours, theirs) {
            (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() && ours.len() == queued.len() => {
                let replies = queued.iter().zip(ours.iter().zip(theirs));
                let each: Option<Vec<Vec<Excuse>>> = replies
                    .map(|(request, (ours, theirs))| excuses(request, &[], None, shuffled, ours, theirs))
                    .collect();
                each.map(|each| each.concat())
            }
            _ => None,
        };
    }
    if matches!(ours, Value::Push(_)) {
        return None;
    }
    let rule = rule(request, encoding);
    if rule.holds(ours, theirs) {
        return Some(vec![rule.name()]);
    }
    let shows_the_same = match name.as_slice() {
        b"smembers" => Rule::Unordered.holds(ours, theirs),
        b"sscan" => same_page(ours, theirs, true, false),
        _ => false,
    };
    if shuffled && shows_the_same && encoding == Some("listpack") {
        return Some(vec![SHUFFLED_SET]);
    }
    None
}

/// The elements as strings of C.
fn up_to_zero(value: &Value) -> Vec<Vec<u8>> {
    let Value::Array(elements) = value else { return vec![show(value).into_bytes()] };
    let text = |element: &Value| match element {
        Value::Bulk(bytes) => bytes.split(|&byte| byte == 0).next().unwrap_or_default().to_vec(),
        other => show(other).into_bytes(),
    };
    elements.iter().map(text).collect()
}

/// Cursors and pages: whatever they are, except where both servers say that this was everything.
fn same_page(ours: &Value, theirs: &Value, from_start: bool, as_pairs: bool) -> bool {
    let (Value::Array(ours), Value::Array(theirs)) = (ours, theirs) else { return false };
    let [Value::Bulk(here), our_page] = ours.as_slice() else { return false };
    let [Value::Bulk(there), their_page] = theirs.as_slice() else { return false };
    if !from_start || here != b"0" || there != b"0" {
        return true;
    }
    if as_pairs { pairs(our_page) == pairs(their_page) } else { sorted(our_page.clone()) == sorted(their_page.clone()) }
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
        b"spop" => request.get(1),
        _ if takes_by_name(request) => request.get(1),
        b"sort" if matches!(sort_rule(request, None), Rule::EqualWeights { .. }) => word_after(request, "store"),
        _ => None,
    }
}

/// Whether chance chooses which elements a SORT with a limit shows.
pub fn cuts_by_chance(request: &[Vec<u8>], encoding: Option<&str>) -> bool {
    let name = request[0].to_ascii_lowercase();
    name.starts_with(b"sort") && matches!(sort_rule(request, encoding), Rule::EqualWeights { cut: true })
}

/// Whether a command takes out or stores a range of names, which means nothing among unequal scores.
pub fn takes_by_name(request: &[Vec<u8>]) -> bool {
    let name = request[0].to_ascii_lowercase();
    name == b"zremrangebylex" || name == b"zrangestore" && has(request, "bylex")
}

/// Whether a command stores a set whose members come in the order of a hash table.
pub fn shuffles(request: &[Vec<u8>]) -> bool {
    matches!(request[0].to_ascii_lowercase().as_slice(), b"sdiffstore" | b"sunionstore" | b"sinterstore")
}
