//! A vector set in two dimensions: what is alike lies close together.

use super::caption;
use super::plane::{Dot, Plane, PlaneView};
use engine::Value;
use inspect::picture::vector;
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(Value::VectorSet(set)) = &open.value else { return Html::default() };
    let cloud = vector::cloud(set, &open.before);
    let mut words = [
        &text::counted(set.dim(), "dimension", "dimensions"),
        " (",
        set.quantisation.name(),
        ") on a plane: the nearer, the more alike; lines are the nearest links of the graph",
    ]
    .concat();
    if cloud.hidden > 0 {
        words.push_str(&["; ", &text::figure(cloud.hidden as u64), " elements are not drawn"].concat());
    }
    let label = [&text::counted(cloud.spots.len(), "element", "elements"), " on a plane"].concat();
    let dots = cloud.spots.into_iter().map(|spot| Dot {
        name: spot.name,
        x: spot.x,
        y: spot.y,
        fresh: spot.fresh,
        about: spot.about,
        near: spot.near,
    });
    let view =
        PlaneView { dots: dots.collect(), reach: cloud.reach, even: true, links: cloud.links, ..PlaneView::default() };
    html! { <>{ caption(words) }<Plane view={Rc::new(view)} {label} /></> }
}
