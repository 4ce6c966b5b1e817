//! The machine with a model of card, printer, operator and crashes: every interleaving with up to so many faults.

use std::time::Instant;

use stateright::{Checker, Model};

use super::Options;
use crate::issuance_model::graph::{Findings, explore};
use crate::issuance_model::mutants::MUTANTS;
use crate::issuance_model::rules::MUST_OCCUR;
use crate::issuance_model::system::System;
use crate::rig::bench::{Figure, Limit, Report};

/// Blanks in the hopper: one more than faults that may spoil one, so that a good one remains.
const BLANKS: usize = 3;

pub(super) fn measure(options: &Options, report: &mut Report) {
    let faults = if options.quick { 2 } else { 4 };
    let system = System::real(BLANKS, faults);
    eprintln!("exploring every interleaving with up to {faults} faults …");
    let begun = Instant::now();
    let findings = explore(&system, false);
    let took = begun.elapsed();
    if let Some(counterexample) = &findings.counterexample {
        eprintln!("{counterexample}");
    }
    add(report, &findings, faults, took.as_secs_f64());

    eprintln!("asking stateright …");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = system.checker().threads(threads).spawn_bfs().join();
    let discoveries = checker.discoveries();
    let broken = usize::from(discoveries.contains_key("the rules hold"));
    let met = MUST_OCCUR
        .iter()
        .filter(|must| discoveries.contains_key(must.name))
        .count();
    let states = checker.unique_state_count() as f64;
    report.add(
        Figure::new("model_stateright_states", states, "").beside("own count", findings.situations as f64),
    );
    report.add(Figure::new("model_stateright_violations", broken as f64, "").limit(Limit::AtMost(0.0)));
    report.add(
        Figure::new("model_must_occur", met as f64, "")
            .limit(Limit::AtLeast(MUST_OCCUR.len() as f64))
            .remark("situations that a check of all of them must come by"),
    );

    eprintln!("breaking the machine on purpose …");
    let mut caught = 0;
    for mutant in MUTANTS {
        let mutated = System {
            step: mutant.step,
            ..System::real(BLANKS, 2)
        };
        match explore(&mutated, true).counterexample {
            Some(counterexample) => {
                caught += 1;
                eprintln!("a machine that {}:\n{counterexample}", mutant.name);
            }
            None => eprintln!("NOT CAUGHT: a machine that {}", mutant.name),
        }
    }
    report.add(
        Figure::new("model_mutants_caught", f64::from(caught), "")
            .limit(Limit::AtLeast(MUTANTS.len() as f64))
            .remark("machines broken on purpose"),
    );
}

fn add(report: &mut Report, findings: &Findings, faults: u8, seconds: f64) {
    let remark = format!("up to {faults} faults, {BLANKS} blanks, every decision of the operator");
    report.add(Figure::new("model_states", findings.situations as f64, "").remark(remark));
    report.add(Figure::new("model_moves", findings.moves as f64, ""));
    report.add(Figure::new("model_depth", findings.depth as f64, "moves"));
    report.add(Figure::new(
        "model_machine_states",
        findings.states.len() as f64,
        "",
    ));
    report.add(
        Figure::new("model_outcomes", findings.events.len() as f64, "")
            .remark("different ways in which an act ended"),
    );
    report.add(Figure::new("model_seconds", seconds, "s"));
    for (name, value) in [
        ("model_violations", findings.broken),
        ("model_stuck", findings.stuck),
        ("model_circling", findings.circling),
    ] {
        report.add(Figure::new(name, value as f64, "").limit(Limit::AtMost(0.0)));
    }
}
