//! A long sequence of rows of equal height, of which only those on view stand in the page.

use inspect::Open;
use inspect::picture::fresh;
use std::ops::Range;
use std::rc::Rc;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// What is to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    pub range: Range<usize>,
    /// Cells that fit side by side.
    pub columns: usize,
    /// The room that the rows before and behind take, in pixels.
    pub above: usize,
    pub below: usize,
}

impl Slice {
    /// The room above and below as a style.
    pub fn style(&self) -> String {
        let (above, below) = (self.above.to_string(), self.below.to_string());
        ["padding-block:", &above, "px ", &below, "px;--columns:", &self.columns.to_string()].concat()
    }
}

#[derive(Properties)]
pub struct WindowedProps {
    pub open: Rc<Open>,
    /// How many things there are.
    pub count: usize,
    /// The height of a row in pixels.
    pub row: usize,
    /// The least width of a cell in pixels; 0: one cell a row.
    #[prop_or_default]
    pub cell: usize,
    /// Numbers of columns are powers of two, as suits bits and bytes.
    #[prop_or_default]
    pub binary: bool,
    pub label: &'static str,
    pub class: &'static str,
    pub draw: fn(&Open, &Slice) -> Html,
}

// Which function draws follows from the lens, and so from the opened key.
impl PartialEq for WindowedProps {
    fn eq(&self, other: &WindowedProps) -> bool {
        self.open == other.open && self.count == other.count && self.class == other.class
    }
}

/// Rows that are kept ready before and behind those on view.
const MARGIN: usize = 10;

#[component]
pub fn Windowed(props: &WindowedProps) -> Html {
    let WindowedProps { open, count, row, cell, binary, label, class, draw } = props;
    let scroller = use_node_ref();
    // First row, rows on view, width.
    let shown = use_state_eq(|| (0usize, 40usize, 640usize));
    let look = {
        let (shown, row) = (shown.clone(), *row);
        move |scroller: &Element| {
            let first = scroller.scroll_top().max(0) as usize / row;
            let high = scroller.client_height().max(0) as usize / row + 1;
            // In steps, so that not every pixel draws anew.
            shown.set((first / 5 * 5, high.div_ceil(5) * 5, scroller.client_width().max(0) as usize));
        }
    };
    {
        let (scroller, look) = (scroller.clone(), look.clone());
        use_effect(move || {
            if let Some(scroller) = scroller.cast::<Element>() {
                look(&scroller);
            }
        });
    }
    let onscroll = Callback::from(move |event: Event| {
        if let Some(scroller) = event.target_dyn_into::<Element>() {
            look(&scroller);
        }
    });
    let (first, high, width) = *shown;
    let mut columns = if *cell == 0 { 1 } else { ((width.saturating_sub(40)) / cell).max(1) };
    if *binary {
        columns = 1 << columns.ilog2();
    }
    let rows = count.div_ceil(columns);
    let from = first.saturating_sub(MARGIN).min(rows);
    let to = (first + high + MARGIN + 5).min(rows);
    let slice = Slice {
        range: from * columns..(to * columns).min(*count),
        columns,
        above: from * row,
        below: (rows - to) * row,
    };
    let changed = use_memo(open.clone(), |open| fresh::first(&open.source()?, open.lens, open.sheet));
    // Only where one does not see it anyway.
    let elsewhere = (*changed).map(|at| at / columns).filter(|at| !(first..first + high).contains(at));
    let go = elsewhere.map(|at| {
        let (scroller, top) = (scroller.clone(), at.saturating_sub(2) * row);
        let go = Callback::from(move |_: MouseEvent| {
            if let Some(scroller) = scroller.cast::<HtmlElement>() {
                scroller.set_scroll_top(top as i32);
                let _ = scroller.focus();
            }
        });
        html! { <button class="elsewhere" onclick={go}>{ if at < first { "↑ " } else { "↓ " } }{ "what changed" }</button> }
    });
    html! {
        <>
            { for go }
            <div class={classes!("windowed", *class)} ref={scroller} {onscroll} tabindex="0" role="group" aria-label={*label}>{ draw(open, &slice) }</div>
        </>
    }
}
