//! Values of arguments: numbers from the borders, strings, ids of streams, payloads.

use crate::connections::SOON;
use crate::generate::{Generator, STREAM_TIME};
use crate::payloads::PAYLOADS;
use engine::table::{Command, Group};

impl Generator {
    /// A pattern: for names, and for SORT also for keys and fields out of elements.
    pub(crate) fn pattern(&mut self, command: &Command) -> Vec<u8> {
        if command.name.starts_with("sort") && self.chance(60) {
            return self.pick(&[&b"k*"[..], b"h*->a", b"h*->*", b"h0->*", b"#", b"nosort", b"l*", b"*"]).to_vec();
        }
        self.pick(&[&b"*"[..], b"a*", b"?", b"[a-c]*", b"*1*", b"\\*", b"[^a]", b"**b"]).to_vec()
    }

    /// What DUMP may have said, or nearly so.
    fn payload(&mut self) -> Vec<u8> {
        let mut payload = self.pick(&PAYLOADS).to_vec();
        match self.draw(20) {
            0 => payload.truncate(self.draw(payload.len() as u64) as usize),
            1 => {
                let at = self.draw(payload.len() as u64) as usize;
                payload[at] ^= 1 << self.draw(8);
            }
            2 => payload.push(b'x'),
            _ => {}
        }
        payload
    }

    /// How long something lives, now and then hardly any longer than its command: it is gone when the next one comes.
    pub(crate) fn milliseconds(&mut self) -> Vec<u8> {
        if !self.inside && self.chance(12) { SOON.to_vec() } else { self.integer("milliseconds") }
    }

    pub(crate) fn integer(&mut self, name: &str) -> Vec<u8> {
        if name.contains("numkeys") {
            return b"numkeys".to_vec();
        }
        if name == "numids" {
            return b"numids".to_vec();
        }
        if name == "cursor" && self.chance(60) {
            return b"0".to_vec();
        }
        if name == "count" && self.chance(15) {
            return b"1000".to_vec();
        }
        if name == "ttl" {
            return self.pick(&[&b"0"[..], b"0", b"0", b"4102444800000", b"10000000", b"-1", b"abc"]).to_vec();
        }
        if matches!(name, "min-idle-time" | "ms" | "milliseconds") {
            // Nothing that a command which takes a little longer could change.
            let idle =
                [&b"0"[..], b"0", b"0", b"0", b"10000000", b"10000000", b"-1", b"abc", b"01", b"9223372036854775807"];
            return self.pick(&idle).to_vec();
        }
        if name.contains("seconds") {
            // Nothing expires while a stream is played: whether it just did would be a race between the two servers.
            let lifetimes = [
                &b"100000"[..],
                b"5000000",
                b"0",
                b"-1",
                b"abc",
                b"9223372036854775807",
                b"1000000000",
                b"-9223372036854775808",
            ];
            return self.pick(&lifetimes).to_vec();
        }
        if self.chance(70) {
            return self.pick(&[-3i64, -2, -1, 0, 1, 2, 3, 5, 10, 100]).to_string().into_bytes();
        }
        self.pick(&[
            &b"9223372036854775807"[..],
            b"-9223372036854775808",
            b"9223372036854775808",
            b"2147483648",
            b"-2147483649",
            b"4294967296",
            b"1000000",
            b"01",
            b"+1",
            b" 1",
            b"1.5",
            b"",
            b"abc",
            b"-0",
        ])
        .to_vec()
    }

    pub(crate) fn double(&mut self) -> Vec<u8> {
        self.pick(&[
            &b"0"[..],
            b"1",
            b"-1",
            b"1.5",
            b"3.14159",
            b"-2.5e3",
            b"1e10",
            b"inf",
            b"-inf",
            b"+inf",
            b"nan",
            b"0.1",
            b"1e300",
            b"1e-10",
            b"2",
            b"3",
            b"abc",
            b"",
            b"0x1p4",
            b"100000000000000000000",
        ])
        .to_vec()
    }

    pub(crate) fn string(&mut self, command: &Command, name: &str) -> Vec<u8> {
        match name {
            "serialized-value" => return self.payload(),
            "longitude" | "latitude" | "lon" | "lat" => return self.double(),
            "id" | "start" | "end" | "last-id" | "lastid" | "max-deleted-id" | "stream-id"
                if command.group == Group::Stream =>
            {
                return self.stream_id(command);
            }
            "min-idle-time" => return self.integer(name),
            "threshold" if self.chance(60) => return self.draw(12).to_string().into_bytes(),
            "threshold" => return self.stream_id(command),
            "pid" => return self.pick(&[&b"p1"[..], b"p2", b"p3", b""]).to_vec(),
            "iid" => return self.pick(&[&b"i1"[..], b"i2", b"i3", b"4", b""]).to_vec(),
            "min" | "max" | "start" | "stop" | "end" => {
                let bounds = [
                    &b"-inf"[..],
                    b"+inf",
                    b"(1",
                    b"1",
                    b"2",
                    b"0",
                    b"-1",
                    b"[a",
                    b"(c",
                    b"-",
                    b"+",
                    b"5",
                    b"[",
                    b"(",
                    b"x",
                    b"10",
                ];
                return self.pick(&bounds).to_vec();
            }
            "group" | "groupname" => return self.pick(&[&b"g1"[..], b"g2"]).to_vec(),
            "consumer" => return self.pick(&[&b"c1"[..], b"c2"]).to_vec(),
            _ => {}
        }
        if self.chance(75) {
            return self.pick(&[&b"a"[..], b"b", b"c", b"1", b"2", b"3", b"10", b"hello", b"1.5"]).to_vec();
        }
        match self.draw(8) {
            0 => Vec::new(),
            1 => b"\x00\xff\r\n".to_vec(),
            2 => vec![b'x'; 64],
            3 => vec![b'y'; 65],
            4 => b"9223372036854775807".to_vec(),
            5 => b"-1".to_vec(),
            6 => vec![b'z'; 300],
            _ => b"a b\"c".to_vec(),
        }
    }

    /// An id of an entry that may be there; for XADD mostly one that may come next.
    pub(crate) fn stream_id(&mut self, command: &Command) -> Vec<u8> {
        let strange =
            [&b"-"[..], b"+", b"$", b">", b"0", b"0-0", b"1-1", b"5", b"18446744073709551615-2", b"(5-1", b"x"];
        let adds = command.name == "xadd" || command.name == "xsetid";
        if self.chance(if adds { 4 } else { 25 }) && command.name != "xsetid" {
            return self.pick(&strange[..]).to_vec();
        }
        let exclusive = if matches!(command.name, "xrange" | "xrevrange" | "xpending" | "xautoclaim") && self.chance(15)
        {
            "("
        } else {
            ""
        };
        if adds && self.chance(90) {
            self.stream_time += self.draw(3) * self.draw(2);
            let time = self.stream_time;
            return match self.draw(6) {
                0 if command.name == "xadd" => format!("{time}-*").into_bytes(),
                1 => time.to_string().into_bytes(),
                _ => format!("{time}-{}", self.draw(4)).into_bytes(),
            };
        }
        let time = self.stream_time - self.draw(40).min(self.stream_time - STREAM_TIME);
        if self.chance(15) {
            format!("{exclusive}{time}").into_bytes()
        } else {
            format!("{exclusive}{time}-{}", self.draw(4)).into_bytes()
        }
    }
}
