//! The mathematical library. `random` is Redis' own: the 48-bit linear congruential generator of `drand48`, of which the
//! upper 31 bits are used, so that scripts see the same numbers on every platform.

use crate::{
    state::{Args, Fault, Native, Ret, State},
    value::{Value, floor, power, to_i64},
};

pub const FUNCTIONS: &[(&str, Native)] = &[
    ("abs", |s, a| one(s, a, f64::abs)),
    ("acos", |s, a| one(s, a, |x| within_one(x, libm::acos))),
    ("asin", |s, a| one(s, a, |x| within_one(x, libm::asin))),
    ("atan", |s, a| one(s, a, libm::atan)),
    ("atan2", |s, a| two(s, a, libm::atan2)),
    ("ceil", |s, a| one(s, a, libm::ceil)),
    ("cos", |s, a| one(s, a, libm::cos)),
    ("cosh", |s, a| one(s, a, libm::cosh)),
    ("deg", |s, a| one(s, a, |x| x / (core::f64::consts::PI / 180.0))),
    ("exp", |s, a| one(s, a, libm::exp)),
    ("floor", |s, a| one(s, a, floor)),
    ("fmod", |s, a| two(s, a, libm::fmod)),
    ("frexp", frexp),
    ("ldexp", ldexp),
    ("log", |s, a| one(s, a, libm::log)),
    ("log10", |s, a| one(s, a, libm::log10)),
    ("max", |s, a| fold(s, a, |best, x| if x > best { x } else { best })),
    ("min", |s, a| fold(s, a, |best, x| if x < best { x } else { best })),
    ("mod", |s, a| two(s, a, libm::fmod)),
    ("modf", modf),
    ("pow", |s, a| two(s, a, power)),
    ("rad", |s, a| one(s, a, |x| x * (core::f64::consts::PI / 180.0))),
    ("random", random),
    ("randomseed", randomseed),
    ("sin", |s, a| one(s, a, libm::sin)),
    ("sinh", |s, a| one(s, a, libm::sinh)),
    ("sqrt", |s, a| one(s, a, libm::sqrt)),
    ("tan", |s, a| one(s, a, libm::tan)),
    ("tanh", |s, a| one(s, a, libm::tanh)),
];

pub fn open(state: &mut State) -> Result<(), Fault> {
    let name = state.heap.string(b"math");
    if let Value::Table(at) = state.heap.get(state.globals, name) {
        state.heap.set_field(at as u32, "pi", Value::number(core::f64::consts::PI))?;
        state.heap.set_field(at as u32, "huge", Value::number(f64::INFINITY))?;
        super::string::alias(state, at as u32, "mod", "fmod")?;
    }
    Ok(())
}

/// Beyond one there is no angle, which C's library says by a NaN of its own, not by one of arithmetic (see `Value::number`).
fn within_one(x: f64, function: fn(f64) -> f64) -> f64 {
    if libm::fabs(x) > 1.0 { f64::from_bits(f64::NAN.to_bits() | 1) } else { function(x) }
}

#[inline(never)]
fn one(state: &State, args: Args, function: fn(f64) -> f64) -> Result<Ret, Fault> {
    Ok(Ret::One(Value::number(function(state.check_number(args, 0)?))))
}

#[inline(never)]
fn two(state: &State, args: Args, function: fn(f64, f64) -> f64) -> Result<Ret, Fault> {
    // C compilers evaluate arguments from the last to the first, and so PUC complains about the second one first.
    let y = state.check_number(args, 1)?;
    Ok(Ret::One(Value::number(function(state.check_number(args, 0)?, y))))
}

#[inline(never)]
fn fold(state: &State, args: Args, better: fn(f64, f64) -> f64) -> Result<Ret, Fault> {
    let mut best = state.check_number(args, 0)?;
    for index in 1..args.count {
        best = better(best, state.check_number(args, index)?);
    }
    Ok(Ret::One(Value::number(best)))
}

fn frexp(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let (mantissa, exponent) = libm::frexp(state.check_number(args, 0)?);
    Ok(Ret::Two(Value::number(mantissa), Value::number(f64::from(exponent))))
}

fn ldexp(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let exponent = state.check_int(args, 1)?;
    let mantissa = state.check_number(args, 0)?;
    Ok(Ret::One(Value::number(libm::ldexp(mantissa, exponent))))
}

fn modf(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let number = state.check_number(args, 0)?;
    let whole = libm::trunc(number);
    let fraction =
        if number.is_infinite() { libm::copysign(0.0, number) } else { libm::copysign(number - whole, number) };
    Ok(Ret::Two(Value::number(whole), Value::number(if number.is_nan() { number } else { fraction })))
}

fn next_random(state: &mut State) -> u32 {
    state.random = state.random.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & 0xFFFF_FFFF_FFFF;
    (state.random >> 17) as u32
}

/// The generator's state after a seed.
pub fn seeded(seed: u32) -> u64 {
    u64::from(seed) << 16 | 0x330E
}

fn random(state: &mut State, args: Args) -> Result<Ret, Fault> {
    const MAX: u32 = 0x7fff_ffff;
    let fraction = f64::from(next_random(state) % MAX) / f64::from(MAX);
    let number = match args.count {
        0 => fraction,
        1 => {
            let high = state.check_int(args, 0)?;
            if high < 1 {
                return Err(Fault::argument(1, "interval is empty"));
            }
            floor(fraction * f64::from(high)) + 1.0
        }
        2 => {
            let (low, high) = (state.check_int(args, 0)?, state.check_int(args, 1)?);
            if low > high {
                return Err(Fault::argument(2, "interval is empty"));
            }
            floor(fraction * (f64::from(high.wrapping_sub(low)) + 1.0)) + f64::from(low)
        }
        _ => return Err(Fault::message("wrong number of arguments")),
    };
    Ok(Ret::One(Value::number(number)))
}

fn randomseed(state: &mut State, args: Args) -> Result<Ret, Fault> {
    let seed = to_i64(state.check_number(args, 0)?) as u32;
    state.random = seeded(seed);
    Ok(Ret::None)
}
