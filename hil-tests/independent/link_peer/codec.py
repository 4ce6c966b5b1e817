"""Types of fields, structures, enumerations and messages. Sections 7 and 8."""

import enum
import struct
from dataclasses import dataclass


class Malformed(Exception):
    """Bytes that are not what they should be."""


class Bytes:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        if len(taken) != count:
            raise Malformed("ends early")
        self.at += count
        return taken

    def at_end(self) -> bool:
        return self.at == len(self.data)


class Number:
    """An integer of fixed width; `form` is that of the module `struct`."""

    def __init__(self, form: str):
        self.form = struct.Struct("<" + form)

    def encode(self, value, version: int) -> bytes:
        return self.form.pack(value)

    def decode(self, data: Bytes, version: int):
        return self.form.unpack(data.take(self.form.size))[0]


U8, U16, U32, U64, I16 = (Number(form) for form in "BHIQh")


class Bool:
    def encode(self, value, version: int) -> bytes:
        return b"\1" if value else b"\0"

    def decode(self, data: Bytes, version: int) -> bool:
        return data.take(1) != b"\0"


BOOL = Bool()


@dataclass
class String:
    longest: int

    def encode(self, value: str, version: int) -> bytes:
        encoded = value.encode()
        if len(encoded) > self.longest:
            raise ValueError(f"{value!r} is longer than {self.longest} bytes")
        return bytes([len(encoded)]) + encoded

    def decode(self, data: Bytes, version: int) -> str:
        (length,) = data.take(1)
        if length > self.longest:
            raise Malformed("text too long")
        try:
            return data.take(length).decode()
        except UnicodeDecodeError as wrong:
            raise Malformed("not UTF-8") from wrong


@dataclass
class Vec:
    element: object
    longest: int

    def encode(self, values: list, version: int) -> bytes:
        if len(values) > self.longest:
            raise ValueError(f"more than {self.longest} elements")
        return bytes([len(values)]) + b"".join(self.element.encode(value, version) for value in values)

    def decode(self, data: Bytes, version: int) -> list:
        (count,) = data.take(1)
        if count > self.longest:
            raise Malformed("list too long")
        return [self.element.decode(data, version) for _ in range(count)]


@dataclass
class Enumeration:
    """Of an open one an unknown code is kept as the number it is."""

    codes: type[enum.IntEnum]
    is_open: bool

    def encode(self, value, version: int) -> bytes:
        return bytes([value])

    def decode(self, data: Bytes, version: int):
        (code,) = data.take(1)
        try:
            return self.codes(code)
        except ValueError as unknown:
            if self.is_open:
                return code
            raise Malformed(f"no {self.codes.__name__} {code}") from unknown


@dataclass
class Field:
    """`since` is the version that appended the field, `otherwise` what it is when an older peer leaves it out."""

    name: str
    type: object
    since: int = 1
    otherwise: object = None


class Record:
    """The values of a message or structure, by name."""

    def __init__(self, kind: "Fields", values: dict):
        self.kind = kind
        self.__dict__.update(values)

    def __eq__(self, other):
        return isinstance(other, Record) and self.__dict__ == other.__dict__

    def __repr__(self):
        values = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items() if name != "kind")
        return f"{self.kind.name}({values})"


class Fields:
    """Fields one after the other: a structure without its length, the body of a message, the payload of a frame.

    `version` is the version that this end speaks: of fields that came later it knows nothing.
    """

    def __init__(self, name: str, *fields: Field):
        self.name = name
        self.fields = fields

    def __call__(self, **values) -> Record:
        return Record(self, values)

    def encode_fields(self, value: Record, version: int) -> bytes:
        return b"".join(
            field.type.encode(getattr(value, field.name), version) for field in self.fields if field.since <= version
        )

    def decode_fields(self, encoded: bytes, version: int) -> Record:
        data = Bytes(encoded)
        values = {}
        for field in self.fields:
            if field.since > version:
                break
            if data.at_end() and field.since > 1:
                values[field.name] = field.otherwise
            else:
                values[field.name] = field.type.decode(data, version)
        return Record(self, values)


class Structure(Fields):
    """Fields behind their length: a newer peer may have more of them."""

    def encode(self, value: Record, version: int) -> bytes:
        encoded = self.encode_fields(value, version)
        return bytes([len(encoded)]) + encoded

    def decode(self, data: Bytes, version: int) -> Record:
        (length,) = data.take(1)
        return self.decode_fields(data.take(length), version)


class Message(Fields):
    """`usage` is "request", "reply" or "notification"."""

    def __init__(self, code: int, name: str, usage: str, *fields: Field, since: int = 1):
        super().__init__(name, *fields)
        self.code = code
        self.usage = usage
        self.since = since
