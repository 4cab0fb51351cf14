//! Parameters whose values are more than a number or a word: what is accepted and how it is shown afterwards.
//!
//! Every function is handed the value that is wanted and the present one, and gives the value to keep or Redis' complaint.

use super::{Complaint, parse_memory, yes_or_no};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str;
use resp::number::parse_integer;

type Checked = Result<Vec<u8>, Complaint>;

fn words(value: &[u8]) -> Vec<&[u8]> {
    if value.is_empty() { Vec::new() } else { value.split(|&byte| byte == b' ').collect() }
}

/// The letters of notify-keyspace-events with their bits, those that `A` stands for first.
const EVENTS: &[(u8, u32)] = &[
    (b'g', 1 << 2),
    (b'$', 1 << 3),
    (b'l', 1 << 4),
    (b's', 1 << 5),
    (b'h', 1 << 6),
    (b'z', 1 << 7),
    (b'x', 1 << 8),
    (b'e', 1 << 9),
    (b't', 1 << 10),
    (b'd', 1 << 13),
    (b'n', 1 << 14),
    (b'o', 1 << 15),
    (b'c', 1 << 16),
    (b'K', 1),
    (b'E', 1 << 1),
    (b'm', 1 << 11),
];
const ALL_EVENTS: u32 = 0b10_0111_1111_1100;
/// Letters that are not shown beside `A`.
const BESIDE_ALL: &[u8] = b"noc";

pub(super) fn event_classes(letters: &[u8]) -> Option<u32> {
    letters.iter().try_fold(0, |classes, letter| {
        let bits = match letter {
            b'A' => ALL_EVENTS,
            _ => EVENTS.iter().find(|(known, _)| known == letter)?.1,
        };
        Some(classes | bits)
    })
}

pub(super) fn events(wanted: &[u8], _: &[u8]) -> Checked {
    let classes = event_classes(wanted).ok_or("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")?;
    let all = classes & ALL_EVENTS == ALL_EVENTS;
    let mut kept = Vec::new();
    kept.extend(all.then_some(b'A'));
    for (letter, bit) in EVENTS {
        if classes & bit != 0 && !(all && bit & ALL_EVENTS != 0) {
            kept.push(*letter);
        }
    }
    Ok(kept)
}

/// Redis does not say which classes beyond `A` are on beside it, though they are.
pub(super) fn shown_events(letters: &[u8]) -> Vec<u8> {
    let all = letters.first() == Some(&b'A');
    letters.iter().copied().filter(|letter| !all || !BESIDE_ALL.contains(letter)).collect()
}

pub(super) fn hz(wanted: &[u8], _: &[u8]) -> Checked {
    let hz = super::parse_in_range(wanted, 0, i64::from(i32::MAX))?;
    Ok(alloc::format!("{}", hz.clamp(1, 500)).into_bytes())
}

/// A backlog has a least size, which takes the place of a lesser one.
pub(super) fn backlog(wanted: &[u8], _: &[u8]) -> Checked {
    let bytes = super::memory_in_range(wanted, 1, i64::MAX as u64)?;
    Ok(bytes.max(16_384).to_string().into_bytes())
}

pub(super) fn save(wanted: &[u8], _: &[u8]) -> Checked {
    let words = words(wanted);
    let valid = |(position, word): (usize, &&[u8])| {
        // Too many digits are as many as there can be.
        let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        parse_integer(word).map_or(digits, |number| number >= i64::from(position % 2 == 0))
    };
    if !words.len().is_multiple_of(2) || !words.iter().enumerate().all(valid) {
        return Err("Invalid save parameters".into());
    }
    Ok(wanted.to_vec())
}

/// Flags of SHUTDOWN, shown in the order in which Redis knows them.
pub(super) fn shutdown_flags(wanted: &[u8], _: &[u8]) -> Checked {
    const FLAGS: [&str; 5] = ["default", "save", "nosave", "now", "force"];
    let mut given = [false; FLAGS.len()];
    for word in wanted.split(|&byte| byte == b' ') {
        let place = FLAGS.iter().position(|flag| flag.as_bytes().eq_ignore_ascii_case(word));
        given[place
            .ok_or_else(|| alloc::format!("argument(s) must be one of the following: {}", FLAGS.join(", ")))?] = true;
    }
    if given[1] && given[2] {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
    }
    // `default` is no flag: it shows where there is no other.
    let shown: Vec<&str> =
        FLAGS.into_iter().zip(given).skip(1).filter(|(_, given)| *given).map(|(flag, _)| flag).collect();
    Ok(if shown.is_empty() { FLAGS[0].into() } else { shown.join(" ").into_bytes() })
}

pub(super) fn output_limits(wanted: &[u8], present: &[u8]) -> Checked {
    let words = words(wanted);
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    let mut limits: Vec<String> =
        present.split(|&byte| byte == b' ').map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    for group in words.chunks_exact(4) {
        let class = match &*group[0].to_ascii_lowercase() {
            b"normal" => 0,
            b"slave" | b"replica" => 1,
            b"pubsub" => 2,
            _ => return Err("Invalid client class specified in buffer limit configuration.".into()),
        };
        let numbers = (parse_memory(group[1]), parse_memory(group[2]), parse_integer(group[3]));
        let (Some(hard), Some(soft), Some(seconds @ 0..)) = numbers else {
            return Err("Error in hard, soft or soft_seconds setting in buffer limit configuration.".into());
        };
        // The seconds are kept in 32 bits.
        for (offset, number) in [hard, soft, u64::from(seconds as u32)].into_iter().enumerate() {
            if let Some(place) = limits.get_mut(class * 4 + 1 + offset) {
                *place = alloc::format!("{number}");
            }
        }
    }
    Ok(limits.join(" ").into_bytes())
}

pub(super) fn percentiles(wanted: &[u8], _: &[u8]) -> Checked {
    let mut shown: Vec<String> = Vec::new();
    for word in words(wanted) {
        let value = crate::number::parse_double(word).ok_or("Invalid latency-tracking-info-percentiles parameters")?;
        if !(0.0..=100.0).contains(&value) {
            return Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]".into());
        }
        let digits = alloc::format!("{value:.6}");
        shown.push(String::from(digits.trim_end_matches('0').trim_end_matches('.')));
    }
    Ok(shown.join(" ").into_bytes())
}

pub(super) fn oom_values(wanted: &[u8], _: &[u8]) -> Checked {
    let words = words(wanted);
    if words.len() != 3 {
        return Err("wrong number of arguments".into());
    }
    if !words.iter().all(|word| parse_integer(word).is_some_and(|number| (-2000..=2000).contains(&number))) {
        return Err("Invalid oom-score-adj-values, elements must be between -2000 and 2000.".into());
    }
    Ok(wanted.to_vec())
}

pub(super) fn title(wanted: &[u8], _: &[u8]) -> Checked {
    const COMPLAINT: &str = "template format is invalid or contains unknown variables";
    const KNOWN: [&str; 7] = ["title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"];
    let text = str::from_utf8(wanted).map_err(|_| COMPLAINT)?;
    let known = text.split('{').skip(1).all(|part| part.split_once('}').is_some_and(|(name, _)| KNOWN.contains(&name)));
    if text.trim().is_empty() || !known { Err(COMPLAINT.into()) } else { Ok(wanted.to_vec()) }
}

/// A switch that this server cannot turn on, as a Redis without what it needs cannot.
fn never(wanted: &[u8], complaint: &'static str) -> Checked {
    if yes_or_no(wanted)? { Err(complaint.into()) } else { Ok(b"no".to_vec()) }
}

pub(super) fn defragmentation(wanted: &[u8], _: &[u8]) -> Checked {
    never(
        wanted,
        "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution",
    )
}

pub(super) fn key_memory(wanted: &[u8], _: &[u8]) -> Checked {
    never(wanted, "memory tracking cannot be enabled at runtime")
}

pub(super) fn tls(wanted: &[u8], _: &[u8]) -> Checked {
    never(wanted, "Unable to update TLS configuration. Check server logs.")
}

pub(super) fn locale(wanted: &[u8], _: &[u8]) -> Checked {
    if matches!(wanted, b"" | b"C" | b"POSIX") { Ok(wanted.to_vec()) } else { Err("Invalid locale name".into()) }
}

pub(super) fn address(wanted: &[u8], _: &[u8]) -> Checked {
    let text = str::from_utf8(wanted).unwrap_or("-");
    if text.is_empty() || text.parse::<core::net::IpAddr>().is_ok() {
        Ok(wanted.to_vec())
    } else {
        Err("Cluster announce IP must be a valid IPv4 or IPv6 address".into())
    }
}

pub(super) fn hostname(wanted: &[u8], _: &[u8]) -> Checked {
    if wanted.len() >= 256 {
        return Err("Hostnames must be less than 256 characters".into());
    }
    if wanted.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        Ok(wanted.to_vec())
    } else {
        Err("Hostnames may only contain alphanumeric characters, hyphens or dots".into())
    }
}

pub(super) fn node_name(wanted: &[u8], _: &[u8]) -> Checked {
    if wanted.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
        Ok(wanted.to_vec())
    } else {
        Err("Announced human node name contained invalid character".into())
    }
}
