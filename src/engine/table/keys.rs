//! Where a command's keys stand and what it does to them, in the terms of COMMAND INFO's key specifications.

/// How the first key is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At a fixed position; the command's name is 0.
    Index(i32),
    /// Behind a word, looked for from a position (negative: backwards from the end).
    Keyword {
        word: &'static str,
        from: i32,
    },
    Unknown,
}

/// How the other keys follow from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// Up to `last`, counted from the first key (negative: from the end), every `step` words; `limit` 2 means the first half.
    Range {
        last: i32,
        step: i32,
        limit: i32,
    },
    /// A number says how many: at `number`, the first key at `first`, both counted from where the search began.
    KeyNum {
        number: i32,
        first: i32,
        step: i32,
    },
    Unknown,
}

/// One key specification of a command. Flags are the words of COMMAND INFO, separated by spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    pub begin: Begin,
    pub find: Find,
    pub flags: &'static str,
    pub notes: &'static str,
}

impl Keys {
    /// One key at `position`.
    pub const fn one(position: i32, flags: &'static str) -> Keys {
        Keys::range(position, 0, 1, flags)
    }

    /// Keys from `position` on up to `last` (counted from the first key; negative: from the end), every `step` words.
    pub const fn range(position: i32, last: i32, step: i32, flags: &'static str) -> Keys {
        Keys { begin: Begin::Index(position), find: Find::Range { last, step, limit: 0 }, flags, notes: "" }
    }

    /// The number of keys stands at `position`, the keys follow.
    pub const fn counted(position: i32, flags: &'static str) -> Keys {
        Keys { begin: Begin::Index(position), find: Find::KeyNum { number: 0, first: 1, step: 1 }, flags, notes: "" }
    }

    /// One key behind `word`, which is looked for from `from` on.
    pub const fn behind(word: &'static str, from: i32, flags: &'static str) -> Keys {
        Keys {
            begin: Begin::Keyword { word, from },
            find: Find::Range { last: 0, step: 1, limit: 0 },
            flags,
            notes: "",
        }
    }
}
