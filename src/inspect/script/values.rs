//! What the variables hold, and which of them the last step has changed.

use crate::text::printable;
use engine::walk::{Shown, Variable, Walk};
use std::rc::Rc;

/// Variables that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    pub title: &'static str,
    pub rows: Vec<Rc<Row>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: Rc<str>,
    pub value: Rc<Part>,
    pub change: Change,
}

/// A value, and what a table holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub text: Rc<str>,
    pub kind: Rc<str>,
    pub parts: Vec<(Rc<str>, Part)>,
    pub hidden: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Same,
    /// It was not there when the learner last stood in this call.
    New,
    Changed,
}

/// What was seen when the learner last stood in each call, outermost first.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    calls: Vec<Vec<(Rc<str>, Rc<str>)>>,
}

impl Seen {
    /// The variables of one of the calls on the stack, `level` of it, which has `height` calls below.
    pub fn scopes(&self, walk: &Walk, level: usize, height: usize) -> Vec<Scope> {
        let before = self.calls.get(height);
        let scope = |title, variables: Vec<Variable>| {
            let mut rows: Vec<Rc<Row>> = Vec::new();
            for variable in variables {
                let (name, value) = (Rc::<str>::from(printable(&variable.name, 80)), part(&variable.value));
                // A name that stands there twice is another variable, which hides the first.
                let again = rows.iter().filter(|row| row.name == name).count();
                let known = before.map(|before| before.iter().filter(|(known, _)| *known == name).nth(again));
                let change = match known {
                    None => Change::Same,
                    Some(None) => Change::New,
                    Some(Some((_, text))) if *text == value.text => Change::Same,
                    Some(Some(_)) => Change::Changed,
                };
                rows.push(Rc::new(Row { name, value: Rc::new(value), change }));
            }
            Scope { title, rows }
        };
        vec![scope("Local variables", walk.locals(level)), scope("Upvalues", walk.upvalues(level))]
    }

    /// The learner has seen these; what was deeper is over.
    pub fn note(&mut self, walk: &Walk) {
        let stack = walk.stack();
        self.calls.truncate(stack.len());
        for (height, call) in stack.iter().rev().enumerate() {
            // What callers hold rarely changes meanwhile, and then it is worth showing once one is back.
            if height + 1 < self.calls.len() {
                continue;
            }
            let variables = walk.locals(call.level).into_iter().chain(walk.upvalues(call.level));
            let seen =
                variables.map(|variable| (printable(&variable.name, 80).into(), text(&variable.value))).collect();
            match self.calls.get_mut(height) {
                Some(known) => *known = seen,
                None => self.calls.push(seen),
            }
        }
    }
}

/// KEYS and ARGV.
pub fn words(walk: &Walk) -> Scope {
    let row = |variable: Variable| {
        let name = printable(&variable.name, 80).into();
        Rc::new(Row { name, value: Rc::new(part(&variable.value)), change: Change::Same })
    };
    Scope { title: "KEYS and ARGV", rows: walk.words().into_iter().map(row).collect() }
}

fn text(value: &Shown) -> Rc<str> {
    printable(&value.text, usize::MAX).into()
}

fn part(value: &Shown) -> Part {
    let parts = value.parts.iter().map(|(key, value)| (printable(key, 80).into(), part(value))).collect();
    Part { text: text(value), kind: value.type_name.as_str().into(), parts, hidden: value.hidden }
}
