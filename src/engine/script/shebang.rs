//! The first line of a script, if it begins with `#!`: which engine it is for, and what it promises.

use super::Scripting;
use super::convert::c_string;
use crate::args::Args;
use crate::error::Error;
use crate::table::Command;
use alloc::vec::Vec;
use resp::request::split_line;

/// What a script or function says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    bits: u8,
    /// A script without such a line promises nothing and is checked command by command.
    declared: bool,
}

/// The flags by name.
pub(crate) const NAMES: [&str; 5] = ["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"];
const NO_WRITES: u8 = 1;
const ALLOW_OOM: u8 = 2;

impl Flags {
    /// Those of something that declares its flags; none yet.
    pub(super) fn declared() -> Flags {
        Flags { bits: 0, declared: true }
    }

    /// Adds a flag by its name; false if there is none of that name.
    pub(super) fn add(&mut self, name: &[u8]) -> bool {
        let Some(at) = NAMES.iter().position(|known| known.as_bytes() == name) else { return false };
        self.bits |= 1 << at;
        true
    }

    /// The names of those that are set.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().enumerate().filter(move |(at, _)| self.bits & 1 << at != 0).map(|(_, name)| name)
    }

    /// Whether what has these flags must not even begin when memory is short.
    fn needs_memory(self) -> bool {
        self.declared && self.bits & (NO_WRITES | ALLOW_OOM) == 0
    }

    /// Whether it may use memory that there is not.
    pub(super) fn allows_oom(self) -> bool {
        self.bits & ALLOW_OOM != 0
    }

    /// Whether what has these flags may run, by a command that does not write if `read_only`; and whether it may not write.
    pub(super) fn allow_run(self, read_only: bool) -> Result<bool, Error> {
        let no_writes = self.bits & NO_WRITES != 0;
        if self.declared && read_only && !no_writes {
            return Err(Error::WRITING_SCRIPT);
        }
        Ok(read_only || no_writes)
    }
}

/// Whether a request runs a script or function that must not begin when memory is short. A script without declared flags may begin: its
/// commands are looked at one by one.
pub(crate) fn needs_memory(scripting: &Scripting, command: &Command, args: &Args) -> bool {
    let name = args.at(1);
    let flags = match command.name {
        "eval" | "eval_ro" => of_script(name).ok().map(|(flags, _)| flags),
        "evalsha" | "evalsha_ro" => scripting.cache.flags(&name.to_ascii_lowercase()),
        "fcall" | "fcall_ro" => scripting.libraries.find(name).map(|function| function.flags),
        _ => None,
    };
    flags.is_some_and(Flags::needs_memory)
}

/// The words of the first line and the code behind it.
type Shebang<'a> = (Vec<Vec<u8>>, &'a [u8]);

/// Splits the first line off: its words, and the code behind it, which begins with that line's end so that lines keep their
/// numbers.
pub(super) fn split(body: &[u8]) -> Result<Option<Shebang<'_>>, Error> {
    if !body.starts_with(b"#!") {
        return Ok(None);
    }
    let end = body.iter().position(|&byte| byte == b'\n').ok_or(Error::INVALID_SHEBANG)?;
    let (mut text, mut spans) = (Vec::new(), Vec::new());
    split_line(&body[..end], &mut text, &mut spans).ok_or(Error::INVALID_SHEBANG_ENGINE)?;
    let words = spans.iter().map(|span| text[span.start as usize..span.end as usize].to_vec()).collect();
    Ok(Some((words, &body[end..])))
}

/// A script's flags and code.
pub(super) fn of_script(body: &[u8]) -> Result<(Flags, &[u8]), Error> {
    let Some((words, code)) = split(body)? else { return Ok((Flags::default(), body)) };
    let mut words = words.iter().map(Vec::as_slice);
    let engine = words.next().unwrap_or_default();
    if engine != b"#!lua" {
        return Err(Error::text(&[b"ERR Unexpected engine in script shebang: ", engine]));
    }
    let mut flags = Flags::declared();
    for word in words {
        let Some(names) = word.strip_prefix(b"flags=") else {
            return Err(Error::text(&[b"ERR Unknown lua shebang option: ", word]));
        };
        for name in names.split(|&byte| byte == b',').filter(|_| !names.is_empty()) {
            if !flags.add(name) {
                return Err(Error::text(&[b"ERR Unexpected flag in script shebang: ", c_string(name)]));
            }
        }
    }
    Ok((flags, code))
}
