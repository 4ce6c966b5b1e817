//! The model in small: one fault, two blanks.

use stateright::{Checker, Model};

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
