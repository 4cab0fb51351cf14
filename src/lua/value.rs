//! A value is sixteen bytes and `Copy`: a tag and a payload that is always a `u64`.
//!
//! Payloads are uniform on purpose: with `f64` and `u32` payloads mixed, the compiler moves a value as one sixteen-byte unit,
//! which stalls on the two narrower writes before it; with uniform payloads it is two plain moves. Objects are indices
//! into the heap's arenas, so a value means something only together with its heap, and cloning the heap clones every
//! value's meaning along with it.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Value {
    #[default]
    Nil,
    False,
    True,
    /// The bits of an `f64`.
    Number(u64),
    /// Index in the low half (bit 31: the string is long and not interned), hash in the high half.
    String(u64),
    Table(u64),
    Function(u64),
    /// A function of ours: number in the low half, its captured values (index plus one in the boxes) in the high half.
    Native(u64),
    /// A function of the embedder: calling it leaves the machine.
    Host(u64),
    Userdata(u64),
    Thread(u64),
    /// An opaque number of the embedder (`cjson.null`).
    Light(u64),
}

/// Strings up to this length are interned: equal payloads are equal strings.
pub const SHORT: usize = 40;
/// Marks a string payload whose equality needs a look at the bytes.
pub const LONG: u64 = 1 << 31;

impl Value {
    #[inline]
    pub fn number(number: f64) -> Value {
        Value::Number(number.to_bits())
    }

    #[inline]
    pub fn boolean(truth: bool) -> Value {
        if truth { Value::True } else { Value::False }
    }

    #[inline]
    pub fn truthy(self) -> bool {
        !matches!(self, Value::Nil | Value::False)
    }

    #[inline]
    pub fn is_nil(self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The number itself; strings are not converted.
    #[inline]
    pub fn as_number(self) -> Option<f64> {
        match self {
            Value::Number(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    pub fn is_string(self) -> bool {
        matches!(self, Value::String(_))
    }

    pub fn is_function(self) -> bool {
        matches!(self, Value::Function(_) | Value::Native(_) | Value::Host(_))
    }

    pub fn type_name(self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::False | Value::True => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Table(_) => "table",
            Value::Function(_) | Value::Native(_) | Value::Host(_) => "function",
            Value::Userdata(_) | Value::Light(_) => "userdata",
            Value::Thread(_) => "thread",
        }
    }
}

/// The whole number that `number` is, if it is one that an index can be.
#[inline]
pub fn exact_index(number: f64) -> Option<i64> {
    let index = number as i64;
    (index as f64 == number).then_some(index)
}

/// C's conversion from double to a 64-bit integer on the machine Redis runs on: what does not fit is the smallest integer.
#[inline]
pub fn to_i64(number: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) { number as i64 } else { i64::MIN }
}

/// The same to an unsigned one, as x86 compilers do it: what is too large loses its bits.
#[inline]
pub fn to_u64(number: f64) -> u64 {
    if number >= 9_223_372_036_854_775_808.0 {
        to_i64(number - 9_223_372_036_854_775_808.0) as u64 ^ 1 << 63
    } else {
        to_i64(number) as u64
    }
}

/// The same for `int` arguments of the libraries, which go through a 64-bit conversion and lose the upper half.
#[inline]
pub fn to_i32(number: f64) -> i32 {
    to_i64(number) as i32
}

/// `floor` without a library call on targets that have no instruction for it.
#[inline]
pub fn floor(number: f64) -> f64 {
    if number.abs() < 4_503_599_627_370_496.0 {
        let whole = number as i64 as f64;
        let below = if whole > number { whole - 1.0 } else { whole };
        // Keeps the sign of a zero.
        if below == 0.0 && number.is_sign_negative() && number == 0.0 { number } else { below }
    } else {
        number
    }
}

/// Lua's `%`: the sign of the divisor.
#[inline]
pub fn modulo(a: f64, b: f64) -> f64 {
    a - floor(a / b) * b
}

pub fn power(a: f64, b: f64) -> f64 {
    if b == 2.0 { a * a } else { libm::pow(a, b) }
}

/// Unary minus. The sign of a NaN is not portable (wasm leaves it open) but `tostring` shows it, so we carry it in the
/// payload's lowest bit: a NaN born of arithmetic prints `-nan`, as on x86, and its negation prints `nan`.
#[inline]
pub fn negate(a: f64) -> f64 {
    if a.is_nan() { f64::from_bits(a.to_bits() ^ 1) } else { -a }
}
