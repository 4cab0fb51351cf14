//! The `bit` library: 32-bit integers out of numbers, modulo 2^32.

use alloc::format;

use crate::{
    state::{Args, Fault, Native, Ret, State},
    value::Value,
};

pub const FUNCTIONS: &[(&str, Native)] = &[
    ("arshift", arshift),
    ("band", band),
    ("bnot", bnot),
    ("bor", bor),
    ("bswap", bswap),
    ("bxor", bxor),
    ("lshift", lshift),
    ("rol", rol),
    ("ror", ror),
    ("rshift", rshift),
    ("tobit", tobit),
    ("tohex", tohex),
];

fn bits(state: &State, args: Args, index: usize) -> Result<u32, Fault> {
    // Rounds to nearest, as adding 2^52 + 2^51 does.
    let number = state.check_number(args, index)? + 6_755_399_441_055_744.0;
    Ok(number.to_bits() as u32)
}

fn answer(bits: u32) -> Result<Ret, Fault> {
    Ok(Ret::One(Value::number(f64::from(bits as i32))))
}

fn fold(state: &State, args: Args, operation: fn(u32, u32) -> u32) -> Result<Ret, Fault> {
    let mut result = bits(state, args, 0)?;
    // The last one first, as the errors tell.
    for index in (1..args.count).rev() {
        result = operation(result, bits(state, args, index)?);
    }
    answer(result)
}

fn shift(state: &State, args: Args, operation: fn(u32, u32) -> u32) -> Result<Ret, Fault> {
    let (value, count) = (bits(state, args, 0)?, bits(state, args, 1)?);
    answer(operation(value, count & 31))
}

fn tobit(state: &mut State, args: Args) -> Result<Ret, Fault> {
    answer(bits(state, args, 0)?)
}

fn bnot(state: &mut State, args: Args) -> Result<Ret, Fault> {
    answer(!bits(state, args, 0)?)
}

fn band(state: &mut State, args: Args) -> Result<Ret, Fault> {
    fold(state, args, |a, b| a & b)
}

fn bor(state: &mut State, args: Args) -> Result<Ret, Fault> {
    fold(state, args, |a, b| a | b)
}

fn bxor(state: &mut State, args: Args) -> Result<Ret, Fault> {
    fold(state, args, |a, b| a ^ b)
}

fn lshift(state: &mut State, args: Args) -> Result<Ret, Fault> {
    shift(state, args, |value, count| value << count)
}

fn rshift(state: &mut State, args: Args) -> Result<Ret, Fault> {
    shift(state, args, |value, count| value >> count)
}

fn arshift(state: &mut State, args: Args) -> Result<Ret, Fault> {
    shift(state, args, |value, count| (value as i32 >> count) as u32)
}

fn rol(state: &mut State, args: Args) -> Result<Ret, Fault> {
    shift(state, args, u32::rotate_left)
}

fn ror(state: &mut State, args: Args) -> Result<Ret, Fault> {
    shift(state, args, u32::rotate_right)
}

fn bswap(state: &mut State, args: Args) -> Result<Ret, Fault> {
    answer(bits(state, args, 0)?.swap_bytes())
}

fn tohex(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let value = bits(state, args, 0)?;
    let digits = if args.count < 2 { 8 } else { bits(state, args, 1)? as i32 };
    let upper = digits < 0;
    let digits = digits.unsigned_abs().min(8) as usize;
    let text = if upper { format!("{value:08X}") } else { format!("{value:08x}") };
    Ok(Ret::One(state.heap.string(&text.as_bytes()[8 - digits..])))
}
