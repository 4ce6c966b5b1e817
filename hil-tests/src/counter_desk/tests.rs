//! The counter in small.

use std::sync::LazyLock;

use host_driver::printer::evolis::wire::Refusal;

use super::fate::{Fate, Moment, Strike};
use super::faults::{self, Place, Table};
use super::life::{Office, Way};
use crate::device::card_printer::Fault;

/// Working the card out takes longer than a life.
fn office() -> &'static Office {
    static OFFICE: LazyLock<Office> = LazyLock::new(|| Office::open().unwrap());
    &OFFICE
}

#[test]
fn every_way_ends_as_it_should() {
    let office = office();
    for (way, end) in [
        (Way::Happy, "issued"),
        (Way::Stranger, "not matched"),
        (Way::UsedBlank, "issued, 1 blank rejected"),
        (Way::BlankWithoutChip, "issued, 1 blank rejected"),
        (Way::BadPrint, "issued, 1 blank rejected"),
        (Way::NoGoodBlank, "waits to be resumed, 1 blank rejected"),
    ] {
        let told = office.live(way, &Fate::new([])).unwrap();
        assert_eq!(told.end(), end, "{way:?}");
        assert!(told.account.is_clean(), "{way:?}: {:?}", told.account);
    }
}

#[test]
fn the_program_may_die_anywhere() {
    let office = office();
    let fate = Fate::new([]);
    office.live(Way::Happy, &fate).unwrap();
    for point in (0..fate.trail().len()).step_by(29) {
        let told = office
            .live(Way::Happy, &Fate::new([(point, Strike::Die)]))
            .unwrap();
        assert!(told.account.is_clean(), "{point}: {:?}", told.account);
        assert_eq!(told.account.issued, 1, "{point}: {}", told.end());
    }
}

#[test]
fn a_program_that_acts_before_its_intent_is_durable_is_found_out() {
    let office = office();
    let fate = Fate::new([]);
    office.live(Way::WithoutIntents, &fate).unwrap();
    let found = (0..fate.trail().len()).rev().any(|point| {
        let told = office
            .live(Way::WithoutIntents, &Fate::new([(point, Strike::Die)]))
            .unwrap();
        !told.account.is_clean()
    });
    assert!(found);
}

#[test]
fn the_table_of_faults_is_what_the_system_does() {
    let office = office();
    let fate = Fate::new([]);
    office.live(Way::Happy, &fate).unwrap();
    let all: Vec<_> = fate
        .trail()
        .iter()
        .enumerate()
        .flat_map(|(point, tick)| {
            let place = Place::from(tick);
            faults::at(&tick.moment)
                .into_iter()
                .map(move |(name, fault)| (point, place.clone(), name, fault))
        })
        .collect();
    let mut table = Table::default();
    for (point, place, name, fault) in all.into_iter().step_by(331) {
        let told = office.live(Way::Happy, &Fate::new([(point, fault)])).unwrap();
        assert!(told.account.is_clean(), "{place:?}, {name}: {:?}", told.account);
        table.enter(place, &name, told.end());
    }
    let document = include_str!("../../../host-driver/src/issuance/FAULTS.md");
    table.is_part_of(document).unwrap();
}

#[test]
fn a_printer_that_stopped_with_an_error_goes_on_when_the_operator_has_seen_to_it() {
    let fate = Fate::new([]);
    office().live(Way::Happy, &fate).unwrap();
    let is_insert = |moment: &Moment| matches!(moment, Moment::Command(command) if command == "Sic");
    let at = fate
        .trail()
        .iter()
        .position(|tick| is_insert(&tick.moment))
        .unwrap();
    for refusal in [
        Refusal::CardJam,
        Refusal::Ribbon,
        Refusal::CoverOpen,
        Refusal::Head,
    ] {
        let strike = Strike::Printer(Fault::Refused(refusal));
        let told = office().live(Way::Happy, &Fate::new([(at, strike)])).unwrap();
        assert_eq!(told.account.issued, 1, "{refusal:?}: {}", told.end());
        assert!(told.account.is_clean(), "{refusal:?}: {:?}", told.account);
    }
}

#[test]
fn a_printer_that_says_rejected_and_rejects_nothing_is_not_believed() {
    let fate = Fate::new([]);
    office().live(Way::UsedBlank, &fate).unwrap();
    let is_reject = |moment: &Moment| matches!(moment, Moment::Command(command) if command == "Ser");
    let at = fate
        .trail()
        .iter()
        .position(|tick| is_reject(&tick.moment))
        .unwrap();
    let told = office()
        .live(
            Way::UsedBlank,
            &Fate::new([(at, Strike::Printer(Fault::Swallowed))]),
        )
        .unwrap();
    assert_eq!(told.end(), "issued, 1 blank rejected");
    assert!(told.account.is_clean(), "{:?}", told.account);
}

#[test]
fn whoever_said_that_a_card_is_bad_is_told_what_to_do_with_it_even_if_the_program_died_on_the_way() {
    let fate = Fate::new([]);
    office().live(Way::BadPrint, &fate).unwrap();
    let trail = fate.trail();
    let answered =
        (2..trail.len()).filter(|at| trail[*at].moment == Moment::AfterRow && trail[at - 2].act == "ask");
    for point in answered {
        let told = office()
            .live(Way::BadPrint, &Fate::new([(point, Strike::Die)]))
            .unwrap();
        assert!(told.account.is_clean(), "{point}: {:?}", told.account);
    }
}
