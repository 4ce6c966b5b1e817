//! A link plays the board at the other end of a pseudo-terminal.

mod interruptions;
mod one_program;
mod traced;

use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use protocol::link::{BulkOutcome, Object};
use protocol::message::{
    Accepted, CancelCapture, CapturePhase, CaptureProgress, Firmware, ObjectKind, ResetCause, Restarted,
    StatusRequest, TicketDenial, TicketDenied, TicketRequest,
};
use protocol::{BoardLink, Config, Event, Message, Role};
use serialport::{SerialPort, TTYPort};

use super::ends::keep_ends;
use super::{Board, BoardError, BoardEvent};

const PATIENCE: Duration = Duration::from_secs(5);
const BOOT: u32 = 0x1057;

/// What the board is told to do by a test.
type Commands = Arc<Mutex<Vec<Message>>>;

/// A board on a pseudo-terminal of its own.
struct FakeBoard {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    /// Says these by itself.
    says: Commands,
    /// What came as answers to its requests.
    heard: Arc<Mutex<Vec<Event>>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeBoard {
    fn plug_in(role: Role, boot_id: u32) -> Self {
        let (master, slave) = TTYPort::pair().unwrap();
        let path = PathBuf::from(slave.name().unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let says = Commands::default();
        let heard = Arc::default();
        let thread = {
            let (stop, says, heard) = (Arc::clone(&stop), Arc::clone(&says), Arc::clone(&heard));
            // The board's thread keeps the slave open, so that the port survives the host closing it.
            std::thread::spawn(move || play(master, slave, role, boot_id, &stop, &says, &heard))
        };
        Self {
            path,
            stop,
            says,
            heard,
            thread: Some(thread),
        }
    }

    fn says(&self, message: impl Into<Message>) {
        self.says.lock().unwrap().push(message.into());
    }
}

impl Drop for FakeBoard {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Answers every request but `CancelCapture`, and sends an image for each `StatusRequest`.
fn play(
    mut port: TTYPort,
    _slave: TTYPort,
    role: Role,
    boot_id: u32,
    stop: &AtomicBool,
    says: &Mutex<Vec<Message>>,
    heard: &Mutex<Vec<Event>>,
) {
    port.set_timeout(Duration::from_millis(1)).unwrap();
    let epoch = Instant::now();
    let mut link = Box::new(BoardLink::new(Config::new(role, boot_id, Firmware::default())));
    let mut chunk = [0; BoardLink::MAX_WIRE_FRAME];
    let mut image = &[][..];
    while !stop.load(Ordering::Relaxed) {
        let now = epoch.elapsed().as_micros() as u64;
        if let Ok(count) = port.read(&mut chunk) {
            link.handle_bytes(now, &chunk[..count]);
        }
        link.handle_timeout(now);
        while let Some(event) = link.poll_event() {
            match event {
                Event::Request {
                    message: Message::CancelCapture(_),
                    ..
                } => {}
                Event::Request { id, message } => {
                    if let Message::StatusRequest(_) = message {
                        let object = Object {
                            kind: ObjectKind::Image,
                            id: 9,
                            length: IMAGE.len() as u32,
                        };
                        link.bulk_begin(now, object).unwrap();
                        image = &IMAGE;
                    }
                    link.reply(now, id, &Accepted {}.into()).unwrap();
                }
                other => heard.lock().unwrap().push(other),
            }
        }
        if link.is_up() {
            for message in says.lock().unwrap().drain(..) {
                match message {
                    Message::TicketRequest(_) | Message::Restarted(_) => {
                        link.request(now, &message).unwrap();
                    }
                    _ => link.notify(now, &message).unwrap(),
                }
            }
        }
        image = &image[link.bulk_write(image)..];
        loop {
            let len = link.poll_transmit(now, &mut chunk);
            if len == 0 || port.write_all(&chunk[..len]).is_err() {
                break;
            }
        }
    }
}

static IMAGE: [u8; 36_864] = {
    let mut bytes = [0; 36_864];
    let mut index = 0;
    while index < bytes.len() {
        bytes[index] = (index * 7 / 5) as u8;
        index += 1;
    }
    bytes
};

fn open(fake: &FakeBoard, role: Role) -> (Board, Receiver<BoardEvent>) {
    Board::open(&fake.path, role, BOOT).unwrap()
}

/// The next event that the filter takes.
fn await_event<T>(events: &Receiver<BoardEvent>, mut wanted: impl FnMut(BoardEvent) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let event = events.recv_timeout(left).expect("the event comes in time");
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

#[test]
fn a_board_on_a_port_answers_requests() {
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    let (board, _events) = open(&fake, Role::Capture);
    let peer = board.wait_until_up(PATIENCE).unwrap();
    assert_eq!((peer.role, peer.boot_id), (Role::Capture, 1));
    assert_eq!(board.request(StatusRequest {}, PATIENCE), Ok(Accepted {}.into()));
    assert!(board.counters().frames_received > 0);
}

#[test]
fn an_image_comes_whole() {
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    let (board, events) = open(&fake, Role::Capture);
    board.wait_until_up(PATIENCE).unwrap();
    board.request(StatusRequest {}, PATIENCE).unwrap();
    let (object, bytes) = await_event(&events, |event| match event {
        BoardEvent::BulkDone { object, bytes } => Some((object, bytes)),
        _ => None,
    });
    assert_eq!((object.kind, object.id), (ObjectKind::Image, 9));
    assert!(bytes == IMAGE);
}

#[test]
fn what_the_board_says_and_asks_comes_out_as_events_and_is_answered() {
    let fake = FakeBoard::plug_in(Role::Kiosk, 1);
    let (board, events) = open(&fake, Role::Kiosk);
    board.wait_until_up(PATIENCE).unwrap();
    let progress = CaptureProgress {
        capture_id: 3,
        phase: CapturePhase::Reading,
        impression: 1,
        quality: protocol::message::FingerQuality::Unknown,
    };
    fake.says(progress.clone());
    fake.says(TicketRequest {
        press: 5,
        service: 1,
        priority: false,
    });
    let denied = TicketDenied {
        press: 5,
        reason: TicketDenial::Closed,
    };
    let mut notified = false;
    await_event(&events, |event| match event {
        BoardEvent::Notification(message) => {
            assert_eq!(message, progress.clone().into());
            notified = true;
            None
        }
        BoardEvent::Request { responder, message } => {
            assert!(matches!(
                message,
                Message::TicketRequest(TicketRequest { press: 5, .. })
            ));
            responder.reply(denied.clone());
            Some(())
        }
        _ => None,
    });
    assert!(notified, "the notification came before the request");
    let deadline = Instant::now() + PATIENCE;
    let reply =
        |event: &Event| matches!(event, Event::Reply { message, .. } if *message == denied.clone().into());
    while !fake.heard.lock().unwrap().iter().any(reply) {
        assert!(Instant::now() < deadline, "the answer reaches the board");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_port_that_does_not_exist_is_a_clear_error() {
    let error = Board::open("/dev/no-such-port", Role::Kiosk, BOOT).unwrap_err();
    assert!(
        matches!(&error, BoardError::Open { path, .. } if path == "/dev/no-such-port"),
        "{error}"
    );
}

#[test]
fn a_port_without_a_board_is_a_clear_error() {
    let (_master, slave) = TTYPort::pair().unwrap();
    let (board, _events) = Board::open(slave.name().unwrap(), Role::Kiosk, BOOT).unwrap();
    let silent = Err(BoardError::Silent {
        path: slave.name().unwrap(),
    });
    assert_eq!(
        board.wait_until_up(Duration::from_millis(50)).map(drop),
        silent.clone()
    );
    assert_eq!(
        board.request(StatusRequest {}, PATIENCE).map(drop),
        silent.clone()
    );
    assert_eq!(
        board.notify(
            CaptureProgress {
                capture_id: 1,
                phase: CapturePhase::Lift,
                impression: 1,
                quality: protocol::message::FingerQuality::Unknown,
            },
            PATIENCE
        ),
        silent
    );
}

#[test]
fn the_wrong_board_is_told_apart() {
    let fake = FakeBoard::plug_in(Role::Kiosk, 1);
    let (board, events) = open(&fake, Role::Capture);
    let found = await_event(&events, |event| match event {
        BoardEvent::WrongBoard { found } => Some(found),
        _ => None,
    });
    assert_eq!(found, Role::Kiosk);
    let error = board.request(StatusRequest {}, PATIENCE).unwrap_err();
    assert!(matches!(error, BoardError::WrongBoard { .. }), "{error}");
}

#[test]
fn a_request_without_an_answer_ends_at_its_deadline() {
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    let (board, _events) = open(&fake, Role::Capture);
    board.wait_until_up(PATIENCE).unwrap();
    let error = board
        .request(CancelCapture { capture_id: 1 }, Duration::from_millis(60))
        .unwrap_err();
    assert!(
        matches!(
            error,
            BoardError::TimedOut {
                message: "CancelCapture",
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        board.request(StatusRequest {}, PATIENCE),
        Ok(Accepted {}.into()),
        "the next one is answered"
    );
}

#[test]
fn a_lost_port_fails_what_is_under_way_and_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture-board");
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    symlink(&fake.path, &path).unwrap();
    let (board, events) = Board::open(&path, Role::Capture, BOOT).unwrap();
    board.wait_until_up(PATIENCE).unwrap();

    let asking = {
        let board = board.clone();
        std::thread::spawn(move || board.request(CancelCapture { capture_id: 1 }, PATIENCE))
    };
    std::thread::sleep(Duration::from_millis(30));
    drop(fake);
    let error = asking.join().unwrap().unwrap_err();
    assert!(matches!(error, BoardError::PortLost { .. }), "{error}");
    await_event(&events, |event| {
        matches!(event, BoardEvent::PortLost { .. }).then_some(())
    });
    assert!(matches!(
        board.request(StatusRequest {}, PATIENCE),
        Err(BoardError::PortLost { .. })
    ));

    let again = FakeBoard::plug_in(Role::Capture, 2);
    std::fs::remove_file(&path).unwrap();
    symlink(&again.path, &path).unwrap();
    let peer = await_event(&events, |event| match event {
        BoardEvent::Up { peer, .. } => Some(peer),
        _ => None,
    });
    assert_eq!(peer.boot_id, 2);
    assert_eq!(board.request(StatusRequest {}, PATIENCE), Ok(Accepted {}.into()));
}

#[test]
fn a_host_program_that_restarts_takes_over() {
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    for boot_id in [BOOT, BOOT + 1, BOOT + 2] {
        let (board, _events) = Board::open(&fake.path, Role::Capture, boot_id).unwrap();
        board.wait_until_up(PATIENCE).unwrap();
        assert_eq!(board.request(StatusRequest {}, PATIENCE), Ok(Accepted {}.into()));
        // Dropped in the middle of the image.
    }
    let outcomes = fake.heard.lock().unwrap();
    let aborted = |event: &&Event| {
        matches!(
            event,
            Event::BulkSent {
                outcome: BulkOutcome::PeerRestarted,
                ..
            }
        )
    };
    assert!(outcomes.iter().filter(aborted).count() <= 2);
}

#[test]
fn an_end_is_accepted_only_once_it_is_kept() {
    let fake = FakeBoard::plug_in(Role::Kiosk, 1);
    let (board, events) = open(&fake, Role::Kiosk);
    let (keeping, kept) = mpsc::channel();
    let mut disk = [Err("full".to_owned()), Ok(())].into_iter();
    let events = keep_ends("kiosk".into(), events, move |end| {
        keeping.send(end.clone()).unwrap();
        disk.next().unwrap_or(Ok(()))
    })
    .unwrap();
    board.wait_until_up(PATIENCE).unwrap();
    let end = Restarted {
        cause: ResetCause::Panic,
        firmware: Firmware::default(),
        uptime_ms: 1,
        tasks: 0,
        pc: 0,
        lr: 0,
        fault_status: 0,
        address: 0,
        words: "why".try_into().unwrap(),
    };
    for _ in 0..2 {
        fake.says(end.clone());
        assert_eq!(kept.recv_timeout(PATIENCE), Ok(end.clone()));
    }
    let deadline = Instant::now() + PATIENCE;
    let (refused, accepted) = loop {
        let heard = fake.heard.lock().unwrap();
        let refused = heard
            .iter()
            .filter(|event| matches!(event, Event::RequestFailed { .. }))
            .count();
        let accepted = heard
            .iter()
            .filter(|event| {
                matches!(
                    event,
                    Event::Reply {
                        message: Message::Accepted(_),
                        ..
                    }
                )
            })
            .count();
        if refused + accepted == 2 || Instant::now() > deadline {
            break (refused, accepted);
        }
        drop(heard);
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!((refused, accepted), (1, 1));
    // Nobody else hears of it.
    assert!(
        events
            .try_iter()
            .all(|event| !matches!(event, BoardEvent::Request { .. }))
    );
}
