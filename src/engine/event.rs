//! What happens inside a step, for everybody who is not the command itself.
//!
//! Commands report through [`Effects`]; when a command is over, the call path settles the report: watchers are marked, keyspace
//! events published, blocked clients served, and the host, if it listens, is told. When nobody is interested a report
//! costs a comparison.

use crate::text::Text;
use alloc::vec::Vec;

/// The classes of keyspace events, by the letters of `notify-keyspace-events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Class {
    Generic = 1 << 2,
    String = 1 << 3,
    List = 1 << 4,
    Set = 1 << 5,
    Hash = 1 << 6,
    SortedSet = 1 << 7,
    Expired = 1 << 8,
    Evicted = 1 << 9,
    Stream = 1 << 10,
    KeyMiss = 1 << 11,
    New = 1 << 14,
    Overwritten = 1 << 15,
    TypeChanged = 1 << 16,
}

/// Something that happened inside the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The key changed, and a client did it, unless its time was over.
    Modified { database: usize, key: Text, authored: bool },
    /// The key came or went with its whole database.
    Exchanged { database: usize, key: Text },
    /// A keyspace event, whether or not anybody may hear it over pub/sub.
    Notified { class: Class, event: &'static str, database: usize, key: Text },
    /// The key's time was over: it was reclaimed because a command looked it up (`lazily`), or by the active cycle.
    Expired { database: usize, key: Text, lazily: bool },
    /// The key was drawn as a candidate for eviction; the one with the highest score goes. What the score says depends on the policy: seconds since
    /// the last use or change, how far the counter of uses is from its maximum, how soon the deadline is.
    Sampled { database: usize, key: Text, score: u64 },
    /// The key was evicted, because more memory was used than `maxmemory` allows.
    Evicted { database: usize, key: Text },
    /// A key came, changed or went that blocked clients may wait for.
    Ready { database: usize, key: Text },
    /// Another value took the place of a stream: those look again who wait for its groups, and with them whoever else waits for the key.
    Displaced { database: usize, key: Text },
    /// The database was emptied, or swapped with another.
    Replaced { database: usize },
    /// A script wrote to the server's log (`redis.log`), and `loglevel` lets it through. The host hears of it whether it listens or not.
    Logged { level: LogLevel, message: Text },
}

/// What a line of the log is worth, by the numbers that `redis.log` has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Debug,
    Verbose,
    Notice,
    Warning,
}

impl LogLevel {
    const ALL: [(&[u8], LogLevel); 4] = [
        (b"debug", LogLevel::Debug),
        (b"verbose", LogLevel::Verbose),
        (b"notice", LogLevel::Notice),
        (b"warning", LogLevel::Warning),
    ];

    pub(crate) fn numbered(number: i64) -> Option<LogLevel> {
        LogLevel::ALL.get(usize::try_from(number).ok()?).map(|(_, level)| *level)
    }

    /// Whether such a line is written at this `loglevel`.
    pub(crate) fn is_heard_at(self, least: &[u8]) -> bool {
        LogLevel::ALL.iter().any(|(name, level)| *level <= self && name.eq_ignore_ascii_case(least))
    }
}

/// The report of a step.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Changes since the server started, as in INFO's rdb_changes_since_last_save.
    pub dirty: u64,
    pub(crate) events: Vec<Event>,
    /// Whether the host wants to know everything.
    pub(crate) listening: bool,
    /// The classes that notify-keyspace-events asks for.
    pub(crate) classes: u32,
    /// Whether any client watches any key.
    pub(crate) watching: bool,
    /// Whether any client is told of changes (CLIENT TRACKING).
    pub(crate) tracking: bool,
    /// Whether any client waits for a key.
    pub(crate) waiting: bool,
}

impl Effects {
    #[inline]
    pub(crate) fn modified(&mut self, database: usize, key: &[u8]) {
        self.note_modified(database, key, true);
    }

    #[inline]
    fn note_modified(&mut self, database: usize, key: &[u8], authored: bool) {
        if self.listening || self.watching || self.tracking {
            self.events.push(Event::Modified { database, key: Text::new(key), authored });
        }
    }

    pub(crate) fn exchanged(&mut self, database: usize, key: &[u8]) {
        self.events.push(Event::Exchanged { database, key: Text::new(key) });
    }

    #[inline]
    pub(crate) fn notify(&mut self, class: Class, event: &'static str, database: usize, key: &[u8]) {
        if self.listening || self.classes & class as u32 != 0 {
            self.events.push(Event::Notified { class, event, database, key: Text::new(key) });
        }
    }

    #[inline]
    pub(crate) fn hears_of_overwriting(&self) -> bool {
        self.listening || self.classes & (Class::Overwritten as u32 | Class::TypeChanged as u32) != 0
    }

    pub(crate) fn displaced(&mut self, database: usize, key: &[u8]) {
        if self.waiting {
            self.events.push(Event::Displaced { database, key: Text::new(key) });
        }
    }

    #[inline]
    pub(crate) fn ready(&mut self, database: usize, key: &[u8]) {
        if self.waiting {
            self.events.push(Event::Ready { database, key: Text::new(key) });
        }
    }

    pub(crate) fn replaced(&mut self, database: usize) {
        if self.listening {
            self.events.push(Event::Replaced { database });
        }
    }

    pub(crate) fn expired(&mut self, database: usize, key: &[u8], lazily: bool) {
        if self.listening {
            self.events.push(Event::Expired { database, key: Text::new(key), lazily });
        }
        self.note_modified(database, key, false);
        self.notify(Class::Expired, "expired", database, key);
    }

    pub(crate) fn sampled(&mut self, database: usize, key: &Text, score: u64) {
        if self.listening {
            self.events.push(Event::Sampled { database, key: key.clone(), score });
        }
    }

    pub(crate) fn evicted(&mut self, database: usize, key: &[u8]) {
        if self.listening {
            self.events.push(Event::Evicted { database, key: Text::new(key) });
        }
        self.modified(database, key);
        self.notify(Class::Evicted, "evicted", database, key);
    }
}
