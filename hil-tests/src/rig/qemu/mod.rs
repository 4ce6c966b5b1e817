//! A board under QEMU: the very ELF that would be flashed, with its keys, screen, serial lines and log.

mod qmp;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use image::RgbImage;
use serde_json::json;

use super::card::CardImage;
use super::process::Process;
use qmp::Qmp;

/// Keys of the LM3S6965 evaluation board, by QEMU's key codes (`hw/arm/stellaris.c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// PE0.
    Up,
    /// PE1.
    Down,
    /// PE2.
    Left,
    /// PE3.
    Right,
    /// PF1.
    Select,
}

impl Key {
    /// All keys of the board.
    pub const ALL: [Self; 5] = [Self::Up, Self::Down, Self::Left, Self::Right, Self::Select];

    fn qcode(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Left => "left",
            Self::Right => "right",
            Self::Select => "ctrl",
        }
    }
}

/// How long a person holds a key down. Longer than any debouncing, shorter than "holds it".
const HOLD: Duration = Duration::from_millis(80);

/// An instruction takes 2^5 ns of the board's time; the real ones take 20 ns to 60 (Cortex-M3 TRM, 3.3.1).
const COUNTED: &str = "shift=5,sleep=on";

/// A running board.
#[derive(Debug)]
pub struct Board {
    process: Mutex<Process>,
    qmp: Mutex<Qmp>,
    folder: PathBuf,
    name: &'static str,
}

impl Board {
    /// Puts the board on the bench, not yet switched on. `name` is `kiosk` or `capture`; its files go to `folder`.
    ///
    /// # Errors
    /// If QEMU cannot be started or does not answer.
    pub fn start(name: &'static str, elf: &Path, folder: &Path) -> anyhow::Result<Self> {
        Self::start_with(name, elf, folder, None)
    }

    /// The same with `card` in its slot.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(
        name: &'static str,
        elf: &Path,
        folder: &Path,
        card: Option<&CardImage>,
    ) -> anyhow::Result<Self> {
        Self::start_as(name, elf, folder, card, &[])
    }

    /// The same with counted instructions: its work takes the same of its time on any machine, and only its sleep takes real time. What
    /// hangs on its lines lives in real time.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_counted(
        name: &'static str,
        elf: &Path,
        folder: &Path,
        card: Option<&CardImage>,
    ) -> anyhow::Result<Self> {
        Self::start_as(name, elf, folder, card, &["-icount", COUNTED])
    }

    fn start_as(
        name: &'static str,
        elf: &Path,
        folder: &Path,
        card: Option<&CardImage>,
        more: &[&str],
    ) -> anyhow::Result<Self> {
        if !elf.exists() {
            bail!("there is no firmware at {}", elf.display());
        }
        let log = File::create(defmt_file(name, folder)).context("making the file for the board's log")?;
        let words = File::create(folder.join(format!("qemu-{name}.log")))?;
        let qmp_socket = folder.join(format!("{name}.qmp"));
        let mut command = Process::command("/usr/bin/qemu-system-arm");
        command
            .args([
                "-machine",
                "lm3s6965evb",
                "-display",
                "none",
                "-monitor",
                "none",
                "-nodefaults",
            ])
            // Without power until everything is plugged in: what a board says to an empty socket is lost.
            .arg("-S")
            // Unmapped registers read as 0 in silence unless QEMU is told to speak.
            .args(["-d", "guest_errors,unimp"])
            .args(["-semihosting-config", "enable=on,target=native"])
            .arg("-kernel")
            .arg(elf)
            .arg("-qmp")
            .arg(format!("unix:{},server=on,wait=off", qmp_socket.display()));
        command.args(card.map(CardImage::qemu_arguments).into_iter().flatten());
        command.args(more);
        for uart in 0..3 {
            // wait=off: a peer that is absent must not keep the board from starting.
            command
                .arg("-chardev")
                .arg(format!(
                    "socket,id=u{uart},path={},server=on,wait=off",
                    socket(name, folder, uart).display()
                ))
                .args(["-serial", &format!("chardev:u{uart}")]);
        }
        command.stdin(Stdio::null()).stdout(log).stderr(words);
        let process = Process::spawn("QEMU", &mut command)
            .context("starting qemu-system-arm; `cargo rig setup` installs it")?;
        let qmp = Mutex::new(Qmp::connect(&qmp_socket, Duration::from_secs(10))?);
        Ok(Self {
            process: Mutex::new(process),
            qmp,
            folder: folder.to_owned(),
            name,
        })
    }

    /// Switches the board on.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub fn power_on(&self) -> anyhow::Result<()> {
        self.execute("cont", &json!({})).map(drop)
    }

    /// Socket of one of the board's serial lines: 0 the host, 1 the sensor, 2 the ticket printer.
    pub fn serial_socket(&self, uart: usize) -> PathBuf {
        socket(self.name, &self.folder, uart)
    }

    /// File with the board's log as defmt wrote it.
    pub fn defmt_file(&self) -> PathBuf {
        defmt_file(self.name, &self.folder)
    }

    /// `kiosk` or `capture`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Presses a key for as long as a person would.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub fn press(&self, key: Key) -> anyhow::Result<()> {
        let arguments = json!({
            "keys": [{ "type": "qcode", "data": key.qcode() }],
            "hold-time": HOLD.as_millis() as u64,
        });
        self.execute("send-key", &arguments)?;
        std::thread::sleep(HOLD + Duration::from_millis(20));
        Ok(())
    }

    /// Taps every key once. In QEMU a key's line reads "pressed" until its first release.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub fn release_all_keys(&self) -> anyhow::Result<()> {
        for key in Key::ALL {
            let keys = json!([{ "type": "qcode", "data": key.qcode() }]);
            self.execute("send-key", &json!({ "keys": keys, "hold-time": 5 }))?;
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// The screen: 128 × 64 pixels, each shown as 4 × 4.
    ///
    /// # Errors
    /// If QEMU does not answer or its picture cannot be read.
    pub fn screen(&self) -> anyhow::Result<RgbImage> {
        let file = self.folder.join(format!("{}-screen.ppm", self.name));
        self.execute("screendump", &json!({ "filename": file }))?;
        let bytes = std::fs::read(&file).context("reading the screen that QEMU saved")?;
        Ok(image::load_from_memory_with_format(&bytes, image::ImageFormat::Pnm)?.to_rgb8())
    }

    /// Whether QEMU is still there.
    pub fn is_running(&self) -> bool {
        self.process().ended().is_none()
    }

    /// Pulls the board's plug.
    pub fn kill(&self) {
        self.process().kill();
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn execute(&self, command: &str, arguments: &serde_json::Value) -> anyhow::Result<serde_json::Value> {
        let mut qmp = self
            .qmp
            .lock()
            .map_err(|_| anyhow::anyhow!("a thread died while it spoke to QEMU"))?;
        qmp.execute(command, arguments)
    }
}

fn socket(name: &str, folder: &Path, uart: usize) -> PathBuf {
    folder.join(format!("{name}.uart{uart}"))
}

fn defmt_file(name: &str, folder: &Path) -> PathBuf {
    folder.join(format!("{name}.defmt"))
}
