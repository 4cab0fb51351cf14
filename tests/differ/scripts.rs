//! Random scripts: what commands of the table reply seen from Lua and back again, what scripts return, how they fail, and how they
//! hand arguments on. Also calls of functions in a library that is loaded first.

use crate::generate::{Generator, NEVER, Step};
use engine::table::{self, Command, Group};
use std::fmt::Write;

/// The library whose functions are called; it takes the command to call from its arguments.
const LIBRARY: &str = "#!lua name=drawn
redis.register_function('d_call', function(keys, args) return redis.call(unpack(args)) end)
redis.register_function('d_pcall', function(keys, args) local r = redis.pcall(unpack(args)) return {type(r), r, #keys} end)
redis.register_function{function_name='d_read', flags={'no-writes'}, callback=function(keys, args)
  redis.setresp(3) return redis.call(unpack(args)) end}
local count = 0
redis.register_function('d_count', function(keys, args) count = count + 1 redis.call(unpack(args)) return count end)";

/// Commands whose replies differ from server to server, or that change what the other server would not.
const NOT_INSIDE: &[&str] = &[
    "smembers",
    "hkeys",
    "hvals",
    "hgetall",
    "sinter",
    "sunion",
    "sdiff",
    "keys",
    "spop",
    "srandmember",
    "hrandfield",
    "zrandmember",
    "randomkey",
    "sort",
    "sort_ro",
    "scan",
    "sscan",
    "hscan",
    "zscan",
    "ttl",
    "expiretime",
    "httl",
    "hexpiretime",
    "pttl",
    "pexpiretime",
    "hpttl",
    "hpexpiretime",
    "object",
    "dump",
    "pubsub",
    "multi",
    "exec",
    "discard",
    "watch",
    "unwatch",
];

/// The commands that scripts call.
pub(crate) fn commands() -> Vec<&'static Command> {
    let inside = |command: &&Command| {
        !NEVER.contains(&command.name)
            && !NOT_INSIDE.contains(&command.name)
            && !matches!(command.group, Group::Stream | Group::Scripting | Group::Module)
    };
    table::all().filter(inside).collect()
}

impl Generator {
    /// A script or a function's call.
    pub(crate) fn script(&mut self, client: usize) -> Step {
        if !self.library_is_loaded {
            self.library_is_loaded = true;
            return step(client, "function|load", &["FUNCTION", "LOAD", "REPLACE", LIBRARY]);
        }
        if self.chance(15) {
            return self.function_call(client);
        }
        let read_only = self.chance(8);
        let (a, b) = (self.call(), self.call());
        let script = match self.draw(17) {
            0 | 1 => format!("return redis.call({a})"),
            2 => format!("return redis.pcall({a})"),
            3 => format!("local r = redis.pcall({a}) local q = redis.pcall({b}) return {{r, q, r}}"),
            4 => format!("return {{type(redis.pcall({a})), redis.call({b})}}"),
            5 => format!("redis.setresp(3) return redis.pcall({a})"),
            6 => format!(
                "redis.setresp(3) local r = redis.call({a}) return {{type(r), r or 'none', tostring(r == nil)}}"
            ),
            7 => format!("local ok, e = pcall(redis.call, {a}) return {{tostring(ok), type(e), e}}"),
            8 => format!("for i = 1, 3 do redis.pcall({a}) end return redis.call({b})"),
            9 => format!("return cjson.encode(redis.pcall({a}))"),
            10 => format!("local r = redis.pcall({a}) return (tonumber(type(r) == 'string' and r or nil) or 0) + 0.5"),
            11 => format!("return {}", self.value(0)),
            12 => format!("redis.setresp(3) return {}", self.value(0)),
            13 => format!("error({})", self.value(1)),
            14 => format!(
                "local ok, e = pcall(function() {a1} error({v}) end) return {{e, redis.call({b})}}",
                a1 = format_args!("redis.pcall({a})"),
                v = self.value(1)
            ),
            15 => {
                let number = self.number();
                format!(
                    "redis.pcall('set', KEYS[1], {number}) return {{redis.pcall('get', KEYS[1]), tostring({number}), {number}}}"
                )
            }
            _ => format!("return cmsgpack.unpack(cmsgpack.pack(redis.pcall({a})))"),
        };
        let key = format!("k{}", self.draw(4));
        let name = if read_only { "EVAL_RO" } else { "EVAL" };
        let command = if read_only { "eval_ro" } else { "eval" };
        step(client, command, &[name, &script, "1", &key, "argument"])
    }

    fn function_call(&mut self, client: usize) -> Step {
        let inner = self.inner();
        let name = self.pick(&["d_call", "D_Pcall", "d_read", "d_count", "d_none"]);
        let read_only = self.chance(30);
        let mut request: Vec<Vec<u8>> = Vec::new();
        let command = if read_only { "fcall_ro" } else { "fcall" };
        for word in [command, name, "0"] {
            request.push(word.as_bytes().to_vec());
        }
        request.extend(inner);
        Step { client, command, request }
    }

    /// A request that a script can make and whose reply is the same everywhere.
    fn inner(&mut self) -> Vec<Vec<u8>> {
        self.request_inside().1
    }

    /// The same as arguments of a call in Lua.
    fn call(&mut self) -> String {
        let words: Vec<String> = self.inner().iter().map(|word| quoted(word)).collect();
        words.join(", ")
    }

    fn number(&mut self) -> &'static str {
        self.pick(&[
            "3.5",
            "1e15",
            "1e16",
            "2^53",
            "2^63",
            "-2^63",
            "1/3",
            "0.1 + 0.2",
            "-0.5",
            "1e100",
            "1e-7",
            "123456789012",
            "100",
            "-1",
            "0",
            "3.0",
            "1e21",
            "5e-324",
            "(-8)^(1/3) ~= 0 and 7 or 8",
        ])
    }

    /// A value of Lua, in words of Lua.
    fn value(&mut self, depth: u32) -> String {
        let leaves = 14;
        match self.draw(if depth < 3 { 24 } else { leaves }) {
            0 => "nil".into(),
            1 => "true".into(),
            2 => "false".into(),
            3 | 4 => self.number().into(),
            5 => "'text'".into(),
            6 => "'with space'".into(),
            7 => "''".into(),
            8 => "'a\\r\\nb\\0c'".into(),
            9 => "{err='MY error'}".into(),
            10 => "{ok='fine\\r\\nso'}".into(),
            11 => "{double=1.5}".into(),
            12 => "{big_number='12345678901234567890'}".into(),
            13 => "{verbatim_string={string='a text', format='mkd'}}".into(),
            14 => format!("{{map={{[{}]={}}}}}", self.key_value(), self.value(depth + 1)),
            15 => format!("{{set={{[{}]=true}}}}", self.key_value()),
            16 => format!("redis.error_reply({})", self.pick(&["'x'", "'A b'", "'-A b'", "''", "5", "{}"])),
            17 => format!("redis.status_reply({})", self.pick(&["'x'", "'A b'", "''", "5", "{}"])),
            18 => format!("{{{}, nil, {}}}", self.value(depth + 1), self.value(depth + 1)),
            19 => format!("{{[2]={}, x={}}}", self.value(depth + 1), self.value(depth + 1)),
            20 => "{err=5}".into(),
            _ => format!("{{{}, {}, {}}}", self.value(depth + 1), self.value(depth + 1), self.value(depth + 1)),
        }
    }

    fn key_value(&mut self) -> &'static str {
        self.pick(&["'field'", "1", "2.5", "true", "'a b'"])
    }
}

fn step(client: usize, command: &'static str, words: &[&str]) -> Step {
    Step { client, command, request: words.iter().map(|word| word.as_bytes().to_vec()).collect() }
}

/// A string of Lua: what is not a letter or digit in decimal.
fn quoted(word: &[u8]) -> String {
    let mut text = String::from("'");
    for &byte in word {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\{byte:03}");
        }
    }
    text.push('\'');
    text
}
