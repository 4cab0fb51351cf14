//! One program in two modules: what a first visit needs, and the rest, which the page fetches when it is first asked for.
//!
//! Linking gives one WebAssembly module. Most of its code belongs to commands that hardly any visit uses, and all of it would be
//! downloaded before the first prompt. So the module is cut after linking; no source has to know of it.
//!
//! **What goes.** Code and data refer to each other: functions call, and name addresses and slots of the function table; data holds
//! addresses and slots. All of that is known exactly, because the linker leaves its notes (`linked.rs`). `src/web/later.txt` names
//! functions that are *late*: the ones behind the rows of rare commands. A row's reference to a late function is not followed, and
//! neither are its references to sentences. The file also names *doors*: functions that are called directly, such as the view of
//! the command reference, and whose callers promise to have seen to it that the second module is here. What can be reached from
//! the exports without passing any of these stays; what is reached from there goes; what neither reaches is dropped. That
//! something is shared needs no decision: if anything that stays refers to it, it stays.
//!
//! **How they hold together.** The second module imports the first one's memory, table and globals (the stack pointer), and, under
//! short names, the functions that it calls. Nothing changes its address: data that goes leaves zeros behind, and the second
//! module's data segments fill them, as its element segments fill the empty slots of late functions, when it is instantiated. A
//! call through the table, as every command's is, needs no more. Where code that stays calls a door, a few instructions take the
//! door's place, which make the same call through a slot added for it.
//!
//! **What keeps it safe.** An empty slot *is* the note that its function is not here: the page asks the table itself before it
//! hands a request to the world (`web/later.rs`), so there is no list that could be wrong. A call into an empty slot all the same is
//! a trap, as WebAssembly defines it, and the page begins again from its journal. A sentence that is not here is zeros, which are
//! text as well.
//!
//! **What is left out.** A panic aborts, and its text reaches nobody: with the functions that `trap` names replaced by the instruction
//! that aborts, the optimiser drops what was made ready for the text.
//!
//! What wasm-bindgen calls the imports ends in sixteen random digits each, here and in the JavaScript beside it, and such digits
//! cannot be compressed: both get short names.
//!
//! The names that the rules ask for are in the module's name section as it comes from wasm-bindgen, which numbers functions anew
//! and keeps names, slots and addresses. Neither half keeps the names.

mod graph;
mod linked;
mod plan;
mod rules;
mod wasm;

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::Outcome;
use graph::{Graph, Node};
use linked::Linked;
use plan::Plan;
use rules::{Rule, Said};
use wasm::{Kind, Module};

pub use rules::Rules;

/// What the second module calls the first one.
const FIRST: &str = "first";
/// What the first module exports its table as.
const TABLE: &str = "table";

const UNREACHABLE: &[u8] = &[0x00, 0x00, 0x0b];

/// The two modules, and what there is to say about them.
#[derive(Debug)]
pub struct Halves {
    pub first: Vec<u8>,
    pub later: Vec<u8>,
    /// How many functions and bytes of data each has, and how many bytes nothing refers to.
    pub functions: (usize, usize),
    pub data: (usize, usize, usize),
    /// What the first one's imports are called now.
    pub renamed: Vec<(String, String)>,
    /// Rules that apply to nothing.
    pub idle: Vec<String>,
}

/// `linked` is the module as the linker left it, `bound` the one that wasm-bindgen made of it.
pub fn split(linked: &[u8], bound: &[u8], rules: &Rules) -> Outcome<Halves> {
    let linked = Linked::read(linked, |name| rules.of(&linked::readable(name)) == Some(Rule::Trap))?;
    halves(&linked, Module::read(bound)?, rules)
}

/// The program without traps, what the rules say of it, and who refers to whom.
fn prepared(linked: &Linked, whole: &mut Module, rules: &Rules) -> Outcome<(Said, Graph)> {
    let names = whole.names()?;
    let said = Said::of(rules, &names, &linked.pieces);
    let imported = whole.imported(Kind::Function).count() as u32;
    for trap in said.functions(Rule::Trap).filter_map(|index| index.checked_sub(imported)) {
        UNREACHABLE.clone_into(&mut whole.bodies[trap as usize]);
    }
    let mut graph = Graph::of(whole, linked, &names)?;
    for trap in said.functions(Rule::Trap) {
        graph.functions[trap as usize].clear();
    }
    Ok((said, graph))
}

fn planned(linked: &Linked, whole: &mut Module, rules: &Rules) -> Outcome<(Said, Graph, Plan)> {
    let (said, graph) = prepared(linked, whole, rules)?;
    let plan = Plan::make(whole, &graph, &said)?;
    Ok((said, graph, plan))
}

/// A part of the program: all of it in one module, the same without that part, and what the difference is made of.
#[derive(Debug)]
pub struct Part {
    pub whole: Vec<u8>,
    pub rest: Vec<u8>,
    pub groups: Vec<String>,
}

/// The functions whose names begin with one of these paths, and whatever only they refer to.
pub fn part(linked: &[u8], bound: &[u8], rules: &Rules, paths: &[String]) -> Outcome<Part> {
    let linked = Linked::read(linked, |name| rules.of(&linked::readable(name)) == Some(Rule::Trap))?;
    let mut whole = Module::read(bound)?;
    let (_, graph) = prepared(&linked, &mut whole, rules)?;
    let names: HashMap<u32, String> =
        whole.names()?.into_iter().map(|(index, name)| (index, linked::readable(&name))).collect();
    let is_of = |name: &String| paths.iter().any(|path| rules::begins(name, path));
    if let Some(path) = paths.iter().find(|path| !names.values().any(|name| rules::begins(name, path))) {
        return Err(format!("there is no function of {path}"));
    }
    let all = Plan::without(&whole, &graph, |_| false)?;
    let rest = Plan::without(&whole, &graph, |function| names.get(&function).is_some_and(is_of))?;
    let only = all.stay.functions.difference(&rest.stay.functions).copied();
    let groups = groups(&whole, &graph, &names, only);
    Ok(Part { whole: all.first(&whole)?.write(), rest: rest.first(&whole)?.write(), groups })
}

/// Functions in groups by the beginnings of their paths, largest first.
fn groups(whole: &Module, graph: &Graph, names: &HashMap<u32, String>, of: impl Iterator<Item = u32>) -> Vec<String> {
    let mut groups: HashMap<String, usize> = HashMap::new();
    for index in of {
        let name = names.get(&index).map_or("?", String::as_str);
        let plain = name.trim_start_matches(['<', '&']).split([' ', '<']).next().unwrap_or_default();
        let group = plain.split("::").take(3).collect::<Vec<_>>().join("::");
        *groups.entry(group).or_default() += whole.bodies[(index - graph.imported) as usize].len();
    }
    let mut groups: Vec<(String, usize)> = groups.into_iter().collect();
    groups.sort_by_key(|(name, bytes)| (Reverse(*bytes), name.clone()));
    groups.into_iter().map(|(name, bytes)| format!("{bytes:>8}  {name}")).collect()
}

/// What [`why`] is asked for to be told of all doors.
const DOORS: &str = "doors";

/// What stays, in groups by the beginnings of their paths, largest first; or, of a path, what leads to it; or every door that is
/// opened, its size in bytes, and by whom.
pub fn why(linked: &[u8], bound: &[u8], rules: &Rules, path: Option<&str>) -> Outcome<Vec<String>> {
    let linked = Linked::read(linked, |name| rules.of(&linked::readable(name)) == Some(Rule::Trap))?;
    let mut whole = Module::read(bound)?;
    let (_, graph, plan) = planned(&linked, &mut whole, rules)?;
    let names: HashMap<u32, String> =
        whole.names()?.into_iter().map(|(index, name)| (index, linked::readable(&name))).collect();
    let name = |index: u32| names.get(&index).map_or("?", String::as_str);
    if path == Some(DOORS) {
        let opens = |by: u32, door: u32| graph.functions[by as usize].contains(&Node::Function(door));
        return Ok(plan
            .stubs
            .keys()
            .map(|&door| {
                let callers = plan.stay.functions.iter().filter(|&&by| opens(by, door));
                let callers: Vec<&str> = callers.map(|&by| name(by)).collect();
                let size = whole.bodies[(door - graph.imported) as usize].len();
                format!("{size:>8}  {} opened by {}", name(door), callers.join(", "))
            })
            .collect());
    }
    if let Some(path) = path {
        let wanted = |index: u32| plan.stay.functions.contains(&index) && rules::begins(name(index), path);
        let way = graph::way(&graph, &Plan::roots(&whole, &graph), &plan.stay, wanted);
        return Ok(way
            .into_iter()
            .map(|node| match node {
                Node::Function(index) => name(index).to_owned(),
                Node::Data(piece) => format!("data {}", linked::readable(&graph.pieces[piece].name)),
            })
            .collect());
    }
    Ok(groups(&whole, &graph, &names, plan.stay.functions.iter().copied()))
}

fn halves(linked: &Linked, mut whole: Module, rules: &Rules) -> Outcome<Halves> {
    let (said, _, plan) = planned(linked, &mut whole, rules)?;
    let (mut first, later) = (plan.first(&whole)?, plan.later(&whole)?);
    let renamed = plan::rename_imports(&mut first);
    let bytes = |module: &Module| module.data.iter().map(|segment| segment.bytes.len()).sum::<usize>();
    let functions = (plan.stay.functions.len() + plan.stubs.len(), plan.go.functions.len());
    let (staying, going) = (bytes(&whole) - plan.vacated, bytes(&later));
    Ok(Halves {
        first: first.write(),
        later: later.write(),
        functions,
        data: (staying, going, bytes(&whole) - staying - going),
        renamed,
        idle: said.idle,
    })
}

#[cfg(test)]
mod tests {
    use super::linked::{Linked, Piece, Target};
    use super::wasm::{self, Element, Export, Kind, Module, Segment};
    use super::{Rules, halves};
    use crate::{places, setup};
    use std::collections::HashMap;
    use std::process::Command;

    /// Functions from a number to a number: `run` calls what stands in the slot of that number, `open` goes through a door.
    const NAMES: [&str; 7] =
        ["page::run", "commands::get", "commands::geo", "only_geo", "both", "page::reference", "page::open"];
    const TEXTS: u32 = 1028;

    fn program() -> (Linked, Module) {
        let call = |function: u8| [&[0x20, 0, 0x10, function][..]].concat();
        let load = [vec![0x41, 0], vec![0x28, 2], wasm::numbers(&[TEXTS])].concat();
        let add = |a: Vec<u8>, b: Vec<u8>| [a, b, vec![0x6a]].concat();
        let instructions = [
            vec![0x20, 0, 0x20, 0, 0x11, 0, 0],
            add(call(4), vec![0x41, 1]),
            add(add(call(3), call(4)), load),
            vec![0x20, 0, 0x41, 2, 0x6c],
            vec![0x20, 0, 0x41, 50, 0x6a],
            call(4),
            call(5),
        ];
        let name = |(index, name): (usize, &&str)| {
            [wasm::numbers(&[index as u32]), wasm::with_length(name.as_bytes())].concat()
        };
        let names: Vec<u8> = NAMES.iter().enumerate().flat_map(name).collect();
        let names = [vec![1], wasm::with_length(&[vec![NAMES.len() as u8], names].concat())].concat();
        let whole = Module {
            types: vec![vec![0x60, 1, 0x7f, 1, 0x7f]],
            functions: vec![0; NAMES.len()],
            tables: vec![vec![0x70, 1, 3, 3]],
            memories: vec![vec![0, 1]],
            exports: [("memory", Kind::Memory, 0), ("run", Kind::Function, 0), ("open", Kind::Function, 6)]
                .map(|(name, kind, index)| Export { name: name.to_owned(), kind, index })
                .to_vec(),
            elements: vec![Element { slot: 1, functions: vec![1, 2] }],
            bodies: instructions.map(|instructions| [vec![0], instructions, vec![0x0b]].concat()).to_vec(),
            data: vec![Segment { address: 1024, bytes: vec![1, 0, 0, 0, 7, 0, 0, 0] }],
            customs: vec![("name".to_owned(), names)],
            ..Module::default()
        };
        let piece = |name: &str, at, refers| Piece { name: name.to_owned(), at, is_constant: true, refers };
        let linked = Linked {
            pieces: vec![
                piece("rows", 1024..1028, vec![(0, Target::Function(1)), (2, Target::Function(2))]),
                piece("text", TEXTS..TEXTS + 4, Vec::new()),
            ],
            names: (0..).zip(NAMES.map(str::to_owned)).collect(),
            code: HashMap::from([(0, vec![Target::Data(0)]), (2, vec![Target::Data(1)])]),
        };
        (linked, whole)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (_, whole) = program();
        let bytes = whole.write();
        let again = Module::read(&bytes).expect("it is a module");
        assert_eq!(again.write(), bytes);
        assert_eq!(again.names().expect("it has names").len(), NAMES.len());
    }

    #[test]
    fn two_halves_do_what_the_whole_does() {
        let (linked, whole) = program();
        let rules = Rules::parse("late commands\nstay commands: get\ndoor page::reference\ncommands rows\n")
            .expect("they are rules");
        let bytes = whole.write();
        let halves = halves(&linked, whole, &rules).expect("it can be split");
        assert_eq!(halves.functions, (4 + 1, 3), "a door leaves a stub behind");
        assert_eq!(halves.data, (4, 4, 0), "the text goes with the only function that reads it");
        assert!(halves.idle.is_empty());
        let dir = places::target().join("xtask");
        std::fs::create_dir_all(&dir).expect("a folder to write to");
        for (name, bytes) in [("whole", &bytes), ("first", &halves.first), ("later", &halves.later)] {
            std::fs::write(dir.join(format!("test-{name}.wasm")), bytes).expect("a file can be written");
        }
        let script = r#"
            const { readFileSync } = require("node:fs");
            const make = (name, imports) =>
                new WebAssembly.Instance(new WebAssembly.Module(readFileSync(`test-${name}.wasm`)), imports).exports;
            const tried = (run) => { try { return run() } catch (error) { return error.constructor.name } };
            const said = (it) => [tried(() => it.run(1)), tried(() => it.run(2)), tried(() => it.open(5))];
            const whole = make("whole"), first = make("first");
            console.log(said(whole).join(), said(first).join(), first.table.get(2));
            make("later", { first });
            console.log(said(first).join(), first.table.get(2) !== null);
        "#;
        let said = Command::new(setup::node_binary()).current_dir(&dir).args(["-e", script]).output();
        let said = said.expect("node, which the page's tests need anyway");
        assert_eq!(
            String::from_utf8_lossy(&said.stdout),
            "52,63,55 52,RuntimeError,RuntimeError null\n52,63,55 true\n",
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
    }
}
