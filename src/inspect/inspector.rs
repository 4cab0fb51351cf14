//! What somebody looks at: a database, its keys in an order, and perhaps one of them opened.
//!
//! The inspector follows the world by its events and draws nothing: a view is made of the rows on view and the opened value, and
//! is the same view until something of it changes. Before a command it takes a hold of the values on view (values are shared, so that
//! costs a pointer each) and afterwards tells what became of them.

use crate::change::Before;
use crate::history::{History, Past};
use crate::index::{Index, Share, Sort, Wanted, memory};
use crate::meter::{Meter, meters};
use crate::picture::{self, Lens, sheet};
use crate::reading::reading;
use crate::row::{KINDS, Lives, Row, key_id, row};
use crate::text;
use crate::tree::{self, Leaf};
use engine::{Engine, Event, Text, Value};
use sim::{Moment, World};
use std::cell::RefCell;
use std::rc::Rc;

/// Up to so many keys are shown as pictures, each as high as it needs; more of them as lines of equal height.
pub const FEW: usize = 40;
/// Parts of a value that a picture in the list shows, and a line.
const PARTS: (usize, usize) = (24, 8);
/// Keys that are taken into the order at once; a larger keyspace is taken in from frame to frame.
const AT_ONCE: usize = 4096;
const PER_FRAME: usize = 1024;
/// After more changes than this at once everything is looked at again.
const MANY: usize = 2048;

/// How the list is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    #[default]
    Pictures,
    Table,
    Tree,
}

#[derive(Clone, Debug, PartialEq)]
pub enum InspectMsg {
    Filter(String),
    /// Only this type; empty: all.
    Kind(&'static str),
    /// By this; once more: the other way round.
    Sort(Sort),
    /// This database, or whichever the active client has selected.
    Database(Option<usize>),
    Layout(Layout),
    /// These lines are on view.
    Window {
        first: usize,
        count: usize,
    },
    /// The line that the keyboard is on.
    Point(usize),
    Open(usize),
    Branch(usize),
    Close,
    Lens(Lens),
    /// The opened value as a table.
    Sheet(bool),
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    Key { row: Rc<Row>, depth: usize },
    Branch { label: Rc<str>, depth: usize, keys: usize, open: bool },
    More { keys: usize, depth: usize },
}

/// What is to be seen, without what is drawn where.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyspaceView {
    /// Keys in the database, and those that match.
    pub total: usize,
    pub matching: usize,
    /// The list is not in order yet.
    pub counting: bool,
    pub lines: Vec<Line>,
    /// The number of the first line, and of all lines.
    pub first: usize,
    pub all: usize,
    /// The line that the keyboard is on.
    pub at: usize,
    pub layout: Layout,
    pub filter: Rc<str>,
    pub kind: &'static str,
    pub sort: Sort,
    pub descending: bool,
    pub database: usize,
    /// Databases that hold keys, with how many, and the one on view.
    pub databases: Vec<(usize, usize)>,
    pub shares: [Share; KINDS.len()],
    /// The heaviest keys: type, bytes, name.
    pub heaviest: Vec<(usize, u64, Rc<str>)>,
    /// Bytes that the last command added or gave back.
    pub gained: i64,
    pub open: Option<Rc<Open>>,
}

impl KeyspaceView {
    pub fn is_compact(&self) -> bool {
        self.layout == Layout::Tree || self.matching > FEW
    }
}

/// A key that is opened.
#[derive(Debug)]
pub struct Open {
    /// When it was looked at, as finely as it matters.
    stamp: (usize, u64, u64),
    pub row: Row,
    /// None when the key is gone.
    pub value: Option<Value>,
    pub before: Before,
    pub lenses: Vec<Lens>,
    pub lens: Lens,
    pub sheet: bool,
    /// Bytes that the last command added to it or took away.
    pub gained: i64,
    pub meters: Vec<Meter>,
    /// The command that reads it.
    pub reading: Rc<str>,
    pub history: Rc<History>,
    pub compress_depth: i64,
    pub now: i64,
    lives: Rc<RefCell<Lives>>,
}

impl PartialEq for Open {
    fn eq(&self, other: &Open) -> bool {
        self.stamp == other.stamp && self.row.id == other.row.id
    }
}

impl Open {
    pub fn source(&self) -> Option<sheet::Source<'_>> {
        let Open { value, before, history, compress_depth, now, .. } = self;
        Some(sheet::Source { value: value.as_ref()?, before, history, compress_depth: *compress_depth, now: *now })
    }

    pub fn past(&self) -> &[Past] {
        &self.history.past
    }

    /// The bytes of a string.
    pub fn bytes(&self) -> Vec<u8> {
        self.value.as_ref().and_then(Value::as_string).map_or_else(Vec::new, |text| text.to_vec())
    }

    pub fn lives(&self) -> std::cell::RefMut<'_, Lives> {
        self.lives.borrow_mut()
    }
}

/// What some keys weigh at a position of the journal and a version of the view.
#[derive(Debug, Default)]
struct Weighed {
    at: (usize, u64),
    keys: Vec<(usize, Text, u64)>,
}

#[derive(Debug, Default)]
pub struct Inspector {
    filter: String,
    kind: &'static str,
    sort: Sort,
    descending: bool,
    database: Option<usize>,
    layout: Layout,
    window: (usize, usize),
    at: usize,
    branches: Vec<Text>,
    opened: Option<(usize, Text)>,
    lens: Option<Lens>,
    as_sheet: bool,

    index: Index,
    tree: Option<(u64, Rc<Vec<Leaf>>)>,
    lives: Rc<RefCell<Lives>>,
    history: Rc<History>,
    /// The values on view as they were before the last command.
    held: Vec<(usize, Text, Option<Value>)>,
    /// The keys that it changed, and whether they came into being.
    touched: Vec<(usize, Text, bool)>,
    /// What the opened key weighed, and all keys, before the last command.
    opened_bytes: u64,
    weighed: u64,
    /// What streams weigh, as long as nothing happens.
    streams: Weighed,
    gained: i64,
    /// Counts what no moment tells apart: settings, and what was touched.
    version: u64,
    seen: Option<((Moment, u64, usize), Rc<KeyspaceView>)>,
}

impl Inspector {
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The same way of looking, at another world.
    pub fn looking_as(&self) -> Inspector {
        Inspector {
            filter: self.filter.clone(),
            kind: self.kind,
            sort: self.sort,
            descending: self.descending,
            database: self.database,
            layout: self.layout,
            ..Inspector::default()
        }
    }

    // ---- following the world ----------------------------------------------------------------------------------------

    /// A command is about to run: takes hold of what is on view.
    pub fn about_to_change(&mut self, world: &World, active: usize) {
        let view = self.view(world, active);
        self.forget_changes();
        self.weighed = self.index.bytes();
        let store = world.engine().store();
        let keyspace = store.keyspace(view.database);
        // A long string is copied when it is written while somebody holds it.
        const LONG: usize = 1 << 20;
        let hold = |name: &[u8]| {
            let value = keyspace.get(name).map(|(value, _)| value.clone());
            value.filter(|value| value.as_string().is_none_or(|text| text.len() <= LONG))
        };
        let names = self.names(&view);
        self.held = names.into_iter().map(|name| (view.database, name.clone(), hold(&name))).collect();
        if let Some((database, name)) = &self.opened
            && *database == view.database
        {
            self.held.push((*database, name.clone(), hold(name)));
            self.opened_bytes = view.open.as_ref().map_or(0, |open| open.row.bytes);
        }
    }

    fn names(&self, view: &KeyspaceView) -> Vec<Text> {
        if view.layout == Layout::Tree {
            let lines = self.tree.iter().flat_map(|(_, lines)| lines.iter().skip(view.first).take(view.lines.len()));
            let name = |leaf: &Leaf| if let Leaf::Key { name, .. } = leaf { Some(name.clone()) } else { None };
            lines.filter_map(name).collect()
        } else {
            self.index.names(view.first, view.lines.len(), view.descending)
        }
    }

    pub fn forget_changes(&mut self) {
        self.touched.clear();
        self.held.clear();
        self.gained = 0;
        self.version += 1;
    }

    /// What the engine told since the last time. `notable`: a command of somebody's did it, so it is shown as a change.
    pub fn heard(&mut self, engine: &Engine, events: impl ExactSizeIterator<Item = Event>, notable: bool) {
        if events.len() == 0 {
            return;
        }
        self.version += 1;
        let many = events.len() > MANY;
        let shown = self.index.wanted.database;
        let mut anew = many;
        for event in events {
            let (database, key, is_change) = match event {
                Event::Modified { database, key, .. } => (database, key, true),
                Event::Notified { database, key, .. } => (database, key, false),
                Event::Replaced { database } => {
                    anew |= database == shown;
                    continue;
                }
                _ => continue,
            };
            if notable && is_change && self.touched.len() < MANY {
                let fresh = database == shown && self.index.done && !self.index.knows(&key);
                self.touched.push((database, key.clone(), fresh));
            }
            if database == shown && !anew {
                self.index.note(engine.store().keyspace(database), &key);
            }
        }
        if anew || !self.index.agrees(engine.store().keyspace(shown)) {
            self.begin(engine, self.index.wanted.clone());
        }
        if notable && self.index.done {
            self.gained = self.index.bytes() as i64 - self.weighed as i64;
        }
    }

    /// Somebody went to another time: nothing that was known holds.
    pub fn went_elsewhere(&mut self, engine: &Engine) {
        self.forget_changes();
        self.begin(engine, self.index.wanted.clone());
    }

    fn begin(&mut self, engine: &Engine, wanted: Wanted) {
        let keyspace = engine.store().keyspace(wanted.database);
        self.index.reset(wanted);
        self.index.work(keyspace, AT_ONCE);
        self.version += 1;
    }

    /// A frame's worth of sorting; says whether there is something new to see.
    pub fn work(&mut self, engine: &Engine) -> bool {
        let keyspace = engine.store().keyspace(self.index.wanted.database);
        let worked = !self.index.done && self.index.work(keyspace, PER_FRAME);
        self.version += u64::from(worked);
        worked
    }

    // ---- looking ----------------------------------------------------------------------------------------------------

    pub fn update(&mut self, msg: &InspectMsg) {
        self.version += 1;
        match msg {
            InspectMsg::Filter(filter) => {
                self.filter.clone_from(filter);
                self.at = 0;
            }
            InspectMsg::Kind(kind) => {
                self.kind = kind;
                self.at = 0;
            }
            InspectMsg::Sort(sort) => {
                self.descending = self.sort == *sort && !self.descending;
                self.sort = *sort;
                self.at = 0;
            }
            InspectMsg::Database(database) => {
                self.database = *database;
                self.opened = None;
                self.at = 0;
            }
            InspectMsg::Layout(layout) => {
                self.layout = *layout;
                self.at = 0;
            }
            InspectMsg::Window { first, count } => self.window = (*first, *count),
            InspectMsg::Point(at) => self.at = *at,
            InspectMsg::Open(at) => {
                self.at = *at;
                let database = self.index.wanted.database;
                self.opened = self.name_at(*at).map(|name| (database, name));
                self.lens = None;
            }
            InspectMsg::Branch(at) => {
                self.at = *at;
                self.toggle(*at);
            }
            InspectMsg::Close => self.opened = None,
            InspectMsg::Lens(lens) => self.lens = Some(*lens),
            InspectMsg::Sheet(sheet) => self.as_sheet = *sheet,
        }
    }

    fn name_at(&self, at: usize) -> Option<Text> {
        if self.layout != Layout::Tree {
            return self.index.names(at, 1, self.descending).pop();
        }
        match self.tree.as_ref()?.1.get(at)? {
            Leaf::Key { name, .. } => Some(name.clone()),
            _ => None,
        }
    }

    fn toggle(&mut self, at: usize) {
        let Some((_, lines)) = &self.tree else { return };
        let Some(Leaf::Branch { prefix, .. }) = lines.get(at) else { return };
        match self.branches.iter().position(|open| open == prefix) {
            Some(at) => {
                self.branches.remove(at);
            }
            None => self.branches.push(prefix.clone()),
        }
        self.tree = None;
    }

    /// What there is to see; `active` is the database that the active client has selected.
    pub fn view(&mut self, world: &World, active: usize) -> Rc<KeyspaceView> {
        let engine = world.engine();
        let database = self.database.unwrap_or(active).min(engine.store().databases().saturating_sub(1));
        // A tree is made of names in order.
        let sort = if self.layout == Layout::Tree { Sort::Name } else { self.sort };
        let filter = self.filter.clone();
        let compress_depth = engine.store().encodings.list_compress_depth;
        let wanted = Wanted { database, filter, kind: self.kind, sort, compress_depth };
        let same = self.index.wanted == wanted && self.index.version > 0;
        if !same || !self.index.agrees(engine.store().keyspace(database)) {
            self.begin(engine, wanted);
        }
        let moment = world.moment();
        // A tenth of a second is the finest thing that is written anywhere.
        let tenth = Moment { now: sim::Instant(moment.now.0 / 100_000), ..moment };
        let stamp = (tenth, self.version, database);
        if let Some((seen, view)) = &self.seen
            && *seen == stamp
        {
            return view.clone();
        }
        let view = Rc::new(self.look(world, database));
        self.seen = Some((stamp, view.clone()));
        view
    }

    fn look(&mut self, world: &World, database: usize) -> KeyspaceView {
        let store = world.engine().store();
        let keyspace = store.keyspace(database);
        let now = world.now().millis();
        let matching = self.index.len();
        let tree = (self.layout == Layout::Tree).then(|| self.tree_lines());
        let all = tree.as_ref().map_or(matching, |tree| tree.len());
        let compact = tree.is_some() || matching > FEW;
        let (first, count) = if compact { self.window } else { (0, FEW) };
        let count = count.clamp(FEW, 400);
        let first = first.min(all.saturating_sub(1));
        self.at = self.at.min(all.saturating_sub(1));
        let leaves: Vec<Leaf> = match &tree {
            // Behind an opened key nobody sees the list.
            _ if self.opened.is_some() => Vec::new(),
            Some(tree) => tree.iter().skip(first).take(count).cloned().collect(),
            None => {
                let names = self.index.names(first, count, self.descending);
                names.into_iter().map(|name| Leaf::Key { name, depth: 0 }).collect()
            }
        };
        let parts = if compact { PARTS.1 } else { PARTS.0 };
        let mut lines = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            lines.push(match leaf {
                Leaf::Key { name, depth } => {
                    let Some((value, deadline)) = keyspace.get(&name) else { continue };
                    let before = self.before(database, &name, value);
                    let bytes = self.weigh(world, database, &name);
                    let row = row(
                        (database, &name),
                        (value, deadline, bytes),
                        (now, parts),
                        &before,
                        &mut self.lives.borrow_mut(),
                    );
                    Line::Key { row: Rc::new(row), depth }
                }
                Leaf::Branch { prefix, depth, keys, open } => {
                    Line::Branch { label: text::short(&prefix, 200), depth, keys, open }
                }
                Leaf::More { keys, depth } => Line::More { keys, depth },
            });
        }
        let held = |number: &usize| !store.keyspace(*number).is_empty() || *number == database;
        let databases = (0..store.databases()).filter(held).map(|number| (number, store.keyspace(number).len()));
        const HEAVIEST: usize = 12;
        let heaviest = self.index.heaviest(HEAVIEST).into_iter();
        KeyspaceView {
            total: keyspace.len(),
            matching,
            counting: !self.index.done,
            lines,
            first,
            all,
            at: self.at,
            layout: self.layout,
            filter: self.filter.as_str().into(),
            kind: self.kind,
            sort: self.sort,
            descending: self.descending,
            database,
            databases: databases.collect(),
            shares: *self.index.shares(),
            heaviest: heaviest.map(|(kind, bytes, name)| (kind, bytes, text::short(&name, 60))).collect(),
            gained: self.gained,
            open: if self.opened.is_some() { self.look_into(world) } else { None },
        }
    }

    fn tree_lines(&mut self) -> Rc<Vec<Leaf>> {
        if let Some((version, lines)) = &self.tree
            && *version == self.index.version
        {
            return lines.clone();
        }
        let lines = Rc::new(tree::lines(&self.index, &self.branches));
        self.tree = Some((self.index.version, lines.clone()));
        lines
    }

    /// What a key held before the last command, if that command touched it.
    fn before(&self, database: usize, name: &[u8], value: &Value) -> Before {
        let is_this = |other: usize, key: &[u8]| other == database && key == name;
        // Reading as a group changes a stream without being a change of the key.
        if let Value::Stream(now) = value
            && let Some((.., Some(Value::Stream(was)))) = self.held.iter().find(|(other, key, _)| is_this(*other, key))
            && !Rc::ptr_eq(now, was)
        {
            return Before::Held(Value::Stream(was.clone()));
        }
        let Some((.., fresh)) = self.touched.iter().find(|(other, key, _)| is_this(*other, key)) else {
            return Before::Untouched;
        };
        match self.held.iter().find(|(other, key, _)| is_this(*other, key)) {
            Some((.., Some(value))) => Before::Held(value.clone()),
            Some((.., None)) => Before::Absent,
            // Nobody was looking: whether it is new is all that is known.
            None if *fresh => Before::Absent,
            None => Before::Unseen,
        }
    }

    /// What MEMORY USAGE says of a key. Of a stream it looks at every pending entry, so there it is asked once between two commands.
    fn weigh(&mut self, world: &World, database: usize, name: &Text) -> u64 {
        let keyspace = world.engine().store().keyspace(database);
        let depth = world.engine().store().encodings.list_compress_depth;
        if !keyspace.get(name).is_some_and(|(value, _)| matches!(value, Value::Stream(_))) {
            return memory(keyspace, name, depth);
        }
        let stamp = (world.moment().position, self.version);
        if self.streams.at != stamp {
            self.streams = Weighed { at: stamp, keys: Vec::new() };
        }
        let known = self.streams.keys.iter().find(|(other, key, _)| *other == database && key == name);
        if let Some((.., bytes)) = known {
            return *bytes;
        }
        let bytes = memory(keyspace, name, depth);
        self.streams.keys.push((database, name.clone(), bytes));
        bytes
    }

    /// A function of its own, because a released page fetches what lies behind it when a key is first opened.
    #[inline(never)]
    fn look_into(&mut self, world: &World) -> Option<Rc<Open>> {
        let (database, name) = self.opened.clone()?;
        let engine = world.engine();
        let now = world.now().millis();
        let keyspace = engine.store().keyspace(database);
        let bytes = self.weigh(world, database, &name);
        let found = keyspace.get(&name).map(|(value, deadline)| (value.clone(), deadline));
        if !self.history.is_at(world.moment().position, database, &name) {
            Rc::make_mut(&mut self.history).follow(world, database, &name);
        }
        let limits = &engine.store().encodings;
        let absent = Value::default();
        let value = found.as_ref().map_or(&absent, |(value, _)| value);
        let before = self.before(database, &name, value);
        let deadline = found.as_ref().and_then(|(_, deadline)| *deadline);
        let lenses = picture::lenses(value, &self.history);
        let lens = self.lens.filter(|lens| lenses.contains(lens)).or(lenses.first().copied()).unwrap_or(Lens::Text);
        let mut row = row((database, &name), (value, deadline, bytes), (now, 0), &before, &mut self.lives.borrow_mut());
        row.touched = before.is_touched();
        row.id = key_id(database, &name);
        let ticks = deadline.is_some()
            || matches!(value, Value::Hash(hash) if hash.next_deadline().is_some())
            // Consumers grow idle.
            || matches!(value, Value::Stream(log) if log.groups().any(|(_, group)| group.consumers().next().is_some()));
        let tenth = if ticks { world.now().0 / 100_000 } else { 0 };
        Some(Rc::new(Open {
            stamp: (world.moment().position, self.version, tenth),
            row,
            gained: if before.is_touched() { bytes as i64 - self.opened_bytes as i64 } else { 0 },
            meters: if found.is_some() { meters(&name, value, limits) } else { Vec::new() },
            reading: reading(&name, value, lens).into(),
            value: found.as_ref().map(|(value, _)| value.clone()),
            before,
            lenses,
            lens,
            sheet: self.as_sheet,
            history: self.history.clone(),
            compress_depth: limits.list_compress_depth,
            now,
            lives: self.lives.clone(),
        }))
    }
}
