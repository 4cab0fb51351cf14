//! HELP, in redis-cli's layout.

/// A stretch of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub style: Style,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    /// A command's name.
    Name,
    /// Its arguments.
    Arguments,
    /// `summary:`, `since:`, `group:`
    Label,
}

/// The answer to `help` and what follows it.
pub fn help(_topic: &[Vec<u8>]) -> Vec<Span> {
    vec![Span { style: Style::Plain, text: GENERAL.to_owned() }]
}

const GENERAL: &str = "";
