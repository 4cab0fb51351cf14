//! The script's text: a `<textarea>`, so that its undo, input methods and screen readers work as everywhere; its own letters are
//! transparent, and the same letters lie under it in the colours of Lua, with the numbers of the lines before them and what the lines
//! have called behind them.
//!
//! Both are as large as the text, and what scrolls is around them, so they cannot come apart.

use super::face::say;
use crate::app::{Send, when};
use inspect::script::{LineView, Look, ScriptMsg, ScriptView, State, ToldView};
use std::rc::Rc;
use web_sys::{HtmlElement, HtmlTextAreaElement};
use yew::prelude::*;

#[derive(Properties)]
pub struct EditorProps {
    pub view: Rc<ScriptView>,
    pub send: Send,
}

impl PartialEq for EditorProps {
    fn eq(&self, other: &EditorProps) -> bool {
        Rc::ptr_eq(&self.view, &other.view)
    }
}

/// What was on view when the page was last painted.
#[derive(Default)]
pub struct Editor {
    scroll: NodeRef,
    text: NodeRef,
    current: NodeRef,
    revision: Option<u32>,
    position: u64,
    state: Option<State>,
}

impl Component for Editor {
    type Message = ();
    type Properties = EditorProps;

    fn create(_: &Context<Self>) -> Editor {
        Editor::default()
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.draw(&ctx.props().view, &ctx.props().send)
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        let view = &ctx.props().view;
        let Some(text) = self.text.cast::<HtmlTextAreaElement>() else { return };
        // What is typed is in the field already; setting it again would cost the field its undo.
        if self.revision != Some(view.revision) && text.value() != *view.text {
            text.set_value(&view.text);
            let _ = text.set_selection_range(0, 0);
        }
        let before = self.state.replace(view.state);
        // The debugger is opened, or a script begins or is over: the keys that go through it are heard by the text.
        let free = |state: State| state == State::Free;
        if self.revision != Some(view.revision) || before.is_some_and(|before| free(before) != free(view.state)) {
            let _ = text.focus();
        }
        self.revision = Some(view.revision);
        if self.position != view.position {
            self.position = view.position;
            self.show_current();
        }
    }
}

impl Editor {
    /// The line that comes next is on view, with a line around it.
    fn show_current(&self) {
        let (Some(line), Some(scroll)) = (self.current.cast::<HtmlElement>(), self.scroll.cast::<HtmlElement>()) else {
            return;
        };
        let (top, height) = (line.offset_top(), line.offset_height());
        if top - height < scroll.scroll_top() {
            scroll.set_scroll_top(top - height);
        } else if top + 2 * height > scroll.scroll_top() + scroll.client_height() {
            scroll.set_scroll_top(top + 2 * height - scroll.client_height());
        }
    }

    fn draw(&self, view: &Rc<ScriptView>, send: &Send) -> Html {
        let free = view.state == State::Free;
        let typed = when(send, |event: InputEvent| {
            let text: HtmlTextAreaElement = event.target_dyn_into()?;
            Some(say(ScriptMsg::Text(text.value())))
        });
        let digits = ["--digits:", &view.lines.len().to_string().len().max(2).to_string()].concat();
        html! {
            <div class="code" ref={self.scroll.clone()} style={digits}>
                <div class="numbers" role="group" aria-label="Breakpoints">
                    { for view.lines.iter().enumerate().map(|(at, line)| number(at as u32 + 1, line, send)) }
                </div>
                <div class="text">
                    <div class="paint" aria-hidden="true">
                        { for view.lines.iter().enumerate().map(|(at, line)| {
                            let here = if line.current { self.current.clone() } else { NodeRef::default() };
                            html! { <div key={at} ref={here} class={class_of(line)}>{ for line.pieces.iter().map(|piece| paint(piece.look, &piece.text)) }{ behind(line) }</div> }
                        }) }
                    </div>
                    <textarea ref={self.text.clone()} aria-label="Lua script" readonly={!free} oninput={typed} wrap="off"
                        autocapitalize="off" autocorrect="off" autocomplete="off" spellcheck="false" />
                </div>
            </div>
        }
    }
}

fn class_of(line: &LineView) -> Classes {
    classes!(
        "line",
        line.current.then_some("current"),
        (line.waits && !line.current).then_some("waits"),
        line.breakpoint.then_some("breakpoint"),
        line.error.is_some().then_some("faulty")
    )
}

/// A line's number. The signs before it say the same as the colours: → comes next, ↳ waits for a call, ● breakpoint, ✗ failed.
fn number(line: u32, view: &LineView, send: &Send) -> Html {
    let toggle = send.reform(move |_: MouseEvent| say(ScriptMsg::Breakpoint(line)));
    let sign = if view.current {
        "→"
    } else if view.error.is_some() {
        "✗"
    } else if view.waits {
        "↳"
    } else {
        ""
    };
    let next = if view.current { ", comes next" } else { "" };
    html! {
        <button key={line} class={class_of(view)} tabindex="-1" aria-pressed={view.breakpoint.to_string()} aria-label={format!("Breakpoint at line {line}{next}")} onclick={toggle}>
            <i>{ if view.breakpoint { "●" } else { "" } }</i><b>{ sign }</b>{ line }
        </button>
    }
}

fn paint(look: Look, text: &str) -> Html {
    let class = match look {
        Look::Plain => return html! { { text.to_owned() } },
        Look::Keyword => "l-keyword",
        Look::Constant | Look::Number => "l-number",
        Look::String => "l-string",
        Look::Comment => "l-comment",
        Look::Redis => "l-redis",
        Look::Words => "l-words",
        Look::Library => "l-library",
    };
    html! { <span {class}>{ text.to_owned() }</span> }
}

/// What a line has called, at its end.
fn behind(line: &LineView) -> Html {
    html! {
        <>
            { for line.told.iter().map(told) }
            if let Some(more) = &line.more { <span class="told more">{ more.to_string() }</span> }
            if let Some(error) = &line.error { <span class="told failed">{ "✗ " }{ error.to_string() }</span> }
        </>
    }
}

/// The reply comes first: what was called stands in the line already, as far as it is not put together there.
fn told(told: &ToldView) -> Html {
    let sign = if told.failed { "✗ " } else { "→ " };
    html! {
        <span class={classes!("told", told.failed.then_some("failed"))}>
            if !told.command.is_empty() { { sign } }{ told.reply.to_string() }
            if !told.command.is_empty() { <span class="called">{ told.command.to_string() }</span> }
        </span>
    }
}

/// The line that the caret of the text is in, if that is where the event comes from.
pub fn caret_line(event: &KeyboardEvent) -> Option<u32> {
    let text: HtmlTextAreaElement = event.target_dyn_into()?;
    let caret = text.selection_start().ok().flatten()? as usize;
    let before = text.value().encode_utf16().take(caret).filter(|unit| *unit == u16::from(b'\n')).count();
    Some(before as u32 + 1)
}
