//! All lessons by chapter, in any order, and the code that carries a learner's progress to another browser or to a teacher.

use crate::app::{Msg, Send, when};
use crate::colophon::colophon;
use crate::icon::Icon;
use crate::route::Route;
use course::Lesson;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What the list shows.
pub struct ContentsView<'a> {
    pub lessons: &'a [Rc<Lesson>],
    /// Slugs of the lessons whose tasks are all met.
    pub done: &'a [&'a str],
    pub code: String,
    /// The code that is being typed.
    pub typed: AttrValue,
    /// What came of the last attempt to read a code.
    pub said: AttrValue,
}

#[inline(never)]
pub fn contents(view: &ContentsView, send: &Send) -> Html {
    let chapters: Vec<&[Rc<Lesson>]> = view.lessons.chunk_by(|a, b| a.chapter() == b.chapter()).collect();
    let typed = when(send, |event: InputEvent| {
        let input: HtmlInputElement = event.target_dyn_into()?;
        Some(Msg::TypeCode(input.value()))
    });
    let read = send.reform(|event: SubmitEvent| {
        event.prevent_default();
        Msg::Import
    });
    let pick = Callback::from(|event: FocusEvent| {
        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
            input.select();
        }
    });
    let done = view.lessons.iter().filter(|lesson| view.done.contains(&lesson.slug.as_str())).count();
    html! {
        <main class="sheet" tabindex="-1" id="main">
            <div>
                <h1>{ "Lessons" }</h1>
                <p class="lead">{ "Start anywhere. Each one has a server of its own beside it, and checks what you did, not how you did it." }</p>
                { for chapters.into_iter().map(|lessons| chapter(lessons, view.done)) }
                <section class="pass" aria-label="Progress">
                    <h2>{ "Your progress" }</h2>
                    <p>{ format!("{done} of {} lessons done. It stays in this browser. To take it elsewhere, or to hand it in, copy this code:", view.lessons.len()) }</p>
                    <div class="row"><input readonly={true} aria-label="Your progress as a code" value={view.code.clone()} onfocus={pick} /></div>
                    <form class="row" onsubmit={read}>
                        <input value={view.typed.clone()} oninput={typed} aria-label="A code from elsewhere" placeholder="A code from elsewhere" autocapitalize="off" autocorrect="off" autocomplete="off" spellcheck="false" />
                        <button class="button">{ "Add it to mine" }</button>
                    </form>
                    <p role="status">{ view.said.clone() }</p>
                </section>
                { colophon() }
            </div>
        </main>
    }
}

fn chapter(lessons: &[Rc<Lesson>], done: &[&str]) -> Html {
    let Some((number, title)) = lessons.first().map(|lesson| lesson.chapter_title()) else {
        return Html::default();
    };
    html! {
        <section class="chapter" key={number}>
            <h2><span>{ format!("Chapter {number}") }</span>{ title }</h2>
            <ul>
                { for lessons.iter().map(|lesson| {
                    let met = done.contains(&lesson.slug.as_str());
                    html! {
                        <li key={lesson.slug.clone()} class={classes!(met.then_some("met"))}>
                            <a href={Route::Lesson(lesson.slug.clone()).href()}>
                                <span class="goal-mark" aria-hidden="true">{ Icon::Check.draw() }</span>
                                <span>{ &lesson.title }if met { <span class="visually-hidden">{ " (done)" }</span> }</span>
                                <span class="time">{ format!("{} min", lesson.minutes) }</span>
                            </a>
                        </li>
                    }
                }) }
            </ul>
        </section>
    }
}
