//! One applicant, and a program that dies on the way.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use host_driver::card::DataGroup;
use rand::Rng;
use serde_json::Value;
use tempfile::TempDir;

use crate::applicant::Applicant;
use crate::rig::build::Programs;
use crate::rig::counter::{Ask, Counter, Line};
use crate::rig::hands::Hands;
use crate::rig::isolation::Isolation;
use crate::rig::office::Office;
use crate::rig::process::Process;
use crate::rig::qemu::Key;
use crate::rig::supplies;
use crate::world::{Place, World};
use host_driver::printer::evolis::wire::Panel;

/// Longest silence of the operator's program. The capture board gives up on a finger after 30 s.
const SILENCE: Duration = Duration::from_mins(1);
/// Most starts of the program in one life: after that it is stuck.
const STARTS: u32 = 12;
/// How often the operator tries again in one run before giving up for now.
const RETRIES: u32 = 3;

/// What was counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) kills: u32,
    /// Kills by the step that was under way.
    pub(super) during: BTreeMap<String, u32>,
    pub(super) double_activations: u32,
    pub(super) double_prints: u32,
    pub(super) wrong_face: u32,
    pub(super) lost_blanks: u32,
    pub(super) journal_not_whole: u32,
    pub(super) stuck: u32,
    pub(super) issued: u32,
    pub(super) rejected: u32,
}

impl Account {
    pub(super) fn is_clean(&self) -> bool {
        self.double_activations
            + self.double_prints
            + self.wrong_face
            + self.lost_blanks
            + self.journal_not_whole
            + self.stuck
            == 0
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (step, kills) in &other.during {
            *self.during.entry(step.clone()).or_default() += kills;
        }
        for (sum, value) in [
            (&mut self.kills, other.kills),
            (&mut self.double_activations, other.double_activations),
            (&mut self.double_prints, other.double_prints),
            (&mut self.wrong_face, other.wrong_face),
            (&mut self.lost_blanks, other.lost_blanks),
            (&mut self.journal_not_whole, other.journal_not_whole),
            (&mut self.stuck, other.stuck),
            (&mut self.issued, other.issued),
            (&mut self.rejected, other.rejected),
        ] {
            *sum += value;
        }
    }
}

/// When the program is killed.
#[derive(Clone, Copy, Debug)]
struct Kill {
    after: After,
    /// So long after that.
    delay: Duration,
}

/// What a kill waits for.
#[derive(Clone, Copy, Debug)]
enum After {
    /// So many lines that the program said.
    Lines(u32),
    /// The beginning of a step.
    Step(&'static str),
}

/// Steps that change the world, and how long they take with devices that answer at once, ms.
const DEEDS: [(&str, u64); 4] = [
    ("feed", 60),
    ("personalise", 15),
    ("print", 500),
    ("activate", 900),
];

/// How a run of the program ended.
enum Ended {
    Killed,
    /// By itself, with its last outcome.
    ByItself(Value),
    /// Not at all: it says nothing any more. What it said last.
    Silent(String),
}

struct Life<'a> {
    office: &'a Office,
    hands: Hands<'a>,
    applicant: &'a Applicant,
    has_pressed: bool,
    /// The step that is under way.
    step: String,
    account: Account,
}

/// Lets one applicant be served by a program that is killed once to three times.
pub(super) fn live(
    programs: &Programs,
    isolation: Isolation,
    applicant: &Applicant,
    rng: &mut impl Rng,
) -> anyhow::Result<Account> {
    let folder = TempDir::with_prefix("loket-kills-").context("making a folder for the office's files")?;
    let office = Office::start(programs, isolation, None)?;
    let config = supplies::write_configuration(&office, folder.path(), None)?;
    let record = applicant.record_json()?.context("the sample has a record")?;
    supplies::import_record(&programs.loket, &config, &record, folder.path())?;
    supplies::receive_blanks(&programs.loket, &config, office.world.count(Place::Hopper))?;

    let mut life = Life {
        office: &office,
        hands: Hands::new(&office, applicant),
        applicant,
        has_pressed: false,
        step: String::new(),
        account: Account::default(),
    };
    // A whole issuance says some 45 lines.
    let mut kills = vec![draw(rng, 46)];
    while kills.len() < 3 && rng.random_bool(0.35) {
        kills.push(draw(rng, 30));
    }
    kills.reverse();
    let mut resume: Option<String> = None;
    let mut is_over = false;
    for _ in 0..STARTS {
        let words = folder.path().join("words.txt");
        let arguments: Vec<&str> = match &resume {
            Some(number) => vec!["issue", "resume", number],
            None => vec!["counter", "--once"],
        };
        let counter = Counter::start_with(&programs.loket, &arguments, &config, &words)?;
        match life.run(counter, kills.pop())? {
            // Killed after the hand-over, the application is over although nobody said so; nobody else comes to this counter.
            Ended::Killed
                if office.world.count(Place::Applicant) > 0 && nothing_open(&programs.loket, &config)? =>
            {
                is_over = true;
            }
            Ended::Killed => resume = None,
            Ended::ByItself(outcome) => {
                resume = outcome["application"].as_i64().map(|number| number.to_string());
                is_over = outcome["resumable"] != true && resume.is_some();
            }
            Ended::Silent(last) => {
                eprintln!("it fell silent during {:?}, after {last}", life.step);
                let log = std::fs::read_to_string(folder.path().join("host.log")).unwrap_or_default();
                let from = log.lines().count().saturating_sub(40);
                for line in log.lines().skip(from) {
                    eprintln!("    {line}");
                }
                break;
            }
        }
        if is_over {
            break;
        }
    }
    life.account.stuck += u32::from(!is_over);
    let mut account = life.account;
    count(&mut account, &office.world, applicant);
    compare(&mut account, &office.world, &programs.loket, &config)?;
    Ok(account)
}

/// Half of the kills fall anywhere, half into the steps that change the world.
fn draw(rng: &mut impl Rng, lines: u32) -> Kill {
    let (after, longest) = if rng.random_bool(0.5) {
        (After::Lines(rng.random_range(1..lines)), 60)
    } else {
        let (step, longest) = DEEDS[rng.random_range(0..DEEDS.len())];
        (After::Step(step), longest)
    };
    Kill {
        after,
        delay: Duration::from_micros(rng.random_range(0..longest * 1_000)),
    }
}

impl Life<'_> {
    fn run(&mut self, mut counter: Counter, kill: Option<Kill>) -> anyhow::Result<Ended> {
        let mut lines = 0;
        let mut retries = 0;
        let mut outcome = Value::Null;
        self.step = "start".into();
        let mut last = String::new();
        loop {
            let line = match counter.next_line(SILENCE) {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(_) => return Ok(Ended::Silent(last)),
            };
            lines += 1;
            name(&line).clone_into(&mut last);
            if let Line::Event { event, fields } = &line {
                if event == "outcome" {
                    outcome = fields.clone();
                }
                if event == "step" && fields["state"] == "started" {
                    fields["name"]
                        .as_str()
                        .unwrap_or_default()
                        .clone_into(&mut self.step);
                }
            }
            // What has been said is answered before the kill, so that it may hit what the answer sets going.
            match line {
                Line::Ask(question) => self.answer(&mut counter, &question, &mut retries)?,
                Line::Event { event, fields } => self.hear(&event, &fields)?,
            }
            let due = kill.filter(|kill| match kill.after {
                After::Lines(after) => lines >= after,
                After::Step(step) => self.step == step,
            });
            if let Some(kill) = due {
                std::thread::sleep(kill.delay);
                counter.kill();
                self.account.kills += 1;
                *self.account.during.entry(self.step.clone()).or_default() += 1;
                return Ok(Ended::Killed);
            }
        }
        log::debug!("a run ended: {outcome}");
        counter.wait_for_end(Duration::from_secs(5));
        Ok(Ended::ByItself(outcome))
    }

    fn hear(&mut self, event: &str, fields: &Value) -> anyhow::Result<()> {
        match event {
            "ready" if !self.has_pressed => {
                self.has_pressed = true;
                self.office.kiosk.release_all_keys()?;
                self.office.kiosk.press(Key::Select)
            }
            "capture" => self.hands.capture(fields),
            // "Make sure that the card is in the reject box."
            "blank" if fields["by_hand"] == true => {
                for place in [Place::Tray, Place::Desk] {
                    if self.office.world.count(place) > 0 {
                        self.office.world.move_card(place, Place::RejectTray)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn answer(&self, counter: &mut Counter, question: &Ask, retries: &mut u32) -> anyhow::Result<()> {
        self.hands.before_answering(question)?;
        let answer = match question.question.as_str() {
            "nik" => self.applicant.nik.as_str(),
            "contact" => self.applicant.contact,
            "retry_or_cancel" if *retries < RETRIES => {
                *retries += 1;
                "retry"
            }
            "retry_or_cancel" => "cancel",
            _ => "yes",
        };
        counter.answer(question, answer)
    }
}

/// What a line is, without what it says of a person.
fn name(line: &Line) -> &str {
    match line {
        Line::Ask(question) => &question.question,
        Line::Event { event, .. } => event,
    }
}

/// What must not be, in the world.
fn count(account: &mut Account, world: &World, applicant: &Applicant) {
    let active = world.active_cards();
    account.double_activations += u32::try_from(active.len().saturating_sub(1)).unwrap_or(u32::MAX);
    account.double_prints += u32::try_from(world.overprinted()).unwrap_or(u32::MAX);
    for (place, chip, face) in &active {
        let holds_name = chip
            .content(DataGroup::Biodata)
            .is_some_and(|biodata| contains(biodata, applicant.nik.as_str().as_bytes()));
        let is_whole = face.panels() == Panel::ALL;
        account.wrong_face += u32::from(!holds_name || !is_whole);
        account.issued += u32::from(*place == Place::Applicant);
    }
    account.rejected += u32::try_from(world.count(Place::RejectTray)).unwrap_or(u32::MAX);
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

/// Asks the operator's program for one JSON object.
fn asked(loket: &Path, config: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
    let output = Process::command(loket)
        .args(arguments)
        .arg("--json")
        .arg("--config")
        .arg(config)
        .output()?;
    serde_json::from_slice(&output.stdout).with_context(|| format!("reading what {arguments:?} says"))
}

fn nothing_open(loket: &Path, config: &Path) -> anyhow::Result<bool> {
    let list = asked(loket, config, &["issue", "list"])?;
    Ok(list["applications"].as_array().is_some_and(Vec::is_empty))
}

/// The office's books against the world, and the journal against itself.
fn compare(account: &mut Account, world: &World, loket: &Path, config: &Path) -> anyhow::Result<()> {
    let books = asked(loket, config, &["blanks"])?;
    let rejected: u64 = books["rejected"]
        .as_object()
        .map_or(0, |reasons| reasons.values().filter_map(Value::as_u64).sum());
    let inside: usize = Place::IN_PRINTER
        .into_iter()
        .map(|place| world.count(place))
        .sum();
    for (entered, lies) in [
        (books["in_stock"].as_u64(), world.count(Place::Hopper)),
        (books["in_printer"].as_u64(), inside),
        (
            books["printed"].as_u64(),
            world.count(Place::Tray) + world.count(Place::Desk),
        ),
        (books["handed_over"].as_u64(), world.count(Place::Applicant)),
        (Some(rejected), world.count(Place::RejectTray)),
    ] {
        let lies = u64::try_from(lies).unwrap_or(u64::MAX);
        let off = entered.map_or(lies, |entered| entered.abs_diff(lies));
        account.lost_blanks += u32::try_from(off).unwrap_or(u32::MAX);
    }
    account.journal_not_whole += u32::from(asked(loket, config, &["journal", "verify"])?["whole"] != true);
    Ok(())
}
