"""Moves bytes between a serial port, a pty or two pipes and a link."""

import errno
import os
import select
import termios
import time
import tty


def milliseconds() -> float:
    return time.monotonic() * 1000


def open_port(path: str, baud: int) -> tuple[int, int]:
    """Descriptors to read from and write to; the path `-` is standard input and output."""
    if path == "-":
        reads, writes = 0, 1
    else:
        reads = writes = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(reads)
        attributes = termios.tcgetattr(reads)
        speed = getattr(termios, f"B{baud}", None)
        if speed is None:
            raise SystemExit(f"no speed {baud}")
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(reads, termios.TCSANOW, attributes)
    os.set_blocking(reads, False)
    os.set_blocking(writes, False)
    return reads, writes


def run(link, player, reads: int, writes: int, baud: int, until: float) -> bool:
    """Runs until the player is done; false when the time is up or the line is closed.

    A frame is given away only when the one before it has left the line by calculation, however much the operating
    system would buffer: so what is urgent waits for one frame at most.
    """
    out = b""
    line_free_at = 0.0
    while True:
        now = milliseconds()
        try:
            data = os.read(reads, 4096)
            if not data:
                return player.done
            link.receive(data, now)
        except BlockingIOError:
            pass
        except OSError as gone:
            if gone.errno != errno.EIO:
                raise
            return player.done  # the other side of the pty was closed
        for event in iter(link.take, None):
            player.handle(event, now)
        player.clock(now)
        wake = line_free_at
        if not out and now >= line_free_at:
            out = link.transmit(now) or b""
            line_free_at = max(line_free_at, now - 1) + len(out) * 10_000 / baud
            # As long as there is something to send there may be more.
            wake = line_free_at if out else min(link.wake_at(), player.wake_at(), until)
        if out:
            try:
                out = out[os.write(writes, out) :]
            except BlockingIOError:
                pass
        if player.done and link.sender.idle():
            return True
        if now >= until:
            return False
        wait = None if out else max(wake - milliseconds(), 0) / 1000
        select.select([reads], [writes] if out else [], [], wait)
