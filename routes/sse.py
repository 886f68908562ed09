"""Server-sent events: frames, heartbeats, and an answer that ends its source when the client goes away."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from typing import Any

from flask import Response

from chatbot.errors import FunzaError, Truncated
from routes.errors import log_unforeseen

HEARTBEAT = ": still here\n\n"
"""A comment, which clients skip. Writing it is how the server notices that nobody listens any more."""


def frame(data: object, event: str = "") -> str:
    """One event. ASCII only, so that no client can take U+2028 for the end of a line."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(data, separators=(',', ':'), allow_nan=False)}\n\n"


class EventStream:
    """Iterates over frames; `close` (which a WSGI server calls when the client is gone) ends the source as well.

    A plain generator that was never started would skip its `finally`, and leave the source running.
    """

    def __init__(self, frames: Iterator[str], source: Iterator[Any]) -> None:
        self._frames = frames
        self._source = source

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._frames)

    def close(self) -> None:
        for stream in (self._frames, self._source):
            if isinstance(stream, Generator):
                stream.close()


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


def event_stream(frames: Iterator[str], source: Iterator[Any], headers: dict[str, str] | None = None) -> Response:
    """The response that carries `frames`, kept from being buffered or stored on its way."""
    response = Response(EventStream(frames, source), mimetype="text/event-stream")
    response.headers.update({"X-Accel-Buffering": "no", "Cache-Control": "no-store", **(headers or {})})
    return response
