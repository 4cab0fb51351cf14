//! The filter expressions of VSIM: `.year >= 1980 and .genre in ["drama", "comedy"]`.
//!
//! An expression is read from left to right into steps for a stack machine (Dijkstra's shunting yard, 1961): values go straight to
//! the program, operators wait until one that binds less tightly follows. Neither reading nor running recurses, so hostile nesting
//! costs memory in proportion to its length and nothing else. What is accepted and what an error points at was found by asking a
//! server: only the number of operands is checked, so `1 2 +` is an expression, too; letters and the signs of operators make one run,
//! of which the longest operator that it begins with is taken, so `1andnot0` is `1 and not 0`, and `null)` is nothing.
//!
//! Values are numbers, strings, lists and null. What an element lacks (or has as an object) makes the whole filter fail for it.
//! Strings become numbers where numbers are wanted, whole or not at all, which is 0; lists are 0. Everything but 0, the empty
//! string and null is true.

use super::json;
use alloc::borrow::Cow;
use alloc::rc::Rc;
use alloc::vec::Vec;

#[derive(Clone, Debug)]
pub enum Value<'a> {
    Number(f64),
    Text(Cow<'a, [u8]>),
    List(Rc<[Value<'a>]>),
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Plus,
    Minus,
    Times,
    Divide,
    Remainder,
    Power,
    Not,
    Open,
    Close,
}
use Operator::*;

/// What operators are written like and how tightly they bind; of those that begin alike the longest comes first.
const OPERATORS: [(&[u8], Operator, u8); 21] = [
    (b"||", Or, 0),
    (b"or", Or, 0),
    (b"&&", And, 1),
    (b"and", And, 1),
    (b"==", Equal, 2),
    (b"!=", Unequal, 2),
    (b"<=", LessOrEqual, 2),
    (b"<", Less, 2),
    (b">=", GreaterOrEqual, 2),
    (b">", Greater, 2),
    (b"in", In, 2),
    (b"+", Plus, 3),
    (b"-", Minus, 3),
    (b"**", Power, 5),
    (b"*", Times, 4),
    (b"/", Divide, 4),
    (b"%", Remainder, 4),
    (b"!", Not, 6),
    (b"not", Not, 6),
    (b"(", Open, 0),
    (b")", Close, 0),
];

#[derive(Clone, Debug)]
enum Step<'a> {
    Value(Value<'a>),
    /// The value of an attribute.
    Field(&'a [u8]),
    Operator(Operator),
}

/// An expression that was read.
#[derive(Clone, Debug)]
pub struct Expression<'a>(Vec<Step<'a>>);

/// C's isspace.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn is_operator_sign(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || b"+-*%/!()<>=|&".contains(&byte)
}

/// The number that all of a string is, in C's notations; spaces may stand before it.
fn whole_number(text: &[u8]) -> Option<f64> {
    let text = &text[text.iter().take_while(|&&byte| is_space(byte)).count()..];
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let magnitude = if digits.eq_ignore_ascii_case(b"nan") {
        f64::NAN
    } else if let Some(number) = crate::number::parse_double(text) {
        return Some(number);
    } else {
        // Too large or too small for a score, but not for C.
        resp::number::parse_decimal(digits)?
    };
    Some(if text.first() == Some(&b'-') { -magnitude } else { magnitude })
}

pub(super) fn plain_number(text: &[u8]) -> Option<f64> {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let magnitude = resp::number::parse_decimal(digits)?;
    Some(if text.first() == Some(&b'-') { -magnitude } else { magnitude })
}

impl Value<'_> {
    fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Text(text) => whole_number(text).unwrap_or(0.0),
            Value::List(_) | Value::Null => 0.0,
        }
    }

    fn is_true(&self) -> bool {
        match self {
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(_) => true,
            Value::Null => false,
        }
    }

    fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Null, Value::Null) => true,
            (Value::Null, _) | (_, Value::Null) => false,
            _ => self.number() == other.number(),
        }
    }

    /// Whether this is one of a list or a part of a string.
    fn is_in(&self, whole: &Value) -> bool {
        match (self, whole) {
            (_, Value::List(items)) => items.iter().any(|item| self.equals(item)),
            (Value::Text(part), Value::Text(whole)) => {
                part.is_empty() || whole.windows(part.len()).any(|window| window == &**part)
            }
            _ => false,
        }
    }
}

impl<'a> Expression<'a> {
    /// Reads an expression; one that is none gives what an error shows of it.
    pub fn parse(source: &'a [u8]) -> Result<Expression<'a>, &'a [u8]> {
        // Redis reads a C string.
        let source = source.split(|&byte| byte == 0).next().unwrap_or_default();
        let mut reader = Reader { source, at: 0 };
        let shown = |at: usize| if at < source.len() { &source[at..] } else { source };
        let mut program = Program::default();
        while let Some(step) = reader.step(program.after_value).map_err(shown)? {
            program.add(step);
        }
        program.finish().ok_or(source)
    }

    /// Whether an element with these attributes, as JSON, passes.
    pub fn admits(&self, attributes: &[u8]) -> bool {
        let mut stack: Vec<Value> = Vec::new();
        for step in &self.0 {
            let value = match step {
                Step::Value(value) => value.clone(),
                Step::Field(name) => match json::field(attributes, name) {
                    Some(value) => value,
                    None => return false,
                },
                Step::Operator(operator) => {
                    // The number of operands was checked when the expression was read.
                    let last = stack.pop().unwrap_or(Value::Null);
                    let first = if *operator == Not { Value::Null } else { stack.pop().unwrap_or(Value::Null) };
                    Value::Number(operator.apply(&first, &last))
                }
            };
            stack.push(value);
        }
        stack.last().is_some_and(Value::is_true)
    }
}

impl Operator {
    fn apply(self, a: &Value, b: &Value) -> f64 {
        let truth = match self {
            Plus => return a.number() + b.number(),
            Minus => return a.number() - b.number(),
            Times => return a.number() * b.number(),
            Divide => return a.number() / b.number(),
            Remainder => return libm::fmod(a.number(), b.number()),
            Power => return libm::pow(a.number(), b.number()),
            Or => a.is_true() || b.is_true(),
            And => a.is_true() && b.is_true(),
            Equal => a.equals(b),
            Unequal => !a.equals(b),
            Less => a.number() < b.number(),
            LessOrEqual => a.number() <= b.number(),
            Greater => a.number() > b.number(),
            GreaterOrEqual => a.number() >= b.number(),
            In => a.is_in(b),
            Not => !b.is_true(),
            Open | Close => false,
        };
        f64::from(u8::from(truth))
    }

    fn tightness(self) -> u8 {
        OPERATORS.iter().find(|(_, operator, _)| *operator == self).map_or(0, |(_, _, tightness)| *tightness)
    }
}

/// The shunting yard.
#[derive(Default)]
struct Program<'a> {
    steps: Vec<Step<'a>>,
    waiting: Vec<Operator>,
    /// How many values the steps leave on the stack.
    depth: usize,
    /// Something is not matched. Reading goes on: a word that is none is the graver mistake.
    broken: bool,
    after_value: bool,
}

impl<'a> Program<'a> {
    fn add(&mut self, step: Step<'a>) {
        match step {
            Step::Operator(Open) => {
                self.waiting.push(Open);
                self.after_value = false;
            }
            Step::Operator(Close) => {
                while self.waiting.last().is_some_and(|waiting| *waiting != Open) {
                    self.release();
                }
                self.broken |= self.waiting.pop().is_none();
                self.after_value = true;
            }
            Step::Operator(operator) => {
                let tightness = operator.tightness();
                let goes_first = |waiting: &Operator| {
                    let other = waiting.tightness();
                    *waiting != Open && (other > tightness || other == tightness && operator != Power)
                };
                while self.waiting.last().is_some_and(goes_first) {
                    self.release();
                }
                self.waiting.push(operator);
                self.after_value = false;
            }
            value => {
                self.steps.push(value);
                self.depth += 1;
                self.after_value = true;
            }
        }
    }

    /// Moves the last operator that waits to the program.
    fn release(&mut self) {
        let Some(operator) = self.waiting.pop() else { return };
        let operands = if operator == Not { 1 } else { 2 };
        if operator == Open || self.depth < operands {
            self.broken = true;
            return;
        }
        self.depth -= operands - 1;
        self.steps.push(Step::Operator(operator));
    }

    fn finish(mut self) -> Option<Expression<'a>> {
        while !self.waiting.is_empty() {
            self.release();
        }
        (!self.broken && self.depth == 1).then_some(Expression(self.steps))
    }
}

/// Takes an expression apart. Errors are positions.
struct Reader<'a> {
    source: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// The bytes from here on that are all like that; they are read.
    fn run(&mut self, like: fn(u8) -> bool) -> &'a [u8] {
        let rest = &self.source[self.at..];
        let len = rest.iter().take_while(|&&byte| like(byte)).count();
        self.at += len;
        &rest[..len]
    }

    /// The next value or operator. A minus sign behind a value is an operator, elsewhere part of a number.
    fn step(&mut self, after_value: bool) -> Result<Option<Step<'a>>, usize> {
        self.skip_spaces();
        let Some(first) = self.peek() else { return Ok(None) };
        let second = self.source.get(self.at + 1).copied();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        Ok(Some(match first {
            b'-' if !after_value && second.is_some_and(|byte| byte.is_ascii_digit()) => Step::Value(self.number()?),
            b'0'..=b'9' => Step::Value(self.number()?),
            b'.' if second.is_none_or(is_name) => {
                self.at += 1;
                Step::Field(self.run(is_name))
            }
            b'\'' | b'"' => Step::Value(self.text()?),
            b'[' => Step::Value(self.list()?),
            first if is_operator_sign(first) => {
                // A run is read to its end only when it is null or a mistake.
                let rest = &self.source[self.at..];
                if let Some((word, operator, _)) = OPERATORS.iter().find(|(word, ..)| rest.starts_with(word)) {
                    self.at += word.len();
                    return Ok(Some(Step::Operator(*operator)));
                }
                if self.run(is_operator_sign) != b"null" {
                    return Err(self.at);
                }
                Step::Value(Value::Null)
            }
            _ => return Err(self.at),
        }))
    }

    fn number(&mut self) -> Result<Value<'a>, usize> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        self.run(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E'));
        plain_number(&self.source[start..self.at]).map(Value::Number).ok_or(self.at)
    }

    /// A string in quotes of either kind. A backslash keeps the character behind it from ending the string, and stays.
    fn text(&mut self) -> Result<Value<'a>, usize> {
        let quote = self.peek();
        let start = self.at + 1;
        self.at = start;
        while self.peek() != quote {
            self.at += if self.peek() == Some(b'\\') { 2 } else { 1 };
            if self.at >= self.source.len() {
                return Err(self.source.len());
            }
        }
        self.at += 1;
        Ok(Value::Text(Cow::Borrowed(&self.source[start..self.at - 1])))
    }

    /// Numbers and strings in square brackets, with commas between them; one comma may stand behind the last.
    fn list(&mut self) -> Result<Value<'a>, usize> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_spaces();
            if self.peek() == Some(b']') {
                break;
            }
            items.push(match self.peek() {
                Some(b'0'..=b'9' | b'-') => self.number()?,
                Some(b'\'' | b'"') => self.text()?,
                _ => return Err(self.at),
            });
            self.skip_spaces();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {}
                _ => return Err(self.at),
            }
        }
        self.at += 1;
        Ok(Value::List(items.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTRIBUTES: &[u8] = br#"{"y":1,"s":"abc","t":true,"n":null,"arr":[1,2,"x"],"o":{"a":1},"e":"5"}"#;

    #[test]
    fn expressions_admit_what_they_admit_in_redis() {
        for (source, admits) in [
            (".y == 1", true),
            ("2**3**2 == 512", true),
            ("not 0 and 0", false),
            ("1 2 +", true),
            ("1andnot0", true),
            (".s == 0", true),
            ("'2' < '10'", true),
            (".y or .missing", false),
            (".o == 0", false),
            (".n == null", true),
            ("'bc' in .s", true),
            ("'x' in .arr", true),
            ("1 < 2 == 2 > 1", false),
            ("0 == 1 in [2]", false),
            ("5 % 0 == 0", false),
            ("0/0", true),
            ("-2 ** 2 == 4", true),
            ("' 5' == 5", true),
            ("'5 ' == 5", false),
            ("'0x10' == 16", true),
            (".e + 1 == 6", true),
            ("1 == 1\0 garbage", true),
            (".", false),
        ] {
            let expression = Expression::parse(source.as_bytes()).expect(source);
            assert_eq!(expression.admits(ATTRIBUTES), admits, "{source}");
        }
    }

    #[test]
    fn an_error_points_at_what_comes_behind_the_mistake() {
        for (source, near) in [
            (".y = 1", " 1"),
            ("1 =& 1", " 1"),
            ("1 andx 2", " 2"),
            ("1 == 1 @", "@"),
            ("1 in [1 2]", "2]"),
            ("[1.2.3]", "]"),
            ("not not 1", "not not 1"),
            ("1 =", "1 ="),
            ("(null)", "(null)"),
            ("foo(1)", "1)"),
            (". y == 1", ". y == 1"),
            ("1 ) @", "@"),
            ("'abc\\'", "'abc\\'"),
            ("", ""),
        ] {
            assert_eq!(Expression::parse(source.as_bytes()).err(), Some(near.as_bytes()), "{source}");
        }
    }

    #[test]
    fn nothing_that_somebody_writes_exhausts_the_stack() {
        for source in
            ["(".repeat(100_000) + "1" + &")".repeat(100_000), alloc::string::String::from("1") + &"+1".repeat(100_000)]
        {
            assert!(Expression::parse(source.as_bytes()).expect("an expression").admits(b"{}"));
        }
    }
}
