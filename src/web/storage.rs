//! What the browser keeps for us between visits. A browser that keeps nothing (private windows, strict settings) is no error.

use web_sys::{Storage, window};

const PREFIX: &str = "rediscover.";

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
