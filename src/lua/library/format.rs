//! `string.format`: C's conversions, as far as Lua 5.1 lets them through.

use alloc::{format, string::String, vec::Vec};

use crate::{
    decimal::Decimal,
    number,
    state::{Args, Fault, Ret, State},
    text::{Text, copy, until_nul},
    value::{to_i32, to_i64, to_u64},
};

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

pub fn format(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let text = copy(state.heap.bytes(payload));
    let mut out = Vec::with_capacity(text.len() + 16);
    let (mut at, mut arg) = (0, 0);
    while at < text.len() {
        let run = text[at..].iter().position(|byte| *byte == b'%').unwrap_or(text.len() - at);
        out.add(&text[at..at + run]);
        at += run + 1;
        if at > text.len() {
            break;
        }
        if text.get(at) == Some(&b'%') {
            out.put(b'%');
            at += 1;
            continue;
        }
        arg += 1;
        if arg >= args.count {
            return Err(Fault::argument(arg + 1, "no value"));
        }
        let (spec, end) = parse(&text, at)?;
        let conversion = text.get(end).copied().unwrap_or(0);
        at = end + 1;
        convert(state, args, arg, &spec, conversion, &mut out)?;
        state.heap.reserve(out.len())?;
    }
    Ok(Ret::One(state.heap.string_owned(out)?))
}

fn parse(text: &[u8], at: usize) -> Result<(Spec, usize), Fault> {
    let mut spec = Spec::default();
    let mut end = at;
    while let Some(flag) = text.get(end) {
        match flag {
            b'-' => spec.left = true,
            b'+' => spec.plus = true,
            b' ' => spec.space = true,
            b'#' => spec.alternate = true,
            b'0' => spec.zero = true,
            _ => break,
        }
        end += 1;
    }
    if end - at >= 6 {
        return Err(Fault::message("invalid format (repeated flags)"));
    }
    let digits = |end: &mut usize| {
        let mut value = 0;
        let mut count = 0;
        while count < 2
            && let Some(digit @ b'0'..=b'9') = text.get(*end)
        {
            value = value * 10 + usize::from(digit - b'0');
            *end += 1;
            count += 1;
        }
        value
    };
    spec.width = digits(&mut end);
    if text.get(end) == Some(&b'.') {
        end += 1;
        spec.precision = Some(digits(&mut end));
    }
    if text.get(end).is_some_and(u8::is_ascii_digit) {
        return Err(Fault::message("invalid format (width or precision too long)"));
    }
    Ok((spec, end))
}

fn convert(
    state: &mut State,
    args: Args,
    arg: usize,
    spec: &Spec,
    conversion: u8,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    match conversion {
        b'c' => {
            let code = to_i32(state.check_number(args, arg)?) as u8;
            // C's buffer ends at a zero byte: nothing of the conversion is seen beyond it.
            if code == 0 {
                if !spec.left {
                    out.fill(b' ', spec.width.saturating_sub(1));
                }
                return Ok(());
            }
            pad(out, &[code], spec);
        }
        b'd' | b'i' => {
            let value = to_i64(state.check_number(args, arg)?);
            integer(out, digits(value.unsigned_abs(), 10, false), sign(value < 0, spec), spec);
        }
        b'u' | b'o' | b'x' | b'X' => {
            let value = to_u64(state.check_number(args, arg)?);
            let (base, prefix) = match conversion {
                b'u' => (10, ""),
                b'o' => (8, ""),
                b'x' => (16, "0x"),
                _ => (16, "0X"),
            };
            let mut digits = digits(value, base, conversion == b'X');
            if conversion == b'o' && spec.alternate && value != 0 {
                digits.insert(0, b'0');
            }
            let prefix = if spec.alternate && value != 0 { prefix } else { "" };
            integer(out, digits, prefix, spec);
        }
        b'e' | b'E' | b'f' | b'g' | b'G' => {
            let value = state.check_number(args, arg)?;
            float(out, value, conversion, spec);
        }
        b'q' => quoted(state, args, arg, out)?,
        b's' => {
            let payload = state.check_string(args, arg)?;
            let text = state.heap.bytes(payload);
            if spec.precision.is_none() && text.len() >= 100 {
                out.add(text);
                return Ok(());
            }
            let text = until_nul(text);
            let text = &text[..text.len().min(spec.precision.unwrap_or(usize::MAX))];
            pad(out, text, spec);
        }
        _ => {
            let shown = if conversion == 0 { String::new() } else { String::from(char::from(conversion)) };
            return Err(Fault::message(format!("invalid option '%{shown}' to 'format'")));
        }
    }
    Ok(())
}

fn sign(negative: bool, spec: &Spec) -> &'static str {
    if negative {
        "-"
    } else if spec.plus {
        "+"
    } else if spec.space {
        " "
    } else {
        ""
    }
}

fn pad(out: &mut Vec<u8>, text: &[u8], spec: &Spec) {
    let fill = spec.width.saturating_sub(text.len());
    if !spec.left {
        out.fill(b' ', fill);
    }
    out.add(text);
    if spec.left {
        out.fill(b' ', fill);
    }
}

fn digits(mut value: u64, base: u64, large: bool) -> Vec<u8> {
    let letter = if large { b'A' } else { b'a' } - 10;
    let mut digits = Vec::new();
    loop {
        let digit = (value % base) as u8;
        digits.put(digit + if digit < 10 { b'0' } else { letter });
        value /= base;
        if value == 0 {
            digits.reverse();
            return digits;
        }
    }
}

fn integer(out: &mut Vec<u8>, digits: Vec<u8>, prefix: &str, spec: &Spec) {
    let digits = if spec.precision == Some(0) && digits == b"0" { &[] } else { digits.as_slice() };
    let zeros = match spec.precision {
        Some(precision) => precision.saturating_sub(digits.len()),
        None => zeros(digits, prefix, spec),
    };
    padded(out, prefix, zeros, digits, spec);
}

/// How many zeros the flag `0` puts before a number.
fn zeros(digits: &[u8], prefix: &str, spec: &Spec) -> usize {
    if spec.zero && !spec.left { spec.width.saturating_sub(prefix.len() + digits.len()) } else { 0 }
}

fn padded(out: &mut Vec<u8>, prefix: &str, zeros: usize, digits: &[u8], spec: &Spec) {
    let mut whole = copy(prefix.as_bytes());
    whole.fill(b'0', zeros);
    whole.add(digits);
    pad(out, &whole, spec);
}

fn float(out: &mut Vec<u8>, value: f64, conversion: u8, spec: &Spec) {
    let mut text = Vec::new();
    let nan_sign = value.is_nan() && value.to_bits() & 1 == 0;
    let negative = if value.is_nan() { nan_sign } else { value.is_sign_negative() };
    let size = value.abs();
    if size.is_finite() {
        let precision = spec.precision.unwrap_or(6);
        match conversion | 32 {
            b'g' => number::append_general(&mut text, size, precision, spec.alternate),
            letter => {
                let mut decimal = Decimal::new(size);
                let exponent = if letter == b'e' {
                    decimal.round(precision + 1);
                    Some(decimal.exponent)
                } else {
                    decimal.round_behind(precision);
                    None
                };
                decimal.append(&mut text, precision, exponent.unwrap_or(0));
                if precision == 0 && spec.alternate {
                    text.put(b'.');
                }
                if let Some(exponent) = exponent {
                    number::append_exponent(&mut text, exponent);
                }
            }
        }
    } else {
        text.add(if value.is_nan() { b"nan" } else { b"inf" });
    }
    if conversion.is_ascii_uppercase() {
        text.make_ascii_uppercase();
    }
    let prefix = sign(negative, spec);
    let zeros = if size.is_finite() { zeros(&text, prefix, spec) } else { 0 };
    padded(out, prefix, zeros, &text, spec);
}

fn quoted(state: &mut State, args: Args, arg: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let payload = state.check_string(args, arg)?;
    out.put(b'"');
    for &byte in state.heap.bytes(payload) {
        match byte {
            b'"' | b'\\' | b'\n' => out.add(&[b'\\', byte]),
            b'\r' => out.add(b"\\r"),
            0 => out.add(b"\\000"),
            _ => out.push(byte),
        }
    }
    out.put(b'"');
    Ok(())
}
