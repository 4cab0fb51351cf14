//! A world, an inspector that follows it, and what is to be seen.

use crate::change::Kept;
use crate::index::Sort;
use crate::picture::{bits, hyperloglog, list, map, sheet, stream, string, vector};
use crate::preview::Preview;
use crate::{InspectMsg, Inspector, KeyspaceView, Layout, Lens, Line, Open, Row};
use engine::Value;
use sim::{ClientId, World, WorldConfig};
use std::rc::Rc;

struct Desk {
    world: World,
    client: ClientId,
    inspector: Inspector,
}

impl Desk {
    fn new(commands: &str) -> Desk {
        let mut world = World::new(&WorldConfig::default());
        let client = world.connect();
        let mut desk = Desk { world, client, inspector: Inspector::default() };
        commands.lines().for_each(|line| desk.run(line));
        desk
    }

    fn database(&self) -> usize {
        self.world.engine().clients().get(self.client).map_or(0, |client| client.database)
    }

    /// As the page does it.
    fn run(&mut self, line: &str) {
        self.inspector.about_to_change(&self.world, self.database());
        let words = term::quote::split(line).expect("a line");
        self.world.send(self.client, &resp::request::request_bytes(&words));
        let reply = self.world.take(self.client).into_iter().flat_map(|delivery| delivery.bytes).collect::<Vec<u8>>();
        assert!(!reply.starts_with(b"-"), "{line}: {}", String::from_utf8_lossy(&reply));
        self.hear(true);
    }

    fn hear(&mut self, notable: bool) {
        let events = self.world.take_events().into_iter().map(|(_, event)| event);
        self.inspector.heard(self.world.engine(), events, notable);
    }

    fn tell(&mut self, msg: InspectMsg) {
        self.view();
        self.inspector.update(&msg);
    }

    fn view(&mut self) -> Rc<KeyspaceView> {
        self.inspector.view(&self.world, self.database())
    }

    fn rows(&mut self) -> Vec<Rc<Row>> {
        let key = |line: &Line| if let Line::Key { row, .. } = line { Some(row.clone()) } else { None };
        self.view().lines.iter().filter_map(key).collect()
    }

    fn names(&mut self) -> String {
        self.rows().iter().map(|row| row.name.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn open(&mut self, name: &str) -> Rc<Open> {
        let at = self.rows().iter().position(|row| *row.name == *name).expect(name);
        self.tell(InspectMsg::Open(at));
        self.opened()
    }

    fn opened(&mut self) -> Rc<Open> {
        self.view().open.clone().expect("a key is open")
    }

    fn sheet(&mut self) -> Vec<String> {
        let open = self.opened();
        let source = open.source().expect("the key is there");
        let rows = sheet::sheet(&source, open.lens).rows;
        let rows = sheet::rows(&source, open.lens, 0..rows).into_iter();
        rows.map(|row| format!("{}{}", row.cells.join(" | "), if row.fresh { " *" } else { "" })).collect()
    }
}

#[test]
fn the_list_follows_commands_in_every_order() {
    let mut desk = Desk::new("SET b 1 EX 100\nRPUSH a x\nSADD c m\nSET d 2 EX 50\nZADD e 1 m");
    assert_eq!(desk.names(), "a b c d e");
    desk.run("DEL c");
    desk.run("SET bb 5");
    assert_eq!(desk.names(), "a b bb d e");
    desk.tell(InspectMsg::Sort(Sort::Life));
    assert_eq!(desk.names(), "d b a bb e");
    desk.run("EXPIRE b 10");
    assert_eq!(desk.names(), "b d a bb e");
    desk.tell(InspectMsg::Sort(Sort::Kind));
    assert_eq!(desk.names(), "b bb d a e");
    desk.tell(InspectMsg::Sort(Sort::Kind));
    assert_eq!(desk.names(), "e a d bb b");
    desk.tell(InspectMsg::Sort(Sort::Name));
    desk.tell(InspectMsg::Filter("b*".into()));
    assert_eq!(desk.names(), "b bb");
    desk.run("SET bbb 5");
    desk.run("RENAME b z");
    assert_eq!(desk.names(), "bb bbb");
    desk.tell(InspectMsg::Filter(String::new()));
    desk.tell(InspectMsg::Kind("list"));
    assert_eq!(desk.names(), "a");
    desk.run("LPOP a");
    assert_eq!(desk.names(), "");
    desk.tell(InspectMsg::Kind(""));
    desk.world.advance(60_000_000);
    desk.hear(false);
    assert_eq!(desk.names(), "bb bbb e");
}

#[test]
fn what_the_events_do_not_tell_is_looked_up_again() {
    let mut desk = Desk::new("MSET a 1 b 2");
    desk.view();
    desk.run("SELECT 3");
    assert_eq!(desk.names(), "");
    desk.run("MSET x 1 y 2");
    assert_eq!(desk.view().databases, [(0, 2), (3, 2)]);
    assert_eq!(desk.names(), "x y");
    desk.run("SWAPDB 0 3");
    assert_eq!(desk.names(), "a b", "a swap of equally many keys is seen");
    desk.tell(InspectMsg::Database(Some(0)));
    assert_eq!(desk.names(), "x y");
    desk.run("FLUSHALL");
    assert_eq!(desk.names(), "");
    desk.world.undo();
    desk.world.take_events();
    desk.inspector.went_elsewhere(desk.world.engine());
    assert_eq!(desk.names(), "x y");
    desk.tell(InspectMsg::Database(None));
    desk.run("DEBUG POPULATE 9000");
    assert!(desk.view().counting);
    while desk.inspector.work(desk.world.engine()) {}
    assert!(!desk.view().counting);
    assert_eq!((desk.view().matching, desk.view().total), (9002, 9002));
}

#[test]
fn a_window_is_all_that_is_made() {
    let mut desk = Desk::new("DEBUG POPULATE 3000 k");
    assert!(desk.view().is_compact());
    desk.tell(InspectMsg::Window { first: 1000, count: 60 });
    let view = desk.view();
    assert_eq!((view.first, view.lines.len(), view.all), (1000, 60, 3000));
    assert_eq!(*desk.rows()[0].name, *"k:1899");
    desk.tell(InspectMsg::Window { first: 5000, count: 60 });
    assert_eq!(desk.view().lines.len(), 1);
    let before = desk.view();
    assert!(Rc::ptr_eq(&before, &desk.view()), "nothing happened, so it is the same view");
}

#[test]
fn a_tree_shows_its_branches() {
    let mut desk = Desk::new("MSET user:1:name a user:1:mail b user:2:name c cart:7 1 cart:8 2 plain 3 lone:x 4");
    desk.tell(InspectMsg::Layout(Layout::Tree));
    let lines = |desk: &mut Desk| -> Vec<String> {
        let view = desk.view();
        let line = |line: &Line| match line {
            Line::Key { row, depth } => format!("{depth} {}", row.name),
            Line::Branch { label, depth, keys, open } => format!("{depth} {label} {keys} {open}"),
            Line::More { keys, .. } => format!("and {keys}"),
        };
        view.lines.iter().map(line).collect()
    };
    assert_eq!(lines(&mut desk), ["0 cart: 2 false", "0 lone:x", "0 plain", "0 user: 3 false"]);
    desk.tell(InspectMsg::Branch(3));
    assert_eq!(lines(&mut desk)[3..], ["0 user: 3 true", "1 user:1: 2 false", "1 user:2:name"]);
    desk.run("SET user:2:mail d");
    assert_eq!(lines(&mut desk)[5], "1 user:2: 2 false");
    desk.tell(InspectMsg::Open(2));
    assert_eq!(*desk.opened().row.name, *"plain");
    desk.run("DEBUG POPULATE 700 leaf");
    desk.tell(InspectMsg::Close);
    desk.view();
    desk.tell(InspectMsg::Branch(1));
    desk.tell(InspectMsg::Window { first: 480, count: 100 });
    assert!(lines(&mut desk).contains(&"and 200".to_owned()), "a level is cut");
}

#[test]
fn what_a_command_changed_is_fresh_and_nothing_else() {
    let mut desk = Desk::new("RPUSH l a b c d\nHSET h x 1 y 2\nSADD s p q\nZADD z 1 m 2 n\nSET t abcdef");
    for (command, key, wanted) in [
        ("LPUSH l new", "l", "0 | -5 | new | 0 *"),
        ("RPUSH l last", "l", "5 | -1 | last | 0 *"),
        ("LSET l 2 B", "l", "2 | -4 | B | 0 *"),
        ("HSET h y 3 x 1", "h", "y | 3 | none *"),
        ("HPEXPIRE h 5000 FIELDS 1 x", "h", "x | 1 | 5.0 s *"),
        ("SADD s r q", "s", "2 | r *"),
        ("ZINCRBY z 0.5 m", "z", "0 | m | 1.5 *"),
    ] {
        desk.run(command);
        desk.open(key);
        let fresh: Vec<String> = desk.sheet().into_iter().filter(|row| row.ends_with('*')).collect();
        assert_eq!(fresh, [wanted], "{command}");
        desk.tell(InspectMsg::Close);
        let touched: Vec<_> = desk.rows().iter().filter(|row| row.touched).map(|row| row.name.to_string()).collect();
        assert_eq!(touched, [key], "{command}");
    }
    desk.run("SETRANGE t 2 XY");
    let open = desk.open("t");
    let text = string::text(&open.bytes(), Kept::of_bytes(&open.bytes(), &open.before), 100);
    assert_eq!((&*text.head, &*text.fresh, &*text.tail), ("ab", "XY", "ef"));
    desk.run("GET t");
    assert!(!desk.opened().before.is_touched());
    desk.run("DEL t");
    assert!(desk.opened().value.is_none());
    desk.tell(InspectMsg::Close);
    desk.run("LPOP l");
    let Preview::List { head, .. } = &desk.rows()[1].preview else { panic!("a list") };
    assert!(head.iter().all(|part| !part.fresh), "what went leaves the rest as it was");
}

#[test]
fn the_meter_reads_the_limits_that_hold_now() {
    let mut desk = Desk::new("SADD s 1 2 3\nSET t abc\nRPUSH l a");
    for field in 0..510 {
        desk.run(&format!("HSET h f{field} v"));
    }
    let words = |desk: &mut Desk, key: &str| -> Vec<String> {
        let open = desk.open(key);
        let words = open.meters.iter().map(|meter| format!("{}: {}", meter.figures, meter.then)).collect();
        desk.tell(InspectMsg::Close);
        words
    };
    assert_eq!(words(&mut desk, "h")[0], "510 of 512 fields: 3 more and it becomes a hashtable");
    desk.run("HSET h f510 v f511 v");
    assert_eq!(words(&mut desk, "h")[0], "512 of 512 fields: 1 more and it becomes a hashtable");
    desk.run("HSET h f512 v");
    assert_eq!(words(&mut desk, "h"), [""; 0]);
    assert!(words(&mut desk, "s")[0].starts_with("3 of 512 integers: 510 more and it becomes a hashtable; a member"));
    desk.run("CONFIG SET set-max-intset-entries 3");
    assert!(words(&mut desk, "s")[0].starts_with("3 of 3 integers: 1 more and it becomes a hashtable"));
    desk.run("SADD s 4");
    assert_eq!(words(&mut desk, "s"), [""; 0]);
    assert_eq!(
        words(&mut desk, "t"),
        ["3 of 40 bytes beside its key: 38 more and it becomes a raw string, with memory of its own"]
    );
    desk.run(&format!("SET t {}", "x".repeat(41)));
    assert_eq!(desk.open("t").row.encoding, "raw");
    desk.tell(InspectMsg::Close);
    desk.run("CONFIG SET list-max-listpack-size 3");
    assert_eq!(words(&mut desk, "l"), ["1 of 3 elements: beyond that it becomes a quicklist of several listpacks"]);
}

#[test]
fn the_history_names_those_who_named_the_key() {
    let mut desk = Desk::new("SET a 1\nSET b 2\nMSET b 3 a 4\nGET a\nPING a");
    let open = desk.open("a");
    let past: Vec<(&str, bool)> = open.past().iter().map(|past| (&*past.line, past.writes)).collect();
    assert_eq!(past, [("SET a 1", true), ("MSET b 3 a 4", true), ("GET a", false)]);
    assert_eq!(*open.reading, *"GET a");
    desk.run("INCR a");
    assert_eq!(desk.opened().past().len(), 4);
    desk.world.undo();
    desk.world.take_events();
    desk.inspector.went_elsewhere(desk.world.engine());
    assert_eq!(desk.opened().past().len(), 3);
}

#[test]
fn the_history_keeps_databases_apart() {
    let mut desk = Desk::new("SET a 1\nSELECT 1\nSET a 2\nMULTI\nSELECT 2\nSET a 3\nDISCARD\nINCR a\nSELECT 0\nGET a");
    let lines = |open: &Open| open.past().iter().map(|past| past.line.to_string()).collect::<Vec<_>>().join(", ");
    let open = desk.open("a");
    assert_eq!(lines(&open), "SET a 1, GET a");
    desk.run("COPY a b DB 1");
    desk.run("MOVE a 3");
    assert_eq!(lines(&desk.opened()), "SET a 1, GET a, COPY a b DB 1, MOVE a 3");
    desk.tell(InspectMsg::Close);
    for (number, name, wanted) in
        [(1, "a", "SET a 2, INCR a"), (1, "b", "COPY a b DB 1"), (3, "a", "MOVE a 3"), (1, "a", "SET a 2, INCR a")]
    {
        desk.tell(InspectMsg::Database(Some(number)));
        assert_eq!(lines(&desk.open(name)), wanted, "{name} in {number}");
        desk.tell(InspectMsg::Close);
    }
    // A transaction that failed has selected nothing, which only the server knows.
    desk.run("MULTI");
    desk.run("SELECT 1");
    desk.world.send(desk.client, b"*1\r\n$6\r\nNOSUCH\r\n");
    desk.world.send(desk.client, b"*1\r\n$4\r\nEXEC\r\n");
    desk.world.take(desk.client);
    desk.hear(true);
    desk.tell(InspectMsg::Database(Some(1)));
    desk.open("a");
    desk.run("SET a 9");
    assert_eq!(lines(&desk.opened()), "SET a 2, INCR a");
}

#[test]
fn consumers_grow_idle_while_one_looks_on() {
    let mut desk = Desk::new("XADD log 1-0 a 1\nXGROUP CREATE log work 0\nXREADGROUP GROUP work ann STREAMS log >");
    let idle = |open: &Open| {
        let Some(Value::Stream(log)) = &open.value else { panic!("a stream") };
        stream::groups(log, &open.before, open.now).lanes[0].idle.to_string()
    };
    let before = desk.open("log");
    desk.world.advance(4_000_000);
    let after = desk.opened();
    assert!(*before != *after, "it is drawn anew");
    // What is asked once between two commands is what MEMORY USAGE says.
    desk.run("XADD log 2-0 a 1");
    desk.run("XREADGROUP GROUP work ann STREAMS log >");
    let shown = desk.opened().row.bytes as usize;
    let store = desk.world.engine().store();
    assert_eq!(shown, store.keyspace(0).usage(b"log", 0, 5).expect("the key is there"));
    assert_eq!((idle(&before), idle(&after)), ("0.0 s".to_owned(), "4.0 s".to_owned()));
}

#[test]
fn a_string_is_shown_as_it_is_used() {
    let mut desk = Desk::new(
        "SET text hello\nSETBIT seen 9 1\nPFADD hll a b c\nBITFIELD lanes SET u8 #1 200 SET i5 16 -3\nSET n 41",
    );
    desk.run("SET bin \"\\x00\\xff\"");
    for (key, lens, reading) in [
        ("text", Lens::Text, "GET text"),
        ("seen", Lens::Bits, "BITCOUNT seen"),
        ("hll", Lens::Registers, "PFCOUNT hll"),
        ("lanes", Lens::Lanes, "BITFIELD_RO lanes GET u8 0"),
        ("bin", Lens::Hex, "GET bin"),
    ] {
        let open = desk.open(key);
        assert_eq!((open.lens, &*open.reading), (lens, reading), "{key}");
        desk.tell(InspectMsg::Close);
    }
    desk.open("lanes");
    assert_eq!(desk.sheet(), ["8 | u8 | 11001000 | 200", "16 | i5 | 11101 | -3"]);
    desk.run("BITFIELD lanes INCRBY u8 #1 1");
    assert_eq!(desk.sheet()[0], "8 | u8 | 11001001 | 201 *");
    desk.tell(InspectMsg::Close);
    let open = desk.open("hll");
    let registers = hyperloglog::registers(&open.bytes(), &open.before).expect("a sketch");
    assert_eq!((registers.estimate, registers.used, registers.dense), (3, 3, false));
    desk.run("PFADD hll d");
    let open = desk.opened();
    assert_eq!(hyperloglog::registers(&open.bytes(), &open.before).expect("a sketch").fresh.len(), 1);
    desk.tell(InspectMsg::Close);
    desk.run("SETBIT seen 70 1");
    let open = desk.open("seen");
    let rows = bits::rows(&open.bytes(), &open.before, 64, 0..9);
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].ones.clone(), rows[0].fresh.clone()), (vec![9], vec![]));
    assert_eq!((rows[1].ones.clone(), rows[1].fresh.clone(), rows[1].len), (vec![6], vec![6], 8));
}

#[test]
fn a_list_is_a_chain_of_nodes() {
    let mut desk = Desk::new("CONFIG SET list-max-listpack-size 4\nCONFIG SET list-compress-depth 1");
    let elements: Vec<String> = (0..14).map(|at| format!("element-number-{at}")).collect();
    desk.run(&format!("RPUSH l {}", elements.join(" ")));
    let open = desk.open("l");
    let Some(Value::List(value)) = &open.value else { panic!("a list") };
    let nodes = list::nodes(value, open.compress_depth);
    assert_eq!(nodes.iter().map(|node| (node.first, node.len)).collect::<Vec<_>>(), [(0, 4), (4, 4), (8, 4), (12, 2)]);
    assert_eq!(nodes.iter().map(|node| node.compressed).collect::<Vec<_>>(), [false, true, true, false]);
    assert_eq!(desk.sheet()[12], "12 | -2 | element-number-12 | 3");
}

#[test]
fn places_are_found_on_the_map() {
    let mut desk = Desk::new("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania\nZADD z 5 five");
    let open = desk.open("g");
    assert_eq!(open.lens, Lens::Map);
    assert_eq!(open.lenses, [Lens::Map, Lens::Ladder]);
    let Some(Value::SortedSet(value)) = &open.value else { panic!("a sorted set") };
    let map = map::map(value, &open.before);
    let [palermo, catania] = &map.places[..] else { panic!("two places") };
    assert!(palermo.x < catania.x && palermo.y < catania.y, "Palermo lies west and north of Catania");
    assert!(map.meridians.len() >= 3 && map.parallels.len() >= 3);
    assert!(map.meridians.iter().chain(&map.parallels).all(|line| (0.0..=1000.0).contains(&line.at)));
    assert_eq!(desk.sheet()[0], "Palermo | 13.361389 | 38.115556 | 3479099956230698");
    desk.tell(InspectMsg::Close);
    assert_eq!(desk.open("z").lenses, [Lens::Ladder]);
}

#[test]
fn a_stream_shows_who_has_read_and_who_holds_what() {
    let mut desk = Desk::new("XADD log 1-0 a 1\nXADD log 2-0 a 2\nXADD log 3-0 a 3\nXGROUP CREATE log work 0");
    desk.run("XREADGROUP GROUP work ann COUNT 1 STREAMS log >");
    desk.open("log");
    assert_eq!(desk.sheet(), ["1-0 | a 1 | ann ×1 | work", "2-0 | a 2 |  | ", "3-0 | a 3 |  | "]);
    desk.run("XREADGROUP GROUP work bob COUNT 1 STREAMS log >");
    assert_eq!(desk.sheet(), ["1-0 | a 1 | ann ×1 | ", "2-0 | a 2 | bob ×1 | work", "3-0 | a 3 |  | "]);
    let open = desk.opened();
    let Some(Value::Stream(log)) = &open.value else { panic!("a stream") };
    let groups = stream::groups(log, &open.before, open.now);
    assert!(groups.at_beginning.is_empty() && groups.gone == 0);
    assert_eq!((groups.groups[0].behind, groups.groups[0].pending, groups.groups[0].fresh), (Some(1), 2, true));
    desk.run("XACK log work 1-0");
    desk.run("XADD log MAXLEN 2 4-0 a 4");
    assert_eq!(desk.sheet(), ["3-0 | a 3 |  | ", "4-0 | a 4 |  |  *"]);
    for at in 5..300 {
        desk.run(&format!("XADD log {at}-0 a {at}"));
    }
    let open = desk.opened();
    let source = open.source().expect("the key is there");
    assert_eq!(*sheet::rows(&source, open.lens, 250..251)[0].cells[0], *"253-0");
}

#[test]
fn a_vector_set_is_a_cloud_of_neighbours() {
    let mut desk = Desk::new("");
    for (at, name) in ["north", "east", "south", "west"].into_iter().enumerate() {
        let (x, y) = [(0, 10), (10, 0), (0, -10), (-10, 0)][at];
        desk.run(&format!("VADD v VALUES 2 {x} {y} {name} NOQUANT"));
    }
    let open = desk.open("v");
    assert_eq!((open.lens, open.row.kind), (Lens::Cloud, "vectorset"));
    let Some(Value::VectorSet(set)) = &open.value else { panic!("a vector set") };
    let cloud = vector::cloud(set, &open.before);
    let spot = |name: &str| cloud.spots.iter().find(|spot| *spot.name == *name).expect(name);
    let apart = |a: &str, b: &str| (spot(a).x - spot(b).x).hypot(spot(a).y - spot(b).y);
    assert!(apart("north", "south") > apart("north", "east"), "opposites lie farther apart than neighbours");
    assert!(!cloud.links.is_empty());
    assert!(spot("north").about.starts_with("is nearest to "), "{}", spot("north").about);
    assert!(spot("north").about.contains(" 0.500"), "{}", spot("north").about);
    desk.run("VADD v VALUES 2 9 1 almost-east NOQUANT");
    let open = desk.opened();
    let Some(Value::VectorSet(set)) = &open.value else { panic!("a vector set") };
    let cloud = vector::cloud(set, &open.before);
    let fresh: Vec<_> = cloud.spots.iter().filter(|spot| spot.fresh).map(|spot| &*spot.name).collect();
    assert_eq!(fresh, ["almost-east"]);
    assert!(desk.sheet()[0].starts_with("almost-east | east"), "{:?}", desk.sheet());
}

#[test]
fn the_bytes_are_those_of_memory_usage() {
    let mut desk = Desk::new("SET a 1\nSET b some-text\nRPUSH l a b c\nHSET h x 1");
    let usage = |desk: &mut Desk, key: &str| {
        desk.world.send(desk.client, &resp::request::request_bytes([&b"MEMORY"[..], b"USAGE", key.as_bytes()]));
        let reply = desk.world.take(desk.client).into_iter().flat_map(|delivery| delivery.bytes).collect::<Vec<u8>>();
        resp::number::parse_integer(reply[1..].trim_ascii()).expect("a number") as u64
    };
    for row in desk.rows() {
        assert_eq!(row.bytes, usage(&mut desk, &row.name), "{}", row.name);
    }
    let before = desk.view().shares.iter().map(|share| share.bytes).sum::<u64>();
    desk.run(&format!("RPUSH l {}", "x".repeat(100)));
    let view = desk.view();
    assert_eq!(view.shares.iter().map(|share| share.bytes).sum::<u64>(), before + 103);
    assert_eq!(view.gained, 103);
    assert_eq!(*view.heaviest[0].2, *"l");
    desk.tell(InspectMsg::Sort(Sort::Bytes));
    assert!(desk.names().starts_with("l "));
    desk.run("DEL l");
    assert!(desk.view().gained < -150);
}

/// Every way of looking at every kind of value: the table has the rows that it promises, in any window.
#[test]
fn of_many_the_new_ones_are_drawn() {
    let mut desk = Desk::new("");
    for at in 0..3000 {
        desk.run(&format!("GEOADD g {} {} p{at}", at % 50, at % 70));
    }
    for at in 0..600 {
        desk.run(&format!("VADD v VALUES 3 {} {} {} e{at}", at % 7, at % 11, at % 13 + 1));
    }
    desk.open("g");
    desk.run("GEOADD g 7.5 8.5 new");
    let open = desk.opened();
    let Some(Value::SortedSet(value)) = &open.value else { panic!("a sorted set") };
    let map = map::map(value, &open.before);
    let fresh: Vec<_> = map.places.iter().filter(|place| place.fresh).map(|place| &*place.name).collect();
    assert!(fresh == ["new"] && map.hidden > 1900 && map.places.len() + map.hidden == 3001);
    desk.tell(InspectMsg::Close);
    desk.open("v");
    desk.run("VADD v VALUES 3 9 9 1 new");
    let open = desk.opened();
    let Some(Value::VectorSet(set)) = &open.value else { panic!("a vector set") };
    let cloud = vector::cloud(set, &open.before);
    let fresh: Vec<_> = cloud.spots.iter().filter(|spot| spot.fresh).map(|spot| &*spot.name).collect();
    assert!(fresh == ["new"] && cloud.hidden > 400 && cloud.spots.len() + cloud.hidden == 601);
}

#[test]
fn the_way_to_what_changed() {
    let mut desk = Desk::new(
        "RPUSH l a b c\nSADD s x y z\nHSET h a 1 b 2 c 3\nZADD z 1 a 2 b 3 c\nXADD x 1-0 a 1\nXADD x 2-0 a 2",
    );
    desk.run("SETRANGE bits 99 y");
    desk.run("SETBIT bits 5 1");
    let first = |open: &Open, lens: Lens, as_sheet: bool| {
        crate::picture::fresh::first(&open.source().expect("the key is there"), lens, as_sheet)
    };
    for (key, change, lens, wanted) in [
        ("l", "LINSERT l BEFORE c new", Lens::Nodes, Some(2)),
        ("l", "LPOP l", Lens::Nodes, None),
        ("s", "SADD s new", Lens::Members, Some(3)),
        ("h", "HSET h b 9", Lens::Fields, Some(1)),
        ("z", "ZADD z 1.5 new", Lens::Ladder, Some(1)),
        ("x", "XADD x 3-0 a 3", Lens::Log, Some(2)),
        ("x", "XDEL x 1-0", Lens::Log, None),
        ("bits", "SETBIT bits 300 1", Lens::Bits, Some(300)),
        ("bits", "SETRANGE bits 90 q", Lens::Hex, Some(5)),
    ] {
        desk.open(key);
        desk.run(change);
        assert_eq!(first(&desk.opened(), lens, false), wanted, "{change}");
        desk.tell(InspectMsg::Close);
    }
    desk.open("bits");
    desk.run("SETBIT bits 400 1");
    assert_eq!(first(&desk.opened(), Lens::Bits, true), Some(6));
}

#[test]
fn every_sheet_is_whole_in_windows() {
    let mut desk = Desk::new(
        "SET empty \"\"\nSET n -12\nSETRANGE long 1000 end\nSADD i 1 2 3\nSADD s a b\nHSET h a 1\nZADD z 1 a\nGEOADD g 1 2 p\nPFADD p a\nRPUSH l a",
    );
    for at in 0..600 {
        desk.run(&format!("SADD big m{at}"));
    }
    for at in 0..desk.rows().len() {
        desk.tell(InspectMsg::Open(at));
        for lens in desk.opened().lenses.clone() {
            desk.tell(InspectMsg::Lens(lens));
            let open = desk.opened();
            let source = open.source().expect("the key is there");
            let sheet = sheet::sheet(&source, lens);
            let whole = sheet::rows(&source, lens, 0..sheet.rows);
            assert_eq!(whole.len(), sheet.rows, "{} {lens:?}", open.row.name);
            assert!(whole.iter().all(|row| row.cells.len() == sheet.head.len()));
            let pieces: Vec<_> = (0..sheet.rows)
                .step_by(7)
                .flat_map(|at| sheet::rows(&source, lens, at..(at + 7).min(sheet.rows)))
                .collect();
            assert_eq!(pieces, whole, "{} {lens:?}", open.row.name);
        }
        desk.tell(InspectMsg::Close);
    }
}
