"""The bulk lane: objects, in pieces that may come in any order. Section 5."""

import enum
import struct
from collections import Counter

from . import frame
from .messages import BulkAck, Span
from .timeout import Flight, Flights

PIECE_LEAST, PIECE_MOST = 40, 1024
ROOM = 16 * 1024
SPANS = 16


class Outcome(enum.IntEnum):
    DELIVERED = 0
    CHECKSUM_WRONG = 1
    CANCELLED = 2
    REFUSED = 3


class Sender:
    """Sends one object."""

    def __init__(self, counters: Counter, transfer: int, data: bytes, max_payload: int, now: float):
        self.counters = counters
        self.transfer = transfer
        self.data = data
        self.longest_piece = min(max_payload, PIECE_MOST)
        self.piece = self.longest_piece
        self.flights = Flights()
        self.lost: list[tuple[int, int]] = []
        self.acknowledged = 0
        self.limit = 0
        self.next_offset = 0
        self.quiet_since = now

    def acknowledge(self, ack, now: float):
        if ack.acknowledged > len(self.data) or ack.acknowledged > self.next_offset:
            return  # of what was never sent
        self.acknowledged = max(self.acknowledged, ack.acknowledged)
        self.limit = max(self.limit, ack.limit)
        self.quiet_since = now
        come = [(0, self.acknowledged)] + [(span.start, span.end) for span in ack.received]

        def has_come(flight: Flight) -> bool:
            return any(start <= flight.what[0] and flight.what[1] <= end for start, end in come)

        for _ in self.flights.arrived(has_come, now):
            self.piece = min(self.piece + 4, self.longest_piece)
        for _ in self.flights.overtaken():
            self.piece = max(self.piece * 3 // 4, PIECE_LEAST)

    def next(self, now: float) -> bytes | None:
        """Header (after kind and session) and bytes of the piece to send now."""
        late = self.flights.late(now)
        if late:
            self.counters["timeouts"] += 1
            self.piece = max(self.piece // 2, PIECE_LEAST)
        self._recut()
        if self.lost:
            start, end = self.lost.pop(0)
            cut = min(end, start + self.piece)
            if cut < end:
                self.lost.insert(0, (cut, end))
            self.counters["retransmissions"] += 1
            return self._send(start, cut, now, again=True)
        cut = min(self.next_offset + self.piece, self.limit, len(self.data))
        if cut > self.next_offset:
            start, self.next_offset = self.next_offset, cut
            return self._send(start, cut, now)
        if self._probe_at() is not None and now >= self._probe_at():
            self.flights.timeout.passed()
            self.quiet_since = now
            return self._header(self.acknowledged)
        return None

    def deadline(self) -> float | None:
        return self._probe_at() if self._probe_at() is not None else self.flights.deadline()

    def resume(self, now: float):
        """After a silence: nobody knows what of that which was under way has come."""
        self.flights.send_all_again()
        self.quiet_since = now - self.flights.timeout.value()

    def _probe_at(self) -> float | None:
        """When to ask for room: nothing is under way and there is something left to send."""
        if self.flights.flights or self.lost or self.next_offset == len(self.data):
            return None
        return self.quiet_since + self.flights.timeout.value()

    def _recut(self):
        """Takes lost pieces apart, so that they can be cut anew."""
        gone = [flight for flight in self.flights.flights if flight.lost]
        if gone:
            self.flights.flights = [flight for flight in self.flights.flights if not flight.lost]
            self.lost = sorted(self.lost + [flight.what for flight in gone])

    def _send(self, start: int, end: int, now: float, again: bool = False) -> bytes:
        flight = Flight((start, end))
        self.flights.send(flight, now)
        if again:
            flight.times = 2  # its round trip cannot be told
        return self._header(start) + self.data[start:end]

    def _header(self, offset: int) -> bytes:
        return struct.pack("<I", self.transfer | offset << 8)


class Receiver:
    """Receives one object and gives its bytes to the owner from the front."""

    def __init__(self, counters: Counter, transfer: int, kind: int, object_id: int, length: int):
        self.counters = counters
        self.transfer = transfer
        self.kind = kind
        self.object_id = object_id
        self.length = length
        self.spans: list[tuple[int, int]] = []  # come after `acknowledged`, ascending, apart
        self.acknowledged = 0
        self.taken = 0
        self.buffer = bytearray()  # from `taken` on, with gaps
        self.crc = 0
        self.expected_crc: int | None = None
        self.announced = min(ROOM, length)
        self.ack_wanted = True

    def come(self, offset: int, data: bytes):
        self.ack_wanted = True
        end = offset + len(data)
        if not data:
            return
        if end > self.announced:
            self.counters["no_room"] += 1
            return
        if end <= self.acknowledged or any(start <= offset and end <= stop for start, stop in self.spans):
            self.counters["duplicates"] += 1
            return
        if offset < self.acknowledged:
            data, offset = data[self.acknowledged - offset :], self.acknowledged
        joined = join(self.spans + [(offset, end)])
        in_front = joined[0][0] <= self.acknowledged
        if len(joined) - in_front > SPANS:
            self.counters["no_room"] += 1
            return
        if len(self.buffer) < end - self.taken:
            self.buffer += bytes(end - self.taken - len(self.buffer))
        self.buffer[offset - self.taken : end - self.taken] = data
        if in_front:
            self.acknowledged = joined.pop(0)[1]
        self.spans = joined

    def take(self) -> bytes:
        """All bytes that have come without a gap."""
        count = self.acknowledged - self.taken
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        self.taken += count
        self.crc = frame.zlib.crc32(data, self.crc)
        if self._limit() - self.announced >= ROOM // 4 or (count and self._limit() == self.length > self.announced):
            self.ack_wanted = True
        return data

    def outcome(self) -> Outcome | None:
        """None as long as something is missing."""
        if self.taken < self.length or self.expected_crc is None:
            return None
        return Outcome.DELIVERED if self.crc == self.expected_crc else Outcome.CHECKSUM_WRONG

    def ack(self) -> bytes:
        """The payload of a BulkAck frame."""
        self.ack_wanted = False
        self.announced = self._limit()
        spans = [Span(start=start, end=end) for start, end in self.spans]
        ack = BulkAck(transfer=self.transfer, acknowledged=self.acknowledged, limit=self.announced, received=spans)
        return BulkAck.encode_fields(ack, 1)

    def _limit(self) -> int:
        return min(self.taken + ROOM, self.length)


def join(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same bytes in as few ranges as possible, ascending."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
