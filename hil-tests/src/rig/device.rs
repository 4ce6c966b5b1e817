//! `cargo rig device NAME`: one emulated device alone, for somebody else's client.
//!
//! The device stays until its standard input closes or the tool is stopped. Lines on standard input are its knobs.

use std::io::BufRead;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};

use super::isolation::Isolation;
use super::pcscd::Pcscd;
use crate::device::card_printer::{EvolisCore, Listening, Pace};
use crate::device::sensor::{Glass, Model, SensorCore};
use crate::device::serial::{LineSpeed, Plugged};
use crate::device::ticket_printer::{EscPosCore, Knobs, Paper, PaperSensor, Receipt, Roll};
use crate::finger::{MasterFinger, Press};
use crate::world::{Blank, BlankKind, Place, ReaderAddresses, World};

/// Which device, and how.
#[derive(Clone, Debug, Subcommand)]
pub enum Device {
    /// Fingerprint sensor (R307 family) on a pseudo-terminal. Knobs: `place`, `lift`.
    Sensor {
        /// Seed of the synthetic finger that lies on the glass.
        #[arg(long, default_value_t = 1)]
        finger: u64,
        /// File for the finger's 4-bit pixels as the sensor sends them, to compare a client's picture with.
        #[arg(long)]
        pixels: Option<PathBuf>,
        /// Speed of the line.
        #[arg(long, default_value = "immediate")]
        speed: Speed,
    },
    /// Ticket printer (ESC/POS, 58 mm) on a pseudo-terminal. Knobs: `paper-out`, `paper-near-end`, `cover-open`, `cover-open-told`, `offline`,
    /// `unplugged`, `slow`, `garbage`, `cheap`, `ok`.
    TicketPrinter {
        /// Folder for each ticket's bytes, text and picture.
        #[arg(long)]
        output: Option<PathBuf>,
    },
    /// KTP-el blank in a PC/SC reader. Knobs: `remove`, `insert`.
    Card,
    /// Card printer (Evolis) on a pseudo-terminal or TCP.
    CardPrinter {
        /// TCP port on the loopback address, instead of a pseudo-terminal. 0 takes any free one.
        #[arg(long)]
        tcp: Option<u16>,
        /// Blanks in the hopper.
        #[arg(long, default_value_t = 5)]
        blanks: u32,
        /// Folder for the printed faces.
        #[arg(long)]
        output: Option<PathBuf>,
    },
}

/// Speed of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Speed {
    /// As fast as the client takes it.
    Immediate,
    /// As the real device: 57,600 baud.
    Real,
}

impl Speed {
    fn of_line(self) -> LineSpeed {
        match self {
            Self::Immediate => LineSpeed::Immediate,
            // ZFM-20 data sheet: the factory setting is N = 6, 57,600 baud.
            Self::Real => LineSpeed::Baud(57_600),
        }
    }
}

/// Runs the device until standard input closes.
///
/// # Errors
/// If the device cannot be connected.
pub fn run(device: &Device) -> anyhow::Result<()> {
    match device {
        Device::Sensor {
            finger,
            pixels,
            speed,
        } => sensor(*finger, pixels.as_ref(), *speed),
        Device::TicketPrinter { output } => ticket_printer(output.as_ref()),
        Device::Card => card(),
        Device::CardPrinter { tcp, blanks, output } => card_printer(*tcp, *blanks, output.as_ref()),
    }
}

fn sensor(seed: u64, pixels: Option<&PathBuf>, speed: Speed) -> anyhow::Result<()> {
    let impression = MasterFinger::grow(seed).press(0, Press::Ordinary);
    if let Some(file) = pixels {
        std::fs::write(file, impression.packed()).with_context(|| format!("writing {}", file.display()))?;
    }
    let glass = Arc::new(Glass::default());
    glass.put(impression.clone());
    let core = Arc::new(Mutex::new(SensorCore::new(
        Model::R307,
        Arc::<Glass>::clone(&glass),
    )));
    let plugged = Plugged::on_pty(core, speed.of_line()).context("connecting the sensor")?;
    println!("fingerprint sensor at {}", plugged.path().display());
    knobs(|knob| {
        match knob {
            "place" => glass.put(impression.clone()),
            "lift" => glass.lift(),
            _ => bail!("knobs: place, lift"),
        }
        Ok(())
    })
}

/// Shows each ticket, and keeps it if there is a folder.
#[derive(Debug)]
struct TicketFolder {
    folder: Option<PathBuf>,
    count: usize,
}

impl Paper for TicketFolder {
    fn receipt(&mut self, receipt: Receipt) {
        self.count += 1;
        println!("ticket {}:\n{}", self.count, receipt.text());
        for code in &receipt.qr_codes {
            println!("QR: {}", String::from_utf8_lossy(code));
        }
        let Some(folder) = &self.folder else { return };
        let file = |ending: &str| folder.join(format!("ticket-{:03}.{ending}", self.count));
        let kept = std::fs::write(file("escpos"), &receipt.bytes).and_then(|()| {
            receipt
                .on_paper()
                .save(file("png"))
                .map_err(std::io::Error::other)
        });
        if let Err(error) = kept {
            eprintln!("could not keep the ticket: {error}");
        }
    }
}

fn ticket_printer(output: Option<&PathBuf>) -> anyhow::Result<()> {
    if let Some(folder) = output {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let sink = TicketFolder {
        folder: output.cloned(),
        count: 0,
    };
    let core = Arc::new(Mutex::new(EscPosCore::new(Roll::Mm58, sink)));
    let plugged =
        Plugged::on_pty(Arc::clone(&core), LineSpeed::Immediate).context("connecting the ticket printer")?;
    println!("ticket printer at {}", plugged.path().display());
    knobs(|knob| {
        let mut core = core.lock().unwrap_or_else(PoisonError::into_inner);
        let was = core.knobs();
        core.set_knobs(match knob {
            "paper-out" => Knobs {
                paper: PaperSensor::Out,
                ..was
            },
            "paper-near-end" => Knobs {
                paper: PaperSensor::NearEnd,
                ..was
            },
            "cover-open" => Knobs {
                cover_open: true,
                ..was
            },
            "cover-open-told" => Knobs {
                cover_open: true,
                tells_cover: true,
                ..was
            },
            "offline" => Knobs { offline: true, ..was },
            "unplugged" => Knobs {
                unplugged: true,
                ..was
            },
            "slow" => Knobs {
                speed: Some(50),
                answer_delay: Duration::from_millis(600),
                ..was
            },
            "garbage" => Knobs {
                garbage: Some(1),
                ..was
            },
            "cheap" => Knobs { plain: true, ..was },
            "ok" => Knobs::default(),
            _ => bail!(
                "knobs: paper-out, paper-near-end, cover-open, cover-open-told, offline, unplugged, slow, garbage, cheap, ok"
            ),
        });
        Ok(())
    })
}

fn card() -> anyhow::Result<()> {
    let folder =
        tempfile::TempDir::with_prefix("loket-").context("making a folder for the reader's configuration")?;
    let service = Pcscd::start(Isolation::current(), folder.path())?;
    let readers = ReaderAddresses {
        encoder: service.encoder.address,
        desk: service.desk.address,
    };
    let world = World::new(Some(readers), vec![Blank::new(1, BlankKind::Fresh)]);
    world.move_card(Place::Hopper, Place::Desk)?;
    println!("card in reader {:?}", service.desk.name);
    if Isolation::current() == Isolation::Shared {
        eprintln!(
            "The virtual reader listens on all of this machine's addresses. `cargo rig inside -- bash` gives a shell in \
             which it does not; run this there if that matters."
        );
    }
    knobs(|knob| {
        match knob {
            "remove" => world.move_card(Place::Desk, Place::Tray)?,
            "insert" => world.move_card(Place::Tray, Place::Desk)?,
            _ => bail!("knobs: remove, insert"),
        }
        Ok(())
    })
}

fn card_printer(tcp: Option<u16>, blanks: u32, output: Option<&PathBuf>) -> anyhow::Result<()> {
    let world = World::new(
        None,
        (1..=blanks)
            .map(|number| Blank::new(number, BlankKind::Fresh))
            .collect(),
    );
    let core = Arc::new(Mutex::new(EvolisCore::new(world.clone())));
    core.lock().unwrap_or_else(PoisonError::into_inner).pace = Pace::Immediate;
    let mut plugged = None;
    let mut listening = None;
    if let Some(port) = tcp {
        let device = Listening::on_loopback(core, port).context("opening the port")?;
        println!("card printer at tcp://{}", device.address());
        listening = Some(device);
    } else {
        let device = Plugged::on_pty(core, LineSpeed::Immediate).context("connecting the card printer")?;
        println!("card printer at {}", device.path().display());
        plugged = Some(device);
    }
    let result = knobs(|_| bail!("this device has no knobs yet"));
    drop((plugged, listening));
    if let (Some(folder), Some(face)) = (output, world.face(Place::Tray)) {
        std::fs::create_dir_all(folder)?;
        face.on_white().save(folder.join("card-face.png"))?;
    }
    result
}

/// Acts on each line of standard input until it closes.
fn knobs(mut turn: impl FnMut(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line.context("reading standard input")?;
        match line.trim() {
            "" => {}
            "quit" => break,
            knob => {
                if let Err(error) = turn(knob) {
                    eprintln!("{error:#}");
                }
            }
        }
    }
    Ok(())
}
