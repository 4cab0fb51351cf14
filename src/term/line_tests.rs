//! Editing, history, completion, tokens and help.

use crate::complete::{KeySource, complete};
use crate::editor::{Editor, Key, MOST, Press};
use crate::grammar::{Role, tokens};
use crate::history::History;
use crate::quote::{quoted, split, typed};

struct Keys;

impl KeySource for Keys {
    fn keys(&self, prefix: &[u8], of_type: Option<&str>, most: usize) -> Vec<Vec<u8>> {
        let keys = [("cart", "list"), ("city", "string"), ("count", "string"), ("my key", "string"), ("queue", "list")];
        let fitting = keys.iter().filter(|(_, kind)| of_type.is_none_or(|wanted| wanted == *kind));
        let fitting = fitting.map(|(key, _)| key.as_bytes().to_vec()).filter(|key| key.starts_with(prefix));
        fitting.take(most).collect()
    }
}

/// Types a text in which `^X` is Ctrl-X and `<name>` a named key; gives `text|cursor` of what is shown.
fn after(history: &[&str], typed: &str) -> String {
    let history = History::from_lines(history.iter().copied());
    let mut editor = Editor::default();
    let mut rest = typed;
    while let Some(c) = rest.chars().next() {
        let key = if let Some(letter) = rest.strip_prefix('^').and_then(|rest| rest.chars().next()) {
            rest = &rest[2..];
            Key::Ctrl(letter.to_ascii_lowercase())
        } else if let Some((name, behind)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            rest = behind;
            match name {
                "left" => Key::Left,
                "right" => Key::Right,
                "up" => Key::Up,
                "down" => Key::Down,
                "tab" => Key::Tab,
                "backtab" => Key::BackTab,
                "esc" => Key::Escape,
                "bs" => Key::Backspace,
                "del" => Key::Delete,
                "enter" => Key::Enter,
                other => panic!("what is <{other}>?"),
            }
        } else {
            rest = &rest[c.len_utf8()..];
            Key::Char(c)
        };
        if let Press::Submit(line) = editor.press(key, &history, &Keys) {
            return format!("submitted {line}");
        }
    }
    let view = editor.view(&history);
    let (left, right) = view.text.split_at(view.cursor);
    format!("{}{left}|{right}", view.prompt.unwrap_or_default())
}

#[test]
fn redis_clis_editing_keys() {
    let table = [
        ("hello", "hello|"),
        ("hello^A", "|hello"),
        ("hello^B^B", "hel|lo"),
        ("hello^B^B^H", "he|lo"),
        ("hello^A^D", "|ello"),
        ("hello^A^F^K", "h|"),
        ("one two^U", "|"),
        ("one two  ^W", "one |"),
        ("one two^B^W", "one |o"),
        ("ab^B^T", "b|a"),
        ("abc^A^F^T", "ba|c"),
        ("ab^T", "ab|"),
        ("gr\u{fc}n<left><left><bs>", "g|\u{fc}n"),
        ("\u{1f600}x<left><left><del>", "|x"),
        ("\u{fc}b^B^T", "b|\u{fc}"),
    ];
    for (typed, expected) in table {
        assert_eq!(after(&[], typed), expected, "{typed}");
    }
}

#[test]
fn history_keeps_the_draft() {
    let lines = ["get x", "set y", "get xz"];
    let table = [
        ("dra<up>", "get xz|"),
        ("dra<up><up><up><up>", "get x|"),
        ("dra<up><up><down>", "get xz|"),
        ("dra<up><up><down><down><down>", "dra|"),
        ("^P^P<enter>", "submitted set y"),
    ];
    for (typed, expected) in table {
        assert_eq!(after(&lines, typed), expected, "{typed}");
    }
    let mut history = History::default();
    for line in ["get a", "get a", "", "get b"] {
        history.add(line, false);
    }
    history.add("auth secret", true);
    assert_eq!(history.lines().collect::<Vec<_>>(), ["get a", "get b", "auth secret"]);
    assert_eq!(history.saved().collect::<Vec<_>>(), ["get a", "get b"]);
    assert_eq!(history.beginning_with("get"), Some("get b"));
}

#[test]
fn search_goes_back_and_forth() {
    let lines = ["get x", "set y", "get xz"];
    let table = [
        ("abc^R", "(reverse-i-search): |"),
        ("abc^Rg", "(reverse-i-search): g|et xz"),
        ("abc^Rget^R", "(reverse-i-search): get| x"),
        ("abc^Rget^R^R", "(reverse-i-search): get| x"),
        ("abc^Rget^R^S", "(i-search): get| xz"),
        ("abc^Rxzq", "(reverse-i-search): xzq|"),
        ("abc^Rxzq<bs>", "(reverse-i-search): get xz|"),
        ("abc^Sx", "(i-search): get x|"),
        ("abc^Sx^S", "(i-search): get x|z"),
        ("abc^Rg^G", "abc|"),
        ("abc^Rxz<esc>", "abc|"),
        ("abc^Rse<tab>", "se|t y"),
        ("abc^Rse<right>!", "set!| y"),
        ("abc^Rse<enter>", "submitted set y"),
        ("abc^Rx^U", "(reverse-i-search): |"),
    ];
    for (typed, expected) in table {
        assert_eq!(after(&lines, typed), expected, "{typed}");
    }
}

#[test]
fn tab_cycles_and_comes_back() {
    let table = [
        ("getr<tab>", "GETRANGE|"),
        ("getr<tab><tab>", "getr|"),
        ("getr<tab><tab><tab>", "GETRANGE|"),
        ("getr<backtab>", "getr|"),
        ("getr<tab><esc>", "getr|"),
        ("getr<tab> x", "GETRANGE x|"),
        ("zzz<tab>", "zzz|"),
        ("<tab>", "|"),
        ("get c<tab>", "get city|"),
        ("get c<tab><tab>", "get count|"),
        ("get c<tab><tab><backtab>", "get city|"),
        ("get m<tab>", "get \"my key\"|"),
        ("del ca<tab>", "del cart|"),
        ("set a b e<tab><tab>", "set a b EXAT|"),
        ("get  x<left><left>c<tab>", "get city| x"),
    ];
    for (typed, expected) in table {
        assert_eq!(after(&[], typed), expected, "{typed}");
    }
}

fn offered(line: &str) -> String {
    let completion = complete(line, line.len(), &Keys);
    let texts: Vec<&str> = completion.candidates.iter().map(|candidate| candidate.text.as_str()).collect();
    format!("{}: {}", &line[completion.range], texts.join(" "))
}

#[test]
fn completion_offers_what_the_syntax_allows() {
    let table = [
        ("set a b ", ": NX XX IFEQ IFNE IFDEQ IFDNE GET EX PX EXAT PXAT KEEPTTL"),
        ("set a b ex 5 ", ": NX XX IFEQ IFNE IFDEQ IFDNE GET"),
        ("set a b ex ", ": "),
        ("set a b p", "p: PX PXAT"),
        ("set a b NX XX ", ": "),
        ("exp", "exp: EXPIRE EXPIREAT EXPIRETIME"),
        ("3 exp", "exp: EXPIRE EXPIREAT EXPIRETIME"),
        ("exi", "exi: EXISTS exit"),
        ("cle", "cle: clear"),
        ("get \"my", "\"my: \"my key\""),
        ("get my key ", ": "),
        ("scan 0 TYPE z", "z: zset"),
        ("config get appendf", "appendf: appendfilename appendfsync"),
        ("config set appendfsync ", ": everysec always no"),
        ("config set appendonly y", "y: yes"),
        ("config se", "config se: CONFIG SET"),
        ("command docs getd", "getd: getdel"),
        ("help @strin", "@strin: @string"),
        ("help getr", "getr: GETRANGE"),
        ("\u{fc}", "\u{fc}: "),
    ];
    for (line, expected) in table {
        assert_eq!(offered(line), expected, "{line}");
    }
}

fn roles(line: &str) -> Vec<Role> {
    tokens(line).into_iter().map(|token| token.role).collect()
}

#[test]
fn tokens_say_what_each_word_is() {
    use Role::*;
    let table: [(&str, &[Role]); 14] = [
        ("", &[]),
        ("ge", &[Beginning]),
        ("gex ", &[UnknownCommand]),
        ("gex", &[UnknownCommand]),
        ("get k", &[Command, Key]),
        ("get k x", &[Command, Key, Excess]),
        ("3 set k v EX 5 GET", &[Repeat, Command, Key, Value, Option, Number, Option]),
        ("set k v E", &[Command, Key, Value, Beginning]),
        ("set k v Q", &[Command, Key, Value, Excess]),
        ("set k v EX five", &[Command, Key, Value, Option, Excess]),
        ("set k \"v", &[Command, Key, Faulty]),
        ("help @string", &[Own, Topic]),
        ("exit", &[Own]),
        ("mset a 1 b 2", &[Command, Key, Value, Key, Value]),
    ];
    for (line, expected) in table {
        assert_eq!(roles(line), expected, "{line}");
    }
    let named = tokens("set k v EX 5");
    let names: Vec<_> = named.iter().map(|token| token.name.as_deref().unwrap_or("-")).collect();
    assert_eq!(names, ["-", "key", "value", "seconds", "seconds"]);
}

#[test]
fn help_is_laid_out_as_redis_cli_does_it() {
    let text = |topic: &[&str]| {
        let topic: Vec<Vec<u8>> = topic.iter().map(|word| word.as_bytes().to_vec()).collect();
        crate::help::help(&topic).into_iter().map(|span| span.text).collect::<String>()
    };
    let get = text(&["get"]);
    assert!(get.starts_with("\n  GET key\n  summary: "), "{get}");
    assert!(get.ends_with("\n  since: 1.0.0\n  group: string\n"), "{get}");
    assert_eq!(text(&["foo"]), "");
    assert_eq!(text(&["get", "foo"]), "");
    assert_eq!(text(&["@nothing"]), "");
    let strings = text(&["@STRING"]);
    assert!(strings.starts_with("\n  APPEND key value\n"), "{strings}");
    assert!(!strings.contains("group:"));
    assert!(text(&[]).contains("help @<group>"));
}

/// Numbers without a source of entropy.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn whatever_is_quoted_is_split_back() {
    let mut random = Seeded(7);
    for _ in 0..2000 {
        let words: Vec<Vec<u8>> =
            (0..random.below(5)).map(|_| (0..random.below(12)).map(|_| random.below(256) as u8).collect()).collect();
        for write in [quoted, typed] {
            let line: Vec<String> = words.iter().map(|word| write(word)).collect();
            assert_eq!(split(&line.join(" ")).as_ref(), Ok(&words), "{line:?}");
        }
    }
    assert_eq!(
        split("a\\n 'b\\n\\'' \"\\x41\\q\\\"\""),
        Ok(vec![b"a\\n".to_vec(), b"b\\n'".to_vec(), b"Aq\"".to_vec()])
    );
    assert!(split("a \"b").is_err() && split("'a'b").is_err());
    assert_eq!(typed(b"plain:1"), "plain:1");
    assert_eq!(typed("gr\u{fc}n".as_bytes()), "gr\u{fc}n");
    assert_eq!(typed(b""), "\"\"");
}

#[test]
fn no_keys_break_the_editor() {
    let mut random = Seeded(42);
    let history = History::from_lines(["get x", "set \u{fc} y", "hgetall z"]);
    let letters = ['a', 'e', 'g', 's', 't', ' ', '"', '\'', '\\', 'x', '4', '\u{fc}', '\u{1f600}', '\0', '@', '*'];
    for _ in 0..10 {
        let mut editor = Editor::default();
        for _ in 0..200 {
            let key = match random.below(40) {
                0 => Key::Tab,
                1 => Key::BackTab,
                2 => Key::Escape,
                3 => Key::Backspace,
                4 => Key::Delete,
                5 => Key::Left,
                6 => Key::Right,
                7 => Key::Up,
                8 => Key::Down,
                9 => Key::Home,
                10 => Key::End,
                11 => Key::Enter,
                12 => Key::Paste("set k \u{20ac}\r\n EX 5 ".to_owned()),
                13..20 => Key::Ctrl(char::from(b'a' + random.below(26) as u8)),
                _ => Key::Char(letters[random.below(letters.len())]),
            };
            editor.press(key, &history, &Keys);
            let view = editor.view(&history);
            assert!(view.text.is_char_boundary(view.cursor));
            let _ = (tokens(&view.text), crate::hint::hint(&view.text), offered(editor.text()));
        }
    }
    let mut editor = Editor::default();
    editor.press(Key::Paste("\u{20ac}".repeat(MOST)), &history, &Keys);
    assert!(editor.text().len() <= MOST && editor.text().len() > MOST - 3);
}

#[test]
fn every_row_can_be_hinted_and_every_beginning_of_a_line_read() {
    let lines = [
        "sort k BY w_* LIMIT 0 5 GET # GET x ASC ALPHA STORE d",
        "zadd k NX CH 1 a 2 b",
        "xadd s MAXLEN ~ 5 LIMIT 3 * f v",
        "bitfield k GET u8 0 OVERFLOW SAT INCRBY u8 0 1",
        "client kill TYPE normal SKIPME yes",
        "set \"a b\" 'c\\'d' EX 10 KEEPTTL",
    ];
    for line in lines {
        for end in 0..=line.len() {
            let _ = (tokens(&line[..end]), crate::hint::hint(&line[..end]), offered(&line[..end]));
        }
    }
    for row in crate::complete::rows() {
        let name = crate::hint::display_name(row);
        let hint = crate::hint::hint(&format!("{name} ")).map(|hint| hint.ghost);
        assert_eq!(hint, Some(row.syntax_display()), "{name}");
    }
}

#[test]
fn the_longest_lines_are_read() {
    for row in crate::complete::rows() {
        for filler in ["1 ", "1 a "] {
            let name = crate::hint::display_name(row);
            let line = format!("{name} {}", filler.repeat((MOST - name.len()) / filler.len()));
            let _ = (crate::hint::hint(&line), offered(&line));
            assert!(tokens(&line).len() > MOST / 3);
        }
    }
}

#[test]
fn the_argument_that_comes_next_has_a_name() {
    let table = [
        ("set", None),
        ("set ", Some("key")),
        ("set k", Some("key")),
        ("set k ", Some("value")),
        ("set k v ", Some("condition")),
        ("set k v EX ", Some("seconds")),
        ("set k v EX 5", Some("seconds")),
        ("set k v EX 5 ", Some("condition")),
        ("get k ", None),
        ("config ", Some("subcommand")),
        ("config get ", Some("parameter")),
        ("3 mset a 1 b ", Some("value")),
        ("incrby k ", Some("increment")),
    ];
    for (line, expected) in table {
        let hint = crate::hint::hint(line);
        assert_eq!(hint.and_then(|hint| hint.argument).as_deref(), expected, "{line}");
    }
    assert!(crate::hint::hint("nothing ").is_none());
    assert!(crate::hint::hint("set k v Q ").is_some_and(|hint| hint.mismatch && hint.ghost.is_empty()));
}
