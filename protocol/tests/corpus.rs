//! The fuzzer's corpus through the fuzzer's targets, on any compiler: what was once found stays mended.
//!
//! `cargo rig fuzz` looks for more; `protocol/fuzz/` has the targets.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

#[allow(dead_code, missing_docs, unreachable_pub)] // A crate of its own for the fuzzer.
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Runs every file of a target's corpus; fails with the names of those that the target does not survive.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 20, "a corpus in {}", folder.display());
    let broken: Vec<_> = files
        .iter()
        .filter(|file| {
            let input = std::fs::read(file).unwrap();
            catch_unwind(AssertUnwindSafe(|| run(&input))).is_err()
        })
        .collect();
    assert!(broken.is_empty(), "{target} does not survive {broken:#?}");
}

#[test]
fn frames_of_the_corpus_are_decoded_as_specified() {
    replay("frame", targets::frame::run);
}

#[test]
fn messages_of_the_corpus_are_read_and_written() {
    replay("message", targets::message::run);
}

#[test]
fn a_link_keeps_its_word_whatever_the_corpus_says_to_it() {
    replay("link", targets::link::run);
}

#[test]
fn two_links_lose_nothing_whatever_the_corpus_does_to_the_line() {
    replay("pair", targets::pair::run);
}
