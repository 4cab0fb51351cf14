//! What the browser keeps for us between visits. A browser that keeps nothing (private windows, strict settings) is no error.

use web_sys::{Storage, window};

const PREFIX: &str = "rediscover.";

/// What outlives this instance of the program: the journal of the bench, kept in this tab only, as one letter a byte.
pub fn keep_for_rescue(journal: &[u8]) {
    let letters: String = journal.iter().map(|byte| char::from(*byte)).collect();
    if let Some(storage) = tab() {
        let _ = storage.set_item("rediscover.journal", &letters);
    }
}

/// Notes what is about to happen, for the report if it breaks the program.
pub fn about_to(what: &str) {
    if let Some(storage) = tab() {
        let _ = storage.set_item("rediscover.last", what);
    }
}

/// What a broken instance left behind.
pub struct Wreck {
    /// What the browser said when it broke.
    pub said: String,
    pub last: String,
    pub journal: Vec<u8>,
}

/// Takes what a broken instance left behind, if one did.
pub fn wreck() -> Option<Wreck> {
    let storage = tab()?;
    let take = |key: &str| {
        let value = storage.get_item(key).ok().flatten();
        let _ = storage.remove_item(key);
        value.unwrap_or_default()
    };
    let said = take("rediscover.broken");
    let wreck = Wreck {
        last: take("rediscover.last"),
        journal: take("rediscover.journal").chars().map(|letter| letter as u8).collect(),
        said,
    };
    (!wreck.said.is_empty()).then_some(wreck)
}

fn tab() -> Option<Storage> {
    window()?.session_storage().ok()?
}

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(&format!("{PREFIX}{key}")).ok()?
}

pub fn set(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&format!("{PREFIX}{key}"), value);
    }
}

pub fn remove(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(&format!("{PREFIX}{key}"));
    }
}
