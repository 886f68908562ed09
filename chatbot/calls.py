"""One metered call, start to end: plan, try, try again, settle. The `ask` that features are handed.

`Calls.run` is the only way to a provider. It yields the events of one call and always ends with exactly one
`CompletionDone` or `Failed`. How it goes is in `one_call.py`, how it ends in `call_end.py`, one try in `one_try.py`.
Rules: faults.md 1.1 (at most 2 tries a provider and 3 a call, full jitter, one deadline, one retry bucket).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace

from chatbot.calling.admission import Admission
from chatbot.calling.call_end import Shared
from chatbot.calling.completion import CallEvent, Completion, CompletionDone, Failed
from chatbot.calling.health import Health
from chatbot.calling.one_call import OneCall
from chatbot.calling.order import Order
from chatbot.calling.stopping import STOPPING
from chatbot.privacy.permit import why_not
from chatbot.providers.interface import Provider
from chatbot.strategies import plan
from chatbot.usage.ledger import Ledger
from chatbot.usage.priced import only_priced
from chatbot.usage.prices import PriceBook
from config import Settings

__all__ = ["Calls", "Order"]


class Calls(Shared):
    """Runs orders. One per process; safe in threads."""

    def __init__(self, settings: Settings, providers: Mapping[str, Provider], ledger: Ledger,
                 prices: PriceBook, health: Health) -> None:
        super().__init__(settings, providers, ledger, prices, health, Admission(settings.max_calls), STOPPING)
        self._first = ""

    def preferring(self, provider: str) -> Calls:
        """The same, asking `provider` first where an order names none."""
        twin = copy(self)
        twin._first = provider
        return twin

    def run(self, order: Order) -> Iterator[CallEvent]:
        """The events of one call. Raises UnknownModel at once, before anything is written, when the wish is unknown."""
        if not order.ask_models:
            return OneCall(self, order).traced(())
        wish = replace(order.wish, no_cloud=why_not(self.settings.cloud_policy) or order.wish.no_cloud,
                       provider=order.wish.provider or self._first)
        chain = plan(wish, self.providers, self.settings.chain)
        chain = only_priced(chain, self.prices, allow_unpriced=self.settings.allow_unpriced)
        return OneCall(self, order, chain.left_out, wish.no_cloud).traced(chain.candidates)

    def finish(self, order: Order) -> Completion:
        """Run an order to its end. Raises the FunzaError of a call that failed."""
        for event in self.run(order):
            if isinstance(event, CompletionDone):
                return event.completion
            if isinstance(event, Failed):
                raise event.error
        raise AssertionError("a call ended without an end")
