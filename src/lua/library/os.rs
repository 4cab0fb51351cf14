//! `os.clock`, the only function of `os` in Redis' sandbox: the time that the embedder last set.

use crate::{
    state::{Args, Fault, Native, Ret, State},
    value::Value,
};

pub const FUNCTIONS: &[(&str, Native)] = &[("clock", clock)];

fn clock(state: &mut State, _: Args) -> Result<Ret, Fault> {
    Ok(Ret::One(Value::number(state.clock)))
}
