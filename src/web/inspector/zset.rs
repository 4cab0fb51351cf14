//! A sorted set is a ladder: every member stands on the rung that its score gives it.

use super::view::Rung;
use crate::timebar::percent;
use yew::prelude::*;

pub fn draw(rungs: &[Rung], hidden: usize) -> Html {
    html! {
        <>
            <ol class="ladder">
                { for rungs.iter().map(|rung| html! {
                    <li key={rung.member.to_string()} class={classes!(rung.fresh.then_some("fresh"))}>
                        <span class="rank">{ rung.rank }</span><span>{ rung.member.to_string() }</span>
                        <span class="score">{ rung.score.to_string() }</span>
                        <span class="bar" style={format!("inline-size:{}", percent(rung.height))} />
                    </li>
                }) }
            </ol>
            if hidden > 0 { <small class="more">{ format!("and {hidden} more") }</small> }
        </>
    }
}
