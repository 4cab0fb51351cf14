//! Sets in their three encodings: sorted integers, a listpack in order of insertion, a dictionary.
//!
//! A set starts in the smallest encoding that its first member allows and only ever moves on: integers to listpack when a member
//! is no integer, and to the dictionary when there are too many members or one is too long. The first two show
//! their members in Redis' order.

use super::listpack::{Element, Iter, Listpack};
use crate::dict::Dict;
use crate::memory::{self, Buckets, allocator};
use crate::store::Store;
use crate::text::Text;
use alloc::vec::Vec;
use resp::number::parse_integer;

/// Up to where each encoding serves, and the seed for a dictionary.
#[derive(Clone, Copy, Debug)]
pub struct SetLimits {
    pub intset_entries: usize,
    pub listpack_entries: usize,
    pub listpack_value: usize,
    pub seed: u64,
}

impl SetLimits {
    pub fn of(db: &Store) -> SetLimits {
        SetLimits {
            intset_entries: db.encodings.set_max_intset_entries,
            listpack_entries: db.encodings.set_max_listpack_entries,
            listpack_value: db.encodings.set_max_listpack_value,
            seed: db.dict_seed(),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Set {
    Integers(Integers),
    Packed(Listpack),
    Table(Dict<()>),
}

/// Sorted integers of equal width, which only ever grows.
#[derive(Clone, Debug, Default)]
pub struct Integers {
    values: Vec<i64>,
    wide: u8,
}

impl Integers {
    fn insert(&mut self, place: usize, integer: i64) {
        self.values.insert(place, integer);
        self.wide = self.wide.max(width(integer));
    }

    /// How many bytes each integer takes: 2, 4 or 8.
    pub fn width(&self) -> usize {
        usize::from(self.wide.max(2))
    }
}

impl core::ops::Deref for Integers {
    type Target = [i64];
    fn deref(&self) -> &[i64] {
        &self.values
    }
}

/// The width that an integer asks for.
fn width(integer: i64) -> u8 {
    if i16::try_from(integer).is_ok() {
        2
    } else if i32::try_from(integer).is_ok() {
        4
    } else {
        8
    }
}

impl Default for Set {
    fn default() -> Self {
        Set::Integers(Integers::default())
    }
}

impl Set {
    /// An empty set in the encoding that suits a first member and as many members as are announced.
    pub fn for_member(first: &[u8], announced: usize, limits: &SetLimits) -> Set {
        if announced <= limits.intset_entries && parse_integer(first).is_some() {
            Set::default()
        } else if announced <= limits.listpack_entries {
            Set::Packed(Listpack::default())
        } else {
            Set::Table(table_for(announced, limits))
        }
    }

    /// An empty set that so many members are to be restored to: integers as long as they may be, however few may be packed.
    pub fn for_restored(announced: usize, limits: &SetLimits) -> Set {
        if announced <= limits.intset_entries { Set::default() } else { Set::Table(table_for(announced, limits)) }
    }

    pub fn encoding(&self) -> &'static str {
        match self {
            Set::Integers(_) => "intset",
            Set::Packed(_) => "listpack",
            Set::Table(_) => "hashtable",
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Set::Integers(integers) => integers.len(),
            Set::Packed(packed) => packed.len(),
            Set::Table(table) => table.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        match self {
            Set::Integers(integers) => {
                parse_integer(member).is_some_and(|integer| integers.binary_search(&integer).is_ok())
            }
            Set::Packed(packed) => packed.find(member, 1).is_some(),
            Set::Table(table) => table.contains(member),
        }
    }

    /// Moves on to the dictionary if so many members are announced that it will be one anyway.
    #[inline]
    pub fn expect(&mut self, announced: usize, limits: &SetLimits) {
        let most = match self {
            Set::Integers(_) => limits.intset_entries,
            Set::Packed(_) => limits.listpack_entries,
            Set::Table(_) => return,
        };
        if announced > most {
            self.make_table(announced, limits);
        }
    }

    /// Adds a member; false when it was there.
    #[inline]
    pub fn add(&mut self, member: &[u8], limits: &SetLimits) -> bool {
        match self {
            Set::Integers(integers) => match parse_integer(member) {
                Some(integer) => {
                    let Err(place) = integers.binary_search(&integer) else { return false };
                    integers.insert(place, integer);
                    if integers.len() > limits.intset_entries {
                        self.make_table(0, limits);
                    }
                    true
                }
                None => {
                    self.leave_integers(member, limits);
                    self.add(member, limits)
                }
            },
            Set::Packed(packed) => {
                if packed.find(member, 1).is_some() {
                    return false;
                }
                if packed.len() < limits.listpack_entries && member.len() <= limits.listpack_value {
                    packed.push_back(member);
                } else {
                    let announced = packed.len() + 1;
                    self.make_table(announced, limits);
                    return self.add(member, limits);
                }
                true
            }
            Set::Table(table) => {
                let is_new = !table.contains(member);
                if is_new {
                    table.payload += allocator::string(member.len()) as u64;
                    table.push(Text::new(member), ());
                }
                is_new
            }
        }
    }

    /// Integers become a listpack if they and `member` fit into one.
    fn leave_integers(&mut self, member: &[u8], limits: &SetLimits) {
        let Set::Integers(integers) = self else { return };
        let digits = |integer: Option<&i64>| integer.map_or(0, |&integer| resp::number::integer(integer).len());
        let longest = digits(integers.first()).max(digits(integers.last()));
        let fits = integers.len() < limits.listpack_entries
            && member.len() <= limits.listpack_value
            && longest <= limits.listpack_value;
        if fits {
            let mut packed = Listpack::default();
            for &integer in integers.iter() {
                packed.push_back(&resp::number::integer(integer));
            }
            *self = Set::Packed(packed);
        } else {
            self.make_table(0, limits);
        }
    }

    fn make_table(&mut self, announced: usize, limits: &SetLimits) {
        let mut table = table_for(announced.max(self.len()), limits);
        for member in self.iter() {
            let member = Text::new(&member.text());
            table.payload += allocator::string(member.len()) as u64;
            table.push(member, ());
        }
        *self = Set::Table(table);
    }

    /// Removes a member; false when it was not there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Set::Integers(integers) => {
                let Some(Ok(place)) = parse_integer(member).map(|integer| integers.binary_search(&integer)) else {
                    return false;
                };
                integers.values.remove(place);
                true
            }
            Set::Packed(packed) => {
                let Some(place) = packed.find(member, 1) else { return false };
                packed.remove(place, 1);
                true
            }
            Set::Table(table) => table.find(member).map(|id| remove_at(table, id)).is_some(),
        }
    }

    /// The member at a position of the iteration.
    pub fn member(&self, position: usize) -> Option<Element<'_>> {
        match self {
            Set::Integers(integers) => integers.get(position).map(|&integer| Element::Integer(integer)),
            Set::Packed(packed) => packed.get(position),
            Set::Table(table) => {
                (position < table.len()).then(|| Element::Bytes(table.entry(position as u32).key.as_bytes()))
            }
        }
    }

    /// Removes the member at a position; in a dictionary the last one takes its place.
    pub fn remove_at(&mut self, position: usize) {
        match self {
            Set::Integers(integers) => {
                integers.values.remove(position);
            }
            Set::Packed(packed) => {
                if let Some(place) = packed.seek(position) {
                    packed.remove(place, 1);
                }
            }
            Set::Table(table) => {
                remove_at(table, position as u32);
            }
        }
    }

    pub fn iter(&self) -> Members<'_> {
        match self {
            Set::Integers(integers) => Members::Integers(integers.iter()),
            Set::Packed(packed) => Members::Packed(packed.iter()),
            Set::Table(table) => Members::Table { table, next: 0 },
        }
    }

    /// One page of an iteration: see [`Dict::scan`]. Small encodings come at once.
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<Element<'_>>) {
        match self {
            Set::Table(table) => {
                let (next, page) = table.scan(cursor, count);
                (next, page.map(|entry| Element::Bytes(entry.key.as_bytes())).collect())
            }
            _ => (0, self.iter().collect()),
        }
    }
}

fn table_for(entries: usize, limits: &SetLimits) -> Dict<()> {
    let mut table = Dict::new(limits.seed);
    table.buckets = Buckets::for_entries(entries);
    table
}

fn remove_at(table: &mut Dict<()>, id: u32) {
    let member = table.remove_at(id).key;
    table.payload -= allocator::string(member.len()) as u64;
}

impl Set {
    /// The hash table, if there is one.
    pub(crate) fn table(&self) -> Option<memory::Table<'_>> {
        let Set::Table(table) = self else { return None };
        Some(memory::Table { buckets: table.buckets, keys: table.iter().map(|entry| entry.key.as_bytes()).collect() })
    }

    /// What the value takes in Redis, without the object that holds the key.
    pub(crate) fn allocated(&self) -> usize {
        match self {
            Set::Integers(integers) => allocator::class(memory::INTSET + integers.len() * integers.width()),
            Set::Packed(packed) => memory::listpack(packed.size() - memory::LISTPACK),
            Set::Table(table) => {
                memory::TABLE_ALLOCATED + table.payload as usize + table.buckets.allocated(table.len())
            }
        }
    }

    /// What MEMORY USAGE counts of it.
    pub(crate) fn usage(&self, samples: usize) -> usize {
        match self {
            Set::Integers(integers) => memory::INTSET + integers.len() * integers.width(),
            Set::Packed(packed) => packed.size(),
            Set::Table(table) => {
                let strings = memory::spread(table.len(), samples)
                    .map(|id| allocator::string_usage(table.entry(id as u32).key.len()) as u64);
                memory::TABLE
                    + memory::table_usage(table.buckets, table.len())
                    + memory::extrapolate(strings, samples, table.len()) as usize
            }
        }
    }
}

impl<'a> IntoIterator for &'a Set {
    type Item = Element<'a>;
    type IntoIter = Members<'a>;
    fn into_iter(self) -> Members<'a> {
        self.iter()
    }
}

/// The members of a set, one after the other.
#[derive(Clone, Debug)]
pub enum Members<'a> {
    Integers(core::slice::Iter<'a, i64>),
    Packed(Iter<'a>),
    Table { table: &'a Dict<()>, next: u32 },
}

impl<'a> Iterator for Members<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        match self {
            Members::Integers(integers) => integers.next().map(|&integer| Element::Integer(integer)),
            Members::Packed(packed) => packed.next(),
            Members::Table { table, next } => {
                if *next as usize >= table.len() {
                    return None;
                }
                *next += 1;
                Some(Element::Bytes(table.entry(*next - 1).key.as_bytes()))
            }
        }
    }
}
