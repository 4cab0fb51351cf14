use crate::scenario::{busy_hour, scripted_minutes};
use crate::{Instant, World, WorldConfig};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Everything that can be seen of the keys.
fn keys(world: &World) -> Vec<String> {
    let store = world.engine().store();
    let mut lines: Vec<String> =
        store.keyspace(0).iter().map(|(key, value, deadline)| format!("{key:?} {value:?} {deadline:?}")).collect();
    lines.sort();
    lines
}

fn reply(world: &mut World, client: crate::ClientId, line: &str) -> String {
    world.take(client);
    world.send(client, format!("{line}\r\n").as_bytes());
    let bytes: Vec<u8> = world.take(client).into_iter().flat_map(|delivery| delivery.bytes).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_one_another() {
    assert_eq!(busy_hour(5, 2000).trace_hash(), busy_hour(5, 2000).trace_hash());
    assert_ne!(busy_hour(5, 2000).trace_hash(), busy_hour(6, 2000).trace_hash());
}

/// The page computes the same hash in wasm and compares it with the same file. Run with BLESS=1 after a change that is meant to
/// change replies.
#[test]
fn the_trace_hash_is_the_recorded_one() {
    extern crate std;
    let hash = format!("{:016x}\n", busy_hour(2026, 3000).trace_hash());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/trace_hash.txt"), &hash).expect("the file is writable");
        return;
    }
    assert_eq!(hash, include_str!("trace_hash.txt"), "run again with BLESS=1 if replies were meant to change");
}

#[test]
fn the_trace_hash_of_scripts_is_the_recorded_one() {
    extern crate std;
    let hash = format!("{:016x}\n", scripted_minutes(2026, 600).trace_hash());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/script_trace_hash.txt"), &hash).expect("it is writable");
        return;
    }
    assert_eq!(hash, include_str!("script_trace_hash.txt"), "run again with BLESS=1 if replies were meant to change");
}

#[test]
fn a_journal_replays_to_the_same_trace_whatever_the_slices() {
    let world = busy_hour(7, 1500);
    let journal = crate::Journal::decode(&world.journal().encode()).expect("what was written can be read");
    let mut again = World::from_journal(journal.clone(), &WorldConfig::default());
    again.run_until(world.now());
    assert_eq!(again.trace_hash(), world.trace_hash());
    assert_eq!(keys(&again), keys(&world));
    // Through the middle in small steps.
    let mut slow = World::from_journal(journal, &WorldConfig::default());
    slow.scrub(slow.start());
    while slow.now() < world.now() {
        let until = slow.now().plus_micros(77_777).min(world.now());
        while !slow.run_slice(until, 3) {}
    }
    assert_eq!(slow.trace_hash(), world.trace_hash());
}

#[test]
fn undo_takes_back_one_input_with_its_time_and_redo_brings_it_again() {
    let mut world = World::new(&WorldConfig::default());
    let client = world.connect();
    reply(&mut world, client, "SET k 1 PX 1500");
    let before = (world.moment(), keys(&world));
    world.advance(2_000_000);
    assert_eq!(reply(&mut world, client, "GET k"), "$-1\r\n");
    assert!(world.undo(), "GET is undone");
    assert!(world.undo(), "SET is undone, and the two seconds after it");
    assert_eq!(keys(&world), Vec::<String>::new());
    assert!(!world.can_undo());
    assert!(world.redo());
    assert_eq!((world.moment(), keys(&world)), before);
    assert!(world.can_redo());
    reply(&mut world, client, "SET other 1");
    assert!(!world.can_redo(), "something new was done: the old future is gone");
}

#[test]
fn scrubbing_anywhere_and_back_changes_nothing() {
    let mut world = busy_hour(11, 3000);
    let (end, hash, all) = (world.now(), world.trace_hash(), keys(&world));
    assert!(world.checkpoints() > 1 || world.journal().records.len() < 4000);
    let start = world.start();
    for tenth in [3, 9, 1, 7, 0, 5, 10] {
        let at = Instant(start.0 + (end.0 - start.0) / 10 * tenth);
        world.scrub(at);
        assert_eq!(world.now(), at);
        let fresh = {
            let mut fresh = World::from_journal(world.journal().clone(), &WorldConfig::default());
            fresh.scrub(at);
            keys(&fresh)
        };
        assert_eq!(keys(&world), fresh, "at {tenth} tenths");
    }
    world.scrub(end);
    assert_eq!((world.trace_hash(), keys(&world)), (hash, all));
}

#[test]
fn a_fork_leaves_the_original_alone() {
    let mut world = World::new(&WorldConfig::default());
    let client = world.connect();
    reply(&mut world, client, "SET k 1");
    let (moment, hash) = (world.moment(), world.trace_hash());
    let mut fork = world.fork();
    let hidden = fork.connect();
    assert_eq!(reply(&mut fork, hidden, "DEL k"), ":1\r\n");
    assert_eq!((world.moment(), world.trace_hash()), (moment, hash));
    assert_eq!(reply(&mut world, client, "GET k"), "$1\r\n1\r\n");
}

#[test]
fn scripts_are_part_of_the_history() {
    let world = scripted_minutes(11, 400);
    assert_eq!(world.trace_hash(), scripted_minutes(11, 400).trace_hash());
    let mut again = World::from_journal(world.journal().clone(), &WorldConfig::default());
    again.run_until(world.now());
    assert_eq!(again.trace_hash(), world.trace_hash());
    assert_eq!(keys(&again), keys(&world));
    // Back and forth through scripts that were under way.
    let middle = Instant(u64::midpoint(world.start().0, world.now().0));
    let mut scrubbed = world.clone();
    scrubbed.scrub(middle);
    scrubbed.run_until(world.now());
    assert_eq!(scrubbed.trace_hash(), world.trace_hash());
}

#[test]
fn undo_takes_back_what_a_library_remembers() {
    let mut world = World::new(&WorldConfig::default());
    let client = world.connect();
    let library = "FUNCTION LOAD \"#!lua name=lib\\nlocal n = 0\\nredis.register_function('next', function() n = n + 1 redis.call('set', 'n', n) return n end)\"";
    assert_eq!(reply(&mut world, client, library), "$3\r\nlib\r\n");
    assert_eq!(reply(&mut world, client, "FCALL next 0"), ":1\r\n");
    assert_eq!(reply(&mut world, client, "FCALL next 0"), ":2\r\n");
    assert!(world.undo());
    assert_eq!(reply(&mut world, client, "GET n"), "$1\r\n1\r\n");
    assert_eq!(reply(&mut world, client, "FCALL next 0"), ":2\r\n");
    for _ in 0..3 {
        assert!(world.undo());
    }
    assert_eq!(reply(&mut world, client, "FCALL next 0"), ":1\r\n");
    for _ in 0..2 {
        assert!(world.undo());
    }
    assert_eq!(reply(&mut world, client, "FCALL next 0"), "-ERR Function not found\r\n");
}

/// An endless loop lets time pass in slices, others are answered with BUSY, and undo ends it.
#[test]
fn an_endless_loop_is_a_state_like_any_other() {
    let mut world = World::new(&WorldConfig::default());
    let (looping, other) = (world.connect(), world.connect());
    assert_eq!(reply(&mut world, looping, "CONFIG SET busy-reply-threshold 300"), "+OK\r\n");
    assert_eq!(reply(&mut world, looping, "EVAL \"while true do end\" 0"), "");
    assert_eq!(reply(&mut world, other, "PING"), "");
    world.advance(290_000);
    assert_eq!(reply(&mut world, other, "PING"), "");
    world.advance(20_000);
    let busy = "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n";
    let waited: Vec<u8> = world.take(other).into_iter().flat_map(|delivery| delivery.bytes).collect();
    assert_eq!(String::from_utf8_lossy(&waited), busy.repeat(2));
    assert_eq!(reply(&mut world, other, "SCRIPT KILL"), "+OK\r\n");
    world.advance(10_000);
    assert!(world.take(looping).iter().any(|delivery| delivery.bytes.starts_with(b"-ERR Script killed by user")));
    assert_eq!(reply(&mut world, other, "PING"), "+PONG\r\n");
    // The kill is taken back: the loop goes on; the loop is taken back: there was none.
    while world.undo() {}
    assert_eq!(reply(&mut world, other, "PING"), "+PONG\r\n");
    assert_eq!(reply(&mut world, looping, "PING"), "+PONG\r\n");
}

/// A page that looks at the clock after so many events must not be held up by a script: a slice of it counts as many.
#[test]
fn slices_of_a_script_are_many_events() {
    let mut world = World::new(&WorldConfig::default());
    let client = world.connect();
    world.send(client, b"EVAL \"while true do end\" 0\r\n");
    let begun = world.now();
    assert!(!world.run_slice(begun.plus_micros(60_000_000), 256));
    assert!(world.now().0 - begun.0 < 20_000, "{}", world.now().0 - begun.0);
}

#[test]
fn the_server_tells_which_watched_key_was_modified() {
    let mut world = World::new(&WorldConfig::default());
    let (a, b) = (world.connect(), world.connect());
    let told = |world: &World| -> Vec<(usize, bool)> {
        world.engine().watched(a).map(|(database, key, modified)| (database + key.len(), modified)).collect()
    };
    world.send(a, b"WATCH x yy\r\nSELECT 7\r\nWATCH x\r\n");
    assert_eq!(told(&world), [(1, false), (2, false), (8, false)]);
    world.send(b, b"SET yy 1\r\n");
    assert_eq!(told(&world), [(1, false), (2, true), (8, false)]);
    world.send(a, b"SET x 1\r\n");
    assert_eq!(told(&world), [(1, false), (2, true), (8, true)]);
    world.send(a, b"UNWATCH\r\nWATCH x\r\n");
    assert_eq!(told(&world), [(8, false)]);
    world.undo();
    assert_eq!(told(&world), [(1, false), (2, true), (8, true)]);
}

/// What a script returns is written as deep as Redis 8.6.3 does it, whose machine has a stack of 8000 slots; recorded there.
#[test]
fn returned_tables_are_as_deep_as_in_redis() {
    let mut world = World::new(&WorldConfig::default());
    let client = world.connect();
    let mut levels = |script: &str| {
        let reply = reply(&mut world, client, &format!("EVAL \"local t = {{}} {script} return t\" 0"));
        (reply.matches('*').count(), reply.matches("-ERR reached lua stack limit").count())
    };
    assert_eq!(levels("t[1] = t"), (7995, 1));
    assert_eq!(levels("t[1] = 1 t[2] = t"), (7995, 2));
    assert_eq!(levels("t.map = {a = t}"), (2665, 2));
    assert_eq!(levels("t.map = {[t] = 1}"), (1999, 2));
    assert_eq!(levels("t.set = {[t] = true}"), (2665, 1));
    assert_eq!(levels("t[1] = {map = {a = t}}"), (3998, 2));
}
