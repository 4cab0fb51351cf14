//! How a learner stands in a lesson: what was typed, which tasks are met, which hints were asked for.

use crate::tasks::{Differs, TaskView};
use course::Lesson;
use course::Progress;
use course::goal;
use course::rule;
use course::transcript::{Transcript, arguments};
use sim::{Moment, World};
use std::rc::Rc;

type Words = Vec<Vec<u8>>;

#[derive(Clone, Debug)]
pub struct Study {
    pub lesson: Rc<Lesson>,
    /// The commands of the text: following it is no part of solving a task.
    examples: Vec<Words>,
    typed: Vec<(Moment, Words)>,
    /// How many commands had been typed when a task was last met.
    met_at: usize,
    pub hints: Vec<usize>,
    pub answers: Rc<Vec<(usize, usize)>>,
    pub tasks: Vec<Rc<TaskView>>,
}

impl Study {
    pub fn new(lesson: Rc<Lesson>, progress: &Progress) -> Study {
        let transcripts = lesson.transcripts();
        let examples = transcripts
            .into_iter()
            .filter_map(|text| Transcript::parse(text).ok())
            .flat_map(|transcript| transcript.commands().filter_map(|(_, text)| arguments(text)).collect::<Vec<_>>())
            .collect();
        let tasks = lesson
            .tasks
            .iter()
            .map(|task| Rc::new(TaskView { met: progress.is_done(&lesson.slug, &task.title), ..TaskView::default() }))
            .collect();
        Study {
            hints: vec![0; lesson.tasks.len()],
            examples,
            typed: Vec::new(),
            met_at: 0,
            answers: Rc::default(),
            tasks,
            lesson,
        }
    }

    /// Notes what was typed at a moment; what was typed later belonged to a future that is forgotten.
    pub fn typed(&mut self, at: Moment, words: Words) {
        self.typed.retain(|(moment, _)| *moment < at);
        self.typed.push((at, words));
    }

    /// Checks every task that is not done; says whether one has just been met.
    pub fn check(&mut self, world: &World, progress: &mut Progress) -> bool {
        let now = world.moment();
        let typed: Vec<Words> = self.typed.iter().filter(|(at, _)| *at < now).map(|(_, words)| words.clone()).collect();
        let begun = !typed.is_empty();
        let mut news = false;
        let mut explained = false;
        let met_at = self.met_at.min(typed.len());
        let since = rule::since(&typed, met_at, &self.examples);
        for (index, task) in self.lesson.tasks.iter().enumerate() {
            if self.tasks[index].met {
                continue;
            }
            let mut view = TaskView { hints: self.hints[index], ..TaskView::default() };
            match goal::check(world, task, &typed[since..]) {
                Ok(verdict) if verdict.is_met() => {
                    view.met = true;
                    news = true;
                    self.met_at = typed.len();
                    progress.mark(&self.lesson.slug, &task.title);
                }
                Ok(verdict) if begun && !explained => {
                    explained = true;
                    view.differs = verdict.unmet.into_iter().map(Differs::from).collect();
                    view.broken = verdict.broken.iter().map(ToString::to_string).collect();
                }
                _ => {}
            }
            self.tasks[index] = Rc::new(view);
        }
        news
    }

    pub fn hint(&mut self, task: usize) {
        if let Some(hints) = self.hints.get_mut(task) {
            *hints += 1;
            let mut view = (*self.tasks[task]).clone();
            view.hints = *hints;
            self.tasks[task] = Rc::new(view);
        }
    }

    pub fn answer(&mut self, block: usize, choice: usize) {
        Rc::make_mut(&mut self.answers).push((block, choice));
    }
}

impl From<goal::Unmet> for Differs {
    fn from(unmet: goal::Unmet) -> Differs {
        let asked = match &unmet.later {
            Some(later) => format!("{}, {later}", unmet.asked),
            None => unmet.asked,
        };
        Differs { asked, wanted: unmet.wanted, has: unmet.have }
    }
}
