//! How fast virtual time follows real time.

/// The clock's controls: running or not, and how many times faster than real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub paused: bool,
    /// 1 is real time.
    pub speed: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { paused: false, speed: 1 }
    }
}

impl Pace {
    /// The longest stretch of real time that counts, in microseconds. A page that slept in a background tab for an hour does
    /// not want that hour to pass in one frame.
    pub const LONGEST_FRAME_US: u64 = 250_000;

    /// How much virtual time passes in `real_us` microseconds of real time.
    pub fn virtual_us(self, real_us: u64) -> u64 {
        if self.paused { 0 } else { real_us.min(Self::LONGEST_FRAME_US) * u64::from(self.speed) }
    }
}
