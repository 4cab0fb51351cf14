//! The keyspace on the page: a ledger of all keys, or one of them opened large.

mod bar;
mod glance;
mod head;
mod list;
mod open;
mod picture;
mod ring;
mod sheet;
mod windowed;

use crate::app::{Msg, Send};
use head::head;
use inspect::{InspectMsg, KeyspaceView};
use list::Ledger;
use open::Opened;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties)]
pub struct KeyspaceProps {
    pub view: Rc<KeyspaceView>,
    /// Whether the large pictures are here (see `later.rs`).
    pub here: bool,
    pub send: Send,
}

// A view is made anew exactly when something of it has changed.
impl PartialEq for KeyspaceProps {
    fn eq(&self, other: &KeyspaceProps) -> bool {
        Rc::ptr_eq(&self.view, &other.view) && self.here == other.here
    }
}

pub fn tell(send: &Send, msg: InspectMsg) -> Callback<MouseEvent> {
    send.reform(move |_: MouseEvent| Msg::Inspect(msg.clone()))
}

#[component]
pub fn Keyspace(props: &KeyspaceProps) -> Html {
    let KeyspaceProps { view, here, send } = props;
    // Who closes a key finds the focus where it was opened.
    let was_open = use_mut_ref(|| false);
    let back = core::mem::replace(&mut *was_open.borrow_mut(), view.open.is_some()) && view.open.is_none();
    html! {
        <section class="keyspace" aria-label="Keyspace">
            if let Some(open) = &view.open {
                <Opened key={open.row.id.to_string()} open={open.clone()} here={*here} send={send.clone()} />
            } else {
                { head(view, send) }
                { bar::bar(view) }
                <Ledger view={view.clone()} send={send.clone()} {back} />
            }
        </section>
    }
}
