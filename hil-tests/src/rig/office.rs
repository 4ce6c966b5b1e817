//! The emulated office: real boards' firmware, real PC/SC, the real operator's program, and devices that speak the bytes of
//! the real ones.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;

use super::build::Programs;
use super::card::CardImage;
use super::fault::Fault;
use super::isolation::Isolation;
use super::line::{self, Line};
use super::pcscd::{NoService, Pcscd};
use super::qemu::Board;
use crate::device::background::Background;
use crate::device::card_printer::EvolisCore;
use crate::device::sensor::{Glass, Model, SensorCore};
use crate::device::serial::{self, LineSpeed, Plugged, SerialDevice};
use crate::device::ticket_printer::{EscPosCore, Receipt, Roll};
use crate::world::{Blank, BlankKind, ReaderAddresses, World};

/// Blanks in the hopper at the start.
const BLANKS: u32 = 5;

/// Everything that runs. Dropping it ends it all.
#[derive(Debug)]
pub struct Office {
    /// Cards and where they are.
    pub world: World,
    /// The sensor's glass, on which a finger lies or not.
    pub glass: Arc<Glass>,
    ticket_printer: Arc<Mutex<EscPosCore<Vec<Receipt>>>>,
    /// The kiosk's board.
    pub kiosk: Arc<Board>,
    /// The capture board.
    pub capture: Arc<Board>,
    /// The smart-card service; `None` where the fault is that there is none.
    pub pcscd: Option<Pcscd>,
    kiosk_line: Option<Line>,
    capture_line: Option<Line>,
    card_printer: Plugged,
    _sensor: Attached,
    _ticket_line: Attached,
    _no_service: Option<NoService>,
    runtime: TempDir,
}

impl Office {
    /// Switches everything on.
    ///
    /// # Errors
    /// If a part does not start; the message says which and what to do.
    pub fn start(programs: &Programs, isolation: Isolation, fault: Option<Fault>) -> anyhow::Result<Self> {
        // Sockets live here and not among the evidence: their paths must be short (108 bytes, unix(7)).
        let runtime = TempDir::with_prefix("loket-").context("making a folder for sockets")?;
        let (pcscd, no_service) = if fault == Some(Fault::NoPcscd) {
            (None, Some(NoService::ensure(isolation)?))
        } else {
            (Some(Pcscd::start(isolation, runtime.path())?), None)
        };
        let readers = pcscd.as_ref().map(|service| ReaderAddresses {
            encoder: service.encoder.address,
            desk: service.desk.address,
        });
        let world = World::new(readers, blanks(fault));
        let glass = Arc::new(Glass::default());

        // Without a card to write its records on, the kiosk gives no numbers.
        let card = CardImage::blank(runtime.path().join("kiosk.card"))?;
        let kiosk = Board::start_with("kiosk", &programs.kiosk, runtime.path(), Some(&card))?;
        let kiosk = Arc::new(kiosk);
        let capture = Arc::new(Board::start("capture", &programs.capture, runtime.path())?);
        let sensor = Arc::new(Mutex::new(SensorCore::new(
            Model::R307,
            Arc::<Glass>::clone(&glass),
        )));
        let sensor = Attached::to_board(&capture, 1, sensor).context("connecting the fingerprint sensor")?;
        let ticket_printer = Arc::new(Mutex::new(EscPosCore::new(Roll::Mm58, Vec::new())));
        let ticket_line = Attached::to_board(&kiosk, 2, Arc::clone(&ticket_printer))
            .context("connecting the ticket printer")?;
        let card_printer = Arc::new(Mutex::new(EvolisCore::new(world.clone())));
        let card_printer =
            Plugged::on_pty(card_printer, LineSpeed::Immediate).context("connecting the card printer")?;
        let kiosk_line = Line::connect(&kiosk.serial_socket(0)).context("connecting the kiosk")?;
        let capture_line =
            Line::connect(&capture.serial_socket(0)).context("connecting the capture board")?;
        kiosk.power_on()?;
        capture.power_on()?;
        Ok(Self {
            world,
            glass,
            ticket_printer,
            kiosk,
            capture,
            pcscd,
            kiosk_line: Some(kiosk_line),
            capture_line: Some(capture_line),
            card_printer,
            _sensor: sensor,
            _ticket_line: ticket_line,
            _no_service: no_service,
            runtime,
        })
    }

    /// Port of the kiosk.
    pub fn kiosk_port(&self) -> PathBuf {
        port(self.kiosk_line.as_ref())
    }

    /// Port of the capture board.
    pub fn capture_port(&self) -> PathBuf {
        port(self.capture_line.as_ref())
    }

    /// Port of the card printer.
    pub fn card_printer_port(&self) -> &Path {
        self.card_printer.path()
    }

    /// Folder for what nobody wants to keep.
    pub fn runtime(&self) -> &Path {
        self.runtime.path()
    }

    /// Tickets that came out of the ticket printer.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.ticket_printer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .paper
            .clone()
    }

    /// Pulls the capture board's cable out.
    pub fn unplug_capture(&mut self) {
        self.capture_line = None;
    }
}

fn port(line: Option<&Line>) -> PathBuf {
    line.map_or_else(|| PathBuf::from("/dev/unplugged"), |line| line.path().to_owned())
}

fn blanks(fault: Option<Fault>) -> Vec<Blank> {
    let kind = match fault {
        Some(Fault::HopperEmpty) => return Vec::new(),
        Some(Fault::UsedBlank) => BlankKind::UsedBefore,
        Some(Fault::ForeignBlank) => BlankKind::Foreign,
        Some(Fault::BlankWithoutChip) => BlankKind::NoChip,
        _ => BlankKind::Fresh,
    };
    (1..=BLANKS).map(|number| Blank::new(number, kind)).collect()
}

/// A device on one of a board's serial lines.
#[derive(Debug)]
pub(super) struct Attached {
    _server: Background,
}

impl Attached {
    pub(super) fn to_board<D>(board: &Board, uart: usize, device: Arc<Mutex<D>>) -> anyhow::Result<Self>
    where
        D: SerialDevice + Send + 'static,
    {
        let mut stream: UnixStream = line::connect(&board.serial_socket(uart), Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_millis(5)))?;
        stream.set_write_timeout(Some(Duration::from_millis(50)))?;
        let server = Background::spawn(format!("{} uart{uart}", board.name()), move |stop| {
            if let Err(error) = serial::serve(&device, &mut stream, LineSpeed::Immediate, stop) {
                log::debug!("a device lost its board: {error}");
            }
        })?;
        Ok(Self { _server: server })
    }
}
