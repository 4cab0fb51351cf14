//! A lesson as bytes, for the page to carry: numbers as LEB128, texts with their length before them, lists with their count.
//! Whoever packs and whoever unpacks come from one build, so there is no version in it.

use super::{Block, Choice, Lesson, Task};
use crate::rule::Rule;
use core::fmt;

/// The bytes are not a packed lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lesson's data is damaged")
    }
}

impl core::error::Error for Damaged {}

impl Lesson {
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for text in [&self.slug, &self.title, &self.from, &self.start] {
            put_text(&mut out, text);
        }
        put_number(&mut out, self.minutes);
        put_list(&mut out, &self.needs, |out, text| put_text(out, text));
        put_list(&mut out, &self.commands, |out, text| put_text(out, text));
        put_list(&mut out, &self.blocks, put_block);
        put_list(&mut out, &self.tasks, put_task);
        out
    }

    pub fn unpack(bytes: &[u8]) -> Result<Lesson, Damaged> {
        let mut input = Input(bytes);
        let lesson = Lesson {
            slug: input.text()?,
            title: input.text()?,
            from: input.text()?,
            start: input.text()?,
            minutes: input.number()?,
            needs: input.list(Input::text)?,
            commands: input.list(Input::text)?,
            blocks: input.list(|input| input.block(0))?,
            tasks: input.list(Input::task)?,
        };
        if input.0.is_empty() { Ok(lesson) } else { Err(Damaged) }
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u32);
    out.extend_from_slice(text.as_bytes());
}

fn put_list<T>(out: &mut Vec<u8>, list: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_number(out, list.len() as u32);
    for item in list {
        put(out, item);
    }
}

fn put_block(out: &mut Vec<u8>, block: &Block) {
    match block {
        Block::Prose { html } => {
            out.push(0);
            put_text(out, html);
        }
        Block::Run { transcript } => {
            out.push(1);
            put_text(out, transcript);
        }
        Block::Predict { title, html, choices, transcript } => {
            out.push(2);
            put_text(out, title);
            put_text(out, html);
            put_list(out, choices, |out, choice| {
                put_text(out, &choice.html);
                out.push(u8::from(choice.right));
                put_text(out, &choice.because);
            });
            put_text(out, transcript);
        }
        Block::Why { title, body } => {
            out.push(3);
            put_text(out, title);
            put_list(out, body, put_block);
        }
        Block::Mistake { title, body } => {
            out.push(4);
            put_text(out, title);
            put_list(out, body, put_block);
        }
        Block::Task { index } => {
            out.push(5);
            put_number(out, *index);
        }
    }
}

fn put_task(out: &mut Vec<u8>, task: &Task) {
    for text in [&task.title, &task.html, &task.goal, &task.done] {
        put_text(out, text);
    }
    put_list(out, &task.rules, |out, rule| put_text(out, &rule.to_string()));
    put_list(out, &task.hints, |out, hint| put_text(out, hint));
    put_list(out, &task.solution, |out, command| put_text(out, command));
}

/// What is still to be read.
struct Input<'b>(&'b [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Result<u8, Damaged> {
        let (&byte, rest) = self.0.split_first().ok_or(Damaged)?;
        self.0 = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u32, Damaged> {
        let mut number = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    fn text(&mut self) -> Result<String, Damaged> {
        let len = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(len).ok_or(Damaged)?;
        self.0 = rest;
        core::str::from_utf8(text).map(str::to_owned).map_err(|_| Damaged)
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, Damaged>) -> Result<Vec<T>, Damaged> {
        let len = self.number()?;
        let mut list = Vec::new();
        for _ in 0..len {
            list.push(item(self)?);
        }
        Ok(list)
    }

    fn block(&mut self, depth: u32) -> Result<Block, Damaged> {
        if depth > 2 {
            return Err(Damaged);
        }
        Ok(match self.byte()? {
            0 => Block::Prose { html: self.text()? },
            1 => Block::Run { transcript: self.text()? },
            2 => Block::Predict {
                title: self.text()?,
                html: self.text()?,
                choices: self.list(|input| {
                    Ok(Choice { html: input.text()?, right: input.byte()? == 1, because: input.text()? })
                })?,
                transcript: self.text()?,
            },
            3 => Block::Why { title: self.text()?, body: self.list(|input| input.block(depth + 1))? },
            4 => Block::Mistake { title: self.text()?, body: self.list(|input| input.block(depth + 1))? },
            5 => Block::Task { index: self.number()? },
            _ => return Err(Damaged),
        })
    }

    fn task(&mut self) -> Result<Task, Damaged> {
        Ok(Task {
            title: self.text()?,
            html: self.text()?,
            goal: self.text()?,
            done: self.text()?,
            rules: self.list(|input| Rule::parse(&input.text()?).map_err(|_| Damaged))?,
            hints: self.list(Input::text)?,
            solution: self.list(Input::text)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson() -> Lesson {
        Lesson {
            slug: "03-lifetime/01-expiry".to_owned(),
            title: "Keys that know when to die".to_owned(),
            minutes: 300,
            needs: vec!["02-data-types/01-strings".to_owned()],
            commands: vec!["TTL".to_owned()],
            from: "1.6.1".to_owned(),
            start: String::new(),
            blocks: vec![
                Block::Prose { html: "<p>é</p>".repeat(40) },
                Block::Mistake {
                    title: "x".to_owned(),
                    body: vec![Block::Run { transcript: "> PING\nPONG\n".to_owned() }],
                },
                Block::Predict {
                    title: "?".to_owned(),
                    html: String::new(),
                    choices: vec![Choice { html: "a".to_owned(), right: true, because: "b".to_owned() }],
                    transcript: "> PING\nPONG\n".to_owned(),
                },
                Block::Why { title: "y".to_owned(), body: vec![] },
                Block::Task { index: 0 },
            ],
            tasks: vec![Task {
                title: "T".to_owned(),
                rules: vec![Rule::parse("must SET NX or SETNX").expect("a rule")],
                hints: vec!["h".to_owned()],
                solution: vec!["SET a b NX".to_owned()],
                ..Task::default()
            }],
        }
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        assert_eq!(Lesson::unpack(&lesson().pack()), Ok(lesson()));
    }

    #[test]
    fn bytes_that_are_cut_off_are_refused() {
        let bytes = lesson().pack();
        for len in 0..bytes.len() {
            assert_eq!(Lesson::unpack(&bytes[..len]), Err(Damaged));
        }
    }
}
