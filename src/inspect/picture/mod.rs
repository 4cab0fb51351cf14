//! What a value looks like, cut to the part on view.
//!
//! A lens is a way of looking at a value. Which lenses suit a value is asked once when it is drawn; what a lens shows is asked in windows,
//! so that ten thousand elements cost what fits on a screen. Each has a sheet beside it: the same facts as rows and columns.

pub mod bits;
pub mod fresh;
pub mod hash;
pub mod hyperloglog;
pub mod list;
pub mod map;
pub mod plane;
pub mod set;
pub mod sheet;
pub mod stream;
pub mod string;
pub mod vector;
pub mod zset;

use crate::history::History;
use engine::Value;
use engine::types::hyperloglog as sketch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lens {
    Text,
    Hex,
    Bits,
    Lanes,
    Registers,
    Nodes,
    Members,
    Fields,
    Ladder,
    Map,
    Log,
    Cloud,
}

impl Lens {
    /// What the choice of a lens is called.
    pub fn words(self) -> &'static str {
        match self {
            Lens::Text => "Text",
            Lens::Hex => "Bytes",
            Lens::Bits => "Bits",
            Lens::Lanes => "Fields",
            Lens::Registers => "Registers",
            Lens::Nodes => "Nodes",
            Lens::Members => "Members",
            Lens::Fields => "Fields",
            Lens::Ladder => "Ladder",
            Lens::Map => "Map",
            Lens::Log => "Log",
            Lens::Cloud => "Cloud",
        }
    }
}

/// The lenses that suit a value, the one to begin with first.
pub fn lenses(value: &Value, history: &History) -> Vec<Lens> {
    match value {
        Value::List(_) => vec![Lens::Nodes],
        Value::Set(_) => vec![Lens::Members],
        Value::Hash(_) => vec![Lens::Fields],
        Value::Stream(_) => vec![Lens::Log],
        Value::VectorSet(_) => vec![Lens::Cloud],
        Value::SortedSet(zset) => {
            if !map::is_geographic(zset) {
                vec![Lens::Ladder]
            } else if history.names(&["geoadd", "geosearch", "geosearchstore", "geopos", "geodist"]) {
                vec![Lens::Map, Lens::Ladder]
            } else {
                vec![Lens::Ladder, Lens::Map]
            }
        }
        _ => of_string(value, history),
    }
}

fn of_string(value: &Value, history: &History) -> Vec<Lens> {
    let text = value.as_string();
    let bytes: &[u8] = text.as_deref().unwrap_or_default();
    if sketch::check(bytes).is_ok() {
        return vec![Lens::Registers, Lens::Hex];
    }
    let readable = string::is_text(bytes);
    let mut lenses = if readable { vec![Lens::Text, Lens::Hex] } else { vec![Lens::Hex, Lens::Text] };
    if !matches!(value, Value::Int(_)) || history.names(&["setbit", "getbit", "bitcount", "bitpos", "bitop"]) {
        lenses.push(Lens::Bits);
    }
    // How the bytes are used says how they are meant.
    for (lens, names) in [
        (Lens::Bits, &["setbit", "getbit", "bitcount", "bitpos", "bitop"][..]),
        (Lens::Lanes, &["bitfield", "bitfield_ro"][..]),
    ] {
        if history.names(names) {
            lenses.retain(|known| *known != lens);
            lenses.insert(0, lens);
        }
    }
    lenses
}
