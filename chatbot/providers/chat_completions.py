"""The one adapter for every provider that speaks chat completions, driven by the together and openai SDKs.

The SDK makes the request, carries the key and keeps the connections; the bytes that come back are read here, so
that both SDKs give the same pieces and the same errors, however the provider fails.
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fnmatch import fnmatchcase
from importlib.util import find_spec
from typing import Any

from pydantic import SecretStr

from chatbot.errors import ColdStart, FunzaError, NotReady, NotText, ServerFailed
from chatbot.providers.completion import Completion, label
from chatbot.providers.event_stream import event_data
from chatbot.providers.failures import from_exception
from chatbot.providers.interface import (
    Cancel,
    ChatRequest,
    Delta,
    Message,
    Picture,
    Piece,
    Provider,
    Readiness,
    Redacted,
)
from chatbot.providers.patience import Patience
from chatbot.providers.row import ProviderRow
from chatbot.providers.vendor_client import VendorClient, build_client, is_address

EVENT_STREAM = "text/event-stream"
DRAIN = 0.2
"""Seconds given to the end of a stream after `[DONE]`, so that its connection can be used again."""
USAGE_WAIT = 2.0
"""Seconds given to the usage, which comes after the end of the text."""


class ChatCompletionsProvider(Provider):
    """One row's provider. Takes only a `Redacted` request with a permit for this very provider."""

    leaves_machine = True

    def __init__(self, row: ProviderRow, *, key: str, base_url: str, models: tuple[str, ...],
                 seeing: tuple[str, ...] = (), off: bool = False) -> None:
        """`seeing` are models that somebody named for pictures, besides those of the row; `off`: never ask it."""
        self.row = row
        self.name = row.name
        self.title = row.title
        self.price_table = row.prices
        self._key = SecretStr(key.strip())
        self._base_url = base_url
        self._models = models
        self._seeing = seeing
        self._off = off
        self._client: VendorClient | None = None
        self._lock = threading.Lock()

    def models(self) -> tuple[str, ...]:
        return self._models

    def models_that_see(self) -> tuple[str, ...]:
        known = (model for model in self._models if any(fnmatchcase(model, pattern) for pattern in self.row.sees))
        return tuple(dict.fromkeys((*self._seeing, *known)))

    def count_picture(self, picture: Picture, model: str) -> int:
        rule = self.row.picture_tokens
        return rule(model, picture.width, picture.height) if rule else super().count_picture(picture, model)

    def readiness(self) -> Readiness:
        if reason := self._not_set_up():
            return Readiness("not_configured", reason)
        if self.row.sdk is not None and find_spec(self.row.sdk) is None:
            return Readiness("unavailable", f"the package {self.row.sdk} is missing: pip install {self.row.sdk}")
        return Readiness("ready")

    def _not_set_up(self) -> str:
        """Which setting keeps it out of the chain; empty for none."""
        key, row = self._key.get_secret_value(), self.row
        if self._off:
            return f"PROVIDERS_OFF names {row.title}"
        if row.url_setting and not self._base_url:
            return f"set {row.url_setting.upper()} to use {row.title}"
        if not key and not row.keyless:
            return f"set {row.key_setting.upper()} to use {row.title}"
        if not key.isascii() or not key.isprintable() or " " in key:
            return f"{row.key_setting.upper()} holds characters that no key has"
        return "" if is_address(self._base_url) else f"{row.url_setting.upper()} is not an address"

    def answer(self, request: ChatRequest, model: str, cancel: Cancel) -> Iterator[Piece]:
        """Make one try. A cut or cancelled answer ends with a `Finish` without a reason.

        An answer cut before its first word raises `ServerFailed`; one that hangs raises `TimedOut`, even in the
        middle. When the wire does not stream, the first byte is the whole answer: `first_token_timeout` covers it.

        Raises `TypeError` when the request is not `Redacted`, its permit is for another provider, or it has a picture
        and the model does not see (mistakes in our code), `ContextTooLong` when the conversation does not fit the
        model, and the `ProviderError`s that `chatbot.providers.failures` tells of.
        """
        if not isinstance(request, Redacted):
            raise TypeError(f"{self.name} takes only Redacted requests, not {type(request).__name__}")
        if request.permit.provider != self.name:
            raise TypeError(f"a permit for {request.permit.provider} does not open {self.name}")
        if any(turn.picture for turn in request.messages) and model not in self.models_that_see():
            raise TypeError(f"{model} of {self.name} does not take pictures")
        return self._pieces(request, model, cancel)

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _pieces(self, request: Redacted, model: str, cancel: Cancel) -> Iterator[Piece]:
        client = self._vendor()
        completion = Completion(self.row.title)
        failure: FunzaError | None = None
        try:
            if not cancel.requested:
                yield from self._read(client, request, model, Patience(cancel, request.first_token_timeout), completion)
        except client.failures as error:
            failure = self._failure(error, completion)
        # Raised out here, so that the vendor's exception, which holds its words, is not even our error's context.
        if failure is not None and not cancel.requested:
            raise failure
        yield completion.end()

    def _failure(self, error: Exception, completion: Completion) -> FunzaError | None:
        """What `error` means; None when it only cuts off an answer that has begun, or that was complete."""
        failure = from_exception(self.row.title, error)
        if self.row.sleeps and isinstance(failure, ServerFailed) and failure.status == 503:
            failure = ColdStart(f"{self.row.title} is asleep and wakes up", status=503,
                                retry_after=failure.retry_after)
        cut = completion.started and isinstance(failure, ServerFailed)
        return None if cut or completion.finish_reason else failure

    def _read(self, client: VendorClient, request: Redacted, model: str, patience: Patience,
              completion: Completion) -> Iterator[Piece]:
        with ExitStack() as stack:
            with patience:
                response = stack.enter_context(client.sdk.chat.completions.with_streaming_response.create(
                    **self._body(request, model),
                    timeout=client.timeout(max(request.first_token_timeout, request.idle_timeout))))
            completion.upstream_id = label(response.headers.get("x-request-id"))
            packets = _patiently(patience, response.iter_bytes())
            kind = response.headers.get("content-type", EVENT_STREAM if request.stream else "application/json").lower()
            if kind.startswith(EVENT_STREAM):
                yield from self._read_stream(client, request, patience, completion, packets)
            elif "json" in kind.partition(";")[0]:
                patience.renew(request.idle_timeout)
                yield from _delta(completion.whole(b"".join(packets)))
            else:
                raise NotText(f"{self.row.title} answered with something that is not a chat completion")

    def _read_stream(self, client: VendorClient, request: Redacted, patience: Patience, completion: Completion,
                     packets: Iterator[bytes]) -> Iterator[Piece]:
        for data in event_data(packets):
            if data.startswith(b"[DONE]"):
                patience.renew(DRAIN)
                with suppress(*client.failures):
                    for _ in packets:
                        continue
                return
            text = completion.chunk(data)
            patience.renew(USAGE_WAIT if completion.finish_reason else request.idle_timeout)
            yield from _delta(text)

    def _body(self, request: Redacted, model: str) -> dict[str, Any]:
        """The arguments of `create()`; the same names in both SDKs."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": turn.role, "content": _content(turn)} for turn in request.messages],
            self.row.max_tokens_field: request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": request.seed,
            "stop": list(request.stop) or None,
            "response_format": None if request.schema is None else self.row.response_format(request.schema),
            "stream": request.stream,
            # Together's create() has no `stream_options` of its own; both send `extra_body` as it is.
            "extra_body": {"stream_options": {"include_usage": True}} if request.stream else None,
        }
        return {name: value for name, value in body.items() if value is not None and name not in self.row.unsupported}

    def _vendor(self) -> VendorClient:
        """The SDK client: built once, by the first try, and kept with its connections."""
        ready = self.readiness()
        if ready.state != "ready":
            raise NotReady(f"{self.row.title} is not set up", remedy=ready.reason)
        with self._lock:
            if self._client is None:
                self._client = self._build()
            return self._client

    def _build(self) -> VendorClient:
        assert self.row.sdk is not None
        try:
            return build_client(self.row.sdk, self._key.get_secret_value(), self._base_url)
        except (ImportError, OSError, ValueError) as error:
            raise NotReady(f"the client of {self.row.title} cannot be built",
                           remedy=f"check {self.row.sdk}, SSL_CERT_FILE and HTTPS_PROXY") from error


def _patiently(patience: Patience, packets: Iterator[bytes]) -> Iterator[bytes]:
    """The packets, each waited for with patience, which is not held while they are worked on."""
    while True:
        with patience:
            packet = next(packets, None)
        if packet is None:
            return
        yield packet


def _content(turn: Message) -> str | list[dict[str, Any]]:
    """Text, or parts with the picture as a data URI: no provider fetches anything from us or for us."""
    if turn.picture is None:
        return turn.content
    uri = f"data:{turn.picture.media_type};base64,{b64encode(turn.picture.data).decode()}"
    return [{"type": "image_url", "image_url": {"url": uri}}, {"type": "text", "text": turn.content}]


def _delta(text: str) -> Iterator[Piece]:
    if text:
        yield Delta(text)
