//! What is on the page under its head: the lesson's text, the terminals, a script and the keyspace above the time; or the list of
//! lessons; or what stands there while either is on its way.

use super::{App, Msg, Send};
use crate::catalogue;
use crate::contents::{ContentsView, contents};
use crate::divide::divide;
use crate::inspector::Keyspace;
use crate::lesson::{LessonText, Onward};
use crate::route::Route;
use crate::script;
use crate::terminal::{Pane, PaneMsg, PaneView};
use crate::timebar::{percent, timebar};
use course::Lesson;
use std::rc::Rc;
use yew::prelude::*;

/// What a narrow window shows; a wide one shows all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Lesson,
    Terminal,
    Script,
    Keyspace,
}

impl Part {
    const ALL: [Part; 4] = [Part::Lesson, Part::Terminal, Part::Script, Part::Keyspace];

    fn name(self) -> &'static str {
        match self {
            Part::Lesson => "lesson",
            Part::Terminal => "terminal",
            Part::Script => "script",
            Part::Keyspace => "keyspace",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Part::Lesson => "Lesson",
            Part::Terminal => "Terminal",
            Part::Script => "Script",
            Part::Keyspace => "Keyspace",
        }
    }
}

impl App {
    /// `Lifetime, lesson 1 of 6`
    pub(super) fn place_words(&self) -> Option<AttrValue> {
        let lesson = &self.study().filter(|_| matches!(self.route, Route::Learn | Route::Lesson(_)))?.lesson;
        let chapter: Vec<&Rc<Lesson>> =
            self.lessons.iter().filter(|other| other.chapter() == lesson.chapter()).collect();
        let number = chapter.iter().position(|other| other.slug == lesson.slug)? + 1;
        Some(format!("{}, lesson {number} of {}", lesson.chapter_title().1, chapter.len()).into())
    }

    pub(super) fn contents(&self) -> Html {
        let done = self.lessons.iter().filter(|lesson| !lesson.tasks.is_empty() && self.progress.is_complete(lesson));
        let done: Vec<&str> = done.map(|lesson| lesson.slug.as_str()).collect();
        let view = ContentsView {
            lessons: &self.lessons,
            done: &done,
            code: self.progress.export(&catalogue::outlines(&self.lessons)),
            typed: self.code.clone(),
            said: self.import_said.clone(),
        };
        contents(&view, &self.send)
    }

    pub(super) fn desk(&self, with_lesson: bool) -> Html {
        let send = &self.send;
        let panes = self.bench.pane_views();
        let count = panes.len();
        let time = self.bench.time_view();
        let scripts = self.bench.script.is_some();
        let shown = if self.part == Part::Script && !scripts { Part::Terminal } else { self.part };
        let parts = Part::ALL.into_iter();
        let parts = parts.filter(|part| (with_lesson || *part != Part::Lesson) && (scripts || *part != Part::Script));
        let switch = parts.map(|part| {
            let show = send.reform(move |_: MouseEvent| Msg::Show(part));
            html! { <button key={part.name()} aria-pressed={(shown == part).to_string()} onclick={show}>{ part.label() }</button> }
        });
        let part = |hundredths: u32| percent(f64::from(hundredths) / 10_000.0);
        let style = format!("--lesson:{};--panes:{}", part(self.lesson_width), part(self.panes_height));
        html! {
            <>
                <nav class="views" aria-label="Show">{ for switch }</nav>
                <main class={classes!("desk", (!with_lesson).then_some("open"))} id="main" tabindex="-1" data-view={shown.name()} {style}>
                    if !with_lesson {
                        <h1 class="visually-hidden" tabindex="-1">{ "Playground" }</h1>
                    }
                    if with_lesson && self.part != Part::Lesson {
                        <h1 class="visually-hidden when-narrow">{ self.study().map_or_else(String::new, |study| study.lesson.title.clone()) }</h1>
                    }
                    if with_lesson {
                        <div class="reading" data-live="" tabindex="0" role="region" aria-label="Lesson" key={self.place.clone()}>{ self.text() }</div>
                        { divide("Width of the lesson", false, self.lesson_width, send.reform(Msg::LessonWidth)) }
                    }
                    <div class="bench">
                        if count > 1 { { clients(&panes, send) } }
                        <div class={classes!("working", scripts.then_some("scripts"))}>
                        if let Some(open) = &self.bench.script { { script::face(open, &self.bench, send) } }
                        <div class="panes">
                            { for panes.into_iter().enumerate().map(|(index, view)| html! {
                                <Pane key={format!("{} {}", self.place, view.id)} view={view.clone()} last={index + 1 == count} send={send.clone()} />
                            }) }
                        </div>
                        </div>
                        if with_lesson {
                            { divide("Height of the terminals", true, self.panes_height, send.reform(Msg::PanesHeight)) }
                        } else {
                            { divide("Width of the terminals", false, self.lesson_width, send.reform(Msg::LessonWidth)) }
                        }
                        <Keyspace waiting={self.opening.is_some()} copy={self.bench.copy_of()} view={self.bench.keyspace_view()} send={send.clone()} />
                    </div>
                </main>
                { timebar(&time, send) }
            </>
        }
    }

    /// The lesson is on its way, or it cannot be had.
    fn without_text(&self) -> Html {
        let lesson = self.lessons.iter().find(|lesson| lesson.slug == self.place);
        let failed = self.fetched.iter().any(|(slug, failed)| *failed && *slug == self.place);
        let title = lesson.map_or("There is no such lesson", |lesson| lesson.title.as_str());
        html! {
            <article class="lesson">
                <h1 tabindex="-1">{ title.to_owned() }</h1>
                if failed {
                    <p>{ "This lesson could not be fetched. Reload the page to try again; the server beside it works." }</p>
                }
                if failed || lesson.is_none() { <p><a href={Route::Lessons.href()}>{ "All lessons" }</a></p> }
            </article>
        }
    }

    /// The list of lessons or the reference is on its way, or it cannot be had.
    pub(super) fn without_sheet(&self, title: &'static str) -> Html {
        html! {
            <main class="sheet" tabindex="-1" id="main">
                <div>
                    <h1>{ title }</h1>
                    if self.failed {
                        <p class="lead">{ "This page could not be fetched: is the connection down?" }</p>
                        <button onclick={self.send.reform(|_: MouseEvent| Msg::TryAgain)}>{ "Try again" }</button>
                    } else {
                        <p class="lead soon">{ "Fetching this page …" }</p>
                    }
                </div>
            </main>
        }
    }

    fn text(&self) -> Html {
        let Some(study) = self.study() else { return self.without_text() };
        let lesson = &study.lesson;
        let at = self.lessons.iter().position(|other| other.slug == lesson.slug);
        let next = at
            .and_then(|at| self.lessons.get(at + 1))
            .map(|next| Onward { title: next.title.clone().into(), route: Route::Lesson(next.slug.clone()) });
        html! { <LessonText lesson={lesson.clone()} tasks={study.tasks.clone()} answers={study.answers.clone()} {next} send={self.send.clone()} /> }
    }
}

/// A narrow window shows one client at a time: which one, is chosen here.
fn clients(panes: &[PaneView], send: &Send) -> Html {
    html! {
        <div class="clients" role="group" aria-label="Clients">
            { for panes.iter().map(|pane| {
                let id = pane.id;
                let show = send.reform(move |_: MouseEvent| Msg::Pane(id, PaneMsg::Focused));
                html! { <button key={id} aria-pressed={pane.active.to_string()} onclick={show}>{ pane.name.to_string() }</button> }
            }) }
        </div>
    }
}
