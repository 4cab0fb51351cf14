//! As much JSON as filters need: one top-level field of an object, found without reading more than has to be read.
//!
//! Redis looks for the field and leaves the rest alone, so `{"a":1} and more` has an `a`. Values on the way are passed over, not
//! checked: what stands between brackets need only close again. Of the field itself an array must be whole, and may hold
//! anything but objects. Escapes other than for control characters stand for the character behind the backslash, `\u` for a `u`.

use super::filter::{Value, is_space, plain_number};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The value of the field called `name`; none when there is no such field, or it is an object, or broken.
pub(super) fn field<'a>(json: &'a [u8], name: &[u8]) -> Option<Value<'a>> {
    let mut reader = Reader { rest: json };
    reader.expect(b'{')?;
    loop {
        let key = reader.string()?;
        reader.expect(b':')?;
        if key == name && !name.is_empty() {
            return reader.value();
        }
        reader.pass_over()?;
        reader.expect(b',')?;
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while let [first, rest @ ..] = self.rest
            && is_space(*first)
        {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        let found = self.peek()? == wanted;
        found.then(|| self.rest = &self.rest[1..])
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }

    /// A string between its quotes, escapes as they stand.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let mut len = 0;
        while *self.rest.get(len)? != b'"' {
            len += if self.rest[len] == b'\\' { 2 } else { 1 };
        }
        let content = self.take(len);
        self.take(1);
        Some(content)
    }

    /// The characters of a number.
    fn number(&mut self) -> &'a [u8] {
        let is_numeric = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
        self.take(self.rest.iter().take_while(is_numeric).count())
    }

    /// `true`, `false` or `null`, if nothing is stuck to it.
    fn literal(&mut self) -> Option<Value<'static>> {
        let literals = [(&b"true"[..], Value::Number(1.0)), (b"false", Value::Number(0.0)), (b"null", Value::Null)];
        let (word, value) = literals.into_iter().find(|(word, _)| self.rest.starts_with(word))?;
        self.take(word.len());
        let ends = |byte: &u8| is_space(*byte) || matches!(byte, b',' | b']' | b'}');
        self.rest.first().is_none_or(ends).then_some(value)
    }

    /// Moves behind a value.
    fn pass_over(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'{' => self.pass_over_brackets(b'{', b'}'),
            b'[' => self.pass_over_brackets(b'[', b']'),
            b't' | b'f' | b'n' => self.literal().map(|_| ()),
            _ => (!self.number().is_empty()).then_some(()),
        }
    }

    fn pass_over_brackets(&mut self, open: u8, close: u8) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            let byte = self.peek()?;
            if byte == b'"' {
                self.string()?;
                continue;
            }
            self.take(1);
            if byte == open {
                depth += 1;
            } else if byte == close {
                depth -= 1;
                if depth == 0 {
                    return Some(());
                }
            }
        }
    }

    fn scalar(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            b'"' => self.string().map(|content| Value::Text(unescaped(content))),
            b'0'..=b'9' | b'-' | b'+' => plain_number(self.number()).map(Value::Number),
            _ => self.literal(),
        }
    }

    fn value(&mut self) -> Option<Value<'a>> {
        if self.peek()? != b'[' {
            return self.scalar();
        }
        // Arrays in arrays count as values that equal 0, so only their depth is kept.
        let mut items = Vec::new();
        let mut depth = 0_usize;
        loop {
            if self.peek()? == b'[' {
                self.take(1);
                depth += 1;
                if self.peek()? != b']' {
                    continue;
                }
            } else {
                let item = self.scalar()?;
                if depth == 1 {
                    items.push(item);
                }
            }
            // Behind a value, or at the end of an empty array.
            while self.peek()? == b']' {
                self.take(1);
                depth -= 1;
                match depth {
                    0 => return Some(Value::List(items.into())),
                    1 => items.push(Value::List([].into())),
                    _ => {}
                }
            }
            self.expect(b',')?;
        }
    }
}

fn unescaped(content: &[u8]) -> Cow<'_, [u8]> {
    if !content.contains(&b'\\') {
        return Cow::Borrowed(content);
    }
    let mut out = Vec::with_capacity(content.len());
    let mut bytes = content.iter();
    while let Some(&byte) = bytes.next() {
        let escaped = if byte == b'\\' { bytes.next() } else { None };
        out.push(match escaped {
            None => byte,
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(&other) => other,
        });
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `x` is, as text.
    fn x(json: &str) -> Option<alloc::string::String> {
        field(json.as_bytes(), b"x").map(|value| alloc::format!("{value:?}"))
    }

    #[test]
    fn fields_are_found_as_redis_finds_them() {
        for (json, found) in [
            (r#"{"x":1,"x":2}"#, "Number(1.0)"),
            (r#" { "x" : 1"#, "Number(1.0)"),
            (r#"{"a":[1,{"b":2},"]"],"x":1}"#, "Number(1.0)"),
            (r#"{"a":{"x":2},"x":1} more"#, "Number(1.0)"),
            (r#"{"a":--,"x":1x}"#, "Number(1.0)"),
            (r#"{"a":{]},"x":01}"#, "Number(1.0)"),
            (r#"{"x":true]"#, "Number(1.0)"),
            (r#"{"x":null"#, "Null"),
            (r#"{"x":[[1],true]}"#, "List([List([]), Number(1.0)])"),
            (r#"{"x":[]"#, "List([])"),
        ] {
            assert_eq!(x(json).as_deref(), Some(found), "{json}");
        }
        for json in [
            r#"x{"x":1}"#,
            r#"{"a":bad,"x":1}"#,
            r#"{"x":tru}"#,
            r#"{"x":true;}"#,
            r#"{"x":.5}"#,
            r#"{"x":1-2}"#,
            r#"{"x":1e}"#,
            r#"{"x":"abc"#,
            r#"{"x":[1,2,]}"#,
            r#"{"x":[1,{"a":1}]}"#,
            r#"{"x":{}}"#,
            r#"{"x":[1 2]}"#,
            r#"{"a":1 "x":1}"#,
            r#"{"x" 1}"#,
            r#"{"x":"\"#,
        ] {
            assert_eq!(x(json), None, "{json}");
        }
    }

    #[test]
    fn escapes_stand_for_what_is_behind_them() {
        let Some(Value::Text(text)) = field(br#"{"x":"a\n\u0041\q\"\\"}"#, b"x") else { panic!("a string") };
        assert_eq!(&*text, b"a\nu0041q\"\\");
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = alloc::format!("{{\"a\":{0}{1},\"x\":{0}1{1}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(x(&deep).as_deref(), Some("List([List([])])"));
    }
}
