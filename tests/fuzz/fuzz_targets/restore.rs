//! Whatever bytes RESTORE is given, with a version and a checksum that hold, it takes or refuses them; what it takes can be read, dumped and restored
//! again to the same dump.
#![no_main]

use engine::rdb::crc64;
use engine::{ClientId, Config, Engine, Input, Instant, Output, Outputs};
use libfuzzer_sys::fuzz_target;

const NOW: Instant = Instant(1_700_000_000_000_000);

fuzz_target!(|payload: &[u8]| {
    let mut server = Server::new();
    let mut sealed = payload.to_vec();
    sealed.extend(13u16.to_le_bytes());
    sealed.extend(crc64(0, &sealed).to_le_bytes());
    if server.ask(&[b"RESTORE", b"a", b"0", &sealed]) != b"+OK\r\n" {
        return;
    }
    for reading in READERS {
        let words: Vec<&[u8]> = reading.split(|byte| *byte == b' ').collect();
        server.ask(&words);
    }
    let dump = server.bulk(&[b"DUMP", b"a"]);
    let Some(dump) = dump else { return };
    assert_eq!(server.ask(&[b"RESTORE", b"b", b"0", &dump]), b"+OK\r\n", "our own dump is refused");
    assert_eq!(server.bulk(&[b"DUMP", b"b"]), Some(dump), "a dump of what was restored differs");
});

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

struct Server {
    engine: Engine,
    out: Outputs,
}

impl Server {
    fn new() -> Server {
        let mut server = Server { engine: Engine::new(Config::default(), 7), out: Outputs::new() };
        let address = "127.0.0.1:40000".to_owned();
        let input = Input::Connected { client: ClientId(1), address, local_address: "127.0.0.1:6379".to_owned() };
        server.engine.step(NOW, input, &mut server.out);
        server
    }

    fn ask(&mut self, words: &[&[u8]]) -> Vec<u8> {
        self.out.clear();
        let bytes = resp::request_bytes(words);
        self.engine.step(NOW, Input::Bytes { client: ClientId(1), bytes: &bytes }, &mut self.out);
        let mut reply = Vec::new();
        for output in self.out.iter() {
            if let Output::Bytes { bytes, .. } = output {
                reply.extend_from_slice(bytes);
            }
        }
        reply
    }

    /// The bulk string that answers, if one does.
    fn bulk(&mut self, words: &[&[u8]]) -> Option<Vec<u8>> {
        let reply = self.ask(words);
        let head = reply.iter().position(|byte| *byte == b'\n')? + 1;
        (reply[0] == b'$' && reply[1] != b'-').then(|| reply[head..reply.len() - 2].to_vec())
    }
}
