//! The command that reads a value, ready to be run.

use crate::picture::Lens;
use engine::Value;

/// More than this is asked for in pages.
const WHOLE: usize = 100;

pub fn reading(name: &[u8], value: &Value, lens: Lens) -> String {
    let (before, behind) = match (value, lens) {
        (_, Lens::Registers) => ("PFCOUNT ", ""),
        (_, Lens::Bits) => ("BITCOUNT ", ""),
        (_, Lens::Lanes) => ("BITFIELD_RO ", " GET u8 0"),
        (Value::List(list), _) if list.len() > WHOLE => ("LRANGE ", " 0 99"),
        (Value::List(_), _) => ("LRANGE ", " 0 -1"),
        (Value::Set(set), _) if set.len() > WHOLE => ("SSCAN ", " 0 COUNT 100"),
        (Value::Set(_), _) => ("SMEMBERS ", ""),
        (Value::Hash(hash), _) if hash.len() > WHOLE => ("HSCAN ", " 0 COUNT 100"),
        (Value::Hash(_), _) => ("HGETALL ", ""),
        (Value::SortedSet(zset), Lens::Map) if zset.len() <= WHOLE => {
            ("GEOSEARCH ", " FROMLONLAT 0 0 BYRADIUS 22000 km ASC WITHCOORD")
        }
        (Value::SortedSet(_), Lens::Map) => ("GEOSEARCH ", " FROMLONLAT 0 0 BYRADIUS 22000 km ASC COUNT 100 WITHCOORD"),
        (Value::SortedSet(zset), _) if zset.len() > WHOLE => ("ZRANGE ", " 0 99 WITHSCORES"),
        (Value::SortedSet(_), _) => ("ZRANGE ", " 0 -1 WITHSCORES"),
        (Value::VectorSet(set), _) => {
            // The neighbours of any one of them.
            let first = set.names_from(0).next().map_or_else(String::new, |name| term::quote::typed(name));
            return ["VSIM ", &term::quote::typed(name), " ELE ", &first, " WITHSCORES"].concat();
        }
        (Value::Stream(stream), _) if stream.len() > WHOLE => ("XRANGE ", " - + COUNT 100"),
        (Value::Stream(_), _) => ("XRANGE ", " - +"),
        _ => ("GET ", ""),
    };
    [before, &term::quote::typed(name), behind].concat()
}
