//! `struct`: values packed as C lays them out.

use alloc::{format, vec::Vec};

use crate::{
    state::{Args, Fault, Native, Ret, State},
    text::{Text, copy},
    value::{Value, to_i64, to_u64},
};

pub const FUNCTIONS: &[(&str, Native)] = &[("pack", pack), ("size", size), ("unpack", unpack)];

const NATIVE_ALIGNMENT: usize = 8;
const MAX_INTEGER: usize = 32;

/// The format as it is read.
struct Format<'a> {
    text: &'a [u8],
    at: usize,
    little: bool,
    alignment: usize,
}

struct Item {
    option: u8,
    size: usize,
    padding: usize,
}

impl<'a> Format<'a> {
    fn new(text: &'a [u8]) -> Format<'a> {
        Format { text, at: 0, little: true, alignment: 1 }
    }

    fn digits(&mut self) -> Result<Option<usize>, Fault> {
        let mut number: Option<usize> = None;
        while let Some(digit @ b'0'..=b'9') = self.text.get(self.at) {
            let value = usize::from(digit - b'0');
            let so_far = number.unwrap_or(0);
            if so_far > (i32::MAX as usize - value) / 10 {
                return Err(Fault::message("integral size overflow"));
            }
            number = Some(so_far * 10 + value);
            self.at += 1;
        }
        Ok(number)
    }

    /// The next option, at this offset of the data.
    fn next(&mut self, offset: usize) -> Result<Option<Item>, Fault> {
        let Some(&option) = self.text.get(self.at) else { return Ok(None) };
        if option == 0 {
            return Ok(None);
        }
        self.at += 1;
        let size = match option {
            b'B' | b'b' => 1,
            b'H' | b'h' => 2,
            b'L' | b'l' | b'T' | b'd' => 8,
            b'f' => 4,
            b'x' => 1,
            b'c' => self.digits()?.unwrap_or(1),
            b'i' | b'I' => {
                let size = self.digits()?.unwrap_or(4);
                if size > MAX_INTEGER {
                    return Err(Fault::message(format!("integral size {size} is larger than limit of {MAX_INTEGER}")));
                }
                size
            }
            _ => 0,
        };
        let mut padding = 0;
        if size > 0 && option != b'c' && self.alignment > 1 {
            let align = size.min(self.alignment);
            if align > 1 {
                padding = (align - (offset & (align - 1))) & (align - 1);
            }
        }
        Ok(Some(Item { option, size, padding }))
    }

    fn control(&mut self, option: u8) -> Result<(), Fault> {
        match option {
            b' ' => {}
            b'>' => self.little = false,
            b'<' => self.little = true,
            b'!' => {
                let alignment = self.digits()?.unwrap_or(NATIVE_ALIGNMENT);
                if alignment == 0 || !alignment.is_power_of_two() {
                    return Err(Fault::message(format!("alignment {alignment} is not a power of 2")));
                }
                self.alignment = alignment;
            }
            other => {
                return Err(Fault::argument(1, format!("invalid format option '{}'", char::from(other))));
            }
        }
        Ok(())
    }
}

/// The library pushes a nil behind its arguments, and so finds one where an argument is missing.
fn missing(arg: usize, wanted: &str) -> Fault {
    Fault::argument(arg + 1, format!("{wanted} expected, got nil"))
}

fn number_at(state: &State, args: Args, arg: usize) -> Result<f64, Fault> {
    if arg >= args.count { Err(missing(arg, "number")) } else { state.check_number(args, arg) }
}

fn pack(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let text = copy(state.heap.bytes(payload));
    let mut format = Format::new(&text);
    let mut out: Vec<u8> = Vec::new();
    let mut arg = 1;
    while let Some(item) = format.next(out.len())? {
        // That a string is too short for its place is told before that place is made.
        let size = if item.option == b'c' { 0 } else { item.size };
        state.heap.reserve(out.len() + item.padding + size)?;
        out.fill(0, item.padding);
        match item.option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' | b'f' | b'd' => {
                let number = number_at(state, args, arg)?;
                let bits = match item.option {
                    b'f' => u64::from((number as f32).to_bits()),
                    b'd' => number.to_bits(),
                    _ if number < 0.0 => to_i64(number) as u64,
                    _ => to_u64(number),
                };
                append_bits(&mut out, bits, item.size, format.little);
                arg += 1;
            }
            b'x' => out.put(0),
            b'c' | b's' => {
                if arg >= args.count {
                    return Err(missing(arg, "string"));
                }
                let text = state.check_string(args, arg)?;
                let bytes = state.heap.bytes(text);
                let size = if item.size == 0 { bytes.len() } else { item.size };
                if bytes.len() < size {
                    return Err(Fault::argument(arg + 2, "string too short"));
                }
                state.heap.reserve(out.len() + size + 1)?;
                out.add(&bytes[..size]);
                if item.option == b's' {
                    out.put(0);
                }
                arg += 1;
            }
            other => format.control(other)?,
        }
    }
    Ok(Ret::One(state.heap.string_owned(out)?))
}

fn append_bits(out: &mut Vec<u8>, bits: u64, size: usize, little: bool) {
    for place in 0..size {
        let place = if little { place } else { size - 1 - place };
        out.put(bits.to_le_bytes().get(place).copied().unwrap_or(0));
    }
}

fn size(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let text = copy(state.heap.bytes(payload));
    let mut format = Format::new(&text);
    let mut total = 0usize;
    while let Some(item) = format.next(total)? {
        total += item.padding;
        if item.option == b's' {
            return Err(Fault::argument(1, "option 's' has no fixed size"));
        }
        if item.option == b'c' && item.size == 0 {
            return Err(Fault::argument(1, "option 'c0' has no fixed size"));
        }
        if !item.option.is_ascii_alphanumeric() {
            format.control(item.option)?;
        }
        total += item.size;
    }
    Ok(Ret::One(Value::number(total as f64)))
}

fn unpack(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let payload = state.check_string(args, 0)?;
    let text = copy(state.heap.bytes(payload));
    let data = state.check_string(args, 1)?;
    let data = copy(state.heap.bytes(data));
    let position = state.optional_integer(args, 2, 1)?;
    if position == 0 {
        return Err(Fault::argument(3, "offset must be 1 or greater"));
    }
    let mut at = (position as u64 - 1).min(usize::MAX as u64 >> 1) as usize;
    let mut format = Format::new(&text);
    let start = args.free_slot();
    let mut count = 0;
    while let Some(item) = format.next(at)? {
        at += item.padding;
        let size = item.size;
        if at.checked_add(size).is_none_or(|end| end > data.len()) {
            return Err(Fault::argument(2, "data string too short"));
        }
        if count + args.count + 1 > crate::state::MAX_NATIVE_STACK {
            return Err(Fault::message("stack overflow (too many results)"));
        }
        state.ensure(start + count + 2)?;
        let field = &data[at..at + size];
        match item.option {
            b'b' | b'h' | b'l' | b'i' | b'B' | b'H' | b'L' | b'T' | b'I' | b'f' | b'd' => {
                let number = match item.option {
                    b'f' => f64::from(f32::from_bits(read_bits(field, format.little) as u32)),
                    b'd' => f64::from_bits(read_bits(field, format.little)),
                    option => read_integer(field, format.little, option.is_ascii_lowercase()),
                };
                state.stack[start + count] = Value::number(number);
                count += 1;
                at += size;
            }
            b'x' => at += size,
            b'c' => {
                let mut size = size;
                if size == 0 {
                    // The size is the number read before, which is dropped.
                    let previous = if count == 0 { None } else { state.stack[start + count - 1].as_number() };
                    let Some(previous) = previous else {
                        return Err(Fault::message("format 'c0' needs a previous size"));
                    };
                    size = to_i64(previous) as usize;
                    count -= 1;
                    if at.checked_add(size).is_none_or(|end| end > data.len()) {
                        return Err(Fault::argument(2, "data string too short"));
                    }
                }
                state.stack[start + count] = state.heap.string(&data[at..at + size]);
                count += 1;
                at += size;
            }
            b's' => {
                let Some(length) = data[at..].iter().position(|byte| *byte == 0) else {
                    return Err(Fault::message("unfinished string in data"));
                };
                state.stack[start + count] = state.heap.string(&data[at..at + length]);
                count += 1;
                at += length + 1;
            }
            other => format.control(other)?,
        }
    }
    state.stack[start + count] = Value::number((at + 1) as f64);
    Ok(Ret::Many { start, count: count + 1 })
}

pub fn read_bits(field: &[u8], little: bool) -> u64 {
    let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if little { field.iter().rev().fold(0, fold) } else { field.iter().fold(0, fold) }
}

pub fn read_integer(field: &[u8], little: bool, signed: bool) -> f64 {
    let value = read_bits(field, little);
    if !signed {
        return value as f64;
    }
    let shift = 64 - (field.len() * 8).clamp(1, 64);
    (((value << shift) as i64) >> shift) as f64
}
