//! A sorted set: a ladder of ranks, each rung as long as its score.

use super::caption;
use crate::inspector::windowed::{Slice, Windowed};
use crate::timebar::percent;
use engine::Value;
use inspect::Open;
use inspect::picture::zset;
use std::rc::Rc;
use yew::prelude::*;

const ROW: usize = 32;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::SortedSet(members)) = &open.value else { return Html::default() };
    let words = if members.encoding() == "listpack" {
        "one piece of memory, members and scores by turns, in the order of the scores"
    } else {
        "a skip list in the order of the scores, and beside it a table from member to score"
    };
    html! {
        <>
            { caption(words.to_owned()) }
            <Windowed open={open.clone()} count={members.len()} row={ROW} label="The members in the order of their scores" class="rungs" draw={rows as fn(&Open, &Slice) -> Html} />
        </>
    }
}

fn rows(open: &Open, slice: &Slice) -> Html {
    let Some(Value::SortedSet(members)) = &open.value else { return Html::default() };
    let rungs = zset::rungs(members, &open.before, slice.range.clone());
    html! {
        <ol style={slice.style()}>
            { for rungs.into_iter().map(|rung| html! {
                <li key={rung.rank} class={classes!(rung.fresh.then_some("fresh"))}>
                    <span class="at">{ rung.rank }</span><span class="member">{ rung.member.to_string() }</span><span class="score">{ rung.score.to_string() }</span>
                    <span class="track" aria-hidden="true"><i style={["inline-size:", &percent(f64::from(rung.height) / 1000.0)].concat()} /></span>
                </li>
            }) }
        </ol>
    }
}
