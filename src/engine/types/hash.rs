//! Hashes in their encodings: a listpack of fields and values, the same with a deadline behind each value, a dictionary.
//!
//! In the second form (Redis calls it listpackex) the fields stand in order of their deadlines, those without one last; whoever
//! lists a small hash sees that. The dictionary keeps its deadlines beside it. A field whose time is over stays where it is until it
//! is reclaimed; who asks for the time sees that it is over.

use super::deadlines::Deadlines;
use super::listpack::{Element, Listpack};
use crate::dict::{Dict, Entry};
use crate::memory::{self, Buckets, allocator};
use crate::store::Store;
use crate::text::Text;
use alloc::vec::Vec;

/// Up to where the listpack serves, and the seed for a dictionary.
#[derive(Clone, Copy, Debug)]
pub struct HashLimits {
    pub entries: usize,
    pub value: usize,
    pub seed: u64,
}

impl HashLimits {
    pub fn of(db: &Store) -> HashLimits {
        HashLimits {
            entries: db.encodings.hash_max_listpack_entries,
            value: db.encodings.hash_max_listpack_value,
            seed: db.dict_seed(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Hash(Encoding);

#[derive(Clone, Debug)]
enum Encoding {
    /// Field, value, field, value …
    Packed(Listpack),
    /// Field, value, deadline (0: none), field …
    Volatile(Listpack),
    Table(Table),
}
use Encoding::{Packed, Volatile};

#[derive(Clone, Debug)]
struct Table {
    fields: Dict<Text>,
    deadlines: Deadlines,
}

/// A field with its value and its deadline in milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    pub name: Element<'a>,
    pub value: Element<'a>,
    pub deadline: Option<i64>,
}

impl Field<'_> {
    /// Whether the field's time is over.
    #[inline]
    pub fn is_over(&self, now: i64) -> bool {
        self.deadline.is_some_and(|deadline| deadline < now)
    }
}

/// What setting a field does to its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    Keep,
    Drop,
}

impl Default for Hash {
    fn default() -> Self {
        Hash(Packed(Listpack::default()))
    }
}

impl Hash {
    /// The hash table, if there is one.
    pub(crate) fn table(&self) -> Option<memory::Table<'_>> {
        let Encoding::Table(Table { fields, .. }) = &self.0 else { return None };
        Some(memory::Table { buckets: fields.buckets, keys: fields.iter().map(|entry| entry.key.as_bytes()).collect() })
    }

    pub fn encoding(&self) -> &'static str {
        match self.0 {
            Packed(_) => "listpack",
            Volatile(_) => "listpackex",
            Encoding::Table(_) => "hashtable",
        }
    }

    /// The number of fields, those whose time is over included.
    pub fn len(&self) -> usize {
        match &self.0 {
            Packed(packed) => packed.len() / 2,
            Volatile(packed) => packed.len() / 3,
            Encoding::Table(table) => table.fields.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The listpack, where the hash is one; with deadlines in it if the encoding is listpackex.
    pub fn packed(&self) -> Option<&Listpack> {
        match &self.0 {
            Packed(packed) | Volatile(packed) => Some(packed),
            Encoding::Table(_) => None,
        }
    }

    /// The earliest deadline of a field.
    #[inline]
    pub fn next_deadline(&self) -> Option<i64> {
        match &self.0 {
            Packed(_) => None,
            Volatile(packed) => {
                let deadline = packed.iter().nth(2)?.integer()?;
                (deadline != 0).then_some(deadline)
            }
            Encoding::Table(table) => table.deadlines.first().map(|(deadline, _)| deadline),
        }
    }

    #[inline]
    pub fn get(&self, name: &[u8]) -> Option<Field<'_>> {
        match &self.0 {
            Packed(packed) => {
                let (name, next) = packed.read(packed.find(name, 2)?)?;
                let (value, _) = packed.read(next)?;
                Some(Field { name, value, deadline: None })
            }
            Volatile(packed) => read_volatile(packed, packed.find(name, 3)?).map(|(field, _)| field),
            Encoding::Table(table) => table.fields.find(name).map(|id| table.field(id)),
        }
    }

    /// Moves on to the dictionary if so many fields are announced, or a text is so long, that it will be one anyway.
    #[inline]
    pub fn expect<'a>(&mut self, announced: usize, mut texts: impl Iterator<Item = &'a [u8]>, limits: &HashLimits) {
        if matches!(self.0, Encoding::Table(_)) {
            return;
        }
        if announced > limits.entries {
            self.make_table(announced, limits);
        } else if texts.any(|text| text.len() > limits.value) {
            self.make_table(0, limits);
        }
    }

    /// Sets a field; true when it is new.
    #[inline]
    pub fn set(&mut self, name: &[u8], value: &[u8], deadline: Deadline, limits: &HashLimits) -> bool {
        if name.len() > limits.value || value.len() > limits.value {
            self.make_table(0, limits);
        }
        let is_new = match &mut self.0 {
            Packed(packed) => match packed.find(name, 2).and_then(|place| packed.read(place)) {
                Some((_, place)) => {
                    packed.replace(place, value);
                    false
                }
                None => {
                    packed.push_back(name);
                    packed.push_back(value);
                    true
                }
            },
            Volatile(packed) => match packed.find(name, 3) {
                Some(place) => {
                    let old = read_volatile(packed, place).and_then(|(field, _)| field.deadline);
                    if deadline == Deadline::Drop && old.is_some() {
                        packed.remove(place, 3);
                        packed.insert_all(packed.end(), &[name, value, b"0"]);
                    } else if let Some((_, place)) = packed.read(place) {
                        packed.replace(place, value);
                    }
                    false
                }
                None => {
                    packed.insert_all(packed.end(), &[name, value, b"0"]);
                    true
                }
            },
            Encoding::Table(table) => match table.fields.find(name) {
                Some(id) => {
                    table.change(id, |entry| {
                        entry.value = Text::new(value);
                        entry.tag &= !u32::from(deadline == Deadline::Drop);
                    });
                    if deadline == Deadline::Drop && !table.deadlines.is_empty() {
                        table.deadlines.set(id, None);
                    }
                    false
                }
                None => {
                    table.push(Text::new(name), Text::new(value));
                    true
                }
            },
        };
        // Also when a value was replaced: the limit may be lower than when the field came.
        if self.len() > limits.entries {
            self.make_table(0, limits);
        }
        is_new
    }

    /// Gives a field, if it is there, a deadline or none.
    pub fn set_deadline(&mut self, name: &[u8], deadline: Option<i64>) {
        match &mut self.0 {
            Packed(_) => {
                if deadline.is_some() {
                    self.make_volatile();
                    self.set_deadline(name, deadline);
                }
            }
            Volatile(packed) => {
                let Some(place) = packed.find(name, 3) else { return };
                let Some((field, _)) = read_volatile(packed, place) else { return };
                let value = Text::new(&field.value.text());
                let text = resp::number::integer(deadline.unwrap_or(0));
                packed.remove(place, 3);
                // Before all fields that are not over earlier.
                let mut place = packed.first();
                while let Some((other, next)) = read_volatile(packed, place) {
                    if deadline.is_some_and(|deadline| other.deadline.is_none_or(|other| other >= deadline)) {
                        break;
                    }
                    place = next;
                }
                packed.insert_all(place, &[name, &value, &text]);
            }
            Encoding::Table(table) => {
                if let Some(id) = table.fields.find(name) {
                    table.set_deadline(id, deadline);
                }
            }
        }
    }

    /// Makes room for deadlines, as Redis does when it is only asked to set one.
    pub fn make_volatile(&mut self) {
        let Packed(packed) = &self.0 else { return };
        let mut volatile = Listpack::default();
        for (position, element) in packed.iter().enumerate() {
            volatile.push_back(&element.text());
            if position % 2 == 1 {
                volatile.push_back(b"0");
            }
        }
        self.0 = Volatile(volatile);
    }

    fn make_table(&mut self, announced: usize, limits: &HashLimits) {
        if matches!(self.0, Encoding::Table(_)) {
            return;
        }
        let mut table = Table { fields: Dict::new(limits.seed), deadlines: Deadlines::default() };
        table.fields.buckets = Buckets::for_entries(announced.max(self.len()));
        for field in self.iter() {
            let id = table.push(Text::new(&field.name.text()), Text::new(&field.value.text()));
            if field.deadline.is_some() {
                table.set_deadline(id, field.deadline);
            }
        }
        self.0 = Encoding::Table(table);
    }

    /// Removes a field; false when it was not there.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        match &mut self.0 {
            Packed(packed) => packed.find(name, 2).map(|place| packed.remove(place, 2)).is_some(),
            Volatile(packed) => packed.find(name, 3).map(|place| packed.remove(place, 3)).is_some(),
            Encoding::Table(table) => table.fields.find(name).map(|id| table.remove(id)).is_some(),
        }
    }

    /// Removes fields whose time is over, earliest first, at most `most`; says how many.
    pub fn expire(&mut self, now: i64, most: usize) -> usize {
        let mut removed = 0;
        match &mut self.0 {
            Packed(_) => {}
            Volatile(packed) => {
                let over = |(field, next): (Field, usize)| field.is_over(now).then_some(next);
                let mut place = packed.first();
                while removed < most
                    && let Some(next) = read_volatile(packed, place).and_then(over)
                {
                    place = next;
                    removed += 1;
                }
                packed.remove(packed.first(), removed * 3);
            }
            Encoding::Table(table) => {
                while removed < most
                    && let Some((_, id)) = table.deadlines.first().filter(|&(deadline, _)| deadline < now)
                {
                    table.remove(id);
                    removed += 1;
                }
            }
        }
        removed
    }

    /// All fields, those whose time is over included.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        match &self.0 {
            Packed(packed) => Fields::Packed { packed, place: packed.first() },
            Volatile(packed) => Fields::Volatile { packed, place: packed.first() },
            Encoding::Table(table) => Fields::Table { table, next: 0 },
        }
    }

    /// The field at a position of the iteration.
    pub fn field(&self, position: usize) -> Option<Field<'_>> {
        match &self.0 {
            Packed(packed) => {
                let place = packed.seek(position * 2)?;
                Fields::Packed { packed, place }.next()
            }
            Volatile(packed) => read_volatile(packed, packed.seek(position * 3)?).map(|(field, _)| field),
            Encoding::Table(table) => (position < table.fields.len()).then(|| table.field(position as u32)),
        }
    }

    /// One page of an iteration: see [`Dict::scan`]. Small encodings come at once.
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<Field<'_>>) {
        match &self.0 {
            Encoding::Table(table) => {
                let (next, ids) = table.fields.scan_ids(cursor, count);
                (next, ids.map(|id| table.field(id)).collect())
            }
            _ => (0, self.iter().collect()),
        }
    }
}

impl Table {
    #[inline]
    fn field(&self, id: u32) -> Field<'_> {
        let entry = self.fields.entry(id);
        let deadline = if self.deadlines.is_empty() { None } else { self.deadlines.get(id) };
        Field { name: Element::Bytes(&entry.key), value: Element::Bytes(&entry.value), deadline }
    }

    fn push(&mut self, name: Text, value: Text) -> u32 {
        self.fields.payload += memory::field(name.len(), value.len(), false).allocated as u64;
        self.fields.push(name, value)
    }

    /// Changes an entry; what it takes is counted anew.
    fn change(&mut self, id: u32, change: impl FnOnce(&mut Entry<Text>)) {
        let entry = self.fields.entry_mut(id);
        let before = size(entry).allocated as u64;
        change(entry);
        let after = size(entry).allocated as u64;
        self.fields.payload = self.fields.payload + after - before;
    }

    fn set_deadline(&mut self, id: u32, deadline: Option<i64>) {
        if deadline.is_some() {
            self.change(id, |entry| entry.tag |= HAD_DEADLINE);
        }
        self.deadlines.set(id, deadline);
    }

    fn remove(&mut self, id: u32) {
        if !self.deadlines.is_empty() {
            self.deadlines.set(id, None);
            let last = self.fields.len() as u32 - 1;
            if id != last {
                self.deadlines.moved(last, id);
            }
        }
        let entry = self.fields.remove_at(id);
        self.fields.payload -= size(&entry).allocated as u64;
    }
}

/// The bit of an entry's tag that says: the field has room for a deadline, which stays when the deadline is taken away.
const HAD_DEADLINE: u32 = 1;

fn size(entry: &Entry<Text>) -> memory::Size {
    memory::field(entry.key.len(), entry.value.len(), entry.tag & HAD_DEADLINE != 0)
}

impl Hash {
    /// What the value takes in Redis, without the object that holds the key.
    pub(crate) fn allocated(&self) -> usize {
        match &self.0 {
            Packed(packed) => memory::listpack(packed.size() - memory::LISTPACK),
            Volatile(packed) => {
                allocator::class(memory::LISTPACK_EX) + memory::listpack(packed.size() - memory::LISTPACK)
            }
            Encoding::Table(Table { fields, deadlines }) => {
                let deadlines = if deadlines.is_empty() { 0 } else { memory::FIELD_DEADLINES };
                memory::TABLE_ALLOCATED + deadlines + fields.payload as usize + fields.buckets.allocated(fields.len())
            }
        }
    }

    /// What MEMORY USAGE counts of it.
    pub(crate) fn usage(&self, samples: usize) -> usize {
        match &self.0 {
            Packed(packed) => packed.size(),
            Volatile(packed) => memory::LISTPACK_EX + packed.size(),
            Encoding::Table(Table { fields, .. }) => {
                let sizes = memory::spread(fields.len(), samples).map(|id| size(fields.entry(id as u32)).usage as u64);
                memory::TABLE
                    + memory::table_usage(fields.buckets, fields.len())
                    + memory::extrapolate(sizes, samples, fields.len()) as usize
            }
        }
    }
}

fn read_volatile(packed: &Listpack, place: usize) -> Option<(Field<'_>, usize)> {
    let (name, next) = packed.read(place)?;
    let (value, next) = packed.read(next)?;
    let (deadline, next) = packed.read(next)?;
    let deadline = deadline.integer().filter(|&deadline| deadline != 0);
    Some((Field { name, value, deadline }, next))
}

/// The fields of a hash, one after the other.
#[derive(Clone, Debug)]
enum Fields<'a> {
    Packed { packed: &'a Listpack, place: usize },
    Volatile { packed: &'a Listpack, place: usize },
    Table { table: &'a Table, next: u32 },
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        match self {
            Fields::Packed { packed, place } => {
                let (name, next) = packed.read(*place)?;
                let (value, next) = packed.read(next)?;
                *place = next;
                Some(Field { name, value, deadline: None })
            }
            Fields::Volatile { packed, place } => {
                let (field, next) = read_volatile(packed, *place)?;
                *place = next;
                Some(field)
            }
            Fields::Table { table, next } => {
                if *next as usize >= table.fields.len() {
                    return None;
                }
                *next += 1;
                Some(table.field(*next - 1))
            }
        }
    }
}
