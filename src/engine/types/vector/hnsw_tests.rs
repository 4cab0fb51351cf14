//! What must hold of a graph after whatever was added and removed.

use crate::random::Random;
use crate::types::VectorSet;
use crate::types::vector::{Filter, Node, Quantisation, Vector};
use alloc::format;
use alloc::vec::Vec;

fn number(random: &mut Random) -> f32 {
    (random.below(2001) as f32 - 1000.0) / 1000.0
}

fn values(dim: usize, random: &mut Random) -> Vec<f32> {
    (0..dim).map(|_| number(random)).collect()
}

/// How many nodes are reached from the entry's layer downwards on each layer, against how many there are.
fn assert_sound(set: &VectorSet, slack: usize) {
    let graph = &set.graph;
    let len = set.len() as u32;
    let highest = (0..len).map(|id| graph.level(id) + 1).max().unwrap_or(0);
    assert_eq!(graph.entry().map_or(0, |id| graph.level(id) + 1), highest, "the entry is as high as any");
    for layer in 0..highest {
        let here: Vec<u32> = (0..len).filter(|&id| graph.level(id) + 1 > layer).collect();
        for &id in &here {
            let links = graph.links(id, layer);
            assert!(links.len() <= graph.most(layer) + slack, "{id} has {} links on layer {layer}", links.len());
            assert!(links.is_sorted_by(|a, b| a.order(b).is_lt()), "links stand in order, each once");
            for link in links {
                assert_ne!(link.id, id);
                assert_eq!(link.distance, graph.vector(id).distance(&graph.vector(link.id)));
                let back = graph.links(link.id, layer).iter().find(|back| back.id == id);
                assert_eq!(back.map(|back| back.distance), Some(link.distance), "{id} and {} on {layer}", link.id);
            }
        }
        let mut reached = Vec::from([here[0]]);
        let mut at = 0;
        while at < reached.len() {
            for link in graph.links(reached[at], layer) {
                if !reached.contains(&link.id) {
                    reached.push(link.id);
                }
            }
            at += 1;
        }
        assert_eq!(reached.len(), here.len(), "layer {layer} is in one piece");
    }
}

/// Adds, changes and removes elements at random; `kinds` different vectors.
fn exercise(dim: usize, m: usize, quantisation: Quantisation, kinds: usize, seed: u64) {
    let mut random = Random::new(seed);
    let mut set = VectorSet::new(dim, quantisation, m, seed, 0);
    let pool: Vec<Vec<f32>> = (0..kinds).map(|_| values(dim, &mut random)).collect();
    let mut names = alloc::collections::BTreeSet::new();
    for step in 0..120 {
        let name = format!("{}", random.below(150));
        let removes = random.below(100) < if step / 40 % 2 == 0 { 20 } else { 60 };
        if removes {
            assert_eq!(set.remove(name.as_bytes()), names.remove(&name));
        } else {
            let vector = &pool[random.below(kinds as u64) as usize];
            let is_new = set.add(name.as_bytes(), vector, 20 + random.below(50) as usize, &mut random);
            assert_eq!(is_new, names.insert(name));
        }
        assert_eq!(set.len(), names.len());
        if step % 7 == 0 {
            assert_sound(&set, 2);
        }
    }
    for name in names {
        assert!(set.remove(name.as_bytes()));
        assert_sound(&set, 2);
    }
    assert!(set.is_empty() && set.graph.entry().is_none());
}

#[test]
fn every_layer_stays_in_one_piece_with_links_both_ways() {
    for (at, quantisation) in [Quantisation::None, Quantisation::Int8, Quantisation::Binary].into_iter().enumerate() {
        let seed = at as u64;
        exercise(3, 4, quantisation, 1000, 10 + seed);
        exercise(8, 4, quantisation, 1000, 20 + seed);
        exercise(2, 16, quantisation, 12, 30 + seed);
        exercise(4, 4, quantisation, 1, 40 + seed);
    }
}

#[test]
fn what_is_no_number_breaks_nothing() {
    let mut random = Random::new(5);
    let mut set = VectorSet::new(2, Quantisation::None, 4, 0, 0);
    for at in 0..60 {
        let odd = [f32::NAN, f32::INFINITY, 0.0, -1.0][at % 4];
        set.add(format!("{at}").as_bytes(), &[odd, number(&mut random)], 30, &mut random);
    }
    for at in 0..60 {
        assert!(set.remove(format!("{at}").as_bytes()));
    }
}

#[test]
fn a_search_finds_nearly_all_that_is_near_and_what_a_filter_admits() {
    let mut random = Random::new(3);
    let mut set = VectorSet::new(16, Quantisation::Int8, 16, 3, 0);
    for at in 0..800 {
        set.add(format!("{at}").as_bytes(), &values(16, &mut random), 200, &mut random);
    }
    assert_sound(&set, 0);
    let mut found = 0;
    for _ in 0..50 {
        let query = Vector::new(&values(16, &mut random), Quantisation::Int8);
        let truth = set.nearest_of_all(query.view(), 10, None);
        let (near, _) = set.graph.search(query.view(), 100, None);
        found += truth.iter().filter(|wanted| near[..10].contains(wanted)).count();
        let admits = |node: &Node| node.uid.is_multiple_of(20);
        let filter = Filter { admits: &admits, effort: usize::MAX };
        let (filtered, _) = set.graph.search(query.view(), 40, Some(&filter));
        assert_eq!(filtered, set.nearest_of_all(query.view(), 40, Some(&filter)));
        let (_, seen) = set.graph.search(query.view(), 40, Some(&Filter { admits: &admits, effort: 100 }));
        assert!(seen < 200);
    }
    assert!(found >= 490, "found {found} of 500");
}

#[test]
fn a_clone_does_not_see_what_comes_later() {
    let mut random = Random::new(9);
    let mut set = VectorSet::new(4, Quantisation::Int8, 4, 9, 0);
    for at in 0..200 {
        set.add(format!("{at}").as_bytes(), &values(4, &mut random), 50, &mut random);
    }
    let copy = set.clone();
    for at in 0..150 {
        set.remove(format!("{at}").as_bytes());
    }
    assert_eq!((copy.len(), set.len()), (200, 50));
    assert_sound(&copy, 0);
    assert_sound(&set, 2);
}
