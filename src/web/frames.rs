//! A call before every repaint, for as long as this is kept.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::window;

type Call = Closure<dyn FnMut(f64)>;

pub struct Frames {
    handle: Rc<Cell<i32>>,
    _call: Rc<RefCell<Option<Call>>>,
}

impl Frames {
    /// `frame` gets the time of the frame in milliseconds.
    pub fn new(frame: impl Fn(f64) + 'static) -> Frames {
        let handle = Rc::new(Cell::new(0));
        let call: Rc<RefCell<Option<Call>>> = Rc::default();
        let (next_handle, next_call) = (handle.clone(), Rc::downgrade(&call));
        *call.borrow_mut() = Some(Closure::new(move |at| {
            frame(at);
            if let Some(call) = next_call.upgrade() {
                next_handle.set(request(&call));
            }
        }));
        handle.set(request(&call));
        Frames { handle, _call: call }
    }
}

fn request(call: &RefCell<Option<Call>>) -> i32 {
    let call = call.borrow();
    let Some((window, call)) = window().zip(call.as_ref()) else { return 0 };
    window.request_animation_frame(call.as_ref().unchecked_ref()).unwrap_or(0)
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Some(window) = window() {
            let _ = window.cancel_animation_frame(self.handle.get());
        }
    }
}

/// Calls once, after the browser has painted what is there now.
pub fn after_paint(then: impl FnOnce() + 'static) {
    let Some(window) = window() else { return };
    let painted = Closure::once_into_js(move || {
        let then = Closure::once_into_js(then);
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback(then.unchecked_ref());
        }
    });
    let _ = window.request_animation_frame(painted.unchecked_ref());
}

/// Milliseconds on a clock that only goes forward.
pub fn now() -> f64 {
    window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}
