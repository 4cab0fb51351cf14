//! A HyperLogLog: sixteen thousand registers, the darker the rarer what they have seen, and the estimate that follows from them.

use engine::Value;
use inspect::picture::hyperloglog::{SIDE, registers};
use inspect::{Open, text};
use std::rc::Rc;
use yew::prelude::*;

pub fn draw(open: &Rc<Open>) -> Html {
    let Some(string) = open.value.as_ref().and_then(Value::as_string) else { return Html::default() };
    let Some(registers) = registers(&string, &open.before) else { return Html::default() };
    // Values from 1 to the highest in six shades.
    const SHADES: usize = 6;
    let mut shades: [String; SHADES] = Default::default();
    let highest = usize::from(registers.highest).max(1);
    let mut at = 0;
    while at < registers.values.len() {
        let shade = shade_of(registers.values[at], highest, SHADES);
        // Equal neighbours in a row are one stretch.
        let end = (at / SIDE + 1) * SIDE;
        let run =
            registers.values[at..end].iter().take_while(|value| shade_of(**value, highest, SHADES) == shade).count();
        if let Some(shade) = shade {
            stretch(&mut shades[shade], at, run);
        }
        at += run;
    }
    let mut fresh = String::new();
    registers.fresh.iter().for_each(|at| stretch(&mut fresh, *at, 1));
    html! {
        <div class="registers" tabindex="0" role="group" aria-label="The registers of the sketch">
            <svg viewBox={format!("0 0 {SIDE} {SIDE}")} shape-rendering="crispEdges" aria-hidden="true">
                <path class="zero" d={format!("M0 0h{SIDE}v{SIDE}h-{SIDE}z")} />
                { for shades.into_iter().enumerate().map(|(shade, d)| html! { <path style={format!("opacity:{}%", 28 + shade * 14)} {d} /> }) }
                if !fresh.is_empty() { <path class="new" d={fresh} /> }
            </svg>
            <dl>
                <dt>{ "different elements, about" }</dt><dd class="large">{ text::figure(registers.estimate) }</dd>
                <dt>{ "registers in use" }</dt><dd>{ text::figure(registers.used as u64) }{ " of 16\u{202f}384" }</dd>
                <dt>{ "highest value" }</dt><dd>{ registers.highest }</dd>
                <dt>{ "kept" }</dt><dd>{ if registers.dense { "dense, 6 bits a register" } else { "sparse, in runs" } }</dd>
                <dt>{ "estimate in the header" }</dt><dd>{ if registers.cached { "up to date" } else { "out of date" } }</dd>
                if !registers.fresh.is_empty() { <dt>{ "raised just now" }</dt><dd class="fresh">{ text::figure(registers.fresh.len() as u64) }</dd> }
            </dl>
        </div>
    }
}

fn shade_of(value: u8, highest: usize, shades: usize) -> Option<usize> {
    (value > 0).then(|| (usize::from(value) * shades / (highest + 1)).min(shades - 1))
}

fn stretch(path: &mut String, at: usize, run: usize) {
    for part in [
        "M",
        &(at % SIDE).to_string(),
        " ",
        &(at / SIDE).to_string(),
        "h",
        &run.to_string(),
        "v1h-",
        &run.to_string(),
        "z",
    ] {
        path.push_str(part);
    }
}
