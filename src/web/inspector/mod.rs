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
use open::opened;
pub use ring::ring;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties)]
pub struct KeyspaceProps {
    pub view: Rc<KeyspaceView>,
    /// A key is to be opened as soon as what that needs is here (see `later.rs`).
    pub waiting: bool,
    /// These are the keys of a copy, as a script that is gone through has left them at this point.
    pub copy: Option<Rc<str>>,
    pub send: Send,
}

// A view is made anew exactly when something of it has changed.
impl PartialEq for KeyspaceProps {
    fn eq(&self, other: &KeyspaceProps) -> bool {
        Rc::ptr_eq(&self.view, &other.view) && self.waiting == other.waiting && self.copy == other.copy
    }
}

pub fn tell(send: &Send, msg: InspectMsg) -> Callback<MouseEvent> {
    send.reform(move |_: MouseEvent| Msg::Inspect(msg.clone()))
}

#[component]
pub fn Keyspace(props: &KeyspaceProps) -> Html {
    let KeyspaceProps { view, waiting, copy, send } = props;
    // Who closes a key finds the focus where it was opened.
    let was_open = use_mut_ref(|| false);
    let back = core::mem::replace(&mut *was_open.borrow_mut(), view.open.is_some()) && view.open.is_none();
    html! {
        <section class={classes!("keyspace", copy.is_some().then_some("copy"))} aria-label="Keyspace">
            if let Some(open) = &view.open {
                { opened(open, send) }
            } else {
                { head(view, copy.as_deref(), send) }
                if *waiting { <p class="empty soon" role="status">{ "Fetching the pictures …" }</p> } else { { bar::bar(view) } }
                <Ledger view={view.clone()} send={send.clone()} {back} />
            }
        </section>
    }
}
