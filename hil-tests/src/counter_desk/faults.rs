//! Which faults can come at which moment, and what the table of them says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use host_driver::card::StatusWord;
use host_driver::printer::evolis::wire::Refusal;

use super::fate::{Moment, Strike, Tick};
use crate::device::card::FaultKind;
use crate::device::card_printer::Fault;

/// What can go wrong at a moment, with a name for the table.
pub fn at(moment: &Moment) -> Vec<(String, Strike)> {
    let named = |faults: &[(&str, Strike)]| {
        faults
            .iter()
            .map(|(name, strike)| ((*name).to_owned(), strike.clone()))
            .collect()
    };
    match moment {
        Moment::BeforeRow => named(&[
            ("disk full", Strike::DiskFull),
            ("store locked", Strike::StoreLocked),
        ]),
        Moment::Reader => named(&[
            ("reader gone", Strike::ReaderGone),
            ("PC/SC stopped", Strike::ServiceGone),
            ("no card comes", Strike::NoCard),
        ]),
        Moment::Finger => named(&[
            ("no finger", Strike::NoFinger),
            ("capture failed", Strike::CaptureFailed),
        ]),
        Moment::Apdu(_) => card_faults(),
        Moment::Command(_) => printer_faults(),
        _ => Vec::new(),
    }
}

fn card_faults() -> Vec<(String, Strike)> {
    // Every status word that the driver knows by name, but success.
    let mut faults: Vec<(String, Strike)> = StatusWord::NAMED
        .iter()
        .filter(|word| !word.is_ok())
        .map(|word| (format!("{:04X}", word.0), Strike::Card(FaultKind::Status(word.0))))
        .collect();
    faults.extend(
        [
            ("removed before", FaultKind::RemovedBefore),
            ("removed after", FaultKind::RemovedAfter),
            ("torn write", FaultKind::Torn { bytes: 3 }),
            ("byte changed on the way", FaultKind::Lie { at: 1, mask: 0x10 }),
            ("bad memory cell", FaultKind::BadCell { at: 2, mask: 0x01 }),
            ("only pretends", FaultKind::Pretend),
            ("no status word", FaultKind::Answer(vec![0x90])),
        ]
        .map(|(name, kind)| (name.to_owned(), Strike::Card(kind))),
    );
    faults
}

fn printer_faults() -> Vec<(String, Strike)> {
    let mut faults: Vec<(String, Strike)> = Refusal::ALL
        .iter()
        .map(|refusal| (format!("{refusal:?}"), Strike::Printer(Fault::Refused(*refusal))))
        .collect();
    faults.extend(
        [
            ("answer lost", Fault::AnswerLost),
            ("command lost", Fault::CommandLost),
            ("power lost", Fault::PowerLost),
            ("only pretends", Fault::Swallowed),
        ]
        .map(|(name, fault)| (name.to_owned(), Strike::Printer(fault))),
    );
    faults
}

/// Where the table has a moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The act under way.
    pub act: String,
    /// What was being done.
    pub at: String,
}

impl From<&Tick> for Place {
    fn from(tick: &Tick) -> Self {
        let at = match &tick.moment {
            Moment::BeforeRow => "journal row".into(),
            Moment::Reader => "reaching for the card".into(),
            Moment::Finger => "capture".into(),
            Moment::Apdu(instruction) => format!("APDU {instruction:02X}"),
            Moment::Command(command) => format!("printer {command}"),
            other => format!("{other:?}"),
        };
        Self {
            act: tick.act.clone(),
            at,
        }
    }
}

/// What the system did about every fault in every place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    cells: BTreeMap<Place, BTreeMap<String, BTreeSet<String>>>,
}

impl Table {
    /// Enters how a life ended that had this fault.
    pub fn enter(&mut self, place: Place, fault: &str, end: String) {
        self.cells
            .entry(place)
            .or_default()
            .entry(fault.to_owned())
            .or_default()
            .insert(end);
    }

    /// Faults in places.
    pub fn len(&self) -> usize {
        self.cells.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing was entered.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// As Markdown: a row for each place, faults with the same end together.
    pub fn markdown(&self) -> String {
        let mut text = String::from("| act | at | faults: how the application ended |\n|---|---|---|\n");
        for (place, faults) in &self.cells {
            let _ = writeln!(text, "| {} | {} | {} |", place.act, place.at, cell(faults));
        }
        text
    }

    /// Whether `markdown` says of everything in this table what this table says: for a sample of the faults.
    pub fn is_part_of(&self, markdown: &str) -> Result<(), String> {
        for (place, faults) in &self.cells {
            let begin = format!("| {} | {} | ", place.act, place.at);
            let row = markdown
                .lines()
                .find_map(|line| line.strip_prefix(&begin))
                .ok_or_else(|| format!("there is no row for {place:?}"))?;
            for (fault, ends) in faults {
                let groups = row.trim_end_matches(" |").split("<br>");
                let told = groups
                    .filter_map(|group| group.split_once(": "))
                    .find(|(names, _)| names.split(", ").any(|name| name == fault));
                let (_, told) = told.ok_or_else(|| format!("{place:?} says nothing of {fault}"))?;
                let told: BTreeSet<&str> = told.split(" or ").collect();
                if let Some(other) = ends.iter().find(|end| !told.contains(end.as_str())) {
                    return Err(format!("{place:?}, {fault}: {other}, not {told:?}"));
                }
            }
        }
        Ok(())
    }
}

fn cell(faults: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut by_end: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (fault, ends) in faults {
        let ends: Vec<&str> = ends.iter().map(String::as_str).collect();
        by_end.entry(ends.join(" or ")).or_default().push(fault);
    }
    by_end
        .iter()
        .map(|(end, faults)| format!("{}: {end}", faults.join(", ")))
        .collect::<Vec<_>>()
        .join("<br>")
}
