//! Whatever bytes RESTORE is given, with a version and a checksum that hold, it takes or refuses them; what it takes can be read, dumped and restored
//! again to the same dump.
#![no_main]

#[path = "../server.rs"]
mod server;

use engine::rdb::crc64;
use libfuzzer_sys::fuzz_target;
use resp::Value;
use server::Server;

fuzz_target!(|payload: &[u8]| {
    let mut server = Server::new();
    let mut sealed = payload.to_vec();
    sealed.extend(13u16.to_le_bytes());
    sealed.extend(crc64(0, &sealed).to_le_bytes());
    if server.ask(&[b"RESTORE", b"a", b"0", &sealed]) != ok() {
        return;
    }
    for reading in READERS {
        server.ask(&reading.split(|byte| *byte == b' ').collect::<Vec<_>>());
    }
    let Value::Bulk(dump) = server.ask(&[b"DUMP", b"a"]) else { return };
    assert_eq!(server.ask(&[b"RESTORE", b"b", b"0", &dump]), ok(), "our own dump is refused");
    assert_eq!(server.ask(&[b"DUMP", b"b"]), Value::Bulk(dump), "a dump of what was restored differs");
});

fn ok() -> Value {
    Value::Simple(b"OK".to_vec())
}

const READERS: [&[u8]; 16] = [
    b"TYPE a",
    b"OBJECT ENCODING a",
    b"GET a",
    b"LRANGE a 0 -1",
    b"SMEMBERS a",
    b"HGETALL a",
    b"HPTTL a FIELDS 1 f",
    b"ZRANGE a 0 -1 WITHSCORES",
    b"XRANGE a - +",
    b"XINFO STREAM a FULL",
    b"XAUTOCLAIM a g c 0 0",
    b"LPUSH a x",
    b"SADD a x",
    b"HSET a f x",
    b"ZADD a 1 x",
    b"XADD a * f x",
];
