//! A stream: its entries on a line, the places that groups have reached, and in a lane for each consumer what it still holds.

use crate::inspector::windowed::{Slice, Windowed};
use engine::Value;
use inspect::picture::stream::{self, Groups};
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

const ROW: usize = 32;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::Stream(log)) = &open.value else { return Html::default() };
    let groups = stream::groups(log, &open.before, open.now);
    html! {
        <>
            { legend(&groups) }
            <Windowed open={open.clone()} count={log.len()} row={ROW} label="The entries of the stream" class="entries" draw={rows as fn(&Open, &Slice) -> Html} />
        </>
    }
}

fn legend(groups: &Groups) -> Html {
    let mut words = Vec::new();
    if groups.gone > 0 {
        words.push(html! { <li class="trimmed">{ text::counted(groups.gone as usize, "entry is gone", "entries are gone") }{ ": deleted or trimmed" }</li> });
    }
    const GROUPS: usize = 5;
    for (at, group) in groups.groups.iter().enumerate().take(GROUPS) {
        let behind = match group.behind {
            Some(0) => "has read all".to_owned(),
            Some(behind) => [&text::figure(behind.unsigned_abs()), " behind"].concat(),
            None => "behind by an unknown number".to_owned(),
        };
        let lanes = groups.lanes.iter().enumerate().filter(|(_, lane)| lane.group == at);
        words.push(html! {
            <li key={at} class={classes!(group.fresh.then_some("fresh"))}><b>{ group.name.to_string() }</b>{ " " }{ behind }{ ", " }{ group.pending }{ " pending" }
                { for lanes.map(|(number, lane)| html! { <span class="consumer"><i class={format!("lane-{number}")} />{ format!("{} {} · idle {}", lane.name, lane.pending, lane.idle) }</span> }) }
            </li>
        });
    }
    let more = groups.groups.len().saturating_sub(GROUPS);
    if more > 0 {
        words.push(html! { <li>{ text::counted(more, "more group", "more groups") }</li> });
    }
    if groups.hidden > 0 {
        words.push(html! { <li>{ text::counted(groups.hidden, "more consumer", "more consumers") }</li> });
    }
    if words.is_empty() {
        words.push(html! { <li>{ "no group reads this stream" }</li> });
    }
    html! { <ul class="caption log-groups">{ for words }</ul> }
}

fn rows(open: &Open, slice: &Slice) -> Html {
    let Some(Value::Stream(log)) = &open.value else { return Html::default() };
    let groups = stream::groups(log, &open.before, open.now);
    let entries = stream::entries(log, &open.before, &groups, slice.range.clone());
    let style = [&slice.style(), ";--lanes:", &groups.lanes.len().to_string()].concat();
    html! {
        <ol {style}>
            { for entries.into_iter().map(|entry| html! {
                <li key={entry.id.to_string()} class={classes!(entry.fresh.then_some("fresh"), (!entry.cursors.is_empty()).then_some("reached"))}>
                    <span class="at">{ entry.id.to_string() }</span><span class="line"><i /></span>
                    <span class="lanes">{ for entry.lanes.iter().enumerate().map(|(number, count)| {
                        if *count == 0 { return html! { <i /> } }
                        let held = ["held by ", &groups.lanes[number].name, ", delivered ", &text::counted(*count as usize, "time", "times")].concat();
                        html! { <i class={format!("on lane-{number}")} title={held} /> }
                    }) }</span>
                    <span class="pairs">{ for entry.fields.iter().map(|(name, value)| html! { <><em>{ name.to_string() }</em>{ " " }{ value.to_string() }{ "  " }</> }) }</span>
                    <span class="cursors">{ for entry.cursors.iter().map(|at| html! { <b class={classes!(groups.groups[*at].fresh.then_some("fresh"))}>{ groups.groups[*at].name.to_string() }</b> }) }</span>
                </li>
            }) }
        </ol>
    }
}
