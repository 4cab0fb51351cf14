//! Specimens (temporary).
use crate::inspector::view::*;
use crate::terminal::*;
use crate::timebar::*;
use std::rc::Rc;

fn span(class: &'static str, text: &str) -> Span { Span { class, text: text.into() } }
fn entry(id: u64, cmd: &str, lines: &[(&'static str, &str)]) -> Rc<Entry> {
    let (a, b) = cmd.split_once(' ').unwrap_or((cmd, ""));
    Rc::new(Entry { id, prompt: "127.0.0.1:6379> ".into(), input: vec![span("t-command", a), span("", &format!(" {b}"))],
        lines: lines.iter().map(|(class, t)| Line { class, text: (*t).into() }).collect() })
}
pub fn panes() -> Vec<PaneView> {
    let base = PaneView { id: 1, name: "client 1".into(), active: true, closable: true, badges: vec![],
        entries: vec![entry(1, "SET otp:7 4711 EX 120", &[("", "OK")]), entry(2, "TTL otp:7", &[("", "(integer) 97")]),
            entry(3, "LPUSH cart:7 bread milk plums", &[("", "(integer) 3")]), entry(4, "HGETALL user:123", &[("", "1) \"name\"\n2) \"Jane\"\n3) \"age\"\n4) \"30\"")])],
        prompt: "127.0.0.1:6379> ".into(), text: "SET otp:7 1337 ".into(), caret: None,
        spans: vec![span("t-command", "SET"), span("t-key", " otp:7"), span("t-number", " 1337 ")], ghost: "KEEPTTL".into(),
        about: About::Argument { now: "[NX | XX]".into(), rest: "[GET] [EX seconds | PX milliseconds | … | KEEPTTL]".into(), facts: vec!["O(1)".into(), "since 1.0.0".into()] },
        can_complete: false, busy: false, focus: 1 };
    let mut two = base.clone();
    two.id = 2; two.name = "client 2".into(); two.active = false; two.focus = 0;
    two.badges = vec![Badge { text: "blocked, 2.4 s left".into(), tone: "now" }];
    two.entries = vec![entry(1, "LPOP cart:7", &[("", "\"tea\"")]), entry(2, "INCR cart:7", &[("line-error", "(error) WRONGTYPE Operation against a key holding the wrong kind of value")]), entry(3, "BLPOP orders 5", &[])];
    two.text = "".into(); two.spans = vec![]; two.ghost = "".into(); two.busy = true; two.about = About::Waiting("Waiting for a push to orders. Ctrl-C gives up.".into());
    vec![base, two]
}
pub fn keyspace() -> KeyspaceView {
    let part = |t: &str| Part { text: t.into(), fresh: false };
    let key = |name: &str, kind: &'static str, encoding: &'static str, size: Option<&str>, life: Option<(&str, u16)>, picture| Rc::new(KeyView { id: name.into(), name: name.into(), kind, encoding, size: size.map(Into::into),
        life: life.map(|(w, left)| Life { words: w.into(), left }), picture, touched: name == "otp:7", gone: name == "cache:/home" });
    KeyspaceView { total: 7, hidden: 0, database: None, keys: vec![
        key("cache:/home", "string", "raw", None, None, Picture::Text { text: "".into(), fresh: false, more: 0 }),
        key("cart:7", "list", "listpack", Some("3 elements"), None, Picture::List { head: vec![part("plums"), part("milk"), part("bread")], tail: vec![], hidden: 0 }),
        key("leaderboard", "zset", "listpack", Some("3 members"), None, Picture::Ladder { rungs: [("Bob", "300", 0.6), ("Charlie", "400", 0.8), ("Alice", "500", 1.0)].iter().enumerate().map(|(rank, (m, s, h))| Rung { rank, member: (*m).into(), score: (*s).into(), height: *h, fresh: false }).collect(), hidden: 0 }),
        key("otp:7", "string", "int", Some("4 bytes"), None, Picture::Text { text: "1337".into(), fresh: true, more: 0 }),
        key("session:1", "string", "embstr", Some("5 bytes"), Some(("37 s", 620)), Picture::Text { text: "alice".into(), fresh: false, more: 0 }),
        key("tags:9", "set", "listpack", Some("4 members"), None, Picture::Set { members: vec![part("warm"), part("paper"), part("ember"), part("ink")], hidden: 0 }),
        key("user:123", "hash", "listpack", Some("3 fields"), Some(("9.4 s", 120)), Picture::Hash { fields: [("name", "Jane"), ("age", "30"), ("role", "admin")].iter().map(|(n, v)| Field { name: (*n).into(), value: (*v).into(), fresh: false }).collect(), hidden: 0 }),
    ] }
}
pub fn time() -> TimeView {
    let m = |s: f64, l: &str| Mark { at: (s * 1e6) as u64, label: l.into() };
    TimeView { start: 0, now: 83_400_000, reached: 83_400_000, commands: vec![m(4., "SET"), m(10., "TTL"), m(12., "LPUSH"), m(13., "a"), m(60., "b"), m(61.2, "c")],
        coming: vec![m(92.8, "user:123 expires"), m(120.4, "session:1 expires")], undo: Some("SET otp:7".into()), redo: None, playing: true, speed: 1 }
}
