"""The tables of the document: what the link's own frames carry (section 2) and the messages (section 9)."""

import enum

from .codec import BOOL, I16, U8, U16, U32, U64, Enumeration, Field, Fields, Message, Record, String
from .codec import Structure, Vec

VERSION_MIN, VERSION_CURRENT = 1, 2
MAX_BODY = 256
MAGIC = 0x4B4C  # "LK"


class Role(enum.IntEnum):
    HOST = 1
    KIOSK = 2
    CAPTURE = 3


# Enumerations ---------------------------------------------------------------------------------------------------


class Refusal(enum.IntEnum):
    BUSY = 1
    UNKNOWN_MESSAGE = 2
    MALFORMED = 3
    TOO_LONG = 4
    WRONG_VERSION = 5
    NOT_POSSIBLE = 6


class TicketDenial(enum.IntEnum):
    CLOSED = 1
    FULL = 2
    UNKNOWN_SERVICE = 3
    STORAGE = 4


class PrintOutcome(enum.IntEnum):
    PRINTED = 0
    NOT_PRINTED = 1
    UNKNOWN = 2


class PrintCause(enum.IntEnum):
    NONE = 0
    PAPER_OUT = 1
    COVER_OPEN = 2
    OFFLINE = 3
    NO_ANSWER = 4
    ERROR = 5


class PaperState(enum.IntEnum):
    OK = 0
    NEAR_END = 1
    OUT = 2
    UNKNOWN = 3


class FingerPosition(enum.IntEnum):
    UNKNOWN = 0
    RIGHT_THUMB = 1
    RIGHT_INDEX = 2
    RIGHT_MIDDLE = 3
    RIGHT_RING = 4
    RIGHT_LITTLE = 5
    LEFT_THUMB = 6
    LEFT_INDEX = 7
    LEFT_MIDDLE = 8
    LEFT_RING = 9
    LEFT_LITTLE = 10


class CapturePurpose(enum.IntEnum):
    VERIFY = 0
    ACTIVATE = 1


class CaptureRefusal(enum.IntEnum):
    BUSY = 1
    SENSOR_MISSING = 2


class CapturePhase(enum.IntEnum):
    WAITING_FOR_FINGER = 0
    FINGER_PLACED = 1
    READING = 2
    LIFT = 3


class CaptureFailure(enum.IntEnum):
    TIMEOUT = 1
    CANCELLED = 2
    SENSOR_MISSING = 3
    SENSOR_ERROR = 4
    BAD_IMAGE = 5
    TRANSFER_FAILED = 6


class CaptureVerdict(enum.IntEnum):
    MATCH = 0
    NO_MATCH = 1
    TRY_AGAIN = 2
    DONE = 3


class ObjectKind(enum.IntEnum):
    IMAGE = 1


def one_of(codes: type[enum.IntEnum]) -> Enumeration:
    """The field type of an enumeration: open or closed as the document says."""
    return Enumeration(codes, codes not in (PrintOutcome, FingerPosition, CapturePurpose, CaptureVerdict))


# Structures -----------------------------------------------------------------------------------------------------

Firmware = Structure(
    "Firmware",
    Field("major", U8),
    Field("minor", U8),
    Field("patch", U8),
    Field("build", U32),
)

LinkCounters = Structure(
    "LinkCounters",
    Field("frames_sent", U32),
    Field("frames_received", U32),
    Field("bytes_sent", U32),
    Field("bytes_received", U32),
    Field("crc_errors", U32),
    Field("framing_errors", U32),
    Field("oversize", U32),
    Field("stray", U32),
    Field("duplicates", U32),
    Field("no_room", U32),
    Field("retransmissions", U32),
    Field("undecodable", U32),
    Field("peer_restarts", U32),
    Field("silences", U32),
    Field("timeouts", U32, since=2, otherwise=0),
    Field("refusals_sent", U32, since=2, otherwise=0),
    Field("round_trip_us", U32, since=2, otherwise=0),
    Field("bulk_piece", U16, since=2, otherwise=0),
)

Service = Structure(
    "Service",
    Field("id", U8),
    Field("prefix", U8),
    Field("name_id", String(24)),
    Field("name_en", String(24)),
)

Span = Structure("Span", Field("start", U32), Field("end", U32))

# Payloads of the link's own frames -----------------------------------------------------------------------------

Hello = Fields(
    "Hello",
    Field("magic", U16),
    Field("version_min", U8),
    Field("version_current", U8),
    Field("boot_id", U32),
    Field("peer_boot_id", U32),
    Field("role", U8),
    Field("flags", U8),
    Field("max_payload", U16),
    Field("capabilities", U32),
    Field("firmware", Firmware),
    Field("window", U16, since=2, otherwise=1),
)

# What every version's Hello begins with.
HelloHead = Fields("Hello", *Hello.fields[:7])

Refuse = Fields(
    "Refuse",
    Field("reason", U8),
    Field("version_min", U8),
    Field("version_current", U8),
    Field("boot_id", U32),
    Field("peer_boot_id", U32),
)

Ack = Fields("Ack", Field("acknowledged", U16), Field("limit", U16), Field("received", U32))

BulkAck = Fields(
    "BulkAck",
    Field("transfer", U8),
    Field("acknowledged", U32),
    Field("limit", U32),
    Field("received", Vec(Span, 16)),
)

# Messages -------------------------------------------------------------------------------------------------------

Accepted = Message(0x0001, "Accepted", "reply")
SetClock = Message(0x0002, "SetClock", "request", Field("unix_seconds", U64), Field("utc_offset_minutes", I16))
StatusRequest = Message(0x0003, "StatusRequest", "request")
Status = Message(
    0x0004,
    "Status",
    "reply",
    Field("uptime_ms", U64),
    Field("uart_overruns", U32),
    Field("firmware", Firmware),
    Field("link", LinkCounters),
)
Configure = Message(
    0x0101,
    "Configure",
    "request",
    Field("office", String(32)),
    Field("tickets_open", BOOL),
    Field("services", Vec(Service, 4)),
)
TicketRequest = Message(
    0x0102, "TicketRequest", "request", Field("press", U64), Field("service", U8), Field("priority", BOOL)
)
TicketGranted = Message(
    0x0103,
    "TicketGranted",
    "reply",
    Field("press", U64),
    Field("ticket_id", U64),
    Field("prefix", U8),
    Field("number", U16),
    Field("people_before", U16),
    Field("wait_minutes", U16),
    Field("issued_unix", U64),
    Field("utc_offset_minutes", I16),
)
TicketDenied = Message(0x0104, "TicketDenied", "reply", Field("press", U64), Field("reason", one_of(TicketDenial)))
TicketPrinted = Message(
    0x0105,
    "TicketPrinted",
    "request",
    Field("press", U64),
    Field("ticket_id", U64),
    Field("outcome", one_of(PrintOutcome)),
    Field("cause", one_of(PrintCause)),
)
PrinterStatus = Message(
    0x0106,
    "PrinterStatus",
    "notification",
    Field("online", BOOL),
    Field("paper", one_of(PaperState)),
    Field("cover_open", BOOL),
    Field("error", BOOL),
)
Called = Message(0x0107, "Called", "request", Field("prefix", U8), Field("number", U16), Field("counter", U8))
Capture = Message(
    0x0201,
    "Capture",
    "request",
    Field("capture_id", U32),
    Field("finger", one_of(FingerPosition)),
    Field("purpose", one_of(CapturePurpose)),
    Field("attempt", U8),
    Field("attempts", U8),
    Field("timeout_ms", U32),
)
CaptureRefused = Message(
    0x0202, "CaptureRefused", "reply", Field("capture_id", U32), Field("reason", one_of(CaptureRefusal))
)
CaptureProgress = Message(
    0x0203, "CaptureProgress", "notification", Field("capture_id", U32), Field("phase", one_of(CapturePhase))
)
Captured = Message(
    0x0204,
    "Captured",
    "notification",
    Field("capture_id", U32),
    Field("width", U16),
    Field("height", U16),
    Field("bits_per_pixel", U8),
)
CaptureFailed = Message(
    0x0205,
    "CaptureFailed",
    "notification",
    Field("capture_id", U32),
    Field("reason", one_of(CaptureFailure)),
    Field("sensor_code", U8),
)
CancelCapture = Message(0x0206, "CancelCapture", "request", Field("capture_id", U32))
ShowVerdict = Message(
    0x0207, "ShowVerdict", "notification", Field("capture_id", U32), Field("verdict", one_of(CaptureVerdict))
)

MESSAGES = {value.code: value for value in list(globals().values()) if isinstance(value, Message)}


def encode(message: Record, version: int) -> bytes:
    """Code and body."""
    return U16.encode(message.kind.code, version) + message.kind.encode_fields(message, version)


def decode(code: int, body: bytes, version: int) -> Record | None:
    """None when this version has no such message; raises `Malformed`."""
    kind = MESSAGES.get(code)
    if kind is None or kind.since > version:
        return None
    return kind.decode_fields(body, version)


