//! The emulated devices, tried with clients that did not come from us.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use hil_tests::rig::setup;

/// A device that runs alone; closing its standard input ends it.
struct Device {
    child: Child,
    stdin: Option<ChildStdin>,
    announced: String,
}

impl Device {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rig"))
            .arg("device")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut announced = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut announced)
            .unwrap();
        Self {
            child,
            stdin,
            announced,
        }
    }

    fn port(&self) -> &str {
        self.announced.trim().rsplit(' ').next().unwrap()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// The interpreter with the clients from `PyPI`, or a printed reason why there is none.
fn python() -> Option<PathBuf> {
    let python = setup::venv_python();
    if python.exists() {
        return Some(python);
    }
    println!("skipped: no .rig/venv here; `cargo rig setup` makes it");
    None
}

fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn pyfingerprint_reads_the_finger_pixel_for_pixel() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let sensor = Device::start(&["sensor", "--finger", "7", "--pixels", &file("sent")]);
    let script = "
import sys
from PIL import Image
from pyfingerprint.pyfingerprint import PyFingerprint
f = PyFingerprint(sys.argv[1], 57600, 0xFFFFFFFF, 0x00000000)
assert f.verifyPassword()
assert f.readImage()
f.downloadImage(sys.argv[2])
open(sys.argv[3], 'wb').write(Image.open(sys.argv[2]).convert('L').tobytes())
";
    run(
        &python,
        &[
            "-c",
            script,
            sensor.port(),
            &file("finger.bmp"),
            &file("received"),
        ],
    );

    let sent = std::fs::read(file("sent")).unwrap();
    assert_eq!(sent.len(), 36_864);
    let expected: Vec<u8> = sent
        .iter()
        .flat_map(|byte| [(byte >> 4) * 17, (byte & 0x0F) * 17])
        .collect();
    let received = std::fs::read(file("received")).unwrap();
    assert_eq!(received.len(), expected.len());
    assert!(
        received == expected,
        "the picture differs from what the sensor sent"
    );
}

#[test]
fn python_escpos_reads_the_ticket_printers_paper_status() {
    let Some(python) = python() else { return };
    let printer = Device::start(&["ticket-printer"]);
    let script = "
import sys
from escpos.printer import Serial
p = Serial(sys.argv[1], baudrate=115200, timeout=1)
p.text('Nomor A001\\n')
print('paper', p.paper_status(), 'online', p.is_online())
";
    let words = run(&python, &["-c", script, printer.port()]);
    assert!(words.contains("paper 2 online True"), "{words}");
}

#[test]
fn opensc_and_pcsc_scan_see_the_card() {
    let rig = env!("CARGO_BIN_EXE_rig");
    // In a private place if there can be one, where the card's pcscd is the only one. `sleep` holds the device's input open.
    let script = r#"
        sleep 30 | "$0" device card > announced &
        until grep -q reader announced; do sleep 0.05; done
        name=$(cut -d '"' -f 2 announced)
        for try in $(seq 100); do
            number=$(opensc-tool --list-readers | grep -F "$name" | cut -d ' ' -f 1)
            opensc-tool --reader "$number" --atr >/dev/null 2>&1 && break
            sleep 0.1
        done
        opensc-tool --reader "$number" --atr
        opensc-tool --reader "$number" --send-apdu 00A40000027F0A
        timeout 2 pcsc_scan -c
        # Ending `sleep` closes the device's input; the card must be gone before the next test wants the reader.
        kill $(jobs -p)
        wait
        exit 0
    "#;
    let folder = tempfile::tempdir().unwrap();
    let script = format!("cd '{}' || exit 1\n{script}", folder.path().display());
    let private = Command::new(rig)
        .args(["inside", "--", "true"])
        .output()
        .unwrap()
        .status
        .success();
    let words = if private {
        run(rig, &["inside", "--", "bash", "-c", &script, rig])
    } else {
        run("bash", &["-c", &script, rig])
    };
    let words = words.to_lowercase();
    assert!(
        words.contains("3b:8b:80:01:65:4b:54:50:30:44:32:65:4b:54:50:4c"),
        "{words}"
    );
    assert!(words.contains("sw1=0x90, sw2=0x00"), "{words}");
    assert!(
        words.contains("3b 8b 80 01 65 4b 54 50 30 44 32 65 4b 54 50 4c"),
        "pcsc_scan shows the ATR: {words}"
    );
}
