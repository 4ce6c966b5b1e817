//! Golden vectors: the bytes of every version, for ever. If a test here fails, fix the code, not the vector.
//!
//! `vectors/v1.txt` describes its own form. What a test prints for a missing vector can be appended to the file of the
//! version that brought it, and is sealed then (`file.rs`). While a version is still in the making, `UPDATE_VECTORS=1 cargo
//! test -p protocol --test vectors` makes its file anew and seals it (`rewrite.rs`).
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.
#![allow(unreachable_pub)] // Modules of one program.

mod codes;
mod file;
mod frames;
mod messages;
mod rewrite;
mod show;

/// Compares what the code makes of a vector's bytes with the vector.
fn same(written: &str, vector: &str) {
    assert!(
        written == vector,
        "the bytes mean something else to the code:\n\n{written}\nthan the vector says:\n\n{vector}"
    );
}
