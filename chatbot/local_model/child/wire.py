"""Messages over a socket: four bytes of length (big endian), then that many bytes of JSON."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]
_LENGTH = struct.Struct(">I")
LONGEST = 64 << 20
"""Bytes of a message; more can only be a mistake."""


class Wire:
    """One end of the line. `send` may be called from any thread; `messages` is read by one."""

    def __init__(self, end: socket.socket, send_limit: float = 0.0) -> None:
        """`send_limit`: seconds that the other side may take for a message; 0 for ever."""
        self._socket = end
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(send_limit))
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Raises OSError when the other side is gone or does not take it; the line is of no use after that."""
        body = json.dumps(message).encode()
        with self._lock:
            self._socket.sendall(_LENGTH.pack(len(body)) + body)

    def messages(self) -> Iterator[Message]:
        """Each message, until the other side closes or dies. Raises ValueError when it sends something else."""
        with self._socket.makefile("rb") as stream:
            while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
                (length,) = _LENGTH.unpack(head)
                if length > LONGEST:
                    raise ValueError("a message is too long")
                if len(body := stream.read(length)) < length:
                    return
                message = json.loads(body)
                if not isinstance(message, dict):
                    raise ValueError("a message is no object")
                yield message

    def close(self) -> None:
        """End the line; whoever reads at either side is woken. Safe to call twice."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:   # the other side is gone
            pass
        finally:
            self._socket.close()


def _timeval(seconds: float) -> bytes:
    whole = int(seconds)
    return struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))
