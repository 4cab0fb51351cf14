//! The hairline between two parts of the desk: drag it, or focus it and use the arrow keys.

use web_sys::Element;
use yew::prelude::*;

/// `level`: the line lies flat and so moves up and down. `at` is where it is, in hundredths of a per cent of the whole.
pub fn divide(label: &'static str, level: bool, at: u32, moved: Callback<u32>) -> Html {
    let down = Callback::from(|event: PointerEvent| {
        if let Some(line) = event.target_dyn_into::<Element>() {
            let _ = line.set_pointer_capture(event.pointer_id());
        }
        event.prevent_default();
    });
    let drag = {
        let moved = moved.clone();
        Callback::from(move |event: PointerEvent| {
            let line = event.target_dyn_into::<Element>().filter(|line| line.has_pointer_capture(event.pointer_id()));
            let Some(whole) = line.and_then(|line| line.parent_element()) else { return };
            let whole = whole.get_bounding_client_rect();
            let part = if level {
                (f64::from(event.client_y()) - whole.top()) / whole.height()
            } else {
                (f64::from(event.client_x()) - whole.left()) / whole.width()
            };
            moved.emit((part * 10_000.0) as u32);
        })
    };
    let key = Callback::from(move |event: KeyboardEvent| {
        let at = match event.key().as_str() {
            "ArrowLeft" | "ArrowUp" => at.saturating_sub(200),
            "ArrowRight" | "ArrowDown" => at + 200,
            _ => return,
        };
        event.prevent_default();
        moved.emit(at);
    });
    html! {
        <div class={classes!("divide", level.then_some("level"))} role="separator" tabindex="0"
            aria-label={label} aria-orientation={if level { "horizontal" } else { "vertical" }}
            aria-valuenow={(at / 100).to_string()} aria-valuemin="15" aria-valuemax="85"
            onpointerdown={down} onpointermove={drag} onkeydown={key} />
    }
}
