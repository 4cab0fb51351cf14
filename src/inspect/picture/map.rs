//! A sorted set of places: scores that read as boxes on the globe.

use crate::change::{self, Before};
use crate::text::short;
use engine::Point;
use engine::types::SortedSet;
use std::rc::Rc;

/// A place on the map, in thousandths of its width and height from the upper left.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub name: Rc<str>,
    pub longitude: f64,
    pub latitude: f64,
    pub x: f64,
    pub y: f64,
    pub fresh: bool,
}

/// A line of the grid: where it is, in thousandths, and what it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub at: f64,
    pub label: Rc<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub places: Vec<Place>,
    pub meridians: Vec<Line>,
    pub parallels: Vec<Line>,
    /// Places that are not drawn.
    pub hidden: usize,
}

/// Scores of places are whole numbers of 52 bits, and nearly all of the globe has more than 45.
pub fn is_geographic(zset: &SortedSet) -> bool {
    const LEAST: f64 = (1u64 << 45) as f64;
    const LIMIT: f64 = (1u64 << 52) as f64;
    let fits = |rank: usize| {
        zset.get(rank).is_some_and(|ranked| {
            let score = ranked.score.0;
            (LEAST..LIMIT).contains(&score) && score as u64 as f64 == score
        })
    };
    // The order is that of the scores: what holds for both ends holds in between, but for fractions.
    let len = zset.len();
    len > 0 && fits(0) && fits(len - 1) && fits(len / 2)
}

/// At most so many places are drawn.
const MOST: usize = 1000;

pub fn map(zset: &SortedSet, before: &Before) -> Map {
    let step = zset.len().div_ceil(MOST).max(1);
    // Of many some are left out, but not what has just come.
    let mut extra = MOST / 4;
    let drawn = zset.iter().enumerate().filter(|(at, ranked)| {
        let comes =
            extra > 0 && before.value().is_some() && change::is_new_score(before, &ranked.member, ranked.score.0);
        extra -= usize::from(comes);
        at.is_multiple_of(step) || comes
    });
    let mut places: Vec<Place> = drawn
        .map(|(_, ranked)| {
            let point = Point::from_score(ranked.score.0);
            Place {
                name: short(&ranked.member, 60),
                longitude: point.longitude,
                latitude: point.latitude,
                x: 0.0,
                y: 0.0,
                fresh: change::is_new_score(before, &ranked.member, ranked.score.0),
            }
        })
        .collect();
    let (west, east) = range(places.iter().map(|place| place.longitude), 180.0);
    let (south, north) = range(places.iter().map(|place| place.latitude), 85.1);
    for place in &mut places {
        place.x = (place.longitude - west) / (east - west) * 1000.0;
        place.y = (north - place.latitude) / (north - south) * 1000.0;
    }
    let meridians = grid(west, east, "E", "W").into_iter();
    let meridians = meridians.map(|(at, label)| Line { at: (at - west) / (east - west) * 1000.0, label }).collect();
    let parallels = grid(south, north, "N", "S").into_iter();
    let parallels = parallels.map(|(at, label)| Line { at: (north - at) / (north - south) * 1000.0, label }).collect();
    Map { hidden: zset.len() - places.len(), places, meridians, parallels }
}

/// The lowest and the highest with some room around them, within the globe.
fn range(values: impl Iterator<Item = f64>, limit: f64) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        (low, high) = (low.min(value), high.max(value));
    }
    let room = ((high - low) * 0.15).max(0.01);
    ((low - room).max(-limit), (high + room).min(limit))
}

/// Between three and seven lines at round degrees.
fn grid(low: f64, high: f64, plus: &str, minus: &str) -> Vec<(f64, Rc<str>)> {
    const STEPS: [f64; 13] = [60.0, 30.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.005];
    let step = STEPS.into_iter().find(|step| (high - low) / step >= 3.0).unwrap_or(0.002);
    let mut lines = Vec::new();
    let mut number = (low / step).ceil() as i64;
    while number as f64 * step <= high && lines.len() < 12 {
        let at = number as f64 * step;
        lines.push((at, degrees(at, plus, minus)));
        number += 1;
    }
    lines
}

/// `13.361°E`
pub fn degrees(at: f64, plus: &str, minus: &str) -> Rc<str> {
    let thousandths = (at.abs() * 1000.0).round() as u64;
    let mut text = (thousandths / 1000).to_string();
    let mut part = thousandths % 1000;
    if part > 0 {
        text.push('.');
        let mut unit = 100;
        while part > 0 {
            text.push(char::from(b'0' + (part / unit) as u8));
            part %= unit;
            unit /= 10;
        }
    }
    text.push('°');
    if thousandths > 0 {
        text.push_str(if at < 0.0 { minus } else { plus });
    }
    text.into()
}
