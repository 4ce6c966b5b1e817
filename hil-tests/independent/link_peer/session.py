"""The session: who talks to whom, and everything of a link put together. Sections 3 to 6.

The owner of a `Link` calls `receive` with bytes that came, `take` until it gives no more events, and `transmit`
whenever the line can take a frame; and `transmit` again when the time `wake_at` has come.
"""

import enum
import struct
from collections import Counter
from dataclasses import dataclass

from . import bulk, control, frame, messages
from .codec import Malformed, Record
from .messages import BulkAck, Firmware, Hello, LinkCounters, Refusal, Refuse, Role
from .requests import RequestId, Requester, Responder

HELLO_INTERVAL, KEEP_ALIVE, SILENCE = 100.0, 500.0, 2500.0

NOTIFICATION, REQUEST, REPLY, REFUSAL, BULK_BEGIN, BULK_END, BULK_RESULT, BULK_CANCEL = range(8)
ANSWER_WANTED = 1
NO_COMMON_VERSION, WRONG_ROLE = 1, 2


class State(enum.Enum):
    SEEKING = "seeking"
    UP = "up"
    SILENT = "silent"


# What a link tells its owner -------------------------------------------------------------------------------------


@dataclass
class Started:
    """A new session: the peer is another one, or has restarted."""

    peer: Record  # its Hello


@dataclass
class Silence:
    """Nothing came for a while; the session waits."""


@dataclass
class Resumed:
    """The silence is over; nothing was lost."""


@dataclass
class Ended:
    """The session is thrown away, because the peer restarted: these requests have no answer."""

    failed: list[RequestId]


@dataclass
class Refused:
    """The peer wants no session: 1 no common version, 2 wrong role."""

    reason: int


@dataclass
class Told:
    message: Record


@dataclass
class Asked:
    """To be answered by `reply` or `refuse`, some time."""

    request: RequestId
    message: Record


@dataclass
class Answer:
    request: RequestId
    message: Record | None  # None: not readable
    refusal: int | None  # None: not refused


@dataclass
class ObjectBegins:
    kind: int
    object_id: int
    length: int


@dataclass
class ObjectBytes:
    data: bytes


@dataclass
class ObjectEnds:
    object_id: int
    outcome: bulk.Outcome


@dataclass
class ObjectSent:
    object_id: int
    outcome: int


class Link:
    def __init__(self, role: Role, boot_id: int, now: float, *, version: int, firmware: Record, window: int = 32):
        self.role = role
        self.boot_id = boot_id
        self.version = version
        self.firmware = firmware
        self.window = window
        self.counters = Counter()
        self.reader = frame.Reader(self.counters)
        self.requester = Requester(boot_id)
        self.responder = Responder()
        self.events: list = []

        self.state = State.SEEKING
        self.peer: Record | None = None
        self.candidate: int | None = None
        self.hello_wanted = True
        self.refuse_wanted: bytes | None = None
        self.hello_sent_at = now - HELLO_INTERVAL
        self.sent_at = now
        self.heard_at = now
        self._start_anew(now)

    # What the owner does -----------------------------------------------------------------------------------------

    def request(self, message: Record, request: RequestId | None = None) -> RequestId:
        """Asks. With `request`, asks again what was asked before, also by an earlier run of this program."""
        if self.peer is None:
            raise RuntimeError("there is no session")
        if not self.requester.may_ask():
            raise RuntimeError("eight requests are waiting")
        request = request or self.requester.new_id()
        self.requester.asked(request)
        self._put(REQUEST, struct.pack("<IH", *request), messages.encode(message, self.version))
        return request

    def notify(self, message: Record):
        self._put(NOTIFICATION, messages.encode(message, self.version))

    def reply(self, request: RequestId, message: Record):
        body = struct.pack("<IH", *request) + messages.encode(message, self.version)
        if self.responder.answer(request, body):
            self._put(REPLY, body)

    def refuse(self, request: RequestId, reason: Refusal):
        """Only of a request that had no effect."""
        if self.responder.forget(request):
            self._put(REFUSAL, struct.pack("<IHB", *request, reason))

    def send_object(self, kind: int, object_id: int, data: bytes, now: float):
        """Sends an object. One that is still under way is cancelled."""
        if self.outgoing:
            self._object_sent(bulk.Outcome.CANCELLED)
        transfer = self.transfers % 256
        self.transfers += 1
        max_payload = self.peer.max_payload if self.peer else frame.MAX_PAYLOAD
        self.outgoing = bulk.Sender(self.counters, transfer, data, max_payload, now)
        self.outgoing_id = object_id
        self._put(BULK_BEGIN, struct.pack("<BBII", transfer, kind, object_id, len(data)))
        self._put(BULK_END, struct.pack("<BI", transfer, frame.crc32(data)))

    def cancel_object(self):
        if self.outgoing:
            self._put(BULK_CANCEL, bytes([self.outgoing.transfer]))
            self._object_sent(bulk.Outcome.CANCELLED)

    def take(self):
        """The next event, or None."""
        while not self.events:
            payload = self.receiver.take()
            if payload is None:
                self._take_bulk()
                break
            self._control(payload)
        return self.events.pop(0) if self.events else None

    def receive(self, data: bytes, now: float):
        for content in self.reader.feed(data):
            self._frame(content, now)

    def transmit(self, now: float) -> bytes | None:
        """The next frame, as the line is free to take it; None when there is nothing to send now."""
        self._clock(now)
        content = self._next(now)
        if content is None:
            return None
        wire = frame.encode(content)
        self.sent_at = now
        self.counters["frames_sent"] += 1
        self.counters["bytes_sent"] += len(wire)
        return wire

    def wake_at(self) -> float:
        """When `transmit` has something to do even if nothing comes."""
        times = []
        if self.state is not State.UP or self.candidate is not None:
            times.append(self.hello_sent_at + HELLO_INTERVAL)
        if self.state is State.UP:
            times += [self.sent_at + KEEP_ALIVE, self.heard_at + SILENCE, self.sender.flights.deadline()]
            times.append(self.outgoing.deadline() if self.outgoing else None)
        return min(time for time in times if time is not None)

    def link_counters(self) -> Record:
        self.counters["round_trip_us"] = int((self.sender.flights.timeout.smoothed or 0) * 1000)
        self.counters["bulk_piece"] = self.outgoing.piece if self.outgoing else frame.MAX_PAYLOAD
        return LinkCounters(**{field.name: self.counters[field.name] % 2**32 for field in LinkCounters.fields})

    # Session -----------------------------------------------------------------------------------------------------

    def _start_anew(self, now: float):
        # A peer of version 1 says no window: its Hello is read as if it said 1.
        self.sender = control.Sender(self.counters, getattr(self.peer, "window", 1))
        self.receiver = control.Receiver(self.counters, self.window)
        self.outgoing: bulk.Sender | None = None
        self.outgoing_id = 0
        self.transfers = 0
        self.incoming: bulk.Receiver | None = None
        self.number: int | None = None
        if self.peer:
            host, board = self.boot_id, self.peer.boot_id
            if self.role is not Role.HOST:
                host, board = board, host
            self.number = frame.crc32(struct.pack("<II", host, board)) & 0xFFF

    def _throw_away(self, now: float):
        """The session of the present peer ends."""
        self.counters["peer_restarts"] += 1
        self.events.append(Ended(self.requester.session_ends()))
        self.responder.session_ends()
        self.peer = None
        self._start_anew(now)

    def _has_common(self, hello: Record) -> bool:
        """Whether there is a version that both speak."""
        highest = min(hello.version_current, self.version)
        return highest >= max(hello.version_min, messages.VERSION_MIN)

    def _hello(self, hello: Record, now: float):
        if hello.magic != messages.MAGIC or hello.boot_id == 0:
            self.counters["undecodable"] += 1
            return
        if hello.boot_id == self.boot_id:
            return  # the line is looped back
        if (self.role is Role.HOST) == (hello.role == Role.HOST):
            self._refuse_session(WRONG_ROLE, hello)
            return
        if not self._has_common(hello):
            self._refuse_session(NO_COMMON_VERSION, hello)
            return

        answer = bool(hello.flags & ANSWER_WANTED)
        of_peer = self.peer is not None and hello.boot_id == self.peer.boot_id
        names_me = hello.peer_boot_id == self.boot_id
        anew = (names_me and not of_peer) or (of_peer and hello.peer_boot_id == 0)
        if of_peer:
            self.heard_at = now
        if anew and self.peer is not None and self.receiver.has_untaken():
            # The owner must have taken all of the old session first.
            self.candidate = hello.boot_id
            answer = False
        elif of_peer and hello.peer_boot_id == 0:
            self._throw_away(now)
            self.state = State.SEEKING
            self.candidate = hello.boot_id
        elif not names_me:
            self.candidate = hello.boot_id
        elif not of_peer:
            if self.peer is not None:
                self._throw_away(now)
            self.peer = hello
            self.candidate = None
            self.state = State.UP
            self.heard_at = now
            self._start_anew(now)
            self.events.append(Started(hello))
        else:
            self._resume(now)
        self.hello_wanted |= answer

    def _resume(self, now: float):
        """The peer is there: whoever else has said hello is not, and a silence is over."""
        self.candidate = None
        if self.state is not State.SILENT:
            return
        self.state = State.UP
        self.sender.flights.send_all_again()
        self.receiver.ack_wanted = True
        if self.outgoing:
            self.outgoing.resume(now)
        if self.incoming:
            self.incoming.ack_wanted = True
        self.events.append(Resumed())

    def _refuse_session(self, reason: int, hello: Record):
        refuse = Refuse(
            reason=reason,
            version_min=messages.VERSION_MIN,
            version_current=self.version,
            boot_id=self.boot_id,
            peer_boot_id=hello.boot_id,
        )
        self.refuse_wanted = frame.header(frame.REFUSE, 0) + Refuse.encode_fields(refuse, self.version)

    def _clock(self, now: float):
        if self.state is State.UP and now - self.heard_at >= SILENCE:
            self.state = State.SILENT
            self.counters["silences"] += 1
            self.events.append(Silence())
        seeking = self.state is not State.UP or self.candidate is not None
        if seeking and now - self.hello_sent_at >= HELLO_INTERVAL:
            self.hello_wanted = True
        if self.state is State.UP and now - self.sent_at >= KEEP_ALIVE:
            self.receiver.ack_wanted = True

    # Frames ------------------------------------------------------------------------------------------------------

    def _frame(self, content: bytes, now: float):
        kind, session = frame.split_header(content)
        payload = content[2:]
        try:
            if kind == frame.HELLO:
                head = messages.HelloHead.decode_fields(payload, self.version)
                self._hello(Hello.decode_fields(payload, self.version) if self._has_common(head) else head, now)
            elif kind == frame.REFUSE:
                refuse = Refuse.decode_fields(payload, self.version)
                if refuse.peer_boot_id == self.boot_id:
                    self.events.append(Refused(refuse.reason))
            elif not frame.CONTROL <= kind <= frame.BULK_ACK:
                self.counters["stray"] += 1
            elif session != self.number:
                self.counters["stray"] += 1
                if now - self.hello_sent_at >= HELLO_INTERVAL / 4:
                    self.hello_wanted = True
            else:
                self.heard_at = now
                self._resume(now)
                self._session_frame(kind, payload, now)
        except (Malformed, struct.error):
            self.counters["undecodable"] += 1

    def _session_frame(self, kind: int, payload: bytes, now: float):
        if kind == frame.CONTROL:
            number, acknowledged = struct.unpack_from("<HH", payload)
            self.sender.acknowledge(now, acknowledged)
            self.receiver.come(number, payload[4:])
        elif kind == frame.ACK:
            ack = messages.Ack.decode_fields(payload, self.version)
            self.sender.acknowledge(now, ack.acknowledged, ack.limit, ack.received)
        elif kind == frame.BULK:
            (word,) = struct.unpack_from("<I", payload)
            if self.incoming and self.incoming.transfer == word & 0xFF:
                self.incoming.come(word >> 8, payload[4:])
        elif kind == frame.BULK_ACK:
            ack = BulkAck.decode_fields(payload, self.version)
            if self.outgoing and self.outgoing.transfer == ack.transfer:
                self.outgoing.acknowledge(ack, now)

    def _next(self, now: float) -> bytes | None:
        """The most urgent frame."""
        if self.hello_wanted:
            return self._hello_content(now)
        if self.refuse_wanted:
            content, self.refuse_wanted = self.refuse_wanted, None
            return content
        if self.state is not State.UP:
            return None
        if self.receiver.ack_wanted:
            return frame.header(frame.ACK, self.number) + self.receiver.ack()
        message = self.sender.next(now)
        if message:
            return control.control_frame(self.number, message[0], self.receiver.expected, message[1])
        if self.incoming and self.incoming.ack_wanted:
            return frame.header(frame.BULK_ACK, self.number) + self.incoming.ack()
        if self.outgoing:
            piece = self.outgoing.next(now)
            if piece is not None:
                return frame.header(frame.BULK, self.number) + piece
        return None

    def _hello_content(self, now: float) -> bytes:
        self.hello_wanted = False
        self.hello_sent_at = now
        settled = self.state is State.UP and self.candidate is None
        hello = Hello(
            magic=messages.MAGIC,
            version_min=messages.VERSION_MIN,
            version_current=self.version,
            boot_id=self.boot_id,
            peer_boot_id=self.candidate or (self.peer.boot_id if self.peer else 0),
            role=self.role,
            flags=0 if settled else ANSWER_WANTED,
            max_payload=frame.MAX_PAYLOAD,
            capabilities=0,
            firmware=self.firmware,
            window=self.window,
        )
        return frame.header(frame.HELLO, 0) + Hello.encode_fields(hello, self.version)

    # What Control frames carry -----------------------------------------------------------------------------------

    def _put(self, kind: int, *parts: bytes):
        self.counters["refusals_sent"] += kind == REFUSAL
        self.sender.put(bytes([kind]) + b"".join(parts))

    def _control(self, payload: bytes):
        try:
            self._classes(payload)
        except (struct.error, IndexError):
            self.counters["undecodable"] += 1

    def _classes(self, payload: bytes):
        kind, rest = payload[0], payload[1:]
        if kind == NOTIFICATION:
            (code,) = struct.unpack_from("<H", rest)
            message = self._decode(code, rest[2:], "notification")
            if isinstance(message, Record):
                self.events.append(Told(message))
            else:
                self.counters["undecodable"] += 1
        elif kind == REQUEST:
            origin, number, code = struct.unpack_from("<IHH", rest)
            self._request(RequestId(origin, number), code, rest[8:])
        elif kind == REPLY:
            origin, number, code = struct.unpack_from("<IHH", rest)
            message = self._decode(code, rest[8:], "reply")
            if self.requester.answered(RequestId(origin, number)):
                self.events.append(
                    Answer(RequestId(origin, number), message if isinstance(message, Record) else None, None)
                )
        elif kind == REFUSAL:
            origin, number, reason = struct.unpack_from("<IHB", rest)
            if self.requester.answered(RequestId(origin, number)):
                self.events.append(Answer(RequestId(origin, number), None, reason))
        elif kind == BULK_BEGIN:
            self._bulk_begin(*struct.unpack_from("<BBII", rest))
        elif kind == BULK_END:
            transfer, crc = struct.unpack_from("<BI", rest)
            if self.incoming and self.incoming.transfer == transfer:
                self.incoming.expected_crc = crc
                self._take_bulk()
        elif kind == BULK_RESULT:
            transfer, outcome = struct.unpack_from("<BB", rest)
            if self.outgoing and self.outgoing.transfer == transfer:
                self._object_sent(outcome)
        elif kind == BULK_CANCEL:
            if self.incoming and self.incoming.transfer == rest[0]:
                self._object_ends(bulk.Outcome.CANCELLED)
        else:
            self.counters["undecodable"] += 1

    def _decode(self, code: int, body: bytes, usage: str) -> Record | Refusal:
        """The message, or why there is none."""
        if len(body) > messages.MAX_BODY:
            return Refusal.TOO_LONG
        try:
            message = messages.decode(code, body, self.version)
        except Malformed:
            return Refusal.MALFORMED
        if message is None or message.kind.usage != usage:
            return Refusal.UNKNOWN_MESSAGE
        return message

    def _request(self, request: RequestId, code: int, body: bytes):
        known = self.responder.known(request)
        if known:
            known.here = True
            if known.answer is not None:
                self._put(REPLY, known.answer)
            return
        message = self._decode(code, body, "request")
        if isinstance(message, Record) and self.responder.remember(request):
            self.events.append(Asked(request, message))
        else:
            reason = Refusal.BUSY if isinstance(message, Record) else message
            self._put(REFUSAL, struct.pack("<IHB", *request, reason))

    def _bulk_begin(self, transfer: int, kind: int, object_id: int, length: int):
        if self.incoming:
            self._object_ends(bulk.Outcome.CANCELLED)
        if kind != messages.ObjectKind.IMAGE or length >= 2**24:
            self._put(BULK_RESULT, bytes([transfer, bulk.Outcome.REFUSED]))
            return
        self.incoming = bulk.Receiver(self.counters, transfer, kind, object_id, length)
        self.events.append(ObjectBegins(kind, object_id, length))

    def _take_bulk(self):
        if not self.incoming:
            return
        data = self.incoming.take()
        if data:
            self.events.append(ObjectBytes(data))
        outcome = self.incoming.outcome()
        if outcome is not None:
            self._put(BULK_RESULT, bytes([self.incoming.transfer, outcome]))
            self._object_ends(outcome)

    def _object_ends(self, outcome: bulk.Outcome):
        self.events.append(ObjectEnds(self.incoming.object_id, outcome))
        self.incoming = None

    def _object_sent(self, outcome: int):
        self.outgoing = None
        self.events.append(ObjectSent(self.outgoing_id, outcome))


def firmware(build: int = 0) -> Record:
    return Firmware(major=0, minor=1, patch=0, build=build)
