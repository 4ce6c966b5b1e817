//! Answers and commands that get lost, and prints that stop: the driver looks, and never does anything twice.

use host_driver::printer::evolis::Timeouts;

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

#[test]
fn a_driver_that_starts_after_a_torn_download_is_understood() {
    let frame = download(Panel::Yellow, Levels::Hundred28, &marks().yellow);
    for sent in [1, 5, 11, 1000, frame.len() - 2, frame.len() - 1] {
        let core = printer_with(1);
        core.lock().unwrap().handle_bytes(Duration::ZERO, b"\x1bSs\r");
        core.lock().unwrap().handle_bytes(Duration::ZERO, &frame[..sent]);
        let mut printer = Evolis::new(Wire(Arc::clone(&core))).unwrap();
        assert_eq!(printer.feed_to_contactless(), Outcome::Done);
        assert_eq!(printer.eject(), Outcome::Done);
        assert!(
            core.lock().unwrap().mechanics.output[0].face.is_blank(),
            "{sent} bytes were enough to print"
        );
    }
}

/// A line to a printer that takes its time. Waiting costs no real time: a read that finds nothing moves the clock on by
/// the time-out.
struct SlowWire {
    core: Arc<Mutex<Core>>,
    now: Duration,
    timeout: Duration,
}

impl Read for SlowWire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut core = self.core.lock().unwrap();
        // The answer may come within the time-out.
        for at in [self.now, self.now + self.timeout] {
            let length = core.poll_transmit(at, buffer);
            if length > 0 {
                self.now = at;
                return Ok(length);
            }
        }
        self.now += self.timeout;
        Err(io::ErrorKind::TimedOut.into())
    }
}

impl Write for SlowWire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.core.lock().unwrap().handle_bytes(self.now, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Port for SlowWire {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.timeout = timeout;
        Ok(())
    }
}

/// A driver with these time-outs for movements and panels at a printer that moves as slowly as a real one.
fn slow_printer(movement: Duration, panel: Duration) -> (Arc<Mutex<Core>>, Evolis<SlowWire>) {
    let core = printer_with(1);
    core.lock().unwrap().pace = Pace::Real;
    let port = SlowWire {
        core: Arc::clone(&core),
        now: Duration::ZERO,
        timeout: Duration::from_secs(1),
    };
    let timeouts = Timeouts {
        movement,
        panel,
        ..Timeouts::default()
    };
    (core, Evolis::with_timeouts(port, timeouts).unwrap())
}

#[test]
fn a_real_printer_needs_less_than_the_usual_time_outs() {
    let usual = Timeouts::default();
    let (core, mut printer) = slow_printer(usual.movement, usual.panel);
    assert_eq!(printer.feed_to_contactless(), Outcome::Done);
    assert_eq!(printer.move_to_print(), Outcome::Done);
    assert_eq!(printer.print(&marks()), Outcome::Done);
    assert_eq!(printer.eject(), Outcome::Done);
    assert_eq!(core.lock().unwrap().mechanics.output.len(), 1);
}

#[test]
fn answers_that_come_after_the_time_out_are_not_taken_for_others() {
    // Each panel takes 5 s and each movement 3 s; the driver gives up earlier, asks, and must tell the late answer
    // from the answer to its question.
    for (movement, panel) in [(2500, 3000), (2000, 4900), (20_000, 2600)] {
        let (core, mut printer) = slow_printer(Duration::from_millis(movement), Duration::from_millis(panel));
        let _ = printer.feed_to_contactless();
        assert!(printer.status().unwrap().card.is_inside());
        let _ = printer.move_to_print();
        assert_eq!(printer.status().unwrap().card, CardPosition::Print);
        assert_eq!(printer.print(&marks()), Outcome::Done);
        assert_eq!(core.lock().unwrap().panels_printed(), 5);
        assert_eq!(printer.reject(), Outcome::Done);
        let counters = printer.counters().unwrap();
        assert_eq!(
            (
                counters.cards_fed,
                counters.panels_printed,
                counters.cards_rejected
            ),
            (1, 5, Some(1))
        );
    }
}
