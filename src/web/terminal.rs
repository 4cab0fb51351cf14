//! A client's pane: what it said and heard, and the line it is typing.
//!
//! The line is a real `<input>`, so that phones, screen readers and input methods work; its own text is transparent, and the same
//! text lies over it in the colours of the grammar. Tab leaves the field unless there is something to complete.

use crate::app::{Msg, Send, when};
use crate::icon::Icon;
use crate::script::ScriptAct;
use crate::standing::{Standing, standing};
use std::rc::Rc;
use web_sys::{Element, HtmlInputElement, window};
use yew::prelude::*;

#[derive(Clone, Debug, PartialEq)]
pub struct PaneView {
    pub id: u32,
    pub name: Rc<str>,
    pub active: bool,
    pub closable: bool,
    /// What the client is in the middle of.
    pub standing: Standing,
    pub entries: Vec<Rc<Entry>>,
    pub prompt: Rc<str>,
    pub text: AttrValue,
    /// Where the caret goes when the text was not typed, in UTF-16 units.
    pub caret: u32,
    /// Counts the times that the text was changed otherwise than by typing.
    pub revision: u32,
    /// The text as the grammar sees it.
    pub spans: Vec<Span>,
    pub ghost: Rc<str>,
    pub about: About,
    pub can_complete: bool,
    /// The line is a script that the debugger could take over.
    pub is_script: bool,
    /// A search or a completion is under way.
    pub held: bool,
    /// Whether the client waits for its reply and takes no line.
    pub busy: bool,
    /// Counts the times that the input should take the focus.
    pub focus: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    pub text: Rc<str>,
    pub tone: &'static str,
}

/// A line that was given, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: u64,
    pub prompt: Rc<str>,
    pub input: Vec<Span>,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub class: &'static str,
    pub spans: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub class: &'static str,
    pub text: Rc<str>,
}

/// The line below the prompt.
#[derive(Clone, Debug, PartialEq)]
pub enum About {
    Nothing,
    /// The argument that comes now, what may follow, and facts about the command.
    Argument {
        now: Rc<str>,
        rest: Rc<str>,
        facts: Vec<Rc<str>>,
    },
    Offers {
        words: Vec<Rc<str>>,
        chosen: Option<usize>,
    },
    /// An earlier line that a search has found.
    Found {
        before: Rc<str>,
        hit: Rc<str>,
        after: Rc<str>,
    },
    Note(Rc<str>),
    Waiting(Rc<str>),
    /// The part of the program that the line needs is on its way.
    Fetching,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaneMsg {
    Focused,
    Typed { text: String, caret: usize },
    Caret(usize),
    Submit,
    Complete { back: bool },
    Older,
    Newer,
    Search,
    Escape,
    Interrupt,
    Clear,
    Undo,
    Redo,
    Close,
}

#[derive(Properties, PartialEq)]
pub struct PaneProps {
    pub view: PaneView,
    /// Whether this pane carries the button for another client.
    pub last: bool,
    pub send: Send,
}

/// What was on view when the page was last painted.
#[derive(Default)]
pub struct Pane {
    input: NodeRef,
    scroll: NodeRef,
    paint: NodeRef,
    focus: u32,
    revision: u32,
    entry: Option<Rc<Entry>>,
    active: bool,
}

impl Component for Pane {
    type Message = ();
    type Properties = PaneProps;

    fn create(_: &Context<Self>) -> Pane {
        Pane::default()
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.draw(ctx.props())
    }

    /// What the browser keeps itself follows what is on view: focus, text and caret of the field, and the ends of what scrolls.
    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        let view = &ctx.props().view;
        let Some(input) = self.input.cast::<HtmlInputElement>() else { return };
        if self.focus != view.focus {
            self.focus = view.focus;
            let _ = input.focus();
        }
        if self.revision != view.revision {
            self.revision = view.revision;
            // Between two paints much may be typed and taken: the field itself is asked, not what was last painted.
            if input.value() != *view.text {
                input.set_value(&view.text);
            }
            let _ = input.set_selection_range(view.caret, view.caret);
            input.set_scroll_left(input.scroll_width());
        }
        follow(&input, &self.paint);
        let newest = view.entries.last().cloned();
        // In a narrow window a pane that is not active is not there, and does not scroll.
        let comes = !core::mem::replace(&mut self.active, view.active) && view.active;
        if let Some(scroll) = self.scroll.cast::<Element>()
            && (comes || newest != self.entry || !view.text.is_empty())
        {
            scroll.set_scroll_top(scroll.scroll_height());
        }
        self.entry = newest;
    }
}

/// The coloured text scrolls with the field that it lies over.
fn follow(input: &HtmlInputElement, paint: &NodeRef) {
    if let Some(paint) = paint.cast::<web_sys::HtmlElement>() {
        let _ = paint.style().set_property("transform", &format!("translateX(-{}px)", input.scroll_left()));
    }
}

impl Pane {
    fn draw(&self, props: &PaneProps) -> Html {
        let view = &props.view;
        let id = view.id;
        let say = move |msg: PaneMsg| Msg::Pane(id, msg);
        let submit = props.send.reform(move |event: SubmitEvent| {
            event.prevent_default();
            say(PaneMsg::Submit)
        });
        let typed = when(&props.send, move |event: InputEvent| {
            let input: HtmlInputElement = event.target_dyn_into()?;
            Some(say(PaneMsg::Typed { text: input.value(), caret: caret_of(&input) }))
        });
        let moved = {
            let text = view.text.clone();
            when(&props.send, move |event: Event| {
                let input: HtmlInputElement = event.target_dyn_into()?;
                (input.value() == *text).then(|| say(PaneMsg::Caret(caret_of(&input))))
            })
        };
        let key = {
            let (empty, held, can_complete) = (view.text.is_empty(), view.held, view.can_complete);
            let input_ref = self.input.clone();
            when(&props.send, move |event: KeyboardEvent| {
                // Esc gives up a search or a completion; otherwise it releases the field, and the next Tab goes on from here.
                if event.key() == "Escape"
                    && !held
                    && let Some(input) = input_ref.cast::<HtmlInputElement>()
                {
                    let _ = input.blur();
                }
                let msg = key_message(&event, empty, held, can_complete)?;
                event.prevent_default();
                Some(say(msg))
            })
        };
        let grasp = {
            let input_ref = self.input.clone();
            Callback::from(move |_: MouseEvent| {
                let selecting = window()
                    .and_then(|window| window.get_selection().ok()?)
                    .is_some_and(|selection| !selection.is_collapsed());
                if !selecting && let Some(input) = input_ref.cast::<HtmlInputElement>() {
                    let _ = input.focus();
                }
            })
        };
        let scrolled = {
            let (input, paint) = (self.input.clone(), self.paint.clone());
            Callback::from(move |_: Event| {
                if let Some(input) = input.cast::<HtmlInputElement>() {
                    follow(&input, &paint);
                }
            })
        };
        let field = format!("line-{id}");
        let about = format!("about-{id}");
        let (host, rest) = view.prompt.rsplit_once('>').map_or((&*view.prompt, ""), |(host, _)| (host, "> "));
        html! {
            <section class={classes!("pane", view.active.then_some("active"))} aria-label={view.name.to_string()}>
                <header>
                    <h2><i aria-hidden="true" />{ view.name.to_string() }</h2>
                    { for view.standing.badges.iter().map(|badge| html! { <span key={badge.text.to_string()} class={classes!("badge", badge.tone)}>{ badge.text.to_string() }</span> }) }
                    <div class="tools">
                        if props.last {
                            <button class="word" title="Write, run and debug a Lua script" onclick={props.send.reform(|_: MouseEvent| open_script(""))}>{ "Script" }</button>
                            <button class="word" onclick={props.send.reform(|_: MouseEvent| Msg::NewClient)}>{ "New client" }</button>
                        }
                        if view.closable {
                            <button class="icon" onclick={props.send.reform(move |_: MouseEvent| say(PaneMsg::Close))}
                                aria-label={format!("Close {}", view.name)} title={format!("Close {}", view.name)}>{ Icon::Close.draw() }</button>
                        }
                    </div>
                </header>
                <div class="scroll" ref={self.scroll.clone()} onclick={grasp}>
                    <div class="log" role="log" aria-label={format!("Transcript of {}", view.name)}>
                        { for view.entries.iter().map(|entry| html! { <Said key={entry.id} entry={entry.clone()} /> }) }
                    </div>
                    if view.entries.is_empty() && view.active {
                        <p class="welcome">{ "A Redis server, wholly inside this page. Type a command, or click one in the text." }<br />
                            <kbd>{ "Tab" }</kbd>{ " completes, " }<kbd>{ "↑" }</kbd>{ " brings back, " }<kbd>{ "Ctrl-Z" }</kbd>{ " on an empty line takes back." }</p>
                    }
                    { standing(&view.standing) }
                    <form class="ask" onsubmit={submit}>
                        <label class="prompt live" for={field.clone()} aria-hidden="true"><span class="host">{ host }</span>{ rest }</label>
                        <div class="field">
                            <div class="paint" ref={self.paint.clone()} aria-hidden="true">
                                { spans(&view.spans) }
                                <span class="ghost">{ view.ghost.to_string() }</span>
                            </div>
                            <input id={field} ref={self.input.clone()} type="text" value={view.text.clone()} readonly={view.busy}
                                autocapitalize="off" autocorrect="off" autocomplete="off" spellcheck="false" enterkeyhint="send" aria-label={format!("Redis command, {}", view.name)} aria-describedby={about.clone()}
                                oninput={typed} onkeydown={key} onselect={moved} onscroll={scrolled}
                                onfocus={props.send.reform(move |_: FocusEvent| say(PaneMsg::Focused))} />
                        </div>
                    </form>
                    <div id={about} class={classes!("about", matches!(view.about, About::Waiting(_) | About::Fetching).then_some("busy"))}>{ about_words(&view.about) }
                        if view.is_script { { debug_this(&view.text, &props.send) } }
                        if matches!(view.about, About::Waiting(_) | About::Fetching) {
                            <button class={classes!("give-up", (view.about == About::Fetching).then_some("soon"))} onclick={props.send.reform(move |_: MouseEvent| say(PaneMsg::Interrupt))}>{ "Give up" }</button>
                        }
                    </div>
                </div>
            </section>
        }
    }
}

pub fn open_script(line: &str) -> Msg {
    Msg::Script(ScriptAct::Open(line.to_owned()))
}

fn debug_this(line: &AttrValue, send: &Send) -> Html {
    let line = line.clone();
    html! { <button class="give-up" onclick={send.reform(move |_: MouseEvent| open_script(&line))}>{ "Debug this script" }</button> }
}

pub fn spans(spans: &[Span]) -> Html {
    let draw = |span: &Span| {
        if span.class.is_empty() {
            html! { { span.text.to_string() } }
        } else {
            html! { <span class={span.class}>{ span.text.to_string() }</span> }
        }
    };
    spans.iter().map(draw).collect()
}

fn about_words(about: &About) -> Html {
    match about {
        About::Nothing => Html::default(),
        About::Argument { now, rest, facts } => html! {
            <>
                if !now.is_empty() { <b>{ now.to_string() }</b>{ " " } }
                { rest.to_string() }
                { for facts.iter().enumerate().map(|(index, fact)| html! {
                    <>if index > 0 || !now.is_empty() || !rest.is_empty() { <span class="sep" aria-hidden="true">{ "·" }</span> }{ fact.to_string() }</>
                }) }
            </>
        },
        About::Offers { words, chosen } => html! {
            <ul class="offers">
                { for words.iter().enumerate().map(|(index, word)| html! { <li class={(*chosen == Some(index)).then_some("on")}>{ word.to_string() }</li> }) }
            </ul>
        },
        About::Found { before, hit, after } => html! {
            <span class="found">{ before.to_string() }<span class="hit">{ hit.to_string() }</span>{ after.to_string() }</span>
        },
        About::Note(text) | About::Waiting(text) => html! { { text.to_string() } },
        About::Fetching => {
            html! { <span class="soon">{ "Fetching the rest of the server, once. Ctrl-C gives up." }</span> }
        }
    }
}

#[derive(Properties, PartialEq)]
struct SaidProps {
    entry: Rc<Entry>,
}

/// How many lines of a reply are shown before it is folded.
const FOLD: usize = 120;

#[component]
fn Said(props: &SaidProps) -> Html {
    let entry = &props.entry;
    let (shown, folded) =
        if entry.lines.len() <= FOLD + 10 { (&*entry.lines, &[][..]) } else { entry.lines.split_at(FOLD) };
    let line = |line: &Line| html! { <div class={line.class}>{ spans(&line.spans) }</div> };
    html! {
        <div class="entry">
            if !entry.prompt.is_empty() || !entry.input.is_empty() {
                <div><span class="prompt">{ entry.prompt.to_string() }</span>{ spans(&entry.input) }</div>
            }
            { for shown.iter().map(line) }
            if !folded.is_empty() {
                <details class="fold"><summary>{ format!("{} more lines", folded.len()) }</summary>{ for folded.iter().map(line) }</details>
            }
        </div>
    }
}

/// The caret counted in bytes of UTF-8, as the rest of the program counts; the browser counts UTF-16 units.
fn caret_of(input: &HtmlInputElement) -> usize {
    let units = input.selection_end().ok().flatten().unwrap_or(u32::MAX) as usize;
    let text = input.value();
    let mut seen = 0;
    for (index, letter) in text.char_indices() {
        if seen >= units {
            return index;
        }
        seen += letter.len_utf16();
    }
    text.len()
}

fn key_message(event: &KeyboardEvent, empty: bool, held: bool, can_complete: bool) -> Option<PaneMsg> {
    let command = event.ctrl_key() || event.meta_key();
    let key = event.key();
    Some(match key.as_str() {
        "Tab" if can_complete && !command && !event.alt_key() => PaneMsg::Complete { back: event.shift_key() },
        "ArrowUp" => PaneMsg::Older,
        "ArrowDown" => PaneMsg::Newer,
        "Escape" if held => PaneMsg::Escape,
        "z" if command && empty && !event.shift_key() => PaneMsg::Undo,
        "y" if command && empty => PaneMsg::Redo,
        "Z" if command && empty => PaneMsg::Redo,
        "r" if event.ctrl_key() && !event.shift_key() => PaneMsg::Search,
        "l" if event.ctrl_key() => PaneMsg::Clear,
        "p" if event.ctrl_key() => PaneMsg::Older,
        "n" if event.ctrl_key() => PaneMsg::Newer,
        "c" if event.ctrl_key() && nothing_selected(event) => PaneMsg::Interrupt,
        _ => return None,
    })
}

fn nothing_selected(event: &KeyboardEvent) -> bool {
    event
        .target_dyn_into::<HtmlInputElement>()
        .is_none_or(|input| input.selection_start().ok().flatten() == input.selection_end().ok().flatten())
        && window()
            .and_then(|window| window.get_selection().ok()?)
            .is_none_or(|selection| String::from(selection.to_string()).is_empty())
}
