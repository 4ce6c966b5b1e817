//! A port that closes, a line that is silent and a board that does not read, in the middle of what was under way.

use std::io::ErrorKind;

use protocol::frame::{BulkHeader, Decoder, FrameKind, Received, split_kind_and_session};
use protocol::link::{DownReason, Timing};
use protocol::message::{CaptureVerdict, ShowVerdict};
use tempfile::TempDir;

use super::*;
use crate::board::{SerialPath, firmware};

/// Bytes of an object that a board keeps until they are confirmed.
const BOARD_WINDOW: usize = 4096;

/// Quick, so that a silence does not take seconds; but a busy computer is not to look like one.
const TIMING: Timing = Timing {
    hello_us: 20_000,
    keep_alive_us: 80_000,
    silence_us: 600_000,
};

/// The board's end, driven by the test turn by turn, so that the test says when the line is cut.
struct BoardEnd {
    link: Box<BoardLink>,
    epoch: Instant,
    port: Option<(TTYPort, TTYPort)>,
    /// A link to the pseudo-terminal, as udev keeps one to the serial port.
    path: PathBuf,
    /// Whether the board's program takes what came.
    reads: bool,
    image: &'static [u8],
    /// Offset and length of each bulk piece that was put on the line.
    pieces: Vec<(usize, usize)>,
    events: Vec<Event>,
    _folder: TempDir,
}

impl BoardEnd {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            timing: TIMING,
            ..Config::new(Role::Capture, 1, Firmware::default())
        };
        let mut end = Self {
            link: Box::new(BoardLink::new(config)),
            epoch: Instant::now(),
            port: None,
            path: folder.path().join("capture-board"),
            reads: true,
            image: &[],
            pieces: Vec::new(),
            events: Vec::new(),
            _folder: folder,
        };
        end.plug_in();
        end
    }

    fn plug_in(&mut self) {
        let (mut master, slave) = TTYPort::pair().unwrap();
        master.set_timeout(Duration::from_millis(1)).unwrap();
        let _ = std::fs::remove_file(&self.path);
        symlink(slave.name().unwrap(), &self.path).unwrap();
        self.port = Some((master, slave));
    }

    fn pull_the_plug(&mut self) {
        self.port = None;
    }

    /// The host's end, and the session is up.
    fn connect(&mut self) -> (Board, Receiver<BoardEvent>) {
        let config = Config {
            timing: TIMING,
            ..Config::new(Role::Host, BOOT, firmware())
        };
        let opened = Board::start_with(SerialPath::new(&self.path), Role::Capture, config).unwrap();
        self.turn_until(|end| end.link.is_up() && opened.0.peer().is_some());
        opened
    }

    fn turn(&mut self) {
        let now = self.epoch.elapsed().as_micros() as u64;
        let mut chunk = [0; BoardLink::MAX_WIRE_FRAME];
        if let Some((port, _)) = &mut self.port {
            if let Ok(count) = port.read(&mut chunk) {
                self.link.handle_bytes(now, &chunk[..count]);
            }
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.link.handle_timeout(now);
        if self.reads {
            self.events.extend(std::iter::from_fn(|| self.link.poll_event()));
        }
        self.image = &self.image[self.link.bulk_write(self.image)..];
        loop {
            let len = self.link.poll_transmit(now, &mut chunk);
            if len == 0 {
                break;
            }
            // Without a port the board's UART speaks to nobody, and does not know it.
            if let Some((port, _)) = &mut self.port {
                put(port, &chunk[..len]);
                self.pieces.extend(piece(&chunk[..len]));
            }
        }
    }

    fn turn_until(&mut self, mut done: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < deadline, "it happens in time");
            self.turn();
        }
    }

    /// Begins to send the image, and stops somewhere in the middle. Returns up to where the host has confirmed.
    fn send_half_an_image(&mut self) -> usize {
        let object = Object {
            kind: ObjectKind::Image,
            id: 9,
            length: IMAGE.len() as u32,
        };
        self.turn_until(|end| end.link.is_up());
        self.link.bulk_begin(0, object).unwrap();
        self.image = &IMAGE;
        self.turn_until(|end| end.image.len() < IMAGE.len() / 2);
        assert!(!self.image.is_empty(), "the transfer is under way");
        IMAGE.len() - self.image.len() - BOARD_WINDOW
    }
}

/// Writes all of a frame, however busy the computer is whose other end reads it.
fn put(port: &mut TTYPort, mut bytes: &[u8]) {
    let deadline = Instant::now() + PATIENCE;
    while !bytes.is_empty() {
        match port.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) => assert!(
                error.kind() == ErrorKind::TimedOut && Instant::now() < deadline,
                "{error}"
            ),
        }
    }
}

/// Where a bulk piece lies in the object, if the frame is one.
fn piece(wire: &[u8]) -> Option<(usize, usize)> {
    let mut decoder = Decoder::new();
    let mut rest = wire;
    while !rest.is_empty() {
        let (taken, received) = decoder.push(rest);
        rest = &rest[taken..];
        if received == Some(Received::Frame)
            && let Some((Some(FrameKind::Bulk), _, rest)) = split_kind_and_session(decoder.frame())
        {
            let (header, bytes) = BulkHeader::split(rest)?;
            return Some((header.offset as usize, bytes.len()));
        }
    }
    None
}

/// What happened from the interruption on: it must be the rest of the same transfer, and nothing else.
fn the_rest_comes(end: &mut BoardEnd, events: &Receiver<BoardEvent>, confirmed: usize, interrupted: usize) {
    let (mut resumed_at, mut image) = (None, None);
    end.turn_until(|end| {
        for event in events.try_iter() {
            match event {
                BoardEvent::Up { resumed, .. } => {
                    assert!(resumed, "the session goes on where it was");
                    resumed_at = Some(end.pieces.len());
                }
                BoardEvent::BulkDone { object, bytes } => image = Some((object, bytes)),
                BoardEvent::BulkFailed { outcome, .. } => panic!("{outcome}"),
                _ => {}
            }
        }
        image.is_some()
            && end
                .events
                .iter()
                .any(|event| matches!(event, Event::BulkSent { .. }))
    });
    let resumed_at = resumed_at.expect("the host's end knew of the interruption");
    let (object, bytes) = image.unwrap();
    assert_eq!((object.kind, object.id), (ObjectKind::Image, 9));
    assert!(bytes == IMAGE, "every byte is right");
    assert!(end.events.iter().any(|event| matches!(
        event,
        Event::BulkSent {
            outcome: BulkOutcome::Delivered,
            ..
        }
    )));
    let after = &end.pieces[interrupted..];
    let first = after.iter().map(|(offset, _)| *offset).min().unwrap();
    assert!(
        first >= confirmed,
        "{first} was sent again, {confirmed} were confirmed"
    );
    // What the board repeats while nobody listens is not the transfer's fault.
    let heard = end.pieces[..interrupted].iter().chain(&end.pieces[resumed_at..]);
    let sent: usize = heard.map(|(_, len)| len).sum();
    assert!(
        sent <= IMAGE.len() + 2 * BOARD_WINDOW,
        "{sent} bytes for {}: at most what was under way is sent again",
        IMAGE.len()
    );
}

#[test]
fn an_image_goes_on_where_it_was_when_the_port_was_lost() {
    let mut end = BoardEnd::new();
    let (_board, events) = end.connect();
    let confirmed = end.send_half_an_image();
    let interrupted = end.pieces.len();
    end.pull_the_plug();
    end.turn_until(|_| {
        events
            .try_iter()
            .any(|event| matches!(event, BoardEvent::PortLost { .. }))
    });
    end.plug_in();
    the_rest_comes(&mut end, &events, confirmed, interrupted);
}

#[test]
fn an_image_goes_on_where_it_was_after_a_silence() {
    let mut end = BoardEnd::new();
    let (_board, events) = end.connect();
    let confirmed = end.send_half_an_image();
    let interrupted = end.pieces.len();
    // The board stands still, as in a debugger, for longer than the host calls it alive.
    await_event(&events, |event| {
        matches!(
            event,
            BoardEvent::Down {
                reason: DownReason::Silent
            }
        )
        .then_some(())
    });
    the_rest_comes(&mut end, &events, confirmed, interrupted);
}

#[test]
fn telling_a_board_that_never_reads_ends_with_a_reason() {
    let mut end = BoardEnd::new();
    let (board, _events) = end.connect();
    end.reads = false;
    let patience = Duration::from_millis(300);
    let telling = {
        let board = board.clone();
        std::thread::spawn(move || {
            let verdict = ShowVerdict {
                capture_id: 1,
                verdict: CaptureVerdict::Match,
            };
            let mut taken = 0_usize;
            loop {
                let asked_at = Instant::now();
                match board.notify(verdict.clone(), patience) {
                    Ok(()) => taken += 1,
                    Err(error) => return (taken, error, asked_at.elapsed()),
                }
            }
        })
    };
    end.turn_until(|_| telling.is_finished());
    let (taken, error, waited) = telling.join().unwrap();
    assert!(
        matches!(
            error,
            BoardError::NotTaken {
                message: "ShowVerdict",
                ..
            }
        ),
        "{error}"
    );
    assert!(waited >= patience && waited < 3 * patience, "{waited:?}");
    assert!(board.peer().is_some(), "the board is alive all the same");

    end.reads = true;
    end.turn_until(|end| {
        let told = |event: &&Event| matches!(event, Event::Notification(Message::ShowVerdict(_)));
        end.events.iter().filter(told).count() == taken
    });
}
