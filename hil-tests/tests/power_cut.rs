//! The kiosk's firmware as it ships, killed in QEMU in the middle of ticketing: a small part of `cargo rig bench power-cut`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use hil_tests::rig::bench::power_cut::qemu;
use hil_tests::rig::build;

#[test]
fn a_kiosk_that_is_killed_and_started_again_gives_no_number_and_no_ticket_twice() {
    let (elf, _) = build::firmware().unwrap();
    let outcome = qemu::run(&elf, 3, 2).unwrap();
    assert!(outcome.account.is_clean(), "{outcome:?}");
    assert!(outcome.account.numbers > 0, "{outcome:?}");
}
