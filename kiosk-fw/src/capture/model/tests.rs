use super::*;
use crate::drivers::zfm::BITS_PER_PIXEL;
use protocol::message::{
    CancelCapture, CaptureProgress, CapturePurpose, CaptureVerdict, Captured, FingerPosition, ShowVerdict,
};

const CAPTURE: u32 = 5;
const READY: SensorEvent = SensorEvent::Ready(ImageSize::R307);
const PLACED: SensorEvent = SensorEvent::FingerPlaced(FingerQuality::Good);

/// A capture board with a clock, and what it did last.
struct Bench {
    model: Model,
    now: u64,
    did: Actions,
}

impl Bench {
    /// A board that is ready: host there, sensor there.
    fn ready() -> Self {
        let mut bench = Self {
            model: Model::new(),
            now: 0,
            did: Actions::new(),
        };
        bench.on(Event::LinkUp { resumed: false });
        bench.on(Event::Sensor(READY));
        assert_eq!(bench.model.view(), View::Ready);
        bench
    }

    /// A board that waits for a finger.
    fn waiting() -> Self {
        let mut bench = Self::ready();
        bench.on(asked(capture(CAPTURE)));
        bench
    }

    /// A board that reads the image.
    fn reading() -> Self {
        let mut bench = Self::waiting();
        bench.on(Event::Sensor(PLACED));
        bench.on(Event::Sensor(SensorEvent::Reading));
        bench
    }

    fn on(&mut self, event: Event) -> &[Action] {
        self.now += 1_000;
        self.did = self.model.handle(self.now, event);
        &self.did
    }
}

fn id() -> RequestId {
    RequestId { origin: 1, number: 1 }
}

fn asked(message: impl Into<Message>) -> Event {
    Event::Asked {
        id: id(),
        message: message.into(),
    }
}

fn capture(capture_id: u32) -> Capture {
    Capture {
        capture_id,
        finger: FingerPosition::RightIndex,
        purpose: CapturePurpose::Verify,
        attempt: 1,
        attempts: 4,
        timeout_ms: 5_000,
        impressions: 1,
    }
}

fn told(impression: u8, phase: CapturePhase, quality: FingerQuality) -> Action {
    Action::Progress(CaptureProgress {
        capture_id: CAPTURE,
        phase,
        impression,
        quality,
    })
}

/// Tells the host of the first impression of a finger that is good.
fn progress(phase: CapturePhase) -> Action {
    told(1, phase, FingerQuality::Good)
}

fn captured(impression: u8) -> Action {
    Action::Captured(Captured {
        capture_id: CAPTURE,
        width: 256,
        height: 288,
        bits_per_pixel: BITS_PER_PIXEL,
        impression,
        quality: FingerQuality::Good,
    })
}

const BEGIN: Action = Action::BeginImage {
    id: CAPTURE,
    length: 36_864,
};

fn failed(reason: CaptureFailure, sensor_code: u8) -> Action {
    Action::Failed(CaptureFailed {
        capture_id: CAPTURE,
        reason,
        sensor_code,
    })
}

#[test]
fn a_capture_guides_the_finger_and_ends_with_the_image() {
    let mut board = Bench::ready();
    assert_eq!(
        board.on(asked(capture(CAPTURE))),
        [
            Action::Accept(id()),
            told(1, CapturePhase::WaitingForFinger, FingerQuality::Unknown),
            Action::StartSensor { lift_first: false }
        ]
    );
    assert_eq!(
        board.model.view(),
        View::Place {
            finger: FingerPosition::RightIndex,
            attempt: 1,
            attempts: 4,
            impression: 1,
            impressions: 1,
        }
    );
    assert_eq!(
        board.on(Event::Sensor(PLACED)),
        [progress(CapturePhase::FingerPlaced), Action::Upload]
    );
    assert_eq!(board.model.view(), View::Hold);
    assert_eq!(
        board.on(Event::Sensor(SensorEvent::Reading)),
        [BEGIN, progress(CapturePhase::Reading)]
    );
    assert_eq!(
        board.on(Event::Sensor(SensorEvent::Read)),
        [progress(CapturePhase::Lift)]
    );
    assert_eq!(board.model.view(), View::Lift);
    assert_eq!(board.on(Event::BulkSent(BulkOutcome::Delivered)), [captured(1)]);
    assert_eq!(board.model.view(), View::Judging);
    let verdict = ShowVerdict {
        capture_id: CAPTURE,
        verdict: CaptureVerdict::Match,
    };
    board.on(Event::Told(verdict.into()));
    assert_eq!(board.model.view(), View::Verdict(CaptureVerdict::Match));
    board.now += VERDICT_US;
    board.on(Event::Timeout);
    assert_eq!(board.model.view(), View::Ready);
}

#[test]
fn an_image_that_arrives_before_the_sensor_is_done_is_an_image_all_the_same() {
    let mut board = Bench::reading();
    assert_eq!(
        board.on(Event::BulkSent(BulkOutcome::Delivered)),
        [progress(CapturePhase::Lift), captured(1)]
    );
    assert_eq!(board.model.view(), View::Judging);
    assert_eq!(board.on(Event::Sensor(SensorEvent::Read)), []);
    assert_eq!(board.model.view(), View::Judging);
}

#[test]
fn a_second_capture_is_refused_while_one_is_under_way() {
    let mut board = Bench::waiting();
    let refused = CaptureRefused {
        capture_id: 6,
        reason: CaptureRefusal::Busy,
    };
    assert_eq!(
        board.on(asked(capture(6))),
        [Action::RefuseCapture(id(), refused)]
    );
}

#[test]
fn without_a_sensor_a_capture_is_refused_until_it_is_back() {
    let mut board = Bench::ready();
    board.on(Event::Sensor(SensorEvent::Missing(SensorError::NoAnswer)));
    assert_eq!(board.model.view(), View::SensorMissing);
    let refused = CaptureRefused {
        capture_id: CAPTURE,
        reason: CaptureRefusal::SensorMissing,
    };
    assert_eq!(
        board.on(asked(capture(CAPTURE))),
        [Action::RefuseCapture(id(), refused)]
    );
    board.on(Event::Sensor(READY));
    assert_eq!(board.on(asked(capture(CAPTURE)))[0], Action::Accept(id()));
}

#[test]
fn a_finger_that_does_not_come_ends_the_capture() {
    let mut board = Bench::waiting();
    assert_eq!(board.model.next_timeout(), Some(board.now + 5_000_000));
    board.now += 5_000_000;
    assert_eq!(
        board.on(Event::Timeout),
        [Action::StopSensor, failed(CaptureFailure::Timeout, 0)]
    );
    assert_eq!(board.model.view(), View::TooLate);
}

#[test]
fn cancelling_stops_sensor_and_transfer() {
    let mut board = Bench::reading();
    assert_eq!(
        board.on(asked(CancelCapture { capture_id: CAPTURE })),
        [
            Action::Accept(id()),
            Action::StopSensor,
            Action::AbortImage,
            failed(CaptureFailure::Cancelled, 0)
        ]
    );
    // The link confirms the end of the transfer; that is no news.
    assert_eq!(board.on(Event::BulkSent(BulkOutcome::Cancelled)), []);
}

#[test]
fn cancelling_another_capture_changes_nothing() {
    let mut board = Bench::waiting();
    assert_eq!(
        board.on(asked(CancelCapture { capture_id: 4 })),
        [Action::Accept(id())]
    );
    assert!(matches!(board.model.view(), View::Place { .. }));
}

#[test]
fn each_failure_of_the_sensor_is_told_as_what_it_is() {
    for (error, reason, code) in [
        (SensorError::NoAnswer, CaptureFailure::SensorMissing, 0),
        (SensorError::BadSum, CaptureFailure::BadImage, 0),
        (SensorError::Unexpected, CaptureFailure::BadImage, 0),
        (SensorError::Refused(0x0F), CaptureFailure::SensorError, 0x0F),
    ] {
        let mut board = Bench::reading();
        assert_eq!(
            board.on(Event::Sensor(SensorEvent::Failed(error))),
            [Action::StopSensor, Action::AbortImage, failed(reason, code)]
        );
    }
}

#[test]
fn a_damaged_image_is_sent_again_once_the_transfer_before_has_ended() {
    let mut board = Bench::reading();
    assert_eq!(
        board.on(Event::Sensor(SensorEvent::Damaged)),
        [Action::AbortImage]
    );
    assert_eq!(board.model.view(), View::Hold);
    assert_eq!(
        board.on(Event::BulkSent(BulkOutcome::Cancelled)),
        [Action::Upload]
    );
    assert_eq!(
        board.on(Event::Sensor(SensorEvent::Reading)),
        [BEGIN, progress(CapturePhase::Reading)]
    );
    board.on(Event::Sensor(SensorEvent::Read));
    assert_eq!(board.on(Event::BulkSent(BulkOutcome::Delivered)), [captured(1)]);
}

#[test]
fn an_image_that_is_damaged_each_time_is_a_bad_image() {
    let mut board = Bench::reading();
    for _ in 1..MOST_UPLOADS {
        board.on(Event::Sensor(SensorEvent::Damaged));
        board.on(Event::BulkSent(BulkOutcome::Cancelled));
        board.on(Event::Sensor(SensorEvent::Reading));
    }
    assert_eq!(
        board.on(Event::Sensor(SensorEvent::Damaged)),
        [
            Action::StopSensor,
            Action::AbortImage,
            failed(CaptureFailure::BadImage, 0)
        ]
    );
}

#[test]
fn an_image_that_is_damaged_before_it_begins_needs_no_transfer_to_end() {
    let mut board = Bench::waiting();
    board.on(Event::Sensor(PLACED));
    assert_eq!(board.on(Event::Sensor(SensorEvent::Damaged)), [Action::Upload]);
}

#[test]
fn a_poor_finger_is_told_what_would_help_and_asked_for_again() {
    let mut board = Bench::waiting();
    for quality in [
        FingerQuality::TooWet,
        FingerQuality::TooDry,
        FingerQuality::Unusable,
    ] {
        assert_eq!(
            board.on(Event::Sensor(SensorEvent::Poor(quality))),
            [told(1, CapturePhase::Again, quality)]
        );
        assert_eq!(board.model.view(), View::Advice(quality));
        // It has as long as the first had.
        assert_eq!(board.model.next_timeout(), Some(board.now + 5_000_000));
        board.on(Event::Sensor(SensorEvent::Lifted));
        assert_eq!(board.model.view(), View::Advice(quality));
    }
    assert_eq!(
        board.on(Event::Sensor(PLACED)),
        [progress(CapturePhase::FingerPlaced), Action::Upload]
    );
}

#[test]
fn a_finger_that_stays_poor_ends_the_capture() {
    let mut board = Bench::waiting();
    for _ in 0..MOST_ADVICE {
        board.on(Event::Sensor(SensorEvent::Poor(FingerQuality::Unusable)));
    }
    assert_eq!(
        board.on(Event::Sensor(SensorEvent::Poor(FingerQuality::Unusable))),
        [Action::StopSensor, failed(CaptureFailure::PoorFinger, 0)]
    );
}

#[test]
fn a_sensor_that_has_lost_its_image_asks_for_the_finger_again() {
    let mut board = Bench::waiting();
    board.on(Event::Sensor(PLACED));
    assert_eq!(
        board.on(Event::Sensor(SensorEvent::Poor(FingerQuality::Unknown))),
        [told(1, CapturePhase::Again, FingerQuality::Unknown)]
    );
    assert_eq!(board.model.view(), View::Advice(FingerQuality::Unknown));
}

#[test]
fn several_impressions_are_taken_in_a_row_with_the_finger_lifted_in_between() {
    let mut board = Bench::ready();
    board.on(asked(Capture {
        impressions: 3,
        ..capture(CAPTURE)
    }));
    for impression in 1..=3 {
        board.on(Event::Sensor(PLACED));
        board.on(Event::Sensor(SensorEvent::Reading));
        board.on(Event::Sensor(SensorEvent::Read));
        assert_eq!(board.model.view(), View::Lift);
        let did = board.on(Event::BulkSent(BulkOutcome::Delivered)).to_vec();
        if impression == 3 {
            assert_eq!(did, [captured(3)]);
            assert_eq!(board.model.view(), View::Judging);
            break;
        }
        assert_eq!(
            did,
            [
                captured(impression),
                Action::StopSensor,
                Action::StartSensor { lift_first: true }
            ]
        );
        assert_eq!(board.model.view(), View::Lift);
        assert_eq!(
            board.on(Event::Sensor(SensorEvent::Lifted)),
            [told(
                impression + 1,
                CapturePhase::WaitingForFinger,
                FingerQuality::Unknown
            )]
        );
        assert!(matches!(
            board.model.view(),
            View::Place { impression: next, impressions: 3, .. } if next == impression + 1
        ));
    }
}

#[test]
fn a_finger_that_is_never_lifted_ends_the_capture_in_time() {
    let mut board = Bench::ready();
    board.on(asked(Capture {
        impressions: 2,
        ..capture(CAPTURE)
    }));
    board.on(Event::Sensor(PLACED));
    board.on(Event::Sensor(SensorEvent::Reading));
    board.on(Event::BulkSent(BulkOutcome::Delivered));
    board.now += 5_000_000;
    assert_eq!(
        board.on(Event::Timeout),
        [Action::StopSensor, failed(CaptureFailure::Timeout, 0)]
    );
}

#[test]
fn a_host_that_asks_for_no_or_too_many_impressions_gets_one_to_eight() {
    for (impressions, taken) in [(0, 1), (1, 1), (8, 8), (255, 8)] {
        let mut board = Bench::ready();
        board.on(asked(Capture {
            impressions,
            ..capture(CAPTURE)
        }));
        assert!(matches!(board.model.view(), View::Place { impressions, .. } if impressions == taken));
    }
}

#[test]
fn a_transfer_that_the_host_gives_up_ends_the_capture() {
    let mut board = Bench::reading();
    assert!(
        board
            .on(Event::BulkSent(BulkOutcome::Refused))
            .contains(&failed(CaptureFailure::TransferFailed, 0))
    );
}

#[test]
fn a_host_that_restarts_finds_the_board_free() {
    let mut board = Bench::reading();
    board.on(Event::LinkDown);
    assert_eq!(
        board.on(Event::LinkUp { resumed: false }),
        [Action::StopSensor, Action::AbortImage]
    );
    assert_eq!(board.model.view(), View::Ready);
    assert_eq!(board.on(asked(capture(9)))[0], Action::Accept(id()));
}

#[test]
fn a_short_silence_of_the_host_disturbs_nothing() {
    let mut board = Bench::reading();
    board.on(Event::LinkDown);
    assert_eq!(board.on(Event::LinkUp { resumed: true }), []);
    assert_eq!(board.model.view(), View::Hold);
}

#[test]
fn what_is_left_over_of_a_stopped_capture_is_not_taken_for_a_new_one() {
    let mut board = Bench::ready();
    for event in [
        PLACED,
        SensorEvent::Poor(FingerQuality::TooDry),
        SensorEvent::Lifted,
        SensorEvent::Reading,
        SensorEvent::Damaged,
        SensorEvent::Read,
    ] {
        assert_eq!(board.on(Event::Sensor(event)), []);
    }
    assert_eq!(board.model.view(), View::Ready);
}

#[test]
fn a_new_session_hears_nothing_of_a_capture_of_the_old() {
    let mut bench = Bench::reading();
    bench.on(Event::LinkDown);
    // The link reports the end of the old transfer when the new session is there already, and before it says so.
    assert_eq!(
        bench.on(Event::BulkSent(BulkOutcome::PeerRestarted)),
        [Action::StopSensor, Action::AbortImage]
    );
    assert!(bench.on(Event::LinkUp { resumed: false }).is_empty());
    assert_eq!(bench.model.view(), View::Ready);
}

#[test]
fn a_sensor_that_is_gone_while_a_finger_is_waited_for_ends_the_capture() {
    let mut bench = Bench::waiting();
    // The capture before was stopped just when the sensor stopped answering: nobody heard of it, and this one was taken on.
    let gone = SensorEvent::Missing(SensorError::NoAnswer);
    assert_eq!(
        bench.on(Event::Sensor(gone)),
        [Action::StopSensor, failed(CaptureFailure::SensorMissing, 0)]
    );
}
