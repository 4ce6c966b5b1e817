"""Requests that were made and not answered yet, on disk: they can be made again after a restart, with the same id."""

import json
from pathlib import Path

from .requests import RequestId


class Journal:
    """A line is written before a request is made, and one when its answer has come."""

    def __init__(self, path: Path | None):
        self.path = path
        self.open: dict[RequestId, tuple[str, bytes]] = {}
        if path and path.exists():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                request = RequestId(entry["origin"], entry["number"])
                if "message" in entry:
                    self.open[request] = entry["message"], bytes.fromhex(entry["encoded"])
                else:
                    self.open.pop(request, None)

    def unanswered(self) -> list[tuple[RequestId, str, bytes]]:
        return [(request, name, encoded) for request, (name, encoded) in self.open.items()]

    def asked(self, request: RequestId, name: str, encoded: bytes):
        self.open[request] = name, encoded
        self._write(request, message=name, encoded=encoded.hex())

    def answered(self, request: RequestId):
        if self.open.pop(request, None):
            self._write(request)

    def _write(self, request: RequestId, **values):
        if self.path:
            with self.path.open("a") as file:
                print(json.dumps({"origin": request.origin, "number": request.number, **values}), file=file)
