//! Vector sets as bytes. Redis has them as a module, so a payload is the module's number and a row of values that say each what
//! kind they are.
//!
//! After dimensions, count, quantisation and links come the nodes: name, attributes, vector, and one list of numbers with the
//! node's own number, its height, per layer its links by number, and its length. Redis keeps beside each layer's links which of
//! them is the worst; we keep them in order instead. A graph is taken over as it is written, if every link is there both ways.

use super::wire::{Reader, put_length, put_string};
use crate::store::Store;
use crate::text::Text;
use crate::types::VectorSet;
use crate::types::vector::{LINK_RANGE, MOST_DIMENSIONS, Near, Node, Owned, Projection, Quantisation, Vector};
use crate::value::{Kind, Value};
use alloc::rc::Rc;
use alloc::vec::Vec;

/// The module's name and version, six bits a letter.
const MODULE: u64 = 0xBDE7_2DA2_BB1E_B400;
const END: u8 = 0;
const NUMBER: u8 = 2;
const STRING: u8 = 5;
/// The form in which nodes are written; the height stands in its lower bits.
const NODE_FORM: u64 = 0x0100_0000;
const HAS_PROJECTION: u64 = 1;
const HAS_ATTRIBUTES: u64 = 2;
/// No node of a payload is higher than that.
const HIGHEST: u64 = 31;

pub(super) fn encode(out: &mut Vec<u8>, set: &VectorSet) {
    put_length(out, MODULE);
    let quantisation = match set.quantisation {
        Quantisation::None => 0,
        Quantisation::Int8 => 1,
        Quantisation::Binary => 2,
    };
    let has_attributes = set.attributed() > 0;
    let flags = if set.projection.is_some() { HAS_PROJECTION } else { 0 };
    let flags = if has_attributes { flags | HAS_ATTRIBUTES } else { flags };
    put_number(out, set.dim() as u64);
    put_number(out, set.len() as u64);
    put_number(out, quantisation | (set.graph.m() as u64) << 8);
    put_number(out, flags);
    if let Some(projection) = &set.projection {
        put_number(out, projection.input as u64);
        let entries = 0..set.dim() * projection.input;
        let entry = |at: usize| projection.entry(at / projection.input, at % projection.input).to_le_bytes();
        put_text(out, &entries.flat_map(entry).collect::<Vec<u8>>());
    }
    for id in (0..set.len() as u32).rev() {
        let node = set.graph.node(id);
        put_text(out, set.name(id));
        if has_attributes {
            put_text(out, node.attributes.as_deref().unwrap_or_default());
        }
        let vector = set.graph.vector(id);
        put_text(out, &vector.bytes());
        let level = set.graph.level(id);
        let mut numbers = Vec::from([node.uid, NODE_FORM | level as u64]);
        for layer in 0..=level {
            let links = set.graph.links(id, layer);
            numbers.push(links.len() as u64);
            numbers.push(set.graph.most(layer).max(links.len()) as u64);
            numbers.extend(links.iter().map(|link| set.graph.node(link.id).uid));
            let worst =
                links.last().map_or(0, |link| u64::from(link.distance.to_bits()) << 32 | (links.len() as u64 - 1));
            numbers.push(worst);
        }
        numbers.push(u64::from(vector.range.to_bits()) << 32 | u64::from(vector.norm.to_bits()));
        put_number(out, numbers.len() as u64);
        for number in numbers {
            put_number(out, number);
        }
    }
    out.push(END);
}

fn put_number(out: &mut Vec<u8>, number: u64) {
    out.push(NUMBER);
    put_length(out, number);
}

fn put_text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(STRING);
    put_string(out, bytes);
}

fn number(reader: &mut Reader) -> Option<u64> {
    (reader.byte()? == NUMBER).then(|| reader.length())?
}

fn text(reader: &mut Reader) -> Option<Vec<u8>> {
    (reader.byte()? == STRING).then(|| reader.string())?.map(|text| text.into_owned())
}

fn floats(bytes: &[u8]) -> Option<Vec<f32>> {
    let (chunks, []) = bytes.as_chunks::<4>() else { return None };
    Some(chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

pub(super) fn decode(reader: &mut Reader, db: &Store) -> Option<Value> {
    if reader.length()? != MODULE {
        return None;
    }
    let dim = usize::try_from(number(reader)?).ok().filter(|dim| (1..=MOST_DIMENSIONS).contains(dim))?;
    let count = number(reader)?;
    let form = number(reader)?;
    let quantisation = match form & 0xFF {
        0 => Quantisation::None,
        1 => Quantisation::Int8,
        2 => Quantisation::Binary,
        _ => return None,
    };
    let m = usize::try_from(form >> 8).ok().filter(|m| LINK_RANGE.contains(m))?;
    let flags = number(reader)?;
    let mut set = VectorSet::new(dim, quantisation, m, db.dict_seed(), 0);
    if flags & HAS_PROJECTION != 0 {
        let input = usize::try_from(number(reader)?).ok().filter(|input| (dim..=MOST_DIMENSIONS).contains(input))?;
        let matrix = floats(&text(reader)?).filter(|matrix| matrix.len() == input * dim)?;
        set.projection = Some(Projection::restored(input, matrix));
    }
    // Links by number, for when all nodes are known: of each node, layer by layer.
    let mut wanted: Vec<Vec<Vec<u64>>> = Vec::new();
    let mut numbered: Vec<(u64, u32)> = Vec::new();
    for _ in 0..count {
        let name = text(reader)?;
        let attributes = if flags & HAS_ATTRIBUTES != 0 { text(reader)? } else { Vec::new() };
        let components = components(&text(reader)?, dim, quantisation)?;
        let end = reader.0.len() as u64;
        number(reader).filter(|&numbers| numbers <= end)?;
        let uid = number(reader)?;
        let form = number(reader)?;
        if form & !0xFF != NODE_FORM || form & 0xFF > HIGHEST {
            return None;
        }
        let mut layers = Vec::new();
        for _ in 0..=form & 0xFF {
            let links = number(reader).filter(|&links| links <= end)?;
            number(reader)?;
            layers.push((0..links).map(|_| number(reader)).collect::<Option<Vec<u64>>>()?);
            number(reader)?;
        }
        let length = number(reader)?;
        let vector = Vector {
            components,
            dim,
            norm: f32::from_bits(length as u32),
            range: f32::from_bits((length >> 32) as u32),
        };
        if set.find(&name).is_some() {
            return None;
        }
        let attributes = (!attributes.is_empty()).then(|| Text::new(&attributes));
        let id = set.push(&name, &vector, Node::new(attributes, uid));
        set.inserted = set.inserted.max(uid);
        numbered.push((uid, id));
        wanted.push(layers);
    }
    if reader.byte()? != END || set.is_empty() {
        return None;
    }
    crate::sort::by_key(&mut numbered, |pair| pair.0);
    if numbered.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return None;
    }
    let mut all = Vec::with_capacity(wanted.len());
    for (id, layers) in wanted.iter().enumerate() {
        let mut found = Vec::with_capacity(layers.len());
        for links in layers {
            let mut layer = Vec::with_capacity(links.len());
            for uid in links {
                let at = numbered.binary_search_by_key(uid, |pair| pair.0).ok()?;
                let near = set.graph.near(set.graph.vector(id as u32), numbered[at].1);
                layer.push(near);
            }
            crate::sort::by(&mut layer, |a: &Near, b: &Near| a.order(b).is_lt());
            found.push(Rc::new(layer));
        }
        all.push(found);
    }
    set.graph.adopt(all).then(|| set.into_value())
}

fn components(bytes: &[u8], dim: usize, quantisation: Quantisation) -> Option<Owned> {
    Some(match quantisation {
        Quantisation::None => Owned::Floats(floats(bytes).filter(|floats| floats.len() == dim)?),
        Quantisation::Int8 if bytes.len() == dim => Owned::Bytes(bytes.iter().map(|&byte| byte as i8).collect()),
        Quantisation::Binary => {
            let (words, []) = bytes.as_chunks::<8>() else { return None };
            let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
            Owned::Bits(Some(words).filter(|words| words.len() == dim.div_ceil(64))?)
        }
        Quantisation::Int8 => return None,
    })
}
