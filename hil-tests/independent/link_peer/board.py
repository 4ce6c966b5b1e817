"""Plays a capture board: somebody is always ready to lay the finger on it."""

from dataclasses import dataclass

from . import messages as m
from . import session
from .bulk import Outcome
from .log import log

WIDTH, HEIGHT = 256, 288
NEVER = float("inf")


def pattern(capture_id: int) -> bytes:
    """An image when none is given: no two rows and no two captures are the same."""
    return bytes((at * 7 + at // 128 * 13 + capture_id) & 0xFF for at in range(WIDTH * HEIGHT // 2))


@dataclass
class Capturing:
    capture_id: int
    finger_at: float
    gives_up_at: float
    sending: bool = False


class Board:
    """`finger_ms` is how long the applicant needs to lay the finger on the sensor."""

    done = False

    def __init__(self, link: session.Link, now: float, *, image: bytes | None, finger_ms: float, chatter: int):
        self.link = link
        self.started_at = now
        self.image = image
        self.finger_ms = finger_ms
        self.chatter = chatter
        self.capturing: Capturing | None = None

    @property
    def idle(self) -> bool:
        return self.capturing is None

    def handle(self, event, now: float):
        match event:
            case session.Started(peer):
                log("started", peer=peer.boot_id)
                for number in range(self.chatter):
                    self.link.notify(m.CaptureProgress(capture_id=number, phase=m.CapturePhase.LIFT))
            case session.Ended(failed):
                log("ended", failed=[list(request) for request in failed])
                self.capturing = None  # whoever asked for the image is gone
            case session.Silence():
                log("silence")
            case session.Resumed():
                log("resumed")
            case session.Refused(reason):
                log("no session", reason=reason)
            case session.Asked(request, message):
                log("carried out", origin=request.origin, number=request.number, message=message.kind.name)
                self._asked(request, message, now)
            case session.Told(message):
                if message.kind is m.ShowVerdict:
                    log("verdict", capture_id=message.capture_id, verdict=int(message.verdict))
            case session.ObjectSent(capture_id, outcome):
                self._sent(capture_id, outcome)

    def clock(self, now: float):
        capturing = self.capturing
        if not capturing or capturing.sending:
            return
        if now >= capturing.gives_up_at:
            self._fail(m.CaptureFailure.TIMEOUT)
        elif now >= capturing.finger_at:
            self._progress(m.CapturePhase.FINGER_PLACED)
            self._progress(m.CapturePhase.READING)
            capturing.sending = True
            image = self.image or pattern(capturing.capture_id)
            self.link.send_object(m.ObjectKind.IMAGE, capturing.capture_id, image, now)

    def wake_at(self) -> float:
        if not self.capturing or self.capturing.sending:
            return NEVER
        return min(self.capturing.finger_at, self.capturing.gives_up_at)

    def _asked(self, request, message, now: float):
        match message.kind:
            case m.StatusRequest:
                self.link.reply(
                    request,
                    m.Status(
                        uptime_ms=int(now - self.started_at),
                        uart_overruns=0,
                        firmware=self.link.firmware,
                        link=self.link.link_counters(),
                    ),
                )
            case m.SetClock:
                self.link.reply(request, m.Accepted())
            case m.Capture:
                self._capture(request, message, now)
            case m.CancelCapture:
                self.link.reply(request, m.Accepted())
                if self.capturing and self.capturing.capture_id == message.capture_id:
                    self.link.cancel_object()
                    self._fail(m.CaptureFailure.CANCELLED)
            case _:  # for a kiosk or for a host
                self.link.refuse(request, m.Refusal.UNKNOWN_MESSAGE)

    def _capture(self, request, message, now: float):
        if self.capturing:
            refused = m.CaptureRefused(capture_id=message.capture_id, reason=m.CaptureRefusal.BUSY)
            self.link.reply(request, refused)
            return
        self.link.reply(request, m.Accepted())
        self.capturing = Capturing(message.capture_id, now + self.finger_ms, now + message.timeout_ms)
        self._progress(m.CapturePhase.WAITING_FOR_FINGER)

    def _sent(self, capture_id: int, outcome: int):
        if not self.capturing or self.capturing.capture_id != capture_id:
            return
        if outcome != Outcome.DELIVERED:
            self._fail(m.CaptureFailure.TRANSFER_FAILED)
            return
        self._progress(m.CapturePhase.LIFT)
        self.link.notify(m.Captured(capture_id=capture_id, width=WIDTH, height=HEIGHT, bits_per_pixel=4))
        log("captured", capture_id=capture_id)
        self.capturing = None

    def _progress(self, phase: m.CapturePhase):
        self.link.notify(m.CaptureProgress(capture_id=self.capturing.capture_id, phase=phase))

    def _fail(self, reason: m.CaptureFailure):
        log("capture failed", capture_id=self.capturing.capture_id, reason=reason.name)
        self.link.notify(m.CaptureFailed(capture_id=self.capturing.capture_id, reason=reason, sensor_code=0))
        self.capturing = None
