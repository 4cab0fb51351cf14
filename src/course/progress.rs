//! What a learner has done: kept as a line of text in the browser, handed in as a short code.
//!
//! The code is made to be read out, copied from a screen and typed: Crockford's base 32 (no I, L, O, U; `o` is read as 0, `i` and
//! `l` as 1) in groups of four behind `RD1`. It holds, for every lesson with something done, 16 bits of a hash of its name and a bit a task,
//! then 20 bits of a checksum, so that a slip is noticed and not taken for progress.

use crate::lesson::{Lesson, slug};
use core::fmt;

/// What a learner has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lessons in their order, and the slugs of their tasks that are done, in theirs.
    done: Vec<(String, Vec<String>)>,
    /// The lesson that was open last.
    pub place: Option<String>,
}

/// A lesson's name and those of its tasks: what a code is read against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    pub lesson: String,
    pub tasks: Vec<String>,
}

impl From<&Lesson> for Outline {
    fn from(lesson: &Lesson) -> Self {
        Outline { lesson: lesson.slug.clone(), tasks: lesson.tasks.iter().map(|task| slug(&task.title)).collect() }
    }
}

/// What an import brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Tasks that were not done here before.
    pub added: u32,
    /// Tasks done in the code altogether.
    pub tasks: u32,
    /// Lessons in the code that this course does not have.
    pub unknown: u32,
}

/// Why a code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    Empty,
    NotACode,
    Newer,
    Letter(char),
    Checksum,
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodeError::Empty => f.write_str("There is no code yet: paste one that begins with RD1."),
            CodeError::NotACode => f.write_str("This is not a progress code: those begin with RD1."),
            CodeError::Newer => {
                f.write_str("This code comes from a newer version of the course. Reload the page and try again.")
            }
            CodeError::Letter(letter) => {
                write!(f, "A progress code has no “{letter}” in it. Please look at the code again.")
            }
            CodeError::Checksum => {
                f.write_str("A letter of this code is missing or mistyped. Please compare it with the original.")
            }
        }
    }
}

impl core::error::Error for CodeError {}

impl Progress {
    /// Notes that a task is done; says whether that is news.
    pub fn mark(&mut self, lesson: &str, task: &str) -> bool {
        self.add(lesson, slug(task))
    }

    fn add(&mut self, lesson: &str, task: String) -> bool {
        let at = self.done.partition_point(|(known, _)| known.as_str() < lesson);
        if self.done.get(at).is_none_or(|(known, _)| known != lesson) {
            self.done.insert(at, (lesson.to_owned(), Vec::new()));
        }
        let tasks = &mut self.done[at].1;
        let at = tasks.partition_point(|known| *known < task);
        let news = tasks.get(at) != Some(&task);
        if news {
            tasks.insert(at, task);
        }
        news
    }

    fn of(&self, lesson: &str) -> &[String] {
        self.done.iter().find(|(known, _)| known == lesson).map_or(&[], |(_, tasks)| tasks)
    }

    pub fn is_done(&self, lesson: &str, task: &str) -> bool {
        self.of(lesson).contains(&slug(task))
    }

    /// How many tasks of a lesson are done.
    pub fn count(&self, lesson: &str) -> usize {
        self.of(lesson).len()
    }

    pub fn is_complete(&self, lesson: &Lesson) -> bool {
        lesson.tasks.iter().all(|task| self.is_done(&lesson.slug, &task.title))
    }

    /// Begins a lesson anew.
    pub fn forget(&mut self, lesson: &str) {
        self.done.retain(|(known, _)| known != lesson);
    }

    /// A line of text to keep.
    pub fn to_text(&self) -> String {
        let mut text = String::from("1");
        if let Some(place) = &self.place {
            text.push_str(" @");
            text.push_str(place);
        }
        for (lesson, tasks) in &self.done {
            text.push(' ');
            text.push_str(lesson);
            text.push('=');
            text.push_str(&tasks.join(","));
        }
        text
    }

    /// Reads what was kept. What cannot be read is left out: losing a tick is better than losing the page.
    pub fn from_text(text: &str) -> Progress {
        let mut progress = Progress::default();
        let mut words = text.split_whitespace();
        if words.next() != Some("1") {
            return progress;
        }
        for word in words {
            if let Some(place) = word.strip_prefix('@') {
                progress.place = Some(place.to_owned());
            } else if let Some((lesson, tasks)) = word.split_once('=') {
                for task in tasks.split(',').filter(|task| !task.is_empty()) {
                    progress.add(lesson, task.to_owned());
                }
            }
        }
        progress
    }

    /// The code to hand in.
    pub fn export(&self, course: &[Outline]) -> String {
        let mut bytes = Vec::new();
        for outline in course {
            let done = self.of(&outline.lesson);
            let mut bits = 0_u8;
            for (index, task) in outline.tasks.iter().take(8).enumerate() {
                bits |= u8::from(done.contains(task)) << index;
            }
            if bits != 0 {
                bytes.extend_from_slice(&mark_of(&outline.lesson).to_be_bytes());
                bytes.push(bits);
            }
        }
        let mut digits = Vec::new();
        let (mut held, mut count) = (0_u32, 0);
        for byte in &bytes {
            held = held << 8 | u32::from(*byte);
            count += 8;
            while count >= 5 {
                count -= 5;
                digits.push(held >> count & 31);
            }
        }
        if count > 0 {
            digits.push(held << (5 - count) & 31);
        }
        let sum = fnv(&bytes);
        digits.extend([15, 10, 5, 0].map(|shift| sum >> shift & 31));
        let mut code = String::from(HEAD);
        for (index, digit) in digits.iter().enumerate() {
            if index % 4 == 0 {
                code.push('-');
            }
            code.push(ALPHABET[*digit as usize] as char);
        }
        code
    }

    /// Adds what a code holds. Nothing that was done here is taken away.
    pub fn import(&mut self, code: &str, course: &[Outline]) -> Result<Imported, CodeError> {
        let bytes = decode(code)?;
        let mut imported = Imported::default();
        for entry in bytes.chunks_exact(3) {
            let mark = u16::from_be_bytes([entry[0], entry[1]]);
            let Some(outline) = course.iter().find(|outline| mark_of(&outline.lesson) == mark) else {
                imported.unknown += 1;
                continue;
            };
            for (index, task) in outline.tasks.iter().take(8).enumerate() {
                if entry[2] & 1 << index != 0 {
                    imported.tasks += 1;
                    imported.added += u32::from(self.add(&outline.lesson, task.clone()));
                }
            }
        }
        Ok(imported)
    }
}

const HEAD: &str = "RD1";
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn decode(code: &str) -> Result<Vec<u8>, CodeError> {
    let code: String =
        code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
    if code.is_empty() {
        return Err(CodeError::Empty);
    }
    let Some(rest) = code.strip_prefix(HEAD) else {
        let newer = code.strip_prefix("RD").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        return Err(if newer { CodeError::Newer } else { CodeError::NotACode });
    };
    let mut digits = Vec::new();
    for letter in rest.chars() {
        let plain = match letter {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let digit = ALPHABET.iter().position(|known| *known as char == plain).ok_or(CodeError::Letter(letter))?;
        digits.push(digit as u32);
    }
    let Some((digits, sum)) = digits.len().checked_sub(4).map(|at| digits.split_at(at)) else {
        return Err(CodeError::Checksum);
    };
    let mut bytes = Vec::new();
    let (mut held, mut count) = (0_u32, 0);
    for digit in digits {
        held = (held << 5 | digit) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((held >> count) as u8);
        }
    }
    let padding_is_empty = held & ((1 << count) - 1) == 0 && count < 5;
    let sum = sum.iter().fold(0, |sum, digit| sum << 5 | digit);
    if sum != fnv(&bytes) & 0xf_ffff || !padding_is_empty || bytes.len() % 3 != 0 {
        return Err(CodeError::Checksum);
    }
    Ok(bytes)
}

/// 16 bits that stand for a lesson. A test holds that no two lessons of the course share them.
pub fn mark_of(lesson: &str) -> u16 {
    let hash = fnv(lesson.as_bytes());
    (hash >> 16 ^ hash) as u16
}

/// FNV-1a, with the bits stirred once more so that short inputs reach all of them.
fn fnv(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (hash ^ hash >> 15).wrapping_mul(0x2c1b_3c6d) ^ hash >> 12
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course() -> Vec<Outline> {
        ["01-first-steps/01-what-redis-is", "02-data-types/01-strings", "03-lifetime/01-expiry"]
            .map(|lesson| Outline {
                lesson: lesson.to_owned(),
                tasks: ["one", "two", "three"].map(str::to_owned).to_vec(),
            })
            .to_vec()
    }

    fn progress() -> Progress {
        let mut progress = Progress { place: Some("03-lifetime/01-expiry".to_owned()), ..Progress::default() };
        progress.mark("01-first-steps/01-what-redis-is", "One");
        progress.mark("03-lifetime/01-expiry", "One");
        progress.mark("03-lifetime/01-expiry", "Three");
        progress
    }

    #[test]
    fn what_was_kept_is_read_again() {
        assert_eq!(Progress::from_text(&progress().to_text()), progress());
        assert_eq!(Progress::from_text("nonsense"), Progress::default());
        assert_eq!(Progress::from_text(""), Progress::default());
    }

    #[test]
    fn a_code_brings_back_what_was_done() {
        let code = progress().export(&course());
        assert!(code.starts_with("RD1-") && code.len() < 24, "{code}");
        let mut other = Progress::default();
        other.mark("03-lifetime/01-expiry", "two");
        let sloppy =
            code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l").replacen("rdl", "rd1", 1);
        assert_eq!(other.import(&sloppy, &course()), Ok(Imported { added: 3, tasks: 3, unknown: 0 }));
        assert_eq!(other.count("03-lifetime/01-expiry"), 3);
        assert_eq!(other.import(&code, &course()), Ok(Imported { added: 0, tasks: 3, unknown: 0 }));
        assert_eq!(Progress::default().import(&code, &course()[..1]), Ok(Imported { added: 1, tasks: 1, unknown: 1 }));
    }

    #[test]
    fn nothing_done_is_a_code_too() {
        let code = Progress::default().export(&course());
        assert_eq!(Progress::default().import(&code, &course()), Ok(Imported::default()));
    }

    #[test]
    fn a_slip_is_noticed() {
        let code = progress().export(&course());
        let letters: Vec<char> = code.chars().collect();
        for at in 4..letters.len() {
            if letters[at] == '-' {
                continue;
            }
            for other in ALPHABET.iter().map(|byte| *byte as char).filter(|other| *other != letters[at]) {
                let mut wrong = letters.clone();
                wrong[at] = other;
                let wrong: String = wrong.into_iter().collect();
                assert_eq!(Progress::default().import(&wrong, &course()), Err(CodeError::Checksum), "{wrong}");
            }
        }
        for (wrong, why) in [
            ("", CodeError::Empty),
            ("hello", CodeError::NotACode),
            ("RD2-0000", CodeError::Newer),
            ("RD1-00U0", CodeError::Letter('U')),
            ("RD1-0", CodeError::Checksum),
        ] {
            assert_eq!(Progress::default().import(wrong, &course()), Err(why), "{wrong}");
        }
    }
}
