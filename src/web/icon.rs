//! The few signs that the page draws itself, so that they look the same everywhere and take the colour of their text.

use yew::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Undo,
    Redo,
    Play,
    Pause,
    Step,
    Jump,
    Close,
    Check,
    Next,
    Back,
    System,
    Light,
    Dark,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Icon::Undo => "M6 4 2.5 7.5 6 11M3 7.5h6.2a4 4 0 0 1 0 8H7",
            Icon::Redo => "M12 4l3.5 3.5L12 11M15 7.5H8.8a4 4 0 0 0 0 8H11",
            Icon::Play => "M6 3.8v10.4L14 9z",
            Icon::Pause => "M6.5 4v10M11.5 4v10",
            Icon::Step => "M4.5 4.5v9L11 9zM14 4.5v9",
            Icon::Jump => "M3 9h10M9.5 5 13 9l-3.5 4M15.5 4.5v9",
            Icon::Close => "M4.5 4.5l9 9M13.5 4.5l-9 9",
            Icon::Check => "M4 9.5 7.5 13 14 5.5",
            Icon::Next => "M3.5 9h11M10.5 5l4 4-4 4",
            Icon::Back => "M14.5 9h-11M7.5 5l-4 4 4 4",
            Icon::System => "M9 2.5a6.5 6.5 0 1 0 0 13zM9 2.5a6.5 6.5 0 0 1 0 13",
            Icon::Light => {
                "M9 5.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4M9 1.5v1.6M9 14.9v1.6M1.5 9h1.6M14.9 9h1.6M3.7 3.7l1.1 1.1M13.2 13.2l1.1 1.1M3.7 14.3l1.1-1.1M13.2 4.8l1.1-1.1"
            }
            Icon::Dark => "M15 10.5A6.3 6.3 0 0 1 7.5 3a6.3 6.3 0 1 0 7.5 7.5",
        }
    }

    pub fn draw(self) -> Html {
        let fill = if self == Icon::Play { "currentColor" } else { "none" };
        html! {
            <svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
                <path d={self.path()} fill={fill} />
                if self == Icon::System { <path d="M9 2.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" /> }
            </svg>
        }
    }
}
