"""Checks the golden vectors and the example of the document against this implementation, byte for byte."""

import re
import struct
from collections import Counter
from pathlib import Path

from . import codec, control, frame, messages
from .codec import Record
from .messages import Ack, BulkAck, Hello, Refusal, Refuse, Role
from .session import Asked, Link, firmware


class Wrong(Exception):
    pass


def crc32c(data: bytes) -> int:
    """The checksum of a vector's seal (Castagnoli), bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def read_vectors(text: str):
    """Title, seal, and the lines of bytes and description of each vector."""
    title, seal, lines = None, 0, []
    for line in text.splitlines() + [""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if title:
                yield title, seal, lines
            title, lines = None, []
        elif not line.startswith(" "):
            title, _, hexadecimal = line.partition(" | seal ")
            seal = int(hexadecimal, 16)
        else:
            encoded, _, described = line.partition("|")
            lines.append((bytes.fromhex(encoded.strip()), described.strip()))


def same(what: str, ours: bytes, theirs: bytes):
    if ours != theirs:
        raise Wrong(f"{what}:\n  ours   {ours.hex(' ')}\n  theirs {theirs.hex(' ')}")


def described(lines: list[str]) -> list[tuple[str, object]]:
    """The values that the descriptions give, in order, as text."""
    return re.findall(r'(?:(\w+): )?(0x[0-9a-f]+|"[^"]*"|true|false|[A-Z]\w*),', "\n".join(lines))


def values(value, kind) -> list[str]:
    """The values of a record in order, written as the vectors write them."""
    if isinstance(kind, codec.Fields):
        parts = [values(getattr(value, field.name), field.type) for field in kind.fields if hasattr(value, field.name)]
        return [text for part in parts for text in part]
    if isinstance(kind, codec.Vec):
        return [text for element in value for text in values(element, kind.element)]
    if isinstance(kind, codec.Enumeration):
        name = "".join(word.capitalize() for word in value.name.split("_"))
        return [name]
    if isinstance(kind, codec.String):
        return [f'"{value}"']
    if isinstance(kind, codec.Bool):
        return [str(value).lower()]
    return [hex(value & (1 << 8 * kind.form.size) - 1)]


def check_values(record: Record, lines: list[str]):
    theirs = [text for _, text in described(lines)]
    ours = values(record, record.kind)
    if ours != theirs:
        raise Wrong(f"values\n  ours   {ours}\n  theirs {theirs}")


def check_message(title: str, lines: list[tuple[bytes, str]], version: int):
    encoded = b"".join(part for part, _ in lines)
    (code,) = struct.unpack_from("<H", encoded)
    message = messages.decode(code, encoded[2:], version)
    if message is None:
        raise Wrong(f"unknown message {code:#06x}")
    if title != f"message {message.kind.name}":
        raise Wrong(f"decoded as {message.kind.name}")
    same("encoded", messages.encode(message, version), encoded)
    check_values(message, [text for _, text in lines])


PAYLOADS = {frame.HELLO: Hello, frame.REFUSE: Refuse, frame.ACK: Ack, frame.BULK_ACK: BulkAck}


def reencode(content: bytes, version: int) -> tuple[Record | None, bytes]:
    """Decodes a content and encodes it again."""
    kind, number = frame.split_header(content)
    head = frame.header(kind, number)
    if kind in PAYLOADS:
        record = PAYLOADS[kind].decode_fields(content[2:], version)
        return record, head + record.kind.encode_fields(record, version)
    if kind == frame.CONTROL:
        sequence, acknowledged = struct.unpack_from("<HH", content, 2)
        return None, control.control_frame(number, sequence, acknowledged, content[6:])
    return None, content


def check_frame(lines: list[tuple[bytes, str]], version: int):
    crc_at = next(at for at, (_, text) in enumerate(lines) if text.startswith("CRC-32"))
    content = b"".join(part for part, _ in lines[:crc_at])
    wire = b"".join(part for part, _ in lines[crc_at + 1 :])
    same("checksum", struct.pack("<I", frame.crc32(content)), lines[crc_at][0])
    check_wire(content, wire)
    record, again = reencode(content, version)
    same("content", again, content)
    if record:
        check_values(record, [text for _, text in lines[:crc_at]])


def check_wire(content: bytes, wire: bytes):
    same("wire", frame.encode(content), wire)
    for step in (1, 3, len(wire)):
        reader = frame.Reader(Counter())
        pieces = [wire[at : at + step] for at in range(0, len(wire), step)]
        come = [content for piece in pieces for content in reader.feed(piece)]
        if come != [content]:
            raise Wrong(f"read in steps of {step}: {come}")


# The codes that are no enumeration of section 7.
OTHER_CODES = {
    "frames": ["Hello", "Refuse", "Control", "Ack", "Bulk", "BulkAck"],
    "classes of Control frames": [
        *("Notification", "Request", "Reply", "Refusal"),
        *("BulkBegin", "BulkEnd", "BulkResult", "BulkCancel"),
    ],
    "roles": ["Host", "Kiosk", "Capture"],
    "reasons to refuse a session": ["no common version", "wrong role"],
    "outcomes of an object": ["Delivered", "ChecksumMismatch", "Cancelled", "Refused", "PeerRestarted"],
}


def check_codes(title: str, lines: list[tuple[bytes, str]]):
    """What each code stands for, in this implementation and in the vector."""
    name = title.removeprefix("codes of ").removesuffix(" (open)").removesuffix(" (closed)")
    if name == "messages":
        known = messages.MESSAGES
        for code, what in ((int.from_bytes(code, "little"), what) for code, what in lines):
            if code not in known or f"{known[code].name}: {known[code].usage.capitalize()}," not in what:
                raise Wrong(f"code {code:#06x} is {what}")
    elif name in OTHER_CODES:
        first = lines[0][0][0]
        ours = [(bytes([code]), what) for code, what in enumerate(OTHER_CODES[name], first)]
        if lines != ours[: len(lines)]:
            raise Wrong(f"ours {ours}")
    else:
        codes = getattr(messages, name)
        ours = [(bytes([code]), "".join(word.capitalize() for word in code.name.split("_"))) for code in codes]
        if any(line not in ours for line in lines):
            raise Wrong(f"ours {ours}")
        if messages.one_of(codes).is_open != title.endswith("(open)"):
            raise Wrong("open or closed")


def type_name(kind) -> str:
    """A type as the document writes it."""
    if isinstance(kind, codec.Fields):
        return kind.name
    if isinstance(kind, codec.Enumeration):
        return kind.codes.__name__
    if isinstance(kind, codec.Vec):
        return f"Vec<{type_name(kind.element)},{kind.longest}>"
    if isinstance(kind, codec.String):
        return f"String<{kind.longest}>"
    if isinstance(kind, codec.Bool):
        return "bool"
    return ("i" if kind.form.format[-1].islower() else "u") + str(8 * kind.form.size)


def check_fields(title: str, lines: list[tuple[bytes, str]], version: int):
    """Name and type of each field that the version brought."""
    kind = getattr(messages, title.removeprefix("fields of "))
    ours = [f"{field.name}: {type_name(field.type)}" for field in kind.fields if field.since == version]
    if ours != [what for _, what in lines]:
        raise Wrong(f"ours {ours}")


def check_file(path: Path, version: int) -> int:
    checked = 0
    for title, seal, lines in read_vectors(path.read_text()):
        try:
            same("seal", struct.pack("<I", crc32c(b"".join(part for part, _ in lines))), struct.pack("<I", seal))
            if title.startswith("message "):
                check_message(title, lines, version)
            elif title.startswith("frame "):
                check_frame(lines, version)
            elif title.startswith("codes of "):
                check_codes(title, lines)
            elif title.startswith("fields of "):
                check_fields(title, lines, version)
            else:
                raise Wrong("not known")
        except (Wrong, codec.Malformed) as wrong:
            raise Wrong(f"{path.name}, {title}: {wrong}") from wrong
        checked += 1
    return checked


def read_example(text: str):
    """Who sends, content and wire of the frames of the document's example."""
    example = text.split("<!-- begin example -->")[1].split("<!-- end example -->")[0]
    for block in re.findall(r"(host|board) +-> .*\n((?: .*\n)+)", example):
        content, wire = re.search(r"content([\s0-9a-f]+?)wire([\s0-9a-f]+)", block[1]).groups()
        yield block[0], bytes.fromhex(content), bytes.fromhex(wire)


def spoken(path: Path) -> int:
    """The newest version that the ends of the example speak, as their first Hello says behind its magic and the oldest."""
    _, content, _ = next(read_example(path.read_text()))
    return content[content.index(b"LK") + 3]


def check_example(path: Path, version: int) -> int:
    """Two links of this implementation must send the same bytes as the example, in the same order."""
    links = {
        "host": Link(Role.HOST, 0x11111111, 0.0, version=version, firmware=firmware(), window=16),
        "board": Link(Role.CAPTURE, 0x22222222, 0.0, version=version, firmware=firmware(0xC0DE0001), window=4),
    }
    checked = 0
    for sender, content, wire in read_example(path.read_text()):
        check_wire(content, wire)
        same("content", reencode(content, version)[1], content)
        ours = links[sender].transmit(0.0)
        same(f"frame {checked + 1} of the example", ours, wire)
        other = "board" if sender == "host" else "host"
        links[other].receive(ours, 0.0)
        # The host of the example takes what has come at once, the board after it has acknowledged it.
        for name in ("host",) if sender == "host" else ("host", "board"):
            for event in iter(links[name].take, None):
                if isinstance(event, Asked):
                    links[name].refuse(event.request, Refusal.BUSY)
        # It asks when it has sent its first Ack.
        if sender == "host" and frame.split_header(content)[0] == frame.ACK and not links["host"].requester.made:
            links["host"].request(messages.StatusRequest())
        checked += 1
    return checked


def check_all(protocol: Path, version: int) -> int:
    """How many vectors and frames were checked; raises `Wrong`."""
    # The example is told by ends of the document's newest version, of which it shows nothing else.
    document = protocol / "PROTOCOL.md"
    checked = check_example(document, spoken(document)) if version == messages.VERSION_CURRENT else 0
    for path in sorted((protocol / "vectors").glob("v*.txt")):
        of_file = int(path.stem[1:])
        if of_file <= version:
            # In the form of its own version, whatever came since.
            checked += check_file(path, of_file)
    return checked
