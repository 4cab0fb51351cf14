//! The log of refusals: ACL LOG.
//!
//! A refusal that repeats within a minute is counted in the entry that there is, which moves to the front. Only the newest
//! entries are looked through for that, so that a refusal costs the same however long the log may grow.

use crate::text::Text;
use alloc::string::String;
use alloc::vec::Vec;

/// How long a repetition belongs to the entry before it, in milliseconds.
const GROUPED: i64 = 60_000;
/// How many entries are looked through for one that repeats.
const LOOKED_THROUGH: usize = 10;

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Auth,
    Command,
    Key,
    Channel,
}

impl Reason {
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Auth => "auth",
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
        }
    }
}

/// Where it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    TopLevel,
    Multi,
    Lua,
}

impl Context {
    pub const fn name(self) -> &'static str {
        match self {
            Context::TopLevel => "toplevel",
            Context::Multi => "multi",
            Context::Lua => "lua",
        }
    }
}

/// An entry of ACL LOG. Times are milliseconds since the epoch.
#[derive(Clone, Debug)]
pub struct Entry {
    pub reason: Reason,
    pub context: Context,
    /// The command, key or channel.
    pub object: Text,
    pub user: Text,
    /// The connection as CLIENT LIST shows it.
    pub client: String,
    pub count: i64,
    pub id: i64,
    pub created: i64,
    pub updated: i64,
}

impl Entry {
    pub fn new(reason: Reason, context: Context, object: &[u8], user: &[u8], client: String, now: i64) -> Entry {
        let (object, user) = (Text::new(object), Text::new(user));
        Entry { reason, context, object, user, client, count: 1, id: 0, created: now, updated: now }
    }

    fn repeats(&self, other: &Entry) -> bool {
        let said = |entry: &Entry| (entry.reason, entry.context);
        said(self) == said(other)
            && (&self.object, &self.user) == (&other.object, &other.user)
            && self.updated - other.updated <= GROUPED
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// The newest first.
    pub entries: Vec<Entry>,
    next_id: i64,
}

impl Log {
    pub fn add(&mut self, entry: Entry, most: usize) {
        let same = self.entries.iter().take(LOOKED_THROUGH).position(|known| entry.repeats(known));
        if let Some(at) = same {
            let known = self.entries.remove(at);
            self.entries.insert(0, Entry { count: known.count + 1, id: known.id, created: known.created, ..entry });
        } else {
            self.entries.insert(0, Entry { id: self.next_id, ..entry });
            self.next_id += 1;
            // A limit that was lowered shows with the next new entry only.
            self.entries.truncate(most);
        }
    }
}
