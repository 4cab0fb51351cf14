//! Sensible arguments for vector sets: few elements, vectors of the key's dimensions, filters out of the words of their language.

use crate::generate::Generator;

/// Fewer than VSIM lists unless it is told otherwise: which of equally near elements is left out would be chance.
pub const ELEMENTS: [&[u8]; 9] = [b"a", b"b", b"c", b"d", b"1", b"hello", b"", b"zz", b"a b"];

const FILTERS: [&[u8]; 14] = [
    b".y == 1",
    b".y > 1 and .s != 'abc'",
    b"not .t",
    b".y in [1,2,'x']",
    b"'b' in .s",
    b"2 in .arr",
    b".s == 'abc' || .y % 2 == 0",
    b"(.y + 1) * 2 ** 2 >= 12",
    b".n == null",
    b"1",
    b"(",
    b".y = 1",
    b"",
    b".missing or 1",
];

const WORDS: [&[u8]; 48] = [
    b".y",
    b".s",
    b".t",
    b".n",
    b".arr",
    b".o",
    b".missing",
    b"1",
    b"2",
    b"-1",
    b"1.5",
    b"1e2",
    b"'abc'",
    b"\"b\"",
    b"''",
    b"'5'",
    b"[1,2]",
    b"['x', -2]",
    b"[]",
    b"null",
    b"(",
    b")",
    b"and",
    b"or",
    b"not",
    b"!",
    b"in",
    b"==",
    b"!=",
    b"<",
    b"<=",
    b">",
    b">=",
    b"+",
    b"-",
    b"*",
    b"/",
    b"%",
    b"**",
    b"&&",
    b"||",
    b"=",
    b"foo",
    b"@",
    b"[",
    b"'",
    b".",
    b" ",
];

const ATTRIBUTES: [&[u8]; 16] = [
    br#"{"y":1,"s":"abc","t":true,"arr":[1,2,"x"]}"#,
    br#"{"y":2,"s":"b","t":false,"n":null}"#,
    br#"{"y":3.5e1,"o":{"y":1},"s":"5"}"#,
    br#"{"y":"1","arr":[[1],true,null]}"#,
    br#"{"s":"a\nb\u0041","y":-1"#,
    br#"{"o":[1,{]},"y":1}"#,
    br#"{"t":truex,"y":1}"#,
    br#"{"t":true;"#,
    br#"{"arr":[1 2],"y":+2} more"#,
    br#" { "arr" : [ 1 , { } ] , "s" : "" }"#,
    br#"{"y":1,"y":2}"#,
    br#"{"n":nul"#,
    b"{}",
    b"x",
    b"",
    b"[1]",
];

impl Generator {
    fn vector_key(&mut self) -> usize {
        self.draw(4) as usize
    }

    fn element(&mut self) -> Vec<u8> {
        self.pick(&ELEMENTS).to_vec()
    }

    /// `VALUES n …` or `FP32 blob`, usually with `dim` dimensions.
    fn vector(&mut self, dim: usize, words: &mut Vec<Vec<u8>>) {
        let dim = if self.chance(95) { dim } else { 1 + self.draw(6) as usize };
        let values: Vec<i64> = (0..dim).map(|_| self.draw(1999) as i64 - 999).collect();
        if self.chance(30) {
            words.push(b"FP32".to_vec());
            words.push(values.iter().flat_map(|value| (*value as f32 / 7.0).to_le_bytes()).collect());
        } else {
            words.push(b"VALUES".to_vec());
            words.push(dim.to_string().into_bytes());
            words.extend(values.iter().map(|value| format!("{}", *value as f64 / 100.0).into_bytes()));
        }
    }

    fn filter(&mut self) -> Vec<u8> {
        if self.chance(50) {
            return self.pick(&FILTERS).to_vec();
        }
        let mut filter = Vec::new();
        for _ in 0..=self.draw(7) {
            filter.extend_from_slice(self.pick(&WORDS));
            if self.chance(70) {
                filter.push(b' ');
            }
        }
        filter
    }

    fn bound(&mut self, usual: &[&'static [u8]]) -> Vec<u8> {
        if self.chance(90) {
            return self.pick(usual).to_vec();
        }
        self.pick(&[&b"0"[..], b"-1", b"x", b"", b"1000001", b"9223372036854775807", b"9223372036854775808"]).to_vec()
    }

    /// The arguments of a command on vector sets; none for those that anybody's will do for.
    pub fn vector_words(&mut self, name: &str) -> Option<Vec<Vec<u8>>> {
        let set = self.vector_key();
        let mut words = vec![if self.chance(95) { format!("v{set}").into_bytes() } else { b"s1".to_vec() }];
        // What a set is like follows from its key: three quantisations, and one that projects.
        let (dim, quantisation) = [(3, "Q8"), (2, "NOQUANT"), (5, "BIN"), (7, "NOQUANT")][set];
        match name {
            "VADD" => {
                if set == 3 || self.chance(2) {
                    let reduced = if self.chance(95) { &b"4"[..] } else { self.pick(&[&b"0"[..], b"x", b"100", b"2"]) };
                    words.extend([b"REDUCE".to_vec(), reduced.to_vec()]);
                }
                self.vector(dim, &mut words);
                words.push(self.element());
                let quantisation = if self.chance(96) { quantisation } else { self.pick(&["Q8", "BIN", "NOQUANT"]) };
                words.push(quantisation.as_bytes().to_vec());
                for _ in 0..self.draw(3) {
                    match self.draw(5) {
                        0 => words.push(b"CAS".to_vec()),
                        1 => words.extend([b"EF".to_vec(), self.bound(&[b"10", b"200"])]),
                        2 if self.chance(30) => words.extend([b"M".to_vec(), self.bound(&[b"16", b"4", b"5000"])]),
                        _ => words.extend([b"SETATTR".to_vec(), self.pick(&ATTRIBUTES).to_vec()]),
                    }
                }
            }
            "VSIM" => {
                if self.chance(50) {
                    words.extend([b"ELE".to_vec(), self.element()]);
                } else {
                    let reduced = if set == 3 && self.chance(30) { 4 } else { dim };
                    self.vector(reduced, &mut words);
                }
                for _ in 0..self.draw(4) {
                    match self.draw(8) {
                        0 | 1 => words.push(b"WITHSCORES".to_vec()),
                        2 => words.push(b"WITHATTRIBS".to_vec()),
                        3 => words.push(self.pick(&[&b"TRUTH"[..], b"NOTHREAD", b"truth"]).to_vec()),
                        4 => words.extend([b"COUNT".to_vec(), self.bound(&[b"20", b"9"])]),
                        5 => words.extend([b"EPSILON".to_vec(), self.bound(&[b"0.3", b"0.55", b"1", b"inf", b"nan"])]),
                        6 if self.chance(70) => words.extend([b"EF".to_vec(), self.bound(&[b"1", b"50", b"500"])]),
                        6 => words.extend([b"FILTER-EF".to_vec(), self.bound(&[b"100", b"0", b"500"])]),
                        _ => words.extend([b"FILTER".to_vec(), self.filter()]),
                    }
                }
            }
            "VRANGE" => {
                let ends = [&b"-"[..], b"+", b"[a", b"(a", b"[c", b"(zz", b"[", b"(", b"x", b"", b"[a b"];
                for usual in [b"-", b"+"] {
                    words.push(if self.chance(40) { usual.to_vec() } else { self.pick(&ends).to_vec() });
                }
                if self.chance(40) {
                    words.push(self.bound(&[b"1", b"3", b"-1", b"0"]));
                }
            }
            "VSETATTR" => words.extend([self.element(), self.pick(&ATTRIBUTES).to_vec()]),
            "VRANDMEMBER" => {
                if self.chance(60) {
                    words.push(self.bound(&[b"1", b"3", b"-4", b"100"]));
                }
            }
            "VEMB" | "VGETATTR" | "VISMEMBER" | "VLINKS" | "VREM" => {
                words.push(self.element());
                let more = match name {
                    "VEMB" => &b"RAW"[..],
                    "VLINKS" => b"WITHSCORES",
                    _ => b"",
                };
                if !more.is_empty() && self.chance(40) {
                    words.push(more.to_vec());
                }
            }
            "VCARD" | "VDIM" | "VINFO" => {}
            _ => return None,
        }
        Some(words)
    }
}
