"""What a provider is: the request it takes, the pieces it answers with, the one method it must have.

A provider turns a `ChatRequest` into pieces: any number of `Delta`, then exactly one `Finish`.
It raises only the `ProviderError` tree of `chatbot.errors`; a vendor's exception never leaves the
vendor's file. It makes one try: no retries, no fallback, no ledger (those live in `chatbot.calls`).
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels that a model looks at, made anew by us: no metadata is in the file. Made only in `chatbot.images`."""

    data: bytes
    media_type: Literal["image/jpeg"]
    width: int
    height: int
    may_leave: bool = False
    """Whether somebody answered for it that no real person can be seen on it: else it stays on this machine."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str
    picture: Picture | None = None
    """Looked at before the text is read."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked of a model, in no vendor's dialect."""

    messages: tuple[Message, ...]
    max_tokens: int = 512
    temperature: float = 0.2
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    """A JSON Schema the answer must satisfy, or None for free text."""
    stream: bool = False
    """Whether the wire to the provider streams. The pieces are the same either way."""
    first_token_timeout: float = 15.0
    """Seconds a cloud provider has to send its first byte of answer."""
    idle_timeout: float = 15.0
    """Seconds of silence between two pieces after which the provider counts as hung."""
    asker: str = ""
    """An opaque name of who asks, so that one person does not take every place of a local queue; never for a cloud."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one request to go to one provider, and why. Made only in `chatbot.privacy`."""

    provider: str
    purpose: str
    """The feature that asks: `chat`, `openai`, `quiz`, ..."""
    reason: str
    """The policy or consent that allows it, in words for the log."""


@dataclass(frozen=True, slots=True)
class Redacted(ChatRequest):
    """A request whose identifiers are gone, with leave to go: all that a provider off this machine takes."""

    permit: Permit = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them (`reported`) or as we estimated them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt tokens, those billed at the cached rate."""
    reported: bool = True
    reasoning_tokens: int = 0
    """Of the completion tokens, those spent on thinking: already counted there, and billed as such."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of answer text."""

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an answer. `finish_reason` None means the wire was cut: the answer is truncated."""

    finish_reason: FinishReason | None
    usage: Usage | None
    """None when the provider sent no usable usage."""
    model: str = ""
    """The model that the provider says answered."""
    upstream_id: str = ""
    """The provider's own request id, for its support and its invoice."""


Piece = Delta | Finish


@dataclass(slots=True)
class Cancel:
    """Tells a running try to stop. `on_cancel` callbacks run once, in the cancelling thread."""

    _event: threading.Event = field(default_factory=threading.Event)
    _callbacks: list[Callable[[], None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> None:
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Register `callback`; it runs at once when the cancel has already happened."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()


State = Literal["ready", "loading", "downloading", "not_configured", "unavailable"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a provider can be tried now, and if not, why and what to do."""

    state: State
    reason: str = ""


class Provider(ABC):
    """One place an answer can come from. Override `answer`, `readiness` and `models`."""

    name: str
    """The id of its row: `together`, `openai`, `local`, ..."""
    title: str = ""
    """Its name for people."""
    leaves_machine: bool = True
    """Whether a request to it carries words off this machine (then it takes only `Redacted` requests)."""

    price_table: str = ""
    """Its id in the genai-prices table, where it differs from `name`."""
    last_resort: bool = False
    """Whether it is asked only when every other provider failed (the embedded CPU model)."""
    languages: tuple[str, ...] = ()
    """Languages its model can write; empty when it is not limited."""
    first_token_timeout: float | None = None
    """Its own limit in seconds, where it differs from FIRST_TOKEN_TIMEOUT (a local model reads a prompt slowly)."""

    @abstractmethod
    def answer(self, request: ChatRequest, model: str, cancel: Cancel) -> Iterator[Piece]:
        """Make one try. Yields `Delta`s and one `Finish`; raises `ProviderError`.

        Runs in a thread of its own; `cancel` may be called from another one at any time, after
        which the generator must end soon and free what it holds.
        """

    @abstractmethod
    def readiness(self) -> Readiness:
        """Say whether it can be tried now. Must be instant: no network, no loading."""

    @abstractmethod
    def models(self) -> tuple[str, ...]:
        """Model ids to try, in order: the configured one first, then its successors."""

    def models_that_see(self) -> tuple[str, ...]:
        """Model ids to try for a request with a picture, in order. Override where there are any."""
        return ()

    def downloads(self) -> list[dict[str, Any]]:
        """Downloads of weights that this provider would answer with. Override where there are any."""
        return []

    def count_picture(self, picture: Picture, model: str) -> int:
        """Estimate the tokens of a picture. Override where the provider says how it counts.

        One token for each 28 x 28 pixels: the finest grid among the open models (Qwen2.5-VL,
        huggingface.co/Qwen/Qwen2-VL-7B-Instruct/discussions/47).
        """
        return ceil(picture.width / 28) * ceil(picture.height / 28)

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of `text`. Usually not overridden: about 4 bytes a token.

        Source: the rule of thumb that OpenAI's and Llama 3's byte-pair encoders share for English prose;
        Swahili runs higher, so bytes over 3.2 is used, which errs towards booking too much.
        """
        return max(1, round(len(text.encode()) / 3.2)) if text else 0

    def close(self) -> None:  # noqa: B027 - most providers hold nothing
        """Free what it holds. Usually not overridden."""
