//! Where things lie: the checkout, its `target/`, and the cache of tools that all checkouts share.

use std::env;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    // src/xtask -> the top of the checkout.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}

pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Brotli and gzip twins of the files in `dist/`, kept beside it so that the site itself stays as small as it is.
pub fn compressed() -> PathBuf {
    target().join("dist-compressed")
}

pub fn browser_tests() -> PathBuf {
    root().join("tests/browser")
}

pub fn client_tests() -> PathBuf {
    root().join("tests/clients")
}

/// `~/.cache/rediscover`, or where XDG says.
pub fn cache() -> PathBuf {
    let xdg = env::var_os("XDG_CACHE_HOME").filter(|dir| Path::new(dir).is_absolute()).map(PathBuf::from);
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_else(|| "/tmp".into())).join(".cache");
    xdg.unwrap_or_else(home).join("rediscover")
}

/// The first file of one of these names on PATH.
pub fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file()))
}

/// PATH with these folders in front.
pub fn path_with(dirs: &[PathBuf]) -> std::ffi::OsString {
    let old = env::var_os("PATH").unwrap_or_default();
    let all = dirs.iter().cloned().chain(env::split_paths(&old));
    env::join_paths(all).unwrap_or(old)
}
