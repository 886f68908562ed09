"""What the loopback provider does with one request: small data objects, each of which can `play` itself.

`SCRIPTS` names the ones that a person may want by hand (`python -m tests.loopback --behaviour cut_stream`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, Protocol

from tests.loopback import wire

if TYPE_CHECKING:
    from tests.loopback.exchange import Exchange

NO_USAGE: Final = "NO_USAGE"
"""Leave usage out of the answer."""
DEFAULT_TEXT = "Iron and folic acid tablets help to prevent anaemia in pregnancy."


class Behaviour(Protocol):
    """One way to treat a request."""

    def play(self, exchange: Exchange) -> None: ...


@dataclass(frozen=True)
class Answer:
    """A proper answer, streamed or not as the request asks."""

    text: str | Callable[[dict[str, Any]], str] = DEFAULT_TEXT
    finish_reason: str | None = "stop"
    usage: Any = None
    """None counts honestly; NO_USAGE leaves it out; anything else is sent as it is, absurd or not."""
    usage_in_last_chunk: bool = False
    """Together puts usage on the last chunk with a choice; OpenAI on a chunk of its own after it."""
    pause: float = 0.0
    """Seconds between two streamed pieces."""
    first_pause: float = 0.0
    """Seconds before the headers."""
    cut_after: int | None = None
    """Pieces after which the stream just ends, without finish_reason or [DONE]."""
    abort: bool = False
    """Whether that cut breaks the transfer encoding (a client notices) or ends it cleanly (no client does)."""
    hang_after: int | None = None
    """Pieces after which the stream falls silent."""
    message: dict[str, Any] = field(default_factory=dict)
    """Extra fields of the message or of the first delta: tool_calls, role, reasoning."""
    extra_events: tuple[bytes, ...] = ()
    """Raw bytes sent before the last piece: comments, unknown events, an error."""
    repeat: bool = False
    """Send the closing chunks twice."""

    def play(self, exchange: Exchange) -> None:
        exchange.wait(self.first_pause)
        text = self.text(exchange.body) if callable(self.text) else self.text
        honest = wire.counted(wire.prompt_tokens(exchange.body), wire.tokens(text))
        usage = honest if self.usage is None else self.usage
        if exchange.body.get("stream"):
            self._stream(exchange, text, usage)
        else:
            body = wire.completion(exchange.model, exchange.id, {"content": text, **self.message}, self.finish_reason)
            exchange.bill(honest["prompt_tokens"], honest["completion_tokens"])
            exchange.send(200, json.dumps(body if usage == NO_USAGE else {**body, "usage": usage}).encode())

    def _stream(self, exchange: Exchange, text: str, usage: Any) -> None:
        exchange.begin_stream()
        exchange.chunk(self._event(exchange, {"role": "assistant", "content": "", **self.message}))
        words = wire.pieces(text) if text else []
        for sent, word in enumerate(words):
            if sent == self.hang_after:
                exchange.bill(wire.prompt_tokens(exchange.body), sent)
                exchange.hang()
            if sent == self.cut_after:
                exchange.bill(wire.prompt_tokens(exchange.body), sent)
                return exchange.abort() if self.abort else exchange.end_stream()
            if sent == len(words) - 1:
                for raw in self.extra_events:
                    exchange.chunk(raw)
            exchange.chunk(self._event(exchange, {"content": word}))
            exchange.wait(self.pause)
        exchange.bill(wire.prompt_tokens(exchange.body), wire.tokens(text))
        for _ in range(2 if self.repeat else 1):
            self._close(exchange, usage)
        exchange.chunk(wire.DONE)
        return exchange.end_stream()

    def _close(self, exchange: Exchange, usage: Any) -> None:
        asked = bool((exchange.body.get("stream_options") or {}).get("include_usage")) and usage != NO_USAGE
        last = wire.chunk(exchange.model, exchange.id, {}, self.finish_reason)
        if asked and self.usage_in_last_chunk:
            last["usage"] = usage
        exchange.chunk(wire.event(last))
        if asked and not self.usage_in_last_chunk:
            exchange.chunk(wire.event({**last, "choices": [], "usage": usage}))

    def _event(self, exchange: Exchange, delta: dict[str, Any]) -> bytes:
        return wire.event(wire.chunk(exchange.model, exchange.id, delta))


@dataclass(frozen=True)
class Status:
    """An HTTP status with a body: a dict goes as JSON, text as it is."""

    code: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def play(self, exchange: Exchange) -> None:
        body = {"error": {"message": "loopback error", "type": "loopback"}} if self.body is None else self.body
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        exchange.send(self.code, raw, {"content-type": "application/json", **self.headers})


@dataclass(frozen=True)
class LimitedUntil:
    """A 429 whose Retry-After is the HTTP date that many seconds from now."""

    seconds: float

    def play(self, exchange: Exchange) -> None:
        date = formatdate(time.time() + self.seconds, usegmt=True)
        Status(429, {"retry-after": date}).play(exchange)


@dataclass(frozen=True)
class Body:
    """A 200 with these bytes. `cut` promises more bytes than it sends and closes."""

    raw: bytes
    content_type: str = "application/json"
    cut: bool = False
    billed: bool = True
    """False for what no model worked on: a captive portal, an error in a 200."""

    def play(self, exchange: Exchange) -> None:
        headers = {"content-type": self.content_type}
        if self.billed:
            exchange.bill(wire.prompt_tokens(exchange.body), 0)
        exchange.send(200, self.raw, headers, promised=len(self.raw) + 100 if self.cut else None)


@dataclass(frozen=True)
class Stream:
    """A 200 event stream of raw packets; a number among them is a pause in seconds."""

    packets: tuple[bytes | float, ...]
    content_type: str = "text/event-stream"
    abort: bool = False
    repeat_forever: bool = False

    def play(self, exchange: Exchange) -> None:
        exchange.begin_stream(self.content_type)
        exchange.bill(wire.prompt_tokens(exchange.body), 0)
        while True:
            for packet in self.packets:
                exchange.wait(packet) if isinstance(packet, (int, float)) else exchange.chunk(packet)
            if not self.repeat_forever:
                break
        return exchange.abort() if self.abort else exchange.end_stream()


@dataclass(frozen=True)
class Hang:
    """Says nothing at all, or its status line and then nothing, until the client leaves or the server stops."""

    after_headers: bool = False

    def play(self, exchange: Exchange) -> None:
        if self.after_headers:
            exchange.begin_stream()
        exchange.bill(wire.prompt_tokens(exchange.body), 0)
        exchange.hang()


@dataclass(frozen=True)
class Reset:
    """Takes the request, then resets the connection without an answer."""

    def play(self, exchange: Exchange) -> None:
        exchange.abort()


def redirect(location: str, code: int = 307) -> Status:
    return Status(code, {"location": location}, "")


def retired_model() -> Status:
    """How Together answers for a model that is gone: 400, not 404."""
    return Status(400, body={"error": {"message": "Unable to access non-serverless model x. Please visit the site.",
                                       "type": "invalid_request_error", "param": None, "code": "model_not_available"}})


SCRIPTS: dict[str, Behaviour] = {
    "answer": Answer(),
    "slow": Answer(pause=0.2, first_pause=1.0),
    "hang": Hang(),
    "hang_mid_stream": Answer(hang_after=3),
    "cut_stream": Answer(cut_after=3),
    "abort_stream": Answer(cut_after=3, abort=True),
    "drip": Stream((b":", 1.0), repeat_forever=True),
    "empty": Answer(text=""),
    "no_usage": Answer(usage=NO_USAGE),
    "html": Body(b"<html><body>Sign in to the network</body></html>", "text/html"),
    "malformed_json": Body(b'{"choices": ['),
    "error_in_200": Body(b'{"error": {"message": "overloaded", "type": "server_error", "code": "overloaded"}}'),
    "rate_limited": Status(429, {"retry-after": "2"}),
    "out_of_credit": Status(429, body={"error": {"message": "no money", "code": "insufficient_quota"}}),
    "bad_key": Status(401),
    "retired_model": retired_model(),
    "server_error": Status(500),
    "unavailable": Status(503),
    "reset": Reset(),
}
