//! One server and one client, for targets that ask and look at the answers.

use engine::{ClientId, Config, Engine, Input, Instant, Output, Outputs};
use resp::{Decoder, Value};

const NOW: Instant = Instant(1_700_000_000_000_000);

pub struct Server {
    engine: Engine,
    out: Outputs,
}

impl Server {
    pub fn new() -> Server {
        let mut server = Server { engine: Engine::new(Config::default(), 7), out: Outputs::new() };
        let address = "127.0.0.1:40000".to_owned();
        let input = Input::Connected { client: ClientId(1), address, local_address: "127.0.0.1:6379".to_owned() };
        server.engine.step(NOW, input, &mut server.out);
        server
    }

    fn bytes(&mut self, words: &[&[u8]]) -> Vec<u8> {
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

    pub fn ask(&mut self, words: &[&[u8]]) -> Value {
        let mut decoder = Decoder::new();
        decoder.feed(&self.bytes(words));
        decoder.next().ok().flatten().expect("one whole reply")
    }
}
