//! A lesson: text, blocks to try out, tasks with goals.
//!
//! A lesson is a folder, `lessons/03-lifetime/01-expiry/`, with three files. `index.md` is Markdown that reads well as it is:
//!
//! ````text
//! ---
//! title: Keys that know when to die      all five lines are needed; `needs` may stay empty
//! minutes: 11
//! needs: 02-data-types/01-strings        lessons to read first
//! commands: TTL, EXPIRE, SET EX          what this lesson explains
//! from: 1.6.1                            sections of the notes it grew out of
//! ---
//!
//! Text. A fenced block of the language `redis` is a transcript to run:
//!
//! ```redis
//! > SET session:1 alice EX 60
//! OK
//! ```
//!
//! ## Predict: what is the reply?         a question with choices; the box of the right one is ticked. The text behind a
//!                                        choice is shown when it is chosen. The transcript's last reply is the answer.
//! - [ ] `(nil)` Not yet.
//! - [x] `"alice"` It has a minute to live.
//!
//! ```redis
//! > GET session:1
//! "alice"
//! ```
//!
//! ## Why is that so?                     what happened inside
//! ## Mistake: "people believe this"      text and the transcript that shows otherwise
//! ## Task: Title                         text; then
//!
//! ```redis goal
//! > GET otp:7                            a transcript played on a copy of the learner's server by a hidden client
//! "4711"
//! ```
//!
//! ```rules
//! must SET EX                            one a line: must COMMAND [OPTION] [or …], never COMMAND [OPTION], at most N commands
//! ```
//!
//! Hint: each hint is a paragraph, the gentlest first.
//!
//! Done: said when the goal is met; may be left out.
//! ````
//!
//! These blocks end at the next `##` heading or at a line `---`. `start.redis` is a transcript that sets the stage, unseen.
//! `solution.redis` solves every task, each below a line `@task Title`.
//!
//! Reading all this takes a Markdown parser, which the page shall not carry: `compile` (a feature, for builds and tests) makes
//! a [`Lesson`] of a folder, `pack` makes bytes of it, and the page unpacks them.

#[cfg(feature = "compile")]
pub mod compile;
mod pack;

pub use pack::Damaged;

use crate::rule::Rule;

/// A lesson, ready to be shown. Text is HTML made of our own Markdown; transcripts are text in the transcript language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lesson {
    /// `03-lifetime/01-expiry`: its folder, and its name in links and in a learner's progress.
    pub slug: String,
    pub title: String,
    pub minutes: u32,
    /// Slugs of lessons to read first.
    pub needs: Vec<String>,
    /// Commands that it explains, in capitals, with the option if it is about one: `SET EX`.
    pub commands: Vec<String>,
    /// Sections of the notes that it grew out of.
    pub from: String,
    /// What the page shows, in order.
    pub blocks: Vec<Block>,
    /// A transcript that sets the stage.
    pub start: String,
    /// The tasks, which `blocks` refer to by index.
    pub tasks: Vec<Task>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Text.
    Prose { html: String },
    /// A transcript to run.
    Run { transcript: String },
    /// A question: what will the last reply of `transcript` be?
    Predict { title: String, html: String, choices: Vec<Choice>, transcript: String },
    /// What happened inside.
    Why { title: String, body: Vec<Block> },
    /// What people believe (the title, without its quotes), and what is so.
    Mistake { title: String, body: Vec<Block> },
    /// The task with this index.
    Task { index: u32 },
}

/// A possible answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub html: String,
    pub right: bool,
    /// What to say when it is chosen.
    pub because: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    pub title: String,
    pub html: String,
    /// The goal, a transcript.
    pub goal: String,
    pub rules: Vec<Rule>,
    /// HTML, the gentlest first.
    pub hints: Vec<String>,
    /// HTML, said when the goal is met; may be empty.
    pub done: String,
    /// The commands that solve it, in order, as one types them.
    pub solution: Vec<String>,
}

/// A title without what HTML and links would trip over: `a-one-time-code`.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() && !matches!(c, '\'' | '’') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

impl Lesson {
    /// The chapter's folder: `03-lifetime`.
    pub fn chapter(&self) -> &str {
        self.slug.split_once('/').map_or("", |(chapter, _)| chapter)
    }

    /// The chapter's number and name, from its folder: 3 and `Lifetime`.
    pub fn chapter_title(&self) -> (u32, String) {
        let (number, words) = self.chapter().split_once('-').unwrap_or(("0", ""));
        let mut title = words.replace('-', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        (number.parse().unwrap_or(0), title)
    }

    /// Every transcript that the page shows, in the order of the page.
    pub fn transcripts(&self) -> Vec<&str> {
        fn collect<'l>(blocks: &'l [Block], into: &mut Vec<&'l str>) {
            for block in blocks {
                match block {
                    Block::Run { transcript } | Block::Predict { transcript, .. } => into.push(transcript),
                    Block::Why { body, .. } | Block::Mistake { body, .. } => collect(body, into),
                    Block::Prose { .. } | Block::Task { .. } => {}
                }
            }
        }
        let mut transcripts = Vec::new();
        collect(&self.blocks, &mut transcripts);
        transcripts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_short_words_with_hyphens() {
        assert_eq!(slug("A one-time code"), "a-one-time-code");
        assert_eq!(slug("What's in the box?"), "whats-in-the-box");
        assert_eq!(slug("What’s in the box?"), "whats-in-the-box");
    }

    #[test]
    fn a_chapter_is_named_by_its_folder() {
        let lesson = Lesson { slug: "02-data-types/01-strings".to_owned(), ..Lesson::default() };
        assert_eq!(lesson.chapter_title(), (2, "Data types".to_owned()));
    }
}
