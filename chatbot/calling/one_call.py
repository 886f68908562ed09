"""One call on its way: whom it asks, in which order, and when it asks again.

Until something was shown, a failed try moves on: to the same model again when that may help, to the model's successor,
to the next provider, or once to the same provider with fewer turns. After something was shown, two models are never
spliced: the call ends with what came and an error that says what happened.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from chatbot.calling import call_report, tracing
from chatbot.calling.asker import opaque
from chatbot.calling.call_end import CallEnd, Progress, Shared
from chatbot.calling.completion import CallEvent, Pulse, Started, TextDelta
from chatbot.calling.one_try import Answered, Asking, one_try, prompt_estimate
from chatbot.calling.order import Order
from chatbot.calling.pieces import Limits
from chatbot.calling.trimming import trimmed
from chatbot.calling.waiting import asked_again, sleep, wait_before_again
from chatbot.database import new_id
from chatbot.errors import (
    ContextTooLong,
    Filtered,
    FunzaError,
    LedgerUnavailable,
    NotAllowed,
    ProviderError,
    ServerStopping,
)
from chatbot.privacy.permit import Cleared, clear_to_leave
from chatbot.providers.interface import Provider
from chatbot.strategies import Candidate, Skipped

TRIES_A_PROVIDER = 2
SLACK = 0.5
"""Seconds that an adapter's own limits are longer than ours, so that ours decide and name what happened."""


class OneCall:
    """Runs once."""

    def __init__(self, shared: Shared, order: Order, left_out: Sequence[Skipped] = (), no_cloud: str = "") -> None:
        self._shared = shared
        self._order = order
        self._request = order.request
        self._trimmed = False
        self._so_far = Progress(new_id(), order.call, list(left_out), no_cloud)
        self._end = CallEnd(shared, order, self._so_far)
        self._deadline = self._so_far.began + shared.settings.total_timeout * (2 if order.stream else 1)
        self._trace = tracing.trace_of(self._so_far.call_id, order.call)

    def traced(self, candidates: tuple[Candidate, ...]) -> Iterator[CallEvent]:
        return self._trace.call(self.events(candidates))

    def events(self, candidates: tuple[Candidate, ...]) -> Iterator[CallEvent]:
        """The events of the call; the last one is its end."""
        if not candidates:
            yield from self._guarded(())
        elif error := self._shared.admission.enter():
            yield from self._end.sent_away(error)
        else:
            try:
                yield from self._guarded(candidates)
            finally:
                self._shared.admission.leave()

    def _guarded(self, candidates: tuple[Candidate, ...]) -> Iterator[CallEvent]:
        try:
            for candidate in candidates:
                if self._so_far.filtered and candidate.provider.leaves_machine:
                    continue
                if (yield from self._ask(candidate)):
                    return
                if not self._may_try_more():
                    break
            yield from self._end.without_a_model()
        except LedgerUnavailable as error:
            yield from self._end.without_a_ledger(error)
        except GeneratorExit:
            if not self._so_far.ended:
                self._end.abort()
            raise

    def _ask(self, candidate: Candidate) -> Generator[CallEvent, None, bool]:
        """Try one provider, twice at the most; True when the call is over."""
        provider, health = candidate.provider, self._shared.health
        for tries_here in range(1, TRIES_A_PROVIDER + 1):
            model = health.first_live(provider.name, candidate.models)
            if model is None or not health.admit(provider.name, model):
                self._passed_over(provider, model or candidate.models[0])
                return False
            outcome = yield from self._trace.attempt(provider.name, model, self._try(provider, model))
            if isinstance(outcome, Answered):
                yield from self._end.answered(provider, model, outcome)
                return True
            self._failed(provider, model, outcome)
            if self._so_far.started or isinstance(outcome, ServerStopping):
                yield self._end.fail(outcome)
                return True
            wait = self._wait(provider, outcome, tries_here)
            if wait is None:
                return False
            yield from sleep(wait)
        return False

    def _try(self, provider: Provider, model: str) -> Generator[CallEvent, None, Answered | FunzaError]:
        so_far = self._so_far
        so_far.tries += 1
        opening = so_far.take_opening()
        asking = Asking(
            call_id=so_far.call_id, ordinal=so_far.tries, opening=opening, provider=provider, model=model,
            price=self._shared.prices.find(provider.name, model, provider.price_table),
            request=lambda: self._request_for(provider), limits=self._limits(provider), gate=self._order.gate(),
            most_tokens=self._request.max_tokens, principal=self._order.call.principal,
            shows=self._order.stream, seal=self._shared.receipt_seal)
        steps = one_try(asking, self._shared.ledger, prompt_estimate(provider, self._request, model))
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                outcome: Answered | FunzaError = end.value
                return outcome
            except LedgerUnavailable:
                so_far.opening = opening
                so_far.tries -= 1  # nobody was asked
                raise
            except NotAllowed as error:
                so_far.opening = opening
                so_far.tries -= 1
                return error  # the next candidate may cost less, or stay on this machine
            if self._shared.stopping.over:
                steps.close()
                return ServerStopping()
            if isinstance(step, Pulse):
                yield step
            elif self._order.stream:
                yield from self._show(step, provider, model)

    def _show(self, text: str, provider: Provider, model: str) -> Iterator[CallEvent]:
        so_far = self._so_far
        if not so_far.started:
            so_far.started = True
            yield Started(so_far.call_id, provider.name, model, so_far.fell_back, self._order.triage)
        yield TextDelta(text)

    def _request_for(self, provider: Provider) -> Cleared:
        settings = self._shared.settings
        first_token = provider.first_token_timeout or settings.first_token_timeout
        request = replace(self._request, stream=True, idle_timeout=settings.idle_timeout + SLACK,
                          first_token_timeout=first_token + SLACK)
        if not provider.leaves_machine:
            return Cleared(replace(request, asker=opaque(self._order.call.principal)))
        return clear_to_leave(request, provider=provider.name, purpose=self._order.call.feature,
                              policy=settings.cloud_policy, consent=self._shared.consent_of(self._order.call))

    def _limits(self, provider: Provider) -> Limits:
        settings = self._shared.settings
        deadline = self._deadline
        if provider.leaves_machine and not self._order.stream:
            deadline = min(deadline, time.monotonic() + settings.cloud_timeout)
        return Limits(provider.first_token_timeout or settings.first_token_timeout, settings.idle_timeout, deadline)

    def _wait(self, provider: Provider, error: FunzaError, tries_here: int) -> float | None:
        """Seconds before the same provider is tried again, with what it is then asked; None for the next provider."""
        fewer = self._fewer_turns(provider, error)
        if tries_here >= TRIES_A_PROVIDER or not self._may_try_more():
            return None
        if fewer:
            return 0.0
        wait = wait_before_again(error, tries_here, self._deadline, self._shared.health)
        if wait is not None:
            self._request = asked_again(self._request, error)
        return wait

    def _fewer_turns(self, provider: Provider, error: FunzaError) -> bool:
        """Leave the oldest turns out, once a call; False when that is no help."""
        if not isinstance(error, ContextTooLong) or self._trimmed:
            return False
        shorter = trimmed(self._request, error.limit, provider.count_tokens)
        self._trimmed = True
        self._request = shorter or self._request
        return shorter is not None

    def _may_try_more(self) -> bool:
        tries = self._so_far.tries
        return tries < self._shared.settings.cloud_retry_attempts and time.monotonic() < self._deadline

    def _passed_over(self, provider: Provider, model: str) -> None:
        self._so_far.fell_back = True
        reason = self._shared.health.why_not(provider.name, model) or "another call is probing it"
        self._so_far.skipped.append(Skipped(provider.name, model, reason))

    def _failed(self, provider: Provider, model: str, error: FunzaError) -> None:
        so_far = self._so_far
        so_far.fell_back = True
        so_far.last = error
        so_far.filtered = so_far.filtered or isinstance(error, Filtered)
        so_far.skipped.append(Skipped(provider.name, model, error.detail))
        if isinstance(error, ProviderError):
            self._shared.health.failed(provider.name, model, error)
            call_report.alert_of(provider.name, model, error)
