//! Points on a plane with their names, for what has a place: members on the globe, vectors among their like. The arrow keys
//! go from one to the next, and what can be said of the chosen one stands below.

use super::place;
use inspect::picture::map::Line;
use inspect::picture::plane::{Point, sides};
use std::rc::Rc;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    pub name: Rc<str>,
    pub x: f64,
    pub y: f64,
    pub fresh: bool,
    /// What is said of it when it is chosen.
    pub about: Rc<str>,
    /// Those that belong to it.
    pub near: Vec<usize>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlaneView {
    pub dots: Vec<Dot>,
    /// How far the places of the dots reach.
    pub reach: (f64, f64),
    /// Distances are the same upwards and sideways; otherwise the plane fills the room.
    pub even: bool,
    pub links: Vec<(usize, usize)>,
    pub meridians: Vec<Line>,
    pub parallels: Vec<Line>,
}

#[derive(Properties, PartialEq)]
pub struct PlaneProps {
    pub view: Rc<PlaneView>,
    pub label: AttrValue,
}

/// More points than this are one drawing; only the chosen one and its neighbours are elements of the page.
const FEW: usize = 150;
/// A click hits the nearest point if it is not farther away than this, in pixels.
const REACH: f64 = 24.0;

#[component]
pub fn Plane(props: &PlaneProps) -> Html {
    let PlaneProps { view, label } = props;
    let canvas = use_node_ref();
    let size = use_state_eq(|| (560i32, 360i32));
    let chosen = use_state_eq(|| None::<usize>);
    {
        let (canvas, size) = (canvas.clone(), size.clone());
        use_effect(move || {
            if let Some(canvas) = canvas.cast::<HtmlElement>() {
                size.set((canvas.client_width().max(1), canvas.client_height().max(1)));
            }
        });
    }
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let chosen_at = chosen.filter(|at| *at < view.dots.len());
    let places = fitted(view, width, height);
    let points: Vec<Point> = places
        .iter()
        .zip(&view.dots)
        .map(|((x, y), dot)| Point { x: *x, y: *y, letters: dot.name.chars().count() })
        .collect();
    let count = view.dots.len();
    let few = count <= FEW;
    let fresh = |dot: &Dot| dot.fresh;
    let mut first: Vec<usize> = chosen_at.into_iter().collect();
    if let Some(at) = chosen_at {
        first.extend(&view.dots[at].near);
    }
    for at in view.dots.iter().enumerate().filter(|(_, dot)| fresh(dot)).map(|(at, _)| at).take(20) {
        if !first.contains(&at) {
            first.push(at);
        }
    }
    let named = if few { count } else { first.len() };
    let sides = sides(&points, (width, height), &first, named);
    let shown: Vec<usize> = match first.is_empty() {
        _ if few => (0..count).collect(),
        // A list of one: the keyboard begins there.
        true => (0..count.min(1)).collect(),
        false => first.clone(),
    };
    let points_of = |wanted: bool| {
        let mut path = String::new();
        for (_, (x, y)) in view.dots.iter().zip(&places).filter(|(dot, _)| !few && fresh(dot) == wanted) {
            path.extend(["M", &(x.round() as i32).to_string(), " ", &(y.round() as i32).to_string(), "h0"]);
        }
        path
    };
    let near = chosen_at.map_or(&[][..], |at| &view.dots[at].near);
    let line = |pairs: &mut dyn Iterator<Item = (usize, usize)>| {
        let mut path = String::new();
        for (from, to) in pairs {
            // Whole numbers, because printing others would bring tables of their own.
            for (step, (x, y)) in [("M", places[from]), ("L", places[to])] {
                path.extend([step, &(x.round() as i32).to_string(), " ", &(y.round() as i32).to_string()]);
            }
        }
        path
    };
    let onkeydown = {
        let chosen = chosen.clone();
        Callback::from(move |event: KeyboardEvent| {
            let at = chosen.unwrap_or(0);
            let to = match event.key().as_str() {
                "ArrowRight" | "ArrowDown" => at + 1,
                "ArrowLeft" | "ArrowUp" => at.saturating_sub(1),
                "PageDown" => at + 10,
                "PageUp" => at.saturating_sub(10),
                "Home" => 0,
                "End" => count,
                _ => return,
            };
            event.prevent_default();
            chosen.set(Some(to.min(count.saturating_sub(1))));
        })
    };
    let onfocus = {
        let chosen = chosen.clone();
        Callback::from(move |_: FocusEvent| {
            if chosen.is_none() {
                chosen.set(Some(0));
            }
        })
    };
    let onclick = {
        let (chosen, canvas, places) = (chosen.clone(), canvas.clone(), places.clone());
        Callback::from(move |event: MouseEvent| {
            let Some(canvas) = canvas.cast::<Element>() else { return };
            let area = canvas.get_bounding_client_rect();
            let (x, y) = (f64::from(event.client_x()) - area.left(), f64::from(event.client_y()) - area.top());
            let away = places.iter().map(|(left, top)| (left - x).hypot(top - y)).enumerate();
            if let Some((at, _)) = away.filter(|(_, away)| *away <= REACH).min_by(|(_, a), (_, b)| a.total_cmp(b)) {
                chosen.set(Some(at));
            }
        })
    };
    let grid = |line: &Line, class: &'static str, name: &str| {
        html! { <span {class} style={place(name, line.at)} aria-hidden="true"><small>{ line.label.to_string() }</small></span> }
    };
    let active = chosen_at.map(|at| ["dot-", &at.to_string()].concat());
    html! {
        <div class="map">
            <div class="globe" ref={canvas} role="listbox" tabindex="0" aria-label={label} aria-activedescendant={active} {onkeydown} {onfocus} {onclick}>
                { for view.meridians.iter().map(|line| grid(line, "meridian", "inset-inline-start")) }
                { for view.parallels.iter().map(|line| grid(line, "parallel", "inset-block-start")) }
                if !view.links.is_empty() || !few {
                    <svg aria-hidden="true"><path d={line(&mut view.links.iter().copied())} />
                        if let Some(at) = chosen_at { <path class="near" d={line(&mut near.iter().map(|other| (at, *other)))} /> }
                        if !few { <path class="many" d={points_of(false)} /><path class="many fresh" d={points_of(true)} /> }</svg>
                }
                { for shown.into_iter().map(|at| {
                    let (dot, (x, y)) = (&view.dots[at], places[at]);
                    let style = [place("inset-inline-start", x / width * 1000.0), ";".to_owned(), place("inset-block-start", y / height * 1000.0)].concat();
                    let on = chosen_at == Some(at);
                    let class = classes!("spot", dot.fresh.then_some("fresh"), on.then_some("on"), near.contains(&at).then_some("near"));
                    let words = [&*dot.name, ": ", &dot.about].concat();
                    html! {
                        <span key={at} id={["dot-", &at.to_string()].concat()} role="option" aria-selected={on.to_string()} aria-label={words.clone()} title={words} {class} {style}>
                            if let Some(side) = sides[at] { <b class={side.name()}>{ dot.name.to_string() }</b> }</span>
                    }
                }) }
            </div>
            <p class="chosen" aria-hidden="true">
                if let Some(at) = chosen_at { <b>{ view.dots[at].name.to_string() }</b>{ " " }{ view.dots[at].about.to_string() } } else { { "Click a point, or go through them with the arrow keys." } }
            </p>
        </div>
    }
}

/// The places in pixels.
fn fitted(view: &PlaneView, width: f64, height: f64) -> Vec<(f64, f64)> {
    let (across, down) = (width / view.reach.0.max(1.0), height / view.reach.1.max(1.0));
    let (across, down) = if view.even { (across.min(down), across.min(down)) } else { (across, down) };
    let (left, top) = ((width - view.reach.0 * across) / 2.0, (height - view.reach.1 * down) / 2.0);
    view.dots.iter().map(|dot| (left + dot.x * across, top + dot.y * down)).collect()
}
