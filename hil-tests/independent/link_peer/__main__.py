"""`python3 -m link_peer board /dev/ttyUSB0`, `python3 -m link_peer host -`, `python3 -m link_peer vectors DIR`."""

import argparse
import secrets
import sys
from pathlib import Path

from . import board, host, lockstep, messages, vectors, wire
from .journal import Journal
from .session import Link, firmware


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="link_peer", description="A peer for Loket's boards and host, in Python.")
    plays = parser.add_subparsers(dest="plays", required=True)

    checks = plays.add_parser("vectors", help="check the golden vectors and the document's example")
    checks.add_argument("protocol", type=Path, help="the folder with PROTOCOL.md and vectors/")
    checks.add_argument("--version", type=int, default=messages.VERSION_CURRENT)

    for name, text in (("board", "play a capture board"), ("host", "play the counter's computer")):
        peer = plays.add_parser(name, help=text)
        peer.add_argument("port", help="serial port or pty; - for standard input and output; lockstep")
        peer.add_argument("--baud", type=int, default=921_600)
        peer.add_argument("--version", type=int, default=messages.VERSION_CURRENT, help="newest version to speak")
        peer.add_argument("--boot-id", type=lambda text: int(text, 0), help="instead of a random one")
        peer.add_argument("--window", type=int, default=32, help="messages taken before the owner has to look")
        peer.add_argument("--seconds", type=float, default=float("inf"), help="give up after these")
        peer.add_argument("--image", type=Path, help="raw image: of the finger (board), or where to write it (host)")
        if name == "board":
            peer.add_argument("--finger-ms", type=float, default=50, help="until the finger is laid on")
            peer.add_argument("--chatter", type=int, default=0, help="this many notifications at a session's start")
        else:
            peer.add_argument("--status", type=int, default=1, help="how often to ask for the status")
            peer.add_argument("--captures", type=int, default=1, help="how many images to take")
            peer.add_argument("--verdicts", type=int, default=1, help="how many verdicts to show")
            peer.add_argument("--strange", action="store_true", help="also send what no board knows")
            peer.add_argument("--journal", type=Path, help="keep unanswered requests here, and repeat those in it")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if given.plays == "vectors":
        try:
            print(f"{vectors.check_all(given.protocol, given.version)} vectors and frames agree")
            return 0
        except vectors.Wrong as wrong:
            print(wrong, file=sys.stderr)
            return 1

    stepped = given.port == "lockstep"
    now = 0.0 if stepped else wire.milliseconds()
    boot_id = given.boot_id or secrets.randbelow(2**32 - 1) + 1
    role = messages.Role.HOST if given.plays == "host" else messages.Role.CAPTURE
    link = Link(role, boot_id, now, version=given.version, firmware=firmware(), window=given.window)
    if given.plays == "board":
        image = given.image.read_bytes() if given.image else None
        player = board.Board(link, now, image=image, finger_ms=given.finger_ms, chatter=given.chatter)
    else:
        player = host.Host(
            link,
            now,
            journal=Journal(given.journal),
            status=given.status,
            captures=given.captures,
            verdicts=given.verdicts,
            strange=given.strange,
            image=given.image,
        )
    if stepped:
        return 0 if lockstep.run(link, player) else 1
    reads, writes = wire.open_port(given.port, given.baud)
    finished = wire.run(link, player, reads, writes, given.baud, now + given.seconds * 1000)
    return 0 if finished else 1


if __name__ == "__main__":
    sys.exit(main())
