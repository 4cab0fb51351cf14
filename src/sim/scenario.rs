//! A busy hour that always goes the same way: what tests and the page replay to show that native and wasm agree.

use crate::{World, WorldConfig};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Three clients, all types, deadlines, errors and pauses, drawn from `seed`; `steps` commands. The trace hash of the world
/// must be the same on every target.
pub fn busy_hour(seed: u64, steps: usize) -> World {
    let mut world = World::new(&WorldConfig { seed, ..WorldConfig::default() });
    let clients: Vec<_> = (0..3).map(|_| world.connect()).collect();
    let mut state = seed;
    let mut draw = move |below: u64| {
        // The generator of Knuth's MMIX: enough to shuffle commands, and nobody's business but this scenario's.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..steps {
        let client = clients[draw(3) as usize];
        let key = draw(40);
        let line: String = match draw(18) {
            0 => format!("SET s:{key} {}", draw(1000)),
            1 => format!("SET s:{key} word{} PX {}", draw(50), 1 + draw(5000)),
            2 => format!("INCRBYFLOAT s:{key} 0.{}", draw(100)),
            3 => format!("GET s:{key}"),
            4 => format!("EXPIRE s:{key} {}", draw(20)),
            5 => format!("PTTL s:{key}"),
            6 => format!("RPUSH l:{key} {} {}", draw(9), draw(9)),
            7 => format!("LPOP l:{key} {}", draw(4)),
            8 => format!("SADD t:{key} {} x{}", draw(30), draw(30)),
            9 => format!("SPOP t:{key}"),
            10 => format!("HSET h:{key} f{} {}", draw(20), draw(100)),
            11 => format!("HGETALL h:{key}"),
            12 => format!("ZADD z:{key} {}.5 m{}", draw(10), draw(30)),
            13 => format!("ZRANGE z:{key} 0 -1 WITHSCORES"),
            14 => format!("SCAN {} COUNT 7", draw(30)),
            15 => String::from("RANDOMKEY"),
            16 => format!("APPEND s:{key} \"{}\"", draw(100)),
            _ => String::from("DBSIZE"),
        };
        world.send(client, format!("{line}\r\n").as_bytes());
        if draw(4) == 0 {
            world.advance(draw(1_500_000));
        }
    }
    world
}

/// The library that the scripted minutes call.
const LIBRARY: &str = "FUNCTION LOAD REPLACE \"#!lua name=lib\\nlocal seen = {}\\nredis.register_function('remember', function(keys, args) seen[args[1]] = (seen[args[1]] or 0) + 1 return {args[1], seen[args[1]]} end)\"";

/// The same for scripts and functions: numbers, strings, libraries with a memory, and scripts so long that others wait for them.
pub fn scripted_minutes(seed: u64, steps: usize) -> World {
    let mut world = World::new(&WorldConfig { seed, ..WorldConfig::default() });
    let clients: Vec<_> = (0..3).map(|_| world.connect()).collect();
    let mut state = seed;
    let mut draw = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    world.send(clients[0], format!("{LIBRARY}\r\n").as_bytes());
    for _ in 0..steps {
        let client = clients[draw(3) as usize];
        let key = draw(10);
        let script = match draw(9) {
            0 => format!(
                "for i = 1, {} do redis.call('incr', 'n:{key}') end return redis.call('get', 'n:{key}')",
                draw(20)
            ),
            1 => format!("return {{tostring(math.random()), math.random(100), tostring(math.sin({key})), {key} / 7}}"),
            2 => format!("return cjson.encode({{a = {key}, b = {{1.5, 'x'}}, c = redis.call('hgetall', 'h:{key}')}})"),
            3 => format!("local t = {{}} for k in pairs({{a=1, b=2, c=3, x{key}=4}}) do t[#t + 1] = k end return t"),
            4 => format!("redis.call('hset', 'h:{key}', ARGV[1], os.clock()) return redis.call('time')"),
            5 => format!("for i = 1, {} do end return tostring({{}})", draw(3_000_000)),
            6 => format!("local s = '' for i = 1, {} do s = s .. i end return #s .. s:sub(-3)", draw(300)),
            7 => format!("error('at ' .. {key})"),
            _ => String::from("return redis.pcall('lpush', 'n:1', 'x')"),
        };
        let line = if draw(6) == 0 {
            format!("FCALL remember 0 word{key}")
        } else {
            format!("EVAL \"{script}\" 0 argument{key}")
        };
        world.send(client, format!("{line}\r\n").as_bytes());
        if draw(4) == 0 {
            world.advance(draw(100_000));
        }
    }
    world
}
