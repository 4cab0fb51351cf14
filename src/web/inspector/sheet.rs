//! The text twin of a picture: a table with the same facts.

use super::windowed::{Slice, Windowed};
use inspect::Open;
use inspect::picture::sheet;
use std::rc::Rc;
use yew::prelude::*;

/// The height of a row, as in keyspace.css.
const ROW: usize = 30;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(source) = open.source() else { return Html::default() };
    let count = sheet::sheet(&source, open.lens).rows;
    html! { <Windowed open={open.clone()} {count} row={ROW} label="The value as a table" class="sheet" draw={rows as fn(&Open, &Slice) -> Html} /> }
}

fn rows(open: &Open, slice: &Slice) -> Html {
    let Some(source) = open.source() else { return Html::default() };
    let sheet = sheet::sheet(&source, open.lens);
    let space = |pixels: usize| {
        let style = ["block-size:", &pixels.to_string(), "px"].concat();
        html! { <tr class="space" aria-hidden="true" {style}><td colspan={sheet.head.len().to_string()} /></tr> }
    };
    let first = slice.range.start;
    html! {
        <table class="twin-table" aria-rowcount={(sheet.rows + 1).to_string()}>
            <thead><tr>{ for sheet.head.iter().map(|head| html! { <th scope="col">{ *head }</th> }) }<th scope="col">{ "Changed" }</th></tr></thead>
            <tbody>
                if slice.above > 0 { { space(slice.above) } }
                { for sheet::rows(&source, open.lens, slice.range.clone()).into_iter().enumerate().map(|(at, row)| html! {
                    <tr key={first + at} class={classes!(row.fresh.then_some("fresh"))} aria-rowindex={(first + at + 2).to_string()}>
                        { for row.cells.iter().map(|cell| html! { <td>{ cell.to_string() }</td> }) }
                        <td>{ if row.fresh { "just now" } else { "" } }</td>
                    </tr>
                }) }
                if slice.below > 0 { { space(slice.below) } }
            </tbody>
        </table>
    }
}
