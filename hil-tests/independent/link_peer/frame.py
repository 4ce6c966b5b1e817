"""Frames: delimiters, byte stuffing (COBS) and checksum. Section 2."""

import struct
import zlib
from collections import Counter

HELLO, REFUSE, CONTROL, ACK, BULK, BULK_ACK = range(1, 7)

MAX_PAYLOAD = 1024
MAX_CONTENT = 6 + MAX_PAYLOAD + 4


def crc32(data: bytes) -> int:
    """CRC-32/ISO-HDLC; `zlib` has the very one."""
    return zlib.crc32(data)


def stuff(content: bytes) -> bytes:
    """COBS: the same content without a zero in it."""
    out = bytearray()
    block = bytearray()
    for byte in content:
        if byte == 0:
            out.append(len(block) + 1)
            out += block
            block.clear()
        else:
            block.append(byte)
            if len(block) == 254:
                out.append(255)
                out += block
                block.clear()
    # A full block at the very end needs no empty one after it; a zero at the very end does.
    if block or not out or content[-1] == 0:
        out.append(len(block) + 1)
        out += block
    return bytes(out)


def unstuff(stuffed: bytes) -> bytes | None:
    """The content of stuffed bytes; None when a block ends early."""
    out = bytearray()
    at = 0
    while at < len(stuffed):
        code = stuffed[at]
        block = stuffed[at + 1 : at + code]
        if len(block) != code - 1:
            return None
        out += block
        at += code
        if code < 255 and at < len(stuffed):
            out.append(0)
    return bytes(out)


def encode(content: bytes) -> bytes:
    """A whole frame as it goes over the wire; `content` is header and payload."""
    return b"\0" + stuff(content + struct.pack("<I", crc32(content))) + b"\0"


def header(kind: int, session: int) -> bytes:
    return struct.pack("<H", kind | session << 4)


def split_header(content: bytes) -> tuple[int, int]:
    """Kind and session."""
    (word,) = struct.unpack_from("<H", content)
    return word & 0xF, word >> 4


class Reader:
    """Cuts a stream of bytes into the contents of intact frames, however the stream is split."""

    # Stuffed, the longest content is longer by a byte for each 254, rounded up.
    LONGEST = MAX_CONTENT + -(-MAX_CONTENT // 254)

    def __init__(self, counters: Counter):
        self.counters = counters
        self.pending = bytearray()
        self.overlong = False

    def feed(self, data: bytes):
        """The contents (header and payload) of the frames that end in these bytes."""
        self.counters["bytes_received"] += len(data)
        pieces = data.split(b"\0")
        for number, piece in enumerate(pieces):
            if len(self.pending) + len(piece) > self.LONGEST + 1:
                self.overlong = True
                self.pending.clear()
            elif not self.overlong:
                self.pending += piece
            if number < len(pieces) - 1:
                content = self._frame()
                if content is not None:
                    yield content

    def _frame(self) -> bytes | None:
        stuffed, overlong = bytes(self.pending), self.overlong
        self.pending.clear()
        self.overlong = False
        if overlong:
            self.counters["oversize"] += 1
            return None
        if not stuffed:
            return None
        content = unstuff(stuffed)
        if content is None or len(content) < 6:
            self.counters["framing_errors"] += 1
            return None
        if len(content) > MAX_CONTENT:
            self.counters["oversize"] += 1
            return None
        if crc32(content[:-4]) != struct.unpack("<I", content[-4:])[0]:
            self.counters["crc_errors"] += 1
            return None
        self.counters["frames_received"] += 1
        return content[:-4]
