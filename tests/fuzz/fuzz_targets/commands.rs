//! Whatever a client sends and whenever it sends it, the server answers or hangs up; it never panics.
#![no_main]

use engine::{ClientId, Config, Engine, Input, Instant, Outputs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|steps: Vec<(bool, u16, &[u8])>| {
    let mut engine = Engine::new(Config::default(), 7);
    let (mut out, mut now) = (Outputs::new(), 1_700_000_000_000_000);
    for client in [1, 2] {
        let address = format!("127.0.0.1:{}", 40_000 + client);
        let input = Input::Connected { client: ClientId(client), address, local_address: "127.0.0.1:6379".to_owned() };
        engine.step(Instant(now), input, &mut out);
    }
    for (second, wait_ms, bytes) in steps {
        now += u64::from(wait_ms) * 1000;
        if engine.next_wakeup().is_some_and(|at| at <= Instant(now)) {
            engine.step(Instant(now), Input::Wakeup, &mut out);
        }
        engine.step(Instant(now), Input::Bytes { client: ClientId(1 + u64::from(second)), bytes }, &mut out);
        out.clear();
    }
});
