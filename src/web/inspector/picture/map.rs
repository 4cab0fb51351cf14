//! A sorted set of places, on the part of the globe where they lie.

use super::caption;
use super::plane::{Dot, Plane, PlaneView};
use engine::Value;
use inspect::picture::map;
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::SortedSet(members)) = &open.value else { return Html::default() };
    let map = map::map(members, &open.before);
    let mut words = String::from("scores read as places: neighbours on the globe are neighbours in the order");
    if map.hidden > 0 {
        words.push_str(&["; ", &text::figure(map.hidden as u64), " places are not drawn"].concat());
    }
    let label = [&text::counted(map.places.len(), "place", "places"), " on a map"].concat();
    let dots = map.places.into_iter().map(|place| Dot {
        about: [&*map::degrees(place.longitude, "E", "W"), " ", &*map::degrees(place.latitude, "N", "S")]
            .concat()
            .into(),
        name: place.name,
        x: place.x,
        y: place.y,
        fresh: place.fresh,
        near: Vec::new(),
    });
    let view = PlaneView {
        dots: dots.collect(),
        reach: (1000.0, 1000.0),
        meridians: map.meridians,
        parallels: map.parallels,
        ..PlaneView::default()
    };
    html! { <>{ caption(words) }<Plane view={Rc::new(view)} {label} /></> }
}
