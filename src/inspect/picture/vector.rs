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
    pub x: f64,
    pub y: f64,
    pub fresh: bool,
    /// The elements that it is linked to, the nearest first, with VSIM's scores.
    pub about: Rc<str>,
    /// Those of them that are drawn.
    pub near: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cloud {
    pub spots: Vec<Spot>,
    /// How far the spots reach sideways and upwards; the farther is a thousand.
    pub reach: (f64, f64),
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
/// Neighbours that are named.
const NEAR: usize = 4;
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
    // Of many some are left out, but not what has just come.
    const COMERS: usize = 8;
    let comes = |id: &u32| is_new(before, set.name(*id), set.graph.node(*id).uid);
    let comers = (0..set.len() as u32)
        .filter(|id| !(*id as usize).is_multiple_of(step) && before.value().is_some() && comes(id));
    let mut ids: Vec<u32> = (0..set.len() as u32).step_by(step).chain(comers.take(COMERS)).collect();
    engine::sort::by(&mut ids, |a, b| a < b);
    let vectors: Vec<Vec<f32>> = ids.iter().map(|id| unit(set.graph.vector(*id).values())).collect();
    let (x, y) = plane(&vectors);
    let (low_x, wide) = range(&x);
    let (low_y, high) = range(&y);
    let scale = 1000.0 / wide.max(high).max(1e-9);
    let spots = ids.iter().enumerate().map(|(at, id)| {
        let name = set.name(*id);
        let links = set.graph.links(*id, 0).iter().take(NEAR);
        let mut about = String::from("is linked to no other");
        for (number, near) in links.clone().enumerate() {
            about = if number == 0 { "is nearest to ".to_owned() } else { about + ", " };
            about.push_str(&short(set.name(near.id), 40));
            about.push(' ');
            about.push_str(&thousandths(1.0 - f64::from(near.distance) / 2.0));
        }
        Spot {
            name: short(name, 40),
            x: (x[at] - low_x) * scale,
            y: (y[at] - low_y) * scale,
            fresh: is_new(before, name, set.graph.node(*id).uid),
            about: about.into(),
            near: links.filter_map(|near| ids.binary_search(&near.id).ok()).collect(),
        }
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
    Cloud { spots: spots.collect(), reach: (wide * scale, high * scale), links, hidden: set.len() - ids.len() }
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

/// The least value, and how far it is to the greatest.
fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low.is_finite() { (low, high - low) } else { (0.0, 0.0) }
}

/// A number from 0 to 1 with three digits behind the point.
fn thousandths(number: f64) -> String {
    let thousandths = (number.clamp(0.0, 1.0) * 1000.0).round() as u32;
    let mut text = (thousandths / 1000).to_string();
    text.push('.');
    text.push_str(&(1000 + thousandths % 1000).to_string()[1..]);
    text
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
