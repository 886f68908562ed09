"""One request to the loopback provider, and the socket to answer it on, byte for byte."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.loopback.server import Handler

SLICE = 0.02
"""Seconds between two looks at whether the client is still there."""
JSON_TYPE = {"content-type": "application/json"}


class ClientLeft(Exception):
    """The client closed its connection, or the server is stopping."""


@dataclass
class Received:
    """One request as the provider saw it."""

    id: str
    path: str
    headers: dict[str, str]
    body: Any
    connection: int
    """Number of the connection it came on: two requests with the same one shared it."""
    at: float
    client_left: threading.Event = field(default_factory=threading.Event)
    """Set when the client was seen to close before the answer was complete."""


class Exchange:
    """One request and the socket to answer it on. Every method raises `ClientLeft` once the client is gone."""

    def __init__(self, handler: Handler, received: Received) -> None:
        self.body: dict[str, Any] = received.body
        self.id = received.id
        self.model = str(received.body.get("model", "")) if isinstance(received.body, dict) else ""
        self._received = received
        self._handler = handler
        self._provider = handler.server.provider

    def send(self, status: int, body: bytes, headers: dict[str, str] = JSON_TYPE, promised: int | None = None) -> None:
        """A whole response. `promised` lies about its length, and the connection is then cut."""
        length = str(len(body) if promised is None else promised)
        self._write(head(status, {"x-request-id": self.id, **headers, "content-length": length}) + body)
        if promised is not None:
            self._handler.close_connection = True

    def begin_stream(self, content_type: str = "text/event-stream") -> None:
        self._write(head(200, {"content-type": content_type, "transfer-encoding": "chunked", "x-request-id": self.id}))

    def chunk(self, data: bytes) -> None:
        if data:
            self._write(b"%x\r\n%s\r\n" % (len(data), data))

    def end_stream(self) -> None:
        self._write(b"0\r\n\r\n")

    def abort(self) -> None:
        """Reset the connection in the middle of whatever it was doing."""
        sock = self._handler.connection
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.close_connection = True
        sock.close()
        raise ClientLeft

    def bill(self, prompt: int, completion: int) -> None:
        self._provider.journal.write("billed", id=self.id, model=self.model, prompt_tokens=prompt,
                                     completion_tokens=completion)

    def wait(self, seconds: float) -> None:
        """Sleep, watching for the client to leave."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._check_client(min(left, SLICE))

    def hang(self) -> None:
        while True:
            self._check_client(SLICE)

    def _check_client(self, seconds: float) -> None:
        readable, _, _ = select.select([self._handler.connection], [], [], seconds)
        if self._provider.stopping.is_set() or (readable and self._closed()):
            self._leave()

    def _closed(self) -> bool:
        """Whether the client has closed. Over TLS, where one cannot peek, any word is taken for a farewell."""
        try:
            return bool(self._provider.tls) or not self._handler.connection.recv(1, socket.MSG_PEEK)
        except OSError:  # it left without reading what we sent: a reset
            return True

    def _write(self, data: bytes) -> None:
        try:
            self._handler.connection.sendall(data)
        except OSError:
            self._leave()

    def _leave(self) -> None:
        self._received.client_left.set()
        raise ClientLeft


def head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Loopback", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
