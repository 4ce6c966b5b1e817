//! Answers and commands that get lost, and prints that stop: the driver looks, and never does anything twice.

use super::*;

#[test]
fn a_lost_answer_is_not_a_lost_card() {
    for (command, position) in [("Sic", CardPosition::Contactless), ("Si", CardPosition::Print)] {
        let mut bench = Bench::with_blanks(1);
        bench.core().break_once(command, Fault::AnswerLost);
        let outcome = bench.printer.feed_to_contactless();
        assert_eq!(bench.printer.status().unwrap().card, position);
        // Lost on the last movement: the sensor proves that it happened. Lost before it: the blank is out of
        // the hopper but not where the encoder is, which is a failure with a card inside.
        assert_eq!(outcome.is_done(), command == "Sic", "{outcome:?}");
    }
}

#[test]
fn a_lost_answer_to_eject_or_reject_is_resolved_by_the_sensor() {
    for command in ["Se", "Ser"] {
        let mut bench = Bench::at_print(1);
        bench.core().break_once(command, Fault::AnswerLost);
        let outcome = if command == "Se" {
            bench.printer.eject()
        } else {
            bench.printer.reject()
        };
        assert_eq!(outcome, Outcome::Done);
    }
}

#[test]
fn a_movement_that_never_reached_the_printer_has_failed() {
    let mut bench = Bench::at_print(1);
    bench.core().break_once("Se", Fault::CommandLost);
    assert!(matches!(
        bench.printer.eject(),
        Outcome::Failed(PrinterError::NoAnswer { .. })
    ));
    assert_eq!(bench.printer.status().unwrap().card, CardPosition::Print);
}

#[test]
fn a_lost_answer_during_a_print_never_prints_a_panel_twice() {
    for panel in Panel::ALL {
        let mut bench = Bench::at_print(1);
        bench
            .core()
            .break_once(&format!("Sp;{}", panel.letter()), Fault::AnswerLost);
        assert_eq!(bench.printer.print(&marks()), Outcome::Done, "{panel:?}");
        assert_eq!(bench.core().panels_printed(), 5);
    }
}

#[test]
fn a_print_that_stops_in_the_middle_spoils_the_card() {
    for (printed, panel) in (0..).zip(Panel::ALL) {
        for fault in [Fault::CommandLost, Fault::Refused(Refusal::CardJam)] {
            let mut bench = Bench::at_print(1);
            bench.core().break_once(&format!("Sp;{}", panel.letter()), fault);
            let Outcome::Failed(error) = bench.printer.print(&marks()) else {
                panic!("{panel:?} {fault:?} did not fail");
            };
            assert_eq!(error.card_is_spoiled(), printed > 0);
            if let PrinterError::PartlyPrinted { panels, .. } = error {
                assert_eq!(panels, printed);
            }
            assert_eq!(bench.core().panels_printed(), printed);
        }
    }
}

#[test]
fn a_download_that_fails_leaves_nothing_for_eject_to_print() {
    let mut bench = Bench::at_print(1);
    bench
        .core()
        .break_once("Db;c", Fault::Refused(Refusal::Parameter));
    assert!(matches!(
        bench.printer.print(&marks()),
        Outcome::Failed(PrinterError::Refused { .. })
    ));
    assert_eq!(bench.printer.eject(), Outcome::Done);
    assert_eq!(bench.core().panels_printed(), 0);
    assert!(bench.core().mechanics.output[0].face.is_blank());
}

#[test]
fn a_ribbon_that_ends_is_noticed_before_anything_is_printed() {
    let mut bench = Bench::at_print(1);
    bench.core().knobs.ribbon_left = 0;
    assert_eq!(
        bench.printer.print(&marks()),
        Outcome::Failed(PrinterError::RibbonEnded)
    );
    assert_eq!(bench.core().panels_printed(), 0);
}

#[test]
fn a_printer_that_dies_during_a_print_leaves_the_outcome_unknown() {
    let mut bench = Bench::at_print(1);
    let before = bench.printer.counters().unwrap();
    bench.core().break_once("Sp;c", Fault::PowerLost);
    assert!(matches!(
        bench.printer.print(&marks()),
        Outcome::Unknown(PrinterError::NoAnswer { .. })
    ));
    // Switched on again, the counter tells what the driver could not know: three panels, the card is spoiled.
    bench.core().knobs.switched_off = false;
    let after = bench.printer.counters().unwrap();
    assert_eq!(after.printed_since(&before), Printed::Partly { panels: 3 });
    assert_eq!(bench.printer.reject(), Outcome::Done);
}

#[test]
fn a_counter_that_contradicts_the_answers_makes_the_print_unknown() {
    let mut bench = Bench::at_print(1);
    bench.core().break_once("Sp;o", Fault::Swallowed);
    assert_eq!(
        bench.printer.print(&marks()),
        Outcome::Unknown(PrinterError::Contradiction { said: 5, counted: 4 })
    );
}
