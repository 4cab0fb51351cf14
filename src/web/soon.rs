//! What takes all the time that there is: it is done in short pieces, and after each the browser comes to its turn.
//!
//! A message that the page sends to itself waits behind the input and the frame that are due, and behind nothing else: a timeout
//! would come four milliseconds late, and a frame not at all while nobody sees the tab.
//!
//! All of this comes with the second module: only scripts take so long (`later.txt`).

use crate::app::{Msg, Send};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MessageChannel;

pub struct Soon {
    channel: MessageChannel,
    /// A message is on its way.
    asked: Rc<Cell<bool>>,
    _call: Closure<dyn FnMut()>,
}

impl Soon {
    fn new(send: &Send) -> Option<Soon> {
        let channel = MessageChannel::new().ok()?;
        let asked = Rc::new(Cell::new(false));
        let (send, arrived) = (send.clone(), asked.clone());
        let call = Closure::<dyn FnMut()>::new(move || {
            arrived.set(false);
            send.emit(Msg::Soon);
        });
        channel.port1().set_onmessage(Some(call.as_ref().unchecked_ref()));
        Some(Soon { channel, asked, _call: call })
    }
}

/// Sends [`Msg::Soon`] when nothing else is to be done.
#[inline(never)]
pub fn ask(soon: &mut Option<Soon>, send: &Send) {
    if soon.is_none() {
        *soon = Soon::new(send);
    }
    if let Some(soon) = soon
        && !soon.asked.replace(true)
    {
        let _ = soon.channel.port2().post_message(&JsValue::NULL);
    }
}
