//! A sorted set of places, on the part of the globe where they lie.

use super::{caption, place};
use engine::Value;
use inspect::picture::{map, sheet};
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

/// Beyond so many names they would cover each other.
const NAMED: usize = 24;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::SortedSet(members)) = &open.value else { return Html::default() };
    let map = map::map(members, &open.before);
    let named = map.places.len() <= NAMED;
    let mut words = String::from("scores read as places: neighbours on the globe are neighbours in the order");
    if map.hidden > 0 {
        words.push_str(&["; ", &text::figure(map.hidden as u64), " places are not drawn"].concat());
    }
    html! {
        <>
            { caption(words) }
            <div class="map" tabindex="0" role="img" aria-label={sheet::map_words(&map)}>
                <div class="globe">
                    { for map.meridians.iter().map(|line| html! { <span class="meridian" style={place("inset-inline-start", line.at)}><small>{ line.label.to_string() }</small></span> }) }
                    { for map.parallels.iter().map(|line| html! { <span class="parallel" style={place("inset-block-start", line.at)}><small>{ line.label.to_string() }</small></span> }) }
                    { for map.places.iter().map(|spot| {
                        let style = [place("inset-inline-start", spot.x), ";".to_owned(), place("inset-block-start", spot.y)].concat();
                        html! { <span class={classes!("spot", spot.fresh.then_some("fresh"), (spot.x > 800.0).then_some("left"))} title={spot.name.to_string()} {style}>if named { <b>{ spot.name.to_string() }</b> }</span> }
                    }) }
                </div>
            </div>
        </>
    }
}
