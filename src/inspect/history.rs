//! The commands that named a key, out of the journal.

use engine::table;
use resp::request::{Limits, Parser, Progress};
use sim::{ClientId, Instant, Journal, What};
use std::rc::Rc;

/// A command that named the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    pub at: Instant,
    pub client: ClientId,
    pub line: Rc<str>,
    /// Where it stands in the journal.
    pub position: usize,
    pub writes: bool,
}

/// Reads on where it stopped, because journals only grow or are cut.
#[derive(Clone, Debug, Default)]
pub struct History {
    key: Vec<u8>,
    read: usize,
    pub past: Vec<Past>,
    /// The options of bit commands that say what the key's bits mean, in their order.
    pub words: Vec<Rc<[Vec<u8>]>>,
}

/// So many commands of one key are kept, the latest ones.
const MOST: usize = 200;

impl History {
    /// What the first `position` records of a journal say of a key. Databases are not told apart: a journal knows no selections.
    pub fn follow(&mut self, journal: &Journal, position: usize, key: &[u8]) {
        if self.key != key || position < self.read {
            *self = History { key: key.to_vec(), ..History::default() };
        }
        let records = journal.records.get(self.read..position).unwrap_or_default();
        for (at, record) in records.iter().enumerate() {
            if let What::Send(bytes) = &record.what
                && let Some((line, writes, words)) = naming(bytes, key)
            {
                let position = self.read + at;
                self.past.push(Past { at: record.at, client: record.client, line, position, writes });
                self.words.push(words);
            }
        }
        if self.past.len() > MOST {
            let old = self.past.len() - MOST;
            self.past.drain(..old);
            self.words.drain(..old);
        }
        self.read = position;
    }

    /// Whether it has read so far, of this key.
    pub fn is_at(&self, position: usize, key: &[u8]) -> bool {
        self.read == position && self.key == key
    }

    /// Whether a command of one of these names was among them.
    pub fn names(&self, names: &[&str]) -> bool {
        self.words.iter().any(|words| {
            words.first().is_some_and(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes())))
        })
    }
}

/// A request as somebody would have typed it, whether it may write, and its words.
type Naming = (Rc<str>, bool, Rc<[Vec<u8>]>);

/// What a request says, if it names `key`.
fn naming(bytes: &[u8], key: &[u8]) -> Option<Naming> {
    // Most commands do not name it: a look at the bytes spares taking them apart.
    if !key.is_empty() && !bytes.windows(key.len()).any(|part| part == key) {
        return None;
    }
    let mut parser = Parser::default();
    let Ok(Progress::Request { inline, .. }) = parser.parse(bytes, &Limits::default()) else { return None };
    let source = if inline { parser.inline() } else { bytes };
    let words: Vec<&[u8]> =
        parser.spans().iter().filter_map(|span| source.get(span.start as usize..span.end as usize)).collect();
    let command = table::find(words.first()?)?;
    let command = words.get(1).and_then(|word| command.subcommand(word)).unwrap_or(command);
    let keys = command.keys_of(&words)?;
    let (_, flags) = keys.iter().find(|(at, _)| words.get(*at) == Some(&key))?;
    const SHOWN: usize = 80;
    let mut line = String::new();
    for word in &words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&term::quote::typed(&word[..word.len().min(SHOWN)]));
        if line.chars().count() > SHOWN {
            line = line.chars().take(SHOWN - 1).chain(['…']).collect();
            break;
        }
    }
    let words = words.iter().take(64).map(|word| word.to_vec()).collect();
    Some((line.into(), !flags.starts_with("RO"), words))
}
