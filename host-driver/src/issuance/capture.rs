//! A live finger from the capture board.

use crate::biometric::{FingerPosition, GrayImage};
use crate::board::{Board, BoardEvent};
use crate::office::clock::{Clock, SystemClock};
use crate::office::console::{News, Teller};
use crate::office::record::finger_name;
use crate::office::words::Words;
use protocol::Message;
use protocol::message::{
    CancelCapture, Capture, CaptureFailure, CapturePhase, CaptureProgress, CapturePurpose, CaptureRefusal,
    CaptureVerdict, Captured, FingerQuality, SetClock, ShowVerdict,
};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long the image may take once the finger is there: 7 s at 57,600 baud, 3.5 s at 115,200 (R307 manual, `UpImage`), three times
/// on a bad line between sensor and board.
const IMAGE_TIMEOUT: Duration = Duration::from_secs(25);
/// The longest that a capture may take, whatever the board says: it asks for a finger five times at most.
const LONGEST_CAPTURE: u32 = 6;

/// How long the board may take to answer a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoImage {
    /// No finger was put on the sensor in time.
    NotPlaced,
    /// Something failed.
    Failed(Words),
}

/// Where live fingers come from.
pub trait Fingers: std::fmt::Debug + Send {
    /// Captures one impression.
    ///
    /// # Errors
    /// [`NoImage`]; the board is then ready for the next try, or its absence is told.
    fn capture(&mut self, wanted: Wanted) -> Result<GrayImage, NoImage>;

    /// Shows the applicant what came of it.
    fn show(&self, verdict: CaptureVerdict);

    /// Takes in what has been said since it was last asked for something.
    fn catch_up(&mut self) {}
}

/// The capture board, as the counter uses it.
#[derive(Debug)]
pub struct CaptureStation {
    board: Board,
    events: Receiver<BoardEvent>,
    teller: Teller,
    utc_offset_minutes: i16,
    finger_timeout: Duration,
    next_id: u32,
}

/// Who ended a capture without an image.
enum Ended {
    /// The board, or there is none: it is ready for the next.
    ByBoard(NoImage),
    /// We gave up; the board may still be at it.
    ByUs(NoImage),
}

/// One request for a finger.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Which finger.
    pub finger: FingerPosition,
    /// What for.
    pub purpose: CapturePurpose,
    /// Which try, from 1.
    pub attempt: u8,
    /// Tries in all.
    pub attempts: u8,
}

impl CaptureStation {
    /// The station on an open board. An applicant has `finger_timeout` to put the finger on the sensor.
    pub fn new(
        board: Board,
        events: Receiver<BoardEvent>,
        teller: Teller,
        utc_offset_minutes: i16,
        finger_timeout: Duration,
    ) -> Self {
        Self {
            board,
            events,
            teller,
            utc_offset_minutes,
            finger_timeout,
            next_id: 1,
        }
    }

    /// The board.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Has the board stop a capture that nobody waits for any more: it would refuse the next as busy until its own time-out.
    fn cancel(&self, capture_id: u32) {
        if let Err(error) = self.board.request(CancelCapture { capture_id }, REQUEST_TIMEOUT) {
            // A board that does not answer forgets the capture with its session.
            log::warn!("the capture could not be stopped: {error}");
        }
    }

    fn image(&mut self, capture_id: u32, wanted: Wanted) -> Result<GrayImage, Ended> {
        let request = Capture {
            capture_id,
            finger: protocol::message::FingerPosition::from_code(wanted.finger.code())
                .unwrap_or(protocol::message::FingerPosition::Unknown),
            purpose: wanted.purpose,
            attempt: wanted.attempt,
            attempts: wanted.attempts,
            timeout_ms: u32::try_from(self.finger_timeout.as_millis()).unwrap_or(u32::MAX),
            impressions: 1,
        };
        match self.board.request(request, REQUEST_TIMEOUT) {
            Ok(Message::Accepted(_)) => {}
            Ok(Message::CaptureRefused(refused)) => {
                return Err(Ended::ByBoard(NoImage::Failed(refusal(refused.reason))));
            }
            Ok(other) => return Err(Ended::ByUs(unexpected(&other))),
            Err(error) => return Err(Ended::ByUs(NoImage::Failed(Words::technical(&error)))),
        }
        let patience = self.finger_timeout + IMAGE_TIMEOUT;
        let end = Instant::now() + patience * LONGEST_CAPTURE;
        let mut deadline = Instant::now() + patience;
        let mut pixels = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = match self.events.recv_timeout(left) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(Ended::ByUs(failed(
                        "Papan perekam tidak menjawab.",
                        "The capture board does not answer.",
                    )));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Ended::ByBoard(failed(
                        "Papan perekam ditutup.",
                        "The capture board was closed.",
                    )));
                }
            };
            self.note(&event);
            match event {
                BoardEvent::Notification(Message::CaptureProgress(progress))
                    if progress.capture_id == capture_id =>
                {
                    if let Some(phase) = phase_name(&progress) {
                        self.tell(wanted, phase);
                    }
                    // It goes on: each finger that is asked for again has its time.
                    deadline = (Instant::now() + patience).min(end);
                }
                BoardEvent::BulkDone { object, bytes } if object.id == capture_id => pixels = Some(bytes),
                // The board sends it again, or says why not.
                BoardEvent::BulkFailed { object, outcome } if object.id == capture_id => {
                    log::warn!("the image did not come whole: {outcome}");
                    pixels = None;
                }
                BoardEvent::Notification(Message::Captured(captured))
                    if captured.capture_id == capture_id =>
                {
                    return whole(pixels.as_deref(), &captured).map_err(Ended::ByBoard);
                }
                BoardEvent::Notification(Message::CaptureFailed(why)) if why.capture_id == capture_id => {
                    return Err(Ended::ByBoard(failure(why.reason, why.sensor_code)));
                }
                BoardEvent::Down { .. } | BoardEvent::PortLost { .. } => {
                    return Err(Ended::ByUs(failed(
                        "Papan perekam terputus. Periksa kabel dan dayanya.",
                        "The capture board was lost. Check its cable and its power.",
                    )));
                }
                // A board that has restarted knows nothing of this capture.
                BoardEvent::Up { resumed: false, .. } => {
                    return Err(Ended::ByBoard(failed(
                        "Papan perekam memulai ulang.",
                        "The capture board has restarted.",
                    )));
                }
                _ => {}
            }
        }
    }

    /// Tells that the board came or went, and sets the clock of a board that has just started.
    fn note(&mut self, event: &BoardEvent) {
        if let Some(news) = board_news("capture", event) {
            self.teller.tell(&news);
        }
        if let BoardEvent::Up { resumed: false, .. } = event {
            let clock = SetClock {
                unix_seconds: SystemClock.now().unix_seconds(),
                utc_offset_minutes: self.utc_offset_minutes,
            };
            if let Err(error) = self.board.request(clock, REQUEST_TIMEOUT) {
                log::warn!("the capture board's clock could not be set: {error}");
            }
        }
    }

    fn tell(&self, wanted: Wanted, phase: &'static str) {
        self.teller.tell(&News::Capture {
            phase,
            finger: finger_name(wanted.finger),
            purpose: purpose_name(wanted.purpose),
            attempt: wanted.attempt,
        });
    }
}

impl Fingers for CaptureStation {
    fn capture(&mut self, wanted: Wanted) -> Result<GrayImage, NoImage> {
        self.catch_up();
        let capture_id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let image = self.image(capture_id, wanted).map_err(|ended| match ended {
            Ended::ByBoard(why) => why,
            Ended::ByUs(why) => {
                self.cancel(capture_id);
                why
            }
        });
        self.tell(wanted, if image.is_ok() { "captured" } else { "failed" });
        image
    }

    fn show(&self, verdict: CaptureVerdict) {
        let capture_id = self.next_id.wrapping_sub(1);
        if let Err(error) = self
            .board
            .notify(ShowVerdict { capture_id, verdict }, REQUEST_TIMEOUT)
        {
            log::warn!("the verdict could not be shown: {error}");
        }
    }

    fn catch_up(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.note(&event);
        }
    }
}

/// What the console says of a board's coming and going; `None` for everything else.
pub fn board_news(role: &'static str, event: &BoardEvent) -> Option<News> {
    let (state, detail) = match event {
        BoardEvent::Up { peer, .. } => {
            let firmware = peer.firmware;
            let version = format!(
                "firmware {}.{}.{} build {:08x}",
                firmware.major, firmware.minor, firmware.patch, firmware.build
            );
            ("up", Some(version))
        }
        BoardEvent::Down { reason } => ("down", Some(reason.to_string())),
        BoardEvent::PortLost { cause } => ("port_lost", Some(cause.clone())),
        BoardEvent::WrongBoard { found } => ("wrong_board", Some(format!("{found:?}"))),
        _ => return None,
    };
    Some(News::Board { role, state, detail })
}

/// The word of a purpose in JSON and in file names.
pub fn purpose_name(purpose: CapturePurpose) -> &'static str {
    match purpose {
        CapturePurpose::Verify => "verify",
        CapturePurpose::Activate => "activate",
    }
}

/// The image of a capture that the board says is complete.
fn whole(pixels: Option<&[u8]>, captured: &Captured) -> Result<GrayImage, NoImage> {
    let Some(pixels) = pixels else {
        return Err(failed("Gambar tidak sampai.", "The image did not arrive."));
    };
    if captured.bits_per_pixel != 4 {
        return Err(failed(
            "Format gambar tidak dikenal.",
            "The image has an unknown format.",
        ));
    }
    let (width, height) = (usize::from(captured.width), usize::from(captured.height));
    GrayImage::from_packed_4bit(pixels, width, height)
        .map_err(|error| NoImage::Failed(Words::technical(&error)))
}

fn phase_name(progress: &CaptureProgress) -> Option<&'static str> {
    Some(match progress.phase {
        CapturePhase::WaitingForFinger => "waiting_for_finger",
        CapturePhase::FingerPlaced => "finger_placed",
        CapturePhase::Reading => "reading",
        CapturePhase::Lift => "lift",
        CapturePhase::Again => match progress.quality {
            FingerQuality::TooWet => "again_drier",
            FingerQuality::TooDry => "again_wetter",
            _ => "again",
        },
        CapturePhase::Unrecognised(_) => return None,
    })
}

fn failed(id: &str, en: &str) -> NoImage {
    NoImage::Failed(Words::new(id, en))
}

fn unexpected(message: &Message) -> NoImage {
    NoImage::Failed(Words::technical(&format!("unexpected answer {}", message.name())))
}

fn refusal(reason: CaptureRefusal) -> Words {
    match reason {
        CaptureRefusal::Busy => Words::new("Papan perekam masih sibuk.", "The capture board is still busy."),
        CaptureRefusal::SensorMissing => Words::new(
            "Sensor sidik jari tidak menjawab. Periksa kabelnya.",
            "The fingerprint sensor does not answer. Check its cable.",
        ),
        CaptureRefusal::Unrecognised(code) => {
            Words::technical(&format!("the capture board refused with code {code}"))
        }
    }
}

fn failure(reason: CaptureFailure, sensor_code: u8) -> NoImage {
    match reason {
        CaptureFailure::Timeout => NoImage::NotPlaced,
        CaptureFailure::Cancelled => failed("Perekaman dibatalkan.", "The capture was cancelled."),
        CaptureFailure::SensorMissing => NoImage::Failed(refusal(CaptureRefusal::SensorMissing)),
        CaptureFailure::SensorError => NoImage::Failed(Words::new(
            format!("Sensor melaporkan kesalahan {sensor_code:02X}."),
            format!("The sensor reports error {sensor_code:02X}."),
        )),
        CaptureFailure::BadImage => failed("Gambar dari sensor rusak.", "The sensor's image was damaged."),
        CaptureFailure::TransferFailed => failed(
            "Gambar tidak dapat dikirim.",
            "The image could not be brought to the host.",
        ),
        CaptureFailure::PoorFinger => failed(
            "Sensor tidak dapat membaca jari. Bersihkan jari dan sensor.",
            "The sensor can make nothing of the finger. Clean finger and sensor.",
        ),
        CaptureFailure::Unrecognised(code) => {
            NoImage::Failed(Words::technical(&format!("the capture failed with code {code}")))
        }
    }
}
