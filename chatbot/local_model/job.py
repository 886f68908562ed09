"""One question to the local model and the pieces of its answer, handed from thread to thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from chatbot.errors import FunzaError


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str
    picture: bytes | None = None
    """A JPEG file to look at, for the engines whose model sees: `vision` and `openai_url`."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What an engine is asked."""

    turns: tuple[Turn, ...]
    max_tokens: int = 512
    temperature: float = 0.2
    """0 always takes the likeliest token."""
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    """A JSON Schema the answer must satisfy, or None for free text."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of answer."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The answer is complete (`stop`) or met its limit of tokens (`length`). Token counts are the engine's own."""

    reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    """Of the prompt tokens, those the engine still had from an earlier prompt."""
    counted: bool = True
    """False: the engine gave no counts, and those here mean nothing."""


class Job:
    """A question on its way. The engine writes with `write`, `end` and `fail`; the caller reads `pieces`.

    What an engine writes after the end, a failure or a cancel is dropped.
    """

    def __init__(self, ask: Ask, asker: str = "") -> None:
        """`asker` is an opaque name of who asks, so that nobody takes every place; empty when all are one."""
        self.ask = ask
        self.asker = asker
        self._pieces: queue.SimpleQueue[Text | End | FunzaError | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._over = False
        self._lock = threading.Lock()
        self._on_cancel: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def over(self) -> bool:
        """Whether nothing more can come: ended, failed or cancelled."""
        return self._over

    def cancel(self) -> None:
        """Stop caring: `pieces` ends at once, and the engine stops at its next token."""
        with self._lock:
            if self._over:
                return
            self._over = True
            self._cancelled.set()
            callbacks, self._on_cancel = self._on_cancel, []
        self.deliver(None)
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Run `callback` in the cancelling thread; at once when the cancel has already happened."""
        with self._lock:
            if not self._cancelled.is_set():
                self._on_cancel.append(callback)
                return
        callback()

    def write(self, text: str) -> None:
        """Pass a piece of answer on."""
        if text and not self._over:
            self.deliver(Text(text))

    def end(self, end: End) -> None:
        """Say that the answer is whole."""
        self._finish(end)

    def fail(self, error: FunzaError) -> None:
        """Say that there is no (more) answer, and why."""
        self._finish(error)

    def _finish(self, last: End | FunzaError) -> None:
        with self._lock:
            if self._over:
                return
            self._over = True
        self.deliver(last)

    def deliver(self, piece: Text | End | FunzaError | None) -> None:
        """Hand a piece to whoever reads `pieces`; None says that it was cancelled."""
        self._pieces.put(piece)

    def pieces(self) -> Iterator[Text | End]:
        """Yield each piece as it comes, the `End` last; raise the engine's error; end early when cancelled."""
        while (piece := self._pieces.get()) is not None:
            if isinstance(piece, FunzaError):
                raise piece
            if self.cancelled:
                return
            yield piece
            if isinstance(piece, End):
                return
