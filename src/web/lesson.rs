//! A lesson as it is read: its text, its transcripts to run, its questions, and its tasks.

use crate::app::{Msg, Send};
use crate::colophon::colophon;
use crate::icon::Icon;
use crate::route::Route;
use crate::tasks::{TaskView, task};
use crate::terminal::open_script;
use course::Lesson;
use course::lesson::{Block, Choice};
use course::transcript::{Expected, Step, Transcript};
use std::rc::Rc;
use yew::prelude::*;

/// What the learner does to a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LessonMsg {
    /// Puts a command of the text into the prompt of the client with this name.
    Use {
        client: String,
        command: String,
    },
    /// Answers the question at this place among the blocks.
    Answer {
        block: usize,
        choice: usize,
    },
    Hint {
        task: usize,
    },
    Solution {
        task: usize,
    },
    StartOver,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Onward {
    pub title: AttrValue,
    pub route: Route,
}

#[derive(Properties, PartialEq)]
pub struct LessonProps {
    pub lesson: Rc<Lesson>,
    pub tasks: Vec<Rc<TaskView>>,
    /// The choices made so far: (block, choice).
    pub answers: Rc<Vec<(usize, usize)>>,
    pub next: Option<Onward>,
    pub send: Send,
}

#[component]
pub fn LessonText(props: &LessonProps) -> Html {
    let lesson = &props.lesson;
    let (number, chapter) = lesson.chapter_title();
    let done = !props.tasks.is_empty() && props.tasks.iter().all(|task| task.met);
    let ready = done || props.tasks.is_empty();
    html! {
        <article class="lesson">
            <nav class="crumb" aria-label="Where this lesson stands">
                <a href={Route::Lessons.href()}>{ format!("{number} {chapter}") }</a>
                <span aria-hidden="true">{ "·" }</span><span>{ format!("{} minutes", lesson.minutes) }</span>
            </nav>
            <h1 tabindex="-1">{ &lesson.title }</h1>
            { for lesson.blocks.iter().enumerate().map(|(index, block)| drawn(index, block, props)) }
            <p class="onward">
                if let Some(next) = &props.next {
                    <a class={classes!("next", ready.then_some("ready"))} href={next.route.href()}>{ format!("Next: {}", next.title) }{ Icon::Next.draw() }</a>
                } else {
                    <a class={classes!("next", ready.then_some("ready"))} href={Route::Lessons.href()}>{ "All lessons" }{ Icon::Next.draw() }</a>
                }
            </p>
            { colophon() }
        </article>
    }
}

fn drawn(index: usize, block: &Block, props: &LessonProps) -> Html {
    let send = &props.send;
    match block {
        Block::Prose { html } => prose(html),
        Block::Run { transcript } => run(transcript, send),
        Block::Why { title, body } => aside("why", "What happened", title, body, send),
        Block::Mistake { title, body } => aside("mistake", "What people believe", title, body, send),
        Block::Predict { title, html, choices, transcript } => {
            predict(index, title, html, choices, transcript, &props.answers, send)
        }
        Block::Task { index } => {
            let index = *index as usize;
            match (props.lesson.tasks.get(index), props.tasks.get(index)) {
                (Some(text), Some(view)) => task(index, text, view, send),
                _ => Html::default(),
            }
        }
    }
}

/// Text of ours that was made into HTML when the page was built.
pub fn prose(html: &str) -> Html {
    Html::from_html_unchecked(AttrValue::from(html.to_owned()))
}

fn aside(class: &'static str, label: &'static str, title: &str, body: &[Block], send: &Send) -> Html {
    html! {
        <section class={classes!("block", "aside-block", class)}>
            <p class="label">{ label }</p>
            <h2>{ without_quotes(title) }</h2>
            { for body.iter().map(|block| match block {
                Block::Prose { html } => prose(html),
                Block::Run { transcript } => run(transcript, send),
                _ => Html::default(),
            }) }
        </section>
    }
}

/// The label says that it is what people believe; then the quotes have nothing to add.
fn without_quotes(title: &str) -> String {
    let bare = title.trim().trim_matches('"').trim_matches(['“', '”']);
    let mut letters = bare.chars();
    letters
        .next()
        .map_or_else(String::new, |first| core::iter::once(first.to_ascii_uppercase()).chain(letters).collect())
}

/// A transcript to run: every command is a button that puts it into its client's prompt.
fn run(transcript: &str, send: &Send) -> Html {
    let Ok(transcript) = Transcript::parse(transcript) else {
        return html! { <pre class="plain">{ transcript.to_owned() }</pre> };
    };
    let named = transcript.lines.iter().any(|line| {
        matches!(&line.step,
        Step::Command { client, .. } | Step::Send { client, .. } | Step::Receive { client, .. } if client.name() != "a")
    });
    let debug = |text: &str| {
        let text = text.to_owned();
        send.reform(move |_: MouseEvent| open_script(&text))
    };
    let command = |name: &str, text: &str| {
        let (client, command) = (name.to_owned(), text.to_owned());
        let put = send.reform(move |_: MouseEvent| {
            Msg::Lesson(LessonMsg::Use { client: client.clone(), command: command.clone() })
        });
        html! {
            <>
            <button class="cmd" onclick={put}>
                if named { <span class="who">{ client_words(name) }</span> }
                <code>{ text.to_owned() }</code><span class="use">{ "put into the prompt" }</span>
            </button>
            if is_eval(text) {
                <button class="debug-it" onclick={debug(text)}>{ "Debug this script" }</button>
            }
            </>
        }
    };
    html! {
        <div class="run" role="group" aria-label="Commands to try">
            { for transcript.lines.iter().map(|line| match &line.step {
                Step::Command { client, text, reply } => html! { <>{ command(client.name(), text) }{ expected(reply) }</> },
                Step::Send { client, text } => command(client.name(), text),
                Step::Receive { client, reply } => html! { <><p class="wait">{ format!("{} hears", client_words(client.name())) }</p>{ expected(reply) }</> },
                Step::Pass { text, .. } => html! { <p class="wait">{ format!("after {text}") }</p> },
                Step::Comment(text) => html! { <p class="wait">{ text.trim().to_owned() }</p> },
                _ => Html::default(),
            }) }
        </div>
    }
}

fn is_eval(command: &str) -> bool {
    let name = command.split(' ').next().unwrap_or_default();
    name.eq_ignore_ascii_case("eval") || name.eq_ignore_ascii_case("eval_ro")
}

fn client_words(name: &str) -> String {
    format!("client {}", client_number(name))
}

/// Transcripts name clients by letters, the page by numbers.
pub fn client_number(name: &str) -> usize {
    match name.as_bytes() {
        [letter @ b'a'..=b'z'] => usize::from(letter - b'a') + 1,
        _ => 1,
    }
}

fn expected(reply: &Expected) -> Html {
    html! { if !reply.lines.is_empty() { <pre>{ reply.shown() }</pre> } }
}

/// A question. Wrong choices stay on view with the reason why; with the right one comes the transcript that proves it.
fn predict(
    block: usize,
    title: &str,
    html: &str,
    choices: &[Choice],
    transcript: &str,
    answers: &[(usize, usize)],
    send: &Send,
) -> Html {
    let chosen = |choice: usize| answers.contains(&(block, choice));
    let solved = choices.iter().enumerate().any(|(index, choice)| choice.right && chosen(index));
    html! {
        <section class="block aside-block predict">
            <p class="label">{ "Predict" }</p>
            <h2>{ without_quotes(title) }</h2>
            if !html.is_empty() { { prose(html) } }
            <div class="choices" role="group" aria-label="Choices">
                { for choices.iter().enumerate().map(|(index, choice)| {
                    if chosen(index) {
                        let (class, mark, said) = if choice.right { ("right", "✓", "Right. ") } else { ("wrong", "✗", "Not so. ") };
                        html! {
                            <div key={index} class={classes!("choice", class)} role="status">
                                <span class="mark" aria-hidden="true">{ mark }</span><div>{ prose(&choice.html) }</div>
                                <div class="because"><span class="visually-hidden">{ said }</span>{ prose(&choice.because) }</div>
                            </div>
                        }
                    } else if solved {
                        html! { <div key={index} class="choice"><span class="mark" aria-hidden="true" /><div>{ prose(&choice.html) }</div></div> }
                    } else {
                        let answer = send.reform(move |_: MouseEvent| Msg::Lesson(LessonMsg::Answer { block, choice: index }));
                        html! { <button key={index} class="choice" onclick={answer}><span class="mark" aria-hidden="true" /><span>{ prose(&choice.html) }</span></button> }
                    }
                }) }
            </div>
            if solved { { run(transcript, send) } }
        </section>
    }
}
