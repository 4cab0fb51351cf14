use super::*;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;

fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    }
}

fn content(entry: &Entry) -> Vec<Vec<u8>> {
    entry.pairs().flat_map(|(field, value)| [field.text().to_vec(), value.text().to_vec()]).collect()
}

fn all(entries: impl Iterator<Item = (StreamId, Vec<Vec<u8>>)>) -> Vec<(StreamId, Vec<Vec<u8>>)> {
    entries.collect()
}

#[test]
fn behaves_like_an_ordered_map_and_its_clones_stand_still() {
    let mut random = random(7);
    for limits in [
        NodeLimits { bytes: 4096, entries: 100 },
        NodeLimits { bytes: 60, entries: 0 },
        NodeLimits { bytes: 0, entries: 3 },
    ] {
        let mut stream = Stream::default();
        let mut model: BTreeMap<StreamId, Vec<Vec<u8>>> = BTreeMap::new();
        let mut kept = (stream.clone(), model.clone());
        for round in 0..6000 {
            match random(10) {
                0..6 => {
                    let step = [0, 0, 1, 300, 1 << 40][random(5) as usize];
                    let id = StreamId::new(
                        stream.last_id.ms + step,
                        if step == 0 { stream.last_id.seq + 1 } else { random(3) },
                    );
                    let fields = 1 + random(3);
                    let pairs: Vec<Vec<u8>> = (0..fields)
                        .flat_map(|field| [vec![b'a' + field as u8], vec![b'0' + random(9) as u8; random(70) as usize]])
                        .collect();
                    stream.push(id, pairs.iter().map(Vec::as_slice), limits);
                    model.insert(id, pairs);
                }
                6 | 7 if !model.is_empty() => {
                    let place = random(model.len() as u64) as usize;
                    let id = model.keys().nth(place).copied().unwrap();
                    assert!(stream.delete(id));
                    assert!(!stream.delete(id));
                    model.remove(&id);
                }
                8 if random(20) == 0 => {
                    let most = random(model.len() as u64 + 1);
                    let trim = Trim {
                        threshold: Threshold::Length(most),
                        approximate: false,
                        limit: 0,
                        keep: Keep::References,
                    };
                    assert_eq!(stream.trim(&trim), model.len() - most as usize);
                    while model.len() as u64 > most {
                        model.pop_first();
                    }
                }
                _ if round % 50 == 0 => kept = (stream.clone(), model.clone()),
                _ => {}
            }
            assert_eq!(stream.len(), model.len());
            assert_eq!(stream.first_id, model.keys().next().copied().unwrap_or_default());
            if round % 200 == 0 {
                let mut ends = [0, 1].map(|_| StreamId::new(random(stream.last_id.ms + 2), random(3)));
                ends.sort();
                let [start, end] = ends;
                let wanted = || model.range(start..=end).map(|(id, pairs)| (*id, pairs.clone()));
                assert_eq!(all(stream.range(start, end).map(|entry| (entry.id, content(&entry)))), all(wanted()));
                assert_eq!(
                    all(stream.range_back(start, end).map(|entry| (entry.id, content(&entry)))),
                    all(wanted().rev())
                );
                assert!(kept.0.range(StreamId::MIN, StreamId::MAX).map(|entry| entry.id).eq(kept.1.keys().copied()));
                assert_eq!(stream.bytes, stream.nodes().iter().map(|placed| placed.node.size()).sum::<usize>());
            }
        }
    }
}

#[test]
fn what_is_pending_stands_in_three_orders_alike() {
    let mut random = random(11);
    let mut group = Group::new(StreamId::MIN, 0);
    let mut model: BTreeMap<StreamId, Pending> = BTreeMap::new();
    let mut names: BTreeSet<u64> = BTreeSet::new();
    for round in 0..8000 {
        let id = StreamId::new(random(40), random(4));
        let name = random(6);
        match random(10) {
            0..6 => {
                let (consumer, created) = group.find_or_create_consumer(&[b'a' + name as u8], 5);
                assert_eq!(created, names.insert(name));
                let pending = Pending { id, consumer, delivered: random(50) as i64 - 10, count: random(4) };
                group.set(pending);
                model.insert(id, pending);
            }
            6..9 => assert_eq!(group.remove(id), model.remove(&id).is_some()),
            _ if random(30) == 0 => {
                let number = group.find_consumer(&[b'a' + name as u8]);
                let before = model.len();
                model.retain(|_, pending| Some(pending.consumer) != number);
                let deleted = group.delete_consumer(&[b'a' + name as u8]);
                assert_eq!(deleted, names.remove(&name).then_some(before - model.len()));
            }
            _ => {}
        }
        assert_eq!(group.pending(id), model.get(&id).copied());
        if round % 100 == 0 {
            assert!(group.pending_from(id).eq(model.range(id..).map(|(_, pending)| *pending)));
            assert_eq!(group.last_pending(), model.keys().next_back().copied());
            assert!(group.by_time().is_sorted_by_key(|(time, _)| time));
            assert_eq!(group.by_time().map(|(_, id)| id).collect::<BTreeSet<_>>(), model.keys().copied().collect());
            for number in group.consumers() {
                let own = || model.values().filter(|pending| pending.consumer == number).map(|pending| pending.id);
                assert_eq!(group.consumer_len(number), own().count());
                assert!(group.of_consumer(number, StreamId::MIN).eq(own()));
            }
        }
    }
}

/// The tree, built node by node: how many nodes has the part below the first `depth` bytes of these keys?
fn nodes_below(keys: &[[u8; 16]], depth: usize) -> usize {
    if keys.len() == 1 {
        return usize::from(depth < 16) + 1;
    }
    let common = (depth..16).take_while(|&at| keys.iter().all(|key| key[at] == keys[0][at])).count();
    let parting = depth + common;
    let below: usize = keys.chunk_by(|a, b| a[parting] == b[parting]).map(|part| nodes_below(part, parting + 1)).sum();
    usize::from(common > 0) + 1 + below
}

#[test]
fn the_radix_tree_has_the_nodes_that_building_it_gives() {
    let mut random = random(3);
    for _ in 0..300 {
        let mut stream = Stream::default();
        let mut keys = Vec::new();
        for _ in 0..=random(40) {
            let step = [1, 1, 2, 255, 256, 70_000, 1 << 33][random(7) as usize];
            let id = StreamId::new(stream.last_id.ms + step * random(2), stream.last_id.seq + 1 + random(300));
            stream.push(id, [&b"f"[..], b"v"].into_iter(), NodeLimits { bytes: 0, entries: 1 });
            keys.push(id.to_bytes());
        }
        assert_eq!(stream.radix_tree().nodes, nodes_below(&keys, 0), "{keys:?}");
    }
}

#[test]
fn ids_are_read_as_c_reads_numbers() {
    for (text, id) in
        [("5", (5, 9)), ("5-1", (5, 1)), ("+5-01", (5, 1)), (" 4-1", (4, 1)), ("1--05", (1, u64::MAX - 4))]
    {
        assert_eq!(StreamId::parse(text.as_bytes(), 9).ok(), Some(StreamId::new(id.0, id.1)), "{text}");
    }
    for text in ["", "-", "5-", "-5", "a", "5-a", "1-1-1", "18446744073709551616", "5 -1 "] {
        assert!(StreamId::parse(text.as_bytes(), 0).is_err(), "{text}");
    }
}
