//! What the link costs on the board, as `cargo rig bench link --only board` shows it: counted, so the same in every run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use hil_tests::rig::bench::Report;
use hil_tests::rig::bench::link::board;

/// What the flash may come to until it keeps to its limit, which the bench shows as missed: nothing may make it worse.
const FLASH_FOR_NOW: f64 = 21.0 * 1024.0;

#[test]
fn whatever_comes_the_board_keeps_up_and_the_link_keeps_to_its_memory() {
    let mut report = Report::new("link");
    board::measure(&mut report).unwrap();
    println!("{report}");
    let (flash, others): (Vec<_>, Vec<_>) = report
        .figures()
        .filter(|figure| figure.limit.is_some())
        .partition(|figure| figure.name.starts_with("flash in"));
    // Work for a byte, for a turn, memory; flash of both firmwares.
    assert!(
        others.len() >= 3 && flash.len() == 2,
        "a limit is no longer looked at"
    );
    for figure in others {
        assert_eq!(figure.is_met(), Some(true), "{figure:#?}");
    }
    for figure in flash {
        assert!(figure.value.unwrap() <= FLASH_FOR_NOW, "{figure:#?}");
    }
}
