"""Server-sent events: frames, heartbeats, and an answer that ends its source when the client goes away."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Callable, Generator, Iterator
from typing import Any

from flask import Response, request

from chatbot.errors import FunzaError, Truncated
from routes.auth import current_principal
from routes.errors import log_unforeseen
from routes.installation import installation
from routes.open_streams import OPEN_STREAMS

HEARTBEAT = ": still here\n\n"
"""A comment, which clients skip. Writing it is how the server notices that nobody listens any more."""
SEND_BUFFER = 64 * 1024
"""Bytes that wait for a client that does not read; the kernel's own buffer would grow to some megabytes."""


def frame(data: object, event: str = "") -> str:
    """One event. ASCII only, so that no client can take U+2028 for the end of a line."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(data, separators=(',', ':'), allow_nan=False)}\n\n"


def is_answered(last_frame: str) -> bool:
    """Whether a stream that ended with this frame gave a whole answer, in our shape or in OpenAI's."""
    return last_frame.startswith(("event: done\n", "data: [DONE]\n"))


class EventStream:
    """Iterates over frames; `close` (which a WSGI server calls when the client is gone) ends the source as well.

    A plain generator that was never started would skip its `finally`, and leave the source running.
    """

    def __init__(self, frames: Iterator[str], source: Iterator[Any], on_close: Callable[[], None],
                 sock: socket.socket | None = None) -> None:
        self._frames = frames
        self._source = source
        self._on_close: Callable[[], None] | None = on_close
        self._socket = sock

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = next(self._frames)
        if text is HEARTBEAT and self._socket is not None and _has_left(self._socket):
            raise StopIteration
        return text

    def close(self) -> None:
        for stream in (self._frames, self._source):
            if isinstance(stream, Generator):
                stream.close()
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()


def whole(frames: Iterator[tuple[str, bool]], failed: Callable[[FunzaError], str], request_id: str) -> Iterator[str]:
    """Frames up to and with the first terminal one (marked True); one `failed` frame when there was none.

    The status line has gone out by now, so whatever goes wrong has to be told inside the stream.
    """
    try:
        for text, terminal in frames:
            yield text
            if terminal:
                return
        yield failed(Truncated("The answer broke off."))
    except FunzaError as error:
        yield failed(error)
    except Exception as error:  # noqa: BLE001 - a stream ends with exactly one terminal event, come what may
        log_unforeseen(error, request_id)
        yield failed(FunzaError())


def _has_left(sock: socket.socket) -> bool:
    """Whether the client has closed. The first write to a closed connection succeeds: only a look tells at once."""
    try:
        readable, _, _ = select.select([sock], [], [], 0)
        return bool(readable) and not sock.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        return True
    except (OSError, ValueError):  # a descriptor that select cannot take
        return False


def check_room() -> None:
    """Refuse one stream too many before its call costs anything. Raises TooManyStreams."""
    OPEN_STREAMS.check(current_principal().id, _most())


def _most() -> int:
    settings = installation().settings
    return settings.streams_per_principal if settings.auth == "on" else 0


def event_stream(frames: Iterator[str], source: Iterator[Any], headers: dict[str, str] | None = None) -> Response:
    """The response that carries `frames`, kept from being buffered or stored on its way. Raises TooManyStreams.

    A client that does not take what is sent is left after WRITE_TIMEOUT: it would hold a thread for ever.
    """
    principal = current_principal().id
    OPEN_STREAMS.enter(principal, _most())
    sock: socket.socket | None = request.environ.get("gunicorn.socket")
    if sock is not None:
        sock.settimeout(installation().settings.write_timeout)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    stream = EventStream(frames, source, lambda: OPEN_STREAMS.leave(principal), sock)
    response = Response(stream, mimetype="text/event-stream")
    response.headers.update({"X-Accel-Buffering": "no", "Cache-Control": "no-store", **(headers or {})})
    return response
