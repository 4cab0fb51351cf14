//! One binary: linking is what a test run waits for.

mod compat;
mod families;
mod layers;
mod lessons;
mod memory;
mod oracle;
mod table;

mod terminal;
mod tidy;
mod transcripts;

/// The top of the checkout.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
