//! WebAssembly's binary form, read and written as far as splitting a module needs it (see `split/mod.rs`).
//!
//! A module is sections; what refers to functions, globals and tables is taken apart, everything else stays the bytes it is. Inside
//! function bodies only the places are found where an index stands: for that every instruction's length must be known, and what
//! is not known (SIMD, exceptions, several memories) is refused, so that nothing is ever copied wrongly.

use std::ops::Range;

use crate::Outcome;

/// What an index may name. The numbers are those of imports and exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Function = 0,
    Table = 1,
    Memory = 2,
    Global = 3,
}

#[derive(Clone, Debug)]
pub struct Import {
    pub module: String,
    pub name: String,
    pub kind: Kind,
    /// The type, as it is written.
    pub of: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Export {
    pub name: String,
    pub kind: Kind,
    pub index: u32,
}

/// Functions that an instance puts into table 0 when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub slot: u32,
    pub functions: Vec<u32>,
}

/// Bytes that an instance puts into the memory when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub address: u32,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Each type as it is written.
    pub types: Vec<Vec<u8>>,
    pub imports: Vec<Import>,
    /// The types of the module's own functions.
    pub functions: Vec<u32>,
    pub tables: Vec<Vec<u8>>,
    pub memories: Vec<Vec<u8>>,
    /// Each global's type and first value, as they are written.
    pub globals: Vec<Vec<u8>>,
    pub exports: Vec<Export>,
    pub start: Option<u32>,
    pub elements: Vec<Element>,
    pub bodies: Vec<Vec<u8>>,
    pub data_count: Option<u32>,
    pub data: Vec<Segment>,
    pub customs: Vec<(String, Vec<u8>)>,
}

/// A place in a body where an index stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub kind: Kind,
    pub index: u32,
    pub at: Range<usize>,
}

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";
const NOT_UNDERSTOOD: &str = "the module holds something that the splitter does not know";

pub struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    pub fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn take(&mut self, count: usize) -> Outcome<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.saturating_add(count)).ok_or("the module ends too early")?;
        self.at += count;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Outcome<u8> {
        Ok(self.take(1)?[0])
    }

    pub fn number(&mut self) -> Outcome<u32> {
        let mut number = 0u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(number).map_err(|_| NOT_UNDERSTOOD.to_owned());
            }
        }
        Err(NOT_UNDERSTOOD.to_owned())
    }

    /// Passes a number of any size and sign.
    pub fn pass_number(&mut self) -> Outcome {
        while self.byte()? >= 0x80 {}
        Ok(())
    }

    pub fn name(&mut self) -> Outcome<String> {
        let length = self.number()? as usize;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    pub fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> Outcome<T>) -> Outcome<Vec<T>> {
        let count = self.number()?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// The bytes that `pass` passes.
    fn raw(&mut self, pass: impl FnOnce(&mut Self) -> Outcome) -> Outcome<Vec<u8>> {
        let begin = self.at;
        pass(self)?;
        Ok(self.bytes[begin..self.at].to_vec())
    }

    /// A number type or one of the two plain reference types.
    fn value_type(&mut self) -> Outcome {
        match self.byte()? {
            0x7c..=0x7f | 0x6f | 0x70 => Ok(()),
            _ => Err(NOT_UNDERSTOOD.to_owned()),
        }
    }

    fn limits(&mut self) -> Outcome {
        let flags = self.byte()?;
        if flags > 1 {
            return Err(NOT_UNDERSTOOD.to_owned());
        }
        self.pass_number()?;
        if flags == 1 { self.pass_number() } else { Ok(()) }
    }

    fn table_type(&mut self) -> Outcome {
        self.value_type()?;
        self.limits()
    }

    fn global_type(&mut self) -> Outcome {
        self.value_type()?;
        self.byte().map(|_| ())
    }

    /// What stands before a body's instructions.
    fn locals(&mut self) -> Outcome {
        self.many(|reader| {
            reader.pass_number()?;
            reader.value_type()
        })?;
        Ok(())
    }

    fn function_type(&mut self) -> Outcome {
        if self.byte()? != 0x60 {
            return Err(NOT_UNDERSTOOD.to_owned());
        }
        for _ in 0..2 {
            self.many(Reader::value_type)?;
        }
        Ok(())
    }

    fn import(&mut self) -> Outcome<Import> {
        let (module, name) = (self.name()?, self.name()?);
        let kind = self.kind()?;
        let of = self.raw(|reader| match kind {
            Kind::Function => reader.pass_number(),
            Kind::Table => reader.table_type(),
            Kind::Memory => reader.limits(),
            Kind::Global => reader.global_type(),
        })?;
        Ok(Import { module, name, kind, of })
    }

    fn kind(&mut self) -> Outcome<Kind> {
        [Kind::Function, Kind::Table, Kind::Memory, Kind::Global]
            .get(self.byte()? as usize)
            .copied()
            .ok_or_else(|| NOT_UNDERSTOOD.to_owned())
    }

    /// Where a segment goes: a constant place in the first table or memory, put there at once.
    fn place(&mut self) -> Outcome<u32> {
        let begins = self.number()? == 0 && self.byte()? == 0x41;
        let place = self.number()?;
        if !begins || self.byte()? != 0x0b {
            return Err(NOT_UNDERSTOOD.to_owned());
        }
        Ok(place)
    }

    fn element(&mut self) -> Outcome<Element> {
        Ok(Element { slot: self.place()?, functions: self.many(Reader::number)? })
    }

    pub fn segment(&mut self) -> Outcome<Segment> {
        let address = self.place()?;
        let length = self.number()? as usize;
        Ok(Segment { address, bytes: self.take(length)?.to_vec() })
    }

    /// Passes an instruction and says which index stands in it, if one does. (No instruction has two of those asked for.)
    fn instruction(&mut self) -> Outcome<Option<Reference>> {
        let code = self.byte()?;
        match code {
            0x00 | 0x01 | 0x05 | 0x0b | 0x0f | 0x1a | 0x1b | 0x45..=0xc4 | 0xd1 => {}
            0x02..=0x04 | 0x0c | 0x0d | 0x20..=0x22 | 0x41 | 0x42 => self.pass_number()?,
            0x0e => {
                self.many(Reader::pass_number)?;
                self.pass_number()?;
            }
            0x10 | 0x12 | 0xd2 => return self.reference(Kind::Function),
            0x11 | 0x13 => {
                self.pass_number()?;
                return self.reference(Kind::Table);
            }
            0x1c => {
                self.many(Reader::value_type)?;
            }
            0x23 | 0x24 => return self.reference(Kind::Global),
            0x25 | 0x26 => return self.reference(Kind::Table),
            0x28..=0x3e => {
                // From bit 6 on the alignment would announce a memory's index.
                if self.number()? >= 0x40 {
                    return Err(NOT_UNDERSTOOD.to_owned());
                }
                self.pass_number()?;
            }
            0x3f | 0x40 | 0xd0 => self.byte().map(|_| ())?,
            0x43 => self.take(4).map(|_| ())?,
            0x44 => self.take(8).map(|_| ())?,
            0xfc => match self.number()? {
                0..=7 => {}
                10 => self.take(2).map(|_| ())?,
                11 => self.byte().map(|_| ())?,
                15..=17 => return self.reference(Kind::Table),
                _ => return Err(NOT_UNDERSTOOD.to_owned()),
            },
            _ => return Err(format!("{NOT_UNDERSTOOD}: instruction {code:#04x}")),
        }
        Ok(None)
    }

    fn reference(&mut self, kind: Kind) -> Outcome<Option<Reference>> {
        let begin = self.at;
        let index = self.number()?;
        Ok(Some(Reference { kind, index, at: begin..self.at }))
    }

    fn constant_expression(&mut self) -> Outcome {
        while self.bytes.get(self.at) != Some(&0x0b) {
            if self.instruction()?.is_some() {
                return Err(NOT_UNDERSTOOD.to_owned());
            }
        }
        self.byte().map(|_| ())
    }
}

/// Where indices stand in a function's body.
pub fn references(body: &[u8]) -> Outcome<Vec<Reference>> {
    let mut reader = Reader::new(body);
    reader.locals()?;
    let mut found = Vec::new();
    while !reader.is_done() {
        found.extend(reader.instruction()?);
    }
    Ok(found)
}

/// Where in a body values are pushed, constants or locals, only for a call to one of certain functions.
pub fn arguments(body: &[u8], is_meant: impl Fn(u32) -> bool) -> Outcome<Vec<Range<usize>>> {
    let mut reader = Reader::new(body);
    reader.locals()?;
    let (mut found, mut begin) = (Vec::new(), reader.at);
    while !reader.is_done() {
        let at = reader.at;
        let is_push = matches!(body[at], 0x20 | 0x41 | 0x42);
        let called = reader.instruction()?.filter(|reference| body[at] == 0x10 && reference.kind == Kind::Function);
        if called.is_some_and(|reference| is_meant(reference.index)) {
            found.push(begin..at);
        }
        if !is_push {
            begin = reader.at;
        }
    }
    Ok(found)
}

/// A body with other indices.
pub fn with_indices(body: &[u8], new: impl Fn(Kind, u32) -> Option<u32>) -> Outcome<Vec<u8>> {
    let (mut out, mut done) = (Vec::with_capacity(body.len()), 0);
    for Reference { kind, index, at } in references(body)? {
        let index = new(kind, index).ok_or_else(|| format!("{kind:?} {index} has no place in the other module"))?;
        out.extend_from_slice(&body[done..at.start]);
        number(&mut out, index);
        done = at.end;
    }
    out.extend_from_slice(&body[done..]);
    Ok(out)
}

/// How many values a function of this type takes.
pub fn parameters(of: &[u8]) -> Outcome<u32> {
    Reader { bytes: of, at: 1 }.number()
}

/// A table's type with another size; a fixed size stays fixed.
pub fn with_size(table: &[u8], size: u32) -> Outcome<Vec<u8>> {
    let mut reader = Reader::new(table);
    reader.value_type()?;
    let fixed = reader.byte()? == 1;
    let mut out = table[..2].to_vec();
    number(&mut out, size);
    if fixed {
        number(&mut out, size);
    }
    Ok(out)
}

/// The number that stands at the beginning.
pub fn first_number(bytes: &[u8]) -> Outcome<u32> {
    Reader::new(bytes).number()
}

/// How many slots a table of this type has at the beginning.
pub fn size(table: &[u8]) -> Outcome<u32> {
    Reader { bytes: table, at: 2 }.number()
}

impl Module {
    pub fn read(bytes: &[u8]) -> Outcome<Module> {
        let mut reader = Reader::new(bytes);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err("this is no WebAssembly module".to_owned());
        }
        let mut module = Module::default();
        while !reader.is_done() {
            let id = reader.byte()?;
            let length = reader.number()? as usize;
            let mut section = Reader::new(reader.take(length)?);
            module.section(id, &mut section)?;
        }
        Ok(module)
    }

    fn section(&mut self, id: u8, section: &mut Reader) -> Outcome {
        match id {
            0 => {
                let name = section.name()?;
                self.customs.push((name, section.bytes[section.at..].to_vec()));
            }
            1 => self.types = section.many(|reader| reader.raw(Reader::function_type))?,
            2 => self.imports = section.many(Reader::import)?,
            3 => self.functions = section.many(Reader::number)?,
            4 => self.tables = section.many(|reader| reader.raw(Reader::table_type))?,
            5 => self.memories = section.many(|reader| reader.raw(Reader::limits))?,
            6 => {
                self.globals = section.many(|reader| {
                    reader.raw(|reader| {
                        reader.global_type()?;
                        reader.constant_expression()
                    })
                })?;
            }
            7 => {
                self.exports = section.many(|reader| {
                    Ok(Export { name: reader.name()?, kind: reader.kind()?, index: reader.number()? })
                })?;
            }
            8 => self.start = Some(section.number()?),
            9 => self.elements = section.many(Reader::element)?,
            10 => {
                self.bodies = section.many(|reader| {
                    let length = reader.number()? as usize;
                    Ok(reader.take(length)?.to_vec())
                })?;
            }
            11 => self.data = section.many(Reader::segment)?,
            12 => self.data_count = Some(section.number()?),
            _ => return Err(format!("{NOT_UNDERSTOOD}: section {id}")),
        }
        Ok(())
    }

    pub fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let functions: Vec<Vec<u8>> = self.functions.iter().map(|of| numbers(&[*of])).collect();
        let imports: Vec<Vec<u8>> = self.imports.iter().map(import).collect();
        let exports: Vec<Vec<u8>> = self.exports.iter().map(export).collect();
        let elements: Vec<Vec<u8>> = self.elements.iter().map(element).collect();
        let bodies: Vec<Vec<u8>> = self.bodies.iter().map(|body| with_length(body)).collect();
        section(&mut out, 1, &self.types);
        section(&mut out, 2, &imports);
        section(&mut out, 3, &functions);
        section(&mut out, 4, &self.tables);
        section(&mut out, 5, &self.memories);
        section(&mut out, 6, &self.globals);
        section(&mut out, 7, &exports);
        if let Some(start) = self.start {
            plain(&mut out, 8, &numbers(&[start]));
        }
        section(&mut out, 9, &elements);
        if let Some(count) = self.data_count {
            plain(&mut out, 12, &numbers(&[count]));
        }
        section(&mut out, 10, &bodies);
        section(&mut out, 11, &self.data.iter().map(segment).collect::<Vec<_>>());
        for (name, content) in &self.customs {
            plain(&mut out, 0, &[with_length(name.as_bytes()), content.clone()].concat());
        }
        out
    }

    pub fn imported(&self, kind: Kind) -> impl Iterator<Item = &Import> {
        self.imports.iter().filter(move |import| import.kind == kind)
    }

    /// The names of functions, as the name section has them.
    pub fn names(&self) -> Outcome<Vec<(u32, String)>> {
        let Some((_, content)) = self.customs.iter().find(|(name, _)| name == "name") else { return Ok(Vec::new()) };
        let mut reader = Reader::new(content);
        while !reader.is_done() {
            let of_functions = reader.byte()? == 1;
            let length = reader.number()? as usize;
            let mut names = Reader::new(reader.take(length)?);
            if of_functions {
                return names.many(|reader| Ok((reader.number()?, reader.name()?)));
            }
        }
        Ok(Vec::new())
    }
}

fn import(import: &Import) -> Vec<u8> {
    [&with_length(import.module.as_bytes()), &with_length(import.name.as_bytes()), &[import.kind as u8][..], &import.of]
        .concat()
}

fn export(export: &Export) -> Vec<u8> {
    [with_length(export.name.as_bytes()), vec![export.kind as u8], numbers(&[export.index])].concat()
}

fn element(element: &Element) -> Vec<u8> {
    let functions = [numbers(&[element.functions.len() as u32]), numbers(&element.functions)].concat();
    [vec![0x00], constant(element.slot), vec![0x0b], functions].concat()
}

fn segment(segment: &Segment) -> Vec<u8> {
    [vec![0x00], constant(segment.address), vec![0x0b], with_length(&segment.bytes)].concat()
}

/// `i32.const`, whose number is a signed one.
pub fn constant(value: u32) -> Vec<u8> {
    let mut out = vec![0x41];
    number(&mut out, value);
    // The sixth bit of the last byte is the sign.
    if let Some(last) = out.last_mut().filter(|last| **last & 0x40 != 0) {
        *last |= 0x80;
        out.push(0);
    }
    out
}

fn section(out: &mut Vec<u8>, id: u8, entries: &[Vec<u8>]) {
    if !entries.is_empty() {
        plain(out, id, &[numbers(&[entries.len() as u32]), entries.concat()].concat());
    }
}

fn plain(out: &mut Vec<u8>, id: u8, content: &[u8]) {
    out.push(id);
    out.extend(with_length(content));
}

pub fn with_length(bytes: &[u8]) -> Vec<u8> {
    let mut out = numbers(&[bytes.len() as u32]);
    out.extend_from_slice(bytes);
    out
}

pub fn numbers(all: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in all {
        number(&mut out, *value);
    }
    out
}

fn number(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
