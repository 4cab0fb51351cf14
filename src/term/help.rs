//! HELP, in redis-cli's layout, with the table's own words.

use crate::complete::rows;
use crate::hint::display_name;
use engine::table::Command;

/// A stretch of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub style: Style,
    pub text: String,
}

/// How redis-cli would colour a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    /// A command's name: bold.
    Name,
    /// Its arguments: grey.
    Arguments,
    /// `summary:`, `since:`, `group:`: yellow.
    Label,
}

/// The answer to `help` and the words that follow it, without a line end at its end.
#[inline(never)]
pub fn help(topic: &[Vec<u8>]) -> Vec<Span> {
    let mut page = Page::default();
    let Some(first) = topic.first() else {
        page.add(Style::Plain, GENERAL);
        return page.spans;
    };
    page.add(Style::Plain, "\n");
    if let Some(group) = first.strip_prefix(b"@") {
        let mut found: Vec<&Command> =
            rows().filter(|row| row.group.name().as_bytes().eq_ignore_ascii_case(group)).collect();
        engine::sort::by_key(&mut found, |row| row.full_name);
        for row in found {
            page.entry(row, false);
        }
    } else {
        let words: Vec<String> = topic.iter().map(|word| String::from_utf8_lossy(word).to_ascii_uppercase()).collect();
        let name = words.join(" ");
        // A container's page goes on with its subcommands.
        let inside = format!("{name} ");
        for row in rows() {
            let row_name = display_name(row);
            if row_name == name || (topic.len() == 1 && row_name.starts_with(&inside)) {
                page.entry(row, true);
            }
        }
    }
    // The last line end is the host's.
    if let Some(last) = page.spans.last_mut() {
        last.text.pop();
    }
    page.spans
}

#[derive(Default)]
struct Page {
    spans: Vec<Span>,
}

impl Page {
    fn add(&mut self, style: Style, text: &str) {
        if !text.is_empty() {
            self.spans.push(Span { style, text: text.to_owned() });
        }
    }

    fn entry(&mut self, row: &Command, with_group: bool) {
        self.add(Style::Plain, "  ");
        self.add(Style::Name, &display_name(row));
        let syntax = row.syntax_display();
        if !syntax.is_empty() {
            self.add(Style::Plain, " ");
            self.add(Style::Arguments, &syntax);
        }
        self.add(Style::Plain, "\n");
        self.fact("summary:", row.summary);
        self.fact("since:", row.since);
        if with_group {
            self.fact("group:", row.group.name());
        }
        self.add(Style::Plain, "\n");
    }

    fn fact(&mut self, label: &str, text: &str) {
        self.add(Style::Plain, "  ");
        self.add(Style::Label, label);
        self.add(Style::Plain, &format!(" {text}\n"));
    }
}

const GENERAL: &str = "\
Rediscover's redis-cli, after the one of Redis 8.6

  help <command>      what a command takes and does: help set, help config get
  help @<group>       the commands of a group: help @string, help @list
  help, blank, TAB    walks through everything there is help on
  :set nohints        no grey syntax behind the cursor (:set hints brings it back)
  5 <command>         sends a command five times
  clear               empties the screen
  quit                leaves";
