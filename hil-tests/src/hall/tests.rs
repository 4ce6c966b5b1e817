use desk_board::Key;

use super::books::reconcile;
use super::{Hall, Happening, SECOND, Shows};

#[test]
fn a_resident_gets_a_number_and_a_ticket() {
    let mut hall = Hall::open(1).unwrap();
    hall.run_until(3 * SECOND).unwrap();
    assert_eq!(hall.screen(), Shows::Services);
    hall.plan(4 * SECOND, Happening::Key(Key::Select, true));
    hall.plan(4 * SECOND + 90_000, Happening::Key(Key::Select, false));
    hall.run_until(30 * SECOND).unwrap();
    let account = reconcile(&hall).unwrap();
    assert_eq!((account.numbers, account.printed), (1, 1));
    assert!(account.is_clean());
    assert_eq!(hall.screen(), Shows::Services);
    assert_eq!(hall.printer.paper.0.len(), 1);
}

#[test]
fn the_books_notice_a_number_of_which_the_kiosk_never_told() {
    let mut hall = Hall::open(1).unwrap();
    hall.run_until(3 * SECOND).unwrap();
    hall.plan(4 * SECOND, Happening::Key(Key::Select, true));
    // The computer gives the number and is gone, and so is the kiosk with all that it has written down.
    hall.plan(4 * SECOND, Happening::CounterFails(0));
    hall.plan(6 * SECOND, Happening::KioskFails(0));
    hall.run_until(8 * SECOND).unwrap();
    hall.card.wipe();
    hall.mend().unwrap();
    hall.run_until(60 * SECOND).unwrap();
    let account = reconcile(&hall).unwrap();
    assert_eq!((account.numbers, account.unknown_unreported), (1, 1));
    assert!(!account.is_clean());
}
