//! A kiosk that gives numbers: how long a resident waits for the first printed byte.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use host_driver::board::Board as HostBoard;
use host_driver::office::console::{Style, Teller};
use host_driver::office::kiosk::Kiosk;
use host_driver::office::queue::Queue;
use host_driver::store::Store;
use protocol::Role;
use tempfile::TempDir;

use super::tap::{End, Said, Tapped, look};
use super::{Vitals, ask};
use crate::device::ticket_printer::{EscPosCore, Roll};
use crate::hall::{Tray, office};
use crate::rig::bench::power_cut::qemu::Socket;
use crate::rig::card::CardImage;
use crate::rig::defmt_log;
use crate::rig::office::Attached;
use crate::rig::qemu::{Board, Key};

/// How long the kiosk may take until it offers services and has found its printer.
const READY: Duration = Duration::from_secs(30);
/// How long a ticket may take.
const TICKET: Duration = Duration::from_secs(15);
/// Between two residents: the kiosk asks its printer for its counters, and tells the host what became of the ticket.
const PAUSE: Duration = Duration::from_millis(2_500);
/// Tells this store's tickets from others'.
const IDENTITY: u32 = 0x0A11_0003;

/// Of one press, in µs of the board's time, from the moment at which it counts (that is, after debouncing).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Press {
    /// Until the host is asked: the printer has said that it is well, and the press is recorded.
    pub asks: u64,
    /// Until the host has answered.
    pub host: u64,
    /// Until the number is recorded.
    pub records: u64,
    /// Until the first byte of the ticket is handed to the printer's line.
    pub begins: u64,
    /// Bytes whose time on the printer's line came before it.
    pub line_bytes: u64,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Served {
    pub presses: Vec<Press>,
    pub vitals: Vitals,
}

/// Takes `count` numbers from the kiosk of `elf`.
pub(in super::super) fn run(elf: &Path, count: usize) -> anyhow::Result<Served> {
    let folder = TempDir::with_prefix("loket-press-").context("making a folder for sockets")?;
    let card = CardImage::blank(folder.path().join("kiosk.card"))?;
    let board = Board::start_counted("kiosk", elf, folder.path(), Some(&card))?;
    let printer = Tapped::new(EscPosCore::new(Roll::Mm58, Tray::default()));
    let _line = Attached::to_board(&board, 2, std::sync::Arc::clone(&printer))?;
    let config = office();
    let (host, events) = HostBoard::start(Socket(board.serial_socket(0)), Role::Kiosk, 1)?;
    let kiosk = Kiosk::serve(
        host.clone(),
        events,
        Queue::new(&config, IDENTITY),
        Store::open(&folder.path().join("loket.sqlite"))?,
        Teller::new(Style::Json, io::sink()),
        config.office.utc_offset_minutes,
    )?;
    board.power_on()?;
    board.release_all_keys()?;
    ensure!(
        kiosk.wait_until_ready(READY)?,
        "the kiosk does not find its printer"
    );
    let tickets = || look(&printer).device.paper.0.len();
    let mut pressed = Vec::new();
    for number in 1..=count {
        std::thread::sleep(PAUSE);
        let end = Instant::now() + TICKET;
        while tickets() < number {
            // The first press may only end the screen of the number before.
            pressed.push(Instant::now());
            board.press(Key::Select)?;
            let again = Instant::now() + PAUSE;
            while tickets() < number && Instant::now() < again {
                std::thread::sleep(Duration::from_millis(20));
            }
            if Instant::now() > end {
                let log = defmt_log::decode(elf, &std::fs::read(board.defmt_file())?)?;
                bail!("no ticket came out. The kiosk said:\n{log}");
            }
        }
    }
    std::thread::sleep(PAUSE);
    let vitals = ask(&host)?;
    let log = defmt_log::decode(elf, &std::fs::read(board.defmt_file())?)?;
    let mut presses = read(&log);
    ensure!(
        presses.len() == count,
        "{count} tickets, but the kiosk said:\n{log}"
    );
    let lines = line_bytes(&pressed, &look(&printer).said);
    ensure!(
        lines.len() == count,
        "{count} tickets, but {} on the line",
        lines.len()
    );
    for (press, bytes) in presses.iter_mut().zip(lines) {
        press.line_bytes = bytes;
    }
    Ok(Served { presses, vitals })
}

/// The presses of which a ticket came, as the log tells them.
fn read(log: &str) -> Vec<Press> {
    let mut presses = Vec::new();
    let (mut began, mut press) = (None, Press::default());
    for line in log.lines() {
        let Some(at) = microseconds(line) else { continue };
        if line.contains("pressed Select") {
            (began, press) = (Some(at), Press::default());
        }
        let Some(began) = began else { continue };
        let passed = at - began;
        if line.contains("host is asked for a number") {
            press.asks = passed;
        } else if line.contains("host answers 0x0103") {
            press.host = passed;
        } else if line.contains("goes to the printer") {
            press.records = passed;
        } else if line.contains("INFO first of ") && press.host > 0 {
            press.begins = passed;
            presses.push(press);
            press = Press::default();
        }
    }
    presses
}

/// The time in front of a line of the log, in seconds.
fn microseconds(line: &str) -> Option<u64> {
    let (seconds, rest) = line.split_once(' ')?.0.split_once('.')?;
    Some(seconds.parse::<u64>().ok()? * 1_000_000 + format!("{rest:0<6}").parse::<u64>().ok()?)
}

/// For each ticket, how many bytes' time the line was in use from its press until its first byte.
fn line_bytes(pressed: &[Instant], said: &[Said]) -> Vec<u64> {
    /// `ESC @`, with which each ticket begins, and the first bytes of the line after it: it is also sent alone.
    const TICKET: [u8; 3] = [0x1B, b'@', 0x1B];
    /// The first of four questions that are asked together.
    const QUESTION: [u8; 3] = [0x10, 0x04, 1];
    /// Answers of a byte that come while others of the four are still being asked.
    const OVERLAPPED: u64 = 3;
    let board: Vec<&Said> = said.iter().filter(|said| said.end == End::Board).collect();
    let begins = |with: [u8; 3]| {
        board
            .windows(3)
            .filter(move |three| three.iter().map(|said| said.byte).eq(with))
            .map(|three| three[0].at)
    };
    begins(TICKET)
        .filter_map(|ticket| {
            let press = *pressed.iter().rev().find(|press| **press < ticket)?;
            let before = |at: Instant| press < at && at < ticket;
            let bytes = said.iter().filter(|said| before(said.at)).count() as u64;
            let questions = begins(QUESTION).filter(|at| before(*at)).count() as u64;
            Some(bytes.saturating_sub(OVERLAPPED * questions))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_read_from_its_log() {
        let log = "1.000000 INFO pressed Select\n\
                   4.100000 INFO pressed Select\n\
                   4.103000 INFO host is asked for a number\n\
                   4.113000 INFO host answers 0x0103\n\
                   4.115500 INFO ticket 7 goes to the printer\n\
                   4.115800 INFO first of 300 bytes of ticket 7\n";
        let press = Press {
            asks: 3_000,
            host: 13_000,
            records: 15_500,
            begins: 15_800,
            line_bytes: 0,
        };
        assert_eq!(read(log), [press]);
    }

    #[test]
    fn one_look_takes_the_line_for_thirteen_bytes() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let say = |at, end, bytes: &[u8]| {
            let said = bytes.iter().map(|&byte| Said { at, end, byte });
            said.collect::<Vec<_>>()
        };
        let said = [
            say(after(1), End::Board, &[0; 40]),
            say(after(3), End::Board, &[16, 4, 1, 16, 4, 2, 16, 4, 3, 16, 4, 4]),
            say(after(4), End::Device, &[0x12; 4]),
            say(after(5), End::Board, b"\x1B@\x1Ba\x01hello"),
        ];
        assert_eq!(line_bytes(&[after(2)], &said.concat()), [13]);
    }
}
