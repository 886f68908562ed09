"""One drawing on its way: whom it asks, when it asks again, and its rows in the ledger.

A failed try moves on: to the same provider again when that may help, else to the next one. A paused endpoint ends it,
for its owner has said that nothing is to be spent. Whoever waits for a wake takes no place of `MAX_CALLS`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from chatbot.calling import call_report
from chatbot.calling.completion import Completion, Provenance
from chatbot.calling.waiting import wait_before_again
from chatbot.calls import Calls
from chatbot.database import new_id
from chatbot.errors import (
    BadAnswer,
    BudgetExhausted,
    ColdStart,
    EndpointPaused,
    FunzaError,
    LedgerUnavailable,
    NotAllowed,
    ProviderError,
    RateLimited,
    ServerStopping,
)
from chatbot.images.drawing.chain import DrawChain
from chatbot.images.drawing.errors import SET_UP, NobodyDraws, NotDrawn
from chatbot.images.drawing.one_try import Made, OneTry, Tries
from chatbot.images.drawing.order import Illustration
from chatbot.images.drawing.watching import Watched
from chatbot.images.endpoint.sleeper import Sleeper
from chatbot.providers.image_interface import DrawRequest, ImageProvider
from chatbot.strategies import Skipped
from chatbot.usage.ledger import NewCall

TRIES_A_PROVIDER = 2
_SAID_AS_IT_IS = (BudgetExhausted, EndpointPaused, LedgerUnavailable, NotAllowed, RateLimited, ServerStopping)


class OneDrawing:
    """Runs once."""

    def __init__(self, calls: Calls, request: DrawRequest, call: NewCall, cancel: Watched,
                 sleepers: Callable[[str], Sleeper | None]) -> None:
        """`sleepers` gives the one that wakes a provider, by its name."""
        self._calls = calls
        self._call = call
        self._cancel = cancel
        self._sleepers = sleepers
        self._id = new_id()
        self._opening: NewCall | None = call
        self._began = time.monotonic()
        self._deadline = self._began + calls.settings.image_timeout
        self._each = Tries(calls, self._id, request, call, cancel=cancel, deadline=self._deadline)
        self._tries = 0
        self._skipped: list[Skipped] = []
        self._last: FunzaError | None = None
        self._fell_back = False

    def run(self, chain: DrawChain) -> Illustration:
        """The picture. Raises what `Illustrator.draw` says."""
        self._skipped.extend(chain.left_out)
        try:
            for provider in chain.providers:
                if (done := self._ask(provider)) is not None:
                    return done
                if self._tries >= self._calls.settings.cloud_retry_attempts or time.monotonic() >= self._deadline:
                    break
            raise self._why_nobody()
        except FunzaError as error:
            self._close(error)
            raise

    def _ask(self, provider: ImageProvider) -> Illustration | None:
        """Try one provider, twice at the most; None for the next one. Raises what ends the drawing."""
        health = self._calls.health
        for tries_here in range(1, TRIES_A_PROVIDER + 1):
            model = health.first_live(provider.name, provider.models())
            if model is None or not health.admit(provider.name, model):
                self._passed_over(provider, model or provider.models()[0])
                return None
            try:
                return self._try(provider, model)
            except (BudgetExhausted, NotAllowed) as error:  # the next one may cost less, or stay on this machine
                self._note(provider, model, error)
                return None
            except ProviderError as error:
                self._cancel.check()
                self._failed(provider, model, error)
                wait = self._wait(provider, error, tries_here)
            if wait is None:
                return None
            self._cancel.sleep(wait)
        return None

    def _try(self, provider: ImageProvider, model: str) -> Illustration:
        sleeper = self._sleepers(provider.name) if provider.sleeps else None
        uptime_id = sleeper.awake(self._deadline, self._cancel) if sleeper else ""
        self._cancel.stage("drawing", None)
        if error := self._calls.admission.enter():
            raise error
        try:
            one = self._each.reserve(
                provider, model, sleeper, uptime_id, ordinal=self._tries + 1, opening=self._opening)
            self._opening = None
            self._tries += 1
            return self._settled(one, self._each.draw(one))
        finally:
            self._calls.admission.leave()

    def _settled(self, one: OneTry, made: Made) -> Illustration:
        """Close the call together with its last try."""
        name, model = one.provider.name, one.model
        usage = self._calls.ledger.answer(
            made.paid, made.ending, provider=name, model=model, fell_back=self._fell_back, finish_reason="stop")
        self._calls.health.succeeded(name, model)
        provenance: Provenance = "cloud" if one.provider.leaves_machine else "local"
        self._report(Completion(self._id, "", name, model, provenance, self._fell_back, "stop", usage,
                                skipped=tuple(self._skipped)))
        return Illustration(made.drawn.data, made.media_type, made.width, made.height, made.drawn.seed, name, model,
                            provenance, self._fell_back, usage, self._id)

    def _wait(self, provider: ImageProvider, error: ProviderError, tries_here: int) -> float | None:
        """Seconds before the same provider is tried again; None for the next one. Raises what ends the drawing."""
        if not error.try_next:
            raise error
        settings = self._calls.settings
        if tries_here >= TRIES_A_PROVIDER or self._tries >= settings.cloud_retry_attempts:
            return None
        if isinstance(error, ColdStart) and provider.sleeps and error.status:  # it slept in spite of what we thought
            return 0.0
        return wait_before_again(error, tries_here, self._deadline, self._calls.health)

    def _failed(self, provider: ImageProvider, model: str, error: ProviderError) -> None:
        self._note(provider, model, error)
        if isinstance(error, ColdStart | EndpointPaused):
            return  # it is well, and sleeps
        self._calls.health.failed(provider.name, model, error)
        call_report.alert_of(provider.name, model, error)

    def _note(self, provider: ImageProvider, model: str, error: FunzaError) -> None:
        self._last = error
        self._fell_back = True
        self._skipped.append(Skipped(provider.name, model, error.detail))

    def _passed_over(self, provider: ImageProvider, model: str) -> None:
        self._fell_back = True
        reason = self._calls.health.why_not(provider.name, model) or "another call is probing it"
        self._skipped.append(Skipped(provider.name, model, reason))

    def _why_nobody(self) -> FunzaError:
        last = self._last
        if isinstance(last, _SAID_AS_IT_IS):
            return last
        reasons = "; ".join(f"{one.provider}: {one.reason}" for one in self._skipped) or "No provider is set up."
        detail = f"Nobody could draw it. {reasons}"[:600]
        if isinstance(last, BadAnswer):
            return NotDrawn(detail, remedy="Ask for it again, or in other words.")
        wait = last.retry_after if isinstance(last, ProviderError) and last.retry_after else 30.0
        return NobodyDraws(detail, retry_after=wait, remedy=None if self._skipped else SET_UP)

    def _close(self, error: FunzaError) -> None:
        opening, self._opening = self._opening, None
        stopped = self._cancel.requested
        state = "aborted" if stopped else "failed" if self._tries else "refused"
        call_report.failed(self._id, self._call, error, tries=self._tries, skipped=self._skipped)
        if not isinstance(error, LedgerUnavailable):
            self._calls.ledger.fail(self._id, error.code, opening=opening, state=state)

    def _report(self, done: Completion) -> None:
        call_report.attempt_answered(done)
        call_report.answered(self._call, done, seconds=time.monotonic() - self._began, tries=self._tries)
