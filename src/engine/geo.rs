//! Places on the globe as scores of a sorted set.
//!
//! Longitude and latitude are each cut into 2^26 steps and their bits interleaved, so that a place is a number of 52 bits and
//! a range of such numbers is a box on the map (geohash; Niemeyer 2008). Looking around a point means: choose a
//! box size that the search shape does not outgrow, take the box of the point and its eight neighbours, leave out those
//! that the shape cannot reach, and measure every place in the rest. The order of the boxes is the order of an unsorted
//! reply. The poles beyond 85.05 degrees are left out, as in web maps.

const LATITUDE_MAX: f64 = 85.05112878;
const LONGITUDE_MAX: f64 = 180.0;
const EARTH_RADIUS: f64 = 6_372_797.560_856;
/// Half the Earth's circumference in the Mercator projection.
const MERCATOR_MAX: f64 = 20_037_726.37;
/// Bits for each axis.
pub const STEPS: u32 = 26;

/// A point in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub longitude: f64,
    pub latitude: f64,
}

impl Point {
    pub fn is_valid(self) -> bool {
        (-LONGITUDE_MAX..=LONGITUDE_MAX).contains(&self.longitude)
            && (-LATITUDE_MAX..=LATITUDE_MAX).contains(&self.latitude)
    }

    /// The number of the place, which is its score.
    pub fn score(self) -> u64 {
        Cell::of(self, STEPS, LATITUDE_MAX).bits()
    }

    /// The middle of the smallest box around the place.
    pub fn from_score(score: f64) -> Point {
        Cell::from_bits(whole(score)).area().middle()
    }

    /// The eleven characters of the usual geohash, which counts latitudes up to the poles.
    pub fn geohash(self) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let bits = Cell::of(self, STEPS, 90.0).bits();
        let mut text = [b'0'; 11];
        // 52 bits fill ten characters; of the eleventh nothing is known.
        for (at, byte) in text[..10].iter_mut().enumerate() {
            *byte = ALPHABET[(bits >> (52 - 5 * (at + 1))) as usize & 31];
        }
        text
    }

    /// The length of the great circle between two points in metres (haversine).
    pub fn distance(self, other: Point) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let across = libm::sin((other.longitude.to_radians() - self.longitude.to_radians()) / 2.0);
        if across == 0.0 {
            return latitude_distance(self.latitude, other.latitude);
        }
        let up = libm::sin((to - from) / 2.0);
        let chord = up * up + libm::cos(from) * libm::cos(to) * across * across;
        2.0 * EARTH_RADIUS * libm::asin(libm::sqrt(chord))
    }
}

fn latitude_distance(a: f64, b: f64) -> f64 {
    EARTH_RADIUS * libm::fabs(b.to_radians() - a.to_radians())
}

/// A box of the grid with `steps` bits for each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    x: u64,
    y: u64,
    steps: u32,
}

/// The degrees that a cell covers.
#[derive(Clone, Copy, Debug)]
struct Area {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Area {
    fn middle(self) -> Point {
        let clamp = |value: f64, most: f64| value.clamp(-most, most);
        Point {
            longitude: clamp(f64::midpoint(self.west, self.east), LONGITUDE_MAX),
            latitude: clamp(f64::midpoint(self.south, self.north), LATITUDE_MAX),
        }
    }
}

/// The bits of a score that need not come from a place. Negative ones wrap around and those beyond 64 bits are nothing, as the
/// processor of a real server has it.
fn whole(score: f64) -> u64 {
    const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;
    if score < 0.0 {
        score as i64 as u64
    } else if score < TOO_LARGE {
        score as u64
    } else {
        0
    }
}

impl Cell {
    fn of(point: Point, steps: u32, latitude_max: f64) -> Cell {
        let count = (1u64 << steps) as f64;
        let x = (point.longitude + LONGITUDE_MAX) / (2.0 * LONGITUDE_MAX) * count;
        let y = (point.latitude + latitude_max) / (2.0 * latitude_max) * count;
        Cell { x: x as u64, y: y as u64, steps }
    }

    fn from_bits(bits: u64) -> Cell {
        let mut cell = Cell { x: 0, y: 0, steps: STEPS };
        for place in 0..32 {
            cell.y |= (bits >> (2 * place) & 1) << place;
            cell.x |= (bits >> (2 * place + 1) & 1) << place;
        }
        cell
    }

    fn bits(self) -> u64 {
        let mut bits = 0;
        // One bit more than there are steps: the northernmost and the easternmost place lie on the edge of the map.
        for place in 0..=self.steps {
            bits |= (self.y >> place & 1) << (2 * place);
            bits |= (self.x >> place & 1) << (2 * place + 1);
        }
        bits
    }

    fn area(self) -> Area {
        let count = (1u64 << self.steps) as f64;
        let longitude = |x: f64| -LONGITUDE_MAX + x / count * (2.0 * LONGITUDE_MAX);
        let latitude = |y: f64| -LATITUDE_MAX + y / count * (2.0 * LATITUDE_MAX);
        Area {
            west: longitude(self.x as f64),
            east: longitude((self.x + 1) as f64),
            south: latitude(self.y as f64),
            north: latitude((self.y + 1) as f64),
        }
    }

    /// The cell so many to the east and north; the grid has no edges.
    fn neighbour(self, east: i64, north: i64) -> Cell {
        let mask = (1u64 << self.steps) - 1;
        let moved = |place: u64, by: i64| if by == 0 { place } else { place.wrapping_add_signed(by) & mask };
        Cell { x: moved(self.x, east), y: moved(self.y, north), ..self }
    }

    /// The scores of the places inside: the first, and the first behind them.
    fn scores(self) -> (f64, f64) {
        let shift = 2 * (STEPS - self.steps);
        let bits = self.bits();
        ((bits << shift) as f64, ((bits + 1) << shift) as f64)
    }
}

/// What is searched around a point, in metres.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Circle { radius: f64 },
    Box { width: f64, height: f64 },
}

impl Shape {
    /// The distance of a point inside from the centre; none when it is outside.
    pub fn distance(self, centre: Point, point: Point) -> Option<f64> {
        match self {
            Shape::Circle { radius } => Some(centre.distance(point)).filter(|&distance| distance <= radius),
            Shape::Box { width, height } => {
                if latitude_distance(centre.latitude, point.latitude) > height / 2.0 {
                    return None;
                }
                let beside = Point { longitude: centre.longitude, latitude: point.latitude };
                if point.distance(beside) > width / 2.0 {
                    return None;
                }
                Some(centre.distance(point))
            }
        }
    }

    /// The radius of the circle around it, and how far it reaches to the sides and up.
    fn reach(self) -> (f64, f64, f64) {
        match self {
            Shape::Circle { radius } => (radius, radius, radius),
            Shape::Box { width, height } => {
                let (across, up) = (width / 2.0, height / 2.0);
                (libm::sqrt(across * across + up * up), across, up)
            }
        }
    }

    /// The degrees that the shape reaches into. Towards the pole a metre is more degrees of longitude.
    fn bounds(self, centre: Point) -> Area {
        let (_, across, up) = self.reach();
        let up = (up / EARTH_RADIUS).to_degrees();
        let towards_pole = if centre.latitude < 0.0 { centre.latitude - up } else { centre.latitude + up };
        let across = (across / EARTH_RADIUS / libm::cos(towards_pole.to_radians())).to_degrees();
        Area {
            west: centre.longitude - across,
            east: centre.longitude + across,
            south: centre.latitude - up,
            north: centre.latitude + up,
        }
    }

    /// The ranges of scores in which places of the shape can be, in the order of the search.
    pub fn ranges(self, centre: Point) -> impl Iterator<Item = (f64, f64)> {
        let (radius, _, _) = self.reach();
        let bounds = self.bounds(centre);
        let mut steps = steps_for(radius, centre.latitude);
        let mut cell = Cell::of(centre, steps, LATITUDE_MAX);
        // A centre near the edge of its box may reach beyond the neighbours.
        let falls_short = {
            let at = |longitude, latitude| centre.distance(Point { longitude, latitude }) < radius;
            at(centre.longitude, cell.neighbour(0, 1).area().north)
                || at(centre.longitude, cell.neighbour(0, -1).area().south)
                || at(cell.neighbour(1, 0).area().east, centre.latitude)
                || at(cell.neighbour(-1, 0).area().west, centre.latitude)
        };
        if steps > 1 && falls_short {
            steps -= 1;
            cell = Cell::of(centre, steps, LATITUDE_MAX);
        }
        let area = cell.area();
        let around = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        let mut last = None;
        around.into_iter().filter_map(move |(east, north)| {
            // A side of the box that lies beyond the shape has nothing behind it.
            let beyond = steps >= 2
                && (north < 0 && area.south < bounds.south
                    || north > 0 && area.north > bounds.north
                    || east < 0 && area.west < bounds.west
                    || east > 0 && area.east > bounds.east);
            let neighbour = cell.neighbour(east, north);
            // On a coarse grid neighbours coincide.
            if beyond || last == Some(neighbour) {
                return None;
            }
            last = Some(neighbour);
            Some(neighbour.scores())
        })
    }
}

/// The finest grid of which nine boxes hold a circle of `radius` metres.
fn steps_for(radius: f64, latitude: f64) -> u32 {
    if radius == 0.0 {
        return STEPS;
    }
    let mut steps: i32 = 1;
    let mut reach = radius;
    while reach < MERCATOR_MAX {
        reach *= 2.0;
        steps += 1;
    }
    // Two coarser to be on the safe side, and coarser still towards the poles, where boxes are narrow.
    steps -= 2;
    if libm::fabs(latitude) > 66.0 {
        steps -= 1;
    }
    if libm::fabs(latitude) > 80.0 {
        steps -= 1;
    }
    steps.clamp(1, STEPS as i32) as u32
}
