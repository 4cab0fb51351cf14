//! A value at a glance: the beginning of its picture, in a line of the ledger.

use super::ring::ring;
use crate::timebar::percent;
use inspect::preview::{Pair, Part, Preview, Rung};
use inspect::text;
use yew::prelude::*;

pub fn draw(preview: &Preview) -> Html {
    match preview {
        Preview::Text { text, fresh, more } => html! {
            <div class="text">
                <span class={fresh_class("cell", *fresh)}>{ if text.is_empty() { "\"\"".to_owned() } else { text.to_string() } }</span>
                { rest(*more, " bytes more") }
            </div>
        },
        Preview::List { head, tail, hidden } => chain(head, tail, *hidden),
        Preview::Members { members, hidden } => html! {
            <div class="cells">
                { for members.iter().map(|part| html! { <span class={fresh_class("cell", part.fresh)}>{ part.text.to_string() }</span> }) }
                { rest(*hidden, " more") }
            </div>
        },
        Preview::Fields { fields, hidden } => html! {
            <div class="cells">{ for fields.iter().map(pair) }{ rest(*hidden, " more") }</div>
        },
        Preview::Ladder { rungs, hidden } => {
            html! { <><ol class="ladder">{ for rungs.iter().map(rung) }</ol>{ rest(*hidden, " more") }</> }
        }
    }
}

pub fn fresh_class(class: &'static str, fresh: bool) -> Classes {
    if fresh { classes!(class, "fresh") } else { classes!(class) }
}

fn rest(hidden: usize, words: &str) -> Html {
    if hidden == 0 {
        return Html::default();
    }
    html! { <small class="more">{ ["and ", &text::figure(hidden as u64), words].concat() }</small> }
}

fn chain(head: &[Part], tail: &[Part], hidden: usize) -> Html {
    let count = head.len() + tail.len();
    let cell = |index: usize, part: &Part| {
        let ends = classes!((index == 0).then_some("first"), (index + 1 == count).then_some("last"));
        html! { <span key={index} class={classes!("cell", ends, part.fresh.then_some("fresh"))}>{ part.text.to_string() }</span> }
    };
    html! {
        <div class="cells">
            <small class="end">{ "head" }</small>
            { for head.iter().enumerate().map(|(index, part)| cell(index, part)) }
            if hidden > 0 { <small class="more">{ [&text::figure(hidden as u64), " more"].concat() }</small> }
            { for tail.iter().enumerate().map(|(index, part)| cell(head.len() + index, part)) }
            <small class="end">{ "tail" }</small>
        </div>
    }
}

fn pair(field: &Pair) -> Html {
    html! {
        <dl class={fresh_class("pair", field.fresh)}>
            <dt>{ field.name.to_string() }</dt><dd>{ field.value.to_string() }</dd>
            if let Some(life) = &field.life { <dd class="life" title={life.words.to_string()}>{ ring(life.left) }</dd> }
        </dl>
    }
}

fn rung(rung: &Rung) -> Html {
    html! {
        <li class={classes!(rung.fresh.then_some("fresh"))}>
            <span class="rank">{ rung.rank }</span><span class="member">{ rung.member.to_string() }</span>
            <span class="score">{ rung.score.to_string() }</span>
            <span class="bar" style={["inline-size:", &percent(f64::from(rung.height) / 1000.0)].concat()} />
        </li>
    }
}
