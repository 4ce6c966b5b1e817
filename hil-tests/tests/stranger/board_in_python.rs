//! The counter's shipped driver, with the Python peer as the capture board.

use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use host_driver::board::{Board, BoardError, BoardEvent};
use protocol::link::BulkOutcome;
use protocol::message::{
    Capture, CapturePurpose, CaptureVerdict, Configure, FingerPosition, Refusal, ShowVerdict, StatusRequest,
};
use protocol::{Message, Role};
use protocol_sim::Faults;

use crate::cable::Cable;
use crate::python::Peer;

const PATIENCE: Duration = Duration::from_secs(12);

/// A picture in which every piece differs from every other.
pub(crate) fn image(seed: u32) -> Vec<u8> {
    (0..36_864_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13) as u8)
        .collect()
}

fn write_image(folder: &Path, seed: u32) -> (String, Vec<u8>) {
    let path = folder.join("image").to_str().unwrap().to_owned();
    std::fs::write(&path, image(seed)).unwrap();
    (path, image(seed))
}

fn capture(capture_id: u32) -> Capture {
    Capture {
        capture_id,
        finger: FingerPosition::RightIndex,
        purpose: CapturePurpose::Verify,
        attempt: 1,
        attempts: 4,
        timeout_ms: 10_000,
        impressions: 1,
    }
}

/// What came of a capture.
#[derive(Debug, Default)]
struct Came {
    phases: Vec<u8>,
    image: Option<Vec<u8>>,
    complete: bool,
}

/// Takes events until the board says that the capture is complete.
fn await_image(events: &Receiver<BoardEvent>, wanted: u32) -> Came {
    let deadline = Instant::now() + PATIENCE;
    let mut came = Came::default();
    while !came.complete {
        match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(BoardEvent::Notification(Message::CaptureProgress(progress)))
                if progress.capture_id == wanted =>
            {
                came.phases.push(progress.phase.code());
            }
            Ok(BoardEvent::BulkDone { object, bytes }) if object.id == wanted => came.image = Some(bytes),
            Ok(BoardEvent::Notification(Message::Captured(captured))) if captured.capture_id == wanted => {
                assert_eq!(
                    (captured.width, captured.height, captured.bits_per_pixel),
                    (256, 288, 4)
                );
                came.complete = true;
            }
            Ok(BoardEvent::Notification(Message::CaptureFailed(failed))) => {
                assert_ne!(failed.capture_id, wanted, "{failed:?}");
            }
            Ok(_) => {}
            Err(error) => panic!("{error}: {came:?}"),
        }
    }
    came
}

/// Asks, captures and tells; everything must arrive once and in order.
fn converse(faults: Faults, seed: u64) {
    converse_in(protocol::version::CURRENT, faults, seed);
}

/// The board speaks no newer version than this.
fn converse_in(version: u8, faults: Faults, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (path, sent) = write_image(folder.path(), seed as u32);
    let cable = Cable::connect(faults, seed);
    let (board, events) = Board::open(cable.ours(), Role::Capture, 0x1000 + seed as u32).unwrap();
    let newest = version.to_string();
    let peer = Peer::start("board", cable.theirs(), &["--image", &path, "--version", &newest]);
    assert_eq!(board.wait_until_up(PATIENCE).unwrap().version, version);

    for _ in 0..10 {
        let status = board.request(StatusRequest {}, PATIENCE).unwrap();
        assert!(matches!(status, Message::Status(status) if status.link.frames_sent > 0));
    }
    assert!(matches!(
        board.request(capture(1), PATIENCE),
        Ok(Message::Accepted(_))
    ));
    let said = (0..100).map(|number| ShowVerdict {
        capture_id: number,
        verdict: CaptureVerdict::TryAgain,
    });
    for verdict in said {
        board.notify(verdict, PATIENCE).unwrap();
    }
    let refused = board.request(
        Configure {
            office: "Kantor".try_into().unwrap(),
            tickets_open: true,
            services: [].into_iter().collect(),
            paper_mm: 58,
            priority: false,
        },
        PATIENCE,
    );
    assert!(
        matches!(refused, Err(BoardError::Refused(Refusal::UnknownMessage))),
        "{refused:?}"
    );

    let came = await_image(&events, 1);
    assert_eq!(came.phases, [0, 1, 2, 3]);
    assert!(came.image.unwrap() == sent, "the image differs");
    peer.wait_for("verdict", 100, PATIENCE);
    let verdicts: Vec<u64> = peer
        .events("verdict")
        .iter()
        .map(|verdict| verdict["capture_id"].as_u64().unwrap())
        .collect();
    assert_eq!(verdicts, (0..100).collect::<Vec<u64>>());
    let carried_out = peer.events("carried out");
    assert_eq!(carried_out.len(), 12, "{carried_out:?}");
}

#[test]
fn takes_an_image_over_a_clean_line() {
    converse(Faults::default(), 1);
}

#[test]
fn takes_an_image_from_a_board_of_version_1() {
    converse_in(1, Faults::bit_errors(1e-5), 7);
}

#[test]
fn takes_an_image_over_a_line_with_bit_errors() {
    converse(Faults::bit_errors(1e-4), 2);
}

/// The board is killed in the middle of an image; another start of it sends the next one.
#[test]
fn notices_that_the_board_has_restarted() {
    let folder = tempfile::tempdir().unwrap();
    let (path, sent) = write_image(folder.path(), 4);
    let cable = Cable::connect(Faults::bit_errors(1e-5), 4);
    let (board, events) = Board::open(cable.ours(), Role::Capture, 0x1004).unwrap();
    let killed = Peer::start("board", cable.theirs(), &["--image", &path]);
    board.wait_until_up(PATIENCE).unwrap();
    board.request(capture(1), PATIENCE).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(killed);
    let peer = Peer::start("board", cable.theirs(), &["--image", &path]);
    let failed = await_event(&events, |event| matches!(event, BoardEvent::BulkFailed { .. }));
    assert!(
        matches!(failed, BoardEvent::BulkFailed { object, outcome: BulkOutcome::PeerRestarted } if object.id == 1),
        "{failed:?}"
    );
    await_event(&events, |event| {
        matches!(event, BoardEvent::Up { resumed: false, .. })
    });
    board.request(capture(2), PATIENCE).unwrap();
    assert!(await_image(&events, 2).image.unwrap() == sent);
    assert_eq!(peer.events("carried out").len(), 1);
}

/// The program at the counter is started anew in the middle of an image.
#[test]
fn takes_over_from_a_program_that_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (path, sent) = write_image(folder.path(), 5);
    let cable = Cable::connect(Faults::default(), 5);
    let peer = Peer::start("board", cable.theirs(), &["--image", &path]);
    let (board, _events) = Board::open(cable.ours(), Role::Capture, 0x1005).unwrap();
    board.wait_until_up(PATIENCE).unwrap();
    board.request(capture(1), PATIENCE).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(board);
    let (board, events) = Board::open(cable.ours(), Role::Capture, 0x2005).unwrap();
    board.wait_until_up(PATIENCE).unwrap();
    board.request(capture(2), PATIENCE).unwrap();
    assert!(await_image(&events, 2).image.unwrap() == sent);
    assert_eq!(peer.events("started").len(), 2);
}

/// Nothing is lost by a silence: the image goes on where it was.
#[test]
fn goes_on_where_it_was_after_the_line_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (path, sent) = write_image(folder.path(), 6);
    let cable = Cable::connect(Faults::default(), 6);
    let peer = Peer::start("board", cable.theirs(), &["--image", &path]);
    let (board, events) = Board::open(cable.ours(), Role::Capture, 0x1006).unwrap();
    board.wait_until_up(PATIENCE).unwrap();
    board.request(capture(1), PATIENCE).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    cable.cut_for(Duration::from_millis(2800));
    assert!(await_image(&events, 1).image.unwrap() == sent);
    assert_eq!(peer.events("silence").len(), 1);
    assert_eq!(peer.events("resumed").len(), 1);
    assert_eq!(peer.events("started").len(), 1);
}

fn await_event(events: &Receiver<BoardEvent>, wanted: impl Fn(&BoardEvent) -> bool) -> BoardEvent {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let event = events
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .unwrap();
        if wanted(&event) {
            return event;
        }
    }
}
