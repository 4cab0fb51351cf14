//! A key opened large: its value as a picture or a table, when it will change its encoding, and what was done to it.

use super::ring::ring;
use super::{picture, sheet, tell};
use crate::app::{Msg, Send};
use crate::icon::Icon;
use inspect::{InspectMsg, Open, text};
use std::rc::Rc;
use web_sys::HtmlElement;
use yew::prelude::*;

/// A function of its own, because a released page fetches what lies behind it when a key is first opened (`later.txt`).
#[inline(never)]
pub fn opened(open: &Rc<Open>, send: &Send) -> Html {
    html! { <Opened key={open.row.id.to_string()} open={open.clone()} send={send.clone()} /> }
}

#[derive(Properties)]
pub struct OpenedProps {
    pub open: Rc<Open>,
    pub send: Send,
}

impl PartialEq for OpenedProps {
    fn eq(&self, other: &OpenedProps) -> bool {
        self.open == other.open
    }
}

#[component]
pub fn Opened(props: &OpenedProps) -> Html {
    let OpenedProps { open, send } = props;
    let heading = use_node_ref();
    {
        let heading = heading.clone();
        use_effect_with((), move |()| {
            if let Some(heading) = heading.cast::<HtmlElement>() {
                let _ = heading.focus();
            }
        });
    }
    let onkeydown = {
        let send = send.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.prevent_default();
                send.emit(Msg::Inspect(InspectMsg::Close));
            }
        })
    };
    let row = &open.row;
    let gone = open.value.is_none();
    let read = {
        let line = open.reading.to_string();
        send.reform(move |_: MouseEvent| Msg::Put(line.clone()))
    };
    let state = if row.touched && !gone { "touched" } else { "" };
    html! {
        <div class={classes!("opened", row.kind, state)} {onkeydown}>
            <header>
                <button class="icon" aria-label="Back to all keys" title="Back to all keys (Esc)" onclick={tell(send, InspectMsg::Close)}>{ Icon::Back.draw() }</button>
                <h2 tabindex="-1" ref={heading}>{ row.name.to_string() }</h2>
                if gone {
                    <p class="facts">{ "is not there" }</p>
                } else {
                    <p class="facts">
                        <span class="type">{ row.kind_words() }</span><span>{ row.encoding }</span><span>{ row.size.to_string() }</span>
                        if row.bytes > 0 { <span>{ text::bytes(row.bytes) }{ change(open.gained) }</span> }
                    </p>
                    if let Some(life) = &row.life { <div class="life"><span>{ life.words.to_string() }</span>{ ring(life.left) }</div> }
                    <div class="toggles" role="group" aria-label="Picture">{ for lenses(open, send) }</div>
                }
            </header>
            <div class="stage">
                if gone {
                    <p class="empty">{ "There is no such key. What was done to it stands below; when it comes back, it is shown here." }</p>
                } else if open.sheet {
                    { sheet::draw(open) }
                } else {
                    { picture::draw(open) }
                }
            </div>
            <footer>
                if !open.meters.is_empty() { <ul class="meters" aria-label="Until the encoding changes">{ for open.meters.iter().map(meter) }</ul> }
                <div class="past">
                    { history(open, send) }
                    <button class="read" onclick={read} title="Put this command into the prompt">{ open.reading.to_string() }</button>
                </div>
            </footer>
        </div>
    }
}

/// Bytes more or less than before the last command.
pub fn change(gained: i64) -> Html {
    if gained == 0 {
        return Html::default();
    }
    let sign = if gained > 0 { " +" } else { " −" };
    html! { <em>{ [sign, &text::bytes(gained.unsigned_abs())].concat() }</em> }
}

fn lenses(open: &Rc<Open>, send: &Send) -> Vec<Html> {
    let several = open.lenses.len() > 1;
    let choice = |(at, lens): (usize, &inspect::Lens)| {
        let (lens, send) = (*lens, send.clone());
        let on = lens == open.lens && !open.sheet;
        let choose = Callback::from(move |_: MouseEvent| {
            send.emit(Msg::Inspect(InspectMsg::Sheet(false)));
            send.emit(Msg::Inspect(InspectMsg::Lens(lens)));
        });
        let words = if several { lens.words() } else { "Picture" };
        html! { <button key={at} class="toggle" aria-pressed={on.to_string()} onclick={choose}>{ words }</button> }
    };
    let mut choices: Vec<Html> = open.lenses.iter().enumerate().map(choice).collect();
    choices.push(html! { <button key="table" class="toggle" aria-pressed={open.sheet.to_string()} onclick={tell(send, InspectMsg::Sheet(true))}>{ "Table" }</button> });
    choices
}

fn meter(meter: &inspect::meter::Meter) -> Html {
    let style = ["inline-size:", &(meter.full / 10).to_string(), "%"].concat();
    html! {
        <li>
            <span class="gauge" aria-hidden="true"><i {style} class={classes!((meter.full >= 900).then_some("near"))} /></span>
            <span><b>{ meter.figures.to_string() }</b>{ ": " }{ meter.then.to_string() }</span>
        </li>
    }
}

/// The latest commands that named the key; a click puts one into the prompt.
fn history(open: &Open, send: &Send) -> Html {
    const SHOWN: usize = 30;
    let past = open.past();
    if past.is_empty() {
        return html! { <p class="quiet">{ "No command of yours has named this key." }</p> };
    }
    let earlier = past.len().saturating_sub(SHOWN);
    html! {
        <ol class="log-of-key" aria-label="Commands that named this key, the latest first" tabindex="0">
            { for past[earlier..].iter().rev().map(|past| {
                let line = past.line.to_string();
                let again = send.reform(move |_: MouseEvent| Msg::Put(line.clone()));
                html! { <li key={past.position}><button class={classes!(past.writes.then_some("writes"))} onclick={again}>{ past.line.to_string() }</button></li> }
            }) }
            if earlier > 0 { <li class="quiet">{ [&text::figure(earlier as u64), " earlier"].concat() }</li> }
        </ol>
    }
}
