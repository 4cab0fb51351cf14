//! hot_path.rs as a program of its own, so that it can be built as a wasm module: a file may belong to one cargo target only.

#[path = "hot_path.rs"]
mod hot_path;

fn main() {
    hot_path::main();
}
