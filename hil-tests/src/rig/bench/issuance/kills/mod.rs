//! `kill -9`, seeded: the operator's program, as it ships, is killed at any moment while it issues a card through the real PC/SC service and
//! the emulated printer, started again, perhaps killed again; then everything is counted.

mod life;

use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::Options;
use crate::applicant::{Applicant, Sample};
use crate::rig::bench::{Figure, Limit, Report};
use crate::rig::build::Programs;
use crate::rig::isolation::Isolation;
use life::{Account, live};

/// Kills that the issue asks for.
const KILLS: u32 = 200;

pub(super) fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let wanted = if options.quick { 10 } else { KILLS };
    eprintln!("killing the operator's program {wanted} times …");
    let programs = Programs::built();
    let applicant = Applicant::new(Sample::Budi)?;
    let mut all = Account::default();
    let begun = Instant::now();
    let mut lives = 0;
    // Each life is one applicant in an office of its own, so that one can be looked at alone.
    while all.kills < wanted {
        let seed = options.seed.wrapping_add(lives);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let account = live(&programs, Isolation::current(), &applicant, &mut rng)?;
        if !account.is_clean() {
            eprintln!("seed {seed}: {account:?}");
        }
        all.add(&account);
        lives += 1;
        if lives % 10 == 0 {
            eprintln!(
                "{} kills in {lives} applications, {:.0} s",
                all.kills,
                begun.elapsed().as_secs_f64()
            );
        }
    }
    add(
        report,
        &all,
        lives,
        begun.elapsed().as_secs_f64() / f64::from(all.kills),
    );
    Ok(())
}

fn add(report: &mut Report, all: &Account, lives: u64, seconds_each: f64) {
    report.section("Through the real PC/SC service and the emulated printer: the operator's program killed (SIGKILL) and started again");
    report.add(
        Figure::new("kills", f64::from(all.kills), "")
            .beside("applications", lives as f64)
            .beside("seconds each", seconds_each),
    );
    for (step, kills) in &all.during {
        report.add(Figure::new(format!("kills_during_{step}"), f64::from(*kills), ""));
    }
    for (name, value) in [
        ("kills_double_activations", all.double_activations),
        ("kills_double_prints", all.double_prints),
        ("kills_wrong_face", all.wrong_face),
        ("kills_lost_blanks", all.lost_blanks),
        ("kills_journal_not_whole", all.journal_not_whole),
        ("kills_stuck", all.stuck),
    ] {
        report.add(Figure::new(name, f64::from(value), "").limit(Limit::AtMost(0.0)));
    }
    report.add(
        Figure::new("kills_issued", f64::from(all.issued), "")
            .remark("applications that ended with an active card in the hand"),
    );
    report.add(Figure::new("kills_blanks_rejected", f64::from(all.rejected), ""));
}
