"""One try at one provider, in a thread of its own, so that every limit holds to the moment.

A vendor's timeout is for each read, not for the whole (a byte every 0.7 s runs for ever), a blocked read cannot be
interrupted, and a name lookup has no timeout at all. So the try runs beside us and we wait for its pieces: for the
first token, between two pieces, and until the deadline. A second of silence yields a `Pulse`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

import structlog

from chatbot.calling.completion import Pulse
from chatbot.daemons import run_in_background
from chatbot.errors import FunzaError, NoFirstToken, OutOfTime, ProviderError, Stalled, TimedOut
from chatbot.providers.interface import Cancel, ChatRequest, Delta, Finish, Piece, Provider

log = structlog.get_logger()

GATHER = 0.02
"""Seconds: far less than any limit, so that the silence of a provider is still seen to the moment."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, and the moment (`time.monotonic`) when all must be over."""

    first_token: float
    idle: float
    deadline: float


class _Over:
    """The provider's generator ended."""


class _Outlet:
    """What the provider's thread says, on its way to ours. Each handing over wakes us and costs us both a turn.

    When nobody watches the text as it comes, what comes within `GATHER` seconds is handed over together.
    """

    def __init__(self, watched: bool) -> None:
        self.queue: SimpleQueue[Piece | FunzaError | type[_Over]] = SimpleQueue()
        self._gather = 0.0 if watched else GATHER
        self._held: list[str] = []
        self._last = 0.0

    def put(self, piece: Piece) -> None:
        if not isinstance(piece, Delta):
            self.end(piece)
            return
        self._held.append(piece.text)
        moment = time.monotonic()
        if moment - self._last >= self._gather:
            self._last = moment
            self._hand_over()

    def end(self, last: Finish | FunzaError | type[_Over]) -> None:
        self._hand_over()
        self.queue.put(last)

    def _hand_over(self) -> None:
        if self._held:
            self.queue.put(Delta("".join(self._held)))
            self._held = []


def pieces(provider: Provider, request: ChatRequest, model: str, cancel: Cancel,
           limits: Limits, *, watched: bool = True) -> Iterator[Piece | Pulse]:
    """The pieces of one try, with a `Pulse` for each second of silence.

    `watched`: whether the text is shown as it comes; else its pieces may come joined.

    Raises the ProviderError of the provider, or NoFirstToken, Stalled or OutOfTime. The try is cancelled when this
    generator is closed, whoever closes it.
    """
    outlet = _Outlet(watched)
    run_in_background(partial(_work, provider, request, model, cancel, outlet))
    waiting_since, patience = time.monotonic(), limits.first_token
    silence: TimedOut = NoFirstToken("no first token came in time")
    try:
        while True:
            moment = time.monotonic()
            until = min(waiting_since + patience, limits.deadline)
            if moment >= until:
                raise silence if until < limits.deadline else OutOfTime("the deadline passed")
            try:
                got = outlet.queue.get(timeout=min(1.0, until - moment))
            except Empty:
                if time.monotonic() < until:
                    yield Pulse()
                continue
            if isinstance(got, FunzaError):
                raise got
            if isinstance(got, Delta | Finish):
                yield got
                waiting_since, patience = time.monotonic(), limits.idle
                silence = Stalled("it fell silent in the middle of its answer")
            else:
                return
    finally:
        cancel()


def _work(provider: Provider, request: ChatRequest, model: str, cancel: Cancel, outlet: _Outlet) -> None:
    try:
        for piece in provider.answer(request, model, cancel):
            outlet.put(piece)
            if cancel.requested:
                break
        outlet.end(_Over)
    except FunzaError as error:
        outlet.end(error)
    except Exception as error:  # noqa: BLE001 - a bug in a provider must end its try, not hang the call
        log.error("provider_bug", provider=provider.name, kind=type(error).__name__)
        outlet.end(ProviderError("an unexpected error in its adapter", ends="unknown"))
