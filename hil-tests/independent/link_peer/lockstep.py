"""Runs a link and its player in somebody else's time, so that a test can be repeated to the byte.

Each line of standard input is a step: the time in microseconds, 1 if the line is free for a frame or 0, and the bytes
that have come, in hexadecimal. The answer is a line too: when the next step is due at the latest (microseconds), 1 when
the player has nothing left to do or 0, and the frame to send.
"""

import math
import sys


def run(link, player) -> bool:
    for line in sys.stdin:
        now, free, encoded = line[:-1].split(" ")
        now = int(now) / 1000
        link.receive(bytes.fromhex(encoded), now)
        for event in iter(link.take, None):
            player.handle(event, now)
        player.clock(now)
        frame = (link.transmit(now) if free == "1" else None) or b""
        wake = now if free == "0" or frame else min(link.wake_at(), player.wake_at())
        done = player.idle and link.sender.idle()
        print(math.ceil(wake * 1000), int(done), frame.hex(), flush=True)
    return True
