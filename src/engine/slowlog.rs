//! SLOWLOG: the commands that took long.
//!
//! Time stands still while a command runs, so what is measured is its effort: one microsecond for the call and one for every
//! element that it visited or byte that it copied beyond its reply. Like Redis the log keeps the latest entries only, at most 32
//! words of each command and 128 bytes of each word, and no passwords.

use crate::args::Args;
use crate::client::Client;
use crate::table::Command;
use crate::text::Text;
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

const MOST_WORDS: usize = 32;
const MOST_BYTES: usize = 128;

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub id: u64,
    pub at: Instant,
    pub effort: u64,
    pub words: Vec<Text>,
    pub address: String,
    pub name: Text,
}

#[derive(Clone, Debug)]
pub(crate) struct SlowLog {
    /// The effort from which on a command is slow; negative: none is.
    pub slower_than: i64,
    longest: usize,
    entries: VecDeque<Entry>,
    next_id: u64,
}

impl Default for SlowLog {
    fn default() -> SlowLog {
        SlowLog { slower_than: 10_000, longest: 128, entries: VecDeque::new(), next_id: 0 }
    }
}

impl SlowLog {
    /// Takes note of a slow command.
    #[cold]
    pub(crate) fn add(&mut self, command: &Command, args: &Args, effort: u64, now: Instant, client: &Client) {
        let entry = Entry {
            id: self.next_id,
            at: now,
            effort,
            words: words(command, args),
            address: client.address.clone(),
            name: client.name.clone(),
        };
        self.next_id += 1;
        self.entries.push_front(entry);
        self.entries.truncate(self.longest);
    }

    /// The next entry finds the log as long as it may be; what is too much stays until then.
    pub(crate) fn limit(&mut self, longest: usize) {
        self.longest = longest;
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries, latest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

fn words(command: &Command, args: &Args) -> Vec<Text> {
    let count = args.count();
    let kept = if count > MOST_WORDS { MOST_WORDS - 1 } else { count };
    let mut words: Vec<Text> = (0..kept).map(|position| word(command, args, position)).collect();
    if kept < count {
        words.push(Text::new(alloc::format!("... ({} more arguments)", count - kept).as_bytes()));
    }
    words
}

fn word(command: &Command, args: &Args, position: usize) -> Text {
    let word = args.at(position);
    if is_secret(command, args, position) {
        return Text::new(b"(redacted)");
    }
    if word.len() <= MOST_BYTES {
        return Text::new(word);
    }
    let rest = alloc::format!("... ({} more bytes)", word.len() - MOST_BYTES);
    Text::new(&[&word[..MOST_BYTES], rest.as_bytes()].concat())
}

fn is_secret(command: &Command, args: &Args, position: usize) -> bool {
    let before = |distance: usize, word: &str| {
        position > distance && args.at(position - distance).eq_ignore_ascii_case(word.as_bytes())
    };
    match command.full_name {
        "auth" => position > 0,
        "hello" => position > 2 && (before(1, "AUTH") || before(2, "AUTH")),
        "config|set" => {
            position % 2 == 1 && (before(1, "requirepass") || before(1, "masterauth") || before(1, "masteruser"))
        }
        _ => false,
    }
}
