//! In QEMU, in real time: the firmware that ships, killed and started again on the same card, before the counter's own
//! program and an emulated printer, which both go on.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use host_driver::board::{Board as HostBoard, Connect, Connection};
use host_driver::office::console::{Style, Teller};
use host_driver::office::kiosk::Kiosk;
use host_driver::office::queue::Queue;
use host_driver::store::Store;
use protocol::Role;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::{Options, add_account};
use crate::device::serial::SerialDevice;
use crate::device::ticket_printer::{EscPosCore, Roll};
use crate::hall::books::{self, Account};
use crate::hall::ledger::Ledger;
use crate::hall::{PrinterKind, Reader, Shows, Tray, office};
use crate::rig::bench::{Figure, Limit, Report};
use crate::rig::build;
use crate::rig::card::CardImage;
use crate::rig::office::Attached;
use crate::rig::qemu::{Board, Key};

/// How long a killed kiosk's ticketing may take to come to its end once it is left alone.
const SETTLE: Duration = Duration::from_secs(40);
/// How long somebody waits for the services to be shown.
const PATIENCE: Duration = Duration::from_secs(6);
/// Tells this store's tickets from others'.
const IDENTITY: u32 = 0x0A11_0002;

/// What the kills have shown.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// The books.
    pub account: Account,
    /// Kills.
    pub kills: u32,
    /// Kills that hit a press on its way: the record that was found on the card tells of one.
    pub hits: u32,
}

pub(super) fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (elf, _) = build::firmware()?;
    let begin = Instant::now();
    let outcome = run(&elf, options.kills, 1)?;
    let took = begin.elapsed().as_secs_f64();
    report.section(
        "In QEMU: the firmware that ships is killed (SIGKILL) and started again on the same card, in real time",
    );
    report.add(
        Figure::new("qemu_kills", f64::from(outcome.kills), "")
            .limit(Limit::AtLeast(f64::from(options.kills)))
            .beside("in the middle of a press", f64::from(outcome.hits))
            .beside("seconds each", took / f64::from(options.kills.max(1))),
    );
    add_account(report, "qemu", &outcome.account);
    Ok(())
}

/// Kills the kiosk of `elf` so many times, at moments drawn from `seed`.
///
/// # Errors
/// If a part does not start.
pub fn run(elf: &Path, kills: u32, seed: u64) -> anyhow::Result<Outcome> {
    let mut hall = RealHall::open(elf.to_owned())?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut hits = 0;
    // That the port is lost at each kill is no news.
    let level = log::max_level();
    log::set_max_level(level.min(log::LevelFilter::Error));
    for _ in 0..kills {
        let kiosk = hall.start()?;
        // Now and then it is killed again while it finds out what was under way.
        if rng.random_bool(0.8) && hall.wait_for_services(&kiosk.board)? {
            kiosk.board.press(Key::Select)?;
        }
        std::thread::sleep(Duration::from_millis(rng.random_range(0..1_600)));
        kiosk.board.kill();
        drop(kiosk);
        hits += u32::from(hall.look_at_card()?);
    }
    let kiosk = hall.start()?;
    log::set_max_level(level);
    let account = hall.settle()?;
    drop(kiosk);
    Ok(Outcome { account, kills, hits })
}

/// A kiosk that runs.
struct Running {
    board: Board,
    _printer: Attached,
}

/// What outlives the kiosk.
struct RealHall {
    elf: PathBuf,
    card: CardImage,
    printer: Arc<Mutex<Steady>>,
    store: PathBuf,
    ledger: Ledger,
    reader: Reader,
    /// The counter's program, from the first start of the kiosk on: without a port it does not begin.
    counter: Option<Kiosk>,
    folder: TempDir,
}

/// Name of the board and its sockets.
const KIOSK: &str = "kiosk";

impl RealHall {
    fn open(elf: PathBuf) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("loket-cut-").context("making a folder for sockets")?;
        let card = CardImage::blank(folder.path().join("kiosk.card"))?;
        let mut printer = EscPosCore::new(Roll::Mm58, Tray::default());
        printer.set_knobs(PrinterKind::Full.well());
        let store = folder.path().join("loket.sqlite");
        Ok(Self {
            elf,
            card,
            printer: Arc::new(Mutex::new(Steady {
                core: printer,
                since: Instant::now(),
            })),
            store,
            ledger: Ledger::default(),
            reader: Reader::new(&Queue::new(&office(), IDENTITY).configuration().services),
            counter: None,
            folder,
        })
    }

    fn start(&mut self) -> anyhow::Result<Running> {
        let board = Board::start_with(KIOSK, &self.elf, self.folder.path(), Some(&self.card))?;
        if self.counter.is_none() {
            self.counter = Some(serve(board.serial_socket(0), &self.store)?);
        }
        let printer = Attached::to_board(&board, 2, Arc::clone(&self.printer))?;
        board.power_on()?;
        board.release_all_keys()?;
        Ok(Running {
            board,
            _printer: printer,
        })
    }

    /// Waits until a number can be taken. False: the kiosk offers none in good time.
    fn wait_for_services(&self, board: &Board) -> anyhow::Result<bool> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let screen = board.screen()?;
            // QEMU shows each pixel as 4 x 4, and each of its 16 levels 17 times as bright.
            let picture: Vec<u8> = (0..64)
                .flat_map(|y| (0..128).map(move |x| (4 * x, 4 * y)))
                .map(|(x, y)| screen.get_pixel(x, y).0[0] / 17)
                .collect();
            if self.reader.shows(&picture) == Shows::Services {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(false)
    }

    /// Reads the newest record of a card that is out of its slot. Says whether it tells of a press on its way.
    fn look_at_card(&mut self) -> anyhow::Result<bool> {
        let Some(record) = self.card.newest_record()? else {
            return Ok(false);
        };
        self.ledger.take(&record);
        Ok(self.ledger.is_open())
    }

    /// Waits until everything has come to its end, and closes the books.
    fn settle(&mut self) -> anyhow::Result<Account> {
        let queue = Queue::new(&office(), IDENTITY);
        let store = Store::open(&self.store)?;
        let end = Instant::now() + SETTLE;
        loop {
            std::thread::sleep(Duration::from_secs(1));
            self.look_at_card()?;
            let paper = {
                let printer = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
                printer.core.paper.0.clone()
            };
            let mut account = books::close(&store, &queue, &paper)?;
            account.presses = self.ledger.presses();
            account.lost_presses = self.ledger.lost(&books::known(&store)?);
            if account.is_clean() || Instant::now() >= end {
                return Ok(account);
            }
        }
    }
}

/// Starts the counter's program for the kiosk.
fn serve(port: PathBuf, store: &Path) -> anyhow::Result<Kiosk> {
    let config = office();
    let (board, events) = HostBoard::start(Socket(port), Role::Kiosk, 1)?;
    let kiosk = Kiosk::serve(
        board,
        events,
        Queue::new(&config, IDENTITY),
        Store::open(store)?,
        Teller::new(Style::Json, io::sink()),
        config.office.utc_offset_minutes,
    )?;
    Ok(kiosk)
}

/// A printer that was switched on once: its time goes on, whoever is plugged in.
struct Steady {
    core: EscPosCore<Tray>,
    since: Instant,
}

impl SerialDevice for Steady {
    fn handle_bytes(&mut self, _now: Duration, bytes: &[u8]) {
        self.core.handle_bytes(self.since.elapsed(), bytes);
    }

    fn poll_transmit(&mut self, _now: Duration, out: &mut [u8]) -> usize {
        self.core.poll_transmit(self.since.elapsed(), out)
    }
}

/// The board's end of the line, which is there while QEMU runs.
pub(in crate::rig::bench) struct Socket(pub(in crate::rig::bench) PathBuf);

impl Connect for Socket {
    fn connect(&mut self) -> io::Result<Connection> {
        let stream = UnixStream::connect(&self.0)?;
        stream.set_read_timeout(Some(Duration::from_millis(50)))?;
        stream.set_write_timeout(Some(Duration::from_millis(50)))?;
        Ok(Connection {
            reader: Box::new(stream.try_clone()?),
            writer: Box::new(stream),
        })
    }

    fn name(&self) -> String {
        self.0.display().to_string()
    }
}
