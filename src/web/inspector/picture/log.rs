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
            { beginning(&groups) }
            <Windowed open={open.clone()} count={log.len()} row={ROW} label="The entries of the stream" class="entries" draw={rows as fn(&Open, &Slice) -> Html} />
        </>
    }
}

fn legend(groups: &Groups) -> Html {
    let mut words = Vec::new();
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
                { for lanes.map(|(number, lane)| html! { <span class="consumer"><i class={format!("lane-{number}")}>{ initial(&lane.name) }</i>{ format!("{} {} · idle {}", lane.name, lane.pending, lane.idle) }</span> }) }
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

/// A lane is told by a letter as well as by its colour.
fn initial(name: &str) -> String {
    name.chars().next().map(String::from).unwrap_or_default()
}

/// What lies before the first entry: those that are gone, and the groups that have read nothing of what is here.
fn beginning(groups: &Groups) -> Html {
    if groups.gone == 0 && groups.at_beginning.is_empty() {
        return Html::default();
    }
    let style = ["--lanes:", &groups.lanes.len().to_string()].concat();
    let where_from = if groups.has_gaps { ": trimmed here, or deleted further down" } else { ": trimmed or deleted" };
    html! {
        <div class="entries beginning" {style}>
            <span class="at">{ if groups.gone > 0 { "before" } else { "" } }</span><span class={classes!("line", (groups.gone > 0).then_some("cut"))} />
            <span class="lanes" />
            <span class="pairs">if groups.gone > 0 { { text::counted(groups.gone as usize, "entry is gone", "entries are gone") }{ where_from } }</span>
            <span class="cursors">{ for groups.at_beginning.iter().map(|at| cursor(groups, *at)) }</span>
        </div>
    }
}

fn cursor(groups: &Groups, at: usize) -> Html {
    let group = &groups.groups[at];
    html! { <b class={classes!(group.fresh.then_some("fresh"))}>{ group.name.to_string() }</b> }
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
                        html! { <i class={format!("on lane-{number}")} title={held}>{ initial(&groups.lanes[number].name) }</i> }
                    }) }</span>
                    <span class="pairs">{ for entry.fields.iter().map(|(name, value)| html! { <><em>{ name.to_string() }</em>{ " " }{ value.to_string() }{ "  " }</> }) }</span>
                    <span class="cursors">{ for entry.cursors.iter().map(|at| cursor(&groups, *at)) }</span>
                </li>
            }) }
        </ol>
    }
}
