"""Requests: each is carried out once and answered. Section 4, "Requests"."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

WAITING_AT_MOST = 8
REMEMBERED = 16


class RequestId(NamedTuple):
    """`origin` is the boot id that the requester had when it first made the request."""

    origin: int
    number: int


class Requester:
    """The requests of this end that wait for an answer."""

    def __init__(self, boot_id: int):
        self.boot_id = boot_id
        self.made = 0
        self.waiting: set[RequestId] = set()

    def new_id(self) -> RequestId:
        self.made += 1
        return RequestId(self.boot_id, self.made % 65536)

    def may_ask(self) -> bool:
        return len(self.waiting) < WAITING_AT_MOST

    def asked(self, request: RequestId):
        self.waiting.add(request)

    def answered(self, request: RequestId) -> bool:
        """False for an answer that nobody waits for."""
        if request not in self.waiting:
            return False
        self.waiting.remove(request)
        return True

    def session_ends(self) -> list[RequestId]:
        failed, self.waiting = sorted(self.waiting), set()
        return failed


@dataclass
class Remembered:
    answer: bytes | None  # class, id, code and body of the Reply; None while the owner works on it
    here: bool  # asked for in the present session


class Responder:
    """The requests of the peer, by their id. It outlives sessions."""

    def __init__(self):
        self.memory: OrderedDict[RequestId, Remembered] = OrderedDict()

    def known(self, request: RequestId) -> Remembered | None:
        return self.memory.get(request)

    def remember(self, request: RequestId) -> bool:
        """False when there is no room: all are being worked on."""
        if len(self.memory) >= REMEMBERED:
            oldest = next((known for known, entry in self.memory.items() if entry.answer is not None), None)
            if oldest is None:
                return False
            del self.memory[oldest]
        self.memory[request] = Remembered(None, True)
        return True

    def answer(self, request: RequestId, answer: bytes) -> bool:
        """Keeps the answer; true when the present session waits for it."""
        entry = self.memory.get(request)
        if entry is None or entry.answer is not None:
            return False
        entry.answer = answer
        return entry.here

    def forget(self, request: RequestId) -> bool:
        """A refused request is not remembered; true when the present session waits for the refusal."""
        entry = self.memory.pop(request, None)
        return entry is not None and entry.here

    def session_ends(self):
        for entry in self.memory.values():
            entry.here = False
