"""Together's and OpenAI's pictures on 127.0.0.1: `POST /v1/images/generations` (JSON), `/v1/images/edits` (form)."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections import deque
from dataclasses import dataclass
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from tests.loopback.threaded import Threaded


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    status: int = 200
    body: Any = None
    """JSON, or bytes as they are; None for a picture."""
    after: float = 0.0


class FakeImageVendor:
    """Answers with one picture as base64."""

    def __init__(self, picture: bytes, usage: dict[str, Any] | None = None, key: str = "k") -> None:
        self.picture, self.usage, self.key = picture, usage, key
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._said: deque[Said] = deque()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url_v1(self) -> str:
        return f"{self.url}/v1"

    def will(self, *said: Said) -> Self:
        """Answer the next requests so."""
        self._said.extend(said)
        return self

    def answer(self, path: str, body: dict[str, Any]) -> Said:
        self.requests.append((path, body))
        if self._said:
            return self._said.popleft()
        told = {"id": "img-1", "created": 1, "object": "list", "model": str(body.get("model")),
                "data": [{"index": 0, "type": "b64_json", "b64_json": b64encode(self.picture).decode()}]}
        return Said(body=told | ({"usage": self.usage} if self.usage else {}))

    def __enter__(self) -> Self:
        self._server = Threaded(type("Handler", (_Handler,), {"of": self})).begin()
        self.port = self._server.server_port
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    of: FakeImageVendor

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        kind = self.headers.get("content-type", "")
        body = _fields(kind, raw) if kind.startswith("multipart/") else json.loads(raw)
        said = self.of.answer(self.path, body)
        if self.headers.get("authorization") != f"Bearer {self.of.key}":
            said = Said(401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}})
        time.sleep(said.after)
        out = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        try:
            self.send_response(said.status)
            self.send_header("content-type", "text/html" if out[:1] == b"<" else "application/json")
            self.send_header("content-length", str(len(out)))
            self.send_header("x-request-id", "req-7")
            self.end_headers()
            self.wfile.write(out)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _fields(kind: str, raw: bytes) -> dict[str, Any]:
    parts = BytesParser().parsebytes(f"content-type: {kind}\r\n\r\n".encode() + raw)
    found: dict[str, Any] = {}
    for part in parts.get_payload():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        found[str(name)] = data if part.get_filename() else data.decode()
    return found
