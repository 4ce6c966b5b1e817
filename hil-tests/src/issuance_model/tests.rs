//! The model in small: one fault, two blanks.

use stateright::{Checker, Model};

use super::chart;
use super::graph::explore;
use super::mutants::MUTANTS;
use super::system::System;

#[test]
fn no_rule_can_be_broken_and_nothing_is_stuck() {
    let findings = explore(&System::real(2, 1), false);
    assert!(
        findings.is_clean(),
        "{} broken, {} stuck, {} circling:\n{}",
        findings.broken,
        findings.stuck,
        findings.circling,
        findings.counterexample.unwrap()
    );
    assert!(findings.situations > 1_000, "{}", findings.situations);
}

#[test]
fn an_independent_checker_agrees_and_comes_by_everything_that_must_occur() {
    let checker = System::real(2, 1).checker().spawn_bfs().join();
    checker.assert_properties();
}

#[test]
fn every_broken_machine_is_caught() {
    for mutant in MUTANTS {
        let system = System {
            step: mutant.step,
            ..System::real(2, 1)
        };
        let findings = explore(&system, true);
        assert!(!findings.is_clean(), "not caught: a machine that {}", mutant.name);
    }
}

#[test]
fn the_machines_diagram_is_what_the_code_does() {
    const PATH: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../host-driver/src/issuance/MACHINE.md"
    );
    let text = std::fs::read_to_string(PATH).unwrap();
    let (begin, end) = ("<!-- begin machine -->\n", "<!-- end machine -->");
    let from = text.find(begin).unwrap() + begin.len();
    let to = text.find(end).unwrap();
    let expected = chart::markdown();
    if std::env::var_os("UPDATE_SPEC").is_some() {
        std::fs::write(PATH, [&text[..from], &expected, &text[to..]].concat()).unwrap();
        return;
    }
    assert!(
        text[from..to] == expected,
        "MACHINE.md is out of date: UPDATE_SPEC=1 cargo test -p hil-tests --lib issuance_model"
    );
}
