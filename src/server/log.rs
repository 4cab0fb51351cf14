//! The log, in redis-server's format: `pid:role day month year time level message`, times in UTC.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Verbose,
    #[default]
    Notice,
    Warning,
    Nothing,
}

impl Level {
    pub fn named(name: &str) -> Option<Level> {
        Some(match name.to_ascii_lowercase().as_str() {
            "debug" => Level::Debug,
            "verbose" => Level::Verbose,
            "notice" => Level::Notice,
            "warning" => Level::Warning,
            "nothing" => Level::Nothing,
            _ => return None,
        })
    }

    pub fn of(level: engine::LogLevel) -> Level {
        match level {
            engine::LogLevel::Debug => Level::Debug,
            engine::LogLevel::Verbose => Level::Verbose,
            engine::LogLevel::Notice => Level::Notice,
            engine::LogLevel::Warning => Level::Warning,
        }
    }

    fn sign(self) -> char {
        match self {
            Level::Debug => '.',
            Level::Verbose => '-',
            Level::Notice => '*',
            Level::Warning | Level::Nothing => '#',
        }
    }
}

/// Where messages go.
pub struct Log {
    level: Level,
    file: Option<File>,
    /// `C` while the configuration is read, `M` for a server that takes writes.
    role: char,
}

impl Log {
    /// A log on standard output.
    pub fn new(level: Level) -> Log {
        Log { level, file: None, role: 'C' }
    }

    /// Goes on in a file.
    pub fn open(&mut self, path: &Path) -> io::Result<()> {
        self.file = Some(OpenOptions::new().create(true).append(true).open(path)?);
        Ok(())
    }

    pub fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// From here on the process is a server.
    pub fn serves(&mut self) {
        self.role = 'M';
    }

    pub fn hears(&self, level: Level) -> bool {
        level >= self.level && level != Level::Nothing
    }

    /// A line without time and role: what redis-server says from a signal handler.
    pub fn signal(&mut self, name: &str) {
        if self.hears(Level::Warning) {
            let seconds = since_epoch().as_secs();
            let pid = std::process::id();
            let line = format!("{pid}:signal-handler ({seconds}) Received {name} scheduling shutdown...\n");
            self.write(line.as_bytes());
        }
    }

    pub fn say(&mut self, level: Level, message: impl Display) {
        if self.hears(level) {
            self.put(level, message.to_string().as_bytes());
        }
    }

    /// Writes a line, whatever the level, of bytes that need not be text.
    pub fn put(&mut self, level: Level, message: &[u8]) {
        let (pid, role, sign) = (std::process::id(), self.role, level.sign());
        let mut line = format!("{pid}:{role} {} {sign} ", timestamp(since_epoch().as_millis() as u64)).into_bytes();
        line.extend_from_slice(message);
        line.push(b'\n');
        self.write(&line);
    }

    pub fn notice(&mut self, message: impl Display) {
        self.say(Level::Notice, message);
    }

    pub fn warning(&mut self, message: impl Display) {
        self.say(Level::Warning, message);
    }

    /// A log that cannot be written is no reason to stop serving.
    fn write(&mut self, line: &[u8]) {
        let _ = match &mut self.file {
            Some(file) => file.write_all(line),
            None => io::stdout().lock().write_all(line),
        };
    }
}

fn since_epoch() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// `20 Nov 2026 09:24:13.521`
fn timestamp(milliseconds: u64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = milliseconds / 1000;
    let (year, month, day) = date(seconds / 86400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let month = MONTHS[month];
    format!("{day:02} {month} {year} {hour:02}:{minute:02}:{second:02}.{:03}", milliseconds % 1000)
}

/// Year, month from 0 and day from 1 of a number of days since 1970. Years are counted from March, so that the leap day
/// is their last.
fn date(days: u64) -> (u64, usize, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = (month + 2) % 12;
    (era * 400 + year_of_era + u64::from(month < 2), month as usize, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_look_as_in_redis() {
        assert_eq!(timestamp(1_795_166_653_521), "20 Nov 2026 09:24:13.521");
        assert_eq!(timestamp(0), "01 Jan 1970 00:00:00.000");
        assert_eq!(timestamp(951_782_400_000), "29 Feb 2000 00:00:00.000");
        assert_eq!(timestamp(1_767_225_599_999), "31 Dec 2025 23:59:59.999");
    }
}
