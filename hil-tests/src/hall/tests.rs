use desk_board::{Card, Flaw, Key};

use super::books::reconcile;
use super::day::{self, Plan};
use super::{Hall, Happening, PrinterKind, SECOND, Shows, cuts};

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

/// Sectors of the cards here.
const SECTORS: u32 = 1_024;

/// Cuts power in halls whose kiosks have cards of this kind, until the kiosk has lost it so often.
fn cut(flaw: Flaw, times: u64) -> cuts::Outcome {
    let steps = cuts::steps_of_a_ticket().unwrap();
    let mut total = cuts::Outcome::default();
    for seed in 1_000.. {
        let kind = if seed % 4 == 3 {
            PrinterKind::Plain
        } else {
            PrinterKind::Full
        };
        let hall = Hall::with(seed, Card::new(SECTORS, flaw), kind).unwrap();
        total.add(&cuts::run(hall, seed, 10, steps).unwrap());
        if total.cuts.kiosk >= times {
            break;
        }
    }
    total
}

#[test]
fn whatever_loses_its_power_no_number_no_paper_and_no_press_is_doubled_or_lost() {
    let outcome = cut(Flaw::None, 60);
    assert!(outcome.account.is_clean() && outcome.stuck == 0, "{outcome:?}");
    // It is no proof if hardly anything happened.
    let account = outcome.account;
    assert!(account.presses >= 30 && account.printed >= 10, "{outcome:?}");
}

#[test]
fn a_store_that_loses_what_it_acknowledged_last_is_caught() {
    let account = cut(Flaw::LosesLastWrite, 60).account;
    assert!(account.lost_presses > 0, "{account:?}");
    assert!(account.double_prints > 0, "{account:?}");
}

#[test]
fn a_kiosk_that_forgets_its_records_at_its_start_is_caught() {
    let account = cut(Flaw::LosesAll, 60).account;
    assert!(account.lost_presses > 0, "{account:?}");
    assert!(account.unknown_unreported > 0, "{account:?}");
}

#[test]
fn an_hour_of_residents_and_faults_ends_with_clean_books() {
    let plan = Plan {
        seed: 7,
        hours: 1,
        residents: 90,
        faults: 12,
    };
    let outcome = day::run(&plan).unwrap();
    assert!(outcome.account.is_clean(), "{outcome:?}");
    assert_eq!(
        (outcome.stuck, outcome.waiting, outcome.held),
        (0, 0, 0),
        "{outcome:?}"
    );
    assert_eq!(outcome.starts, outcome.cuts + 1, "{outcome:?}");
    assert!(outcome.account.numbers >= 45, "{outcome:?}");
    // The same seed gives the same day.
    assert_eq!(outcome, day::run(&plan).unwrap());
}
