//! The debugger as it is seen: what it is run with, the ways through it, the text, and what stands beside.

use super::ScriptAct;
use super::beside::beside;
use super::editor::Editor;
use crate::app::{Msg, Send, when};
use crate::bench::Bench;
use crate::icon::Icon;
use inspect::script::{Move, Script, ScriptMsg, ScriptView, State};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// What is drawn between the lesson's width and the keys, if a script is open.
#[inline(never)]
pub fn face(open: &RefCell<Script>, bench: &Bench, send: &Send) -> Html {
    let (view, client) = (open.borrow_mut().view(bench.world.moment()), bench.active);
    html! { <Face {view} {client} send={send.clone()} /> }
}

#[derive(Properties)]
struct FaceProps {
    view: Rc<ScriptView>,
    client: u32,
    send: Send,
}

// A view is made anew exactly when something of it has changed.
impl PartialEq for FaceProps {
    fn eq(&self, other: &FaceProps) -> bool {
        Rc::ptr_eq(&self.view, &other.view) && self.client == other.client
    }
}

pub fn say(msg: ScriptMsg) -> Msg {
    Msg::Script(ScriptAct::Say(msg))
}

#[component]
fn Face(props: &FaceProps) -> Html {
    let FaceProps { view, client, send } = props;
    let state = view.state;
    let onkeydown = {
        let line = view.line;
        when(send, move |event: KeyboardEvent| {
            let msg = message_of(&event, state, line)?;
            event.prevent_default();
            event.stop_propagation();
            Some(msg)
        })
    };
    html! {
        <section class={classes!("debugger", (state != State::Free).then_some("under-way"))} aria-label="Script debugger" {onkeydown}>
            <header>
                <h2>{ "Script" }</h2>
                { badge(view) }
                <div class="tools">
                    <button class="icon" aria-label="Close the debugger" title="Close the debugger" onclick={send.reform(|_: MouseEvent| Msg::Script(ScriptAct::Close))}>{ Icon::Close.draw() }</button>
                </div>
            </header>
            { fields(view, send) }
            { steps(view, *client, send) }
            <div class="work">
                <Editor view={view.clone()} send={send.clone()} />
                { beside(view, *client, send) }
            </div>
            <p class="visually-hidden" role="status">{ view.says.to_string() }</p>
        </section>
    }
}

fn badge(view: &ScriptView) -> Html {
    let (words, tone) = match view.state {
        State::Free => return Html::default(),
        State::Moving => ("runs …".to_owned(), "now"),
        State::Line => (format!("stands before line {}", view.line), "now"),
        State::Breakpoint => (format!("breakpoint, line {}", view.line), "now"),
        State::Ended if view.reply.as_ref().is_some_and(|reply| reply.failed) => ("failed".to_owned(), "bad"),
        State::Ended => ("over".to_owned(), ""),
    };
    html! { <><span class={classes!("badge", tone)}>{ words }</span><span class="where">{ "on a copy of the server, while the clock stands" }</span></> }
}

fn fields(view: &ScriptView, send: &Send) -> Html {
    let free = view.state == State::Free;
    let typed = |msg: fn(String) -> ScriptMsg| {
        when(send, move |event: InputEvent| {
            let input: HtmlInputElement = event.target_dyn_into()?;
            Some(say(msg(input.value())))
        })
    };
    let field = |name: &'static str,
                 label: &'static str,
                 value: &str,
                 example: &'static str,
                 oninput: Callback<InputEvent>| {
        html! {
            <label><span>{ name }</span>
                <input type="text" value={value.to_owned()} placeholder={example} readonly={!free} aria-label={label} {oninput}
                    autocapitalize="off" autocorrect="off" autocomplete="off" spellcheck="false" />
            </label>
        }
    };
    let read_only = when(send, |event: Event| {
        let input: HtmlInputElement = event.target_dyn_into()?;
        Some(say(ScriptMsg::ReadOnly(input.checked())))
    });
    html! {
        <div class="words">
            { field("KEYS", "Keys that the script is given", &view.keys, "none", typed(ScriptMsg::Keys)) }
            { field("ARGV", "Arguments that the script is given", &view.values, "none", typed(ScriptMsg::Values)) }
            <label class="check" title="EVAL_RO: a script that may only read"><input type="checkbox" checked={view.read_only} disabled={!free} onchange={read_only} /><span>{ "read only" }</span></label>
        </div>
    }
}

fn steps(view: &ScriptView, client: u32, send: &Send) -> Html {
    let state = view.state;
    let button = |words: &'static str,
                  key: &'static str,
                  title: &'static str,
                  enabled: bool,
                  class: &'static str,
                  msg: Msg| {
        let press = send.reform(move |_: MouseEvent| msg.clone());
        html! {
            <button class={classes!("step", class)} disabled={!enabled} title={title} onclick={press}>{ words }if !key.is_empty() { <kbd aria-hidden="true">{ key }</kbd> }</button>
        }
    };
    if state == State::Free {
        let debug = button(
            "Debug",
            "F8",
            "Go through the script line by line (F8 or Ctrl-Enter)",
            true,
            "first",
            say(ScriptMsg::Begin),
        );
        let run = button("Run", "", "Give it to the server as an EVAL", true, "", Msg::Script(ScriptAct::Run));
        return html! {
            <div class="steps" role="group" aria-label="Begin">
                { debug }{ run }
                <span class="hint">{ format!("as client {client}. A click on a line's number, or F9, sets a breakpoint.") }</span>
            </div>
        };
    }
    let stands = matches!(state, State::Line | State::Breakpoint);
    let moved = |to: Move| say(ScriptMsg::Move(to));
    let deep = view.stack.len() > 1;
    let scrub = when(send, |event: InputEvent| {
        let input: HtmlInputElement = event.target_dyn_into()?;
        Some(say(ScriptMsg::Move(Move::To(input.value().parse().ok()?))))
    });
    let place = if state == State::Ended {
        format!("after {} lines", view.position.saturating_sub(1))
    } else {
        format!("line {} of {} that ran", view.position, view.reached)
    };
    html! {
        <div class="steps" role="group" aria-label="Go through the script">
            { button("Back", "b", "To the line before, as it was (b)", state != State::Moving && view.position > 1, "", say(ScriptMsg::Back)) }
            { button("Step", "s", "To the next line, also into a function (s or F11)", stands, "first", moved(Move::Step)) }
            { button("Over", "n", "To the next line, over function calls (n or F10)", stands, "", moved(Move::Over)) }
            { button("Out", "o", "Back to whoever called this function (o or Shift-F11)", stands && deep, "", moved(Move::Out)) }
            { button("Continue", "c", "To the next breakpoint (c or F8)", stands, "", moved(Move::Continue)) }
            { button("To the end", "e", "To the end, whatever stands in the way (e)", stands, "", moved(Move::End)) }
            <label class="ran"><span class="visually-hidden">{ "Lines as they ran" }</span>
                <input type="range" min="1" max={view.reached.max(2).to_string()} value={view.position.to_string()} disabled={view.reached < 2}
                    aria-valuetext={place.clone()} oninput={scrub} />
                <span aria-hidden="true">{ place }</span>
            </label>
            <span class="decide">
                if state == State::Moving {
                    { button("Stop", "Esc", "Stop it where it is (Esc)", true, "first", say(ScriptMsg::Halt)) }
                } else {
                    { button("Keep", "k", "Run it on the server itself, as the EVAL that it is (k)", true, if state == State::Ended { "first" } else { "" }, Msg::Script(ScriptAct::Run)) }
                }
                { button("Discard", "a", "End here: nothing of it has happened (a)", true, "", say(ScriptMsg::Discard)) }
            </span>
        </div>
    }
}

/// The letters are those of redis-cli's debugger, as far as it has them. They work while the text cannot be changed.
fn message_of(event: &KeyboardEvent, state: State, line: u32) -> Option<Msg> {
    let key = event.key();
    let control = event.ctrl_key() || event.meta_key();
    if event.alt_key() {
        return None;
    }
    if key == "F9" {
        let at = super::editor::caret_line(event).unwrap_or(line);
        return Some(say(ScriptMsg::Breakpoint(at)));
    }
    let stands = matches!(state, State::Line | State::Breakpoint);
    let to = |to: Move| stands.then(|| say(ScriptMsg::Move(to)));
    let key = key.as_str();
    if state == State::Free {
        let begins = if control { key == "Enter" } else { key == "F8" };
        return begins.then(|| say(ScriptMsg::Begin));
    }
    if key == "Escape" && state != State::Moving {
        // The text lets go of the focus, and the next Tab goes on from here.
        let _ = event.target_dyn_into::<HtmlElement>()?.blur();
        return None;
    }
    match key {
        _ if control => None,
        "F11" if event.shift_key() => to(Move::Out),
        _ if event.shift_key() => None,
        "F8" | "c" => to(Move::Continue),
        "F10" | "n" => to(Move::Over),
        "F11" | "s" => to(Move::Step),
        "o" => to(Move::Out),
        "e" => to(Move::End),
        "b" if state != State::Moving => Some(say(ScriptMsg::Back)),
        "k" if state != State::Moving => Some(Msg::Script(ScriptAct::Run)),
        "a" => Some(say(ScriptMsg::Discard)),
        "Escape" => Some(say(ScriptMsg::Halt)),
        _ => None,
    }
}
