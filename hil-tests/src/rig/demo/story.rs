//! What happens in a demonstration, and what is kept of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use host_driver::card::LifeCycle;
use serde_json::Value;

use super::Options;
use super::person::Person;
use crate::applicant::Applicant;
use crate::device::card_printer::artwork;
use crate::rig::build::Programs;
use crate::rig::counter::{Ask, Counter, Line};
use crate::rig::evidence::Evidence;
use crate::rig::fault::Fault;
use crate::rig::hands::Hands;
use crate::rig::isolation::Isolation;
use crate::rig::office::Office;
use crate::rig::screens::Watch;
use crate::rig::supplies;
use crate::rig::{defmt_log, process::Process, terminal_screen};
use crate::world::{Census, Place};

/// Longest silence of the operator's program. The capture board gives up on a finger after 30 s.
const SILENCE: Duration = Duration::from_mins(1);

/// Pictures of fingers that the operator's program keeps for us, as it names them.
const CAPTURES: [(&str, &str); 2] = [
    ("finger_verify", "finger-verify"),
    ("finger_activate", "finger-activate"),
];

/// One step of the procedure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) seconds: f64,
    pub(super) standard_seconds: Option<f64>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) steps: Vec<Step>,
    /// Fields of the outcome event, as the operator's program gave them.
    pub(super) outcome: Value,
    pub(super) ticket: Option<String>,
    /// What the ticket's QR code must say.
    pub(super) ticket_id: Option<String>,
    /// What the operator was told on the way, in English.
    pub(super) problems: Vec<String>,
    pub(super) exit_code: Option<i32>,
    /// Where every card lies at the end.
    pub(super) census: Census,
    /// Life cycle that the handed-over chip itself has, as the world sees it.
    pub(super) chip_in_hand: Option<LifeCycle>,
    pub(super) seconds: f64,
    /// What the operator's program said on standard error.
    pub(super) words: String,
}

impl Told {
    /// What the operator is told at the end, and whatever was said on the way.
    pub(super) fn message(&self) -> String {
        let end = self.outcome["text_en"].as_str().unwrap_or_default();
        let mut parts: Vec<&str> = self.problems.iter().map(String::as_str).collect();
        parts.extend([self.words.trim(), end]);
        parts.retain(|part| !part.is_empty());
        parts.dedup();
        parts.join("\n")
    }

    /// Whether the applicant went away with an active card. The world is asked, not only the program.
    pub(super) fn is_issued(&self) -> bool {
        self.outcome["outcome"] == "issued"
            && self.exit_code == Some(0)
            && self.census.get(&Place::Applicant) == Some(&1)
            && self.chip_in_hand == Some(LifeCycle::Activated)
    }
}

/// Carries the applicant through.
pub(super) fn tell(
    options: &Options,
    applicant: &Applicant,
    programs: &Programs,
    isolation: Isolation,
    evidence: &mut Evidence,
) -> anyhow::Result<Told> {
    let begin = Instant::now();
    let mut office = Office::start(programs, isolation, options.fault)?;
    let stage = Arc::new(Mutex::new(String::from("start")));
    let watches =
        [&office.kiosk, &office.capture].map(|board| Watch::start(board, &stage, evidence.folder()));
    let config = supplies::write_configuration(&office, evidence.folder(), options.fault)?;
    if let Some(record) = applicant.record_json()? {
        supplies::import_record(&programs.loket, &config, &record, evidence.folder())?;
    }
    supplies::receive_blanks(&programs.loket, &config, office.world.count(Place::Hopper))?;
    let words = evidence.file("operator_messages", "loket-stderr.txt");
    let counter = Counter::start(&programs.loket, &config, &words)?;
    let person = if options.interactive {
        Person::AtTerminal(applicant)
    } else {
        Person::Played(applicant)
    };
    let hands = Hands::new(&office, applicant);
    let mut teller = Teller {
        office: &mut office,
        hands,
        person,
        fault: options.fault,
        stage,
        folder: evidence.folder().to_owned(),
        counter,
        told: Told::new(),
    };
    let told = teller.listen();
    let mut told = match told {
        Ok(()) => teller.told,
        Err(error) => return Err(error),
    };
    told.words = std::fs::read_to_string(&words).unwrap_or_default();
    told.census = office.world.census();
    told.chip_in_hand = office
        .world
        .chips(Place::Applicant)
        .last()
        .map(|chip| chip.life_cycle);
    for shot in watches.into_iter().filter_map(Result::ok).flat_map(Watch::finish) {
        evidence.file(
            &shot.name,
            &shot.file.file_name().unwrap_or_default().to_string_lossy(),
        );
    }
    collect(&office, programs, &config, evidence)?;
    told.seconds = begin.elapsed().as_secs_f64();
    Ok(told)
}

impl Told {
    fn new() -> Self {
        Self {
            steps: Vec::new(),
            outcome: Value::Null,
            ticket: None,
            ticket_id: None,
            problems: Vec::new(),
            exit_code: None,
            census: BTreeMap::new(),
            chip_in_hand: None,
            seconds: 0.0,
            words: String::new(),
        }
    }
}

struct Teller<'a> {
    office: &'a mut Office,
    hands: Hands<'a>,
    person: Person<'a>,
    fault: Option<Fault>,
    stage: Arc<Mutex<String>>,
    folder: PathBuf,
    counter: Counter,
    told: Told,
}

impl Teller<'_> {
    fn listen(&mut self) -> anyhow::Result<()> {
        while let Some(line) = self.counter.next_line(SILENCE)? {
            match line {
                Line::Ask(question) => self.answer(&question)?,
                Line::Event { event, fields } => self.hear(&event, &fields)?,
            }
        }
        let status = self.counter.wait_for_end(Duration::from_secs(5));
        self.told.exit_code = status.and_then(|status| status.code());
        Ok(())
    }

    fn hear(&mut self, event: &str, fields: &Value) -> anyhow::Result<()> {
        match event {
            // The kiosk shows its services; the applicant comes in.
            "ready" => {
                self.office.kiosk.release_all_keys()?;
                self.set_stage("ticket");
                self.person.take_number(&self.office.kiosk)?;
            }
            "ticket" => {
                self.told.ticket = text(&fields["ticket"]);
                self.told.ticket_id = text(&fields["ticket_id"]);
                eprintln!("  ticket {}", self.told.ticket.as_deref().unwrap_or("?"));
                if let Person::AtTerminal(_) = self.person {
                    eprintln!("{}", terminal_screen::braille(&self.office.kiosk.screen()?));
                }
            }
            "step" => self.step(fields),
            "capture" => self.capture(fields)?,
            "score" => {
                let verdict = fields["verdict"].as_str().unwrap_or_default().replace('_', " ");
                eprintln!(
                    "  score {} (threshold {}): {verdict}",
                    fields["score"], fields["threshold"]
                );
            }
            "problem" => {
                let words = text(&fields["text_en"]).unwrap_or_default();
                eprintln!("  {words}");
                self.told.problems.push(words);
            }
            "outcome" => self.told.outcome = fields.clone(),
            _ => log::debug!("{event}: {fields}"),
        }
        Ok(())
    }

    fn step(&mut self, fields: &Value) {
        let Some(name) = text(&fields["name"]) else { return };
        if fields["state"] == "started" {
            self.set_stage(&name);
            return;
        }
        let step = Step {
            name,
            seconds: fields["seconds"].as_f64().unwrap_or_default(),
            standard_seconds: fields["standard_seconds"].as_f64(),
        };
        eprintln!("{}", super::report::line(&step));
        self.told.steps.push(step);
    }

    fn capture(&mut self, fields: &Value) -> anyhow::Result<()> {
        if fields["phase"] == "waiting_for_finger" {
            match self.fault {
                Some(Fault::NoFinger) => return Ok(()),
                Some(Fault::PortLost) => {
                    self.office.unplug_capture();
                    return Ok(());
                }
                _ => {}
            }
        }
        self.hands.capture(fields)
    }

    /// Does what the question presumes, then answers it.
    fn answer(&mut self, question: &Ask) -> anyhow::Result<()> {
        self.hands.before_answering(question)?;
        if question.question == "card_good" {
            self.show_card()?;
        }
        let answer = self.person.answer(question)?;
        self.counter.answer(question, &answer)
    }

    /// Lets a person at the terminal look at the card.
    fn show_card(&self) -> anyhow::Result<()> {
        if let (Person::AtTerminal(_), Some(face)) = (&self.person, self.office.world.face(Place::Tray)) {
            let picture = self.folder.join("card-in-tray.png");
            face.on(artwork())
                .save(&picture)
                .context("drawing the card in the tray")?;
            eprintln!("The card in the tray: {}", picture.display());
        }
        Ok(())
    }

    fn set_stage(&self, stage: &str) {
        stage.clone_into(&mut self.stage.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

/// Puts everything that a person would want to look at into the folder.
fn collect(
    office: &Office,
    programs: &Programs,
    config: &Path,
    evidence: &mut Evidence,
) -> anyhow::Result<()> {
    for (index, receipt) in office.receipts().iter().enumerate() {
        let suffix = if index == 0 {
            String::new()
        } else {
            format!("-{}", index + 1)
        };
        evidence.save(
            &format!("ticket_bytes{suffix}"),
            &format!("ticket{suffix}.escpos"),
            &receipt.bytes,
        )?;
        let picture = evidence.file(&format!("ticket_picture{suffix}"), &format!("ticket{suffix}.png"));
        receipt.on_paper().save(&picture).context("drawing the ticket")?;
    }
    let printed = [Place::Applicant, Place::Desk, Place::Tray, Place::RejectTray]
        .into_iter()
        .find_map(|place| office.world.face(place));
    if let Some(face) = printed {
        let picture = evidence.file("card_face", "card-face.png");
        face.on(artwork())
            .save(&picture)
            .context("drawing the card's face")?;
    }
    for board in [&office.kiosk, &office.capture] {
        let elf = if board.name() == "kiosk" {
            &programs.kiosk
        } else {
            &programs.capture
        };
        let log = std::fs::read(board.defmt_file()).context("reading the board's log")?;
        let name = board.name();
        evidence.save(
            &format!("{name}_log"),
            &format!("{name}-defmt.log"),
            defmt_log::decode(elf, &log)?.as_bytes(),
        )?;
    }
    for (name, stem) in CAPTURES {
        for attempt in 1..=4 {
            evidence.file(&format!("{name}_{attempt}"), &format!("{stem}-{attempt}.png"));
        }
    }
    let asked: [(_, _, &[&str]); 3] = [
        ("agenda", "agenda.csv", &["agenda", "--csv"]),
        ("blanks", "blanks.json", &["blanks", "--json"]),
        ("journal", "journal.json", &["journal", "verify", "--json"]),
    ];
    for (name, file, arguments) in asked {
        let answer = Process::command(&programs.loket)
            .args(arguments)
            .arg("--config")
            .arg(config)
            .output()
            .with_context(|| format!("asking for the {name}"))?;
        evidence.save(name, file, &answer.stdout)?;
    }
    for (name, file) in [
        ("host_log", "host.log"),
        ("chip_content", "chip.json"),
        ("config", "loket.toml"),
    ] {
        evidence.file(name, file);
    }
    Ok(())
}
