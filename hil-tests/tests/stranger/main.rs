//! A peer that was written in another language, from the specification alone, against the real ends of the link.
//!
//! `hil-tests/independent/link_peer` was made from `protocol/PROTOCOL.md` and `protocol/vectors` without a look at the
//! Rust code. If it and the Rust code understand each other, the specification says what the code does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod cable;
mod capture_board;
mod lockstep;
mod python;

mod board_in_python;
mod host_in_python;
mod sweep;

use std::path::Path;

#[test]
fn the_peer_agrees_with_the_golden_vectors_and_replays_the_documents_example() {
    let protocol = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol");
    let output = python::command(&["vectors", protocol.to_str().unwrap()])
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let checked: usize = said.split(' ').next().unwrap().parse().unwrap();
    assert!(checked >= 98, "{said}");
}
