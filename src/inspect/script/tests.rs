//! Going through scripts: where each way leads, what stands beside the lines, and that back is back.

use super::*;
use crate::Line;
use sim::WorldConfig;

struct Table {
    world: World,
    client: ClientId,
    script: Script,
}

/// There is always time left.
const LONG: &dyn Fn() -> bool = &|| true;
/// One slice and no more.
const SHORT: &dyn Fn() -> bool = &|| false;

impl Table {
    fn new(text: &str, keys: &str, values: &str) -> Table {
        let mut world = World::new(&WorldConfig::default());
        let client = world.connect();
        let mut table = Table { world, client, script: Script::default() };
        table.say(ScriptMsg::Text(text.to_owned()));
        table.say(ScriptMsg::Keys(keys.to_owned()));
        table.say(ScriptMsg::Values(values.to_owned()));
        table
    }

    fn begin(text: &str) -> Table {
        let mut table = Table::new(text, "k", "1 2");
        table.say(ScriptMsg::Begin);
        table
    }

    fn say(&mut self, msg: ScriptMsg) {
        self.script.update(&msg, &self.world, self.client, LONG);
    }

    fn view(&mut self) -> Rc<ScriptView> {
        self.script.view(self.world.moment())
    }

    fn go(&mut self, to: Move) -> (State, u32) {
        self.say(ScriptMsg::Move(to));
        self.place()
    }

    fn place(&mut self) -> (State, u32) {
        let view = self.view();
        (view.state, view.line)
    }

    fn send(&mut self, line: &str) {
        self.world.send(self.client, format!("{line}\r\n").as_bytes());
        self.world.take(self.client);
    }

    /// The variables of a scope, changed ones with a star, new ones with a plus.
    fn values(&mut self, title: &str) -> Vec<String> {
        let view = self.view();
        let scope = view.scopes.iter().find(|scope| scope.title == title);
        let row = |row: &Rc<Row>| {
            let mark = match row.change {
                Change::Same => "",
                Change::New => "+",
                Change::Changed => "*",
            };
            format!("{mark}{}={}", row.name, row.value.text)
        };
        scope.map_or_else(Vec::new, |scope| scope.rows.iter().map(row).collect())
    }

    fn locals(&mut self) -> Vec<String> {
        self.values("Local variables")
    }

    /// What stands behind the lines.
    fn told(&mut self) -> Vec<String> {
        let view = self.view();
        let lines = view.lines.iter().enumerate().filter(|(_, line)| !line.told.is_empty());
        let tell = |(at, line): (usize, &LineView)| {
            let calls: Vec<String> =
                line.told.iter().map(|told| format!("{} -> {}", told.command, told.reply)).collect();
            let more = line.more.as_ref().map_or_else(String::new, |more| format!(" ({more})"));
            format!("{}: {}{more}", at + 1, calls.join(", "))
        };
        lines.map(tell).collect()
    }

    /// The keys beside the line, with a star where the last step touched them.
    fn keys(&mut self) -> Vec<String> {
        let view = self.script.keyspace().expect("a session");
        let name = |line: &Line| match line {
            Line::Key { row, .. } => Some(format!("{}{}", if row.touched { "*" } else { "" }, row.name)),
            _ => None,
        };
        view.lines.iter().filter_map(name).collect()
    }

    fn error_at(&mut self) -> Option<(usize, String)> {
        let view = self.view();
        let mut lines = view.lines.iter().enumerate();
        lines.find_map(|(at, line)| Some((at + 1, line.error.as_ref()?.to_string())))
    }
}

#[test]
fn the_rate_limiter_line_by_line() {
    let mut table = Table::new(EXAMPLE.trim_end(), "rl:ip:1.2.3.4", "3 60");
    table.say(ScriptMsg::Begin);
    assert_eq!(table.place(), (State::Line, 1));
    assert_eq!(table.values("KEYS and ARGV"), ["KEYS={\"rl:ip:1.2.3.4\"}", "ARGV={\"3\"; \"60\"}"]);
    assert_eq!(table.go(Move::Step), (State::Line, 2));
    assert_eq!(table.locals(), ["+key=\"rl:ip:1.2.3.4\""]);
    table.go(Move::Step);
    assert_eq!(table.locals(), ["key=\"rl:ip:1.2.3.4\"", "+limit=3"]);
    table.go(Move::Step);
    assert!(table.keys().is_empty());
    assert_eq!(table.go(Move::Step), (State::Line, 5));
    assert_eq!(table.told(), ["4: INCR rl:ip:1.2.3.4 -> 1"]);
    assert_eq!(table.keys(), ["*rl:ip:1.2.3.4"]);
    assert_eq!(table.script.moment().as_deref(), Some("before line 5"));
    assert_eq!(table.go(Move::Step), (State::Line, 6));
    assert_eq!(table.keys(), ["rl:ip:1.2.3.4"], "that line touched nothing");
    assert_eq!(&*table.view().says, "Line 6: redis.call('EXPIRE', key, window)");
    table.go(Move::Step);
    assert_eq!(table.told(), ["4: INCR rl:ip:1.2.3.4 -> 1", "6: EXPIRE rl:ip:1.2.3.4 60 -> 1"]);
    assert_eq!(table.go(Move::End), (State::Ended, 0));
    let reply = table.view().reply.clone().expect("a reply");
    assert_eq!((&*reply.text, reply.failed), ("(integer) 1", false));

    // Nothing of it has happened; the EVAL that does the same can be given.
    assert_eq!(table.world.engine().store().keyspace(0).len(), 0);
    let line = table.script.line().expect("a line");
    assert!(line.starts_with("EVAL \"local key = KEYS[1]\\nlocal limit"), "{line}");
    assert!(line.ends_with("\" 1 rl:ip:1.2.3.4 3 60"), "{line}");
    assert!(is_script(&line));
    let mut other = Script::default();
    assert!(other.open(&line));
    assert_eq!(other.line(), Some(line));
}

#[test]
fn back_is_as_it_was() {
    let mut table =
        Table::begin("local sum = 0\nfor i = 1, 3 do\n  sum = sum + redis.call('INCRBY', KEYS[1], i)\nend\nreturn sum");
    let mut was = Vec::new();
    while table.place().0 == State::Line {
        let numbers: Vec<String> =
            table.locals().iter().map(|row| row.trim_start_matches(['*', '+']).to_owned()).collect();
        was.push((table.place(), numbers, table.told(), table.keys().len()));
        table.go(Move::Step);
    }
    assert_eq!(table.told(), ["3: INCRBY k 3 -> 6 (3 times)"]);
    let end = table.view().position;
    assert_eq!(end as usize, was.len() + 1);
    for (at, (place, locals, told, keys)) in was.iter().enumerate().rev() {
        table.say(ScriptMsg::Back);
        assert_eq!(table.place(), *place, "line {} as they ran", at + 1);
        let numbers: Vec<String> =
            table.locals().iter().map(|row| row.trim_start_matches(['*', '+']).to_owned()).collect();
        assert_eq!((&numbers, &table.told(), table.keys().len()), (locals, told, *keys), "line {}", at + 1);
    }
    table.say(ScriptMsg::Back);
    assert_eq!(table.view().position, 1, "before the first line there is nothing");
    assert_eq!(table.go(Move::To(u64::MAX)), (State::Ended, 0), "as far as it ever came");
    assert_eq!(table.go(Move::To(5)).0, State::Line);
    assert_eq!(table.view().reached, end);
}

const CALLS: &str = "\
local outer = 7
local function inner(n)
  local double = n * 2
  return double + outer
end
local a = inner(1)
local b = inner(2) + inner(3)
return a + b";

#[test]
fn over_out_and_into_functions() {
    let mut table = Table::begin(CALLS);
    table.say(ScriptMsg::Breakpoint(6));
    assert_eq!(table.go(Move::Continue), (State::Breakpoint, 6));
    assert_eq!(table.go(Move::Over), (State::Line, 7), "over the call");
    assert_eq!(table.go(Move::Step), (State::Line, 3), "into the call");
    let view = table.view();
    let stack: Vec<(&str, u32)> = view.stack.iter().map(|call| (&*call.name, call.line)).collect();
    assert_eq!(stack, [("inner", 3), ("script", 7)]);
    assert!(view.lines[2].current && view.lines[6].waits && !view.lines[6].current);
    assert_eq!(table.locals(), ["n=2"]);
    assert_eq!(table.values("Upvalues"), ["outer=7"]);
    table.say(ScriptMsg::Call(1));
    assert_eq!(table.locals()[0], "outer=7");
    table.say(ScriptMsg::Call(0));
    assert_eq!(table.go(Move::Step), (State::Line, 4));
    assert_eq!(table.locals(), ["n=2", "+double=4"]);
    assert_eq!(table.go(Move::Over), (State::Line, 3), "the rest of line 7 is no new line, the next call in it is");
    assert_eq!(table.go(Move::Out), (State::Line, 8));
    assert_eq!(table.locals().last().map(String::as_str), Some("+b=24"));
    assert_eq!(table.go(Move::Out), (State::Ended, 0));
}

#[test]
fn calls_that_replace_themselves_are_run_over_too() {
    let text = "local function last(n)\n  local x = n\n  return x\nend\nlocal function first(n)\n  return last(n)\nend\nlocal r = first(5)\nreturn r";
    let mut table = Table::begin(text);
    table.say(ScriptMsg::Breakpoint(6));
    assert_eq!(table.go(Move::Continue), (State::Breakpoint, 6));
    assert_eq!(table.go(Move::Over), (State::Line, 9));
}

#[test]
fn errors_stand_at_their_lines() {
    let mut table = Table::begin("local a = 1\nlocal b = = 2\nreturn a");
    assert!(!table.script.is_under_way());
    let (line, said) = table.error_at().expect("an error");
    assert_eq!(line, 2);
    assert_eq!(said, "ERR Error compiling script (new function): user_script:2: unexpected symbol near '='");

    let mut table = Table::begin("redis.call('SET', KEYS[1], 1)\nreturn redis.call('LPUSH', KEYS[1], 2)");
    assert_eq!(table.go(Move::End), (State::Ended, 0));
    let (line, said) = table.error_at().expect("an error");
    assert_eq!(line, 2);
    assert_eq!(table.told()[0], "1: SET k 1 -> OK");
    assert!(said.starts_with("(error) WRONGTYPE Operation against"), "{said}");
    assert!(said.ends_with("on @user_script:2."), "{said}");
    assert_eq!(table.told()[1], "2: LPUSH k 2 -> WRONGTYPE Operation against a key holding the wrong kind of value");
    // An error is a line to come back from as well.
    table.say(ScriptMsg::Back);
    assert_eq!(table.place(), (State::Line, 2));
    assert_eq!(table.error_at(), None);

    let mut table = Table::begin("return redis.call('NOSUCH')");
    table.go(Move::End);
    assert!(table.told()[0].contains("Unknown Redis command called from script"), "{:?}", table.told());
}

#[test]
fn an_endless_loop_runs_in_slices_and_can_be_stopped() {
    let mut table = Table::begin("local n = 0\nwhile true do\n  n = n + 1\nend");
    let world = table.world.clone();
    table.script.update(&ScriptMsg::Move(Move::End), &world, table.client, SHORT);
    assert!(table.script.is_moving());
    for _ in 0..200 {
        assert!(table.script.work(SHORT));
    }
    table.say(ScriptMsg::Halt);
    let (state, line) = table.place();
    assert_eq!(state, State::Line);
    assert_eq!(line, 3);
    let far = table.view().position;
    assert!(far > 100_000, "{far}");
    // Back over many lines is the same line, and the number tells.
    let n = |table: &mut Table| table.locals()[0].rsplit('=').next().and_then(|n| n.parse::<f64>().ok());
    table.say(ScriptMsg::Move(Move::To(20_000)));
    assert_eq!(table.view().position, 20_000);
    assert!(n(&mut table).is_some_and(|n| (19_990.0..20_000.0).contains(&n)), "{:?}", table.locals());
    table.say(ScriptMsg::Back);
    assert_eq!(table.view().position, 19_999);
    table.say(ScriptMsg::Discard);
    assert!(!table.script.is_under_way());
}

#[test]
fn breakpoints_keep_to_their_lines_and_scripts_set_their_own() {
    let mut table = Table::new("local a = 1\nlocal b = 2\nreturn a + b", "", "");
    for line in [2, 3, 9] {
        table.say(ScriptMsg::Breakpoint(line));
    }
    let marked = |table: &mut Table| {
        let view = table.view();
        (1..).zip(&view.lines).filter(|(_, line)| line.breakpoint).map(|(at, _)| at).collect::<Vec<usize>>()
    };
    assert_eq!(marked(&mut table), [2, 3]);
    table.say(ScriptMsg::Text("local a = 1\n-- one more\n\nlocal b = 2\nreturn a + b".to_owned()));
    assert_eq!(marked(&mut table), [4, 5], "lines that come above move them along");
    table.say(ScriptMsg::Text("local a = 1\nreturn a + b".to_owned()));
    assert_eq!(marked(&mut table), [2]);

    let mut table = Table::begin("local a = 1\nredis.breakpoint()\nredis.debug('a is', a)\nreturn a");
    assert_eq!(table.go(Move::Continue), (State::Breakpoint, 3));
    assert_eq!(table.go(Move::Continue), (State::Ended, 0));
    assert_eq!(table.told(), ["3:  -> \"a is\", 1"]);
}

#[test]
fn tables_can_be_opened_and_large_ones_cost_little() {
    let mut table = Table::begin(
        "local t = {1, {2, x = 'y'}}\nt.self = t\nt.more = t\nlocal big = {}\nfor i = 1, 9000 do big[i] = i end\nreturn 1",
    );
    table.say(ScriptMsg::Breakpoint(6));
    assert_eq!(table.go(Move::Continue), (State::Breakpoint, 6));
    let view = table.view();
    let big = &view.scopes[0].rows[1].value;
    assert_eq!((big.kind.as_ref(), big.parts.len(), big.hidden), ("table", 40, 8960));
    let (key, second) = &view.scopes[0].rows[0].value.parts[1];
    assert_eq!((key.as_ref(), second.text.as_ref()), ("2", "{[1]=2; [\"x\"]=\"y\"}"));
    assert!(view.scopes[0].rows.iter().all(|row| row.value.text.len() < 300));
}

#[test]
fn who_cannot_run_a_script_is_told_why() {
    let mut table = Table::new("return 1", "", "");
    table.send("MULTI");
    table.say(ScriptMsg::Begin);
    let refused = |table: &mut Table| table.view().refused.as_ref().map(ToString::to_string);
    assert_eq!(
        refused(&mut table).as_deref(),
        Some("The script would only be queued: this client is in a transaction.")
    );
    table.send("DISCARD");
    table.send("SUBSCRIBE news");
    table.say(ScriptMsg::Begin);
    assert!(refused(&mut table).is_some_and(|said| said.starts_with("ERR Can't execute 'eval'")));
    table.send("UNSUBSCRIBE");
    table.send("BLPOP list 0");
    table.say(ScriptMsg::Begin);
    assert!(refused(&mut table).is_some_and(|said| said.starts_with("This client waits")));
    table.say(ScriptMsg::Keys("'open".to_owned()));
    table.say(ScriptMsg::Begin);
    assert!(refused(&mut table).is_some_and(|said| said.contains("a quote is not closed")));
    for line in ["GET k", "EVAL", "EVAL 'return 1'", "EVAL 'return 1' 2 k", "EVAL 'open"] {
        assert!(!is_script(line), "{line}");
    }
    assert!(is_script("eval_ro 'return 1' 1 k"));
}

#[test]
fn what_is_kept_is_what_was_seen() {
    let mut table = Table::new(
        "redis.call('SET', KEYS[1], math.random(1000000) .. ' ' .. os.clock())\nreturn redis.call('GET', KEYS[1])",
        "k",
        "",
    );
    table.send("SET other 1");
    table.say(ScriptMsg::Begin);
    table.go(Move::End);
    let seen = table.view().reply.clone().expect("a reply");
    assert_eq!(table.keys().len(), 2);
    assert!(!table.view().stale);
    let line = table.script.line().expect("a line");
    let words = term::quote::split(&line).expect("words");
    let request = Value::Array(words.into_iter().map(Value::bulk).collect()).to_bytes();
    table.world.send(table.client, &request);
    let heard = table.world.take(table.client).concat_bytes();
    assert_eq!(*Reply::new(&heard, None).text, *seen.text);
    assert!(table.view().stale, "the world has gone on");
}

trait Concat {
    fn concat_bytes(self) -> Vec<u8>;
}

impl Concat for Vec<sim::Delivery> {
    fn concat_bytes(self) -> Vec<u8> {
        self.into_iter().flat_map(|delivery| delivery.bytes).collect()
    }
}
