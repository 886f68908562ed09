"""One metered call, start to end: plan, try, try again, settle. The `ask` that features are handed.

`Calls.run` is the only way to a provider. It yields the events of one call and always ends with exactly one
`CompletionDone` or `Failed`. How it goes is in `one_call.py`, how it ends in `call_end.py`, one try in `one_try.py`.
Rules: faults.md 1.1 (at most 2 tries a provider and 3 a call, full jitter, one deadline, one retry bucket).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace

from chatbot.calling.admission import Admission
from chatbot.calling.call_end import Shared
from chatbot.calling.completion import CallEvent, Completion, CompletionDone, Failed
from chatbot.calling.health import Health
from chatbot.calling.one_call import OneCall
from chatbot.calling.order import Order
from chatbot.calling.stopping import STOPPING
from chatbot.privacy.consent import CloudConsent, Consents
from chatbot.privacy.permit import why_not
from chatbot.privacy.receipts import ReceiptSeal
from chatbot.providers.interface import Provider
from chatbot.safety.levels import Triage
from chatbot.strategies import Plan, Wish, plan
from chatbot.usage.ledger import Ledger, NewCall
from chatbot.usage.priced import only_priced
from chatbot.usage.prices import PriceBook
from config import Settings

__all__ = ["Calls", "Order"]


class Calls(Shared):
    """Runs orders. One per process; safe in threads."""

    def __init__(self, settings: Settings, providers: Mapping[str, Provider], ledger: Ledger,
                 prices: PriceBook, health: Health) -> None:
        seal = ReceiptSeal(settings.secret_key.get_secret_value()) if settings.receipt_text else None
        super().__init__(settings, providers, ledger, prices, health, Admission(settings.max_calls), STOPPING,
                         Consents(ledger.engine), seal)
        self._first = ""
        self._escalate: Callable[[Triage, NewCall], None] | None = None

    def escalate_to(self, note: Callable[[Triage, NewCall], None]) -> None:
        """Have `note` told of each danger sign that a feature says it found. It must return at once and not raise."""
        self._escalate = note

    def noticed(self, found: Triage, call: NewCall) -> None:
        """For features, before they answer: have a person told of a grave sign, beside the answer."""
        if self._escalate is not None:
            self._escalate(found, call)

    def preferring(self, provider: str) -> Calls:
        """The same, asking `provider` first where an order names none."""
        twin = copy(self)
        twin._first = provider
        return twin

    def run(self, order: Order) -> Iterator[CallEvent]:
        """The events of one call. Raises UnknownModel at once, before anything is written, when the wish is unknown."""
        if not order.ask_models:
            return OneCall(self, order).traced(())
        wish = self._allowed(order.wish, order.call)
        chain = self._chain(wish)
        return OneCall(self, order, chain.left_out, wish.no_cloud).traced(chain.candidates)

    def plan(self, wish: Wish, call: NewCall | None = None) -> Plan:
        """Whom such a call would ask, in order. Without a call: one of somebody who has said yes to nothing.

        Raises UnknownModel.
        """
        return self._chain(self._allowed(wish, call))

    def _allowed(self, wish: Wish, call: NewCall | None) -> Wish:
        """The wish with why no cloud may be asked, where the policy or a missing yes forbids it."""
        consented = call is not None and self.consent_of(call) is not None
        return replace(wish, no_cloud=why_not(self.settings.cloud_policy, consented=consented) or wish.no_cloud,
                       provider=wish.provider or self._first)

    def _chain(self, wish: Wish) -> Plan:
        chain = plan(wish, self.providers, self.settings.chain)
        return only_priced(chain, self.prices, allow_unpriced=self.settings.allow_unpriced)

    def cloud_consent(self, call: NewCall) -> CloudConsent:
        """Whether such a call's words may go to a cloud, where that is asked of people."""
        clouds = (one for one in self.providers.values() if one.leaves_machine)
        asks = self.settings.cloud_policy == "ask" and call.strategy != "local"
        if not asks or all(one.readiness().state == "not_configured" for one in clouds):
            return "not_asked"
        return "given" if self.consent_of(call) else "needed"

    def finish(self, order: Order) -> Completion:
        """Run an order to its end. Raises the FunzaError of a call that failed."""
        for event in self.run(order):
            if isinstance(event, CompletionDone):
                return event.completion
            if isinstance(event, Failed):
                raise event.error
        raise AssertionError("a call ended without an end")
