"""Plays the counter's computer: asks how the board is, captures, takes the image, shows verdicts."""

import struct
import zlib
from pathlib import Path

from . import codec, session
from . import messages as m
from .bulk import Outcome
from .journal import Journal
from .log import log

NEVER = float("inf")
ASK_AGAIN_MS = 200.0

# What no version knows: a board must survive it.
Unheard = m.Message(0x7F01, "Unheard", "request", m.Field("anything", m.U32))
UnheardOf = m.Message(0x7F02, "UnheardOf", "notification", m.Field("anything", m.U32))
# A request as a newer host would send it: with one more field.
NewerSetClock = m.Message(0x0002, "SetClock", "request", *m.SetClock.fields, m.Field("leap_second", m.U8))


class Host:
    """Its plan: repeat what the journal says is unanswered, `status` questions, strange things, `captures` images, and
    a verdict of each of the numbers below `verdicts`."""

    def __init__(
        self,
        link: session.Link,
        now: float,
        *,
        journal: Journal,
        status: int,
        captures: int,
        verdicts: int,
        strange: bool,
        image: Path | None,
    ):
        self.link = link
        self.journal = journal
        self.status_left = status
        self.captures_left = captures
        self.verdicts = verdicts
        self.strange = strange
        self.image = image
        self.done = False
        self.in_session = False
        self.asked: dict[session.RequestId, str] = {}
        self.next_capture_id = link.boot_id & 0xFFFF_0000
        self.capture_id: int | None = None
        self.capture_at = NEVER
        self.received = bytearray()
        self.complete = False
        self.verdicts_shown = 0

    @property
    def idle(self) -> bool:
        return self.done

    def handle(self, event, now: float):
        match event:
            case session.Started(peer):
                log("started", peer=peer.boot_id)
                self.in_session = True
                self._begin(now)
            case session.Ended(failed):
                log("ended", failed=[list(request) for request in failed])
                self.in_session = False
                self.asked.clear()
                self.capture_id = None
            case session.Silence():
                log("silence")
            case session.Resumed():
                log("resumed")
            case session.Refused(reason):
                log("no session", reason=reason)
            case session.Asked(request, _):
                self.link.refuse(request, m.Refusal.UNKNOWN_MESSAGE)
            case session.Answer(request, message, refusal):
                self._answer(request, message, refusal, now)
            case session.Told(message):
                self._told(message, now)
            case session.ObjectBegins():
                self.received.clear()
                self.complete = False
            case session.ObjectBytes(data):
                self.received += data
            case session.ObjectEnds(_, outcome):
                self.complete = outcome == Outcome.DELIVERED
                log("object", outcome=outcome.name, length=len(self.received))
            case session.ObjectSent(_, outcome):
                log("object sent", outcome=outcome)

    def clock(self, now: float):
        if not self.in_session:
            return
        if now >= self.capture_at:
            self.capture_at = NEVER
            self._capture(now)
        self._go_on(now)

    def wake_at(self) -> float:
        return self.capture_at

    # The plan ----------------------------------------------------------------------------------------------------

    def _begin(self, now: float):
        for request, name, encoded in self.journal.unanswered():
            # Whether the board carried it out before the restart is unknown; with the same id it does so once.
            message = m.decode(struct.unpack_from("<H", encoded)[0], encoded[2:], self.link.version)
            log("repeated", origin=request.origin, number=request.number, message=name)
            self.link.request(message, request)
            self.asked[request] = name
        if self.strange:
            self._send_strange(now)
        if self.captures_left:
            self._capture(now)

    def _go_on(self, now: float):
        while self.status_left and len(self.asked) < 6:
            self.status_left -= 1
            self._ask(m.StatusRequest())
        while self.verdicts_shown < self.verdicts and len(self.link.sender.waiting) < 8:
            verdict = m.ShowVerdict(capture_id=self.verdicts_shown, verdict=m.CaptureVerdict.MATCH)
            self.link.notify(verdict)
            self.verdicts_shown += 1
        left = self.status_left or self.captures_left or self.asked or self.strange
        if not left and self.verdicts_shown == self.verdicts and not self.done:
            self.done = True
            log("done")

    def _ask(self, message: codec.Record):
        request = self.link.requester.new_id()
        self.journal.asked(request, message.kind.name, m.encode(message, self.link.version))
        self.link.request(message, request)
        self.asked[request] = message.kind.name

    def _capture(self, now: float):
        self.next_capture_id += 1
        self.capture_id = self.next_capture_id
        self._ask(
            m.Capture(
                capture_id=self.capture_id,
                finger=m.FingerPosition.RIGHT_INDEX,
                purpose=m.CapturePurpose.VERIFY,
                attempt=1,
                attempts=4,
                timeout_ms=10_000,
            )
        )

    def _answer(self, request, message, refusal: int | None, now: float):
        name = self.asked.pop(request, None)
        self.journal.answered(request)
        answer = message.kind.name if message else None
        log("answer", origin=request.origin, number=request.number, to=name, answer=answer, refusal=refusal)
        if message and message.kind is m.CaptureRefused and message.capture_id == self.capture_id:
            self.capture_at = now + ASK_AGAIN_MS

    def _told(self, message, now: float):
        if message.kind is m.CaptureProgress:
            log("progress", capture_id=message.capture_id, phase=int(message.phase))
        elif message.kind is m.CaptureFailed:
            log("capture failed", capture_id=message.capture_id, reason=int(message.reason))
            if message.capture_id == self.capture_id:
                self.capture_at = now + ASK_AGAIN_MS
        elif message.kind is m.Captured and message.capture_id == self.capture_id:
            expected = message.width * message.height * message.bits_per_pixel // 8
            crc = zlib.crc32(self.received)
            log("image", capture_id=message.capture_id, length=len(self.received), crc=crc, complete=self.complete)
            if not self.complete or len(self.received) != expected:
                raise AssertionError("an image was announced that has not come")
            if self.image:
                self.image.write_bytes(self.received)
            self.captures_left -= 1
            self.capture_id = None
            if self.captures_left:
                self._capture(now)

    def _send_strange(self, now: float):
        self.strange = False
        self._ask(Unheard(anything=1))
        self._ask(m.Accepted())  # a reply is nothing to ask for
        self.link.notify(UnheardOf(anything=2))
        self._ask(NewerSetClock(unix_seconds=1_800_000_000, utc_offset_minutes=420, leap_second=1))
        self._ask(m.Capture(capture_id=1, finger=99, purpose=0, attempt=1, attempts=1, timeout_ms=1))
        self.link.sender.put(bytes([99, 1, 2, 3]))  # a class that nobody knows
        self.link.sender.put(b"")  # and none
        self.link.send_object(200, 1, bytes(5000), now)  # an object of a kind that nobody knows
