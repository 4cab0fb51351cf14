//! Names beside points on a plane: each stands on the side where it covers nothing, and where there is none it stays away.

/// A point in pixels, and how many letters its name has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub letters: usize,
}

/// Where a name stands, seen from its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Right,
    Left,
    Above,
    Below,
}

impl Side {
    const ALL: [Side; 4] = [Side::Right, Side::Left, Side::Above, Side::Below];

    pub fn name(self) -> &'static str {
        match self {
            Side::Right => "right",
            Side::Left => "left",
            Side::Above => "above",
            Side::Below => "below",
        }
    }
}

/// Half the width of a point with its rim, the height of a line, the width of a letter, the gap between point and name.
const HALF: f64 = 7.0;
const LINE: f64 = 18.0;
const LETTER: f64 = 7.9;
const GAP: f64 = 10.0;

/// Left, top, right, bottom.
type Area = [f64; 4];

fn overlap(a: Area, b: Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

fn area(point: Point, side: Side) -> Area {
    let Point { x, y, letters } = point;
    let width = letters as f64 * LETTER;
    let (left, top) = match side {
        Side::Right => (x + GAP, y - LINE / 2.0),
        Side::Left => (x - GAP - width, y - LINE / 2.0),
        Side::Above => (x - width / 2.0, y - HALF - LINE),
        Side::Below => (x - width / 2.0, y + HALF),
    };
    [left, top, left + width, top + LINE]
}

/// The side of each name on a plane of this size. At most so many are tried, and what is in `first` has the first choice.
pub fn sides(points: &[Point], (width, height): (f64, f64), first: &[usize], most: usize) -> Vec<Option<Side>> {
    let mut sides = vec![None; points.len()];
    let mut taken: Vec<Area> = Vec::new();
    let dots: Vec<Area> = points.iter().map(|at| [at.x - HALF, at.y - HALF, at.x + HALF, at.y + HALF]).collect();
    let rest = (0..points.len()).filter(|at| !first.contains(at));
    for at in first.iter().copied().filter(|at| *at < points.len()).chain(rest).take(most) {
        let fits = |side: &Side| {
            let own = area(points[at], *side);
            let inside = own[0] >= -HALF && own[1] >= -HALF && own[2] <= width + HALF && own[3] <= height + HALF;
            let free = |(other, dot): (usize, &Area)| other == at || !overlap(own, *dot);
            inside && dots.iter().enumerate().all(free) && !taken.iter().any(|other| overlap(own, *other))
        };
        sides[at] = Side::ALL.into_iter().find(fits);
        taken.extend(sides[at].map(|side| area(points[at], side)));
    }
    sides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f64, y: f64) -> Point {
        Point { x, y, letters: 5 }
    }

    #[test]
    fn names_do_not_cover_each_other() {
        let size = (300.0, 200.0);
        assert_eq!(sides(&[point(100.0, 100.0)], size, &[], 40), [Some(Side::Right)]);
        // At the right edge there is no room.
        assert_eq!(sides(&[point(295.0, 100.0)], size, &[], 40), [Some(Side::Left)]);
        // Close neighbours: the first one's name would lie on the second.
        let near = [point(100.0, 100.0), point(125.0, 100.0)];
        assert_eq!(sides(&near, size, &[], 40), [Some(Side::Left), Some(Side::Right)]);
        // In a heap some stay away, but not the one that is asked for.
        let heap: Vec<Point> = (0..40).map(|at| point(100.0 + f64::from(at % 7), 100.0 + f64::from(at / 7))).collect();
        let shown = sides(&heap, size, &[33], 40);
        assert!(shown.iter().flatten().count() < 10);
        let areas: Vec<Area> = heap.iter().zip(&shown).filter_map(|(at, side)| Some(area(*at, (*side)?))).collect();
        for (at, one) in areas.iter().enumerate() {
            assert!(areas[..at].iter().all(|other| !overlap(*one, *other)));
        }
    }
}
