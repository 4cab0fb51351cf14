//! The text twin of every picture: the same facts as a table.

use super::{Lens, bits, hyperloglog, list, set, stream, string, vector, zset};
use crate::change::{self, Before, Kept};
use crate::history::History;
use crate::text::{self, short};
use engine::Value;
use std::ops::Range;
use std::rc::Rc;

/// A table of so many rows under these headings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub head: &'static [&'static str],
    pub rows: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    pub cells: Vec<Rc<str>>,
    pub fresh: bool,
}

/// What a sheet is made of.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub value: &'a Value,
    pub before: &'a Before,
    pub history: &'a History,
    pub compress_depth: i64,
    pub now: i64,
}

/// So many bits stand in a row of the table.
pub(super) const BITS: usize = 64;
/// Text is cut into pieces of so many bytes.
pub(super) const PIECE: usize = 256;

pub fn sheet(source: &Source, lens: Lens) -> Sheet {
    let len = source.value.as_string().map_or(0, |text| text.len());
    let (head, rows): (&'static [&'static str], usize) = match (source.value, lens) {
        (Value::List(list), _) => (&["Index", "From the end", "Element", "Node"], list.len()),
        (Value::Set(set), _) => (&["Position", "Member"], set.len()),
        (Value::Hash(hash), _) => (&["Field", "Value", "Time to live"], hash.len()),
        (Value::SortedSet(zset), Lens::Map) => (&["Member", "Longitude", "Latitude", "Score"], zset.len()),
        (Value::SortedSet(zset), _) => (&["Rank", "Member", "Score"], zset.len()),
        (Value::Stream(stream), _) => (&["Entry", "Fields", "Pending", "Groups that stand here"], stream.len()),
        (Value::VectorSet(set), _) => (&["Element", "Linked to, the nearest first", "Layers", "Attributes"], set.len()),
        (_, Lens::Hex) => (&["Offset", "Bytes", "Text"], len.div_ceil(string::LINE)),
        (_, Lens::Bits) => (&["First bit", "Bits", "Set"], (len * 8).div_ceil(BITS)),
        (value, Lens::Lanes) => {
            let text = value.as_string();
            let lanes = bits::lanes(text.as_deref().unwrap_or_default(), source.history);
            (&["First bit", "Type", "Bits", "Value"], lanes.len())
        }
        (_, Lens::Registers) => (&["Value of a register", "Registers"], 64),
        _ => (&["Offset", "Text"], len.div_ceil(PIECE).max(1)),
    };
    Sheet { head, rows }
}

fn number(number: usize) -> Rc<str> {
    number.to_string().into()
}

pub fn rows(source: &Source, lens: Lens, range: Range<usize>) -> Vec<SheetRow> {
    let row = |cells: Vec<Rc<str>>, fresh: bool| SheetRow { cells, fresh };
    let before = source.before;
    match (source.value, lens) {
        (Value::List(list), _) => {
            let nodes = list::nodes(list, source.compress_depth);
            let kept = Kept::of_list(list, before);
            let elements = list::elements(list, kept, range.clone()).into_iter().zip(range);
            let len = list.len();
            elements
                .map(|(part, at)| {
                    let node = nodes.partition_point(|node| node.first + node.len <= at);
                    row(
                        vec![number(at), (at as i64 - len as i64).to_string().into(), part.text, number(node)],
                        part.fresh,
                    )
                })
                .collect()
        }
        (Value::Set(set), _) => {
            let members = set::members(set, before, range.clone()).into_iter().zip(range);
            members.map(|(part, at)| row(vec![number(at), part.text], part.fresh)).collect()
        }
        (Value::Hash(hash), _) => range
            .map_while(|at| hash.field(at))
            .map(|field| {
                let life =
                    field.deadline.map_or_else(|| "none".into(), |deadline| text::span(deadline - source.now).into());
                let (name, value) = (short(&field.name.text(), 120), short(&field.value.text(), 300));
                row(vec![name, value, life], change::is_new_field(before, &field))
            })
            .collect(),
        (Value::SortedSet(zset), Lens::Map) => zset
            .walk(range, false)
            .map(|ranked| {
                let point = engine::Point::from_score(ranked.score.0);
                let degrees = |degrees: f64| {
                    let rounded = (degrees * 1e6).round() / 1e6;
                    resp::number::double(rounded).as_str().into()
                };
                let score = resp::number::double(ranked.score.0).as_str().into();
                let cells = vec![short(&ranked.member, 200), degrees(point.longitude), degrees(point.latitude), score];
                row(cells, change::is_new_score(before, &ranked.member, ranked.score.0))
            })
            .collect(),
        (Value::SortedSet(zset), _) => {
            let rungs = zset::rungs(zset, before, range).into_iter();
            rungs.map(|rung| row(vec![number(rung.rank), rung.member, rung.score], rung.fresh)).collect()
        }
        (Value::VectorSet(set), _) => {
            let elements = vector::elements(set, before, range).into_iter();
            elements
                .map(|element| {
                    row(vec![element.name, element.nearest, number(element.layers), element.attributes], element.fresh)
                })
                .collect()
        }
        (Value::Stream(log), _) => {
            let picture = stream::groups(log, before, source.now);
            let entries = stream::entries(log, before, &picture, range).into_iter();
            entries
                .map(|entry| {
                    let fields =
                        entry.fields.iter().map(|(name, value)| [name, " ", value].concat()).collect::<Vec<_>>();
                    let mut pending = Vec::new();
                    for (lane, count) in picture.lanes.iter().zip(&entry.lanes).filter(|(_, count)| **count > 0) {
                        pending.push([&*lane.name, " ×", &count.to_string()].concat());
                    }
                    let cursors = entry.cursors.iter().map(|at| &*picture.groups[*at].name).collect::<Vec<_>>();
                    let cells =
                        vec![entry.id, fields.join(", ").into(), pending.join(", ").into(), cursors.join(", ").into()];
                    row(cells, entry.fresh)
                })
                .collect()
        }
        (value, lens) => of_string(&value.as_string().map_or_else(Vec::new, |text| text.to_vec()), source, lens, range),
    }
}

fn of_string(bytes: &[u8], source: &Source, lens: Lens, range: Range<usize>) -> Vec<SheetRow> {
    let row = |cells: Vec<Rc<str>>, fresh: bool| SheetRow { cells, fresh };
    let before = source.before;
    match lens {
        Lens::Hex => {
            let lines = string::hex(bytes, Kept::of_bytes(bytes, before), range).into_iter();
            lines
                .map(|line| {
                    let mut digits = String::new();
                    for byte in &line.bytes {
                        digits.push_str(&byte.digits);
                        digits.push(' ');
                    }
                    let letters: String = line.bytes.iter().map(|byte| byte.letter).collect();
                    let fresh = line.bytes.iter().any(|byte| byte.fresh);
                    row(vec![number(line.at), digits.trim_end().into(), letters.into()], fresh)
                })
                .collect()
        }
        Lens::Bits => bits::rows(bytes, before, BITS, range)
            .into_iter()
            .map(|bits| {
                let mut text = String::with_capacity(72);
                let mut ones = bits.ones.iter().peekable();
                for place in 0..bits.len {
                    if place > 0 && place % 8 == 0 {
                        text.push(' ');
                    }
                    let set = ones.next_if(|one| usize::from(**one) == place).is_some();
                    text.push(if set { '1' } else { '0' });
                }
                row(vec![number(bits.at), text.into(), number(bits.ones.len())], !bits.fresh.is_empty())
            })
            .collect(),
        Lens::Lanes => {
            let lanes = bits::lanes(bytes, source.history);
            let shown = lanes.get(range.start..range.end.min(lanes.len())).unwrap_or_default();
            bits::lane_values(bytes, before, shown)
                .into_iter()
                .map(|lane| row(vec![lane.lane.at.to_string().into(), lane.kind, lane.bits, lane.value], lane.fresh))
                .collect()
        }
        Lens::Registers => {
            let Some(registers) = hyperloglog::registers(bytes, before) else { return Vec::new() };
            let mut counts = [0; 64];
            let mut fresh = [false; 64];
            registers.values.iter().for_each(|value| counts[usize::from(value & 63)] += 1);
            registers.fresh.iter().for_each(|at| fresh[usize::from(registers.values[*at] & 63)] = true);
            range.filter(|at| *at < 64).map(|at| row(vec![number(at), number(counts[at])], fresh[at])).collect()
        }
        _ => {
            let kept = Kept::of_bytes(bytes, before);
            let piece = |piece: usize| {
                let part = bytes.get(piece * PIECE..bytes.len().min((piece + 1) * PIECE)).unwrap_or_default();
                let fresh = (piece * PIECE..piece * PIECE + part.len().max(1)).any(|at| kept.is_fresh(at));
                row(vec![number(piece * PIECE), text::printable(part, PIECE * 4).into()], fresh)
            };
            range.map(piece).collect()
        }
    }
}
