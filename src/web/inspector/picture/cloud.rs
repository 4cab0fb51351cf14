//! A vector set in two dimensions: what is alike lies close together.

use super::{caption, place};
use engine::Value;
use inspect::picture::vector;
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

/// Beyond so many names they would cover each other.
const NAMED: usize = 24;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::VectorSet(set)) = &open.value else { return Html::default() };
    let cloud = vector::cloud(set, &open.before);
    let named = cloud.spots.len() <= NAMED;
    let mut words = [
        &text::counted(set.dim(), "dimension", "dimensions"),
        " (",
        set.quantisation.name(),
        ") on a plane, lines to the nearest",
    ]
    .concat();
    if cloud.hidden > 0 {
        words.push_str(&["; ", &text::figure(cloud.hidden as u64), " elements are not drawn"].concat());
    }
    let mut label = text::counted(cloud.spots.len(), "element", "elements");
    for spot in cloud.spots.iter().take(8) {
        label.push_str(&[", ", &spot.name].concat());
    }
    let mut lines = String::new();
    for (from, to) in &cloud.links {
        let (from, to) = (&cloud.spots[*from], &cloud.spots[*to]);
        // Whole numbers, because printing others would bring tables of their own.
        for (step, at) in [("M", from), ("L", to)] {
            lines.extend([step, &(at.x.round() as i32).to_string(), " ", &(at.y.round() as i32).to_string()]);
        }
    }
    html! {
        <>
            { caption(words) }
            <div class="map" tabindex="0" role="img" aria-label={label}>
                <div class="globe cloud">
                    <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true"><path d={lines} /></svg>
                    { for cloud.spots.iter().map(|spot| {
                        let style = [place("inset-inline-start", spot.x), ";".to_owned(), place("inset-block-start", spot.y)].concat();
                        html! { <span class={classes!("spot", spot.fresh.then_some("fresh"), (spot.x > 800.0).then_some("left"))} title={spot.name.to_string()} {style}>if named { <b>{ spot.name.to_string() }</b> }</span> }
                    }) }
                </div>
            </div>
        </>
    }
}
