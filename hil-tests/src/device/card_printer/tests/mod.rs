use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use host_driver::face::{BLACK_INK, COLOUR_FULL, HEIGHT, Panels, WIDTH};
use host_driver::printer::evolis::wire::{Levels, Panel, Refusal, download};
use host_driver::printer::{CardPosition, CardPrinter, Evolis, Outcome, Port, Printed, PrinterError, open};
use image::Rgba;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::device::serial::{LineSpeed, Plugged, SerialDevice};

mod silence;

type Core = EvolisCore<Magazine>;

/// A driver at a printer.
struct Bench {
    core: Arc<Mutex<Core>>,
    printer: Evolis<Wire>,
}

/// A line on which silence takes no time: what is not there at once never comes.
struct Wire(Arc<Mutex<Core>>);

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.lock().unwrap().poll_transmit(Duration::ZERO, buffer) {
            0 => Err(io::ErrorKind::TimedOut.into()),
            length => Ok(length),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().handle_bytes(Duration::ZERO, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Port for Wire {
    fn set_timeout(&mut self, _timeout: Duration) -> io::Result<()> {
        Ok(())
    }
}

impl Bench {
    fn with_blanks(blanks: usize) -> Self {
        let core = printer_with(blanks);
        let printer = Evolis::new(Wire(Arc::clone(&core))).unwrap();
        Self { core, printer }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap()
    }

    fn at_print(blanks: usize) -> Self {
        let mut bench = Self::with_blanks(blanks);
        assert_eq!(bench.printer.feed_to_contactless(), Outcome::Done);
        assert_eq!(bench.printer.move_to_print(), Outcome::Done);
        bench
    }
}

fn printer_with(blanks: usize) -> Arc<Mutex<Core>> {
    Arc::new(Mutex::new(Core::new(Magazine::with_blanks(blanks))))
}

/// Panels in which every dot is a matter of chance.
fn noise(seed: u64) -> Panels {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut plane = |full: u8| (0..Panels::DOTS).map(|_| chance.random_range(0..=full)).collect();
    Panels {
        yellow: plane(COLOUR_FULL),
        magenta: plane(COLOUR_FULL),
        cyan: plane(COLOUR_FULL),
        black: plane(BLACK_INK),
        overlay: plane(BLACK_INK),
    }
}

/// A few marks, quick to make.
fn marks() -> Panels {
    let mut panels = Panels::unprinted();
    panels.overlay.fill(BLACK_INK);
    // Black at the top left, yellow at the top right, cyan at the bottom left.
    panels.black[0] = BLACK_INK;
    panels.yellow[WIDTH as usize - 1] = COLOUR_FULL;
    panels.cyan[Panels::DOTS - WIDTH as usize] = COLOUR_FULL;
    panels
}

#[test]
fn a_card_is_fed_printed_and_ejected() {
    let mut bench = Bench::with_blanks(2);
    let before = bench.printer.counters().unwrap();
    assert_eq!(bench.printer.status().unwrap().card, CardPosition::None);
    assert_eq!(bench.printer.feed_to_contactless(), Outcome::Done);
    assert_eq!(bench.printer.status().unwrap().card, CardPosition::Contactless);
    assert_eq!(bench.printer.move_to_print(), Outcome::Done);
    assert_eq!(bench.printer.print(&marks()), Outcome::Done);
    assert_eq!(bench.printer.eject(), Outcome::Done);

    let after = bench.printer.counters().unwrap();
    assert_eq!(after.printed_since(&before), Printed::Whole);
    assert_eq!(after.cards_fed, before.cards_fed + 1);
    assert_eq!(after.ribbon_left, before.ribbon_left.map(|left| left - 1));
    let core = bench.core();
    assert_eq!(core.mechanics.hopper, 1);
    assert_eq!(core.mechanics.output.len(), 1);
    let card = core.mechanics.output[0].face.on_white();
    assert_eq!(card.get_pixel(0, 0), &Rgba([0, 0, 0, 255]));
    assert_eq!(card.get_pixel(WIDTH - 1, 0), &Rgba([255, 255, 0, 255]));
    assert_eq!(card.get_pixel(0, HEIGHT - 1), &Rgba([0, 255, 255, 255]));
    assert_eq!(card.get_pixel(WIDTH - 1, HEIGHT - 1), &Rgba([255; 4]));
}

#[test]
fn every_dot_of_every_panel_arrives() {
    let mut bench = Bench::at_print(1);
    let panels = noise(7);
    assert_eq!(bench.printer.print(&panels), Outcome::Done);
    let core = bench.core();
    let face = &core.mechanics.inside().unwrap().face;
    let scaled = |plane: &[u8], full: u8| -> Vec<u8> {
        plane
            .iter()
            .map(|&level| (u32::from(level) * 255 / u32::from(full)) as u8)
            .collect()
    };
    assert_eq!(
        face.plane(Panel::Yellow).unwrap(),
        scaled(&panels.yellow, COLOUR_FULL)
    );
    assert_eq!(
        face.plane(Panel::Magenta).unwrap(),
        scaled(&panels.magenta, COLOUR_FULL)
    );
    assert_eq!(
        face.plane(Panel::Cyan).unwrap(),
        scaled(&panels.cyan, COLOUR_FULL)
    );
    assert_eq!(
        face.plane(Panel::Black).unwrap(),
        scaled(&panels.black, BLACK_INK)
    );
    assert_eq!(
        face.plane(Panel::Overlay).unwrap(),
        scaled(&panels.overlay, BLACK_INK)
    );
}

#[test]
fn fewer_levels_are_a_coarser_picture_of_the_same() {
    for (levels, length) in [
        (Levels::Thirty2, 411_480),
        (Levels::Sixty4, 493_776),
        (Levels::Hundred28, 576_072),
    ] {
        let plane = noise(11).yellow;
        let frame = download(Panel::Yellow, levels, &plane);
        let head = format!("\x1bDb;y;{};", levels.number());
        assert_eq!(frame.len(), head.len() + length + 1);
        let ink = face::unpack(levels, &frame[head.len()..frame.len() - 1]);
        for (&sent, &printed) in plane.iter().zip(ink.iter()) {
            let wanted = i32::from(sent) * 255 / i32::from(COLOUR_FULL);
            assert!(
                (wanted - i32::from(printed)).abs() <= 9,
                "{levels:?}: {wanted} became {printed}"
            );
        }
    }
}

#[test]
fn a_black_panel_has_the_length_that_programs_for_real_printers_send() {
    let frame = download(Panel::Black, Levels::Two, &marks().black);
    assert_eq!(frame.len(), "\x1bDb;k;2;".len() + 82_296 + 1);
}

#[test]
fn the_printer_works_over_tcp_too() {
    let core = printer_with(1);
    let listening = Listening::on_loopback(Arc::clone(&core), 0).unwrap();
    let mut printer = open(&format!("tcp://{}", listening.address())).unwrap();
    assert_eq!(printer.feed_to_contactless(), Outcome::Done);
    assert_eq!(printer.move_to_print(), Outcome::Done);
    assert_eq!(printer.print(&marks()), Outcome::Done);
    assert_eq!(printer.reject(), Outcome::Done);
    assert_eq!(core.lock().unwrap().mechanics.rejected.len(), 1);
}

#[test]
fn each_refusal_has_its_own_error() {
    let causes = [
        (Refusal::Feeder, PrinterError::HopperEmpty),
        (Refusal::CoverOpen, PrinterError::CoverOpen),
        (Refusal::Ribbon, PrinterError::RibbonEnded),
        (Refusal::CardJam, PrinterError::Jam),
        (Refusal::Mechanical, PrinterError::Jam),
        (Refusal::Head, PrinterError::Head),
    ];
    for (refusal, error) in causes {
        let mut bench = Bench::with_blanks(1);
        bench.core().break_once("Sic", Fault::Refused(refusal));
        assert_eq!(
            bench.printer.feed_to_contactless(),
            Outcome::Failed(error.clone()),
            "{refusal:?}"
        );
        // It stays an error until the host clears it.
        assert_eq!(bench.printer.reject(), Outcome::Failed(error));
        bench.printer.clear_error().unwrap();
        assert_eq!(bench.printer.reject(), Outcome::Done);
    }
}

#[test]
fn the_older_generation_is_understood_as_well() {
    let mut bench = Bench::with_blanks(1);
    bench.core().dialect = Dialect::Letters;
    assert_eq!(bench.printer.feed_to_contactless(), Outcome::Done);
    assert_eq!(bench.printer.status().unwrap().card, CardPosition::Inside);
    assert_eq!(bench.printer.move_to_print(), Outcome::Done);
    assert_eq!(bench.printer.print(&marks()), Outcome::Done);
    bench.core().knobs.cover_open = true;
    assert_eq!(bench.printer.eject(), Outcome::Failed(PrinterError::CoverOpen));
}

#[test]
fn an_empty_hopper_is_seen_before_and_reported_after() {
    let mut bench = Bench::with_blanks(0);
    assert_eq!(bench.printer.status().unwrap().hopper_empty, Some(true));
    assert_eq!(
        bench.printer.feed_to_contactless(),
        Outcome::Failed(PrinterError::HopperEmpty)
    );
    assert_eq!(bench.printer.status().unwrap().card, CardPosition::None);
    bench.core().mechanics.hopper = 1;
    bench.printer.clear_error().unwrap();
    assert_eq!(bench.printer.feed_to_contactless(), Outcome::Done);
}

#[test]
fn an_open_cover_is_an_error_until_it_is_closed_and_cleared() {
    let mut bench = Bench::with_blanks(1);
    bench.core().knobs.cover_open = true;
    assert_eq!(bench.printer.status().unwrap().cover_open, Some(true));
    assert_eq!(
        bench.printer.feed_to_contactless(),
        Outcome::Failed(PrinterError::CoverOpen)
    );
    bench.printer.clear_error().unwrap();
    assert_eq!(
        bench.printer.feed_to_contactless(),
        Outcome::Failed(PrinterError::CoverOpen)
    );
    bench.core().knobs.cover_open = false;
    bench.printer.clear_error().unwrap();
    assert_eq!(bench.printer.feed_to_contactless(), Outcome::Done);
}

#[test]
fn a_full_reject_box_keeps_the_card_inside() {
    let mut bench = Bench::at_print(1);
    bench.core().mechanics.reject_room = Some(0);
    assert_eq!(
        bench.printer.reject(),
        Outcome::Failed(PrinterError::RejectBoxFull)
    );
    assert_eq!(bench.printer.status().unwrap().card, CardPosition::Print);
}

#[test]
fn no_second_blank_is_fed_while_a_card_is_inside() {
    let mut bench = Bench::at_print(2);
    let inside = PrinterError::CardInside {
        position: CardPosition::Print,
    };
    assert_eq!(bench.printer.feed_to_contactless(), Outcome::Failed(inside));
    assert_eq!(bench.core().mechanics.hopper, 1);
}

#[test]
fn the_printer_works_on_a_serial_port_and_the_driver_may_start_again() {
    let core = printer_with(1);
    let plugged = Plugged::on_pty(Arc::clone(&core), LineSpeed::Immediate).unwrap();
    let path = plugged.path().to_str().unwrap();
    let mut printer = open(path).unwrap();
    assert_eq!(printer.feed_to_contactless(), Outcome::Done);
    assert_eq!(printer.move_to_print(), Outcome::Done);
    assert_eq!(printer.print(&marks()), Outcome::Done);
    assert!(
        matches!(open(path), Err(PrinterError::CannotOpen { .. })),
        "one driver at a time"
    );
    drop(printer);

    let mut printer = open(path).unwrap();
    assert_eq!(printer.status().unwrap().card, CardPosition::Print);
    assert_eq!(printer.eject(), Outcome::Done);
    assert_eq!(core.lock().unwrap().mechanics.output.len(), 1);
}

#[test]
fn a_printer_that_is_off_or_not_there_does_not_open() {
    let core = printer_with(1);
    core.lock().unwrap().knobs.switched_off = true;
    assert!(matches!(
        Evolis::new(Wire(core)),
        Err(PrinterError::NoAnswer { .. })
    ));
    assert!(matches!(
        open("/dev/does-not-exist"),
        Err(PrinterError::CannotOpen { .. })
    ));
    assert!(matches!(
        open("tcp://127.0.0.1:1"),
        Err(PrinterError::CannotOpen { .. })
    ));
}

#[test]
fn a_simple_client_prints_with_download_and_end_of_sequence() {
    // What the client programs for black ribbons send: nothing is answered in between, nothing is fed by hand.
    let mut core = Core::new(Magazine::with_blanks(1));
    let mut job = b"\x1bPr;k\r\x1bPmi;F;s\r\x1bPc;k;=;10\r\x1bSs\r\x1bSr\r".to_vec();
    job.extend(download(Panel::Black, Levels::Two, &marks().black));
    job.extend(b"\x1bSe\r");
    job.extend([0; 64]);
    for piece in job.chunks(1000) {
        core.handle_bytes(Duration::ZERO, piece);
    }
    assert_eq!(core.mechanics.output.len(), 1);
    assert_eq!(core.mechanics.output[0].face.panels(), [Panel::Black]);
    let mut answers = vec![0; 256];
    let mut length = 0;
    while let more @ 1.. = core.poll_transmit(Duration::ZERO, &mut answers[length..]) {
        length += more;
    }
    assert_eq!(&answers[..length], b"OK\0".repeat(7));
}

#[test]
fn a_real_printer_takes_its_time() {
    let mut core = Core::new(Magazine::with_blanks(1));
    core.pace = Pace::Real;
    core.handle_bytes(Duration::ZERO, b"\x1bSi\r\x1bRsn\r");
    let mut answer = [0; 64];
    assert_eq!(core.poll_transmit(Duration::from_millis(2999), &mut answer), 0);
    assert_eq!(core.poll_transmit(Duration::from_secs(3), &mut answer), 3);
    assert!(core.poll_transmit(Duration::from_secs(3), &mut answer) > 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn hostile_bytes_never_panic_the_printer(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                "\u{1b}(Pem;2|Ss|Si|Sic|Se|Ser|Sp;[ymckoz]|Db;[ymckx];(2|32|7);|Rco;[a-z]|Rlr;[pr]|Scs|Srs|Wcb;k)\r?"
                    .prop_map(String::into_bytes),
            ],
            0..40,
        )
    ) {
        let mut core = Core::new(Magazine::with_blanks(3));
        let mut answers = [0; 64];
        for piece in pieces {
            core.handle_bytes(Duration::ZERO, &piece);
            core.poll_transmit(Duration::ZERO, &mut answers);
        }
    }

    #[test]
    fn commands_are_found_however_the_stream_is_split(split in 1_usize..40) {
        let stream = b"\x1bPem;2\r\x1bRsn\rRco;p\r\x1bRfv\x1bRtp\r";
        let mut core = Core::new(Magazine::with_blanks(0));
        for piece in stream.chunks(split) {
            core.handle_bytes(Duration::ZERO, piece);
        }
        let mut answers = Vec::new();
        let mut piece = [0; 64];
        while let length @ 1.. = core.poll_transmit(Duration::ZERO, &mut piece) {
            answers.extend_from_slice(&piece[..length]);
        }
        prop_assert_eq!(answers, b"OK\0EMU0000001\x000\0Dualys3\0".to_vec());
    }
}
