//! The engine's only notion of time: what the host says it is.

/// A moment in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

impl Instant {
    /// The moment `milliseconds` after the Unix epoch; what lies before the epoch is the epoch.
    pub const fn from_millis(milliseconds: i64) -> Instant {
        Instant(if milliseconds < 0 { 0 } else { (milliseconds as u64).saturating_mul(1000) })
    }

    /// Whole milliseconds since the Unix epoch, the unit of every deadline.
    pub const fn millis(self) -> i64 {
        (self.0 / 1000) as i64
    }

    /// Whole seconds since the Unix epoch.
    pub const fn seconds(self) -> i64 {
        (self.0 / 1_000_000) as i64
    }

    /// This moment `microseconds` later.
    pub const fn plus_micros(self, microseconds: u64) -> Instant {
        Instant(self.0.saturating_add(microseconds))
    }
}
