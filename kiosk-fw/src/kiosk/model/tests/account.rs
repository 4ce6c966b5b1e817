//! What must hold when all is over.

use std::collections::{BTreeMap, BTreeSet};

use super::hall::Hall;
use super::office::OFFSET;
use crate::kiosk::model::View;
use crate::kiosk::model::clock::day_of;
use crate::kiosk::record;
use protocol::message::{PrintOutcome, TicketTaken};

/// What a run has shown. All are to be 0.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) duplicate_numbers: usize,
    pub(super) double_prints: usize,
    pub(super) lost_presses: usize,
    pub(super) untrue_reports: usize,
    pub(super) unknown_unreported: usize,
    pub(super) too_late: usize,
    pub(super) untold_loans: usize,
    pub(super) out_of_order: usize,
    pub(super) yesterdays_numbers: usize,
    pub(super) never_quiet: usize,
}

impl Hall {
    /// All faults are over: lets everything come to rest, and looks what there is.
    pub(super) fn judge(&mut self) -> Faults {
        self.make_well();
        self.run_until(self.now + 240_000_000);
        self.faults()
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        let tray = &self.printer.tray;
        let sheets = |press: u64| tray.iter().filter(move |sheet| sheet.press == press);
        let mut presses = BTreeSet::new();
        for record in &self.card.records {
            let flight = record::restore(record).unwrap().flight;
            presses.extend(flight.map(|flight| flight.press).filter(|press| *press != 0));
        }
        let mut by_push = BTreeMap::<u32, usize>::new();
        for press in &presses {
            let out = sheets(*press).count();
            let whole = sheets(*press).filter(|sheet| sheet.whole).count();
            *by_push.entry(self.push_of(*press)).or_default() += out;
            faults.double_prints += usize::from(out > 1);
            match self.office.reports.get(press).map(|report| report.outcome) {
                None => faults.lost_presses += 1,
                Some(PrintOutcome::Printed) => faults.untrue_reports += usize::from(whole != 1 || out != 1),
                Some(PrintOutcome::NotPrinted) if out > whole => faults.unknown_unreported += 1,
                Some(PrintOutcome::NotPrinted) => faults.untrue_reports += usize::from(out > 0),
                Some(PrintOutcome::Unknown) => (),
            }
        }
        faults.double_prints += by_push.values().filter(|out| **out > 1).count();
        // A number on paper that was never written down belongs to nobody.
        faults.lost_presses += tray
            .iter()
            .filter(|sheet| !presses.contains(&sheet.press))
            .count();
        // Every number that the host gave is somebody's or is known to be nobody's.
        let reported = |press: &&u64| !self.office.reports.contains_key(*press);
        faults.lost_presses += self.office.granted.keys().filter(reported).count();
        let labels: BTreeSet<_> = tray.iter().map(|sheet| (sheet.label, sheet.press)).collect();
        let numbers: BTreeSet<_> = labels.iter().map(|(label, _)| *label).collect();
        faults.duplicate_numbers += labels.len() - numbers.len();
        for sheet in tray {
            let lent = !self.office.granted.contains_key(&sheet.press);
            let told = self
                .office
                .taken
                .iter()
                .any(|taken| taken.ticket_id == sheet.ticket_id);
            faults.untold_loans += usize::from(lent && !told);
            let age = sheet
                .issued_at
                .map_or(0, |issued| self.office.unix(sheet.at).saturating_sub(issued));
            faults.too_late += usize::from(age > 600 + 90);
            let given_on = sheet.issued_at.map(|issued| day_of(issued, OFFSET));
            faults.yesterdays_numbers += usize::from(given_on.is_some_and(|day| day != sheet.label.0));
        }
        for (place, taken) in self.office.taken.iter().enumerate() {
            let later = &self.office.taken[place + 1..];
            let earlier = |other: &&TicketTaken| {
                other.prefix == taken.prefix && other.loan == taken.loan && other.number <= taken.number
            };
            faults.out_of_order += later.iter().filter(earlier).count();
        }
        let quiet = matches!(self.view(), Some(View::Services { alone: false, .. }));
        let empty = self
            .model
            .as_ref()
            .is_some_and(|model| model.storage().waiting == 0);
        faults.never_quiet += usize::from(!quiet || !empty || !self.office.contradictions.is_empty());
        faults
    }
}
