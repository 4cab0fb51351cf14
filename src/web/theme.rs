//! Light, dark, or as the system says. The choice is an attribute of the document; the style sheet does the rest.

use crate::storage;
use web_sys::window;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn stored() -> Theme {
        match storage::get("theme").as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }
    }

    pub fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Theme::System => "Colours: as the system",
            Theme::Light => "Colours: light",
            Theme::Dark => "Colours: dark",
        }
    }

    pub fn apply(self) {
        let Some(root) = window().and_then(|window| window.document()).and_then(|document| document.document_element())
        else {
            return;
        };
        let _ = match self {
            Theme::System => {
                storage::remove("theme");
                root.remove_attribute("data-theme")
            }
            Theme::Light => {
                storage::set("theme", "light");
                root.set_attribute("data-theme", "light")
            }
            Theme::Dark => {
                storage::set("theme", "dark");
                root.set_attribute("data-theme", "dark")
            }
        };
    }
}
