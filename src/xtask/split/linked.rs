//! What the linker knows of a module and a finished module no longer says: which pieces of data there are, and which code and data
//! refer to which.
//!
//! With `--emit-relocs` the linker leaves its notes in the module: a symbol for every function and every piece of data, and for every
//! place where an address or a slot of the function table stands, whose it is. That is exact: nothing has to be guessed from
//! numbers that look like addresses. (The forms are those of LLVM's object files: <https://github.com/WebAssembly/tool-conventions>,
//! `Linking.md`.)

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::wasm::{self, Kind, Module, Reader};
use crate::Outcome;

/// What is referred to, by its number among the linked module's functions or the symbols of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    Function(u32),
    Data(usize),
}

/// A piece of data.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    pub name: String,
    /// Addresses in the memory.
    pub at: Range<u32>,
    /// Whether it lies among the data that nothing writes to.
    pub is_constant: bool,
    /// Offsets within the piece, and what the address or slot there belongs to.
    pub refers: Vec<(u32, Target)>,
}

#[derive(Debug, Default)]
pub struct Linked {
    pub pieces: Vec<Piece>,
    /// The functions' names, as the linker has them.
    pub names: HashMap<u32, String>,
    /// What a function refers to otherwise than by calling it.
    pub code: HashMap<u32, Vec<Target>>,
}

enum Symbol {
    Target(Target),
    Other,
}

/// What a section's relocations say: places within the section, and symbols.
type Relocations = Vec<(u32, usize)>;

impl Linked {
    /// `is_trap` says of a function's name whether what is handed to it does not matter.
    pub fn read(bytes: &[u8], is_trap: impl Fn(&str) -> bool) -> Outcome<Linked> {
        let module = Module::read(bytes)?;
        let custom = |wanted: &str| {
            let found = module.customs.iter().find(|(name, _)| name == wanted).map(|(_, content)| content.as_slice());
            found.ok_or_else(|| format!("the linked module has no section {wanted}: was it linked with --emit-relocs?"))
        };
        let mut linked = Linked { names: module.names()?.into_iter().collect(), ..Linked::default() };
        let symbols = linked.symbols(custom("linking")?, &module)?;
        let places = Places::of(bytes)?;
        let imported = module.imported(Kind::Function).count();
        let traps: HashSet<u32> =
            linked.names.iter().filter(|(_, name)| is_trap(name)).map(|(index, _)| *index).collect();
        let mut idle = Vec::new();
        for (body, place) in module.bodies.iter().zip(&places.bodies) {
            let arguments = wasm::arguments(body, |callee| traps.contains(&callee))?;
            idle.extend(arguments.into_iter().map(|at| place.start + at.start as u32..place.start + at.end as u32));
        }
        for (at, symbol) in relocations(custom("reloc.CODE")?, CODE)? {
            let body = places.bodies.partition_point(|body| body.end <= at);
            let next = idle.partition_point(|range: &Range<u32>| range.end <= at);
            if idle.get(next).is_some_and(|range| range.contains(&at)) {
                continue;
            }
            if let Some(Symbol::Target(target)) = symbols.get(symbol) {
                linked.code.entry((body + imported) as u32).or_default().push(*target);
            }
        }
        let mut by_address: Vec<usize> = (0..linked.pieces.len()).collect();
        by_address.sort_by_key(|piece| linked.pieces[*piece].at.start);
        for (at, symbol) in relocations(custom("reloc.DATA")?, DATA)? {
            let segment = places.segments.partition_point(|(place, _)| place.end <= at);
            let (place, address) = places.segments.get(segment).ok_or("a relocation lies outside of the data")?;
            let address = address + (at - place.start);
            let Some(Symbol::Target(target)) = symbols.get(symbol) else { continue };
            // Pieces may lie over one another.
            let until = by_address.partition_point(|piece| linked.pieces[*piece].at.start <= address);
            for piece in by_address[until.saturating_sub(8)..until].iter().copied() {
                let piece = &mut linked.pieces[piece];
                if piece.at.contains(&address) {
                    piece.refers.push((address - piece.at.start, *target));
                }
            }
        }
        Ok(linked)
    }

    fn symbols(&mut self, linking: &[u8], module: &Module) -> Outcome<Vec<Symbol>> {
        const SYMBOL_TABLE: u8 = 8;
        const UNDEFINED: u32 = 0x10;
        const NAMED: u32 = 0x40;
        let mut reader = Reader::new(linking);
        reader.number()?;
        while !reader.is_done() {
            let kind = reader.byte()?;
            let length = reader.number()? as usize;
            let mut table = Reader::new(reader.take(length)?);
            if kind != SYMBOL_TABLE {
                continue;
            }
            return table.many(|table| {
                let kind = table.byte()?;
                let flags = table.number()?;
                match kind {
                    1 => {
                        let name = table.name()?;
                        if flags & UNDEFINED != 0 {
                            return Ok(Symbol::Other);
                        }
                        let (segment, offset, size) = (table.number()?, table.number()?, table.number()?);
                        let address =
                            module.data.get(segment as usize).ok_or("a symbol lies outside of the data")?.address
                                + offset;
                        let at = address..address + size;
                        self.pieces.push(Piece { name, at, is_constant: segment == 0, refers: Vec::new() });
                        Ok(Symbol::Target(Target::Data(self.pieces.len() - 1)))
                    }
                    3 => table.number().map(|_| Symbol::Other),
                    _ => {
                        let index = table.number()?;
                        if flags & UNDEFINED == 0 || flags & NAMED != 0 {
                            table.name()?;
                        }
                        Ok(if kind == 0 { Symbol::Target(Target::Function(index)) } else { Symbol::Other })
                    }
                }
            });
        }
        Err("the linked module has no symbol table".to_owned())
    }
}

/// The kinds of relocation that hold a slot of the table or an address; the others are calls and types, which code says itself.
const CODE: &[u8] = &[1, 3, 4];
const DATA: &[u8] = &[2, 5];

fn relocations(section: &[u8], wanted: &[u8]) -> Outcome<Relocations> {
    let mut reader = Reader::new(section);
    reader.number()?;
    let all = reader.many(|reader| {
        let kind = reader.byte()?;
        let (at, symbol) = (reader.number()?, reader.number()?);
        // Addresses carry a distance from the symbol.
        if matches!(kind, 3..=5 | 8 | 9 | 11 | 14..=17 | 22 | 23) {
            reader.pass_number()?;
        }
        Ok((kind, at, symbol as usize))
    })?;
    Ok(all.into_iter().filter(|(kind, ..)| wanted.contains(kind)).map(|(_, at, symbol)| (at, symbol)).collect())
}

/// Where function bodies and data lie within their sections.
#[derive(Default)]
struct Places {
    bodies: Vec<Range<u32>>,
    /// With the addresses where they go.
    segments: Vec<(Range<u32>, u32)>,
}

impl Places {
    fn of(bytes: &[u8]) -> Outcome<Places> {
        let mut places = Places::default();
        let mut reader = Reader { bytes, at: 8 };
        while !reader.is_done() {
            let id = reader.byte()?;
            let length = reader.number()? as usize;
            let mut section = Reader::new(reader.take(length)?);
            if id == 10 {
                places.bodies = section.many(|section| {
                    let length = section.number()? as usize;
                    let start = section.at as u32;
                    section.take(length)?;
                    Ok(start..section.at as u32)
                })?;
            } else if id == 11 {
                places.segments = section.many(|section| {
                    let segment = section.segment()?;
                    let end = section.at as u32;
                    Ok((end - segment.bytes.len() as u32..end, segment.address))
                })?;
            }
        }
        Ok(places)
    }
}

/// A symbol's path as one writes it, as far as the rules of a split need it: `_ZN6engine5store5Store3add17h0123456789abcdefE` is
/// `engine::store::Store::add`, and of the newer form the names are taken in their order.
pub fn readable(symbol: &str) -> String {
    let (mut rest, is_old) = match (symbol.strip_prefix("_ZN"), symbol.strip_prefix("_R")) {
        (Some(rest), _) => (rest, true),
        (_, Some(rest)) => (rest, false),
        _ => return symbol.to_owned(),
    };
    let mut names: Vec<String> = Vec::new();
    while let Some(first) = rest.chars().next() {
        if !first.is_ascii_digit() {
            if is_old {
                break;
            }
            // `s…_` before a name tells crates and closures of one name apart.
            let marked = rest.strip_prefix('s').and_then(|rest| rest.split_once('_'));
            let marked = marked.filter(|(mark, _)| mark.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            rest = marked.map_or(&rest[first.len_utf8()..], |(_, rest)| rest);
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length = rest[..digits].parse().unwrap_or(0);
        rest = &rest[digits..];
        if !is_old {
            rest = rest.strip_prefix('_').unwrap_or(rest);
        }
        let Some((name, after)) = rest.split_at_checked(length) else { break };
        names.push(plain(name));
        rest = after;
    }
    let is_hash = |name: &String| is_old && name.len() == 17 && name.starts_with('h');
    names.pop_if(|name| is_hash(name));
    names.join("::")
}

/// A name of the older form without its escapes.
fn plain(name: &str) -> String {
    let name = name.trim_start_matches('_').replace("..", "::");
    let escapes =
        [("$LT$", "<"), ("$GT$", ">"), ("$RF$", "&"), ("$u20$", " "), ("$u7b$", "{"), ("$u7d$", "}"), ("$C$", ",")];
    escapes.iter().fold(name, |name, (escape, letter)| name.replace(escape, letter))
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn symbols_are_read_as_paths() {
        assert_eq!(readable("_ZN6engine5store5Store3add17heec9f21d6fbeac10E"), "engine::store::Store::add");
        assert_eq!(
            readable("_ZN55_$LT$web..pane..State$u20$as$u20$core..clone..Clone$GT$5clone17h3d2222752ad19287E"),
            "<web::pane::State as core::clone::Clone>::clone"
        );
        assert_eq!(readable("_RNvNtCsgXGp5Oqx2Ny_4core9panicking9panic_fmt"), "core::panicking::panic_fmt");
        assert_eq!(readable("__wbindgen_malloc"), "__wbindgen_malloc");
    }
}
