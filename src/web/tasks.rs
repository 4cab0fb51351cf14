//! A task: its goal in words, whether it is met, and if not, what differs.

use crate::app::{Msg, Send};
use crate::icon::Icon;
use crate::lesson::{LessonMsg, prose};
use yew::prelude::*;

/// How a task stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskView {
    pub met: bool,
    /// What differs from the goal; only once the learner has begun, and only for the task that is next.
    pub differs: Vec<Differs>,
    /// Rules that were not kept.
    pub broken: Vec<String>,
    /// How many hints were asked for.
    pub hints: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    pub asked: String,
    pub wanted: String,
    pub has: String,
}

pub fn task(task: usize, text: &course::lesson::Task, view: &TaskView, send: &Send) -> Html {
    let act = |msg: LessonMsg| send.reform(move |_: MouseEvent| Msg::Lesson(msg.clone()));
    let shown = view.hints.min(text.hints.len());
    html! {
        <section class={classes!("block", "task", view.met.then_some("met"))}>
            <h2><span class="goal-mark" aria-hidden="true">{ Icon::Check.draw() }</span>
                <span>{ &text.title }<span class="visually-hidden">{ if view.met { " (done)" } else { " (to do)" } }</span></span></h2>
            { prose_in(&text.html) }
            <div role="status" class="outcome">
                if view.met {
                    if text.done.is_empty() { <p class="well">{ "Done." }</p> } else { <div class="well">{ prose(&text.done) }</div> }
                } else if !view.differs.is_empty() || !view.broken.is_empty() {
                    <div class="differs">
                        { for view.differs.iter().enumerate().map(|(index, differs)| html! {
                            <dl key={index}>
                                <dt>{ "asked" }</dt><dd>{ &differs.asked }</dd>
                                <dt>{ "wanted" }</dt><dd>{ &differs.wanted }</dd>
                                <dt>{ "you have" }</dt><dd class="has">{ &differs.has }</dd>
                            </dl>
                        }) }
                        { for view.broken.iter().enumerate().map(|(index, broken)| html! { <dl key={format!("rule{index}")}><dt>{ "rule" }</dt><dd class="has">{ broken }</dd></dl> }) }
                    </div>
                }
            </div>
            if shown > 0 && !view.met {
                <ol class="hints">{ for text.hints.iter().take(shown).enumerate().map(|(index, hint)| html! { <li key={index}>{ prose(hint) }</li> }) }</ol>
            }
            if !view.met {
                <div class="acts">
                    if shown < text.hints.len() {
                        <button onclick={act(LessonMsg::Hint { task })}>{ format!("Hint {} of {}", shown + 1, text.hints.len()) }</button>
                    }
                    <button onclick={act(LessonMsg::Solution { task })}>{ "Put the solution into the prompt" }</button>
                    <button onclick={act(LessonMsg::StartOver)}>{ "Start over" }</button>
                </div>
            }
        </section>
    }
}

fn prose_in(html: &str) -> Html {
    html! { <div class="block">{ prose(html) }</div> }
}
