//! Beside the text: who called whom, what the variables hold, what the script replies.

use super::face::say;
use crate::app::Send;
use inspect::script::{Change, Part, Row, Scope, ScriptMsg, ScriptView, State};
use inspect::text::figure;
use yew::prelude::*;

pub fn beside(view: &ScriptView, client: u32, send: &Send) -> Html {
    html! {
        <div class="beside" tabindex="0" role="region" aria-label="Variables">
            if let Some(refused) = &view.refused { <p class="refused"><span aria-hidden="true">{ "✗ " }</span>{ refused.to_string() }</p> }
            if let Some(reply) = &view.reply {
                <h3>{ "Reply" }</h3>
                <pre class={classes!("reply", reply.failed.then_some("failed"))}>{ reply.text.to_string() }</pre>
            }
            { match view.state {
                State::Free => about(client),
                State::Ended => over(client, view.stale),
                State::Moving => html! { <p class="quiet">{ "It runs. Esc stops it where it is; the page goes on meanwhile." }</p> },
                State::Line | State::Breakpoint => html! { <>{ stack(view, send) }{ for view.scopes.iter().filter(|scope| !scope.rows.is_empty()).map(scope) }</> },
            } }
            { calls(view) }
        </div>
    }
}

fn about(client: u32) -> Html {
    html! {
        <div class="quiet">
            <p>{ format!("Debug goes through the script line by line, forwards and back, on a copy of the server, as client {client}. Nothing happens to your keys until you keep it.") }</p>
            <p>{ "Run gives it to the server at once, as an EVAL." }</p>
            <dl>
                <dt><kbd>{ "s" }</kbd></dt><dd>{ "step" }</dd><dt><kbd>{ "n" }</kbd></dt><dd>{ "over a call" }</dd><dt><kbd>{ "o" }</kbd></dt><dd>{ "out of it" }</dd>
                <dt><kbd>{ "c" }</kbd></dt><dd>{ "continue" }</dd><dt><kbd>{ "b" }</kbd></dt><dd>{ "back" }</dd><dt><kbd>{ "F9" }</kbd></dt><dd>{ "breakpoint" }</dd>
            </dl>
        </div>
    }
}

fn over(client: u32, stale: bool) -> Html {
    let keep = if stale {
        "The server has gone on since the script began: Keep runs it on what is there now, and something else may come of it."
            .to_owned()
    } else {
        format!("Keep runs it as client {client}'s EVAL, at the same moment, so the same happens.")
    };
    html! { <p class="quiet">{ "The keys on view are as the script leaves them on the copy. " }{ keep }{ " Discard forgets it; Back goes through it once more." }</p> }
}

/// Who called whom, innermost first. A click looks at the variables of that call.
fn stack(view: &ScriptView, send: &Send) -> Html {
    if view.stack.len() < 2 {
        return Html::default();
    }
    html! {
        <>
            <h3>{ "Calls" }</h3>
            <ol class="stack" aria-label="Calls, innermost first">
                { for view.stack.iter().enumerate().map(|(at, call)| {
                    let look = send.reform(move |_: MouseEvent| say(ScriptMsg::Call(at)));
                    html! { <li key={at}><button aria-pressed={call.chosen.to_string()} onclick={look}><code>{ call.name.to_string() }</code><span>{ format!("line {}", call.line) }</span></button></li> }
                }) }
            </ol>
        </>
    }
}

fn scope(scope: &Scope) -> Html {
    html! {
        <>
            <h3>{ scope.title }</h3>
            <ul class="variables" aria-label={scope.title}>{ for scope.rows.iter().map(|row| variable(row)) }</ul>
        </>
    }
}

fn variable(row: &Row) -> Html {
    let (class, said) = match row.change {
        Change::Same => ("", ""),
        Change::New => ("fresh", "new"),
        Change::Changed => ("fresh", "changed"),
    };
    html! {
        <li class={class}>{ named(&row.name, &row.value) }if !said.is_empty() { <small>{ said }</small> }</li>
    }
}

/// A table can be opened.
fn named(name: &str, value: &Part) -> Html {
    let words = html! { <><code class="name">{ name.to_owned() }</code><code class={classes!("value", value.kind.to_string())}>{ value.text.to_string() }</code></> };
    if value.parts.is_empty() {
        return words;
    }
    html! {
        <details>
            <summary>{ words }</summary>
            <ul>
                { for value.parts.iter().map(|(key, part)| html! { <li>{ named(key, part) }</li> }) }
                if value.hidden > 0 { <li class="quiet">{ format!("and {} more", figure(value.hidden as u64)) }</li> }
            </ul>
        </details>
    }
}

/// What the lines have called, for who cannot see it behind them.
fn calls(view: &ScriptView) -> Html {
    let told = view.lines.iter().enumerate().flat_map(|(at, line)| line.told.iter().map(move |told| (at + 1, told)));
    let words = |(line, told): (usize, &inspect::script::ToldView)| {
        format!("Line {line}: {}{}{}", told.command, if told.failed { " fails: " } else { " replies " }, told.reply)
    };
    let told: Vec<String> = told.map(words).collect();
    html! { if !told.is_empty() { <ul class="calls visually-hidden" aria-label="Commands called so far">{ for told.into_iter().map(|words| html! { <li>{ words }</li> }) }</ul> } }
}
