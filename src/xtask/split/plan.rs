//! Which half everything belongs to, and the two modules written accordingly.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::graph::{Graph, Node, Reached, cut, joined, lies_in};
use super::rules::{Rule, Said};
use super::wasm::{self, Element, Export, Import, Kind, Module, Segment};
use super::{FIRST, TABLE, UNREACHABLE};
use crate::Outcome;

/// What is decided before anything is written.
#[derive(Debug)]
pub struct Plan {
    imported: u32,
    pub stay: Reached,
    pub go: Reached,
    /// Doors that code which stays calls, and the slots added for them.
    pub stubs: BTreeMap<u32, u32>,
    /// What the second module takes from the first: functions, globals, other tables.
    taken: BTreeSet<(Kind, u32)>,
    /// The data of the two.
    staying: Vec<Segment>,
    going: Vec<Segment>,
    /// Bytes of the first one's data that are zero now.
    pub vacated: usize,
}

impl Plan {
    /// What everything that stays is reached from.
    pub fn roots(whole: &Module, graph: &Graph) -> Vec<Node> {
        let exported = whole.exports.iter().filter(|export| export.kind == Kind::Function).map(|export| export.index);
        let written = (0..graph.pieces.len()).filter(|piece| !graph.pieces[*piece].is_constant).map(Node::Data);
        exported.chain(whole.start).map(Node::Function).chain(written).collect()
    }

    pub fn make(whole: &Module, graph: &Graph, said: &Said) -> Outcome<Plan> {
        let roots = Plan::roots(whole, graph);
        let passes = |from: Option<(usize, u32)>, to: Node| match to {
            Node::Function(function) => match said.function(function) {
                Some(Rule::Door) => false,
                Some(Rule::Inline) => from.is_none_or(|(piece, _)| said.piece(piece) != Some(Rule::Commands)),
                Some(Rule::Late) => from.is_none_or(|(piece, _)| said.piece(piece).is_none()),
                _ => true,
            },
            Node::Data(_) => true,
        };
        let stay = graph.reached(roots.iter().copied(), passes);
        let sentences: BTreeSet<(usize, u32)> =
            said.commands().flat_map(|table| graph.late_sentences(whole, table, said, &stay.functions)).collect();
        let stay = graph.reached(roots.iter().copied(), |from, to| {
            passes(from, to) && from.is_none_or(|place| !sentences.contains(&place))
        });
        // Whatever leads from what stays to something that does not: doors and late functions.
        let of_code = stay.functions.iter().flat_map(|function| graph.functions[*function as usize].iter().copied());
        let of_data = stay.data.iter().flat_map(|piece| graph.data[*piece].iter().map(|(_, node)| *node));
        let is_here = |node: &Node| match node {
            Node::Function(function) => *function < graph.imported || stay.functions.contains(function),
            Node::Data(piece) => stay.data.contains(piece),
        };
        let edge: BTreeSet<Node> = of_code.chain(of_data).filter(|node| !is_here(node)).collect();
        let go = graph.reached(edge.into_iter(), |_, to| !is_here(&to));

        let stubs = stubs(whole, graph, &stay, |function| go.functions.contains(&function))?;
        let mut taken = BTreeSet::new();
        for function in &go.functions {
            for reference in wasm::references(&whole.bodies[(function - graph.imported) as usize])? {
                let is_taken = match reference.kind {
                    Kind::Function => !go.functions.contains(&reference.index),
                    // The table of functions is shared in any case.
                    Kind::Table => reference.index > 0,
                    Kind::Global => true,
                    Kind::Memory => false,
                };
                if is_taken {
                    taken.insert((reference.kind, reference.index));
                }
            }
        }
        let (here, there) = (places(graph, &stay), places(graph, &go));
        // Where a row's sentence is not here, neither are its address and its length.
        let unsaid = sentences.iter().map(|(table, offset)| graph.pieces[*table].at.start + offset);
        let unsaid = joined(unsaid.map(|address| address..address + 8));
        let (staying, vacated) = left_of(whole, graph, &here, &unsaid);
        let moved = there.iter().flat_map(|range| cut(&whole.data, range, &here));
        let going = moved.chain(unsaid.iter().flat_map(|range| cut(&whole.data, range, &[]))).collect();
        Ok(Plan { imported: graph.imported, stay, go, stubs, taken, staying, going, vacated })
    }

    /// One module of what can be reached when certain functions are elsewhere, all of them behind doors.
    pub fn without(whole: &Module, graph: &Graph, is_gone: impl Fn(u32) -> bool) -> Outcome<Plan> {
        let roots = Plan::roots(whole, graph);
        let stay =
            graph.reached(roots.into_iter(), |_, to| !matches!(to, Node::Function(function) if is_gone(function)));
        let stubs = stubs(whole, graph, &stay, is_gone)?;
        let (staying, vacated) = left_of(whole, graph, &places(graph, &stay), &[]);
        let (go, taken, going) = Default::default();
        Ok(Plan { imported: graph.imported, stay, go, stubs, taken, staying, going, vacated })
    }

    /// The name under which the first module hands something to the second.
    fn short(&self, what: (Kind, u32)) -> String {
        short(self.taken.range(..what).count())
    }

    /// The first module: every function keeps its number, so that nothing has to be written anew.
    pub fn first(&self, whole: &Module) -> Outcome<Module> {
        let mut first = Module { data: self.staying.clone(), ..whole.clone() };
        first.customs.retain(|(name, _)| name == "target_features");
        for (own, body) in first.bodies.iter_mut().enumerate() {
            let function = own as u32 + self.imported;
            if let Some(slot) = self.stubs.get(&function) {
                *body = stub(whole, whole.functions[own], *slot)?;
            } else if !self.stay.functions.contains(&function) {
                UNREACHABLE.clone_into(body);
            }
        }
        first.elements =
            elements(slots(&whole.elements).filter(|(_, function)| self.stay.functions.contains(function)));
        first.tables[0] = self.table(whole)?;
        first.exports.push(Export { name: TABLE.to_owned(), kind: Kind::Table, index: 0 });
        for &(kind, index) in &self.taken {
            first.exports.push(Export { name: self.short((kind, index)), kind, index });
        }
        Ok(first)
    }

    /// The table's type with the slots added for doors.
    fn table(&self, whole: &Module) -> Outcome<Vec<u8>> {
        let table = whole.tables.first().ok_or("the module has no table of its own")?;
        wasm::with_size(table, wasm::size(table)? + self.stubs.len() as u32)
    }

    pub fn later(&self, whole: &Module) -> Outcome<Module> {
        let from_first = |name: &str, kind: Kind, of: &[u8]| {
            let (module, name) = (FIRST.to_owned(), name.to_owned());
            Import { module, name, kind, of: of.to_vec() }
        };
        let memory = whole.memories.first().ok_or("the module has no memory of its own")?;
        let table = self.table(whole)?;
        let mut imports = vec![from_first("memory", Kind::Memory, memory), from_first(TABLE, Kind::Table, &table)];
        let mut places: BTreeMap<(Kind, u32), u32> = BTreeMap::new();
        let mut counts = BTreeMap::from([(Kind::Function, 0), (Kind::Table, 1)]);
        for &(kind, index) in &self.taken {
            let of = match kind {
                Kind::Function => wasm::numbers(&[type_of(whole, index)?]),
                Kind::Table => whole.tables.get(index as usize).cloned().ok_or("a table is imported")?,
                _ => global_type(whole, index)?,
            };
            imports.push(from_first(&self.short((kind, index)), kind, &of));
            let count = counts.entry(kind).or_default();
            places.insert((kind, index), *count);
            *count += 1;
        }
        let own = self.go.functions.iter().zip(counts[&Kind::Function]..);
        places.extend(own.map(|(function, place)| ((Kind::Function, *function), place)));
        places.insert((Kind::Table, 0), 0);
        let place = |kind: Kind, index: u32| places.get(&(kind, index)).copied();
        let mut later = Module {
            types: whole.types.clone(),
            imports,
            data: self.going.clone(),
            customs: whole.customs.iter().filter(|(name, _)| name == "target_features").cloned().collect(),
            ..Module::default()
        };
        for function in &self.go.functions {
            let own = (function - self.imported) as usize;
            later.functions.push(whole.functions[own]);
            later.bodies.push(wasm::with_indices(&whole.bodies[own], place)?);
        }
        let filled = slots(&whole.elements).filter(|(_, function)| self.go.functions.contains(function));
        let added = self.stubs.iter().map(|(function, slot)| (*slot, *function));
        let placed = filled.chain(added).filter_map(|(slot, function)| Some((slot, place(Kind::Function, function)?)));
        later.elements = elements(placed);
        Ok(later)
    }
}

/// The functions elsewhere that what stays calls, and a slot of the table for each, behind those that there are.
fn stubs(
    whole: &Module,
    graph: &Graph,
    stay: &Reached,
    is_elsewhere: impl Fn(u32) -> bool,
) -> Outcome<BTreeMap<u32, u32>> {
    let mut slot = whole.tables.first().map_or(Ok(0), |table| wasm::size(table))?;
    let mut stubs = BTreeMap::new();
    for function in &stay.functions {
        let own = whole.bodies.get((function - graph.imported) as usize).ok_or("a function has no body")?;
        for reference in wasm::references(own)? {
            if reference.kind == Kind::Function && is_elsewhere(reference.index) {
                stubs.entry(reference.index).or_insert_with(|| {
                    slot += 1;
                    slot - 1
                });
            }
        }
    }
    Ok(stubs)
}

/// Where what has been reached of the data lies.
fn places(graph: &Graph, of: &Reached) -> Vec<Range<u32>> {
    joined(of.data.iter().map(|piece| graph.pieces[*piece].at.clone()))
}

/// The data with zeros for whatever lies elsewhere than `here` or is `unsaid`, and how many bytes these are.
fn left_of(whole: &Module, graph: &Graph, here: &[Range<u32>], unsaid: &[Range<u32>]) -> (Vec<Segment>, usize) {
    let known = joined(graph.pieces.iter().map(|piece| piece.at.clone()));
    let mut vacated = 0;
    let mut staying = whole.data.clone();
    for segment in &mut staying {
        for (address, byte) in (segment.address..).zip(&mut segment.bytes) {
            // Bytes that belong to no symbol stay; it is padding.
            if lies_in(&known, address) && (!lies_in(here, address) || lies_in(unsaid, address)) {
                *byte = 0;
                vacated += 1;
            }
        }
    }
    (staying, vacated)
}

/// A name for a number, as short as can be.
fn short(number: usize) -> String {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut rest = number;
    let mut name = String::new();
    loop {
        name.push(char::from(DIGITS[rest % DIGITS.len()]));
        rest /= DIGITS.len();
        if rest == 0 {
            return name;
        }
    }
}

/// Gives short names to the functions that a module imports: old names and new ones, which depend on nothing but all of the old.
pub fn rename_imports(module: &mut Module) -> Vec<(String, String)> {
    let functions = || module.imports.iter().filter(|import| import.kind == Kind::Function);
    let names: BTreeSet<String> = functions().map(|import| import.name.clone()).collect();
    // A letter first, so that it is a name in JavaScript as well.
    let renamed = names.into_iter().enumerate().map(|(at, name)| (name, format!("_{}", short(at))));
    let renamed: BTreeMap<String, String> = renamed.collect();
    for import in &mut module.imports {
        if let Some(new) = renamed.get(&import.name).filter(|_| import.kind == Kind::Function) {
            import.name.clone_from(new);
        }
    }
    renamed.into_iter().collect()
}

/// The slots of the table and the functions in them.
fn slots(elements: &[Element]) -> impl Iterator<Item = (u32, u32)> {
    elements.iter().flat_map(|element| (element.slot..).zip(element.functions.iter().copied()))
}

/// Element segments with these functions, as few as there can be without touching other slots.
fn elements(slots: impl Iterator<Item = (u32, u32)>) -> Vec<Element> {
    let slots: BTreeMap<u32, u32> = slots.collect();
    let mut elements: Vec<Element> = Vec::new();
    for (slot, function) in slots {
        match elements.last_mut() {
            Some(last) if last.slot + last.functions.len() as u32 == slot => last.functions.push(function),
            _ => elements.push(Element { slot, functions: vec![function] }),
        }
    }
    elements
}

/// A body that makes its own call through a slot of the table.
fn stub(whole: &Module, of: u32, slot: u32) -> Outcome<Vec<u8>> {
    let mut body = vec![0x00];
    for parameter in 0..wasm::parameters(&whole.types[of as usize])? {
        body.push(0x20);
        body.extend(wasm::numbers(&[parameter]));
    }
    body.extend(wasm::constant(slot));
    body.push(0x11);
    body.extend(wasm::numbers(&[of, 0]));
    body.push(0x0b);
    Ok(body)
}

fn type_of(whole: &Module, function: u32) -> Outcome<u32> {
    let imported = whole.imported(Kind::Function).count();
    match (function as usize).checked_sub(imported) {
        Some(own) => Ok(whole.functions[own]),
        None => {
            let import = whole.imported(Kind::Function).nth(function as usize).ok_or("an import is missing")?;
            wasm::first_number(&import.of)
        }
    }
}

/// A global's type, without its first value.
fn global_type(whole: &Module, global: u32) -> Outcome<Vec<u8>> {
    let own = (global as usize).checked_sub(whole.imported(Kind::Global).count());
    let global = own.and_then(|own| whole.globals.get(own)).ok_or("a global is imported")?;
    Ok(global[..2].to_vec())
}
