//! The server's parameters: one table of names, kinds, defaults and consequences, read by CONFIG, by INFO and by hosts.
//!
//! Values are kept as CONFIG GET shows them, which is also what `Parameter::check` makes of what CONFIG SET or a line of redis.conf
//! was given; what the engine itself needs in another form is handed to it by the parameter's `apply`. A parameter that
//! this server has no use for is checked and kept like the others.

mod check;
mod parameters;

pub use parameters::PARAMETERS;

use crate::client_memory::ClientLimit;
use crate::server::{Order, Server};
use crate::store::Store;
use crate::text::Text;
use alloc::borrow::Cow;
use alloc::rc::Rc;
use alloc::vec::Vec;
use resp::number::parse_integer;

/// Why a value is refused, in Redis' words.
pub type Complaint = Cow<'static, str>;

/// Looks at the wanted and the present value and gives the one to keep.
pub type Check = fn(&[u8], &[u8]) -> Result<Vec<u8>, Complaint>;

/// The values that a parameter takes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// An integer from the first number to the second.
    Integer(i64, i64),
    /// A number of bytes with a unit (`64mb`), from the first number to the second.
    Memory(u64, u64),
    /// A number of bytes, or so many percent of `maxmemory`.
    Percent,
    /// One of these words, in any case.
    OneOf(&'static [&'static str]),
    Text,
    /// What a function says of the wanted and the present value.
    Checked(Check),
}

/// What a parameter's consequences touch.
pub struct Target<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) server: &'a mut Server,
}

impl Target<'_> {
    /// What is used may be above the limit now.
    fn evict(&mut self) {
        self.store.out_of_memory = false;
        self.store.release_tables();
        if self.store.policy.limit != 0 && !self.server.orders.contains(&Order::Evict) {
            self.server.orders.push(Order::Evict);
        }
    }

    fn set_max_bulk(&mut self, bytes: i64) {
        self.server.config.max_bulk = bytes;
        self.store.max_string = bytes as u64;
    }
}

/// A checked value, as it is kept.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    pub text: &'a [u8],
}

impl Value<'_> {
    fn integer(self) -> i64 {
        parse_integer(self.text).unwrap_or(i64::MAX)
    }

    fn bytes(self) -> u64 {
        parse_memory(self.text).unwrap_or(u64::MAX)
    }

    fn client_limit(self) -> ClientLimit {
        match self.text.strip_suffix(b"%") {
            Some(digits) => ClientLimit::Percent(parse_integer(digits).unwrap_or(0) as u64),
            None => Some(self.bytes()).filter(|&bytes| bytes > 0).map_or(ClientLimit::None, ClientLimit::Bytes),
        }
    }

    fn size(self) -> usize {
        usize::try_from(self.integer()).unwrap_or(usize::MAX)
    }
}

type Show = fn(&[u8]) -> Vec<u8>;

/// One parameter.
#[derive(Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    /// The name that it had before, which still works; empty if there is none.
    pub alias: &'static str,
    pub kind: Kind,
    pub default: &'static str,
    /// Only a configuration file or the command line sets it.
    pub immutable: bool,
    /// CONFIG SET may not set it unless `enable-protected-configs` says so.
    pub protected: bool,
    apply: Option<fn(&mut Target, Value)>,
    /// How CONFIG GET shows the value, where that is not the value itself.
    show: Option<Show>,
}

impl Parameter {
    const fn new(name: &'static str, kind: Kind, default: &'static str) -> Parameter {
        Parameter { name, alias: "", kind, default, immutable: false, protected: false, apply: None, show: None }
    }

    const fn alias(mut self, alias: &'static str) -> Parameter {
        self.alias = alias;
        self
    }

    const fn immutable(mut self) -> Parameter {
        self.immutable = true;
        self
    }

    const fn protected(mut self) -> Parameter {
        self.protected = true;
        self
    }

    const fn applies(mut self, apply: fn(&mut Target, Value)) -> Parameter {
        self.apply = Some(apply);
        self
    }

    const fn shown_by(mut self, show: Show) -> Parameter {
        self.show = Some(show);
        self
    }

    /// The value to keep for what somebody wrote.
    pub fn check(&self, wanted: &[u8], present: &[u8]) -> Result<Text, Complaint> {
        match self.kind {
            Kind::Bool => Ok(Text::new(if yes_or_no(wanted)? { b"yes" } else { b"no" })),
            Kind::Integer(least, most) => Ok(Text::decimal(parse_in_range(wanted, least, most)?)),
            Kind::Memory(least, most) => memory_in_range(wanted, least, most).map(Text::decimal),
            Kind::Percent => {
                match wanted.strip_suffix(b"%").map(|digits| parse_integer(digits).filter(|&percent| percent >= 0)) {
                    Some(Some(..=100)) => Ok(Text::new(wanted)),
                    Some(Some(_)) => Err("percentage argument must be less or equal to 100".into()),
                    Some(None) => Err(NEITHER_MEMORY_NOR_PERCENT.into()),
                    None => parse_memory(wanted).map(Text::decimal).ok_or(NEITHER_MEMORY_NOR_PERCENT.into()),
                }
            }
            Kind::OneOf(words) => {
                let known = words.iter().find(|word| word.as_bytes().eq_ignore_ascii_case(wanted));
                let complain =
                    || Cow::Owned(alloc::format!("argument(s) must be one of the following: {}", words.join(", ")));
                known.map(|word| Text::new(word.as_bytes())).ok_or_else(complain)
            }
            Kind::Text => Ok(Text::new(wanted)),
            Kind::Checked(check) => check(wanted, present).map(|value| Text::new(&value)),
        }
    }
}

const NEITHER_MEMORY_NOR_PERCENT: &str = "argument must be a memory or percent value";

fn out_of_range(least: &dyn core::fmt::Display, most: &dyn core::fmt::Display) -> Complaint {
    Cow::Owned(alloc::format!("argument must be between {least} and {most} inclusive"))
}

fn yes_or_no(wanted: &[u8]) -> Result<bool, Complaint> {
    if wanted.eq_ignore_ascii_case(b"yes") {
        Ok(true)
    } else if wanted.eq_ignore_ascii_case(b"no") {
        Ok(false)
    } else {
        Err("argument must be 'yes' or 'no'".into())
    }
}

fn parse_in_range(wanted: &[u8], least: i64, most: i64) -> Result<i64, Complaint> {
    let number = parse_integer(wanted).ok_or("argument couldn't be parsed into an integer")?;
    if (least..=most).contains(&number) { Ok(number) } else { Err(out_of_range(&least, &most)) }
}

fn memory_in_range(wanted: &[u8], least: u64, most: u64) -> Result<u64, Complaint> {
    let bytes = parse_memory(wanted).ok_or("argument must be a memory value")?;
    if (least..=most).contains(&bytes) { Ok(bytes) } else { Err(out_of_range(&least, &most)) }
}

/// Bytes with a unit: `k`, `m` and `g` are powers of 1000, `kb`, `mb` and `gb` of 1024. Nothing at all is 0, too much is as
/// much as there is.
pub(crate) fn parse_memory(text: &[u8]) -> Option<u64> {
    // What is not written with a unit ends like a string in C.
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, unit) = text.split_at(digits);
    let number = digits.iter().fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    let factor = match &*unit.to_ascii_lowercase() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    if digits.is_empty() && !unit.is_empty() { None } else { Some(number.wrapping_mul(factor)) }
}

/// The parameter called `name`, in any case, by its present or its former name.
pub fn find(name: &[u8]) -> Option<usize> {
    let lower = name.to_ascii_lowercase();
    PARAMETERS.binary_search_by(|parameter| parameter.name.as_bytes().cmp(&lower)).ok().or_else(|| {
        PARAMETERS.iter().position(|parameter| !parameter.alias.is_empty() && parameter.alias.as_bytes() == lower)
    })
}

/// The present values. A clone shares them until one is changed. Until the first one is, there are none: the table has the
/// defaults, and a server that nobody configures does not need the table.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    values: Option<Rc<Vec<Text>>>,
}

impl Settings {
    pub fn at(&self, index: usize) -> &[u8] {
        match &self.values {
            Some(values) => values.get(index).map_or(&[], |value| value),
            None => PARAMETERS.get(index).map_or(&[], |parameter| parameter.default.as_bytes()),
        }
    }

    /// Whether every value is still the default.
    pub(crate) fn are_defaults(&self) -> bool {
        self.values.is_none()
    }

    fn values(&mut self) -> &mut Vec<Text> {
        let defaults = || PARAMETERS.iter().map(|parameter| Text::new(parameter.default.as_bytes())).collect();
        Rc::make_mut(self.values.get_or_insert_with(|| Rc::new(defaults())))
    }

    /// A value as CONFIG GET shows it.
    pub fn shown(&self, index: usize) -> Cow<'_, [u8]> {
        let value = self.at(index);
        PARAMETERS
            .get(index)
            .and_then(|parameter| parameter.show)
            .map_or(Cow::Borrowed(value), |show| show(value).into())
    }

    /// The value of a parameter that exists; nothing for one that does not.
    pub fn get(&self, name: &str) -> &[u8] {
        find(name.as_bytes()).map_or(&[], |index| self.at(index))
    }

    pub fn integer(&self, name: &str) -> i64 {
        Value { text: self.get(name) }.integer()
    }

    /// Whether a parameter that exists is `yes`.
    pub fn is_yes(&self, name: &str) -> bool {
        self.get(name) == b"yes"
    }

    /// Puts down a checked value, before an engine is made of all of them.
    pub fn put(&mut self, index: usize, value: Text) {
        if let Some(place) = self.values().get_mut(index) {
            *place = value;
        }
    }

    /// Whether nothing was set since one was cloned from the other.
    pub fn is_same(&self, other: &Settings) -> bool {
        match (&self.values, &other.values) {
            (Some(own), Some(others)) => Rc::ptr_eq(own, others),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Keeps a checked value and lets follow what follows from it.
pub(crate) fn set(store: &mut Store, server: &mut Server, index: usize, value: Text) {
    let Some(parameter) = PARAMETERS.get(index) else { return };
    if let Some(apply) = parameter.apply {
        apply(&mut Target { store, server }, Value { text: &value });
    }
    server.settings.values()[index] = value;
}

/// Lets follow what follows from the values that a server begins with. The page begins with the defaults, which need nothing, so
/// neither this function nor the table is among what a visit downloads first.
#[inline(never)]
pub(crate) fn begin(store: &mut Store, server: &mut Server, settings: &Settings, databases: u64, port: u64) {
    for (index, parameter) in PARAMETERS.iter().enumerate() {
        if settings.at(index) != parameter.default.as_bytes() {
            set(store, server, index, Text::new(settings.at(index)));
        }
    }
    for (name, value) in [("databases", databases), ("port", port)] {
        if let Some(index) = find(name.as_bytes()) {
            set(store, server, index, Text::decimal(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PARAMETERS, find, parse_memory};

    #[test]
    fn parameters_are_sorted_and_their_defaults_are_values() {
        assert!(PARAMETERS.is_sorted_by_key(|parameter| parameter.name));
        for (index, parameter) in PARAMETERS.iter().enumerate() {
            assert_eq!(find(parameter.name.to_ascii_uppercase().as_bytes()), Some(index));
            let kept = parameter.check(parameter.default.as_bytes(), parameter.default.as_bytes());
            assert_eq!(kept.as_deref().ok(), Some(parameter.default.as_bytes()), "{}", parameter.name);
        }
        assert_eq!(find(b"lua-time-limit"), find(b"busy-reply-threshold"));
        assert!(find(b"").is_none());
    }

    #[test]
    fn memory_has_units() {
        for (text, bytes) in
            [("10", 10), ("10B", 10), ("10k", 10_000), ("10kB", 10_240), ("1G", 1_000_000_000), ("", 0)]
        {
            assert_eq!(parse_memory(text.as_bytes()), Some(bytes), "{text}");
        }
        for text in ["1t", "-1", "1.5gb", "kb", "1 kb", "5%"] {
            assert_eq!(parse_memory(text.as_bytes()), None, "{text}");
        }
    }
}
