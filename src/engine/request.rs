//! A request that is kept for later: queued by MULTI, or waiting for a key.

use crate::args::Args;
use crate::table::Command;
use alloc::vec::Vec;
use resp::request::Span;

/// A command with its own copy of the arguments.
#[derive(Clone, Debug)]
pub struct Request {
    pub command: &'static Command,
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// How many words name the command: 1, or 2 with a subcommand.
    name: usize,
}

impl Request {
    pub(crate) fn new(command: &'static Command, args: &Args) -> Request {
        Request::of(command, args.all())
    }

    /// The same with other words than somebody sent.
    pub(crate) fn of<'a>(command: &'static Command, words: impl ExactSizeIterator<Item = &'a [u8]> + Clone) -> Request {
        let mut bytes = Vec::with_capacity(words.clone().map(<[u8]>::len).sum());
        let mut spans = Vec::with_capacity(words.len());
        for argument in words {
            let start = bytes.len() as u32;
            bytes.extend_from_slice(argument);
            spans.push(Span { start, end: bytes.len() as u32 });
        }
        Request { command, bytes, spans, name: command.words() }
    }

    /// The arguments, to be read from behind the command's name.
    pub fn args(&self) -> Args<'_> {
        let mut args = Args::new(&self.bytes, &self.spans);
        args.seek(self.name);
        args
    }
}
