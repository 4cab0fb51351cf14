//! A vector set as a cloud: elements as near to each other on paper as two dimensions allow, and the links of its graph.
//!
//! The two dimensions are those in which the elements differ most. They are found by classical scaling (Torgerson 1952): of the
//! products of all pairs, with the middle taken out, the two largest eigenvectors, by repeated multiplication. A large set is
//! represented by elements spread evenly over it.

use crate::change::Before;
use crate::text::short;
use engine::Value;
use engine::types::VectorSet;
use std::ops::Range;
use std::rc::Rc;

#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    pub name: Rc<str>,
    /// In thousandths of the picture's width and height.
    pub x: f64,
    pub y: f64,
    pub fresh: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cloud {
    pub spots: Vec<Spot>,
    /// Pairs of spots, each linked to its nearest.
    pub links: Vec<(usize, usize)>,
    pub hidden: usize,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementView {
    pub name: Rc<str>,
    pub nearest: Rc<str>,
    pub layers: usize,
    pub attributes: Rc<str>,
    pub fresh: bool,
}

/// Products of pairs cost the square of the elements times the dimensions: so many multiplications are not felt.
const EFFORT: usize = 3_000_000;
const MOST: usize = 160;
/// Links that are drawn from each element.
const LINKS: usize = 3;
const ROUNDS: usize = 24;

/// Whether an element is new or has another vector.
pub fn is_new(before: &Before, name: &[u8], uid: u64) -> bool {
    match before {
        Before::Untouched | Before::Unseen => false,
        Before::Held(Value::VectorSet(old)) => old.get(name).is_none_or(|node| node.uid != uid),
        _ => true,
    }
}

pub fn cloud(set: &VectorSet, before: &Before) -> Cloud {
    let dim = set.dim();
    let most = ((EFFORT / dim.max(1)) as f64).sqrt().clamp(24.0, MOST as f64) as usize;
    let step = set.len().div_ceil(most).max(1);
    let ids: Vec<u32> = (0..set.len() as u32).step_by(step).collect();
    let vectors: Vec<Vec<f32>> = ids.iter().map(|id| unit(set.graph.vector(*id).values())).collect();
    let (x, y) = plane(&vectors);
    let (x, y) = (spread(&x), spread(&y));
    let spots = ids.iter().enumerate().map(|(at, id)| {
        let name = set.name(*id);
        Spot { name: short(name, 40), x: x[at], y: y[at], fresh: is_new(before, name, set.graph.node(*id).uid) }
    });
    let mut links = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let drawn = set.graph.links(*id, 0).iter().filter_map(|near| ids.binary_search(&near.id).ok());
        for other in drawn.take(LINKS) {
            let link = (at.min(other), at.max(other));
            if !links.contains(&link) {
                links.push(link);
            }
        }
    }
    Cloud { spots: spots.collect(), links, hidden: set.len() - ids.len() }
}

fn unit(mut values: Vec<f32>) -> Vec<f32> {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 && length.is_finite() {
        for value in &mut values {
            *value /= length;
        }
    } else {
        values.fill(0.0);
    }
    values
}

/// Two coordinates for each vector.
fn plane(vectors: &[Vec<f32>]) -> (Vec<f64>, Vec<f64>) {
    let count = vectors.len();
    let mut products = vec![0.0; count * count];
    for a in 0..count {
        for b in 0..=a {
            let product: f32 = vectors[a].iter().zip(&vectors[b]).map(|(a, b)| a * b).sum();
            products[a * count + b] = f64::from(product);
            products[b * count + a] = f64::from(product);
        }
    }
    // The middle of all goes to the origin.
    let means: Vec<f64> = products.chunks(count.max(1)).map(|row| row.iter().sum::<f64>() / count as f64).collect();
    let mean = means.iter().sum::<f64>() / count.max(1) as f64;
    for a in 0..count {
        for b in 0..count {
            products[a * count + b] += mean - means[a] - means[b];
        }
    }
    let first = eigenvector(&products, count, None);
    let second = eigenvector(&products, count, Some(&first));
    (first, second)
}

/// The direction that the matrix stretches most, upright to another one.
fn eigenvector(matrix: &[f64], count: usize, other: Option<&[f64]>) -> Vec<f64> {
    // Any beginning will do that is upright to nothing; this one is the same every time.
    let mut vector: Vec<f64> = (0..count).map(|at| ((at * 37 + 11) % 29) as f64 - 14.0).collect();
    for _ in 0..ROUNDS {
        let mut next: Vec<f64> =
            matrix.chunks(count.max(1)).map(|row| row.iter().zip(&vector).map(|(a, b)| a * b).sum()).collect();
        if let Some(other) = other {
            let along: f64 = next.iter().zip(other).map(|(a, b)| a * b).sum();
            for (value, other) in next.iter_mut().zip(other) {
                *value -= along * other;
            }
        }
        let length = next.iter().map(|value| value * value).sum::<f64>().sqrt();
        if length < 1e-12 || !length.is_finite() {
            return vec![0.0; count];
        }
        for value in &mut next {
            *value /= length;
        }
        vector = next;
    }
    vector
}

/// From the least to the greatest value, as thousandths.
fn spread(values: &[f64]) -> Vec<f64> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let whole = high - low;
    values.iter().map(|value| if whole > 1e-9 { (value - low) / whole * 1000.0 } else { 500.0 }).collect()
}

pub fn elements(set: &VectorSet, before: &Before, range: Range<usize>) -> Vec<ElementView> {
    let names = set.names_from(range.start).take(range.len());
    let element = |name: &engine::Text| {
        let id = set.find(name)?;
        let node = set.graph.node(id);
        let nearest: Vec<Rc<str>> =
            set.graph.links(id, 0).iter().take(LINKS).map(|near| short(set.name(near.id), 40)).collect();
        Some(ElementView {
            name: short(name, 200),
            nearest: nearest.join(", ").into(),
            layers: set.graph.level(id) + 1,
            attributes: node.attributes.as_ref().map_or_else(|| "".into(), |attributes| short(attributes, 200)),
            fresh: is_new(before, name, node.uid),
        })
    };
    names.filter_map(element).collect()
}
