"""One metered call, start to end: plan, try, try again, settle. The `ask` that features are handed.

`Calls.run` is the only way to a provider. It yields the events of one call and always ends with exactly one
`CompletionDone` or `Failed`. Until something was shown, a failed try moves on: to the same model again when that may
help, to the model's successor, or to the next provider. After something was shown, two models are never spliced.
Rules: faults.md 1.1 (at most 2 tries a provider and 3 a call, full jitter, one deadline, one retry bucket).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace

from chatbot import call_report
from chatbot.completion import CallEvent, Completion, CompletionDone, Failed, Pulse, Started, TextDelta
from chatbot.database import new_id
from chatbot.errors import Busy, ContextTooLong, FunzaError, LedgerUnavailable, ModelRetired, NoProvider, ProviderError
from chatbot.health import Health
from chatbot.one_try import Answered, Asking, one_try, prompt_estimate
from chatbot.pieces import Limits
from chatbot.privacy.permit import clear_to_leave, why_not
from chatbot.providers.interface import ChatRequest, Provider
from chatbot.safety.levels import NO_SIGNS, Triage
from chatbot.strategies import Candidate, Skipped, Wish, plan
from chatbot.usage.cost import UsageOfCall
from chatbot.usage.ledger import Ledger, NewCall
from chatbot.usage.prices import PriceBook
from chatbot.validity import Gate, TextGate
from config import Settings

TRIES_A_PROVIDER = 2
LONGEST_WAIT = 20.0
"""Seconds: a longer Retry-After sends the call to the next provider at once."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a feature asks for."""

    request: ChatRequest
    wish: Wish
    call: NewCall
    gate: Callable[[], Gate] = TextGate
    """Makes the judge of one try's text."""
    stream: bool = False
    """Whether text is shown as it comes (then the first piece shown binds the call to its provider)."""
    floor: str | None = None
    """The reviewed text that answers when no model does; None when there is no such text."""
    triage: Triage = NO_SIGNS
    ask_models: bool = True
    """False sends the call straight to its floor."""


class Calls:
    """Runs orders. One per process; safe in threads."""

    def __init__(self, settings: Settings, providers: Mapping[str, Provider], ledger: Ledger,
                 prices: PriceBook, health: Health) -> None:
        self.settings = settings
        self.providers = providers
        self.ledger = ledger
        self.prices = prices
        self.health = health
        self._first = ""

    def preferring(self, provider: str) -> Calls:
        """The same, asking `provider` first where an order names none."""
        twin = copy(self)
        twin._first = provider
        return twin

    def run(self, order: Order) -> Iterator[CallEvent]:
        """The events of one call. Raises UnknownModel at once, before anything is written, when the wish is unknown."""
        if not order.ask_models:
            return _Run(self, order, []).events(())
        wish = replace(order.wish, no_cloud=why_not(self.settings.cloud_policy) or "",
                       provider=order.wish.provider or self._first)
        chain = plan(wish, self.providers, self.settings.chain)
        return _Run(self, order, list(chain.left_out)).events(chain.candidates)

    def finish(self, order: Order) -> Completion:
        """Run an order to its end. Raises the FunzaError of a call that failed."""
        for event in self.run(order):
            if isinstance(event, CompletionDone):
                return event.completion
            if isinstance(event, Failed):
                raise event.error
        raise AssertionError("a call ended without an end")


class _Run:
    """The state of one call."""

    def __init__(self, calls: Calls, order: Order, skipped: list[Skipped]) -> None:
        self._calls = calls
        self._order = order
        self._skipped = skipped
        self._call_id = new_id()
        self._opening: NewCall | None = order.call
        """The call's own row, until it is written together with the first attempt's."""
        self._began = time.monotonic()
        self._deadline = self._began + calls.settings.total_timeout * (2 if order.stream else 1)
        self._tries = 0
        self._started = False
        self._fell_back = False
        """Whether a provider that should have answered did not."""
        self._last: FunzaError | None = None
        self._ended = False

    def events(self, candidates: tuple[Candidate, ...]) -> Iterator[CallEvent]:
        try:
            for candidate in candidates:
                if (yield from self._ask(candidate)):
                    return
                if not self._may_try_more():
                    break
            yield from self._without_a_model()
        except LedgerUnavailable as error:
            yield from self._without_a_ledger(error)
        except GeneratorExit:
            if not self._ended:
                self._abort()
            raise

    def _ask(self, candidate: Candidate) -> Generator[CallEvent, None, bool]:
        """Try one provider, twice at the most; True when the call is over."""
        provider, health = candidate.provider, self._calls.health
        for tries_here in range(1, TRIES_A_PROVIDER + 1):
            model = health.first_live(provider.name, candidate.models)
            if model is None or not health.admit(provider.name, model):
                self._passed_over(provider, model or candidate.models[0])
                return False
            outcome = yield from self._try(provider, model)
            if isinstance(outcome, Answered):
                yield self._answered(provider, model, outcome)
                return True
            self._failed(provider, model, outcome)
            if self._started:
                yield self._fail(outcome)
                return True
            wait = self._wait_before_again(outcome, tries_here)
            if wait is None:
                return False
            yield from _sleep(wait)
        return False

    def _try(self, provider: Provider, model: str) -> Generator[CallEvent, None, Answered | FunzaError]:
        self._tries += 1
        opening, self._opening = self._opening, None
        asking = Asking(
            call_id=self._call_id, ordinal=self._tries, opening=opening, provider=provider, model=model,
            price=self._calls.prices.find(provider.name, model, provider.price_table),
            request=lambda: self._request_for(provider), limits=self._limits(provider), gate=self._order.gate())
        steps = one_try(asking, self._calls.ledger, prompt_estimate(provider, self._order.request))
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                outcome: Answered | FunzaError = end.value
                return outcome
            except LedgerUnavailable:
                self._opening = opening
                raise
            if isinstance(step, Pulse):
                yield step
            elif self._order.stream:
                yield from self._show(step, provider, model)

    def _show(self, text: str, provider: Provider, model: str) -> Iterator[CallEvent]:
        if not self._started:
            self._started = True
            yield Started(self._call_id, provider.name, model, self._fell_back, self._order.triage)
        yield TextDelta(text)

    def _request_for(self, provider: Provider) -> ChatRequest:
        settings = self._calls.settings
        request = replace(self._order.request, stream=True, idle_timeout=settings.idle_timeout,
                          first_token_timeout=provider.first_token_timeout or settings.first_token_timeout)
        if not provider.leaves_machine:
            return request
        return clear_to_leave(request, provider=provider.name, purpose=self._order.call.feature,
                              policy=settings.cloud_policy)

    def _limits(self, provider: Provider) -> Limits:
        settings = self._calls.settings
        deadline = self._deadline
        if provider.leaves_machine and not self._order.stream:
            deadline = min(deadline, time.monotonic() + settings.cloud_timeout)
        return Limits(provider.first_token_timeout or settings.first_token_timeout, settings.idle_timeout, deadline)

    def _wait_before_again(self, error: FunzaError, tries_here: int) -> float | None:
        """Seconds to wait before the same provider is tried again; None to go on to the next one at once."""
        if not isinstance(error, ProviderError) or tries_here >= TRIES_A_PROVIDER or not self._may_try_more():
            return None
        if isinstance(error, ModelRetired):
            return 0.0  # its successor is asked
        if not error.same_again:
            return None
        wait = error.retry_after
        if wait is None:
            wait = random.uniform(0, min(8.0, 0.25 * 2 ** (tries_here - 1)))  # noqa: S311 - jitter, not a secret
        if wait > min(LONGEST_WAIT, self._deadline - time.monotonic()):
            return None
        return wait if self._calls.health.pay_for_retry(error) else None

    def _may_try_more(self) -> bool:
        return self._tries < self._calls.settings.cloud_retry_attempts and time.monotonic() < self._deadline

    def _passed_over(self, provider: Provider, model: str) -> None:
        self._fell_back = True
        reason = self._calls.health.why_not(provider.name, model) or "another call is probing it"
        self._skipped.append(Skipped(provider.name, model, reason))

    def _failed(self, provider: Provider, model: str, error: FunzaError) -> None:
        self._fell_back = True
        self._last = error
        self._skipped.append(Skipped(provider.name, model, error.detail))
        if isinstance(error, ProviderError):
            self._calls.health.failed(provider.name, model, error)

    def _answered(self, provider: Provider, model: str, outcome: Answered) -> CompletionDone:
        self._calls.health.succeeded(provider.name, model)
        try:
            usage = self._calls.ledger.answer(
                outcome.reserved, outcome.ending, provider=provider.name, model=model, fell_back=self._fell_back,
                finish_reason=outcome.finish_reason)
        except LedgerUnavailable:
            # The answer is here and paid for, so it is not withheld. Recovery ends its row.
            call_report.unsettled(self._call_id)
            tokens = outcome.ending.usage
            usage = UsageOfCall(tokens.prompt_tokens, tokens.completion_tokens, None, "unpriced")
        done = self._completion(outcome.text, provider.name, model, usage, outcome.finish_reason)
        call_report.attempt_answered(done)
        return self._done(done)

    def _without_a_model(self) -> Iterator[CallEvent]:
        """Nobody answered: the floor's reviewed text, or the error that says why."""
        floor = self._order.floor
        if floor is None:
            yield self._fail(self._why_nobody())
            return
        opening, self._opening = self._opening, None
        try:
            usage = self._calls.ledger.answer_from_cards(
                self._call_id, ordinal=self._tries + 1, fell_back=self._fell_back, opening=opening)
        except LedgerUnavailable:
            usage = UsageOfCall()  # help text costs nothing: it is shown also when nothing can be written down
            call_report.unsettled(self._call_id)
        if self._order.stream:
            yield Started(self._call_id, "curated", "cards", self._fell_back, self._order.triage)
            yield TextDelta(floor)
        yield self._done(self._completion(floor, "curated", "cards", usage, "stop"))

    def _without_a_ledger(self, error: LedgerUnavailable) -> Iterator[CallEvent]:
        if self._order.floor is not None and not self._started:
            yield from self._without_a_model()
        else:
            self._ended = True
            call_report.failed(self._call_id, self._order.call, error, tries=self._tries, skipped=self._skipped)
            yield Failed(error)

    def _why_nobody(self) -> FunzaError:
        if isinstance(self._last, ContextTooLong | Busy):
            return self._last
        reasons = "; ".join(f"{one.provider}: {one.reason}" for one in self._skipped) or "No provider is set up."
        return NoProvider(f"No model can answer now. {reasons}"[:600],
                          remedy="GET /api/v1/providers says what each provider needs.")

    def _completion(self, text: str, provider: str, model: str, usage: UsageOfCall, reason: str) -> Completion:
        leaves = provider != "curated" and self._calls.providers[provider].leaves_machine
        return Completion(
            call_id=self._call_id, text=text, provider=provider, model=model,
            provenance="curated" if provider == "curated" else "cloud" if leaves else "local",
            fell_back=self._fell_back, finish_reason=reason, usage=usage, triage=self._order.triage,
            skipped=tuple(self._skipped))

    def _done(self, done: Completion) -> CompletionDone:
        self._ended = True
        call_report.answered(self._order.call, done, seconds=time.monotonic() - self._began, tries=self._tries)
        return CompletionDone(done)

    def _fail(self, error: FunzaError) -> Failed:
        self._ended = True
        call_report.failed(self._call_id, self._order.call, error, tries=self._tries, skipped=self._skipped)
        opening, self._opening = self._opening, None
        self._calls.ledger.fail(self._call_id, error.code, opening=opening)
        return Failed(error)

    def _abort(self) -> None:
        call_report.aborted(self._call_id, self._order.call, tries=self._tries)
        if self._opening is not None:
            return
        try:
            self._calls.ledger.fail(self._call_id, "client_gone", state="aborted")
        except LedgerUnavailable:
            call_report.unsettled(self._call_id)


def _sleep(seconds: float) -> Iterator[Pulse]:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(1.0, left))
        if left > 1.0:
            yield Pulse()
