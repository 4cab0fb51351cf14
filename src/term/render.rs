//! Replies as redis-cli prints them, to the byte.
//!
//! In the terminal layout every element of an aggregate stands behind its index, `1)` in arrays and pushes, `1~` in sets and
//! `1#` in maps, right-aligned to the widest; the first element of a nested aggregate follows on its parent's line, the others
//! are indented by the parent's index. A map's value that takes several lines of elements begins on a line of its own. The
//! other layouts are for programs: `--raw`, `--csv`, `--json` and `--quoted-json`, kept with all their oddities, because that
//! is what people will see (errors in JSON are no JSON, and `--quoted-json` doubles backslashes but not quotes).
//!
//! redis-cli 8.6.3 ends with an error when it meets a big number, an attribute or an error of RESP3's blob type. We print
//! `(big number) …`, leave attributes out and show such an error like any other.

use crate::quote::quoted;
use resp::Value;

/// The layout of replies: redis-cli's output options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What a person at a terminal sees, and `--no-raw`.
    #[default]
    Terminal,
    /// `--raw`, and what redis-cli prints into a pipe.
    Raw,
    Csv,
    Json,
    QuotedJson,
}

impl Mode {
    pub const ALL: [Mode; 5] = [Mode::Terminal, Mode::Raw, Mode::Csv, Mode::Json, Mode::QuotedJson];

    /// The option of redis-cli that chooses this layout.
    pub const fn option(self) -> &'static str {
        match self {
            Mode::Terminal => "--no-raw",
            Mode::Raw => "--raw",
            Mode::Csv => "--csv",
            Mode::Json => "--json",
            Mode::QuotedJson => "--quoted-json",
        }
    }

    /// Whether redis-cli says `HELLO 3` before anything else when it is started with this option.
    pub const fn asks_for_resp3(self) -> bool {
        matches!(self, Mode::Json | Mode::QuotedJson)
    }

    /// The layout that an option of redis-cli chooses.
    pub fn from_option(option: &str) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.option() == option)
    }
}

/// What redis-cli prints for a reply, line end included. Bytes that are no UTF-8 (only `--raw`, `--json`, status lines and
/// errors can let them through) become U+FFFD; [`render_bytes`] keeps them.
pub fn render(value: &Value, mode: Mode) -> String {
    text(render_bytes(value, mode))
}

/// What redis-cli prints for a reply, line end included.
pub fn render_bytes(value: &Value, mode: Mode) -> Vec<u8> {
    let mut out = Vec::new();
    match mode {
        Mode::Terminal => {
            let mut page = Page::default();
            terminal(value, 0, &mut page);
            out = page.bytes;
        }
        Mode::Raw => {
            raw(value, &mut out);
            out.push(b'\n');
        }
        Mode::Csv => {
            csv(value, &mut out);
            out.push(b'\n');
        }
        Mode::Json | Mode::QuotedJson => {
            json(value, mode, &mut out);
            out.push(b'\n');
        }
    }
    out
}

/// What redis-cli prints for the reply to a certain command: reports that are made for reading (`INFO`, `CLIENT LIST`, …) come
/// out unquoted and without an added line end, whatever the layout.
pub fn render_for(command: &[Vec<u8>], value: &Value, mode: Mode) -> String {
    if prints_plain(command) {
        let mut out = Vec::new();
        raw(value, &mut out);
        text(out)
    } else {
        render(value, mode)
    }
}

/// The commands whose replies are reports: name, subcommand, and the number of words where redis-cli insists on one.
const PLAIN: &[(&str, &str, Option<usize>)] = &[
    ("info", "", None),
    ("lolwut", "", None),
    ("debug", "htstats", None),
    ("debug", "htstats-key", None),
    ("client", "list", None),
    ("client", "info", None),
    ("cluster", "info", Some(2)),
    ("cluster", "nodes", Some(2)),
    ("memory", "malloc-stats", None),
    ("memory", "doctor", None),
    ("latency", "graph", Some(3)),
    ("latency", "doctor", Some(2)),
    ("proxy", "info", None),
];

/// Whether redis-cli prints this command's reply as plain text.
pub fn prints_plain(command: &[Vec<u8>]) -> bool {
    let word = |at: usize| command.get(at).map_or(&b""[..], Vec::as_slice);
    PLAIN.iter().any(|(name, sub, words)| {
        word(0).eq_ignore_ascii_case(name.as_bytes())
            && (sub.is_empty() || word(1).eq_ignore_ascii_case(sub.as_bytes()))
            && words.is_none_or(|words| command.len() == words)
    })
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The elements of an aggregate with the mark that follows their index and the name it has when it is empty.
enum Aggregate<'a> {
    Elements(&'a [Value], u8, &'static str),
    Pairs(&'a [(Value, Value)]),
}

impl<'a> Aggregate<'a> {
    fn of(value: &'a Value) -> Option<Aggregate<'a>> {
        match value {
            Value::Array(elements) => Some(Aggregate::Elements(elements, b')', "array")),
            Value::Set(elements) => Some(Aggregate::Elements(elements, b'~', "set")),
            Value::Push(elements) => Some(Aggregate::Elements(elements, b')', "push")),
            Value::Map(pairs) => Some(Aggregate::Pairs(pairs)),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Aggregate::Elements(elements, ..) => elements.len(),
            Aggregate::Pairs(pairs) => pairs.len(),
        }
    }
}

/// What a stretch of a reply is, for colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Indices, indents, arrows.
    Frame,
    /// `(integer)`, `(nil)`, `(empty array)`: words that stand for no bytes of the reply.
    Label,
    Text,
    Number,
    Status,
    Error,
}

/// A stretch of a printed reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub look: Look,
    pub text: String,
}

/// What redis-cli prints for a reply at a terminal, in pieces; the last line end is left out.
pub fn pieces(value: &Value) -> Vec<Piece> {
    let mut page = Page::default();
    terminal(value, 0, &mut page);
    page.bytes.pop();
    let ends = page.marks.iter().skip(1).map(|(start, _)| *start).chain([page.bytes.len()]);
    let stretches = page.marks.iter().zip(ends);
    let stretches = stretches.map(|((start, look), end)| (*look, page.bytes.get(*start..end).unwrap_or_default()));
    let mut pieces: Vec<Piece> = Vec::new();
    for (look, bytes) in stretches.filter(|(_, bytes)| !bytes.is_empty()) {
        let text = String::from_utf8_lossy(bytes);
        match pieces.last_mut() {
            Some(last) if last.look == look => last.text.push_str(&text),
            _ => pieces.push(Piece { look, text: text.into_owned() }),
        }
    }
    pieces
}

/// What is printed so far, and where each look begins.
#[derive(Default)]
struct Page {
    bytes: Vec<u8>,
    marks: Vec<(usize, Look)>,
}

impl Page {
    fn add(&mut self, look: Look, bytes: &[u8]) {
        if self.marks.last().is_none_or(|(_, last)| *last != look) {
            self.marks.push((self.bytes.len(), look));
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn indent(&mut self, width: usize) {
        self.add(Look::Frame, b"");
        self.bytes.resize(self.bytes.len() + width, b' ');
    }
}

/// Appends a reply whose first line continues the current one and whose other lines are indented by `indent`.
fn terminal(value: &Value, indent: usize, page: &mut Page) {
    match value {
        Value::Attributed { reply, .. } => return terminal(reply, indent, page),
        Value::Simple(text) => page.add(Look::Status, text),
        Value::Verbatim { text, .. } => page.add(Look::Text, text),
        Value::Error(text) | Value::BlobError(text) => {
            page.add(Look::Error, b"(error) ");
            page.add(Look::Error, text);
        }
        Value::Integer(number) => labelled(page, b"(integer) ", number.to_string().as_bytes()),
        Value::Bulk(bytes) => page.add(Look::Text, quoted(bytes).as_bytes()),
        Value::NullBulk | Value::NullArray | Value::Null => page.add(Look::Label, b"(nil)"),
        Value::Double(digits) => labelled(page, b"(double) ", digits.as_bytes()),
        Value::Boolean(true) => page.add(Look::Number, b"(true)"),
        Value::Boolean(false) => page.add(Look::Number, b"(false)"),
        Value::BigNumber(digits) => labelled(page, b"(big number) ", digits.as_bytes()),
        Value::Array(_) | Value::Set(_) | Value::Push(_) | Value::Map(_) => {
            let Some(aggregate) = Aggregate::of(value) else { return };
            if aggregate.len() > 0 {
                return terminal_aggregate(&aggregate, indent, page);
            }
            let label = match aggregate {
                Aggregate::Elements(_, _, name) => format!("(empty {name})"),
                Aggregate::Pairs(_) => "(empty hash)".to_owned(),
            };
            page.add(Look::Label, label.as_bytes());
        }
    }
    page.bytes.push(b'\n');
}

fn labelled(page: &mut Page, label: &[u8], number: &[u8]) {
    page.add(Look::Label, label);
    page.add(Look::Number, number);
}

fn terminal_aggregate(aggregate: &Aggregate<'_>, indent: usize, page: &mut Page) {
    let width = aggregate.len().to_string().len();
    let inner = indent + width + 2;
    let index = |number: usize, mark: u8, page: &mut Page| {
        if number > 0 {
            page.indent(indent);
        }
        page.add(Look::Frame, format!("{:width$}{} ", number + 1, char::from(mark)).as_bytes());
    };
    match aggregate {
        Aggregate::Elements(elements, mark, _) => {
            for (number, element) in elements.iter().enumerate() {
                index(number, *mark, page);
                terminal(element, inner, page);
            }
        }
        Aggregate::Pairs(pairs) => {
            for (number, (key, value)) in pairs.iter().enumerate() {
                index(number, b'#', page);
                terminal(key, inner, page);
                // The value goes behind the key's last line.
                page.bytes.pop();
                page.add(Look::Frame, b" => ");
                if takes_lines(value) {
                    page.bytes.push(b'\n');
                    page.indent(inner);
                }
                terminal(value, inner, page);
            }
        }
    }
}

/// Whether a map's value has elements on more than one line. Line ends inside a verbatim string do not count.
fn takes_lines(value: &Value) -> bool {
    match value {
        Value::Attributed { reply, .. } => takes_lines(reply),
        Value::Array(elements) | Value::Set(elements) | Value::Push(elements) => match elements.as_slice() {
            [] => false,
            [only] => takes_lines(only),
            _ => true,
        },
        Value::Map(pairs) => match pairs.as_slice() {
            [] => false,
            [(_, only)] => takes_lines(only),
            _ => true,
        },
        _ => false,
    }
}

fn raw(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Attributed { reply, .. } => raw(reply, out),
        Value::Simple(text) | Value::Bulk(text) | Value::Verbatim { text, .. } => out.extend_from_slice(text),
        Value::Error(text) | Value::BlobError(text) => {
            out.extend_from_slice(text);
            out.push(b'\n');
        }
        Value::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(digits) | Value::BigNumber(digits) => out.extend_from_slice(digits.as_bytes()),
        Value::Boolean(true) => out.extend_from_slice(b"(true)"),
        Value::Boolean(false) => out.extend_from_slice(b"(false)"),
        Value::NullBulk | Value::NullArray | Value::Null => {}
        Value::Array(elements) | Value::Set(elements) | Value::Push(elements) => {
            separated(elements, b'\n', out, raw);
        }
        Value::Map(pairs) => separated(pairs, b'\n', out, |(key, value), out| {
            raw(key, out);
            out.push(b' ');
            raw(value, out);
        }),
    }
}

fn csv(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Attributed { reply, .. } => csv(reply, out),
        Value::Simple(text) | Value::Bulk(text) | Value::Verbatim { text, .. } => {
            out.extend_from_slice(quoted(text).as_bytes());
        }
        Value::Error(text) | Value::BlobError(text) => {
            out.extend_from_slice(b"ERROR,");
            out.extend_from_slice(quoted(text).as_bytes());
        }
        Value::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(digits) | Value::BigNumber(digits) => out.extend_from_slice(digits.as_bytes()),
        Value::Boolean(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::NullBulk | Value::NullArray | Value::Null => out.extend_from_slice(b"NULL"),
        Value::Array(elements) | Value::Set(elements) | Value::Push(elements) => {
            separated(elements, b',', out, csv);
        }
        Value::Map(pairs) => separated(pairs, b',', out, |(key, value), out| {
            csv(key, out);
            out.push(b',');
            csv(value, out);
        }),
    }
}

fn json(value: &Value, mode: Mode, out: &mut Vec<u8>) {
    match value {
        Value::Attributed { reply, .. } => json(reply, mode, out),
        Value::Simple(text) | Value::Bulk(text) | Value::Verbatim { text, .. } => json_string(text, mode, out),
        Value::Error(text) | Value::BlobError(text) => {
            out.extend_from_slice(b"error:");
            json_string(text, mode, out);
        }
        Value::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(digits) | Value::BigNumber(digits) => out.extend_from_slice(digits.as_bytes()),
        Value::Boolean(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::NullBulk | Value::NullArray | Value::Null => out.extend_from_slice(b"null"),
        Value::Array(elements) | Value::Set(elements) | Value::Push(elements) => {
            out.push(b'[');
            separated(elements, b',', out, |element, out| json(element, mode, out));
            out.push(b']');
        }
        Value::Map(pairs) => {
            out.push(b'{');
            separated(pairs, b',', out, |(key, value), out| {
                json_key(key, mode, out);
                out.push(b':');
                json(value, mode, out);
            });
            out.push(b'}');
        }
    }
}

/// A key of an object: anything that is no string is put into quotes as it is.
fn json_key(key: &Value, mode: Mode, out: &mut Vec<u8>) {
    if matches!(key, Value::Simple(_) | Value::Bulk(_) | Value::Verbatim { .. } | Value::Error(_)) {
        json(key, mode, out);
    } else {
        out.push(b'"');
        json(key, mode, out);
        out.push(b'"');
    }
}

fn json_string(bytes: &[u8], mode: Mode, out: &mut Vec<u8>) {
    if mode == Mode::QuotedJson {
        for byte in quoted(bytes).bytes() {
            if byte == b'\\' {
                out.push(b'\\');
            }
            out.push(byte);
        }
        return;
    }
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'"' => out.extend_from_slice(b"\\\""),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

fn separated<T>(items: &[T], separator: u8, out: &mut Vec<u8>, each: impl Fn(&T, &mut Vec<u8>)) {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push(separator);
        }
        each(item, out);
    }
}
