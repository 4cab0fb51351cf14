//! LATENCY: what took long, and how the durations of each command are spread.
//!
//! Two things that are measured apart. The monitor keeps, for each kind of event, the latest 160 seconds in which one took at least
//! `latency-monitor-threshold` milliseconds, with the longest duration of that second. The histograms count every call by the power of two that its
//! duration stays below. As in the slow log, what is measured is effort: time stands still while a command runs.
//!
//! Most calls take one unit of effort. They are what the calls of a command have more than the others, so that nothing
//! is counted for them.

use crate::table::{Command, Flag};
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

const SAMPLES: usize = 160;
/// Powers of two from a microsecond to more than a day.
const MOST_BUCKETS: u8 = 38;

/// A second in which something took long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub second: i64,
    pub ms: u64,
}

/// One kind of event.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub name: &'static str,
    pub longest_ms: u64,
    pub samples: VecDeque<Sample>,
}

#[derive(Clone, Debug)]
pub(crate) struct Latency {
    /// `latency-monitor-threshold`; 0: nothing is kept.
    pub threshold_ms: u64,
    /// Whether histograms are kept.
    pub tracks: bool,
    pub series: Vec<Series>,
    /// Calls that took more than one unit, by row and bucket.
    spread: Vec<(u16, u8, u64)>,
    /// The calls of each row that had been made when histograms were turned off; none while they are kept.
    stopped_at: Option<Vec<u64>>,
    /// How many calls of each row were made while no histograms were kept.
    missed: Vec<u64>,
}

impl Default for Latency {
    fn default() -> Latency {
        Latency {
            threshold_ms: 0,
            tracks: true,
            series: Vec::new(),
            spread: Vec::new(),
            stopped_at: None,
            missed: Vec::new(),
        }
    }
}

impl Latency {
    /// Takes note of a command that took more than one unit of effort.
    #[cold]
    pub(crate) fn note(&mut self, command: &Command, effort: u64, now: Instant) {
        if self.tracks {
            let bucket = bucket(effort);
            match self.spread.binary_search_by_key(&(command.id, bucket), |&(id, bucket, _)| (id, bucket)) {
                Ok(at) => self.spread[at].2 += 1,
                Err(at) => self.spread.insert(at, (command.id, bucket, 1)),
            }
        }
        let name = if command.has(Flag::Fast) { "fast-command" } else { "command" };
        self.sample(name, effort / 1000, now);
    }

    /// Keeps a duration if it is long enough.
    pub(crate) fn sample(&mut self, name: &'static str, ms: u64, now: Instant) {
        if self.threshold_ms == 0 || ms < self.threshold_ms {
            return;
        }
        let at = self.series.iter().position(|series| series.name == name).unwrap_or_else(|| {
            self.series.push(Series { name, longest_ms: 0, samples: VecDeque::new() });
            self.series.len() - 1
        });
        let series = &mut self.series[at];
        series.longest_ms = series.longest_ms.max(ms);
        let second = now.seconds();
        match series.samples.back_mut() {
            Some(last) if last.second == second => last.ms = last.ms.max(ms),
            _ => series.samples.push_back(Sample { second, ms }),
        }
        if series.samples.len() > SAMPLES {
            series.samples.pop_front();
        }
    }

    /// `latency-tracking`; `calls` are those of each row so far.
    pub(crate) fn track(&mut self, on: bool, calls: impl Iterator<Item = u64>) {
        self.tracks = on;
        if !on {
            self.stopped_at.get_or_insert_with(|| calls.collect());
        } else if let Some(stopped_at) = self.stopped_at.take() {
            self.missed.resize(stopped_at.len(), 0);
            for ((missed, stopped_at), calls) in self.missed.iter_mut().zip(stopped_at).zip(calls) {
                *missed += calls - stopped_at;
            }
        }
    }

    /// How many of a row's calls its histogram has.
    pub(crate) fn tracked(&self, id: u16, calls: u64) -> u64 {
        let of = |counts: &[u64]| counts.get(usize::from(id)).copied();
        let last = self.stopped_at.as_deref().map_or(calls, |counts| of(counts).unwrap_or(0));
        last - of(&self.missed).unwrap_or(0)
    }

    /// Up to how many nanoseconds such a share of a row's calls took, in per cent; of none of them the least that one took.
    pub(crate) fn percentile_ns(&self, id: u16, calls: u64, percent: f64) -> u64 {
        // What takes one unit takes one microsecond, which is not the bound of its bucket.
        const UNIT: u64 = 1000;
        let own = self.spread.iter().filter(|&&(row, _, _)| row == id);
        let long: u64 = own.clone().map(|&(_, _, count)| count).sum();
        let wanted = ((percent / 100.0 * calls as f64 + 0.5) as u64).max(1);
        let mut sum = calls.saturating_sub(long);
        if sum >= wanted {
            return if percent == 0.0 { UNIT } else { UNIT + 3 };
        }
        for &(_, bucket, count) in own {
            sum += count;
            if sum >= wanted {
                return if percent == 0.0 { most_ns(bucket.saturating_sub(1)) + 1 } else { most_ns(bucket) };
            }
        }
        0
    }

    /// How the calls of a row are spread: for each bound in microseconds, how many calls stayed below it; only where there are more.
    pub(crate) fn histogram(&self, id: u16, calls: u64) -> Vec<(u64, u64)> {
        let own = self.spread.iter().filter(|&&(row, _, _)| row == id);
        let long: u64 = own.clone().map(|&(_, _, count)| count).sum();
        let mut sum = calls.saturating_sub(long);
        let mut steps = Vec::new();
        if sum > 0 {
            steps.push((bound(0), sum));
        }
        for &(_, bucket, count) in own {
            sum += count;
            steps.push((bound(bucket), sum));
        }
        steps
    }

    /// CONFIG RESETSTAT.
    pub(crate) fn reset_histograms(&mut self) {
        self.spread.clear();
        self.missed.clear();
        if let Some(stopped_at) = &mut self.stopped_at {
            stopped_at.fill(0);
        }
    }
}

/// The nanoseconds that a bucket reaches to: a power of two, as exact as two digits are.
fn most_ns(bucket: u8) -> u64 {
    (1 << (10 + bucket)) + (1 << (3 + bucket)) - 1
}

fn bound(bucket: u8) -> u64 {
    most_ns(bucket) / 1000
}

fn bucket(us: u64) -> u8 {
    let ns = us.saturating_mul(1000);
    (0..MOST_BUCKETS).find(|&bucket| ns <= most_ns(bucket)).unwrap_or(MOST_BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_that_the_oracle_showed() {
        let bounds: Vec<u64> = (0..14).map(bound).collect();
        assert_eq!(bounds, [1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454]);
        assert_eq!((bucket(1), bucket(2), bucket(33), bucket(34)), (0, 1, 5, 6));
    }
}
