//! The commands that named a key, out of the journal.

use engine::table;
use resp::request::{Limits, Parser, Progress};
use sim::{ClientId, Instant, What, World};
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
    database: usize,
    key: Vec<u8>,
    read: usize,
    /// Which database each client has selected so far.
    selected: Vec<(ClientId, Selection)>,
    pub past: Vec<Past>,
    /// The options of bit commands that say what the key's bits mean, in their order.
    pub words: Vec<Rc<[Vec<u8>]>>,
}

/// A journal holds what was sent, so what a SELECT did is worked out; the server is asked where that leads now.
#[derive(Clone, Copy, Debug, Default)]
struct Selection {
    database: usize,
    /// Inside of MULTI: the one before it, to which DISCARD goes back.
    before: Option<usize>,
}

/// So many commands of one key are kept, the latest ones.
const MOST: usize = 200;

impl History {
    /// What the journal says of a key up to the present.
    pub fn follow(&mut self, world: &World, database: usize, key: &[u8]) {
        let position = world.moment().position;
        if !self.is_of(database, key) || position < self.read {
            *self = History { database, key: key.to_vec(), ..History::default() };
        }
        let databases = world.engine().store().databases();
        let records = world.journal().records.get(self.read..position).unwrap_or_default();
        for (at, record) in records.iter().enumerate() {
            let What::Send(bytes) = &record.what else {
                self.selected.retain(|(client, _)| *client != record.client);
                continue;
            };
            let selected = self.select(record.client, bytes, databases);
            if let Some((line, writes, words)) = naming(bytes, key, selected, database) {
                let position = self.read + at;
                self.past.push(Past { at: record.at, client: record.client, line, position, writes });
                self.words.push(words);
            }
        }
        for (client, selection) in &mut self.selected {
            if let Some(client) = world.engine().clients().get(*client).filter(|_| selection.before.is_none()) {
                selection.database = client.database;
            }
        }
        if self.past.len() > MOST {
            let old = self.past.len() - MOST;
            self.past.drain(..old);
            self.words.drain(..old);
        }
        self.read = position;
    }

    fn is_of(&self, database: usize, key: &[u8]) -> bool {
        self.database == database && self.key == key
    }

    /// Follows what a request does to its client's selection, and says where the request runs.
    fn select(&mut self, client: ClientId, bytes: &[u8], databases: usize) -> usize {
        let at = self.selected.iter().position(|(known, _)| *known == client);
        let mut selection = at.map_or_else(Selection::default, |at| self.selected[at].1);
        let runs_in = selection.database;
        // Most requests select nothing: a look at where the name stands spares taking them apart.
        const NAMES: [&str; 5] = ["select", "multi", "exec", "discard", "reset"];
        let head = bytes.get(..24).unwrap_or(bytes);
        let says = |name: &str| head.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name.as_bytes()));
        if !NAMES.into_iter().any(says) {
            return runs_in;
        }
        let mut parser = Parser::default();
        let words = words(&mut parser, bytes);
        match words.first().map(|name| name.to_ascii_lowercase()).as_deref() {
            Some(b"select") => {
                let wanted = words.get(1).and_then(|word| number(word)).filter(|wanted| *wanted < databases);
                selection.database = wanted.unwrap_or(selection.database);
            }
            Some(b"multi") => selection.before = selection.before.or(Some(selection.database)),
            Some(b"exec") => selection.before = None,
            Some(b"discard") => selection.database = selection.before.take().unwrap_or(selection.database),
            Some(b"reset") => selection = Selection::default(),
            _ => return runs_in,
        }
        match at {
            Some(at) => self.selected[at].1 = selection,
            None => self.selected.push((client, selection)),
        }
        runs_in
    }

    /// Whether it has read so far, of this key.
    pub fn is_at(&self, position: usize, database: usize, key: &[u8]) -> bool {
        self.read == position && self.is_of(database, key)
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

fn words<'a>(parser: &'a mut Parser, bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let Ok(Progress::Request { inline, .. }) = parser.parse(bytes, &Limits::default()) else { return Vec::new() };
    let source = if inline { parser.inline() } else { bytes };
    parser.spans().iter().filter_map(|span| source.get(span.start as usize..span.end as usize)).collect()
}

fn number(word: &[u8]) -> Option<usize> {
    resp::number::parse_integer(word).and_then(|number| usize::try_from(number).ok())
}

/// The database of the key at a place in a request: MOVE and COPY name keys of others than the one that is selected.
fn is_in(words: &[&[u8]], at: usize, selected: usize, database: usize) -> bool {
    let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    if is(words[0], "move") && words.get(2).and_then(|word| number(word)) == Some(database) {
        return true;
    }
    if is(words[0], "copy") && at == 2 {
        let target = words.iter().skip(3).position(|word| is(word, "db")).and_then(|at| words.get(at + 4));
        return target.and_then(|word| number(word)).unwrap_or(selected) == database;
    }
    selected == database
}

/// What a request says, if it names `key` of `database`.
fn naming(bytes: &[u8], key: &[u8], selected: usize, database: usize) -> Option<Naming> {
    // Most commands do not name it: a look at the bytes spares taking them apart.
    if !key.is_empty() && !bytes.windows(key.len()).any(|part| part == key) {
        return None;
    }
    let mut parser = Parser::default();
    let words = words(&mut parser, bytes);
    let command = table::find(words.first()?)?;
    let command = words.get(1).and_then(|word| command.subcommand(word)).unwrap_or(command);
    let keys = command.keys_of(&words)?;
    let is_it = |at: usize| words.get(at) == Some(&key) && is_in(&words, at, selected, database);
    let (_, flags) = keys.iter().find(|(at, _)| is_it(*at))?;
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
