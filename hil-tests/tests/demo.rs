//! The whole office, as `cargo rig demo` runs it: real firmware in QEMU, real PC/SC, the operator's program as shipped.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hil_tests::finger::RealScans;
use hil_tests::rig::setup;
use serde_json::Value;
use tempfile::TempDir;

/// What a run ended with.
struct Run {
    result: Value,
    code: Option<i32>,
    /// Held so that the artefacts stay until the test has looked at them.
    _folder: TempDir,
}

impl Run {
    fn of(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_rig"))
            .args(["demo", "--yes", "--json", "--output"])
            .arg(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = stdout
            .lines()
            .last()
            .unwrap_or_else(|| panic!("no result; it said:\n{words}"));
        let result =
            serde_json::from_str(last).unwrap_or_else(|_| panic!("{last} is not JSON; it said:\n{words}"));
        println!("{words}\n{last}");
        Self {
            result,
            code: output.status.code(),
            _folder: folder,
        }
    }

    fn artifact(&self, name: &str) -> PathBuf {
        let path = self.result["artifacts"][name].as_str();
        PathBuf::from(path.unwrap_or_else(|| panic!("no artefact {name}: {}", self.result["artifacts"])))
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.artifact(name)).unwrap()
    }

    fn cards(&self, place: &str) -> u64 {
        self.result["cards"][place].as_u64().unwrap()
    }

    /// Every blank that was loaded lies somewhere, and the office's account says where.
    fn assert_blanks_accounted_for(&self) {
        let loaded: u64 = self.result["cards"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_u64)
            .sum();
        let account: Value = serde_json::from_str(&self.text("blanks")).unwrap();
        let rejected: u64 = account["rejected"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_u64)
            .sum();
        let inside =
            ["contactless_station", "contact_station", "print_station"].map(|place| self.cards(place));
        assert_eq!(account["received"], loaded, "{account}");
        assert_eq!(account["in_stock"], self.cards("hopper"), "{account}");
        assert_eq!(account["in_printer"], inside.iter().sum::<u64>(), "{account}");
        assert_eq!(
            account["printed"],
            self.cards("tray") + self.cards("desk"),
            "{account}"
        );
        assert_eq!(account["handed_over"], self.cards("applicant"), "{account}");
        assert_eq!(rejected, self.cards("reject_tray"), "{account}");
        let journal: Value = serde_json::from_str(&self.text("journal")).unwrap();
        assert_eq!(journal["whole"], true, "{journal}");
    }

    fn assert_ended_without_a_card(&self, words: &str) {
        assert_ne!(self.code, Some(0));
        assert_ne!(self.result["outcome"], "issued");
        let message = self.result["message"].as_str().unwrap_or_default().to_lowercase();
        assert!(
            message.contains(words),
            "the message should speak of {words:?}: {message}"
        );
        assert_eq!(self.cards("applicant"), 0);
        self.assert_blanks_accounted_for();
    }
}

/// What a program that did not come from us says of a file, or a printed reason why it is not asked.
fn ask_independent(program: &Path, arguments: &[&str], file: &Path) -> Option<String> {
    if !program.exists() {
        println!(
            "skipped: no {} here; `cargo rig setup` brings it",
            program.display()
        );
        return None;
    }
    let output = Command::new(program).args(arguments).arg(file).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn size_of_picture(file: &Path) -> (u32, u32) {
    image::image_dimensions(file).unwrap()
}

#[test]
fn the_right_person_leaves_with_an_activated_card() {
    let run = Run::of(&[]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.result["outcome"], "issued");
    assert_eq!(run.result["chip_life_cycle"], "activated");
    assert!(run.result["score"].as_u64() >= run.result["threshold"].as_u64());
    assert_eq!(run.cards("applicant"), 1);
    assert_eq!(run.cards("hopper"), 4);
    run.assert_blanks_accounted_for();

    let names: Vec<&str> = run.result["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["name"].as_str())
        .collect();
    for step in [
        "biometric_test",
        "feed",
        "personalise",
        "print",
        "inspect",
        "activate",
        "hand_over",
    ] {
        assert!(names.contains(&step), "{step} is missing from {names:?}");
    }

    assert_eq!(size_of_picture(&run.artifact("card_face")), (1016, 648));
    assert!(size_of_picture(&run.artifact("ticket_picture")).0 >= 384);
    let ticket = run.result["ticket"].as_str().unwrap();
    assert!(ticket.starts_with('A'), "{ticket}");
    let ticket_id = run.result["ticket_id"].as_str().unwrap();
    let zbarimg = Path::new("/usr/bin/zbarimg");
    if let Some(code) = ask_independent(zbarimg, &["--quiet", "--raw"], &run.artifact("ticket_picture")) {
        assert_eq!(code, ticket_id, "the QR code in the ticket's picture");
    }
    if let Some(found) = ask_independent(&setup::escpos_decoder(), &[], &run.artifact("ticket_bytes")) {
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found["cuts"], 1);
        assert_eq!(found["unknown"], 0);
        assert_eq!(found["qr"], serde_json::json!([ticket_id]));
        assert!(
            found["text"].as_str().unwrap().lines().any(|line| line == ticket),
            "{found}"
        );
    }
    assert!(run.text("agenda").contains("hand_over"), "{}", run.text("agenda"));
    assert!(run.text("kiosk_log").lines().count() > 3);
    assert!(run.text("capture_log").lines().count() > 3);
    let chip: Value = serde_json::from_str(&run.text("chip_content")).unwrap();
    assert!(
        chip.to_string().contains("BUDI"),
        "the chip holds the applicant's name"
    );
    let screens = run.result["artifacts"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| name.starts_with("oled_"))
        .count();
    assert!(screens >= 6, "only {screens} screens were seen");
}

#[test]
fn somebody_at_the_terminal_can_press_the_keys_and_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(["demo", "--yes", "--interactive", "--output"])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A key that there is not, down, up, the number; then the answer that is suggested, to every question.
    rig.stdin
        .take()
        .unwrap()
        .write_all(format!("x\nd\nu\n{}", "\n".repeat(20)).as_bytes())
        .unwrap();
    let output = rig.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    assert!(words.contains("There is no such key."), "{words}");
    assert!(
        words.contains("Berkas") || words.contains("berkas"),
        "the operator is asked in Indonesian: {words}"
    );
    assert!(folder.path().join("card-in-tray.png").exists());
}

#[test]
fn real_fingers_match_their_owner_and_nobody_else() {
    if let Err(reason) = RealScans::find() {
        println!("skipped: {reason}");
        return;
    }
    let owner = Run::of(&["--real-fingers"]);
    assert_eq!(owner.result["outcome"], "issued");
    let other = Run::of(&["--real-fingers", "--applicant", "wrong-finger"]);
    assert_eq!(other.result["outcome"], "not_matched");
    assert_eq!(other.cards("hopper"), 5);
}

#[test]
fn another_persons_finger_ends_without_a_blank_leaving_the_hopper() {
    let run = Run::of(&["--applicant", "wrong-finger"]);
    assert_ne!(run.code, Some(0));
    assert_eq!(run.result["outcome"], "not_matched");
    assert_eq!(run.cards("hopper"), 5);
    run.assert_blanks_accounted_for();
    assert!(run.result["score"].as_u64() < run.result["threshold"].as_u64());
}

#[test]
fn incomplete_documents_go_back_to_the_applicant() {
    let run = Run::of(&["--applicant", "incomplete"]);
    assert_ne!(run.code, Some(0));
    assert_eq!(run.result["outcome"], "returned");
    assert_eq!(run.cards("hopper"), 5);
}

#[test]
fn nobody_without_a_print_ready_record_gets_a_card() {
    for (applicant, outcome) in [("unknown", "unknown_applicant"), ("not-ready", "not_ready")] {
        let run = Run::of(&["--applicant", applicant]);
        assert_ne!(run.code, Some(0));
        assert_eq!(run.result["outcome"], outcome);
        assert_eq!(run.cards("hopper"), 5);
    }
}

#[test]
fn an_unreadable_finger_is_not_taken_for_another_persons() {
    let run = Run::of(&["--applicant", "unreadable"]);
    run.assert_ended_without_a_card("");
    assert_ne!(run.result["outcome"], "not_matched");
    assert_eq!(run.cards("hopper"), 5);
}

#[test]
fn an_empty_hopper_is_named_and_nothing_is_lost() {
    Run::of(&["--fault", "hopper-empty"]).assert_ended_without_a_card("hopper");
}

#[test]
fn a_wrong_blank_goes_to_the_reject_tray() {
    for fault in ["used-blank", "foreign-blank", "blank-without-chip"] {
        let run = Run::of(&["--fault", fault]);
        run.assert_ended_without_a_card("");
        assert_eq!(run.cards("reject_tray"), 1, "{fault}");
        run.assert_blanks_accounted_for();
    }
}

#[test]
fn without_a_smart_card_service_the_operator_is_told_how_to_start_it() {
    let run = Run::of(&["--fault", "no-pcscd"]);
    run.assert_ended_without_a_card("pcscd");
}

#[test]
fn a_missing_board_is_named_with_its_port() {
    let run = Run::of(&["--fault", "no-board"]);
    run.assert_ended_without_a_card("/dev/ttyloket-unplugged");
}

#[test]
fn a_cable_pulled_in_the_middle_is_noticed() {
    let run = Run::of(&["--fault", "port-lost"]);
    run.assert_ended_without_a_card("");
    assert_eq!(run.cards("hopper"), 5);
}

#[test]
fn nobody_waits_for_ever_for_a_finger() {
    let run = Run::of(&["--fault", "no-finger"]);
    run.assert_ended_without_a_card("");
    assert_eq!(run.cards("hopper"), 5);
}
