"""The one end of a call: its row in the ledger, its log line, its last event.

A call is answered by a provider, by its floor (the cards' own text), or by the fixed words after a content filter;
or it fails with the error that says why; or it is refused, when nobody was even asked; or its client goes away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chatbot.calling import call_report
from chatbot.calling.admission import Admission
from chatbot.calling.completion import CallEvent, Completion, CompletionDone, Failed, Started, TextDelta
from chatbot.calling.health import Health
from chatbot.calling.nobody import why_nobody
from chatbot.calling.one_try import Answered
from chatbot.calling.order import Order
from chatbot.calling.stopping import Stopping
from chatbot.errors import FunzaError, LedgerUnavailable
from chatbot.knowledge.language import detect_language
from chatbot.privacy.consent import Consents, Given
from chatbot.privacy.receipts import ReceiptSeal
from chatbot.providers.interface import Provider
from chatbot.safety.replies import filtered_text
from chatbot.strategies import Skipped
from chatbot.usage.cost import UsageOfCall
from chatbot.usage.ledger import Ledger, NewCall
from chatbot.usage.prices import PriceBook
from config import Settings

FILTERED = "content_filter"


@dataclass
class Shared:
    """What every call of a process works with."""

    settings: Settings
    providers: Mapping[str, Provider]
    ledger: Ledger
    prices: PriceBook
    health: Health
    admission: Admission
    stopping: Stopping
    consents: Consents
    receipt_seal: ReceiptSeal | None = None
    """Seals the text of receipts; None keeps no text."""

    def consent_of(self, call: NewCall) -> Given | None:
        """The yes to send this call's words to a cloud; looked for only where CLOUD_POLICY=ask."""
        if self.settings.cloud_policy != "ask":
            return None
        return self.consents.given(call.feature, call.principal, call.conversation_id)


@dataclass(slots=True)
class Progress:
    """How far one call has come."""

    call_id: str
    opening: NewCall | None
    """The call's own row, until it is written together with the first attempt's."""
    skipped: list[Skipped]
    no_cloud: str = ""
    """Why nothing may leave the machine; empty when it may."""
    began: float = field(default_factory=time.monotonic)
    tries: int = 0
    started: bool = False
    """Whether something was shown."""
    fell_back: bool = False
    """Whether a provider that should have answered did not."""
    filtered: bool = False
    """Whether a content filter stopped an answer: then only this machine's model may still try."""
    last: FunzaError | None = None
    """How the last try failed."""
    ended: bool = False

    def take_opening(self) -> NewCall | None:
        opening, self.opening = self.opening, None
        return opening


class CallEnd:
    """Ends one call, once."""

    def __init__(self, shared: Shared, order: Order, so_far: Progress) -> None:
        self._shared = shared
        self._order = order
        self._so_far = so_far

    def answered(self, provider: Provider, model: str, outcome: Answered) -> Iterator[CallEvent]:
        """A provider answered. After a filter in the middle of it, our own words end it, so that it is no dead end."""
        shared, so_far = self._shared, self._so_far
        shared.health.succeeded(provider.name, model)
        usage = shared.ledger.answer(
            outcome.reserved, outcome.ending, provider=provider.name, model=model, fell_back=so_far.fell_back,
            finish_reason=outcome.finish_reason)
        text = outcome.text
        if outcome.finish_reason == FILTERED:
            words = f"\n\n{self._words_after_a_filter()}"
            text += words
            yield TextDelta(words)
        done = self._completion(text, provider.name, model, usage, outcome.finish_reason)
        call_report.attempt_answered(done)
        yield self._done(done)

    def without_a_model(self) -> Iterator[CallEvent]:
        """No model answered: fixed words and the floor's reviewed text, or the error that says why."""
        order, so_far = self._order, self._so_far
        parts = [order.floor, self._words_after_a_filter() if so_far.filtered else None]
        text = "\n\n".join(part for part in parts if part)
        if not text:
            yield self.fail(why_nobody(so_far.last, so_far.skipped, so_far.no_cloud, self._shared))
            return
        reason = FILTERED if so_far.filtered else "stop"
        usage = self._shared.ledger.answer_from_cards(
            so_far.call_id, ordinal=so_far.tries + 1, fell_back=so_far.fell_back, opening=so_far.take_opening(),
            finish_reason=reason)
        if order.stream:
            yield Started(so_far.call_id, "curated", "cards", so_far.fell_back, order.triage)
            yield TextDelta(text)
        yield self._done(self._completion(text, "curated", "cards", usage, reason))

    def without_a_ledger(self, error: LedgerUnavailable) -> Iterator[CallEvent]:
        """Nothing can be written down, so nobody is asked; help text is shown all the same."""
        if self._order.floor is not None and not self._so_far.started:
            yield from self.without_a_model()
        else:
            yield self.fail(error)

    def sent_away(self, error: FunzaError) -> Iterator[CallEvent]:
        """There is no place for one more call: the floor answers, or nobody. Nothing is written for a call refused."""
        if self._order.floor is None:
            yield self._failed(error)
        else:
            yield from self.without_a_model()

    def fail(self, error: FunzaError) -> Failed:
        """Close the call with an error: `failed`, or `refused` when nobody was asked."""
        so_far = self._so_far
        failed = self._failed(error)
        self._shared.ledger.fail(so_far.call_id, error.code, opening=so_far.take_opening(),
                                 state="failed" if so_far.tries else "refused")
        return failed

    def abort(self) -> None:
        """The client went away."""
        so_far = self._so_far
        call_report.aborted(so_far.call_id, self._order.call, tries=so_far.tries)
        if so_far.opening is not None:
            return
        self._shared.ledger.fail(so_far.call_id, "client_gone", state="aborted")

    def _failed(self, error: FunzaError) -> Failed:
        so_far = self._so_far
        so_far.ended = True
        call_report.failed(so_far.call_id, self._order.call, error, tries=so_far.tries, skipped=so_far.skipped)
        return Failed(error)

    def _done(self, done: Completion) -> CompletionDone:
        so_far = self._so_far
        so_far.ended = True
        call_report.answered(self._order.call, done, seconds=time.monotonic() - so_far.began, tries=so_far.tries)
        return CompletionDone(done)

    def _words_after_a_filter(self) -> str:
        settings, order = self._shared.settings, self._order
        language = order.call.language or detect_language(order.request.messages[-1].content)
        return filtered_text("sw" if language == "sw" else "en", settings.emergency_numbers,
                             settings.emergency_numbers_verified_on)

    def _completion(self, text: str, provider: str, model: str, usage: UsageOfCall, reason: str) -> Completion:
        so_far = self._so_far
        leaves = provider != "curated" and self._shared.providers[provider].leaves_machine
        return Completion(
            call_id=so_far.call_id, text=text, provider=provider, model=model,
            provenance="curated" if provider == "curated" else "cloud" if leaves else "local",
            fell_back=so_far.fell_back, finish_reason=reason, usage=usage, triage=self._order.triage,
            skipped=tuple(so_far.skipped))
