//! The hairline between two parts of the desk: drag it, or focus it and use the arrow keys.

use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct DivideProps {
    pub label: AttrValue,
    /// Whether the line lies flat and so moves up and down.
    #[prop_or_default]
    pub level: bool,
    /// Where the line is, in hundredths of the whole.
    pub at: f64,
    pub moved: Callback<f64>,
}

#[component]
pub fn Divide(props: &DivideProps) -> Html {
    let held = use_state_eq(|| false);
    let level = props.level;
    let at = props.at;
    let down = {
        let held = held.clone();
        Callback::from(move |event: PointerEvent| {
            if let Some(line) = event.target_dyn_into::<Element>() {
                let _ = line.set_pointer_capture(event.pointer_id());
            }
            event.prevent_default();
            held.set(true);
        })
    };
    let drag = {
        let (held, moved) = (held.clone(), props.moved.clone());
        Callback::from(move |event: PointerEvent| {
            if !*held {
                return;
            }
            let whole = event
                .current_target()
                .and_then(|line| line.dyn_into::<Element>().ok())
                .and_then(|line| line.parent_element());
            if let Some(whole) = whole.map(|whole| whole.get_bounding_client_rect()) {
                moved.emit(if level {
                    (f64::from(event.client_y()) - whole.top()) * 100.0 / whole.height()
                } else {
                    (f64::from(event.client_x()) - whole.left()) * 100.0 / whole.width()
                });
            }
        })
    };
    let up = {
        let held = held.clone();
        Callback::from(move |_: PointerEvent| held.set(false))
    };
    let key = {
        let moved = props.moved.clone();
        Callback::from(move |event: KeyboardEvent| {
            let step = match event.key().as_str() {
                "ArrowLeft" | "ArrowUp" => -2.0,
                "ArrowRight" | "ArrowDown" => 2.0,
                _ => return,
            };
            event.prevent_default();
            moved.emit(at + step);
        })
    };
    html! {
        <div class={classes!("divide", level.then_some("level"), held.then_some("held"))} role="separator" tabindex="0"
            aria-label={props.label.clone()} aria-orientation={if level { "horizontal" } else { "vertical" }}
            aria-valuenow={format!("{at:.0}")} aria-valuemin="15" aria-valuemax="85"
            onpointerdown={down} onpointermove={drag} onpointerup={up.clone()} onpointercancel={up} onkeydown={key} />
    }
}
