//! Bytes and figures as one reads them.

use std::rc::Rc;

/// Bytes as text where they are text, as redis-cli writes them where they are not, and at most `most` bytes of it.
pub fn printable(bytes: &[u8], most: usize) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                letter if letter.is_control() => escape(&mut text, letter as u32),
                letter => text.push(letter),
            }
            if text.len() > most {
                return cut(text, most);
            }
        }
        for byte in chunk.invalid() {
            escape(&mut text, u32::from(*byte));
        }
    }
    if text.len() > most { cut(text, most) } else { text }
}

fn cut(mut text: String, most: usize) -> String {
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text.push('…');
    text
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

fn escape(text: &mut String, code: u32) {
    text.push_str("\\x");
    push_hex(text, code as u8);
}

pub fn push_hex(text: &mut String, byte: u8) {
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// What is shown of one part of a value; the rest of a long one is left out before it is looked at.
pub fn short(bytes: &[u8], most: usize) -> Rc<str> {
    printable(&bytes[..bytes.len().min(most * 2)], most).into()
}

/// `10 000`: figures in groups of three, with a space that does not break.
pub fn figure(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 6);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

pub fn counted(count: usize, one: &str, many: &str) -> String {
    let mut text = figure(count as u64);
    text.push(' ');
    text.push_str(if count == 1 { one } else { many });
    text
}

/// `48 B`, `1.2 KB`, `3.4 MB`.
pub fn bytes(count: u64) -> String {
    let (unit, name) = match count {
        0..1024 => {
            let mut text = count.to_string();
            text.push_str(" B");
            return text;
        }
        1024..1_048_576 => (1024, " KB"),
        _ => (1_048_576, " MB"),
    };
    let tenths = (count * 10 + unit / 2) / unit;
    let mut text = if tenths < 1000 {
        let mut text = (tenths / 10).to_string();
        text.push('.');
        text.push_str(&(tenths % 10).to_string());
        text
    } else {
        figure(tenths.div_ceil(10))
    };
    text.push_str(name);
    text
}

/// A span of time in its largest unit.
pub fn span(ms: i64) -> String {
    let ms = ms.max(0);
    let seconds = ms / 1000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, ms / 100 % 10),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}
