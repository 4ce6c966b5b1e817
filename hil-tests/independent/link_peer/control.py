"""The control lane: messages arrive in order and once. Section 4."""

import struct
from collections import Counter, deque

from . import frame
from .messages import Ack
from .timeout import Flight, Flights

WINDOW = 32


def before(a: int, b: int) -> bool:
    """Whether sequence number `a` is before `b`."""
    return (a - b) % 65536 >= 32768


class Sender:
    def __init__(self, counters: Counter, window: int):
        """`window`: how many messages the peer takes before it has sent an Ack."""
        self.counters = counters
        self.waiting: deque[bytes] = deque()
        self.flights = Flights()
        self.next_number = 0
        self.limit = max(1, min(window, WINDOW))

    def put(self, payload: bytes):
        self.waiting.append(payload)

    def idle(self) -> bool:
        """Everything has been acknowledged."""
        return not self.waiting and not self.flights.flights

    def acknowledge(self, now: float, acknowledged: int, limit: int | None = None, received: int = 0):
        """What a Control frame (only the first) or an Ack frame says."""
        if before(self.next_number, acknowledged):
            return  # of what was never sent
        if limit is not None and before(self.limit, limit):
            self.limit = limit
        also = {(acknowledged + 1 + bit) % 65536 for bit in range(32) if received >> bit & 1}
        self.flights.arrived(lambda f: before(f.what[0], acknowledged) or f.what[0] in also, now)
        self.flights.overtaken()

    def next(self, now: float) -> tuple[int, bytes] | None:
        """The message to send now."""
        if self.flights.late(now):
            self.counters["timeouts"] += 1
        flight = self.flights.next_lost()
        if flight:
            self.counters["retransmissions"] += 1
        elif self.waiting and (before(self.next_number, self.limit) or not self.flights.flights):
            flight = Flight((self.next_number, self.waiting.popleft()))
            self.next_number = (self.next_number + 1) % 65536
        else:
            return None
        self.flights.send(flight, now)
        return flight.what


class Receiver:
    """Takes messages; `capacity` is how many it holds until their owner takes them, at most 32."""

    def __init__(self, counters: Counter, capacity: int = WINDOW):
        self.counters = counters
        self.capacity = capacity
        self.expected = 0
        self.untaken = 0  # the lowest number not yet handed to the owner
        self.limit = capacity
        self.held: dict[int, bytes] = {}
        self.ack_wanted = True

    def come(self, number: int, payload: bytes):
        self.ack_wanted = True
        if before(number, self.expected) or number in self.held:
            self.counters["duplicates"] += 1
        elif not before(number, self.limit):
            self.counters["no_room"] += 1
        else:
            self.held[number] = payload
            while self.expected in self.held:
                self.expected = (self.expected + 1) % 65536

    def has_untaken(self) -> bool:
        return self.untaken != self.expected

    def take(self) -> bytes | None:
        """The next message, in order."""
        if not self.has_untaken():
            return None
        payload = self.held.pop(self.untaken)
        self.untaken = (self.untaken + 1) % 65536
        room = (self.untaken + self.capacity - self.limit) % 65536
        if room >= self.capacity / 2:
            self.ack_wanted = True
        return payload

    def ack(self) -> bytes:
        """The payload of an Ack frame."""
        self.ack_wanted = False
        self.limit = (self.untaken + self.capacity) % 65536
        bits = sum(1 << bit for bit in range(32) if (self.expected + 1 + bit) % 65536 in self.held)
        return Ack.encode_fields(Ack(acknowledged=self.expected, limit=self.limit, received=bits), 1)


def control_frame(session: int, number: int, acknowledged: int, payload: bytes) -> bytes:
    return frame.header(frame.CONTROL, session) + struct.pack("<HH", number, acknowledged) + payload
