//! Whatever dies when: one press, one number, at most one ticket, and the host knows of each.

use super::account::Faults;
use super::chance::Chance;
use super::hall::{Broken, Hall};
use super::incident::Incident;
use super::paper::{NO_PAPER, READY};
use crate::drivers::escpos::{Status, Trouble};
use crate::kiosk::model::Key;

const SECOND: u64 = 1_000_000;

/// Residents who press, at most this long apart, and faults among them.
fn morning(seed: u64, residents: u64) -> Vec<(u64, Incident)> {
    let mut chance = Chance::new(seed ^ 0x0FF1_CE00);
    let mut incidents = Vec::new();
    let mut at = 2 * SECOND;
    for _ in 0..residents {
        at += chance.between(SECOND, 15 * SECOND);
        if chance.one_in(3) {
            incidents.push((at, Incident::Press(Key::Down)));
            at += 300_000;
        }
        incidents.push((at, Incident::Press(Key::Select)));
        if chance.one_in(3) {
            let (begin, end) = fault(&mut chance);
            let from = (at + chance.between(0, 4 * SECOND)).saturating_sub(SECOND);
            incidents.push((from, begin));
            if let Some(end) = end {
                incidents.push((from + chance.between(50_000, 25 * SECOND), end));
            }
        }
    }
    incidents
}

fn fault(chance: &mut Chance) -> (Incident, Option<Incident>) {
    let cover_open = Status {
        cover_open: true,
        offline: true,
        ..READY
    };
    match chance.between(0, 9) {
        0 | 1 => (Incident::Cut(true), Some(Incident::Cut(false))),
        2 => (Incident::Host(false), Some(Incident::Host(true))),
        3 => (Incident::Stuck(chance.between(SECOND, 20 * SECOND)), None),
        4 => (Incident::Paper(Ok(NO_PAPER)), Some(Incident::Paper(Ok(READY)))),
        5 => (Incident::Paper(Ok(cover_open)), Some(Incident::Paper(Ok(READY)))),
        6 => (
            Incident::Paper(Err(Trouble::Silent)),
            Some(Incident::Paper(Ok(READY))),
        ),
        7 => (
            Incident::Card { broken: true },
            Some(Incident::Card { broken: false }),
        ),
        8 => (Incident::Dark(dark_for(chance)), None),
        _ => (Incident::Lend, None),
    }
}

/// A moment, mostly; sometimes so long that the resident has gone home.
fn dark_for(chance: &mut Chance) -> u64 {
    if chance.one_in(6) {
        chance.between(600 * SECOND, 3_000 * SECOND)
    } else {
        chance.between(100_000, 20 * SECOND)
    }
}

/// A morning on which the power goes after the model has heard `dark_after` events.
fn run(seed: u64, residents: u64, dark_after: Option<u64>, broken: Broken) -> (Faults, Hall) {
    let mut hall = Hall::new(seed, broken);
    let incidents = morning(seed, residents);
    let end = incidents.iter().map(|(at, _)| *at).max().unwrap_or(0) + 5 * SECOND;
    let mut chance = Chance::new(seed ^ dark_after.unwrap_or(0));
    hall.dark_after = dark_after.map(|heard| (heard, dark_for(&mut chance)));
    hall.schedule(incidents);
    hall.run_until(end);
    (hall.judge(), hall)
}

/// Adds up the faults of a morning on which the power goes after each event in turn.
fn sweep(seed: u64, residents: u64, broken: Broken) -> (u64, usize, Option<(u64, Faults)>) {
    let (faults, hall) = run(seed, residents, None, broken);
    assert!(
        broken != Broken::Not || faults == Faults::default(),
        "seed {seed}: {faults:?}"
    );
    let mut tickets = hall.printer.tray.len();
    for heard in 1..=hall.heard {
        let (faults, hall) = run(seed, residents, Some(heard), broken);
        tickets += hall.printer.tray.len();
        if faults != Faults::default() {
            return (heard, tickets, Some((heard, faults)));
        }
    }
    (hall.heard, tickets, None)
}

#[test]
fn one_press_gets_one_number_and_at_most_one_ticket_wherever_the_power_goes() {
    let (mut cuts, mut tickets) = (0, 0);
    for seed in 0..40 {
        let (done, printed, found) = sweep(seed, 3, Broken::Not);
        assert_eq!(found, None, "seed {seed}");
        cuts += done;
        tickets += printed;
    }
    // The sweep has swept something.
    assert!(cuts > 4_000 && tickets > 8_000, "{cuts} cuts, {tickets} tickets");
}

#[test]
fn a_long_morning_with_many_faults_is_accounted_for() {
    for seed in 1_000..1_150 {
        let (faults, _) = run(seed, 60, None, Broken::Not);
        assert_eq!(faults, Faults::default(), "seed {seed}");
    }
}

#[test]
fn the_check_finds_a_kiosk_that_prints_before_it_writes_down() {
    let found = (0..40).find_map(|seed| sweep(seed, 3, Broken::PrintsFirst).2);
    let (_, faults) = found.expect("such a kiosk prints twice");
    assert!(faults.double_prints > 0, "{faults:?}");
}

#[test]
fn the_check_finds_a_kiosk_that_does_not_ask_its_printer() {
    let found = (0..40).find_map(|seed| sweep(seed, 3, Broken::NeverLooks).2);
    let (_, faults) = found.expect("such a kiosk prints twice");
    assert!(faults.double_prints > 0, "{faults:?}");
}

#[test]
fn the_check_finds_a_kiosk_that_does_not_tell_the_host_whose_number_is_nobodys() {
    let found = (2_000..2_200).find_map(|seed| {
        let (faults, _) = run(seed, 40, None, Broken::ForgetsHost);
        (faults != Faults::default()).then_some(faults)
    });
    let faults = found.expect("such a kiosk leaves numbers behind");
    assert!(faults.lost_presses > 0, "{faults:?}");
}
