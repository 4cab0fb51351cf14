//! The pictures of values, one a lens. They are reached through one table, so that those seldom needed can be loaded later.

mod bits;
mod cloud;
mod fields;
mod hex;
mod ladder;
mod lanes;
mod log;
mod map;
mod members;
mod nodes;
mod plane;
mod registers;
mod text;

use inspect::{Lens, Open};
use std::rc::Rc;
use yew::prelude::*;

type Draw = fn(&Rc<Open>) -> Html;

const PICTURES: [(Lens, Draw); 12] = [
    (Lens::Text, text::draw),
    (Lens::Hex, hex::draw),
    (Lens::Bits, bits::draw),
    (Lens::Lanes, lanes::draw),
    (Lens::Registers, registers::draw),
    (Lens::Nodes, nodes::draw),
    (Lens::Members, members::draw),
    (Lens::Fields, fields::draw),
    (Lens::Ladder, ladder::draw),
    (Lens::Map, map::draw),
    (Lens::Log, log::draw),
    (Lens::Cloud, cloud::draw),
];

pub fn draw(open: &Rc<Open>) -> Html {
    let found = PICTURES.iter().find(|(lens, _)| *lens == open.lens);
    found.map_or_else(Html::default, |(_, draw)| draw(open))
}

/// What one sees, in a line above the picture.
fn caption(words: String) -> Html {
    html! { <p class="caption">{ words }</p> }
}

fn place(name: &str, thousandths: f64) -> String {
    [name, ":", &crate::timebar::percent(thousandths / 1000.0)].concat()
}
