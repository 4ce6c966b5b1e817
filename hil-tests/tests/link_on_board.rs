//! What the link costs on the board, as `cargo rig bench link --only board` shows it: counted, so the same in every run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use hil_tests::rig::bench::Report;
use hil_tests::rig::bench::link::board;

#[test]
fn whatever_comes_the_board_keeps_up_and_the_link_keeps_to_its_memory() {
    let mut report = Report::new("link");
    board::measure(&mut report).unwrap();
    println!("{report}");
    let limited: Vec<_> = report.figures().filter(|figure| figure.limit.is_some()).collect();
    // Work for a byte, for a turn, memory; flash of both firmwares.
    assert!(limited.len() >= 5, "a limit is no longer looked at");
    for figure in limited {
        assert_eq!(figure.is_met(), Some(true), "{figure:#?}");
    }
}
